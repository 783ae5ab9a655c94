//! Policies of jobs: what a failed pod means, how often an index may fail, when some successes are enough. Mirrors
//! `pod_failure_policy.go`, `backoff_utils.go` and `success_policy.go` of Kubernetes 1.36.

use std::collections::{BTreeMap, BTreeSet};

use objects::{Object, meta};
use serde_json::Value;

use super::indexes;
use crate::view;

/// A pod of an index carries how many pods of the index failed before it.
pub(super) const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";

/// What becomes of a failed pod.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Count,
    Ignore,
    FailIndex,
    /// The job fails, for this reason.
    FailJob(String),
}

/// What the first rule of `podFailurePolicy` that fits says.
pub(super) fn fate(job: &Value, pod: &Value) -> Fate {
    let rules = view::list(job, &["spec", "podFailurePolicy", "rules"]);
    for (index, rule) in rules.iter().enumerate() {
        let action = view::text(rule, &["action"]);
        let (namespace, name) = (meta::namespace(pod), meta::name(pod));
        let why = if let Some((container, code)) = exit_code(rule, pod) {
            format!(
                "Container {container} for pod {namespace}/{name} failed with exit code {code} matching {action} rule at index {index}"
            )
        } else if let Some(condition) = condition(rule, pod) {
            format!(
                "Pod {namespace}/{name} has condition {condition} matching {action} rule at index {index}"
            )
        } else {
            continue;
        };
        return match action {
            "Ignore" => Fate::Ignore,
            "FailIndex" => Fate::FailIndex,
            "FailJob" => Fate::FailJob(why),
            _ => Fate::Count,
        };
    }
    Fate::Count
}

/// The container and its exit code that `onExitCodes` of a rule is about.
fn exit_code<'a>(rule: &Value, pod: &'a Value) -> Option<(&'a str, i64)> {
    let asked = view::at(rule, &["onExitCodes"]);
    if asked.is_null() {
        return None;
    }
    let values: Vec<i64> = view::list(asked, &["values"])
        .iter()
        .filter_map(Value::as_i64)
        .collect();
    let only = view::text(asked, &["containerName"]);
    let inside = view::text(asked, &["operator"]) == "In";
    ["containerStatuses", "initContainerStatuses"]
        .into_iter()
        .flat_map(|list| view::list(pod, &["status", list]))
        .find_map(|status| {
            let name = view::text(status, &["name"]);
            let code = view::int(status, &["state", "terminated", "exitCode"])?;
            let fits = values.contains(&code) == inside;
            (code != 0 && fits && (only.is_empty() || only == name)).then_some((name, code))
        })
}

/// The condition of the pod that `onPodConditions` of a rule is about.
fn condition<'a>(rule: &'a Value, pod: &Value) -> Option<&'a str> {
    let has = |pattern: &&Value| {
        let conditions = view::list(pod, &["status", "conditions"]);
        conditions
            .iter()
            .any(|c| c["type"] == pattern["type"] && c["status"] == pattern["status"])
    };
    let patterns = view::list(rule, &["onPodConditions"]);
    patterns.iter().find(has).map(|p| view::text(p, &["type"]))
}

/// How often pods of the indexes failed: by the pods that are still there, each of which knows how many failed before it.
pub(super) fn failures(job: &Value, pods: &[Object]) -> BTreeMap<i64, i64> {
    let mut all = BTreeMap::new();
    let failed = pods
        .iter()
        .filter(|p| view::text(p, &["status", "phase"]) == "Failed");
    for pod in failed.filter(|p| fate(job, p) != Fate::Ignore) {
        let Some(index) = indexes::index_of(pod) else {
            continue;
        };
        let before = meta::annotation(pod, FAILURES).and_then(|n| n.parse::<i64>().ok());
        let count: &mut i64 = all.entry(index).or_default();
        *count = (*count).max(before.unwrap_or(0) + 1);
    }
    all
}

