//! The loop that drives one world: take in what came, run what is due, publish what changed, sleep until something is due.
//! The only place in the server that sleeps for a world.

use crate::clock::{Clock, ClockCommand, ClockState};
use crate::command::{Command, Reply};
use crate::handle::{Shared, WorldEvent};
use crate::journal::{Entry, Journal};
use crate::spec::WorldSpec;
use crate::world::World;
use machine::Time;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// Commands taken from the channel in one go.
const BATCH: usize = 256;

/// Wall time after which a turn ends although polls are left: with a hundred busy worlds on a few threads nobody's key waits long.
const TURN_TIME: Duration = Duration::from_micros(500);
/// Polls between two looks at the wall clock.
const PIECE_POLLS: u32 = 16;

/// A movement of time that somebody waits for.
enum Motion {
    Step {
        to: Time,
        reply: Reply<ClockState>,
    },
    UntilChange {
        limit: Time,
        from: u64,
        reply: Reply<ClockState>,
    },
}

enum Turn {
    /// Nothing to do until so much wall time has passed, or until something comes in.
    Idle(Option<Duration>),
    /// The budget was spent; there is more to do at once.
    Busy,
    Ended,
}

struct Driver {
    world: World,
    clock: Clock,
    shared: Arc<Shared>,
    queue: VecDeque<Command>,
    motion: Option<Motion>,
    /// What is left of a journal that is being replayed, and until when.
    past: VecDeque<Entry>,
    past_until: Option<Time>,
    turn_polls: u32,
    /// The shortest sleep.
    grain: Duration,
}

/// A world on its way to its thread. The runtime is that of the creator: foreign processes run there.
pub(crate) struct Birth {
    pub spec: WorldSpec,
    pub start: Time,
    /// To be lived anew before anything else.
    pub journal: Option<Journal>,
    pub commands: mpsc::UnboundedReceiver<Command>,
    pub sender: mpsc::WeakUnboundedSender<Command>,
    pub shared: Arc<Shared>,
    /// Where foreign processes run.
    pub outside: tokio::runtime::Handle,
    /// The shortest sleep.
    pub grain: Duration,
}

/// Runs a world until it ends.
pub(crate) async fn drive(birth: Birth) {
    let Birth {
        spec,
        start,
        journal,
        mut commands,
        sender,
        shared,
        outside,
        grain,
    } = birth;
    let woken = Arc::new(Notify::new());
    let turn_polls = spec.limits.turn_polls.max(1);
    let clock = shared.clock();
    let made = catch_unwind(AssertUnwindSafe(|| {
        World::new(spec, start, sender, outside, shared.clone(), woken.clone())
    }));
    let world = match made {
        Ok(world) => world,
        Err(panic) => return end(&shared, Some(reason(&*panic))),
    };
    let (past_until, past) = match journal {
        Some(journal) => (Some(journal.until), journal.entries.into()),
        None => (None, VecDeque::new()),
    };
    let mut driver = Driver {
        world,
        clock,
        shared: shared.clone(),
        queue: VecDeque::new(),
        motion: None,
        past,
        past_until,
        turn_polls,
        grain,
    };
    let ended = live(&mut driver, &mut commands, &woken).await;
    // A world that broke may break again while it is taken down.
    let dropped = catch_unwind(AssertUnwindSafe(move || drop(driver)));
    end(
        &shared,
        ended.or_else(|| dropped.err().map(|panic| reason(&*panic))),
    );
}

