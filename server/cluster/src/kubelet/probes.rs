//! Probes: what one run finds, and when runs happen. The workers follow the containers of a pod.
//!
//! Mirrors the kubelet's `prober` package.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use machine::cri::{ContainerId, ExecConfig, Runtime};
use machine::sync::{Either, Notify, select};
use machine::{Duration, Network, Time};
use serde_json::Value;

use crate::view;

/// The three questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Startup,
    Liveness,
    Readiness,
}

impl Kind {
    pub fn title(self) -> &'static str {
        match self {
            Kind::Startup => "Startup",
            Kind::Liveness => "Liveness",
            Kind::Readiness => "Readiness",
        }
    }

    pub fn member(self) -> &'static str {
        match self {
            Kind::Startup => "startupProbe",
            Kind::Liveness => "livenessProbe",
            Kind::Readiness => "readinessProbe",
        }
    }
}

/// What one run found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// With what was answered.
    Success(String),
    Failure(String),
    /// The probe itself went wrong: nothing is known.
    Unknown(String),
}

/// Thresholds and the run of equal results. Pure.
#[derive(Debug, Default)]
pub(super) struct Tally {
    last: Option<bool>,
    run: i64,
}

impl Tally {
    /// Counts a result; answers the new verdict once there are enough of the same.
    pub fn count(&mut self, success: bool, probe: &Value) -> Option<bool> {
        if self.last == Some(success) {
            self.run += 1;
        } else {
            self.last = Some(success);
            self.run = 1;
        }
        let threshold = if success {
            "successThreshold"
        } else {
            "failureThreshold"
        };
        let needed = view::int(probe, &[threshold]).unwrap_or(if success { 1 } else { 3 });
        (self.run >= needed).then_some(success)
    }

    pub fn restart(&mut self) {
        self.run = 0;
    }
}

/// Where a probe is aimed.
pub(super) struct Target<'a> {
    pub runtime: &'a Rc<dyn Runtime>,
    pub network: &'a Network,
    pub node_ip: IpAddr,
    pub pod_ip: &'a str,
    pub container: &'a Value,
    pub id: &'a ContainerId,
    pub executor: &'a machine::Executor,
    pub version: &'a str,
}

fn seconds(probe: &Value, member: &str, default: i64) -> Duration {
    Duration::from_secs(view::int(probe, &[member]).unwrap_or(default).max(1) as u64)
}

pub(super) fn period(probe: &Value) -> Duration {
    seconds(probe, "periodSeconds", 10)
}

/// A port by number or by the name of a container's port.
pub(super) fn port(of: &Value, container: &Value) -> Option<u16> {
    match view::at(of, &["port"]) {
        Value::Number(number) => number.as_u64().and_then(|n| u16::try_from(n).ok()),
        Value::String(name) => {
            let named = view::list(container, &["ports"])
                .iter()
                .find(|p| view::text(p, &["name"]) == name);
            let number = named
                .and_then(|p| view::int(p, &["containerPort"]))
                .or_else(|| name.parse().ok());
            number.and_then(|n| u16::try_from(n).ok())
        }
        _ => None,
    }
}

/// Runs a probe once.
pub(super) async fn run(probe: &Value, target: &Target<'_>) -> Found {
    let timeout = seconds(probe, "timeoutSeconds", 1);
    if let Some(action) = probe.get("exec") {
        return exec(&view::texts(action, &["command"]), timeout, target).await;
    }
    if let Some(action) = probe.get("httpGet") {
        return http(action, timeout, target).await;
    }
    if let Some(action) = probe.get("tcpSocket") {
        return tcp(action, timeout, target).await;
    }
    if let Some(action) = probe.get("grpc") {
        return grpc(action, timeout, target).await;
    }
    Found::Unknown(format!(
        "missing probe handler for {}",
        view::text(target.container, &["name"])
    ))
}

const OUTPUT_MAX: usize = 10 * 1024;

/// Runs a command in the container: its exit code decides, its output explains.
async fn exec(command: &[String], timeout: Duration, target: &Target<'_>) -> Found {
    match execute(command, timeout, target).await {
        Ok((0, text)) => Found::Success(text),
        Ok((_, text)) | Err(text) => Found::Failure(text),
    }
}

