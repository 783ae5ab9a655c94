//! The executor of a simulated world: one thread, a FIFO of ready tasks, timers in simulated time.
//! It never sleeps and reads no clock: its owner says how much to run and when time moves.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use crate::time::{Duration, Time};

/// A boxed future on one thread.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

type Body = LocalFuture<'static, ()>;
type WakeHook = Box<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct Ready {
    queue: Mutex<VecDeque<u64>>,
    hook: Mutex<Option<WakeHook>>,
}

impl Ready {
    fn push(&self, id: u64) {
        let first = {
            let mut queue = self.queue.lock().unwrap_or_else(|e| e.into_inner());
            queue.push_back(id);
            queue.len() == 1
        };
        if first && let Some(hook) = &*self.hook.lock().unwrap_or_else(|e| e.into_inner()) {
            hook();
        }
    }

    fn pop(&self) -> Option<u64> {
        self.queue
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .pop_front()
    }
}

struct TaskWaker {
    id: u64,
    queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.ready.push(self.id);
        }
    }
}

/// A place for a task: taken anew when the one before has ended.
#[derive(Default)]
struct Slot {
    /// How many tasks had it before.
    turn: u32,
    entry: Option<Entry>,
}

/// The tasks that have not ended. A task's number is its place and its turn there, so that none is ever given twice.
#[derive(Default)]
struct Tasks {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl Tasks {
    fn split(id: u64) -> (usize, u32) {
        ((id & u64::from(u32::MAX)) as usize, (id >> 32) as u32)
    }

    /// Its waker.
    fn insert(&mut self, entry: impl FnOnce(u64) -> Entry) -> Arc<TaskWaker> {
        let at = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() as u32 - 1
        });
        let slot = &mut self.slots[at as usize];
        let entry = slot
            .entry
            .insert(entry(u64::from(slot.turn) << 32 | u64::from(at)));
        entry.waker.clone()
    }

    fn get_mut(&mut self, id: u64) -> Option<&mut Entry> {
        let (at, turn) = Tasks::split(id);
        let slot = self.slots.get_mut(at).filter(|slot| slot.turn == turn)?;
        slot.entry.as_mut()
    }

    fn has(&self, id: u64) -> bool {
        let (at, turn) = Tasks::split(id);
        let slot = self.slots.get(at).filter(|slot| slot.turn == turn);
        slot.is_some_and(|slot| slot.entry.is_some())
    }

    fn remove(&mut self, id: u64) -> Option<Entry> {
        let (at, turn) = Tasks::split(id);
        let slot = self.slots.get_mut(at).filter(|slot| slot.turn == turn)?;
        let entry = slot.entry.take()?;
        slot.turn = slot.turn.wrapping_add(1);
        self.free.push(at as u32);
        Some(entry)
    }

    fn take_all(&mut self) -> Vec<Entry> {
        let mut all = Vec::new();
        for (at, slot) in self.slots.iter_mut().enumerate() {
            if let Some(entry) = slot.entry.take() {
                slot.turn = slot.turn.wrapping_add(1);
                self.free.push(at as u32);
                all.push(entry);
            }
        }
        all
    }

    fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

struct Entry {
    /// None while it is being polled.
    body: Option<Body>,
    waker: Arc<TaskWaker>,
    suspended: bool,
    /// A wake came while it was suspended.
    missed: bool,
}

struct Inner {
    now: Cell<Time>,
    next_timer: Cell<u64>,
    tasks: RefCell<Tasks>,
    timers: RefCell<BTreeMap<(Time, u64), Waker>>,
    /// Futures of cancelled tasks, dropped by `run`, where nothing is borrowed.
    graveyard: RefCell<Vec<Body>>,
    ready: Arc<Ready>,
    polls: Cell<u64>,
}

/// Runs tasks of one world. Clones are the same executor.
#[derive(Clone)]
pub struct Executor(Rc<Inner>);

impl Executor {
    #[must_use]
    pub fn new(start: Time) -> Executor {
        Executor(Rc::new(Inner {
            now: Cell::new(start),
            next_timer: Cell::new(0),
            tasks: RefCell::default(),
            timers: RefCell::default(),
            graveyard: RefCell::default(),
            ready: Arc::default(),
            polls: Cell::new(0),
        }))
    }

    #[must_use]
    pub fn now(&self) -> Time {
        self.0.now.get()
    }

    /// Polls since the beginning: a measure of work done.
    #[must_use]
    pub fn polls(&self) -> u64 {
        self.0.polls.get()
    }

