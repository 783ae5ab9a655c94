//! Shards: threads that own worlds outright. Each is a current-thread runtime; a world is one task on it.
//! A panic in a world ends that world; its neighbours on the thread go on.

use crate::clock::Clock;
use crate::drive::{Birth, drive};
use crate::handle::{Handle, Inner, Shared, WorldEnded};
use crate::journal::Journal;
use crate::spec::WorldSpec;
use machine::Time;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::time::Instant;

/// The stack of a shard's thread. Programs in worlds nest futures deeply (a shell in a shell), all polled from one place.
pub(crate) const STACK_BYTES: usize = 16 * 1024 * 1024;

/// The threads on which worlds live. Dropping it lets the threads end once their worlds have.
#[derive(Clone, Debug)]
pub struct Shards {
    births: Arc<Vec<mpsc::UnboundedSender<Birth>>>,
    next: Arc<AtomicUsize>,
    /// When worlds begin whose spec does not say: none for the wall clock's now.
    morning: Option<Time>,
    /// A world that has nothing to do sleeps at least this long, unless something comes in.
    grain: Duration,
}

impl Shards {
    /// Starts `threads` shards (at least one).
    pub fn new(threads: usize) -> Shards {
        let births = (0..threads.max(1)).map(start_thread).collect();
        Shards {
            births: Arc::new(births),
            next: Arc::default(),
            morning: None,
            grain: Duration::ZERO,
        }
    }

    /// A shard on the thread that calls, within a `LocalSet`; its worlds begin at `morning`.
    pub(crate) fn here(morning: Time, grain: Duration) -> Shards {
        let (sender, births) = mpsc::unbounded_channel();
        tokio::task::spawn_local(attend(births));
        Shards {
            births: Arc::new(vec![sender]),
            next: Arc::default(),
            morning: Some(morning),
            grain,
        }
    }

    /// Makes a world and lets it run. Call it within a tokio runtime: bodies of foreign processes run on that one.
    pub async fn create(&self, spec: WorldSpec) -> Result<Handle, WorldEnded> {
        let start = spec.start.or(self.morning).unwrap_or_else(wall_clock);
        self.bring(
            WorldSpec {
                start: Some(start),
                ..spec
            },
            start,
            None,
        )
    }

    /// Makes the world of a journal again, up to where the journal ends; from there its clock runs on, unless `paused`.
    pub async fn replay(&self, journal: Journal, paused: bool) -> Result<Handle, WorldEnded> {
        let start = journal.spec.start.unwrap_or_default();
        let handle = self.bring(journal.spec.clone(), start, Some(journal))?;
        if paused {
            handle.clock(crate::ClockCommand::Pause).await?;
        }
        Ok(handle)
    }

    fn bring(
        &self,
        spec: WorldSpec,
        start: Time,
        journal: Option<Journal>,
    ) -> Result<Handle, WorldEnded> {
        let (sender, commands) = mpsc::unbounded_channel();
        let origin = Instant::now();
        let begins = journal.as_ref().map_or(start, |j| j.until);
        let clock = Clock::new(begins, origin.elapsed(), spec.speed);
        let shared = Arc::new(Shared {
            now: AtomicI64::new(start.0),
            revision: AtomicU64::new(0),
            clock: Mutex::new(clock),
            origin,
            events: broadcast::channel(64).0,
        });
        let permits = Semaphore::new(spec.limits.requests);
        let (git_version, admin) = spec.cluster.as_ref().map_or_else(Default::default, |c| {
            (c.git_version.clone(), c.user.clone())
        });
        let birth = Birth {
            spec,
            start,
            journal,
            commands,
            sender: sender.downgrade(),
            shared: shared.clone(),
            outside: tokio::runtime::Handle::current(),
            grain: self.grain,
        };
        let shard = self.next.fetch_add(1, Ordering::Relaxed) % self.births.len();
        self.births[shard].send(birth).map_err(|_| WorldEnded)?;
        Ok(Handle(Arc::new(Inner {
            commands: sender,
            permits,
            shared,
            git_version,
            admin,
        })))
    }
}

fn wall_clock() -> Time {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

fn start_thread(index: usize) -> mpsc::UnboundedSender<Birth> {
    let (sender, births) = mpsc::unbounded_channel();
    let body = move || run_shard(births);
    let started = std::thread::Builder::new()
        .name(format!("shard-{index}"))
        .stack_size(STACK_BYTES)
        .spawn(body);
    if let Err(error) = started {
        // The channel is closed then, and every creation on this shard answers `WorldEnded`.
        tracing::error!(%error, index, "a shard's thread cannot be started");
    }
    sender
}

fn run_shard(births: mpsc::UnboundedReceiver<Birth>) {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return tracing::error!(%error, "a shard's runtime cannot be made"),
    };
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, attend(births));
    // No more births: worlds that still run keep the thread until they have ended.
    runtime.block_on(local);
}

/// Brings worlds to life on this thread, as long as somebody can ask for one.
async fn attend(mut births: mpsc::UnboundedReceiver<Birth>) {
    while let Some(birth) = births.recv().await {
        // Tokio's own budget would stop channels in the middle of a turn; a turn has a budget of its own.
        tokio::task::spawn_local(tokio::task::unconstrained(drive(birth)));
    }
}
