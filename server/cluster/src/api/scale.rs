//! The subresource `scale` of deployments, replica sets, stateful sets and replication controllers.

use objects::{Answer, Body, Object, Status, Verb, meta};
use serde_json::{Value, json};

use super::{Call, update};
use crate::view;

fn selector_text(object: &Value) -> String {
    let selector = view::at(object, &["spec", "selector"]);
    let mut terms: Vec<String> = Vec::new();
    let labels = if selector.get("matchLabels").is_some() {
        view::at(selector, &["matchLabels"])
    } else {
        selector
    };
    for (key, value) in view::members(labels, &[]) {
        if let Some(value) = value.as_str() {
            terms.push(format!("{key}={value}"));
        }
    }
    for expression in view::list(selector, &["matchExpressions"]) {
        let key = view::text(expression, &["key"]);
        let values = view::texts(expression, &["values"]).join(",");
        terms.push(match view::text(expression, &["operator"]) {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_string(),
            _ => format!("!{key}"),
        });
    }
    terms.sort();
    terms.join(",")
}

fn scale_of(object: &Value) -> Value {
    let mut metadata = json!({});
    for member in [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
    ] {
        if let Some(value) = object["metadata"].get(member) {
            metadata[member] = value.clone();
        }
    }
    let mut scale = json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": {},
        "status": {"replicas": view::int(object, &["status", "replicas"]).unwrap_or(0)},
    });
    if let Some(replicas) = view::int(object, &["spec", "replicas"]).filter(|r| *r != 0) {
        scale["spec"]["replicas"] = replicas.into();
    }
    let selector = selector_text(object);
    if !selector.is_empty() {
        scale["status"]["selector"] = selector.into();
    }
    scale
}

pub(super) fn serve(mut call: Call<'_>) -> Result<Answer, Status> {
    let live = call.live()?;
    let wanted = match (call.request.verb, &call.request.body) {
        (Verb::Get, _) => {
            return Ok(Answer {
                code: 200,
                object: scale_of(&live).into(),
                warnings: Vec::new(),
            });
        }
        (Verb::Update, Body::Object(scale)) => {
            update::check_name(&call, scale)?;
            scale.clone()
        }
        (Verb::Patch, Body::Patch { kind, text }) => {
            let gvk = objects::Gvk::new("autoscaling", "v1", "Scale");
            objects::patch::patch(&gvk, &scale_of(&live), *kind, text, &call.request.options)?.0
        }
        _ => return Err(Status::method_not_allowed()),
    };
    let asked = meta::resource_version(&wanted);
    if !asked.is_empty() && asked != meta::resource_version(&live) {
        return Err(Status::stale(call.resource, &call.request.name));
    }
    let replicas = view::int(&wanted, &["spec", "replicas"]).unwrap_or(0);
    if replicas < 0 {
        let error = objects::FieldError::invalid(
            "spec.replicas",
            replicas,
            "must be greater than or equal to 0",
        );
        return Err(Status::invalid(
            "Scale.autoscaling",
            meta::name(&live),
            vec![error],
        ));
    }
    let mut new: Value = (*live).clone();
    view::set(&mut new, &["spec", "replicas"], replicas);
    let stored: Object = update::write(&mut call, live, new, "scale")?.object;
    Ok(Answer {
        code: 200,
        object: scale_of(&stored).into(),
        warnings: call.warnings,
    })
}
