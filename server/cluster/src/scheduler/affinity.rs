//! Whether a node suits a pod by its labels, taints and neighbours. Pure.
//!
//! Mirrors the plugins NodeAffinity, TaintToleration, NodePorts, InterPodAffinity and PodTopologySpread.

use objects::meta;
use objects::selector::LabelSelector;
use serde_json::Value;

use crate::view;

/// One term of a node selector: all its expressions and fields.
pub fn term_matches(term: &Value, node: &Value) -> bool {
    let expressions = view::list(term, &["matchExpressions"]);
    let fields = view::list(term, &["matchFields"]);
    if expressions.is_empty() && fields.is_empty() {
        return false;
    }
    expressions
        .iter()
        .all(|e| expression_matches(e, meta::label(node, view::text(e, &["key"]))))
        && fields.iter().all(|e| {
            let own = (view::text(e, &["key"]) == "metadata.name").then(|| meta::name(node));
            expression_matches(e, own)
        })
}

fn expression_matches(expression: &Value, own: Option<&str>) -> bool {
    let values = view::list(expression, &["values"]);
    let number = |text: &str| text.parse::<i64>().ok();
    let bound = values.first().and_then(Value::as_str).and_then(number);
    match view::text(expression, &["operator"]) {
        "In" => own.is_some_and(|o| values.iter().any(|v| v == o)),
        "NotIn" => own.is_none_or(|o| values.iter().all(|v| v != o)),
        "Exists" => own.is_some(),
        "DoesNotExist" => own.is_none(),
        "Gt" => own.and_then(number).zip(bound).is_some_and(|(o, b)| o > b),
        "Lt" => own.and_then(number).zip(bound).is_some_and(|(o, b)| o < b),
        _ => false,
    }
}

/// Whether a pod asks for certain nodes.
pub fn is_choosy(pod: &Value) -> bool {
    let set = |path: &[&str]| !view::at(pod, path).is_null();
    set(&["spec", "nodeSelector"]) || set(&["spec", "affinity", "nodeAffinity"])
}

/// Node selector and required node affinity.
pub fn node_suits(pod: &Value, node: &Value) -> bool {
    let selector = view::members(pod, &["spec", "nodeSelector"]);
    for (key, value) in selector {
        if meta::label(node, key) != value.as_str() {
            return false;
        }
    }
    let required = view::at(
        pod,
        &[
            "spec",
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
        ],
    );
    let terms = view::list(required, &["nodeSelectorTerms"]);
    required.is_null() || terms.iter().any(|t| term_matches(t, node))
}

fn preferred(pod: &Value) -> &[Value] {
    view::list(
        pod,
        &[
            "spec",
            "affinity",
            "nodeAffinity",
            "preferredDuringSchedulingIgnoredDuringExecution",
        ],
    )
}

/// Whether a pod likes some nodes more than others.
pub fn has_preferences(pod: &Value) -> bool {
    !preferred(pod).is_empty()
}

/// The weights of the preferred terms that a node satisfies.
pub fn preference(pod: &Value, node: &Value) -> i64 {
    let preferred = preferred(pod);
    let weights = preferred
        .iter()
        .filter(|p| term_matches(view::at(p, &["preference"]), node));
    weights.filter_map(|p| view::int(p, &["weight"])).sum()
}

/// Whether one of the tolerations tolerates a taint.
pub fn tolerated(tolerations: &[Value], taint: &Value) -> bool {
    tolerations.iter().any(|t| {
        let (key, effect) = (view::text(t, &["key"]), view::text(t, &["effect"]));
        let same_effect = effect.is_empty() || effect == view::text(taint, &["effect"]);
        let same_key = key.is_empty() || key == view::text(taint, &["key"]);
        let exists = view::text(t, &["operator"]) == "Exists";
        same_effect
            && same_key
            && (exists
                || (!key.is_empty() && view::text(t, &["value"]) == view::text(taint, &["value"])))
    })
}

/// The first taint that keeps a pod away.
pub fn untolerated<'a>(pod: &Value, node: &'a Value) -> Option<&'a Value> {
    view::list(node, &["spec", "taints"])
        .iter()
        .filter(|t| matches!(view::text(t, &["effect"]), "NoSchedule" | "NoExecute"))
        .find(|t| !tolerated(view::list(pod, &["spec", "tolerations"]), t))
}

