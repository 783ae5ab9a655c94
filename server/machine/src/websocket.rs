//! The frames of a WebSocket, as a server meets them (RFC 6455): bytes in, messages out, and back. Pure: it neither waits nor reads.
//! No extensions, so no compression. Whether text is UTF-8 is left to the program, as many servers leave it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// Bytes of a message, all its fragments together.
pub const MESSAGE_MAX: usize = 1 << 20;
/// Bytes of what a ping, a pong or a close carries (section 5.5).
const CONTROL_MAX: usize = 125;
/// What every server adds to a client's key (section 1.3).
const SALT: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Codes of a close (section 7.4.1).
pub const PROTOCOL_ERROR: u16 = 1002;
pub const TOO_BIG: u16 = 1009;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// What one side tells the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// Why it ends, as code and words, where it says so.
    Close(Option<(u16, String)>),
}

/// The client does not keep to the protocol: the connection is to be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// For the close.
    pub code: u16,
    pub why: String,
}

fn fault<T>(why: impl Into<String>) -> Result<T, Fault> {
    Err(Fault {
        code: PROTOCOL_ERROR,
        why: why.into(),
    })
}

/// What a server answers to the client's key in `Sec-WebSocket-Accept`.
#[must_use]
pub fn accept(key: &str) -> String {
    STANDARD.encode(Sha1::digest(format!("{key}{SALT}")))
}

/// Whether a client's key is one: 16 bytes in base64.
#[must_use]
pub fn is_key(key: &str) -> bool {
    STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}

/// The head of a frame.
struct Head {
    last: bool,
    opcode: u8,
    mask: [u8; 4],
    /// Bytes of the head, and of what it announces.
    size: usize,
    length: usize,
}

/// Makes messages of a client's bytes.
#[derive(Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    /// The message whose last fragment has not come: its opcode, and what came.
    open: Option<(u8, Vec<u8>)>,
}

impl Decoder {
    /// More bytes from the client. Take all messages before the next: so it never holds more than one message and what one read gave.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether it stands between two messages, so that a stream may end here.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.bytes.is_empty() && self.open.is_none()
    }

    /// The next whole message. None: more bytes are needed. After a fault nothing more is to be read.
    pub fn message(&mut self) -> Result<Option<Message>, Fault> {
        loop {
            let Some(head) = self.head()? else {
                return Ok(None);
            };
            let end = head.size + head.length;
            if self.bytes.len() < end {
                return Ok(None);
            }
            let mut payload: Vec<u8> = self.bytes.drain(..end).skip(head.size).collect();
            for (at, byte) in payload.iter_mut().enumerate() {
                *byte ^= head.mask[at % 4];
            }
            match head.opcode {
                PING => return Ok(Some(Message::Ping(payload))),
                PONG => return Ok(Some(Message::Pong(payload))),
                CLOSE => return farewell(payload).map(Some),
                _ => {}
            }
            let (opcode, whole) = self.open.get_or_insert((head.opcode, Vec::new()));
            whole.extend_from_slice(&payload);
            if head.last {
                let (text, whole) = (*opcode == TEXT, core::mem::take(whole));
                self.open = None;
                return Ok(Some(if text {
                    Message::Text(whole)
                } else {
                    Message::Binary(whole)
                }));
            }
        }
    }

    /// The head of the frame that begins here. None: it is not whole.
    fn head(&self) -> Result<Option<Head>, Fault> {
        let &[first, second, ref rest @ ..] = self.bytes.as_slice() else {
            return Ok(None);
        };
        let (last, opcode, short) = (first & 0x80 != 0, first & 0x0f, second & 0x7f);
        let wrong = self.wrongs(first, second);
        if !wrong.is_empty() {
            return fault(wrong.join(", "));
        }
        let wide = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let Some((length, rest)) = rest.split_at_checked(wide) else {
            return Ok(None);
        };
        let length = if wide == 0 {
            u64::from(short)
        } else {
            length.iter().fold(0, |sum, b| sum << 8 | u64::from(*b))
        };
        let before = self.open.as_ref().map_or(0, |(_, whole)| whole.len());
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if opcode < CLOSE && length > MESSAGE_MAX - before {
            return Err(Fault {
                code: TOO_BIG,
                why: "read limit exceeded".into(),
            });
        }
        let Some(mask) = rest.first_chunk() else {
            return Ok(None);
        };
        Ok(Some(Head {
            last,
            opcode,
            mask: *mask,
            size: 2 + wide + 4,
            length,
        }))
    }

    /// All that is wrong with the first two bytes of a frame, in the words of Go's gorilla/websocket.
    fn wrongs(&self, first: u8, second: u8) -> Vec<String> {
        let (last, opcode) = (first & 0x80 != 0, first & 0x0f);
        let mut wrong: Vec<String> = [(0x40, "RSV1 set"), (0x20, "RSV2 set"), (0x10, "RSV3 set")]
            .into_iter()
            .filter(|(bit, _)| first & bit != 0)
            .map(|(_, what)| what.to_owned())
            .collect();
        let mut when = |it_is: bool, what: &str| {
            if it_is {
                wrong.push(what.to_owned());
            }
        };
        match opcode {
            CONTINUATION => when(self.open.is_none(), "continuation after FIN"),
            TEXT | BINARY => when(self.open.is_some(), "data before FIN"),
            CLOSE | PING | PONG => {
                let length = usize::from(second & 0x7f);
                when(length > CONTROL_MAX, "len > 125 for control");
                when(!last, "FIN not set on control");
            }
            other => when(true, &format!("bad opcode {other}")),
        }
        when(second & 0x80 == 0, "bad MASK");
        wrong
    }
}

