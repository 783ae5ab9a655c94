//! Jobs: pods until enough of them succeeded. Mirrors `pkg/controller/job` of Kubernetes 1.36.

mod ending;
mod indexes;
mod policy;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use machine::Time;
use objects::{Object, meta};
use serde_json::{Value, json};

use super::owned::{self, claim, create_pod, delete_pod, pod_of, reference, source};
use super::queue::{Again, Ended, Key, Outcome, Pace, Queue};
use super::slow_start;
use crate::cluster::{Cluster, pods, resource};
use crate::events::Kind;
use crate::store::Change;
use crate::view;

pub(super) const BY: &str = "job-controller";
/// Pods carry it until they are counted.
const TRACKING: &str = "batch.kubernetes.io/job-tracking";
/// Changes of pods, and of the status of jobs, are gathered for so long.
const BATCH: Duration = Duration::from_secs(1);
/// Most pods made in one look.
const BURST: usize = 500;
/// Looks after the API server has refused a pod.
const REFUSED: Pace = Pace {
    first: Duration::from_secs(1),
    most: Duration::from_secs(60),
};
const FIRST_BACK_OFF: i64 = 10;
const LAST_BACK_OFF: i64 = 600;

/// Starts the controller.
pub(crate) fn start(cluster: &Cluster) {
    let delay = |_: &Cluster, _: &Key, change: &Change| {
        let before = change.old.as_ref().map(|old| meta::generation(old));
        let is_own_status = before == Some(meta::generation(&change.object));
        if change.resource.plural == "pods" || is_own_status {
            BATCH
        } else {
            Duration::ZERO
        }
    };
    Queue {
        follows: &[("batch", "jobs"), ("", "pods")],
        keys,
        delay,
        reconcile,
    }
    .start(cluster);
}

fn keys(_: &Cluster, change: &Change) -> Vec<Key> {
    if change.resource.plural == "jobs" {
        owned::own_key(change)
    } else {
        owned::controllers_of(change, "Job")
    }
}

/// A job's pods as one look sees them.
#[derive(Clone)]
pub(super) struct Tally {
    pub active: Vec<Object>,
    pub terminating: usize,
    pub ready: usize,
    pub succeeded: i64,
    pub failed: i64,
    /// seconds since the epoch at which the last failed pod ended
    pub last_failure: Option<i64>,
    /// what the policy of the job says to one of its failed pods
    pub told: Option<String>,
    pub failed_indexes: BTreeSet<i64>,
    /// how often pods of an index failed
    pub index_failures: BTreeMap<i64, i64>,
}

fn reconcile(cluster: &Cluster, key: &Key) -> Option<Ended> {
    let jobs = resource("batch", "jobs");
    let Some(job) = cluster.get(jobs, &key.0, &key.1) else {
        untrack_orphans(cluster, key);
        return None;
    };
    if ending::verdict(&job).is_some() || meta::is_deleting(&job) {
        untrack(cluster, &job);
        untrack_orphans(cluster, key);
        return None;
    }
    let job = begin(cluster, &job)?;
    let mut tally = count(cluster, &job);
    // what was counted has been noted in it
    let job = cluster.get(jobs, &key.0, &key.1)?;
    if let Some(end) = ending::judge(&job, &tally, cluster.seconds()) {
        let again = ending::finish(cluster, &job, &tally, end);
        return Some(again.read());
    }
    let made = if view::flag(&job, &["spec", "suspend"]) {
        tally
            .active
            .iter()
            .for_each(|pod| let_go(cluster, &job, pod));
        tally.terminating += tally.active.len();
        tally.active.clear();
        Made::All(None)
    } else {
        manage(cluster, &job, &mut tally)
    };
    // Between two batches only what was counted for good is told.
    let told = |name| view::int(&job, &["status", name]).unwrap_or(0);
    let has_counted = [told("succeeded"), told("failed")] != [tally.succeeded, tally.failed];
    if has_counted || !matches!(made, Made::Batch) {
        write_status(cluster, &job, &tally);
    }
    let deadline = ending::deadline(&job, cluster.seconds());
    Some(match made {
        Made::Refused => Ended {
            again: deadline,
            refused: Some(REFUSED),
            held: None,
        },
        Made::All(again) => soonest(again, deadline).read(),
        Made::Batch => Some(slow_start::NEXT).read(),
    })
}

