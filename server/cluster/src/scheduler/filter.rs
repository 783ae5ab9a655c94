//! Filtering: which nodes a pod fits on; else the text that tells why none, sorted and counted as kube-scheduler does it.

use std::collections::{BTreeMap, BTreeSet};

use objects::{Object, meta};
use serde_json::Value;

use super::affinity::{self, Neighbours, Placed};
use super::preemption::priority;
use super::{resources, volumes};
use crate::cluster::{Cluster, pods, resource};
use crate::view;

/// Why a pod does not fit on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    pub reasons: Vec<String>,
    /// Whether removing pods could help.
    pub resolvable: bool,
}

impl Rejection {
    pub(super) fn never(reason: impl Into<String>) -> Self {
        Rejection {
            reasons: vec![reason.into()],
            resolvable: false,
        }
    }

    fn by_pods(reason: &str) -> Self {
        Rejection {
            reasons: vec![reason.into()],
            resolvable: true,
        }
    }
}

/// What the filters look at.
struct World<'a> {
    nodes: Vec<&'a Value>,
    placed: Vec<Placed<'a>>,
    taint_has_key: bool,
}

/// Why a pod fits nowhere.
pub(super) struct Unfit {
    /// `0/1 nodes are available: 1 Insufficient cpu.`
    pub reasons: String,
    /// What stands behind the reasons when preemption does not help either.
    pub no_victims: String,
    /// The nodes on which removing pods might help.
    pub promising: Vec<Object>,
}

impl Unfit {
    fn because(reasons: impl Into<String>) -> Unfit {
        Unfit {
            reasons: reasons.into(),
            no_victims: String::new(),
            promising: Vec::new(),
        }
    }
}

/// The nodes that a pod fits on, in order of their names, or why there is none.
pub(super) fn find(cluster: &Cluster, pod: &Object) -> Result<Vec<Object>, Unfit> {
    let nodes = cluster.list(resource("", "nodes"), "");
    if nodes.is_empty() {
        return Err(Unfit::because("no nodes available to schedule pods"));
    }
    let total = nodes.len();
    if let Err(text) = volumes::pre_filter(cluster, pod) {
        let tail = if minor_from(cluster, 36) {
            format!("{text}. not found")
        } else {
            format!("{text}.")
        };
        return Err(Unfit::because(format!(
            "0/{total} nodes are available: {tail}"
        )));
    }
    let all = counted_pods(cluster, pod, &BTreeSet::new());
    let world = world(cluster, &nodes, &all);
    let (mut fitting, mut promising) = (Vec::new(), Vec::new());
    let mut rejections = Vec::new();
    for node in &nodes {
        match reject(pod, node, &world).or_else(|| volumes::reject(cluster, pod, node)) {
            None => fitting.push(node.clone()),
            Some(rejection) => {
                if rejection.resolvable {
                    promising.push(node.clone());
                }
                rejections.push(rejection);
            }
        }
    }
    if !fitting.is_empty() {
        return Ok(fitting);
    }
    let reasons = counted(rejections.iter().flat_map(|r| r.reasons.clone()));
    Err(Unfit {
        reasons: format!("0/{total} nodes are available: {reasons}."),
        no_victims: no_victims(cluster, pod, total, &rejections),
        promising,
    })
}

/// Whether a pod would fit on a node if some pods (by uid) were not there.
pub(super) fn fits_without(
    cluster: &Cluster,
    pod: &Object,
    node: &Object,
    gone: &BTreeSet<String>,
) -> bool {
    let nodes = cluster.list(resource("", "nodes"), "");
    let all = counted_pods(cluster, pod, gone);
    let world = world(cluster, &nodes, &all);
    reject(pod, node, &world).is_none() && volumes::reject(cluster, pod, node).is_none()
}

/// The pods that take room, each with its node: those bound to one, and those for which one was made free and that go before `pod`.
fn counted_pods(cluster: &Cluster, pod: &Object, gone: &BTreeSet<String>) -> Vec<(Object, String)> {
    let mut out = Vec::new();
    for other in cluster.list(pods(), "") {
        if !resources::takes_room(&other) || gone.contains(meta::uid(&other)) {
            continue;
        }
        let bound = view::text(&other, &["spec", "nodeName"]);
        let nominated = view::text(&other, &["status", "nominatedNodeName"]);
        let before = meta::uid(&other) != meta::uid(pod) && priority(&other) >= priority(pod);
        if !bound.is_empty() {
            out.push((other.clone(), bound.to_string()));
        } else if !nominated.is_empty() && before {
            out.push((other.clone(), nominated.to_string()));
        }
    }
    out
}

