//! How a job ends: enough successes, too many failures, or too much time. Mirrors `finalizeFinishedJob` and its callers in Kubernetes 1.36:
//! first the criterion (SuccessCriteriaMet, FailureTarget), then, when all pods are gone, the verdict (Complete, Failed).

use std::time::Duration;

use objects::Object;
use serde_json::{Value, json};

use super::{BY, Tally, put_counts};
use crate::cluster::{Cluster, resource};
use crate::controllers::owned::{condition, delete_pod, source};
use crate::controllers::queue::Again;
use crate::events::Kind;
use crate::view;

/// Why a job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    good: bool,
    reason: &'static str,
    message: &'static str,
}

const REACHED: End = End {
    good: true,
    reason: "CompletionsReached",
    message: "Reached expected number of succeeded pods",
};
const TOO_MANY: End = End {
    good: false,
    reason: "BackoffLimitExceeded",
    message: "Job has reached the specified backoff limit",
};
const TOO_LONG: End = End {
    good: false,
    reason: "DeadlineExceeded",
    message: "Job was active longer than specified deadline",
};

/// Whether the job has ended: Complete or Failed.
pub(super) fn verdict(job: &Value) -> Option<bool> {
    let is =
        |kind: &str| condition(job, kind).is_some_and(|c| view::text(c, &["status"]) == "True");
    if is("Complete") {
        Some(true)
    } else {
        is("Failed").then_some(false)
    }
}

/// Why the job should end now, if it should.
pub(super) fn judge(job: &Value, tally: &Tally, now: i64) -> Option<End> {
    let marked = |kind: &str| condition(job, kind).map(|c| view::text(c, &["reason"]).to_string());
    if let Some(reason) = marked("FailureTarget") {
        return [TOO_MANY, TOO_LONG]
            .into_iter()
            .find(|e| e.reason == reason);
    }
    if marked("SuccessCriteriaMet").is_some() {
        return Some(REACHED);
    }
    let limit = view::int(job, &["spec", "backoffLimit"]).unwrap_or(6);
    let restarts: i64 = tally
        .active
        .iter()
        .flat_map(|p| view::list(p, &["status", "containerStatuses"]))
        .filter_map(|c| view::int(c, &["restartCount"]))
        .sum();
    let on_failure = view::text(job, &["spec", "template", "spec", "restartPolicy"]) == "OnFailure";
    if tally.failed > limit || (on_failure && restarts > 0 && restarts >= limit.max(1)) {
        return Some(TOO_MANY);
    }
    if remaining(job, now).is_some_and(|left| left <= 0) {
        return Some(TOO_LONG);
    }
    let done = match view::int(job, &["spec", "completions"]) {
        Some(completions) => tally.succeeded >= completions,
        None => tally.succeeded > 0 && tally.active.is_empty(),
    };
    done.then_some(REACHED)
}

fn remaining(job: &Value, now: i64) -> Option<i64> {
    let limit = view::int(job, &["spec", "activeDeadlineSeconds"])?;
    let start = objects::time::parse_seconds(view::text(job, &["status", "startTime"]))?;
    (!view::flag(job, &["spec", "suspend"])).then_some(start + limit - now)
}

/// When the active deadline passes.
pub(super) fn deadline(job: &Value, now: i64) -> Again {
    remaining(job, now)
        .and_then(|left| u64::try_from(left.max(1)).ok())
        .map(Duration::from_secs)
}

/// Writes the criterion, ends what still runs, and writes the verdict once nothing does.
pub(super) fn finish(cluster: &Cluster, job: &Object, tally: &Tally, end: End) -> Again {
    let now = cluster.now_text();
    let jobs = resource("batch", "jobs");
    let mark = if end.good {
        "SuccessCriteriaMet"
    } else {
        "FailureTarget"
    };
    tally
        .active
        .iter()
        .for_each(|pod| delete_pod(cluster, BY, job, pod));
    let gone = tally.active.is_empty() && tally.terminating == 0;
    cluster.amend(jobs, job, |o| {
        put_counts(
            o,
            &Tally {
                active: Vec::new(),
                terminating: tally.terminating + tally.active.len(),
                last_failure: None,
                ..*tally
            },
        );
        set_condition(o, mark, "True", end.reason, end.message, &now);
        if gone {
            let verdict = if end.good { "Complete" } else { "Failed" };
            set_condition(o, verdict, "True", end.reason, end.message, &now);
            if end.good {
                view::set(o, &["status", "completionTime"], now.clone());
            }
        }
    });
    if gone && end.good {
        cluster.event(&source(BY), job, Kind::Normal, "Completed", "Job completed");
    } else if gone {
        cluster.event(&source(BY), job, Kind::Warning, end.reason, end.message);
    }
    None
}

/// Sets a condition; its times change only with its status.
pub(super) fn set_condition(
    job: &mut Value,
    kind: &str,
    status: &str,
    reason: &str,
    message: &str,
    now: &str,
) {
    if condition(job, kind).is_some_and(|c| view::text(c, &["status"]) == status) {
        return;
    }
    let conditions = view::list_mut(job, &["status", "conditions"]);
    conditions.retain(|c| view::text(c, &["type"]) != kind);
    conditions.push(json!({"type": kind, "status": status, "lastProbeTime": now, "lastTransitionTime": now, "reason": reason, "message": message}));
}
