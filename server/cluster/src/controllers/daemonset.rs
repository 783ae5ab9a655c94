//! DaemonSets: one pod on every node that fits. Mirrors `pkg/controller/daemon` of Kubernetes 1.36.

use std::collections::BTreeMap;

use objects::{Object, meta};
use serde_json::{Value, json};

use super::owned::{self, claim, create_pod, delete_pod, pod_of, reference, source};
use super::queue::{Again, Ended, Key, Pace, Queue, at_once};
use super::{revisions, slow_start};
use crate::cluster::{Cluster, pods, resource};
use crate::events::Kind;
use crate::store::Change;
use crate::view;

const BY: &str = "daemonset-controller";
/// Most pods made in one look.
const BURST: usize = 250;

/// Starts the controller.
pub(crate) fn start(cluster: &Cluster) {
    let follows = &[("apps", "daemonsets"), ("", "pods"), ("", "nodes")];
    Queue {
        follows,
        keys,
        delay: at_once,
        reconcile,
    }
    .start(cluster);
}

fn keys(cluster: &Cluster, change: &Change) -> Vec<Key> {
    match change.resource.plural {
        "daemonsets" => owned::own_key(change),
        "pods" => owned::controllers_of(change, "DaemonSet"),
        _ if node_matters(change) => cluster
            .list(resource("apps", "daemonsets"), "")
            .iter()
            .map(|d| (meta::namespace(d).to_string(), meta::name(d).to_string()))
            .collect(),
        _ => Vec::new(),
    }
}

fn node_matters(change: &Change) -> bool {
    change.old.as_ref().is_none_or(|o| {
        o["spec"] != change.object["spec"]
            || o["metadata"]["labels"] != change.object["metadata"]["labels"]
    }) || change.kind == crate::store::ChangeKind::Deleted
}

/// A set as one look sees it.
struct Look<'a> {
    cluster: &'a Cluster,
    set: &'a Object,
    /// Of the current template.
    hash: &'a str,
    owner: Value,
}

fn reconcile(cluster: &Cluster, key: &Key) -> Option<Ended> {
    let set = cluster.get(resource("apps", "daemonsets"), &key.0, &key.1)?;
    if meta::is_deleting(&set) {
        return None;
    }
    let (_, hash) = revisions::current(cluster, BY, "DaemonSet", &set)?;
    let look = Look {
        cluster,
        set: &set,
        hash: &hash,
        owner: reference("apps/v1", "DaemonSet", &set),
    };
    let mine = claim(cluster, pods(), &set, &look.owner);
    let mut by_node: BTreeMap<String, Vec<Object>> = BTreeMap::new();
    for pod in &mine {
        by_node.entry(target(pod)).or_default().push(pod.clone());
    }
    let nodes = cluster.list(resource("", "nodes"), "");
    let mut again: Again = None;
    let mut missing = Vec::new();
    for node in &nodes {
        let there = by_node.remove(meta::name(node)).unwrap_or_default();
        let (is_missing, later) = look.tend(node, there);
        missing.extend(is_missing.then_some(meta::name(node)));
        again = sooner(again, later);
    }
    for pod in by_node.values().flatten().filter(|p| !meta::is_deleting(p)) {
        delete_pod(cluster, BY, &set, pod);
    }
    let batch = slow_start::batch(&mine, cluster.seconds()).min(BURST);
    let is_refused = !look.create(missing.iter().take(batch));
    if missing.len() > batch && !is_refused {
        let again = sooner(again, Some(slow_start::NEXT));
        return Some(Ended {
            again,
            refused: None,
            held: None,
        });
    }
    roll(cluster, &set, &hash, &nodes);
    let in_use: Vec<String> = mine
        .iter()
        .filter_map(|p| meta::label(p, "controller-revision-hash"))
        .map(str::to_string)
        .chain([hash.clone()])
        .collect();
    revisions::trim(cluster, BY, &set, &in_use);
    Some(Ended {
        again: sooner(again, write_status(cluster, &set, &nodes, &hash)),
        refused: is_refused.then_some(Pace::DEFAULT),
        held: None,
    })
}

fn sooner(a: Again, b: Again) -> Again {
    a.into_iter().chain(b).min()
}

