//! The inside half of watches: who watches what, and handing out changes.

use crate::command::{Command, WatchId};
use crate::watch::{WATCH_QUEUE_EVENTS, Watch, WatchEvent, WatchQuery};
use cluster::{Change, ChangeKind, Cluster};
use objects::{Object, Options, Request, Resource, Status, Verb, meta};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

struct Watcher {
    resource: &'static Resource,
    stored: &'static Resource,
    namespace: String,
    matches: Box<dyn Fn(&serde_json::Value) -> bool>,
    /// Everything up to this revision has been handed out.
    cursor: u64,
    sender: mpsc::Sender<WatchEvent>,
    /// Shared with the reader: true while it must tell when it has room.
    stalled: Arc<AtomicBool>,
}

/// All watches of a world.
#[derive(Default)]
pub(crate) struct Watchers {
    all: BTreeMap<WatchId, Watcher>,
    next: u64,
    published: u64,
}

impl Watchers {
    /// Opens a watch; current objects come with it when they are asked for.
    pub fn open(
        &mut self,
        cluster: &Cluster,
        query: &WatchQuery,
        limit: usize,
        commands: mpsc::UnboundedSender<Command>,
    ) -> Result<Watch, Status> {
        if self.all.len() >= limit {
            return Err(Status::too_many_requests(
                "too many watches are open in this cluster",
                1,
            ));
        }
        let resource = objects::by_path(&query.group, &query.version, &query.resource)
            .ok_or_else(Status::unknown_path)?;
        let stored = cluster::storage_of(resource);
        let options = Options {
            label_selector: query.label_selector.clone(),
            field_selector: query.field_selector.clone(),
            ..Options::default()
        };
        let matches = Cluster::selector(stored, &options)?;
        // Events that are due are handed out first, so that all watchers stand at one revision.
        self.publish(cluster);
        let current = cluster.revision();
        let (from, with_objects) = beginning(query, current)?;
        if from < current && !with_objects {
            cluster
                .changes_after(from)
                .map_err(|e| Status::too_old(e.asked, e.oldest))?;
        }
        let (sender, events) = mpsc::channel(WATCH_QUEUE_EVENTS);
        let stalled = Arc::new(AtomicBool::new(false));
        let id = WatchId(self.next);
        self.next += 1;
        let mut initial = std::collections::VecDeque::new();
        let cursor = if with_objects { current } else { from };
        if with_objects {
            let mut list = Request::new(Verb::List, &query.group, &query.version, &query.resource);
            list.namespace = query.namespace.clone();
            list.options = options;
            initial.extend(cluster.list_request(&list)?.items);
        }
        let namespace = query.namespace.clone();
        let watcher = Watcher {
            resource,
            stored,
            namespace,
            matches,
            cursor,
            sender,
            stalled: stalled.clone(),
        };
        self.all.insert(id, watcher);
        self.catch_up(cluster, id);
        Ok(Watch {
            id,
            initial,
            revision: cursor,
            events,
            stalled,
            commands,
        })
    }

    pub fn close(&mut self, id: WatchId) {
        self.all.remove(&id);
    }

    /// Hands out what changed since the last time.
    pub fn publish(&mut self, cluster: &Cluster) {
        let revision = cluster.revision();
        if revision == self.published {
            return;
        }
        let before = std::mem::replace(&mut self.published, revision);
        let Ok(changes) = cluster.changes_after(before) else {
            // More changed at once than the ring holds: each watcher finds out by itself.
            let ids: Vec<WatchId> = self.all.keys().copied().collect();
            ids.into_iter().for_each(|id| self.catch_up(cluster, id));
            return;
        };
        self.all
            .retain(|_, watcher| watcher.cursor != before || watcher.take(&changes, revision));
    }

