//! Waiting for one another inside a world: single-threaded, woken through the executor.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

#[derive(Default)]
struct Waiters {
    next: Cell<u64>,
    /// By number, lowest first: numbers rise, so new ones come last. It keeps its room from one bell to the next.
    wakers: RefCell<Vec<(u64, Waker)>>,
    epoch: Cell<u64>,
}

/// A bell: `notify` wakes everyone who waits. Clones are the same bell.
#[derive(Clone, Default)]
pub struct Notify(Rc<Waiters>);

impl Notify {
    #[must_use]
    pub fn new() -> Notify {
        Notify::default()
    }

    /// Wakes all waiters, in the order in which they began to wait.
    pub fn notify(&self) {
        self.0.epoch.set(self.0.epoch.get() + 1);
        // Waking only puts tasks into the executor's queue: nobody comes back here meanwhile.
        for (_, waker) in self.0.wakers.borrow_mut().drain(..) {
            waker.wake();
        }
    }

    /// Ends at the first `notify` after this call.
    #[must_use]
    pub fn notified(&self) -> Notified {
        Notified {
            bell: self.clone(),
            epoch: self.0.epoch.get(),
            key: None,
        }
    }

    /// Ends as soon as `ready` gives a value; asks it now and after each `notify`.
    pub async fn until<T>(&self, mut ready: impl FnMut() -> Option<T>) -> T {
        loop {
            let bell = self.notified();
            if let Some(value) = ready() {
                return value;
            }
            bell.await;
        }
    }
}

pub struct Notified {
    bell: Notify,
    epoch: u64,
    key: Option<u64>,
}

impl Future for Notified {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.bell.0.epoch.get() != self.epoch {
            self.key = None;
            return Poll::Ready(());
        }
        let key = self.key.unwrap_or_else(|| {
            let next = self.bell.0.next.get();
            self.bell.0.next.set(next + 1);
            next
        });
        self.key = Some(key);
        let mut wakers = self.bell.0.wakers.borrow_mut();
        match wakers.binary_search_by_key(&key, |(k, _)| *k) {
            Ok(place) => wakers[place].1.clone_from(context.waker()),
            Err(place) => wakers.insert(place, (key, context.waker().clone())),
        }
        drop(wakers);
        Poll::Pending
    }
}

impl Drop for Notified {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let mut wakers = self.bell.0.wakers.borrow_mut();
            if let Ok(place) = wakers.binary_search_by_key(&key, |(k, _)| *k) {
                wakers.remove(place);
            }
        }
    }
}

struct QueueInner<T> {
    items: RefCell<VecDeque<T>>,
    capacity: usize,
    closed: Cell<bool>,
    changed: Notify,
}

/// A first-in first-out queue; clones are the same queue.
pub struct Queue<T>(Rc<QueueInner<T>>);

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Queue(self.0.clone())
    }
}

impl<T> Queue<T> {
    #[must_use]
    pub fn bounded(capacity: usize) -> Queue<T> {
        Queue(Rc::new(QueueInner {
            items: RefCell::default(),
            capacity,
            closed: Cell::new(false),
            changed: Notify::new(),
        }))
    }

    #[must_use]
    pub fn unbounded() -> Queue<T> {
        Queue::bounded(usize::MAX)
    }

    /// Waits for room. The item comes back when the queue is closed.
    pub async fn push(&self, item: T) -> Result<(), T> {
        let mut item = Some(item);
        self.0
            .changed
            .until(|| match self.try_push(item.take()?) {
                Ok(()) => Some(Ok(())),
                Err(back) if self.0.closed.get() => Some(Err(back)),
                Err(back) => {
                    item = Some(back);
                    None
                }
            })
            .await
    }

    /// The item comes back when the queue is full or closed.
    pub fn try_push(&self, item: T) -> Result<(), T> {
        if self.0.closed.get() || self.len() >= self.0.capacity {
            return Err(item);
        }
        self.0.items.borrow_mut().push_back(item);
        self.0.changed.notify();
        Ok(())
    }

    /// The next item; None when the queue is closed and empty.
    pub async fn pop(&self) -> Option<T> {
        self.0
            .changed
            .until(|| match self.try_pop() {
                Some(item) => Some(Some(item)),
                None => self.0.closed.get().then_some(None),
            })
            .await
    }

    #[must_use]
    pub fn try_pop(&self) -> Option<T> {
        let item = self.0.items.borrow_mut().pop_front();
        if item.is_some() {
            self.0.changed.notify();
        }
        item
    }

    /// No more items come in; those inside can still be taken.
    pub fn close(&self) {
        self.0.closed.set(true);
        self.0.changed.notify();
    }

    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.closed.get()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.items.borrow().len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

struct WatchInner<T> {
    value: RefCell<T>,
    version: Cell<u64>,
    changed: Notify,
}

/// A value whose changes can be awaited; clones are the same value.
pub struct Watch<T>(Rc<WatchInner<T>>);

impl<T> Clone for Watch<T> {
    fn clone(&self) -> Self {
        Watch(self.0.clone())
    }
}

impl<T: Clone> Watch<T> {
    #[must_use]
    pub fn new(value: T) -> Watch<T> {
        Watch(Rc::new(WatchInner {
            value: RefCell::new(value),
            version: Cell::new(0),
            changed: Notify::new(),
        }))
    }

    #[must_use]
    pub fn get(&self) -> T {
        self.0.value.borrow().clone()
    }

    #[must_use]
    pub fn version(&self) -> u64 {
        self.0.version.get()
    }

    pub fn set(&self, value: T) {
        *self.0.value.borrow_mut() = value;
        self.0.version.set(self.0.version.get() + 1);
        self.0.changed.notify();
    }

    /// Ends when the version is above `seen`.
    pub async fn changed(&self, seen: u64) -> T {
        self.0
            .changed
            .until(|| (self.version() > seen).then(|| self.get()))
            .await
    }

    /// Ends when the value satisfies `wanted`.
    pub async fn wait_for(&self, mut wanted: impl FnMut(&T) -> bool) -> T {
        self.0
            .changed
            .until(|| wanted(&self.0.value.borrow()).then(|| self.get()))
            .await
    }
}

/// Which of two futures ended first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    Left(A),
    Right(B),
}

/// Waits for either; the left one is asked first, and the loser is dropped.
pub async fn select<A, B>(
    left: impl Future<Output = A>,
    right: impl Future<Output = B>,
) -> Either<A, B> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    std::future::poll_fn(|context| {
        if let Poll::Ready(value) = left.as_mut().poll(context) {
            return Poll::Ready(Either::Left(value));
        }
        match right.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Either::Right(value)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Waits for both.
pub async fn join<A, B>(left: impl Future<Output = A>, right: impl Future<Output = B>) -> (A, B) {
    let (mut left, mut right) = (pin!(left), pin!(right));
    let (mut a, mut b) = (None, None);
    std::future::poll_fn(|context| {
        if a.is_none()
            && let Poll::Ready(value) = left.as_mut().poll(context)
        {
            a = Some(value);
        }
        if b.is_none()
            && let Poll::Ready(value) = right.as_mut().poll(context)
        {
            b = Some(value);
        }
        match (a.take(), b.take()) {
            (Some(x), Some(y)) => Poll::Ready((x, y)),
            (x, y) => {
                (a, b) = (x, y);
                Poll::Pending
            }
        }
    })
    .await
}
