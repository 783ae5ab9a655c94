//! The worker of one pod: one thing at a time, from the first sight of the pod to its end.
//!
//! Mirrors the kubelet's `pod_workers.go` and `status_manager.go`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use machine::cri::{ContainerId, ContainerState, SandboxId};
use machine::executor::Task;
use machine::sync::Notify;
use machine::vfs::Volume;
use machine::{Duration, Time};
use objects::{Object, meta};
use serde_json::Value;

use super::back_off::BackOff;
use super::probes::{Kind, Ticker};
use super::resize::Resize;
use super::status::{self, Generated, Picture, Seen};
use super::{Agent, eviction, start, sync, terminate};
use crate::scheduler::resources::takes_room;
use crate::view;

/// What a worker knows of its pod.
#[derive(Default)]
pub(super) struct State {
    pub sandbox: Option<SandboxId>,
    pub ip: Option<String>,
    pub picture: Picture,
    pub volumes: BTreeMap<String, Volume>,
    pub mounted: bool,
    pub crash_back_off: BackOff,
    pub pull_back_off: BackOff,
    /// By image: when and why the last pull failed.
    pub pull_failures: BTreeMap<String, (Time, String)>,
    /// Verdicts of probes by container id.
    pub verdicts: BTreeMap<(String, Kind), bool>,
    /// A sandbox was made that the last look has not seen.
    pub sandbox_is_news: bool,
}

/// How a round of work ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing more to do until something happens.
    Done,
    /// Containers were started: look at once.
    Started,
    /// Nothing will run any more: end the pod.
    Over,
    /// A container waits until then.
    BackOff(Time),
    /// Something failed: try again later.
    Failed,
}

/// From the binding of a pod until its worker begins: the way through the watch and the kubelet's loop.
const NOTICE_MS: u64 = 20;
/// How soon a pod is looked at again whose resize is on its way or waits for room.
const RESIZE_POLL: Duration = Duration::from_secs(1);
/// The reason of a pod that the kubelet has evicted.
const EVICTED: &str = "Evicted";

/// One pod's worker.
pub(super) struct Worker {
    pub uid: String,
    pub namespace: String,
    pub name: String,
    pod: RefCell<Object>,
    /// Whether the pod takes room here.
    takes_room: Cell<bool>,
    pub state: RefCell<State>,
    pub tickers: RefCell<BTreeMap<(String, Kind), Rc<Ticker>>>,
    probe_tasks: RefCell<Vec<Task>>,
    dirty: Cell<bool>,
    /// What the looks at the runtime have told of the containers, by id.
    relisted: RefCell<BTreeMap<String, ContainerState>>,
    pub bell: Notify,
    last_round: Cell<Option<Time>>,
    /// All containers have ended, and the volumes are gone.
    pub cleared: Cell<bool>,
    /// Something in the pod may only fill so much of the disk; that never changes.
    pub has_disk_limit: bool,
    main: RefCell<Option<Task>>,
}

impl Worker {
    pub fn new(pod: &Object, agent: &Agent) -> Rc<Worker> {
        let picture = Picture {
            host_ip: agent.node.internal_ip().to_string(),
            containers: before_the_boot(pod),
            start_time: view::text(pod, &["status", "startTime"]).to_string(),
            resize: Resize::at_first(pod),
            ..Picture::default()
        };
        Rc::new(Worker {
            uid: meta::uid(pod).into(),
            namespace: meta::namespace(pod).into(),
            name: meta::name(pod).into(),
            pod: RefCell::new(pod.clone()),
            takes_room: Cell::new(takes_room(pod)),
            state: RefCell::new(State {
                picture,
                ..State::default()
            }),
            tickers: RefCell::default(),
            probe_tasks: RefCell::default(),
            dirty: Cell::new(true),
            relisted: RefCell::default(),
            bell: Notify::new(),
            last_round: Cell::new(None),
            cleared: Cell::new(false),
            has_disk_limit: eviction::has_disk_limit(pod),
            main: RefCell::default(),
        })
    }

    pub fn start(self: &Rc<Self>, agent: &Rc<Agent>) {
        let run = self.clone().run(agent.clone());
        *self.main.borrow_mut() = Some(agent.cluster.executor().spawn(run));
    }

    /// Whether the pod as stored last takes room: of many that are over none is looked into.
    pub fn takes_room(&self) -> bool {
        self.takes_room.get()
    }

