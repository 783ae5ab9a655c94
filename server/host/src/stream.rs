//! The outside half of a stream into a world: exec, attach, port-forward, logs.
//!
//! Both directions are bounded in bytes. Towards the world, a sender takes permits that the world gives back once
//! a process has taken the bytes. Towards the outside, the world writes only as much as the reader has granted, so
//! that a slow reader blocks the process that writes, as a full pipe does. Grants are inputs of the world and stand
//! in its journal. The inside half is `pump.rs`.

use crate::command::{Command, StreamId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// How a process ended: its exit code, or 128 + the signal that ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitStatus {
    pub code: i32,
}

/// Bytes that may be under way in each direction of a stream.
pub const WINDOW_BYTES: usize = 64 * 1024;
/// The largest piece of output that is sent at once.
pub const CHUNK_BYTES: usize = 16 * 1024;
/// A reader grants again once it owes this much.
const GRANT_BYTES: usize = WINDOW_BYTES / 4;

/// What a client sends into a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StreamIn {
    /// Bytes for standard input, or for the socket of a forwarded port.
    Stdin(Bytes),
    /// End of standard input; for a forwarded port, of that direction.
    CloseStdin,
    /// The size of the client's terminal in characters.
    Resize { cols: u16, rows: u16 },
    /// The client is gone.
    Close,
}

impl StreamIn {
    /// Permits that this input holds until the world has taken it in.
    pub(crate) fn cost(&self) -> u32 {
        match self {
            StreamIn::Stdin(bytes) => bytes.len() as u32,
            StreamIn::CloseStdin | StreamIn::Resize { .. } | StreamIn::Close => 64,
        }
    }
}

/// What comes out of a stream. After [`StreamOut::Exit`] or [`StreamOut::Error`] nothing follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamOut {
    Stdout(Bytes),
    Stderr(Bytes),
    /// The process has ended (exec), or the container (attach).
    Exit(ExitStatus),
    /// The stream broke; the text is for the client.
    Error(String),
}

impl StreamOut {
    pub(crate) fn cost(&self) -> usize {
        match self {
            StreamOut::Stdout(b) | StreamOut::Stderr(b) => b.len(),
            StreamOut::Exit(_) | StreamOut::Error(_) => 0,
        }
    }
}

/// Both halves of a stream.
#[derive(Debug)]
pub struct Stream {
    pub input: StreamInput,
    pub output: StreamOutput,
}

/// The sending half. Dropping it does not close the stream; [`StreamIn::Close`] or dropping the output does.
#[derive(Clone, Debug)]
pub struct StreamInput {
    pub(crate) id: StreamId,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    pub(crate) room: Arc<Semaphore>,
}

/// The stream is over: its process, its container or its world has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stream is closed")]
pub struct Closed;

impl StreamInput {
    /// Sends; waits while the process does not read. Large input goes in pieces.
    pub async fn send(&self, input: StreamIn) -> Result<(), Closed> {
        let StreamIn::Stdin(mut bytes) = input else {
            return self.piece(input).await;
        };
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(CHUNK_BYTES));
            self.piece(StreamIn::Stdin(piece)).await?;
        }
        Ok(())
    }

    async fn piece(&self, input: StreamIn) -> Result<(), Closed> {
        let permit = self
            .room
            .acquire_many(input.cost())
            .await
            .map_err(|_| Closed)?;
        permit.forget();
        self.commands
            .send(Command::Stream(self.id, input))
            .map_err(|_| Closed)
    }
}

/// The receiving half. Dropping it closes the stream: an exec'd process loses its output, as with a hung-up client.
#[derive(Debug)]
pub struct StreamOutput {
    pub(crate) id: StreamId,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    pub(crate) pieces: mpsc::UnboundedReceiver<StreamOut>,
    pub(crate) owed: usize,
}

impl StreamOutput {
    /// The next piece; `None` when the world has closed the stream. Safe to cancel.
    pub async fn recv(&mut self) -> Option<StreamOut> {
        let piece = self.pieces.recv().await?;
        self.took(&piece);
        Some(piece)
    }

    fn took(&mut self, piece: &StreamOut) {
        self.owed += piece.cost();
        if self.owed >= GRANT_BYTES {
            let grant = std::mem::take(&mut self.owed);
            // A closed world needs no grant.
            let _ = self.commands.send(Command::Grant(self.id, grant as u32));
        }
    }
}

impl Drop for StreamOutput {
    fn drop(&mut self) {
        let _ = self
            .commands
            .send(Command::Stream(self.id, StreamIn::Close));
    }
}
