//! The journal: what came into a world from outside, each with its simulated time. A world is its spec and its journal.
//!
//! Reads stand in no journal. Inputs are taken in only when nothing in the world is ready to run at the current time, so that
//! their place among the world's own doings is determined by their time and order alone.

use crate::command::{StreamId, Target};
use crate::spec::WorldSpec;
use crate::stream::StreamIn;
use cluster::Fault;
use machine::Time;
use objects::Request;
use serde::{Deserialize, Serialize};

/// The version of the rules by which worlds unfold. Raised when an old journal would unfold differently.
pub const RULES: u32 = 3;

/// Most entries that a journal keeps; a longer one is marked as not complete.
pub const MAX_ENTRIES: usize = 200_000;

/// One thing that came in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Input {
    /// A request that may change the cluster.
    Request(Box<Request>),
    /// A stream was opened: exec, attach, port-forward.
    Open(StreamId, Box<Target>),
    /// A client sent into a stream.
    Stream(StreamId, StreamIn),
    /// A reader granted output.
    Grant(StreamId, u32),
    /// Something was done to the machines.
    Fault(Box<Fault>),
}

/// One thing that came in, and when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub at: Time,
    pub input: Input,
}

/// Everything that came into a world until `until`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Journal {
    /// See [`RULES`].
    pub rules: u32,
    /// What the world began as; `start` is always set here.
    pub spec: WorldSpec,
    pub entries: Vec<Entry>,
    pub until: Time,
    /// False when entries were left out because there were too many.
    pub complete: bool,
}

impl Journal {
    pub(crate) fn new(spec: WorldSpec, start: Time) -> Journal {
        Journal {
            rules: RULES,
            spec,
            entries: Vec::new(),
            until: start,
            complete: true,
        }
    }

    /// What came in after the first `known` entries, until now.
    pub(crate) fn after(&self, known: usize, now: Time) -> Journal {
        Journal {
            rules: self.rules,
            spec: self.spec.clone(),
            entries: self.entries.iter().skip(known).cloned().collect(),
            until: now,
            complete: self.complete,
        }
    }

    pub(crate) fn note(&mut self, at: Time, input: Input) {
        if self.entries.len() < MAX_ENTRIES {
            self.entries.push(Entry { at, input });
        } else {
            self.complete = false;
        }
    }
}
