//! What a probe, or a hook, asks: made of its fields once, for the answer may be wanted every second.
//!
//! Mirrors the kubelet's `prober/prober.go` and the packages `probe/http`, `probe/tcp` and `probe/grpc`.

use std::net::SocketAddr;

use machine::Duration;
use machine::sync::{Either, select};
use serde_json::Value;

use super::probes::{Found, OUTPUT_MAX, Target, execute};
use crate::view;

/// With its address found and its text made.
pub(super) enum Question {
    Exec(Vec<String>),
    Http(Get),
    Tcp(SocketAddr),
    Grpc {
        at: SocketAddr,
        service: String,
    },
    /// It cannot be asked, and why.
    Wrong(String),
}

/// One GET.
pub(super) struct Get {
    at: SocketAddr,
    /// As errors name it.
    url: String,
    bytes: String,
}

impl Question {
    /// `of`: a probe, or a hook, of a container. `pod_ip`: where it asks when it names no host. `version`: the kubelet's, `1.36`.
    pub fn new(of: &Value, container: &Value, pod_ip: &str, version: &str) -> Question {
        let wrong = |why: &str| Question::Wrong(why.into());
        if let Some(action) = of.get("exec") {
            return Question::Exec(view::texts(action, &["command"]));
        }
        if let Some(action) = of.get("httpGet") {
            let Some(port) = port(action, container) else {
                return wrong("invalid port");
            };
            let at = address(view::text(action, &["host"]), pod_ip, port);
            return match at {
                Some(at) => Question::Http(Get::new(at, action, version)),
                None => wrong("no address to probe"),
            };
        }
        let at = |action: &Value, host: &str| {
            let port = port(action, container)?;
            address(host, pod_ip, port)
        };
        if let Some(action) = of.get("tcpSocket") {
            let at = at(action, view::text(action, &["host"]));
            return at.map_or_else(|| wrong("invalid port"), Question::Tcp);
        }
        if let Some(action) = of.get("grpc") {
            let service = view::text(action, &["service"]).to_string();
            return match at(action, "") {
                Some(at) => Question::Grpc { at, service },
                None => wrong("invalid port"),
            };
        }
        let name = view::text(container, &["name"]);
        Question::Wrong(format!("missing probe handler for {name}"))
    }

    /// Asks it once.
    pub async fn ask(&self, timeout: Duration, target: &Target<'_>) -> Found {
        match self {
            Question::Exec(command) => match execute(command, timeout, target).await {
                Ok((0, text)) => Found::Success(text),
                Ok((_, text)) | Err(text) => Found::Failure(text),
            },
            Question::Http(get) => get.ask(timeout, target).await,
            Question::Tcp(at) => tcp(*at, timeout, target).await,
            Question::Grpc { at, service } => grpc(*at, service, timeout, target).await,
            Question::Wrong(why) => Found::Unknown(why.clone()),
        }
    }
}

/// A port by number or by the name of a container's port.
fn port(of: &Value, container: &Value) -> Option<u16> {
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

fn address(host: &str, pod_ip: &str, port: u16) -> Option<SocketAddr> {
    let ip = if host.is_empty() { pod_ip } else { host };
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

async fn tcp(at: SocketAddr, timeout: Duration, target: &Target<'_>) -> Found {
    let dial = target.network.dial(target.node_ip, at);
    match select(dial, target.executor.sleep(timeout)).await {
        Either::Left(Ok(_)) => Found::Success(format!("connected to {at}")),
        Either::Left(Err(error)) => Found::Failure(dial_error(at, error)),
        Either::Right(()) => Found::Failure(format!("dial tcp {at}: i/o timeout")),
    }
}

/// A gRPC health check, spoken between programs of the simulation as one line of HTTP.
async fn grpc(at: SocketAddr, service: &str, timeout: Duration, target: &Target<'_>) -> Found {
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
        let request = format!("GRPC grpc.health.v1.Health/Check {service}\r\n\r\n");
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

impl Get {
    fn new(at: SocketAddr, action: &Value, version: &str) -> Get {
        let path = view::text(action, &["path"]);
        let slash = if path.starts_with('/') { "" } else { "/" };
        let secure = view::text(action, &["scheme"]) == "HTTPS";
        let scheme = if secure { "https" } else { "http" };
        let own = view::list(action, &["httpHeaders"]);
        let names = |name: &str| {
            own.iter()
                .any(|header| view::text(header, &["name"]).eq_ignore_ascii_case(name))
        };
        let mut bytes = format!("GET {slash}{path} HTTP/1.1\r\n");
        if !names("host") {
            bytes += &format!("Host: {at}\r\n");
        }
        if !names("user-agent") {
            bytes += &format!("User-Agent: kube-probe/{version}\r\n");
        }
        for header in own {
            let (name, value) = (
                view::text(header, &["name"]),
                view::text(header, &["value"]),
            );
            bytes += &format!("{name}: {value}\r\n");
        }
        Get {
            at,
            url: format!("{scheme}://{at}{slash}{path}"),
            bytes: bytes + "Accept: */*\r\nConnection: close\r\n\r\n",
        }
    }

    async fn ask(&self, timeout: Duration, target: &Target<'_>) -> Found {
        match select(self.code(target), target.executor.sleep(timeout)).await {
            Either::Left(Ok(code)) if (200..400).contains(&code) => {
                Found::Success(format!("HTTP {code}"))
            }
            Either::Left(Ok(code)) => {
                Found::Failure(format!("HTTP probe failed with statuscode: {code}"))
            }
            Either::Left(Err(text)) => Found::Failure(format!("Get {:?}: {text}", self.url)),
            Either::Right(()) => Found::Failure(format!(
                "Get {:?}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
                self.url
            )),
        }
    }

    /// Sends it and reads the status of its answer.
    async fn code(&self, target: &Target<'_>) -> Result<u16, String> {
        let at = self.at;
        let socket = target
            .network
            .dial(target.node_ip, at)
            .await
            .map_err(|e| dial_error(at, e))?;
        socket
            .writer
            .write_all(self.bytes.as_bytes())
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
        // the rest of the answer may be long, and says nothing more
        let line = answer.split(|byte| *byte == b'\n').next();
        let line = String::from_utf8_lossy(line.unwrap_or_default());
        let line = line.strip_suffix('\r').unwrap_or(&line);
        if line.is_empty() {
            return Err("EOF".into());
        }
        let code = line
            .strip_prefix("HTTP/1.")
            .and_then(|r| r.split(' ').nth(1))
            .and_then(|c| c.parse().ok());
        code.ok_or_else(|| {
            format!(
                "net/http: HTTP/1.x transport connection broken: malformed HTTP response {line:?}"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ports_have_names() {
        let container = json!({"ports": [{"name": "http", "containerPort": 8080}]});
        assert_eq!(port(&json!({"port": "http"}), &container), Some(8080));
        assert_eq!(port(&json!({"port": 80}), &container), Some(80));
        assert_eq!(port(&json!({"port": "nope"}), &container), None);
    }
}
