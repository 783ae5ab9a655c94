//! How the control plane follows the store: a feed gives the changes of some resources since it was last asked, and waits for more.
//!
//! Mirrors client-go's informers, without their caches: the store is at hand.

use crate::cluster::Cluster;
use crate::store::{Change, ChangeKind};

/// A place in the stream of changes.
pub(crate) struct Feed {
    cluster: Cluster,
    seen: u64,
    /// Group and plural name.
    resources: &'static [(&'static str, &'static str)],
}

impl Feed {
    /// A feed that begins with everything there is.
    pub(crate) fn new(
        cluster: &Cluster,
        resources: &'static [(&'static str, &'static str)],
    ) -> Self {
        Feed {
            cluster: cluster.clone(),
            seen: 0,
            resources,
        }
    }

    /// A feed of what changes from now on.
    pub(crate) fn after_now(
        cluster: &Cluster,
        resources: &'static [(&'static str, &'static str)],
    ) -> Self {
        Feed {
            cluster: cluster.clone(),
            seen: cluster.revision(),
            resources,
        }
    }

    /// Waits until something has changed, and answers all of it, oldest first.
    pub(crate) async fn next(&mut self) -> Vec<Change> {
        let bell = self.cluster.changed();
        loop {
            let rung = bell.notified();
            let changes = self.take();
            if !changes.is_empty() {
                return changes;
            }
            rung.await;
        }
    }

    /// What has changed, without waiting.
    pub(crate) fn take(&mut self) -> Vec<Change> {
        let now = self.cluster.revision();
        if now == self.seen {
            return Vec::new();
        }
        let wanted = |c: &Change| {
            self.resources
                .contains(&(c.resource.group, c.resource.plural))
        };
        let changes = match self.cluster.changes_after(self.seen) {
            Ok(changes) => changes.into_iter().filter(wanted).collect(),
            Err(_) => self.everything(),
        };
        self.seen = now;
        changes
    }

    fn everything(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (group, plural) in self.resources {
            let resource = crate::cluster::resource(group, plural);
            for object in self.cluster.list(resource, "") {
                let revision = objects::meta::resource_version(&object)
                    .parse()
                    .unwrap_or(0);
                changes.push(Change {
                    revision,
                    kind: ChangeKind::Added,
                    resource,
                    object,
                    old: None,
                });
            }
        }
        changes
    }
}
