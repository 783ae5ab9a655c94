//! The kubelet of one node: runs the pods that are bound to it and tells how they are.
//!
//! Mirrors kubelet's pod workers, status manager and probe manager. What decides is pure and stands in files of its own.

mod admit;
pub(crate) mod back_off;
mod connection;
mod env;
mod events;
mod eviction;
mod hooks;
mod images;
pub(crate) mod lease;
mod node_status;
mod ownership;
mod probe_worker;
mod probes;
pub(crate) mod qos;
mod question;
mod resize;
mod restart;
mod servers;
mod start;
mod status;
mod sync;
mod terminate;
mod trouble;
mod volumes;
mod worker;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

use machine::cri::{ContainerState, ContainerStats, Runtime, SandboxId};
use machine::executor::Task;
use machine::runtime::{NodeConfig, NodeRuntime, TestPrograms};
use machine::sync::Notify;
use machine::vfs::Files;
use machine::{Duration, Kernel, Network, Time};
use objects::{Object, Quantity, meta};
use serde_json::Value;

use crate::cluster::{Cluster, pods, resource};
use crate::events::Kind;
use crate::feed::Feed;
use crate::spec::{ClusterSpec, NodeSpec, Present};
use crate::store::{Change, ChangeKind};
use crate::turns::Turns;
use crate::view;
use connection::Connection;
use worker::Worker;

/// The kubelet looks at its containers once in a second, first this long after a pod came to it when it had none; work that is due it
/// takes up a little later. So what a learner sees does not hang on when in a second the cluster was made.
const FIRST_RELIST: Duration = Duration::from_millis(780);
const WORK_AFTER_RELIST: i64 = 80_000_000;
const SECOND: i64 = 1_000_000_000;
/// Its client's requests, at once and then in a second, and how many of them the end of a pod takes: its status is read and written, and
/// the pod deleted.
const REQUESTS_AT_ONCE: u32 = 100;
const REQUESTS_A_SECOND: u32 = 50;
const REQUESTS_OF_AN_END: u32 = 3;
/// How long a status is on its way: it is read, and then patched.
const STATUS_MS: u64 = 10;
const FOLLOWED: &[(&str, &str)] = &[
    ("", "pods"),
    ("", "configmaps"),
    ("", "secrets"),
    ("", "persistentvolumes"),
];

/// A node's kubelet. Clones are the same.
#[derive(Clone)]
pub(crate) struct Kubelet(Rc<Agent>);

/// What all workers of a node share.
pub(crate) struct Agent {
    pub cluster: Cluster,
    pub node: NodeSpec,
    pub runtime: Rc<dyn Runtime>,
    pub network: Network,
    pub kernel: Kernel,
    pub host: Files,
    /// The node as a computer: what no container runtime interface has.
    pub computer: NodeRuntime,
    /// By uid.
    workers: RefCell<BTreeMap<String, Rc<Worker>>>,
    /// Rings when a sandbox was made: the runtime tells of containers only.
    pub noticed: Notify,
    pulling: std::cell::Cell<bool>,
    pull_done: Notify,
    next_ip: std::cell::Cell<u32>,
    tasks: RefCell<Vec<Task>>,
    /// How it is reached and reaches others.
    connection: Connection,
    /// Its network is set up.
    ready: std::cell::Cell<bool>,
    /// How much longer than usual its own work takes.
    slowness: std::cell::Cell<u32>,
    /// The revision that it had seen when it was stopped.
    stopped_at: std::cell::Cell<u64>,
    /// The conditions of pressure that hold.
    pressures: RefCell<Vec<&'static str>>,
    /// When the status manager is done with what it has to write.
    status_written: std::cell::Cell<Time>,
    /// The turns of its client, as far as pods that end take them.
    turns: RefCell<Turns>,
    /// One of the moments at which it looks at its containers; the others are whole seconds away.
    relisted_at: std::cell::Cell<Time>,
}

/// The next moment at a given place in a second, strictly after `after`.
pub(super) fn next_at(after: Time, place: i64) -> Time {
    let base = (after.0 - place).div_euclid(SECOND) * SECOND + place;
    Time(if base > after.0 { base } else { base + SECOND })
}

fn node_config(spec: &ClusterSpec, node: &NodeSpec) -> NodeConfig {
    let amount = |name: &str| {
        node.capacity
            .get(name)
            .and_then(|t| t.parse::<Quantity>().ok())
            .map_or(0, |q| q.units().max(0) as u64)
    };
    let present = match &spec.present {
        Present::None => Vec::new(),
        Present::All => spec.registry.clone().unwrap_or_default(),
        Present::These(list) => list.clone(),
    };
    let images = |name: &str| {
        spec.test_programs
            .get(name)
            .map(|p| p.images.clone())
            .unwrap_or_default()
    };
    NodeConfig {
        name: node.name.clone(),
        ip: node
            .internal_ip()
            .parse()
            .unwrap_or(IpAddr::from([127, 0, 0, 1])),
        cpus: amount("cpu").max(1) as u32,
        memory: amount("memory"),
        disk: amount("ephemeral-storage"),
        registry: spec.registry.clone(),
        present,
        test_programs: TestPrograms {
            server_images: images("kuard"),
            memhog_images: images("memhog"),
        },
    }
}

