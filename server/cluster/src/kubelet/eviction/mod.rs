//! Eviction by the kubelet: pods that write more than they may go, and where the node is short of memory or disk, one pod after the other.
//!
//! Mirrors `pkg/kubelet/eviction/eviction_manager.go` of Kubernetes 1.36 with its hard thresholds. It looks every ten seconds, as that does,
//! but only while there is something that could have changed.

mod decide;

use std::collections::BTreeMap;
use std::rc::Rc;

use machine::runtime::Usage;
use machine::{Duration, Time};
use serde_json::Value;

use super::worker::Worker;
use super::{Agent, Kubelet, next_at};
use crate::events::{Kind, Telling};
use crate::view;
use decide::{ContainerUse, PodUse, Starved, Threshold, Told};

pub(super) use decide::{has_disk_limit, refuses};

/// Between two looks.
const PERIOD: i64 = 10;
/// How long a condition stays after the threshold is crossed no more.
const TRANSITION: Duration = Duration::from_secs(300);
/// memory.available: bytes.
const MEMORY: i64 = 100 << 20;
/// nodefs.available and imagefs.available, which are one disk here: hundredths of its capacity.
const DISK: [i64; 2] = [10, 15];

/// What the manager remembers.
struct Manager {
    kubelet: Kubelet,
    /// When each condition was last called for.
    called_for: BTreeMap<&'static str, Time>,
}

/// Watches over a node as long as it runs.
pub(super) async fn manage(kubelet: Kubelet) {
    let agent = kubelet.0.clone();
    agent.computer.mark_memory(MEMORY as u64);
    let grown = agent.computer.grown();
    let mut manager = Manager {
        kubelet,
        called_for: BTreeMap::new(),
    };
    loop {
        let told = grown.notified();
        if !manager.look() {
            told.await;
        }
        let next = next_look(agent.now());
        agent.cluster.executor().sleep_until(next).await;
    }
}

/// Looks come at their own place in ten seconds.
fn next_look(after: Time) -> Time {
    let mut at = next_at(after, 700_000_000);
    while at.seconds().rem_euclid(PERIOD) != 3 {
        at += Duration::from_secs(1);
    }
    at
}

/// The thresholds that are crossed, in the order in which they are dealt with.
fn crossed(memory: Usage, disk: Usage) -> Vec<Threshold> {
    let mut out = Vec::new();
    let mut check = |starved, quantity: i64, available: u64| {
        let available = available as i64;
        if available < quantity {
            out.push(Threshold {
                starved,
                quantity,
                available,
            });
        }
    };
    check(Starved::Memory, MEMORY, memory.available());
    for percent in DISK {
        let quantity = (i128::from(disk.capacity) * i128::from(percent) / 100) as i64;
        check(Starved::Disk, quantity, disk.available());
    }
    out
}

impl Manager {
    fn agent(&self) -> &Rc<Agent> {
        &self.kubelet.0
    }

    /// One look. Answers whether the next is to come whatever happens.
    fn look(&mut self) -> bool {
        let computer = &self.agent().computer;
        let crossed = crossed(computer.memory(), computer.disk());
        self.tell_conditions(&crossed);
        if !self.evict_over_limits()
            && let Some(threshold) = crossed.first()
        {
            self.reclaim(threshold);
        }
        !self.called_for.is_empty()
    }

    fn tell_conditions(&mut self, crossed: &[Threshold]) {
        let now = self.agent().now();
        for threshold in crossed {
            self.called_for.insert(threshold.starved.condition(), now);
        }
        self.called_for
            .retain(|_, last| now.since(*last) < TRANSITION);
        let known = ["MemoryPressure", "DiskPressure"].into_iter();
        let hold: Vec<_> = known.filter(|c| self.called_for.contains_key(c)).collect();
        let before = self.agent().pressures.replace(hold.clone());
        if before != hold {
            self.kubelet.post_conditions();
        }
    }

    /// The pods of a kind that run and are not on their way out already.
    fn active(&self, of: impl Fn(&Worker) -> bool) -> Vec<Rc<Worker>> {
        let workers = self.agent().workers.borrow();
        let all = workers.values().filter(|w| of(w) && w.may_be_evicted());
        all.cloned().collect()
    }

    fn use_of(&self, worker: &Worker) -> PodUse {
        let pod = worker.latest();
        let stats = self.kubelet.container_stats(&worker.uid);
        let containers = stats.into_iter().map(|(name, s)| ContainerUse {
            name,
            memory: s.memory_working_set as i64,
            disk: s.disk as i64,
        });
        let containers = containers.collect();
        let made = &worker.state.borrow().volumes;
        let on_disk = |v: &&Value| {
            v.get("emptyDir").is_some() && view::text(v, &["emptyDir", "medium"]) != "Memory"
        };
        let volumes = view::list(&pod, &["spec", "volumes"])
            .iter()
            .filter(on_disk)
            .filter_map(|v| {
                let name = view::text(v, &["name"]);
                Some((name.to_string(), made.get(name)?.used() as i64))
            });
        let volumes = volumes.collect();
        PodUse {
            pod,
            containers,
            volumes,
        }
    }

    fn evict_over_limits(&self) -> bool {
        let mut any = false;
        for worker in self.active(|w| w.has_disk_limit) {
            if let Some(message) = decide::over_disk_limit(&self.use_of(&worker)) {
                let annotations = Value::Null;
                self.evict(
                    &worker,
                    &Told {
                        message,
                        annotations,
                    },
                );
                any = true;
            }
        }
        any
    }

    /// Gives back what nobody uses; when that is not enough, one pod has to go.
    fn reclaim(&self, threshold: &Threshold) {
        let (agent, starved) = (self.agent(), threshold.starved);
        let text = format!("Attempting to reclaim {}", starved.resource());
        self.kubelet
            .tell_of_node(Kind::Warning, "EvictionThresholdMet", &text);
        if starved == Starved::Disk {
            let workers: Vec<Rc<Worker>> = agent.workers.borrow().values().cloned().collect();
            for worker in workers.iter().filter(|w| w.is_evicted()) {
                worker.remove_content(agent);
            }
            agent.computer.remove_unused_images();
            let now = crossed(agent.computer.memory(), agent.computer.disk());
            if now.iter().all(|t| t.starved != Starved::Disk) {
                return;
            }
        }
        let active = self.active(|_| true);
        let uses = active.iter().map(|w| self.use_of(w)).collect();
        let chosen = decide::rank(uses, starved)
            .into_iter()
            .find(|u| !decide::is_critical(&u.pod));
        let Some(chosen) = chosen else {
            return;
        };
        let uid = objects::meta::uid(&chosen.pod);
        if let Some(worker) = active.iter().find(|w| w.uid == uid) {
            self.evict(worker, &decide::message(threshold, &chosen));
        }
    }

    fn evict(&self, worker: &Worker, told: &Told) {
        let agent = self.agent();
        let telling = Telling {
            kind: Kind::Warning,
            reason: "Evicted",
            message: &told.message,
            field_path: "",
            annotations: told.annotations.clone(),
        };
        agent.tell_as(&worker.latest(), &telling);
        worker.evict(&told.message);
    }
}
