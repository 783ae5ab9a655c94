//! What differs between kinds in a write: which part is status, what is reset on create and update, what bumps the generation.
//!
//! Mirrors the `strategy.go` files of kube-apiserver's registries.

use machine::Time;
use objects::Resource;
use serde_json::{Value, json};

use crate::kubelet::qos;
use crate::view;

/// Whether writes to the main resource leave `status` alone.
pub fn has_status(resource: &Resource) -> bool {
    resource.subresource("status").is_some()
}

/// Whether the kind counts generations of its spec.
fn counts_generation(resource: &Resource) -> bool {
    matches!(
        resource.plural,
        "pods"
            | "deployments"
            | "replicasets"
            | "daemonsets"
            | "statefulsets"
            | "jobs"
            | "cronjobs"
            | "replicationcontrollers"
            | "poddisruptionbudgets"
            | "networkpolicies"
            | "ingresses"
            | "endpointslices"
            | "flowschemas"
            | "prioritylevelconfigurations"
            | "resourceclaims"
    ) || (resource.plural == "priorityclasses")
}

/// Whether a finished delete answers the object instead of a Status.
pub fn answers_deleted_object(resource: &Resource) -> bool {
    matches!(
        resource.plural,
        "pods"
            | "services"
            | "persistentvolumes"
            | "persistentvolumeclaims"
            | "podtemplates"
            | "resourcequotas"
            | "serviceaccounts"
            | "storageclasses"
            | "volumeattachments"
            | "csidrivers"
            | "csinodes"
    )
}

/// Whether deletes of the kind take time.
pub fn deletes_gracefully(resource: &Resource) -> bool {
    resource.group.is_empty() && resource.plural == "pods"
}

/// Makes a new object ready: status reset, generation, fields that only the server sets.
pub fn prepare_create(resource: &Resource, object: &mut Value, now: Time) {
    if counts_generation(resource) {
        objects::meta::set(object, "generation", 1);
    } else {
        objects::meta::remove(object, "generation");
    }
    match (resource.group, resource.plural) {
        ("", "pods") => {
            view::set(object, &["status"], json!({"phase": "Pending"}));
            let class = qos::class_of(object);
            view::set(object, &["status", "qosClass"], class);
        }
        ("", "services") => view::set(object, &["status"], json!({"loadBalancer": {}})),
        ("", "namespaces") => {
            view::set(object, &["status"], json!({"phase": "Active"}));
            let finalizers = view::list_mut(object, &["spec", "finalizers"]);
            if !finalizers.iter().any(|f| f == "kubernetes") {
                finalizers.push("kubernetes".into());
            }
            let name = objects::meta::name(object).to_string();
            if !name.is_empty() {
                view::set(
                    object,
                    &["metadata", "labels", "kubernetes.io/metadata.name"],
                    name,
                );
            }
        }
        ("", "persistentvolumes") => {
            let at = objects::time::rfc3339(now.0.div_euclid(1_000_000_000));
            view::set(
                object,
                &["status"],
                json!({"phase": "Pending", "lastPhaseTransitionTime": at}),
            );
        }
        ("", "persistentvolumeclaims") => {
            view::set(object, &["status"], json!({"phase": "Pending"}))
        }
        ("apps", "replicasets") => view::set(object, &["status"], json!({"replicas": 0})),
        ("", "replicationcontrollers") => view::set(object, &["status"], json!({"replicas": 0})),
        ("apps", "statefulsets") => view::set(
            object,
            &["status"],
            json!({"replicas": 0, "availableReplicas": 0}),
        ),
        ("apps", "daemonsets") => {
            let status = json!({"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0});
            view::set(object, &["status"], status);
            view::set(
                object,
                &[
                    "metadata",
                    "annotations",
                    "deprecated.daemonset.template.generation",
                ],
                "1",
            );
        }
        ("batch", "jobs") => {
            view::set(object, &["status"], json!({}));
            prepare_job(object);
        }
        ("policy", "poddisruptionbudgets") => {
            let status = json!({"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0});
            view::set(object, &["status"], status);
        }
        ("", "nodes") => {}
        _ if has_status(resource) => view::set(object, &["status"], json!({})),
        _ => {}
    }
}

/// A job without its own selector is told apart by its uid.
fn prepare_job(job: &mut Value) {
    if view::flag(job, &["spec", "manualSelector"]) {
        return;
    }
    let (uid, name) = (
        objects::meta::uid(job).to_string(),
        objects::meta::name(job).to_string(),
    );
    for at in [
        &["spec", "template", "metadata", "labels"][..],
        &["metadata", "labels"][..],
    ] {
        if at[0] == "metadata"
            && view::at(job, &["spec", "template", "metadata", "labels"]).is_null()
        {
            continue;
        }
        let labels = view::map_mut(job, at);
        for key in ["batch.kubernetes.io/controller-uid", "controller-uid"] {
            labels.insert(key.into(), uid.clone().into());
        }
        for key in ["batch.kubernetes.io/job-name", "job-name"] {
            labels.insert(key.into(), name.clone().into());
        }
    }
    if view::at(job, &["spec", "selector"]).is_null() {
        view::set(
            job,
            &["spec", "selector"],
            json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}),
        );
    }
}

/// Restores what an update of the main resource may not touch.
pub fn prepare_update(resource: &Resource, new: &mut Value, old: &Value) {
    if has_status(resource) || matches!(resource.plural, "namespaces") {
        restore(new, old, "status");
    }
    if resource.plural == "namespaces" {
        let finalizers = view::at(old, &["spec", "finalizers"]).clone();
        view::set(new, &["spec", "finalizers"], finalizers);
    }
    if resource.plural == "pods" && resource.group.is_empty() {
        for part in ["ephemeralContainers"] {
            match view::at(old, &["spec", part]) {
                Value::Null => drop(view::remove(new, &["spec", part])),
                was => view::set(new, &["spec", part], was.clone()),
            }
        }
    }
}

/// Counts the generation when the spec changed.
pub fn bump_generation(resource: &Resource, new: &mut Value, old: &Value) {
    if !counts_generation(resource) {
        return;
    }
    let was = objects::meta::generation(old);
    let same = match resource.plural {
        "endpointslices" => new["endpoints"] == old["endpoints"] && new["ports"] == old["ports"],
        _ => new.get("spec") == old.get("spec"),
    };
    objects::meta::set(new, "generation", if same { was } else { was + 1 });
}

/// For the subresource `status`: everything but the status as it was.
pub fn keep_only_status(resource: &Resource, new: &mut Value, old: &Value) {
    let status = new.get("status").cloned();
    let metadata = new.get("metadata").cloned();
    let mut kept = old.clone();
    match status {
        Some(status) => view::set(&mut kept, &["status"], status),
        None => drop(view::remove(&mut kept, &["status"])),
    }
    for part in ["labels", "annotations", "finalizers", "managedFields"] {
        if part == "finalizers" && resource.plural == "pods" {
            continue;
        }
        match metadata.as_ref().and_then(|m| m.get(part)) {
            Some(value) => objects::meta::set(&mut kept, part, value.clone()),
            None => drop(objects::meta::remove(&mut kept, part)),
        }
    }
    if let Some(version) = metadata.as_ref().and_then(|m| m.get("resourceVersion")) {
        objects::meta::set(&mut kept, "resourceVersion", version.clone());
    }
    *new = kept;
}

/// Puts back one member as it was.
pub fn restore(new: &mut Value, old: &Value, member: &str) {
    match old.get(member) {
        Some(value) => view::set(new, &[member], value.clone()),
        None => drop(view::remove(new, &[member])),
    }
}