impl Kubelet {
    pub(crate) fn start(cluster: &Cluster, node: &NodeSpec, kernel: &Kernel) -> Kubelet {
        let made = NodeRuntime::new(kernel, node_config(cluster.spec(), node));
        let agent = Rc::new(Agent {
            cluster: cluster.clone(),
            node: node.clone(),
            runtime: made.runtime(),
            network: kernel.network().clone(),
            kernel: kernel.clone(),
            host: made.files(),
            computer: made,
            workers: RefCell::default(),
            noticed: Notify::new(),
            pulling: std::cell::Cell::new(false),
            pull_done: Notify::new(),
            next_ip: std::cell::Cell::new(0),
            tasks: RefCell::default(),
            connection: Connection::default(),
            ready: std::cell::Cell::new(true),
            slowness: std::cell::Cell::new(1),
            stopped_at: std::cell::Cell::new(0),
            pressures: RefCell::default(),
            status_written: std::cell::Cell::new(Time::EPOCH),
            turns: RefCell::new(Turns::new(REQUESTS_AT_ONCE, REQUESTS_A_SECOND)),
            relisted_at: std::cell::Cell::new(Time::EPOCH),
        });
        let kubelet = Kubelet(agent);
        let follow = kubelet
            .clone()
            .follow(Feed::near(cluster, FOLLOWED, &node.name));
        kubelet.0.spawn(follow);
        let relist = kubelet.clone().relist();
        kubelet.0.spawn(relist);
        let manage = eviction::manage(kubelet.clone());
        kubelet.0.spawn(manage);
        kubelet
    }

    /// Takes up the pods that are bound to the node now, and follows what changes from here on.
    fn follow_from_now(&self) {
        let feed = self.feed_from_now();
        self.take_in_all();
        let follow = self.clone().follow(feed);
        self.0.spawn(follow);
        let relist = self.clone().relist();
        self.0.spawn(relist);
        let manage = eviction::manage(self.clone());
        self.0.spawn(manage);
    }

    fn feed_from_now(&self) -> Feed {
        Feed::near_after_now(&self.0.cluster, FOLLOWED, &self.0.node.name)
    }

    /// Ends all work.
    pub(crate) fn close(&self) {
        self.0.tasks.borrow_mut().clear();
        self.0.workers.borrow_mut().clear();
    }

    pub(crate) fn node(&self) -> &NodeSpec {
        &self.0.node
    }

    /// The node's own address.
    pub(crate) fn address(&self) -> &str {
        self.0.node.internal_ip()
    }

    pub(crate) fn runtime(&self) -> Rc<dyn Runtime> {
        self.0.runtime.clone()
    }

    /// The node's runtime as a checker sees it.
    pub(crate) fn inside(&self) -> &NodeRuntime {
        &self.0.computer
    }

    /// Bytes of memory that the node's system and its pods use.
    pub(crate) fn memory_used(&self) -> u64 {
        self.0.computer.memory().used
    }

    /// The sandbox of a running pod.
    pub(crate) fn sandbox(&self, uid: &str) -> Option<SandboxId> {
        self.0
            .workers
            .borrow()
            .get(uid)?
            .state
            .borrow()
            .sandbox
            .clone()
    }

    /// What the running containers of a pod use, by name.
    pub(crate) fn container_stats(&self, uid: &str) -> Vec<(String, ContainerStats)> {
        let workers = self.0.workers.borrow();
        let Some(worker) = workers.get(uid) else {
            return Vec::new();
        };
        let state = worker.state.borrow();
        let last = state
            .picture
            .containers
            .iter()
            .filter_map(|(name, all)| Some((name, all.last()?)))
            .filter(|(_, seen)| seen.state == ContainerState::Running);
        last.filter_map(|(name, seen)| {
            let stats = self
                .0
                .runtime
                .container_stats(&machine::cri::ContainerId(seen.id.clone()))?;
            Some((name.clone(), stats))
        })
        .collect()
    }

    /// Hands the changes of pods to their workers, and of configuration to their volumes.
    async fn follow(self, mut feed: Feed) {
        loop {
            let changes = feed.next().await;
            if self.missed_changes().await {
                feed = self.feed_from_now();
                self.take_in_all();
                continue;
            }
            for change in changes {
                match change.resource.plural {
                    "pods" => self.take_in_pod(&change.object, change.kind),
                    "persistentvolumes" => self.reclaim(&change),
                    _ => self.configuration_changed(&change),
                }
            }
        }
    }

