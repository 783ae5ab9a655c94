//! pod-garbage-collector: pods that nobody ends any more. Those of nodes that are gone, those of nodes that are out of service, those that
//! were deleted before they had a node, and the oldest of very many that have ended.
//!
//! Mirrors `pkg/controller/podgc` of Kubernetes 1.36.

use std::collections::BTreeMap;

use machine::{Duration, Time};
use objects::{Object, meta};
use serde_json::Value;

use super::owned::{condition, is_ended};
use super::tainteviction::disrupt;
use super::{Controller, Resources};
use crate::cluster::{Cluster, pods, resource};
use crate::store::Change;
use crate::view;

const BY: &str = "pod-garbage-collector";
/// Between two rounds.
const PERIOD: Duration = Duration::from_secs(20);
/// How long a node has to be gone before its pods go.
const QUARANTINE: Duration = Duration::from_secs(40);
/// So many pods that have ended may stay.
const THRESHOLD: usize = 12_500;
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

#[derive(Default)]
pub(crate) struct PodGarbageCollector {
    /// Nodes that pods name and that are not there: since when that is known.
    missing: BTreeMap<String, Time>,
    again: Option<Time>,
}

impl Controller for PodGarbageCollector {
    fn follows(&self) -> Resources {
        &[("", "nodes"), ("", "pods")]
    }

    fn reconcile(&mut self, cluster: &Cluster, changes: &[Change]) {
        match self.again {
            Some(at) if at <= cluster.now() => {
                self.again = None;
                self.round(cluster);
            }
            None if changes.iter().any(|c| matters(cluster, c)) => {
                // Rounds are made by the clock, whenever the change came.
                let period = PERIOD.as_nanos() as i64;
                self.again = Some(Time((cluster.now().0 / period + 1) * period));
            }
            _ => {}
        }
    }

    fn wake(&self) -> Option<Time> {
        self.again
    }
}

/// Whether a change can leave a pod behind that nobody ends. A round costs nothing where there is nothing for it.
fn matters(cluster: &Cluster, change: &Change) -> bool {
    if change.resource.plural == "nodes" {
        let gone = cluster.get(change.resource, "", meta::name(&change.object));
        return gone.is_none() || is_out_of_service(&change.object);
    }
    let node = view::text(&change.object, &["spec", "nodeName"]);
    let homeless = !node.is_empty() && cluster.get(resource("", "nodes"), "", node).is_none();
    homeless
        || (node.is_empty() && meta::is_deleting(&change.object))
        || (is_ended(&change.object) && cluster.count(pods()) > THRESHOLD)
}

impl PodGarbageCollector {
    fn round(&mut self, cluster: &Cluster) {
        let all = cluster.list(pods(), "");
        let nodes = cluster.list(resource("", "nodes"), "");
        let node_of = |pod: &Value| {
            let name = view::text(pod, &["spec", "nodeName"]);
            nodes.iter().find(|n| meta::name(n) == name)
        };
        self.out_of_service(cluster, &all, &node_of);
        self.orphans(cluster, &all, &node_of);
        for pod in &all {
            let never_placed = view::text(pod, &["spec", "nodeName"]).is_empty();
            if never_placed && meta::is_deleting(pod) {
                end(cluster, pod, None);
            }
        }
        too_many_ended(cluster, &all);
    }

    /// Pods that are being deleted from a node that an administrator has declared out of service.
    fn out_of_service<'a>(
        &mut self,
        cluster: &Cluster,
        all: &[Object],
        node_of: &impl Fn(&Value) -> Option<&'a Object>,
    ) {
        for pod in all {
            let Some(node) = node_of(pod).filter(|n| is_out_of_service(n)) else {
                continue;
            };
            let ready = condition(node, "Ready").is_some_and(|c| c["status"] == "True");
            if meta::is_deleting(pod) && !ready {
                end(cluster, pod, None);
            }
            if !ready {
                self.look_again(cluster);
            }
        }
    }

    fn orphans<'a>(
        &mut self,
        cluster: &Cluster,
        all: &[Object],
        node_of: &impl Fn(&Value) -> Option<&'a Object>,
    ) {
        let mut missing = BTreeMap::new();
        for pod in all {
            let node = view::text(pod, &["spec", "nodeName"]);
            if node.is_empty() || node_of(pod).is_some() {
                continue;
            }
            let since = self.missing.get(node).copied().unwrap_or(cluster.now());
            missing.insert(node.to_string(), since);
            if cluster.now().since(since) >= QUARANTINE {
                end(cluster, pod, Some("PodGC: node no longer exists"));
            }
        }
        self.missing = missing;
        if !self.missing.is_empty() {
            self.look_again(cluster);
        }
    }

    fn look_again(&mut self, cluster: &Cluster) {
        self.again = Some(cluster.now() + PERIOD);
    }
}

fn is_out_of_service(node: &Value) -> bool {
    let taints = view::list(node, &["spec", "taints"]);
    taints.iter().any(|t| t["key"] == OUT_OF_SERVICE)
}

/// The oldest of the pods that have ended, where there are too many of them.
fn too_many_ended(cluster: &Cluster, all: &[Object]) {
    let mut ended: Vec<&Object> = all.iter().filter(|p| is_ended(p)).collect();
    let surplus = ended.len().saturating_sub(THRESHOLD);
    ended.sort_by_key(|p| {
        (
            meta::creation_timestamp(p).to_string(),
            meta::name(p).to_string(),
        )
    });
    for pod in &ended[..surplus] {
        end(cluster, pod, None);
    }
}

/// Marks a pod as failed that has not ended, and deletes it at once. `why`: what its condition tells of the disruption.
fn end(cluster: &Cluster, pod: &Object, why: Option<&str>) {
    if !is_ended(pod) {
        if let Some(why) = why {
            disrupt(cluster, pod, "DeletionByPodGC", why);
        }
        cluster.amend(pods(), pod, |p| {
            view::set(p, &["status", "phase"], "Failed")
        });
    }
    let _gone_already = cluster.delete(BY, pods(), pod, Some(0));
}
