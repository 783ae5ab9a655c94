//! The ledgers of memory and processes count what is there.

use crate::scene::Scene;

pub fn look(scene: &Scene, wrong: &mut Vec<String>) {
    wrong.extend(scene.cluster.miscounted());
}
