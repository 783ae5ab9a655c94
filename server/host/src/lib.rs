//! Runs simulated worlds in time: a cluster, a workstation, or both on one clock.
//!
//! This room owns the threads on which worlds live, the mapping of wall time to simulated time, the journal of
//! what came in from outside, and the bounded channels through which the outside talks to a world. It decides
//! nothing about Kubernetes or Linux: those are `cluster` and `machine`. It speaks no HTTP: that is `apiserver`.
//!
//! The way in is [`Shards::create`]; what comes back is a [`Handle`], which is `Clone + Send + Sync`.

mod clock;
mod command;
mod drive;
mod files;
mod foreign;
mod handle;
mod journal;
mod lockstep;
mod pump;
mod shard;
mod spec;
mod stream;
mod terminal;
mod terminals;
mod watch;
mod watchers;
mod workstation;
mod world;

pub use clock::{ClockCommand, ClockState};
pub use cluster::{
    ClusterSpec, ExecQuery, Facts, Fault, FaultKind, Finding, Health, LogQuery, LogStreams,
    NodeSpec, Parameter, Present, Values, Verdict, What, catalogue,
};
pub use command::Target;
pub use files::{FileChange, FileInfo, FileKind};
pub use foreign::{FileStat, ForeignFactory, ForeignProcess};
pub use handle::{Handle, WorldEnded, WorldEvent};
pub use journal::{Entry, Input, Journal, RULES};
pub use lockstep::VirtualTime;
pub use machine::{Signal, Time};
pub use shard::Shards;
pub use spec::{Limits, WorkstationSpec, WorldSpec};
pub use stream::{Closed, ExitStatus, Stream, StreamIn, StreamInput, StreamOut, StreamOutput};
pub use terminal::{TermIn, Terminal, TerminalId, TerminalInput, TerminalOutput};
pub use watch::{Watch, WatchEvent, WatchQuery};

#[cfg(test)]
mod tests;
