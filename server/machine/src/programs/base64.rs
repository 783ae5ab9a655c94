//! `base64 [-d] [-w COLUMNS] [FILE]`: encodes and decodes. Mirrors busybox.

use super::lines::{Lines, Output};
use super::options::{self, complain};
use crate::sys::Sys;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const USAGE: &str = "[-d] [-w COL] [FILE]\n\nBase64 encode or decode FILE to standard output";

pub async fn main(sys: Sys) -> i32 {
    let long = [("decode", 'd'), ("wrap", 'w')];
    let options = match options::read(&sys, "dw:", &long, USAGE).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let file = options.rest.first().map_or("-", String::as_str);
    let mut input = match Lines::open(&sys, file) {
        Ok(input) => input,
        Err(error) => {
            complain(&sys, &format!("can't open '{file}': {}", error.text())).await;
            return 1;
        }
    };
    if options.has('d') {
        return decode(&sys, &mut input).await;
    }
    let Ok(width) = options.value('w').unwrap_or("76").parse::<usize>() else {
        complain(
            &sys,
            &format!("invalid number '{}'", options.value('w').unwrap_or("")),
        )
        .await;
        return 1;
    };
    encode(&sys, &mut input, width).await
}

async fn encode(sys: &Sys, input: &mut Lines, width: usize) -> i32 {
    let mut out = Output::new(sys);
    let mut held = Vec::new();
    let mut column = 0;
    loop {
        let piece = match input.bytes(48 << 10).await {
            Ok(piece) => piece,
            Err(error) => {
                complain(sys, &format!("read error: {}", error.text())).await;
                return 1;
            }
        };
        let ended = piece.is_empty();
        sys.cpu(crate::time::Duration::from_nanos(20 * piece.len() as u64))
            .await;
        held.extend(piece);
        let whole = if ended {
            held.len()
        } else {
            held.len() / 3 * 3
        };
        let text = ENGINE.encode(&held[..whole]).into_bytes();
        let mut rest = text.as_slice();
        while !rest.is_empty() {
            if width > 0 && column == width {
                out.put(b"\n").await;
                column = 0;
            }
            let room = if width > 0 {
                width - column
            } else {
                rest.len()
            };
            let (line, after) = rest.split_at(room.min(rest.len()));
            out.put(line).await;
            column += line.len();
            rest = after;
        }
        held.drain(..whole);
        if ended {
            break;
        }
    }
    if width > 0 && column > 0 {
        out.put(b"\n").await;
    }
    out.flush().await;
    0
}

async fn decode(sys: &Sys, input: &mut Lines) -> i32 {
    let mut out = Output::new(sys);
    let mut held: Vec<u8> = Vec::new();
    loop {
        let Ok(piece) = input.bytes(48 << 10).await else {
            return 1;
        };
        let ended = piece.is_empty();
        held.extend(piece.into_iter().filter(|byte| !byte.is_ascii_whitespace()));
        let whole = if ended {
            held.len()
        } else {
            held.len() / 4 * 4
        };
        match ENGINE.decode(&held[..whole]) {
            Ok(bytes) => out.put(bytes).await,
            Err(_) => {
                // What is right before the first wrong group is still written.
                let good = held[..whole]
                    .iter()
                    .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
                    .count()
                    / 4
                    * 4;
                if let Ok(bytes) = ENGINE.decode(&held[..good]) {
                    out.put(bytes).await;
                }
                out.flush().await;
                complain(sys, "truncated input").await;
                return 1;
            }
        }
        held.drain(..whole);
        if ended {
            out.flush().await;
            return 0;
        }
    }
}
