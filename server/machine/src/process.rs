//! Processes: the table of a pid namespace, life and death, signals, children. What a process runs is
//! a task of the executor; a fatal signal drops its future.

use core::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::errno::Errno;
use crate::executor::{LocalFuture, Task};
use crate::fd::OpenFile;
use crate::signal::{DefaultAction, Signal, SignalSet};
use crate::space::Space;
use crate::sync::{Notify, Watch};
use crate::sys::{Env, Fd, Pid, WaitStatus};
use crate::time::{Duration, Time};
use crate::tty::Tty;

/// Resident memory of a process that allocates nothing.
pub(crate) const PROCESS_MEMORY: u64 = 384 * 1024;
/// Threads that a process may have at once.
const THREADS_MAX: usize = 600;

/// A pid namespace: processes by number.
#[derive(Default)]
pub(crate) struct PidSpace {
    processes: RefCell<BTreeMap<Pid, Rc<Process>>>,
    last: Cell<Pid>,
}

impl PidSpace {
    pub fn get(&self, pid: Pid) -> Option<Rc<Process>> {
        self.processes.borrow().get(&pid).cloned()
    }

    /// By pid.
    pub fn all(&self) -> Vec<Rc<Process>> {
        self.processes.borrow().values().cloned().collect()
    }

    fn free_pid(&self) -> Pid {
        let processes = self.processes.borrow();
        let mut pid = self.last.get();
        loop {
            pid = if pid >= 4_194_303 { 2 } else { pid + 1 };
            if !processes.contains_key(&pid) {
                self.last.set(pid);
                return pid;
            }
        }
    }

    pub fn group(&self, pgid: Pid) -> Vec<Rc<Process>> {
        let mut all = self.all();
        all.retain(|p| p.pgid.get() == pgid && !p.is_zombie());
        all
    }

    /// False when the group has nobody.
    pub fn signal_group(&self, pgid: Pid, signal: Signal) -> bool {
        let members = self.group(pgid);
        members.iter().for_each(|p| p.signal(signal));
        !members.is_empty()
    }

