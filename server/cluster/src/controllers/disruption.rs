//! disruption controller: how many pods of a PodDisruptionBudget may be evicted now.
//!
//! Mirrors `pkg/controller/disruption` of Kubernetes 1.36.

use std::collections::BTreeMap;

use objects::selector::LabelSelector;
use objects::{Object, meta};
use serde_json::{Value, json};

use super::owned::{is_ended, is_ready, own_key, share, source};
use super::queue::{Again, Key, Queue, at_once};
use crate::cluster::{Cluster, pods, resource};
use crate::events::Kind;
use crate::store::Change;
use crate::view;

fn budgets() -> &'static objects::Resource {
    resource("policy", "poddisruptionbudgets")
}

/// Starts the controller.
pub(crate) fn start(cluster: &Cluster) {
    Queue {
        follows: &[
            ("policy", "poddisruptionbudgets"),
            ("", "pods"),
            ("apps", "replicasets"),
            ("apps", "deployments"),
            ("apps", "statefulsets"),
        ],
        keys,
        delay: at_once,
        reconcile,
    }
    .start(cluster);
}

fn keys(cluster: &Cluster, change: &Change) -> Vec<Key> {
    if change.resource.plural == "poddisruptionbudgets" {
        return own_key(change);
    }
    let all = cluster.list(budgets(), meta::namespace(&change.object));
    all.iter()
        .map(|b| (meta::namespace(b).to_string(), meta::name(b).to_string()))
        .collect()
}

fn reconcile(cluster: &Cluster, key: &Key) -> Again {
    let budget = cluster.get(budgets(), &key.0, &key.1)?;
    if meta::is_deleting(&budget) {
        return None;
    }
    let selector = LabelSelector::from_object(view::at(&budget, &["spec", "selector"]));
    let mine: Vec<Object> = cluster
        .list(pods(), &key.0)
        .into_iter()
        .filter(|p| selector.matches_object(p))
        .collect();
    if mine.is_empty()
        && view::int(&budget, &["status", "observedGeneration"]) != Some(meta::generation(&budget))
    {
        let by = source("controllermanager");
        cluster.event(
            &by,
            &budget,
            Kind::Normal,
            "NoPods",
            "No matching pods found",
        );
    }
    let healthy = mine
        .iter()
        .filter(|p| is_ready(p) && !meta::is_deleting(p) && !is_ended(p))
        .count() as i64;
    match expected(cluster, &budget, &mine) {
        Ok((expected, desired)) => write(cluster, &budget, expected, desired, healthy, None),
        Err(text) => {
            let by = source("controllermanager");
            let reason = "CalculateExpectedPodCountFailed";
            let told = format!("Failed to calculate the number of expected pods: {text}");
            cluster.event(&by, &budget, Kind::Warning, reason, &told);
            write(cluster, &budget, 0, 0, healthy, Some(&text));
        }
    }
    None
}

/// How many pods there should be, and how many of them have to be healthy.
fn expected(cluster: &Cluster, budget: &Object, mine: &[Object]) -> Result<(i64, i64), String> {
    let most_missing = view::at(budget, &["spec", "maxUnavailable"]);
    let least = view::at(budget, &["spec", "minAvailable"]);
    if !most_missing.is_null() {
        let expected = scale(cluster, mine)?;
        return Ok((
            expected,
            (expected - share(most_missing, expected, true)).max(0),
        ));
    }
    if least.is_string() {
        let expected = scale(cluster, mine)?;
        return Ok((expected, share(least, expected, true)));
    }
    Ok((mine.len() as i64, least.as_i64().unwrap_or(1)))
}

/// The replicas that the controllers of these pods want, each controller once.
fn scale(cluster: &Cluster, mine: &[Object]) -> Result<i64, String> {
    let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
    for pod in mine {
        let found = meta::controller(pod).and_then(|c| top(cluster, meta::namespace(pod), c));
        let Some(found) = found else {
            return Err(format!(
                "found no controllers for pod \"{}\"",
                meta::name(pod)
            ));
        };
        let replicas = view::int(&found, &["spec", "replicas"]).unwrap_or(1);
        wanted.insert(meta::uid(&found).into(), replicas);
    }
    Ok(wanted.values().sum())
}

/// The controller that a reference names, or the one that controls it: a Deployment above its ReplicaSet.
fn top(cluster: &Cluster, namespace: &str, reference: &Value) -> Option<Object> {
    let of = match view::text(reference, &["kind"]) {
        "ReplicaSet" => resource("apps", "replicasets"),
        "Deployment" => resource("apps", "deployments"),
        "StatefulSet" => resource("apps", "statefulsets"),
        "ReplicationController" => resource("", "replicationcontrollers"),
        _ => return None,
    };
    let found = cluster.get(of, namespace, view::text(reference, &["name"]))?;
    let above = meta::controller(&found).and_then(|c| top(cluster, namespace, c));
    Some(above.unwrap_or(found))
}

fn write(
    cluster: &Cluster,
    budget: &Object,
    expected: i64,
    desired: i64,
    healthy: i64,
    failure: Option<&str>,
) {
    let allowed = if expected <= 0 || failure.is_some() {
        0
    } else {
        (healthy - desired).max(0)
    };
    let (status, reason) = match (failure, allowed) {
        (Some(_), _) => ("False", "SyncFailed"),
        (None, 0) => ("False", "InsufficientPods"),
        (None, _) => ("True", "SufficientPods"),
    };
    let now = cluster.now_text();
    cluster.amend(budgets(), budget, |b| {
        let generation = meta::generation(b);
        let old = view::list(b, &["status", "conditions"]);
        let before = old.iter().find(|c| c["type"] == "DisruptionAllowed");
        let since = before
            .filter(|c| c["status"] == status)
            .map_or_else(|| Value::from(now), |c| c["lastTransitionTime"].clone());
        let condition = json!({"type": "DisruptionAllowed", "status": status, "reason": reason, "message": failure.unwrap_or_default(),
            "lastTransitionTime": since, "observedGeneration": generation});
        view::set(b, &["status"], json!({
            "conditions": [condition], "currentHealthy": healthy, "desiredHealthy": desired, "disruptionsAllowed": allowed,
            "expectedPods": expected, "observedGeneration": generation}));
    });
}
