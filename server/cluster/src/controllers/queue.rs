//! How a controller lives: it follows changes, keeps the keys that want a look, and looks at each once, however often it changed.
//!
//! Mirrors client-go's work queue: no key twice at once, delays per key. What a look does is the controller's own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use machine::Time;
use machine::sync::{Either, select};

use crate::cluster::Cluster;
use crate::feed::Feed;
use crate::store::Change;

/// Namespace and name of what a controller looks at.
pub(crate) type Key = (String, String);

/// When to look again without a change.
pub(crate) type Again = Option<Duration>;

/// One controller.
pub(crate) struct Queue {
    /// Group and plural name of the resources whose changes matter.
    pub follows: &'static [(&'static str, &'static str)],
    /// The keys that a change touches.
    pub keys: fn(&Cluster, &Change) -> Vec<Key>,
    /// How long after a change the look comes: a controller that gathers changes waits a little.
    pub delay: fn(&Change) -> Duration,
    /// One look.
    pub reconcile: fn(&Cluster, &Key) -> Again,
}

/// From a change until its controller looks: the way through the watch. Who reads right after a write sees the old state still.
const WATCH_LATENCY: Duration = Duration::from_millis(10);

/// Without waiting for more.
pub(crate) fn at_once(_: &Change) -> Duration {
    Duration::ZERO
}

impl Queue {
    /// Starts the controller's task.
    pub(crate) fn start(self, cluster: &Cluster) {
        let task = run(self, cluster.clone());
        cluster.spawn(task);
    }
}

async fn run(controller: Queue, cluster: Cluster) {
    let mut feed = Feed::new(&cluster, controller.follows);
    let mut due: BTreeMap<Key, Time> = BTreeMap::new();
    loop {
        let changes = match due.values().min().copied() {
            None => feed.next().await,
            Some(at) => match select(feed.next(), cluster.executor().sleep_until(at)).await {
                Either::Left(changes) => changes,
                Either::Right(()) => Vec::new(),
            },
        };
        for change in &changes {
            let at = cluster.now() + WATCH_LATENCY + (controller.delay)(change);
            for key in (controller.keys)(&cluster, change) {
                due.entry(key)
                    .and_modify(|t| *t = (*t).min(at))
                    .or_insert(at);
            }
        }
        let now = cluster.now();
        let ready: BTreeSet<Key> = due
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(k, _)| k.clone())
            .collect();
        for key in ready {
            due.remove(&key);
            if let Some(pause) = (controller.reconcile)(&cluster, &key) {
                due.insert(key, cluster.now() + pause.max(Duration::from_millis(1)));
            }
        }
    }
}
