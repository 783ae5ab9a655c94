//! Preemption: which pods of lower priority go so that a pod fits, and on which node that costs least.
//!
//! Mirrors the plugin DefaultPreemption.

use std::collections::{BTreeMap, BTreeSet};

use objects::selector::LabelSelector;
use objects::{Object, meta};
use serde_json::Value;

use super::filter;
use crate::cluster::{Cluster, pods, resource};
use crate::controllers::tainteviction::disrupt;
use crate::events::Kind;
use crate::view;

const BY: &str = "default-scheduler";

/// A node, and who would have to go from it.
struct Candidate {
    node: String,
    victims: Vec<Object>,
    violations: usize,
}

pub(super) fn priority(pod: &Value) -> i64 {
    view::int(pod, &["spec", "priority"]).unwrap_or(0)
}

fn start_time(pod: &Value) -> &str {
    let begun = view::text(pod, &["status", "startTime"]);
    if begun.is_empty() {
        meta::creation_timestamp(pod)
    } else {
        begun
    }
}

/// Why a pod may not preempt at all: the text of the event.
pub(super) fn refused(cluster: &Cluster, pod: &Value) -> Option<&'static str> {
    if view::text(pod, &["spec", "preemptionPolicy"]) == "Never" {
        return Some("not eligible due to preemptionPolicy=Never.");
    }
    let nominated = view::text(pod, &["status", "nominatedNodeName"]);
    if nominated.is_empty() {
        return None;
    }
    let all = cluster.list(pods(), "");
    let leaving = all.iter().any(|p| {
        view::text(p, &["spec", "nodeName"]) == nominated
            && meta::is_deleting(p)
            && priority(p) < priority(pod)
    });
    leaving.then_some("not eligible due to a terminating pod on the nominated node.")
}

/// Makes room for a pod on one of the nodes, if that is possible: its victims are deleted. Answers the node.
pub(super) fn make_room(cluster: &Cluster, pod: &Object, nodes: &[Object]) -> Option<String> {
    let candidates = nodes.iter().filter_map(|n| candidate(cluster, pod, n));
    let chosen = candidates.min_by_key(cost)?;
    let message = "default-scheduler: preempting to accommodate a higher priority pod";
    let text = format!(
        "Preempted by pod {} on node {}",
        meta::uid(pod),
        chosen.node
    );
    for victim in &chosen.victims {
        disrupt(cluster, victim, "PreemptionByScheduler", message);
        let _gone_already = cluster.delete(BY, pods(), victim, None);
        cluster.event_v1(victim, "Preempting", Kind::Normal, "Preempted", &text);
    }
    cluster.amend(pods(), pod, |p| {
        view::set(p, &["status", "nominatedNodeName"], chosen.node.clone());
    });
    Some(chosen.node)
}

/// Fewest budgets broken, lowest highest victim, lowest sum of priorities, fewest victims, the latest to have begun.
fn cost(candidate: &Candidate) -> (usize, i64, i64, usize, std::cmp::Reverse<String>) {
    let priorities = || candidate.victims.iter().map(|v| priority(v));
    let highest = priorities().max().unwrap_or(i64::MIN);
    let earliest = candidate
        .victims
        .iter()
        .filter(|v| priority(v) == highest)
        .map(|v| start_time(v))
        .min();
    (
        candidate.violations,
        highest,
        // Priorities may be negative: each counts as at least nothing.
        priorities().map(|p| p + (1 << 31)).sum(),
        candidate.victims.len(),
        std::cmp::Reverse(earliest.unwrap_or_default().to_string()),
    )
}

/// The fewest pods of lower priority without which the pod fits on the node.
fn candidate(cluster: &Cluster, pod: &Object, node: &Object) -> Option<Candidate> {
    let mut lower: Vec<Object> = cluster
        .standing_pods("")
        .into_iter()
        .filter(|p| {
            view::text(p, &["spec", "nodeName"]) == meta::name(node) && priority(p) < priority(pod)
        })
        .collect();
    let uids = |all: &[Object]| -> BTreeSet<String> {
        all.iter().map(|p| meta::uid(p).to_string()).collect()
    };
    if lower.is_empty() || !filter::fits_without(cluster, pod, node, &uids(&lower)) {
        return None;
    }
    let mut allowed = budgets(cluster);
    lower.sort_by_key(|p| (-priority(p), start_time(p).to_string()));
    // Those whose budget would be broken are spared first.
    let (breaking, others): (Vec<Object>, Vec<Object>) = lower
        .into_iter()
        .partition(|p| breaks_a_budget(&mut allowed, p));
    let broken = uids(&breaking);
    let order: Vec<Object> = breaking.into_iter().chain(others).collect();
    let mut gone: Vec<Object> = order.clone();
    for spared in &order {
        let without: Vec<Object> = gone
            .iter()
            .filter(|p| meta::uid(p) != meta::uid(spared))
            .cloned()
            .collect();
        if filter::fits_without(cluster, pod, node, &uids(&without)) {
            gone = without;
        }
    }
    let violations = gone
        .iter()
        .filter(|p| broken.contains(meta::uid(p)))
        .count();
    (!gone.is_empty()).then(|| Candidate {
        node: meta::name(node).into(),
        victims: gone,
        violations,
    })
}

/// Budgets with how many disruptions each still allows, by namespace and name.
fn budgets(cluster: &Cluster) -> BTreeMap<(String, String), (Object, i64)> {
    let all = cluster.list(resource("policy", "poddisruptionbudgets"), "");
    all.into_iter()
        .map(|b| {
            let key = (meta::namespace(&b).to_string(), meta::name(&b).to_string());
            let allowed = view::int(&b, &["status", "disruptionsAllowed"]).unwrap_or(0);
            (key, (b, allowed))
        })
        .collect()
}

fn breaks_a_budget(budgets: &mut BTreeMap<(String, String), (Object, i64)>, pod: &Object) -> bool {
    let mut broken = false;
    for ((namespace, _), (budget, allowed)) in budgets.iter_mut() {
        let selector = LabelSelector::from_object(view::at(budget, &["spec", "selector"]));
        if namespace == meta::namespace(pod) && selector.matches_object(pod) {
            *allowed -= 1;
            broken |= *allowed < 0;
        }
    }
    broken
}
