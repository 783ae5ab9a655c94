//! Frames from the page to the server.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Fault;

/// One text message from the page. `request` is a number of the page's choice, given back in the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type")]
pub enum ClientFrame {
    /// First frame of every connection; answered by `welcome`.
    #[serde(rename = "hello")]
    Hello { protocol: u32 },
    /// Makes terminal `id`, or attaches to it; `seen` is the count of output bytes the page has of it (0 for none).
    #[serde(rename = "term.open")]
    TermOpen {
        id: u32,
        cols: u16,
        rows: u16,
        #[serde(default)]
        #[ts(type = "number")]
        seen: u64,
    },
    #[serde(rename = "term.resize")]
    TermResize { id: u32, cols: u16, rows: u16 },
    /// The page has drawn this many output bytes of the terminal (counted from its beginning).
    #[serde(rename = "term.ack")]
    TermAck {
        id: u32,
        #[ts(type = "number")]
        received: u64,
    },
    /// Hangs up: its processes get SIGHUP.
    #[serde(rename = "term.close")]
    TermClose { id: u32 },
    /// Asks why a step is not done; answered by `step.reason`.
    #[serde(rename = "step.check")]
    StepCheck { step: String },
    /// Asks for the hint number `index` (from 0) of a step; answered by `step.hint`.
    #[serde(rename = "step.hint")]
    StepHint { step: String, index: u32 },
    /// Asks for the solution's commands; answered by `step.solution`.
    #[serde(rename = "step.solution")]
    StepSolution { step: String },
    /// Answers a question (`answer` and `choice` checks) or gives a prediction; answered by `step.answered`.
    #[serde(rename = "step.answer")]
    StepAnswer {
        step: String,
        question: String,
        answer: Answer,
    },
    /// Makes a new cluster and home in which the solutions of all steps before this one have been played; this step and those after it are
    /// open. Answered as `session.restart`.
    #[serde(rename = "step.jump")]
    StepJump { step: String },
    /// Makes the simulated cluster again as it was at this time (RFC 3339) of its clock. The files of the home, the text of the terminals and
    /// the ticked steps stay as they are. Answered as `session.restart`.
    #[serde(rename = "session.rewind")]
    SessionRewind { at: String },
    /// Begins again: a new cluster, a new home, open steps. Terminals are closed. Answered by `session` states and a `welcome`.
    #[serde(rename = "session.restart")]
    SessionRestart,
    /// Answered by `file`.
    #[serde(rename = "file.read")]
    FileRead { request: u32, path: String },
    /// Answered by `file.written`. With `unless_changed`, a file that is not as this connection last read or wrote it stays as it is, and
    /// the answer is the error `file-apart`.
    #[serde(rename = "file.write")]
    FileWrite {
        request: u32,
        path: String,
        text: String,
        #[serde(default)]
        unless_changed: bool,
    },
    /// Asks what is wrong with a manifest; answered by `file.checked`.
    #[serde(rename = "file.check")]
    FileCheck { request: u32, text: String },
    /// Asks what may stand at a place of a manifest: `line` from 1, `column` the number of characters before it. Answered by
    /// `file.completed`.
    #[serde(rename = "file.complete")]
    FileComplete {
        request: u32,
        text: String,
        line: u32,
        column: u32,
    },
    /// Asks what the field that begins on a line (from 1) of a manifest means; answered by `file.explained`.
    #[serde(rename = "file.explain")]
    FileExplain {
        request: u32,
        text: String,
        line: u32,
    },
    /// Answered by `file.list`.
    #[serde(rename = "file.list")]
    FileList { request: u32, path: String },
    /// From now on `file.changed` is sent for what changes in this directory (of the home).
    #[serde(rename = "file.watch")]
    FileWatch { path: String },
    #[serde(rename = "file.unwatch")]
    FileUnwatch { path: String },
    /// From now on `objects` is sent: first everything, then what changes.
    #[serde(rename = "objects.watch")]
    ObjectsWatch,
    #[serde(rename = "objects.unwatch")]
    ObjectsUnwatch,
    /// Sets the simulated cluster's clock; answered by `clock`.
    #[serde(rename = "clock")]
    Clock { command: ClockCommand },
    /// Does something to the machines of the simulated cluster; answered by `faults`.
    #[serde(rename = "fault")]
    Fault { request: u32, fault: Fault },
    /// Asks which faults stand; answered by `faults`.
    #[serde(rename = "faults")]
    Faults { request: u32 },
    /// Asks what the simulated cluster found out after the finding of this number (0 for all that it remembers); answered by `findings`.
    #[serde(rename = "findings")]
    Findings {
        request: u32,
        #[ts(type = "number")]
        after: u64,
    },
    /// Answered by `pong` with the same number.
    #[serde(rename = "ping")]
    Ping {
        #[ts(type = "number")]
        n: u64,
    },
}

/// A learner's answer to a question of the text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(untagged)]
pub enum Answer {
    Truth(bool),
    Number(f64),
    Text(String),
}

/// What the Time pane can ask for. Only a simulated cluster obeys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "do")]
pub enum ClockCommand {
    /// `factor` simulated seconds a second, 1 to 100.
    Speed {
        factor: f64,
    },
    Pause,
    Resume,
    /// Runs to the next thing that happens, then pauses.
    Step,
    /// Jumps ahead by this much simulated time.
    Skip {
        seconds: f64,
    },
}