    /// The pod as stored last, with the resources that it was given in place of those that it asks for.
    pub fn given(&self) -> Object {
        self.state.borrow().picture.resize.given(&self.latest())
    }

    fn know(&self, pod: Object) {
        self.takes_room.set(takes_room(&pod));
        self.pod.replace(pod);
    }

    /// The pod as stored last.
    pub fn latest(&self) -> Object {
        self.pod.borrow().clone()
    }

    /// A state of the pod that the watch tells; only what somebody else changed makes work. Over a slow network it may be older than what
    /// the kubelet has written since: the status is its own.
    pub fn update(&self, pod: &Object) {
        let old = self.latest();
        if Object::ptr_eq(&old, pod) {
            return; // its own write, which it remembers
        }
        let is_late = revision(pod) < revision(&old);
        self.know(if is_late {
            with_status_of(pod, &old)
        } else {
            pod.clone()
        });
        if old["spec"] != pod["spec"] || asks_for_something_else(&old, pod) {
            self.wake();
        }
    }

    /// Takes in what the kubelet has written itself. What others changed meanwhile it hears of by its watch.
    pub fn remember(&self, written: Object) {
        let known = self.latest();
        self.know(if asks_for_something_else(&known, &written) {
            with_status_of(&known, &written)
        } else {
            written
        });
    }

    pub fn wake(&self) {
        self.dirty.set(true);
        self.bell.notify();
    }

    /// `name_namespace(uid)`, as messages name a pod.
    pub fn title(&self) -> String {
        format!("{}_{}({})", self.name, self.namespace, self.uid)
    }

    pub fn mounts_configuration(&self) -> bool {
        self.state.borrow().mounted
    }

    pub fn refresh_volumes(&self, agent: &Agent) {
        let pod = self.latest();
        let allocatable = agent.allocatable();
        let maker = super::volumes::Maker::new(agent, &allocatable);
        for volume in view::list(&pod, &["spec", "volumes"]) {
            let made = self
                .state
                .borrow()
                .volumes
                .get(view::text(volume, &["name"]))
                .cloned();
            if let Some(made) = made {
                maker.refresh(&pod, volume, &made);
            }
        }
    }

    pub fn add_probe_task(&self, task: Task) {
        self.probe_tasks.borrow_mut().push(task);
    }

    pub fn stop_probes(&self) {
        self.probe_tasks.borrow_mut().clear();
        self.tickers.borrow_mut().clear();
    }

    async fn run(self: Rc<Self>, agent: Rc<Agent>) {
        let mut again: Option<Time> = None;
        let mut fresh = false;
        agent.sleep_about_ms(NOTICE_MS).await;
        loop {
            // a round without a look leaves the bell as it is: what rang meanwhile wants a look
            if !fresh {
                self.wait_for_work(&agent, again).await;
                self.wait_for_look(&agent).await;
                self.look(&agent);
                self.dirty.set(false);
            }
            let pod = self.latest();
            if meta::is_deleting(&pod)
                || matches!(
                    view::text(&pod, &["status", "phase"]),
                    "Succeeded" | "Failed"
                )
            {
                break;
            }
            let outcome = sync::round(&agent, &self, &pod).await;
            self.last_round.set(Some(agent.now()));
            fresh = false;
            let now = agent.now();
            again = match outcome {
                Outcome::Done if self.state.borrow().picture.resize.is_unsettled() => {
                    Some(now + RESIZE_POLL)
                }
                Outcome::Done => self.deadline(&pod),
                Outcome::Started => {
                    fresh = true;
                    agent.sleep_ms(10).await;
                    self.see_sandbox();
                    None
                }
                Outcome::Over => {
                    agent
                        .cluster
                        .executor()
                        .sleep_until(agent.next_work(now))
                        .await;
                    break;
                }
                Outcome::BackOff(until) => {
                    Some(agent.next_work(now + jittered(&agent, until.since(now))))
                }
                Outcome::Failed => {
                    Some(agent.next_work(now + jittered(&agent, Duration::from_secs(10))))
                }
            };
        }
        terminate::run(&agent, &self).await;
    }

    async fn wait_for_work(&self, agent: &Agent, again: Option<Time>) {
        let work = self.bell.until(|| self.dirty.get().then_some(()));
        match again {
            None => work.await,
            Some(at) => {
                machine::sync::select(work, agent.cluster.executor().sleep_until(at)).await;
            }
        }
    }

