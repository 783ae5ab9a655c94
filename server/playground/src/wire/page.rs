//! What a page carries for its scripts, in `<script type="application/json" id="page">`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Backend, StepState};

/// The data of a page. Course pages have neither session nor lesson.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Props {
    /// Path under which everything is served, with a slash at its end (`/`, `/podschool/`).
    pub base: String,
    /// BCP 47: `en`, `pt-BR`, `fr`, `ja`.
    pub lang: String,
    pub version: String,
    pub session: Option<PageSession>,
    pub lesson: Option<PageLesson>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PageSession {
    pub id: String,
    /// Path of the WebSocket, from the root of the host.
    pub socket: String,
    pub backend: Backend,
    pub namespace: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PageLesson {
    /// `<track>/<lesson>` as in the folder `lessons`.
    pub id: String,
    pub title: String,
    pub minutes: u32,
    pub steps: Vec<PageStep>,
    /// Files that lie in the home at the start, the first of them opened in the editor.
    pub files: Vec<String>,
    /// Where the lesson after this one is, from the root of the host.
    pub next: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PageStep {
    pub id: String,
    pub title: String,
    /// How many hints can be asked for.
    pub hints: u32,
    /// Whether there is a solution to show.
    pub solution: bool,
    /// The state when the page was drawn.
    pub state: StepState,
}
