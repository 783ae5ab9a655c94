//! exec and attach: a process's streams to a client.

use super::channels::{self, Protocol};
use super::{Upgrade, exit_status, failure, offered, placed_pod, sessions, upgrade};
use crate::route::Asked;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocket};
use axum::response::Response;
use bytes::Bytes;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use host::{ExecQuery, Stream, StreamIn, StreamInput, StreamOut, StreamOutput};
use http::{HeaderValue, StatusCode, header};
use objects::Status;
use serde_json::Value;

/// Protocols of exec over SPDY, best first. The first ones of old clients report errors differently.
const SPDY_PROTOCOLS: &[&str] = &[
    "v4.channel.k8s.io",
    "v3.channel.k8s.io",
    "v2.channel.k8s.io",
    "channel.k8s.io",
];

fn exec_query(asked: &Asked) -> Result<ExecQuery, Status> {
    let q = &asked.query;
    let query = ExecQuery {
        namespace: asked.path.namespace.clone(),
        pod: asked.path.name.clone(),
        container: q.get("container").into(),
        command: q.all("command").map(str::to_string).collect(),
        stdin: q.flag("stdin"),
        stdout: q.flag("stdout"),
        // A terminal has one output.
        stderr: q.flag("stderr") && !q.flag("tty"),
        tty: q.flag("tty"),
    };
    Ok(query)
}

fn check(asked: &Asked, query: &ExecQuery) -> Result<(), Status> {
    if asked.path.subresource == "exec" && query.command.is_empty() {
        return Err(Status::bad_request(
            "you must specify at least one command for the container",
        ));
    }
    if !(query.stdin || query.stdout || query.stderr) {
        return Err(Status::bad_request(
            "you must specify at least 1 of stdin, stdout, stderr",
        ));
    }
    Ok(())
}

/// Serves exec or attach.
pub(crate) async fn serve(mut asked: Asked, _body: Body) -> Result<Response, Status> {
    placed_pod(&asked).await?;
    let kind = upgrade(&asked)?;
    let query = exec_query(&asked)?;
    check(&asked, &query)?;
    let handle = asked.api.handle.clone();
    let open = async |query: ExecQuery| {
        let attach = asked.path.subresource == "attach";
        let opened = if attach {
            handle.attach(query).await
        } else {
            handle.exec(query).await
        };
        match opened {
            Ok(stream) => Ok(Ok(stream)),
            // What goes wrong inside the container is told in the stream, after the upgrade.
            Err(status) if status.code() == 500 => Ok(Err(status)),
            Err(status) => Err(status),
        }
    };
    match kind {
        Upgrade::WebSocket => {
            let protocol =
                channels::choose(channels::EXEC, &offered(&asked, "sec-websocket-protocol"))?;
            let opened = open(query.clone()).await?;
            let socket = channels::accept(&mut asked, protocol.name).await?;
            Ok(channels::switch(socket, move |socket| {
                web_socket(socket, protocol, query, opened)
            }))
        }
        Upgrade::Spdy => {
            let offered = offered(&asked, "x-stream-protocol-version");
            let chosen = SPDY_PROTOCOLS
                .iter()
                .find(|p| offered.iter().any(|o| o == *p));
            let Some(chosen) = chosen.copied() else {
                let text = format!(
                    "unable to upgrade: unable to negotiate protocol: client supports {offered:?}, server accepts {SPDY_PROTOCOLS:?}"
                );
                return Err(Status::failure(403, "Forbidden", text));
            };
            let opened = open(query.clone()).await?;
            let on_upgrade =
                hyper::upgrade::on(http::Request::from_parts(asked.parts, Body::empty()));
            tokio::spawn(async move {
                if let Ok(upgraded) = on_upgrade.await {
                    sessions::exec(
                        super::transport::over_connection(upgraded),
                        query,
                        opened,
                        chosen,
                    )
                    .await;
                }
            });
            Ok(spdy_switch(chosen))
        }
    }
}

/// The answer that switches to SPDY.
pub(crate) fn spdy_switch(protocol: &'static str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("SPDY/3.1"));
    headers.insert(
        "x-stream-protocol-version",
        HeaderValue::from_static(protocol),
    );
    response
}

/// The `Resize` that a client's JSON asks for.
pub(crate) fn resize(payload: &[u8]) -> Option<StreamIn> {
    let size: Value = serde_json::from_slice(payload).ok()?;
    let side = |key: &str| size[key].as_u64().and_then(|n| u16::try_from(n).ok());
    Some(StreamIn::Resize {
        cols: side("Width")?,
        rows: side("Height")?,
    })
}

