//! What stands on the nodes, added up once and kept in step while pods are bound one after the other: a thousand pods that are due
//! at once do not add up the same sums a thousand times.
//!
//! Mirrors the scheduler's cache, NodeInfo and its assumed pods.

use std::collections::{BTreeMap, BTreeSet};

use objects::{Object, Quantity, meta};
use serde_json::Value;

use super::affinity::{self, Placed};
use super::preemption::priority;
use super::resources::{self, Amounts};
use crate::cluster::{Cluster, resource};
use crate::view;

/// What a container without requests counts as where nodes are compared: 100m and 200Mi.
const UNASKED: (f64, f64) = (0.1, 200.0 * 1024.0 * 1024.0);

/// One node with what stands on it.
#[derive(Clone)]
pub(super) struct NodeInfo {
    pub node: Object,
    /// What its spec says of who may come, so that a pod need not look.
    pub is_cordoned: bool,
    pub is_tainted: bool,
    pub room: Amounts,
    pub pods: Vec<Object>,
    pub requested: Amounts,
    /// CPUs and bytes, for scores: all, and those asked for.
    pub size: (f64, f64),
    pub taken: (f64, f64),
    /// Pods by the uid of their controller.
    pub controllers: BTreeMap<String, i64>,
}

/// All nodes, in order of their names.
#[derive(Clone)]
pub(super) struct Snapshot {
    pub nodes: Vec<NodeInfo>,
    /// Pods for which room was made on a node, and that are not there yet.
    nominated: Vec<(Object, String)>,
    /// Whether a pod that stands somewhere keeps others away.
    pub keeps_away: bool,
}

impl NodeInfo {
    fn new(node: Object) -> NodeInfo {
        let room = resources::allocatable(&node);
        let amount = |name: &str| room.get(name).map_or(1.0, Quantity::as_f64);
        NodeInfo {
            is_cordoned: view::flag(&node, &["spec", "unschedulable"]),
            is_tainted: !view::list(&node, &["spec", "taints"]).is_empty(),
            size: (amount("cpu"), amount("memory")),
            room,
            node,
            pods: Vec::new(),
            requested: Amounts::new(),
            taken: (0.0, 0.0),
            controllers: BTreeMap::new(),
        }
    }

    fn add(&mut self, pod: Object) {
        let amounts = resources::held_amounts(&pod);
        let (cpu, memory) = asked(&amounts);
        self.taken = (self.taken.0 + cpu, self.taken.1 + memory);
        resources::add(&mut self.requested, &amounts);
        if let Some(uid) = controller(&pod) {
            *self.controllers.entry(uid.into()).or_default() += 1;
        }
        self.pods.push(pod);
    }
}

/// CPUs and bytes that a pod counts as where nodes are compared.
pub(super) fn asked(amounts: &Amounts) -> (f64, f64) {
    let amount = |name: &str, missing| amounts.get(name).map_or(missing, Quantity::as_f64);
    (amount("cpu", UNASKED.0), amount("memory", UNASKED.1))
}

/// The uid of a pod's controller.
pub(super) fn controller(pod: &Value) -> Option<&str> {
    meta::controller(pod).map(|c| view::text(c, &["uid"]))
}

impl Snapshot {
    /// Empty nodes, which come in order of their names.
    pub fn on<N: Into<Object>>(nodes: impl IntoIterator<Item = N>) -> Snapshot {
        let nodes = nodes.into_iter().map(|node| NodeInfo::new(node.into()));
        Snapshot {
            nodes: nodes.collect(),
            nominated: Vec::new(),
            keeps_away: false,
        }
    }

    /// What there is, without the pods of these uids.
    pub fn of(cluster: &Cluster, gone: &BTreeSet<String>) -> Snapshot {
        let mut snapshot = Snapshot::on(cluster.list(resource("", "nodes"), ""));
        for pod in cluster.standing_pods("") {
            if gone.contains(meta::uid(&pod)) {
                continue;
            }
            let bound = view::text(&pod, &["spec", "nodeName"]).to_string();
            let nominated = view::text(&pod, &["status", "nominatedNodeName"]);
            if !bound.is_empty() {
                snapshot.add(pod, &bound);
            } else if !nominated.is_empty() {
                let nominated = nominated.to_string();
                snapshot.nominated.push((pod, nominated));
            }
        }
        snapshot
    }

    /// A pod stands on a node now. One that is not known has nothing to keep.
    pub fn add(&mut self, pod: Object, node: &str) {
        self.keeps_away |= affinity::keeps_away(&pod);
        self.nominated
            .retain(|(p, _)| meta::uid(p) != meta::uid(&pod));
        let place = self
            .nodes
            .binary_search_by(|n| meta::name(&n.node).cmp(node));
        if let Ok(place) = place {
            self.nodes[place].add(pod);
        }
    }

    /// As `pod` sees it: those for which room was made, and that go before it, count as there. `None`: there are none.
    pub fn seen_by(&self, pod: &Object) -> Option<Snapshot> {
        let before = |other: &&(Object, String)| {
            meta::uid(&other.0) != meta::uid(pod) && priority(&other.0) >= priority(pod)
        };
        let counted: Vec<_> = self.nominated.iter().filter(before).cloned().collect();
        if counted.is_empty() {
            return None;
        }
        let mut seen = self.clone();
        for (other, node) in counted {
            seen.add(other, &node);
        }
        Some(seen)
    }

    /// Every pod with its node.
    pub fn placed(&self) -> Vec<Placed<'_>> {
        let mut all = Vec::new();
        for info in &self.nodes {
            let node = &*info.node;
            all.extend(info.pods.iter().map(|pod| Placed { pod, node }));
        }
        all
    }
}
