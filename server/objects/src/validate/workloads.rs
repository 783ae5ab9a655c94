//! Deployments, replica sets, daemon sets, stateful sets, jobs, cron jobs, replication controllers.

use serde_json::Value;

use super::scheduling::label_selector;
use super::{At, Errors, cron, pod};
use crate::selector::LabelSelector;
use crate::{FieldError, names};

const IMMUTABLE: &str = "field is immutable";

pub(super) fn validate(kind: &str, at: &At<'_>, old: Option<&Value>, errors: &mut Errors) {
    let spec = at.get("spec");
    let old_spec = old.map(|o| At::root(o).get("spec"));
    match kind {
        "Deployment" => deployment(&spec, errors),
        "ReplicaSet" => {
            spec.get("replicas").not_negative(errors);
            spec.get("minReadySeconds").not_negative(errors);
            selector_and_template(&spec, "ReplicaSet", "replica set", errors);
        }
        "ReplicationController" => controller(&spec, errors),
        "DaemonSet" => daemon_set(&spec, errors),
        "StatefulSet" => stateful_set(&spec, old_spec.as_ref(), errors),
        "Job" => job(at, &spec, old_spec.as_ref(), errors),
        "CronJob" => cron_job(&spec, errors),
        _ => {}
    }
    if let Some(old) = old_spec
        && matches!(kind, "Deployment" | "ReplicaSet" | "DaemonSet")
        && spec.get("selector").value != old.get("selector").value
    {
        errors.push(spec.get("selector").invalid(IMMUTABLE));
    }
}

/// The selector, the template, that both agree, and that the pods of the template run for ever.
fn selector_and_template(spec: &At<'_>, owner: &str, words: &str, errors: &mut Errors) {
    let selector = spec.get("selector");
    if !selector.is_set() {
        errors.push(selector.required(""));
    } else {
        label_selector(&selector, errors);
        if selector.get("matchLabels").is_empty() && selector.get("matchExpressions").is_empty() {
            errors.push(selector.invalid(format!("empty selector is invalid for {words}")));
        }
    }
    let template = spec.get("template");
    let labels = template.get("metadata").get("labels");
    let selects = LabelSelector::from_object(selector.value);
    if !selects.is_everything() && !selects.matches(labels.map()) {
        errors.push(labels.invalid("`selector` does not match template `labels`"));
    }
    pod::template(&template, errors);
    runs_for_ever(&template, owner, errors);
}

fn runs_for_ever(template: &At<'_>, owner: &str, errors: &mut Errors) {
    let restart = template.get("spec").get("restartPolicy");
    if restart.text() != "Always" {
        errors.push(FieldError::not_supported(
            &restart.path,
            restart.text(),
            &["Always"],
        ));
    }
    let deadline = template.get("spec").get("activeDeadlineSeconds");
    if deadline.is_set() {
        errors
            .push(deadline.forbidden(format!("activeDeadlineSeconds in {owner} is not Supported")));
    }
}

fn deployment(spec: &At<'_>, errors: &mut Errors) {
    spec.get("replicas").not_negative(errors);
    selector_and_template(spec, "ReplicaSet", "deployment", errors);
    let strategy = spec.get("strategy");
    let rolling = strategy.get("rollingUpdate");
    match strategy.get("type").text() {
        "Recreate" if rolling.is_set() => {
            errors
                .push(rolling.forbidden("may not be specified when strategy `type` is 'Recreate'"));
        }
        "RollingUpdate" if !rolling.is_set() => {
            errors.push(rolling.required("this should be defaulted and never be nil"));
        }
        "RollingUpdate" => rolling_update(&rolling, true, errors),
        "Recreate" => {}
        other => errors.push(FieldError::not_supported(
            strategy.get("type").path,
            other,
            &["Recreate", "RollingUpdate"],
        )),
    }
    spec.get("minReadySeconds").not_negative(errors);
    spec.get("revisionHistoryLimit").not_negative(errors);
    let deadline = spec.get("progressDeadlineSeconds");
    deadline.not_negative(errors);
    let ready = spec.get("minReadySeconds").int().unwrap_or_default();
    if deadline.int().is_some_and(|d| d <= ready) {
        errors.push(deadline.invalid("must be greater than minReadySeconds"));
    }
}

