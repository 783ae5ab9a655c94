//! What a checker looks at: the objects as they are, what changed since it last looked, and the time.

use cluster::{Change, Cluster, Fault};
use machine::{Health, Time};
use objects::{Object, meta};
use serde_json::Value;
use std::collections::BTreeSet;

pub struct Scene<'a> {
    pub cluster: &'a Cluster,
    /// Group, plural name and object, in order of plural name, group, namespace and name.
    pub objects: Vec<(&'static str, &'static str, Object)>,
    pub changes: Vec<Change>,
    pub now: Time,
    /// All nodes run, nobody gave a command for a long while: what will settle has settled.
    pub at_rest: bool,
}

impl Scene<'_> {
    pub fn of(&self, plural: &str) -> impl Iterator<Item = &Object> {
        let first = self.objects.partition_point(|(_, p, _)| *p < plural);
        let all = self.objects[first..].iter();
        all.take_while(move |(_, p, _)| *p == plural)
            .map(|(_, _, object)| object)
    }

    pub fn find(&self, plural: &str, namespace: &str, name: &str) -> Option<&Object> {
        self.of(plural)
            .find(|o| meta::namespace(o) == namespace && meta::name(o) == name)
    }

    /// Nodes that nobody hears of: without power or without network.
    pub fn silent_nodes(&self) -> BTreeSet<String> {
        let faults = self.cluster.faults().into_iter();
        let silent = faults.filter_map(|fault| match fault {
            Fault::Node { node, state } | Fault::Network { node, state } => {
                (state == Health::Gone).then_some(node)
            }
            _ => None,
        });
        silent.collect()
    }

    /// Pods whose controller is this object.
    pub fn pods_of<'b>(&'b self, owner: &'b Value) -> impl Iterator<Item = &'b Object> {
        self.of("pods")
            .filter(|p| meta::controller(p).is_some_and(|r| r["uid"] == owner["metadata"]["uid"]))
    }
}

/// `default/web`.
pub fn title(object: &Value) -> String {
    format!("{}/{}", meta::namespace(object), meta::name(object))
}

pub fn phase(pod: &Value) -> &str {
    pod["status"]["phase"].as_str().unwrap_or_default()
}

pub fn is_over(pod: &Value) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// The status and reason of a condition; both empty where there is none.
pub fn condition<'a>(object: &'a Value, kind: &str) -> (&'a str, &'a str) {
    let all = object["status"]["conditions"].as_array();
    let found = all.into_iter().flatten().find(|c| c["type"] == kind);
    let text = |key| found.and_then(|c| c[key].as_str()).unwrap_or_default();
    (text("status"), text("reason"))
}

pub fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").0 == "True"
}

/// Lists of an object by JSON pointer; empty where there is none.
pub fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.map(Vec::as_slice).unwrap_or_default()
}
