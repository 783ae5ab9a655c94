//! Exec, attach, log and port-forward of one pod, for programs and other front ends: one WebSocket each, at
//! `<base>api/sessions/{id}/namespaces/{ns}/pods/{pod}/{exec|attach|log|portforward}`.
//!
//! Exec, attach and port-forward speak Kubernetes' own channel protocols (v4 and v5.channel.k8s.io): the upgrade is passed to the session's
//! cluster as it came and the bytes are joined, so nothing is parsed, kept or slowed down here, and back-pressure is that of the two
//! sockets. A log comes as binary messages, or, without an upgrade, as a plain streamed body.
//! (kubernetes.io/docs/reference/using-api/api-concepts, "WebSocket")

use axum::body::Body;
use axum::http::header::{
    CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, HeaderName, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use tokio_util::sync::CancellationToken;

/// Headers of a WebSocket handshake that are passed on, and back.
const HANDSHAKE: [HeaderName; 5] = [
    CONNECTION,
    UPGRADE,
    SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION,
    SEC_WEBSOCKET_PROTOCOL,
];
const HANDSHAKE_BACK: [HeaderName; 4] = [
    CONNECTION,
    UPGRADE,
    SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_PROTOCOL,
];

/// What is asked of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub namespace: String,
    pub pod: String,
    /// `exec`, `attach`, `log`, `portforward`
    pub action: String,
    pub query: Option<String>,
}

impl Wanted {
    /// The path at the cluster; `None` for what is not offered or is no name.
    fn path(&self) -> Option<String> {
        let is_name = |text: &str| {
            !text.is_empty()
                && text.len() <= 253
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
        };
        let offered = matches!(
            self.action.as_str(),
            "exec" | "attach" | "log" | "portforward"
        );
        (offered && is_name(&self.namespace) && is_name(&self.pod)).then(|| {
            let query = self
                .query
                .as_ref()
                .map(|query| format!("?{query}"))
                .unwrap_or_default();
            format!(
                "/api/v1/namespaces/{}/pods/{}/{}{query}",
                self.namespace, self.pod, self.action
            )
        })
    }
}

/// Joins the request to the cluster; `stop` ends it with the session.
pub async fn join(
    client: &kube::Client,
    wanted: &Wanted,
    request: Request<Body>,
    stop: CancellationToken,
) -> Response {
    let Some(path) = wanted.path() else {
        return (
            StatusCode::NOT_FOUND,
            "There is no such thing to ask of a pod.\n",
        )
            .into_response();
    };
    if wanted.action == "log" {
        return log(client, &path, request, stop).await;
    }
    if !request.headers().contains_key(UPGRADE) {
        return (
            StatusCode::UPGRADE_REQUIRED,
            [(UPGRADE, "websocket")],
            "This is a WebSocket.\n",
        )
            .into_response();
    }
    splice(client, &path, request, stop).await
}

/// Passes the upgrade on, and joins the two sockets.
async fn splice(
    client: &kube::Client,
    path: &str,
    mut request: Request<Body>,
    stop: CancellationToken,
) -> Response {
    let mut onward = Request::get(path);
    for name in HANDSHAKE {
        for value in request.headers().get_all(&name) {
            onward = onward.header(name.clone(), value.clone());
        }
    }
    let Ok(onward) = onward.body(kube::client::Body::empty()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let ours = hyper::upgrade::on(&mut request);
    let mut answer = match client.send(onward).await {
        Ok(answer) => answer,
        Err(error) => return unreachable(&error),
    };
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return refused(answer).await;
    }
    let theirs = hyper::upgrade::on(&mut answer);
    let mut back = HeaderMap::new();
    for name in HANDSHAKE_BACK {
        if let Some(value) = answer.headers().get(&name) {
            back.insert(name, value.clone());
        }
    }
    tokio::spawn(async move {
        let (Ok(ours), Ok(theirs)) = tokio::join!(ours, theirs) else {
            return;
        };
        let (mut ours, mut theirs) = (TokioIo::new(ours), TokioIo::new(theirs));
        tokio::select! {
            () = stop.cancelled() => {}
            // Either side's end, orderly or not, is the end of both.
            _ = tokio::io::copy_bidirectional_with_sizes(&mut ours, &mut theirs, 32 * 1024, 32 * 1024) => {}
        }
    });
    (StatusCode::SWITCHING_PROTOCOLS, back).into_response()
}

/// A log, as binary messages of a WebSocket or as a plain body.
async fn log(
    client: &kube::Client,
    path: &str,
    request: Request<Body>,
    stop: CancellationToken,
) -> Response {
    use axum::extract::FromRequestParts;
    use axum::extract::ws::{CloseFrame, Message, WebSocketUpgrade};

    let Ok(onward) = Request::get(path).body(kube::client::Body::empty()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let answer = match client.send(onward).await {
        Ok(answer) if answer.status().is_success() => answer,
        Ok(answer) => return refused(answer).await,
        Err(error) => return unreachable(&error),
    };
    let mut lines = answer.into_body();
    if !request.headers().contains_key(UPGRADE) {
        return (
            [(CONTENT_TYPE, "text/plain; charset=utf-8")],
            Body::new(lines),
        )
            .into_response();
    }
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(refusal) => return refusal.into_response(),
    };
    upgrade.protocols(["binary.k8s.io"]).max_message_size(4096).read_buffer_size(4096).write_buffer_size(0).on_upgrade(move |mut socket| async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                frame = lines.frame() => match frame {
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data() && socket.send(Message::Binary(data)).await.is_err() {
                            return;
                        }
                    }
                    Some(Err(_)) | None => break,
                },
                message = socket.recv() => match message {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => {}
                },
            }
        }
        let _ = socket.send(Message::Close(Some(CloseFrame { code: 1000, reason: "".into() }))).await;
    })
}

/// The cluster said no: its own `Status`, with its own code.
async fn refused(answer: http::Response<kube::client::Body>) -> Response {
    let status = answer.status();
    let body = answer
        .into_body()
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

fn unreachable(error: &kube::Error) -> Response {
    tracing::info!(%error, "the cluster does not answer");
    (StatusCode::BAD_GATEWAY, "The cluster does not answer.\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pods_are_reached() {
        let path = |namespace: &str, pod: &str, action: &str| {
            Wanted {
                namespace: namespace.into(),
                pod: pod.into(),
                action: action.into(),
                query: Some("container=a".into()),
            }
            .path()
        };
        assert_eq!(
            path("default", "kuard", "exec").as_deref(),
            Some("/api/v1/namespaces/default/pods/kuard/exec?container=a")
        );
        assert_eq!(path("default", "../../secrets", "exec"), None);
        assert_eq!(path("default", "kuard", "eviction"), None);
        assert_eq!(path("", "kuard", "log"), None);
    }
}
