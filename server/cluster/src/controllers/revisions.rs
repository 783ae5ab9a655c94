//! ControllerRevisions: the templates that a DaemonSet or StatefulSet has had. Mirrors `controller_history.go` of Kubernetes 1.36.

use objects::{Object, meta};
use serde_json::{Value, json};

use super::owned::{claim_by_owner, reference, template_hash};
use crate::cluster::{Cluster, resource};
use crate::view;

const GENERATION: &str = "deprecated.daemonset.template.generation";

/// The revision of the owner's current template, made where it is missing and brought to the top; the hash that pods carry.
pub(crate) fn current(
    cluster: &Cluster,
    by: &str,
    kind: &str,
    owner: &Object,
) -> Option<(Object, String)> {
    let revisions = resource("apps", "controllerrevisions");
    let mine = owned(cluster, owner);
    let mut template = view::at(owner, &["spec", "template"]).clone();
    template["$patch"] = "replace".into();
    let data = json!({"spec": {"template": template}});
    let newest = mine.iter().map(number).max().unwrap_or(0);
    if let Some(same) = mine.iter().find(|r| r["data"] == data) {
        let hash = hash_of(same);
        if number(same) == newest {
            return Some((same.clone(), hash));
        }
        return cluster
            .amend(revisions, same, |r| view::set(r, &["revision"], newest + 1))
            .map(|r| (r, hash));
    }
    let hash = match free_name(cluster, owner, &data) {
        Name::Free(hash) => hash,
        Name::Same(theirs) => {
            let hash = hash_of(&theirs);
            return Some((theirs, hash));
        }
    };
    let mut labels = view::at(owner, &["spec", "template", "metadata", "labels"]).clone();
    view::set(&mut labels, &[label_of(kind)], hash.clone());
    let mut made = json!({"apiVersion": "apps/v1", "kind": "ControllerRevision",
        "metadata": {"name": format!("{}-{hash}", meta::name(owner)), "namespace": meta::namespace(owner), "labels": labels,
            "ownerReferences": [reference("apps/v1", kind, owner)]},
        "data": data, "revision": newest + 1});
    if kind == "DaemonSet" {
        let generation = meta::annotation(owner, GENERATION).unwrap_or("1");
        view::set(
            &mut made,
            &["metadata", "annotations", GENERATION],
            generation,
        );
    }
    cluster.create(by, revisions, made).ok().map(|r| (r, hash))
}

/// Where a new revision can stand.
enum Name {
    /// Under its name with this hash.
    Free(String),
    /// There is one already that says the same, of somebody with the same name: it serves.
    Same(Object),
}

fn free_name(cluster: &Cluster, owner: &Object, data: &Value) -> Name {
    let revisions = resource("apps", "controllerrevisions");
    let mut collisions = 0;
    loop {
        let hash = template_hash(data, collisions);
        let name = format!("{}-{hash}", meta::name(owner));
        match cluster.get(revisions, meta::namespace(owner), &name) {
            None => return Name::Free(hash),
            Some(there) if there["data"] == *data => return Name::Same(there),
            Some(_) => collisions += 1,
        }
    }
}

/// Deletes the oldest revisions beyond the limit, except those that pods still carry.
pub(crate) fn trim(cluster: &Cluster, by: &str, owner: &Object, in_use: &[String]) {
    let limit = usize::try_from(view::int(owner, &["spec", "revisionHistoryLimit"]).unwrap_or(10))
        .unwrap_or(10);
    let mut idle: Vec<Object> = owned(cluster, owner)
        .into_iter()
        .filter(|r| !in_use.contains(&hash_of(r)))
        .collect();
    idle.sort_by_key(number);
    let surplus = idle.len().saturating_sub(limit);
    for revision in idle.iter().take(surplus) {
        // what cannot be deleted now is tried at the next look
        let _ = cluster.delete(by, resource("apps", "controllerrevisions"), revision, None);
    }
}

/// Which label of a revision holds its hash: each of both controllers has its own.
fn label_of(kind: &str) -> &'static str {
    match kind {
        "DaemonSet" => "controller-revision-hash",
        _ => "controller.kubernetes.io/hash",
    }
}

fn hash_of(revision: &Object) -> String {
    let labels = ["DaemonSet", "StatefulSet"].map(label_of);
    let hash = labels.iter().find_map(|label| meta::label(revision, label));
    hash.unwrap_or_default().to_string()
}

fn number(revision: &Object) -> i64 {
    view::int(revision, &["revision"]).unwrap_or(0)
}

fn owned(cluster: &Cluster, owner: &Value) -> Vec<Object> {
    claim_by_owner(cluster, resource("apps", "controllerrevisions"), owner)
}