/// `maxUnavailable` and `maxSurge`; for deployments both may not be 0, for daemon sets exactly one must be.
fn rolling_update(at: &At<'_>, deployment: bool, errors: &mut Errors) {
    let (unavailable, surge) = (at.get("maxUnavailable"), at.get("maxSurge"));
    int_or_percent(&unavailable, errors);
    int_or_percent(&surge, errors);
    let (no_unavailable, no_surge) = (is_zero(unavailable.value), is_zero(surge.value));
    if deployment && no_unavailable && no_surge {
        errors.push(unavailable.invalid("may not be 0 when `maxSurge` is 0"));
    } else if !deployment && no_unavailable && no_surge {
        errors.push(FieldError::required(
            &unavailable.path,
            "cannot be 0 when maxSurge is 0",
        ));
    } else if !deployment && !no_unavailable && !no_surge {
        errors.push(surge.invalid("may not be set when maxUnavailable is non-zero"));
    }
    not_over_hundred(&unavailable, errors);
    if !deployment {
        not_over_hundred(&surge, errors);
    }
}

fn percent(value: &Value) -> Option<i64> {
    let digits = value.as_str()?.strip_suffix('%')?;
    digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| digits.parse().ok())
        .flatten()
}

fn is_zero(value: &Value) -> bool {
    value.as_i64() == Some(0) || percent(value) == Some(0)
}

/// A number that is not negative, or `25%`.
pub(super) fn int_or_percent(at: &At<'_>, errors: &mut Errors) {
    match at.value {
        Value::String(_) if percent(at.value).is_none() => {
            let text = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', \
                        regex used for validation is '[0-9]+%')";
            errors.push(at.invalid(text));
        }
        Value::Number(_) => at.not_negative(errors),
        _ => {}
    }
}

fn not_over_hundred(at: &At<'_>, errors: &mut Errors) {
    if percent(at.value).is_some_and(|p| p > 100) {
        errors.push(at.invalid("must not be greater than 100%"));
    }
}

fn controller(spec: &At<'_>, errors: &mut Errors) {
    spec.get("replicas").not_negative(errors);
    spec.get("minReadySeconds").not_negative(errors);
    let (selector, template) = (spec.get("selector"), spec.get("template"));
    if selector.is_empty() {
        errors.push(selector.required(""));
    }
    if !template.is_set() {
        errors.push(template.required(""));
        return;
    }
    let labels = template.get("metadata").get("labels");
    if !LabelSelector::from_map(selector.value).matches(labels.map()) {
        errors.push(labels.invalid("`selector` does not match template `labels`"));
    }
    pod::template(&template, errors);
    runs_for_ever(&template, "ReplicationController", errors);
}

fn daemon_set(spec: &At<'_>, errors: &mut Errors) {
    selector_and_template(spec, "DaemonSet", "daemonset", errors);
    spec.get("minReadySeconds").not_negative(errors);
    let strategy = spec.get("updateStrategy");
    match strategy.get("type").text() {
        "OnDelete" => {}
        "RollingUpdate" if strategy.get("rollingUpdate").is_set() => {
            rolling_update(&strategy.get("rollingUpdate"), false, errors);
        }
        "RollingUpdate" => errors.push(strategy.get("rollingUpdate").required("")),
        other => {
            let supported = &["RollingUpdate", "OnDelete"];
            errors.push(FieldError::not_supported(
                strategy.get("type").path,
                other,
                supported,
            ));
        }
    }
    spec.get("revisionHistoryLimit").not_negative(errors);
}