    /// Goes on for a watcher that has room again.
    pub fn catch_up(&mut self, cluster: &Cluster, id: WatchId) {
        let revision = cluster.revision();
        let Some(watcher) = self.all.get_mut(&id) else {
            return;
        };
        if watcher.cursor == revision {
            return;
        }
        let keep = match cluster.changes_after(watcher.cursor) {
            Ok(changes) => watcher.take(&changes, revision),
            Err(expired) => {
                let status = Status::too_old(expired.asked, expired.oldest);
                let _ = watcher.sender.try_send(WatchEvent::Error(Box::new(status)));
                false
            }
        };
        if !keep {
            self.all.remove(&id);
        }
    }

    /// Sends a bookmark, unless the watcher is behind (it then gets none this time).
    pub fn bookmark(&mut self, cluster: &Cluster, id: WatchId) {
        self.publish(cluster);
        if let Some(watcher) = self.all.get(&id)
            && watcher.cursor == cluster.revision()
        {
            let _ = watcher
                .sender
                .try_send(WatchEvent::Bookmark(watcher.cursor));
        }
    }
}

impl Watcher {
    /// Hands out changes until they end or the channel is full. False when the reader is gone.
    fn take(&mut self, changes: &[Change], revision: u64) -> bool {
        for change in changes {
            if let Some(event) = self.event(change)
                && let Some(keep) = self.offer(event)
            {
                return keep;
            }
            self.cursor = change.revision;
        }
        self.cursor = revision;
        true
    }

    /// `None` when the event was taken, else whether the watcher is to be kept.
    fn offer(&mut self, event: WatchEvent) -> Option<bool> {
        let event = match self.sender.try_send(event) {
            Ok(()) => return None,
            Err(TrySendError::Closed(_)) => return Some(false),
            Err(TrySendError::Full(event)) => event,
        };
        // The flag is set before the second try: a reader that empties the channel in between sees it.
        self.stalled.store(true, Ordering::Release);
        match self.sender.try_send(event) {
            Ok(()) => {
                self.stalled.store(false, Ordering::Release);
                None
            }
            Err(TrySendError::Closed(_)) => Some(false),
            Err(TrySendError::Full(_)) => Some(true),
        }
    }

    fn event(&self, change: &Change) -> Option<WatchEvent> {
        let same = change.resource.group == self.stored.group
            && change.resource.plural == self.stored.plural;
        if !same
            || !(self.namespace.is_empty() || meta::namespace(&change.object) == self.namespace)
        {
            return None;
        }
        let show = |object: &Object| cluster::present(self.resource, object);
        let was = change.old.as_ref().is_some_and(|old| (self.matches)(old));
        let is = change.kind != ChangeKind::Deleted && (self.matches)(&change.object);
        match (was, is) {
            (false, false) => None,
            (false, true) => Some(WatchEvent::Added(show(&change.object))),
            (true, true) => Some(WatchEvent::Modified(show(&change.object))),
            // The last state that matched, with the revision at which it went.
            (true, false) if change.kind == ChangeKind::Deleted => {
                Some(WatchEvent::Deleted(show(&change.object)))
            }
            (true, false) => {
                let mut last = serde_json::Value::clone(change.old.as_ref()?);
                meta::set(&mut last, "resourceVersion", change.revision.to_string());
                Some(WatchEvent::Deleted(show(&Arc::new(last))))
            }
        }
    }
}

/// Where a watch begins, and whether current objects come first.
fn beginning(query: &WatchQuery, current: u64) -> Result<(u64, bool), Status> {
    let text = query.resource_version.as_str();
    match text {
        "" | "0" => Ok((current, query.send_initial_events != Some(false))),
        _ => {
            let asked: u64 = text.parse().map_err(|_| {
                let why = format!(
                    "Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
                );
                Status::bad_request(format!("invalid resource version: resourceVersion: {why}"))
            })?;
            if asked > current {
                return Err(Status::too_large_resource_version(asked, current));
            }
            Ok((asked, query.send_initial_events == Some(true)))
        }
    }
}
