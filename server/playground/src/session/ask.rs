//! Asks a pod's port by HTTP, through the cluster's port-forward: the same on either backend.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;

/// A pod that does not answer within this time does not answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Most bytes of a body that are read.
const BODY_BYTES: usize = 64 * 1024;

/// Status and body of `GET path`; `None` where nothing answers.
pub async fn get(
    client: &kube::Client,
    namespace: &str,
    pod: &str,
    port: u16,
    path: &str,
) -> Option<(u16, String)> {
    tokio::time::timeout(PATIENCE, try_get(client, namespace, pod, port, path))
        .await
        .ok()?
}

async fn try_get(
    client: &kube::Client,
    namespace: &str,
    pod: &str,
    port: u16,
    path: &str,
) -> Option<(u16, String)> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let mut forward = pods.portforward(pod, &[port]).await.ok()?;
    let socket = forward.take_stream(port)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket))
        .await
        .ok()?;
    let connection = tokio::spawn(connection);
    let request = http::Request::get(path)
        .header("host", format!("localhost:{port}"))
        .body(Empty::<Bytes>::new())
        .ok()?;
    let answer = sender.send_request(request).await.ok()?;
    let code = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), BODY_BYTES)
        .collect()
        .await
        .ok()?
        .to_bytes();
    connection.abort();
    Some((code, String::from_utf8_lossy(&body).into_owned()))
}
