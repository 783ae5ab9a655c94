//! Streaming: exec, attach and port-forward over WebSockets and SPDY. What they have in common; one file a protocol.
//!
//! Mirrors kubelet's streaming server and apimachinery's `httpstream` and `wsstream`.

pub mod channels;
pub mod exec;
pub mod port_forward;
pub mod sessions;
pub mod transport;

use crate::route::Asked;
use objects::{Object, Status, Verb};

/// The pod that a stream is about. Errors: 404.
pub(crate) async fn pod(asked: &Asked) -> Result<Object, Status> {
    let mut request = asked.request(Verb::Get);
    request.subresource.clear();
    Ok(asked.api.handle.request(request).await?.object)
}

/// The pod, if it has a node already. Errors: 404, 400.
pub(crate) async fn placed_pod(asked: &Asked) -> Result<Object, Status> {
    let pod = pod(asked).await?;
    if pod.pointer("/spec/nodeName").is_none() {
        let name = &asked.path.name;
        return Err(Status::bad_request(format!(
            "pod {name} does not have a host assigned"
        )));
    }
    Ok(pod)
}

/// How a client wants to stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upgrade {
    WebSocket,
    Spdy,
}

/// Reads the upgrade of a request. Errors: 400.
pub(crate) fn upgrade(asked: &Asked) -> Result<Upgrade, Status> {
    let headers = &asked.parts.headers;
    let text = |name: http::HeaderName| {
        let all = headers.get_all(name);
        all.iter()
            .filter_map(|v| v.to_str().ok())
            .collect::<Vec<_>>()
            .join(",")
            .to_ascii_lowercase()
    };
    let asks = text(http::header::CONNECTION)
        .split(',')
        .any(|t| t.trim() == "upgrade");
    match text(http::header::UPGRADE).as_str() {
        "websocket" if asks => Ok(Upgrade::WebSocket),
        "spdy/3.1" if asks => Ok(Upgrade::Spdy),
        _ => Err(Status::bad_request("Upgrade request required")),
    }
}

/// The values of a header that lists protocols, over all its lines.
pub(crate) fn offered(asked: &Asked, header: &str) -> Vec<String> {
    let lines = asked.parts.headers.get_all(header);
    lines
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .map(|p| p.trim().to_string())
        .filter(|p| !p.is_empty())
        .collect()
}

/// How the process ended, as the status that clients read their exit code from. An attach has no command and ends well however the
/// container ended: clients read that in the pod's status.
pub(crate) fn exit_status(query: &host::ExecQuery, code: i32) -> serde_json::Value {
    if code == 0 || query.command.is_empty() {
        return serde_json::json!({"metadata": {}, "status": "Success"});
    }
    serde_json::json!({
        "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
        "message": format!("command terminated with non-zero exit code: exit status {code}"),
        "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
    })
}

/// An error of the stream itself, as a status.
pub(crate) fn failure(text: &str) -> serde_json::Value {
    serde_json::json!({
        "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500,
        "message": format!("Internal error occurred: {text}"), "details": {"causes": [{"message": text}]},
    })
}
