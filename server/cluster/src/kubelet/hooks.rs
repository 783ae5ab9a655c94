//! Lifecycle hooks: postStart after a container begins, preStop before it ends.
//!
//! Mirrors the kubelet's `lifecycle/handlers.go`.

use machine::Duration;
use machine::cri::ContainerId;
use objects::Object;
use serde_json::Value;

use super::Agent;
use super::probes::{self, Found};
use super::question::Question;
use super::start::{self, Trouble};
use super::worker::Worker;
use crate::view;

/// Runs the postStart hook, if there is one; a container whose hook fails is ended.
pub(super) async fn post_start(
    agent: &Agent,
    worker: &Worker,
    pod: &Object,
    container: &Value,
    id: &ContainerId,
) -> Result<(), Trouble> {
    let hook = view::at(container, &["lifecycle", "postStart"]);
    if hook.is_null() {
        return Ok(());
    }
    let limit = Duration::from_secs(3600);
    let found = run(agent, worker, container, id, hook, limit).await;
    if let Found::Failure(error) | Found::Unknown(error) = found {
        let text = failed(hook, view::text(container, &["name"]), worker, &error);
        agent.warning(
            pod,
            container,
            "FailedPostStartHook",
            "PostStartHook failed",
        );
        agent.normal(pod, container, "Killing", "FailedPostStartHook");
        let grace = start::grace_of(pod);
        let _ended = agent.runtime.stop_container(id, grace).await;
        return Err(Trouble::new("PostStartHookError", text));
    }
    Ok(())
}

/// What the waiting container says of a hook that failed.
fn failed(hook: &Value, container: &str, worker: &Worker, error: &str) -> String {
    let pod = worker.title();
    let what = match hook.get("exec") {
        Some(action) => format!(
            "Exec lifecycle hook ([{}])",
            view::texts(action, &["command"]).join(" ")
        ),
        None => format!(
            "HTTP lifecycle hook ({})",
            view::text(hook, &["httpGet", "path"])
        ),
    };
    let output = error.split_once(": ").map_or("", |(_, output)| output);
    format!(
        "{what} for Container {container:?} in Pod {pod:?} failed - error: {error}, message: {output:?}"
    )
}

/// Runs a lifecycle hook. A failure carries the error as the kubelet words it.
pub(super) async fn run(
    agent: &Agent,
    worker: &Worker,
    container: &Value,
    id: &ContainerId,
    hook: &Value,
    limit: Duration,
) -> Found {
    let executor = agent.cluster.executor().clone();
    let target = probes::Target {
        runtime: &agent.runtime,
        network: &agent.network,
        node_ip: agent.node_ip(),
        id,
        executor: &executor,
    };
    if let Some(sleep) = hook.get("sleep") {
        let seconds = view::int(sleep, &["seconds"]).unwrap_or(0).max(0) as u64;
        executor
            .sleep(Duration::from_secs(seconds).min(limit))
            .await;
        return Found::Success(String::new());
    }
    if let Some(action) = hook.get("exec") {
        let command = view::texts(action, &["command"]);
        return match probes::execute(&command, limit, &target).await {
            Ok((0, text)) => Found::Success(text),
            Ok((code, output)) => Found::Failure(format!(
                "command '{}' exited with {code}: {output}",
                command.join(" ")
            )),
            Err(text) => Found::Failure(text),
        };
    }
    let ip = worker.state.borrow().ip.clone().unwrap_or_default();
    let version = agent.version();
    let question = Question::new(hook, container, &ip, &version);
    let limit = Duration::from_secs(limit.as_secs().max(1));
    match question.ask(limit, &target).await {
        // Any answer will do for a hook.
        Found::Failure(text) if text.starts_with("HTTP probe failed") => Found::Success(text),
        found => found,
    }
}
