//! The pages of the course: its map, and a lesson. They read without scripts; scripts find their data in `#page`.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header::{LOCATION, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use course::format::Backend as Runs;
use course::{Lang, Lesson};
use serde::Deserialize;

use super::app::{App, From, Known};
use super::chrome::{Chrome, Data, exact, html, lost, sorry};
use super::teaser::teaser;
use super::{embed, language_of, own_kubectl};
use crate::backend::Ground;
use crate::language;
use crate::session::Session;
use crate::session::registry::{NoSession, draw_seed};
use crate::wire::{Backend, PageLesson, PageSession, PageStep, StepState, StepStatus};

#[derive(Template)]
#[template(path = "course.html")]
struct CoursePage {
    chrome: Chrome,
    tracks: Vec<TrackPart>,
}

struct TrackPart {
    id: String,
    title: String,
    stops: Vec<Stop>,
}

struct Stop {
    id: String,
    href: String,
    title: String,
    summary: String,
    minutes_text: String,
    done: usize,
    steps: usize,
    done_text: String,
    next: bool,
}

#[derive(Template)]
#[template(path = "lesson.html")]
struct LessonPage {
    chrome: Chrome,
    text: LessonText,
    notices: Vec<String>,
}

/// A lesson's text, ready to be shown.
pub(super) struct LessonText {
    pub title: String,
    pub minutes_text: String,
    pub intro: String,
    pub steps: Vec<StepPart>,
    pub learned: Option<Section>,
    pub next: Option<NextPart>,
    pub lesson: PageLesson,
}

pub(super) struct StepPart {
    pub id: String,
    pub title: String,
    pub html: String,
    pub status: &'static str,
}

pub(super) struct Section {
    pub title: String,
    pub html: String,
}

pub(super) struct NextPart {
    pub href: String,
    pub title: String,
}

/// `GET <base>`: to the course in the reader's language.
pub async fn front(State(app): State<App>, headers: HeaderMap) -> Response {
    let lang = wished(&headers);
    let to = format!("{}{}/", app.site.base, lang.tag());
    (
        StatusCode::FOUND,
        [(LOCATION, to), (VARY, "accept-language, cookie".to_owned())],
    )
        .into_response()
}

/// The language that the reader chose last, else the browser's, else English.
pub(super) fn wished(headers: &HeaderMap) -> Lang {
    let kept = super::cookie::language(headers).and_then(|tag| Lang::of(&tag));
    kept.or_else(|| language_of(headers)).unwrap_or(Lang::En)
}

/// `GET <base>{lang}/`: the map of lessons.
pub async fn course(State(app): State<App>, Path(tag): Path<String>, known: Known) -> Response {
    let Some(lang) = exact(&tag) else {
        return lost(&app, Lang::En);
    };
    let done = match known.fresh {
        Some(_) => Vec::new(),
        None => app
            .storage
            .done_by_lesson(&known.learner.0)
            .await
            .unwrap_or_default(),
    };
    let done_in = |id: &str| {
        done.iter()
            .find(|(lesson, _)| lesson == id)
            .map_or(0, |(_, count)| *count)
    };
    let taught = app.shelf.course();
    let next = taught
        .lessons()
        .find(|lesson| done_in(&lesson.id) < lesson.steps.len())
        .map(|lesson| lesson.id.clone());
    let tracks = taught.tracks.iter().map(|track| TrackPart {
        id: track.id.clone(),
        title: track
            .title
            .get(&lang)
            .or_else(|| track.title.get(&Lang::En))
            .cloned()
            .unwrap_or_default(),
        stops: track
            .lessons
            .iter()
            .map(|lesson| stop(&app, lang, lesson, done_in(&lesson.id), next.as_deref()))
            .collect(),
    });
    let page = CoursePage {
        tracks: tracks.collect(),
        chrome: Chrome::new(&app, lang, "", "course", Data::default()),
    };
    html(StatusCode::OK, lang, page.render(), None)
}

