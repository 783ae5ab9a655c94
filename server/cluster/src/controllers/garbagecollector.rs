//! garbage-collector: deletes what belongs to nobody any more, and carries out foreground and orphaning deletes, as many in a second as its
//! client may.
//!
//! Mirrors `pkg/controller/garbagecollector` of Kubernetes 1.36 and the rate that `kube-controller-manager` gives it.

use machine::{Duration, Time};
use objects::{Object, Resource, meta};
use serde_json::Value;

use super::{Controller, Resources};
use crate::cluster::Cluster;
use crate::store::{Change, ChangeKind};
use crate::turns::Turns;
use crate::view;

/// Its client has twice the usual rate of 20 requests a second and 30 at once, since each object is read before it is deleted.
const BURST: u32 = 30;
const A_SECOND: u32 = 20;
/// What waits for its turn is taken up again after this.
const ROUND: Duration = Duration::from_secs(1);

pub(super) struct GarbageCollector {
    turns: Turns,
    /// Something waits for its turn until then.
    again: Option<Time>,
}

impl Default for GarbageCollector {
    fn default() -> Self {
        GarbageCollector {
            turns: Turns::new(BURST, A_SECOND),
            again: None,
        }
    }
}

/// Everything that owns or is owned.
const FOLLOWED: Resources = &[
    ("", "pods"),
    ("", "services"),
    ("", "endpoints"),
    ("", "configmaps"),
    ("", "secrets"),
    ("", "persistentvolumeclaims"),
    ("", "replicationcontrollers"),
    ("", "nodes"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "daemonsets"),
    ("apps", "statefulsets"),
    ("apps", "controllerrevisions"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
    ("discovery.k8s.io", "endpointslices"),
    ("coordination.k8s.io", "leases"),
];

impl Controller for GarbageCollector {
    fn follows(&self) -> Resources {
        FOLLOWED
    }

    fn reconcile(&mut self, cluster: &Cluster, changes: &[Change]) {
        let mut gone = self.again.is_some_and(|at| at <= cluster.now());
        if gone {
            self.again = None;
        }
        for change in changes {
            gone |= change.kind == ChangeKind::Deleted;
            if change.kind != ChangeKind::Deleted && meta::is_deleting(&change.object) {
                self.finish(cluster, change);
            }
            if change.kind == ChangeKind::Added
                && !meta::owner_references(&change.object).is_empty()
            {
                self.collect(cluster, change.resource, &change.object);
            }
        }
        // Where much waits, the next round sees what else is gone.
        if gone && self.again.is_none() {
            self.sweep(cluster);
        }
    }

    fn wake(&self) -> Option<Time> {
        self.again
    }
}

fn resources() -> impl Iterator<Item = &'static Resource> {
    FOLLOWED
        .iter()
        .map(|(group, plural)| crate::cluster::resource(group, plural))
}

fn owner_exists(cluster: &Cluster, object: &Value, reference: &Value) -> bool {
    let (api, kind) = (
        view::text(reference, &["apiVersion"]),
        view::text(reference, &["kind"]),
    );
    let gvk = objects::Gvk::from_api_version(api, kind);
    let Some(resource) = objects::by_kind(&gvk.group, &gvk.version, &gvk.kind) else {
        return true;
    };
    let namespace = if resource.namespaced {
        meta::namespace(object)
    } else {
        ""
    };
    let owner = cluster.get(resource, namespace, view::text(reference, &["name"]));
    owner.is_some_and(|o| meta::uid(&o) == view::text(reference, &["uid"]))
}

impl GarbageCollector {
    /// Whether it may delete one more object now; if not, it goes on in a while.
    fn has_turn(&mut self, cluster: &Cluster) -> bool {
        let has_turn = self.turns.try_take(cluster.now()).is_ok();
        if !has_turn {
            self.again.get_or_insert(cluster.now() + ROUND);
        }
        has_turn
    }

