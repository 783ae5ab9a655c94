//! The end of a pod: hooks, signals, grace, the last status, and the delete that lets the object go.
//!
//! Mirrors the kubelet's `SyncTerminatingPod`, `SyncTerminatedPod` and kuberuntime's `killContainer`.

use std::rc::Rc;

use machine::Duration;
use machine::cri::{ContainerId, ContainerState};
use objects::{Object, meta};
use serde_json::Value;

use super::status::is_sidecar;
use super::worker::Worker;
use super::{Agent, admit, hooks, start};
use crate::cluster::pods;
use crate::view;

const SANDBOX_STOP_MS: u64 = 110;
const LEAST_GRACE: Duration = Duration::from_secs(2);
/// When the containers of an evicted pod are removed.
const GARBAGE_COLLECTION: Duration = Duration::from_secs(60);

/// Ends a pod that is deleted or over, and waits for the delete of one that is over.
pub(super) async fn run(agent: &Rc<Agent>, worker: &Rc<Worker>) {
    agent.turn_to_end().await;
    let pod = worker.latest();
    worker.state.borrow_mut().picture.reasons.clear();
    let already_over = matches!(
        view::text(&pod, &["status", "phase"]),
        "Succeeded" | "Failed"
    );
    if !already_over {
        if meta::is_deleting(&pod) {
            worker.write_status(agent, &pod, false);
        }
        end_all(agent, worker).await;
        agent.sleep_ms(SANDBOX_STOP_MS).await;
        stop_sandbox(agent, worker);
        worker.stop_probes();
        finish_picture(agent, worker);
        worker.write_status(agent, &worker.latest(), true);
        agent
            .cluster
            .executor()
            .sleep_until(agent.next_relist(agent.now()))
            .await;
        agent.sleep_ms(10).await;
        account_for_the_missing(agent, worker);
    }
    worker.cleared.set(true);
    if worker.is_evicted() {
        worker.state.borrow_mut().volumes.clear();
        let (agent, worker) = (agent.clone(), worker.clone());
        let collected = agent.now() + GARBAGE_COLLECTION;
        agent.clone().spawn(async move {
            agent.cluster.executor().sleep_until(collected).await;
            worker.remove_content(&agent);
        });
    }
    // One that is over stays until somebody deletes it; the API then lets it go at once.
    worker
        .bell
        .until(|| meta::is_deleting(&worker.latest()).then_some(()))
        .await;
    worker.state.borrow_mut().volumes.clear();
    agent.connected().await;
    let pod = worker.latest();
    if meta::finalizers(&pod).next().is_some()
        && view::int(&pod, &["metadata", "deletionGracePeriodSeconds"]) == Some(0)
    {
        return;
    }
    let _gone_already = agent.cluster.delete("kubelet", pods(), &pod, Some(0));
}

fn finish_picture(agent: &Agent, worker: &Worker) {
    worker.look(agent);
    let mut state = worker.state.borrow_mut();
    state.picture.finishing = true;
    state.picture.sandbox_ready = false;
}

/// Whether the init containers had let the others begin.
fn was_initialized(pod: &Value) -> bool {
    let begun = view::list(pod, &["status", "containerStatuses"])
        .iter()
        .any(|s| s["state"].get("waiting").is_none() || s["lastState"].get("terminated").is_some());
    let last = view::list(pod, &["status", "initContainerStatuses"]).last();
    begun || last.is_none_or(|s| view::int(s, &["state", "terminated", "exitCode"]) == Some(0))
}

/// Containers that never came to be are told as ended too, and the pod as failed. Those that wait for init containers still wait.
fn account_for_the_missing(agent: &Agent, worker: &Worker) {
    let pod = worker.latest();
    if !was_initialized(&pod) {
        return;
    }
    let written = agent.amend(&pod, |live| {
        let mut missing = false;
        for member in ["initContainerStatuses", "containerStatuses"] {
            if view::list(live, &["status", member]).is_empty() {
                continue;
            }
            for status in view::list_mut(live, &["status", member]) {
                if status["state"].get("waiting").is_none() {
                    continue;
                }
                missing = true;
                status["state"] = admit::nowhere();
            }
        }
        if missing
            && matches!(
                view::text(live, &["status", "phase"]),
                "Pending" | "Running"
            )
        {
            view::set(live, &["status", "phase"], "Failed");
        }
    });
    if let Some(written) = written {
        worker.remember(written);
    }
}

fn stop_sandbox(agent: &Agent, worker: &Worker) {
    let sandbox = worker.state.borrow().sandbox.clone();
    if let Some(sandbox) = sandbox {
        agent.runtime.stop_sandbox(&sandbox);
    }
}

