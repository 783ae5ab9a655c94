//! No two objects with one uid.

use std::collections::BTreeMap;

use objects::meta;

use crate::scene::{Scene, title};

pub fn look(scene: &Scene, wrong: &mut Vec<String>) {
    let mut seen = BTreeMap::new();
    for (_, plural, object) in &scene.objects {
        if let Some(other) = seen.insert(meta::uid(object), title(object)) {
            wrong.push(format!("{plural} {} has the uid of {other}", title(object)));
        }
    }
}
