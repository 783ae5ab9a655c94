//! Frames from the server to the page.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Fault, Finding};

/// One text message from the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type")]
pub enum ServerFrame {
    /// Answer to `hello`: all that the page needs to draw itself again.
    #[serde(rename = "welcome")]
    Welcome {
        protocol: u32,
        session: String,
        backend: Backend,
        namespace: String,
        state: SessionState,
        terminals: Vec<TermState>,
        steps: Vec<StepState>,
        clock: Option<ClockState>,
        previews: Vec<Preview>,
        /// Whether the cluster can be taken back in time: a simulated one that is kept as it goes.
        rewinds: bool,
    },
    /// The session's state changed.
    #[serde(rename = "session")]
    Session {
        state: SessionState,
        message: Option<String>,
    },
    /// The terminal is there; the next output byte sent has the number `offset`. When it is greater than the `seen` of `term.open`, bytes
    /// in between are gone: clear the screen first.
    #[serde(rename = "term.opened")]
    TermOpened {
        id: u32,
        #[ts(type = "number")]
        offset: u64,
        /// `offset` plus what is replayed: bytes before it are history, during which the page must not answer terminal queries.
        #[ts(type = "number")]
        live: u64,
        /// A new shell was started (false: the page attached to a running one).
        created: bool,
    },
    /// The page was so far behind that output in between is kept no more: clear the screen; the next output byte sent has the number
    /// `offset`, and bytes before `live` are history.
    #[serde(rename = "term.missed")]
    TermMissed {
        id: u32,
        #[ts(type = "number")]
        offset: u64,
        #[ts(type = "number")]
        live: u64,
    },
    /// The terminal has taken this many input bytes since it was attached.
    #[serde(rename = "term.accepted")]
    TermAccepted {
        id: u32,
        #[ts(type = "number")]
        accepted: u64,
    },
    /// The shell ended (or the page's `term.close` was obeyed).
    #[serde(rename = "term.closed")]
    TermClosed { id: u32, code: Option<i32> },
    /// States of steps: all of them in `welcome`, here those that changed.
    #[serde(rename = "steps")]
    Steps { steps: Vec<StepState> },
    #[serde(rename = "step.reason")]
    StepReason { step: String, reasons: Vec<String> },
    /// `html` is trusted markup of ours; `total` hints exist.
    #[serde(rename = "step.hint")]
    StepHint {
        step: String,
        index: u32,
        total: u32,
        html: Option<String>,
    },
    #[serde(rename = "step.solution")]
    StepSolution { step: String, commands: Vec<String> },
    /// `right` is null where the answer is only kept (a prediction before its time).
    #[serde(rename = "step.answered")]
    StepAnswered {
        step: String,
        question: String,
        right: Option<bool>,
        message: Option<String>,
        /// The prediction itself, told again after each `welcome`.
        said: Option<String>,
    },
    /// `text` is null for a file that is not UTF-8.
    #[serde(rename = "file")]
    File {
        request: u32,
        path: String,
        text: Option<String>,
        #[ts(type = "number")]
        size: u64,
    },
    #[serde(rename = "file.written")]
    FileWritten { request: u32, path: String },
    #[serde(rename = "file.list")]
    FileList {
        request: u32,
        path: String,
        entries: Vec<FileEntry>,
    },
    #[serde(rename = "file.checked")]
    FileChecked {
        request: u32,
        problems: Vec<Problem>,
    },
    /// `from`: characters of the line before the word that a choice replaces.
    #[serde(rename = "file.completed")]
    FileCompleted {
        request: u32,
        from: u32,
        choices: Vec<Choice>,
    },
    /// Null where no known field begins.
    #[serde(rename = "file.explained")]
    FileExplained {
        request: u32,
        explanation: Option<Explanation>,
    },
    #[serde(rename = "file.changed")]
    FileChanged { path: String, event: FileEvent },
    /// `reset`: forget what was known, this is the beginning of everything.
    #[serde(rename = "objects")]
    Objects {
        reset: bool,
        changes: Vec<ObjectChange>,
    },
    #[serde(rename = "clock")]
    Clock { clock: ClockState },
    /// The faults that stand now. `request` where a page asked; null where another has changed them.
    #[serde(rename = "faults")]
    Faults {
        request: Option<u32>,
        faults: Vec<Fault>,
    },
    /// What was found out, oldest first; nothing: that is all for now.
    #[serde(rename = "findings")]
    Findings {
        request: u32,
        findings: Vec<Finding>,
    },
    /// A forwarded port can be seen; `open`: show the pane.
    #[serde(rename = "preview")]
    Preview { preview: Preview, open: bool },
    #[serde(rename = "preview.closed")]
    PreviewClosed { port: u16 },
    /// The author has changed the lesson: load the page again.
    #[serde(rename = "lesson.changed")]
    LessonChanged,
    /// Something the learner should read.
    #[serde(rename = "notice")]
    Notice { level: Level, text: String },
    /// A frame was refused. `code` is for programs (`bad-frame`, `unknown-terminal`, `too-many-terminals`, `no-such-step`, `file`, `file-apart`,
    /// `clock`, `fault`, `too-fast`, `not-here`); `message` is for people, in
    /// their language. `request` where the frame had one.
    #[serde(rename = "error")]
    Error {
        code: String,
        message: String,
        request: Option<u32>,
    },
    #[serde(rename = "pong")]
    Pong {
        #[ts(type = "number")]
        n: u64,
    },
}

