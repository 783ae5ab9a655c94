//! A pod that came while its file server was gone has no container that was ever made.

use std::collections::BTreeMap;

use cluster::Fault;
use machine::{Health, Time};
use objects::{Object, meta};

use super::Checker;
use crate::scene::{Scene, list, title};

#[derive(Default)]
pub struct Mounts {
    /// Since when a server is gone, by its name.
    gone: BTreeMap<String, Time>,
}

/// The servers that a pod mounts from.
fn servers(pod: &Object) -> Vec<&str> {
    let volumes = list(pod, "/spec/volumes").iter();
    volumes
        .filter_map(|v| {
            let nfs = v["nfs"]["server"].as_str();
            nfs.or(v["iscsi"]["targetPortal"].as_str())
        })
        .collect()
}

impl Checker for Mounts {
    fn name(&self) -> &'static str {
        "mounts"
    }

    fn look(&mut self, scene: &Scene, wrong: &mut Vec<String>) {
        let mut gone = BTreeMap::new();
        for fault in scene.cluster.faults() {
            if let Fault::Nfs {
                server: name,
                state,
            }
            | Fault::Iscsi {
                portal: name,
                state,
            } = fault
                && state == Health::Gone
            {
                let since = self.gone.get(&name).copied().unwrap_or(scene.now);
                gone.insert(name, since);
            }
        }
        for pod in scene.of("pods") {
            let made = objects::time::parse_seconds(meta::creation_timestamp(pod));
            let came_later = |server: &&str| {
                let since = gone.get(*server).map(|since| since.seconds() + 1);
                since.is_some() && made > since
            };
            let Some(server) = servers(pod).into_iter().find(came_later) else {
                continue;
            };
            let statuses = list(pod, "/status/containerStatuses").iter();
            if statuses.filter(|s| s["containerID"].is_string()).count() > 0 {
                wrong.push(format!("{} runs, and {server} is gone", title(pod)));
            }
        }
        self.gone = gone;
    }
}
