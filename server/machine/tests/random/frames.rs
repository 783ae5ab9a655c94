//! The frames of a WebSocket, however they are cut and whatever they hold.

use machine::websocket::{Decoder, Message};
use proptest::prelude::*;

use super::cases;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const PONG: u8 = 0xa;
const LAST: u8 = 0x80;

/// A message as a client sends it: whether it is text, what it says, the mask, the bytes of a fragment.
type Sent = (bool, Vec<u8>, [u8; 4], usize);

fn messages() -> impl Strategy<Value = Vec<Sent>> {
    let payload = prop::collection::vec(any::<u8>(), 0..400);
    prop::collection::vec(
        (any::<bool>(), payload, any::<[u8; 4]>(), 1..90_usize),
        0..8,
    )
}

/// A masked frame of fewer than 65536 bytes.
fn frame(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ ..=125 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend((long as u16).to_be_bytes());
        }
    }
    frame.extend(mask);
    let masked = payload.iter().zip(mask.into_iter().cycle());
    frame.extend(masked.map(|(byte, key)| byte ^ key));
    frame
}

/// The frames of a message, with a pong between every two, and what is to come of them.
fn written((text, payload, mask, piece): Sent) -> (Vec<u8>, Vec<Message>) {
    let mut pieces: Vec<&[u8]> = payload.chunks(piece).collect();
    if pieces.is_empty() {
        pieces.push(&[]);
    }
    let (mut bytes, mut expected) = (Vec::new(), Vec::new());
    for (at, part) in pieces.iter().enumerate() {
        let opcode = match (at, text) {
            (0, true) => TEXT,
            (0, false) => BINARY,
            _ => CONTINUATION,
        };
        let ends = at + 1 == pieces.len();
        bytes.extend(frame(if ends { LAST | opcode } else { opcode }, part, mask));
        if !ends {
            bytes.extend(frame(LAST | PONG, &mask, mask));
            expected.push(Message::Pong(mask.to_vec()));
        }
    }
    let kind = if text { Message::Text } else { Message::Binary };
    expected.push(kind(payload));
    (bytes, expected)
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn however_they_are_cut_the_same_messages_come(sent in messages(), step in 1..50_usize) {
        let (bytes, expected): (Vec<_>, Vec<_>) = sent.into_iter().map(written).unzip();
        let (mut decoder, mut got) = (Decoder::default(), Vec::new());
        for part in bytes.concat().chunks(step) {
            decoder.feed(part);
            while let Some(message) = decoder.message().expect("no fault") {
                got.push(message);
            }
        }
        prop_assert_eq!(got, expected.concat());
        prop_assert!(decoder.is_idle());
    }

    #[test]
    fn any_bytes_end_in_messages_or_a_fault(bytes in prop::collection::vec(any::<u8>(), 0..300), step in 1..50_usize) {
        let (mut decoder, mut count) = (Decoder::default(), 0);
        'all: for part in bytes.chunks(step) {
            decoder.feed(part);
            loop {
                match decoder.message() {
                    Ok(Some(_)) => count += 1,
                    Ok(None) => break,
                    Err(fault) => {
                        prop_assert!(matches!(fault.code, 1002 | 1009) && !fault.why.is_empty());
                        break 'all;
                    }
                }
            }
        }
        // The smallest frame of a client has six bytes.
        prop_assert!(count * 6 <= bytes.len());
    }
}
