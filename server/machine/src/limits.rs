//! What a container may use (cgroups(7)): memory with the OOM killer, CPU quota, processes. And the
//! hardware of the computer beneath.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use crate::space::Space;
use crate::sync::Notify;
use crate::time::{Duration, Time};

/// CPU time that a process uses before it lets others run.
pub(crate) const SLICE: Duration = Duration::from_millis(1);
const PERIOD: u64 = 100_000_000;
/// A process is not held back for longer at once, that it may see soon when the others have gone.
const MOST_STRETCH: f64 = 200.0;

/// The computer beneath: CPUs and memory that its containers share.
pub(crate) struct Hardware {
    pub cpus: u32,
    /// Bytes.
    pub memory: u64,
    pub memory_used: Cell<u64>,
    pub booted: Time,
    /// Processes that want a CPU now.
    pub busy: Cell<u32>,
    /// All that share the CPUs, in the order they came.
    sharers: RefCell<Vec<Weak<Limits>>>,
    /// Containers from which the OOM killer chooses.
    tenants: RefCell<Vec<Weak<Space>>>,
    pub release: &'static str,
    /// From so many bytes used on `marked` rings when memory is taken.
    pub mark: Cell<u64>,
    pub marked: RefCell<Option<Notify>>,
    /// How much longer work takes than it should: 1 on a computer that is well.
    pub slowness: Cell<f64>,
}

impl Hardware {
    pub fn new(cpus: u32, memory: u64, booted: Time) -> Rc<Hardware> {
        let (memory_used, busy) = (Cell::new(0), Cell::new(0));
        Rc::new(Hardware {
            cpus,
            memory,
            memory_used,
            booted,
            busy,
            sharers: RefCell::default(),
            tenants: RefCell::default(),
            release: "6.12.48",
            mark: Cell::new(u64::MAX),
            marked: RefCell::default(),
            slowness: Cell::new(1.0),
        })
    }

    /// A container moves in.
    pub fn tenant(&self, space: &Rc<Space>) {
        let mut tenants = self.tenants.borrow_mut();
        tenants.retain(|t| t.strong_count() > 0);
        tenants.push(Rc::downgrade(space));
    }

    /// The container that the OOM killer ends when the whole computer has no memory left: the one
    /// with the most memory, its oom_score_adj counted as thousandths of all memory.
    pub fn worst_tenant(&self) -> Option<Rc<Space>> {
        let all = self.tenants.borrow();
        let badness = |s: &Rc<Space>| {
            let memory = s.limits.memory.get();
            let adjustment = s.oom_score_adj();
            let added = i128::from(adjustment) * i128::from(self.memory) / 1000;
            (memory > 0 && adjustment > -998).then(|| i128::from(memory) + added)
        };
        all.iter()
            .filter_map(Weak::upgrade)
            .filter_map(|s| Some((badness(&s)?, s)))
            .max_by_key(|(bad, _)| *bad)
            .map(|(_, s)| s)
    }

    /// CPUs that `of` gets now, in its share of those that want some (cpu.weight of cgroups(7)): who wants less than its
    /// share leaves the rest to the others.
    fn allotment(&self, of: &Limits) -> f64 {
        struct Want {
            weight: f64,
            cpus: f64,
            own: bool,
        }
        let mut wants: Vec<Want> = Vec::new();
        for sharer in self.sharers.borrow().iter().filter_map(Weak::upgrade) {
            if sharer.busy.get() > 0 {
                wants.push(Want {
                    weight: sharer.cpu_shares.get().max(2) as f64,
                    cpus: sharer.demand(),
                    own: std::ptr::eq(Rc::as_ptr(&sharer), of),
                });
            }
        }
        let mut left = f64::from(self.cpus.max(1));
        loop {
            let all: f64 = wants.iter().map(|want| want.weight).sum();
            let content = wants
                .iter()
                .position(|want| want.cpus <= left * want.weight / all);
            match content {
                Some(at) if wants[at].own => return wants[at].cpus,
                Some(at) => left -= wants.remove(at).cpus,
                None => {
                    let own = wants.iter().find(|want| want.own);
                    return own.map_or(left, |want| left * want.weight / all);
                }
            }
        }
    }
}

