//! Priority: a pod's number comes from its PriorityClass, or from the class that is the default.

use objects::{Status, meta};
use serde_json::Value;

use crate::api::Call;
use crate::view;

/// An update that leaves the numbers out keeps them.
pub(super) fn keep(pod: &mut Value, old: &Value) {
    for member in ["priority", "preemptionPolicy"] {
        let was = view::at(old, &["spec", member]);
        if view::at(pod, &["spec", member]).is_null() && !was.is_null() {
            view::set(pod, &["spec", member], was.clone());
        }
    }
}

pub(super) fn admit(call: &Call<'_>, pod: &mut Value) -> Result<(), Status> {
    let classes = objects::by_path("scheduling.k8s.io", "v1", "priorityclasses");
    let name = view::text(pod, &["spec", "priorityClassName"]).to_string();
    let class = match (classes, name.as_str()) {
        (Some(resource), "") => {
            let all = call.cluster.list(resource, "");
            all.into_iter()
                .filter(|c| view::flag(c, &["globalDefault"]))
                .min_by_key(|c| view::int(c, &["value"]))
        }
        (Some(resource), name) => {
            let found = call.cluster.get(resource, "", name);
            if found.is_none() {
                let why = format!("no PriorityClass with name {name} was found");
                return Err(Status::forbidden(call.resource, meta::name(pod), &why));
            }
            found
        }
        (None, _) => None,
    };
    if let Some(class) = &class {
        view::set(
            pod,
            &["spec", "priorityClassName"],
            meta::name(class).to_string(),
        );
    }
    let value = class
        .as_ref()
        .and_then(|c| view::int(c, &["value"]))
        .unwrap_or(0);
    view::set(pod, &["spec", "priority"], value);
    if view::at(pod, &["spec", "preemptionPolicy"]).is_null() {
        let own = class
            .as_ref()
            .map(|c| view::text(c, &["preemptionPolicy"]))
            .filter(|p| !p.is_empty());
        view::set(
            pod,
            &["spec", "preemptionPolicy"],
            own.unwrap_or("PreemptLowerPriority"),
        );
    }
    Ok(())
}
