//! A pod's phase moves only forward, an end is the end, and restarts are never taken back.

use serde_json::Value;

use crate::scene::{Scene, list, phase, title};

fn rank(pod: &Value) -> u8 {
    match phase(pod) {
        "Running" => 1,
        "Succeeded" | "Failed" => 2,
        _ => 0,
    }
}

pub fn look(scene: &Scene, wrong: &mut Vec<String>) {
    for change in scene.changes.iter().filter(|c| c.resource.plural == "pods") {
        let Some(old) = &change.old else { continue };
        let new = &change.object;
        if rank(new) < rank(old) || rank(old) == 2 && phase(old) != phase(new) {
            let (was, is) = (phase(old), phase(new));
            wrong.push(format!("{} was {was} and is {is}", title(new)));
        }
        for part in ["/status/containerStatuses", "/status/initContainerStatuses"] {
            for before in list(old, part) {
                let after = list(new, part).iter().find(|c| c["name"] == before["name"]);
                let count = |c: &Value| c["restartCount"].as_i64().unwrap_or(0);
                if after.is_none_or(|after| count(after) < count(before)) {
                    let (name, was) = (&before["name"], count(before));
                    wrong.push(format!(
                        "{}: {name} had {was} restarts, now {after:?}",
                        title(new)
                    ));
                }
            }
        }
    }
}
