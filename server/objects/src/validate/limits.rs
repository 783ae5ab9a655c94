//! Quotas and limit ranges: which resources they may name, and limits that agree with each other.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{At, Errors, resources};
use crate::{FieldError, Quantity};

/// `spec` of a ResourceQuota.
pub(super) fn quota(spec: &At<'_>, old: Option<&Value>, errors: &mut Errors) {
    let hard = spec.get("hard");
    for (name, quantity) in hard.entries() {
        resources::quota_name(name, &quantity, errors);
        resources::quantity(name, &quantity, errors);
    }
    let scopes = spec.get("scopes");
    let named: Vec<&str> = scopes.items().iter().map(At::text).collect();
    let resources: Vec<&str> = hard.entries().iter().map(|(name, _)| *name).collect();
    for scope in &named {
        if !SCOPES.contains(scope) {
            errors.push(scopes.invalid("unsupported scope"));
        }
        for _ in resources.iter().filter(|r| !fits(scope, r)) {
            errors.push(scopes.invalid("unsupported scope applied to resource"));
        }
    }
    conflicting(&named, &scopes, errors);
    scope_selector(&spec.get("scopeSelector"), &scopes, &resources, errors);
    if let Some(old) = old.map(At::root) {
        let set = |list: &At<'_>| {
            let names = list.items().into_iter();
            names.map(|s| s.text().to_string()).collect::<BTreeSet<_>>()
        };
        if set(&scopes) != set(&old.get("spec").get("scopes")) {
            errors.push(scopes.invalid("field is immutable"));
        }
    }
}

const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

/// Whether a scope narrows a resource; resources of unknown kinds fit every scope.
fn fits(scope: &str, resource: &str) -> bool {
    let pods = matches!(resource, "pods" | "count/pods");
    let standard = resources::is_quota_standard(resource);
    match scope {
        _ if !standard || !SCOPES.contains(&scope) => true,
        "BestEffort" => pods,
        "VolumeAttributesClass" => {
            matches!(resource, "persistentvolumeclaims" | "requests.storage")
        }
        _ => pods || resources::COMPUTE.contains(&resource),
    }
}

fn conflicting(named: &[&str], scopes: &At<'_>, errors: &mut Errors) {
    for pair in [
        ["BestEffort", "NotBestEffort"],
        ["Terminating", "NotTerminating"],
    ] {
        if pair.iter().all(|scope| named.contains(scope)) {
            errors.push(scopes.invalid("conflicting scopes"));
        }
    }
}