async fn web_socket(
    socket: WebSocket,
    protocol: Protocol,
    query: ExecQuery,
    opened: Result<Stream, Status>,
) {
    let (mut sink, mut messages) = socket.split();
    // Tells the client that the stream is there: an empty message on the first output channel.
    let first = if query.stdout {
        1
    } else if query.stderr {
        2
    } else {
        3
    };
    if sink.send(protocol.message(first, b"")).await.is_err() {
        return;
    }
    match opened {
        Ok(Stream { input, output }) => {
            let output = send_output(&mut sink, protocol, &query, output);
            let input = take_input(&mut messages, protocol, input);
            tokio::pin!(output, input);
            // The client's input may end before the output; the other way round ends both.
            tokio::select! {
                () = &mut output => {}
                gone = &mut input => if !gone { output.await },
            }
        }
        Err(status) => {
            let _ = sink.send(last_word(protocol, &translated(&status))).await;
        }
    }
    let _ = sink.send(channels::goodbye()).await;
    channels::linger(messages).await;
}

/// The failure that an error of the cluster becomes inside a stream.
pub(crate) fn failure_of(status: &Status) -> Value {
    let text = status
        .message
        .strip_prefix("Internal error occurred: ")
        .unwrap_or(&status.message);
    failure(text)
}

/// The failure inside a WebSocket. What the node's streaming server said is wrapped once more, by the translator between WebSocket and SPDY.
fn translated(status: &Status) -> Value {
    let by_the_node = ["error executing command", "error attaching to container"];
    let inner = status.message.strip_prefix("Internal error occurred: ");
    match inner.filter(|text| by_the_node.iter().any(|start| text.starts_with(start))) {
        Some(_) => failure(&status.message),
        None => failure_of(status),
    }
}

/// The status at the end: JSON since version 4, plain text of failures before.
fn last_word(protocol: Protocol, status: &Value) -> Message {
    if protocol.version >= 4 {
        return protocol.message(3, status.to_string().as_bytes());
    }
    protocol.message(3, status["message"].as_str().unwrap_or_default().as_bytes())
}

async fn send_output(
    sink: &mut SplitSink<WebSocket, Message>,
    protocol: Protocol,
    query: &ExecQuery,
    mut output: StreamOutput,
) {
    while let Some(piece) = output.recv().await {
        let (channel, wanted, mut bytes) = match piece {
            StreamOut::Stdout(bytes) => (1, query.stdout, bytes),
            StreamOut::Stderr(bytes) => (2, query.stderr, bytes),
            StreamOut::Exit(exit) => {
                let status = exit_status(query, exit.code);
                if protocol.version >= 4 || status["status"] == "Failure" {
                    let _ = sink.send(last_word(protocol, &status)).await;
                }
                return;
            }
            StreamOut::Error(text) => {
                let _ = sink.send(last_word(protocol, &failure(&text))).await;
                return;
            }
        };
        while wanted && !bytes.is_empty() {
            let part = bytes.split_to(bytes.len().min(channels::SEND_BYTES));
            if sink.send(protocol.message(channel, &part)).await.is_err() {
                return;
            }
        }
    }
}

/// Takes what the client sends. True when the client is gone.
async fn take_input(
    messages: &mut SplitStream<WebSocket>,
    protocol: Protocol,
    input: StreamInput,
) -> bool {
    while let Some(message) = messages.next().await {
        let message = match message {
            Ok(Message::Close(_)) | Err(_) => return true,
            Ok(Message::Ping(_) | Message::Pong(_)) => continue,
            Ok(message) => message,
        };
        // What is no message of the protocol is dropped, as the real server drops it.
        let Some((channel, payload)) = protocol.read(message) else {
            continue;
        };
        let sent = match channel {
            0 if payload.is_empty() => Ok(()),
            0 => input.send(StreamIn::Stdin(payload)).await,
            4 => match resize(&payload) {
                Some(size) => input.send(size).await,
                None => Ok(()),
            },
            255 if protocol.version >= 5 && payload == Bytes::from_static(&[0]) => {
                input.send(StreamIn::CloseStdin).await
            }
            // Channels that only the server writes, and unknown ones, are dropped.
            _ => Ok(()),
        };
        if sent.is_err() {
            // The process has ended; its output may still be on the way.
            return false;
        }
    }
    true
}
