//! Which changes may let a pod fit that did not: each filter that rejected it says what it waits for. Pure.
//!
//! Mirrors the queueing hints of kube-scheduler's plugins (`EventsToRegister` and the `isSchedulableAfter…` functions).

use objects::meta;
use objects::selector::LabelSelector;
use serde_json::Value;

use super::affinity::{self, REQUIRED};
use super::resources;
use crate::store::{Change, ChangeKind};
use crate::view;

/// A filter that rejected a pod on some node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    NoNodes,
    Cordon,
    Name,
    Taint,
    /// The node selector or node affinity.
    Choice,
    Ports,
    Room,
    Disks,
    /// Claims, volumes and their classes.
    Claims,
    Spread,
    /// Affinity and anti-affinity between pods.
    Neighbours,
    /// It fitted, and could not be bound.
    Unbound,
}

/// Whether a change is of the kind that a filter waits for at all.
pub(super) fn concerns(cause: Cause, change: &Change) -> bool {
    let (plural, kind) = (change.resource.plural, change.kind);
    match cause {
        Cause::Unbound => true,
        _ if plural == "nodes" && kind == ChangeKind::Deleted => cause == Cause::Spread,
        Cause::Claims if plural != "pods" => true,
        _ if plural == "nodes" => true,
        Cause::Ports | Cause::Room | Cause::Disks => plural == "pods",
        Cause::Spread | Cause::Neighbours => plural == "pods",
        _ => false,
    }
}

/// Whether a change that concerns a filter may make it let the pod through.
pub(super) fn helps(cause: Cause, pod: &Value, change: &Change) -> bool {
    match change.resource.plural {
        "nodes" => node_helps(cause, pod, &change.object, change.old.as_deref()),
        "pods" => pod_helps(cause, pod, change),
        _ => true,
    }
}

fn node_helps(cause: Cause, pod: &Value, node: &Value, old: Option<&Value>) -> bool {
    // What was so before, and did not help then, does not help now.
    let becomes = |holds: &dyn Fn(&Value) -> bool| holds(node) && !old.is_some_and(holds);
    let relabelled = old.is_none_or(|old| old["metadata"]["labels"] != node["metadata"]["labels"]);
    match cause {
        Cause::NoNodes | Cause::Name | Cause::Ports | Cause::Disks => old.is_none(),
        Cause::Cordon => becomes(&|n| !view::flag(n, &["spec", "unschedulable"])),
        Cause::Taint => becomes(&|n| affinity::untolerated(pod, n).is_none()),
        Cause::Choice => becomes(&|n| affinity::node_suits(pod, n)),
        Cause::Room => {
            let wanted = resources::pod_amounts(pod, "requests");
            let room = resources::allocatable(node);
            let more =
                old.is_none_or(|old| old["status"]["allocatable"] != node["status"]["allocatable"]);
            more && resources::lacks(&wanted, &room, &resources::Amounts::new(), 0).is_empty()
        }
        Cause::Spread | Cause::Neighbours | Cause::Claims => {
            relabelled || old.is_some_and(|old| old["spec"]["taints"] != node["spec"]["taints"])
        }
        Cause::Unbound => true,
    }
}

fn pod_helps(cause: Cause, pod: &Value, change: &Change) -> bool {
    let (other, old) = (&change.object, change.old.as_deref());
    let took_room = old.unwrap_or(other);
    let is_gone = change.kind == ChangeKind::Deleted
        || (resources::takes_room(took_room) && !resources::takes_room(other));
    let has_come = old.is_none_or(|old| view::text(old, &["spec", "nodeName"]).is_empty());
    let relabelled =
        old.is_some_and(|old| old["metadata"]["labels"] != other["metadata"]["labels"]);
    match cause {
        Cause::Room => {
            let asks = |p| resources::held_amounts(p);
            is_gone || (!has_come && old.is_some_and(|old| asks(old) != asks(other)))
        }
        Cause::Ports => is_gone && !affinity::ports_free(pod, [&**other]),
        Cause::Disks => is_gone,
        Cause::Spread => (is_gone || has_come || relabelled) && is_spread_with(pod, other, old),
        Cause::Neighbours => (is_gone || has_come || relabelled) && is_neighbour(pod, other, old),
        _ => cause == Cause::Unbound,
    }
}

