//! Filtering: which nodes a pod fits on; else the text that tells why none, sorted and counted as kube-scheduler does it.

use std::collections::{BTreeMap, BTreeSet};

use objects::{Object, meta};
use serde_json::Value;

use super::affinity::{self, Neighbours, Placed};
use super::hints::Cause;
use super::snapshot::{NodeInfo, Snapshot};
use super::{resources, volumes};
use crate::cluster::Cluster;
use crate::findings::Verdict;
use crate::view;

/// Why a pod does not fit on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    pub cause: Cause,
    pub reasons: Vec<String>,
    /// Whether removing pods could help.
    pub resolvable: bool,
}

impl Rejection {
    pub(super) fn never(cause: Cause, reason: impl Into<String>) -> Self {
        Rejection {
            cause,
            reasons: vec![reason.into()],
            resolvable: false,
        }
    }

    fn by_pods(cause: Cause, reason: &str) -> Self {
        Rejection {
            cause,
            reasons: vec![reason.into()],
            resolvable: true,
        }
    }
}

/// What the filters look at: found out once for a pod, not once for each node.
struct World<'a> {
    wanted: resources::Amounts,
    nodes: Vec<&'a Value>,
    /// All pods, where it matters to this one where they stand.
    placed: Option<Vec<Placed<'a>>>,
    taint_has_key: bool,
    /// The node that the pod names; empty: none.
    asked: &'a str,
    /// Whether the pod asks for certain nodes, for ports of its node, and for disks.
    is_choosy: bool,
    asks_ports: bool,
    asks_disks: bool,
    asks_claims: bool,
}

/// The nodes that a pod fits on, as places in the snapshot, and what is said of the others.
pub(super) struct Fitting {
    pub places: Vec<usize>,
    pub others: Vec<Verdict>,
}

/// Why a pod fits nowhere.
pub(super) struct Unfit {
    /// `0/1 nodes are available: 1 Insufficient cpu.`
    pub reasons: String,
    /// What stands behind the reasons when preemption does not help either.
    pub no_victims: String,
    /// The nodes on which removing pods might help.
    pub promising: Vec<Object>,
    /// Which filters rejected it.
    pub causes: BTreeSet<Cause>,
    /// What is said of each node; nothing where the pod itself is at fault.
    pub verdicts: Vec<Verdict>,
}

impl Unfit {
    fn because(cause: Cause, reasons: impl Into<String>) -> Unfit {
        Unfit {
            causes: BTreeSet::from([cause]),
            reasons: reasons.into(),
            no_victims: String::new(),
            promising: Vec::new(),
            verdicts: Vec::new(),
        }
    }
}

/// The nodes that a pod fits on, or why there is none.
pub(super) fn find(cluster: &Cluster, snapshot: &Snapshot, pod: &Object) -> Result<Fitting, Unfit> {
    let total = snapshot.nodes.len();
    if total == 0 {
        return Err(Unfit::because(
            Cause::NoNodes,
            "no nodes available to schedule pods",
        ));
    }
    if let Err(text) = volumes::pre_filter(cluster, pod) {
        let tail = if minor_from(cluster, 36) {
            format!("{text}. not found")
        } else {
            format!("{text}.")
        };
        let text = format!("0/{total} nodes are available: {tail}");
        return Err(Unfit::because(Cause::Claims, text));
    }
    let seen = snapshot.seen_by(pod);
    let snapshot = seen.as_ref().unwrap_or(snapshot);
    let world = world(cluster, snapshot, pod);
    let (mut places, mut promising) = (Vec::new(), Vec::new());
    let (mut rejections, mut others) = (Vec::new(), Vec::new());
    for (place, info) in snapshot.nodes.iter().enumerate() {
        let rejection = reject(pod, info, &world).or_else(|| {
            if world.asks_claims {
                volumes::reject(cluster, pod, &info.node)
            } else {
                None
            }
        });
        match rejection {
            None => places.push(place),
            Some(rejection) => {
                if rejection.resolvable {
                    promising.push(info.node.clone());
                }
                others.push(Verdict {
                    node: meta::name(&info.node).into(),
                    score: None,
                    reasons: rejection.reasons.clone(),
                });
                rejections.push(rejection);
            }
        }
    }
    if !places.is_empty() {
        return Ok(Fitting { places, others });
    }
    let reasons = counted(rejections.iter().flat_map(|r| r.reasons.clone()));
    Err(Unfit {
        reasons: format!("0/{total} nodes are available: {reasons}."),
        no_victims: no_victims(cluster, pod, total, &rejections),
        promising,
        causes: rejections.iter().map(|r| r.cause).collect(),
        verdicts: others,
    })
}

