//! The namespaces that a process lives in: what makes a container, or a whole computer.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::computer::Foreign;
use crate::kernel::Kernel;
use crate::limits::Limits;
use crate::net::Stack;
use crate::process::PidSpace;
use crate::tty::Tty;
use crate::vfs::Files;
use crate::vfs::walk::Mounts;

pub(crate) struct Space {
    pub kernel: Kernel,
    pub hostname: String,
    pub pids: Rc<PidSpace>,
    pub mounts: Rc<Mounts>,
    pub net: Rc<Stack>,
    pub limits: Rc<Limits>,
    /// Programs whose body runs outside, by name.
    pub foreign: RefCell<BTreeMap<String, Foreign>>,
    /// Terminals that have been opened, by number.
    pub ttys: RefCell<BTreeMap<u32, Tty>>,
    pub next_tty: Cell<u32>,
    /// The path in /proc/PID/cgroup.
    pub cgroup: String,
}

impl Space {
    pub fn files(&self) -> Files {
        let root = self.mounts.at("/");
        let (source, options) = root.map_or_else(Default::default, |m| {
            (m.info.source.clone(), "relatime".into())
        });
        Files {
            mounts: self.mounts.clone(),
            source,
            fs_type: "ext4",
            options,
        }
    }

    /// The oom_score_adj of its processes.
    pub fn oom_score_adj(&self) -> i32 {
        self.processes()
            .iter()
            .map(|p| p.oom_score_adj.get())
            .max()
            .unwrap_or(-1000)
    }

    /// The processes that belong to this container: its pid namespace may be shared.
    pub fn processes(&self) -> Vec<Rc<crate::process::Process>> {
        let mut all = self.pids.all();
        all.retain(|p| std::ptr::eq(&*p.space, self));
        all
    }

    /// Ends every process that belongs to this container.
    pub fn kill_all(&self) {
        for process in self.processes() {
            process.end(crate::sys::WaitStatus::Signaled(
                crate::signal::Signal::Kill,
            ));
        }
    }
}
