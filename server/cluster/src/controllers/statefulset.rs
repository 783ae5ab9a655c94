//! StatefulSets: pods with names, in order, each with its own claims. Mirrors `pkg/controller/statefulset` of Kubernetes 1.36.

use std::time::Duration;

use machine::Time;
use objects::{Object, meta};
use serde_json::{Value, json};

use super::owned::{self, pod_of, reference, source};
use super::queue::{Again, Ended, Key, Pace, Queue, at_once};
use super::revisions;
use crate::cluster::{Cluster, pods, resource};
use crate::events::Kind;
use crate::store::Change;
use crate::view;

const BY: &str = "statefulset-controller";

/// Starts the controller.
pub(crate) fn start(cluster: &Cluster) {
    Queue {
        follows: &[("apps", "statefulsets"), ("", "pods")],
        keys,
        delay: at_once,
        reconcile,
    }
    .start(cluster);
}

fn keys(_: &Cluster, change: &Change) -> Vec<Key> {
    if change.resource.plural == "statefulsets" {
        owned::own_key(change)
    } else {
        owned::controllers_of(change, "StatefulSet")
    }
}

/// A set as one look sees it.
struct Look<'a> {
    cluster: &'a Cluster,
    set: Object,
    /// hash of the current template
    update: String,
    /// hash that pods had before the update under way
    current: String,
}

fn reconcile(cluster: &Cluster, key: &Key) -> Option<Ended> {
    let sets = resource("apps", "statefulsets");
    let set = cluster.get(sets, &key.0, &key.1)?;
    if meta::is_deleting(&set) {
        return None;
    }
    let (revision, update) = revisions::current(cluster, BY, "StatefulSet", &set)?;
    let told = view::text(&set, &["status", "currentRevision"]);
    let prefix = format!("{}-", meta::name(&set));
    let current = told.strip_prefix(&prefix).unwrap_or(&update).to_string();
    let look = Look {
        cluster,
        set,
        update,
        current,
    };
    let paced = look.rest_of_second();
    let refused = paced.is_none() && look.manage().is_err();
    let again = look.write_status(meta::name(&revision));
    let in_use = [look.update.clone(), look.current.clone()];
    revisions::trim(cluster, BY, &look.set, &in_use);
    Some(Ended {
        again: paced.or(again),
        refused: refused.then_some(Pace::DEFAULT),
        held: None,
    })
}

/// The name of the set that a pod is named after: `web` of `web-0`.
fn parent(pod: &str) -> Option<&str> {
    let (parent, ordinal) = pod.rsplit_once('-')?;
    let number = !ordinal.is_empty() && ordinal.bytes().all(|b| b.is_ascii_digit());
    number.then_some(parent)
}

