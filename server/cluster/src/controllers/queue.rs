//! How a controller lives that looks at one object at a time: it follows changes, keeps the keys that want a look, and looks at each once,
//! however often it changed.
//!
//! Mirrors client-go's work queue: no key twice at once, delays per key. What a look does is the controller's own.

use std::collections::BTreeMap;
use std::time::Duration;

use machine::Time;

use super::{Controller, Resources};
use crate::cluster::Cluster;
use crate::store::Change;

/// Namespace and name of what a controller looks at.
pub(crate) type Key = (String, String);

/// When to look again without a change.
pub(crate) type Again = Option<Duration>;

/// What a look comes to; nothing: all is done.
pub(crate) trait Outcome {
    fn read(self) -> Ended;
}

impl Outcome for Again {
    fn read(self) -> Ended {
        Ended {
            again: self,
            refused: None,
            held: None,
        }
    }
}

impl Outcome for Option<Ended> {
    fn read(self) -> Ended {
        self.unwrap_or_default()
    }
}

/// How a look ended that may be refused something.
#[derive(Default)]
pub(crate) struct Ended {
    pub again: Again,
    /// Something was refused: how soon it is tried again.
    pub refused: Option<Pace>,
    /// The controller's client waits for its turn: for so long there is no look, whatever changes.
    pub held: Option<Duration>,
}

/// Looks after refusals come later and later, until one is not refused.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    pub first: Duration,
    pub most: Duration,
}

impl Pace {
    /// Of client-go's `DefaultTypedControllerRateLimiter`.
    pub const DEFAULT: Pace = Pace {
        first: Duration::from_millis(5),
        most: Duration::from_secs(1000),
    };

    fn after(self, refusals: u32) -> Duration {
        let factor = 2_u32.saturating_pow(refusals);
        self.first.saturating_mul(factor).min(self.most)
    }
}

/// One such controller.
pub(crate) struct Queue<R> {
    /// The resources whose changes matter.
    pub follows: Resources,
    /// The keys that a change touches.
    pub keys: fn(&Cluster, &Change) -> Vec<Key>,
    /// How long after a change the look at a key comes: a controller that gathers changes waits a little.
    pub delay: fn(&Cluster, &Key, &Change) -> Duration,
    /// One look.
    pub reconcile: fn(&Cluster, &Key) -> R,
}

/// From a change until its controller looks: the way through the watch. Who reads right after a write sees the old state still.
const WATCH_LATENCY: Duration = Duration::from_millis(8);

/// Without waiting for more.
pub(crate) fn at_once(_: &Cluster, _: &Key, _: &Change) -> Duration {
    Duration::ZERO
}

impl<R: Outcome + 'static> Queue<R> {
    /// Starts the controller's task.
    pub(crate) fn start(self, cluster: &Cluster) {
        let working = Working {
            queue: self,
            due: BTreeMap::new(),
            held: BTreeMap::new(),
            refusals: BTreeMap::new(),
        };
        super::run(cluster, working);
    }
}

/// A queue at work.
struct Working<R> {
    queue: Queue<R>,
    /// When to look at what.
    due: BTreeMap<Key, Time>,
    /// Before when not to look, whatever changes.
    held: BTreeMap<Key, Time>,
    /// How many looks in a row were refused something.
    refusals: BTreeMap<Key, u32>,
}

impl<R> Working<R> {
    /// How long after a look the next one comes.
    fn pause(&mut self, key: &Key, ended: &Ended) -> Again {
        let Some(pace) = ended.refused else {
            self.refusals.remove(key);
            return ended.again;
        };
        let refusals = self.refusals.entry(key.clone()).or_default();
        let wait = pace.after(*refusals);
        *refusals = refusals.saturating_add(1);
        Some(ended.again.map_or(wait, |again| again.min(wait)))
    }
}

impl<R: Outcome + 'static> Controller for Working<R> {
    fn follows(&self) -> Resources {
        self.queue.follows
    }

    fn reconcile(&mut self, cluster: &Cluster, changes: &[Change]) {
        for change in changes {
            for key in (self.queue.keys)(cluster, change) {
                let delay = (self.queue.delay)(cluster, &key, change);
                let at = cluster.now() + WATCH_LATENCY + delay;
                let at = self.held.get(&key).map_or(at, |held| at.max(*held));
                let due = self.due.entry(key).or_insert(at);
                *due = (*due).min(at);
            }
        }
        let now = cluster.now();
        let due = self.due.iter().filter(|(_, at)| **at <= now);
        let ready: Vec<Key> = due.map(|(key, _)| key.clone()).collect();
        for key in ready {
            self.due.remove(&key);
            self.held.remove(&key);
            let ended = (self.queue.reconcile)(cluster, &key).read();
            if let Some(held) = ended.held {
                let until = cluster.now() + held;
                self.held.insert(key.clone(), until);
                self.due.insert(key, until);
                continue;
            }
            if let Some(pause) = self.pause(&key, &ended) {
                let again = cluster.now() + pause.max(Duration::from_millis(1));
                self.due.insert(key, again);
            }
        }
    }

    fn wake(&self) -> Option<Time> {
        self.due.values().min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClusterSpec;
    use crate::cluster::resource;
    use machine::Executor;
    use serde_json::json;
    use std::cell::Cell;

    thread_local! { static LOOKS: Cell<u32> = const { Cell::new(0) }; }

    fn look(_: &Cluster, key: &Key) -> Option<Ended> {
        LOOKS.set(LOOKS.get() + u32::from(key.1 == "one"));
        Some(Ended {
            held: Some(Duration::from_secs(1)),
            ..Ended::default()
        })
    }

    #[test]
    fn what_is_held_is_not_looked_at_sooner_whatever_changes() {
        let spec = ClusterSpec::default();
        let executor = Executor::new(spec.start);
        let cluster = Cluster::control_plane(spec, executor.clone(), None);
        let queue = Queue {
            follows: &[("", "configmaps")],
            keys: |_, change| crate::controllers::owned::own_key(change),
            delay: at_once,
            reconcile: look,
        };
        queue.start(&cluster);
        for n in 0..100 {
            let map =
                json!({"metadata": {"namespace": "default", "name": "one"}, "data": {"n": n}});
            cluster.put(resource("", "configmaps"), map);
            let soon = executor.now() + Duration::from_millis(25);
            assert!(executor.run_until(soon, &mut 100_000));
        }
        assert_eq!(LOOKS.get(), 3, "in two seconds and a half");
        cluster.close();
    }
}
