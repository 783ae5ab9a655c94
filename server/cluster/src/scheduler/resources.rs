//! How much a pod asks for and how much a node has left. Pure arithmetic.
//!
//! Mirrors `component-helpers/resource` and the scheduler's NodeInfo.

use std::collections::BTreeMap;

use objects::Quantity;
use serde_json::Value;

use crate::view;

/// Amounts by resource name.
pub type Amounts = BTreeMap<String, Quantity>;

fn amounts(map: &Value) -> Amounts {
    view::members(map, &[])
        .filter_map(|(k, v)| Some((k.to_string(), Quantity::of(v)?)))
        .collect()
}

/// Adds amounts up.
pub fn add(to: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let sum = to.get(name).map_or(*amount, |a| a.plus(amount));
        to.insert(name.clone(), sum);
    }
}

fn raise(to: &mut Amounts, at_least: &Amounts) {
    for (name, amount) in at_least {
        let most = to
            .get(name)
            .filter(|a| *a > amount)
            .copied()
            .unwrap_or(*amount);
        to.insert(name.clone(), most);
    }
}

/// How much of a resource, as Kubernetes counts it: millis of CPU, units of all else.
pub(crate) fn whole(of: &Amounts, name: &str) -> i64 {
    let amount = of.get(name).copied().unwrap_or_default();
    if name == "cpu" {
        amount.millis()
    } else {
        amount.units()
    }
}

/// What a pod asks for (`kind` is `requests`) or is limited to (`limits`): its containers and sidecars together, or the greediest moment
/// of its init containers, and its overhead.
pub fn pod_amounts(pod: &Value, kind: &str) -> Amounts {
    amounts_by(pod, |_, container| {
        amounts(view::at(container, &["resources", kind]))
    })
}

/// What a pod counts as on its node: as long as a resize is on its way the larger of what it asks for and what it has, and what it has
/// where the node refused it.
pub fn held_amounts(pod: &Value) -> Amounts {
    let mut conditions = view::list(pod, &["status", "conditions"]).iter();
    let refused =
        conditions.any(|c| c["type"] == "PodResizePending" && c["reason"] == "Infeasible");
    amounts_by(pod, |statuses, container| {
        let asked = amounts(view::at(container, &["resources", "requests"]));
        let name = view::text(container, &["name"]);
        let told = view::named(view::list(pod, &["status", statuses]), name);
        let has = |path: &[&str]| told.map_or_else(Amounts::new, |t| amounts(view::at(t, path)));
        let mut held = has(&["allocatedResources"]);
        raise(&mut held, &has(&["resources", "requests"]));
        if held.is_empty() || !refused {
            raise(&mut held, &asked);
        }
        held
    })
}

/// `own`: of a container, and the name of the list in which its status stands.
fn amounts_by(pod: &Value, own: impl Fn(&str, &Value) -> Amounts) -> Amounts {
    let mut total = Amounts::new();
    for container in view::list(pod, &["spec", "containers"]) {
        add(&mut total, &own("containerStatuses", container));
    }
    let (mut sidecars, mut peak) = (Amounts::new(), Amounts::new());
    for container in view::list(pod, &["spec", "initContainers"]) {
        let wanted = own("initContainerStatuses", container);
        let mut moment = sidecars.clone();
        add(&mut moment, &wanted);
        raise(&mut peak, &moment);
        if view::text(container, &["restartPolicy"]) == "Always" {
            add(&mut sidecars, &wanted);
            add(&mut total, &wanted);
        }
    }
    raise(&mut total, &peak);
    add(&mut total, &amounts(view::at(pod, &["spec", "overhead"])));
    total
}

/// Whether a pod still takes room on its node.
pub fn takes_room(pod: &Value) -> bool {
    !matches!(
        view::text(pod, &["status", "phase"]),
        "Succeeded" | "Failed"
    )
}

/// What pods may use on a node.
pub fn allocatable(node: &Value) -> Amounts {
    amounts(view::at(node, &["status", "allocatable"]))
}

/// The sum of what pods ask for.
pub fn requested<'a>(pods: impl IntoIterator<Item = &'a Value>) -> Amounts {
    let mut sum = Amounts::new();
    for pod in pods {
        add(&mut sum, &pod_amounts(pod, "requests"));
    }
    sum
}

