//! Selectors, affinity, tolerations, spreading.

use super::{At, Errors, internal};
use crate::quote::go_json;
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
            other => errors.push(FieldError::invalid(
                &operator.path,
                other,
                "not a valid selector operator",
            )),
        }
        expression.get("key").check(names::qualified_name, errors);
        values
            .items()
            .iter()
            .for_each(|v| v.check(names::label_value, errors));
    }
}

/// What is wrong with a whole label selector, which is shown with its members in the order in which Go writes them.
pub(super) fn wrong_selector(at: &At<'_>, detail: &str) -> FieldError {
    let member = |of: &At<'_>, key: &str| {
        let at = of.get(key);
        (!at.is_empty()).then(|| format!("\"{key}\":{}", go_json(at.value)))
    };
    let expressions = at.get("matchExpressions").items();
    let mut expressions = expressions.iter().map(|e| {
        let text = |key| go_json(&e.get(key).text().into());
        let values = member(e, "values").map_or(String::new(), |v| format!(",{v}"));
        format!(
            r#"{{"key":{},"operator":{}{values}}}"#,
            text("key"),
            text("operator")
        )
    });
    let mut members: Vec<String> = member(at, "matchLabels").into_iter().collect();
    if let Some(first) = expressions.next() {
        let all: Vec<String> = std::iter::once(first).chain(expressions).collect();
        members.push(format!("\"matchExpressions\":[{}]", all.join(",")));
    }
    let shown = match at.is_set() {
        true => format!("{{{}}}", members.join(",")),
        false => "null".to_string(),
    };
    FieldError::invalid_text(&at.path, shown, detail)
}

/// Terms of node selectors; `strict` about the values of labels where the term is required.
fn node_term(at: &At<'_>, strict: bool, errors: &mut Errors) {
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
            other => errors.push(FieldError::invalid(
                &operator.path,
                other,
                "not a valid selector operator",
            )),
        }
        requirement.get("key").check(names::qualified_name, errors);
        for value in values.items().iter().filter(|_| strict) {
            value.check(names::label_value, errors);
        }
    }
    for requirement in at.get("matchFields").items() {
        let (operator, key) = (requirement.get("operator"), requirement.get("key"));
        let values = requirement.get("values");
        match operator.text() {
            "In" | "NotIn" if values.items().len() != 1 => {
                let text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
                errors.push(values.required(text));
            }
            "In" | "NotIn" => {}
            other => errors.push(FieldError::invalid(
                &operator.path,
                other,
                "not a valid selector operator",
            )),
        }
        if key.text() != "metadata.name" {
            let text = "not a valid field selector key";
            errors.push(FieldError::invalid(&key.path, key.text(), text));
            continue;
        }
        for value in values.items() {
            value.check(names::dns_subdomain, errors);
        }
    }
}

/// A `NodeSelector`.
pub(super) fn node_selector(at: &At<'_>, errors: &mut Errors) {
    let terms = at.get("nodeSelectorTerms");
    if terms.is_empty() {
        errors.push(terms.required("must have at least one node selector term"));
    }
    terms
        .items()
        .iter()
        .for_each(|t| node_term(t, true, errors));
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
        node_term(&term.get("preference"), false, errors);
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
    label_selector(&term.get("namespaceSelector"), errors);
    let told = term.get("namespace").path;
    for namespace in term.get("namespaces").items() {
        let bad = names::dns_label(namespace.text()).into_iter();
        errors.extend(bad.map(|e| FieldError::invalid(&told, namespace.text(), e)));
    }
    label_keys(term, errors);
    let key = term.get("topologyKey");
    if key.is_empty() {
        errors.push(key.required("can not be empty"));
    }
    key.check(names::qualified_name, errors);
}

pub(super) fn spread(list: &At<'_>, errors: &mut Errors) {
    let constraints = list.items();
    for (i, constraint) in constraints.iter().enumerate() {
        let (key, action) = (
            constraint.get("topologyKey"),
            constraint.get("whenUnsatisfiable"),
        );
        let supported = |at: &At<'_>, values: &[&str], errors: &mut Errors| {
            if !values.contains(&at.text()) {
                errors.push(FieldError::not_supported(&at.path, at.text(), values));
            }
        };
        positive(&constraint.get("maxSkew"), errors);
        if key.is_empty() {
            errors.push(key.required("can not be empty"));
        }
        supported(&action, &["DoNotSchedule", "ScheduleAnyway"], errors);
        let again = constraints[i + 1..].iter().any(|other| {
            other.get("topologyKey").text() == key.text()
                && other.get("whenUnsatisfiable").text() == action.text()
        });
        if again {
            let path = format!("{}.{{topologyKey, whenUnsatisfiable}}", constraint.path);
            let pair = format!("{{{}, {}}}", key.text(), action.text());
            errors.push(FieldError::duplicate(path, pair));
        }
        let domains = constraint.get("minDomains");
        if domains.is_set() {
            positive(&domains, errors);
            if action.text() != "DoNotSchedule" {
                errors.push(domains.invalid(format!(
                    "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {}",
                    action.text()
                )));
            }
        }
        for policy in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            if constraint.get(policy).is_set() {
                supported(&constraint.get(policy), &["Honor", "Ignore"], errors);
            }
        }
        label_keys(constraint, errors);
        label_selector(&constraint.get("labelSelector"), errors);
    }
}

fn positive(at: &At<'_>, errors: &mut Errors) {
    let number = at.int().unwrap_or_default();
    if number <= 0 {
        errors.push(FieldError::invalid(
            &at.path,
            number,
            "must be greater than 0",
        ));
    }
}

/// `matchLabelKeys` and `mismatchLabelKeys`, beside a `labelSelector`.
fn label_keys(at: &At<'_>, errors: &mut Errors) {
    for list in ["matchLabelKeys", "mismatchLabelKeys"] {
        let keys = at.get(list);
        if !keys.is_empty() && !at.get("labelSelector").is_set() {
            errors.push(keys.forbidden("must not be specified when labelSelector is not set"));
            continue;
        }
        for key in keys.items() {
            key.check(names::qualified_name, errors);
        }
    }
    let mismatched = at.get("mismatchLabelKeys").items();
    for key in at.get("matchLabelKeys").items() {
        if mismatched.iter().any(|m| m.text() == key.text()) {
            errors.push(key.invalid("exists in both matchLabelKeys and mismatchLabelKeys"));
        }
    }
}

/// Taints of a node.
pub(super) fn taints(list: &At<'_>, errors: &mut Errors) {
    let mut seen = std::collections::BTreeSet::new();
    for taint in list.items() {
        let (key, value, effect) = (taint.get("key"), taint.get("value"), taint.get("effect"));
        key.check(names::qualified_name, errors);
        let bad = names::label_value(value.text());
        if !bad.is_empty() {
            errors.push(FieldError::invalid(
                &value.path,
                value.text(),
                bad.join(";"),
            ));
        }
        effect.one_of(&["NoSchedule", "PreferNoSchedule", "NoExecute"], errors);
        if !seen.insert((key.text(), effect.text())) {
            errors.push(FieldError {
                value: Some(internal::json("core/v1.Taint", taint.value)),
                detail: "taints must be unique by key and effect pair".into(),
                ..FieldError::duplicate(&taint.path, "")
            });
        }
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
                errors.push(FieldError::invalid(&operator.path, value.text(), text));
            }
            "Exists" => {}
            "Lt" | "Gt" => errors.push(FieldError::not_supported(
                &operator.path,
                operator.text(),
                &["Equal", "Exists", "Lt", "Gt"],
            )),
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
