//! What ends a job early: its policies of failure and of success. Mirrors `pkg/apis/batch/validation`.

use std::collections::BTreeSet;

use super::{At, Errors, internal};
use crate::{FieldError, names};

/// An error that shows no value.
fn without_value(at: &At<'_>, text: &str) -> FieldError {
    FieldError {
        value: None,
        ..FieldError::invalid(&at.path, "", text)
    }
}

/// Required with the list of what is possible, or not among it.
fn listed(at: &At<'_>, supported: &[&str], errors: &mut Errors) {
    if at.is_empty() {
        let quoted: Vec<String> = supported
            .iter()
            .map(|s| crate::quote::go_quote(s))
            .collect();
        errors.push(at.required(&format!("valid values: [{}]", quoted.join(" "))));
    } else {
        at.one_of(supported, errors);
    }
}

pub(super) fn failure_policy(spec: &At<'_>, errors: &mut Errors) {
    const RULES_MAX: usize = 20;
    let rules = spec.get("podFailurePolicy").get("rules");
    let count = rules.items().len();
    if count > RULES_MAX {
        errors.push(FieldError::too_many(&rules.path, count, RULES_MAX));
    }
    let pod = spec.get("template").get("spec");
    let containers: Vec<At<'_>> = ["containers", "initContainers"]
        .iter()
        .flat_map(|key| pod.get(key).items())
        .collect();
    for rule in rules.items() {
        let action = rule.get("action");
        if action.text() == "FailIndex" {
            if !spec.get("backoffLimitPerIndex").is_set() {
                errors.push(action.invalid("requires the backoffLimitPerIndex to be set"));
            }
        } else {
            listed(
                &action,
                &["Count", "FailIndex", "FailJob", "Ignore"],
                errors,
            );
        }
        let (codes, conditions) = (rule.get("onExitCodes"), rule.get("onPodConditions"));
        if codes.is_set() {
            exit_codes(&codes, &containers, errors);
        }
        for condition in conditions.items() {
            condition.get("type").check(names::qualified_name, errors);
            listed(
                &condition.get("status"),
                &["False", "True", "Unknown"],
                errors,
            );
        }
        if codes.is_set() && !conditions.is_empty() {
            let text = "specifying both OnExitCodes and OnPodConditions is not supported";
            errors.push(without_value(&rule, text));
        } else if !codes.is_set() && conditions.is_empty() {
            let text = "specifying one of OnExitCodes and OnPodConditions is required";
            errors.push(without_value(&rule, text));
        }
    }
}

fn exit_codes(at: &At<'_>, containers: &[At<'_>], errors: &mut Errors) {
    const VALUES_MAX: usize = 255;
    listed(&at.get("operator"), &["In", "NotIn"], errors);
    let name = at.get("containerName");
    let known = containers
        .iter()
        .any(|c| c.get("name").text() == name.text());
    if name.is_set() && !known {
        let text = "must be one of the container or initContainer names in the pod template";
        errors.push(name.invalid(text));
    }
    let values = at.get("values");
    let codes = values.items();
    if codes.is_empty() {
        errors.push(values.invalid("at least one value is required"));
    } else if codes.len() > VALUES_MAX {
        errors.push(FieldError::too_many(&values.path, codes.len(), VALUES_MAX));
    }
    let mut seen = BTreeSet::new();
    for code in &codes {
        let number = code.int().unwrap_or_default();
        if at.get("operator").text() == "In" && number == 0 {
            errors.push(code.invalid("must not be 0 for the In operator"));
        }
        if !seen.insert(number) {
            errors.push(code.duplicate());
        }
    }
    if !codes.is_sorted_by_key(|code| code.int()) {
        errors.push(values.invalid("must be ordered"));
    }
}

pub(super) fn success_policy(spec: &At<'_>, errors: &mut Errors) {
    let policy = spec.get("successPolicy");
    if spec.get("completionMode").text() != "Indexed" {
        let value = internal::json("batch/v1.SuccessPolicy", policy.value);
        let text = "requires indexed completion mode";
        errors.push(FieldError::invalid_text(&policy.path, value, text));
        return;
    }
    let rules = policy.get("rules");
    if rules.is_empty() {
        let text = "at least one rules must be specified when the successPolicy is specified";
        errors.push(rules.required(text));
    }
    const RULES_MAX: usize = 20;
    let all = rules.items();
    if all.len() > RULES_MAX {
        errors.push(FieldError::too_many(&rules.path, all.len(), RULES_MAX));
    }
    let completions = spec.get("completions").int().unwrap_or_default();
    for rule in all {
        let (count, indexes) = (rule.get("succeededCount"), rule.get("succeededIndexes"));
        if !count.is_set() && !indexes.is_set() {
            let text = "at least one of succeededCount or succeededIndexes must be specified";
            errors.push(rule.required(text));
        }
        let mut named = None;
        if indexes.is_set() {
            match indexes_in(indexes.text(), completions) {
                Ok(total) => named = Some(total),
                Err(why) => {
                    named = Some(0);
                    errors.push(indexes.invalid(format!("error parsing succeededIndexes: {why}")));
                }
            }
        }
        count.not_negative(errors);
        if count.int().is_some_and(|n| n > completions) {
            errors.push(count.invalid(format!(
                "must be less than or equal to {completions} (the number of specified completions)"
            )));
        }
        if let (Some(count_of), Some(named)) = (count.int(), named)
            && count_of > named
        {
            errors.push(count.invalid(format!(
                "must be less than or equal to {named} (the number of indexes in the specified succeededIndexes field)"
            )));
        }
    }
}

/// How many indexes a text like `0,2-5` names.
fn indexes_in(text: &str, completions: i64) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let number = |part: &str| -> Result<i64, String> {
        let quoted = crate::quote::go_quote(part);
        let n: i64 = part
            .parse()
            .map_err(|_| format!("cannot convert string to integer for index: {quoted}"))?;
        if n >= completions {
            return Err(format!("too large index: {quoted}"));
        }
        Ok(n)
    };
    let disorder =
        |before: i64, now: i64| format!("non-increasing order, previous: {before}, current: {now}");
    let (mut total, mut last) = (0, None);
    for interval in text.split(',') {
        let parts: Vec<&str> = interval.split('-').collect();
        if parts.len() > 2 {
            return Err(format!(
                "the fragment {} violates the requirement that an index interval can have at most two parts separated by '-'",
                crate::quote::go_quote(interval)
            ));
        }
        let first = number(parts[0])?;
        let end = match parts.get(1) {
            Some(part) => number(part)?,
            None => first,
        };
        if parts.len() > 1 && first >= end {
            return Err(disorder(first, end));
        }
        if let Some(before) = last.filter(|before| *before >= first) {
            return Err(disorder(before, first));
        }
        total += end - first + 1;
        last = Some(end);
    }
    Ok(total)
}