fn scope_selector(at: &At<'_>, scopes: &At<'_>, resources: &[&str], errors: &mut Errors) {
    const ONLY_EXISTS: &str = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, \
        ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
    let list = at.get("matchExpressions");
    let mut named = Vec::new();
    for expression in list.items() {
        // the API server leaves out the index here
        let told = |key: &str| At {
            path: list.get(key).path,
            ..expression.get(key)
        };
        let (scope, operator, values) = (told("scopeName"), told("operator"), told("values"));
        if !SCOPES.contains(&scope.text()) {
            errors.push(scope.invalid("unsupported scope"));
        }
        for _ in resources.iter().filter(|r| !fits(scope.text(), r)) {
            errors.push(FieldError::invalid(
                &list.path,
                at.value.clone(),
                "unsupported scope applied to resource",
            ));
        }
        if SCOPES.contains(&scope.text())
            && !matches!(scope.text(), "PriorityClass" | "VolumeAttributesClass")
            && operator.text() != "Exists"
        {
            errors.push(operator.invalid(ONLY_EXISTS));
        }
        match operator.text() {
            "In" | "NotIn" if values.is_empty() => {
                let text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                errors.push(values.required(text));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                errors.push(values.invalid(text));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => {
                let text = "not a valid selector operator";
                errors.push(FieldError::invalid(&operator.path, other, text));
            }
        }
        named.push(scope.text());
    }
    conflicting(&named, scopes, errors);
}

/// `spec` of a LimitRange.
pub(super) fn limit_range(spec: &At<'_>, errors: &mut Errors) {
    let mut kinds = BTreeSet::new();
    for limit in spec.get("limits").items() {
        let kind = limit.get("type");
        limit_type(&kind, errors);
        if !kinds.insert(kind.text()) {
            errors.push(kind.duplicate());
        }
        let pod = kind.text() == "Pod";
        let names = |list: &str, errors: &mut Errors| {
            for (name, at) in limit.get(list).entries() {
                match kind.text() {
                    "Pod" | "Container" => resources::container_name(name, &at, errors),
                    _ => resources::name(name, &at, errors),
                }
            }
        };
        names("max", errors);
        names("min", errors);
        for list in ["default", "defaultRequest"] {
            if !pod {
                names(list, errors);
            } else if !limit.get(list).is_empty() {
                let text = "may not be specified when `type` is 'Pod'";
                errors.push(limit.get(list).forbidden(text));
            }
        }
        let claims = kind.text() == "PersistentVolumeClaim";
        let storage = |list: &str| limit.get(list).get("storage").is_set();
        if claims && !storage("min") && !storage("max") {
            let text =
                "either minimum or maximum storage value is required, but neither was provided";
            errors.push(limit.get("limits").required(text));
        }
        names("maxLimitRequestRatio", errors);
        agreement(&limit, pod, errors);
    }
}

fn limit_type(at: &At<'_>, errors: &mut Errors) {
    let bad = crate::names::qualified_name(at.text());
    let standard = ["Pod", "Container", "PersistentVolumeClaim"].contains(&at.text());
    if !bad.is_empty() {
        at.check(crate::names::qualified_name, errors);
    } else if !at.text().contains('/') && !standard {
        errors.push(at.invalid("must be a standard limit type or fully qualified"));
    }
}

/// No limit of a resource is beyond another.
fn agreement(limit: &At<'_>, pod: bool, errors: &mut Errors) {
    const LISTS: &[&str] = &[
        "max",
        "min",
        "default",
        "defaultRequest",
        "maxLimitRequestRatio",
    ];
    // what is more than what, where it is told, with which of both values, and in which words
    const PAIRS: &[(&str, &str, &str, bool, &str, &str)] = &[
        ("min", "max", "min", false, "min", "max"),
        (
            "min",
            "defaultRequest",
            "defaultRequest",
            true,
            "min",
            "default request",
        ),
        (
            "defaultRequest",
            "max",
            "defaultRequest",
            false,
            "default request",
            "max",
        ),
        (
            "defaultRequest",
            "default",
            "defaultRequest",
            false,
            "default request",
            "default limit",
        ),
        ("min", "default", "default", false, "min", "default"),
        ("default", "max", "default", true, "default", "max"),
    ];
    let keys: BTreeSet<&str> = LISTS
        .iter()
        .flat_map(|list| limit.get(list).entries())
        .map(|(key, _)| key)
        .collect();
    for key in keys {
        let amount = |list: &str| {
            let hidden = pod && list.starts_with("default");
            let value = limit.get(list).value.get(key);
            value.filter(|_| !hidden).and_then(Quantity::of)
        };
        for (low, high, told, second, low_word, high_word) in PAIRS {
            let (Some(less), Some(more)) = (amount(low), amount(high)) else {
                continue;
            };
            if less > more {
                let text =
                    format!("{low_word} value {less} is greater than {high_word} value {more}");
                let shown = if *second { &more } else { &less };
                let path = format!("{}[{key}]", limit.get(told).path);
                errors.push(FieldError::invalid(path, shown.to_string(), text));
            }
        }
        if let Some(ratio) = amount("maxLimitRequestRatio")
            && Quantity::of(&Value::from("1")).is_some_and(|one| ratio < one)
        {
            let path = format!("{}[{key}]", limit.get("maxLimitRequestRatio").path);
            let text = format!("ratio {ratio} is less than 1");
            errors.push(FieldError::invalid(path, ratio.to_string(), text));
        }
    }
}
