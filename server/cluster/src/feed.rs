//! How the control plane follows the store: a feed gives the changes of some resources since it was last asked, and waits for more.
//!
//! Mirrors client-go's informers, without their caches: the store is at hand.

use objects::Resource;

use crate::cluster::Cluster;
use crate::store::{Change, ChangeKind};

/// A place in the stream of changes.
pub(crate) struct Feed {
    cluster: Cluster,
    seen: u64,
    resources: Vec<&'static Resource>,
}

fn known(names: &[(&str, &str)]) -> Vec<&'static Resource> {
    let all = names.iter();
    all.map(|(group, plural)| crate::cluster::resource(group, plural))
        .collect()
}

impl Feed {
    /// A feed of the resources of these groups and plural names, that begins with everything there is.
    pub(crate) fn new(
        cluster: &Cluster,
        resources: &'static [(&'static str, &'static str)],
    ) -> Self {
        Feed {
            cluster: cluster.clone(),
            seen: 0,
            resources: known(resources),
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
            resources: known(resources),
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
        // Every change wakes every feed: what is not wanted is passed over without a copy.
        let same = |r: &Resource, c: &Resource| r.plural == c.plural && r.group == c.group;
        let wanted = |c: &Change| self.resources.iter().any(|r| same(r, c.resource));
        let changes = match self.cluster.changes_where(self.seen, wanted) {
            Ok(changes) => changes,
            Err(_) => self.everything(),
        };
        self.seen = now;
        changes
    }

    fn everything(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for resource in self.resources.iter().copied() {
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