/// Lets go of a pod that has ended; of one that failed later and later. Answers how long that takes yet.
fn replace(cluster: &Cluster, set: &Object, node: &str, pod: &Object) -> Again {
    let title = format!("{}/{}", meta::namespace(pod), meta::name(pod));
    if view::text(pod, &["status", "phase"]) == "Failed" {
        let seen = view::int(set, &["status", "observedGeneration"]).unwrap_or(0);
        let key = format!("{}/{seen}/{node}", meta::uid(set));
        let now = cluster.now();
        let mut back_off = cluster.daemon_back_off();
        if let Some(until) = back_off.until(&key, now) {
            return Some(until.since(now));
        }
        back_off.next(&key, now, now);
        let text = format!("Found failed daemon pod {title} on node {node}, will try to kill it");
        cluster.event(&source(BY), set, Kind::Warning, "FailedDaemonPod", &text);
    } else {
        let text =
            format!("Found succeeded daemon pod {title} on node {node}, will try to delete it");
        cluster.event(&source(BY), set, Kind::Normal, "SucceededDaemonPod", &text);
    }
    delete_pod(cluster, BY, set, pod);
    None
}

impl Look<'_> {
    /// The pods on one node: one where it fits, none where it does not; failed ones are replaced. Answers whether one is missing, and when
    /// to look again.
    fn tend(&self, node: &Object, there: Vec<Object>) -> (bool, Again) {
        let (cluster, set) = (self.cluster, self.set);
        let (may_run, may_stay) = fits(set, node);
        let (ended, alive): (Vec<Object>, Vec<Object>) =
            there.into_iter().partition(|p| owned::is_ended(p));
        let going = ended.iter().filter(|p| !meta::is_deleting(p));
        let again = going
            .filter_map(|pod| replace(cluster, set, meta::name(node), pod))
            .min();
        let keep = usize::from(may_stay);
        for pod in alive.iter().skip(keep).filter(|p| !meta::is_deleting(p)) {
            delete_pod(cluster, BY, set, pod);
        }
        (may_run && alive.is_empty() && ended.is_empty(), again)
    }

    /// Makes a pod for each of the nodes. Answers whether none was refused, which is told as an event.
    fn create<'n>(&self, nodes: impl Iterator<Item = &'n &'n str>) -> bool {
        let mut all_made = true;
        for node in nodes {
            let mut template = view::at(self.set, &["spec", "template"]).clone();
            prepare(&mut template, self.set, node, self.hash);
            let pod = pod_of(
                &template,
                self.set,
                self.owner.clone(),
                meta::name(self.set),
            );
            all_made &= create_pod(self.cluster, BY, self.set, pod).is_ok();
        }
        all_made
    }
}

/// What a daemon pod has beyond its template: the node, the tolerations, the labels of its revision.
fn prepare(template: &mut Value, set: &Object, node: &str, hash: &str) {
    view::set(
        template,
        &["metadata", "labels", "controller-revision-hash"],
        hash,
    );
    let generation =
        meta::annotation(set, "deprecated.daemonset.template.generation").unwrap_or("1");
    view::set(
        template,
        &["metadata", "labels", "pod-template-generation"],
        generation,
    );
    let only_here =
        json!([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}]);
    let path = [
        "spec",
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ];
    let terms = view::list_mut(template, &path);
    if terms.is_empty() {
        *terms = only_here.as_array().cloned().unwrap_or_default();
    } else {
        terms
            .iter_mut()
            .for_each(|t| t["matchFields"] = only_here[0]["matchFields"].clone());
    }
    let host_network = view::flag(template, &["spec", "hostNetwork"]);
    let tolerations = view::list_mut(template, &["spec", "tolerations"]);
    let mut tolerate = |key: &str, effect: &str| {
        let one = json!({"key": format!("node.kubernetes.io/{key}"), "operator": "Exists", "effect": effect});
        if !tolerations.contains(&one) {
            tolerations.push(one);
        }
    };
    tolerate("not-ready", "NoExecute");
    tolerate("unreachable", "NoExecute");
    for key in [
        "disk-pressure",
        "memory-pressure",
        "pid-pressure",
        "unschedulable",
    ] {
        tolerate(key, "NoSchedule");
    }
    if host_network {
        tolerate("network-unavailable", "NoSchedule");
    }
}

/// The node that a daemon pod is for.
fn target(pod: &Object) -> String {
    let bound = view::text(pod, &["spec", "nodeName"]);
    if !bound.is_empty() {
        return bound.to_string();
    }
    let path = [
        "spec",
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
        "0",
        "matchFields",
        "0",
        "values",
        "0",
    ];
    view::text(pod, &path).to_string()
}

/// Whether a pod of the set may start on a node, and whether one may stay.
fn fits(set: &Object, node: &Object) -> (bool, bool) {
    let spec = view::at(set, &["spec", "template", "spec"]);
    let labels = meta::labels(node);
    let selected = view::members(spec, &["nodeSelector"])
        .all(|(k, v)| labels.and_then(|l| l.get(k)) == Some(v));
    let named = view::text(spec, &["nodeName"]);
    if !selected || (!named.is_empty() && named != meta::name(node)) {
        return (false, false);
    }
    let tolerated = |taint: &Value| {
        view::list(spec, &["tolerations"])
            .iter()
            .any(|t| tolerates(t, taint))
            || known(taint)
    };
    let taints = view::list(node, &["spec", "taints"]);
    let blocked = |effect: &str| {
        taints
            .iter()
            .any(|t| view::text(t, &["effect"]) == effect && !tolerated(t))
    };
    (
        !blocked("NoSchedule") && !blocked("NoExecute"),
        !blocked("NoExecute"),
    )
}

