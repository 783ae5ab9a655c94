//! One round of a pod's worker: tell the status, mount, make the sandbox, then end and start containers as the pod wants it.
//!
//! Mirrors the kubelet's `SyncPod` and kuberuntime's `computePodActions`.

use std::collections::BTreeMap;
use std::rc::Rc;

use machine::cri::{ContainerId, ContainerState, SandboxConfig};
use machine::sync::{Either, select};
use machine::{Duration, Time};
use objects::{Object, meta};
use serde_json::Value;

use super::probes::Kind as Probe;
use super::start::{self, Trouble};
use super::status::is_sidecar;
use super::volumes::Failure;
use super::worker::{Outcome, Worker};
use super::{Agent, probe_worker, volumes};
use super::{resize, restart};
use crate::events::Kind;
use crate::view;

const FIRST_MOUNT_MS: u64 = 150;
const MOUNT_POLL_MS: u64 = 300;
const MOUNT_LIMIT: Duration = Duration::from_secs(123);
const SANDBOX_MS: u64 = 130;

/// Does what can be done now.
pub(super) async fn round(agent: &Rc<Agent>, worker: &Rc<Worker>, pod: &Object) -> Outcome {
    if worker.is_evicted() || past_deadline(agent, worker, pod) {
        return Outcome::Over;
    }
    resize::consider(agent, worker, &worker.latest());
    agent.status_turn().await;
    let phase = worker.write_status(agent, &worker.latest(), false);
    if matches!(phase, "Succeeded" | "Failed") {
        return Outcome::Over;
    }
    probe_worker::poke_unready(worker);
    let pod = worker.state.borrow().picture.resize.given(&worker.latest());
    if !mount(agent, worker, &pod).await {
        return Outcome::Failed;
    }
    probe_worker::follow(agent, worker, &pod);
    if worker.state.borrow().sandbox.is_none() && !make_sandbox(agent, worker, &pod).await {
        return Outcome::Failed;
    }
    let mut results = Results {
        died: worker.state.borrow().picture.died(),
        ..Results::default()
    };
    // A delete does not interrupt a round: what a probe has killed starts once more before the pod is ended, as it was recorded.
    end_unwanted(agent, worker, &pod).await;
    resize::apply(agent, worker, &pod);
    start_wanted(agent, worker, &pod, &mut results).await;
    results.outcome()
}

/// What came of starting containers.
#[derive(Default)]
struct Results {
    /// When the last dead instance of a container ended, as known before this round ended any: that is what the back-off
    /// counts from, so a container that a probe ends for the first time starts again at once.
    died: BTreeMap<String, Time>,
    started: bool,
    failed: bool,
    waits: Option<Time>,
}

impl Results {
    fn outcome(&self) -> Outcome {
        match (self.failed, self.waits, self.started) {
            (true, ..) => Outcome::Failed,
            (false, _, true) => Outcome::Started,
            (false, Some(until), false) => Outcome::BackOff(until),
            (false, None, false) => Outcome::Done,
        }
    }
}

fn past_deadline(agent: &Agent, worker: &Worker, pod: &Object) -> bool {
    let Some(seconds) = view::int(pod, &["spec", "activeDeadlineSeconds"]) else {
        return false;
    };
    let begun = objects::time::parse_seconds(&worker.state.borrow().picture.start_time);
    if begun.is_none_or(|b| agent.cluster.seconds() < b + seconds) {
        return false;
    }
    let text = "Pod was active on the node longer than the specified deadline";
    agent.tell(pod, Kind::Normal, "DeadlineExceeded", text);
    worker.state.borrow_mut().picture.verdict = Some(("DeadlineExceeded".into(), text.into()));
    true
}

