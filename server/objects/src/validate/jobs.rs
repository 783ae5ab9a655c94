//! Jobs and cron jobs. Mirrors `pkg/apis/batch/validation`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::scheduling::label_selector;
use super::{At, Errors, cron, internal, pod};
use crate::selector::LabelSelector;
use crate::{FieldError, names};

const IMMUTABLE: &str = "field is immutable";

/// A job; `spec` and `old` are the specs.
pub(super) fn job(at: &At<'_>, spec: &At<'_>, old: Option<&At<'_>>, errors: &mut Errors) {
    generated_labels(at, spec, errors);
    job_spec(spec, errors);
    let selector = spec.get("selector");
    if selector.is_set() {
        label_selector(&selector, errors);
        let labels = spec.get("template").get("metadata").get("labels");
        if !LabelSelector::from_object(selector.value).matches(labels.map()) {
            errors.push(labels.invalid("`selector` does not match template `labels`"));
        }
    } else if spec.get("manualSelector").is_true() {
        errors.push(selector.required(""));
    }
    let completions = spec.get("completions").int().unwrap_or_default();
    if old.is_none() && spec.get("completionMode").text() == "Indexed" && completions > 0 {
        let name = at.get("metadata").get("name");
        let host = format!("{}-{}", name.text(), completions - 1);
        if !names::dns_label(&host).is_empty() {
            let text = format!("will not able to create pod with invalid DNS label: {host}");
            errors.push(name.invalid(text));
        }
    }
    if let Some(old) = old {
        update(spec, old, errors);
    }
}

/// A selector that the user wrote though the job makes its own.
fn generated_labels(at: &At<'_>, spec: &At<'_>, errors: &mut Errors) {
    let (selector, uid) = (spec.get("selector"), at.get("metadata").get("uid"));
    if spec.get("manualSelector").is_true() || !selector.is_set() || uid.is_empty() {
        return;
    }
    let name = at.get("metadata").get("name");
    let metadata = spec.get("template").get("metadata");
    let labels = metadata.get("labels");
    let expected = [
        ("controller-uid", uid.text()),
        ("job-name", name.text()),
        ("batch.kubernetes.io/controller-uid", uid.text()),
        ("batch.kubernetes.io/job-name", name.text()),
    ];
    for (key, value) in expected {
        let is = labels.get(key);
        let path = format!("{}[{key}]", labels.path);
        if !is.is_set() {
            let text = format!("must be '{value}'");
            errors.push(FieldError::required(path, text));
        } else if is.text() != value {
            let text = format!("must be '{value}'");
            errors.push(FieldError::invalid(path, labels.value.clone(), text));
        }
    }
    let expected: serde_json::Map<String, Value> = expected
        .into_iter()
        .map(|(key, value)| (key.to_string(), Value::from(value)))
        .collect();
    if !LabelSelector::from_object(selector.value).matches(Some(&expected)) {
        errors.push(selector.invalid("`selector` not auto-generated"));
    }
}

fn update(spec: &At<'_>, old: &At<'_>, errors: &mut Errors) {
    let changed = |key: &str| spec.get(key).value != old.get(key).value;
    if spec.get("completionMode").text() != "Indexed" {
        if changed("completions") {
            errors.push(spec.get("completions").invalid(IMMUTABLE));
        }
    } else if changed("completions")
        && spec.get("completions").value != spec.get("parallelism").value
    {
        let text = "can only be modified in tandem with spec.parallelism";
        errors.push(spec.get("completions").invalid(text));
    }
    if changed("selector") {
        errors.push(spec.get("selector").invalid(IMMUTABLE));
    }
    if changed("template") && !old.get("suspend").is_true() {
        let template = spec.get("template");
        let value = internal::json("core/v1.PodTemplateSpec", template.value);
        errors.push(FieldError::invalid_text(&template.path, value, IMMUTABLE));
    }
    for key in [
        "completionMode",
        "podFailurePolicy",
        "backoffLimitPerIndex",
        "managedBy",
        "successPolicy",
    ] {
        if changed(key) {
            errors.push(spec.get(key).invalid(IMMUTABLE));
        }
    }
}

/// The spec of a job, also in the template of a cron job.
fn job_spec(spec: &At<'_>, errors: &mut Errors) {
    for key in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        spec.get(key).not_negative(errors);
    }
    let per_index = spec.get("backoffLimitPerIndex");
    if spec.get("maxFailedIndexes").is_set() && !per_index.is_set() {
        errors.push(per_index.required("when maxFailedIndexes is specified"));
    }
    completion_mode(spec, errors);
    if spec.get("podFailurePolicy").is_set() {
        failure_policy(spec, errors);
    }
    if spec.get("successPolicy").is_set() {
        success_policy(spec, errors);
    }
    let replacement = spec.get("podReplacementPolicy");
    if replacement.is_set() {
        let with_policy = spec.get("podFailurePolicy").is_set();
        let supported: &[&str] = match with_policy {
            true => &["Failed"],
            false => &["Failed", "TerminatingOrFailed"],
        };
        replacement.one_of(supported, errors);
    }
    let template = spec.get("template");
    pod::template(&template, errors);
    let restart = template.get("spec").get("restartPolicy");
    match restart.text() {
        "" | "Always" => {
            errors.push(restart.required("valid values: \"OnFailure\", \"Never\""));
        }
        "OnFailure" if spec.get("podFailurePolicy").is_set() => {
            let text = "only \"Never\" is supported when podFailurePolicy is specified";
            errors.push(restart.invalid(text));
        }
        "OnFailure" | "Never" => {}
        other => {
            let supported = &["OnFailure", "Never"];
            errors.push(FieldError::not_supported(&restart.path, other, supported));
        }
    }
}