fn stateful_set(spec: &At<'_>, old: Option<&At<'_>>, errors: &mut Errors) {
    let management = spec.get("podManagementPolicy");
    if !["OrderedReady", "Parallel"].contains(&management.text()) {
        errors.push(management.invalid("must be 'OrderedReady' or 'Parallel'"));
    }
    let strategy = spec.get("updateStrategy");
    match strategy.get("type").text() {
        "RollingUpdate" => strategy
            .get("rollingUpdate")
            .get("partition")
            .not_negative(errors),
        "OnDelete" if strategy.get("rollingUpdate").is_set() => {
            let text = "only allowed for updateStrategy 'RollingUpdate'";
            errors.push(strategy.get("rollingUpdate").invalid(text));
        }
        "OnDelete" => {}
        _ => errors.push(strategy.invalid("must be 'RollingUpdate' or 'OnDelete'")),
    }
    spec.get("replicas").not_negative(errors);
    spec.get("minReadySeconds").not_negative(errors);
    selector_and_template(spec, "StatefulSet", "statefulset", errors);
    let service = spec.get("serviceName");
    if !service.is_empty() {
        service.check(names::dns_subdomain, errors);
    }
    const MAY_CHANGE: &[&str] = &[
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let Some(old) = old else { return };
    let fixed = |at: &At<'_>| {
        let members = at
            .map()
            .into_iter()
            .flatten()
            .filter(|(k, _)| !MAY_CHANGE.contains(&k.as_str()));
        members
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    if fixed(spec) != fixed(old) {
        errors.push(spec.forbidden(
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', \
             'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        ));
    }
}

fn job(at: &At<'_>, spec: &At<'_>, old: Option<&At<'_>>, errors: &mut Errors) {
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
    if spec.get("completionMode").text() == "Indexed" {
        let name = at.get("metadata").get("name");
        let last = spec.get("completions").int().unwrap_or(1) - 1;
        let host = format!("{}-{last}", name.text());
        errors.extend(names::dns_label(&host).into_iter().map(|e| {
            name.invalid(format!(
                "will not able to create pod with invalid DNS label ({host}): {e}"
            ))
        }));
    }
    let Some(old) = old else { return };
    for key in ["completions", "selector", "completionMode"] {
        if key == "completions" && spec.get("completionMode").text() == "Indexed" {
            continue;
        }
        if spec.get(key).value != old.get(key).value {
            errors.push(spec.get(key).invalid(IMMUTABLE));
        }
    }
    if spec.get("template").value != old.get("template").value && !old.get("suspend").is_true() {
        errors.push(spec.get("template").invalid(IMMUTABLE));
    }
}

fn job_spec(spec: &At<'_>, errors: &mut Errors) {
    for key in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
    ] {
        spec.get(key).not_negative(errors);
    }
    let mode = spec.get("completionMode");
    if mode.is_set() && !["Indexed", "NonIndexed"].contains(&mode.text()) {
        errors.push(FieldError::not_supported(
            &mode.path,
            mode.text(),
            &["Indexed", "NonIndexed"],
        ));
    }
    if mode.text() == "Indexed" && !spec.get("completions").is_set() {
        errors.push(
            spec.get("completions")
                .required("when completion mode is Indexed"),
        );
    }
    let template = spec.get("template");
    pod::template(&template, errors);
    let restart = template.get("spec").get("restartPolicy");
    match restart.text() {
        "" | "Always" => errors.push(FieldError::required(
            &restart.path,
            "valid values: \"OnFailure\", \"Never\"",
        )),
        "OnFailure" if spec.get("podFailurePolicy").is_set() => {
            errors.push(
                restart.invalid("only \"Never\" is supported when podFailurePolicy is specified"),
            );
        }
        "OnFailure" | "Never" => {}
        other => errors.push(FieldError::not_supported(
            &restart.path,
            other,
            &["OnFailure", "Never"],
        )),
    }
}

fn cron_job(spec: &At<'_>, errors: &mut Errors) {
    let schedule = spec.get("schedule");
    if schedule.is_empty() {
        errors.push(schedule.required(""));
    } else if schedule.text().contains("TZ") {
        let text = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        errors.push(schedule.invalid(text));
    } else if let Err(why) = cron::check(schedule.text()) {
        errors.push(schedule.invalid(why));
    }
    spec.get("startingDeadlineSeconds").not_negative(errors);
    let zone = spec.get("timeZone");
    if zone.is_set() && zone.is_empty() {
        errors.push(FieldError::invalid(
            &zone.path,
            "",
            "timeZone must be nil or non-empty string",
        ));
    }
    let policy = spec.get("concurrencyPolicy");
    if !policy.is_empty() {
        policy.one_of(&["Allow", "Forbid", "Replace"], errors);
    }
    spec.get("successfulJobsHistoryLimit").not_negative(errors);
    spec.get("failedJobsHistoryLimit").not_negative(errors);
    let template = spec.get("jobTemplate").get("spec");
    if template.get("manualSelector").is_true() {
        let path = template.get("manualSelector").path;
        errors.push(FieldError::not_supported(path, true, &["nil", "false"]));
    }
    job_spec(&template, errors);
}