/// Makes the volumes ready; tells and tries again until they are, the pod is deleted, or two minutes are over.
async fn mount(agent: &Rc<Agent>, worker: &Rc<Worker>, pod: &Object) -> bool {
    let wanted = view::list(pod, &["spec", "volumes"]);
    if worker.state.borrow().mounted || wanted.is_empty() {
        worker.state.borrow_mut().mounted = true;
        return true;
    }
    let begun = agent.now();
    let mut pause = Duration::from_millis(500);
    let mut wait = Duration::from_millis(FIRST_MOUNT_MS);
    loop {
        if deleted_within(agent, worker, wait).await {
            return false;
        }
        let slowest = patience(agent, worker, pod);
        if !slowest.is_zero() && deleted_within(agent, worker, slowest).await {
            return false;
        }
        let missing = try_mount(agent, worker, pod);
        if missing.is_empty() {
            // The worker asks every 300 ms whether all is mounted.
            let taken = agent.now().since(begun).as_millis() as u64;
            let rest = Duration::from_millis(MOUNT_POLL_MS - taken % MOUNT_POLL_MS);
            let deleted = deleted_within(agent, worker, rest).await;
            worker.state.borrow_mut().mounted = !deleted;
            return !deleted;
        }
        if agent.now().since(begun) >= MOUNT_LIMIT {
            let text = format!(
                "Unable to attach or mount volumes: unmounted volumes=[{}], unattached volumes=[], failed to process volumes=[]: context \
                 deadline exceeded",
                missing.join(" ")
            );
            agent.tell(pod, Kind::Warning, "FailedMount", &text);
            return false;
        }
        wait = pause;
        pause = (pause * 2).min(Duration::from_secs(122));
    }
}

/// Waits, and answers whether the pod was deleted meanwhile, which ends the wait.
async fn deleted_within(agent: &Agent, worker: &Worker, wait: Duration) -> bool {
    let deleted = worker
        .bell
        .until(|| meta::is_deleting(&worker.latest()).then_some(()));
    select(deleted, agent.cluster.executor().sleep(wait)).await == Either::Left(())
}

/// How long the slowest of the volumes takes that are not ready.
fn patience(agent: &Agent, worker: &Worker, pod: &Object) -> Duration {
    let nothing = Value::Null;
    let maker = volumes::Maker::new(agent, &nothing);
    let made = &worker.state.borrow().volumes;
    let missing = view::list(pod, &["spec", "volumes"])
        .iter()
        .filter(|v| !made.contains_key(view::text(v, &["name"])));
    missing
        .map(|v| maker.patience(pod, v))
        .max()
        .unwrap_or_default()
}

/// Tries all volumes that are not ready; tells what fails; answers their names.
fn try_mount(agent: &Agent, worker: &Worker, pod: &Object) -> Vec<String> {
    let allocatable = agent.allocatable();
    let maker = volumes::Maker::new(agent, &allocatable);
    let mut missing = Vec::new();
    let seen = with_host_ip(agent, pod);
    for volume in view::list(pod, &["spec", "volumes"]) {
        let name = view::text(volume, &["name"]);
        if worker.state.borrow().volumes.contains_key(name) {
            continue;
        }
        match maker.make(&seen, volume) {
            Ok(made) => drop(worker.state.borrow_mut().volumes.insert(name.into(), made)),
            Err(Failure { stage, text }) => {
                let text = format!("{stage} failed for volume {name:?} : {text}");
                agent.tell(pod, Kind::Warning, "FailedMount", &text);
                missing.push(name.to_string());
            }
        }
    }
    missing
}

/// The pod with its node's address, for volumes that ask for it: a status that is on its way already tells it.
fn with_host_ip(agent: &Agent, pod: &Object) -> Object {
    let (place, own) = (["status", "hostIP"], agent.node.internal_ip());
    let mut volumes = view::list(pod, &["spec", "volumes"]).iter();
    if view::text(pod, &place) == own || !volumes.any(volumes::asks_for_host_ip) {
        return pod.clone();
    }
    let mut seen = (**pod).clone();
    view::set(&mut seen, &place, own);
    Object::new(seen)
}