/// Limits and use of one container.
pub(crate) struct Limits {
    pub hardware: Rc<Hardware>,
    pub memory: Cell<u64>,
    pub memory_peak: Cell<u64>,
    pub memory_limit: Cell<Option<u64>>,
    pub oom_kills: Cell<u32>,
    pub cpu: Cell<u64>,
    pub cpu_millis: Cell<Option<u64>>,
    pub cpu_shares: Cell<u64>,
    /// Processes of this container that want a CPU now.
    pub busy: Cell<u32>,
    pub throttled: Cell<u64>,
    period: Cell<u64>,
    period_used: Cell<u64>,
    pub pids: Cell<u32>,
    pub pids_max: u32,
    /// For the rate: (when, CPU used then), now and a while ago.
    window: Cell<[(Time, u64); 2]>,
}

impl Limits {
    pub fn new(hardware: Rc<Hardware>, pids_max: u32) -> Rc<Limits> {
        let limits = Rc::new(Limits {
            hardware: hardware.clone(),
            memory: Cell::new(0),
            memory_peak: Cell::new(0),
            memory_limit: Cell::new(None),
            oom_kills: Cell::new(0),
            cpu: Cell::new(0),
            cpu_millis: Cell::new(None),
            cpu_shares: Cell::new(1024),
            busy: Cell::new(0),
            throttled: Cell::new(0),
            period: Cell::new(0),
            period_used: Cell::new(0),
            pids: Cell::new(0),
            pids_max,
            window: Cell::default(),
        });
        let mut sharers = hardware.sharers.borrow_mut();
        sharers.retain(|sharer| sharer.strong_count() > 0);
        sharers.push(Rc::downgrade(&limits));
        drop(sharers);
        limits
    }

    /// One process more wants a CPU.
    pub fn wants_cpu(&self) {
        self.busy.set(self.busy.get() + 1);
        self.hardware.busy.set(self.hardware.busy.get() + 1);
    }

    /// One process less wants a CPU.
    pub fn leaves_cpu(&self) {
        self.busy.set(self.busy.get().saturating_sub(1));
        let all = &self.hardware.busy;
        all.set(all.get().saturating_sub(1));
    }

    /// CPUs that it would use, had it the computer to itself.
    fn demand(&self) -> f64 {
        let processes = f64::from(self.busy.get());
        match self.cpu_millis.get() {
            Some(millis) => processes.min(millis as f64 / 1000.0),
            None => processes,
        }
    }

    /// Whether this container's own limit stands in the way of so much more memory.
    pub fn over_limit(&self, bytes: u64) -> bool {
        let after = self.memory.get().saturating_add(bytes);
        self.memory_limit.get().is_some_and(|limit| after > limit)
    }

    /// False when the limit, or the computer's memory, does not allow it.
    pub fn take_memory(&self, bytes: u64) -> bool {
        let after = self.memory.get().saturating_add(bytes);
        let node = self.hardware.memory_used.get().saturating_add(bytes);
        if self.over_limit(bytes) || node > self.hardware.memory {
            return false;
        }
        self.memory.set(after);
        self.memory_peak.set(self.memory_peak.get().max(after));
        self.hardware.memory_used.set(node);
        if node > self.hardware.mark.get()
            && let Some(bell) = &*self.hardware.marked.borrow()
        {
            bell.notify();
        }
        true
    }

    pub fn give_memory(&self, bytes: u64) {
        self.memory.set(self.memory.get().saturating_sub(bytes));
        let node = &self.hardware.memory_used;
        node.set(node.get().saturating_sub(bytes));
    }

