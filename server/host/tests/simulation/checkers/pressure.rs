//! A node whose disk is full says so, and no longer than five minutes after that is over; meanwhile it takes nobody in.

use std::collections::BTreeMap;

use cluster::Fault;
use machine::{Duration, Health, Time};
use objects::meta;
use serde_json::Value;

use super::Checker;
use crate::scene::{Scene, condition, is_over, list, title};

/// The kubelet looks every ten seconds.
const UNTIL_TOLD: Duration = Duration::from_secs(30);
/// So long the condition stays, and some.
const UNTIL_OVER: Duration = Duration::from_secs(330);
/// Where `imagefs.available` falls below its threshold.
const FULL: u8 = 85;

#[derive(Default)]
pub struct Pressure {
    /// Whether its disk is full, and since when, by uid of a node that is heard of.
    since: BTreeMap<String, (bool, Time)>,
}

/// Nodes whose disk somebody else fills, and those that take their time for everything.
fn full_and_slow(scene: &Scene) -> (Vec<String>, Vec<String>) {
    let (mut full, mut slow) = (Vec::new(), Vec::new());
    for fault in scene.cluster.faults() {
        match fault {
            Fault::Disk { node, percent } if percent > FULL => full.push(node),
            Fault::Node { node, state } | Fault::Network { node, state }
                if state == Health::Slow =>
            {
                slow.push(node);
            }
            _ => {}
        }
    }
    (full, slow)
}

/// Since when the disk is said to be full. Seconds.
fn told_since(node: &Value) -> Option<i64> {
    let conditions = list(node, "/status/conditions").iter();
    let mut pressed = conditions.filter(|c| c["type"] == "DiskPressure" && c["status"] == "True");
    objects::time::parse_seconds(pressed.next()?["lastTransitionTime"].as_str()?)
}

impl Checker for Pressure {
    fn name(&self) -> &'static str {
        "pressure"
    }

    fn look(&mut self, scene: &Scene, wrong: &mut Vec<String>) {
        let (full, slow) = full_and_slow(scene);
        let silent = scene.silent_nodes();
        let mut since = BTreeMap::new();
        for node in scene
            .of("nodes")
            .filter(|n| !silent.contains(meta::name(n)))
        {
            let name = meta::name(node).to_string();
            let is_full = full.contains(&name);
            let known = self.since.get(meta::uid(node));
            let first = known.filter(|(was, _)| *was == is_full);
            let first = first.map_or(scene.now, |(_, first)| *first);
            since.insert(meta::uid(node).to_string(), (is_full, first));
            let lasts = scene.now.since(first);
            let told = condition(node, "DiskPressure").0;
            if is_full && lasts > UNTIL_TOLD && told != "True" && !slow.contains(&name) {
                wrong.push(format!("the disk of {name} is full, and it says {told:?}"));
            }
            if !is_full && lasts > UNTIL_OVER && told != "False" {
                wrong.push(format!("the disk of {name} has room, and it says {told:?}"));
            }
            let Some(told_since) = told_since(node) else {
                continue;
            };
            let here = |p: &&objects::Object| p["spec"]["nodeName"] == name.as_str();
            for pod in scene.of("pods").filter(here).filter(|p| !is_over(p)) {
                let begun = pod["status"]["startTime"].as_str();
                if begun.and_then(objects::time::parse_seconds) > Some(told_since + 1) {
                    wrong.push(format!("{name} took {} in under pressure", title(pod)));
                }
            }
        }
        self.since = since;
    }
}