    /// After a round the worker waits until the containers have been looked at anew.
    async fn wait_for_look(&self, agent: &Agent) {
        if let Some(last) = self.last_round.get() {
            let look = agent.next_relist(last);
            if look > agent.now() {
                agent.cluster.executor().sleep_until(look).await;
            }
        }
    }

    fn deadline(&self, pod: &Object) -> Option<Time> {
        let seconds = view::int(pod, &["spec", "activeDeadlineSeconds"])?;
        let begun = objects::time::parse_seconds(&self.state.borrow().picture.start_time)?;
        Some(Time::from_seconds(begun + seconds))
    }

    /// Takes the sandbox into the picture; containers that were just started stay as they were started.
    fn see_sandbox(&self) {
        let mut state = self.state.borrow_mut();
        let State {
            picture,
            sandbox,
            ip,
            sandbox_is_news,
            ..
        } = &mut *state;
        *sandbox_is_news = false;
        picture.sandbox_ready = sandbox.is_some();
        if sandbox.is_some() {
            picture.ip = ip.clone().unwrap_or_default();
        }
    }

    /// Takes what the runtime says into the picture.
    pub fn look(&self, agent: &Agent) {
        let pod = self.latest();
        self.see_sandbox();
        let mut state = self.state.borrow_mut();
        for (name, all) in &mut state.picture.containers {
            for seen in all.iter_mut().filter(|s| s.state != ContainerState::Exited) {
                let id = ContainerId(seen.id.clone());
                if let Some(now) = start::look(agent, &id, &seen.made_from, false) {
                    *seen = now;
                    if seen.state == ContainerState::Exited && seen.message.is_empty() {
                        seen.message = termination_message(agent, &pod, name, &id, seen.exit_code);
                    }
                }
            }
        }
    }

    /// Remembers a container that was just made.
    pub fn note(
        &self,
        agent: &Agent,
        name: &str,
        container: &Value,
        id: &ContainerId,
        running: bool,
    ) {
        let image = view::text(container, &["image"]);
        let Some(seen) = start::look(agent, id, image, running) else {
            return;
        };
        let mut state = self.state.borrow_mut();
        let all = state.picture.containers.entry(name.into()).or_default();
        all.push(seen);
        while all.len() > 2 {
            let oldest = all.remove(0);
            agent.runtime.remove_container(&ContainerId(oldest.id));
        }
    }

    /// Wakes the worker when a container began to run or ended since the last look, whoever did it: what the worker did
    /// itself is news too, as in the kubelet's PLEG.
    pub fn relist(&self, agent: &Agent) {
        let state = self.state.borrow();
        let mut now: BTreeMap<String, ContainerState> = BTreeMap::new();
        for seen in state.picture.containers.values().flatten() {
            let status = agent
                .runtime
                .container_status(&ContainerId(seen.id.clone()));
            if let Some(status) = status.filter(|s| s.state != ContainerState::Created) {
                now.insert(seen.id.clone(), status.state);
            }
        }
        let before = self.relisted.replace(now);
        let now = self.relisted.borrow();
        if state.sandbox_is_news || now.iter().any(|(id, state)| before.get(id) != Some(state)) {
            self.wake();
        }
    }

    /// Probe verdicts as the picture needs them, by container name.
    fn take_verdicts(&self, pod: &Value) {
        let mut state = self.state.borrow_mut();
        let State {
            picture, verdicts, ..
        } = &mut *state;
        let parts = ["initContainers", "containers"];
        for container in parts.iter().flat_map(|p| view::list(pod, &["spec", p])) {
            let name = view::text(container, &["name"]);
            let id = picture.last(name).map(|s| s.id.clone()).unwrap_or_default();
            let verdict = |kind: Kind| {
                container
                    .get(kind.member())
                    .is_none_or(|_| verdicts.get(&(id.clone(), kind)) == Some(&true))
            };
            let (started, ready) = (verdict(Kind::Startup), verdict(Kind::Readiness));
            picture.started.insert(name.into(), started);
            picture.ready.insert(name.into(), ready);
        }
    }