/// Taints that every daemon pod tolerates.
fn known(taint: &Value) -> bool {
    let key = view::text(taint, &["key"])
        .strip_prefix("node.kubernetes.io/")
        .unwrap_or_default();
    matches!(
        key,
        "not-ready"
            | "unreachable"
            | "disk-pressure"
            | "memory-pressure"
            | "pid-pressure"
            | "unschedulable"
    )
}

fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let text = |v: &Value, name| view::text(v, &[name]).to_string();
    let effect = text(toleration, "effect");
    let key = text(toleration, "key");
    (effect.is_empty() || effect == text(taint, "effect"))
        && (key.is_empty() || key == text(taint, "key"))
        && (text(toleration, "operator") == "Exists"
            || text(toleration, "value") == text(taint, "value"))
}

/// A rolling update: old pods go as far as enough stay available.
fn roll(cluster: &Cluster, set: &Object, hash: &str, nodes: &[Object]) {
    if view::text(set, &["spec", "updateStrategy", "type"]) == "OnDelete" {
        return;
    }
    let owner = reference("apps/v1", "DaemonSet", set);
    let mine = claim(cluster, pods(), set, &owner);
    let desired = i64::try_from(nodes.iter().filter(|n| fits(set, n).0).count()).unwrap_or(0);
    let slack = owned::share(
        view::at(
            set,
            &["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"],
        ),
        desired,
        true,
    )
    .max(1);
    let is_old = |p: &Object| meta::label(p, "controller-revision-hash") != Some(hash);
    let unavailable = desired
        - i64::try_from(
            mine.iter()
                .filter(|p| owned::is_ready(p) && owned::is_active(p))
                .count(),
        )
        .unwrap_or(0);
    let mut left = slack - unavailable;
    for pod in mine.iter().filter(|p| is_old(p) && !meta::is_deleting(p)) {
        if !owned::is_ready(pod) {
            delete_pod(cluster, BY, set, pod);
        } else if left > 0 {
            left -= 1;
            delete_pod(cluster, BY, set, pod);
        }
    }
}

fn write_status(cluster: &Cluster, set: &Object, nodes: &[Object], hash: &str) -> Again {
    let owner = reference("apps/v1", "DaemonSet", set);
    let mine: Vec<Object> = claim(cluster, pods(), set, &owner)
        .into_iter()
        .filter(|p| !meta::is_deleting(p))
        .collect();
    let wanted: Vec<&Object> = nodes.iter().filter(|n| fits(set, n).0).collect();
    let on = |n: &str| mine.iter().filter(|p| target(p) == n).collect::<Vec<_>>();
    let (now, least) = (
        cluster.seconds(),
        view::int(set, &["spec", "minReadySeconds"]).unwrap_or(0),
    );
    let count = |test: &dyn Fn(&Object) -> bool| {
        wanted
            .iter()
            .filter(|n| on(meta::name(n)).into_iter().any(test))
            .count()
    };
    let current = count(&|_| true);
    let ready = count(&|p| owned::is_ready(p));
    let available = count(&|p| owned::is_available(p, least, now).is_ok());
    let updated = count(&|p| meta::label(p, "controller-revision-hash") == Some(hash));
    let stray = nodes
        .iter()
        .filter(|n| !fits(set, n).0 && !on(meta::name(n)).is_empty())
        .count();
    let desired = wanted.len();
    cluster.amend(resource("apps", "daemonsets"), set, |o| {
        for (name, value) in [
            ("currentNumberScheduled", current),
            ("numberMisscheduled", stray),
            ("desiredNumberScheduled", desired),
            ("numberReady", ready),
        ] {
            view::set(o, &["status", name], value);
        }
        for (name, value) in [
            ("updatedNumberScheduled", updated),
            ("numberAvailable", available),
            ("numberUnavailable", desired - available.min(desired)),
        ] {
            if value == 0 {
                view::remove(o, &["status", name]);
            } else {
                view::set(o, &["status", name], value);
            }
        }
        view::set(o, &["status", "observedGeneration"], meta::generation(set));
    });
    let soon = mine
        .iter()
        .filter_map(|p| owned::is_available(p, least, now).err().flatten())
        .min();
    soon.and_then(|s| u64::try_from(s).ok())
        .map(std::time::Duration::from_secs)
}