/// What the session runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The simulated cluster in the server.
    Sim,
    /// A namespace of a real cluster.
    Real,
}

/// Where a session stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum SessionState {
    Starting,
    Ready,
    /// The cluster does not answer for the moment (a real one that went away); terminals work.
    Unreachable,
    /// The simulation broke; `session.restart` makes a new one.
    Crashed,
    /// Expired or ended; loading the page again makes a new one.
    Ended,
}

/// A terminal that exists on the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TermState {
    pub id: u32,
    pub cols: u16,
    pub rows: u16,
    /// Output bytes so far.
    #[ts(type = "number")]
    pub written: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct StepState {
    pub id: String,
    pub status: StepStatus,
    /// What ticked it.
    pub cause: Option<StepCause>,
    /// Why it is still open, in the learner's language, where that is known already.
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum StepStatus {
    Open,
    Done,
    /// Was done, and no longer holds (a `goal: level` step).
    Lapsed,
}

/// What ticked a step: a sentence, and the time of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StepCause {
    pub text: String,
    /// RFC 3339.
    pub at: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FileEntry {
    pub name: String,
    pub directory: bool,
    #[ts(type = "number")]
    pub size: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum FileEvent {
    Created,
    Changed,
    Removed,
}

/// Something wrong in a manifest, in the words of the API server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Problem {
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    pub message: String,
}

/// Something that may be written in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Choice {
    pub label: String,
    /// The text that stands in the place of the word; the cursor goes to its end.
    pub insert: String,
    /// A word or two: the type of a field, the version of a kind. May be empty.
    pub detail: String,
    /// What it means, in the words of the API; may be empty.
    pub about: String,
    pub kind: ChoiceKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ChoiceKind {
    Field,
    /// One of the values that the API takes.
    Value,
    /// The name of something in the file or the cluster.
    Name,
    /// A kind of object, with the head of its manifest.
    Kind,
}

/// What a field means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Explanation {
    /// The command that says the same in a terminal.
    pub command: String,
    /// Its type, in the words of that command (`[]Container`).
    pub shape: String,
    pub required: bool,
    pub about: String,
    /// The values that it takes; empty where anything goes.
    pub values: Vec<String>,
}

/// One change of the cluster, as the picture draws it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ObjectChange {
    pub op: ObjectOp,
    /// The whole object (without managedFields); on `deleted` its last state.
    #[ts(type = "unknown")]
    pub object: serde_json::Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ObjectOp {
    Added,
    Modified,
    Deleted,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ClockState {
    /// The cluster's time, RFC 3339 with milliseconds.
    pub now: String,
    pub factor: f64,
    pub paused: bool,
}

/// A port of the workstation that can be seen in the preview pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Preview {
    pub port: u16,
    /// Whole address of its first page, on an origin of its own (or a path with a CSP sandbox).
    pub url: String,
    /// Where it leads to, as kubectl said it (`pod/kuard:8080`).
    pub target: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Info,
    Warning,
    Error,
}