    /// Writes the status that follows from the picture; answers its phase.
    pub fn write_status(&self, agent: &Agent, pod: &Object, ended: bool) -> &'static str {
        self.take_verdicts(pod);
        {
            let mut state = self.state.borrow_mut();
            state.picture.now = agent.cluster.now_text();
            if state.picture.start_time.is_empty() {
                let known = view::text(pod, &["status", "startTime"]);
                state.picture.start_time = if known.is_empty() {
                    agent.cluster.now_text()
                } else {
                    known.to_string()
                };
            }
        }
        let Generated { status, phase } =
            status::generate(pod, &self.state.borrow().picture, ended);
        let written = agent.amend_status(pod, |_| status);
        if let Some(written) = written.filter(|w| meta::uid(w) == self.uid) {
            self.remember(written);
        }
        phase
    }

    /// Tells that the sandbox runs, before anything else is known of it.
    pub fn write_sandbox_ready(&self, agent: &Agent, pod: &Object) {
        let now = agent.cluster.now_text();
        let written = agent.amend_status(pod, |live| {
            let mut status = live.clone();
            for condition in view::list_mut(&mut status, &["conditions"]) {
                if condition["type"] == "PodReadyToStartContainers" && condition["status"] != "True"
                {
                    condition["status"] = "True".into();
                    condition["lastTransitionTime"] = now.clone().into();
                }
            }
            status
        });
        if let Some(written) = written {
            self.remember(written);
        }
    }

    /// Whether the kubelet may take the pod's place away: it has one, and is not on its way out.
    pub fn may_be_evicted(&self) -> bool {
        let pod = self.latest();
        let ended = crate::controllers::owned::is_ended(&pod);
        !ended && !meta::is_deleting(&pod) && self.state.borrow().picture.verdict.is_none()
    }

    /// The pod has to go: it fails, and its containers end.
    pub fn evict(&self, message: &str) {
        {
            let mut state = self.state.borrow_mut();
            state.picture.verdict = Some((EVICTED.into(), message.into()));
            state.picture.disrupted = true;
        }
        self.wake();
    }

    pub fn is_evicted(&self) -> bool {
        let state = self.state.borrow();
        let verdict = state.picture.verdict.as_ref();
        verdict.is_some_and(|(reason, _)| reason == EVICTED)
    }

    /// What an evicted pod has left on the disk goes, its logs too.
    pub fn remove_content(&self, agent: &Agent) {
        if self.cleared.get() && self.is_evicted() {
            let sandbox = self.state.borrow_mut().sandbox.take();
            if let Some(sandbox) = sandbox {
                agent.runtime.remove_sandbox(&sandbox);
            }
        }
    }

    /// The node has lost its power: all is gone, and nobody tells.
    pub fn abandon(&self, agent: &Agent) {
        self.stop_probes();
        *self.main.borrow_mut() = None;
        let sandbox = self.state.borrow_mut().sandbox.take();
        if let Some(sandbox) = sandbox {
            agent.runtime.stop_sandbox(&sandbox);
            agent.runtime.remove_sandbox(&sandbox);
        }
    }

    /// The pod is gone from the store: end what is left of it.
    pub fn forget(self: &Rc<Self>, agent: &Rc<Agent>) {
        self.stop_probes();
        *self.main.borrow_mut() = None;
        let (worker, owner) = (self.clone(), agent.clone());
        agent.spawn(async move { terminate::clean_up(&owner, &worker).await });
    }
}

fn revision(pod: &Value) -> u64 {
    meta::resource_version(pod).parse().unwrap_or(0)
}

/// Whether somebody wants something else of a pod: another spec, or its end.
fn asks_for_something_else(before: &Value, after: &Value) -> bool {
    let wanted = [
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ];
    let members = |pod: &'_ Value| wanted.map(|m| pod["metadata"].get(m).cloned());
    members(before) != members(after)
}

/// A pod as it is known, with the status and the revision of another state of it.
fn with_status_of(known: &Object, newer: &Value) -> Object {
    let mut pod = (**known).clone();
    pod["status"] = newer["status"].clone();
    meta::set(&mut pod, "resourceVersion", meta::resource_version(newer));
    Object::new(pod)
}

/// One to one and a half times as long.
fn jittered(agent: &Agent, time: Duration) -> Duration {
    time + time.mul_f64(0.5 * agent.cluster.draw().below(1000) as f64 / 1000.0)
}