/// Which resources a node lacks for a pod, and whether the pod would not fit even on an empty node.
pub struct Lack {
    pub reason: String,
    pub hopeless: bool,
}

/// `Too many pods`, `Insufficient cpu`, … in the order in which the scheduler tells them; empty when what is `wanted` fits into
/// `room`, of which so many pods have `used` so much.
pub fn lacks(wanted: &Amounts, room: &Amounts, used: &Amounts, pods: usize) -> Vec<Lack> {
    let mut lacks = Vec::new();
    let most = room.get("pods").map_or(0, Quantity::units);
    if pods as i64 + 1 > most {
        lacks.push(Lack {
            reason: "Too many pods".into(),
            hopeless: false,
        });
    }
    let first = ["cpu", "memory", "ephemeral-storage"];
    let others = wanted
        .keys()
        .map(String::as_str)
        .filter(|k| !first.contains(k));
    for name in first.iter().copied().chain(others) {
        let Some(asked) = wanted.get(name).filter(|a| !a.is_zero()) else {
            continue;
        };
        let zero = Quantity::default();
        let have = room.get(name).unwrap_or(&zero);
        let taken = used.get(name).unwrap_or(&zero);
        if *asked > have.minus(taken) {
            lacks.push(Lack {
                reason: format!("Insufficient {name}"),
                hopeless: asked > have,
            });
        }
    }
    lacks
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn init_containers_and_sidecars_count() {
        let pod = json!({"spec": {
            "containers": [{"resources": {"requests": {"cpu": "100m"}}}],
            "initContainers": [
                {"restartPolicy": "Always", "resources": {"requests": {"cpu": "50m"}}},
                {"resources": {"requests": {"cpu": "300m", "memory": "1Mi"}}},
            ],
        }});
        let amounts = pod_amounts(&pod, "requests");
        assert_eq!(
            (amounts["cpu"].millis(), amounts["memory"].units()),
            (350, 1 << 20)
        );
    }

    #[test]
    fn a_pod_holds_what_it_has_until_its_resize_is_done() {
        let pod = |asks: &str, has: &str, reason: &str| {
            let requests = |cpu: &str| json!({"cpu": cpu});
            let status = json!({"name": "c", "allocatedResources": requests(has), "resources": {"requests": requests(has)}});
            let pending = json!({"type": "PodResizePending", "status": "True", "reason": reason});
            json!({"spec": {"containers": [{"name": "c", "resources": {"requests": requests(asks)}}]},
                "status": {"containerStatuses": [status], "conditions": [pending]}})
        };
        let held = |pod: Value| held_amounts(&pod)["cpu"].millis();
        assert_eq!(held(pod("300m", "1500m", "Deferred")), 1500);
        assert_eq!(held(pod("1500m", "300m", "Deferred")), 1500);
        assert_eq!(held(pod("64", "300m", "Infeasible")), 300);
        assert_eq!(held(pod("64", "0", "Deferred")), 64000);
    }

    #[test]
    fn tells_what_is_missing() {
        let node = json!({"status": {"allocatable": {"cpu": "1", "memory": "1Gi", "pods": "2"}}});
        let pod = |cpu: &str| json!({"spec": {"containers": [{"resources": {"requests": {"cpu": cpu, "nvidia.com/gpu": "1"}}}]}});
        let (small, big) = (pod("800m"), pod("3"));
        let told = |p: &Value, on: &[&Value]| {
            let (wanted, used) = (pod_amounts(p, "requests"), requested(on.iter().copied()));
            lacks(&wanted, &allocatable(&node), &used, on.len())
                .into_iter()
                .map(|l| (l.reason, l.hopeless))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            told(&big, &[]),
            [
                ("Insufficient cpu".to_string(), true),
                ("Insufficient nvidia.com/gpu".to_string(), true)
            ]
        );
        assert_eq!(
            told(&small, &[&small])[0],
            ("Insufficient cpu".to_string(), false)
        );
        assert_eq!(
            told(&small, &[&small, &small])[0],
            ("Too many pods".to_string(), false)
        );
    }
}
