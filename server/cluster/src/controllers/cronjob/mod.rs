//! CronJobs: a job whenever the schedule says. Mirrors `pkg/controller/cronjob` of Kubernetes 1.36. Times are read in UTC.

mod schedule;

use std::time::Duration;

use objects::{Object, meta};
use serde_json::{Value, json};

pub(crate) use schedule::Schedule;

use super::owned::{self, claim_by_owner, reference, source};
use super::queue::{Again, Key, Queue, at_once};
use crate::cluster::{Cluster, resource};
use crate::events::Kind;
use crate::store::Change;
use crate::view;

const BY: &str = "cronjob-controller";
const STAMP: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// Starts the controller.
pub(crate) fn start(cluster: &Cluster) {
    Queue {
        follows: &[("batch", "cronjobs"), ("batch", "jobs")],
        keys,
        delay: at_once,
        reconcile,
    }
    .start(cluster);
}

fn keys(_: &Cluster, change: &Change) -> Vec<Key> {
    if change.resource.plural == "cronjobs" {
        owned::own_key(change)
    } else {
        owned::controllers_of(change, "CronJob")
    }
}

fn reconcile(cluster: &Cluster, key: &Key) -> Again {
    let cron = cluster.get(resource("batch", "cronjobs"), &key.0, &key.1)?;
    if meta::is_deleting(&cron) {
        return None;
    }
    let jobs = claim_by_owner(cluster, resource("batch", "jobs"), &cron);
    let cron = see_ended(cluster, &cron, &jobs)?;
    trim(cluster, &cron, &jobs);
    if view::flag(&cron, &["spec", "suspend"]) {
        return None;
    }
    let schedule = match Schedule::parse(view::text(&cron, &["spec", "schedule"])) {
        Ok(schedule) => schedule,
        Err(why) => {
            let text = format!(
                "unparseable schedule: {} : {why}",
                view::text(&cron, &["spec", "schedule"])
            );
            cluster.event(
                &source(BY),
                &cron,
                Kind::Warning,
                "UnparseableSchedule",
                &text,
            );
            return None;
        }
    };
    let now = cluster.seconds();
    if let Some(due) = last_due(&cron, &schedule, now) {
        fire(cluster, &cron, &jobs, due, now);
    }
    let wait = schedule.next(now)? - now;
    u64::try_from(wait).ok().map(Duration::from_secs)
}

/// The latest time that was due and has not been served.
fn last_due(cron: &Object, schedule: &Schedule, now: i64) -> Option<i64> {
    let told = |path: &[&str]| objects::time::parse_seconds(view::text(cron, path));
    let since = told(&["status", "lastScheduleTime"])
        .or_else(|| told(&["metadata", "creationTimestamp"]))?;
    let since = view::int(cron, &["spec", "startingDeadlineSeconds"])
        .map_or(since, |d| since.max(now - d - 1));
    let mut last = None;
    let mut at = since;
    // more than a hundred missed starts are not gone through one by one: the newest are near
    if now - since > 100 * 60 {
        at = since.max(now - 366 * 86_400);
    }
    while let Some(next) = schedule.next(at).filter(|n| *n <= now) {
        last = Some(next);
        at = next;
    }
    last
}

fn fire(cluster: &Cluster, cron: &Object, jobs: &[Object], due: i64, now: i64) {
    let deadline = view::int(cron, &["spec", "startingDeadlineSeconds"]);
    if deadline.is_some_and(|d| due + d < now) {
        let text = format!(
            "Missed scheduled time to start a job: {}",
            objects::time::rfc3339(due)
        );
        cluster.event(&source(BY), cron, Kind::Warning, "MissSchedule", &text);
        return;
    }
    let running: Vec<&Object> = jobs.iter().filter(|j| ended(j).is_none()).collect();
    match view::text(cron, &["spec", "concurrencyPolicy"]) {
        "Forbid" if !running.is_empty() => {
            let text = "Not starting job because prior execution is running and concurrency policy is Forbid";
            cluster.event(&source(BY), cron, Kind::Normal, "JobAlreadyActive", text);
            return;
        }
        "Replace" => running.iter().for_each(|job| remove(cluster, cron, job)),
        _ => {}
    }
    match cluster.create(BY, resource("batch", "jobs"), job_of(cron, due)) {
        Ok(job) => {
            cluster.event(
                &source(BY),
                cron,
                Kind::Normal,
                "SuccessfulCreate",
                &format!("Created job {}", meta::name(&job)),
            );
            cluster.amend(resource("batch", "cronjobs"), cron, |o| {
                view::list_mut(o, &["status", "active"]).push(json!({"kind": "Job", "apiVersion": "batch/v1", "namespace": meta::namespace(&job),
                    "name": meta::name(&job), "uid": meta::uid(&job), "resourceVersion": meta::resource_version(&job)}));
                view::set(o, &["status", "lastScheduleTime"], objects::time::rfc3339(due));
            });
        }
        Err(status) if status.reason == "AlreadyExists" => {}
        Err(status) => {
            cluster.event(
                &source(BY),
                cron,
                Kind::Warning,
                "FailedCreate",
                &format!("Error creating job: {}", status.message),
            );
        }
    }
}

