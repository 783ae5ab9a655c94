//! At rest what runs on a node is what its pods say, and what pods say runs.

use std::collections::BTreeSet;

use objects::meta;

use crate::scene::{Scene, is_over, list, title};

pub fn look(scene: &Scene, wrong: &mut Vec<String>) {
    if !scene.at_rest {
        return;
    }
    let tenants = scene.cluster.tenants();
    for (node, tenants) in &tenants {
        for tenant in tenants {
            let pod = scene.of("pods").find(|p| meta::uid(p) == tenant.uid);
            if pod.is_none_or(|p| is_over(p) || p["spec"]["nodeName"] != node.as_str()) {
                let what = &tenant.container;
                wrong.push(format!("{what} runs on {node} for no pod: {pod:?}"));
            }
        }
    }
    let running: BTreeSet<&str> = tenants
        .iter()
        .flat_map(|(_, all)| all.iter().map(|t| t.id.as_str()))
        .collect();
    for pod in scene
        .of("pods")
        .filter(|p| meta::label(p, "steady") == Some("true"))
    {
        for status in list(pod, "/status/containerStatuses") {
            let id = status["containerID"].as_str().unwrap_or_default();
            let id = id.trim_start_matches("containerd://");
            if status["state"]["running"].is_object() && !running.contains(id) {
                wrong.push(format!("{}: {} does not run", title(pod), status["name"]));
            }
        }
    }
}
