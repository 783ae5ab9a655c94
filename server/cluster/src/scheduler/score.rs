//! Scoring: which of the fitting nodes is best. Pure arithmetic over what is stored.
//!
//! Mirrors the default score plugins with their weights.

use objects::{Quantity, meta};
use serde_json::Value;

use super::snapshot::{NodeInfo, Snapshot, asked, controller};
use super::{affinity, resources};

/// What these nodes score, in their order.
pub(super) fn scores<'a>(
    snapshot: &'a Snapshot,
    pod: &Value,
    fitting: &[usize],
) -> Vec<(i64, &'a str)> {
    let wanted = asked(&resources::pod_amounts(pod, "requests"));
    let controller = controller(pod);
    let infos = fitting.iter().map(|place| &snapshot.nodes[*place]);
    infos
        .map(|info| {
            let score = score(pod, controller, wanted, info);
            (score, meta::name(&info.node))
        })
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

/// `controller`: its uid. `wanted`: CPUs and bytes.
fn score(pod: &Value, controller: Option<&str>, wanted: (f64, f64), info: &NodeInfo) -> i64 {
    let part = |sum: f64, name: &str| {
        let room = info.room.get(name).map_or(1.0, Quantity::as_f64);
        (sum / room.max(1e-9)).min(1.0)
    };
    let (cpu, memory) = (
        part(info.taken.0 + wanted.0, "cpu"),
        part(info.taken.1 + wanted.1, "memory"),
    );
    let least_allocated = ((1.0 - cpu) + (1.0 - memory)) * 50.0;
    let balanced = (1.0 - (cpu - memory).abs() / 2.0) * 100.0;
    let preferred = affinity::preference(pod, &info.node).min(100) * 2;
    let disliked = affinity::disliked(pod, &info.node) * 100 * 3;
    // Pods of one controller are spread over nodes.
    let same_kind = controller.and_then(|uid| info.controllers.get(uid));
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
