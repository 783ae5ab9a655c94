//! namespace: empties a namespace that is being deleted, pods first, and lets it go when nothing is left.

use machine::{Duration, Time};
use objects::{Body, Object, Request, Resource, Verb, meta};
use serde_json::{Value, json};

use super::{Controller, Resources};
use crate::cluster::{Cluster, pods, resource};
use crate::store::Change;
use crate::view;

/// How long to wait before looking again at what is left.
const AGAIN: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct NamespaceController {
    again: Option<Time>,
}

impl Controller for NamespaceController {
    fn follows(&self) -> Resources {
        &[("", "namespaces"), ("", "pods")]
    }

    fn reconcile(&mut self, cluster: &Cluster, changes: &[Change]) {
        let due = self.again.is_some_and(|at| at <= cluster.now());
        let concerns = changes.iter().any(|c| {
            c.resource.plural == "namespaces" || c.kind == crate::store::ChangeKind::Deleted
        });
        if !due && !concerns {
            return;
        }
        self.again = None;
        for namespace in cluster.list(resource("", "namespaces"), "") {
            if meta::is_deleting(&namespace) && !empty(cluster, &namespace) {
                self.again = Some(cluster.now() + AGAIN);
            }
        }
    }

    fn wake(&self) -> Option<Time> {
        self.again
    }
}

fn stored_resources() -> impl Iterator<Item = &'static Resource> {
    objects::resources()
        .iter()
        .filter(|r| r.namespaced && r.has_verb("delete") && crate::api::storage_of(r) == *r)
}

/// Deletes what is in a namespace, and the namespace when it is empty. Answers whether it is gone.
fn empty(cluster: &Cluster, namespace: &Object) -> bool {
    let name = meta::name(namespace);
    delete_all(cluster, pods(), name);
    let pods_left = cluster.list(pods(), name).len();
    let mut left: Vec<(String, usize)> = Vec::new();
    let mut finalizers: Vec<String> = Vec::new();
    for resource in stored_resources() {
        if resource.plural != "pods" && pods_left == 0 {
            delete_all(cluster, resource, name);
        }
        let rest = cluster.list(resource, name);
        if !rest.is_empty() && (pods_left == 0 || resource.plural == "pods") {
            left.push((resource.group_resource(), rest.len()));
        }
        finalizers.extend(
            rest.iter()
                .flat_map(|o| meta::finalizers(o).map(str::to_string).collect::<Vec<_>>()),
        );
    }
    if left.is_empty() {
        finalize(cluster, namespace);
        return true;
    }
    write_conditions(cluster, namespace, &left, &finalizers);
    false
}

fn delete_all(cluster: &Cluster, resource: &'static Resource, namespace: &str) {
    for object in cluster
        .list(resource, namespace)
        .iter()
        .filter(|o| !meta::is_deleting(o))
    {
        let _gone_already = cluster.delete("namespace-controller", resource, object, None);
    }
}

fn finalize(cluster: &Cluster, namespace: &Object) {
    let mut request = Request::new(Verb::Update, "", "v1", "namespaces");
    request.name = meta::name(namespace).into();
    request.subresource = "finalize".into();
    let mut wanted: Value = (**namespace).clone();
    view::remove(&mut wanted, &["spec", "finalizers"]);
    request.body = Body::Object(wanted);
    let _gone_already = cluster.request(&request);
}

fn write_conditions(
    cluster: &Cluster,
    namespace: &Object,
    left: &[(String, usize)],
    finalizers: &[String],
) {
    let now = cluster.now_text();
    let rest: Vec<String> = left
        .iter()
        .map(|(kind, n)| format!("{}. has {n} resource instances", kind.trim_end_matches('.')))
        .collect();
    let mut counts = std::collections::BTreeMap::new();
    for finalizer in finalizers {
        *counts.entry(finalizer.as_str()).or_insert(0usize) += 1;
    }
    let held: Vec<String> = counts
        .iter()
        .map(|(f, n)| format!("{f} in {n} resource instances"))
        .collect();
    let wanted = [
        (
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered".to_string(),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed".into(),
        ),
        (
            "NamespaceDeletionContentFailure",
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization".into(),
        ),
        (
            "NamespaceContentRemaining",
            "True",
            "SomeResourcesRemain",
            format!("Some resources are remaining: {}", rest.join(", ")),
        ),
        if held.is_empty() {
            (
                "NamespaceFinalizersRemaining",
                "False",
                "ContentHasNoFinalizers",
                "All content-preserving finalizers finished".into(),
            )
        } else {
            let text = format!(
                "Some content in the namespace has finalizers remaining: {}",
                held.join(", ")
            );
            (
                "NamespaceFinalizersRemaining",
                "True",
                "SomeFinalizersRemain",
                text,
            )
        },
    ];
    cluster.amend(resource("", "namespaces"), namespace, |namespace| {
        let conditions = view::list_mut(namespace, &["status", "conditions"]);
        for (kind, status, reason, message) in wanted {
            let was = conditions.iter().position(|c| c["type"] == kind);
            let since = was.filter(|i| conditions[*i]["status"] == status).map(|i| conditions[i]["lastTransitionTime"].clone());
            let condition = json!({"type": kind, "status": status, "reason": reason, "message": message,
                "lastTransitionTime": since.unwrap_or_else(|| now.clone().into())});
            match was {
                Some(index) => conditions[index] = condition,
                None => conditions.push(condition),
            }
        }
    });
}