/// What came of making pods.
enum Made {
    /// All that can be made now; when to make more.
    All(Again),
    /// Some, and more are missing.
    Batch,
    Refused,
}

fn soonest(a: Again, b: Again) -> Again {
    a.into_iter().chain(b).min()
}

/// Start time, suspension and resumption.
fn begin(cluster: &Cluster, job: &Object) -> Option<Object> {
    let suspended = view::flag(job, &["spec", "suspend"]);
    let told = owned::condition(job, "Suspended").map(|c| view::text(c, &["status"]) == "True");
    let now = cluster.now_text();
    if suspended && told != Some(true) {
        cluster.event(&source(BY), job, Kind::Normal, "Suspended", "Job suspended");
    } else if !suspended && told == Some(true) {
        cluster.event(&source(BY), job, Kind::Normal, "Resumed", "Job resumed");
    }
    cluster.amend(resource("batch", "jobs"), job, |o| {
        if suspended {
            view::remove(o, &["status", "startTime"]);
            ending::set_condition(
                o,
                "Suspended",
                "True",
                "JobSuspended",
                "Job suspended",
                &now,
            );
        } else {
            if view::at(o, &["status", "startTime"]).is_null() {
                view::set(o, &["status", "startTime"], now.clone());
            }
            if told == Some(true) {
                ending::set_condition(o, "Suspended", "False", "JobResumed", "Job resumed", &now);
            }
        }
    })
}

/// Counts pods; those that ended are counted for good and let go.
fn count(cluster: &Cluster, job: &Object) -> Tally {
    let owner = reference("batch/v1", "Job", job);
    let mine = claim(cluster, pods(), job, &owner);
    let before = |name| view::int(job, &["status", name]).unwrap_or(0);
    let mut tally = Tally {
        active: Vec::new(),
        terminating: 0,
        ready: 0,
        succeeded: before("succeeded"),
        failed: before("failed"),
        last_failure: None,
        told: None,
        failed_indexes: policy::failed_indexes(job, &mine),
        index_failures: policy::failures(job, &mine),
    };
    for pod in mine {
        if owned::is_ended(&pod) {
            let good = view::text(&pod, &["status", "phase"]) == "Succeeded";
            if !good {
                tally.last_failure = tally.last_failure.max(ended_at(&pod));
            }
            if is_tracked(&pod) {
                count_ended(&mut tally, job, &pod, good);
                indexes::note(cluster, job, &pod, good);
                untrack_pod(cluster, &pod);
            }
        } else if meta::is_deleting(&pod) {
            tally.terminating += 1;
            if is_tracked(&pod) {
                // who does not wait for the end of pods takes their deletion for it
                let waits = view::text(job, &["spec", "podReplacementPolicy"]) == "Failed";
                tally.failed += i64::from(!waits);
                untrack_pod(cluster, &pod);
            }
        } else {
            tally.ready += usize::from(owned::is_ready(&pod));
            tally.active.push(pod);
        }
    }
    tally
}

fn is_tracked(pod: &Object) -> bool {
    meta::finalizers(pod).any(|f| f == TRACKING)
}

/// Counts a pod that ended, unless a rule says to ignore its failure.
fn count_ended(tally: &mut Tally, job: &Object, pod: &Object, good: bool) {
    if good {
        tally.succeeded += 1;
        return;
    }
    match policy::fate(job, pod) {
        policy::Fate::Ignore => return,
        policy::Fate::FailJob(why) => tally.told = Some(why),
        policy::Fate::Count | policy::Fate::FailIndex => {}
    }
    tally.failed += 1;
}

