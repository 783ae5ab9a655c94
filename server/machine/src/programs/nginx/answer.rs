//! From a request to its answer: rewrites, rules, files, fixed answers, pages for errors. (RFC 9110; phases as nginx has them.)

use std::rc::Rc;

use super::config::Level;
use super::config::{Act, Then};
use super::exchange::{self, Exchange, captures, normal};
use super::{listing, proxy};
use crate::errno::Errno;
use crate::http::Response;
use crate::sys::{OpenFlags, Stat};
use crate::time::{MONTHS, Time, WEEKDAYS, two};

/// Internal redirects of one request.
const TURNS: usize = 10;

/// Bytes of a file that is sent.
const FILE_MAX: usize = 8 << 20;

/// What a step leads to.
pub(super) enum Outcome {
    Done(Response),
    /// To another path within.
    Go(String),
    Fail(u16),
    /// Back to the choice of a location, after a rewrite.
    Choose,
    /// Nothing yet.
    Next,
}

/// The answer, without what every answer has.
pub(super) async fn answer(ex: &mut Exchange) -> Response {
    let response = found(ex).await;
    if !ex.is_spent() {
        return response;
    }
    let what = format!("malloc() failed ({})", numbered(Errno::ENOMEM));
    ex.complain(Level::Emerg, &what).await;
    failed(ex, 500)
}

async fn found(ex: &mut Exchange) -> Response {
    let Some(uri) = normal(&ex.request.target) else {
        return failed(ex, 400);
    };
    ex.uri = uri;
    ex.args = ex
        .request
        .target
        .split_once('?')
        .map_or("", |(_, args)| args)
        .into();
    let server = ex.server.clone();
    let mut outcome = acts(ex, &server.own.acts);
    let mut instead: Option<(u16, Option<u16>)> = None;
    for _ in 0..=TURNS {
        if matches!(outcome, Outcome::Next | Outcome::Choose) {
            outcome = located(ex).await;
        }
        match outcome {
            Outcome::Go(to) => {
                let (path, args) = to.split_once('?').unwrap_or((&to, &ex.args));
                (ex.args, ex.uri) = (args.to_owned(), path.to_owned());
                ex.is_internal = true;
                outcome = Outcome::Choose;
            }
            Outcome::Choose | Outcome::Next => {}
            Outcome::Fail(code) => match page_for(ex, code, instead.is_some()) {
                Some((answer, to)) => {
                    instead = Some((code, answer));
                    ex.request.method = "GET".into();
                    outcome = Outcome::Go(to);
                }
                None => return shown(failed(ex, code), instead),
            },
            Outcome::Done(response) => return shown(response, instead),
        }
    }
    let what = format!(
        "rewrite or internal redirection cycle while internally redirecting to \"{}\"",
        ex.uri
    );
    ex.complain(Level::Error, &what).await;
    failed(ex, 500)
}

/// With the code of the error that a page stands for.
fn shown(mut response: Response, instead: Option<(u16, Option<u16>)>) -> Response {
    match instead {
        Some((code, None)) => response.code = code,
        Some((_, Some(code))) if code > 0 => response.code = code,
        _ => {}
    }
    response
}

fn page_for(ex: &Exchange, code: u16, again: bool) -> Option<(Option<u16>, String)> {
    let page = ex
        .scope()
        .error_pages
        .iter()
        .find(|page| page.codes.contains(&code))?;
    let to = ex.filled(&page.page);
    (!again && to.starts_with('/')).then_some((page.answer, to))
}

async fn located(ex: &mut Exchange) -> Outcome {
    let server = ex.server.clone();
    match exchange::location(&server.locations, &ex.uri) {
        Some((location, found)) => {
            ex.location = Some(location);
            if !found.is_empty() {
                ex.captures = found;
            }
        }
        None => ex.location = None,
    }
    if let Some(location) = ex.location.clone() {
        if location.own.internal && !ex.is_internal {
            return Outcome::Fail(404);
        }
        match acts(ex, &location.own.acts) {
            Outcome::Next => {}
            other => return other,
        }
    }
    let (length, most) = (ex.request.body.len() as u64, ex.scope().body_max);
    if most > 0 && length > most {
        let what = format!("client intended to send too large body: {length} bytes");
        ex.complain(Level::Error, &what).await;
        return Outcome::Fail(413);
    }
    if let core::net::IpAddr::V4(ip) = ex.peer.ip() {
        let rule = ex.scope().rules.iter().find(|rule| rule.holds(ip.into()));
        if rule.is_some_and(|rule| !rule.allows) {
            ex.complain(Level::Error, "access forbidden by rule").await;
            return Outcome::Fail(403);
        }
    }
    content(ex).await
}