fn running(worker: &Worker, container: &Value) -> Option<ContainerId> {
    let state = worker.state.borrow();
    let last = state.picture.last(view::text(container, &["name"]))?;
    (last.state == ContainerState::Running).then(|| ContainerId(last.id.clone()))
}

/// Ends all containers: the regular ones together, then the sidecars, last first.
async fn end_all(agent: &Rc<Agent>, worker: &Rc<Worker>) {
    worker.look(agent);
    let pod = worker.latest();
    let begun = agent.now();
    let total = if worker.is_evicted() {
        LEAST_GRACE
    } else {
        start::grace_of(&pod).max(LEAST_GRACE)
    };
    let parts = ["containers", "ephemeralContainers"];
    let together: Vec<&Value> = parts
        .iter()
        .flat_map(|p| view::list(&pod, &["spec", p]))
        .collect();
    let plain_init = view::list(&pod, &["spec", "initContainers"])
        .iter()
        .filter(|c| !is_sidecar(c));
    let mut endings: Vec<machine::LocalFuture<'_, ()>> = Vec::new();
    for container in together.into_iter().chain(plain_init) {
        if let Some(id) = running(worker, container) {
            let pod = &pod;
            endings.push(Box::pin(async move {
                let name = view::text(container, &["name"]);
                end_container(
                    agent,
                    worker,
                    pod,
                    container,
                    &id,
                    total,
                    &format!("Stopping container {name}"),
                )
                .await;
            }));
        }
    }
    all(endings).await;
    for container in view::list(&pod, &["spec", "initContainers"])
        .iter()
        .rev()
        .filter(|c| is_sidecar(c))
    {
        if let Some(id) = running(worker, container) {
            let name = view::text(container, &["name"]);
            let left = total
                .saturating_sub(agent.now().since(begun))
                .max(LEAST_GRACE);
            end_container(
                agent,
                worker,
                &pod,
                container,
                &id,
                left,
                &format!("Stopping container {name}"),
            )
            .await;
        }
    }
}

/// Polls futures in order until all have ended.
async fn all(mut futures: Vec<machine::LocalFuture<'_, ()>>) {
    std::future::poll_fn(|context| {
        futures.retain_mut(|f| f.as_mut().poll(context).is_pending());
        if futures.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

/// Tells, runs the preStop hook within the grace, and stops a container. A delete with a shorter grace meanwhile shortens it.
pub(super) async fn end_container(
    agent: &Rc<Agent>,
    worker: &Rc<Worker>,
    pod: &Object,
    container: &Value,
    id: &ContainerId,
    grace: Duration,
    why: &str,
) {
    agent.normal(pod, container, "Killing", why);
    let begun = agent.now();
    let hook = view::at(container, &["lifecycle", "preStop"]);
    if !hook.is_null() && !grace.is_zero() {
        let hooked = hooks::run(agent, worker, container, id, hook, grace);
        match machine::sync::select(hooked, agent.cluster.executor().sleep(grace)).await {
            machine::sync::Either::Left(super::probes::Found::Success(_)) => {}
            _ => agent.warning(pod, container, "FailedPreStopHook", "PreStopHook failed"),
        }
    }
    let used = Duration::from_secs(agent.now().since(begun).as_secs());
    let left = grace.saturating_sub(used).max(LEAST_GRACE);
    let stopping = agent.runtime.stop_container(id, left);
    let asked = start::grace_of(pod);
    let sooner = worker.bell.until(|| {
        let now = worker.latest();
        (meta::is_deleting(&now) && meta::is_deleting(pod) && start::grace_of(&now) < asked)
            .then(|| start::grace_of(&now))
    });
    if let machine::sync::Either::Right(shorter) = machine::sync::select(stopping, sooner).await {
        let _ended = agent
            .runtime
            .stop_container(id, shorter.max(LEAST_GRACE))
            .await;
    }
}

/// Ends what is left of a pod whose object is gone.
pub(super) async fn clean_up(agent: &Rc<Agent>, worker: &Rc<Worker>) {
    worker.look(agent);
    let pod = worker.latest();
    let parts = ["containers", "initContainers", "ephemeralContainers"];
    let left: Vec<ContainerId> = parts
        .iter()
        .flat_map(|p| view::list(&pod, &["spec", p]))
        .filter_map(|c| running(worker, c))
        .collect();
    for id in left {
        let _ended = agent.runtime.stop_container(&id, LEAST_GRACE).await;
    }
    let sandbox = worker.state.borrow_mut().sandbox.take();
    if let Some(sandbox) = sandbox {
        agent.runtime.stop_sandbox(&sandbox);
        agent.runtime.remove_sandbox(&sandbox);
    }
    worker.state.borrow_mut().ip = None;
}