fn stop(app: &App, lang: Lang, lesson: &Lesson, done: usize, next: Option<&str>) -> Stop {
    let prose = lesson.prose(lang);
    let (done, steps) = (done.min(lesson.steps.len()), lesson.steps.len());
    let count = |n: usize| n.to_string();
    Stop {
        id: lesson.id.clone(),
        href: format!("{}{}/lessons/{}", app.site.base, lang.tag(), lesson.id),
        title: prose.title.clone(),
        summary: teaser(&prose.summary).to_owned(),
        minutes_text: minutes_text(lang, lesson.minutes),
        done_text: language::say_with(
            lang,
            "page-done",
            &[("done", &count(done)), ("steps", &count(steps))],
        ),
        done,
        steps,
        next: next == Some(lesson.id.as_str()),
    }
}

fn minutes_text(lang: Lang, minutes: u32) -> String {
    language::say_with(lang, "page-minutes", &[("minutes", &minutes.to_string())])
}

/// What stands behind the `?` of a lesson's address.
#[derive(Debug, Deserialize)]
pub struct LessonQuery {
    /// `sim`: on the simulated cluster, where the server also has a real one.
    pub(super) cluster: Option<String>,
}

/// `GET <base>{lang}/lessons/{lesson}`: the lesson, with its session ready.
pub async fn lesson(
    State(app): State<App>,
    Path((tag, id)): Path<(String, String)>,
    Query(query): Query<LessonQuery>,
    known: Known,
    from: From,
    headers: HeaderMap,
) -> Response {
    let Some(lang) = exact(&tag) else {
        return lost(&app, Lang::En);
    };
    let taught = app.shelf.course();
    let Some(lesson) = taught.lesson(&id).cloned() else {
        return lost(&app, lang);
    };
    let (ground, notice) = ground(&app, &lesson, query.cluster.as_deref(), lang);
    let drawn = taught
        .drawn(&id, draw_seed(&known.learner))
        .unwrap_or(lesson);
    match ready(&app, lang, &known, &from, &headers, &drawn, ground).await {
        Ok(session) => draw(&app, lang, &session, &drawn, notice, &known),
        Err(sorry) => sorry,
    }
}

