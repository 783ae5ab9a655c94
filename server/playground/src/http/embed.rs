//! One lesson within a page of others: `/embed/<lesson>`, framable by any site, and by that different from all other pages of ours.
//!
//! It is the simulated cluster only, sets and reads no cookie, begins on a click, and leaves nothing behind. Its token lives in the page's
//! memory. Somebody who frames it to catch clicks gains a cluster that is thrown away after some minutes.

use std::time::Instant;

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use course::Lang;
use serde::Deserialize;
use url::form_urlencoded;
use uuid::Uuid;

use super::app::{App, From, Proven};
use super::chrome::{Chrome, Data, broken};
use super::cookie::Token;
use super::embedders::Embedder;
use super::pages::{LessonText, page_session, text};
use super::site::Site;
use super::{guard, language_of};
use crate::language;
use crate::session::registry::NoSession;
use crate::wire::{Embedded, PageEmbed, Ticket, Trouble};

#[derive(Template)]
#[template(path = "embed.html")]
struct EmbedPage {
    chrome: Chrome,
    text: LessonText,
    /// The lesson itself, in a tab of its own.
    onward: String,
}

/// The address of a lesson's page, from the root of the host.
pub fn path(site: &Site, lesson: &str, lang: Lang) -> String {
    format!("{}embed/{lesson}?lang={}", site.base, lang.tag())
}

/// What stands behind the `?`.
#[derive(Debug, Deserialize)]
pub struct EmbedQuery {
    /// A language's tag; without it the browser's language.
    lang: Option<String>,
    /// Draws the lesson's variables as the page has drawn them.
    draw: Option<u32>,
    /// The sealed site around the page.
    #[serde(default)]
    site: String,
}

/// `GET <base>embed/{lesson}`
pub async fn page(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<EmbedQuery>,
    headers: HeaderMap,
) -> Response {
    let lang = spoken(&query, &headers);
    let draw = Uuid::new_v4().as_fields().0;
    let found = app.shelf.course().drawn(&id, u64::from(draw));
    let Some(lesson) = found.filter(|_| app.registry.lets_pass()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let text = text(&app, lang, &lesson, &[]);
    let (base, tag) = (&app.site.base, lang.tag());
    let onward = format!("{base}{tag}/lessons/{id}");
    let embedder = Embedder::of(&headers, &app.site);
    let sealed = app.embedders.seal(embedder.as_ref());
    let around: String = form_urlencoded::byte_serialize(sealed.as_bytes()).collect();
    let data = Data {
        lesson: Some(text.lesson.clone()),
        embed: Some(PageEmbed {
            start: format!("{base}api/embed/{id}?lang={tag}&draw={draw}&site={around}"),
            onward: onward.clone(),
        }),
        ..Data::default()
    };
    let page = EmbedPage {
        text,
        onward,
        chrome: Chrome::new(&app, lang, &format!("embed/{id}"), "lesson", data),
    };
    let Ok(page) = page.render() else {
        return broken();
    };
    let headers = [
        (CACHE_CONTROL, "no-store".to_owned()),
        (CONTENT_SECURITY_POLICY, guard::policy(&app.site, "*")),
    ];
    (headers, Html(page)).into_response()
}

/// `POST <base>api/embed/{lesson}`: the learner clicked; a cluster begins.
pub async fn start(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<EmbedQuery>,
    from: From,
    headers: HeaderMap,
) -> Response {
    let lang = spoken(&query, &headers);
    let lesson = app
        .shelf
        .course()
        .drawn(&id, u64::from(query.draw.unwrap_or_default()));
    let Some(lesson) = lesson.filter(|_| app.registry.lets_pass()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if !app.rate.allows(from.0) {
        return trouble(lang, StatusCode::TOO_MANY_REQUESTS, "page-too-many-more");
    }
    let embedder = app.embedders.open(&query.site);
    if !app.embedders.allows(embedder.as_ref(), Instant::now()) {
        return trouble(lang, StatusCode::TOO_MANY_REQUESTS, "embed-site-full");
    }
    let token = Token::fresh();
    let learner = token.learner();
    let opened = app.registry.open_passing(&learner, &lesson, lang, embedder);
    match opened.await {
        Ok(session) => Json(Embedded {
            ticket_path: format!("{}api/sessions/{}/ticket", app.site.base, session.id),
            session: page_session(&app, &session),
            token: token.secret().to_owned(),
        })
        .into_response(),
        Err(error) => {
            tracing::error!(%error, lesson = %id, "no session to embed");
            let key = match error {
                NoSession::Full => "page-full-more",
                NoSession::SiteFull => "embed-site-full",
                NoSession::Life(_) => "page-no-cluster-more",
            };
            trouble(lang, StatusCode::SERVICE_UNAVAILABLE, key)
        }
    }
}

/// `POST <base>api/sessions/{session}/ticket`
pub async fn ticket(State(app): State<App>, Proven(session): Proven) -> Json<Ticket> {
    let now = Instant::now();
    Json(Ticket {
        ticket: app.tickets.give(&session.learner, &session.id, now),
    })
}

/// The language that the address wishes, else the browser's; cookies are not asked.
fn spoken(query: &EmbedQuery, headers: &HeaderMap) -> Lang {
    let wished = query.lang.as_deref().and_then(Lang::of);
    wished.or_else(|| language_of(headers)).unwrap_or(Lang::En)
}

/// An answer for the page's scripts that says what is the matter.
pub(super) fn trouble(lang: Lang, code: StatusCode, key: &str) -> Response {
    let message = language::say(lang, key);
    (code, Json(Trouble { message })).into_response()
}
