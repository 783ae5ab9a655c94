//! Time, CPU, memory, chance.

use super::{Interrupted, Result, Sys};
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
    /// container (memory.oom.group, as a kubelet sets it), and this call never returns.
    pub async fn alloc(&self, bytes: u64) -> Result<()> {
        self.charge(bytes / 16).await;
        let limits = self.0.space.limits.clone();
        if !limits.take_memory(bytes) {
            limits.oom_kills.set(limits.oom_kills.get() + 1);
            self.0.space.kill_all();
            std::future::pending::<()>().await;
        }
        self.0.memory.set(self.0.memory.get() + bytes);
        Ok(())
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
