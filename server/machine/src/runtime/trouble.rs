//! What goes wrong with a node and its programs on purpose: programs that hang or leak, registries that are out of reach, a computer
//! that is overloaded. None of it is part of the container runtime interface.

use std::rc::Rc;

use super::NodeRuntime;
use super::container::Container;
use crate::cri::ContainerId;
use crate::health::Health;
use crate::process::Process;
use crate::sys::Sys;
use crate::time::Duration;

/// How much longer everything takes on a computer that is overloaded.
pub const OVERLOAD: u32 = 10;

impl NodeRuntime {
    fn running(&self, id: &ContainerId) -> Option<Rc<Container>> {
        let found = self.0.containers.borrow().get(id).cloned();
        found.filter(|c| c.is_running())
    }

    /// The processes that a container has now stop doing anything, or go on. What starts in it later runs. False: it does not run.
    #[must_use]
    pub fn hang(&self, id: &ContainerId, hang: bool) -> bool {
        let Some(container) = self.running(id) else {
            return false;
        };
        container.space.processes().iter().for_each(|p| {
            p.hold(hang);
            p.hangs.set(hang);
        });
        true
    }

    /// Whether the first process of a container hangs.
    #[must_use]
    pub fn hangs(&self, id: &ContainerId) -> bool {
        let init = self.first_process(id);
        init.is_some_and(|p| p.hangs.get() && !p.is_zombie())
    }

    fn first_process(&self, id: &ContainerId) -> Option<Rc<Process>> {
        let container = self.running(id)?;
        container.init.borrow().clone()
    }

    /// The first process of a container takes so many bytes of memory more each second, until `goes_on` says no, or the process
    /// ends, by the OOM killer or otherwise.
    pub fn leak(
        &self,
        id: &ContainerId,
        bytes_per_second: u64,
        goes_on: impl Fn() -> bool + 'static,
    ) {
        let Some(process) = self.first_process(id) else {
            return;
        };
        let sys = Sys(process.clone());
        let executor = self.0.kernel.executor().clone();
        process.thread(async move {
            loop {
                executor.sleep(Duration::from_secs(1)).await;
                if !goes_on() || sys.alloc(bytes_per_second).await.is_err() {
                    return;
                }
            }
        });
    }

    /// How the registries are reached from here, by host name; "" stands for all of them.
    pub fn set_registry(&self, host: &str, health: Health) {
        self.0.store.set_registry(host, health);
    }

    /// How everything outside of the node is reached from here; what runs here is `net::Services::way`'s.
    pub fn set_network(&self, health: Health) {
        self.0.store.set_network(health);
    }

    /// The computer works at a tenth of its speed, or as it should.
    pub fn set_overloaded(&self, overloaded: bool) {
        let factor = if overloaded { OVERLOAD } else { 1 };
        self.0.hardware.slowness.set(f64::from(factor));
    }
}
