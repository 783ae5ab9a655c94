//! A watch over a WebSocket, as browsers open it: an event is a text message.
//!
//! Mirrors `serveWatchHandler` of apiserver: of the protocols that a client offers only a single one is taken.

use super::Feed;
use crate::route::Asked;
use crate::stream::offered;
use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use objects::Status;

/// What a client carries its token in; it is no protocol, and is not taken.
const TOKEN: &str = "base64url.bearer.authorization.k8s.io.";

/// Upgrades the connection and sends the events. Errors: 400 when the request is no WebSocket's.
pub(super) async fn serve(mut asked: Asked, feed: Feed) -> Result<Response, Status> {
    let mut protocols = offered(&asked, "sec-websocket-protocol");
    protocols.retain(|protocol| !protocol.starts_with(TOKEN));
    let upgrade = WebSocketUpgrade::from_request_parts(&mut asked.parts, &())
        .await
        .map_err(|why| Status::bad_request(why.to_string()))?;
    let upgrade = match &protocols[..] {
        [only] => upgrade.protocols([only.clone()]),
        _ => upgrade,
    };
    Ok(upgrade.on_upgrade(|socket| send(socket, feed)))
}

/// Sends until the watch ends or the client goes. What the client says is not listened to.
async fn send(mut socket: WebSocket, mut feed: Feed) {
    loop {
        let line = tokio::select! {
            line = feed.next() => line,
            said = socket.recv() => match said {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
        };
        let Some(line) = line else { break };
        let text = String::from_utf8_lossy(&line).trim_end().to_string();
        if socket.send(Message::Text(text.into())).await.is_err() {
            return;
        }
    }
    let end = CloseFrame {
        code: close_code::NORMAL,
        reason: "".into(),
    };
    // the client may be gone already
    let _ = socket.send(Message::Close(Some(end))).await;
}
