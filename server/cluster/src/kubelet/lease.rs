//! The leases of nodes: one that is gone is made again when its node beats next. Renewals are computed when somebody reads
//! (`api/heartbeat.rs`).
//!
//! Mirrors the lease controller of the kubelet (`component-helpers/apimachinery/lease`); one task does it for the kubelets of all nodes.

use machine::Time;
use objects::{Resource, meta};
use serde_json::json;

use super::Kubelet;
use super::node_status::HEARTBEAT;
use crate::cluster::{Cluster, resource};
use crate::controllers::{Controller, Resources};
use crate::spec::NodeSpec;
use crate::store::{Change, ChangeKind};
use crate::view;

pub(crate) const NAMESPACE: &str = "kube-node-lease";

pub(crate) fn leases() -> &'static Resource {
    resource("coordination.k8s.io", "leases")
}

/// Makes the lease of a node that beats now, where there is none. Without its namespace it is refused.
pub(crate) fn make(cluster: &Cluster, node: &NodeSpec) {
    let now = objects::time::rfc3339_micros(cluster.now().0);
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": node.name, "namespace": NAMESPACE},
        "spec": {"holderIdentity": node.name, "leaseDurationSeconds": 40, "renewTime": now},
    });
    let _refused = cluster.create("kubelet", leases(), lease);
}

#[derive(Default)]
pub(crate) struct LeaseController {
    beat: Option<Time>,
}

impl Controller for LeaseController {
    fn follows(&self) -> Resources {
        &[("coordination.k8s.io", "leases"), ("", "namespaces")]
    }

    fn reconcile(&mut self, cluster: &Cluster, changes: &[Change]) {
        let due = self.beat.is_some_and(|at| at <= cluster.now());
        if !due && !changes.iter().any(concerns) {
            return;
        }
        self.beat = None;
        for kubelet in cluster.kubelets() {
            let beat = kubelet.heartbeat();
            if due && beat == cluster.now() {
                kubelet.ensure_lease();
            }
            if kubelet.lacks_lease() {
                let next = beat + HEARTBEAT;
                self.beat = Some(self.beat.map_or(next, |at| at.min(next)));
            }
        }
    }

    fn wake(&self) -> Option<Time> {
        self.beat
    }
}

/// A lease is gone, or there is a place for leases.
fn concerns(change: &Change) -> bool {
    match change.kind {
        ChangeKind::Deleted => meta::namespace(&change.object) == NAMESPACE,
        ChangeKind::Added => meta::name(&change.object) == NAMESPACE,
        ChangeKind::Modified => false,
    }
}

impl Kubelet {
    /// Whether it would make its lease if it beat now. Without its node it makes none.
    fn lacks_lease(&self) -> bool {
        let (cluster, name) = (&self.0.cluster, &self.0.node.name);
        self.silent_since().is_none()
            && cluster.get(leases(), NAMESPACE, name).is_none()
            && cluster.get(resource("", "nodes"), "", name).is_some()
    }

    fn ensure_lease(&self) {
        if self.lacks_lease() {
            make(&self.0.cluster, &self.0.node);
        }
    }

    /// The last heartbeat becomes a fact, and whoever watches leases hears of it.
    pub(super) fn renew_lease(&self, at: Time) {
        self.ensure_lease();
        let cluster = &self.0.cluster;
        if let Some(lease) = cluster.get(leases(), NAMESPACE, &self.0.node.name) {
            let text = objects::time::rfc3339_micros(at.0);
            cluster.amend(leases(), &lease, |l| {
                view::set(l, &["spec", "renewTime"], text);
            });
        }
    }
}
