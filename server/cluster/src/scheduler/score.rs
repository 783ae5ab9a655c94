//! Scoring: which of the fitting nodes is best. Pure arithmetic over what is stored.
//!
//! Mirrors the default score plugins with their weights.

use objects::{Object, Quantity, meta};
use serde_json::Value;

use super::{affinity, resources};
use crate::cluster::{Cluster, pods};
use crate::view;

/// The name of the best node; among equals the first by name.
pub(super) fn best(cluster: &Cluster, pod: &Value, fitting: &[Object]) -> String {
    let all = cluster.list(pods(), "");
    let mut best: Option<(i64, &str)> = None;
    for node in fitting {
        let on_node: Vec<&Value> = all
            .iter()
            .filter(|p| {
                view::text(p, &["spec", "nodeName"]) == meta::name(node) && resources::takes_room(p)
            })
            .map(|p| &**p)
            .collect();
        let score = score(pod, node, &on_node);
        if best.is_none_or(|(most, _)| score > most) {
            best = Some((score, meta::name(node)));
        }
    }
    best.map_or_else(String::new, |(_, name)| name.to_string())
}

/// Part of a resource that is taken with the pod on the node, 0 to 1; missing requests count as 100m and 200Mi.
fn taken(pod: &Value, node: &Value, on_node: &[&Value], name: &str) -> f64 {
    let missing = if name == "cpu" {
        0.1
    } else {
        200.0 * 1024.0 * 1024.0
    };
    let each = on_node.iter().copied().chain([pod]);
    let sum: f64 = each
        .map(|p| {
            resources::pod_amounts(p, "requests")
                .get(name)
                .map_or(missing, Quantity::as_f64)
        })
        .sum();
    let room = resources::allocatable(node)
        .get(name)
        .map_or(1.0, Quantity::as_f64);
    (sum / room.max(1e-9)).min(1.0)
}

fn score(pod: &Value, node: &Value, on_node: &[&Value]) -> i64 {
    let (cpu, memory) = (
        taken(pod, node, on_node, "cpu"),
        taken(pod, node, on_node, "memory"),
    );
    let least_allocated = ((1.0 - cpu) + (1.0 - memory)) * 50.0;
    let balanced = (1.0 - (cpu - memory).abs() / 2.0) * 100.0;
    let same_kind = on_node.iter().filter(|p| shares_controller(pod, p)).count() as i64;
    let preferred = affinity::preference(pod, node).min(100) * 2;
    let disliked = affinity::disliked(pod, node) * 100 * 3;
    least_allocated as i64 + balanced as i64 + preferred - disliked - same_kind * 20
}

/// Pods of one controller are spread over nodes.
fn shares_controller(a: &Value, b: &Value) -> bool {
    let owner = |p: &Value| meta::controller(p).map(|c| view::text(c, &["uid"]).to_string());
    owner(a).is_some() && owner(a) == owner(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_emptier_node_is_better() {
        let node = json!({"status": {"allocatable": {"cpu": "2", "memory": "4Gi"}}});
        let pod = json!({"spec": {"containers": [{"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]}});
        assert!(score(&pod, &node, &[]) > score(&pod, &node, &[&pod]));
    }
}
