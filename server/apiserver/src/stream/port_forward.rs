//! port-forward: over SPDY, over SPDY inside a WebSocket (new kubectl), and by channels (kube-rs, browsers).

use super::channels::{self, Protocol};
use super::exec::spdy_switch;
use super::{Upgrade, offered, placed_pod, sessions, transport, upgrade};
use crate::route::Asked;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocket};
use axum::response::Response;
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use host::{Handle, Stream, StreamIn, StreamInput, StreamOut};
use objects::Status;
use tokio::sync::mpsc;

/// SPDY frames inside the messages of a WebSocket.
const TUNNEL: &str = "SPDY/3.1+portforward.k8s.io";
const SPDY: &str = "portforward.k8s.io";
const MAX_PORTS: usize = 64;

/// Serves port-forward.
pub(crate) async fn serve(mut asked: Asked, _body: Body) -> Result<Response, Status> {
    placed_pod(&asked).await?;
    let kind = upgrade(&asked)?;
    let handle = asked.api.handle.clone();
    let (namespace, pod) = (asked.path.namespace.clone(), asked.path.name.clone());
    if kind == Upgrade::Spdy {
        if !offered(&asked, "x-stream-protocol-version")
            .iter()
            .any(|p| p == SPDY)
        {
            let text =
                format!("unable to upgrade: unable to negotiate protocol: server accepts [{SPDY}]");
            return Err(Status::failure(403, "Forbidden", text));
        }
        let on_upgrade = hyper::upgrade::on(http::Request::from_parts(asked.parts, Body::empty()));
        tokio::spawn(async move {
            if let Ok(upgraded) = on_upgrade.await {
                sessions::forward(transport::over_connection(upgraded), handle, namespace, pod)
                    .await;
            }
        });
        return Ok(spdy_switch(SPDY));
    }
    let offered = offered(&asked, "sec-websocket-protocol");
    if offered.iter().any(|p| p == TUNNEL) {
        let socket = channels::accept(&mut asked, TUNNEL).await?;
        return Ok(channels::switch(socket, move |socket| {
            sessions::forward(transport::over_web_socket(socket), handle, namespace, pod)
        }));
    }
    let protocol = channels::choose(channels::FORWARD, &offered)?;
    let ports = ports(&asked)?;
    let socket = channels::accept(&mut asked, protocol.name).await?;
    Ok(channels::switch(socket, move |socket| {
        by_channels(socket, protocol, handle, namespace, pod, ports)
    }))
}

fn ports(asked: &Asked) -> Result<Vec<u16>, Status> {
    let named: Vec<&str> = asked
        .query
        .all("ports")
        .chain(asked.query.all("port"))
        .flat_map(|p| p.split(','))
        .collect();
    if named.is_empty() {
        return Err(Status::bad_request("query parameter \"ports\" is required"));
    }
    if named.len() > MAX_PORTS {
        return Err(Status::bad_request(format!(
            "at most {MAX_PORTS} ports can be forwarded at once"
        )));
    }
    let read = |text: &&str| {
        let port = text.parse().ok().filter(|p| *p > 0);
        port.ok_or_else(|| Status::bad_request(format!("unable to parse {text:?} as a port")))
    };
    named.iter().map(read).collect()
}

async fn by_channels(
    socket: WebSocket,
    protocol: Protocol,
    handle: Handle,
    namespace: String,
    pod: String,
    ports: Vec<u16>,
) {
    let (mut sink, mut messages) = socket.split();
    let (out, mut outgoing) = mpsc::channel::<Message>(32);
    let mut inputs = Vec::new();
    let mut tasks = tokio::task::JoinSet::new();
    for (index, port) in ports.into_iter().enumerate() {
        let channel = index as u8 * 2;
        for channel in [channel, channel + 1] {
            if sink
                .send(protocol.message(channel, &port.to_le_bytes()))
                .await
                .is_err()
            {
                return;
            }
        }
        let opened = handle.port_forward(&namespace, &pod, port).await;
        match opened {
            Ok(Stream { input, mut output }) => {
                inputs.push(Some(input));
                let out = out.clone();
                tasks.spawn(async move {
                    while let Some(piece) = output.recv().await {
                        let message = match piece {
                            StreamOut::Stdout(bytes) | StreamOut::Stderr(bytes) => {
                                protocol.message(channel, &bytes)
                            }
                            StreamOut::Error(text) => {
                                protocol.message(channel + 1, text.as_bytes())
                            }
                            StreamOut::Exit(_) => break,
                        };
                        if out.send(message).await.is_err() {
                            break;
                        }
                    }
                });
            }
            Err(status) => {
                inputs.push(None);
                let _ = sink
                    .send(protocol.message(channel + 1, status.message.as_bytes()))
                    .await;
            }
        }
    }
    drop(out);
    let send = async {
        while let Some(message) = outgoing.recv().await {
            if sink.send(message).await.is_err() {
                return;
            }
        }
    };
    let take = async {
        while let Some(Ok(message)) = messages.next().await {
            match protocol.read(message) {
                Some((channel, payload)) => give(&inputs, channel, payload).await,
                None => continue,
            }
        }
    };
    tokio::select! {
        () = send => {}
        () = take => return,
    }
    let _ = sink.send(channels::goodbye()).await;
    channels::linger(messages).await;
}

async fn give(inputs: &[Option<StreamInput>], channel: u8, payload: Bytes) {
    if channel.is_multiple_of(2)
        && !payload.is_empty()
        && let Some(Some(input)) = inputs.get(usize::from(channel / 2))
    {
        // A connection that has ended takes no more; its error was told.
        let _ = input.send(StreamIn::Stdin(payload)).await;
    }
}
