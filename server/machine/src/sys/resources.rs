//! Time, CPU, memory, chance.

use super::{HELD_STEP, Interrupted, Result, Sys};
use crate::errno::Errno;
use crate::sync::{Either, select};
use crate::time::{Duration, Time};

impl Sys {
    #[must_use]
    pub fn now(&self) -> Time {
        self.executor().now()
    }

    pub async fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        self.charge(5_000).await;
        let executor = self.executor().clone();
        let bell = self.0.signalled.clone();
        let signal = bell.until(|| self.signal_pending().then_some(()));
        match select(executor.sleep(duration), signal).await {
            Either::Left(()) => Ok(()),
            Either::Right(()) => Err(Interrupted),
        }
    }

    /// Charges simulated CPU time, and lets others run when a slice is used up. Every loop that may
    /// turn without waiting calls this each round (a shell: about 20 µs a command).
    pub async fn cpu(&self, time: Duration) {
        self.charge(time.as_nanos() as u64).await;
    }

    /// Takes memory from the container's limit. When there is not enough, the OOM killer ends the
    /// container (memory.oom.group, as a kubelet sets it), and this call never returns. When the
    /// whole computer has not enough, it ends the container that is the worst by its score.
    pub async fn alloc(&self, bytes: u64) -> Result<()> {
        self.charge(bytes / 16).await;
        let limits = self.0.space.limits.clone();
        while !limits.take_memory(bytes) {
            let own = self.0.space.clone();
            let victim = if limits.over_limit(bytes) {
                own.clone()
            } else {
                limits
                    .hardware
                    .worst_tenant()
                    .unwrap_or_else(|| own.clone())
            };
            let kills = &victim.limits.oom_kills;
            kills.set(kills.get() + 1);
            victim.kill_all();
            if std::rc::Rc::ptr_eq(&victim, &own) {
                std::future::pending::<()>().await;
            }
        }
        self.0.memory.set(self.0.memory.get() + bytes);
        Ok(())
    }

    /// Says that the process keeps so many bytes of its own now, and so many before: a shell's variables, the lines of a sort. What
    /// is more is taken as by [`Sys::alloc`], what is less is freed. ENOMEM, and nothing taken, when the world holds all that it may.
    pub async fn hold(&self, before: u64, now: u64) -> Result<()> {
        let (before, now) = (before - before % HELD_STEP, now - now % HELD_STEP);
        if now > before {
            let ledger = self.0.space.kernel.held();
            ledger.charge(now - before).map_err(|_| Errno::ENOMEM)?;
            self.0.held.set(self.0.held.get() + now - before);
            self.alloc(now - before).await?;
        } else {
            self.let_go(before - now);
        }
        Ok(())
    }

    fn let_go(&self, bytes: u64) {
        // What a process held went when it ended.
        let bytes = bytes.min(self.0.held.get());
        self.0.space.kernel.held().release(bytes);
        self.0.held.set(self.0.held.get() - bytes);
        self.free(bytes);
    }

    pub fn free(&self, bytes: u64) {
        let bytes = bytes.min(self.0.memory.get());
        self.0.memory.set(self.0.memory.get() - bytes);
        self.0.space.limits.give_memory(bytes);
    }

    /// Random bytes, as /dev/urandom gives them.
    #[must_use]
    pub fn random(&self, count: usize) -> Vec<u8> {
        self.0.space.kernel.chance().bytes(count)
    }
}

/// What a program keeps of its input; let go when dropped.
pub struct Held {
    sys: Sys,
    bytes: u64,
}

impl Held {
    /// Nothing yet.
    #[must_use]
    pub fn new(sys: &Sys) -> Held {
        Held {
            sys: sys.clone(),
            bytes: 0,
        }
    }

    /// So many bytes more, as [`Sys::hold`].
    pub async fn add(&mut self, bytes: usize) -> Result<()> {
        self.set(self.bytes + bytes as u64).await
    }

    /// So many bytes in all.
    pub async fn set(&mut self, bytes: u64) -> Result<()> {
        self.sys.hold(self.bytes, bytes).await?;
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.sys.let_go(self.bytes - self.bytes % HELD_STEP);
    }
}