/// What a close says.
fn farewell(payload: Vec<u8>) -> Result<Message, Fault> {
    let Some((code, words)) = payload.split_first_chunk() else {
        return Ok(Message::Close(None));
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1013 | 3000..=4999) {
        return fault(format!("bad close code {code}"));
    }
    match core::str::from_utf8(words) {
        Ok(words) => Ok(Message::Close(Some((code, words.to_owned())))),
        Err(_) => fault("invalid utf8 payload in close frame"),
    }
}

/// A message in one frame, as a server sends it: without a mask. What a ping, a pong or a close carries is cut at 125 bytes.
#[must_use]
pub fn encode(message: &Message) -> Vec<u8> {
    let closing: Vec<u8>;
    let (opcode, payload) = match message {
        Message::Text(payload) => (TEXT, payload),
        Message::Binary(payload) => (BINARY, payload),
        Message::Ping(payload) => (PING, payload),
        Message::Pong(payload) => (PONG, payload),
        Message::Close(why) => {
            closing = why.as_ref().map_or_else(Vec::new, |(code, words)| {
                [&code.to_be_bytes(), words.as_bytes()].concat()
            });
            (CLOSE, &closing)
        }
    };
    let most = if opcode < CLOSE {
        payload.len()
    } else {
        CONTROL_MAX
    };
    let payload = &payload[..payload.len().min(most)];
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        short @ ..=125 => frame.push(short as u8),
        middle @ ..=0xffff => {
            frame.push(126);
            frame.extend_from_slice(&(middle as u16).to_be_bytes());
        }
        long => {
            frame.push(127);
            frame.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame as a client sends it.
    fn frame(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
        let mut frame = encode(&Message::Binary(payload.to_vec()));
        let body = frame.len() - payload.len();
        (frame[0], frame[1]) = (first, frame[1] | 0x80);
        for (at, byte) in frame[body..].iter_mut().enumerate() {
            *byte ^= mask[at % 4];
        }
        frame.splice(body..body, mask);
        frame
    }

    /// What comes of these bytes: the messages, and the code and words of a fault.
    fn heard(bytes: &[u8]) -> (Vec<Message>, Option<(u16, String)>) {
        let (mut decoder, mut all) = (Decoder::default(), Vec::new());
        decoder.feed(bytes);
        loop {
            match decoder.message() {
                Ok(Some(message)) => all.push(message),
                Ok(None) => return (all, None),
                Err(fault) => return (all, Some((fault.code, fault.why))),
            }
        }
    }

    #[test]
    fn a_key_is_answered_as_the_standard_says() {
        let key = "dGhlIHNhbXBsZSBub25jZQ==";
        assert_eq!(accept(key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(is_key(key) && !is_key("") && !is_key("c2hvcnQ=") && !is_key("?"));
    }

    #[test]
    fn the_examples_of_the_standard() {
        let hello = || Message::Text(b"Hello".to_vec());
        let masked = [
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        assert_eq!(heard(&masked), (vec![hello()], None));
        assert_eq!(encode(&hello()), *b"\x81\x05Hello");
        assert_eq!(
            encode(&Message::Binary(vec![0; 256]))[..4],
            [0x82, 126, 1, 0]
        );
        assert_eq!(
            encode(&Message::Binary(vec![0; 65_536]))[..10],
            [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]
        );
        let parts = [
            frame(0x01, b"Hel", [1, 2, 3, 4]),
            frame(0x89, b"there?", [5; 4]),
            frame(0x80, b"lo", [0; 4]),
        ];
        let ping = Message::Ping(b"there?".to_vec());
        assert_eq!(heard(&parts.concat()), (vec![ping, hello()], None));
    }

    #[test]
    fn closes_say_why_or_nothing() {
        let close = |payload: &[u8]| heard(&frame(0x88, payload, [9; 4]));
        let said = |why: Option<(u16, &str)>| {
            let why = why.map(|(code, words)| (code, words.to_owned()));
            (vec![Message::Close(why)], None)
        };
        assert_eq!(close(b""), said(None));
        assert_eq!(close(b"\x03\xe9"), said(Some((1001, ""))));
        assert_eq!(close(b"\x0f\xa0bye"), said(Some((4000, "bye"))));
        for (payload, why) in [
            (&b"\x03\xed"[..], "bad close code 1005"),
            (b"\x03\xe8\xff", "invalid utf8 payload in close frame"),
        ] {
            assert_eq!(close(payload), (vec![], Some((1002, why.to_owned()))));
        }
        let back = Message::Close(Some((1000, "x".repeat(200))));
        assert_eq!(encode(&back).len(), 2 + CONTROL_MAX);
    }

    #[test]
    fn what_is_against_the_protocol_is_named() {
        let begun = frame(0x01, b"a", [0; 4]);
        let check = |bytes: &[u8], code: u16, why: &str| {
            assert_eq!(heard(bytes).1, Some((code, why.to_owned())), "{bytes:?}");
        };
        check(b"\x81\x01a", 1002, "bad MASK");
        check(b"\xf1\x81", 1002, "RSV1 set, RSV2 set, RSV3 set");
        check(b"\x83\x80", 1002, "bad opcode 3");
        check(b"\x09\x80", 1002, "FIN not set on control");
        check(b"\x89\xfe", 1002, "len > 125 for control");
        check(b"\x80\x80", 1002, "continuation after FIN");
        check(
            &[begun.as_slice(), b"\x81\x80"].concat(),
            1002,
            "data before FIN",
        );
        let announced = [&[0x82, 0xff][..], &(1_u64 << 40).to_be_bytes()].concat();
        check(&announced, 1009, "read limit exceeded");
        let rest = [&[0x80, 0xff][..], &(MESSAGE_MAX as u64).to_be_bytes()].concat();
        check(&[begun, rest].concat(), 1009, "read limit exceeded");
    }
}
