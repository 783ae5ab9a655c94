//! A byte stream to a client, whatever carries it: an upgraded HTTP connection, or the payloads of a WebSocket.

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

/// Pieces under way in each direction.
const PIECES: usize = 32;
const READ_BYTES: usize = 32 * 1024;

/// Both directions. The client is gone when `incoming` ends or `outgoing` is closed; dropping `outgoing` closes the connection.
pub(crate) struct Transport {
    pub incoming: mpsc::Receiver<Bytes>,
    pub outgoing: mpsc::Sender<Bytes>,
}

/// Carries bytes over an upgraded connection.
pub(crate) fn over_connection(upgraded: hyper::upgrade::Upgraded) -> Transport {
    let (mut reader, mut writer) = tokio::io::split(TokioIo::new(upgraded));
    let (to_session, incoming) = mpsc::channel::<Bytes>(PIECES);
    let (outgoing, mut from_session) = mpsc::channel::<Bytes>(PIECES);
    tokio::spawn(async move {
        let mut buffer = vec![0; READ_BYTES];
        while let Ok(count) = reader.read(&mut buffer).await
            && count > 0
        {
            if to_session
                .send(Bytes::copy_from_slice(&buffer[..count]))
                .await
                .is_err()
            {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some(bytes) = from_session.recv().await {
            if writer.write_all(&bytes).await.is_err() {
                return;
            }
        }
        // The client may have closed first.
        let _ = writer.shutdown().await;
    });
    Transport { incoming, outgoing }
}

/// Carries bytes in the binary messages of a WebSocket; where one message ends means nothing.
pub(crate) fn over_web_socket(socket: WebSocket) -> Transport {
    let (mut sink, mut messages) = socket.split();
    let (to_session, incoming) = mpsc::channel::<Bytes>(PIECES);
    let (outgoing, mut from_session) = mpsc::channel::<Bytes>(PIECES);
    tokio::spawn(async move {
        while let Some(Ok(message)) = messages.next().await {
            match message {
                Message::Binary(bytes) => {
                    if to_session.send(bytes).await.is_err() {
                        return;
                    }
                }
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Text(_) | Message::Close(_) => return,
            }
        }
    });
    tokio::spawn(async move {
        while let Some(bytes) = from_session.recv().await {
            if sink.send(Message::Binary(bytes)).await.is_err() {
                return;
            }
        }
        let end = CloseFrame {
            code: close_code::NORMAL,
            reason: "".into(),
        };
        let _ = sink.send(Message::Close(Some(end))).await;
    });
    Transport { incoming, outgoing }
}
