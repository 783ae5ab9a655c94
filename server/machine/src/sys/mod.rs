//! The system calls of a process: what programs, the shell included, are written on. Names and
//! meanings are POSIX's. `Sys` is a cheap handle of one process; clones are the same process.
//!
//! Nobody has to watch for death: when a process gets a fatal signal or exits, its future is dropped
//! at the await where it stands. Calls that wait end with EINTR when a *caught* signal comes.

mod exec;
mod files;
mod io;
mod network;
mod processes;
mod resources;
mod terminal;
mod types;

use std::rc::Rc;

pub(crate) use exec::load;
pub use resources::Held;
pub use types::*;

use crate::errno::Errno;
use crate::process::{Process, State};
use crate::sync::{Notify, select};
use crate::time::Duration;
use crate::vfs::walk::{Credentials, Walk};

/// What [`Sys::hold`] counts in, in bytes: less than this costs nothing.
pub const HELD_STEP: u64 = 64 * 1024;

pub type Result<T, E = Errno> = core::result::Result<T, E>;

/// The system calls of one process.
#[derive(Clone)]
pub struct Sys(pub(crate) Rc<Process>);

/// Identity.
impl Sys {
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.0.pid
    }

    #[must_use]
    pub fn ppid(&self) -> Pid {
        self.0.ppid.get()
    }

    #[must_use]
    pub fn pgid(&self) -> Pid {
        self.0.pgid.get()
    }

    #[must_use]
    pub fn sid(&self) -> Pid {
        self.0.sid.get()
    }

    #[must_use]
    pub fn uid(&self) -> u32 {
        self.0.uid.get()
    }

    #[must_use]
    pub fn gid(&self) -> u32 {
        self.0.gid.get()
    }

    #[must_use]
    pub fn groups(&self) -> Vec<u32> {
        self.0.groups.borrow().to_vec()
    }

    /// argv, argv[0] included.
    #[must_use]
    pub fn args(&self) -> Vec<String> {
        self.0.argv.borrow().to_vec()
    }

    /// The environment that the process started with.
    /// What `ps` shows of this process, as setproctitle(3).
    pub fn set_args(&self, args: Vec<String>) {
        *self.0.argv.borrow_mut() = args.into();
    }

    #[must_use]
    pub fn env(&self) -> Env {
        self.0.env.borrow().to_vec()
    }

    #[must_use]
    pub fn getenv(&self, name: &str) -> Option<String> {
        self.0
            .env
            .borrow()
            .iter()
            .find(|(k, _)| k == name)
            .map(|(_, v)| v.clone())
    }

    #[must_use]
    pub fn cwd(&self) -> String {
        self.0.cwd.borrow().to_string()
    }

    pub fn chdir(&self, path: &str) -> Result<()> {
        let found = self.walk(|w| {
            let found = w.find(path, true)?;
            if let Ok(inode) = found.inode() {
                if !inode.is_dir() {
                    return Err(Errno::ENOTDIR);
                }
                w.who.may(inode, 1)?;
            } else {
                w.readdir(path)?;
            }
            Ok(found)
        })?;
        *self.0.cwd.borrow_mut() = found.path.into();
        Ok(())
    }

    /// Sets the mask (None: leaves it) and gives the old one.
    pub fn umask(&self, mask: Option<u32>) -> u32 {
        let old = self.0.umask.get();
        self.0.umask.set(mask.unwrap_or(old) & 0o777);
        old
    }

    #[must_use]
    pub fn uname(&self) -> Uname {
        Uname {
            sysname: "Linux".into(),
            nodename: self.hostname(),
            release: self.0.space.limits.hardware.release.into(),
            version: "#1 SMP PREEMPT_DYNAMIC Mon Sep 22 12:00:00 UTC 2025".into(),
            machine: "x86_64".into(),
        }
    }

    #[must_use]
    pub fn hostname(&self) -> String {
        self.0.space.hostname.clone()
    }

    /// Processes of the pid namespace, by pid.
    #[must_use]
    pub fn processes(&self) -> Vec<ProcessInfo> {
        self.0
            .space
            .pids
            .all()
            .iter()
            .map(|p| self.info(p))
            .collect()
    }

    fn info(&self, p: &Process) -> ProcessInfo {
        let tty = p.tty.borrow();
        let me = p.pid == self.0.pid && p.state() == State::Running;
        ProcessInfo {
            pid: p.pid,
            ppid: p.ppid.get(),
            pgid: p.pgid.get(),
            sid: p.sid.get(),
            uid: p.uid.get(),
            gid: p.gid.get(),
            name: p.name(),
            argv: p.argv.borrow().to_vec(),
            state: if me { 'R' } else { crate::proc::letter(p) },
            foreground: tty.as_ref().is_some_and(|t| t.foreground() == p.pgid.get()),
            tty: tty.as_ref().map(|t| format!("pts/{}", t.number())),
            started: p.started,
            cpu: p.cpu_time(),
            memory: p.memory.get(),
        }
    }

    #[must_use]
    pub fn system(&self) -> SystemInfo {
        let hardware = &self.0.space.limits.hardware;
        let load = hardware.busy.get() * 100;
        SystemInfo {
            cpus: hardware.cpus,
            memory_total: hardware.memory,
            memory_used: hardware.memory_used.get(),
            booted: hardware.booted,
            load: [load; 3],
        }
    }
}

