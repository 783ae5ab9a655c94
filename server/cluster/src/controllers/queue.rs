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

/// One such controller.
pub(crate) struct Queue {
    /// The resources whose changes matter.
    pub follows: Resources,
    /// The keys that a change touches.
    pub keys: fn(&Cluster, &Change) -> Vec<Key>,
    /// How long after a change the look comes: a controller that gathers changes waits a little.
    pub delay: fn(&Change) -> Duration,
    /// One look.
    pub reconcile: fn(&Cluster, &Key) -> Again,
}

/// From a change until its controller looks: the way through the watch. Who reads right after a write sees the old state still.
const WATCH_LATENCY: Duration = Duration::from_millis(8);

/// Without waiting for more.
pub(crate) fn at_once(_: &Change) -> Duration {
    Duration::ZERO
}

impl Queue {
    /// Starts the controller's task.
    pub(crate) fn start(self, cluster: &Cluster) {
        let due = BTreeMap::new();
        super::run(cluster, Working { queue: self, due });
    }
}

/// A queue at work.
struct Working {
    queue: Queue,
    /// When to look at what.
    due: BTreeMap<Key, Time>,
}

impl Controller for Working {
    fn follows(&self) -> Resources {
        self.queue.follows
    }

    fn reconcile(&mut self, cluster: &Cluster, changes: &[Change]) {
        for change in changes {
            let at = cluster.now() + WATCH_LATENCY + (self.queue.delay)(change);
            for key in (self.queue.keys)(cluster, change) {
                let due = self.due.entry(key).or_insert(at);
                *due = (*due).min(at);
            }
        }
        let now = cluster.now();
        let due = self.due.iter().filter(|(_, at)| **at <= now);
        let ready: Vec<Key> = due.map(|(key, _)| key.clone()).collect();
        for key in ready {
            self.due.remove(&key);
            if let Some(pause) = (self.queue.reconcile)(cluster, &key) {
                let again = cluster.now() + pause.max(Duration::from_millis(1));
                self.due.insert(key, again);
            }
        }
    }

    fn wake(&self) -> Option<Time> {
        self.due.values().min().copied()
    }
}
