//! Which command comes next: drawn by chance from what the cluster holds. What comes out is plain input, fit for a journal.

use cluster::{Cluster, ExecQuery, Fault};
use machine::{Chance, Duration, Health};
use objects::{Body, Object, PatchKind, Propagation, Request, Resource, Verb, meta};
use serde_json::{Value, json};

use crate::recipes::{self, NAMES};
use crate::scene::list;
use crate::verbs;

/// One thing that comes into a world from outside.
#[derive(Clone, Debug)]
pub enum Input {
    Request(Box<Request>),
    Exec(ExecQuery),
    Fault(Fault),
    /// Time passes.
    Run(Duration),
}

pub const NODES: u8 = 3;
/// A node that comes and goes.
const GUEST: &str = "node-9";
/// Quotas stand in a namespace of their own, so that they hold back nobody else.
const BESIDE: &str = "beside";

pub fn request(verb: Verb, of: &Resource, namespace: &str, name: &str) -> Request {
    let mut request = Request::new(verb, of.group, of.version, of.plural);
    request.namespace = if of.namespaced { namespace } else { "" }.into();
    request.name = name.into();
    request.user_agent = "simulation/1".into();
    request
}

pub fn about(verb: Verb, object: &Object) -> Request {
    let of = objects::resource::of_object(object).expect("a stored object has a kind");
    request(verb, of, meta::namespace(object), meta::name(object))
}

pub fn create(namespace: &str, object: Value) -> Input {
    let of = objects::resource::of_object(&object).expect("recipes have kinds");
    let mut made = request(Verb::Create, of, namespace, "");
    made.body = Body::Object(object);
    Input::Request(Box::new(made))
}

fn patch(object: &Object, change: &Value) -> Input {
    let mut made = about(Verb::Patch, object);
    let (kind, text) = (PatchKind::Merge, change.to_string());
    made.body = Body::Patch { kind, text };
    Input::Request(Box::new(made))
}

/// What the cluster holds that commands may be about.
pub struct Held<'a> {
    objects: Vec<(&'static str, &'static str, Object)>,
    pub chance: &'a Chance,
}

impl Held<'_> {
    /// One of these by chance.
    pub fn any(&self, plurals: &[&str]) -> Option<&Object> {
        let own = |o: &Object| matches!(meta::namespace(o), "default" | BESIDE | "");
        let mut all = self.objects.iter();
        let found: Vec<&Object> = all
            .by_ref()
            .filter(|(_, p, o)| plurals.contains(p) && own(o))
            .map(|(_, _, o)| o)
            .collect();
        found
            .get(self.chance.below(found.len() as u64) as usize)
            .copied()
    }
}

/// The next input.
pub fn next(cluster: &Cluster, chance: &Chance) -> Input {
    let objects = cluster.everything();
    let held = Held { objects, chance };
    let name = NAMES[chance.below(NAMES.len() as u64) as usize];
    let made = match chance.below(114) {
        0..=24 => Some(pause(chance)),
        25..=42 => Some(create(namespace(chance), recipes::workload(chance, name))),
        43..=50 => Some(thing(chance, name)),
        51..=56 => scale(&held),
        57..=62 => rollout(&held),
        63..=74 => delete(&held),
        75 => Some(collection(chance)),
        76..=79 => evict(&held),
        80..=82 => relabel(&held, name),
        83..=87 => node(&held),
        88..=92 => exec(&held),
        93..=99 => fault(&held),
        _ => verbs::any(cluster, &held, name),
    };
    made.unwrap_or_else(|| pause(chance))
}

fn namespace(chance: &Chance) -> &'static str {
    if chance.below(6) == 0 {
        BESIDE
    } else {
        "default"
    }
}

fn thing(chance: &Chance, name: &str) -> Input {
    let thing = recipes::thing(chance, name);
    if thing["kind"] == "ResourceQuota" {
        let space = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": BESIDE}});
        let first = chance.below(2) == 0;
        return if first {
            create("", space)
        } else {
            create(BESIDE, thing)
        };
    }
    create(namespace(chance), thing)
}

fn pause(chance: &Chance) -> Input {
    let ms = match chance.below(6) {
        0 => 1 + chance.below(50),
        1..=2 => 100 + chance.below(900),
        3..=4 => 1000 * (1 + chance.below(20)),
        _ => 1000 * (20 + chance.below(200)),
    };
    Input::Run(Duration::from_millis(ms))
}

