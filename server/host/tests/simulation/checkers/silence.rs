//! What runs on a node without power or network nobody hears of: its containers are told as they were when it fell silent.

use std::collections::BTreeSet;

use super::Checker;
use crate::scene::{Scene, list, title};

#[derive(Default)]
pub struct Silence {
    /// The nodes that were silent at the last look.
    before: BTreeSet<String>,
}

impl Checker for Silence {
    fn name(&self) -> &'static str {
        "silence"
    }

    fn look(&mut self, scene: &Scene, wrong: &mut Vec<String>) {
        let now = scene.silent_nodes();
        let all_the_time = |node: &str| self.before.contains(node) && now.contains(node);
        for change in scene.changes.iter().filter(|c| c.resource.plural == "pods") {
            let (Some(old), new) = (&change.old, &change.object) else {
                continue;
            };
            let node = old["spec"]["nodeName"].as_str().unwrap_or_default();
            let part = "/status/containerStatuses";
            if all_the_time(node) && list(old, part) != list(new, part) {
                wrong.push(format!(
                    "{} is told anew from {node}, which is silent",
                    title(new)
                ));
            }
        }
        self.before = now;
    }
}
