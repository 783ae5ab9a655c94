//! NamespaceLifecycle: nothing is created in a namespace that is missing or going.

use objects::{Status, meta};
use serde_json::Value;

use crate::api::Call;

pub(super) fn admit(call: &Call<'_>, object: &Value) -> Result<(), Status> {
    if !call.resource.namespaced {
        return Ok(());
    }
    let name = call.request.namespace.as_str();
    let Some(namespace) =
        objects::by_path("", "v1", "namespaces").and_then(|r| call.cluster.get(r, "", name))
    else {
        return Err(Status::not_found("namespaces", name));
    };
    if !meta::is_deleting(&namespace) {
        return Ok(());
    }
    let why =
        format!("unable to create new content in namespace {name} because it is being terminated");
    let cause = format!("namespace {name} is being terminated");
    let status = Status::forbidden(call.resource, meta::name(object), &why);
    Err(status.cause("NamespaceTerminating", cause, "metadata.namespace"))
}