    /// Takes in the pods as they are now, lets go of those that are there no more, and gives up the volumes that are gone.
    fn take_in_all(&self) {
        let missed = self.0.cluster.changes_after(self.0.stopped_at.get());
        for change in missed.unwrap_or_default() {
            if change.resource.plural == "persistentvolumes" {
                self.reclaim(&change);
            }
        }
        let all = self.0.cluster.list(pods(), "");
        let known: Vec<Rc<Worker>> = self.0.workers.borrow().values().cloned().collect();
        let is_there = |worker: &Worker| all.iter().any(|p| meta::uid(p) == worker.uid);
        for worker in known.iter().filter(|w| !is_there(w)) {
            self.take_in_pod(&worker.latest(), ChangeKind::Deleted);
        }
        for pod in &all {
            self.take_in_pod(pod, ChangeKind::Added);
        }
    }

    fn take_in_pod(&self, pod: &Object, kind: ChangeKind) {
        if view::text(pod, &["spec", "nodeName"]) != self.0.node.name {
            return;
        }
        let uid = meta::uid(pod).to_string();
        if kind == ChangeKind::Deleted {
            let gone = self.0.workers.borrow_mut().remove(&uid);
            if let Some(worker) = gone {
                worker.forget(&self.0);
            }
            return;
        }
        let known = self.0.workers.borrow().get(&uid).cloned();
        match known {
            Some(worker) => worker.update(pod),
            None => {
                let pod = self.0.admitted(pod);
                let worker = Worker::new(&pod, &self.0);
                if self.0.workers.borrow().is_empty() {
                    self.0.relisted_at.set(self.0.now() + FIRST_RELIST);
                }
                self.0.workers.borrow_mut().insert(uid, worker.clone());
                worker.start(&self.0);
            }
        }
    }

    /// A volume that was provisioned takes its data with it, as its reclaim policy asks: the part of the provisioner that works on
    /// the node.
    fn reclaim(&self, change: &Change) {
        let volume = &change.object;
        let provisioned = meta::annotation(volume, "pv.kubernetes.io/provisioned-by").is_some();
        let policy = view::text(volume, &["spec", "persistentVolumeReclaimPolicy"]);
        if change.kind == ChangeKind::Deleted && provisioned && policy == "Delete" {
            // What cannot be removed stays, as on a real node.
            let path = view::text(volume, &["spec", "hostPath", "path"]);
            let _ = self.0.host.remove_all(path);
        }
    }

    fn configuration_changed(&self, change: &Change) {
        if change.old.is_none() {
            return;
        }
        let namespace = meta::namespace(&change.object);
        let workers: Vec<Rc<Worker>> = self.0.workers.borrow().values().cloned().collect();
        for worker in workers
            .into_iter()
            .filter(|w| w.namespace == namespace && w.mounts_configuration())
        {
            let agent = self.0.clone();
            // The kubelet's own round takes up to a minute; here it is the next second but one.
            self.0.spawn(async move {
                agent.cluster.executor().sleep(Duration::from_secs(2)).await;
                worker.refresh_volumes(&agent);
            });
        }
    }

    /// Looks at the containers once in a second in which something happened, and wakes the workers that it concerns.
    async fn relist(self) {
        let executor = self.0.cluster.executor().clone();
        let changed = self.0.runtime.changed();
        loop {
            let (told, noticed) = (changed.notified(), self.0.noticed.notified());
            machine::sync::select(told, noticed).await;
            executor
                .sleep_until(self.0.next_relist(executor.now()))
                .await;
            let workers: Vec<Rc<Worker>> = self.0.workers.borrow().values().cloned().collect();
            for worker in workers {
                worker.relist(&self.0);
            }
        }
    }
}

impl Agent {
    /// The next look at the containers after a moment.
    pub(super) fn next_relist(&self, after: Time) -> Time {
        next_at(after, self.relisted_at.get().0.rem_euclid(SECOND))
    }

    /// The next taking up of work after a moment.
    pub(super) fn next_work(&self, after: Time) -> Time {
        let place = self.relisted_at.get().0 + WORK_AFTER_RELIST;
        next_at(after, place.rem_euclid(SECOND))
    }

