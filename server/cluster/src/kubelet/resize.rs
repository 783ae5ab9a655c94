//! In-place resize: the resources that containers were given, those that somebody asks for instead, and how one becomes the other.
//!
//! Mirrors the kubelet's `allocation` package and `doPodResizeAction`: a resize is taken, put off (`Deferred`) while other pods have the
//! room, or refused (`Infeasible`) where the node is too small; it is in progress until the containers have been looked at anew.

use std::collections::BTreeMap;
use std::rc::Rc;

use machine::cri::{ContainerId, ContainerState};
use objects::{Object, Quantity, meta};
use serde_json::{Map, Value, json};

use super::worker::Worker;
use super::{Agent, admit, qos};
use crate::cluster::resource;
use crate::events::Kind;
use crate::scheduler::resources;
use crate::view;

const PARTS: [&str; 2] = ["initContainers", "containers"];
const PENDING: &str = "PodResizePending";
const IN_PROGRESS: &str = "PodResizeInProgress";
/// The conditions that are written here.
pub(super) const CONDITIONS: [&str; 2] = [PENDING, IN_PROGRESS];

/// Resources by container.
type Given = BTreeMap<String, Value>;

/// A resize that cannot be taken now.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pending {
    /// `Deferred` or `Infeasible`.
    reason: &'static str,
    /// What the event calls it: `Infeasible`, `OutOfcpu`.
    word: String,
    message: String,
    generation: i64,
    since: String,
}

/// What a pod's containers were given.
#[derive(Clone, Debug, Default)]
pub struct Resize {
    allocated: Given,
    /// What they run with.
    actuated: Given,
    pending: Option<Pending>,
    /// Generation and time of the resize that is on its way.
    in_progress: Option<(i64, String)>,
}

/// What the spec of a pod asks for.
fn asked(pod: &Value) -> Given {
    let all = PARTS.iter().flat_map(|p| view::list(pod, &["spec", p]));
    all.map(|c| {
        let own = c.get("resources").cloned().unwrap_or_else(|| json!({}));
        (view::text(c, &["name"]).to_string(), own)
    })
    .collect()
}

/// CPU and memory that a container was given, as its status tells; all else as it asks for.
fn told(pod: &Value, container: &Value) -> Value {
    let name = view::text(container, &["name"]);
    let mut own = container
        .get("resources")
        .cloned()
        .unwrap_or_else(|| json!({}));
    let mut statuses = ["initContainerStatuses", "containerStatuses"].into_iter();
    let status = statuses.find_map(|list| {
        let status = view::named(view::list(pod, &["status", list]), name);
        status.filter(|s| s.get("resources").is_some())
    });
    let Some(status) = status else {
        return own;
    };
    for kind in ["requests", "limits"] {
        for resource in ["cpu", "memory"] {
            let given = view::at(status, &["resources", kind, resource]);
            if given.is_null() {
                view::remove(&mut own, &[kind, resource]);
            } else {
                view::set(&mut own, &[kind, resource], given.clone());
            }
        }
    }
    own
}

impl Resize {
    /// Of a pod that the node takes in: it is given what it asks for, or keeps what its status says that it was given before a boot, as
    /// by the kubelet's checkpoint.
    pub fn at_first(pod: &Value) -> Resize {
        let all = PARTS.iter().flat_map(|p| view::list(pod, &["spec", p]));
        let allocated: Given = all
            .map(|c| (view::text(c, &["name"]).to_string(), told(pod, c)))
            .collect();
        Resize {
            actuated: allocated.clone(),
            allocated,
            ..Resize::default()
        }
    }

    /// The pod with the resources that it was given in place of those that it asks for.
    pub fn given(&self, pod: &Object) -> Object {
        if self.allocated.is_empty() || self.allocated == asked(pod) {
            return pod.clone();
        }
        let mut seen = (**pod).clone();
        for part in PARTS {
            if view::list(pod, &["spec", part]).is_empty() {
                continue;
            }
            for container in view::list_mut(&mut seen, &["spec", part]) {
                if let Some(own) = self.allocated.get(view::text(container, &["name"])) {
                    container["resources"] = own.clone();
                }
            }
        }
        Object::new(seen)
    }

    /// The conditions that tell of it.
    pub fn conditions(&self) -> Vec<Value> {
        let mut all = Vec::new();
        if let Some(p) = &self.pending {
            all.push(json!({"type": PENDING, "status": "True", "reason": p.reason, "message": p.message,
                "lastProbeTime": p.since, "lastTransitionTime": p.since, "observedGeneration": p.generation}));
        }
        if let Some((generation, since)) = &self.in_progress {
            all.push(json!({"type": IN_PROGRESS, "status": "True", "lastProbeTime": since, "lastTransitionTime": since,
                "observedGeneration": generation}));
        }
        all
    }

    /// Whether a container has to end to get what it was given.
    pub fn needs_restart(&self, container: &Value) -> bool {
        let name = view::text(container, &["name"]);
        let (Some(old), Some(new)) = (self.actuated.get(name), self.allocated.get(name)) else {
            return false;
        };
        let mut policies = view::list(container, &["resizePolicy"]).iter();
        policies.any(|policy| {
            let resource = view::text(policy, &["resourceName"]);
            let differs =
                |kind| view::at(old, &[kind, resource]) != view::at(new, &[kind, resource]);
            view::text(policy, &["restartPolicy"]) == "RestartContainer"
                && (differs("requests") || differs("limits"))
        })
    }

    /// A container runs, or will run, with what it was given.
    pub fn applied(&mut self, name: &str) {
        if let Some(given) = self.allocated.get(name) {
            self.actuated.insert(name.into(), given.clone());
        }
    }

