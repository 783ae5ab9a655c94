//! What a kubelet tells about its node: conditions, the heartbeat, events of its start. And the end and the return of a node.
//!
//! Mirrors the kubelet's `nodestatus` setters and `kubelet_node_status.go`. Heartbeats are not written: a node that runs has beaten within
//! the last ten seconds, and whoever reads is told so.

use machine::runtime::OVERLOAD;
use machine::{Duration, Health, Kernel, Time};
use serde_json::{Value, json};

use super::{Kubelet, SECOND};
use crate::cluster::{Cluster, resource};
use crate::events::{Kind, Source};
use crate::spec::NodeSpec;
use crate::view;

/// Between two heartbeats.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(10);
/// From a kubelet's first start until the network of its node is set up.
const NETWORK_SETUP: Duration = Duration::from_secs(8);

/// A condition of a node: type, whether it is a pressure, what is told when all is well, and when not.
struct Told {
    kind: &'static str,
    good: (&'static str, &'static str),
    bad: (&'static str, &'static str),
}

const TOLD: [Told; 4] = [
    Told {
        kind: "MemoryPressure",
        good: (
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
        ),
        bad: (
            "KubeletHasInsufficientMemory",
            "kubelet has insufficient memory available",
        ),
    },
    Told {
        kind: "DiskPressure",
        good: ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        bad: ("KubeletHasDiskPressure", "kubelet has disk pressure"),
    },
    Told {
        kind: "PIDPressure",
        good: (
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available",
        ),
        bad: (
            "KubeletHasInsufficientPID",
            "kubelet has insufficient PID available",
        ),
    },
    Told {
        kind: "Ready",
        good: ("KubeletReady", "kubelet is posting ready status"),
        bad: ("KubeletNotReady", crate::bootstrap::NO_NETWORK),
    },
];