/// The containers that a pod had before its node was booted again, by name: whatever ran then ended in an unknown way.
fn before_the_boot(pod: &Value) -> BTreeMap<String, Vec<Seen>> {
    let mut out = BTreeMap::new();
    let parts = [
        ("initContainerStatuses", "initContainers"),
        ("containerStatuses", "containers"),
        ("ephemeralContainerStatuses", "ephemeralContainers"),
    ];
    for (told, part) in parts {
        for status in view::list(pod, &["status", told]) {
            let name = view::text(status, &["name"]);
            let Some(id) = view::text(status, &["containerID"]).strip_prefix("containerd://")
            else {
                continue;
            };
            let ended = view::at(status, &["state", "terminated"]);
            let running = view::at(status, &["state", "running"]);
            let time = |of: &Value, member: &str| {
                objects::time::parse_seconds(view::text(of, &[member]))
                    .map_or(Time::EPOCH, Time::from_seconds)
            };
            let container = view::named(view::list(pod, &["spec", part]), name);
            let of = if ended.is_null() { running } else { ended };
            let text = |member: &str| view::text(ended, &[member]).to_string();
            let seen = Seen {
                id: id.to_string(),
                image: view::text(status, &["image"]).into(),
                image_id: view::text(status, &["imageID"]).into(),
                made_from: container.map_or("", |c| view::text(c, &["image"])).into(),
                state: ContainerState::Exited,
                attempt: view::int(status, &["restartCount"]).unwrap_or(0) as u32,
                started_at: time(of, "startedAt"),
                finished_at: time(ended, "finishedAt"),
                exit_code: view::int(ended, &["exitCode"]).unwrap_or(255) as i32,
                reason: if ended.is_null() {
                    "Unknown".into()
                } else {
                    text("reason")
                },
                message: text("message"),
            };
            out.insert(name.to_string(), vec![seen]);
        }
    }
    out
}

const MESSAGE_FROM_LOG: usize = 2048;

/// What a container left as its last words.
fn termination_message(
    agent: &Agent,
    pod: &Value,
    name: &str,
    id: &ContainerId,
    exit_code: i32,
) -> String {
    let message = agent.runtime.termination_message(id);
    let parts = ["initContainers", "containers", "ephemeralContainers"];
    let container = parts
        .iter()
        .find_map(|p| view::named(view::list(pod, &["spec", p]), name));
    let fall_back = container
        .is_some_and(|c| view::text(c, &["terminationMessagePolicy"]) == "FallbackToLogsOnError");
    if !message.is_empty() || !fall_back || exit_code == 0 {
        return message;
    }
    let Some(log) = agent.runtime.logs(id) else {
        return message;
    };
    let first = log.end().saturating_sub(80).max(log.first());
    let (lines, _) = log.read(first, 80);
    let mut text = String::new();
    for line in lines {
        text += &String::from_utf8_lossy(&line.text);
        if !line.partial {
            text.push('\n');
        }
    }
    let cut = text.len().saturating_sub(MESSAGE_FROM_LOG);
    text.chars()
        .skip(
            text[..]
                .char_indices()
                .take_while(|(i, _)| *i < cut)
                .count(),
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Cluster, ClusterSpec};

    fn state(revision: u32, phase: &str, deleted: bool) -> Object {
        let mut pod = json!({"metadata": {"name": "p", "uid": "u", "resourceVersion": revision.to_string()}, "spec": {}, "status": {"phase": phase}});
        if deleted {
            meta::set(&mut pod, "deletionTimestamp", "2026-01-01T00:00:00Z");
        }
        Object::new(pod)
    }

    /// Seeds 161 and 210 of the random lives: over a slow network.
    #[test]
    fn what_comes_late_is_heard_and_takes_nothing_back() {
        let spec = ClusterSpec::default();
        let cluster = Cluster::new(spec.clone(), machine::Executor::new(spec.start));
        let kubelet = cluster.kubelet("node-1").expect("a node");
        let worker = Worker::new(&state(1, "Pending", false), &kubelet.0);
        worker.dirty.set(false);
        let phase = || view::text(&worker.latest(), &["status", "phase"]).to_string();
        // Somebody deleted it at revision 2; what the kubelet wrote at 3 tells so, but its watch does not yet.
        worker.remember(state(3, "Running", true));
        assert!(!meta::is_deleting(&worker.latest()));
        worker.update(&state(1, "Pending", false));
        assert_eq!(phase(), "Running", "an old state comes late");
        assert!(!worker.dirty.get());
        worker.update(&state(2, "Pending", true));
        assert!(worker.dirty.get(), "the delete is heard");
        assert!(meta::is_deleting(&worker.latest()));
        assert_eq!(phase(), "Running");
        cluster.close();
    }
}