    pub(super) fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let task = self.cluster.executor().spawn(task);
        let mut tasks = self.tasks.borrow_mut();
        tasks.retain(|t| !t.is_finished());
        tasks.push(task);
    }

    pub(super) fn now(&self) -> Time {
        self.cluster.now()
    }

    pub(super) async fn sleep_ms(&self, ms: u64) {
        let time = Duration::from_millis(ms) * self.slowness.get();
        self.cluster.executor().sleep(time).await;
    }

    /// Work that never takes the same time twice: pods that begin together are ready one after the other.
    pub(super) async fn sleep_about_ms(&self, ms: u64) {
        let micros = ms * 900 + self.cluster.draw().below(ms * 400);
        let time = Duration::from_micros(micros) * self.slowness.get();
        self.cluster.executor().sleep(time).await;
    }

    /// Waits for the turn to write a status: the status manager writes one pod after the other.
    pub(super) async fn status_turn(&self) {
        let now = self.now();
        let turn = self.status_written.get().max(now);
        self.status_written
            .set(turn + Duration::from_millis(STATUS_MS));
        if turn > now {
            self.cluster.executor().sleep_until(turn).await;
        }
    }

    /// Waits until its client has room for the end of one more pod.
    pub(super) async fn turn_to_end(&self) {
        let wait = self.turns.borrow_mut().take(REQUESTS_OF_AN_END, self.now());
        if !wait.is_zero() {
            self.cluster.executor().sleep(wait).await;
        }
    }

    pub(super) fn node_ip(&self) -> IpAddr {
        self.node
            .internal_ip()
            .parse()
            .unwrap_or(IpAddr::from([127, 0, 0, 1]))
    }

    /// `1.36`
    pub(super) fn version(&self) -> String {
        format!("1.{}", self.cluster.spec().minor())
    }

    /// What pods may use on this node.
    pub(super) fn allocatable(&self) -> Value {
        let node: Option<Object> = self.cluster.get(resource("", "nodes"), "", &self.node.name);
        node.map(|n| view::at(&n, &["status", "allocatable"]).clone())
            .unwrap_or_default()
    }

    /// The other pods that take room here, with what each was given.
    pub(super) fn others(&self, pod: &Object) -> Vec<Object> {
        let workers = self.workers.borrow();
        let others = workers
            .values()
            .filter(|w| w.takes_room() && w.uid != meta::uid(pod));
        others.map(|w| w.given()).collect()
    }

    /// A pod that is new here, refused and told so where the node cannot take it.
    fn admitted(&self, pod: &Object) -> Object {
        let phase = view::text(pod, &["status", "phase"]);
        let node: Option<Object> = self.cluster.get(resource("", "nodes"), "", &self.node.name);
        let Some(node) = node.filter(|_| phase == "Pending" && !meta::is_deleting(pod)) else {
            return pod.clone();
        };
        let others = self.others(pod);
        let others: Vec<&Value> = others.iter().map(AsRef::as_ref).collect();
        let pressed = eviction::refuses(pod, &self.pressures.borrow());
        let pressed = pressed.map(admit::Refusal::evicted);
        let refusal = pressed.or_else(|| admit::refusal(pod, &node, &others));
        let Some(refusal) = refusal else {
            return pod.clone();
        };
        self.tell(pod, Kind::Warning, &refusal.reason, &refusal.message);
        let status = admit::status(pod, &refusal, &self.cluster.now_text());
        let written = self.amend_status(pod, |_| status);
        written.unwrap_or_else(|| pod.clone())
    }

    /// Bytes of memory that the node has.
    pub(super) fn memory(&self) -> i64 {
        self.node
            .capacity
            .get("memory")
            .and_then(|t| t.parse::<Quantity>().ok())
            .map_or(1, |q| q.units())
    }

    /// An address for a pod: the next one of the node's range that nobody has.
    pub(super) fn free_ip(&self) -> String {
        let (base, bits) = crate::api::services::parse_cidr(&self.node.pod_cidr);
        let size = 1u32 << (32 - bits.min(30));
        let used: Vec<String> = self
            .workers
            .borrow()
            .values()
            .filter_map(|w| w.state.borrow().ip.clone())
            .collect();
        for _ in 0..size {
            let offset = self.next_ip.get() % (size - 3) + 2;
            self.next_ip.set(self.next_ip.get() + 1);
            let ip = std::net::Ipv4Addr::from(base + offset).to_string();
            if !used.contains(&ip) && ip != self.node.internal_ip() {
                return ip;
            }
        }
        String::new()
    }

    /// Waits for the turn to pull: one image at a time. Whoever is let go in the middle of it gives the turn on.
    pub(super) async fn pull_turn(&self) -> PullTurn<'_> {
        self.pull_done
            .until(|| (!self.pulling.replace(true)).then_some(()))
            .await;
        PullTurn(self)
    }
}

/// The turn to pull, until it is dropped.
pub(super) struct PullTurn<'a>(&'a Agent);

impl Drop for PullTurn<'_> {
    fn drop(&mut self) {
        self.0.pulling.set(false);
        self.0.pull_done.notify();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_come_once_a_second() {
        let at = |ms: i64| Time(ms * 1_000_000);
        let place = 100_000_000;
        assert_eq!(next_at(at(5_000), place), at(5_100));
        assert_eq!(next_at(at(5_100), place), at(6_100));
    }
}
