//! The kubeconfig for a learner's own kubectl. What it opens is in [`crate::k8s`].

use std::time::Instant;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::app::{App, From, Proven};
use super::embed::trouble;
use super::site::Site;
use crate::session::Session;

/// What the file is called where it is downloaded.
const FILE: &str = "podschool.kubeconfig";

/// Where a page gets the file for its session, from the root of the host; `None`: not here, or not for this session.
pub fn path(site: &Site, app: &App, session: &Session) -> Option<String> {
    let offered = app.k8s.is_some() && session.ends.is_none();
    offered.then(|| format!("{}api/sessions/{}/kubeconfig", site.base, session.id))
}

/// `POST <base>api/sessions/{session}/kubeconfig`: a kubeconfig with a token that is made for it.
pub async fn hand_out(State(app): State<App>, Proven(session): Proven, from: From) -> Response {
    let lang = session.lang();
    let gate = app.k8s.as_ref().filter(|_| session.ends.is_none());
    let (Some(gate), Some(life)) = (gate, session.life()) else {
        return trouble(lang, StatusCode::NOT_FOUND, "own-kubectl-not-here");
    };
    if !app.rate.allows(from.0) {
        return trouble(lang, StatusCode::TOO_MANY_REQUESTS, "page-too-many-more");
    }
    let given = gate
        .passes
        .give(&session.learner, lang, &session.id, Instant::now());
    let Some(token) = given else {
        return trouble(lang, StatusCode::SERVICE_UNAVAILABLE, "page-full-more");
    };
    let headers = [
        (CONTENT_TYPE, "application/yaml".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{FILE}\""),
        ),
    ];
    let text = gate.kubeconfig(&session.id, &life.namespace, &token);
    (headers, text).into_response()
}
