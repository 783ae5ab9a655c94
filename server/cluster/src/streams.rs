//! The streams out of and into containers: logs, exec, attach, port-forward, with the errors that the API gives before they begin.
//!
//! Mirrors kube-apiserver's `registry/core/pod/rest` and the kubelet's log and streaming handlers.

use machine::cri::{ContainerId, ExecConfig};
use machine::log::{LogFile, LogLine, LogStream};
use machine::pipe::{Reader, Socket, Writer, pipe};
use machine::{LocalFuture, Stdio, Time};
use objects::{FieldError, Object, Status, meta};
use serde_json::Value;

use crate::cluster::{Cluster, pods};
use crate::kubelet::Kubelet;
use crate::view;

/// Which streams of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum LogStreams {
    #[default]
    All,
    Stdout,
    Stderr,
}

/// What is asked of `pods/log`.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct LogQuery {
    pub namespace: String,
    pub pod: String,
    /// Empty: the only container.
    pub container: String,
    pub follow: bool,
    pub previous: bool,
    pub timestamps: bool,
    pub tail_lines: Option<i64>,
    pub since_seconds: Option<i64>,
    /// RFC 3339; empty: none.
    pub since_time: String,
    pub limit_bytes: Option<i64>,
    pub streams: LogStreams,
}

/// What is asked of `pods/exec` and `pods/attach` (without `command`).
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct ExecQuery {
    pub namespace: String,
    pub pod: String,
    /// Empty: the container of the annotation `kubectl.kubernetes.io/default-container`, or the only one.
    pub container: String,
    pub command: Vec<String>,
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
    pub tty: bool,
}

/// A connection being made.
pub type Forward = LocalFuture<'static, Result<Socket, String>>;

const PIPE: usize = 64 * 1024;

impl Cluster {
    /// The log of a container as bytes, as the query asks; empty and ended for a pod without a node. Errors: 404, 400, 422.
    pub fn logs(&self, query: &LogQuery) -> Result<Reader, Status> {
        let pod = self.pod(&query.namespace, &query.pod)?;
        check_log_options(query)?;
        let container = choose_container(&pod, &query.container)?;
        if view::text(&pod, &["spec", "nodeName"]).is_empty() {
            return Ok(pipe(1).0);
        }
        let id = log_source(&pod, &container, query.previous)?;
        let kubelet = self.kubelet(view::text(&pod, &["spec", "nodeName"]));
        if let Some(address) = kubelet.as_ref().and_then(out_of_reach) {
            let (namespace, name) = (&query.namespace, &query.pod);
            let text = format!(
                "Get \"https://{address}/containerLogs/{namespace}/{name}/{container}\": {}",
                no_route(&address)
            );
            return Err(Status::failure(500, "", text));
        }
        let (reader, writer) = pipe(PIPE);
        let Some(log) = kubelet.and_then(|k| k.runtime().logs(&id)) else {
            // The kubelet answers with the error as if it were the log.
            let text = format!("unable to retrieve container logs for containerd://{id}");
            self.spawn(async move {
                // A reader that has gone does not want it.
                let _ = writer.write_all(text.as_bytes()).await;
            });
            return Ok(reader);
        };
        let since = since(self.now(), query);
        let query = query.clone();
        self.spawn(async move { send_log(&log, &query, since, &writer).await });
        Ok(reader)
    }

    /// Runs a command in a container. Errors: the Status that the API server answers instead of upgrading.
    pub fn exec(&self, query: &ExecQuery) -> Result<Stdio, Status> {
        let (pod, container, id) = self.stream_target(query)?;
        let config = ExecConfig {
            argv: query.command.clone(),
            tty: query.tty,
            stdin: query.stdin,
        };
        let kubelet = self.kubelet(view::text(&pod, &["spec", "nodeName"]));
        let kubelet = kubelet.ok_or_else(|| not_running(&container))?;
        kubelet
            .runtime()
            .exec(&id, config)
            .map_err(|e| Status::internal(format!("error executing command in container: {e}")))
    }

    /// Joins the streams of a container's first process.
    pub fn attach(&self, query: &ExecQuery) -> Result<Stdio, Status> {
        let (pod, container, id) = self.stream_target(query)?;
        let kubelet = self.kubelet(view::text(&pod, &["spec", "nodeName"]));
        let kubelet = kubelet.ok_or_else(|| not_running(&container))?;
        kubelet
            .runtime()
            .attach(&id)
            .map_err(|e| Status::internal(format!("error attaching to container: {e}")))
    }

    /// Whether a port-forward to a pod may begin. Errors: 404, 400, 500 when its node does not answer.
    pub fn port_forward_target(&self, namespace: &str, pod: &str) -> Result<Object, Status> {
        let found = self.pod(namespace, pod)?;
        check_host(&found)?;
        let kubelet = self.kubelet(view::text(&found, &["spec", "nodeName"]));
        if let Some(address) = kubelet.as_ref().and_then(out_of_reach) {
            let text = format!("error dialing backend: {}", no_route(&address));
            return Err(Status::failure(500, "", text));
        }
        Ok(found)
    }

