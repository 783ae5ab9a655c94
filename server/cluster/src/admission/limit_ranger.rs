//! LimitRanger: default requests and limits of containers, and their bounds, from the LimitRanges of the namespace.

use objects::{Object, Quantity, Status, meta};
use serde_json::Value;

use crate::api::Call;
use crate::view;

fn ranges(call: &Call<'_>) -> Vec<Object> {
    let resource = objects::by_path("", "v1", "limitranges");
    resource
        .map(|r| call.cluster.list(r, &call.request.namespace))
        .unwrap_or_default()
}

fn items<'a>(ranges: &'a [Object], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    ranges
        .iter()
        .flat_map(|r| view::list(r, &["spec", "limits"]))
        .filter(move |l| view::text(l, &["type"]) == kind)
}

/// Fills in default requests and limits, and says so in an annotation.
pub(super) fn default_pod(call: &Call<'_>, pod: &mut Value) {
    let ranges = ranges(call);
    let mut notes: Vec<String> = Vec::new();
    for item in items(&ranges, "Container") {
        for part in ["containers", "initContainers"] {
            if view::list(pod, &["spec", part]).is_empty() {
                continue;
            }
            for container in view::list_mut(pod, &["spec", part]) {
                let what = if part == "containers" {
                    "container"
                } else {
                    "init container"
                };
                let name = view::text(container, &["name"]).to_string();
                for (kind, source) in [("requests", "defaultRequest"), ("limits", "default")] {
                    let given = fill(container, kind, item, source);
                    if !given.is_empty() {
                        let kind = kind.trim_end_matches('s');
                        notes.push(format!("{} {kind} for {what} {name}", given.join(", ")));
                    }
                }
            }
        }
    }
    if !notes.is_empty() {
        let text = format!("LimitRanger plugin set: {}", notes.join("; "));
        view::set(
            pod,
            &["metadata", "annotations", "kubernetes.io/limit-ranger"],
            text,
        );
    }
}

fn fill(container: &mut Value, kind: &str, item: &Value, source: &str) -> Vec<String> {
    let mut given = Vec::new();
    for (resource, value) in view::members(item, &[source]) {
        if view::at(container, &["resources", kind, resource]).is_null() {
            view::set(container, &["resources", kind, resource], value.clone());
            given.push(resource.to_string());
        }
    }
    given
}

/// Refuses pods whose containers are out of bounds.
pub(super) fn check_pod(call: &Call<'_>, pod: &Value) -> Result<(), Status> {
    let ranges = ranges(call);
    let mut wrong: Vec<String> = Vec::new();
    for item in items(&ranges, "Container") {
        for part in ["containers", "initContainers"] {
            for container in view::list(pod, &["spec", part]) {
                check(
                    item,
                    "Container",
                    |kind, r| Quantity::of(view::at(container, &["resources", kind, r])),
                    &mut wrong,
                );
            }
        }
    }
    for item in items(&ranges, "Pod") {
        check(item, "Pod", |kind, r| pod_total(pod, kind, r), &mut wrong);
    }
    refuse(call, pod, wrong)
}

/// Refuses claims that ask for too little or too much. Of claims only requests are looked at.
pub(super) fn check_claim(call: &Call<'_>, claim: &Value) -> Result<(), Status> {
    let ranges = ranges(call);
    let mut wrong: Vec<String> = Vec::new();
    let asked = Quantity::of(view::at(
        claim,
        &["spec", "resources", "requests", "storage"],
    ));
    let what = "storage usage per PersistentVolumeClaim";
    for item in items(&ranges, "PersistentVolumeClaim") {
        let bound = |list: &str| Quantity::of(view::at(item, &[list, "storage"]));
        if let (Some(min), Some(asked)) = (bound("min"), &asked)
            && *asked < min
        {
            wrong.push(format!("minimum {what} is {min}, but request is {asked}"));
        }
        if let (Some(max), Some(asked)) = (bound("max"), &asked)
            && *asked > max
        {
            wrong.push(format!("maximum {what} is {max}, but request is {asked}"));
        }
    }
    refuse(call, claim, wrong)
}

fn refuse(call: &Call<'_>, object: &Value, mut wrong: Vec<String>) -> Result<(), Status> {
    let why = match wrong.len() {
        0 => return Ok(()),
        1 => wrong.remove(0),
        _ => format!("[{}]", wrong.join(", ")),
    };
    Err(Status::forbidden(call.resource, meta::name(object), &why))
}

fn pod_total(pod: &Value, kind: &str, resource: &str) -> Option<Quantity> {
    let each = view::list(pod, &["spec", "containers"]).iter();
    let values: Vec<Quantity> = each
        .filter_map(|c| Quantity::of(view::at(c, &["resources", kind, resource])))
        .collect();
    values.into_iter().reduce(|a, b| a.plus(&b))
}

fn check(
    item: &Value,
    what: &str,
    read: impl Fn(&str, &str) -> Option<Quantity>,
    wrong: &mut Vec<String>,
) {
    for (resource, bound) in view::members(item, &["min"]) {
        let Some(min) = Quantity::of(bound) else {
            continue;
        };
        match read("requests", resource) {
            None => wrong.push(format!(
                "minimum {resource} usage per {what} is {min}.  No request is specified"
            )),
            Some(asked) if asked < min => {
                wrong.push(format!(
                    "minimum {resource} usage per {what} is {min}, but request is {asked}"
                ));
            }
            Some(_) => {}
        }
    }
    for (resource, bound) in view::members(item, &["max"]) {
        let Some(max) = Quantity::of(bound) else {
            continue;
        };
        match read("limits", resource) {
            None => wrong.push(format!(
                "maximum {resource} usage per {what} is {max}.  No limit is specified"
            )),
            Some(limit) if limit > max => {
                wrong.push(format!(
                    "maximum {resource} usage per {what} is {max}, but limit is {limit}"
                ));
            }
            Some(_) => {}
        }
    }
    for (resource, bound) in view::members(item, &["maxLimitRequestRatio"]) {
        let (Some(max), Some(limit), Some(request)) = (
            Quantity::of(bound),
            read("limits", resource),
            read("requests", resource),
        ) else {
            continue;
        };
        let ratio = limit.as_f64() / request.as_f64();
        if ratio > max.as_f64() {
            wrong.push(format!("{resource} max limit to request ratio per {what} is {max}, but provided ratio is {ratio:.6}"));
        }
    }
}
