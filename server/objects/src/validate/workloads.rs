//! Deployments, replica sets, daemon sets, stateful sets, replication controllers.

use serde_json::Value;

use super::scheduling::{label_selector, wrong_selector};
use super::{At, Errors, internal, jobs, pod};
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
            // the API server says deployment here
            selector_and_template(&spec, "ReplicaSet", "deployment", errors);
        }
        "ReplicationController" => controller(&spec, errors),
        "DaemonSet" => daemon_set(&spec, errors),
        "StatefulSet" => stateful_set(&spec, old_spec.as_ref(), errors),
        "Job" => jobs::job(at, &spec, old_spec.as_ref(), errors),
        "CronJob" => jobs::cron_job(&spec, errors),
        _ => {}
    }
    if let Some(old) = old_spec
        && matches!(kind, "Deployment" | "ReplicaSet" | "DaemonSet")
        && spec.get("selector").value != old.get("selector").value
    {
        errors.push(wrong_selector(&spec.get("selector"), IMMUTABLE));
    }
}

/// The selector, the template, that both agree, and that the pods of the template run for ever.
fn selector_and_template(spec: &At<'_>, owner: &str, words: &str, errors: &mut Errors) {
    let (selector, template) = (spec.get("selector"), spec.get("template"));
    let mut readable = true;
    if !selector.is_set() {
        // of daemon sets only the labels are told
        if owner != "DaemonSet" {
            errors.push(selector.required(""));
        }
    } else {
        let before = errors.len();
        label_selector(&selector, errors);
        readable = errors.len() == before;
        if selector.get("matchLabels").is_empty() && selector.get("matchExpressions").is_empty() {
            let text = format!("empty selector is invalid for {words}");
            errors.push(wrong_selector(&selector, &text));
        }
    }
    if readable {
        let labels = template.get("metadata").get("labels");
        let selects = LabelSelector::from_object(selector.value);
        if !selects.is_everything() && !selects.matches(labels.map()) {
            errors.push(labels.invalid("`selector` does not match template `labels`"));
        }
    }
    match (owner, readable) {
        ("DaemonSet", _) | ("ReplicaSet", true) => pod::template(&template, errors),
        // Its pods get volumes that the template does not have: what is wrong with the rest the pods tell.
        ("StatefulSet", true) => pod::template_metadata(&template, errors),
        ("StatefulSet", false) => errors.push(wrong_selector(&selector, "")),
        // With a selector that nobody can read, nobody looks at the template.
        _ => return errors.push(wrong_selector(&selector, "invalid label selector")),
    }
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
        _ => errors.push(FieldError {
            value: Some(internal::json("apps/v1.DeploymentStrategy", strategy.value)),
            ..FieldError::not_supported(&strategy.path, "", &["Recreate", "RollingUpdate"])
        }),
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
    if deployment {
        if no_unavailable && no_surge {
            errors.push(unavailable.invalid("may not be 0 when `maxSurge` is 0"));
        }
        not_over_hundred(&unavailable, errors);
        return;
    }
    not_over_hundred(&unavailable, errors);
    not_over_hundred(&surge, errors);
    if no_unavailable && no_surge {
        errors.push(unavailable.required("cannot be 0 when maxSurge is 0"));
    } else if !no_unavailable && !no_surge {
        errors.push(surge.invalid("may not be set when maxUnavailable is non-zero"));
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

/// Text that is no percentage counts as nothing.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::String(_) => percent(value).unwrap_or_default() == 0,
        _ => value.as_i64().unwrap_or_default() == 0,
    }
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

pub(super) fn not_over_hundred(at: &At<'_>, errors: &mut Errors) {
    if percent(at.value).is_some_and(|p| p > 100) {
        errors.push(at.invalid("must not be greater than 100%"));
    }
}

fn controller(spec: &At<'_>, errors: &mut Errors) {
    spec.get("minReadySeconds").not_negative(errors);
    let (selector, template) = (spec.get("selector"), spec.get("template"));
    if selector.is_empty() {
        errors.push(selector.required(""));
    }
    spec.get("replicas").not_negative(errors);
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
        _ => errors.push(FieldError {
            value: Some(internal::json(
                "apps/v1.DaemonSetUpdateStrategy",
                strategy.value,
            )),
            ..FieldError::not_supported(&strategy.path, "", &["RollingUpdate", "OnDelete"])
        }),
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
        "RollingUpdate" => {
            let rolling = strategy.get("rollingUpdate");
            rolling.get("partition").not_negative(errors);
            let unavailable = rolling.get("maxUnavailable");
            if unavailable.is_set() {
                int_or_percent(&unavailable, errors);
                if is_zero(unavailable.value) {
                    errors.push(unavailable.invalid("cannot be 0"));
                }
                not_over_hundred(&unavailable, errors);
            }
        }
        "OnDelete" if strategy.get("rollingUpdate").is_set() => {
            let text = "only allowed for updateStrategy 'RollingUpdate'";
            errors.push(strategy.get("rollingUpdate").invalid(text));
        }
        "OnDelete" => {}
        _ => errors.push(FieldError::invalid_text(
            &strategy.path,
            internal::json("apps/v1.StatefulSetUpdateStrategy", strategy.value),
            "must be 'RollingUpdate' or 'OnDelete'",
        )),
    }
    let retention = spec.get("persistentVolumeClaimRetentionPolicy");
    if retention.is_set() {
        for key in ["whenDeleted", "whenScaled"] {
            retention.get(key).one_of(&["Retain", "Delete"], errors);
        }
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