/// What the calls are made of.
impl Sys {
    pub(crate) fn walk<T>(&self, act: impl FnOnce(&Walk<'_>) -> Result<T>) -> Result<T> {
        let process = &self.0;
        process.debt.set(process.debt.get() + 8_000);
        let who = Credentials {
            uid: process.uid.get(),
            gid: process.gid.get(),
            groups: process.groups.borrow().clone(),
        };
        let cwd = process.cwd.borrow().clone();
        let synth = |fs: &'static str, path: &str| {
            crate::proc::lookup(&process.space, process.pid, fs, path)
        };
        act(&Walk {
            mounts: &process.space.mounts,
            who: &who,
            cwd: &cwd,
            synth: Some(&synth),
        })
    }

    /// Books CPU time; pays and lets others run when a slice is used up. Never returns in a process
    /// that has ended or been stopped.
    pub(crate) async fn charge(&self, nanos: u64) {
        let process = &self.0;
        let debt = process.debt.get() + nanos;
        process.debt.set(debt);
        match process.state() {
            State::Zombie => std::future::pending().await,
            State::Stopped => process.space.kernel.executor().yield_now().await,
            State::Running => {}
        }
        if debt < crate::limits::SLICE.as_nanos() as u64 {
            return;
        }
        process.debt.set(0);
        process.cpu.set(process.cpu.get() + debt);
        let executor = process.space.kernel.executor();
        process.space.limits.wants_cpu();
        process.busy.set(true);
        let ready = process.space.limits.book_cpu(debt, executor.now());
        executor.sleep_until(ready).await;
        if process.busy.replace(false) {
            process.space.limits.leaves_cpu();
        }
    }

    /// Waits until `ready` gives a value; EINTR when a caught signal comes before.
    pub(crate) async fn wait_on<T>(
        &self,
        bell: &Notify,
        mut ready: impl FnMut() -> Option<T>,
    ) -> Result<T> {
        loop {
            let (change, signal) = (bell.notified(), self.0.signalled.notified());
            if let Some(value) = ready() {
                return Ok(value);
            }
            if self.signal_pending() {
                return Err(Errno::EINTR);
            }
            select(change, signal).await;
        }
    }

    pub(crate) fn executor(&self) -> &crate::executor::Executor {
        self.0.space.kernel.executor()
    }

    /// The CPU that moving bytes takes, in nanoseconds.
    pub(crate) fn io_cost(bytes: usize) -> u64 {
        4_000 + bytes as u64
    }

    /// For tests of programs: the time slice after which others run.
    #[must_use]
    pub fn slice() -> Duration {
        crate::limits::SLICE
    }
}
