//! What every page has around it: words, scripts, languages, cookies; and the pages that say sorry.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE, VARY};
use axum::response::{Html, IntoResponse, Response};
use course::Lang;

use super::app::{App, Known};
use crate::language;
use crate::wire::{PageEmbed, PageLesson, PageSession, Props};

/// What every page has around it.
pub struct Chrome {
    pub(super) lang: Lang,
    pub(super) base: String,
    /// The page's path below the language: empty, or `lessons/first-pod`; `embed/first-pod` stands beside the languages.
    here: String,
    entry: Option<web::Entry>,
    pub(super) props: String,
}

impl Chrome {
    /// `here`: the page's path below the language.
    pub(super) fn new(app: &App, lang: Lang, here: &str, entry: &str, data: Data) -> Chrome {
        let props = Props {
            base: app.site.base.clone(),
            lang: lang.tag().into(),
            version: env!("CARGO_PKG_VERSION").into(),
            session: data.session,
            lesson: data.lesson,
            embed: data.embed,
        };
        Chrome {
            lang,
            base: app.site.base.clone(),
            here: here.into(),
            entry: web::entry(entry),
            props: in_script(&props),
        }
    }

    pub(super) fn say(&self, key: &str) -> String {
        language::say(self.lang, key)
    }

    pub(super) fn languages(&self) -> Vec<Other> {
        let other = |lang: Lang| Other {
            tag: lang.tag(),
            name: language::name(lang),
            href: match self.here.starts_with("embed/") {
                true => format!("{}{}?lang={}", self.base, self.here, lang.tag()),
                false => format!("{}{}/{}", self.base, lang.tag(), self.here),
            },
            current: lang == self.lang,
        };
        Lang::ALL.into_iter().map(other).collect()
    }

    pub(super) fn lang_name(&self) -> &'static str {
        language::name(self.lang)
    }

    /// The messages of this language, for the browser; they stand in a `<script>` and must not end it.
    pub(super) fn strings(&self) -> String {
        web::strings(self.lang.tag()).replace("</", "<\u{200d}/")
    }

    pub(super) fn mark(&self) -> &'static str {
        web::MARK
    }

    pub(super) fn js(&self) -> &'static str {
        self.entry.map_or("", |entry| entry.js)
    }

    pub(super) fn css(&self) -> &'static [&'static str] {
        self.entry.map_or(&[], |entry| entry.css)
    }

    pub(super) fn preload(&self) -> &'static [&'static str] {
        self.entry.map_or(&[], |entry| entry.preload)
    }
}

/// What a page's scripts get beside the words.
#[derive(Default)]
pub(super) struct Data {
    pub session: Option<PageSession>,
    pub lesson: Option<PageLesson>,
    pub embed: Option<PageEmbed>,
}

/// The same page in one of the languages.
pub(super) struct Other {
    pub(super) tag: &'static str,
    pub(super) name: &'static str,
    pub(super) href: String,
    pub(super) current: bool,
}

/// JSON that can stand in a `<script>`.
fn in_script(props: &Props) -> String {
    // Our own types always become JSON.
    serde_json::to_string(props)
        .unwrap_or_default()
        .replace('<', "\\u003c")
}

#[derive(Template)]
#[template(path = "sorry.html")]
struct SorryPage {
    chrome: Chrome,
    title: String,
    message: String,
}

pub(super) fn lost(app: &App, lang: Lang) -> Response {
    sorry(app, lang, StatusCode::NOT_FOUND, "page-not-found", None)
}

/// A page that says what went wrong: the messages `<key>` and `<key>-more`.
pub(super) fn sorry(
    app: &App,
    lang: Lang,
    code: StatusCode,
    key: &str,
    known: Option<&Known>,
) -> Response {
    let page = SorryPage {
        title: language::say(lang, key),
        message: language::say(lang, &format!("{key}-more")),
        chrome: Chrome::new(app, lang, "", "course", Data::default()),
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

pub(super) fn html(
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

pub(super) fn exact(tag: &str) -> Option<Lang> {
    Lang::of(tag).filter(|lang| lang.tag() == tag)
}
