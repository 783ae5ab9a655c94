//! HorizontalPodAutoscalers. Mirrors `pkg/apis/autoscaling/validation`.

use super::{At, Errors};
use crate::{FieldError, Quantity, names};

pub(super) fn validate(spec: &At<'_>, errors: &mut Errors) {
    let (min, max) = (spec.get("minReplicas"), spec.get("maxReplicas"));
    let most = max.int().unwrap_or_default();
    if min.int().is_some_and(|n| n < 1) {
        errors.push(min.invalid("must be greater than or equal to 1"));
    }
    let max = |text: &str| FieldError::invalid(&max.path, most, text);
    if most < 1 {
        errors.push(max("must be greater than 0"));
    }
    if min.int().is_some_and(|n| most < n) {
        errors.push(max("must be greater than or equal to `minReplicas`"));
    }
    reference(&spec.get("scaleTargetRef"), errors);
    for metric in spec.get("metrics").items() {
        self::metric(&metric, errors);
    }
    for direction in ["scaleUp", "scaleDown"] {
        let rules = spec.get("behavior").get(direction);
        if rules.is_set() {
            scaling_rules(&rules, errors);
        }
    }
}

fn reference(at: &At<'_>, errors: &mut Errors) {
    for key in ["kind", "name"] {
        at.get(key).required_and(names::path_segment, errors);
    }
}

const SOURCES: &[(&str, &str)] = &[
    ("Object", "object"),
    ("External", "external"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
];

fn metric(at: &At<'_>, errors: &mut Errors) {
    const TYPES: &[&str] = &[
        "ContainerResource",
        "External",
        "Object",
        "Pods",
        "Resource",
    ];
    let kind = at.get("type");
    let unknown = || FieldError::not_supported(&kind.path, kind.text(), TYPES);
    if kind.is_empty() {
        errors.push(kind.required("must specify a metric source type"));
    }
    if !TYPES.contains(&kind.text()) {
        errors.push(unknown());
    }
    let present: Vec<&str> = SOURCES
        .iter()
        .map(|(_, key)| *key)
        .filter(|key| at.get(key).is_set())
        .collect();
    if let Some(first) = present.first() {
        source(first, &at.get(first), errors);
    }
    let expected = SOURCES.iter().find(|(name, _)| *name == kind.text());
    match expected {
        Some((_, key)) if !at.get(key).is_set() => {
            let text = "must populate information for the given metric source";
            errors.push(at.get(key).required(text));
        }
        Some(_) => {}
        None => errors.push(unknown()),
    }
    if present.len() != 1 {
        for key in present
            .iter()
            .filter(|key| expected.is_none_or(|(_, e)| e != *key))
        {
            let text = "must populate the given metric source only";
            errors.push(at.get(key).forbidden(text));
        }
    }
}

fn source(kind: &str, at: &At<'_>, errors: &mut Errors) {
    let target = at.get("target");
    let (value, average, utilization) = (
        target.get("value"),
        target.get("averageValue"),
        target.get("averageUtilization"),
    );
    if kind == "object" {
        reference(&at.get("describedObject"), errors);
    }
    if kind.ends_with("esource") {
        if at.get("name").is_empty() {
            errors.push(at.get("name").required("must specify a resource name"));
        }
        if kind == "containerResource" {
            let container = at.get("container");
            if container.is_empty() {
                errors.push(container.required("must specify a container"));
            } else {
                container.check(names::dns_label, errors);
            }
        }
    } else {
        let name = at.get("metric").get("name");
        if name.is_empty() {
            errors.push(name.required("must specify a metric name"));
        } else {
            name.check(names::path_segment, errors);
        }
    }
    metric_target(&target, errors);
    let missing = match kind {
        "object" => "must set either a target value or averageValue",
        "external" => "must set either a target value for metric or a per-pod target",
        "pods" => "must specify a positive target averageValue",
        _ => "must set either a target raw value or a target utilization",
    };
    match kind {
        "object" | "external" => {
            if !value.is_set() && !average.is_set() {
                errors.push(average.required(missing));
            }
            if kind == "external" && value.is_set() && average.is_set() {
                let text = "may not set both a target value for metric and a per-pod target";
                errors.push(value.forbidden(text));
            }
        }
        "pods" if !average.is_set() => errors.push(average.required(missing)),
        "pods" => {}
        _ if !utilization.is_set() && !average.is_set() => {
            errors.push(utilization.required(missing));
        }
        _ if utilization.is_set() && average.is_set() => {
            let text = "may not set both a target raw value and a target utilization";
            errors.push(average.forbidden(text));
        }
        _ => {}
    }
}

fn metric_target(at: &At<'_>, errors: &mut Errors) {
    let kind = at.get("type");
    if kind.is_empty() {
        errors.push(kind.required("must specify a metric target type"));
    }
    if !["Utilization", "Value", "AverageValue"].contains(&kind.text()) {
        let text = "must be either Utilization, Value, or AverageValue";
        errors.push(FieldError::invalid(&kind.path, kind.text(), text));
    }
    for key in ["value", "averageValue"] {
        let amount = at.get(key);
        if let Some(quantity) = Quantity::of(amount.value)
            && (quantity.is_zero() || quantity.is_negative())
        {
            let text = "must be positive";
            errors.push(FieldError::invalid(
                &amount.path,
                quantity.to_string(),
                text,
            ));
        }
    }
    let utilization = at.get("averageUtilization");
    if utilization.int().is_some_and(|n| n < 1) {
        errors.push(utilization.invalid("must be greater than 0"));
    }
}

fn scaling_rules(at: &At<'_>, errors: &mut Errors) {
    const WINDOW_MAX: i64 = 3600;
    let window = at.get("stabilizationWindowSeconds");
    if window.int().is_some_and(|s| s < 0) {
        errors.push(window.invalid("must be greater than or equal to zero"));
    }
    if window.int().is_some_and(|s| s > WINDOW_MAX) {
        errors.push(window.invalid(format!("must be less than or equal to {WINDOW_MAX}")));
    }
    let select = at.get("selectPolicy");
    if select.is_set() {
        select.one_of(&["Disabled", "Max", "Min"], errors);
    }
    let policies = at.get("policies");
    if policies.is_empty() {
        errors.push(policies.required("must specify at least one Policy"));
    }
    for policy in policies.items() {
        scaling_policy(&policy, errors);
    }
}

fn scaling_policy(at: &At<'_>, errors: &mut Errors) {
    const PERIOD_MAX: i64 = 1800;
    let kind = at.get("type");
    if !["Percent", "Pods"].contains(&kind.text()) {
        let kinds = &["Percent", "Pods"];
        errors.push(FieldError::not_supported(&kind.path, kind.text(), kinds));
    }
    for key in ["value", "periodSeconds"] {
        let n = at.get(key).int().unwrap_or_default();
        if n <= 0 {
            errors.push(FieldError::invalid(
                at.get(key).path,
                n,
                "must be greater than zero",
            ));
        }
    }
    let period = at.get("periodSeconds");
    if period.int().is_some_and(|s| s > PERIOD_MAX) {
        errors.push(period.invalid(format!("must be less than or equal to {PERIOD_MAX}")));
    }
}
