//! serviceaccount: every namespace has the account `default`.

use objects::{Object, meta};
use serde_json::json;

use super::{Controller, Resources};
use crate::cluster::{Cluster, resource};
use crate::store::Change;

pub(crate) struct ServiceAccountController;

impl Controller for ServiceAccountController {
    fn follows(&self) -> Resources {
        &[("", "namespaces"), ("", "serviceaccounts")]
    }

    fn reconcile(&mut self, cluster: &Cluster, _changes: &[Change]) {
        settle(cluster);
    }
}

/// The namespaces in which things can be made.
pub(super) fn open_namespaces(cluster: &Cluster) -> Vec<Object> {
    let all = cluster.list(resource("", "namespaces"), "");
    all.into_iter().filter(|n| !meta::is_deleting(n)).collect()
}

/// Makes the accounts that are missing.
pub(crate) fn settle(cluster: &Cluster) {
    let accounts = resource("", "serviceaccounts");
    for namespace in open_namespaces(cluster) {
        let name = meta::name(&namespace);
        if cluster.get(accounts, name, "default").is_none() {
            let account = json!({"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"name": "default", "namespace": name}});
            let _refused = cluster.create("kube-controller-manager", accounts, account);
        }
    }
}
