//! Who has to go, in what order, and in which words. Pure.
//!
//! Mirrors `pkg/kubelet/eviction/helpers.go` of Kubernetes 1.36: its ranking and its messages, which end with a blank.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use objects::quantity::Format;
use objects::{Object, Quantity};
use serde_json::{Value, json};

use crate::kubelet::qos;
use crate::scheduler::{affinity, resources};
use crate::view;

/// What a node can run short of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Starved {
    Memory,
    Disk,
}

impl Starved {
    /// As requests and limits name it.
    pub fn resource(self) -> &'static str {
        match self {
            Starved::Memory => "memory",
            Starved::Disk => "ephemeral-storage",
        }
    }

    /// The node's condition.
    pub fn condition(self) -> &'static str {
        match self {
            Starved::Memory => "MemoryPressure",
            Starved::Disk => "DiskPressure",
        }
    }
}

/// A threshold that is crossed: less is available than the quantity. Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Threshold {
    pub starved: Starved,
    pub quantity: i64,
    pub available: i64,
}

/// What a running container uses, in bytes; `disk` with its log.
#[derive(Clone, Debug)]
pub(super) struct ContainerUse {
    pub name: String,
    pub memory: i64,
    pub disk: i64,
}

/// What a pod uses.
#[derive(Clone, Debug)]
pub(super) struct PodUse {
    pub pod: Object,
    pub containers: Vec<ContainerUse>,
    /// Bytes of its emptyDirs, by the volume's name.
    pub volumes: BTreeMap<String, i64>,
}

/// Why a pod goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub message: String,
    /// Of the event.
    pub annotations: Value,
}

fn bytes(amount: i64) -> Quantity {
    Quantity::from_units(amount, Format::BinarySi)
}

fn priority(pod: &Value) -> i64 {
    view::int(pod, &["spec", "priority"]).unwrap_or(0)
}

/// Pods without which no cluster works are left alone.
pub(super) fn is_critical(pod: &Value) -> bool {
    priority(pod) >= 2_000_000_000
}

impl PodUse {
    fn of(&self, starved: Starved) -> i64 {
        match starved {
            Starved::Memory => self.containers.iter().map(|c| c.memory).sum(),
            Starved::Disk => {
                let containers: i64 = self.containers.iter().map(|c| c.disk).sum();
                containers + self.volumes.values().sum::<i64>()
            }
        }
    }

    fn over_request(&self, starved: Starved) -> i64 {
        let wanted = resources::pod_amounts(&self.pod, "requests");
        self.of(starved) - wanted.get(starved.resource()).map_or(0, Quantity::units)
    }
}

/// Whether a pod has any limit of what it may write.
pub(in crate::kubelet) fn has_disk_limit(pod: &Value) -> bool {
    let of_volume = |v: &Value| !view::at(v, &["emptyDir", "sizeLimit"]).is_null();
    let of_container =
        |c: &Value| !view::at(c, &["resources", "limits", "ephemeral-storage"]).is_null();
    view::list(pod, &["spec", "volumes"]).iter().any(of_volume)
        || qos::all_containers(pod).any(of_container)
}

/// Why a pod goes that has written more than it may: the first of its volumes, then the pod as a whole, then its containers.
pub(super) fn over_disk_limit(of: &PodUse) -> Option<String> {
    for volume in view::list(&of.pod, &["spec", "volumes"]) {
        let name = view::text(volume, &["name"]);
        let limit = Quantity::of(view::at(volume, &["emptyDir", "sizeLimit"]));
        let used = of.volumes.get(name).copied().unwrap_or(0);
        if let Some(limit) = limit.filter(|l| l.units() > 0 && used > l.units()) {
            return Some(format!(
                "Usage of EmptyDir volume {name:?} exceeds the limit \"{limit}\". "
            ));
        }
    }
    let limits = resources::pod_amounts(&of.pod, "limits");
    if let Some(limit) = limits.get("ephemeral-storage")
        && of.of(Starved::Disk) > limit.units()
    {
        return Some(format!(
            "Pod ephemeral local storage usage exceeds the total limit of containers {limit}. "
        ));
    }
    qos::all_containers(&of.pod).find_map(|container| {
        let name = view::text(container, &["name"]);
        let path = ["resources", "limits", "ephemeral-storage"];
        let limit = Quantity::of(view::at(container, &path)).filter(|l| !l.is_zero())?;
        let used = of.containers.iter().find(|c| c.name == name)?.disk;
        (used > limit.units()).then(|| {
            format!("Container {name} exceeded its local ephemeral storage limit \"{limit}\". ")
        })
    })
}

/// The order in which pods go: those that use more than they asked for, the less important, those that are the most above their request.
pub(super) fn rank(mut uses: Vec<PodUse>, starved: Starved) -> Vec<PodUse> {
    uses.sort_by_key(|u| {
        let over = u.over_request(starved);
        (Reverse(over > 0), priority(&u.pod), Reverse(over))
    });
    uses
}

