//! `echo-server` over a WebSocket: first who serves, then every message back. Mirrors what it says through gorilla/websocket 1.5.

use super::Call;
use crate::errno::Errno;
use crate::http::{Request, Response, Stream, reason};
use crate::time::Duration;
use crate::websocket::{self, Decoder, Fault, Message};

/// Whether the header has `token` in its list.
fn lists(request: &Request, name: &str, token: &str) -> bool {
    request.headers.iter().any(|(held, value)| {
        held.eq_ignore_ascii_case(name)
            && value
                .split(',')
                .any(|word| word.trim().eq_ignore_ascii_case(token))
    })
}

/// Whether the client asks for a WebSocket.
pub(super) fn is_upgrade(request: &Request) -> bool {
    lists(request, "connection", "upgrade") && lists(request, "upgrade", "websocket")
}

/// The client's key, when the request is sound; else the status and what is logged.
pub(super) fn agree(request: &Request) -> Result<String, (u16, String)> {
    let key = request.header("sec-websocket-key").unwrap_or_default();
    let (code, why) = if request.method != "GET" {
        (
            405,
            "the client is not using the websocket protocol: request method is not GET",
        )
    } else if !lists(request, "sec-websocket-version", "13") {
        (
            400,
            "unsupported version: 13 not found in 'Sec-Websocket-Version' header",
        )
    } else if !websocket::is_key(key) {
        (
            400,
            "not a websocket handshake: 'Sec-WebSocket-Key' header must be Base64 encoded value of 16-byte in length",
        )
    } else {
        return Ok(key.to_owned());
    };
    Err((code, format!("websocket: {why}")))
}

/// What a client gets that asked in a wrong way.
pub(super) fn refusal(code: u16) -> Response {
    let text = format!("{}\n", reason(code));
    Response::new(code, "text/plain; charset=utf-8", text)
        .with("Sec-Websocket-Version", "13")
        .with("X-Content-Type-Options", "nosniff")
}

impl Call {
    /// Agrees, and speaks until either side ends it.
    pub(super) async fn talk(&self, mut stream: Stream, key: &str) -> Result<(), Errno> {
        let accept = websocket::accept(key);
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        stream.send(head.as_bytes()).await?;
        self.log("upgraded to websocket").await;
        let hello = self
            .server()
            .map_or_else(String::new, |name| format!("Request served by {name}"));
        let hello = Message::Text(hello.into_bytes());
        stream.send(&websocket::encode(&hello)).await?;
        let mut decoder = Decoder::default();
        let why = loop {
            match self.next(&mut stream, &mut decoder).await? {
                Ok(message) => {
                    self.log(&in_short(&message)).await;
                    stream.send(&websocket::encode(&message)).await?;
                }
                Err(why) => break why,
            }
        };
        self.log(&format!("websocket: {why}")).await;
        Ok(())
    }

    /// The next text or bytes of the client, or why there will be none. Pings and closes are answered on the way.
    async fn next(
        &self,
        stream: &mut Stream,
        decoder: &mut Decoder,
    ) -> Result<Result<Message, String>, Errno> {
        loop {
            match decoder.message() {
                Ok(Some(Message::Ping(payload))) => {
                    stream
                        .send(&websocket::encode(&Message::Pong(payload)))
                        .await?;
                }
                Ok(Some(Message::Pong(_))) => {}
                Ok(Some(Message::Close(why))) => {
                    let back = why.as_ref().map(|(code, _)| (*code, String::new()));
                    stream
                        .send(&websocket::encode(&Message::Close(back)))
                        .await?;
                    return Ok(Err(ended(why)));
                }
                Ok(Some(message)) => return Ok(Ok(message)),
                Ok(None) => {
                    self.sys.cpu(Duration::from_micros(20)).await;
                    let bytes = stream.receive().await?;
                    if bytes.is_empty() {
                        return Ok(Err("close 1006 (abnormal closure): unexpected EOF".into()));
                    }
                    decoder.feed(&bytes);
                }
                Err(Fault { code, why }) => {
                    let close = Message::Close(Some((code, why.clone())));
                    stream.send(&websocket::encode(&close)).await?;
                    return Ok(Err(why));
                }
            }
        }
    }
}

/// How a message is logged.
fn in_short(message: &Message) -> String {
    match message {
        Message::Text(text) => format!("txt | {}", String::from_utf8_lossy(text)),
        Message::Binary(bytes) => format!("bin | {} byte(s)", bytes.len()),
        // These are answered before.
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => String::new(),
    }
}

/// `close 1001 (going away)`
fn ended(why: Option<(u16, String)>) -> String {
    let (code, words) = why.unwrap_or((1005, String::new()));
    let name = match code {
        1000 => " (normal)",
        1001 => " (going away)",
        1002 => " (protocol error)",
        1003 => " (unsupported data)",
        1005 => " (no status)",
        1007 => " (invalid payload data)",
        1008 => " (policy violation)",
        1009 => " (message too big)",
        1010 => " (mandatory extension missing)",
        1011 => " (internal server error)",
        _ => "",
    };
    let words = if words.is_empty() {
        words
    } else {
        format!(": {words}")
    };
    format!("close {code}{name}{words}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(method: &str, headers: &[(&str, &str)]) -> Request {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Request {
            method: method.into(),
            headers: headers.collect(),
            ..Request::default()
        }
    }

    #[test]
    fn what_is_asked_for_is_seen_in_two_headers() {
        let yes = asks(
            "GET",
            &[
                ("Connection", "keep-alive, Upgrade"),
                ("upgrade", "WebSocket"),
            ],
        );
        assert!(is_upgrade(&yes));
        assert!(!is_upgrade(&asks("GET", &[("Upgrade", "websocket")])));
        assert!(!is_upgrade(&asks(
            "GET",
            &[("Connection", "upgrade"), ("Upgrade", "h2c")]
        )));
    }

    #[test]
    fn a_wrong_handshake_is_refused_with_its_reason() {
        let (version, key) = (
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        );
        assert!(agree(&asks("GET", &[version, key])).is_ok());
        for (request, code, why) in [
            (
                asks("POST", &[version, key]),
                405,
                "request method is not GET",
            ),
            (asks("GET", &[key]), 400, "unsupported version"),
            (asks("GET", &[version]), 400, "'Sec-WebSocket-Key' header"),
        ] {
            let refused = agree(&request).expect_err(why);
            assert_eq!(refused.0, code, "{}", refused.1);
            assert!(refused.1.contains(why), "{}", refused.1);
        }
    }

    #[test]
    fn ends_are_told_by_name() {
        assert_eq!(ended(None), "close 1005 (no status)");
        assert_eq!(
            ended(Some((1001, String::new()))),
            "close 1001 (going away)"
        );
        assert_eq!(ended(Some((4000, "bye".into()))), "close 4000: bye");
    }
}