impl Look<'_> {
    fn pods(&self) -> Vec<Object> {
        let owner = reference("apps/v1", "StatefulSet", &self.set);
        // Only what is named after it is its own: another pod with these labels is nobody's ordinal.
        let named = |pod: &Value| parent(meta::name(pod)) == Some(meta::name(&self.set));
        owned::claim_where(self.cluster, pods(), &self.set, &owner, named)
    }

    fn first(&self) -> i64 {
        view::int(&self.set, &["spec", "ordinals", "start"]).unwrap_or(0)
    }

    fn wanted(&self) -> i64 {
        view::int(&self.set, &["spec", "replicas"]).unwrap_or(1)
    }

    fn ordinal(&self, pod: &Object) -> Option<i64> {
        meta::name(pod)
            .strip_prefix(meta::name(&self.set))?
            .strip_prefix('-')?
            .parse()
            .ok()
    }

    /// The time to wait when a pod failed in the very second in which it was made, as on a node that takes nobody in. There the requests that
    /// a client may send in a second bound how often such a pod is replaced.
    fn rest_of_second(&self) -> Again {
        let now = self.cluster.seconds();
        let just_failed = |pod: &Object| {
            let made = objects::time::parse_seconds(meta::creation_timestamp(pod));
            owned::is_ended(pod) && !meta::is_deleting(pod) && made == Some(now)
        };
        let next = Time::from_seconds(now + 1);
        let any = self.pods().iter().any(just_failed);
        any.then(|| next.since(self.cluster.now()))
    }

    /// How long pods are ready before they count.
    fn least(&self) -> i64 {
        view::int(&self.set, &["spec", "minReadySeconds"]).unwrap_or(0)
    }

    fn is_available(&self, pod: &Object) -> bool {
        owned::is_available(pod, self.least(), self.cluster.seconds()).is_ok()
    }

    fn in_order(&self) -> bool {
        view::text(&self.set, &["spec", "podManagementPolicy"]) != "Parallel"
    }

    /// One step of creating, deleting or updating; in order, one pod at a time.
    fn manage(&self) -> Result<(), ()> {
        let mine = self.pods();
        let range = self.first()..self.first() + self.wanted();
        for ordinal in range.clone() {
            let there = mine.iter().find(|p| self.ordinal(p) == Some(ordinal));
            match there {
                Some(pod) if owned::is_ended(pod) && !meta::is_deleting(pod) => {
                    let text = format!(
                        "StatefulSet {}/{} is recreating failed Pod {}",
                        meta::namespace(&self.set),
                        meta::name(&self.set),
                        meta::name(pod)
                    );
                    self.cluster.event(
                        &source(BY),
                        &self.set,
                        Kind::Warning,
                        "RecreatingFailedPod",
                        &text,
                    );
                    self.delete(pod);
                    return Ok(());
                }
                Some(pod)
                    if self.in_order() && (meta::is_deleting(pod) || !self.is_available(pod)) =>
                {
                    self.mend_stuck(pod);
                    return Ok(());
                }
                Some(_) => {}
                None => {
                    self.create(ordinal)?;
                    if self.in_order() {
                        return Ok(());
                    }
                }
            }
        }
        let mut surplus: Vec<&Object> = mine
            .iter()
            .filter(|p| self.ordinal(p).is_some_and(|n| !range.contains(&n)))
            .collect();
        surplus.sort_by_key(|p| std::cmp::Reverse(self.ordinal(p)));
        for pod in surplus {
            if !meta::is_deleting(pod) {
                self.delete(pod);
            }
            if self.in_order() {
                return Ok(());
            }
        }
        self.roll(&mine);
        Ok(())
    }

    /// A pod of the old template that never gets ready is replaced, so that a bad update can be taken back.
    fn mend_stuck(&self, pod: &Object) {
        let stale = meta::label(pod, "controller-revision-hash") != Some(&self.update);
        let pending = view::text(pod, &["status", "phase"]) == "Pending";
        if stale
            && pending
            && !meta::is_deleting(pod)
            && view::text(&self.set, &["spec", "updateStrategy", "type"]) != "OnDelete"
            && self.ordinal(pod) >= Some(self.partition())
        {
            self.delete(pod);
        }
    }

    fn partition(&self) -> i64 {
        view::int(
            &self.set,
            &["spec", "updateStrategy", "rollingUpdate", "partition"],
        )
        .unwrap_or(0)
    }

    /// From the highest ordinal down, one at a time.
    fn roll(&self, mine: &[Object]) {
        if view::text(&self.set, &["spec", "updateStrategy", "type"]) == "OnDelete" {
            return;
        }
        let mut order: Vec<&Object> = mine.iter().collect();
        order.sort_by_key(|p| std::cmp::Reverse(self.ordinal(p)));
        for pod in order
            .into_iter()
            .filter(|p| self.ordinal(p) >= Some(self.partition()))
        {
            if meta::is_deleting(pod) {
                return;
            }
            if meta::label(pod, "controller-revision-hash") != Some(&self.update) {
                self.delete(pod);
                return;
            }
            if !self.is_available(pod) {
                return;
            }
        }
    }

    fn delete(&self, pod: &Object) {
        if self.cluster.delete(BY, pods(), pod, None).is_ok() {
            let text = format!(
                "Delete Pod {} in StatefulSet {} successful",
                meta::name(pod),
                meta::name(&self.set)
            );
            self.cluster.event(
                &source(BY),
                &self.set,
                Kind::Normal,
                "SuccessfulDelete",
                &text,
            );
        }
    }

    fn create(&self, ordinal: i64) -> Result<(), ()> {
        let set = &self.set;
        let name = format!("{}-{ordinal}", meta::name(set));
        for template in view::list(set, &["spec", "volumeClaimTemplates"]) {
            self.claim_for(template, &name)?;
        }
        let mut pod = pod_of(
            view::at(set, &["spec", "template"]),
            set,
            reference("apps/v1", "StatefulSet", set),
            &name,
        );
        view::remove(&mut pod, &["metadata", "generateName"]);
        view::set(&mut pod, &["metadata", "name"], name.clone());
        let hash = if ordinal < self.first() + self.partition() {
            &self.current
        } else {
            &self.update
        };
        for (key, value) in [
            ("statefulset.kubernetes.io/pod-name", name.clone()),
            ("apps.kubernetes.io/pod-index", ordinal.to_string()),
            ("controller-revision-hash", hash.clone()),
        ] {
            view::set(&mut pod, &["metadata", "labels", key], value);
        }
        view::set(&mut pod, &["spec", "hostname"], name.clone());
        view::set(
            &mut pod,
            &["spec", "subdomain"],
            view::text(set, &["spec", "serviceName"]),
        );
        self.mount_claims(&mut pod, &name);
        let told = |what: &str| {
            format!(
                "Create Pod {name} in StatefulSet {} {what}",
                meta::name(set)
            )
        };
        match self.cluster.create(BY, pods(), pod) {
            Ok(_) => {
                self.cluster.event(
                    &source(BY),
                    set,
                    Kind::Normal,
                    "SuccessfulCreate",
                    &told("successful"),
                );
                Ok(())
            }
            Err(status) if status.reason == "AlreadyExists" => Ok(()),
            Err(status) => {
                let text = told(&format!("failed error: {}", status.message));
                self.cluster
                    .event(&source(BY), set, Kind::Warning, "FailedCreate", &text);
                Err(())
            }
        }
    }

    fn claim_for(&self, template: &Value, pod: &str) -> Result<(), ()> {
        let set = &self.set;
        let claims = resource("", "persistentvolumeclaims");
        let name = format!("{}-{pod}", view::text(template, &["metadata", "name"]));
        if self
            .cluster
            .get(claims, meta::namespace(set), &name)
            .is_some()
        {
            return Ok(());
        }
        let mut made = template.clone();
        made["apiVersion"] = "v1".into();
        made["kind"] = "PersistentVolumeClaim".into();
        view::set(&mut made, &["metadata", "name"], name.clone());
        view::set(&mut made, &["metadata", "namespace"], meta::namespace(set));
        for (key, value) in view::members(set, &["spec", "selector", "matchLabels"]) {
            view::set(&mut made, &["metadata", "labels", key], value.clone());
        }
        view::remove(&mut made, &["status"]);
        let told = format!(
            "Create Claim {name} Pod {pod} in StatefulSet {}",
            meta::name(set)
        );
        match self.cluster.create(BY, claims, made) {
            Ok(_) => {
                self.cluster.event(
                    &source(BY),
                    set,
                    Kind::Normal,
                    "SuccessfulCreate",
                    &format!("{told} success"),
                );
                Ok(())
            }
            Err(status) => {
                self.cluster.event(
                    &source(BY),
                    set,
                    Kind::Warning,
                    "FailedCreate",
                    &format!("{told} failed error: {}", status.message),
                );
                Err(())
            }
        }
    }

    fn mount_claims(&self, pod: &mut Value, name: &str) {
        for template in view::list(&self.set, &["spec", "volumeClaimTemplates"]) {
            let volume = view::text(template, &["metadata", "name"]);
            let volumes = view::list_mut(pod, &["spec", "volumes"]);
            volumes.retain(|v| view::text(v, &["name"]) != volume);
            volumes.push(json!({"name": volume, "persistentVolumeClaim": {"claimName": format!("{volume}-{name}")}}));
        }
    }

    /// Answers when a pod that is ready counts as available.
    fn write_status(&self, update_name: &str) -> Again {
        let mine: Vec<Object> = self.pods();
        let alive = |p: &&Object| owned::is_active(p);
        let now = self.cluster.seconds();
        let least = self.least();
        let of = |hash: &str| {
            mine.iter()
                .filter(alive)
                .filter(|p| meta::label(p, "controller-revision-hash") == Some(hash))
                .count()
        };
        let ready = mine
            .iter()
            .filter(alive)
            .filter(|p| owned::is_ready(p))
            .count();
        let available = mine
            .iter()
            .filter(alive)
            .filter(|p| owned::is_available(p, least, now).is_ok())
            .count();
        let (total, updated, current) = (mine.len(), of(&self.update), of(&self.current));
        let through =
            updated == total && ready == total && i64::try_from(total) == Ok(self.wanted());
        let prefix = meta::name(&self.set).to_string();
        let current_name = if through {
            update_name.to_string()
        } else {
            format!("{prefix}-{}", self.current)
        };
        let in_current = if through { updated } else { current };
        self.cluster
            .amend(resource("apps", "statefulsets"), &self.set, |o| {
                view::set(
                    o,
                    &["status", "observedGeneration"],
                    meta::generation(&self.set),
                );
                view::set(o, &["status", "replicas"], total);
                view::set(o, &["status", "availableReplicas"], available);
                for (name, count) in [
                    ("readyReplicas", ready),
                    ("currentReplicas", in_current),
                    ("updatedReplicas", updated),
                ] {
                    if count == 0 {
                        view::remove(o, &["status", name]);
                    } else {
                        view::set(o, &["status", name], count);
                    }
                }
                view::set(o, &["status", "currentRevision"], current_name);
                view::set(o, &["status", "updateRevision"], update_name);
                view::set(o, &["status", "collisionCount"], 0);
            });
        let soon = mine
            .iter()
            .filter_map(|p| owned::is_available(p, least, now).err().flatten())
            .min();
        soon.and_then(|s| u64::try_from(s).ok())
            .map(Duration::from_secs)
    }
}