fn job_of(cron: &Object, due: i64) -> Value {
    let template = view::at(cron, &["spec", "jobTemplate"]);
    let mut metadata = json!({"name": format!("{}-{}", meta::name(cron), due.div_euclid(60)), "namespace": meta::namespace(cron),
        "ownerReferences": [reference("batch/v1", "CronJob", cron)]});
    for name in ["labels", "annotations"] {
        let given = view::at(template, &["metadata", name]);
        if !given.is_null() {
            metadata[name] = given.clone();
        }
    }
    view::set(
        &mut metadata,
        &["annotations", STAMP],
        objects::time::rfc3339(due),
    );
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": view::at(template, &["spec"])})
}

/// How a job ended, if it has: the type of its condition.
fn ended(job: &Object) -> Option<&'static str> {
    let is = |kind: &str| {
        owned::condition(job, kind).is_some_and(|c| view::text(c, &["status"]) == "True")
    };
    if is("Complete") {
        Some("Complete")
    } else {
        is("Failed").then_some("Failed")
    }
}

/// Jobs that ended leave the list of active ones.
fn see_ended(cluster: &Cluster, cron: &Object, jobs: &[Object]) -> Option<Object> {
    let mut last_success = view::text(cron, &["status", "lastSuccessfulTime"]).to_string();
    let mut gone = Vec::new();
    for active in view::list(cron, &["status", "active"]) {
        let uid = view::text(active, &["uid"]);
        match jobs.iter().find(|j| meta::uid(j) == uid) {
            None => {
                let text = format!("Active job went missing: {}", view::text(active, &["name"]));
                cluster.event(&source(BY), cron, Kind::Normal, "MissingJob", &text);
                gone.push(uid.to_string());
            }
            Some(job) => {
                let Some(how) = ended(job) else { continue };
                let text = format!("Saw completed job: {}, condition: {how}", meta::name(job));
                cluster.event(&source(BY), cron, Kind::Normal, "SawCompletedJob", &text);
                gone.push(uid.to_string());
                if how == "Complete" {
                    last_success = last_success
                        .max(view::text(job, &["status", "completionTime"]).to_string());
                }
            }
        }
    }
    cluster.amend(resource("batch", "cronjobs"), cron, |o| {
        if gone.is_empty() {
            return;
        }
        let active = view::list_mut(o, &["status", "active"]);
        active.retain(|a| !gone.iter().any(|uid| view::text(a, &["uid"]) == uid));
        if active.is_empty() {
            view::remove(o, &["status", "active"]);
        }
        if !last_success.is_empty() {
            view::set(o, &["status", "lastSuccessfulTime"], last_success);
        }
    })
}

/// Keeps as many ended jobs as the history limits say.
fn trim(cluster: &Cluster, cron: &Object, jobs: &[Object]) {
    for (how, field, default) in [
        ("Complete", "successfulJobsHistoryLimit", 3),
        ("Failed", "failedJobsHistoryLimit", 1),
    ] {
        let limit =
            usize::try_from(view::int(cron, &["spec", field]).unwrap_or(default)).unwrap_or(0);
        let mut done: Vec<&Object> = jobs
            .iter()
            .filter(|j| ended(j) == Some(how) && !meta::is_deleting(j))
            .collect();
        done.sort_by_key(|j| {
            (
                view::text(j, &["status", "startTime"]).to_string(),
                meta::name(j).to_string(),
            )
        });
        let surplus = done.len().saturating_sub(limit);
        done.iter()
            .take(surplus)
            .for_each(|job| remove(cluster, cron, job));
    }
}

fn remove(cluster: &Cluster, cron: &Object, job: &Object) {
    if cluster
        .delete(BY, resource("batch", "jobs"), job, None)
        .is_ok()
    {
        cluster.event(
            &source(BY),
            cron,
            Kind::Normal,
            "SuccessfulDelete",
            &format!("Deleted job {}", meta::name(job)),
        );
    }
}
