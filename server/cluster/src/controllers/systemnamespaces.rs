//! system-namespaces: the namespaces that a cluster cannot do without. One that is gone is made again, every minute.
//!
//! Mirrors `pkg/controlplane/controller/systemnamespaces` of Kubernetes 1.36. A round comes only when one is missing.

use machine::{Duration, Time};
use objects::meta;
use serde_json::json;

use super::{Controller, Resources, next_round};
use crate::cluster::{Cluster, resource};
use crate::store::Change;

/// All but `kube-node-lease` may not be deleted at all.
pub(crate) const NAMES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];
const PERIOD: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(super) struct SystemNamespacesController {
    round: Option<Time>,
}

impl Controller for SystemNamespacesController {
    fn follows(&self) -> Resources {
        &[("", "namespaces")]
    }

    fn reconcile(&mut self, cluster: &Cluster, changes: &[Change]) {
        let due = self.round.is_some_and(|at| at <= cluster.now());
        if due {
            self.round = None;
            settle(cluster);
        }
        let look = due || changes.iter().any(|c| is_system(meta::name(&c.object)));
        if look && self.round.is_none() && missing(cluster).next().is_some() {
            self.round = Some(next_round(cluster, PERIOD));
        }
    }

    fn wake(&self) -> Option<Time> {
        self.round
    }
}

fn is_system(name: &str) -> bool {
    NAMES.contains(&name)
}

fn missing(cluster: &Cluster) -> impl Iterator<Item = &'static str> {
    let is_gone = |name: &&str| cluster.get(resource("", "namespaces"), "", name).is_none();
    NAMES.into_iter().filter(is_gone)
}

fn settle(cluster: &Cluster) {
    for name in missing(cluster) {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        let _refused = cluster.create("kube-apiserver", resource("", "namespaces"), namespace);
    }
}