async fn make_sandbox(agent: &Agent, worker: &Worker, pod: &Object) -> bool {
    if !worker.state.borrow().picture.containers.is_empty() {
        let text = "Pod sandbox changed, it will be killed and re-created.";
        agent.tell(pod, Kind::Normal, "SandboxChanged", text);
    }
    agent.sleep_about_ms(SANDBOX_MS).await;
    let host_network = view::flag(pod, &["spec", "hostNetwork"]);
    let ip = if host_network {
        agent.node.internal_ip().to_string()
    } else {
        agent.free_ip()
    };
    let own = view::text(pod, &["spec", "hostname"]);
    let hostname: String = if host_network {
        agent.node.name.clone()
    } else {
        (if own.is_empty() { meta::name(pod) } else { own })
            .chars()
            .take(63)
            .collect()
    };
    let config = SandboxConfig {
        name: meta::name(pod).into(),
        namespace: meta::namespace(pod).into(),
        uid: meta::uid(pod).into(),
        hosts: if host_network {
            let of_node = agent.host.read("/etc/hosts");
            let of_node = of_node.unwrap_or_else(|_| b"127.0.0.1\tlocalhost\n".to_vec());
            start::hosts_of_node(pod, &String::from_utf8_lossy(&of_node))
        } else {
            start::hosts(pod, &ip, &hostname, &agent.cluster.spec().cluster_domain)
        },
        hostname,
        ip: if host_network {
            None
        } else {
            start::parse_ip(&ip)
        },
        dns: start::dns(pod, agent.cluster.spec()),
        host_network,
        host_pid: view::flag(pod, &["spec", "hostPID"]),
        share_processes: view::flag(pod, &["spec", "shareProcessNamespace"]),
    };
    match agent.runtime.run_sandbox(config) {
        Ok(id) => {
            {
                let mut state = worker.state.borrow_mut();
                state.sandbox = Some(id);
                state.ip = Some(ip);
                state.sandbox_is_news = true;
            }
            agent.noticed.notify();
            agent.status_turn().await;
            worker.write_sandbox_ready(agent, pod);
            true
        }
        Err(error) => {
            agent.tell(
                pod,
                Kind::Warning,
                "FailedCreatePodSandBox",
                &format!("Failed to create pod sandbox: {error}"),
            );
            false
        }
    }
}

/// Ends containers that failed a probe or whose definition changed.
async fn end_unwanted(agent: &Rc<Agent>, worker: &Rc<Worker>, pod: &Object) {
    let sidecars = view::list(pod, &["spec", "initContainers"])
        .iter()
        .filter(|c| is_sidecar(c));
    for container in sidecars.chain(view::list(pod, &["spec", "containers"])) {
        let name = view::text(container, &["name"]);
        let Some(last) = worker
            .state
            .borrow()
            .picture
            .last(name)
            .cloned()
            .filter(|s| s.state == ContainerState::Running)
        else {
            continue;
        };
        let failed = |kind: Probe| {
            worker.state.borrow().verdicts.get(&(last.id.clone(), kind)) == Some(&false)
        };
        let mut text = if last.made_from != view::text(container, &["image"]) {
            format!("Container {name} definition changed")
        } else if worker
            .state
            .borrow()
            .picture
            .resize
            .needs_restart(container)
        {
            worker.state.borrow_mut().picture.resize.applied(name);
            format!("Container {name} resize requires restart")
        } else if container.get("livenessProbe").is_some() && failed(Probe::Liveness) {
            format!("Container {name} failed liveness probe")
        } else if container.get("startupProbe").is_some() && failed(Probe::Startup) {
            format!("Container {name} failed startup probe")
        } else {
            continue;
        };
        let is_told = text.ends_with("restart");
        if !is_told && (text.ends_with("changed") || restart::restarts(pod, container, 137)) {
            text += ", will be restarted";
        }
        let id = ContainerId(last.id.clone());
        let own = ["livenessProbe", "startupProbe"].iter().find_map(|p| {
            let failing = (*p == "livenessProbe" && text.contains("liveness"))
                || (*p == "startupProbe" && text.contains("startup"));
            view::int(container, &[p, "terminationGracePeriodSeconds"]).filter(|_| failing)
        });
        let grace = own.map_or_else(
            || start::grace_of(pod),
            |s| Duration::from_secs(s.max(0) as u64),
        );
        super::terminate::end_container(agent, worker, pod, container, &id, grace, &text).await;
        worker.look(agent);
    }
}

