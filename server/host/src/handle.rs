//! The handle of a world: what the rest of the server holds. Clone, Send, Sync; every call is a message to the world's thread.

use crate::clock::{Clock, ClockCommand, ClockState};
use crate::command::{Command, Reply, Target};
use crate::files::{FileCall, FileChange, FileInfo};
use crate::foreign::ForeignFactory;
use crate::journal::Journal;
use crate::stream::Stream;
use crate::terminal::{Terminal, TerminalId};
use crate::watch::{Watch, WatchQuery};
use bytes::Bytes;
use cluster::{ExecQuery, Fault, Finding, LogQuery};
use machine::Time;
use objects::{Answer, ListAnswer, Request, Status, UserInfo};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};
use tokio::time::Instant;

/// The world has ended: closed, or broken by a panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the world has ended")]
pub struct WorldEnded;

/// What a world tells everyone who listens.
#[derive(Clone, Debug, PartialEq)]
pub enum WorldEvent {
    /// The clock was paused, resumed, moved, or has another speed.
    Clock(ClockState),
    /// Something was done to the machines: [`Handle::faults`] tells what stands now.
    Fault(Fault),
    /// The world is gone. `panic` holds the reason when it broke.
    Ended { panic: Option<String> },
}

/// What the thread of a world and its handles share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Where the world really stands, in nanoseconds.
    pub now: AtomicI64,
    pub revision: AtomicU64,
    pub clock: Mutex<Clock>,
    pub origin: Instant,
    pub events: broadcast::Sender<WorldEvent>,
}

impl Shared {
    pub fn clock(&self) -> Clock {
        self.clock.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }
}

/// The handle of a world. The world ends with its last handle.
#[derive(Clone, Debug)]
pub struct Handle(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub commands: mpsc::UnboundedSender<Command>,
    pub permits: Semaphore,
    pub shared: Arc<Shared>,
    pub git_version: String,
    pub admin: UserInfo,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Streams and watches keep senders of their own; the world goes with its handles all the same.
        let _ = self.commands.send(Command::Close);
    }
}

fn ended() -> Status {
    Status::internal("the cluster has ended")
}

impl Handle {
    async fn call<T>(&self, make: impl FnOnce(Reply<T>) -> Command) -> Result<T, WorldEnded> {
        let _permit = self.0.permits.acquire().await.map_err(|_| WorldEnded)?;
        let (reply, answer) = oneshot::channel();
        self.0.commands.send(make(reply)).map_err(|_| WorldEnded)?;
        answer.await.map_err(|_| WorldEnded)
    }

    /// One request for one object (or a deletecollection); see [`objects::Request`].
    pub async fn request(&self, request: Request) -> Result<Answer, Status> {
        self.call(|reply| Command::Request(Box::new(request), reply))
            .await
            .map_err(|_| ended())?
    }

    /// A list.
    pub async fn list(&self, request: Request) -> Result<ListAnswer, Status> {
        self.call(|reply| Command::List(Box::new(request), reply))
            .await
            .map_err(|_| ended())?
    }

    /// A watch: current objects if asked for, then changes.
    pub async fn watch(&self, query: WatchQuery) -> Result<Watch, Status> {
        self.call(|reply| Command::Watch(Box::new(query), reply))
            .await
            .map_err(|_| ended())?
    }

    async fn open(&self, target: Target) -> Result<Stream, Status> {
        self.call(|reply| Command::Open(Box::new(target), reply))
            .await
            .map_err(|_| ended())?
    }

    /// A container's log, as `Stdout` pieces; the stream ends with the log, or with the container when it follows.
    pub async fn logs(&self, query: LogQuery) -> Result<Stream, Status> {
        self.open(Target::Logs(query)).await
    }

    /// Runs a command in a container.
    pub async fn exec(&self, query: ExecQuery) -> Result<Stream, Status> {
        self.open(Target::Exec(query)).await
    }

    /// Attaches to a container's main process.
    pub async fn attach(&self, query: ExecQuery) -> Result<Stream, Status> {
        self.open(Target::Attach(query)).await
    }

    /// One connection to a port of a pod.
    pub async fn port_forward(
        &self,
        namespace: &str,
        pod: &str,
        port: u16,
    ) -> Result<Stream, Status> {
        let (namespace, pod) = (namespace.to_string(), pod.to_string());
        self.open(Target::PortForward {
            namespace,
            pod,
            port,
        })
        .await
    }

    /// Reads or sets the clock. Steps answer when they are done.
    pub async fn clock(&self, command: ClockCommand) -> Result<ClockState, WorldEnded> {
        self.call(|reply| Command::Clock(command, reply)).await
    }

    /// Does something to the cluster's machines: a node goes, a registry does not answer, a program hangs. It happens now, in
    /// simulated time, and stands in the journal. What there is to be done says [`cluster::catalogue`]. The error is a sentence;
    /// then nothing has changed.
    pub async fn fault(&self, fault: Fault) -> Result<(), String> {
        self.call(|reply| Command::Fault(Box::new(fault), reply))
            .await
            .map_err(|e| e.to_string())?
    }

    /// The faults that stand now: what of them has been mended or has gone by itself is not among them.
    pub async fn faults(&self) -> Result<Vec<Fault>, WorldEnded> {
        self.call(Command::Faults).await
    }

