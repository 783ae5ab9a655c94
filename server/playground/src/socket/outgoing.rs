//! The way out to a page: frames, cut to size, and the output of terminals.

use std::sync::Arc;

use axum::extract::ws::Message;
use tokio::sync::mpsc;

use crate::session::Session;
use crate::session::terminals::{Next, Viewer};
use crate::wire::{MAX_MESSAGE_BYTES, ObjectChange, ServerFrame, binary};

/// The queue of one connection.
#[derive(Clone)]
pub(super) struct Outgoing(pub mpsc::Sender<Message>);

impl Outgoing {
    /// Waits while the queue is full; a connection that is gone takes nothing.
    pub async fn frame(&self, frame: &ServerFrame) {
        for text in texts(frame) {
            self.message(Message::Text(text.into())).await;
        }
    }

    pub async fn message(&self, message: Message) {
        let _ = self.0.send(message).await;
    }
}

/// A frame as JSON; pictures of the cluster in as many frames as it takes.
pub(super) fn texts(frame: &ServerFrame) -> Vec<String> {
    let ServerFrame::Objects { reset, changes } = frame else {
        return vec![json(frame)];
    };
    let (mut frames, mut batch, mut size, mut reset) =
        (Vec::new(), Vec::<ObjectChange>::new(), 0, *reset);
    for change in changes {
        let length = serde_json::to_vec(&change).map_or(0, |bytes| bytes.len()) + 1;
        if size + length > MAX_MESSAGE_BYTES - 256 && !batch.is_empty() {
            frames.push(json(&ServerFrame::Objects {
                reset: std::mem::take(&mut reset),
                changes: std::mem::take(&mut batch),
            }));
            size = 0;
        }
        size += length;
        batch.push(change.clone());
    }
    if !batch.is_empty() || reset {
        frames.push(json(&ServerFrame::Objects {
            reset,
            changes: batch,
        }));
    }
    frames
}

fn json(frame: &ServerFrame) -> String {
    // Our own types always become JSON.
    serde_json::to_string(frame).unwrap_or_default()
}

/// Sends a terminal's output, acceptance and end to the page.
pub(super) async fn show(mut viewer: Viewer, out: Outgoing, session: Arc<Session>) {
    let id = viewer.terminal.id;
    let (mut sent, mut told) = (viewer.offset, viewer.base);
    loop {
        match viewer.next(sent, told).await {
            Next::Output(bytes) => {
                sent += bytes.len() as u64;
                out.message(Message::Binary(
                    binary::encode(binary::OUTPUT, id, &bytes).into(),
                ))
                .await;
            }
            Next::Accepted(accepted) => {
                told = accepted;
                out.frame(&ServerFrame::TermAccepted {
                    id,
                    accepted: accepted - viewer.base,
                })
                .await;
            }
            Next::Missed { offset, live } => {
                sent = offset;
                out.frame(&ServerFrame::TermMissed { id, offset, live })
                    .await;
            }
            Next::Ended => {
                if let Some(life) = session.life() {
                    life.terminals.forget(&viewer.terminal);
                }
                return out.frame(&ServerFrame::TermClosed { id, code: None }).await;
            }
        }
    }
}