    /// Tasks that have not ended.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.0.tasks.borrow().len()
    }

    /// Starts a task. It is first polled by `run`, after those that are ready already.
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) -> Task {
        let body: Body = Box::pin(future);
        let waker = self.0.tasks.borrow_mut().insert(|id| {
            let queued = AtomicBool::new(false);
            let ready = self.0.ready.clone();
            Entry {
                body: Some(body),
                waker: Arc::new(TaskWaker { id, queued, ready }),
                suspended: false,
                missed: false,
            }
        });
        let id = waker.id;
        waker.wake();
        Task {
            id,
            executor: Rc::downgrade(&self.0),
            detached: Cell::new(false),
        }
    }

    #[must_use]
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.now() + duration)
    }

    #[must_use]
    pub fn sleep_until(&self, deadline: Time) -> Sleep {
        Sleep {
            executor: self.clone(),
            deadline,
            key: None,
        }
    }

    /// Lets every other ready task run first.
    pub async fn yield_now(&self) {
        let mut yielded = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut yielded, true) {
                Poll::Ready(())
            } else {
                context.waker().wake_by_ref();
                Poll::Pending
            }
        })
        .await;
    }

    /// Polls ready tasks at the current time until there are none or `budget` polls are spent.
    /// True when nothing is ready any more.
    pub fn run(&self, budget: &mut u32) -> bool {
        loop {
            self.bury();
            if *budget == 0 {
                return !self.is_ready();
            }
            let Some(id) = self.0.ready.pop() else {
                return true;
            };
            if self.poll(id) {
                *budget -= 1;
            }
        }
    }

    /// Is a task ready at the current time?
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self
            .0
            .ready
            .queue
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .is_empty()
    }

    /// When the earliest timer rings.
    #[must_use]
    pub fn next_timer(&self) -> Option<Time> {
        self.0.timers.borrow().keys().next().map(|(time, _)| *time)
    }

    /// Moves the clock to `to` (never back) and rings the timers up to then, in order. Nothing runs
    /// between two timers: a caller steps by `next_timer`, or uses `run_until`.
    pub fn advance_to(&self, to: Time) {
        if to > self.now() {
            self.0.now.set(to);
        }
        let now = self.now();
        loop {
            let due = {
                let mut timers = self.0.timers.borrow_mut();
                match timers.first_key_value() {
                    Some((&(time, _), _)) if time <= now => timers.pop_first(),
                    _ => None,
                }
            };
            let Some((_, waker)) = due else { return };
            waker.wake();
        }
    }

    /// Runs and moves the clock timer by timer until `to`. False when the budget ended before.
    pub fn run_until(&self, to: Time, budget: &mut u32) -> bool {
        loop {
            if !self.run(budget) {
                return false;
            }
            match self.next_timer() {
                Some(time) if time <= to => self.advance_to(time),
                _ => {
                    self.advance_to(to);
                    return true;
                }
            }
        }
    }

    /// Calls `hook` when a task becomes ready while none was: possibly from another thread, when a
    /// waker of this executor was carried there. The hook only signals; it may not call back.
    pub fn on_wake(&self, hook: impl Fn() + Send + Sync + 'static) {
        *self.0.ready.hook.lock().unwrap_or_else(|e| e.into_inner()) = Some(Box::new(hook));
    }

    /// Ends the world: every task is cancelled and its future dropped, so that nothing that one of them holds lives on. For its
    /// owner, who has nothing borrowed and runs it no more.
    pub fn end(&self) {
        loop {
            self.bury();
            let tasks = self.0.tasks.borrow_mut().take_all();
            if tasks.is_empty() {
                break;
            }
            drop(tasks);
        }
        let timers = std::mem::take(&mut *self.0.timers.borrow_mut());
        drop(timers);
    }

    fn bury(&self) {
        loop {
            let dead = std::mem::take(&mut *self.0.graveyard.borrow_mut());
            if dead.is_empty() {
                return;
            }
            drop(dead);
        }
    }

    fn poll(&self, id: u64) -> bool {
        let (mut body, waker) = {
            let mut tasks = self.0.tasks.borrow_mut();
            let Some(entry) = tasks.get_mut(id) else {
                return false;
            };
            entry.waker.queued.store(false, Ordering::Release);
            if entry.suspended {
                entry.missed = true;
                return false;
            }
            let Some(body) = entry.body.take() else {
                return false;
            };
            (body, entry.waker.clone())
        };
        self.0.polls.set(self.0.polls.get() + 1);
        let waker = Waker::from(waker);
        let result = body.as_mut().poll(&mut Context::from_waker(&waker));
        let ended = {
            let mut tasks = self.0.tasks.borrow_mut();
            match (result, tasks.get_mut(id)) {
                (Poll::Pending, Some(entry)) => {
                    entry.body = Some(body);
                    return true;
                }
                (_, _) => (tasks.remove(id), body),
            }
        };
        drop(ended);
        true
    }
}

