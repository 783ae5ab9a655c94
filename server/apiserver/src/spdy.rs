//! SPDY/3.1 as kubectl and other Go clients speak it for exec, attach and port-forward. Bytes in, frames out, and back:
//! no socket, no clock, no task. Which streams mean what is decided in `streaming`.
//!
//! Mirrors the dialect of moby/spdystream: no flow control, server replies with empty header blocks.

mod decode;
mod dictionary;
mod encode;

pub use decode::{Decoder, SpdyError};
pub use encode::Encoder;

use bytes::Bytes;

/// The largest frame that is taken; longer ones are an error. Go clients write at most 32 KiB.
pub const MAX_FRAME_BYTES: usize = 1024 * 1024;

/// A frame from the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A new stream with its headers (names in lower case).
    Open {
        id: u32,
        fin: bool,
        headers: Vec<(String, String)>,
    },
    Data {
        id: u32,
        fin: bool,
        bytes: Bytes,
    },
    /// The peer is done with a stream, in both directions.
    Reset {
        id: u32,
        status: u32,
    },
    Ping(u32),
    /// The peer goes.
    GoAway,
    /// A frame that this dialect takes no notice of.
    Ignored,
}

/// Why a stream is reset.
pub mod reset {
    pub const PROTOCOL_ERROR: u32 = 1;
    pub const REFUSED: u32 = 3;
    pub const CANCEL: u32 = 5;
    pub const INTERNAL: u32 = 6;
}

#[cfg(test)]
mod tests;
