//! The defaults that the API server fills in when it reads an object.
//!
//! Mirrors `pkg/apis/*/v1/defaults.go` and the conversions that fill twin fields. What admission and the registries add (service accounts,
//! priorities, tolerations, addresses, selectors of jobs) is not here.

mod objects;
mod pod;
mod workloads;

use serde_json::{Map, Value};

use crate::Gvk;
use crate::meta::{map_at, map_of};
use crate::table::normalize;

type Members = Map<String, Value>;

/// Fills in the defaults of a kind, in place, and brings the object into the form in which the API server writes it.
pub fn apply_defaults(gvk: &Gvk, object: &mut Value) {
    if !object.is_object() {
        return;
    }
    let members = map_of(object);
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => pod::pod(members),
        ("", "PodTemplate") => pod::template(members),
        ("", "ReplicationController") => workloads::replication_controller(members),
        ("apps", "Deployment") => workloads::deployment(map_at(members, "spec")),
        ("apps", "ReplicaSet") => workloads::replica_set(map_at(members, "spec")),
        ("apps", "DaemonSet") => workloads::daemon_set(members),
        ("apps", "StatefulSet") => workloads::stateful_set(map_at(members, "spec")),
        ("batch", "Job") => workloads::job(map_at(members, "spec")),
        ("batch", "CronJob") => workloads::cron_job(map_at(members, "spec")),
        ("autoscaling", "HorizontalPodAutoscaler") => {
            workloads::autoscaler(&gvk.version, map_at(members, "spec"))
        }
        _ => objects::object(gvk, members),
    }
    normalize(gvk, object);
}

/// Sets a member that is missing, null or an empty text.
fn default(members: &mut Members, key: &str, value: impl Into<Value>) {
    if is_unset(members.get(key)) {
        members.insert(key.to_string(), value.into());
    }
}

fn is_unset(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        _ => false,
    }
}

/// Sets a member that is missing, null or zero.
fn default_number(members: &mut Members, key: &str, value: i64) {
    if members.get(key).and_then(Value::as_i64).unwrap_or_default() == 0 {
        members.insert(key.to_string(), value.into());
    }
}

fn text<'a>(members: &'a Members, key: &str) -> &'a str {
    members.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The elements of a list that are maps.
fn items<'a>(members: &'a mut Members, key: &str) -> impl Iterator<Item = &'a mut Members> {
    members
        .get_mut(key)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
}

/// A member that is a map.
fn child<'a>(members: &'a mut Members, key: &str) -> Option<&'a mut Members> {
    members.get_mut(key)?.as_object_mut()
}

#[cfg(test)]
mod tests;
