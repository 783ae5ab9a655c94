//! Defaults of what makes pods: deployments, replica sets, daemon sets, stateful sets, jobs, cron jobs, autoscalers.

use serde_json::{Value, json};

use super::{Members, default, items, pod, text};
use crate::meta::map_at;

pub(super) fn replication_controller(members: &mut Members) {
    let spec = map_at(members, "spec");
    default(spec, "replicas", 1);
    if spec.get("template").is_some_and(Value::is_object) {
        pod::template(spec);
    }
    let labels = spec
        .get("template")
        .map_or(Value::Null, |t| t["metadata"]["labels"].clone());
    let unset = |v: Option<&Value>| v.and_then(Value::as_object).is_none_or(|m| m.is_empty());
    if labels.as_object().is_some_and(|l| !l.is_empty()) {
        if unset(spec.get("selector")) {
            spec.insert("selector".into(), labels.clone());
        }
        let metadata = map_at(members, "metadata");
        if unset(metadata.get("labels")) {
            metadata.insert("labels".into(), labels);
        }
    }
}

pub(super) fn deployment(spec: &mut Members) {
    default(spec, "replicas", 1);
    let strategy = map_at(spec, "strategy");
    default(strategy, "type", "RollingUpdate");
    if text(strategy, "type") == "RollingUpdate" {
        let rolling = map_at(strategy, "rollingUpdate");
        default(rolling, "maxUnavailable", "25%");
        default(rolling, "maxSurge", "25%");
    }
    default(spec, "revisionHistoryLimit", 10);
    default(spec, "progressDeadlineSeconds", 600);
    pod::template(spec);
}

pub(super) fn replica_set(spec: &mut Members) {
    default(spec, "replicas", 1);
    pod::template(spec);
}

/// The annotation stands for a field that only the inner type still has.
pub(super) fn daemon_set(members: &mut Members) {
    let annotations = map_at(map_at(members, "metadata"), "annotations");
    default(annotations, "deprecated.daemonset.template.generation", "1");
    let spec = map_at(members, "spec");
    let strategy = map_at(spec, "updateStrategy");
    default(strategy, "type", "RollingUpdate");
    if text(strategy, "type") == "RollingUpdate" {
        let rolling = map_at(strategy, "rollingUpdate");
        default(rolling, "maxUnavailable", 1);
        default(rolling, "maxSurge", 0);
    }
    default(spec, "revisionHistoryLimit", 10);
    pod::template(spec);
}

pub(super) fn stateful_set(spec: &mut Members) {
    default(spec, "podManagementPolicy", "OrderedReady");
    let strategy = map_at(spec, "updateStrategy");
    default(strategy, "type", "RollingUpdate");
    if text(strategy, "type") == "RollingUpdate" {
        default(map_at(strategy, "rollingUpdate"), "partition", 0);
    }
    default(spec, "replicas", 1);
    default(spec, "revisionHistoryLimit", 10);
    let retention = map_at(spec, "persistentVolumeClaimRetentionPolicy");
    default(retention, "whenDeleted", "Retain");
    default(retention, "whenScaled", "Retain");
    for claim in items(spec, "volumeClaimTemplates") {
        default(claim, "apiVersion", "v1");
        default(claim, "kind", "PersistentVolumeClaim");
        default(map_at(claim, "spec"), "volumeMode", "Filesystem");
        default(map_at(claim, "status"), "phase", "Pending");
    }
    pod::template(spec);
}

pub(super) fn job(spec: &mut Members) {
    let unset = |key: &str| spec.get(key).is_none_or(Value::is_null);
    if unset("completions") && unset("parallelism") {
        spec.insert("completions".into(), 1.into());
        spec.insert("parallelism".into(), 1.into());
    }
    default(spec, "parallelism", 1);
    let unlimited = spec
        .get("backoffLimitPerIndex")
        .is_some_and(|v| !v.is_null());
    default(spec, "backoffLimit", if unlimited { i32::MAX } else { 6 });
    default(spec, "completionMode", "NonIndexed");
    default(spec, "suspend", false);
    default(spec, "manualSelector", false);
    if let Some(rules) = spec
        .get_mut("podFailurePolicy")
        .and_then(Value::as_object_mut)
    {
        for pattern in items(rules, "rules").flat_map(|r| items(r, "onPodConditions")) {
            default(pattern, "status", "True");
        }
    }
    let policy = if spec.get("podFailurePolicy").is_some_and(Value::is_object) {
        "Failed"
    } else {
        "TerminatingOrFailed"
    };
    default(spec, "podReplacementPolicy", policy);
    pod::template(spec);
}

/// The template of the jobs gets the defaults of pods, not those of jobs.
pub(super) fn cron_job(spec: &mut Members) {
    default(spec, "concurrencyPolicy", "Allow");
    default(spec, "suspend", false);
    default(spec, "successfulJobsHistoryLimit", 3);
    default(spec, "failedJobsHistoryLimit", 1);
    pod::template(map_at(map_at(spec, "jobTemplate"), "spec"));
}

pub(super) fn autoscaler(version: &str, spec: &mut Members) {
    default(spec, "minReplicas", 1);
    if version == "v1" {
        default(spec, "targetCPUUtilizationPercentage", 80);
        return;
    }
    if spec
        .get("metrics")
        .and_then(Value::as_array)
        .is_none_or(|m| m.is_empty())
    {
        let target = json!({"type": "Utilization", "averageUtilization": 80});
        spec.insert(
            "metrics".into(),
            json!([{"type": "Resource", "resource": {"name": "cpu", "target": target}}]),
        );
    }
    let Some(behavior) = spec.get_mut("behavior").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, window, policies) in [
        (
            "scaleUp",
            Some(0),
            json!([{"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15}]),
        ),
        (
            "scaleDown",
            None,
            json!([{"type": "Percent", "value": 100, "periodSeconds": 15}]),
        ),
    ] {
        let rules = map_at(behavior, name);
        default(rules, "selectPolicy", "Max");
        default(rules, "policies", policies);
        if let Some(window) = window {
            default(rules, "stabilizationWindowSeconds", window);
        }
    }
}
