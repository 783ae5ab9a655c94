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
    let policy = class
        .as_ref()
        .map(|c| view::text(c, &["preemptionPolicy"]))
        .filter(|p| !p.is_empty())
        .unwrap_or("PreemptLowerPriority");
    let refuse = |what: &str, asked: &str, computed: &str| {
        let why = format!(
            "the {what} ({asked}) must not be provided in pod spec; priority admission controller computed {computed} from the given PriorityClass name"
        );
        Err(Status::forbidden(call.resource, meta::name(pod), &why))
    };
    if let Some(asked) = view::int(pod, &["spec", "priority"]).filter(|asked| *asked != value) {
        let what = "integer value of priority";
        return refuse(what, &asked.to_string(), &value.to_string());
    }
    let asked = view::text(pod, &["spec", "preemptionPolicy"]);
    if !asked.is_empty() && asked != policy {
        return refuse("string value of PreemptionPolicy", asked, policy);
    }
    view::set(pod, &["spec", "priority"], value);
    view::set(pod, &["spec", "preemptionPolicy"], policy);
    Ok(())
}

/// Only one class is the default.
pub(super) fn one_default(call: &Call<'_>, class: &Value) -> Result<(), Status> {
    if call.stored.plural != "priorityclasses" || !view::flag(class, &["globalDefault"]) {
        return Ok(());
    }
    let all = call.cluster.list(call.stored, "");
    let other = all
        .iter()
        .find(|c| view::flag(c, &["globalDefault"]) && meta::name(c) != meta::name(class));
    match other.map(|c| meta::name(c)) {
        None => Ok(()),
        Some(name) => {
            let why = format!(
                "PriorityClass {name} is already marked as default. Only one default can exist"
            );
            Err(Status::forbidden(call.resource, meta::name(class), &why))
        }
    }
}