fn scale(held: &Held) -> Option<Input> {
    let object = held.any(&["deployments", "replicasets", "statefulsets"])?;
    let mut made = about(Verb::Patch, object);
    made.subresource = "scale".into();
    let text = json!({"spec": {"replicas": held.chance.below(5)}}).to_string();
    let kind = PatchKind::Merge;
    made.body = Body::Patch { kind, text };
    Some(Input::Request(Box::new(made)))
}

fn rollout(held: &Held) -> Option<Input> {
    let object = held.any(&["deployments", "statefulsets", "daemonsets"])?;
    let change = match held.chance.below(4) {
        0 if object["kind"] == "Deployment" => {
            let paused = object["spec"]["paused"] == true;
            json!({"spec": {"paused": !paused}})
        }
        _ => {
            let at = held.chance.suffix(5);
            json!({"spec": {"template": {"metadata": {"annotations": {"restarted": at}}}}})
        }
    };
    Some(patch(object, &change))
}

const DELETABLE: &[&str] = &[
    "pods",
    "deployments",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "jobs",
    "cronjobs",
    "services",
    "configmaps",
    "secrets",
    "persistentvolumeclaims",
    "poddisruptionbudgets",
    "resourcequotas",
    "endpoints",
    "endpointslices",
    "controllerrevisions",
];

fn delete(held: &Held) -> Option<Input> {
    if held.chance.below(12) == 0 {
        let space = held
            .any(&["namespaces"])
            .filter(|n| meta::name(n) == BESIDE)?;
        return Some(Input::Request(Box::new(about(Verb::Delete, space))));
    }
    let object = held.any(DELETABLE)?;
    let mut made = about(Verb::Delete, object);
    made.options.propagation = match held.chance.below(6) {
        0 => Some(Propagation::Foreground),
        1 => Some(Propagation::Orphan),
        _ => None,
    };
    made.options.grace_period_seconds = match held.chance.below(6) {
        0 => Some(0),
        1 => Some(1 + held.chance.below(8) as i64),
        _ => None,
    };
    Some(Input::Request(Box::new(made)))
}

fn collection(chance: &Chance) -> Input {
    let plural = ["pods", "replicasets", "jobs"][chance.below(3) as usize];
    let of = objects::resources().iter().find(|r| r.plural == plural);
    let of = of.expect("a built-in resource");
    Input::Request(Box::new(request(Verb::DeleteCollection, of, "default", "")))
}

fn evict(held: &Held) -> Option<Input> {
    let pod = held.any(&["pods"])?;
    let mut made = about(Verb::Create, pod);
    made.subresource = "eviction".into();
    let metadata = json!({"name": meta::name(pod), "namespace": meta::namespace(pod)});
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata});
    made.body = Body::Object(eviction);
    Some(Input::Request(Box::new(made)))
}

/// A pod changes hands: its controller lets it go, perhaps another takes it. A StatefulSet would wait for the name for ever.
fn relabel(held: &Held, name: &str) -> Option<Input> {
    let ordinal = |p: &&Object| meta::controller(p).is_some_and(|c| c["kind"] == "StatefulSet");
    let pod = held.any(&["pods"]).filter(|p| !ordinal(p))?;
    let label = if held.chance.below(2) == 0 {
        Value::Null
    } else {
        name.into()
    };
    Some(patch(pod, &json!({"metadata": {"labels": {"app": label}}})))
}

fn node(held: &Held) -> Option<Input> {
    let node = held.any(&["nodes"])?;
    let taint = json!({"key": "work", "effect": "NoExecute"});
    let tainted = list(node, "/spec/taints")
        .iter()
        .any(|t| t["key"] == "work");
    let change = match held.chance.below(3) {
        0 => json!({"spec": {"unschedulable": node["spec"]["unschedulable"] != true}}),
        1 => json!({"metadata": {"labels": {"disk": "ssd"}}}),
        _ => {
            let mut taints = list(node, "/spec/taints").to_vec();
            taints.retain(|t| t["key"] != "work");
            if !tainted {
                taints.push(taint);
            }
            json!({"spec": {"taints": taints}})
        }
    };
    Some(patch(node, &change))
}

