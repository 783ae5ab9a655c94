//! What a node's runtime holds, told in a fixed order: containers, their logs, their files; and whether its ledgers count what is
//! there. For those who compare two worlds or check one; nothing in a world asks.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use super::NodeRuntime;
use super::container::Container;
use crate::cri::SandboxId;
use crate::vfs::inode::{Body, Inode};
use crate::vfs::walk::Root;

/// Bytes of a file that its digest covers: a file of a gigabyte of zeros costs nothing until it is read.
const DIGESTED: usize = 1 << 20;

/// A running container, as a checker sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Of the pod.
    pub uid: String,
    pub container: String,
    pub id: String,
}

impl NodeRuntime {
    /// Every container with its log and its changed files, by id: equal nodes have equal pictures. The contents of files stand
    /// there as a digest.
    #[must_use]
    pub fn picture(&self) -> String {
        let mut out = String::new();
        for container in self.0.containers.borrow().values() {
            told(container, &mut out);
        }
        out += "host\n";
        tree(&self.0.root.root, "", &mut out);
        out
    }

    /// The containers whose first process runs.
    #[must_use]
    pub fn tenants(&self) -> Vec<Tenant> {
        let containers = self.0.containers.borrow();
        let running = containers.values().filter(|c| c.is_running());
        running
            .map(|c| Tenant {
                uid: self.pod_of(&c.status.borrow().sandbox),
                container: c.config.name.clone(),
                id: c.status.borrow().id.0.clone(),
            })
            .collect()
    }

    fn pod_of(&self, sandbox: &SandboxId) -> String {
        let sandboxes = self.0.sandboxes.borrow();
        let found = sandboxes.get(sandbox);
        found.map_or_else(String::new, |s| s.config.uid.clone())
    }

    /// Sandboxes and containers that are held, dead or alive.
    #[must_use]
    pub fn held(&self) -> (usize, usize) {
        let (sandboxes, containers) = (&self.0.sandboxes, &self.0.containers);
        (sandboxes.borrow().len(), containers.borrow().len())
    }

    /// Where the ledgers of memory and of processes differ from what is there; empty when they agree.
    #[must_use]
    pub fn miscounted(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut all = self.0.system_memory();
        for container in self.0.containers.borrow().values() {
            let limits = &container.space.limits;
            let mut own = container.space.pids.all();
            own.retain(|p| Rc::ptr_eq(&p.space, &container.space));
            let memory: u64 = own.iter().map(|p| p.memory.get()).sum();
            let name = &container.config.name;
            if memory != limits.memory.get() {
                let booked = limits.memory.get();
                wrong.push(format!(
                    "container {name}: {booked} bytes booked, {memory} used"
                ));
            }
            if own.len() != limits.pids.get() as usize {
                let (booked, there) = (limits.pids.get(), own.len());
                wrong.push(format!(
                    "container {name}: {booked} processes booked, {there} there"
                ));
            }
            all += memory;
        }
        for sandbox in self.0.sandboxes.borrow().values() {
            let pause = sandbox.pids.as_ref().and_then(|pids| pids.get(1));
            all += pause.map_or(0, |p| p.memory.get());
        }
        let booked = self.memory().used;
        if all != booked {
            wrong.push(format!("the node: {booked} bytes booked, {all} used"));
        }
        wrong
    }
}

fn told(container: &Container, out: &mut String) {
    // Writing to a string does not fail.
    let _ = writeln!(out, "container {:?}", container.status.borrow());
    let log = &container.outlet.log;
    let (lines, _) = log.read(log.first(), usize::MAX);
    for line in lines {
        let text = String::from_utf8_lossy(&line.text);
        let _ = writeln!(
            out,
            "log {} {:?} {} {text}",
            line.time.0, line.stream, line.partial
        );
    }
    for mount in container.space.mounts.list() {
        if let Root::Inode(root) = &mount.root {
            tree(root, &mount.info.target, out);
        }
    }
}

/// What differs from the image: an entry that nobody has looked at is none of the world's own.
fn tree(inode: &Inode, path: &str, out: &mut String) {
    let digest = match &*inode.body() {
        Body::File(data) => {
            let mut hasher = DefaultHasher::new();
            data.read(0, DIGESTED).hash(&mut hasher);
            format!("{} {:016x}", data.len(), hasher.finish())
        }
        Body::Symlink(target) => format!("-> {target}"),
        _ => String::new(),
    };
    let (mode, uid, gid) = (inode.mode.get(), inode.uid.get(), inode.gid.get());
    let changed = inode.mtime.get().0;
    let _ = writeln!(out, "file {path} {mode:o} {uid}:{gid} {changed} {digest}");
    for (name, _, own) in inode.names() {
        if own.is_some()
            && let Ok(child) = inode.lookup(&name)
        {
            tree(
                &child,
                &format!("{}/{name}", path.trim_end_matches('/')),
                out,
            );
        }
    }
}
