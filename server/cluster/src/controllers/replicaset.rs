//! ReplicaSets: as many pods as asked. Mirrors `pkg/controller/replicaset` of Kubernetes 1.36.

use std::time::Duration;

use machine::Time;
use objects::{Object, meta};
use serde_json::{Value, json};

use super::owned::{self, claim_standing, create_pod, delete_pod, pod_of, reference};
use super::queue::{Again, Ended, Key, Queue};
use crate::cluster::{Cluster, resource};
use crate::store::Change;
use crate::view;

const BY: &str = "replicaset-controller";
/// Most pods made or deleted in one look.
const BURST: usize = 500;
/// Pods a second that take the place of others that failed at once: the controller manager's client sends 20 requests a second, and for
/// each pod there are a create, an event and a status.
const HASTE: usize = 7;
/// A look takes time, a millisecond for so many pods: while a big set is looked at, the changes of its pods gather.
const PODS_A_MS: i64 = 20;
/// After a failed create.
const RETRY: Duration = Duration::from_secs(5);

/// Starts the controller.
pub(crate) fn start(cluster: &Cluster) {
    Queue {
        follows: &[("apps", "replicasets"), ("", "pods")],
        keys,
        delay,
        reconcile,
    }
    .start(cluster);
}

fn delay(cluster: &Cluster, key: &Key, _: &Change) -> Duration {
    let set = cluster.get(resource("apps", "replicasets"), &key.0, &key.1);
    let pods = set.and_then(|set| view::int(&set, &["status", "replicas"]));
    let ms = pods.unwrap_or(0) / PODS_A_MS;
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
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

fn reconcile(cluster: &Cluster, key: &Key) -> Option<Ended> {
    let sets = resource("apps", "replicasets");
    let set = cluster.get(sets, &key.0, &key.1)?;
    let owner = reference("apps/v1", "ReplicaSet", &set);
    let all = claim_standing(cluster, &set, &owner);
    let (mut active, terminating): (Vec<Object>, Vec<Object>) =
        all.into_iter().partition(|p| owned::is_active(p));
    let mut failure = None;
    let wanted = view::int(&set, &["spec", "replicas"]).unwrap_or(1);
    if active.len() < usize::try_from(wanted).unwrap_or(0) && is_hasty(cluster, &set, &terminating)
    {
        let next_second = Time::from_seconds(cluster.seconds() + 1);
        return Some(Ended {
            held: Some(next_second.since(cluster.now())),
            ..Ended::default()
        });
    }
    if !meta::is_deleting(&set) {
        match manage(cluster, &set, &owner, &active) {
            // The pods that were made wake it for the next batch.
            Ok(Made::Some) => return None,
            // The status counts what was there before the first batch.
            Ok(Made::All) => active.retain(|pod| !is_unseen(pod)),
            Ok(Made::Nothing) => {}
            Err(why) => failure = Some(why),
        }
    }
    let again = write_status(
        cluster,
        &set,
        &active,
        terminating.len(),
        failure.as_deref(),
    );
    let again = failure.map_or(again, |_| Some(RETRY));
    Some(Ended {
        again,
        ..Ended::default()
    })
}

/// Whether pods are lost as soon as they are made, as on a node that takes nobody in or throws everybody out: then a second has only so
/// many.
fn is_hasty(cluster: &Cluster, set: &Value, terminating: &[Object]) -> bool {
    let now = cluster.now_text(); // whole seconds, as the times of the pods are
    let just_made = |p: &&Object| meta::creation_timestamp(p) >= now.as_str();
    let leaving = terminating.iter().filter(just_made).count();
    leaving + cluster.lost_since(meta::uid(set), &now) >= HASTE
}

/// Whether no kubelet has seen a pod yet.
fn is_unseen(pod: &Object) -> bool {
    view::text(pod, &["status", "startTime"]).is_empty()
}

/// How many pods are made at once: one, then two, then four, so that what goes wrong goes wrong once. Those of the batches before are
/// the ones that no kubelet has seen.
fn batch(active: &[Object]) -> usize {
    (active.iter().filter(|p| is_unseen(p)).count() + 1).min(BURST)
}

/// What came of making pods.
enum Made {
    Nothing,
    /// A batch, and more are missing.
    Some,
    /// The last batch.
    All,
}

/// Makes what is missing, batch by batch, or deletes what is too much. Errors: the first of a batch.
fn manage(
    cluster: &Cluster,
    set: &Object,
    owner: &Value,
    active: &[Object],
) -> Result<Made, String> {
    let wanted = usize::try_from(view::int(set, &["spec", "replicas"]).unwrap_or(1)).unwrap_or(0);
    let missing = wanted.saturating_sub(active.len());
    let batch = match missing {
        0 => 0,
        _ => batch(active).min(missing),
    };
    let mut failure = None;
    for _ in 0..batch {
        let pod = pod_of(
            view::at(set, &["spec", "template"]),
            set,
            owner.clone(),
            meta::name(set),
        );
        if let Err(status) = create_pod(cluster, BY, set, pod) {
            failure.get_or_insert(status.message);
        }
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    if active.len() > wanted {
        let mut first: Vec<&Object> = active.iter().collect();
        first.sort_by_cached_key(|pod| rank(pod));
        let surplus = (active.len() - wanted).min(BURST);
        first
            .into_iter()
            .take(surplus)
            .for_each(|pod| delete_pod(cluster, BY, set, pod));
    }
    Ok(match batch {
        0 => Made::Nothing,
        _ if missing > batch => Made::Some,
        _ => Made::All,
    })
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
    let ready: Vec<&Object> = active.iter().filter(|p| owned::is_ready(p)).collect();
    // Without a least time whoever is ready is available.
    let in_doubt = ready.iter().filter(|_| min_ready > 0);
    let late: Vec<_> = in_doubt
        .filter_map(|p| owned::is_available(p, min_ready, now).err())
        .collect();
    let available = ready.len() - late.len();
    let soon = late.into_iter().flatten().min();
    let stamp = cluster.now_text();
    cluster.amend(resource("apps", "replicasets"), &live, |o| {
        view::set(o, &["status", "replicas"], active.len());
        for (name, count) in [
            ("fullyLabeledReplicas", labelled),
            ("readyReplicas", ready.len()),
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
