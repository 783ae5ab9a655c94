//! Selectors, affinity, tolerations, spreading.

use serde_json::Value;

use super::{At, Errors};
use crate::{FieldError, names};

/// `nodeSelector` and other plain maps of labels.
pub(super) fn node_labels(at: &At<'_>, errors: &mut Errors) {
    super::metadata::labels(at, errors);
}

/// A `LabelSelector` of meta/v1.
pub(super) fn label_selector(at: &At<'_>, errors: &mut Errors) {
    if !at.is_set() {
        return;
    }
    super::metadata::labels(&at.get("matchLabels"), errors);
    for expression in at.get("matchExpressions").items() {
        let (operator, values) = (expression.get("operator"), expression.get("values"));
        match operator.text() {
            "In" | "NotIn" if values.is_empty() => {
                errors
                    .push(values.required("must be specified when `operator` is 'In' or 'NotIn'"));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                errors.push(values.forbidden(
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                ));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => errors.push(operator.invalid("not a valid selector operator")),
        }
        expression.get("key").check(names::qualified_name, errors);
        values
            .items()
            .iter()
            .for_each(|v| v.check(names::label_value, errors));
    }
}

/// Terms of node selectors.
fn node_term(at: &At<'_>, errors: &mut Errors) {
    for requirement in at.get("matchExpressions").items() {
        let (operator, values) = (requirement.get("operator"), requirement.get("values"));
        match operator.text() {
            "In" | "NotIn" if values.is_empty() => {
                errors
                    .push(values.required("must be specified when `operator` is 'In' or 'NotIn'"));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                errors.push(values.forbidden(
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                ));
            }
            "Gt" | "Lt" if values.items().len() != 1 => {
                errors
                    .push(values.required(
                        "must be specified single value when `operator` is 'Lt' or 'Gt'",
                    ));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
            _ => errors.push(operator.invalid("not a valid selector operator")),
        }
        requirement.get("key").check(names::qualified_name, errors);
    }
}

/// A `NodeSelector`.
pub(super) fn node_selector(at: &At<'_>, errors: &mut Errors) {
    let terms = at.get("nodeSelectorTerms");
    if terms.is_empty() {
        errors.push(terms.required("must have at least one node selector term"));
    }
    terms.items().iter().for_each(|t| node_term(t, errors));
}

pub(super) fn affinity(at: &At<'_>, errors: &mut Errors) {
    let node = at.get("nodeAffinity");
    let required = node.get("requiredDuringSchedulingIgnoredDuringExecution");
    if required.is_set() {
        node_selector(&required, errors);
    }
    for term in node
        .get("preferredDuringSchedulingIgnoredDuringExecution")
        .items()
    {
        weight(&term, errors);
        node_term(&term.get("preference"), errors);
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let pods = at.get(kind);
        for term in pods
            .get("requiredDuringSchedulingIgnoredDuringExecution")
            .items()
        {
            pod_term(&term, errors);
        }
        for term in pods
            .get("preferredDuringSchedulingIgnoredDuringExecution")
            .items()
        {
            weight(&term, errors);
            pod_term(&term.get("podAffinityTerm"), errors);
        }
    }
}

fn weight(term: &At<'_>, errors: &mut Errors) {
    let weight = term.get("weight");
    if !(1..=100).contains(&weight.int().unwrap_or_default()) {
        errors.push(weight.invalid("must be in the range 1-100"));
    }
}

fn pod_term(term: &At<'_>, errors: &mut Errors) {
    label_selector(&term.get("labelSelector"), errors);
    for namespace in term.get("namespaces").items() {
        namespace.check(names::dns_label, errors);
    }
    let key = term.get("topologyKey");
    if key.is_empty() {
        errors.push(key.required("can not be empty"));
    }
    key.check(names::qualified_name, errors);
}

pub(super) fn spread(list: &At<'_>, errors: &mut Errors) {
    for constraint in list.items() {
        let skew = constraint.get("maxSkew");
        if skew.int().unwrap_or_default() <= 0 {
            errors.push(skew.invalid("must be greater than zero"));
        }
        let key = constraint.get("topologyKey");
        if key.is_empty() {
            errors.push(key.required("can not be empty"));
        } else {
            key.check(names::qualified_name, errors);
        }
        let action = constraint.get("whenUnsatisfiable");
        if !["DoNotSchedule", "ScheduleAnyway"].contains(&action.text()) {
            let supported = &["DoNotSchedule", "ScheduleAnyway"];
            errors.push(FieldError::not_supported(
                &action.path,
                action.text(),
                supported,
            ));
        }
        label_selector(&constraint.get("labelSelector"), errors);
    }
}

pub(super) fn tolerations(list: &At<'_>, errors: &mut Errors) {
    for toleration in list.items() {
        let (key, operator) = (toleration.get("key"), toleration.get("operator"));
        if !key.is_empty() {
            key.check(names::qualified_name, errors);
        } else if operator.text() != "Exists" {
            let text = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.push(FieldError::invalid(&operator.path, operator.text(), text));
        }
        let effect = toleration.get("effect");
        if toleration.get("tolerationSeconds").is_set() && effect.text() != "NoExecute" {
            let text = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            errors.push(FieldError::invalid(&effect.path, effect.text(), text));
        }
        let value = toleration.get("value");
        match operator.text() {
            "Equal" | "" => {
                let bad = names::label_value(value.text());
                if !bad.is_empty() {
                    errors.push(FieldError::invalid(
                        &operator.path,
                        value.text(),
                        bad.join(";"),
                    ));
                }
            }
            "Exists" if !value.is_empty() => {
                let text = "value must be empty when `operator` is 'Exists'";
                errors.push(FieldError::invalid(
                    &operator.path,
                    toleration_value(&toleration),
                    text,
                ));
            }
            "Exists" => {}
            other => errors.push(FieldError::not_supported(
                &operator.path,
                other,
                &["Equal", "Exists"],
            )),
        }
        if !effect.is_empty() {
            effect.one_of(&["NoSchedule", "PreferNoSchedule", "NoExecute"], errors);
        }
    }
}

/// As Go prints the internal struct.
fn toleration_value(at: &At<'_>) -> Value {
    let text = |key: &str| Value::from(at.get(key).text());
    let mut members = serde_json::Map::new();
    for (name, key) in [
        ("Key", "key"),
        ("Operator", "operator"),
        ("Value", "value"),
        ("Effect", "effect"),
    ] {
        members.insert(name.into(), text(key));
    }
    members.insert(
        "TolerationSeconds".into(),
        at.get("tolerationSeconds").value.clone(),
    );
    Value::Object(members)
}