/// What a pod is told that goes because its node is short of something.
pub(super) fn message(threshold: &Threshold, of: &PodUse) -> Told {
    let resource = threshold.starved.resource();
    let mut text = format!(
        "The node was low on resource: {resource}. Threshold quantity: {}, available: {}. ",
        bytes(threshold.quantity),
        bytes(threshold.available)
    );
    let (mut names, mut amounts) = (Vec::new(), Vec::new());
    for container in qos::all_containers(&of.pod) {
        let name = view::text(container, &["name"]);
        let Some(used) = of.containers.iter().find(|c| c.name == name) else {
            continue;
        };
        let amount = match threshold.starved {
            Starved::Memory => used.memory,
            Starved::Disk => used.disk,
        };
        let request = Quantity::of(view::at(container, &["resources", "requests", resource]))
            .unwrap_or_default();
        if amount > request.units() {
            let amount = bytes(amount);
            text += &format!(
                "Container {name} was using {amount}, request is {request}, has larger consumption of {resource}. "
            );
            names.push(name.to_string());
            amounts.push(amount.to_string());
        }
    }
    Told {
        message: text,
        annotations: json!({"offending_containers": names.join(","), "offending_containers_usage": amounts.join(","),
            "starved_resource": resource}),
    }
}

/// Why a node under pressure does not take a new pod.
pub(in crate::kubelet) fn refuses(pod: &Value, pressures: &[&str]) -> Option<String> {
    if pressures.is_empty() || is_critical(pod) {
        return None;
    }
    if pressures == ["MemoryPressure"] {
        let taint = json!({"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"});
        let bears = affinity::tolerated(view::list(pod, &["spec", "tolerations"]), &taint);
        if qos::class_of(pod) != "BestEffort" || bears {
            return None;
        }
    }
    Some(format!(
        "The node had condition: [{}]. ",
        pressures.join(" ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: i64 = 1 << 20;

    fn using(name: &str, spec: Value, memory: i64, disk: i64) -> PodUse {
        let mut spec = spec;
        spec["containers"][0]["name"] = "c".into();
        PodUse {
            pod: Object::new(json!({"metadata": {"name": name}, "spec": spec})),
            containers: vec![ContainerUse {
                name: "c".into(),
                memory: memory * MIB,
                disk: disk * MIB,
            }],
            volumes: BTreeMap::from([("data".to_string(), 3 * MIB)]),
        }
    }

    fn asks(memory: &str) -> Value {
        json!({"containers": [{"resources": {"requests": {"memory": memory}}}]})
    }

    #[test]
    fn the_order_of_going() {
        let mut vip = using("vip", json!({"containers": [{}]}), 900, 0);
        let mut spec = (*vip.pod).clone();
        spec["spec"]["priority"] = 1000.into();
        vip.pod = Object::new(spec);
        let uses = vec![
            using("modest", asks("500Mi"), 400, 0),
            vip,
            using("small", asks("10Mi"), 60, 0),
            using("greedy", asks("100Mi"), 300, 0),
        ];
        let names: Vec<String> = rank(uses, Starved::Memory)
            .iter()
            .map(|u| objects::meta::name(&u.pod).to_string())
            .collect();
        assert_eq!(names, ["greedy", "small", "vip", "modest"]);
    }

    #[test]
    fn what_is_told_of_a_node_that_is_short() {
        let threshold = Threshold {
            starved: Starved::Memory,
            quantity: 100 * MIB,
            available: 50 * MIB,
        };
        let told = message(&threshold, &using("p", json!({"containers": [{}]}), 200, 0));
        assert_eq!(
            told.message,
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container c was using 200Mi, request is 0, \
             has larger consumption of memory. "
        );
        assert_eq!(told.annotations["offending_containers_usage"], "200Mi");
        let modest = message(&threshold, &using("p", asks("1Gi"), 200, 0)).message;
        assert!(modest.ends_with("available: 50Mi. "), "{modest}");
    }

    #[test]
    fn limits_of_what_is_written() {
        let limited = |limit: &str, size: &str| {
            json!({"containers": [{"resources": {"limits": {"ephemeral-storage": limit}}}],
                "volumes": [{"name": "data", "emptyDir": {"sizeLimit": size}}]})
        };
        for (limit, size, disk, expect) in [
            ("10Mi", "4Mi", 2, None),
            (
                "10Mi",
                "1Mi",
                2,
                Some("Usage of EmptyDir volume \"data\" exceeds the limit \"1Mi\". "),
            ),
            (
                "4Mi",
                "4Mi",
                2,
                Some(
                    "Pod ephemeral local storage usage exceeds the total limit of containers 4Mi. ",
                ),
            ),
        ] {
            let found = over_disk_limit(&using("p", limited(limit, size), 0, disk));
            assert_eq!(found.as_deref(), expect, "{limit} {size}");
        }
        let mut two = using("p", limited("1Mi", "4Mi"), 0, 2);
        let mut pod = (*two.pod).clone();
        let roomy = json!({"name": "d", "resources": {"limits": {"ephemeral-storage": "1Gi"}}});
        view::list_mut(&mut pod, &["spec", "containers"]).push(roomy);
        two.pod = Object::new(pod);
        assert_eq!(
            over_disk_limit(&two).as_deref(),
            Some("Container c exceeded its local ephemeral storage limit \"1Mi\". ")
        );
    }

    #[test]
    fn who_is_taken_under_pressure() {
        let (best_effort, burstable) = (json!({"spec": {"containers": [{}]}}), {
            let mut pod = json!({});
            pod["spec"] = asks("1Mi");
            pod
        });
        let refused = Some("The node had condition: [MemoryPressure]. ".to_string());
        assert_eq!(refuses(&best_effort, &["MemoryPressure"]), refused);
        assert_eq!(refuses(&burstable, &["MemoryPressure"]), None);
        assert!(refuses(&burstable, &["DiskPressure"]).is_some());
        assert_eq!(refuses(&best_effort, &[]), None);
        let critical = json!({"spec": {"priority": 2_000_001_000, "containers": [{}]}});
        assert_eq!(refuses(&critical, &["DiskPressure"]), None);
    }
}
