//! How a job ends: enough successes, too many failures, or too much time. Mirrors `finalizeFinishedJob` and its callers in Kubernetes 1.36:
//! first the criterion (SuccessCriteriaMet, FailureTarget), then, when all pods are gone, the verdict (Complete, Failed).

use std::time::Duration;

use objects::Object;
use serde_json::{Value, json};

use super::{BY, Tally, policy, put_counts};
use crate::cluster::{Cluster, resource};
use crate::controllers::owned::{condition, delete_pod, source};
use crate::controllers::queue::Again;
use crate::events::Kind;
use crate::view;

/// Why a job ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    good: bool,
    reason: String,
    message: String,
}

impl End {
    fn good(reason: &str, message: impl Into<String>) -> Self {
        End {
            good: true,
            reason: reason.into(),
            message: message.into(),
        }
    }

    fn bad(reason: &str, message: impl Into<String>) -> Self {
        End {
            good: false,
            reason: reason.into(),
            message: message.into(),
        }
    }
}

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
    // what is once decided stays so
    for (kind, good) in [("FailureTarget", false), ("SuccessCriteriaMet", true)] {
        if let Some(told) = condition(job, kind) {
            return Some(End {
                good,
                reason: view::text(told, &["reason"]).into(),
                message: view::text(told, &["message"]).into(),
            });
        }
    }
    if let Some(why) = &tally.told {
        return Some(End::bad("PodFailurePolicy", why));
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
        let why = "Job has reached the specified backoff limit";
        return Some(End::bad("BackoffLimitExceeded", why));
    }
    if remaining(job, now).is_some_and(|left| left <= 0) {
        let why = "Job was active longer than specified deadline";
        return Some(End::bad("DeadlineExceeded", why));
    }
    if let Some(rule) = policy::success(job) {
        let why = format!("Matched rules at index {rule}");
        return Some(End::good("SuccessPolicy", why));
    }
    let failed = i64::try_from(tally.failed_indexes.len()).unwrap_or(0);
    if view::int(job, &["spec", "maxFailedIndexes"]).is_some_and(|most| failed > most) {
        let why = "Job has exceeded the specified maximal number of failed indexes";
        return Some(End::bad("MaxFailedIndexesExceeded", why));
    }
    let done = match view::int(job, &["spec", "completions"]) {
        Some(completions) => tally.succeeded + failed >= completions,
        None => tally.succeeded > 0 && tally.active.is_empty(),
    };
    if done && failed > 0 {
        return Some(End::bad("FailedIndexes", "Job has failed indexes"));
    }
    let why = "Reached expected number of succeeded pods";
    done.then(|| End::good("CompletionsReached", why))
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
                ..tally.clone()
            },
        );
        set_condition(o, mark, "True", &end.reason, &end.message, &now);
        if gone {
            let verdict = if end.good { "Complete" } else { "Failed" };
            set_condition(o, verdict, "True", &end.reason, &end.message, &now);
            if end.good {
                view::set(o, &["status", "completionTime"], now.clone());
            }
        }
    });
    if gone && end.good {
        cluster.event(&source(BY), job, Kind::Normal, "Completed", "Job completed");
    } else if gone {
        let (reason, message) = (&end.reason, &end.message);
        cluster.event(&source(BY), job, Kind::Warning, reason, message);
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
