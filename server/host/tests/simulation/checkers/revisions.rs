//! Revisions strictly rise, and each object carries the revision of its last change.

use super::Checker;
use crate::scene::{Scene, title};
use objects::meta;

#[derive(Default)]
pub struct Revisions {
    last: u64,
}

impl Checker for Revisions {
    fn name(&self) -> &'static str {
        "revisions"
    }

    fn look(&mut self, scene: &Scene, wrong: &mut Vec<String>) {
        for change in &scene.changes {
            let told = meta::resource_version(&change.object);
            if told != change.revision.to_string() {
                let name = title(&change.object);
                wrong.push(format!("{name} says {told} in change {}", change.revision));
            }
            if change.revision <= self.last {
                wrong.push(format!("{} follows {}", change.revision, self.last));
            }
            self.last = change.revision;
        }
        if scene.cluster.revision() != self.last && self.last != 0 {
            let stands = scene.cluster.revision();
            wrong.push(format!(
                "the store is at {stands}, the last change at {}",
                self.last
            ));
        }
    }
}
