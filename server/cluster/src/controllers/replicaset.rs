//! ReplicaSets: as many pods as asked. Mirrors `pkg/controller/replicaset` of Kubernetes 1.36.

use std::time::Duration;

use objects::{Object, meta};
use serde_json::{Value, json};

use super::owned::{self, claim, create_pod, delete_pod, pod_of, reference};
use super::queue::{Again, Key, Queue, at_once};
use crate::cluster::{Cluster, pods, resource};
use crate::store::Change;
use crate::view;

const BY: &str = "replicaset-controller";
/// Most pods made or deleted in one look.
const BURST: usize = 500;
/// After a failed create.
const RETRY: Duration = Duration::from_secs(5);

/// Starts the controller.
pub(crate) fn start(cluster: &Cluster) {
    Queue {
        follows: &[("apps", "replicasets"), ("", "pods")],
        keys,
        delay: at_once,
        reconcile,
    }
    .start(cluster);
}

fn keys(cluster: &Cluster, change: &Change) -> Vec<Key> {
    if change.resource.plural == "replicasets" {
        return owned::own_key(change);
    }
    let mut keys = owned::controllers_of(change, "ReplicaSet");
    if keys.is_empty() && meta::controller(&change.object).is_none() {
        keys.extend(matching(cluster, &change.object));
    }
    keys
}

/// ReplicaSets that might adopt an orphan.
fn matching(cluster: &Cluster, pod: &Object) -> Vec<Key> {
    let selects = |rs: &Object| {
        objects::selector::LabelSelector::from_object(view::at(rs, &["spec", "selector"]))
            .matches_object(pod)
    };
    let all = cluster.list(resource("apps", "replicasets"), meta::namespace(pod));
    all.iter()
        .filter(|rs| selects(rs))
        .map(|rs| (meta::namespace(rs).to_string(), meta::name(rs).to_string()))
        .collect()
}

fn reconcile(cluster: &Cluster, key: &Key) -> Again {
    let sets = resource("apps", "replicasets");
    let set = cluster.get(sets, &key.0, &key.1)?;
    let owner = reference("apps/v1", "ReplicaSet", &set);
    let all = claim(cluster, pods(), &set, &owner);
    let active: Vec<Object> = all
        .iter()
        .filter(|p| owned::is_active(p))
        .cloned()
        .collect();
    let terminating = all
        .iter()
        .filter(|p| meta::is_deleting(p) && !owned::is_ended(p))
        .count();
    let mut failure = None;
    if !meta::is_deleting(&set) {
        failure = manage(cluster, &set, &owner, active.clone()).err();
    }
    let again = write_status(cluster, &set, &active, terminating, failure.as_deref());
    if failure.is_some() {
        Some(RETRY)
    } else {
        again
    }
}

/// Makes what is missing, deletes what is too much.
fn manage(
    cluster: &Cluster,
    set: &Object,
    owner: &Value,
    mut active: Vec<Object>,
) -> Result<(), String> {
    let wanted = usize::try_from(view::int(set, &["spec", "replicas"]).unwrap_or(1)).unwrap_or(0);
    for _ in active.len()..wanted.min(active.len() + BURST) {
        let pod = pod_of(
            view::at(set, &["spec", "template"]),
            set,
            owner.clone(),
            meta::name(set),
        );
        create_pod(cluster, BY, set, pod).map_err(|status| status.message.clone())?;
    }
    if active.len() > wanted {
        active.sort_by_key(rank);
        let surplus = (active.len() - wanted).min(BURST);
        active
            .iter()
            .take(surplus)
            .for_each(|pod| delete_pod(cluster, BY, set, pod));
    }
    Ok(())
}

/// Which pod goes first: unassigned, not running, not ready, cheap to delete, lately ready, often restarted, young.
fn rank(pod: &Object) -> (bool, u8, bool, i64, i64, i64, i64) {
    let phase = match view::text(pod, &["status", "phase"]) {
        "Pending" => 0,
        "Unknown" => 1,
        _ => 2,
    };
    let cost = meta::annotation(pod, "controller.kubernetes.io/pod-deletion-cost")
        .and_then(|c| c.parse().ok())
        .unwrap_or(0);
    let restarts = view::list(pod, &["status", "containerStatuses"])
        .iter()
        .filter_map(|c| view::int(c, &["restartCount"]))
        .max()
        .unwrap_or(0);
    let born = objects::time::parse_seconds(meta::creation_timestamp(pod)).unwrap_or(0);
    let assigned = !view::text(pod, &["spec", "nodeName"]).is_empty();
    (
        assigned,
        phase,
        owned::is_ready(pod),
        cost,
        -owned::ready_since(pod).unwrap_or(0),
        -restarts,
        -born,
    )
}

fn write_status(
    cluster: &Cluster,
    set: &Object,
    active: &[Object],
    terminating: usize,
    failure: Option<&str>,
) -> Again {
    let live = cluster.get(
        resource("apps", "replicasets"),
        meta::namespace(set),
        meta::name(set),
    )?;
    let now = cluster.seconds();
    let min_ready = view::int(set, &["spec", "minReadySeconds"]).unwrap_or(0);
    let selector = objects::selector::LabelSelector::from_map(view::at(
        set,
        &["spec", "template", "metadata", "labels"],
    ));
    let labelled = active.iter().filter(|p| selector.matches_object(p)).count();
    let ready = active.iter().filter(|p| owned::is_ready(p)).count();
    let verdicts: Vec<_> = active
        .iter()
        .map(|p| owned::is_available(p, min_ready, now))
        .collect();
    let available = verdicts.iter().filter(|v| v.is_ok()).count();
    let soon = verdicts.iter().filter_map(|v| v.err().flatten()).min();
    let stamp = cluster.now_text();
    cluster.amend(resource("apps", "replicasets"), &live, |o| {
        view::set(o, &["status", "replicas"], active.len());
        for (name, count) in [
            ("fullyLabeledReplicas", labelled),
            ("readyReplicas", ready),
            ("availableReplicas", available),
        ] {
            if count == 0 {
                view::remove(o, &["status", name]);
            } else {
                view::set(o, &["status", name], count);
            }
        }
        view::set(o, &["status", "terminatingReplicas"], terminating);
        view::set(o, &["status", "observedGeneration"], meta::generation(set));
        failure_condition(o, failure, &stamp);
    });
    soon.and_then(|s| u64::try_from(s).ok())
        .map(Duration::from_secs)
}

fn failure_condition(set: &mut Value, failure: Option<&str>, stamp: &str) {
    let there = owned::condition(set, "ReplicaFailure").is_some();
    match failure {
        Some(message) if !there => view::list_mut(set, &["status", "conditions"]).push(json!({
            "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message, "lastTransitionTime": stamp})),
        None if there => {
            view::remove(set, &["status", "conditions"]);
        }
        _ => {}
    }
}
