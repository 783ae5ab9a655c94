//! Heartbeats as a reader sees them: a node that runs renews its lease every ten seconds and posts its status every five minutes, without
//! a write for each. Watches are told nothing of it (`heartbeats` in LIMITATIONS.md).
//!
//! Mirrors the kubelet's lease controller and node status.

use std::sync::Arc;

use machine::Time;
use objects::{Object, Resource, meta};

use crate::cluster::Cluster;
use crate::kubelet::lease;
use crate::view;

/// A node posts its whole status at least this often, in nanoseconds.
const POST: i64 = 300_000_000_000;

/// The object with the heartbeat that its node has made.
pub(crate) fn shown(cluster: &Cluster, stored: &Resource, object: &Object) -> Object {
    match (stored.group, stored.plural) {
        ("coordination.k8s.io", "leases") if meta::namespace(object) == lease::NAMESPACE => {
            renewed(cluster, object)
        }
        ("", "nodes") => node(cluster, object),
        _ => None,
    }
    .unwrap_or_else(|| object.clone())
}

fn renewed(cluster: &Cluster, object: &Object) -> Option<Object> {
    let beat = cluster.kubelet(meta::name(object))?.heartbeat();
    let known = objects::time::parse_nanos(view::text(object, &["spec", "renewTime"]))?;
    let mut new = (**object).clone();
    let text = objects::time::rfc3339_micros(beat.0.max(known));
    view::set(&mut new, &["spec", "renewTime"], text);
    Some(Arc::new(new))
}

fn node(cluster: &Cluster, object: &Object) -> Option<Object> {
    let beat = cluster.kubelet(meta::name(object))?.heartbeat();
    let mut new = (**object).clone();
    for condition in view::list_mut(&mut new, &["status", "conditions"]) {
        if condition["status"] == "Unknown" {
            continue;
        }
        let Some(known) = objects::time::parse_nanos(view::text(condition, &["lastHeartbeatTime"]))
        else {
            continue;
        };
        let posted = Time(known + (beat.0 - known).max(0) / POST * POST);
        condition["lastHeartbeatTime"] = objects::time::rfc3339(posted.seconds()).into();
    }
    Some(Arc::new(new))
}
