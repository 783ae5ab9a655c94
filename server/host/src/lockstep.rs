//! Virtual time for worlds and all who speak to them: one thread, one runtime, one clock that nobody's load can hurry.
//!
//! A piece is whatever somebody does with worlds: their clients, the bodies of their foreign processes, the servers between.
//! All of it runs on one runtime whose time stands while any task is ready, and then moves at once to the next timer, whoever
//! set it: a world, `kubectl wait`, a client's time-out. That is the barrier: time cannot pass anybody who has not yet taken
//! in what was sent to them. What waits for the outside (a socket, another thread) does not belong here: time would run away.

use crate::handle::WorldEnded;
use crate::shard::{STACK_BYTES, Shards};
use machine::Time;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;
use tokio::sync::oneshot;

/// When worlds in virtual time begin, where their spec does not say: the same moment for each, so that each run is the same.
/// 2026-01-05 08:00 UTC, a Monday.
const MORNING: Time = Time(1_767_600_000_000_000_000);

/// The shortest sleep of a world in virtual time. A process that computes is given the CPU by the millisecond; nobody outside sees
/// the difference, and each sleep costs the same, however short.
const GRAIN: Duration = Duration::from_millis(10);

type Job = Box<dyn FnOnce() + Send>;

/// Threads that do pieces in virtual time, each one piece after another: a thread that has done one has its memory for the next.
/// They end once this is dropped and what was asked of them is done.
pub struct VirtualTime {
    jobs: mpsc::Sender<Job>,
}

impl VirtualTime {
    /// So many threads; pieces wait for a free one in the order in which they were first asked for.
    pub fn new(threads: usize) -> VirtualTime {
        let (jobs, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads {
            let waiting = waiting.clone();
            let started = std::thread::Builder::new()
                .name("virtual-time".into())
                .stack_size(STACK_BYTES)
                .spawn(move || work(&waiting));
            if let Err(error) = started {
                tracing::error!(%error, "a thread for virtual time cannot be started");
            }
        }
        VirtualTime { jobs }
    }

    /// Does a piece with worlds on its thread. An error when it panics.
    pub async fn play<T, F>(
        &self,
        piece: impl FnOnce(Shards) -> F + Send + 'static,
    ) -> Result<T, WorldEnded>
    where
        T: Send + 'static,
        F: Future<Output = T>,
    {
        let (done, result) = oneshot::channel();
        let job = move || {
            if let Some(played) = play(piece) {
                // Whoever asked may have turned away.
                let _ = done.send(played);
            }
        };
        self.jobs.send(Box::new(job)).map_err(|_| WorldEnded)?;
        result.await.map_err(|_| WorldEnded)
    }
}

/// One job after another, until nobody can ask for more. A job that panics drops its promise; the thread goes on.
fn work(waiting: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        let job = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(job) = job else {
            return;
        };
        // The hook of panics has told of it.
        let _ = panic::catch_unwind(AssertUnwindSafe(job));
    }
}

/// A piece on a runtime of its own, whose time begins to stand now.
fn play<T, F: Future<Output = T>>(piece: impl FnOnce(Shards) -> F) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .inspect_err(|error| tracing::error!(%error, "a runtime in virtual time cannot be made"))
        .ok()?;
    let local = tokio::task::LocalSet::new();
    let played = async { piece(Shards::here(MORNING, GRAIN)).await };
    Some(local.block_on(&runtime, played))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ForeignProcess, WorkstationSpec, WorldSpec};
    use futures::FutureExt;

    fn workstation() -> WorldSpec {
        WorldSpec {
            workstation: Some(WorkstationSpec::default()),
            ..WorldSpec::default()
        }
    }

    async fn said(line: &'static str, busy_polls: usize) -> String {
        let piece = move |shards: Shards| async move {
            let world = shards.create(workstation()).await.expect("a world");
            let body = move |process: ForeignProcess| {
                async move {
                    let before = process.now();
                    for _ in 0..busy_polls {
                        tokio::task::yield_now().await;
                    }
                    let passed = format!("{:?}\n", process.now().since(before));
                    process.write(1, passed.as_bytes()).await.expect("written");
                    0
                }
                .boxed()
            };
            world.foreign("busy", Arc::new(body));
            let (code, output) = world.run_line(line).await.expect("a line runs");
            assert_eq!(code, 0, "{output:?}");
            String::from_utf8(output.to_vec()).expect("text")
        };
        VirtualTime::new(1)
            .play(piece)
            .await
            .expect("the piece ends")
    }

    #[tokio::test]
    async fn an_hour_passes_at_once_and_is_the_same_each_time() {
        let line = "date -u +%T; sleep 3600; date -u +%T; echo $RANDOM";
        let first = said(line, 0).await;
        assert!(first.starts_with("08:00:00\n09:00:00\n"), "{first}");
        assert_eq!(said(line, 0).await, first);
    }

    #[tokio::test]
    async fn time_stands_while_a_body_outside_is_busy() {
        let line = "sleep 5 & busy";
        assert_eq!(said(line, 20_000).await, format!("{:?}\n", Duration::ZERO));
    }

    #[tokio::test]
    async fn a_client_s_own_timer_is_on_the_same_clock() {
        let piece = |shards: Shards| async move {
            let world = shards.create(workstation()).await.expect("a world");
            let slow = world.run_line("sleep 10");
            let in_time = tokio::time::timeout(Duration::from_secs(9), slow).await;
            let before = world.now();
            tokio::time::sleep(Duration::from_secs(60)).await;
            (in_time.is_err(), world.now().since(before))
        };
        let (late, passed) = VirtualTime::new(1)
            .play(piece)
            .await
            .expect("the piece ends");
        assert!(late);
        assert_eq!(passed, Duration::from_secs(60));
    }

    #[tokio::test]
    async fn a_piece_that_breaks_is_told() {
        let time = VirtualTime::new(1);
        let broken = time.play(|_| async { panic!("as asked") });
        assert_eq!(broken.await.map(|(): ()| ()), Err(WorldEnded));
        let next = time.play(|_| async { "the thread goes on" });
        assert_eq!(next.await, Ok("the thread goes on"));
    }
}