/// The learner's session in a lesson, made where there is none; else the page that says why not.
pub(super) async fn ready(
    app: &App,
    lang: Lang,
    known: &Known,
    from: &From,
    headers: &HeaderMap,
    lesson: &Arc<Lesson>,
    ground: &Ground,
) -> Result<Arc<Session>, Response> {
    let ahead = ["sec-purpose", "purpose"].iter().any(|name| {
        headers
            .get(*name)
            .is_some_and(|value| value.as_bytes().starts_with(b"prefetch"))
    });
    if ahead {
        // A browser's guess makes no cluster.
        return Err(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    if known.fresh.is_some() && !app.rate.allows(from.0) {
        let code = StatusCode::TOO_MANY_REQUESTS;
        return Err(sorry(app, lang, code, "page-too-many", None));
    }
    if let Err(error) = app.storage.saw_learner(&known.learner.0).await {
        tracing::error!(%error, "the learner could not be noted");
    }
    let opened = app
        .registry
        .open(&known.learner, lesson, lang, ground)
        .await;
    opened.map_err(|error| {
        tracing::error!(%error, lesson = %lesson.id, "no session");
        let full = matches!(error, NoSession::Full);
        let key = if full { "page-full" } else { "page-no-cluster" };
        sorry(app, lang, StatusCode::SERVICE_UNAVAILABLE, key, Some(known))
    })
}

/// What the page's scripts need to know of a session.
pub(super) fn page_session(app: &App, session: &Session) -> PageSession {
    PageSession {
        id: session.id.clone(),
        socket: format!("{}api/sessions/{}/socket", app.site.base, session.id),
        backend: session.backend,
        namespace: session
            .life()
            .map(|life| life.namespace.clone())
            .unwrap_or_default(),
        kubeconfig: own_kubectl::path(&app.site, app, session),
    }
}

/// Where the lesson runs, and what to say about it.
fn ground<'a>(
    app: &'a App,
    lesson: &Lesson,
    wish: Option<&str>,
    lang: Lang,
) -> (&'a Ground, Option<String>) {
    match &app.grounds.real {
        Some(real) if wish != Some("sim") && lesson.runs_on(Runs::Real) => (real, None),
        Some(_) if wish != Some("sim") => (
            &app.grounds.sim,
            Some(language::say(lang, "page-only-simulated")),
        ),
        _ => (&app.grounds.sim, None),
    }
}

fn draw(
    app: &App,
    lang: Lang,
    session: &Session,
    lesson: &Lesson,
    notice: Option<String>,
    known: &Known,
) -> Response {
    let states = session
        .life()
        .map(|life| life.grading.states())
        .unwrap_or_default();
    let text = text(app, lang, lesson, &states);
    let mut notices: Vec<String> = notice.into_iter().collect();
    if session.backend == Backend::Real {
        notices.push(language::say(lang, "page-real-cluster"));
    }
    let here = format!("lessons/{}", lesson.id);
    let data = Data {
        session: Some(page_session(app, session)),
        lesson: Some(text.lesson.clone()),
        ..Data::default()
    };
    let page = LessonPage {
        text,
        notices,
        chrome: Chrome::new(app, lang, &here, "lesson", data),
    };
    let cookie = known
        .fresh
        .as_ref()
        .map(|token| token.set_cookie(&app.site));
    html(StatusCode::OK, lang, page.render(), cookie)
}

/// A lesson's text as a page shows it, and the same for the page's scripts.
pub(super) fn text(app: &App, lang: Lang, lesson: &Lesson, states: &[StepState]) -> LessonText {
    let prose = lesson.prose(lang);
    let section = |html: &str| said(lang, html);
    let (mut steps, mut page_steps) = (Vec::new(), Vec::new());
    for step in &lesson.steps {
        let Some(part) = prose.steps.iter().find(|part| part.id == step.id) else {
            continue;
        };
        let state = states.iter().find(|state| state.id == step.id).cloned();
        let state = state.unwrap_or_else(|| open_step(&step.id));
        steps.push(StepPart {
            id: step.id.clone(),
            title: part.title.clone(),
            html: section(&part.html),
            status: status(&state),
        });
        page_steps.push(PageStep {
            id: step.id.clone(),
            title: part.title.clone(),
            hints: part.html.matches("<details class=\"hint\">").count() as u32,
            solution: !step.solve.is_empty(),
            state,
        });
    }
    let taught = app.shelf.course();
    let next = taught
        .lessons()
        .skip_while(|other| other.id != lesson.id)
        .nth(1)
        .map(|next| NextPart {
            href: format!("{}{}/lessons/{}", app.site.base, lang.tag(), next.id),
            title: next.prose(lang).title.clone(),
        });
    LessonText {
        title: prose.title.clone(),
        minutes_text: minutes_text(lang, lesson.minutes),
        intro: section(&prose.intro),
        steps,
        learned: prose.learned.as_ref().map(|part| Section {
            title: part.title.clone(),
            html: section(&part.html),
        }),
        lesson: PageLesson {
            id: lesson.id.clone(),
            title: prose.title.clone(),
            minutes: lesson.minutes,
            steps: page_steps,
            files: lesson.files.keys().cloned().collect(),
            next: next.as_ref().map(|next| next.href.clone()),
            embed: app
                .registry
                .lets_pass()
                .then(|| embed::path(&app.site, &lesson.id, lang)),
        },
        next,
    }
}

fn open_step(id: &str) -> StepState {
    StepState {
        id: id.to_owned(),
        status: StepStatus::Open,
        cause: None,
        reason: None,
    }
}

fn status(state: &StepState) -> &'static str {
    match state.status {
        StepStatus::Open => "open",
        StepStatus::Done => "done",
        StepStatus::Lapsed => "lapsed",
    }
}

/// Fills the words that the prose leaves to the page: summaries of hints, solutions and more.
fn said(lang: Lang, html: &str) -> String {
    let mut html = html.to_owned();
    for name in ["hint", "solution", "deeper"] {
        let empty = format!("<summary data-text=\"{name}\"></summary>");
        html = html.replace(
            &empty,
            &format!("<summary>{}</summary>", language::say(lang, name)),
        );
    }
    html
}

/// Any other address.
pub async fn nowhere(State(app): State<App>, headers: HeaderMap) -> Response {
    let lang = language_of(&headers).unwrap_or(Lang::En);
    lost(&app, lang)
}
