//! Scoring: which of the fitting nodes is best. Pure arithmetic over what is stored.
//!
//! Mirrors the default score plugins with their weights.

use objects::meta;
use serde_json::Value;

use super::snapshot::{NodeInfo, Snapshot, asked, controller};
use super::{affinity, resources};

/// What of a pod counts for its scores: found out once, not once for each node.
struct Wish<'a> {
    pod: &'a Value,
    /// The uid of its controller.
    controller: Option<&'a str>,
    cpu: f64,
    memory: f64,
    has_preferences: bool,
}

/// What these nodes score, in their order.
pub(super) fn scores<'a>(
    snapshot: &'a Snapshot,
    pod: &Value,
    fitting: &[usize],
) -> Vec<(i64, &'a str)> {
    let (cpu, memory) = asked(&resources::pod_amounts(pod, "requests"));
    let wish = Wish {
        pod,
        controller: controller(pod),
        cpu,
        memory,
        has_preferences: affinity::has_preferences(pod),
    };
    let infos = fitting.iter().map(|place| &snapshot.nodes[*place]);
    infos
        .map(|info| (score(&wish, info), meta::name(&info.node)))
        .collect()
}

/// The name of the best node; among equals the first.
pub(super) fn best(scores: &[(i64, &str)]) -> String {
    let mut best: Option<(i64, &str)> = None;
    for (score, name) in scores {
        if best.is_none_or(|(most, _)| *score > most) {
            best = Some((*score, name));
        }
    }
    best.map_or_else(String::new, |(_, name)| name.to_string())
}

fn score(wish: &Wish<'_>, info: &NodeInfo) -> i64 {
    let part = |sum: f64, room: f64| (sum / room.max(1e-9)).min(1.0);
    let cpu = part(info.taken.0 + wish.cpu, info.size.0);
    let memory = part(info.taken.1 + wish.memory, info.size.1);
    let least_allocated = ((1.0 - cpu) + (1.0 - memory)) * 50.0;
    let balanced = (1.0 - (cpu - memory).abs() / 2.0) * 100.0;
    let preferred = match wish.has_preferences {
        true => affinity::preference(wish.pod, &info.node).min(100) * 2,
        false => 0,
    };
    let disliked = match info.is_tainted {
        true => affinity::disliked(wish.pod, &info.node) * 100 * 3,
        false => 0,
    };
    // Pods of one controller are spread over nodes.
    let same_kind = wish.controller.and_then(|uid| info.controllers.get(uid));
    let same_kind = same_kind.copied().unwrap_or(0);
    least_allocated as i64 + balanced as i64 + preferred - disliked - same_kind * 20
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_emptier_node_is_better() {
        let allocatable = json!({"cpu": "2", "memory": "4Gi"});
        let node = |name: &str| json!({"metadata": {"name": name}, "status": {"allocatable": allocatable}});
        let pod = json!({"spec": {"containers": [{"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]}});
        let mut snapshot = Snapshot::on([node("a"), node("b")]);
        assert_eq!(best(&scores(&snapshot, &pod, &[0, 1])), "a");
        snapshot.add(pod.clone().into(), "a");
        assert_eq!(best(&scores(&snapshot, &pod, &[0, 1])), "b");
    }
}
