//! Field and label selectors of lists, watches and deletecollection: which fields a kind offers and where they stand.

use objects::selector::{FieldSelector, LabelSelector};
use objects::{Options, Resource, Status, meta};
use serde_json::Value;

use crate::view;

/// A predicate over stored objects, from the selectors of a request. Errors: 400 with the texts of the API server.
pub(crate) fn matcher(
    resource: &'static Resource,
    options: &Options,
) -> Result<impl Fn(&Value) -> bool + 'static, Status> {
    let labels = LabelSelector::parse(&options.label_selector).map_err(Status::bad_request)?;
    let fields = FieldSelector::parse(&options.field_selector).map_err(Status::bad_request)?;
    for requirement in &fields.requirements {
        if !supports(resource, &requirement.field) {
            return Err(Status::bad_request(refusal(resource, &requirement.field)));
        }
    }
    Ok(move |object: &Value| {
        labels.matches_object(object) && fields.matches(|field| read(resource, object, field))
    })
}

/// Kinds with fields of their own refuse in other words than those without.
fn refusal(resource: &Resource, field: &str) -> String {
    let quoted = objects::quote::go_quote(field);
    match (resource.group, resource.plural) {
        ("batch", "jobs") => format!("field label {quoted} not supported for Job"),
        _ if !offered(resource).is_empty() => format!("field label not supported: {field}"),
        _ => format!(
            "{quoted} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        ),
    }
}

fn supports(resource: &Resource, field: &str) -> bool {
    let everywhere =
        field == "metadata.name" || (field == "metadata.namespace" && resource.namespaced);
    everywhere || offered(resource).contains(&field)
}

/// What a kind offers besides its name and namespace.
fn offered(resource: &Resource) -> &'static [&'static str] {
    match (resource.group, resource.plural) {
        ("", "pods") => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        ("", "events") => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        ("events.k8s.io", "events") => &[
            "regarding.kind",
            "regarding.namespace",
            "regarding.name",
            "regarding.uid",
            "regarding.apiVersion",
            "regarding.resourceVersion",
            "regarding.fieldPath",
            "reason",
            "reportingController",
            "type",
        ],
        ("", "nodes") => &["spec.unschedulable"],
        ("", "namespaces") => &["status.phase"],
        ("", "secrets") => &["type"],
        ("", "services") => &["spec.clusterIP", "spec.type"],
        ("", "replicationcontrollers") | ("apps", "replicasets") => &["status.replicas"],
        ("batch", "jobs") => &["status.successful"],
        ("certificates.k8s.io", "certificatesigningrequests") => &["spec.signerName"],
        _ => &[],
    }
}

fn read(resource: &Resource, object: &Value, field: &str) -> String {
    match field {
        "metadata.name" => return meta::name(object).into(),
        "metadata.namespace" => return meta::namespace(object).into(),
        "spec.hostNetwork" | "spec.unschedulable" => {
            let path: Vec<&str> = field.split('.').collect();
            return view::flag(object, &path).to_string();
        }
        "status.successful" => {
            return view::int(object, &["status", "succeeded"])
                .unwrap_or(0)
                .to_string();
        }
        "status.podIPs" => {
            let ips: Vec<&str> = view::list(object, &["status", "podIPs"])
                .iter()
                .map(|i| view::text(i, &["ip"]))
                .collect();
            return ips.join(",");
        }
        "source" => return view::text(object, &["source", "component"]).into(),
        "reportingController" => return view::text(object, &["reportingComponent"]).into(),
        _ => {}
    }
    let field = match resource.group {
        "events.k8s.io" => field.replace("regarding.", "involvedObject."),
        _ => field.to_string(),
    };
    let path: Vec<&str> = field.split('.').collect();
    match view::at(object, &path) {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
