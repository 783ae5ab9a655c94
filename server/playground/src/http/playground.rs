//! The pages without a lesson: the learner's playground, and their copy of a world that somebody shared.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use course::{Lang, highlight};

use super::app::{App, From, Known};
use super::chrome::{Chrome, Data, exact, html, lost, sorry};
use super::pages::{LessonQuery, page_session, ready, wished};
use crate::session::Session;
use crate::wire::{Backend, PageLesson};
use crate::{language, play};

#[derive(Template)]
#[template(path = "playground.html")]
struct PlaygroundPage {
    chrome: Chrome,
    title: String,
    lead: String,
    notices: Vec<String>,
    examples: Vec<ExamplePart>,
    /// None where the cluster pulls from real registries.
    images: Vec<ImagePart>,
}

struct ExamplePart {
    file: String,
    title: String,
    about: String,
    html: String,
}

struct ImagePart {
    name: String,
    /// Empty where no words of ours say what it is.
    about: String,
    tags: Vec<&'static str>,
}

/// `GET <base>playground`: in the reader's language.
pub async fn front(State(app): State<App>, headers: HeaderMap) -> Response {
    let to = format!("{}{}/playground", app.site.base, wished(&headers).tag());
    (StatusCode::FOUND, [(LOCATION, to)]).into_response()
}

/// `GET <base>shared/{link}`: in the reader's language.
pub async fn shared_front(
    State(app): State<App>,
    Path(link): Path<String>,
    headers: HeaderMap,
) -> Response {
    let lang = wished(&headers).tag();
    let to = format!("{}{lang}/shared/{link}", app.site.base);
    (StatusCode::FOUND, [(LOCATION, to)]).into_response()
}

/// `GET <base>{lang}/playground`: an empty cluster.
pub async fn playground(
    State(app): State<App>,
    Path(tag): Path<String>,
    Query(query): Query<LessonQuery>,
    known: Known,
    from: From,
    headers: HeaderMap,
) -> Response {
    let (Some(lang), Some(lesson)) = (exact(&tag), play::lesson(play::PLAYGROUND)) else {
        return lost(&app, Lang::En);
    };
    let ground = match &app.grounds.real {
        Some(real) if query.cluster.as_deref() != Some("sim") => real,
        _ => &app.grounds.sim,
    };
    match ready(&app, lang, &known, &from, &headers, &lesson, ground).await {
        Ok(session) => draw(&app, lang, &session, "playground", &known),
        Err(sorry) => sorry,
    }
}

/// `GET <base>{lang}/shared/{link}`: a copy of one's own of a world that somebody shared.
pub async fn shared(
    State(app): State<App>,
    Path((tag, link)): Path<(String, String)>,
    known: Known,
    from: From,
    headers: HeaderMap,
) -> Response {
    let Some(lang) = exact(&tag) else {
        return lost(&app, Lang::En);
    };
    let name = play::shared(&link);
    let mine = app.registry.has(&known.learner, &name).await;
    let there = mine || app.storage.is_shared(&link).await.unwrap_or_default();
    let Some(lesson) = play::lesson(&name).filter(|_| there) else {
        return sorry(&app, lang, StatusCode::NOT_FOUND, "page-no-share", None);
    };
    let ground = &app.grounds.sim;
    match ready(&app, lang, &known, &from, &headers, &lesson, ground).await {
        Ok(session) => draw(&app, lang, &session, &format!("shared/{link}"), &known),
        Err(sorry) => sorry,
    }
}

fn draw(app: &App, lang: Lang, session: &Session, here: &str, known: &Known) -> Response {
    let say = |key: &str| language::say(lang, key);
    let shared = play::link(&session.lesson.id).is_some();
    let kind = if shared { "share" } else { "play" };
    let title = say(&format!("{kind}-title"));
    let real = session.backend == Backend::Real;
    let data = Data {
        session: Some(page_session(app, session)),
        lesson: Some(PageLesson {
            id: session.lesson.id.clone(),
            title: title.clone(),
            minutes: 0,
            steps: Vec::new(),
            files: Vec::new(),
            next: None,
            embed: None,
        }),
        ..Data::default()
    };
    let page = PlaygroundPage {
        title,
        lead: say(&format!("{kind}-lead")),
        notices: real.then(|| say("page-real-cluster")).into_iter().collect(),
        examples: play::EXAMPLES
            .iter()
            .map(|one| example(one, &say))
            .collect(),
        images: match real {
            true => Vec::new(),
            false => play::repositories()
                .into_iter()
                .map(|one| image(one, &say))
                .collect(),
        },
        chrome: Chrome::new(app, lang, here, "lesson", data),
    };
    let cookie = known
        .fresh
        .as_ref()
        .map(|token| token.set_cookie(&app.site));
    html(StatusCode::OK, lang, page.render(), cookie)
}

fn example(example: &play::Example, say: &dyn Fn(&str) -> String) -> ExamplePart {
    ExamplePart {
        file: example.file(),
        title: say(&format!("example-{}", example.name)),
        about: say(&format!("example-{}-more", example.name)),
        html: highlight("yaml", example.text),
    }
}

fn image(repository: play::Repository, say: &dyn Fn(&str) -> String) -> ImagePart {
    let key = format!("image-{}", repository.key);
    let about = say(&key);
    ImagePart {
        name: repository.name,
        about: if about == key { String::new() } else { about },
        tags: repository.tags,
    }
}
