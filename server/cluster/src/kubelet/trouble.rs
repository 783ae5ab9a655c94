//! What goes wrong on a node on purpose, handed to its computer: registries out of reach, programs that hang or leak.

use machine::Health;
use machine::cri::ContainerId;
use objects::{Object, meta};
use serde_json::Value;

use super::worker::Worker;
use super::{Agent, Kubelet};
use crate::view;

impl Kubelet {
    /// How the registries are reached from this node; "" for all of them.
    pub(crate) fn set_registry(&self, host: &str, health: Health) {
        self.0.computer.set_registry(host, health);
    }

    /// Fills the disk until so many hundredths of it are used, or takes away what filled it.
    pub(crate) fn fill_disk(&self, percent: u8) {
        let computer = &self.0.computer;
        let disk = computer.disk();
        let own = disk.used - computer.filler();
        let wanted = disk.capacity / 100 * u64::from(percent);
        computer.fill_disk(wanted.saturating_sub(own));
    }

    /// The newest instance of a container of a pod.
    fn instance(&self, uid: &str, container: &str) -> Option<ContainerId> {
        let workers = self.0.workers.borrow();
        let state = workers.get(uid)?.state.borrow();
        let last = state.picture.last(container)?;
        Some(ContainerId(last.id.clone()))
    }

    /// The processes of a container stand still, or go on. False: it does not run here.
    pub(crate) fn hang(&self, uid: &str, container: &str, hangs: bool) -> bool {
        let id = self.instance(uid, container);
        id.is_some_and(|id| self.0.computer.hang(&id, hangs))
    }

    pub(crate) fn hangs(&self, uid: &str, container: &str) -> bool {
        let id = self.instance(uid, container);
        id.is_some_and(|id| self.0.computer.hangs(&id))
    }

    /// Lets the containers of a pod leak that are to leak.
    pub(crate) fn leak(&self, uid: &str) {
        let worker = self.0.workers.borrow().get(uid).cloned();
        let Some(worker) = worker else {
            return;
        };
        let pod = worker.latest();
        for part in ["containers", "initContainers"] {
            for container in view::list(&pod, &["spec", part]) {
                if let Some(id) = self.instance(uid, view::text(container, &["name"])) {
                    self.0.leak_from(&worker, &pod, container, &id);
                }
            }
        }
    }
}

impl Agent {
    /// A container that has begun to run leaks if its program is one that does.
    pub(super) fn leak_from(
        &self,
        worker: &Worker,
        pod: &Object,
        container: &Value,
        id: &ContainerId,
    ) {
        let name = view::text(container, &["name"]).to_string();
        let (namespace, pod) = (worker.namespace.clone(), meta::name(pod).to_string());
        let rate = self.cluster.leak_of(&namespace, &pod, &name);
        if rate == 0 {
            return;
        }
        let cluster = self.cluster.remote();
        let goes_on = move || {
            let cluster = cluster.get();
            cluster.is_some_and(|c| c.leak_of(&namespace, &pod, &name) == rate)
        };
        self.computer.leak(id, rate, goes_on);
    }
}
