//! root-ca-certificate-publisher: every namespace has the ConfigMap `kube-root-ca.crt`, as it should be.

use objects::meta;
use serde_json::{Value, json};

use super::{Controller, Resources, serviceaccount};
use crate::cluster::{Cluster, resource};
use crate::store::Change;

const NAME: &str = "kube-root-ca.crt";

pub(crate) struct RootCaPublisher;

impl Controller for RootCaPublisher {
    fn follows(&self) -> Resources {
        &[("", "namespaces"), ("", "configmaps")]
    }

    fn reconcile(&mut self, cluster: &Cluster, changes: &[Change]) {
        let concerns =
            |c: &Change| c.resource.plural == "namespaces" || meta::name(&c.object) == NAME;
        if changes.iter().any(concerns) {
            settle(cluster);
        }
    }
}

/// What stands in the place of a certificate: no program in the simulation checks it.
fn certificate(cluster: &Cluster) -> String {
    use base64::Engine;
    let chance = machine::Chance::branch(cluster.spec().seed, 0x63_61);
    let text = base64::engine::general_purpose::STANDARD.encode(chance.bytes(540));
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|i| &text[i..text.len().min(i + 64)])
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

/// Makes the maps that are missing and mends those that were changed.
pub(crate) fn settle(cluster: &Cluster) {
    let maps = resource("", "configmaps");
    let data = json!({"ca.crt": certificate(cluster)});
    for namespace in serviceaccount::open_namespaces(cluster) {
        let name = meta::name(&namespace);
        match cluster.get(maps, name, NAME) {
            None => {
                let about = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the \
                    internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";
                let map = json!({"kind": "ConfigMap", "apiVersion": "v1", "data": data,
                    "metadata": {"name": NAME, "namespace": name, "annotations": {"kubernetes.io/description": about}}});
                let _refused = cluster.create("kube-controller-manager", maps, map);
            }
            Some(map) if map["data"] != data => {
                cluster.amend(maps, &map, |m: &mut Value| m["data"] = data.clone());
            }
            Some(_) => {}
        }
    }
}
