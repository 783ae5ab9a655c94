//! node-lifecycle-controller: nodes whose kubelet is silent become Unknown, their pods are no longer ready, and taints say what is wrong
//! with a node.
//!
//! Mirrors `pkg/controller/nodelifecycle` of Kubernetes 1.36.

use std::collections::BTreeMap;

use machine::{Duration, Time};
use objects::{Object, meta};
use serde_json::{Value, json};

use super::owned::{condition, source};
use super::{Controller, Resources};
use crate::cluster::{Cluster, pods, resource};
use crate::events::Kind;
use crate::store::Change;
use crate::view;

/// How long a kubelet may be silent.
const GRACE: Duration = Duration::from_secs(50);

/// Taints that the controller owns: key, condition, the status of the condition that calls for it.
const TAINTS: [(&str, &str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "Ready", "False"),
    ("node.kubernetes.io/unreachable", "Ready", "Unknown"),
    (
        "node.kubernetes.io/memory-pressure",
        "MemoryPressure",
        "True",
    ),
    ("node.kubernetes.io/disk-pressure", "DiskPressure", "True"),
    ("node.kubernetes.io/pid-pressure", "PIDPressure", "True"),
    (
        "node.kubernetes.io/network-unavailable",
        "NetworkUnavailable",
        "True",
    ),
];
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

#[derive(Default)]
pub(crate) struct NodeLifecycleController {
    /// None before the first look: the nodes that a cluster begins with are registered already.
    known: Option<BTreeMap<String, Object>>,
    again: Option<Time>,
}

fn nodes() -> &'static objects::Resource {
    resource("", "nodes")
}

impl Controller for NodeLifecycleController {
    fn follows(&self) -> Resources {
        &[("", "nodes"), ("coordination.k8s.io", "leases")]
    }

    fn reconcile(&mut self, cluster: &Cluster, _: &[Change]) {
        self.again = None;
        let all = cluster.list(nodes(), "");
        self.register(cluster, &all);
        for node in all {
            if let Some(since) = silent_since(cluster, &node) {
                let end = since + GRACE;
                if end <= cluster.now() {
                    make_unknown(cluster, &node);
                } else {
                    self.again = Some(self.again.map_or(end, |a| a.min(end)));
                }
            }
            let live = cluster.get(nodes(), "", meta::name(&node));
            if let Some(live) = live {
                taint(cluster, &live);
            }
        }
    }

    fn wake(&self) -> Option<Time> {
        self.again
    }
}

impl NodeLifecycleController {
    /// Tells of nodes that have come and gone.
    fn register(&mut self, cluster: &Cluster, all: &[Object]) {
        let now: BTreeMap<String, Object> = all
            .iter()
            .map(|n| (meta::name(n).to_string(), n.clone()))
            .collect();
        let Some(known) = self.known.replace(now) else {
            return;
        };
        let by = source("node-controller");
        let is_new = |n: &&Object| !known.contains_key(meta::name(n));
        for node in all.iter().filter(is_new) {
            let name = meta::name(node);
            let text = format!("Node {name} event: Registered Node {name} in Controller");
            cluster.event(&by, node, Kind::Normal, "RegisteredNode", &text);
        }
        let is_there = |name: &str| all.iter().any(|n| meta::name(n) == name);
        for (name, node) in known.iter().filter(|(name, _)| !is_there(name)) {
            let text = format!("Node {name} event: Removing Node {name} from Controller");
            cluster.event(&by, node, Kind::Normal, "RemovingNode", &text);
        }
    }
}

/// Since when nothing is heard of a node. A world without kubelets hears of all of them.
fn silent_since(cluster: &Cluster, node: &Object) -> Option<Time> {
    cluster.kernel()?;
    match cluster.kubelet(meta::name(node)) {
        Some(kubelet) => kubelet.silent_since(),
        None => {
            objects::time::parse_seconds(meta::creation_timestamp(node)).map(Time::from_seconds)
        }
    }
}

fn make_unknown(cluster: &Cluster, node: &Object) {
    let ready = condition(node, "Ready");
    if ready.is_some_and(|c| c["status"] == "Unknown") {
        return;
    }
    let now = cluster.now_text();
    let never = ready.is_none();
    let (reason, message) = if never {
        (
            "NodeStatusNeverUpdated",
            "Kubelet never posted node status.",
        )
    } else {
        ("NodeStatusUnknown", "Kubelet stopped posting node status.")
    };
    cluster.amend(nodes(), node, |n| {
        let conditions = view::list_mut(n, &["status", "conditions"]);
        for kind in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
            if let Some(known) = conditions.iter_mut().find(|c| c["type"] == kind) {
                known["status"] = "Unknown".into();
                known["reason"] = reason.into();
                known["message"] = message.into();
                known["lastTransitionTime"] = now.clone().into();
            } else {
                conditions.push(
                    json!({"type": kind, "status": "Unknown", "reason": reason, "message": message,
                    "lastHeartbeatTime": now, "lastTransitionTime": now}),
                );
            }
        }
    });
    let name = meta::name(node);
    let text = format!("Node {name} status is now: NodeNotReady");
    let by = source("node-controller");
    cluster.event(&by, node, Kind::Normal, "NodeNotReady", &text);
    for pod in cluster.list(pods(), "") {
        if view::text(&pod, &["spec", "nodeName"]) == name {
            make_unready(cluster, &pod, &now);
        }
    }
}

/// A pod on a node of which nothing is heard is not ready, whatever was told last.
fn make_unready(cluster: &Cluster, pod: &Object, now: &str) {
    if condition(pod, "Ready").is_none_or(|c| c["status"] != "True") {
        return;
    }
    cluster.amend(pods(), pod, |p| {
        for known in view::list_mut(p, &["status", "conditions"]) {
            if known["type"] == "Ready" {
                known["status"] = "False".into();
                known["lastTransitionTime"] = now.into();
            }
        }
    });
    let by = source("node-controller");
    cluster.event(&by, pod, Kind::Warning, "NodeNotReady", "Node is not ready");
}

/// The taints that a node's conditions call for: key and effect.
fn called_for(node: &Value) -> Vec<(&'static str, &'static str)> {
    let mut wanted = Vec::new();
    for (key, kind, status) in TAINTS {
        if condition(node, kind).is_some_and(|c| c["status"] == status) {
            wanted.push((key, "NoSchedule"));
            if kind == "Ready" {
                wanted.push((key, "NoExecute"));
            }
        }
    }
    if view::flag(node, &["spec", "unschedulable"]) {
        wanted.push((UNSCHEDULABLE, "NoSchedule"));
    }
    wanted
}

fn taint(cluster: &Cluster, node: &Object) {
    let mut missing = called_for(node);
    let mut taints = view::list(node, &["spec", "taints"]).to_vec();
    taints.retain(|t| {
        let (key, effect) = (view::text(t, &["key"]), view::text(t, &["effect"]));
        let ours = key == UNSCHEDULABLE || TAINTS.iter().any(|(k, ..)| *k == key);
        let place = missing.iter().position(|m| *m == (key, effect));
        if let Some(place) = place {
            missing.remove(place);
        }
        place.is_some() || !ours
    });
    let now = cluster.now_text();
    for (key, effect) in missing {
        taints.push(json!({"key": key, "effect": effect, "timeAdded": now}));
    }
    if view::list(node, &["spec", "taints"]) == taints.as_slice() {
        return;
    }
    cluster.amend(nodes(), node, |n| {
        if taints.is_empty() {
            view::remove(n, &["spec", "taints"]);
        } else {
            view::set(n, &["spec", "taints"], taints);
        }
    });
}