/// The conditions of a node, ready or not, under the pressures named. Times are the caller's.
fn conditions(old: &[Value], ready: bool, pressures: &[&str], now: &str) -> Vec<Value> {
    let mut out = Vec::new();
    for told in &TOLD {
        let is_ready = told.kind == "Ready";
        let bad = if is_ready {
            !ready
        } else {
            pressures.contains(&told.kind)
        };
        let (reason, message) = if bad { told.bad } else { told.good };
        let status = if bad != is_ready { "True" } else { "False" };
        let before = old.iter().find(|c| c["type"] == told.kind);
        let since = before
            .filter(|c| c["status"] == status)
            .map_or_else(|| Value::from(now), |c| c["lastTransitionTime"].clone());
        out.push(
            json!({"type": told.kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": now, "lastTransitionTime": since}),
        );
    }
    let others = old
        .iter()
        .filter(|c| TOLD.iter().all(|t| c["type"] != t.kind));
    let mut all: Vec<Value> = others.cloned().collect();
    all.extend(out);
    all
}

impl Kubelet {
    /// The last heartbeat.
    pub(crate) fn heartbeat(&self) -> Time {
        self.silent_since().unwrap_or_else(|| {
            let period = HEARTBEAT.as_nanos() as i64;
            let now = self.0.now();
            // Each node beats at its own moment.
            let offset =
                i64::from(self.0.node.name.bytes().map(u32::from).sum::<u32>() % 10) * SECOND;
            Time((now.0 - offset).div_euclid(period) * period + offset)
        })
    }

    /// The node has power, is overloaded, or has none.
    pub(crate) fn set_power(&self, state: Health) {
        match (state, self.0.connection.has_power()) {
            (Health::Gone, true) => self.stop(),
            (Health::There | Health::Slow, false) => self.boot(),
            _ => {}
        }
        let overloaded = state == Health::Slow;
        self.0.computer.set_overloaded(overloaded);
        self.0.slowness.set(if overloaded { OVERLOAD } else { 1 });
    }

    /// A node that is new: its network is ready after a while.
    pub(crate) fn join(cluster: &Cluster, node: &NodeSpec, kernel: &Kernel) -> Kubelet {
        let kubelet = Kubelet::start(cluster, node, kernel);
        kubelet.0.ready.set(false);
        kubelet.tell_of_node(Kind::Normal, "Starting", "Starting kubelet.");
        for told in &TOLD[..3] {
            let reason = told.good.0.replacen("Kubelet", "Node", 1);
            let text = format!("Node {} status is now: {reason}", node.name);
            kubelet.tell_of_node(Kind::Normal, &reason, &text);
        }
        let enforced = "Updated Node Allocatable limit across pods";
        kubelet.tell_of_node(Kind::Normal, "NodeAllocatableEnforced", enforced);
        let joined = kubelet.clone();
        kubelet.0.spawn(async move {
            joined.0.cluster.executor().sleep(NETWORK_SETUP).await;
            joined.0.ready.set(true);
            joined.post_conditions();
        });
        kubelet
    }

    /// The node loses its power.
    pub(crate) fn stop(&self) {
        let agent = &self.0;
        self.lose_power();
        let tasks = std::mem::take(&mut *agent.tasks.borrow_mut());
        drop(tasks);
        let workers = std::mem::take(&mut *agent.workers.borrow_mut());
        for worker in workers.into_values() {
            worker.abandon(agent);
        }
        self.inside().lose_power();
    }

    /// The node has its power back: it boots, and its kubelet starts the pods that still belong to it.
    pub(super) fn come_up(&self) {
        let agent = &self.0;
        agent.ready.set(true);
        let cluster = &agent.cluster;
        if cluster
            .get(resource("", "nodes"), "", &agent.node.name)
            .is_none()
        {
            crate::bootstrap::install_node(cluster, &agent.node);
        }
        self.speak_again();
        self.tell_of_node(Kind::Normal, "Starting", "Starting kubelet.");
        let boot = crate::api::create::uid(&cluster.draw());
        let nodes = resource("", "nodes");
        if let Some(node) = cluster.get(nodes, "", &agent.node.name) {
            cluster.amend(nodes, &node, |n| {
                view::set(n, &["status", "nodeInfo", "bootID"], boot.clone());
            });
        }
        let text = format!(
            "Node {} has been rebooted, boot id: {boot}",
            agent.node.name
        );
        self.tell_of_node(Kind::Warning, "Rebooted", &text);
        self.post_conditions();
        self.follow_from_now();
    }

    /// Writes the node's conditions, and tells those that have changed.
    pub(crate) fn post_conditions(&self) {
        let agent = &self.0;
        if !agent.is_heard() {
            return;
        }
        let nodes = resource("", "nodes");
        let Some(node) = agent.cluster.get(nodes, "", &agent.node.name) else {
            return;
        };
        let old = view::list(&node, &["status", "conditions"]).to_vec();
        let pressures = agent.pressures.borrow().clone();
        let new = conditions(
            &old,
            agent.ready.get(),
            &pressures,
            &agent.cluster.now_text(),
        );
        for condition in &new {
            let before = old.iter().find(|c| c["type"] == condition["type"]);
            if before.is_none_or(|b| b["status"] != condition["status"]) {
                let reason = match view::text(condition, &["type"]) {
                    "Ready" if condition["status"] == "True" => "NodeReady".to_string(),
                    "Ready" => "NodeNotReady".to_string(),
                    _ => view::text(condition, &["reason"]).replacen("Kubelet", "Node", 1),
                };
                let text = format!("Node {} status is now: {reason}", agent.node.name);
                self.tell_of_node(Kind::Normal, &reason, &text);
            }
        }
        agent.cluster.amend(nodes, &node, |n| {
            view::set(n, &["status", "conditions"], new)
        });
    }

    /// An event about the node itself; the kubelet knows only its name.
    pub(crate) fn tell_of_node(&self, kind: Kind, reason: &str, message: &str) {
        let agent = &self.0;
        if !agent.is_heard() {
            return;
        }
        let name = &agent.node.name;
        let about = json!({"kind": "Node", "metadata": {"name": name, "uid": name}});
        let source = Source {
            component: "kubelet",
            host: name.clone(),
        };
        agent.cluster.event(&source, &about, kind, reason, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pressure_turns_one_condition_and_keeps_the_times_of_others() {
        let calm = conditions(&[], true, &[], "t0");
        let pressed = conditions(&calm, true, &["DiskPressure"], "t1");
        let told: Vec<_> = pressed
            .iter()
            .map(|c| {
                let text = |m: &str| c[m].as_str().unwrap_or_default().to_string();
                format!(
                    "{} {} {}",
                    text("type"),
                    text("status"),
                    text("lastTransitionTime")
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "MemoryPressure False t0",
                "DiskPressure True t1",
                "PIDPressure False t0",
                "Ready True t0"
            ]
        );
    }
}