/// `set`, `rewrite` and `return`, in their order.
fn acts(ex: &mut Exchange, acts: &[Act]) -> Outcome {
    let mut rewritten = false;
    for act in acts {
        match act {
            Act::Set(name, value) => {
                let value = ex.filled(value);
                ex.set.insert(name.clone(), value);
            }
            Act::Return(code, text) => {
                let text = text.as_ref().map(|text| ex.filled(text));
                return returned(ex, *code, text);
            }
            Act::Rewrite { from, to, then } => {
                let Some(found) = captures(from, &ex.uri) else {
                    continue;
                };
                ex.captures = found;
                let to = ex.filled(to);
                if let Then::Redirect(code) = then {
                    return Outcome::Done(moved(ex, *code, &with_args(&to, &ex.args)));
                }
                let (path, args) = to.split_once('?').unwrap_or((&to, &ex.args));
                (ex.args, ex.uri) = (args.to_owned(), path.to_owned());
                match then {
                    Then::Last => return Outcome::Choose,
                    Then::Break => return Outcome::Next,
                    _ => rewritten = true,
                }
            }
        }
    }
    if rewritten {
        Outcome::Choose
    } else {
        Outcome::Next
    }
}

fn with_args(to: &str, args: &str) -> String {
    if args.is_empty() || to.contains('?') {
        return to.to_owned();
    }
    format!("{to}?{args}")
}

fn returned(ex: &Exchange, code: u16, text: Option<String>) -> Outcome {
    match text {
        Some(text) if [301, 302, 303, 307, 308].contains(&code) => {
            Outcome::Done(moved(ex, code, &text))
        }
        Some(text) => Outcome::Done(Response::new(code, media_type(ex, &ex.uri), text)),
        None if code < 300 => Outcome::Done(Response::new(code, media_type(ex, &ex.uri), "")),
        None => Outcome::Fail(code),
    }
}

async fn content(ex: &mut Exchange) -> Outcome {
    let own = ex.own();
    if own.is_status {
        return Outcome::Done(Response::new(200, "text/plain", ex.worker.status()));
    }
    if !own.try_files.is_empty() {
        let tries: Vec<String> = own.try_files.iter().map(|t| ex.filled(t)).collect();
        match tried(ex, &tries) {
            Outcome::Next => {}
            other => return other,
        }
    }
    if let Some(proxy) = ex.own().proxy.clone() {
        // seldom, and long: not a part of every request
        return Box::pin(proxy::pass(ex, &proxy)).await;
    }
    file(ex).await
}

/// The first of the files that is there; the last is where to go, or a code.
fn tried(ex: &mut Exchange, tries: &[String]) -> Outcome {
    let Some((last, tries)) = tries.split_last() else {
        return Outcome::Next;
    };
    for uri in tries {
        let path = ex.file(uri);
        let wants_directory = path.ends_with('/');
        let found = ex.worker.sys.stat(path.trim_end_matches('/'));
        if found.is_ok_and(|stat| stat.is_dir() == wants_directory) {
            ex.uri.clone_from(uri);
            return Outcome::Next;
        }
    }
    match last.strip_prefix('=').map(str::parse) {
        Some(Ok(code)) => Outcome::Fail(code),
        _ => Outcome::Go(last.clone()),
    }
}

async fn file(ex: &mut Exchange) -> Outcome {
    if ex.request.method != "GET" && ex.request.method != "HEAD" {
        return Outcome::Fail(405);
    }
    let sys = ex.worker.sys.clone();
    let path = ex.file(&ex.uri);
    if ex.uri.ends_with('/') {
        return directory(ex, &path).await;
    }
    // the path is walked once: to open it
    let opened = sys.open(&path, OpenFlags::READ, 0);
    let (fd, stat) = match opened.and_then(|fd| Ok((fd, sys.fstat(fd)?))) {
        Ok(opened) => opened,
        Err(error) => return unopened(ex, &path, error).await,
    };
    let outcome = if stat.is_dir() {
        let to = with_args(&format!("{}/", ex.uri), &ex.args);
        Outcome::Done(moved(ex, 301, &to))
    } else {
        match sys.read_to_end(fd, FILE_MAX).await {
            Ok(bytes) => Outcome::Done(of_file(ex, &path, &stat, bytes)),
            Err(error) => unopened(ex, &path, error).await,
        }
    };
    let _ = sys.close(fd);
    outcome
}

async fn directory(ex: &Exchange, path: &str) -> Outcome {
    let sys = &ex.worker.sys;
    for index in &ex.scope().index {
        let index = ex.fill(index);
        if index.starts_with('/') {
            return Outcome::Go(index.into_owned());
        }
        let stat = sys.stat(&[path, &*index].concat());
        if stat.is_ok_and(|stat| stat.is_file()) {
            return Outcome::Go([&*ex.uri, &*index].concat());
        }
    }
    if let Err(error) = sys.stat(path) {
        let what = format!(
            "\"{path}{}\" is not found ({error})",
            first_index(ex),
            error = numbered(error)
        );
        ex.complain(Level::Error, &what).await;
        return Outcome::Fail(404);
    }
    if ex.scope().autoindex {
        return Outcome::Done(Response::new(200, "text/html", listing::page(ex, path)));
    }
    let what = format!("directory index of \"{path}\" is forbidden");
    ex.complain(Level::Error, &what).await;
    Outcome::Fail(403)
}