/// Deletes a pod that did not fail: it is not counted.
fn let_go(cluster: &Cluster, job: &Object, pod: &Object) {
    untrack_pod(cluster, pod);
    delete_pod(cluster, BY, job, pod);
}

fn ended_at(pod: &Object) -> Option<i64> {
    let ends = view::list(pod, &["status", "containerStatuses"]).iter();
    ends.filter_map(|c| {
        objects::time::parse_seconds(view::text(c, &["state", "terminated", "finishedAt"]))
    })
    .max()
}

/// Makes what is missing, after the back-off; deletes what is too much.
fn manage(cluster: &Cluster, job: &Object, tally: &mut Tally) -> Made {
    let parallelism = view::int(job, &["spec", "parallelism"]).unwrap_or(1);
    let active = i64::try_from(tally.active.len()).unwrap_or(0);
    let wanted = match view::int(job, &["spec", "completions"]) {
        Some(completions) => {
            let failed = i64::try_from(tally.failed_indexes.len()).unwrap_or(0);
            parallelism
                .min(completions - tally.succeeded - failed)
                .max(0)
        }
        None if tally.succeeded > 0 => active,
        None => parallelism,
    };
    if active > wanted {
        let mut surplus = tally.active.split_off(usize::try_from(wanted).unwrap_or(0));
        surplus.drain(..).for_each(|pod| let_go(cluster, job, &pod));
        return Made::All(None);
    }
    if active == wanted {
        return Made::All(None);
    }
    let wait = back_off(tally, cluster.now());
    if !wait.is_zero() {
        return Made::All(Some(wait));
    }
    let most = usize::try_from(wanted - active).unwrap_or(0);
    let batch = slow_start::batch(&tally.active, cluster.seconds()).min(BURST);
    let mut is_refused = false;
    let missing = indexes::missing(job, &tally.active, &tally.failed_indexes, most);
    for index in missing.iter().take(batch).copied() {
        let failures = index.and_then(|index| tally.index_failures.get(&index));
        let made = pod(job, index, failures.copied().unwrap_or(0));
        match create_pod(cluster, BY, job, made) {
            Ok(pod) => tally.active.push(pod),
            Err(_) => is_refused = true,
        }
    }
    match is_refused {
        true => Made::Refused,
        false if missing.len() > batch => Made::Batch,
        false => Made::All(None),
    }
}

/// How long it is before the next pod after a failure, counted from the whole second that the status tells.
fn back_off(tally: &Tally, now: Time) -> Duration {
    let Some(last) = tally.last_failure.filter(|_| tally.failed > 0) else {
        return Duration::ZERO;
    };
    let exponent = u32::try_from(tally.failed - 1).unwrap_or(0).min(10);
    let pause = (FIRST_BACK_OFF * 2_i64.pow(exponent)).min(LAST_BACK_OFF);
    let until = Time::from_seconds(last + pause);
    if until > now {
        until.since(now)
    } else {
        Duration::ZERO
    }
}