/// How many PreferNoSchedule taints a pod does not tolerate.
pub fn disliked(pod: &Value, node: &Value) -> i64 {
    let soft = view::list(node, &["spec", "taints"])
        .iter()
        .filter(|t| view::text(t, &["effect"]) == "PreferNoSchedule");
    soft.filter(|t| !tolerated(view::list(pod, &["spec", "tolerations"]), t))
        .count() as i64
}

/// Address, protocol and number of the ports of its node that a pod takes.
pub fn host_ports(pod: &Value) -> Vec<(&str, &str, i64)> {
    let containers = view::list(pod, &["spec", "containers"]).iter();
    let sidecars = view::list(pod, &["spec", "initContainers"])
        .iter()
        .filter(|c| view::text(c, &["restartPolicy"]) == "Always");
    containers
        .chain(sidecars)
        .flat_map(|c| view::list(c, &["ports"]))
        .filter_map(|p| {
            let port = view::int(p, &["hostPort"]).filter(|n| *n > 0)?;
            let ip = Some(view::text(p, &["hostIP"]))
                .filter(|i| !i.is_empty())
                .unwrap_or("0.0.0.0");
            let protocol = Some(view::text(p, &["protocol"]))
                .filter(|i| !i.is_empty())
                .unwrap_or("TCP");
            Some((ip, protocol, port))
        })
        .collect()
}

/// Whether a pod wants ports of its node.
pub fn asks_ports(pod: &Value) -> bool {
    !host_ports(pod).is_empty()
}

/// Whether the ports that a pod wants on its node are free.
pub fn ports_free<'a>(pod: &Value, on_node: impl IntoIterator<Item = &'a Value>) -> bool {
    let wanted = host_ports(pod);
    if wanted.is_empty() {
        return true;
    }
    let any = |ip: &str| ip == "0.0.0.0";
    !on_node
        .into_iter()
        .flat_map(host_ports)
        .any(|(ip, protocol, port)| {
            wanted
                .iter()
                .any(|w| w.1 == protocol && w.2 == port && (w.0 == ip || any(w.0) || any(ip)))
        })
}

/// A pod and the node that it runs on.
pub struct Placed<'a> {
    pub pod: &'a Value,
    pub node: &'a Value,
}

/// Whether a term of affinity between pods, which `owner` has, means another pod.
pub fn term_selects(term: &Value, owner: &Value, candidate: &Value) -> bool {
    let namespaces = view::texts(term, &["namespaces"]);
    let own = meta::namespace(candidate);
    let everywhere = term
        .get("namespaceSelector")
        .is_some_and(|s| s.as_object().is_some_and(|o| o.is_empty()));
    let inside = if namespaces.is_empty() && !everywhere {
        own == meta::namespace(owner)
    } else {
        everywhere || namespaces.iter().any(|n| n == own)
    };
    inside
        && LabelSelector::from_object(view::at(term, &["labelSelector"])).matches_object(candidate)
}

fn same_place(term: &Value, a: &Value, b: &Value) -> bool {
    let key = view::text(term, &["topologyKey"]);
    meta::label(a, key).is_some() && meta::label(a, key) == meta::label(b, key)
}

/// What the neighbours say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbours {
    Fine,
    AffinityMissed,
    AntiAffinityHit,
    OthersAntiAffinityHit,
}

pub const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// Whether a pod keeps others away from where it stands.
pub fn keeps_away(pod: &Value) -> bool {
    !view::list(pod, &["spec", "affinity", "podAntiAffinity", REQUIRED]).is_empty()
}

/// Whether a pod asks for neighbours, or for none, or to be spread: only then it matters where all the others stand.
pub fn minds_others(pod: &Value) -> bool {
    let affinity = view::list(pod, &["spec", "affinity", "podAffinity", REQUIRED]);
    let constraints = view::list(pod, &["spec", "topologySpreadConstraints"]);
    !affinity.is_empty() || !constraints.is_empty() || keeps_away(pod)
}

