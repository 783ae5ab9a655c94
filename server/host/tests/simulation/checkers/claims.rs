//! A volume is bound to one claim at most, and at rest both say so.

use std::collections::BTreeMap;

use objects::meta;

use crate::scene::{Scene, title};

pub fn look(scene: &Scene, wrong: &mut Vec<String>) {
    let mut bound: BTreeMap<&str, String> = BTreeMap::new();
    for claim in scene.of("persistentvolumeclaims") {
        let Some(volume) = claim["spec"]["volumeName"].as_str() else {
            continue;
        };
        if let Some(other) = bound.insert(volume, title(claim)) {
            wrong.push(format!("{volume} is bound to {other} and {}", title(claim)));
        }
        if !scene.at_rest {
            continue;
        }
        let found = scene.find("persistentvolumes", "", volume);
        let uid = found.map(|v| &v["spec"]["claimRef"]["uid"]);
        if uid.and_then(|u| u.as_str()) != Some(meta::uid(claim)) {
            wrong.push(format!(
                "{} has {volume}, which knows nothing of it",
                title(claim)
            ));
        }
    }
}