    /// One connection to a port of a pod. The inner error is the text for the error stream.
    pub fn port_forward(&self, namespace: &str, pod: &str, port: u16) -> Result<Forward, Status> {
        let found = self.port_forward_target(namespace, pod)?;
        let kubelet = self.kubelet(view::text(&found, &["spec", "nodeName"]));
        let sandbox = kubelet.as_ref().and_then(|k| k.sandbox(meta::uid(&found)));
        let (Some(kubelet), Some(sandbox)) = (kubelet, sandbox) else {
            let text = format!("pod not found (\"{pod}_{namespace}\")");
            return Ok(Box::pin(async move { Err(text) }));
        };
        let connection = kubelet.runtime().port_forward(&sandbox, port);
        Ok(Box::pin(async move {
            connection.await.map_err(|e| e.to_string())
        }))
    }

    fn pod(&self, namespace: &str, name: &str) -> Result<Object, Status> {
        self.get(pods(), namespace, name)
            .ok_or_else(|| Status::not_found("pods", name))
    }

    fn stream_target(&self, query: &ExecQuery) -> Result<(Object, String, ContainerId), Status> {
        let pod = self.pod(&query.namespace, &query.pod)?;
        let container = choose_container(&pod, &query.container)?;
        check_host(&pod)?;
        if matches!(
            view::text(&pod, &["status", "phase"]),
            "Succeeded" | "Failed"
        ) {
            let phase = view::text(&pod, &["status", "phase"]);
            return Err(Status::bad_request(format!(
                "cannot exec into a container in a completed pod; current phase is {phase}"
            )));
        }
        let status = status_of(&pod, &container);
        let kubelet = self.kubelet(view::text(&pod, &["spec", "nodeName"]));
        if let Some(address) = kubelet.as_ref().and_then(out_of_reach) {
            let text = format!("error dialing backend: {}", no_route(&address));
            return Err(Status::failure(500, "", text));
        }
        let running = status.filter(|s| view::at(s, &["state", "running"]).is_object());
        let Some(id) = running.and_then(|s| container_id(view::text(s, &["containerID"]))) else {
            return Err(not_running(&container));
        };
        Ok((pod, container, id))
    }
}

/// The address at which a kubelet does not answer that is stopped or has no network.
fn out_of_reach(kubelet: &Kubelet) -> Option<String> {
    kubelet.silent_since()?;
    Some(format!("{}:10250", kubelet.address()))
}

fn no_route(address: &str) -> String {
    format!("dial tcp {address}: connect: no route to host")
}

/// What the kubelet answers for a container that does not run.
fn not_running(container: &str) -> Status {
    Status::internal(format!(
        "unable to upgrade connection: container not found ({container:?})"
    ))
}

fn check_host(pod: &Value) -> Result<(), Status> {
    if view::text(pod, &["spec", "nodeName"]).is_empty() {
        return Err(Status::bad_request(format!(
            "pod {} does not have a host assigned",
            meta::name(pod)
        )));
    }
    Ok(())
}

/// The containers of a pod by name: init, regular, ephemeral.
fn container_names(pod: &Value) -> Vec<&str> {
    let parts = ["initContainers", "containers", "ephemeralContainers"];
    parts
        .iter()
        .flat_map(|p| view::list(pod, &["spec", p]))
        .map(|c| view::text(c, &["name"]))
        .collect()
}

fn choose_container(pod: &Value, asked: &str) -> Result<String, Status> {
    let names = container_names(pod);
    let name = meta::name(pod);
    if !asked.is_empty() {
        if names.contains(&asked) {
            return Ok(asked.to_string());
        }
        return Err(Status::bad_request(format!(
            "container {asked} is not valid for pod {name}"
        )));
    }
    if let [only] = view::list(pod, &["spec", "containers"])
        && names.len() == 1
    {
        return Ok(view::text(only, &["name"]).to_string());
    }
    if let Some(default) = meta::annotation(pod, "kubectl.kubernetes.io/default-container")
        .filter(|d| names.contains(d))
    {
        return Ok(default.to_string());
    }
    if let [only] = view::list(pod, &["spec", "containers"]) {
        return Ok(view::text(only, &["name"]).to_string());
    }
    let list = names.join(" ");
    Err(Status::bad_request(format!(
        "a container name must be specified for pod {name}, choose one of: [{list}]"
    )))
}

fn check_log_options(query: &LogQuery) -> Result<(), Status> {
    let mut errors = Vec::new();
    if let Some(n) = query.tail_lines.filter(|n| *n < 0) {
        errors.push(FieldError::invalid(
            "tailLines",
            n,
            "must be greater than or equal to 0",
        ));
    }
    if let Some(n) = query.limit_bytes.filter(|n| *n < 1) {
        errors.push(FieldError::invalid(
            "limitBytes",
            n,
            "must be greater than 0",
        ));
    }
    if query.since_seconds.is_some() && !query.since_time.is_empty() {
        // what Go makes of a path without a name
        errors.push(FieldError::forbidden(
            "[]",
            "at most one of `sinceTime` or `sinceSeconds` may be specified",
        ));
    } else if let Some(n) = query.since_seconds.filter(|n| *n < 1) {
        errors.push(FieldError::invalid(
            "sinceSeconds",
            n,
            "must be greater than 0",
        ));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Status::invalid("PodLogOptions", &query.pod, errors))
    }
}