    pub fn remove(&self, pid: Pid) {
        let gone = self.processes.borrow_mut().remove(&pid);
        if let Some(process) = gone {
            let pids = &process.space.limits.pids;
            pids.set(pids.get().saturating_sub(1));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Running,
    Stopped,
    Zombie,
}

pub(crate) struct Slot {
    pub file: Rc<OpenFile>,
    pub cloexec: bool,
}

pub(crate) struct Process {
    pub space: Rc<Space>,
    pub pid: Pid,
    pub ppid: Cell<Pid>,
    pub pgid: Cell<Pid>,
    pub sid: Cell<Pid>,
    pub uid: Cell<u32>,
    pub gid: Cell<u32>,
    pub groups: RefCell<Rc<[u32]>>,
    pub argv: RefCell<Rc<[String]>>,
    pub env: RefCell<Rc<Env>>,
    pub cwd: RefCell<Rc<str>>,
    pub umask: Cell<u32>,
    pub fds: RefCell<BTreeMap<Fd, Slot>>,
    pub tty: RefCell<Option<Tty>>,
    task: RefCell<Option<Task>>,
    threads: RefCell<Vec<Task>>,
    state: Cell<State>,
    /// What `wait` has not told yet.
    pub report: Cell<Option<WaitStatus>>,
    pub caught: Cell<SignalSet>,
    pub ignored: Cell<SignalSet>,
    pub blocked: Cell<SignalSet>,
    pub pending: Cell<SignalSet>,
    /// Who sent the last signal; 0: somebody outside its namespace.
    pub sender: Cell<Pid>,
    /// Rings when a caught signal comes.
    pub signalled: Notify,
    /// Rings when a child ends, stops or goes on.
    pub children: Notify,
    pub started: Time,
    pub cpu: Cell<u64>,
    /// CPU time used and not yet paid.
    pub debt: Cell<u64>,
    /// Waits for a CPU.
    pub busy: Cell<bool>,
    pub memory: Cell<u64>,
    /// The part of it that the world really holds.
    pub held: Cell<u64>,
    pub oom_score_adj: Cell<i32>,
    /// It does nothing any more, as by a fault of its program.
    pub hangs: Cell<bool>,
    pub exit: Watch<Option<WaitStatus>>,
}

/// What a new process takes from whoever makes it.
pub(crate) struct Birth {
    pub ppid: Pid,
    pub pgid: Pid,
    pub sid: Pid,
    pub uid: u32,
    pub gid: u32,
    pub groups: Rc<[u32]>,
    pub argv: Rc<[String]>,
    pub env: Rc<Env>,
    pub cwd: Rc<str>,
    pub umask: u32,
    pub fds: BTreeMap<Fd, Slot>,
    pub tty: Option<Tty>,
    pub ignored: SignalSet,
    pub oom_score_adj: i32,
}

impl Process {
    /// EAGAIN at the limit of processes. `pgid` and `sid` 0: its own.
    pub fn new(space: &Rc<Space>, birth: Birth) -> Result<Rc<Process>, Errno> {
        let limits = &space.limits;
        if limits.pids.get() >= limits.pids_max {
            return Err(Errno::EAGAIN);
        }
        limits.pids.set(limits.pids.get() + 1);
        let pid = space.pids.free_pid();
        let own = |id: Pid| Cell::new(if id == 0 { pid } else { id });
        let process = Rc::new(Process {
            space: space.clone(),
            pid,
            ppid: Cell::new(birth.ppid),
            pgid: own(birth.pgid),
            sid: own(birth.sid),
            uid: Cell::new(birth.uid),
            gid: Cell::new(birth.gid),
            groups: RefCell::new(birth.groups),
            argv: RefCell::new(birth.argv),
            env: RefCell::new(birth.env),
            cwd: RefCell::new(birth.cwd),
            umask: Cell::new(birth.umask),
            fds: RefCell::new(birth.fds),
            tty: RefCell::new(birth.tty),
            task: RefCell::default(),
            threads: RefCell::default(),
            state: Cell::new(State::Running),
            report: Cell::new(None),
            caught: Cell::default(),
            ignored: Cell::new(birth.ignored),
            blocked: Cell::default(),
            pending: Cell::default(),
            sender: Cell::default(),
            signalled: Notify::new(),
            children: Notify::new(),
            started: space.kernel.executor().now(),
            cpu: Cell::new(0),
            debt: Cell::new(0),
            busy: Cell::new(false),
            memory: Cell::new(0),
            held: Cell::new(0),
            oom_score_adj: Cell::new(birth.oom_score_adj),
            hangs: Cell::new(false),
            exit: Watch::new(None),
        });
        if limits.take_memory(PROCESS_MEMORY) {
            process.memory.set(PROCESS_MEMORY);
        }
        space
            .pids
            .processes
            .borrow_mut()
            .insert(pid, process.clone());
        Ok(process)
    }

    /// Makes the process run `main`, instead of what it ran.
    pub fn run(self: &Rc<Process>, main: LocalFuture<'static, i32>) {
        let process = self.clone();
        let task = self.space.kernel.executor().spawn(async move {
            let code = main.await;
            process.end(WaitStatus::Exited(code & 0xff));
        });
        let old = self.task.borrow_mut().replace(task);
        drop(old);
    }

    /// False when it has as many as it may have.
    pub fn thread(&self, body: impl Future<Output = ()> + 'static) -> bool {
        let mut threads = self.threads.borrow_mut();
        threads.retain(|t| !t.is_finished());
        let can = threads.len() < THREADS_MAX && !self.is_zombie();
        if can {
            threads.push(self.space.kernel.executor().spawn(body));
        }
        can
    }

    pub fn stop_threads(&self) {
        let threads = std::mem::take(&mut *self.threads.borrow_mut());
        drop(threads);
    }

    pub fn state(&self) -> State {
        self.state.get()
    }

    pub fn is_zombie(&self) -> bool {
        self.state.get() == State::Zombie
    }

    /// The last part of argv[0], at most 15 bytes.
    pub fn name(&self) -> String {
        let argv = self.argv.borrow();
        let first = argv
            .first()
            .map_or("", String::as_str)
            .trim_start_matches('-');
        let base = first.rsplit('/').next().unwrap_or(first);
        base.chars().take(15).collect()
    }

    fn parent(&self) -> Option<Rc<Process>> {
        self.space.pids.get(self.ppid.get())
    }

    /// Files close in order; what they wake runs later.
    fn close_all(&self) {
        let fds = std::mem::take(&mut *self.fds.borrow_mut());
        drop(fds);
    }

    /// The process ends: everything it holds is let go, its parent learns of it.
    pub fn end(self: &Rc<Process>, status: WaitStatus) {
        if self.state.replace(State::Zombie) == State::Zombie {
            return;
        }
        let task = self.task.borrow_mut().take();
        drop(task);
        self.stop_threads();
        self.close_all();
        self.space.limits.give_memory(self.memory.replace(0));
        self.space.kernel.held().release(self.held.replace(0));
        if self.busy.replace(false) {
            self.space.limits.leaves_cpu();
        }
        let pids = self.space.pids.clone();
        if self.pid == 1 {
            pids.all()
                .iter()
                .filter(|p| p.pid != 1)
                .for_each(|p| p.end(WaitStatus::Signaled(Signal::Kill)));
        }
        self.orphan(&pids);
        let tty = self.tty.borrow_mut().take();
        if let Some(tty) = tty
            && tty.session() == self.pid
        {
            tty.hang_up();
        }
        self.exit.set(Some(status));
        self.report.set(Some(status));
        match self.parent() {
            Some(parent) if !parent.is_zombie() => {
                if parent.ignored.get().contains(Signal::Chld) {
                    pids.remove(self.pid);
                } else {
                    parent.signal(Signal::Chld);
                }
                parent.children.notify();
            }
            _ => pids.remove(self.pid),
        }
    }

    /// Children go to process 1; those that ended already are forgotten when there is none.
    fn orphan(&self, pids: &Rc<PidSpace>) {
        let init = pids.get(1).filter(|p| !p.is_zombie() && p.pid != self.pid);
        for child in pids.all() {
            if child.ppid.get() != self.pid || child.pid == self.pid {
                continue;
            }
            child.ppid.set(if init.is_some() { 1 } else { 0 });
            match &init {
                Some(init) if child.is_zombie() => init.children.notify(),
                None if child.is_zombie() => pids.remove(child.pid),
                _ => {}
            }
        }
    }

    /// Delivers a signal.
    pub fn signal(self: &Rc<Process>, signal: Signal) {
        if self.is_zombie() {
            return;
        }
        let init = self.pid == 1;
        match signal {
            // From inside its namespace nothing kills process 1; from outside `end` is called.
            Signal::Kill | Signal::Stop if init => return,
            Signal::Kill => return self.end(WaitStatus::Signaled(Signal::Kill)),
            Signal::Stop => return self.stop(signal),
            Signal::Cont => self.resume(),
            _ => {}
        }
        let caught = self.caught.get().contains(signal);
        if self.blocked.get().contains(signal) || (self.state.get() == State::Stopped && !caught) {
            let ignorable = signal.default_action() == DefaultAction::Ignore;
            let dropped = self.ignored.get().contains(signal) || (ignorable && !caught);
            if !dropped {
                self.set_pending(signal, true);
            }
            return;
        }
        if caught {
            self.set_pending(signal, true);
            self.signalled.notify();
            return;
        }
        if self.ignored.get().contains(signal) || init {
            return;
        }
        match signal.default_action() {
            DefaultAction::Terminate => self.end(WaitStatus::Signaled(signal)),
            DefaultAction::Stop => self.stop(signal),
            DefaultAction::Ignore | DefaultAction::Continue => {}
        }
    }

    pub fn set_pending(&self, signal: Signal, on: bool) {
        let mut pending = self.pending.get();
        if on {
            pending.insert(signal)
        } else {
            pending.remove(signal)
        }
        self.pending.set(pending);
    }

    /// Delivers again what waits and is no longer blocked.
    pub fn flush_pending(self: &Rc<Process>) {
        for signal in self.pending.get().iter() {
            if !self.blocked.get().contains(signal) {
                self.set_pending(signal, false);
                self.signal(signal);
            }
        }
    }

    /// Its tasks stand still, or go on.
    pub fn hold(&self, hold: bool) {
        for task in self
            .task
            .borrow()
            .iter()
            .chain(self.threads.borrow().iter())
        {
            if hold { task.suspend() } else { task.resume() }
        }
    }

    fn tell_parent(&self, status: WaitStatus) {
        self.report.set(Some(status));
        if let Some(parent) = self.parent() {
            parent.signal(Signal::Chld);
            parent.children.notify();
        }
    }

    fn stop(&self, signal: Signal) {
        if self.state.get() == State::Running {
            self.state.set(State::Stopped);
            self.hold(true);
            self.tell_parent(WaitStatus::Stopped(signal));
        }
    }

    fn resume(self: &Rc<Process>) {
        if self.state.get() == State::Stopped {
            self.state.set(State::Running);
            self.hold(false);
            self.tell_parent(WaitStatus::Continued);
            self.flush_pending();
        }
    }

    /// What it took beside its first pages goes back (exec).
    pub fn forget_memory(&self) {
        self.space.kernel.held().release(self.held.replace(0));
        let kept = self.memory.get().min(PROCESS_MEMORY);
        let gone = self.memory.replace(kept) - kept;
        self.space.limits.give_memory(gone);
    }

    /// CPU time so far.
    pub fn cpu_time(&self) -> Duration {
        Duration::from_nanos(self.cpu.get())
    }
}
