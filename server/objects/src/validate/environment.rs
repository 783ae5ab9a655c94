//! Environment variables of containers, and what they may point to. Mirrors `ValidateEnv` and `ValidateEnvFrom`.

use super::{At, Errors};
use crate::{FieldError, Quantity, names};

/// `env` and `envFrom` of a container.
pub(super) fn validate(container: &At<'_>, errors: &mut Errors) {
    for env in container.get("env").items() {
        env.get("name").required_and(names::env_var, errors);
        let source = env.get("valueFrom");
        if source.is_set() {
            value_source(&source, !env.get("value").is_empty(), errors);
        }
    }
    let list = container.get("envFrom");
    for from in list.items() {
        let prefix = from.get("prefix");
        if !prefix.is_empty() {
            prefix.check(names::env_var, errors);
        }
        let sources: Vec<At<'_>> = ["configMapRef", "secretRef"]
            .iter()
            .map(|k| from.get(k))
            .filter(At::is_set)
            .collect();
        for source in &sources {
            source
                .get("name")
                .required_and(|name| names::dns_subdomain(&ends_in_letter(name)), errors);
        }
        // the API server tells these two of the whole list
        if let Some(text) = one_source(sources.len(), "`configMapRef` or `secretRef`") {
            errors.push(FieldError::invalid(&list.path, "", text));
        }
    }
}

/// A name that may go on, as one that is generated may: the dash at its end is no mistake.
fn ends_in_letter(name: &str) -> String {
    match name.strip_suffix('-') {
        Some(start) if !start.is_empty() => format!("{start}a"),
        _ => name.to_string(),
    }
}

fn one_source(count: usize, names: &str) -> Option<String> {
    match count {
        0 => Some(format!("must specify one of: {names}")),
        1 => None,
        _ => Some("may not have more than one field specified at a time".to_string()),
    }
}

fn value_source(source: &At<'_>, has_value: bool, errors: &mut Errors) {
    const SOURCES: &str =
        "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
    let mut sources = 0;
    for key in [
        "fieldRef",
        "resourceFieldRef",
        "configMapKeyRef",
        "secretKeyRef",
        "fileKeyRef",
    ] {
        let at = source.get(key);
        if !at.is_set() {
            continue;
        }
        sources += 1;
        match key {
            "fieldRef" => field_ref(&at, ENV_FIELDS, errors),
            "resourceFieldRef" => resource_ref(&at, false, errors),
            "configMapKeyRef" | "secretKeyRef" => {
                at.get("name").check(names::dns_subdomain, errors);
                at.get("key").required_and(names::config_key, errors);
            }
            _ => file_key(&at, errors),
        }
    }
    if sources > 0 && has_value {
        let text = "may not be specified when `value` is not empty";
        errors.push(FieldError::invalid(&source.path, "", text));
    } else if let Some(text) = one_source(sources, SOURCES) {
        errors.push(FieldError::invalid(&source.path, "", text));
    }
}

fn file_key(at: &At<'_>, errors: &mut Errors) {
    at.get("key").required_and(names::env_var, errors);
    at.get("volumeName").required_and(names::dns_label, errors);
    let path = at.get("path");
    if path.is_empty() {
        errors.push(path.required(""));
    } else {
        super::volumes::no_backsteps(&path, errors);
    }
}

const ENV_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Fields that downward API volumes may show.
pub(super) const VOLUME_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];

/// Fields that exist, though neither variables nor volumes may show them.
const KNOWN_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "spec.restartPolicy",
    "spec.schedulerName",
    "status.phase",
];

/// An `ObjectFieldSelector`.
pub(super) fn field_ref(at: &At<'_>, supported: &[&str], errors: &mut Errors) {
    let path = at.get("fieldPath");
    if path.is_empty() {
        errors.push(path.required(""));
        return;
    }
    let text = path.text();
    let unknown = |why: String| path.invalid(format!("error converting fieldPath: {why}"));
    let version = at.get("apiVersion").text();
    if version != "v1" {
        errors.push(unknown(format!("unsupported pod version: {version}")));
        return;
    }
    if let Some((map, key)) = text.strip_suffix("']").and_then(|t| t.split_once("['")) {
        let key = match map {
            "metadata.annotations" => key.to_lowercase(),
            "metadata.labels" => key.to_string(),
            _ => {
                let why = format!("field label does not support subscript: {text}");
                errors.push(unknown(why));
                return;
            }
        };
        let bad = names::qualified_name(&key).into_iter();
        errors.extend(bad.map(|e| FieldError::invalid(&at.path, key.as_str(), e)));
    } else if supported.contains(&text) {
    } else if ENV_FIELDS.contains(&text) || KNOWN_FIELDS.contains(&text) {
        errors.push(FieldError::not_supported(&path.path, text, supported));
    } else {
        errors.push(unknown(format!("field label not supported: {text}")));
    }
}

/// A `ResourceFieldSelector`; in volumes it must name its container.
pub(super) fn resource_ref(at: &At<'_>, in_volume: bool, errors: &mut Errors) {
    const SUPPORTED: &[&str] = &[
        "limits.cpu",
        "limits.ephemeral-storage",
        "limits.memory",
        "requests.cpu",
        "requests.ephemeral-storage",
        "requests.memory",
    ];
    let resource = at.get("resource");
    let huge = resource.text().starts_with("limits.hugepages-")
        || resource.text().starts_with("requests.hugepages-");
    if in_volume && at.get("containerName").is_empty() {
        errors.push(at.get("containerName").required(""));
    } else if resource.is_empty() {
        errors.push(resource.required(""));
    } else if !SUPPORTED.contains(&resource.text()) && !huge {
        errors.push(FieldError::not_supported(
            &resource.path,
            resource.text(),
            SUPPORTED,
        ));
    }
    divisor(&at.get("divisor"), resource.text(), errors);
}

/// What a resource may be told in: whole units or thousandths of CPUs, powers of 1000 or 1024 of the rest.
fn divisor(at: &At<'_>, resource: &str, errors: &mut Errors) {
    const BYTES: &[&str] = &[
        "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
    ];
    let Some(divisor) = Quantity::of(at.value).filter(|q| !q.is_zero()) else {
        return;
    };
    let (allowed, values, what): (&[&str], String, &str) = match resource {
        "limits.cpu" | "requests.cpu" => (&["1m", "1"], "1m and 1".into(), "cpu"),
        "limits.memory" | "requests.memory" => (BYTES, BYTES.join(", "), "memory"),
        "limits.ephemeral-storage" | "requests.ephemeral-storage" => {
            (BYTES, BYTES.join(", "), "local ephemeral storage")
        }
        name if name.contains(".hugepages-") => (BYTES, BYTES.join(", "), "hugepages"),
        _ => return,
    };
    if !allowed.contains(&divisor.to_string().as_str()) {
        let text = format!("only divisor's values {values} are supported with the {what} resource");
        errors.push(FieldError::invalid(&at.path, resource, text));
    }
}
