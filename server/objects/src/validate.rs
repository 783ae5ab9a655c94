//! Whether an object may be: the validation of the API server, with its texts and in its order.
//!
//! Mirrors `pkg/apis/*/validation`. What needs the cluster (addresses in range, allocated ports, admission) is not here.

mod at;
mod autoscaling;
mod config;
mod container;
mod cron;
mod discovery;
mod environment;
mod events;
mod ingress;
mod internal;
mod job_policies;
mod jobs;
mod limits;
mod metadata;
mod mounts;
mod pod;
pub(crate) mod pod_update;
mod probe;
mod rbac;
mod resources;
mod scheduling;
mod service;
mod storage;
mod volumes;
mod warnings;
mod workloads;

use serde_json::Value;

use crate::{FieldError, Gvk};

use at::At;
pub use pod_update::qos;
pub use warnings::warnings;

/// Errors as they are gathered.
type Errors = Vec<FieldError>;

/// Everything that is wrong with `new`, which is defaulted; `old` is the stored object on updates. `subresource` is empty for the main
/// resource, else `status`, `ephemeralcontainers`, `resize`, ….
pub fn validate(gvk: &Gvk, subresource: &str, new: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let mut errors = Errors::new();
    let at = At::root(new);
    metadata::validate(gvk, &at, old.is_some(), &mut errors);
    if let Some(old) = old {
        metadata::validate_update(&at, &At::root(old), &mut errors);
    }
    if subresource == "status" || subresource == "approval" || subresource == "finalize" {
        return errors;
    }
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => pod::validate(subresource, &at, old, &mut errors),
        ("", "Service") => service::validate(&at, old, &mut errors),
        ("", "ConfigMap" | "Secret") => config::validate(&gvk.kind, &at, old, &mut errors),
        ("", "PersistentVolume" | "PersistentVolumeClaim") | ("storage.k8s.io", _) => {
            storage::validate(&gvk.kind, &at, old, &mut errors);
        }
        ("", "PodTemplate") => pod::template(&at.get("template"), &mut errors),
        ("apps" | "batch", _) | ("", "ReplicationController") => {
            workloads::validate(&gvk.kind, &at, old, &mut errors)
        }
        _ => config::others(gvk, &at, old, &mut errors),
    }
    errors
}

/// What is wrong with the addresses and families of a service: the allocators ask for it alone.
pub fn service_addresses(object: &Value) -> Vec<FieldError> {
    let mut errors = Errors::new();
    service::related_addresses(&At::root(object).get("spec"), &mut errors);
    errors
}

#[cfg(test)]
mod tests;
