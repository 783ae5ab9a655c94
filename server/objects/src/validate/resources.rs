//! Requests and limits.

use super::{At, Errors};
use crate::{FieldError, Quantity, names};

const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "storage",
    "requests.storage",
    "services.nodeports",
    "services.loadbalancers",
];

/// `resources` of a container.
pub(super) fn container(at: &At<'_>, errors: &mut Errors) {
    let (limits, requests) = (at.get("limits"), at.get("requests"));
    for (name, quantity) in limits.entries() {
        container_resource(name, &quantity, errors);
    }
    for (name, at) in requests.entries() {
        container_resource(name, &at, errors);
        let Some(request) = Quantity::of(at.value) else {
            continue;
        };
        match limits.value.get(name).and_then(Quantity::of) {
            Some(limit) if !may_overcommit(name) && request != limit => {
                let text = format!("must be equal to {name} limit of {limit}");
                errors.push(FieldError::invalid(
                    &requests.path,
                    request.to_string(),
                    text,
                ));
            }
            Some(limit) if request > limit => {
                let text = format!("must be less than or equal to {name} limit of {limit}");
                errors.push(FieldError::invalid(
                    &requests.path,
                    request.to_string(),
                    text,
                ));
            }
            None if !may_overcommit(name) => {
                errors.push(limits.required("Limit must be set for non overcommitable resources"));
            }
            _ => {}
        }
    }
}

fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

fn may_overcommit(name: &str) -> bool {
    is_native(name) && !name.starts_with("hugepages-")
}

fn container_resource(name: &str, at: &At<'_>, errors: &mut Errors) {
    let before = errors.len();
    self::name(name, at, errors);
    let bad_name = errors.len() > before && !names::qualified_name(name).is_empty();
    let invalid = |text: &str| FieldError::invalid(&at.path, name, text);
    if !bad_name {
        if !name.contains('/') {
            if !matches!(name, "cpu" | "memory" | "ephemeral-storage")
                && !name.starts_with("hugepages-")
            {
                errors.push(invalid("must be a standard resource for containers"));
            }
        } else if !is_native(name) && name.starts_with("requests.") {
            errors.push(invalid("doesn't follow extended resource name standard"));
        }
    }
    quantity(name, at, errors);
}

/// The name of a resource of any kind.
pub(super) fn name(name: &str, at: &At<'_>, errors: &mut Errors) {
    let bad = names::qualified_name(name);
    let standard = STANDARD.contains(&name) || name.starts_with("hugepages-");
    if bad.is_empty() && !name.contains('/') && !standard {
        let text = "must be a standard resource type or fully qualified";
        errors.push(FieldError::invalid(&at.path, name, text));
    }
    errors.extend(
        bad.into_iter()
            .map(|e| FieldError::invalid(&at.path, name, e)),
    );
}

/// Not negative, and whole where halves make no sense.
pub(super) fn quantity(name: &str, at: &At<'_>, errors: &mut Errors) {
    let Some(quantity) = Quantity::of(at.value) else {
        return;
    };
    let text = quantity.to_string();
    if quantity.is_negative() {
        errors.push(FieldError::invalid(
            &at.path,
            text.as_str(),
            "must be greater than or equal to 0",
        ));
    }
    const COUNTED: &[&str] = &[
        "pods",
        "resourcequotas",
        "services",
        "replicationcontrollers",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "services.nodeports",
        "services.loadbalancers",
    ];
    if (COUNTED.contains(&name) || !is_native(name)) && !quantity.is_whole() {
        errors.push(FieldError::invalid(
            &at.path,
            text.as_str(),
            "must be an integer",
        ));
    }
}
