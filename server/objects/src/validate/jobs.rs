//! Jobs and cron jobs. Mirrors `pkg/apis/batch/validation`.

use serde_json::Value;

use super::scheduling::{label_selector, wrong_selector};
use super::{At, Errors, cron, internal, job_policies, pod};
use crate::selector::LabelSelector;
use crate::{FieldError, names};

const IMMUTABLE: &str = "field is immutable";
/// Bytes in `managedBy`.
const MANAGER_MAX: usize = 63;
/// More completions than these, with a limit for each index, have stricter limits.
const MANY_COMPLETIONS: i64 = 100_000;
/// The names of the time zone database of IANA, one a line.
const TIME_ZONES: &str = include_str!("time_zones.txt");

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
        let started = at.get("status").get("startTime").is_set();
        update(spec, old, started, errors);
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
        errors.push(wrong_selector(&selector, "`selector` not auto-generated"));
    }
}

/// A template without what a suspended job may change before it starts: where its pods go, and what they ask for.
fn without_directives(template: &Value) -> Value {
    let mut out = template.clone();
    let drop_all = |value: Option<&mut Value>, keys: &[&str]| {
        if let Some(members) = value.and_then(Value::as_object_mut) {
            members.retain(|key, _| !keys.contains(&key.as_str()));
        }
    };
    drop_all(out.get_mut("metadata"), &["labels", "annotations"]);
    drop_all(out.pointer_mut("/spec/affinity"), &["nodeAffinity"]);
    for list in ["/spec/containers", "/spec/initContainers"] {
        let containers = out.pointer_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            drop_all(Some(container), &["resources"]);
        }
    }
    let no_affinity = out
        .pointer("/spec/affinity")
        .and_then(Value::as_object)
        .is_some_and(|affinity| affinity.is_empty());
    let directives = ["nodeSelector", "tolerations", "schedulingGates", "affinity"];
    let gone = if no_affinity { 4 } else { 3 };
    drop_all(out.get_mut("spec"), &directives[..gone]);
    out
}

fn update(spec: &At<'_>, old: &At<'_>, started: bool, errors: &mut Errors) {
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
        errors.push(wrong_selector(&spec.get("selector"), IMMUTABLE));
    }
    let (template, was) = (spec.get("template"), old.get("template"));
    let waits = old.get("suspend").is_true() && !started;
    let moved = waits && without_directives(template.value) == without_directives(was.value);
    if changed("template") && !moved {
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
    let manager = spec.get("managedBy");
    if manager.is_set() {
        manager.domain_path(errors);
        if manager.text().len() > MANAGER_MAX {
            errors.push(FieldError::too_long(&manager.path, MANAGER_MAX));
        }
    }
    completion_mode(spec, errors);
    if spec.get("podFailurePolicy").is_set() {
        job_policies::failure_policy(spec, errors);
    }
    if spec.get("successPolicy").is_set() {
        job_policies::success_policy(spec, errors);
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
        if max_failed.int().is_some_and(|n| n > MANY_COMPLETIONS) {
            let text = format!("must be less than or equal to {MANY_COMPLETIONS}");
            errors.push(max_failed.invalid(text));
        }
        if completions.int().is_some_and(|n| n > MANY_COMPLETIONS)
            && spec.get("backoffLimitPerIndex").is_set()
        {
            many_completions(&parallelism, &max_failed, errors);
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

/// What more than 100000 completions ask for, where each index has a limit of its own.
fn many_completions(parallelism: &At<'_>, max_failed: &At<'_>, errors: &mut Errors) {
    const AT_ONCE: i64 = 10_000;
    if !max_failed.is_set() {
        let text = format!("must be specified when completions is above {MANY_COMPLETIONS}");
        errors.push(max_failed.required(&text));
    }
    for limited in [parallelism, max_failed] {
        if limited.int().is_some_and(|n| n > AT_ONCE) {
            errors.push(limited.invalid(format!(
                "must be less than or equal to {AT_ONCE} when completions are above {MANY_COMPLETIONS} and used with backoff limit per index"
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
        let text = "`selector` will be auto-generated";
        errors.push(wrong_selector(&template.get("selector"), text));
    }
    if template.get("manualSelector").is_true() {
        let path = template.get("manualSelector").path;
        errors.push(FieldError::not_supported(path, true, &["nil", "false"]));
    }
    spec.get("successfulJobsHistoryLimit").not_negative(errors);
    spec.get("failedJobsHistoryLimit").not_negative(errors);
}

/// A name out of the time zone database.
fn time_zone(at: &At<'_>, errors: &mut Errors) {
    if !at.is_set() {
        return;
    }
    let name = at.text();
    let unknown = || at.invalid(format!("unknown time zone {name}"));
    if name.is_empty() {
        errors.push(at.invalid("timeZone must be nil or non-empty string"));
    } else if name.eq_ignore_ascii_case("local") {
        let text =
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        errors.push(at.invalid(text));
        if name != "Local" {
            errors.push(unknown());
        }
    } else if !TIME_ZONES.lines().any(|known| known == name) {
        errors.push(unknown());
    }
}
