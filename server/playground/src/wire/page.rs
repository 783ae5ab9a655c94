//! What a page carries for its scripts, in `<script type="application/json" id="page">`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Backend, StepState};

/// The data of a page. Course pages have neither session nor lesson; the playground has a lesson without steps.
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
    /// Of a lesson within a page of others, which has no session yet.
    pub embed: Option<PageEmbed>,
}

/// How a lesson within a page of others begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PageEmbed {
    /// POST there begins; answered by [`Embedded`] or [`Trouble`].
    pub start: String,
    /// The lesson itself, for a tab of its own.
    pub onward: String,
}

/// A lesson has begun within a page of others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Embedded {
    pub session: PageSession,
    /// For `Authorization: Bearer …`; the page keeps it in memory only.
    pub token: String,
    /// POST there with the token for a [`Ticket`].
    pub ticket_path: String,
}

/// Opens one WebSocket, offered as the subprotocol `ticket.<ticket>` beside `podschool`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Ticket {
    pub ticket: String,
}

/// A world was handed on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Shared {
    /// Whole address.
    pub url: String,
    /// RFC 3339: after it the link leads nowhere.
    pub until: String,
}

/// A saved session was brought back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Brought {
    /// Where it is, from the root of the host.
    pub to: String,
}

/// What is the matter, in the reader's language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Trouble {
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PageSession {
    pub id: String,
    /// Path of the WebSocket, from the root of the host.
    pub socket: String,
    pub backend: Backend,
    pub namespace: String,
    /// POST there gives a kubeconfig for the learner's own kubectl; `None`: there is none here.
    pub kubeconfig: Option<String>,
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
    /// Where pages of others may frame it from, from the root of the host.
    pub embed: Option<String>,
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