fn exec(held: &Held) -> Option<Input> {
    let pod = held.any(&["pods"])?;
    let script = [
        "echo seen >> /tmp/seen; cat /tmp/seen",
        "kill 1",
        "dd if=/dev/zero of=/tmp/zeros bs=1024 count=64 2>/dev/null; rm -f /tmp/zeros",
        "for n in 1 2 3; do echo $n; sleep 5; done",
    ];
    let script = script[held.chance.below(4) as usize];
    Some(Input::Exec(ExecQuery {
        namespace: meta::namespace(pod).into(),
        pod: meta::name(pod).into(),
        command: ["sh", "-c", script].map(String::from).to_vec(),
        stdout: true,
        ..ExecQuery::default()
    }))
}

/// Something fails, or is mended.
fn fault(held: &Held) -> Option<Input> {
    let chance = held.chance;
    let state = [Health::Gone, Health::Slow, Health::There][chance.below(3) as usize];
    let node = format!("node-{}", 1 + chance.below(u64::from(NODES)));
    Some(Input::Fault(match chance.below(26) {
        0..=7 => Fault::Node { node, state },
        8..=10 => Fault::Network { node, state },
        11..=13 => {
            let percent = [0, 60, 88, 97][chance.below(4) as usize];
            Fault::Disk { node, percent }
        }
        14..=15 => Fault::Nfs {
            server: recipes::FILE_SERVER.into(),
            state,
        },
        16..=17 => Fault::Iscsi {
            portal: recipes::DISK_SERVER.into(),
            state,
        },
        18..=19 => Fault::Dns { state },
        20 => Fault::Registry {
            host: String::new(),
            state,
        },
        21 => Fault::AddNode {
            node: GUEST.into(),
            cpu: String::new(),
            memory: String::new(),
        },
        22 => Fault::RemoveNode { node: GUEST.into() },
        23..=24 => {
            let pod = held.any(&["pods"])?;
            Fault::Hang {
                namespace: meta::namespace(pod).into(),
                pod: meta::name(pod).into(),
                container: String::new(),
                hangs: chance.below(2) == 0,
            }
        }
        _ => {
            let pod = held.any(&["pods"])?;
            Fault::Leak {
                namespace: meta::namespace(pod).into(),
                pod: meta::name(pod).into(),
                container: String::new(),
                rate: "8Mi".into(),
            }
        }
    }))
}

/// The fault that mends this one.
fn mended(fault: &Fault) -> Input {
    let mut mended = fault.clone();
    match &mut mended {
        Fault::Node { state, .. }
        | Fault::Network { state, .. }
        | Fault::Nfs { state, .. }
        | Fault::Iscsi { state, .. }
        | Fault::Registry { state, .. }
        | Fault::Dns { state } => *state = Health::There,
        Fault::Disk { percent, .. } => *percent = 0,
        Fault::Hang { hangs, .. } => *hangs = false,
        Fault::Leak { rate, .. } => *rate = "0".into(),
        Fault::AddNode { .. } | Fault::RemoveNode { .. } => {}
    }
    Input::Fault(mended)
}

/// Everything is made whole again: nodes run, take pods, and keep nobody away; the guest is gone.
pub fn mend(cluster: &Cluster) -> Vec<Input> {
    let mut all: Vec<Input> = cluster.faults().iter().map(mended).collect();
    all.push(Input::Fault(Fault::RemoveNode { node: GUEST.into() }));
    all.push(Input::Run(Duration::from_secs(60)));
    for (_, _, node) in cluster.everything().iter().filter(|o| o.1 == "nodes") {
        let kept: Vec<Value> = list(node, "/spec/taints")
            .iter()
            .filter(|t| t["key"] != "work" && t["key"] != "node.kubernetes.io/unschedulable")
            .cloned()
            .collect();
        all.push(patch(
            node,
            &json!({"spec": {"unschedulable": null, "taints": kept}}),
        ));
    }
    all
}

/// Everything that was made is deleted.
pub fn clear(cluster: &Cluster) -> Vec<Input> {
    let kept = |object: &Object| {
        matches!(
            meta::name(object),
            "kubernetes" | "kube-root-ca.crt" | "default"
        ) || !matches!(meta::namespace(object), "default" | BESIDE)
    };
    let all = cluster.everything();
    let mut wanted: Vec<&Object> = all
        .iter()
        .filter(|(_, plural, object)| DELETABLE.contains(plural) && !kept(object))
        .map(|(_, _, object)| object)
        .collect();
    // Who makes pods goes first.
    wanted.sort_by_key(|o| o["kind"] == "Pod");
    wanted
        .into_iter()
        .map(|o| Input::Request(Box::new(about(Verb::Delete, o))))
        .collect()
}
