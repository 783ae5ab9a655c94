//! What of a pod may change, through its main resource, `ephemeralcontainers` and `resize`.

use serde_json::Value;

use super::{At, Errors, internal};
use crate::{FieldError, Quantity};

const MAY_CHANGE: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,\
`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` \
(allow it to be set to 1 if it was previously negative)";

pub(super) fn validate(subresource: &str, new: &At<'_>, old: &At<'_>, errors: &mut Errors) {
    match subresource {
        "ephemeralcontainers" => ephemeral(new, old, errors),
        "resize" => resize(new, old, errors),
        _ => main(new, old, errors),
    }
}

fn main(new: &At<'_>, old: &At<'_>, errors: &mut Errors) {
    let (spec, old_spec) = (new.get("spec"), old.get("spec"));
    for key in ["containers", "initContainers"] {
        if spec.get(key).items().len() != old_spec.get(key).items().len() {
            errors.push(
                spec.get(key)
                    .forbidden("pod updates may not add or remove containers"),
            );
            return;
        }
    }
    deadline(&spec, &old_spec, errors);
    tolerations(&spec, &old_spec, errors);
    let old_gates: Vec<&str> = old_spec
        .get("schedulingGates")
        .items()
        .iter()
        .map(|g| g.get("name").text())
        .collect();
    for gate in spec.get("schedulingGates").items() {
        let name = gate.get("name").text();
        if !old_gates.contains(&name) {
            let text = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            errors.push(FieldError::forbidden("spec.schedulingGates", text));
        }
    }
    let mut munged = spec.value.clone();
    munge(&mut munged, old_spec.value, !old_gates.is_empty());
    if &munged != old_spec.value {
        let difference = internal::diff("core/v1.PodSpec", old_spec.value, &munged);
        errors.push(spec.forbidden(format!("{MAY_CHANGE}\n{difference}")));
    }
}

/// Takes back what may change.
fn munge(spec: &mut Value, old: &Value, gated: bool) {
    for key in ["containers", "initContainers"] {
        let list = spec.get_mut(key).and_then(Value::as_array_mut);
        let pairs = list
            .into_iter()
            .flatten()
            .zip(old[key].as_array().into_iter().flatten());
        for (container, old) in pairs {
            restore(container, old, "image");
        }
    }
    let mut keys = vec!["activeDeadlineSeconds", "tolerations", "schedulingGates"];
    let grace = |spec: &Value| {
        spec.get("terminationGracePeriodSeconds")
            .and_then(Value::as_i64)
    };
    if grace(old).is_some_and(|s| s < 0) && grace(spec) == Some(1) {
        keys.push("terminationGracePeriodSeconds");
    }
    if gated {
        keys.extend(["nodeSelector", "affinity"]);
    }
    keys.into_iter().for_each(|key| restore(spec, old, key));
}

fn restore(value: &mut Value, old: &Value, key: &str) {
    let Some(members) = value.as_object_mut() else {
        return;
    };
    match old.get(key) {
        Some(was) => members.insert(key.to_string(), was.clone()),
        None => members.remove(key),
    };
}

fn deadline(spec: &At<'_>, old: &At<'_>, errors: &mut Errors) {
    let (is, was) = (
        spec.get("activeDeadlineSeconds"),
        old.get("activeDeadlineSeconds"),
    );
    match (is.int(), was.int()) {
        (Some(new), Some(old)) if new > old => {
            errors.push(is.invalid("must be less than or equal to previous value"));
        }
        (None, Some(_)) => {
            errors.push(FieldError::invalid(
                &is.path,
                Value::Null,
                "must not update from a positive integer to nil value",
            ));
        }
        _ => {}
    }
}

fn tolerations(spec: &At<'_>, old: &At<'_>, errors: &mut Errors) {
    let without_seconds = |at: &At<'_>| {
        let mut value = at.value.clone();
        if let Some(members) = value.as_object_mut() {
            members.remove("tolerationSeconds");
        }
        value
    };
    let list = spec.get("tolerations");
    let new: Vec<Value> = list.items().iter().map(without_seconds).collect();
    if old
        .get("tolerations")
        .items()
        .iter()
        .any(|t| !new.contains(&without_seconds(t)))
    {
        let text = "existing toleration can not be modified except its tolerationSeconds";
        errors.push(list.forbidden(text));
    }
}

fn ephemeral(new: &At<'_>, old: &At<'_>, errors: &mut Errors) {
    let list = new.get("spec").get("ephemeralContainers");
    let containers = list.items();
    for was in old.get("spec").get("ephemeralContainers").items() {
        let name = was.get("name").text();
        let quoted = crate::quote::go_quote(name);
        match containers.iter().find(|c| c.get("name").text() == name) {
            None => errors.push(list.forbidden(format!(
                "existing ephemeral containers {quoted} may not be removed\n"
            ))),
            Some(is) if is.value != was.value => {
                errors.push(list.forbidden(format!(
                    "existing ephemeral containers {quoted} may not be changed\n"
                )));
            }
            Some(_) => {}
        }
    }
}

fn resize(new: &At<'_>, old: &At<'_>, errors: &mut Errors) {
    let spec = new.get("spec");
    if qos(new.get("spec").value) != qos(old.get("spec").value) {
        let class = old.get("status").get("qosClass").text();
        let class = if class.is_empty() {
            qos(old.get("spec").value)
        } else {
            class
        };
        errors.push(FieldError::invalid(
            &spec.path,
            class,
            "Pod QOS Class may not change as a result of resizing",
        ));
        return;
    }
    let mut munged = spec.value.clone();
    let old_spec = old.get("spec");
    for key in ["containers", "initContainers"] {
        let list = munged.get_mut(key).and_then(Value::as_array_mut);
        let pairs = list
            .into_iter()
            .flatten()
            .zip(old_spec.value[key].as_array().into_iter().flatten());
        for (container, old) in pairs {
            restore(container, old, "resources");
        }
    }
    if &munged != old_spec.value {
        let text = "only cpu and memory resources are mutable";
        let difference = internal::diff("core/v1.PodSpec", old_spec.value, &munged);
        errors.push(spec.forbidden(format!("{text}\n{difference}")));
    }
}

/// Quality of service of a pod's spec: `BestEffort`, `Burstable` or `Guaranteed`.
pub fn qos(spec: &Value) -> &'static str {
    let containers = ["containers", "initContainers"]
        .into_iter()
        .filter_map(|k| spec[k].as_array())
        .flatten();
    let amount = |container: &Value, list: &str, name: &str| {
        Quantity::of(&container["resources"][list][name]).filter(|q| !q.is_zero())
    };
    let (mut any, mut guaranteed) = (false, true);
    for container in containers {
        for name in ["cpu", "memory"] {
            let (limit, request) = (
                amount(container, "limits", name),
                amount(container, "requests", name),
            );
            any |= limit.is_some() || request.is_some();
            guaranteed &= limit.is_some() && request.is_none_or(|r| Some(r) == limit);
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (_, true) => "Guaranteed",
        _ => "Burstable",
    }
}