/// The pod of an index, of which `failures` pods failed before, or of a job without indexes.
fn pod(job: &Object, index: Option<i64>, failures: i64) -> Value {
    let mut template = view::at(job, &["spec", "template"]).clone();
    view::list_mut(&mut template, &["metadata", "finalizers"]).push(TRACKING.into());
    let Some(index) = index else {
        return pod_of(
            &template,
            job,
            reference("batch/v1", "Job", job),
            meta::name(job),
        );
    };
    let key = "batch.kubernetes.io/job-completion-index";
    view::set(
        &mut template,
        &["metadata", "annotations", key],
        index.to_string(),
    );
    if view::int(job, &["spec", "backoffLimitPerIndex"]).is_some() {
        view::set(
            &mut template,
            &["metadata", "annotations", policy::FAILURES],
            failures.to_string(),
        );
    }
    view::set(
        &mut template,
        &["metadata", "labels", key],
        index.to_string(),
    );
    view::set(
        &mut template,
        &["spec", "hostname"],
        format!("{}-{index}", meta::name(job)),
    );
    let from = json!({"name": "JOB_COMPLETION_INDEX", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": format!("metadata.labels['{key}']")}}});
    for kind in ["containers", "initContainers"] {
        for container in view::at(&template, &["spec", kind])
            .as_array()
            .map_or(0..0, |c| 0..c.len())
        {
            let at = container.to_string();
            if let Some(env) =
                template["spec"][kind][at.parse::<usize>().unwrap_or(0)].as_object_mut()
            {
                let list = env.entry("env").or_insert_with(|| json!([]));
                if let Some(list) = list.as_array_mut() {
                    list.push(from.clone());
                }
            }
        }
    }
    pod_of(
        &template,
        job,
        reference("batch/v1", "Job", job),
        &format!("{}-{index}", meta::name(job)),
    )
}

fn write_status(cluster: &Cluster, job: &Object, tally: &Tally) {
    cluster.amend(resource("batch", "jobs"), job, |o| put_counts(o, tally));
}

/// Writes the counts of a look into a status.
pub(super) fn put_counts(job: &mut Value, tally: &Tally) {
    let number = |n: usize| i64::try_from(n).unwrap_or(0);
    for (name, value) in [
        ("active", number(tally.active.len())),
        ("succeeded", tally.succeeded),
        ("failed", tally.failed),
    ] {
        if value == 0 {
            view::remove(job, &["status", name]);
        } else {
            view::set(job, &["status", name], value);
        }
    }
    view::set(job, &["status", "ready"], tally.ready);
    view::set(job, &["status", "terminating"], tally.terminating);
    view::map_mut(job, &["status", "uncountedTerminatedPods"]);
    if view::int(job, &["spec", "backoffLimitPerIndex"]).is_some() {
        let failed = indexes::print(&tally.failed_indexes);
        view::set(job, &["status", "failedIndexes"], failed);
    }
}

fn untrack(cluster: &Cluster, job: &Object) {
    let owner = reference("batch/v1", "Job", job);
    claim(cluster, pods(), job, &owner)
        .iter()
        .filter(|p| is_tracked(p))
        .for_each(|p| untrack_pod(cluster, p));
}

/// Pods of a job that is gone must not wait for it, nor those that it was made to leave behind.
fn untrack_orphans(cluster: &Cluster, key: &Key) {
    let of_job = |p: &Object| {
        meta::controller(p)
            .is_none_or(|c| view::text(c, &["kind"]) == "Job" && view::text(c, &["name"]) == key.1)
    };
    cluster
        .list(pods(), &key.0)
        .iter()
        .filter(|p| of_job(p) && is_tracked(p))
        .for_each(|p| untrack_pod(cluster, p));
}

fn untrack_pod(cluster: &Cluster, pod: &Object) {
    cluster.amend(pods(), pod, |o| {
        let finalizers = view::list_mut(o, &["metadata", "finalizers"]);
        finalizers.retain(|f| f != TRACKING);
        if finalizers.is_empty() {
            view::remove(o, &["metadata", "finalizers"]);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_longer_and_longer() {
        let check = |failed, now_ms: i64, expect_ms| {
            let tally = Tally {
                active: Vec::new(),
                terminating: 0,
                ready: 0,
                succeeded: 0,
                failed,
                last_failure: Some(100),
                told: None,
                failed_indexes: BTreeSet::new(),
                index_failures: BTreeMap::new(),
            };
            let wait = back_off(&tally, Time(now_ms * 1_000_000));
            let expect = Duration::from_millis(expect_ms);
            assert_eq!(wait, expect, "{failed} failures at {now_ms}");
        };
        check(0, 100_000, 0);
        check(1, 100_000, 10_000);
        check(1, 100_700, 9_300);
        check(2, 105_000, 15_000);
        check(1, 110_000, 0);
        check(9, 100_000, 600_000);
    }
}
