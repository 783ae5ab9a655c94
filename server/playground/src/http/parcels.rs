//! A session handed on by a link, saved as a file, and brought back from one. What is in a parcel is known to [`crate::session::parcel`].

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use course::{Lang, Lesson};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::app::{App, From, Known, Proven};
use super::cookie::unguessable;
use super::embed::trouble;
use super::pages::wished;
use crate::play;
use crate::session::Session;
use crate::session::life::Life;
use crate::session::parcel::{LINK_BYTES, Parcel};
use crate::session::registry::{Arrival, NoSession, Refused, draw_seed};
use crate::storage::Done;
use crate::storage::shares::Sharing;
use crate::wire::{Backend, Brought, Shared};

/// How long a link works.
const LINK_DAYS: i64 = 30;

/// `POST <base>api/sessions/{session}/share`: the world as it is now, under a link that nobody can guess.
pub async fn share(State(app): State<App>, Proven(session): Proven, from: From) -> Response {
    let lang = session.lang();
    let Some(life) = simulated(&session) else {
        return trouble(lang, StatusCode::NOT_FOUND, "share-not-here");
    };
    if !app.rate.allows(from.0) {
        return trouble(lang, StatusCode::TOO_MANY_REQUESTS, "page-too-many-more");
    }
    let Some(parcel) = Parcel::world(&session, &life).await else {
        return trouble(lang, StatusCode::CONFLICT, "share-not-here");
    };
    let packed = parcel.pack();
    if packed.len() > LINK_BYTES {
        return trouble(lang, StatusCode::PAYLOAD_TOO_LARGE, "share-too-large");
    }
    let link = unguessable();
    let until = Timestamp::now() + SignedDuration::from_hours(24 * LINK_DAYS);
    let learner = &session.learner.0;
    let kept = app
        .storage
        .share(&link, learner, &packed, &until.to_string())
        .await;
    match kept {
        Ok(Sharing::Kept) => {
            let url = format!("{}shared/{link}", app.site.url);
            let until = until.to_string();
            Json(Shared { url, until }).into_response()
        }
        Ok(Sharing::TooManyLinks) => trouble(lang, StatusCode::TOO_MANY_REQUESTS, "share-too-many"),
        Ok(Sharing::Full) => trouble(lang, StatusCode::SERVICE_UNAVAILABLE, "share-full"),
        Err(error) => {
            tracing::error!(%error, "a world could not be shared");
            trouble(lang, StatusCode::SERVICE_UNAVAILABLE, "share-not-kept")
        }
    }
}

/// `GET <base>api/sessions/{session}/file`: the whole session, to be saved.
pub async fn save(Proven(session): Proven) -> Response {
    let lang = session.lang();
    let Some(life) = simulated(&session) else {
        return trouble(lang, StatusCode::NOT_FOUND, "share-not-here");
    };
    match Parcel::whole(&session, &life).await {
        Ok(Some(parcel)) => {
            let headers = [
                (CONTENT_TYPE, "application/gzip".to_owned()),
                (CACHE_CONTROL, "no-store".to_owned()),
                (
                    CONTENT_DISPOSITION,
                    format!("attachment; filename=\"{}\"", file_name(&parcel)),
                ),
            ];
            (headers, parcel.pack()).into_response()
        }
        Ok(None) => trouble(lang, StatusCode::CONFLICT, "share-not-here"),
        Err(error) => {
            tracing::error!(%error, "a session could not be saved");
            trouble(lang, StatusCode::SERVICE_UNAVAILABLE, "share-not-kept")
        }
    }
}

/// What stands behind the `?`.
#[derive(Debug, Deserialize)]
pub struct BringQuery {
    /// The session that is there may go.
    #[serde(default)]
    replace: bool,
}

/// `POST <base>api/files`: brings a saved session back. One that is there already goes only when the query says so.
pub async fn bring(
    State(app): State<App>,
    Query(query): Query<BringQuery>,
    known: Known,
    from: From,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let lang = wished(&headers);
    if !app.rate.allows(from.0) {
        return trouble(lang, StatusCode::TOO_MANY_REQUESTS, "page-too-many-more");
    }
    let parcel = match Parcel::unpack(&body) {
        Ok(parcel) => parcel,
        Err(unfit) => return trouble(lang, StatusCode::UNPROCESSABLE_ENTITY, unfit.key()),
    };
    // Copies of shared worlds come back as the playground: their links are not the file's.
    let name = match play::is_free(&parcel.lesson) {
        true => play::PLAYGROUND.to_owned(),
        false => parcel.lesson.clone(),
    };
    let drawn = || app.shelf.course().drawn(&name, draw_seed(&known.learner));
    let Some(lesson) = play::lesson(&name).or_else(drawn) else {
        return trouble(lang, StatusCode::UNPROCESSABLE_ENTITY, "file-no-lesson");
    };
    if !query.replace && app.registry.has(&known.learner, &name).await {
        return trouble(lang, StatusCode::CONFLICT, "file-replace-words");
    }
    if let Err(error) = app.storage.saw_learner(&known.learner.0).await {
        tracing::error!(%error, "the learner could not be noted");
    }
    let arrival = arrival(parcel, &known, lesson);
    match app.registry.replace(lang, arrival).await {
        Ok(_) => brought(&app, lang, &name, &known),
        Err(error) => {
            tracing::error!(%error, lesson = %name, "a session could not be brought back");
            let full = matches!(error, Refused::NoSession(NoSession::Full));
            let key = if full {
                "page-full-more"
            } else {
                "page-no-cluster-more"
            };
            trouble(lang, StatusCode::SERVICE_UNAVAILABLE, key)
        }
    }
}

/// What the lesson knows of is taken from the file; what it does not know is left.
fn arrival(mut parcel: Parcel, known: &Known, lesson: std::sync::Arc<Lesson>) -> Arrival {
    let is_step = |id: &str| lesson.steps.iter().any(|step| step.id == id);
    let done = std::mem::take(&mut parcel.steps)
        .into_iter()
        .filter(|done| is_step(&done.step))
        .map(|done| Done {
            step: done.step,
            at: done.at,
            cause: done.cause,
        });
    Arrival {
        done: done.collect(),
        answers: std::mem::take(&mut parcel.answers),
        kept: parcel.into_kept(&known.learner.0, &lesson.id),
        lesson,
    }
}

fn brought(app: &App, lang: Lang, name: &str, known: &Known) -> Response {
    let page = match play::is_free(name) {
        true => "playground".to_owned(),
        false => format!("lessons/{name}"),
    };
    // On a server with a real cluster, too, the session is a simulated one.
    let sim = if app.grounds.real.is_some() {
        "?cluster=sim"
    } else {
        ""
    };
    let to = format!("{}{}/{page}{sim}", app.site.base, lang.tag());
    let mut answer = Json(Brought { to }).into_response();
    let cookie = known
        .fresh
        .as_ref()
        .map(|token| token.set_cookie(&app.site));
    if let Some(Ok(cookie)) = cookie.map(|cookie| cookie.parse()) {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    answer
}

/// The session's life, if it is one that can be handed on.
fn simulated(session: &Session) -> Option<std::sync::Arc<Life>> {
    session.life().filter(|_| session.backend == Backend::Sim)
}

fn file_name(parcel: &Parcel) -> String {
    let name = match play::is_free(&parcel.lesson) {
        true => "playground",
        false => &parcel.lesson,
    };
    let day = parcel.made_at.get(..10).unwrap_or_default();
    format!("podschool-{name}-{day}.gz")
}