    /// What the cluster's components found out after the finding of this number (0: all that is remembered), oldest first.
    pub async fn findings_after(&self, number: u64) -> Result<Vec<Finding>, WorldEnded> {
        self.call(|reply| Command::Findings(number, reply)).await
    }

    /// Simulated time, without asking the world.
    pub fn now(&self) -> Time {
        let stands = Time(self.0.shared.now.load(Ordering::Acquire));
        stands.max(self.0.shared.clock().target(self.0.shared.origin.elapsed()))
    }

    /// The state of the clock, without asking the world.
    pub fn clock_state(&self) -> ClockState {
        self.0.shared.clock().state(self.now())
    }

    /// The last revision of the store that the world has published.
    pub fn revision(&self) -> u64 {
        self.0.shared.revision.load(Ordering::Acquire)
    }

    /// What `/version` tells.
    pub fn git_version(&self) -> &str {
        &self.0.git_version
    }

    /// The administrator of the cluster.
    pub fn admin(&self) -> &UserInfo {
        &self.0.admin
    }

    /// Everything that came in so far.
    pub async fn journal(&self) -> Result<Journal, WorldEnded> {
        self.journal_after(0).await
    }

    /// As [`Handle::journal`], without its first `known` entries: for whoever keeps it as it grows.
    pub async fn journal_after(&self, known: usize) -> Result<Journal, WorldEnded> {
        self.call(|reply| Command::Journal(known, reply)).await
    }

    /// All objects of the cluster, and the containers, logs and files of its nodes, as text in a fixed order: equal worlds have equal
    /// pictures.
    pub async fn picture(&self) -> Result<String, WorldEnded> {
        self.call(Command::Picture).await
    }

    /// What the world tells everyone. A listener that falls far behind loses the oldest.
    pub fn events(&self) -> broadcast::Receiver<WorldEvent> {
        self.0.shared.events.subscribe()
    }

    /// A new terminal on the workstation, running its login shell. The error is a sentence.
    pub async fn open_terminal(&self, cols: u16, rows: u16) -> Result<Terminal, String> {
        self.call(|reply| Command::OpenTerminal { cols, rows, reply })
            .await
            .map_err(|e| e.to_string())?
    }

    /// Attaches to a terminal that is there already; its reader until now, if any, is let go.
    pub async fn attach_terminal(&self, id: TerminalId) -> Result<Terminal, String> {
        self.call(|reply| Command::AttachTerminal(id, reply))
            .await
            .map_err(|e| e.to_string())?
    }

    async fn files<T>(
        &self,
        make: impl FnOnce(Reply<Result<T, String>>) -> FileCall,
    ) -> Result<T, String> {
        self.call(|reply| Command::Files(make(reply)))
            .await
            .map_err(|e| e.to_string())?
    }

    /// Reads a file of the workstation.
    pub async fn read_file(&self, path: &str) -> Result<Bytes, String> {
        self.files(|reply| FileCall::Read {
            path: path.into(),
            reply,
        })
        .await
    }

    /// Creates or replaces a file of the workstation, with its directories.
    pub async fn write_file(&self, path: &str, content: Bytes, mode: u32) -> Result<(), String> {
        self.files(|reply| FileCall::Write {
            path: path.into(),
            content,
            mode,
            reply,
        })
        .await
    }

    /// Removes a file or an empty directory.
    pub async fn remove_file(&self, path: &str) -> Result<(), String> {
        self.files(|reply| FileCall::Remove {
            path: path.into(),
            reply,
        })
        .await
    }

    /// Creates a directory with its parents; fine when it is there.
    pub async fn make_dir(&self, path: &str) -> Result<(), String> {
        self.files(|reply| FileCall::MakeDir {
            path: path.into(),
            reply,
        })
        .await
    }

    /// Lists a directory, sorted by name.
    pub async fn list_files(&self, path: &str) -> Result<Vec<FileInfo>, String> {
        self.files(|reply| FileCall::List {
            path: path.into(),
            reply,
        })
        .await
    }

    /// Changes below a directory, from now on.
    pub async fn watch_files(&self, path: &str) -> Result<mpsc::Receiver<FileChange>, String> {
        self.files(|reply| FileCall::Watch {
            path: path.into(),
            reply,
        })
        .await
    }

    /// Runs one line of shell on the workstation, in a login shell without a terminal. Answers the exit code and what came
    /// out, standard output and error in order, at most 1 MiB. The error is a sentence.
    pub async fn run_line(&self, line: &str) -> Result<(i32, Bytes), String> {
        self.call(|reply| Command::RunLine(line.into(), reply))
            .await
            .map_err(|e| e.to_string())?
    }

    /// Makes a program of the workstation whose body runs outside; see [`crate::ForeignProcess`]. Processes of this name that
    /// start from now on use it.
    pub fn foreign(&self, name: &str, factory: ForeignFactory) {
        let _ = self
            .0
            .commands
            .send(Command::RegisterForeign(name.into(), factory));
    }

    /// Ends the world. Streams and watches end.
    pub fn close(&self) {
        let _ = self.0.commands.send(Command::Close);
    }
}