    /// Deletes an object all of whose owners are gone.
    fn collect(&mut self, cluster: &Cluster, resource: &'static Resource, object: &Object) {
        let references = meta::owner_references(object);
        let orphaned =
            !references.is_empty() && !references.iter().any(|r| owner_exists(cluster, object, r));
        if orphaned && !meta::is_deleting(object) && self.has_turn(cluster) {
            let _gone_already = cluster.delete("generic-garbage-collector", resource, object, None);
        }
    }

    fn sweep(&mut self, cluster: &Cluster) {
        for resource in resources() {
            for object in cluster.list(resource, "") {
                self.collect(cluster, resource, &object);
            }
        }
        for resource in resources() {
            for object in cluster
                .list(resource, "")
                .into_iter()
                .filter(|o| meta::is_deleting(o))
            {
                let change = Change {
                    revision: 0,
                    kind: ChangeKind::Modified,
                    resource,
                    object,
                    old: None,
                };
                self.finish(cluster, &change);
            }
        }
    }

    /// Does what the finalizers of a deleted owner ask for, and takes them away when it is done.
    fn finish(&mut self, cluster: &Cluster, change: &Change) {
        let owner = &change.object;
        let finalizers: Vec<&str> = meta::finalizers(owner).collect();
        if finalizers.contains(&"orphan") {
            for (resource, dependent) in dependents(cluster, owner) {
                cluster.amend(resource, &dependent, |d| disown(d, meta::uid(owner)));
            }
            drop_finalizer(cluster, change, "orphan");
        } else if finalizers.contains(&"foregroundDeletion") {
            let mut blocking = false;
            for (resource, dependent) in dependents(cluster, owner) {
                if !meta::is_deleting(&dependent) && self.has_turn(cluster) {
                    let _gone_already = delete_in_foreground(cluster, resource, &dependent);
                }
                blocking |= cluster
                    .get(
                        resource,
                        meta::namespace(&dependent),
                        meta::name(&dependent),
                    )
                    .is_some();
            }
            if !blocking {
                drop_finalizer(cluster, change, "foregroundDeletion");
            }
        }
    }
}

fn dependents(cluster: &Cluster, owner: &Value) -> Vec<(&'static Resource, Object)> {
    let namespace = meta::namespace(owner);
    let uid = meta::uid(owner);
    let owned = |o: &Object| {
        meta::owner_references(o)
            .iter()
            .any(|r| view::text(r, &["uid"]) == uid)
    };
    resources()
        .flat_map(|r| {
            cluster
                .list(r, namespace)
                .into_iter()
                .filter(owned)
                .map(move |o| (r, o))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn delete_in_foreground(
    cluster: &Cluster,
    resource: &'static Resource,
    object: &Value,
) -> Result<(), objects::Status> {
    let mut request = objects::Request::new(
        objects::Verb::Delete,
        resource.group,
        resource.version,
        resource.plural,
    );
    request.namespace = meta::namespace(object).into();
    request.name = meta::name(object).into();
    request.user_agent = "generic-garbage-collector".into();
    request.options.precondition_uid = Some(meta::uid(object).into());
    if !dependents(cluster, object).is_empty() {
        request.options.propagation = Some(objects::Propagation::Foreground);
    }
    cluster.request(&request).map(drop)
}

fn disown(dependent: &mut Value, uid: &str) {
    let references = view::list_mut(dependent, &["metadata", "ownerReferences"]);
    references.retain(|r| view::text(r, &["uid"]) != uid);
    if references.is_empty() {
        meta::remove(dependent, "ownerReferences");
    }
}

fn drop_finalizer(cluster: &Cluster, change: &Change, name: &str) {
    cluster.amend(change.resource, &change.object, |o| {
        let finalizers = view::list_mut(o, &["metadata", "finalizers"]);
        finalizers.retain(|f| f != name);
        if finalizers.is_empty() {
            meta::remove(o, "finalizers");
        }
    });
}
