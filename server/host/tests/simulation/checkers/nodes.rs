//! A node's condition Ready tells whether it is heard of, a minute after that changed; one that runs again has its time to boot.

use std::collections::BTreeMap;

use machine::{Duration, Time};
use objects::meta;

use super::Checker;
use crate::scene::{Scene, condition};

/// The grace of the node lifecycle controller, and its own period.
const UNTIL_UNKNOWN: Duration = Duration::from_secs(60);
const UNTIL_READY: Duration = Duration::from_secs(90);

#[derive(Default)]
pub struct Nodes {
    /// Whether a node is silent, and since when, by uid.
    since: BTreeMap<String, (bool, Time)>,
}

impl Checker for Nodes {
    fn name(&self) -> &'static str {
        "nodes"
    }

    fn look(&mut self, scene: &Scene, wrong: &mut Vec<String>) {
        let silent = scene.silent_nodes();
        let mut since = BTreeMap::new();
        for node in scene.of("nodes") {
            let (uid, is_silent) = (meta::uid(node), silent.contains(meta::name(node)));
            let known = self.since.get(uid).filter(|(was, _)| *was == is_silent);
            let first = known.map_or(scene.now, |(_, first)| *first);
            since.insert(uid.to_string(), (is_silent, first));
            let (patience, expected) = if is_silent {
                (UNTIL_UNKNOWN, "Unknown")
            } else {
                (UNTIL_READY, "True")
            };
            let ready = condition(node, "Ready");
            if scene.now.since(first) > patience && ready.0 != expected {
                let name = meta::name(node);
                wrong.push(format!("{name} is told as {ready:?}, silent: {is_silent}"));
            }
        }
        self.since = since;
    }
}