/// Whether a constraint of the pod counts another pod, now or before.
fn is_spread_with(pod: &Value, other: &Value, old: Option<&Value>) -> bool {
    let constraints = view::list(pod, &["spec", "topologySpreadConstraints"]);
    let counts = |constraint: &Value| {
        let selector = LabelSelector::from_object(view::at(constraint, &["labelSelector"]));
        selector.matches_object(other) || old.is_some_and(|old| selector.matches_object(old))
    };
    meta::namespace(pod) == meta::namespace(other) && constraints.iter().any(counts)
}

/// Whether a term of either means the other, now or before.
fn is_neighbour(pod: &Value, other: &Value, old: Option<&Value>) -> bool {
    let terms = |of, kind| view::list(of, &["spec", "affinity", kind, REQUIRED]).iter();
    let own = terms(pod, "podAffinity").chain(terms(pod, "podAntiAffinity"));
    let theirs = terms(other, "podAntiAffinity");
    own.into_iter().any(|term| {
        affinity::term_selects(term, pod, other)
            || old.is_some_and(|old| affinity::term_selects(term, pod, old))
    }) || theirs
        .into_iter()
        .any(|term| affinity::term_selects(term, other, pod))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(labels: Value, spec: Value, cpu: &str) -> Value {
        let allocatable = json!({"cpu": cpu, "pods": "110"});
        json!({"metadata": {"name": "n", "labels": labels}, "spec": spec, "status": {"allocatable": allocatable}})
    }

    #[test]
    fn a_node_helps_those_whom_it_suits_now() {
        let pod = json!({"metadata": {"name": "p", "namespace": "a"}, "spec": {"nodeSelector": {"disk": "ssd"},
            "containers": [{"name": "c", "resources": {"requests": {"cpu": "3"}}}]}});
        let plain = node(json!({}), json!({}), "2");
        let cordoned = node(json!({}), json!({"unschedulable": true}), "2");
        let tainted = node(
            json!({}),
            json!({"taints": [{"key": "k", "effect": "NoSchedule"}]}),
            "2",
        );
        let with_disk = node(json!({"disk": "ssd"}), json!({}), "2");
        let big = node(json!({}), json!({}), "4");
        let mut seen = Vec::new();
        for (old, new) in [
            (&plain, &cordoned),
            (&cordoned, &plain),
            (&plain, &tainted),
            (&tainted, &plain),
            (&plain, &with_disk),
            (&with_disk, &plain),
            (&plain, &big),
        ] {
            let all = [Cause::Cordon, Cause::Taint, Cause::Choice, Cause::Room];
            let helped = all
                .into_iter()
                .filter(|c| node_helps(*c, &pod, new, Some(old)));
            seen.push(helped.collect::<Vec<_>>());
        }
        let expect = [
            vec![],
            vec![Cause::Cordon],
            vec![],
            vec![Cause::Taint],
            vec![Cause::Choice],
            vec![],
            vec![Cause::Room],
        ];
        assert_eq!(seen, expect);
    }

    #[test]
    fn neighbours_come_and_go() {
        let term =
            json!([{"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "db"}}}]);
        let pod = json!({"metadata": {"name": "p", "namespace": "a"}, "spec": {"affinity": {"podAffinity": {REQUIRED: term}}}});
        let other = |app: &str| json!({"metadata": {"name": "o", "namespace": "a", "labels": {"app": app}}, "spec": {}});
        assert!(is_neighbour(&pod, &other("db"), None));
        assert!(is_neighbour(&pod, &other("web"), Some(&other("db"))));
        assert!(!is_neighbour(&pod, &other("web"), None));
    }
}