/// Whether a pod would fit on a node if some pods (by uid) were not there.
pub(super) fn fits_without(
    cluster: &Cluster,
    pod: &Object,
    node: &Object,
    gone: &BTreeSet<String>,
) -> bool {
    let all = Snapshot::of(cluster, gone);
    let seen = all.seen_by(pod).unwrap_or(all);
    let world = world(cluster, &seen, pod);
    let mut nodes = seen.nodes.iter();
    let info = nodes.find(|info| meta::name(&info.node) == meta::name(node));
    info.is_some_and(|info| reject(pod, info, &world).is_none())
        && volumes::reject(cluster, pod, node).is_none()
}

fn world<'a>(cluster: &Cluster, snapshot: &'a Snapshot, pod: &'a Value) -> World<'a> {
    let matters = snapshot.keeps_away || affinity::minds_others(pod);
    World {
        wanted: resources::pod_amounts(pod, "requests"),
        nodes: snapshot.nodes.iter().map(|info| &*info.node).collect(),
        placed: matters.then(|| snapshot.placed()),
        taint_has_key: !minor_from(cluster, 35),
        asked: view::text(pod, &["spec", "nodeName"]),
        is_choosy: affinity::is_choosy(pod),
        asks_ports: affinity::asks_ports(pod),
        asks_disks: volumes::asks_disks(pod),
        asks_claims: !volumes::claims_of(pod).is_empty(),
    }
}

fn minor_from(cluster: &Cluster, minor: u32) -> bool {
    cluster.spec().minor() >= minor
}

/// The first plugin that rejects a node, in the order of the default plugins.
fn reject(pod: &Value, info: &NodeInfo, world: &World<'_>) -> Option<Rejection> {
    let node = &info.node;
    if info.is_cordoned {
        let tolerations = view::list(pod, &["spec", "tolerations"]);
        let cordon =
            serde_json::json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"});
        if !affinity::tolerated(tolerations, &cordon) {
            return Some(Rejection::never(
                Cause::Cordon,
                "node(s) were unschedulable",
            ));
        }
    }
    if !world.asked.is_empty() && world.asked != meta::name(node) {
        return Some(Rejection::never(
            Cause::Name,
            "node(s) didn't match the requested node name",
        ));
    }
    if info.is_tainted
        && let Some(taint) = affinity::untolerated(pod, node)
    {
        let text = if world.taint_has_key {
            format!(
                "node(s) had untolerated taint {{{}: {}}}",
                view::text(taint, &["key"]),
                view::text(taint, &["value"])
            )
        } else {
            "node(s) had untolerated taint(s)".to_string()
        };
        return Some(Rejection::never(Cause::Taint, text));
    }
    if world.is_choosy && !affinity::node_suits(pod, node) {
        return Some(Rejection::never(
            Cause::Choice,
            "node(s) didn't match Pod's node affinity/selector",
        ));
    }
    if world.asks_ports && !affinity::ports_free(pod, info.pods.iter().map(|p| &**p)) {
        return Some(Rejection::by_pods(
            Cause::Ports,
            "node(s) didn't have free ports for the requested pod ports",
        ));
    }
    let lacks = resources::lacks(&world.wanted, &info.room, &info.requested, info.pods.len());
    if !lacks.is_empty() {
        let resolvable = lacks.iter().all(|l| !l.hopeless);
        return Some(Rejection {
            cause: Cause::Room,
            reasons: lacks.into_iter().map(|l| l.reason).collect(),
            resolvable,
        });
    }
    if world.asks_disks && !volumes::disks_free(pod, info.pods.iter().map(|p| &**p)) {
        return Some(Rejection::by_pods(
            Cause::Disks,
            "node(s) had no available disk",
        ));
    }
    among_others(pod, node, &world.nodes, world.placed.as_deref()?)
}

/// As [`reject`], where it matters which pods stand where.
fn among_others(
    pod: &Value,
    node: &Value,
    nodes: &[&Value],
    placed: &[Placed<'_>],
) -> Option<Rejection> {
    match affinity::spread(pod, node, nodes, placed) {
        Ok(()) => {}
        Err(true) => {
            return Some(Rejection::never(
                Cause::Spread,
                "node(s) didn't match pod topology spread constraints (missing required label)",
            ));
        }
        Err(false) => {
            return Some(Rejection::by_pods(
                Cause::Spread,
                "node(s) didn't match pod topology spread constraints",
            ));
        }
    }
    match affinity::neighbours(pod, node, placed) {
        Neighbours::Fine => None,
        Neighbours::AffinityMissed => Some(Rejection::never(
            Cause::Neighbours,
            "node(s) didn't match pod affinity rules",
        )),
        Neighbours::AntiAffinityHit => Some(Rejection::by_pods(
            Cause::Neighbours,
            "node(s) didn't match pod anti-affinity rules",
        )),
        Neighbours::OthersAntiAffinityHit => Some(Rejection::by_pods(
            Cause::Neighbours,
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