fn status_of<'a>(pod: &'a Value, container: &str) -> Option<&'a Value> {
    let parts = [
        "initContainerStatuses",
        "containerStatuses",
        "ephemeralContainerStatuses",
    ];
    parts
        .iter()
        .find_map(|p| view::named(view::list(pod, &["status", p]), container))
}

fn container_id(text: &str) -> Option<ContainerId> {
    let (_, id) = text.split_once("://")?;
    Some(ContainerId(id.to_string()))
}

/// Which instance of a container holds the log.
fn log_source(pod: &Value, container: &str, previous: bool) -> Result<ContainerId, Status> {
    let name = meta::name(pod);
    let Some(status) = status_of(pod, container) else {
        return Err(Status::bad_request(format!(
            "container {container:?} in pod {name:?} is not available"
        )));
    };
    let last = container_id(view::text(
        status,
        &["lastState", "terminated", "containerID"],
    ));
    if previous {
        let text = format!("previous terminated container {container:?} in pod {name:?} not found");
        return last.ok_or_else(|| Status::bad_request(text));
    }
    let state = view::at(status, &["state"]);
    if state.get("running").is_some() {
        return container_id(view::text(status, &["containerID"])).ok_or_else(|| {
            Status::bad_request(format!(
                "container {container:?} in pod {name:?} is not available"
            ))
        });
    }
    if state.get("terminated").is_some() {
        let own = container_id(view::text(state, &["terminated", "containerID"]));
        return own.or(last).ok_or_else(|| {
            Status::bad_request(format!(
                "container {container:?} in pod {name:?} is terminated"
            ))
        });
    }
    if let Some(last) = last {
        return Ok(last);
    }
    let why = match view::text(state, &["waiting", "reason"]) {
        "ErrImagePull" => "image can't be pulled",
        "ImagePullBackOff" => "trying and failing to pull image",
        reason => reason,
    };
    Err(Status::bad_request(format!(
        "container {container:?} in pod {name:?} is waiting to start: {why}"
    )))
}

fn since(now: Time, query: &LogQuery) -> Option<Time> {
    if let Some(seconds) = query.since_seconds {
        return Some(Time(now.0 - seconds * 1_000_000_000));
    }
    objects::time::parse_nanos(&query.since_time).map(Time)
}

fn wanted(line: &LogLine, query: &LogQuery, since: Option<Time>) -> bool {
    let stream = match query.streams {
        LogStreams::All => true,
        LogStreams::Stdout => line.stream == LogStream::Stdout,
        LogStreams::Stderr => line.stream == LogStream::Stderr,
    };
    stream && since.is_none_or(|s| line.time >= s)
}

/// Where the last `count` lines begin.
fn tail_start(log: &LogFile, count: i64) -> u64 {
    if count == 0 {
        return log.end();
    }
    let (first, end) = (log.first(), log.end());
    let (lines, _) = log.read(first, (end - first) as usize);
    let mut left = count;
    for (index, line) in lines.iter().enumerate().rev() {
        if !line.partial {
            if left == 0 {
                return first + index as u64 + 1;
            }
            left -= 1;
        }
    }
    first
}

fn render(line: &LogLine, timestamps: bool, fresh: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.text.len() + 32);
    if timestamps && fresh {
        out.extend_from_slice(line.time.to_string().as_bytes());
        out.push(b' ');
    }
    out.extend_from_slice(&line.text);
    if !line.partial {
        out.push(b'\n');
    }
    out
}

/// Writes the chosen lines; with `follow` until the container has ended or nobody reads.
async fn send_log(log: &LogFile, query: &LogQuery, since: Option<Time>, to: &Writer) {
    let mut next = query
        .tail_lines
        .map_or_else(|| log.first(), |n| tail_start(log, n));
    let mut left = query.limit_bytes.map_or(usize::MAX, |n| n as usize);
    let mut fresh = true;
    loop {
        let (lines, after) = log.read(next, 256);
        for line in lines.iter().filter(|l| wanted(l, query, since)) {
            let mut bytes = render(line, query.timestamps, fresh);
            fresh = !line.partial;
            bytes.truncate(left);
            left -= bytes.len();
            if to.write_all(&bytes).await.is_err() || left == 0 {
                return;
            }
        }
        next = after;
        if lines.is_empty() {
            if !query.follow {
                return;
            }
            let more = machine::sync::select(log.more(next), to.broken()).await;
            if more != machine::sync::Either::Left(true) {
                return;
            }
        }
    }
}