/// Runs a command in the container. Answers its exit code and output, or why it did not end.
pub(super) async fn execute(
    command: &[String],
    timeout: Duration,
    target: &Target<'_>,
) -> Result<(i32, String), String> {
    let config = ExecConfig {
        argv: command.to_vec(),
        tty: false,
        stdin: false,
    };
    let streams = match target.runtime.exec(target.id, config) {
        Ok(streams) => streams,
        Err(error) => return Err(error.to_string()),
    };
    let output = Rc::new(RefCell::new(Vec::new()));
    let sink = output.clone();
    let exit = streams.exit.clone();
    let reading = async move {
        let drain = |reader: machine::pipe::Reader, sink: Rc<RefCell<Vec<u8>>>| async move {
            while let Ok(bytes) = reader.read(4096).await {
                if bytes.is_empty() {
                    break;
                }
                let mut sink = sink.borrow_mut();
                let room = OUTPUT_MAX.saturating_sub(sink.len());
                sink.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        };
        match streams.stderr {
            Some(stderr) => drop(
                machine::sync::join(drain(streams.stdout, sink.clone()), drain(stderr, sink)).await,
            ),
            None => drain(streams.stdout, sink).await,
        }
        exit.wait().await
    };
    match select(reading, target.executor.sleep(timeout)).await {
        Either::Left(status) => {
            let output = String::from_utf8_lossy(&output.borrow()).into_owned();
            Ok((status.code(), output))
        }
        Either::Right(()) => {
            let line = command.join(" ");
            Err(format!(
                "command timed out: {line:?} timed out after {}",
                objects::duration::go(timeout.as_nanos() as i64)
            ))
        }
    }
}

fn address(host: &str, target: &Target<'_>, port: u16) -> Option<SocketAddr> {
    let ip = if host.is_empty() { target.pod_ip } else { host };
    Some(SocketAddr::new(ip.parse().ok()?, port))
}

/// What `net.Dial` says about an address.
fn dial_error(at: SocketAddr, error: machine::Errno) -> String {
    let text = match error {
        machine::Errno::ECONNREFUSED => "connect: connection refused".to_string(),
        machine::Errno::ETIMEDOUT => "i/o timeout".to_string(),
        other => format!("connect: {}", other.to_string().to_lowercase()),
    };
    format!("dial tcp {at}: {text}")
}

async fn tcp(action: &Value, timeout: Duration, target: &Target<'_>) -> Found {
    let at = port(action, target.container)
        .and_then(|p| address(view::text(action, &["host"]), target, p));
    let Some(at) = at else {
        return Found::Unknown("invalid port".into());
    };
    let dial = target.network.dial(target.node_ip, at);
    match select(dial, target.executor.sleep(timeout)).await {
        Either::Left(Ok(_)) => Found::Success(format!("connected to {at}")),
        Either::Left(Err(error)) => Found::Failure(dial_error(at, error)),
        Either::Right(()) => Found::Failure(format!("dial tcp {at}: i/o timeout")),
    }
}

/// A gRPC health check, spoken between programs of the simulation as one line of HTTP.
async fn grpc(action: &Value, timeout: Duration, target: &Target<'_>) -> Found {
    let Some(at) = port(action, target.container).and_then(|p| address("", target, p)) else {
        return Found::Unknown("invalid port".into());
    };
    let wait = objects::duration::go(timeout.as_nanos() as i64);
    let refused = format!(
        "timeout: failed to connect service {:?} within {wait}: context deadline exceeded",
        at.to_string()
    );
    let asking = async {
        let socket = target
            .network
            .dial(target.node_ip, at)
            .await
            .map_err(|_| ())?;
        let request = format!(
            "GRPC grpc.health.v1.Health/Check {}\r\n\r\n",
            view::text(action, &["service"])
        );
        socket
            .writer
            .write_all(request.as_bytes())
            .await
            .map_err(|_| ())?;
        socket.reader.read(256).await.map_err(|_| ())
    };
    // Whoever does not speak the protocol never becomes ready for the question.
    let asking = async {
        match asking.await {
            Ok(answer) if !answer.starts_with(b"HTTP/") => answer,
            _ => std::future::pending().await,
        }
    };
    match select(asking, target.executor.sleep(timeout)).await {
        Either::Left(answer) => match String::from_utf8_lossy(&answer).trim() {
            "SERVING" => Found::Success("SERVING".into()),
            "UNIMPLEMENTED" => Found::Failure(
                "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service \
                 grpc.health.v1.Health"
                    .into(),
            ),
            "SERVICE_UNKNOWN" => Found::Failure(
                "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service".into(),
            ),
            other => Found::Failure(format!("service unhealthy (responded with {other:?})")),
        },
        Either::Right(()) => Found::Failure(refused),
    }
}

async fn http(action: &Value, timeout: Duration, target: &Target<'_>) -> Found {
    let Some(number) = port(action, target.container) else {
        return Found::Unknown("invalid port".into());
    };
    let Some(at) = address(view::text(action, &["host"]), target, number) else {
        return Found::Unknown("no address to probe".into());
    };
    let path = view::text(action, &["path"]);
    let path = if path.starts_with('/') {
        path.to_string()
    } else {
        format!("/{path}")
    };
    let url = || {
        let secure = view::text(action, &["scheme"]) == "HTTPS";
        let scheme = if secure { "https" } else { "http" };
        format!("{scheme}://{at}{path}")
    };
    let asking = get(at, &path, action, target);
    match select(asking, target.executor.sleep(timeout)).await {
        Either::Left(Ok(code)) if (200..400).contains(&code) => {
            Found::Success(format!("HTTP {code}"))
        }
        Either::Left(Ok(code)) => {
            Found::Failure(format!("HTTP probe failed with statuscode: {code}"))
        }
        Either::Left(Err(text)) => Found::Failure(format!("Get {:?}: {text}", url())),
        Either::Right(()) => Found::Failure(format!(
            "Get {:?}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
            url()
        )),
    }
}

/// Sends one GET and reads the status of its answer.
async fn get(
    at: SocketAddr,
    path: &str,
    action: &Value,
    target: &Target<'_>,
) -> Result<u16, String> {
    let socket = target
        .network
        .dial(target.node_ip, at)
        .await
        .map_err(|e| dial_error(at, e))?;
    let mut headers = String::new();
    let (mut has_host, mut has_agent) = (false, false);
    for header in view::list(action, &["httpHeaders"]) {
        let name = view::text(header, &["name"]);
        has_host |= name.eq_ignore_ascii_case("host");
        has_agent |= name.eq_ignore_ascii_case("user-agent");
        headers += &format!("{name}: {}\r\n", view::text(header, &["value"]));
    }
    let host = if has_host {
        String::new()
    } else {
        format!("Host: {at}\r\n")
    };
    let agent = if has_agent {
        String::new()
    } else {
        format!("User-Agent: kube-probe/{}\r\n", target.version)
    };
    let request = format!(
        "GET {path} HTTP/1.1\r\n{host}{agent}{headers}Accept: */*\r\nConnection: close\r\n\r\n"
    );
    socket
        .writer
        .write_all(request.as_bytes())
        .await
        .map_err(|_| format!("write tcp {at}: broken pipe"))?;
    let mut answer = Vec::new();
    while !answer.contains(&b'\n') && answer.len() < OUTPUT_MAX {
        match socket.reader.read(1024).await {
            Ok(bytes) if bytes.is_empty() => break,
            Ok(bytes) => answer.extend_from_slice(&bytes),
            Err(_) => return Err(format!("read tcp {at}: read: connection reset by peer")),
        }
    }
    let line = String::from_utf8_lossy(&answer);
    let line = line.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err("EOF".into());
    }
    let code = line
        .strip_prefix("HTTP/1.")
        .and_then(|r| r.split(' ').nth(1))
        .and_then(|c| c.parse().ok());
    code.ok_or_else(|| {
        format!("net/http: HTTP/1.x transport connection broken: malformed HTTP response {line:?}")
    })
}

