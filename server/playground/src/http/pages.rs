//! The pages: course, lesson, and those that say sorry. They read without scripts; scripts find their data in `#page`.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, LOCATION, SET_COOKIE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use course::format::Backend as Runs;
use course::{Lang, Lesson};
use serde::Deserialize;

use super::app::{App, From, Known};
use crate::backend::Ground;
use crate::language;
use crate::session::Session;
use crate::session::registry::draw_seed;
use crate::wire::{Backend, PageLesson, PageSession, PageStep, Props, StepState, StepStatus};

/// What every page has around it.
pub struct Chrome {
    lang: Lang,
    base: String,
    /// The page's path below the language: empty, or `lessons/first-pod`.
    here: String,
    entry: Option<web::Entry>,
    props: String,
}

impl Chrome {
    fn new(
        app: &App,
        lang: Lang,
        here: &str,
        entry: &str,
        session: Option<PageSession>,
        lesson: Option<PageLesson>,
    ) -> Chrome {
        let props = Props {
            base: app.site.base.clone(),
            lang: lang.tag().into(),
            version: env!("CARGO_PKG_VERSION").into(),
            session,
            lesson,
        };
        Chrome {
            lang,
            base: app.site.base.clone(),
            here: here.into(),
            entry: web::entry(entry),
            props: in_script(&props),
        }
    }

    fn say(&self, key: &str) -> String {
        language::say(self.lang, key)
    }

    fn languages(&self) -> Vec<Other> {
        let other = |lang: Lang| Other {
            tag: lang.tag(),
            name: language::name(lang),
            href: format!("{}{}/{}", self.base, lang.tag(), self.here),
            current: lang == self.lang,
        };
        Lang::ALL.into_iter().map(other).collect()
    }

    fn lang_name(&self) -> &'static str {
        language::name(self.lang)
    }

    /// The messages of this language, for the browser; they stand in a `<script>` and must not end it.
    fn strings(&self) -> String {
        web::strings(self.lang.tag()).replace("</", "<\u{200d}/")
    }

    fn mark(&self) -> &'static str {
        web::MARK
    }

    fn js(&self) -> &'static str {
        self.entry.map_or("", |entry| entry.js)
    }

    fn css(&self) -> &'static [&'static str] {
        self.entry.map_or(&[], |entry| entry.css)
    }

    fn preload(&self) -> &'static [&'static str] {
        self.entry.map_or(&[], |entry| entry.preload)
    }
}

/// The same page in one of the languages.
struct Other {
    tag: &'static str,
    name: &'static str,
    href: String,
    current: bool,
}

/// JSON that can stand in a `<script>`.
fn in_script(props: &Props) -> String {
    // Our own types always become JSON.
    serde_json::to_string(props)
        .unwrap_or_default()
        .replace('<', "\\u003c")
}

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
    title: String,
    minutes_text: String,
    intro: String,
    notices: Vec<String>,
    steps: Vec<StepPart>,
    learned: Option<Section>,
    next: Option<NextPart>,
}

struct StepPart {
    id: String,
    title: String,
    html: String,
    status: &'static str,
}

struct Section {
    title: String,
    html: String,
}

struct NextPart {
    href: String,
    title: String,
}

#[derive(Template)]
#[template(path = "sorry.html")]
struct SorryPage {
    chrome: Chrome,
    title: String,
    message: String,
}

