//! The wire between the lesson page and the server: one WebSocket a session, at `<base>/api/sessions/{id}/socket`.
//!
//! Text messages hold one JSON frame each ([`ClientFrame`], [`ServerFrame`]); binary messages hold terminal bytes
//! ([`Bytes on a terminal`](binary)). Every message is at most [`MAX_MESSAGE_BYTES`] long. A frame that cannot be read is answered by
//! [`ServerFrame::Error`] and the session goes on.
//!
//! **A terminal** is a number chosen by the page. `term.open` makes it or, when it exists, attaches to it: the server answers
//! `term.opened` with the offset of the next output byte it will send, and sends everything it still holds from `seen` on. The page counts
//! output bytes; after a lost connection it opens again with its count as `seen`. Output flows only [`OUTPUT_WINDOW_BYTES`] ahead of the
//! last `term.ack`; input may run [`INPUT_WINDOW_BYTES`] ahead of the last `term.accepted`.
//!
//! The TypeScript twins of these types stand in `web/src/wire/`, written by the test `wire` (`cargo test -p playground --test wire`).
//! This file is not the Kubernetes channel protocols of exec and logs: those are [`crate::pod_sockets`].

pub mod binary;
mod client;
mod fault;
mod finding;
mod page;
mod server;

pub use client::{Answer, ClientFrame, ClockCommand};
pub use fault::{Fault, Health};
pub use finding::{Finding, Found, Verdict};
pub use page::{
    Brought, Embedded, PageEmbed, PageLesson, PageSession, PageStep, Props, Shared, Ticket, Trouble,
};
pub use server::{
    Backend, Choice, ChoiceKind, ClockState, Explanation, FileEntry, FileEvent, Level,
    ObjectChange, ObjectOp, Preview, Problem, ServerFrame, SessionState, StepCause, StepState,
    StepStatus, TermState,
};

/// The version both sides say in `hello` and `welcome`; it rises when an old page could not understand a new server.
pub const PROTOCOL: u32 = 1;
/// Longest message in either direction, in bytes. A longer one closes the connection with 1009; the session lives.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// How far output may run ahead of the page's last `term.ack`, in bytes.
pub const OUTPUT_WINDOW_BYTES: u64 = 256 * 1024;
/// How far input may run ahead of the server's last `term.accepted`, in bytes.
pub const INPUT_WINDOW_BYTES: u64 = 64 * 1024;
/// Most terminals of one session.
pub const MAX_TERMINALS: usize = 8;
/// Largest file that the editor reads or writes, in bytes (it must fit in one message with its envelope).
pub const MAX_FILE_BYTES: usize = 48 * 1024;