/// When a worker runs next: a ticker that can be set off by hand.
pub(super) struct Ticker {
    period: Duration,
    next: Cell<Time>,
    pub by_hand: Notify,
    asked: Cell<bool>,
}

impl Ticker {
    pub fn new(period: Duration, now: Time) -> Self {
        Ticker {
            period,
            next: Cell::new(now + period),
            by_hand: Notify::new(),
            asked: Cell::new(false),
        }
    }

    /// Asks for a run now; the period begins anew.
    pub fn trigger(&self) {
        self.asked.set(true);
        self.by_hand.notify();
    }

    /// Waits for the next run.
    pub async fn wait(&self, executor: &machine::Executor) {
        let asked = self.by_hand.until(|| self.asked.get().then_some(()));
        match select(asked, executor.sleep_until(self.next.get())).await {
            Either::Left(()) => self.next.set(executor.now() + self.period),
            Either::Right(()) => {
                while self.next.get() <= executor.now() {
                    self.next.set(self.next.get() + self.period);
                }
            }
        }
        self.asked.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn thresholds() {
        let probe = json!({"failureThreshold": 2, "successThreshold": 1});
        let mut tally = Tally::default();
        let verdicts: Vec<_> = [false, true, false, false, false]
            .iter()
            .map(|s| tally.count(*s, &probe))
            .collect();
        assert_eq!(verdicts, [None, Some(true), None, Some(false), Some(false)]);
    }

    #[test]
    fn ports_have_names() {
        let container = json!({"ports": [{"name": "http", "containerPort": 8080}]});
        assert_eq!(port(&json!({"port": "http"}), &container), Some(8080));
        assert_eq!(port(&json!({"port": 80}), &container), Some(80));
        assert_eq!(port(&json!({"port": "nope"}), &container), None);
    }
}