async fn start_wanted(agent: &Rc<Agent>, worker: &Rc<Worker>, pod: &Object, results: &mut Results) {
    for container in view::list(pod, &["spec", "ephemeralContainers"]) {
        let known = worker
            .state
            .borrow()
            .picture
            .last(view::text(container, &["name"]))
            .is_some();
        if !known {
            start_one(agent, worker, pod, container, results).await;
        }
    }
    if !init_done(agent, worker, pod, results).await {
        return;
    }
    for container in view::list(pod, &["spec", "containers"]) {
        if restart::should_restart(pod, container, &worker.state.borrow().picture) {
            start_one(agent, worker, pod, container, results).await;
        }
    }
}

/// Brings the init containers on, one after the other. Answers whether the others may start.
async fn init_done(
    agent: &Rc<Agent>,
    worker: &Rc<Worker>,
    pod: &Object,
    results: &mut Results,
) -> bool {
    let begun = view::list(pod, &["spec", "containers"]).iter().any(|c| {
        worker
            .state
            .borrow()
            .picture
            .last(view::text(c, &["name"]))
            .is_some()
    });
    for container in view::list(pod, &["spec", "initContainers"]) {
        let name = view::text(container, &["name"]);
        let last = worker.state.borrow().picture.last(name).cloned();
        let sidecar = is_sidecar(container);
        match last {
            Some(seen) if seen.state == ContainerState::Running => {
                let started = worker
                    .state
                    .borrow()
                    .picture
                    .started
                    .get(name)
                    .copied()
                    .unwrap_or(true);
                let may_go_on = begun || (sidecar && started);
                if !may_go_on {
                    return false;
                }
            }
            Some(seen) if seen.exit_code == 0 && !sidecar => {}
            Some(_) if begun && !sidecar => {}
            Some(seen) if !restart::restarts(pod, container, seen.exit_code) => return false,
            _ => {
                start_one(agent, worker, pod, container, results).await;
                let no_probe = container.get("startupProbe").is_none();
                let fine = !results.failed && results.waits.is_none();
                let may_go_on = begun || (sidecar && no_probe && fine);
                if !may_go_on {
                    return false;
                }
            }
        }
    }
    true
}

/// Starts one container unless it is to wait because it crashed.
async fn start_one(
    agent: &Rc<Agent>,
    worker: &Rc<Worker>,
    pod: &Object,
    container: &Value,
    results: &mut Results,
) {
    let name = view::text(container, &["name"]).to_string();
    if let Some(died) = results.died.get(&name).copied() {
        let key = format!("{name} {}", view::text(container, &["image"]));
        let now = agent.now();
        let waiting = worker
            .state
            .borrow()
            .crash_back_off
            .waiting(&key, died, now);
        if let Some((wait, until)) = waiting {
            let title = worker.title();
            agent.warning(
                pod,
                container,
                "BackOff",
                &format!("Back-off restarting failed container {name} in pod {title}"),
            );
            let wait = objects::duration::go(wait.as_nanos() as i64);
            let text = format!("back-off {wait} restarting failed container={name} pod={title}");
            worker
                .state
                .borrow_mut()
                .picture
                .reasons
                .insert(name, ("CrashLoopBackOff".into(), text));
            results.waits = Some(results.waits.map_or(until, |w| w.min(until)));
            return;
        }
        worker
            .state
            .borrow_mut()
            .crash_back_off
            .next(&key, died, now);
    }
    let Some(sandbox) = worker.state.borrow().sandbox.clone() else {
        return;
    };
    match start::container(agent, worker, pod, container, &sandbox).await {
        Ok(()) => {
            worker.state.borrow_mut().picture.reasons.remove(&name);
            results.started = true;
        }
        Err(Trouble { reason, message }) => {
            worker
                .state
                .borrow_mut()
                .picture
                .reasons
                .insert(name, (reason.into(), message));
            results.failed = true;
        }
    }
}
