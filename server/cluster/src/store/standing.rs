//! The pods that matter: those that are not over, and of the others how many each controller lost lately. A set whose pods are thrown
//! out as soon as they are made leaves thousands behind; whoever looks for what runs must not go over them each time.
//!
//! Mirrors the indexers of client-go: kept in step with each write, never asked for more than is in the table.

use std::collections::{BTreeMap, BTreeSet};

use objects::{Object, meta};
use serde_json::Value;

use crate::view;

/// When a pod was made, as the API tells time, its namespace and its name.
type Made = (String, String, String);

/// Pods by what is asked of them most.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Those that are not over, by namespace and name.
    pods: BTreeMap<String, BTreeMap<String, Object>>,
    /// Those that are over, by the uid of their controller.
    over: BTreeMap<String, BTreeSet<Made>>,
}

/// Succeeded or Failed: its containers never run again.
fn is_over(pod: &Value) -> bool {
    matches!(
        view::text(pod, &["status", "phase"]),
        "Succeeded" | "Failed"
    )
}

fn made(pod: &Value) -> Made {
    let texts = (meta::namespace(pod).into(), meta::name(pod).into());
    (meta::creation_timestamp(pod).into(), texts.0, texts.1)
}

fn controller(pod: &Value) -> Option<&str> {
    meta::controller(pod).map(|c| view::text(c, &["uid"]))
}

impl Standing {
    /// A pod is written: as it was, and as it is.
    pub fn write(&mut self, old: Option<&Object>, new: &Object) {
        let stands_on = |old: &Object| !is_over(old) && !is_over(new);
        if let Some(old) = old.filter(|old| !stands_on(old)) {
            self.remove(old);
        }
        if is_over(new) {
            if let Some(uid) = controller(new) {
                self.over.entry(uid.into()).or_default().insert(made(new));
            }
        } else {
            let named = self.pods.entry(meta::namespace(new).into()).or_default();
            named.insert(meta::name(new).into(), new.clone());
        }
    }

    /// A pod is gone.
    pub fn remove(&mut self, old: &Object) {
        let namespace = meta::namespace(old);
        if !is_over(old) {
            if let Some(named) = self.pods.get_mut(namespace) {
                named.remove(meta::name(old));
            }
            self.pods.retain(|_, named| !named.is_empty());
        } else if let Some(uid) = controller(old)
            && let Some(lost) = self.over.get_mut(uid)
        {
            lost.remove(&made(old));
            if lost.is_empty() {
                self.over.remove(uid);
            }
        }
    }

    /// The pods in a namespace (empty: in all) that are not over, in order of namespace and name.
    pub fn list<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Object> {
        let asked = move |of: &&String| namespace.is_empty() || *of == namespace;
        let spaces = self.pods.iter().filter(move |(of, _)| asked(of));
        spaces.flat_map(|(_, named)| named.values())
    }

    /// How many pods of a controller are over that were made at a time (as the API tells it) or after it.
    pub fn lost_since(&self, controller: &str, time: &str) -> usize {
        let first: Made = (time.into(), String::new(), String::new());
        let lost = self.over.get(controller);
        lost.map_or(0, |lost| lost.range(first..).count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(name: &str, second: u32, phase: &str) -> Object {
        let owner = json!({"kind": "ReplicaSet", "name": "web", "uid": "u1", "controller": true});
        let made = format!("2026-01-01T00:00:{second:02}Z");
        let metadata = json!({"name": name, "namespace": "default", "creationTimestamp": made, "ownerReferences": [owner]});
        json!({"metadata": metadata, "status": {"phase": phase}}).into()
    }

    fn names(standing: &Standing) -> Vec<&str> {
        standing.list("default").map(|p| meta::name(p)).collect()
    }

    #[test]
    fn a_pod_stands_until_it_is_over_and_is_lost_until_it_is_gone() {
        let mut standing = Standing::default();
        let (a, b) = (pod("a", 1, "Pending"), pod("b", 2, "Running"));
        standing.write(None, &a);
        standing.write(None, &b);
        assert_eq!(names(&standing), ["a", "b"]);
        let (failed, done) = (pod("a", 1, "Failed"), pod("b", 2, "Succeeded"));
        standing.write(Some(&a), &failed);
        standing.write(Some(&b), &done);
        standing.write(Some(&done), &done);
        assert!(names(&standing).is_empty() && standing.pods.is_empty());
        assert_eq!(standing.lost_since("u1", "2026-01-01T00:00:01Z"), 2);
        assert_eq!(standing.lost_since("u1", "2026-01-01T00:00:02Z"), 1);
        assert_eq!(standing.lost_since("u2", "2026-01-01T00:00:01Z"), 0);
        standing.remove(&failed);
        standing.remove(&done);
        assert!(standing.over.is_empty());
    }

    #[test]
    fn namespaces_are_kept_apart() {
        let mut standing = Standing::default();
        let a = pod("a", 1, "Running");
        standing.write(None, &a);
        let mut other = (*a).clone();
        meta::set(&mut other, "namespace", "other");
        let other: Object = other.into();
        standing.write(None, &other);
        assert_eq!(standing.list("").count(), 2);
        assert_eq!(standing.list("other").count(), 1);
        standing.remove(&a);
        assert_eq!(standing.list("").count(), 1);
    }
}
