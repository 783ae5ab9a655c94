//! resourcequota controller: how much of each quota is used.
//!
//! Mirrors `pkg/controller/resourcequota` of Kubernetes 1.36.

use objects::meta;
use serde_json::{Map, Value};

use super::owned::own_key;
use super::queue::{Again, Key, Queue, at_once};
use crate::admission::resource_quota::used;
use crate::cluster::{Cluster, resource};
use crate::store::Change;
use crate::view;

/// Starts the controller.
pub(crate) fn start(cluster: &Cluster) {
    Queue {
        follows: &[
            ("", "resourcequotas"),
            ("", "pods"),
            ("", "services"),
            ("", "persistentvolumeclaims"),
            ("", "configmaps"),
            ("", "secrets"),
            ("", "replicationcontrollers"),
            ("apps", "deployments"),
            ("apps", "replicasets"),
            ("apps", "statefulsets"),
            ("apps", "daemonsets"),
            ("batch", "jobs"),
            ("batch", "cronjobs"),
        ],
        keys,
        delay: at_once,
        reconcile,
    }
    .start(cluster);
}

fn quotas() -> &'static objects::Resource {
    resource("", "resourcequotas")
}

fn keys(cluster: &Cluster, change: &Change) -> Vec<Key> {
    if change.resource.plural == "resourcequotas" {
        return own_key(change);
    }
    let all = cluster.list(quotas(), meta::namespace(&change.object));
    all.iter()
        .map(|q| (meta::namespace(q).to_string(), meta::name(q).to_string()))
        .collect()
}

fn reconcile(cluster: &Cluster, key: &Key) -> Again {
    let quota = cluster.get(quotas(), &key.0, &key.1)?;
    let amounts: Map<String, Value> = used(cluster, &quota)
        .into_iter()
        .map(|(name, amount)| (name, amount.to_string().into()))
        .collect();
    let hard = view::at(&quota, &["spec", "hard"]).clone();
    cluster.amend(quotas(), &quota, |q| {
        view::set(q, &["status", "hard"], hard);
        view::set(q, &["status", "used"], amounts);
    });
    None
}