/// Required affinity and anti-affinity between pods.
pub fn neighbours(pod: &Value, node: &Value, all: &[Placed<'_>]) -> Neighbours {
    let affinity = view::list(pod, &["spec", "affinity", "podAffinity", REQUIRED]);
    let anti = view::list(pod, &["spec", "affinity", "podAntiAffinity", REQUIRED]);
    let satisfied = affinity.iter().all(|term| {
        let mut selected = all
            .iter()
            .filter(|p| term_selects(term, pod, p.pod))
            .peekable();
        // The first of a group may go anywhere.
        let first = selected.peek().is_none()
            && term_selects(term, pod, pod)
            && meta::label(node, view::text(term, &["topologyKey"])).is_some();
        first || selected.any(|p| same_place(term, node, p.node))
    });
    if !satisfied {
        return Neighbours::AffinityMissed;
    }
    if anti.iter().any(|t| {
        all.iter()
            .any(|p| term_selects(t, pod, p.pod) && same_place(t, node, p.node))
    }) {
        return Neighbours::AntiAffinityHit;
    }
    let others = all.iter().any(|p| {
        let terms = view::list(p.pod, &["spec", "affinity", "podAntiAffinity", REQUIRED]);
        terms
            .iter()
            .any(|t| term_selects(t, p.pod, pod) && same_place(t, node, p.node))
    });
    if others {
        Neighbours::OthersAntiAffinityHit
    } else {
        Neighbours::Fine
    }
}

/// Whether a pod would be spread as its DoNotSchedule constraints ask: `Err(true)` when the node lacks the topology's label.
pub fn spread(pod: &Value, node: &Value, nodes: &[&Value], all: &[Placed<'_>]) -> Result<(), bool> {
    for constraint in view::list(pod, &["spec", "topologySpreadConstraints"]) {
        if view::text(constraint, &["whenUnsatisfiable"]) != "DoNotSchedule" {
            continue;
        }
        let key = view::text(constraint, &["topologyKey"]);
        let Some(here) = meta::label(node, key) else {
            return Err(true);
        };
        let selector = LabelSelector::from_object(view::at(constraint, &["labelSelector"]));
        let count = |domain: &str| {
            let counted = all
                .iter()
                .filter(|p| meta::label(p.node, key) == Some(domain) && !meta::is_deleting(p.pod));
            counted
                .filter(|p| {
                    meta::namespace(p.pod) == meta::namespace(pod) && selector.matches_object(p.pod)
                })
                .count() as i64
        };
        let eligible = nodes
            .iter()
            .filter(|n| node_suits(pod, n))
            .filter_map(|n| meta::label(n, key));
        let least = eligible.map(count).min().unwrap_or(0);
        let own = i64::from(selector.matches_object(pod));
        let most = view::int(constraint, &["maxSkew"]).unwrap_or(1);
        if count(here) + own - least > most {
            return Err(false);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selectors_and_taints() {
        let node = json!({"metadata": {"name": "n", "labels": {"disk": "ssd", "size": "3"}},
            "spec": {"taints": [{"key": "a", "value": "b", "effect": "NoSchedule"}]}});
        for (pod, suits) in [
            (json!({"spec": {"nodeSelector": {"disk": "ssd"}}}), true),
            (json!({"spec": {"nodeSelector": {"disk": "hdd"}}}), false),
            (
                affine(json!([{"key": "size", "operator": "Gt", "values": ["2"]}])),
                true,
            ),
            (
                affine(json!([{"key": "disk", "operator": "NotIn", "values": ["ssd"]}])),
                false,
            ),
        ] {
            assert_eq!(node_suits(&pod, &node), suits, "{pod}");
        }
        assert!(untolerated(&json!({}), &node).is_some());
        for toleration in [
            json!({"operator": "Exists"}),
            json!({"key": "a", "operator": "Equal", "value": "b"}),
        ] {
            assert!(untolerated(&json!({"spec": {"tolerations": [toleration]}}), &node).is_none());
        }
    }

    fn affine(expressions: Value) -> Value {
        json!({"spec": {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
            {"nodeSelectorTerms": [{"matchExpressions": expressions}]}}}}})
    }

    #[test]
    fn ports_collide() {
        let pod = |ip: &str| json!({"spec": {"containers": [{"ports": [{"hostPort": 80, "hostIP": ip}]}]}});
        assert!(!ports_free(&pod(""), [&pod("10.0.0.1")]));
        assert!(ports_free(&pod("10.0.0.2"), [&pod("10.0.0.1")]));
    }
}
