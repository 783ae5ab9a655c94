//! What crosses from the outside into the thread of a world. Every kind is bounded where it is made: requests by
//! the handle's permits, stream input by the stream's, grants and nudges by the output that they answer.

use crate::clock::{ClockCommand, ClockState};
use crate::files::FileCall;
use crate::foreign::ForeignFactory;
use crate::journal::Journal;
use crate::stream::{Stream, StreamIn};
use crate::terminal::{TermIn, Terminal, TerminalId};
use crate::watch::{Watch, WatchQuery};
use bytes::Bytes;
use cluster::{ExecQuery, Fault, Finding, LogQuery};
use objects::{Answer, ListAnswer, Request, Status};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

/// Names a stream within its world; given in the order of opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId(pub u64);

/// Names a watch within its world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatchId(pub u64);

/// What a stream leads to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Target {
    Exec(ExecQuery),
    Attach(ExecQuery),
    PortForward {
        namespace: String,
        pod: String,
        port: u16,
    },
    /// Reads the store and the log only, so it stands in no journal.
    Logs(LogQuery),
}

pub(crate) type Reply<T> = oneshot::Sender<T>;

pub(crate) enum Command {
    Request(Box<Request>, Reply<Result<Answer, Status>>),
    List(Box<Request>, Reply<Result<ListAnswer, Status>>),
    Watch(Box<WatchQuery>, Reply<Result<Watch, Status>>),
    /// A watcher has room again.
    Nudge(WatchId),
    /// A watcher asks for a bookmark in its stream.
    Bookmark(WatchId),
    Unwatch(WatchId),
    Open(Box<Target>, Reply<Result<Stream, Status>>),
    Stream(StreamId, StreamIn),
    /// The reader of a stream or terminal has taken this many bytes and grants as many more.
    Grant(StreamId, u32),
    Clock(ClockCommand, Reply<ClockState>),
    Fault(Box<Fault>, Reply<Result<(), String>>),
    /// The faults that stand.
    Faults(Reply<Vec<Fault>>),
    /// What was found out after the finding of this number.
    Findings(u64, Reply<Vec<Finding>>),
    /// The journal from this entry on.
    Journal(usize, Reply<Journal>),
    /// All objects and logs as text.
    Picture(Reply<String>),
    OpenTerminal {
        cols: u16,
        rows: u16,
        reply: Reply<Result<Terminal, String>>,
    },
    AttachTerminal(TerminalId, Reply<Result<Terminal, String>>),
    Terminal(TerminalId, TermIn),
    DetachTerminal(TerminalId, StreamId),
    /// Runs one line in a login shell of the workstation without a terminal; answers exit code and output.
    RunLine(String, Reply<Result<(i32, Bytes), String>>),
    Files(FileCall),
    RegisterForeign(String, ForeignFactory),
    Close,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Command")
    }
}
