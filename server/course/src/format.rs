//! The format of `course.yaml` and `lesson.yaml`, as serde sees it. Unknown fields are errors.

use crate::Lang;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The format's version that this release reads.
pub const VERSION: u32 = 1;

/// `course.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourseFile {
    /// format version
    pub version: u32,
    /// languages that every lesson must have
    pub languages: Vec<Lang>,
    /// in the order of the course
    pub tracks: Vec<TrackFile>,
}

/// One track of `course.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackFile {
    /// folder name
    pub id: String,
    /// title by language
    pub title: BTreeMap<Lang, String>,
    /// folder names of lessons, in order
    pub lessons: Vec<String>,
}

/// Where a lesson can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// the simulated cluster
    Sim,
    /// any Kubernetes cluster
    Real,
}

/// `lesson.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LessonFile {
    /// as the folder is named
    pub id: String,
    /// how long a learner needs
    pub minutes: u32,
    /// where it can run
    pub backends: Vec<Backend>,
    /// needed when `real` is missing
    #[serde(default)]
    pub why_not_real: Option<String>,
    /// machines of the simulated cluster
    #[serde(default = "one")]
    pub nodes: u8,
    /// drawn once per learner; `${name}` anywhere in the lesson
    #[serde(default)]
    pub vars: BTreeMap<String, Var>,
    /// what happens before the first step
    #[serde(default)]
    pub start: Vec<Start>,
    /// in order
    pub steps: Vec<StepFile>,
}

fn one() -> u8 {
    1
}

/// A variable of a lesson.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Var {
    /// one of these is drawn
    pub pick: Vec<Value>,
}

/// Something done before the first step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum Start {
    /// a shell line on the workstation
    Run(String),
    /// a manifest of the lesson's folder
    Apply(String),
    /// `kind/name Condition`
    Wait(String),
}

/// Whether a step stays done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// once true it stays done
    #[default]
    Edge,
    /// it must hold now
    Level,
}

/// One step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepFile {
    /// also the heading of its section in every language
    pub id: String,
    /// edge or level
    #[serde(default)]
    pub goal: Goal,
    /// all must hold
    pub check: Vec<CheckFile>,
    /// what a learner may say beforehand of what comes
    #[serde(default)]
    pub predict: Option<PredictFile>,
    /// shell lines that complete the step
    pub solve: Vec<String>,
    /// shell lines that must not complete it, and earn a reason
    #[serde(default)]
    pub wrong: Vec<String>,
    /// mutations of `solve` that complete the step all the same, each with a word why
    #[serde(default)]
    pub accepts: Vec<AcceptFile>,
}

/// `predict:` a question whose answer a copy of the cluster knows that is run ahead. Asked on simulated clusters only.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictFile {
    /// of the `:::predict`
    pub id: String,
    /// `number` or `text`
    pub kind: String,
    /// how far ahead: `40s`, `10m`, `1h`
    pub after: String,
    /// what is asked of the cluster then
    pub ask: Expect,
}

/// One of `accepts:`, by the line that is left out or by the word that is another.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptFile {
    /// how the line begins that may be left out
    pub drop: Option<String>,
    /// the word that may be another
    pub change: Option<String>,
    /// why the step is done all the same
    pub why: String,
}

/// One check: the first field that is present names its kind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckFile {
    /// `kind/name`, or `kind` for any object of it
    pub resource: Option<String>,
    /// with `resource`: a partial object
    #[serde(rename = "match")]
    pub matches: Option<Value>,
    /// with `resource`: it must not be there
    pub absent: bool,
    /// a CEL expression that must be true
    pub cel: Option<String>,
    /// something that was recorded as an event
    pub event: Option<EventFile>,
    /// `kind/name` that was deleted
    pub deleted: Option<String>,
    /// something that must not have happened
    pub never: Option<NeverFile>,
    /// what was asked of the API
    pub ran: Option<RanFile>,
    /// what a pod's port answers
    pub http: Option<HttpFile>,
    /// a file of the workstation
    pub file: Option<FileFile>,
    /// a question with a typed answer
    pub answer: Option<AnswerFile>,
    /// a question with options
    pub choice: Option<ChoiceFile>,
}

/// `event:`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventFile {
    /// the event's reason
    pub reason: String,
    /// `kind/name`
    pub on: Option<String>,
    /// how often it must have happened; once where it is not said
    pub times: Option<i64>,
}

/// `never:`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum NeverFile {
    /// `kind/name`
    Deleted(String),
    /// an event
    Event(EventFile),
}

/// `ran:` what was asked of the API, not how it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RanFile {
    /// get, list, watch, create, update, patch, delete, connect
    pub verb: String,
    /// `pods`, `pods/log`
    pub resource: String,
    /// object name
    pub name: Option<String>,
    /// with `-w` or `-f`
    pub follow: Option<bool>,
    /// logs of the instance before
    pub previous: Option<bool>,
    /// a query parameter and its value
    pub query: BTreeMap<String, String>,
}

/// `http:`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpFile {
    /// pod name
    pub pod: String,
    /// port of the pod
    pub port: u16,
    /// path with query
    pub path: String,
    /// expected status
    pub status: Option<u16>,
    /// text that the body must hold
    pub contains: Option<String>,
}

/// `file:`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileFile {
    /// below the home directory
    pub path: String,
    /// text that it must hold
    pub contains: Option<String>,
    /// a partial object that its YAML must match
    #[serde(rename = "match")]
    pub matches: Option<Value>,
}

/// `answer:`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerFile {
    /// of the `:::question`
    pub id: String,
    /// `number` or `text`
    pub kind: String,
    /// what is right
    pub expect: Expect,
}

/// What is right: a value, or a CEL expression over the cluster.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Expect {
    /// computed when the answer is given
    Cel {
        /// the expression
        cel: String,
    },
    /// fixed
    Value(Value),
}

/// `choice:`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceFile {
    /// of the `:::question`
    pub id: String,
    /// letter of the right option
    pub correct: String,
}
