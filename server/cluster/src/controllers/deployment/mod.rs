//! Deployments: one ReplicaSet for each template, and the way from one to the next. Mirrors `pkg/controller/deployment` of Kubernetes 1.36.

mod conditions;
mod rolling;
mod sets;
mod status;

use std::time::Duration;

use objects::{Object, meta};
use serde_json::Value;

use super::owned::{self, claim, reference, source};
use super::queue::{Again, Key, Queue, at_once};
use crate::cluster::{Cluster, resource};
use crate::events::Kind;
use crate::store::Change;
use crate::view;

const BY: &str = "deployment-controller";
const REVISION: &str = "deployment.kubernetes.io/revision";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MOST: &str = "deployment.kubernetes.io/max-replicas";

/// Starts the controller.
pub(crate) fn start(cluster: &Cluster) {
    let follows = &[
        ("apps", "deployments"),
        ("apps", "replicasets"),
        ("", "pods"),
    ];
    Queue {
        follows,
        keys,
        delay: at_once,
        reconcile,
    }
    .start(cluster);
}

fn keys(cluster: &Cluster, change: &Change) -> Vec<Key> {
    match change.resource.plural {
        "deployments" => owned::own_key(change),
        "replicasets" => owned::controllers_of(change, "Deployment"),
        // a Recreate waits for the last old pod to be gone
        _ if change.kind == crate::store::ChangeKind::Deleted => {
            owned::controllers_of(change, "ReplicaSet")
                .iter()
                .filter_map(|(ns, name)| cluster.get(resource("apps", "replicasets"), ns, name))
                .filter_map(|set| {
                    meta::controller(&set).map(|c| {
                        (
                            meta::namespace(&set).to_string(),
                            view::text(c, &["name"]).to_string(),
                        )
                    })
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A deployment with its ReplicaSets, as one look sees them.
struct Look<'a> {
    cluster: &'a Cluster,
    deployment: Object,
    /// the set of the current template
    new: Option<Object>,
    /// the others, oldest first
    old: Vec<Object>,
}

fn reconcile(cluster: &Cluster, key: &Key) -> Again {
    let deployment = cluster.get(resource("apps", "deployments"), &key.0, &key.1)?;
    let mut look = Look::new(cluster, deployment);
    if meta::is_deleting(&look.deployment) {
        return look.write_status();
    }
    look.note_pause();
    if view::flag(&look.deployment, &["spec", "paused"]) {
        look.revise(false);
        look.scale_in_proportion();
        return look.write_status();
    }
    if look.was_scaled() {
        look.revise(false);
        look.scale_in_proportion();
        return look.write_status();
    }
    if view::text(&look.deployment, &["spec", "strategy", "type"]) == "Recreate" {
        look.recreate();
    } else {
        look.revise(true);
        if !look.scale_new() {
            look.scale_old();
        }
    }
    look.clean_up();
    look.write_status()
}

impl Look<'_> {
    fn new(cluster: &Cluster, deployment: Object) -> Look<'_> {
        let mut look = Look {
            cluster,
            deployment,
            new: None,
            old: Vec::new(),
        };
        look.refresh();
        look
    }

    /// Looks at the sets again.
    fn refresh(&mut self) {
        let owner = reference("apps/v1", "Deployment", &self.deployment);
        let mut sets = claim(
            self.cluster,
            resource("apps", "replicasets"),
            &self.deployment,
            &owner,
        );
        let revision = |o: &Object| meta::resource_version(o).parse::<u64>().unwrap_or(0);
        sets.sort_by_key(|s| {
            (
                meta::creation_timestamp(s).to_string(),
                sets::revision(s),
                revision(s),
            )
        });
        let template = view::at(&self.deployment, &["spec", "template"]);
        let current = sets.iter().position(|s| {
            owned::bare_template(view::at(s, &["spec", "template"]))
                == owned::bare_template(template)
        });
        self.new = current.map(|at| sets.remove(at));
        self.old = sets;
    }

    fn all(&self) -> impl Iterator<Item = &Object> {
        self.old.iter().chain(self.new.iter())
    }

    fn wanted(&self) -> i64 {
        view::int(&self.deployment, &["spec", "replicas"]).unwrap_or(1)
    }

    /// How many pods more than wanted, and how many fewer, an update may have.
    fn slack(&self) -> (i64, i64) {
        if view::text(&self.deployment, &["spec", "strategy", "type"]) == "Recreate" {
            return (0, self.wanted());
        }
        let at = |name| {
            view::at(
                &self.deployment,
                &["spec", "strategy", "rollingUpdate", name],
            )
        };
        let surge = owned::share(at("maxSurge"), self.wanted(), true);
        let unavailable = owned::share(at("maxUnavailable"), self.wanted(), false);
        if surge == 0 && unavailable == 0 {
            (0, 1)
        } else {
            (surge, unavailable.min(self.wanted()))
        }
    }

    /// Sets how many pods a set wants, and tells it.
    fn scale(&mut self, set: &Object, to: i64) {
        let from = sets::wanted(set);
        let (surge, _) = self.slack();
        let (desired, most) = (self.wanted(), self.wanted() + surge);
        self.cluster
            .amend(resource("apps", "replicasets"), set, |o| {
                view::set(o, &["spec", "replicas"], to);
                sets::note_size(o, desired, most);
            });
        if from != to {
            let way = if to > from { "up" } else { "down" };
            let text = format!(
                "Scaled {way} replica set {} from {from} to {to}",
                meta::name(set)
            );
            self.tell(Kind::Normal, "ScalingReplicaSet", &text);
        }
        self.refresh();
    }

    fn tell(&self, kind: Kind, reason: &str, text: &str) {
        self.cluster
            .event(&source(BY), &self.deployment, kind, reason, text);
    }

    /// Whether some active set was last sized for another number of replicas.
    fn was_scaled(&self) -> bool {
        let sized = |s: &Object| meta::annotation(s, DESIRED).and_then(|d| d.parse::<i64>().ok());
        self.all()
            .filter(|s| sets::wanted(s) > 0)
            .any(|s| sized(s).is_some_and(|d| d != self.wanted()))
    }

    /// Old sets that want nothing go when there are more than the history keeps.
    fn clean_up(&mut self) {
        let keep = view::int(&self.deployment, &["spec", "revisionHistoryLimit"]).unwrap_or(10);
        if !self.is_complete() {
            return;
        }
        let surplus = self
            .old
            .len()
            .saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
        let mut old = self.old.clone();
        old.sort_by_key(sets::revision);
        for set in old.iter().take(surplus) {
            let idle =
                sets::wanted(set) == 0 && view::int(set, &["status", "replicas"]).unwrap_or(0) == 0;
            if idle
                && !meta::is_deleting(set)
                && self
                    .cluster
                    .delete(BY, resource("apps", "replicasets"), set, None)
                    .is_err()
            {
                return;
            }
        }
    }

    /// All old pods first, then the new ones.
    fn recreate(&mut self) {
        self.revise(false);
        let active: Vec<Object> = self
            .old
            .iter()
            .filter(|s| sets::wanted(s) > 0)
            .cloned()
            .collect();
        if !active.is_empty() {
            for set in &active {
                self.scale(set, 0);
            }
            return;
        }
        let uids: Vec<&str> = self.old.iter().map(|s| meta::uid(s)).collect();
        let of_old = |p: &Object| {
            meta::controller(p).is_some_and(|c| uids.contains(&view::text(c, &["uid"])))
        };
        if self
            .cluster
            .standing_pods(meta::namespace(&self.deployment))
            .iter()
            .any(of_old)
        {
            return;
        }
        self.revise(true);
        self.scale_new();
    }

    fn amend(&mut self, change: impl FnOnce(&mut Value)) {
        if let Some(new) =
            self.cluster
                .amend(resource("apps", "deployments"), &self.deployment, change)
        {
            self.deployment = new;
        }
    }
}

/// Seconds as a pause.
fn seconds(count: i64) -> Again {
    u64::try_from(count).ok().map(Duration::from_secs)
}