fn world<'a>(cluster: &Cluster, nodes: &'a [Object], all: &'a [(Object, String)]) -> World<'a> {
    let by_name: BTreeMap<&str, &Value> = nodes.iter().map(|n| (meta::name(n), &**n)).collect();
    let placed = all.iter().filter_map(|(p, node)| {
        Some(Placed {
            pod: p,
            node: by_name.get(node.as_str()).copied()?,
        })
    });
    World {
        nodes: nodes.iter().map(|n| &**n).collect(),
        placed: placed.collect(),
        taint_has_key: !minor_from(cluster, 35),
    }
}

fn minor_from(cluster: &Cluster, minor: u32) -> bool {
    cluster.spec().minor() >= minor
}

/// The first plugin that rejects a node, in the order of the default plugins.
fn reject(pod: &Value, node: &Value, world: &World<'_>) -> Option<Rejection> {
    let tolerations = view::list(pod, &["spec", "tolerations"]);
    let cordon =
        serde_json::json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"});
    if view::flag(node, &["spec", "unschedulable"]) && !affinity::tolerated(tolerations, &cordon) {
        return Some(Rejection::never("node(s) were unschedulable"));
    }
    let asked = view::text(pod, &["spec", "nodeName"]);
    if !asked.is_empty() && asked != meta::name(node) {
        return Some(Rejection::never(
            "node(s) didn't match the requested node name",
        ));
    }
    if let Some(taint) = affinity::untolerated(pod, node) {
        let text = if world.taint_has_key {
            format!(
                "node(s) had untolerated taint {{{}: {}}}",
                view::text(taint, &["key"]),
                view::text(taint, &["value"])
            )
        } else {
            "node(s) had untolerated taint(s)".to_string()
        };
        return Some(Rejection::never(text));
    }
    if !affinity::node_suits(pod, node) {
        return Some(Rejection::never(
            "node(s) didn't match Pod's node affinity/selector",
        ));
    }
    let on_node: Vec<&Value> = world
        .placed
        .iter()
        .filter(|p| meta::name(p.node) == meta::name(node))
        .map(|p| p.pod)
        .collect();
    if !affinity::ports_free(pod, &on_node) {
        return Some(Rejection::by_pods(
            "node(s) didn't have free ports for the requested pod ports",
        ));
    }
    let lacks = resources::lacks(pod, node, &on_node);
    if !lacks.is_empty() {
        let resolvable = lacks.iter().all(|l| !l.hopeless);
        return Some(Rejection {
            reasons: lacks.into_iter().map(|l| l.reason).collect(),
            resolvable,
        });
    }
    match affinity::spread(pod, node, &world.nodes, &world.placed) {
        Ok(()) => {}
        Err(true) => {
            return Some(Rejection::never(
                "node(s) didn't match pod topology spread constraints (missing required label)",
            ));
        }
        Err(false) => {
            return Some(Rejection::by_pods(
                "node(s) didn't match pod topology spread constraints",
            ));
        }
    }
    match affinity::neighbours(pod, node, &world.placed) {
        Neighbours::Fine => None,
        Neighbours::AffinityMissed => {
            Some(Rejection::never("node(s) didn't match pod affinity rules"))
        }
        Neighbours::AntiAffinityHit => Some(Rejection::by_pods(
            "node(s) didn't match pod anti-affinity rules",
        )),
        Neighbours::OthersAntiAffinityHit => Some(Rejection::by_pods(
            "node(s) didn't satisfy existing pods anti-affinity rules",
        )),
    }
}

/// Reasons with their counts, sorted as texts.
fn counted(reasons: impl IntoIterator<Item = String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_default() += 1;
    }
    let mut texts: Vec<String> = counts
        .into_iter()
        .map(|(reason, n)| format!("{n} {reason}"))
        .collect();
    texts.sort();
    texts.join(", ")
}

/// What the event tells behind the reasons when nothing can be preempted.
fn no_victims(cluster: &Cluster, pod: &Value, total: usize, rejections: &[Rejection]) -> String {
    let preemption = match super::preemption::refused(cluster, pod) {
        Some(why) => format!("preemption: {why}"),
        None => {
            let help = rejections.iter().map(|r| {
                let text = if r.resolvable {
                    "No preemption victims found for incoming pod"
                } else {
                    "Preemption is not helpful for scheduling"
                };
                text.to_string()
            });
            format!(
                "preemption: 0/{total} nodes are available: {}.",
                counted(help)
            )
        }
    };
    let claims = if minor_from(cluster, 34) {
        "no new claims to deallocate, "
    } else {
        ""
    };
    format!("{claims}{preemption}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_and_sorted() {
        let texts = [
            "Insufficient memory",
            "Insufficient cpu",
            "Insufficient cpu",
        ]
        .map(String::from);
        assert_eq!(counted(texts), "1 Insufficient memory, 2 Insufficient cpu");
    }
}
