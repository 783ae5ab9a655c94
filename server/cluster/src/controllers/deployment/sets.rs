//! The ReplicaSets of a deployment: their revisions, the notes on them, and making the new one.
//! Mirrors `deployment_util.go` and `sync.go` of Kubernetes 1.36.

use objects::{Object, meta};
use serde_json::{Value, json};

use super::{BY, DESIRED, Look, MOST, REVISION};
use crate::cluster::resource;
use crate::controllers::owned::{bare_template, reference, template_hash};
use crate::events::Kind;
use crate::view;

const HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// Annotations of a deployment that its sets do not take over.
const NOT_COPIED: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    DESIRED,
    MOST,
    "deprecated.deployment.rollback.to",
];

/// How many pods a set wants.
pub(super) fn wanted(set: &Object) -> i64 {
    view::int(set, &["spec", "replicas"]).unwrap_or(0)
}

/// How many pods of a set are available.
pub(super) fn available(set: &Object) -> i64 {
    view::int(set, &["status", "availableReplicas"]).unwrap_or(0)
}

/// The revision of a set; 0 where it has none.
pub(super) fn revision(set: &Object) -> i64 {
    meta::annotation(set, REVISION)
        .and_then(|r| r.parse().ok())
        .unwrap_or(0)
}

/// Notes for how many replicas a set was sized.
pub(super) fn note_size(set: &mut Value, desired: i64, most: i64) {
    view::set(
        set,
        &["metadata", "annotations", DESIRED],
        desired.to_string(),
    );
    view::set(set, &["metadata", "annotations", MOST], most.to_string());
}

impl Look<'_> {
    /// Brings the set of the current template to the newest revision; makes it where it is missing and `create` says so.
    pub(super) fn revise(&mut self, create: bool) {
        let next = self.old.iter().map(revision).max().unwrap_or(0) + 1;
        match self.new.clone() {
            Some(set) => self.renew(&set, next),
            None if create => self.make(next),
            None => {}
        }
        let newest = self.new.as_ref().map(revision).filter(|r| *r > 0);
        if let Some(newest) =
            newest.filter(|r| meta::annotation(&self.deployment, REVISION) != Some(&r.to_string()))
        {
            self.amend(|d| {
                view::set(
                    d,
                    &["metadata", "annotations", REVISION],
                    newest.to_string(),
                )
            });
        }
    }

    fn renew(&mut self, set: &Object, next: i64) {
        self.keep_alike(set);
        let before = revision(set);
        if before < next {
            self.cluster
                .amend(resource("apps", "replicasets"), set, |o| {
                    if before > 0 {
                        let history =
                            view::text(o, &["metadata", "annotations", HISTORY]).to_string();
                        let history = if history.is_empty() {
                            before.to_string()
                        } else {
                            format!("{history},{before}")
                        };
                        view::set(o, &["metadata", "annotations", HISTORY], history);
                    }
                    view::set(o, &["metadata", "annotations", REVISION], next.to_string());
                });
            self.refresh();
        }
        if self.condition("Progressing").is_none() {
            let text = format!("Found new replica set \"{}\"", meta::name(set));
            self.set_condition("Progressing", "True", "FoundNewReplicaSet", &text);
        }
    }

    /// What the deployment says of itself and of when pods are available, its newest set says too.
    fn keep_alike(&mut self, set: &Object) {
        let notes = self.notes();
        let least = view::int(&self.deployment, &["spec", "minReadySeconds"]).unwrap_or(0);
        let is_alike = notes
            .iter()
            .all(|(key, value)| meta::annotation(set, key) == value.as_str())
            && view::int(set, &["spec", "minReadySeconds"]).unwrap_or(0) == least;
        if is_alike {
            return;
        }
        self.cluster
            .amend(resource("apps", "replicasets"), set, |o| {
                for (key, value) in notes {
                    view::set(o, &["metadata", "annotations", &key], value);
                }
                if least > 0 {
                    view::set(o, &["spec", "minReadySeconds"], least);
                } else if let Some(spec) = o["spec"].as_object_mut() {
                    spec.remove("minReadySeconds");
                }
            });
        self.refresh();
    }

    /// The annotations that its sets take over.
    fn notes(&self) -> Vec<(String, Value)> {
        let all = meta::annotations(&self.deployment).into_iter().flatten();
        let copied = all.filter(|(key, _)| !NOT_COPIED.contains(&key.as_str()));
        copied.map(|(k, v)| (k.clone(), v.clone())).collect()
    }

    fn make(&mut self, next: i64) {
        let collisions = view::int(&self.deployment, &["status", "collisionCount"]).unwrap_or(0);
        let mut template = bare_template(view::at(&self.deployment, &["spec", "template"]));
        let hash = template_hash(&template, collisions);
        view::set(
            &mut template,
            &["metadata", "labels", "pod-template-hash"],
            hash.clone(),
        );
        let mut selector = view::at(&self.deployment, &["spec", "selector"]).clone();
        view::set(
            &mut selector,
            &["matchLabels", "pod-template-hash"],
            hash.clone(),
        );
        let size = self.size_of_new();
        let name = format!("{}-{hash}", meta::name(&self.deployment));
        let mut set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": name, "namespace": meta::namespace(&self.deployment), "labels": view::at(&template, &["metadata", "labels"]),
                "ownerReferences": [reference("apps/v1", "Deployment", &self.deployment)]},
            "spec": {"replicas": size, "selector": selector, "template": template}});
        if let Some(least) =
            view::int(&self.deployment, &["spec", "minReadySeconds"]).filter(|s| *s > 0)
        {
            set["spec"]["minReadySeconds"] = least.into();
        }
        for (key, value) in self.notes() {
            view::set(&mut set, &["metadata", "annotations", &key], value);
        }
        view::set(
            &mut set,
            &["metadata", "annotations", REVISION],
            next.to_string(),
        );
        let (surge, _) = self.slack();
        note_size(&mut set, self.wanted(), self.wanted() + surge);
        match self
            .cluster
            .create(BY, resource("apps", "replicasets"), set)
        {
            Ok(made) => {
                self.refresh();
                if size > 0 {
                    let text = format!(
                        "Scaled up replica set {} from 0 to {size}",
                        meta::name(&made)
                    );
                    self.tell(Kind::Normal, "ScalingReplicaSet", &text);
                }
                let text = format!("Created new replica set \"{}\"", meta::name(&made));
                self.set_condition("Progressing", "True", "NewReplicaSetCreated", &text);
            }
            Err(status) if status.reason == "AlreadyExists" => {
                self.amend(|d| view::set(d, &["status", "collisionCount"], collisions + 1));
            }
            Err(status) => {
                let text = format!(
                    "Failed to create new replica set \"{name}\": {}",
                    status.message
                );
                self.tell(Kind::Warning, "ReplicaSetCreateError", &text);
                self.set_condition("Progressing", "False", "ReplicaSetCreateError", &text);
            }
        }
    }
}
