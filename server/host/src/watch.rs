//! Watches: the changes of the store, filtered, in the order of their revisions.
//!
//! A watcher has a bounded channel. When it is full the world waits for the reader and goes on from the store's
//! ring of changes; a reader that falls out of the ring ends with 410 Expired, as in the real thing. Nothing is
//! encoded here: an event carries the shared object.

use crate::command::{Command, WatchId};
use objects::{Object, Status};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;

/// Events that may wait for a reader.
pub const WATCH_QUEUE_EVENTS: usize = 256;

/// What to watch. Mirrors the list options of the Kubernetes API.
#[derive(Clone, Debug, Default)]
pub struct WatchQuery {
    pub group: String,
    pub version: String,
    /// Plural, as in the path: `pods`.
    pub resource: String,
    /// Empty: all namespaces, or a resource of the cluster.
    pub namespace: String,
    /// Kubernetes' label selector syntax; empty selects everything.
    pub label_selector: String,
    /// Kubernetes' field selector syntax; `metadata.name=x` for a single object.
    pub field_selector: String,
    /// Empty or `0`: current objects first, as `Added`. A number: what changed after it.
    pub resource_version: String,
    /// Whether current objects come first when a `resource_version` is given (`sendInitialEvents`); `Some(false)` with an
    /// empty version starts at now.
    pub send_initial_events: Option<bool>,
}

/// One event of a watch.
#[derive(Clone, Debug)]
pub enum WatchEvent {
    Added(Object),
    /// The new state.
    Modified(Object),
    /// The last state, with the revision of its deletion.
    Deleted(Object),
    /// All events up to this revision have been sent.
    Bookmark(u64),
    /// The watch is over; a `Status`, most often 410 Expired.
    Error(Box<Status>),
}

/// The reading end of a watch. Dropping it ends the watch.
#[derive(Debug)]
pub struct Watch {
    pub(crate) id: WatchId,
    /// Current objects at `revision`, sent first.
    pub(crate) initial: VecDeque<Object>,
    /// The revision from which changes follow.
    pub revision: u64,
    pub(crate) events: mpsc::Receiver<WatchEvent>,
    /// Set by the world when the channel was full.
    pub(crate) stalled: Arc<AtomicBool>,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
}

impl Watch {
    /// How many of the initial objects are still to come.
    pub fn initial_left(&self) -> usize {
        self.initial.len()
    }

    /// The next event; `None` when the world has ended. Safe to cancel.
    pub async fn recv(&mut self) -> Option<WatchEvent> {
        if let Some(object) = self.initial.pop_front() {
            return Some(WatchEvent::Added(object));
        }
        if let Ok(event) = self.events.try_recv() {
            return Some(event);
        }
        if self.stalled.swap(false, Ordering::AcqRel) {
            let _ = self.commands.send(Command::Nudge(self.id));
        }
        self.events.recv().await
    }

    /// Asks for a [`WatchEvent::Bookmark`] after everything that has happened so far.
    pub fn ask_bookmark(&self) {
        let _ = self.commands.send(Command::Bookmark(self.id));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Unwatch(self.id));
    }
}
