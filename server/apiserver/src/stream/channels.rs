//! The WebSocket channel protocols (`*.channel.k8s.io`): a message is a channel's number and its payload.

use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use objects::Status;
use std::time::Duration;

use crate::route::Asked;

/// As large as clients send: the Go client copies 32 KiB at once, tar through `cp` too.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
const BUFFER_BYTES: usize = 8 * 1024;
/// Largest payload that is sent at once.
pub const SEND_BYTES: usize = 32 * 1024;
/// How long a client may take to answer the closing of a stream.
const GOODBYE: Duration = Duration::from_secs(5);

/// One of the protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocol {
    pub name: &'static str,
    /// 1, 4 or 5.
    pub version: u8,
    pub base64: bool,
}

const fn protocol(name: &'static str, version: u8, base64: bool) -> Protocol {
    Protocol {
        name,
        version,
        base64,
    }
}

/// Best first.
pub const EXEC: &[Protocol] = &[
    protocol("v5.channel.k8s.io", 5, false),
    protocol("v4.channel.k8s.io", 4, false),
    protocol("v4.base64.channel.k8s.io", 4, true),
    protocol("channel.k8s.io", 1, false),
    protocol("base64.channel.k8s.io", 1, true),
];

/// For port-forward.
pub const FORWARD: &[Protocol] = &[
    protocol("v4.channel.k8s.io", 4, false),
    protocol("v4.base64.channel.k8s.io", 4, true),
];

/// The best protocol that a client offers; the plain first one when it offers none. Errors: 400.
pub fn choose(known: &'static [Protocol], offered: &[String]) -> Result<Protocol, Status> {
    if offered.is_empty() {
        let plain = known
            .last()
            .map_or(protocol("", 1, false), |p| protocol("", p.version, false));
        return Ok(plain);
    }
    let chosen = known.iter().find(|p| offered.iter().any(|o| o == p.name));
    chosen.copied().ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|p| p.name).collect();
        let text = format!(
            "unable to upgrade: none of the offered protocols {offered:?} is one of {names:?}"
        );
        Status::bad_request(text)
    })
}

/// Takes the WebSocket's upgrade out of a request; `name` is the protocol that the answer names.
pub(crate) async fn accept(
    asked: &mut Asked,
    name: &'static str,
) -> Result<WebSocketUpgrade, Status> {
    let upgrade = WebSocketUpgrade::from_request_parts(&mut asked.parts, &())
        .await
        .map_err(|e| Status::bad_request(e.body_text()))?;
    let upgrade = upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_MESSAGE_BYTES + BUFFER_BYTES);
    Ok(if name.is_empty() {
        upgrade
    } else {
        upgrade.protocols([name])
    })
}

/// Answers with the switch, and runs `session` on the socket then.
pub(crate) fn switch<F, Fut>(upgrade: WebSocketUpgrade, session: F) -> Response
where
    F: FnOnce(WebSocket) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    upgrade
        .on_failed_upgrade(|error| tracing::debug!(%error, "an upgrade failed"))
        .on_upgrade(session)
}

impl Protocol {
    /// A message on a channel.
    pub fn message(self, channel: u8, payload: &[u8]) -> Message {
        if self.base64 {
            return Message::Text(format!("{channel}{}", STANDARD.encode(payload)).into());
        }
        let mut out = BytesMut::with_capacity(1 + payload.len());
        out.put_u8(channel);
        out.put_slice(payload);
        Message::Binary(out.freeze())
    }

    /// Channel and payload of a message; `None` for one that is not of this protocol.
    pub fn read(self, message: Message) -> Option<(u8, Bytes)> {
        match message {
            Message::Binary(bytes) if !self.base64 => {
                let channel = *bytes.first()?;
                Some((channel, bytes.slice(1..)))
            }
            Message::Text(text) if self.base64 => {
                let (channel, payload) = text.as_str().split_at_checked(1)?;
                let channel = channel.parse().ok()?;
                Some((channel, STANDARD.decode(payload).ok()?.into()))
            }
            _ => None,
        }
    }
}

/// The frame that ends a stream well.
pub fn goodbye() -> Message {
    Message::Close(Some(CloseFrame {
        code: close_code::NORMAL,
        reason: "".into(),
    }))
}

/// Waits a little for the client's own closing frame, so that it reads what was sent last.
pub async fn linger(
    mut messages: impl futures::Stream<Item = Result<Message, axum::Error>> + Unpin,
) {
    use futures::StreamExt;
    let rest = async { while let Some(Ok(_)) = messages.next().await {} };
    // A client that does not answer is let go.
    let _ = tokio::time::timeout(GOODBYE, rest).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(offered: &[&str]) -> Option<&'static str> {
        let offered: Vec<String> = offered.iter().map(ToString::to_string).collect();
        choose(EXEC, &offered).ok().map(|p| p.name)
    }

    #[test]
    fn chooses_as_real_clients_need() {
        assert_eq!(chosen(&["v5.channel.k8s.io"]), Some("v5.channel.k8s.io"));
        assert_eq!(
            chosen(&[
                "base64.binary.k8s.io",
                "v4.channel.k8s.io",
                "channel.k8s.io"
            ]),
            Some("v4.channel.k8s.io")
        );
        assert_eq!(chosen(&["channel.k8s.io"]), Some("channel.k8s.io"));
        assert_eq!(chosen(&[]), Some(""));
        assert_eq!(chosen(&["nonsense"]), None);
    }

    #[test]
    fn messages_there_and_back() {
        for protocol in EXEC {
            let message = protocol.message(2, b"hello");
            assert_eq!(
                protocol.read(message),
                Some((2, Bytes::from_static(b"hello"))),
                "{}",
                protocol.name
            );
        }
        assert_eq!(EXEC[0].read(Message::Binary(Bytes::new())), None);
        assert_eq!(EXEC[2].read(Message::Text("0%%%".into())), None);
    }
}