/// The indexes that failed too often, or whose pod a rule failed for good.
pub(super) fn failed_indexes(job: &Value, pods: &[Object]) -> BTreeSet<i64> {
    let Some(limit) = view::int(job, &["spec", "backoffLimitPerIndex"]) else {
        return BTreeSet::new();
    };
    let mut failed = indexes::parse(view::text(job, &["status", "failedIndexes"]));
    let often = failures(job, pods).into_iter().filter(|(_, n)| *n > limit);
    failed.extend(often.map(|(index, _)| index));
    let by_rule = pods
        .iter()
        .filter(|p| view::text(p, &["status", "phase"]) == "Failed")
        .filter(|p| fate(job, p) == Fate::FailIndex);
    failed.extend(by_rule.filter_map(indexes::index_of));
    failed
}

/// Which rule of `successPolicy` the indexes that are done satisfy.
pub(super) fn success(job: &Value) -> Option<usize> {
    let done = indexes::parse(view::text(job, &["status", "completedIndexes"]));
    let rules = view::list(job, &["spec", "successPolicy", "rules"]);
    rules.iter().position(|rule| {
        let count = view::int(rule, &["succeededCount"]).and_then(|n| usize::try_from(n).ok());
        let named = view::at(rule, &["succeededIndexes"]).as_str();
        let wanted = named.map(indexes::parse);
        let have = match &wanted {
            Some(wanted) => done.intersection(wanted).count(),
            None => done.len(),
        };
        let enough = count.or(wanted.map(|w| w.len()));
        enough.is_some_and(|enough| have >= enough)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Arc;

    fn pod(index: i64, before: i64, code: i64) -> Value {
        json!({
            "metadata": {"name": "p", "namespace": "n", "annotations": {
                "batch.kubernetes.io/job-completion-index": index.to_string(), FAILURES: before.to_string(),
            }},
            "status": {
                "phase": "Failed",
                "containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": code}}}],
                "conditions": [{"type": "DisruptionTarget", "status": if code == 9 { "True" } else { "False" }}],
            },
        })
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let job = json!({"spec": {"podFailurePolicy": {"rules": [
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            {"action": "FailJob", "onExitCodes": {"containerName": "c", "operator": "In", "values": [42]}},
            {"action": "FailIndex", "onExitCodes": {"operator": "NotIn", "values": [1, 2]}},
        ]}}});
        let check = |code, expect| assert_eq!(fate(&job, &pod(0, 0, code)), expect, "exit {code}");
        check(1, Fate::Count);
        check(9, Fate::Ignore);
        check(3, Fate::FailIndex);
        let why =
            "Container c for pod n/p failed with exit code 42 matching FailJob rule at index 1";
        check(42, Fate::FailJob(why.into()));
    }

    #[test]
    fn indexes_fail_each_for_itself() {
        let job = json!({"spec": {"backoffLimitPerIndex": 1}});
        let pods = [pod(0, 0, 1), pod(1, 0, 1), pod(1, 1, 1)].map(Arc::new);
        assert_eq!(failures(&job, &pods), BTreeMap::from([(0, 1), (1, 2)]));
        assert_eq!(failed_indexes(&job, &pods), BTreeSet::from([1]));
        assert_eq!(failed_indexes(&json!({}), &pods), BTreeSet::new());
    }

    #[test]
    fn some_successes_are_enough() {
        let check = |rule: Value, done: &str, expect| {
            let job = json!({"spec": {"successPolicy": {"rules": [rule]}}, "status": {"completedIndexes": done}});
            assert_eq!(success(&job), expect, "{job}");
        };
        check(json!({"succeededIndexes": "0,2"}), "0,1", None);
        check(json!({"succeededIndexes": "0,2"}), "0-2", Some(0));
        check(json!({"succeededCount": 2}), "1,3", Some(0));
        check(
            json!({"succeededIndexes": "0-4", "succeededCount": 2}),
            "1,5",
            None,
        );
    }
}