    /// Whether the pod has what it asks for, and nothing is left to be told.
    fn is_as_asked(&self, wanted: &Given) -> bool {
        self.allocated == *wanted && self.pending.is_none() && self.in_progress.is_none()
    }

    /// Whether the kubelet should look again soon: a resize is on its way, or waits for room.
    pub fn is_unsettled(&self) -> bool {
        let waits = |p: &Pending| p.reason == "Deferred";
        self.in_progress.is_some() || self.pending.as_ref().is_some_and(waits)
    }
}

/// Looks at what a pod asks for: takes it, or tells why not. Tells, too, that what was taken is done.
pub(super) fn consider(agent: &Agent, worker: &Worker, pod: &Object) {
    let wanted = asked(pod);
    if worker.state.borrow().picture.resize.is_as_asked(&wanted) {
        return;
    }
    let mut resize = worker.state.borrow().picture.resize.clone();
    if resize.allocated.is_empty() {
        resize.allocated = wanted.clone();
        resize.actuated = wanted;
    } else {
        if resize.in_progress.is_some() && resize.allocated == resize.actuated {
            resize.in_progress = None;
            let text = message("completed", &resize.given(pod), None);
            agent.tell(pod, Kind::Normal, "ResizeCompleted", &text);
        }
        if resize.allocated == wanted {
            resize.pending = None;
        } else if let Some(pending) = refusal(agent, pod) {
            put_off(agent, pod, &mut resize, pending);
        } else {
            resize.pending = None;
            resize.allocated = wanted;
            resize.in_progress = Some((meta::generation(pod), agent.cluster.now_text()));
            agent.tell(
                pod,
                Kind::Normal,
                "ResizeStarted",
                &message("started", pod, None),
            );
        }
    }
    worker.state.borrow_mut().picture.resize = resize;
}

fn put_off(agent: &Agent, pod: &Object, resize: &mut Resize, pending: Pending) {
    let known = resize.pending.as_ref();
    if known.is_some_and(|k| k.message == pending.message && k.generation == pending.generation) {
        return;
    }
    let text = message(&pending.word, pod, Some(&pending.message));
    agent.tell(
        pod,
        Kind::Warning,
        &format!("Resize{}", pending.reason),
        &text,
    );
    resize.pending = Some(pending);
}

/// Gives running containers what they were allocated, where that needs no restart.
pub(super) fn apply(agent: &Rc<Agent>, worker: &Worker, given: &Object) {
    let all = PARTS.iter().flat_map(|p| view::list(given, &["spec", p]));
    for container in all {
        let name = view::text(container, &["name"]);
        let mut state = worker.state.borrow_mut();
        let resize = &mut state.picture.resize;
        if resize.actuated.get(name) == resize.allocated.get(name) {
            continue;
        }
        resize.applied(name);
        let running = |s: &&super::status::Seen| s.state == ContainerState::Running;
        let Some(last) = state.picture.last(name).filter(running) else {
            continue;
        };
        let amount = |kind: &str, resource: &str| {
            let own = Quantity::of(view::at(container, &["resources", kind, resource]));
            own.filter(|q| !q.is_zero())
        };
        let shares = amount("requests", "cpu").or_else(|| amount("limits", "cpu"));
        let cpu = amount("limits", "cpu").map(|q| q.millis().max(0) as u64);
        let memory = amount("limits", "memory").map(|q| q.units().max(0) as u64);
        let shares = qos::cpu_shares(shares.map_or(0, |q| q.millis()));
        let id = ContainerId(last.id.clone());
        // One that has ended meanwhile needs nothing.
        let _ = agent.runtime.update_container(&id, cpu, shares, memory);
    }
}

/// Why a node does not give a pod what it asks for.
fn refusal(agent: &Agent, pod: &Object) -> Option<Pending> {
    let node = agent
        .cluster
        .get(resource("", "nodes"), "", &agent.node.name)?;
    let pending = |reason: &'static str, word: &str, message: String| Pending {
        reason,
        word: word.into(),
        message,
        generation: meta::generation(pod),
        since: agent.cluster.now_text(),
    };
    let (wanted, room) = (
        resources::pod_amounts(pod, "requests"),
        resources::allocatable(&node),
    );
    for name in ["memory", "cpu"] {
        let number = |of| resources::whole(of, name);
        let (asked, have) = (number(&wanted), number(&room));
        if asked > have {
            let text = format!(
                "Node didn't have enough capacity: {name}, requested: {asked}, capacity: {have}"
            );
            return Some(pending("Infeasible", "Infeasible", text));
        }
    }
    let others = agent.others(pod);
    let others: Vec<&Value> = others.iter().map(|other| &**other).collect();
    let lacking = admit::lacking(pod, &node, &others)?;
    Some(pending("Deferred", &lacking.reason, lacking.message))
}

/// `Pod resize started: {"containers":[…],"generation":2}`.
fn message(word: &str, pod: &Object, error: Option<&str>) -> String {
    let mut info = Map::new();
    for part in PARTS {
        let all = view::list(pod, &["spec", part]).iter();
        let all: Vec<Value> = all
            .map(|c| {
                let own = c.get("resources").cloned().unwrap_or_else(|| json!({}));
                json!({"name": c["name"], "resources": own})
            })
            .collect();
        if !all.is_empty() {
            info.insert(part.into(), all.into());
        }
    }
    info.insert("generation".into(), meta::generation(pod).into());
    if let Some(error) = error {
        info.insert("error".into(), error.into());
    }
    format!("Pod resize {word}: {}", ordered(&info))
}

/// JSON with the members in the order of Kubernetes' own type.
fn ordered(info: &Map<String, Value>) -> String {
    let order = ["initContainers", "containers", "generation", "error"];
    let members = order.iter().filter_map(|key| {
        let value = info.get(*key)?;
        Some(format!("{key:?}:{value}"))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}
