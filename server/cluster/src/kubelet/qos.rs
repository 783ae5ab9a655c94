//! Quality of service: the class of a pod, and what follows for its containers.
//!
//! Mirrors `pkg/apis/core/v1/helper/qos` and the kubelet's `qos/policy.go`.

use objects::Quantity;
use serde_json::Value;

use crate::view;

/// `Guaranteed`, `Burstable` or `BestEffort`.
pub fn class_of(pod: &Value) -> &'static str {
    let (mut any, mut guaranteed) = (false, true);
    for container in all_containers(pod) {
        for resource in ["cpu", "memory"] {
            let read = |kind: &str| {
                Quantity::of(view::at(container, &["resources", kind, resource]))
                    .filter(|q| !q.is_zero())
            };
            let (request, limit) = (read("requests"), read("limits"));
            any |= request.is_some() || limit.is_some();
            guaranteed &= limit.is_some() && request.is_none_or(|r| Some(r) == limit);
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

/// The init containers and containers of a pod.
pub fn all_containers(pod: &Value) -> impl Iterator<Item = &Value> {
    view::list(pod, &["spec", "initContainers"])
        .iter()
        .chain(view::list(pod, &["spec", "containers"]))
}

/// How ready the kernel is to kill a container when the node runs out of memory; `capacity` is the node's memory in bytes.
pub fn oom_score_adj(pod: &Value, container: &Value, capacity: i64) -> i64 {
    let critical = view::int(pod, &["spec", "priority"]).unwrap_or(0) >= 2_000_000_000;
    match class_of(pod) {
        _ if critical => -997,
        "Guaranteed" => -997,
        "BestEffort" => 1000,
        _ => {
            let request = Quantity::of(view::at(container, &["resources", "requests", "memory"]))
                .map_or(0, |q| q.units());
            (1000 - 1000 * request / capacity.max(1)).clamp(3, 999)
        }
    }
}

/// CPU shares of a request in thousandths of a CPU.
pub fn cpu_shares(millis: i64) -> u64 {
    if millis <= 0 {
        2
    } else {
        (millis * 1024 / 1000).clamp(2, 262_144) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn classes() {
        for (resources, class) in [
            (json!({}), "BestEffort"),
            (json!({"requests": {"cpu": "100m"}}), "Burstable"),
            (
                json!({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}}),
                "Guaranteed",
            ),
            (
                json!({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "1Gi"}}),
                "Burstable",
            ),
            (json!({"limits": {"memory": "1Gi"}}), "Burstable"),
            (json!({"requests": {"cpu": "0"}}), "BestEffort"),
        ] {
            let pod = json!({"spec": {"containers": [{"resources": resources}]}});
            assert_eq!(class_of(&pod), class, "{pod}");
        }
    }

    #[test]
    fn scores_and_shares() {
        let pod = json!({"spec": {"containers": [{"resources": {"requests": {"memory": "1Gi"}}}]}});
        assert_eq!(
            oom_score_adj(&pod, &pod["spec"]["containers"][0], 4 << 30),
            750
        );
        assert_eq!((cpu_shares(0), cpu_shares(500), cpu_shares(1)), (2, 512, 2));
    }
}
