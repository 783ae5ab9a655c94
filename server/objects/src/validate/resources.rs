//! Requests and limits.

use super::{At, Errors};
use crate::{FieldError, Quantity, names};

/// What containers take of a node, by the names that quotas know.
pub(super) const COMPUTE: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];
/// The other resources whose names stand for themselves.
const COUNTED: &[&str] = &[
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
    let named = |good: fn(&str) -> bool| {
        let mut all = limits.entries().into_iter().chain(requests.entries());
        all.any(|(name, _)| good(name))
    };
    if named(|name| name.starts_with("hugepages-"))
        && !named(|name| matches!(name, "cpu" | "memory"))
    {
        errors.push(at.forbidden("HugePages require cpu or memory"));
    }
    for (i, claim) in at.get("claims").items().iter().enumerate() {
        let path = format!("{}[{i}]", at.get("claims").path);
        if claim.get("name").is_empty() {
            errors.push(FieldError::required(path, ""));
        } else {
            // claims of devices are not simulated: no pod has one
            errors.push(FieldError {
                detail: "must be one of the names in pod.spec.resourceClaims which is empty".into(),
                ..FieldError::not_found(path, claim.get("name").text())
            });
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
    container_name(name, at, errors);
    quantity(name, at, errors);
    huge_page(name, at, errors);
}

/// The name of a resource of containers.
pub(super) fn container_name(name: &str, at: &At<'_>, errors: &mut Errors) {
    self::name(name, at, errors);
    let invalid = |text: &str| FieldError::invalid(&at.path, name, text);
    if !name.contains('/') {
        if !matches!(name, "cpu" | "memory" | "ephemeral-storage")
            && !name.starts_with("hugepages-")
        {
            errors.push(invalid("must be a standard resource for containers"));
        }
    } else if !is_native(name) && !is_extended(name) {
        errors.push(invalid("doesn't follow extended resource name standard"));
    }
}

/// The name of a resource in a quota.
pub(super) fn quota_name(name: &str, at: &At<'_>, errors: &mut Errors) {
    self::name(name, at, errors);
    if !name.contains('/') && !is_quota_standard(name) {
        let text = "must be a standard resource for quota";
        errors.push(FieldError::invalid(&at.path, name, text));
    }
}

fn is_standard(name: &str) -> bool {
    COMPUTE.contains(&name) || COUNTED.contains(&name)
}

/// Whether quotas know the resource by itself.
pub(super) fn is_quota_standard(name: &str) -> bool {
    (is_standard(name) && name != "storage")
        || name.starts_with("hugepages-")
        || name.starts_with("requests.hugepages-")
}

/// Not Kubernetes' own, and still a good name with `requests.` before it.
fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && names::qualified_name(&format!("requests.{name}")).is_empty()
}

/// Huge pages come in whole pages.
fn huge_page(name: &str, at: &At<'_>, errors: &mut Errors) {
    let (Some(page), Some(amount)) = (name.strip_prefix("hugepages-"), Quantity::of(at.value))
    else {
        return;
    };
    let page = Quantity::of(&page.into()).map(|p| p.units());
    if page.is_none_or(|page| page <= 0 || amount.units() % page != 0) {
        let text = format!("{amount} is not positive integer multiple of {name}");
        errors.push(FieldError::invalid(&at.path, amount.to_string(), text));
    }
}

/// The name of a resource of any kind.
pub(super) fn name(name: &str, at: &At<'_>, errors: &mut Errors) {
    let bad = names::qualified_name(name);
    let standard = is_standard(name) || name.starts_with("hugepages-");
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
    if (COUNTED.contains(&name) || is_extended(name)) && !quantity.is_whole() {
        errors.push(FieldError::invalid(
            &at.path,
            text.as_str(),
            "must be an integer",
        ));
    }
}
