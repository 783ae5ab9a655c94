//! Why a world has not come to rest: what is wanted and not there yet, each with the reason that the cluster itself gives.

use objects::{Object, meta};
use serde_json::Value;

use crate::scene::{Scene, condition, is_over, is_ready, phase, title};

fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

/// What a workload still lacks; `None`: it is as it should be.
pub fn unmet(object: &Value) -> Option<String> {
    let status = |member: &str| number(object, &format!("/status/{member}"));
    let wanted = number(object, "/spec/replicas");
    let told = match object["kind"].as_str().unwrap_or_default() {
        "Deployment" if object["spec"]["paused"] == true => return None,
        "Deployment" => [
            status("replicas"),
            status("updatedReplicas"),
            status("availableReplicas"),
        ],
        "ReplicaSet" => [
            status("replicas"),
            status("fullyLabeledReplicas"),
            status("availableReplicas"),
        ],
        "StatefulSet" => [
            status("replicas"),
            status("updatedReplicas"),
            status("availableReplicas"),
        ],
        "DaemonSet" => {
            let wanted = status("desiredNumberScheduled");
            let told = [
                status("currentNumberScheduled"),
                status("updatedNumberScheduled"),
                status("numberAvailable"),
            ];
            return lack(object, wanted, told);
        }
        _ => return None,
    };
    lack(object, wanted, told)
}

fn lack(object: &Value, wanted: i64, told: [i64; 3]) -> Option<String> {
    let stale = number(object, "/status/observedGeneration") != meta::generation(object);
    if !stale && told == [wanted; 3] {
        return None;
    }
    let [all, updated, available] = told;
    let seen = if stale {
        ", its last change not seen"
    } else {
        ""
    };
    let kind = object["kind"].as_str().unwrap_or_default();
    Some(format!(
        "{kind} {}: {wanted} wanted, {all} there, {updated} up to date, {available} available{seen}",
        title(object)
    ))
}

/// Why a pod does not run, in the cluster's own words; `None`: it is ready, or over.
pub fn held_up(pod: &Object) -> Option<String> {
    if meta::is_deleting(pod) {
        let since = meta::deletion_timestamp(pod);
        let on = &pod["spec"]["nodeName"];
        let (states, held) = (
            &pod["status"]["containerStatuses"],
            &pod["metadata"]["finalizers"],
        );
        return Some(format!(
            "Pod {} on {on}: to be gone since {since}, held by {held}: {states}",
            title(pod)
        ));
    }
    if is_over(pod) || is_ready(pod) {
        return None;
    }
    let (scheduled, reason) = condition(pod, "PodScheduled");
    if scheduled != "True" {
        return Some(format!("Pod {}: no node: {reason}", title(pod)));
    }
    let statuses = ["initContainerStatuses", "containerStatuses"];
    let all = statuses
        .iter()
        .filter_map(|s| pod["status"][s].as_array())
        .flatten();
    let states: Vec<String> = all
        .filter(|c| c["ready"] != true)
        .map(|c| format!("{} {}", c["name"], c["state"]))
        .collect();
    Some(format!(
        "Pod {} is {}: {}",
        title(pod),
        phase(pod),
        states.join(", ")
    ))
}

/// All reasons.
pub fn why_not_settled(scene: &Scene) -> Vec<String> {
    let workloads = scene.objects.iter().filter_map(|(_, _, o)| unmet(o));
    let pods = scene.of("pods").filter_map(held_up);
    let nodes = scene
        .of("nodes")
        .filter(|n| condition(n, "Ready").0 != "True")
        .map(|n| format!("Node {} is not ready", meta::name(n)));
    workloads.chain(pods).chain(nodes).collect()
}