fn first_index(ex: &Exchange) -> String {
    let first = ex.scope().index.first();
    first.map(|index| ex.filled(index)).unwrap_or_default()
}

async fn unopened(ex: &Exchange, path: &str, error: Errno) -> Outcome {
    let what = format!("open() \"{path}\" failed ({})", numbered(error));
    ex.complain(Level::Error, &what).await;
    match error {
        Errno::ENOENT | Errno::ENOTDIR | Errno::ENAMETOOLONG => Outcome::Fail(404),
        Errno::EACCES => Outcome::Fail(403),
        _ => Outcome::Fail(500),
    }
}

/// `2: No such file or directory`
pub(super) fn numbered(error: Errno) -> String {
    format!("{}: {}", error.number(), error.text())
}

fn of_file(ex: &Exchange, path: &str, stat: &Stat, bytes: Vec<u8>) -> Response {
    let tag = format!("\"{:x}-{:x}\"", stat.mtime.seconds(), stat.size);
    let changed = http_date(stat.mtime);
    let known = |name, value: &str| ex.request.header(name).is_some_and(|held| held == value);
    if known("if-none-match", &tag) || known("if-modified-since", &changed) {
        let response = Response {
            code: 304,
            ..Response::default()
        };
        return response.with("Last-Modified", changed).with("ETag", tag);
    }
    Response::new(200, media_type(ex, path), bytes)
        .with("Last-Modified", changed)
        .with("ETag", tag)
        .with("Accept-Ranges", "bytes")
}

/// `Sat, 28 Nov 2026 04:05:19 GMT`
pub(crate) fn http_date(time: Time) -> String {
    let c = time.civil();
    [
        WEEKDAYS[c.weekday as usize],
        ", ",
        two(c.day),
        " ",
        MONTHS[c.month as usize - 1],
        " ",
        &c.year.to_string(),
        " ",
        two(c.hour),
        ":",
        two(c.minute),
        ":",
        two(c.second),
        " GMT",
    ]
    .concat()
}

fn media_type<'a>(ex: &'a Exchange, path: &str) -> &'a str {
    let name = path.rsplit('/').next().unwrap_or("");
    let ending = name.rsplit_once('.').map(|(_, e)| e.to_lowercase());
    let scope = ex.scope();
    let found = ending.and_then(|ending| scope.types.get(&ending));
    found.unwrap_or(&scope.default_type)
}

/// To another address; a path gets the host that the client named.
fn moved(ex: &Exchange, code: u16, to: &str) -> Response {
    let to = match to.starts_with('/') {
        true => {
            let port = match ex.at.port() {
                80 => String::new(),
                port => format!(":{port}"),
            };
            format!("http://{}{port}{to}", ex.host())
        }
        false => to.to_owned(),
    };
    failed(ex, code).with("Location", to)
}

/// nginx's own page of a code.
pub(super) fn failed(ex: &Exchange, code: u16) -> Response {
    let title = format!("{code} {}", phrase(code));
    let name = ex.server_header();
    let body = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>{name}</center>\r\n</body>\r\n</html>\r\n"
    );
    let mut response = Response::new(code, "text/html", body);
    if [400, 413, 414, 500, 501].contains(&code) {
        response = response.with("Connection", "close");
    }
    response
}

/// nginx's words for a code, where they are not the usual ones.
pub(super) fn phrase(code: u16) -> &'static str {
    match code {
        302 => "Moved Temporarily",
        405 => "Not Allowed",
        413 => "Request Entity Too Large",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        code => crate::http::reason(code),
    }
}

impl Exchange {
    pub(super) fn server_header(&self) -> String {
        match self.scope().shows_version {
            true => format!("nginx/{}", self.worker.version),
            false => "nginx".into(),
        }
    }

    /// A line of the error log, with what the request was.
    pub(super) async fn complain(&self, level: Level, what: &str) {
        self.complain_of(level, what, "").await;
    }

    /// `upstream`: whom it was passed to.
    pub(super) async fn complain_of(&self, level: Level, what: &str, upstream: &str) {
        let mut line = format!(
            "*{} {what}, client: {}, server: {}, request: \"{}\"",
            self.connection,
            self.peer.ip(),
            self.server_name(),
            self.first_line(),
        );
        if !upstream.is_empty() {
            line += &format!(", upstream: \"{upstream}\"");
        }
        if let Some(host) = self.request.header("host") {
            line += &format!(", host: \"{host}\"");
        }
        if let Some(from) = self.request.header("referer") {
            line += &format!(", referrer: \"{from}\"");
        }
        let log = self.scope().error_log.as_ref();
        let log = log.or(self.worker.config.error_log.as_ref());
        let worker = Rc::clone(&self.worker);
        worker.logs.error(&worker.sys, log, level, &line).await;
    }
}