fn completion_mode(spec: &At<'_>, errors: &mut Errors) {
    const PARALLELISM_MAX: i64 = 100_000;
    let (mode, completions) = (spec.get("completionMode"), spec.get("completions"));
    let (parallelism, max_failed) = (spec.get("parallelism"), spec.get("maxFailedIndexes"));
    if mode.is_set() && !["NonIndexed", "Indexed"].contains(&mode.text()) {
        let supported = &["NonIndexed", "Indexed"];
        errors.push(FieldError::not_supported(
            &mode.path,
            mode.text(),
            supported,
        ));
    }
    if mode.text() == "Indexed" {
        if !completions.is_set() {
            errors.push(completions.required("when completion mode is Indexed"));
        }
        if parallelism.int().is_some_and(|n| n > PARALLELISM_MAX) {
            errors.push(parallelism.invalid(format!(
                "must be less than or equal to {PARALLELISM_MAX} when completion mode is Indexed"
            )));
        }
        if let (Some(failed), Some(all)) = (max_failed.int(), completions.int())
            && failed > all
        {
            errors.push(max_failed.invalid("must be less than or equal to completions"));
        }
    }
    if matches!(mode.text(), "" | "NonIndexed") {
        for key in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            if spec.get(key).is_set() {
                errors.push(spec.get(key).invalid("requires indexed completion mode"));
            }
        }
    }
}

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

fn failure_policy(spec: &At<'_>, errors: &mut Errors) {
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

fn success_policy(spec: &At<'_>, errors: &mut Errors) {
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
    let completions = spec.get("completions").int().unwrap_or_default();
    for rule in rules.items() {
        let (count, indexes) = (rule.get("succeededCount"), rule.get("succeededIndexes"));
        if !count.is_set() && !indexes.is_set() {
            let text = "at least one of succeededCount or succeededIndexes must be specified";
            errors.push(rule.required(text));
        }
        count.not_negative(errors);
        if count.int().is_some_and(|n| n > completions) {
            errors.push(count.invalid(format!(
                "must be less than or equal to {completions} (the number of specified completions)"
            )));
        }
    }
}

/// `spec` of a cron job.
pub(super) fn cron_job(spec: &At<'_>, errors: &mut Errors) {
    let schedule = spec.get("schedule");
    if schedule.is_empty() {
        errors.push(schedule.required(""));
    } else {
        let text = schedule.text();
        // with its zone in front, a schedule is read without it
        let bare = match text.strip_prefix("TZ=").or(text.strip_prefix("CRON_TZ=")) {
            Some(rest) => rest.split_once(' ').map_or("", |(_, rest)| rest.trim()),
            None => text,
        };
        if let Err(why) = cron::check(bare) {
            errors.push(schedule.invalid(why));
        }
        if text.contains("TZ") {
            let text = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
            errors.push(schedule.invalid(text));
        }
    }
    spec.get("startingDeadlineSeconds").not_negative(errors);
    time_zone(&spec.get("timeZone"), errors);
    spec.get("concurrencyPolicy")
        .one_of(&["Allow", "Forbid", "Replace"], errors);
    let template = spec.get("jobTemplate").get("spec");
    job_spec(&template, errors);
    if template.get("selector").is_set() {
        errors.push(
            template
                .get("selector")
                .invalid("`selector` will be auto-generated"),
        );
    }
    if template.get("manualSelector").is_true() {
        let path = template.get("manualSelector").path;
        errors.push(FieldError::not_supported(path, true, &["nil", "false"]));
    }
    spec.get("successfulJobsHistoryLimit").not_negative(errors);
    spec.get("failedJobsHistoryLimit").not_negative(errors);
}

/// A name out of the time zone database. Which names there are is not known here: what is written like one passes.
fn time_zone(at: &At<'_>, errors: &mut Errors) {
    if !at.is_set() {
        return;
    }
    let good = |part: &str| {
        let letters = |b: u8| b.is_ascii_alphanumeric() || b".-_+".contains(&b);
        (1..=14).contains(&part.len())
            && part.bytes().all(letters)
            && !part.starts_with('-')
            && !matches!(part, "." | "..")
    };
    let name = at.text();
    if name.is_empty() {
        errors.push(at.invalid("timeZone must be nil or non-empty string"));
    } else if !name.split('/').all(good) {
        errors.push(at.invalid(format!("unknown time zone {name}")));
    } else if name.eq_ignore_ascii_case("local") {
        let text =
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        errors.push(at.invalid(text));
    }
}