/// `GET <base>`: to the course in the reader's language.
pub async fn front(State(app): State<App>, headers: HeaderMap) -> Response {
    let wished = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .and_then(language::accepted);
    let kept = super::cookie::language(&headers).and_then(|tag| Lang::of(&tag));
    let lang = kept.or(wished).unwrap_or(Lang::En);
    let to = format!("{}{}/", app.site.base, lang.tag());
    (
        StatusCode::FOUND,
        [(LOCATION, to), (VARY, "accept-language, cookie".to_owned())],
    )
        .into_response()
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
    let next = app
        .course
        .lessons()
        .find(|lesson| done_in(&lesson.id) < lesson.steps.len())
        .map(|lesson| lesson.id.clone());
    let tracks = app.course.tracks.iter().map(|track| TrackPart {
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
        chrome: Chrome::new(&app, lang, "", "course", None, None),
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
        summary: prose.summary.clone(),
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
    cluster: Option<String>,
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
    let Some(lesson) = app.course.lesson(&id).cloned() else {
        return lost(&app, lang);
    };
    let ahead = ["sec-purpose", "purpose"].iter().any(|name| {
        headers
            .get(*name)
            .is_some_and(|value| value.as_bytes().starts_with(b"prefetch"))
    });
    if ahead {
        // A browser's guess makes no cluster.
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if known.fresh.is_some() && !app.rate.allows(from.0) {
        return sorry(
            &app,
            lang,
            StatusCode::TOO_MANY_REQUESTS,
            "page-too-many",
            None,
        );
    }
    if let Err(error) = app.storage.saw_learner(&known.learner.0).await {
        tracing::error!(%error, "the learner could not be noted");
    }
    let (ground, notice) = ground(&app, &lesson, query.cluster.as_deref(), lang);
    let drawn = app
        .course
        .drawn(&id, draw_seed(&known.learner))
        .unwrap_or(lesson);
    match app
        .registry
        .open(&known.learner, &drawn, lang, ground)
        .await
    {
        Ok(session) => draw(&app, lang, &session, notice, &known),
        Err(error) => {
            tracing::error!(%error, lesson = %id, "no session");
            let full = matches!(error, crate::session::registry::NoSession::Full);
            let key = if full { "page-full" } else { "page-no-cluster" };
            sorry(
                &app,
                lang,
                StatusCode::SERVICE_UNAVAILABLE,
                key,
                Some(&known),
            )
        }
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
    notice: Option<String>,
    known: &Known,
) -> Response {
    let lesson = &session.lesson;
    let prose = lesson.prose(lang);
    let states = session
        .life()
        .map(|life| life.grading.states())
        .unwrap_or_default();
    let namespace = session
        .life()
        .map(|life| life.namespace.clone())
        .unwrap_or_default();
    let state = |id: &str| {
        states
            .iter()
            .find(|state| state.id == id)
            .cloned()
            .unwrap_or_else(|| open_step(id))
    };
    let section = |html: &str| said(lang, html);
    let steps = lesson.steps.iter().filter_map(|step| {
        let part = prose.steps.iter().find(|part| part.id == step.id)?;
        Some((step, part, state(&step.id)))
    });
    let (mut parts, mut page_steps) = (Vec::new(), Vec::new());
    for (step, part, state) in steps {
        parts.push(StepPart {
            id: step.id.clone(),
            title: part.title.clone(),
            html: section(&part.html),
            status: status(&state),
        });
        let hints = part.html.matches("<details class=\"hint\">").count() as u32;
        page_steps.push(PageStep {
            id: step.id.clone(),
            title: part.title.clone(),
            hints,
            solution: !step.solve.is_empty(),
            state,
        });
    }
    let following = app
        .course
        .lessons()
        .skip_while(|other| other.id != lesson.id)
        .nth(1)
        .map(|next| NextPart {
            href: format!("{}{}/lessons/{}", app.site.base, lang.tag(), next.id),
            title: next.prose(lang).title.clone(),
        });
    let page_lesson = PageLesson {
        id: lesson.id.clone(),
        title: prose.title.clone(),
        minutes: lesson.minutes,
        steps: page_steps,
        files: lesson.files.keys().cloned().collect(),
        next: following.as_ref().map(|next| next.href.clone()),
    };
    let page_session = PageSession {
        id: session.id.clone(),
        socket: format!("{}api/sessions/{}/socket", app.site.base, session.id),
        backend: session.backend,
        namespace,
    };
    let mut notices: Vec<String> = notice.into_iter().collect();
    if session.backend == Backend::Real {
        notices.push(language::say(lang, "page-real-cluster"));
    }
    let here = format!("lessons/{}", lesson.id);
    let page = LessonPage {
        title: prose.title.clone(),
        minutes_text: minutes_text(lang, lesson.minutes),
        intro: section(&prose.intro),
        notices,
        steps: parts,
        learned: prose.learned.as_ref().map(|part| Section {
            title: part.title.clone(),
            html: section(&part.html),
        }),
        next: following,
        chrome: Chrome::new(
            app,
            lang,
            &here,
            "lesson",
            Some(page_session),
            Some(page_lesson),
        ),
    };
    let cookie = known
        .fresh
        .as_ref()
        .map(|token| token.set_cookie(&app.site));
    html(StatusCode::OK, lang, page.render(), cookie)
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
    let lang = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .and_then(language::accepted)
        .unwrap_or(Lang::En);
    lost(&app, lang)
}

fn lost(app: &App, lang: Lang) -> Response {
    sorry(app, lang, StatusCode::NOT_FOUND, "page-not-found", None)
}

/// A page that says what went wrong: the messages `<key>` and `<key>-more`.
fn sorry(app: &App, lang: Lang, code: StatusCode, key: &str, known: Option<&Known>) -> Response {
    let page = SorryPage {
        title: language::say(lang, key),
        message: language::say(lang, &format!("{key}-more")),
        chrome: Chrome::new(app, lang, "", "course", None, None),
    };
    let cookie = known
        .and_then(|known| known.fresh.as_ref())
        .map(|token| token.set_cookie(&app.site));
    html(code, lang, page.render(), cookie)
}

/// The page that is shown where a handler broke.
pub fn broken() -> Response {
    let page = "<!doctype html><meta charset=utf-8><title>Podschool</title><h1>Something broke</h1><p>It is written in the server's log. Load the page again.</p>";
    (StatusCode::INTERNAL_SERVER_ERROR, Html(page)).into_response()
}

fn html(
    code: StatusCode,
    lang: Lang,
    page: askama::Result<String>,
    cookie: Option<String>,
) -> Response {
    let Ok(page) = page else { return broken() };
    let mut response = (
        code,
        [(CACHE_CONTROL, "no-store"), (VARY, "cookie")],
        Html(page),
    )
        .into_response();
    let kept = format!(
        "podschool-lang={}; Path=/; SameSite=Lax; Max-Age=31536000",
        lang.tag()
    );
    for cookie in [Some(kept), cookie].into_iter().flatten() {
        if let Ok(value) = cookie.parse() {
            response.headers_mut().append(SET_COOKIE, value);
        }
    }
    response
}

fn exact(tag: &str) -> Option<Lang> {
    Lang::of(tag).filter(|lang| lang.tag() == tag)
}
