//! Admission: what the API server's built-in plugins change in a request, or refuse. One plugin a file, in their order.
//!
//! Mirrors kube-apiserver's default plugins.

mod limit_ranger;
mod namespace_lifecycle;
mod priority;
pub(crate) mod resource_quota;
mod runtime_class;
mod service_account;
mod storage;
mod tolerations;

use objects::Status;
use serde_json::Value;

use crate::api::Call;

fn is_pod(call: &Call<'_>) -> bool {
    call.stored.group.is_empty() && call.stored.plural == "pods"
}

/// The plugins that change a new object.
pub(crate) fn mutate_create(call: &mut Call<'_>, object: &mut Value) -> Result<(), Status> {
    namespace_lifecycle::admit(call, object)?;
    if is_pod(call) {
        limit_ranger::default_pod(call, object);
        service_account::admit(call, object)?;
        tolerations::admit(object);
        priority::admit(call, object)?;
    }
    storage::admit(call, object);
    if is_pod(call) {
        runtime_class::admit(call, object)?;
    }
    Ok(())
}

/// The plugins that only look at a new object, and quota, which counts it.
pub(crate) fn validate_create(call: &mut Call<'_>, object: &mut Value) -> Result<(), Status> {
    if is_pod(call) {
        limit_ranger::check_pod(call, object)?;
    }
    if call.stored.plural == "persistentvolumeclaims" {
        limit_ranger::check_claim(call, object)?;
    }
    priority::one_default(call, object)?;
    resource_quota::check(call, object)
}

/// The plugins that change an update of a main resource: what was filled in at the start stays filled in.
pub(crate) fn mutate_update(call: &Call<'_>, new: &mut Value, old: &Value) {
    if is_pod(call) {
        tolerations::admit(new);
        priority::keep(new, old);
    }
}
