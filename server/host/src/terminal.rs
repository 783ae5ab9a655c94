//! Terminals of the workstation, seen from outside. A terminal lives on when its reader goes away (a lost
//! connection); who attaches again first gets the last [`REPLAY_BYTES`] of output.

use crate::command::{Command, StreamId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// How much output a terminal keeps for a reader that comes back.
pub const REPLAY_BYTES: usize = 64 * 1024;

/// Names a terminal within its world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TerminalId(pub u64);

/// What a person does at a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TermIn {
    /// Keys, as bytes.
    Keys(Bytes),
    Resize {
        cols: u16,
        rows: u16,
    },
    /// Ends the terminal; its processes get SIGHUP.
    Hangup,
}

/// An attached terminal.
#[derive(Debug)]
pub struct Terminal {
    pub id: TerminalId,
    /// Output from before this reader came, at most [`REPLAY_BYTES`].
    pub replay: Bytes,
    /// How many bytes had come out before those.
    pub replay_from: u64,
    pub input: TerminalInput,
    pub output: TerminalOutput,
}

/// The sending end.
#[derive(Clone, Debug)]
pub struct TerminalInput {
    pub(crate) id: TerminalId,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    pub(crate) room: Arc<Semaphore>,
}

impl TerminalInput {
    /// Sends; waits while the terminal takes nothing in.
    pub async fn send(&self, input: TermIn) -> Result<(), crate::stream::Closed> {
        let cost = input.cost();
        let permit = self
            .room
            .acquire_many(cost)
            .await
            .map_err(|_| crate::stream::Closed)?;
        permit.forget();
        self.commands
            .send(Command::Terminal(self.id, input))
            .map_err(|_| crate::stream::Closed)
    }
}

impl TermIn {
    pub(crate) fn cost(&self) -> u32 {
        match self {
            TermIn::Keys(bytes) => bytes.len().clamp(1, crate::stream::WINDOW_BYTES) as u32,
            TermIn::Resize { .. } | TermIn::Hangup => 64,
        }
    }
}

/// The receiving end. Dropping it detaches; the terminal goes on.
#[derive(Debug)]
pub struct TerminalOutput {
    pub(crate) id: TerminalId,
    /// Names this reader, so that grants of an old one do not count for the next.
    pub(crate) reader: StreamId,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    pub(crate) pieces: mpsc::UnboundedReceiver<Bytes>,
    pub(crate) owed: usize,
}

impl TerminalOutput {
    /// The next piece of output; `None` when the login shell has ended or another reader took over. Safe to cancel.
    pub async fn recv(&mut self) -> Option<Bytes> {
        let piece = self.pieces.recv().await?;
        self.owed += piece.len();
        if self.owed >= crate::stream::WINDOW_BYTES / 4 {
            let grant = std::mem::take(&mut self.owed);
            let _ = self
                .commands
                .send(Command::Grant(self.reader, grant as u32));
        }
        Some(piece)
    }
}

impl Drop for TerminalOutput {
    fn drop(&mut self) {
        let _ = self
            .commands
            .send(Command::DetachTerminal(self.id, self.reader));
    }
}