    /// Books `used` nanoseconds of CPU; says until when the process has to wait for them: for the
    /// CPUs that others use too, and for the quota's next period.
    pub fn book_cpu(&self, used: u64, now: Time) -> Time {
        self.cpu.set(self.cpu.get() + used);
        self.sample(now);
        let mut ready = now + Duration::from_nanos((used as f64 * self.stretch()) as u64);
        if let Some(millis) = self.cpu_millis.get() {
            let quota = (millis * PERIOD / 1000).max(1_000_000);
            let current = now.0.max(0) as u64 / PERIOD;
            if current > self.period.get() {
                self.period.set(current);
                self.period_used.set(0);
            }
            let total = self.period_used.get() + used;
            let over = total.saturating_sub(1) / quota;
            self.period.set(self.period.get() + over);
            self.period_used.set(total - over * quota);
            let start = Time((self.period.get() * PERIOD) as i64);
            if start > ready {
                self.throttled
                    .set(self.throttled.get() + start.since(ready).as_nanos() as u64);
                ready = start;
            }
        }
        ready
    }

    /// How much longer than alone a process takes, because of the others. What the quota holds back is not counted here.
    fn stretch(&self) -> f64 {
        let hardware = &self.hardware;
        if hardware.busy.get() <= hardware.cpus {
            // enough for all: nobody's share need be known
            return hardware.slowness.get();
        }
        let wanted = self.demand();
        let given = hardware.allotment(self);
        let stretch = if wanted <= 0.0 || given <= 0.0 {
            1.0
        } else {
            (wanted / given).clamp(1.0, MOST_STRETCH)
        };
        stretch * hardware.slowness.get()
    }

    fn sample(&self, now: Time) {
        let [old, recent] = self.window.get();
        if now.since(recent.0) >= Duration::from_secs(10) {
            self.window.set([recent, (now, self.cpu.get())]);
        } else if recent.0 == Time::EPOCH {
            self.window.set([old, (now, self.cpu.get())]);
        }
    }

    /// Billionths of a CPU used in the last 10 to 20 seconds.
    pub fn nano_cores(&self, now: Time) -> u64 {
        self.sample(now);
        let [old, recent] = self.window.get();
        let from = if old.0 == Time::EPOCH { recent } else { old };
        let elapsed = now.since(from.0).as_nanos() as u64;
        let used = self.cpu.get().saturating_sub(from.1);
        if elapsed == 0 {
            0
        } else {
            (u128::from(used) * 1_000_000_000 / u128::from(elapsed)) as u64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Containers by (shares, processes, quota in thousandths): CPUs that each gets of two.
    fn check(containers: &[(u64, u32, Option<u64>)], expect: &[f64]) {
        let hardware = Hardware::new(2, 1 << 30, Time::EPOCH);
        let limits: Vec<Rc<Limits>> = containers
            .iter()
            .map(|(shares, processes, quota)| {
                let limits = Limits::new(hardware.clone(), 10);
                limits.cpu_shares.set(*shares);
                limits.busy.set(*processes);
                limits.cpu_millis.set(*quota);
                limits
            })
            .collect();
        for (limits, expect) in limits.iter().zip(expect) {
            let got = hardware.allotment(limits);
            assert!(
                (got - expect).abs() < 0.01,
                "{containers:?}: {got} for {expect}"
            );
        }
    }

    #[test]
    fn cpus_are_shared_by_weight() {
        check(&[(2, 1, None)], &[1.0]);
        check(&[(512, 2, None), (512, 2, None)], &[1.0, 1.0]);
        check(&[(256, 2, None), (768, 2, None)], &[0.5, 1.5]);
        check(&[(512, 1, None), (512, 4, None)], &[1.0, 1.0]);
        check(&[(512, 2, Some(200)), (512, 4, None)], &[0.2, 1.8]);
        check(&[(2, 2, None), (1024, 1, None)], &[1.0, 1.0]);
    }
}