/// Answers with the reason of a panic, if that was the end.
async fn live(
    driver: &mut Driver,
    commands: &mut mpsc::UnboundedReceiver<Command>,
    woken: &Notify,
) -> Option<String> {
    loop {
        while driver.queue.len() < BATCH
            && let Ok(command) = commands.try_recv()
        {
            driver.queue.push_back(command);
        }
        let turn = match catch_unwind(AssertUnwindSafe(|| driver.turn())) {
            Ok(turn) => turn,
            Err(panic) => return Some(reason(&*panic)),
        };
        match turn {
            Turn::Ended => return None,
            Turn::Busy => {}
            Turn::Idle(wait) => {
                let sleep = async {
                    match wait {
                        Some(wait) => tokio::time::sleep(wait).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    biased;
                    command = commands.recv() => match command {
                        Some(command) => driver.queue.push_back(command),
                        None => return None,
                    },
                    () = woken.notified() => {}
                    () = sleep => {}
                }
            }
        }
        // The neighbours' turn, also where commands never cease.
        tokio::task::yield_now().await;
    }
}

fn end(shared: &Shared, panic: Option<String>) {
    if let Some(reason) = &panic {
        tracing::error!(reason, "a world broke and was ended");
    }
    // Nobody listening is fine.
    let _ = shared.events.send(WorldEvent::Ended { panic });
}

fn reason(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic".into())
}

impl Driver {
    fn turn(&mut self) -> Turn {
        let mut budget = self.turn_polls;
        let mut done = self.advance_a_turn(&mut budget);
        // Inputs are taken in only where nothing is ready at the current time: see `journal`.
        while done || !self.world.executor.is_ready() {
            if self.motion.is_some() || self.past_until.is_some() {
                break;
            }
            let Some(command) = self.queue.pop_front() else {
                break;
            };
            if matches!(command, Command::Close) {
                return Turn::Ended;
            }
            self.take_in(command);
            if !self.world.executor.run(&mut budget) {
                done = false;
            }
            if budget == 0 {
                done = false;
                break;
            }
        }
        self.world.publish();
        let wall = self.shared.origin.elapsed();
        if self.motion.is_none() && self.past_until.is_none() {
            self.clock.slip(self.world.executor.now(), wall);
        }
        self.share();
        if !done || self.motion.is_some() || self.past_until.is_some() || !self.queue.is_empty() {
            return Turn::Busy;
        }
        let next = self.world.executor.next_timer();
        let sleep = next.and_then(|at| self.clock.wall_until(at, wall));
        Turn::Idle(sleep.map(|sleep| sleep.max(self.grain)))
    }

    /// [`Driver::advance`], in pieces, until the turn is over.
    fn advance_a_turn(&mut self, budget: &mut u32) -> bool {
        let begun = self.shared.origin.elapsed();
        loop {
            let given = PIECE_POLLS.min(*budget);
            let mut piece = given;
            let done = self.advance(&mut piece);
            *budget -= given - piece;
            if done || *budget == 0 {
                return done;
            }
            if self.shared.origin.elapsed() - begun >= TURN_TIME {
                *budget = 0;
                return false;
            }
        }
    }

    /// Moves time to where it should be. True when it is there and nothing is ready.
    fn advance(&mut self, budget: &mut u32) -> bool {
        if let Some(until) = self.past_until {
            return self.relive(until, budget);
        }
        let executor = self.world.executor.clone();
        match &self.motion {
            None => executor.run_until(self.clock.target(self.shared.origin.elapsed()), budget),
            Some(Motion::Step { to, .. }) => executor.run_until(*to, budget) && self.arrive(),
            Some(Motion::UntilChange { limit, from, .. }) => {
                let (limit, from) = (*limit, *from);
                loop {
                    if !executor.run(budget) {
                        return false;
                    }
                    let next = executor.next_timer().filter(|at| *at <= limit);
                    match next {
                        _ if self.world.revision() != from => return self.arrive(),
                        Some(at) => executor.advance_to(at),
                        None => {
                            executor.advance_to(limit);
                            return executor.run(budget) && self.arrive();
                        }
                    }
                }
            }
        }
    }

    /// A movement has come to its end: the clock goes on from here.
    fn arrive(&mut self) -> bool {
        let now = self.world.executor.now();
        self.clock.rebase(now, self.shared.origin.elapsed());
        self.clock.mark_moved();
        let state = self.clock.state(now);
        if let Some(Motion::Step { reply, .. } | Motion::UntilChange { reply, .. }) =
            self.motion.take()
        {
            self.world.publish();
            self.share();
            let _ = self.shared.events.send(WorldEvent::Clock(state));
            let _ = reply.send(state);
        }
        true
    }

    fn relive(&mut self, until: Time, budget: &mut u32) -> bool {
        while let Some(entry) = self.past.front() {
            if !self.world.executor.run_until(entry.at, budget) {
                return false;
            }
            if let Some(entry) = self.past.pop_front() {
                self.world.relive(entry.input);
            }
        }
        if !self.world.executor.run_until(until, budget) {
            return false;
        }
        self.past_until = None;
        self.clock.rebase(until, self.shared.origin.elapsed());
        true
    }

    fn take_in(&mut self, command: Command) {
        match command {
            Command::Clock(command, reply) => self.set_clock(command, reply),
            other => self.world.take_in(other),
        }
    }

    fn set_clock(&mut self, command: ClockCommand, reply: Reply<ClockState>) {
        let (now, wall) = (self.world.executor.now(), self.shared.origin.elapsed());
        match command {
            ClockCommand::Read => {}
            ClockCommand::Pause => self.clock.set_paused(true, now, wall),
            ClockCommand::Resume => self.clock.set_paused(false, now, wall),
            ClockCommand::Speed(speed) => self.clock.set_speed(speed, now, wall),
            ClockCommand::Step(by) => {
                self.motion = Some(Motion::Step {
                    to: now + by,
                    reply,
                });
                return;
            }
            ClockCommand::UntilChange(limit) => {
                let from = self.world.revision();
                self.motion = Some(Motion::UntilChange {
                    limit: now + limit,
                    from,
                    reply,
                });
                return;
            }
        }
        let state = self.clock.state(now);
        if command != ClockCommand::Read {
            self.share();
            let _ = self.shared.events.send(WorldEvent::Clock(state));
        }
        let _ = reply.send(state);
    }

    /// Tells the handles where the world stands.
    fn share(&self) {
        self.shared
            .now
            .store(self.world.executor.now().0, Ordering::Release);
        self.shared
            .revision
            .store(self.world.revision(), Ordering::Release);
        *self.shared.clock.lock().unwrap_or_else(|e| e.into_inner()) = self.clock.clone();
    }
}
