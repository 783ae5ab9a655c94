//! Nothing runs on a node without room: what its pods ask for fits into what it can give. Of a pod that was resized counts what the node
//! has allotted to it, not what it would like.

use std::collections::BTreeMap;

use objects::{Quantity, meta};
use serde_json::Value;

use crate::scene::{Scene, list, phase};

fn allotted<'a>(pod: &'a Value, container: &'a Value) -> &'a Value {
    let mut statuses = list(pod, "/status/containerStatuses").iter();
    let told = statuses.find(|s| s["name"] == container["name"]);
    told.and_then(|s| s.get("allocatedResources"))
        .unwrap_or(&container["resources"]["requests"])
}

pub fn look(scene: &Scene, wrong: &mut Vec<String>) {
    for node in scene.of("nodes") {
        let name = meta::name(node);
        let mut asked: BTreeMap<&str, i64> = BTreeMap::new();
        let on = |p: &&objects::Object| phase(p) == "Running" && p["spec"]["nodeName"] == name;
        for pod in scene.of("pods").filter(on) {
            *asked.entry("pods").or_default() += 1000;
            for (what, amount) in list(pod, "/spec/containers")
                .iter()
                .filter_map(|c| allotted(pod, c).as_object())
                .flatten()
            {
                let amount = Quantity::of(amount).map_or(0, |q| q.millis());
                *asked.entry(what.as_str()).or_default() += amount;
            }
        }
        for (what, amount) in asked {
            let room = &node["status"]["allocatable"][what];
            let room = Quantity::of(room).map_or(0, |q| q.millis());
            if amount > room {
                wrong.push(format!(
                    "{name} gives {room} thousandths of {what}, asked are {amount}"
                ));
            }
        }
    }
}
