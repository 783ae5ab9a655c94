//! Whether the node takes a pod that was bound to it: a pod may name its node and so come past the scheduler. Pure.
//!
//! Mirrors the kubelet's `lifecycle/predicate.go` (without the eviction of others for critical pods).

use objects::Quantity;
use serde_json::{Value, json};

use crate::scheduler::{affinity, resources};
use crate::view;

/// Why a node refuses a pod: `reason` and `message` as its event tells them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub reason: String,
    pub message: String,
}

impl Refusal {
    /// The node is under pressure.
    pub fn evicted(message: String) -> Refusal {
        Refusal {
            reason: "Evicted".into(),
            message,
        }
    }
}

/// The first reason against a pod on a node that holds the pods `others`.
pub(super) fn refusal(pod: &Value, node: &Value, others: &[&Value]) -> Option<Refusal> {
    let predicate = |name: &str, why: &str| Refusal {
        reason: name.into(),
        message: format!("Predicate {name} failed: {why}"),
    };
    if let Some(lacking) = lacking(pod, node, others) {
        return Some(lacking);
    }
    if !affinity::node_suits(pod, node) {
        let why = "node(s) didn't match Pod's node affinity/selector";
        return Some(predicate("NodeAffinity", why));
    }
    if !affinity::ports_free(pod, others.iter().copied()) {
        let why = "node(s) didn't have free ports for the requested pod ports";
        return Some(predicate("NodePorts", why));
    }
    None
}

/// The first resource of which a node has not enough left.
pub(super) fn lacking(pod: &Value, node: &Value, others: &[&Value]) -> Option<Refusal> {
    let room = resources::allocatable(node);
    let refuse = |name: &str, asked: i64, used: i64, capacity: i64| Refusal {
        reason: format!("OutOf{name}"),
        message: format!(
            "Node didn't have enough resource: {name}, requested: {asked}, used: {used}, capacity: {capacity}"
        ),
    };
    let most = room.get("pods").map_or(0, Quantity::units);
    let count = others.len() as i64;
    if count + 1 > most {
        return Some(refuse("pods", 1, count, most));
    }
    let wanted = resources::pod_amounts(pod, "requests");
    let used = resources::requested(others.iter().copied());
    let first = ["cpu", "memory", "ephemeral-storage"];
    let rest = room.keys().map(String::as_str);
    let rest = rest.filter(|name| !first.contains(name) && *name != "pods");
    for name in first.into_iter().chain(rest) {
        let number = |of| resources::whole(of, name);
        let (asked, taken, have) = (number(&wanted), number(&used), number(&room));
        if asked > 0 && asked > have - taken {
            return Some(refuse(name, asked, taken, have));
        }
    }
    None
}

/// The status of a pod that was refused. Containers that it had before its node was booted are nowhere to be found.
pub(super) fn status(pod: &Value, refusal: &Refusal, now: &str) -> Value {
    let mut status = json!({
        "phase": "Failed", "reason": refusal.reason, "message": format!("Pod was rejected: {}", refusal.message),
        "startTime": now, "qosClass": view::at(pod, &["status", "qosClass"]),
        "observedGeneration": objects::meta::generation(pod),
    });
    for member in ["initContainerStatuses", "containerStatuses"] {
        let told = view::list(pod, &["status", member]);
        if told.is_empty() {
            continue;
        }
        let mut told = told.to_vec();
        for container in &mut told {
            if container["state"].get("terminated").is_none() {
                container["state"] = nowhere();
            }
            container["ready"] = false.into();
            container["started"] = false.into();
        }
        status[member] = told.into();
    }
    status
}

/// The state of a container that should have ended, and of which the runtime knows nothing.
pub(super) fn nowhere() -> Value {
    json!({"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown",
        "message": "The container could not be located when the pod was terminated",
        "startedAt": null, "finishedAt": null}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(cpu: &str, selector: Value) -> Value {
        json!({"metadata": {"name": "p"}, "spec": {"nodeSelector": selector,
            "containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]}})
    }

    #[test]
    fn says_what_is_lacking() {
        let node = json!({"metadata": {"name": "n", "labels": {"disk": "hdd"}},
            "status": {"allocatable": {"cpu": "2", "memory": "4Gi", "pods": "2"}}});
        let big = pod("1500m", json!({}));
        let check = |pod: &Value, others: &[&Value], expect: Option<(&str, &str)>| {
            let found = refusal(pod, &node, others);
            let found = found
                .as_ref()
                .map(|r| (r.reason.as_str(), r.message.as_str()));
            assert_eq!(found, expect);
        };
        check(&big, &[], None);
        let text =
            "Node didn't have enough resource: cpu, requested: 1500, used: 1500, capacity: 2000";
        check(&big, &[&big], Some(("OutOfcpu", text)));
        let small = pod("1m", json!({}));
        let text = "Node didn't have enough resource: pods, requested: 1, used: 2, capacity: 2";
        check(&small, &[&small, &small], Some(("OutOfpods", text)));
        let text =
            "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
        let picky = pod("1m", json!({"disk": "ssd"}));
        check(&picky, &[], Some(("NodeAffinity", text)));
    }
}
