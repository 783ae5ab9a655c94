//! While DNS is gone nobody is ready who has to ask it.

use cluster::Fault;
use machine::{Duration, Health, Time};

use super::Checker;
use crate::recipes::NAME_ASKED_FOR;
use crate::scene::{Scene, is_ready, list, title};

/// Three failed probes on an overloaded node, and the grace of one that fell silent.
const PATIENCE: Duration = Duration::from_secs(180);

#[derive(Default)]
pub struct Names {
    gone_since: Option<Time>,
}

impl Checker for Names {
    fn name(&self) -> &'static str {
        "names"
    }

    fn look(&mut self, scene: &Scene, wrong: &mut Vec<String>) {
        let gone = Fault::Dns {
            state: Health::Gone,
        };
        if !scene.cluster.faults().contains(&gone) {
            self.gone_since = None;
            return;
        }
        let since = *self.gone_since.get_or_insert(scene.now);
        if scene.now.since(since) <= PATIENCE {
            return;
        }
        for pod in scene.of("pods").filter(|p| is_ready(p)) {
            let asked = list(pod, "/spec/containers/0/readinessProbe/exec/command");
            if asked.iter().any(|word| word == NAME_ASKED_FOR) {
                wrong.push(format!("{} is ready without DNS", title(pod)));
            }
        }
    }
}
