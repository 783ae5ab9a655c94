//! What a container may use (cgroups(7)): memory with the OOM killer, CPU quota, processes. And the
//! hardware of the computer beneath.

use std::cell::Cell;
use std::rc::Rc;

use crate::time::{Duration, Time};

/// CPU time that a process uses before it lets others run.
pub(crate) const SLICE: Duration = Duration::from_millis(1);
const PERIOD: u64 = 100_000_000;

/// The computer beneath: CPUs and memory that its containers share.
pub(crate) struct Hardware {
    pub cpus: u32,
    /// Bytes.
    pub memory: u64,
    pub memory_used: Cell<u64>,
    pub booted: Time,
    /// Processes that want a CPU now.
    pub busy: Cell<u32>,
    pub release: &'static str,
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
            release: "6.12.48",
        })
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
        Rc::new(Limits {
            hardware,
            memory: Cell::new(0),
            memory_peak: Cell::new(0),
            memory_limit: Cell::new(None),
            oom_kills: Cell::new(0),
            cpu: Cell::new(0),
            cpu_millis: Cell::new(None),
            cpu_shares: Cell::new(1024),
            throttled: Cell::new(0),
            period: Cell::new(0),
            period_used: Cell::new(0),
            pids: Cell::new(0),
            pids_max,
            window: Cell::default(),
        })
    }

    /// False when the limit, or the computer's memory, does not allow it.
    pub fn take_memory(&self, bytes: u64) -> bool {
        let after = self.memory.get().saturating_add(bytes);
        let node = self.hardware.memory_used.get().saturating_add(bytes);
        if self.memory_limit.get().is_some_and(|limit| after > limit) || node > self.hardware.memory
        {
            return false;
        }
        self.memory.set(after);
        self.memory_peak.set(self.memory_peak.get().max(after));
        self.hardware.memory_used.set(node);
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
        let rivals = u64::from(self.hardware.busy.get().max(1));
        let cpus = u64::from(self.hardware.cpus.max(1));
        let mut ready = now + Duration::from_nanos(used * rivals.max(cpus) / cpus);
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