impl Inner {
    fn cancel(&self, id: u64) {
        let entry = self.tasks.borrow_mut().remove(id);
        if let Some(Entry {
            body: Some(body), ..
        }) = entry
        {
            self.graveyard.borrow_mut().push(body);
            // Something must make the owner run, so that the future is dropped.
            self.ready.push(id);
        }
    }
}

/// A started task. Dropping it cancels the task, unless it was detached.
pub struct Task {
    id: u64,
    executor: std::rc::Weak<Inner>,
    detached: Cell<bool>,
}

impl Task {
    /// Lets the task live on without this handle.
    pub fn detach(self) {
        self.detached.set(true);
    }

    /// The task is never polled again; its future is dropped soon, by `Executor::run`.
    pub fn cancel(&self) {
        if let Some(inner) = self.executor.upgrade() {
            inner.cancel(self.id);
        }
    }

    /// Holds the task: it is not polled until `resume`.
    pub fn suspend(&self) {
        if let Some(inner) = self.executor.upgrade()
            && let Some(entry) = inner.tasks.borrow_mut().get_mut(self.id)
        {
            entry.suspended = true;
        }
    }

    pub fn resume(&self) {
        let Some(inner) = self.executor.upgrade() else {
            return;
        };
        let waker = match inner.tasks.borrow_mut().get_mut(self.id) {
            Some(entry) => {
                entry.suspended = false;
                std::mem::take(&mut entry.missed).then(|| entry.waker.clone())
            }
            None => None,
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.executor
            .upgrade()
            .is_none_or(|inner| !inner.tasks.borrow().has(self.id))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if !self.detached.get() {
            self.cancel();
        }
    }
}

/// Ends at a point of simulated time.
pub struct Sleep {
    executor: Executor,
    deadline: Time,
    key: Option<(Time, u64)>,
}

impl Future for Sleep {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.executor.now() >= self.deadline {
            return Poll::Ready(());
        }
        let key = match self.key {
            Some(key) => key,
            None => {
                let sequence = self.executor.0.next_timer.get();
                self.executor.0.next_timer.set(sequence + 1);
                (self.deadline, sequence)
            }
        };
        self.key = Some(key);
        self.executor
            .0
            .timers
            .borrow_mut()
            .insert(key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.executor.0.timers.borrow_mut().remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> (Rc<RefCell<Vec<String>>>, impl Fn(&str) + Clone) {
        let log = Rc::new(RefCell::new(Vec::new()));
        let writer = log.clone();
        (log, move |line: &str| {
            writer.borrow_mut().push(line.to_string())
        })
    }

    #[test]
    fn timers_ring_in_order() {
        let executor = Executor::new(Time::EPOCH);
        let (lines, say) = log();
        for (name, seconds) in [("c", 3), ("a", 1), ("b", 1)] {
            let (executor2, say) = (executor.clone(), say.clone());
            executor
                .spawn(async move {
                    executor2.sleep(Duration::from_secs(seconds)).await;
                    say(&format!("{name}@{}", executor2.now().seconds()));
                })
                .detach();
        }
        assert!(executor.run_until(Time::from_seconds(10), &mut 100));
        assert_eq!(*lines.borrow(), ["a@1", "b@1", "c@3"]);
        assert_eq!((executor.tasks(), executor.next_timer()), (0, None));
    }

    #[test]
    fn budget_stops_a_spinner() {
        let executor = Executor::new(Time::EPOCH);
        let spinner = executor.clone();
        let task = executor.spawn(async move {
            loop {
                spinner.yield_now().await;
            }
        });
        assert!(!executor.run(&mut 1000));
        assert!(executor.polls() <= 1000);
        drop(task);
        assert!(executor.run(&mut 10));
        assert_eq!(executor.tasks(), 0);
    }

    #[test]
    fn suspend_keeps_wakes() {
        let executor = Executor::new(Time::EPOCH);
        let (lines, say) = log();
        let clock = executor.clone();
        let task = executor.spawn(async move {
            clock.sleep(Duration::from_secs(1)).await;
            say("woke");
        });
        executor.run(&mut 10);
        task.suspend();
        executor.run_until(Time::from_seconds(5), &mut 10);
        assert!(lines.borrow().is_empty());
        task.resume();
        executor.run(&mut 10);
        assert_eq!(*lines.borrow(), ["woke"]);
        assert!(task.is_finished());
    }
}
