//! taint-eviction-controller: pods leave nodes whose NoExecute taints they do not tolerate, at once or when their patience is over.
//!
//! It looks at pods that changed, and at those of a node whose taints did.
//!
//! Mirrors `pkg/controller/tainteviction` of Kubernetes 1.36.

use std::collections::{BTreeMap, BTreeSet};

use machine::{Duration, Time};
use objects::{Object, meta};
use serde_json::{Value, json};

use super::owned::{is_ended, source};
use super::queue::Key;
use super::{Controller, Resources};
use crate::cluster::{Cluster, pods, resource};
use crate::events::Kind;
use crate::scheduler::affinity;
use crate::store::Change;
use crate::view;

const BY: &str = "taint-eviction-controller";

#[derive(Default)]
pub(crate) struct TaintEvictionController {
    /// By namespace and name: the pods that have to bear the taints of their nodes for a while.
    bearing: BTreeMap<Key, Bearing>,
    /// The taints of nodes that drive pods away, by name of the node.
    tainted: BTreeMap<String, Vec<Value>>,
}

/// How a pod bears the taints of its node.
struct Bearing {
    uid: String,
    since: Time,
    end: Time,
}

impl Controller for TaintEvictionController {
    fn follows(&self) -> Resources {
        &[("", "nodes"), ("", "pods")]
    }

    fn reconcile(&mut self, cluster: &Cluster, changes: &[Change]) {
        let mut others = BTreeSet::new();
        if changes.iter().any(|c| c.resource.plural == "nodes") {
            let before = std::mem::replace(&mut self.tainted, tainted(cluster));
            let names = before.keys().chain(self.tainted.keys());
            others = names
                .filter(|name| before.get(*name) != self.tainted.get(*name))
                .cloned()
                .collect();
        }
        if self.tainted.is_empty() && self.bearing.is_empty() {
            return;
        }
        let pods_changed = changes.iter().filter(|c| c.resource.plural == "pods");
        let mut keys: BTreeSet<Key> = pods_changed.map(|c| key_of(&c.object)).collect();
        if !others.is_empty() {
            let all = cluster.standing_pods("");
            let is_there = |p: &&Object| others.contains(view::text(p, &["spec", "nodeName"]));
            keys.extend(all.iter().filter(is_there).map(key_of));
        }
        let now = cluster.now();
        let due = self.bearing.iter().filter(|(_, b)| b.end <= now);
        keys.extend(due.map(|(key, _)| key.clone()));
        for key in keys {
            self.look(cluster, key);
        }
    }

    fn wake(&self) -> Option<Time> {
        self.bearing.values().map(|b| b.end).min()
    }
}

impl TaintEvictionController {
    /// Looks at one pod: whether it goes, and when.
    fn look(&mut self, cluster: &Cluster, key: Key) {
        let borne = self.bearing.remove(&key);
        let Some(pod) = cluster.get(pods(), &key.0, &key.1) else {
            return;
        };
        if meta::is_deleting(&pod) || is_ended(&pod) {
            return;
        }
        let borne = borne.filter(|b| b.uid == meta::uid(&pod));
        let Some(taints) = self.tainted.get(view::text(&pod, &["spec", "nodeName"])) else {
            if borne.is_some() {
                let text = format!("Cancelling deletion of Pod {}", title(&pod));
                tell(cluster, &pod, &text);
            }
            return;
        };
        match patience(&pod, taints) {
            Patience::Endless => {}
            Patience::None => evict(cluster, &pod),
            Patience::For(time) => {
                let since = borne.map_or_else(|| cluster.now(), |b| b.since);
                let end = since + time;
                if end <= cluster.now() {
                    evict(cluster, &pod);
                } else {
                    let uid = meta::uid(&pod).to_string();
                    self.bearing.insert(key, Bearing { uid, since, end });
                }
            }
        }
    }
}

fn key_of(pod: &Object) -> Key {
    (meta::namespace(pod).into(), meta::name(pod).into())
}

fn title(pod: &Value) -> String {
    format!("{}/{}", meta::namespace(pod), meta::name(pod))
}

fn tell(cluster: &Cluster, pod: &Object, text: &str) {
    let by = source(BY);
    cluster.event(&by, pod, Kind::Normal, "TaintManagerEviction", text);
}

/// The nodes with taints that drive pods away, and these taints.
fn tainted(cluster: &Cluster) -> BTreeMap<String, Vec<Value>> {
    let all = cluster.list(resource("", "nodes"), "");
    all.iter()
        .map(|n| (meta::name(n).to_string(), no_execute(n)))
        .filter(|(_, taints)| !taints.is_empty())
        .collect()
}

fn no_execute(node: &Value) -> Vec<Value> {
    let all = view::list(node, &["spec", "taints"]).iter();
    all.filter(|t| t["effect"] == "NoExecute")
        .cloned()
        .collect()
}

/// How long a pod bears the taints of its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    None,
    For(Duration),
    Endless,
}

fn patience(pod: &Value, taints: &[Value]) -> Patience {
    let tolerations = view::list(pod, &["spec", "tolerations"]);
    let mut least: Option<i64> = None;
    for taint in taints {
        let mut tolerated = false;
        for toleration in tolerations {
            if affinity::tolerated(std::slice::from_ref(toleration), taint) {
                tolerated = true;
                if let Some(seconds) = view::int(toleration, &["tolerationSeconds"]) {
                    least = Some(least.map_or(seconds, |l| l.min(seconds)));
                }
            }
        }
        if !tolerated {
            return Patience::None;
        }
    }
    match least {
        None => Patience::Endless,
        Some(seconds) if seconds <= 0 => Patience::None,
        Some(seconds) => Patience::For(Duration::from_secs(seconds.unsigned_abs())),
    }
}

fn evict(cluster: &Cluster, pod: &Object) {
    tell(
        cluster,
        pod,
        &format!("Marking for deletion Pod {}", title(pod)),
    );
    disrupt(
        cluster,
        pod,
        "DeletionByTaintManager",
        "Taint manager: deleting due to NoExecute taint",
    );
    let _gone_already = cluster.delete(BY, pods(), pod, None);
}

/// Writes the condition DisruptionTarget.
pub(crate) fn disrupt(cluster: &Cluster, pod: &Object, reason: &str, message: &str) {
    let now = cluster.now_text();
    cluster.amend(pods(), pod, |p| {
        let generation = meta::generation(p);
        let conditions = view::list_mut(p, &["status", "conditions"]);
        conditions.retain(|c| c["type"] != "DisruptionTarget");
        conditions.push(json!({"type": "DisruptionTarget", "status": "True", "reason": reason, "message": message,
            "lastProbeTime": null, "lastTransitionTime": now, "observedGeneration": generation}));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_toleration_counts() {
        let taint = |key: &str| json!({"key": key, "effect": "NoExecute"});
        let (a, b) = (taint("a"), taint("b"));
        let pod = json!({"spec": {"tolerations": [
            {"key": "a", "operator": "Exists", "tolerationSeconds": 300},
            {"key": "b", "operator": "Exists", "tolerationSeconds": 20},
        ]}});
        let check = |taints: &[Value], expect| assert_eq!(patience(&pod, taints), expect);
        check(
            std::slice::from_ref(&a),
            Patience::For(Duration::from_secs(300)),
        );
        check(&[a.clone(), b], Patience::For(Duration::from_secs(20)));
        check(&[a.clone(), taint("c")], Patience::None);
        let forever = json!({"spec": {"tolerations": [{"operator": "Exists"}]}});
        assert_eq!(patience(&forever, &[a]), Patience::Endless);
    }
}
