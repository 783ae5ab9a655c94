//! A request on its way through servers and locations, and what its variables are.

use core::net::SocketAddr;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::config::{Location, Own, Pattern, Scope, Server};
use super::text::{Known, Means, Text, Variable};
use super::work::Worker;
use crate::http::Request;
use crate::time::{MONTHS, Time, two};

/// Bytes that the values of all variables of one request may come to: a configuration can double a value in each line.
const VALUES_MAX: usize = 1 << 20;

/// What the look-up of a value costs beside its bytes.
const LOOK_UP: usize = 64;

/// Values that ask for values: `root $request_filename;` asks for itself.
const DEEPEST: usize = 16;

/// What is left for the values of one request.
pub(super) struct Allowance {
    bytes: Cell<usize>,
    depth: Cell<usize>,
}

impl Default for Allowance {
    fn default() -> Allowance {
        Allowance {
            bytes: Cell::new(VALUES_MAX),
            depth: Cell::new(0),
        }
    }
}

/// What an upstream has answered.
#[derive(Clone, Default)]
pub(super) struct Told {
    pub address: String,
    pub status: String,
    pub seconds: String,
}

pub(super) struct Exchange {
    pub worker: Rc<Worker>,
    pub request: Request,
    pub peer: SocketAddr,
    /// Where it was heard.
    pub at: SocketAddr,
    /// Number of the connection, of its worker.
    pub connection: u64,
    pub began: Time,
    pub server: Rc<Server>,
    pub location: Option<Rc<Location>>,
    /// Decoded, without the query.
    pub uri: String,
    pub args: String,
    pub captures: Vec<String>,
    pub set: BTreeMap<String, String>,
    /// It went to another location by itself.
    pub is_internal: bool,
    pub status: u16,
    /// Bytes of the body that were sent.
    pub sent: usize,
    pub upstream: Told,
    pub allowance: Allowance,
}

impl Exchange {
    /// A text with the values of its variables.
    pub fn fill<'a>(&'a self, text: &'a Text) -> Cow<'a, str> {
        text.fill(|variable| self.afforded(variable))
    }

    pub fn filled(&self, text: &Text) -> String {
        self.fill(text).into_owned()
    }

    /// The value of a variable. None: the request has had all that it may have.
    pub fn afforded<'a>(&'a self, variable: &Variable) -> Option<Cow<'a, str>> {
        let Allowance { bytes, depth } = &self.allowance;
        if depth.get() == DEEPEST {
            bytes.set(0);
        }
        bytes.set(bytes.get().checked_sub(LOOK_UP)?);
        depth.set(depth.get() + 1);
        let value = self.value(variable);
        depth.set(depth.get() - 1);
        let left = bytes.get().checked_sub(value.len());
        bytes.set(left.unwrap_or(0));
        left.map(|_| value)
    }

    /// Whether its values became more than it may have.
    pub fn is_spent(&self) -> bool {
        self.allowance.bytes.get() < LOOK_UP
    }

    pub fn scope(&self) -> &Scope {
        match &self.location {
            Some(location) => &location.scope,
            None => &self.server.scope,
        }
    }

    pub fn own(&self) -> &Own {
        match &self.location {
            Some(location) => &location.own,
            None => &self.server.own,
        }
    }

    /// The host that the client named, without port; else the name of the server.
    pub fn host(&self) -> String {
        match self.request.header("host") {
            Some(host) => named_host(host),
            None => self.server_name().to_owned(),
        }
    }

    pub fn server_name(&self) -> &str {
        self.server.names.first().map_or("", String::as_str)
    }

    /// The path of a file for a path of the request: below `root`, or in place of the location's prefix below `alias`.
    pub fn file(&self, uri: &str) -> String {
        let prefix = match &self.location {
            Some(location) if location.own.alias => match &location.pattern {
                Pattern::Prefix { text, .. } | Pattern::Exact(text) => text.len(),
                Pattern::Expression(_) => uri.len(),
            },
            _ => 0,
        };
        let root = self.fill(&self.scope().root);
        [&*root, uri.get(prefix..).unwrap_or("")].concat()
    }

    /// The value of a variable; nothing where it has none.
    fn value<'a>(&'a self, variable: &Variable) -> Cow<'a, str> {
        if let Some(value) = self.set.get(&variable.name) {
            return value.into();
        }
        match &variable.means {
            Means::Known(name) => self.named(*name),
            Means::Capture(number) => self.captures.get(*number).map_or("", String::as_str).into(),
            Means::Argument(key) => pair(&self.args, '&', key).into(),
            Means::Cookie(key) => pair(self.header("cookie"), ';', key).into(),
            Means::Header(name) => self.header(name).into(),
            Means::Nothing => "".into(),
        }
    }

    fn header(&self, name: &str) -> &str {
        self.request.header(name).unwrap_or("")
    }

    /// `GET / HTTP/1.1`
    pub fn first_line(&self) -> String {
        let request = &self.request;
        [&request.method, " ", &request.target, " ", &request.version].concat()
    }

    fn named(&self, name: Known) -> Cow<'_, str> {
        let sys = &self.worker.sys;
        let request = &self.request;
        match name {
            Known::Args => (&self.args).into(),
            Known::BodyBytesSent => self.sent.to_string().into(),
            Known::Connection => self.connection.to_string().into(),
            Known::ConnectionRequests => "1".into(),
            Known::ContentLength => self.header("content-length").into(),
            Known::ContentType => self.header("content-type").into(),
            Known::DocumentRoot => self.fill(&self.scope().root),
            Known::Host => self.host().into(),
            Known::Hostname => sys.hostname().into(),
            Known::IsArgs => if self.args.is_empty() { "" } else { "?" }.into(),
            Known::Msec => {
                let now = sys.now();
                format!("{}.{:03}", now.seconds(), now.subsec_nanos() / 1_000_000).into()
            }
            Known::NginxVersion => (&self.worker.version).into(),
            Known::Pid => sys.pid().to_string().into(),
            Known::ProxyAddXForwardedFor => match self.header("x-forwarded-for") {
                "" => self.peer.ip().to_string().into(),
                before => format!("{before}, {}", self.peer.ip()).into(),
            },
            Known::ProxyHost => match &self.own().proxy {
                Some(proxy) => self.fill(&proxy.to),
                None => "".into(),
            },
            Known::RemoteAddr => self.peer.ip().to_string().into(),
            Known::RemotePort => self.peer.port().to_string().into(),
            Known::RemoteUser => "".into(),
            Known::Request => self.first_line().into(),
            Known::RequestFilename => self.file(&self.uri).into(),
            Known::RequestLength => request.encode().len().to_string().into(),
            Known::RequestMethod => (&request.method).into(),
            Known::RequestTime => seconds(sys.now().since(self.began)).into(),
            Known::RequestUri => (&request.target).into(),
            Known::Scheme => "http".into(),
            Known::ServerAddr => self.address().into(),
            Known::ServerName => self.server_name().into(),
            Known::ServerPort => self.at.port().to_string().into(),
            Known::ServerProtocol => (&request.version).into(),
            Known::Status => format!("{:03}", self.status).into(),
            Known::TimeIso8601 => {
                let c = sys.now().civil();
                format!(
                    "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+00:00",
                    c.year, c.month, c.day, c.hour, c.minute, c.second
                )
                .into()
            }
            Known::TimeLocal => local_time(sys.now()).into(),
            Known::UpstreamAddr => (&self.upstream.address).into(),
            Known::UpstreamResponseTime => (&self.upstream.seconds).into(),
            Known::UpstreamStatus => (&self.upstream.status).into(),
            Known::Uri => (&self.uri).into(),
        }
    }

    fn address(&self) -> String {
        let interfaces = self.worker.sys.interfaces();
        let own = interfaces.iter().flat_map(|each| &each.addresses);
        let mut shown = own.map(|(ip, _)| *ip).filter(|ip| !ip.is_loopback());
        shown.next().unwrap_or(self.at.ip()).to_string()
    }
}

/// The value of a key among `key=value`; nothing where it is not.
fn pair<'a>(text: &'a str, between: char, key: &str) -> &'a str {
    let mut pairs = text
        .split(between)
        .filter_map(|pair| pair.trim().split_once('='));
    let found = pairs.find(|(name, _)| name.eq_ignore_ascii_case(key));
    found.map_or("", |(_, value)| value)
}

/// A host as it is compared: without port, in lower case.
fn named_host(host: &str) -> String {
    host.split(':').next().unwrap_or("").to_lowercase()
}

/// `0.012`
pub(super) fn seconds(took: crate::time::Duration) -> String {
    format!("{}.{:03}", took.as_secs(), took.subsec_millis())
}

/// `28/Nov/2026:04:05:19 +0000`
pub(crate) fn local_time(now: Time) -> String {
    let c = now.civil();
    [
        two(c.day),
        "/",
        MONTHS[c.month as usize - 1],
        "/",
        &c.year.to_string(),
        ":",
        two(c.hour),
        ":",
        two(c.minute),
        ":",
        two(c.second),
        " +0000",
    ]
    .concat()
}

/// The path of a request: decoded, without `//`, `.` and `..`. None when it leads out of the root, or is none.
pub(super) fn normal(target: &str) -> Option<String> {
    let path = target.split(['?', '#']).next()?;
    if !path.starts_with('/') {
        return None;
    }
    let bytes = path.as_bytes();
    let is_plain = |pair: &[u8]| pair[0] != b'/' || !matches!(pair[1], b'/' | b'.');
    if !bytes.contains(&b'%') && bytes.windows(2).all(is_plain) {
        return Some(path.to_owned());
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let hex = path.get(at + 1..at + 3)?;
            decoded.push(u8::from_str_radix(hex, 16).ok().filter(|byte| *byte != 0)?);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    let decoded = String::from_utf8_lossy(&decoded).into_owned();
    let mut parts: Vec<&str> = Vec::new();
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let ends = ["/", "/.", "/.."].iter().any(|end| decoded.ends_with(end));
    let slash = if ends && !parts.is_empty() { "/" } else { "" };
    Some(format!("/{}{slash}", parts.join("/")))
}

/// The server for the host of a request among those that listen there: by exact name, `*.…`, `….*`, else the default, else the first.
pub(super) fn server<'a>(
    servers: &'a [Rc<Server>],
    at: SocketAddr,
    request: &Request,
) -> Option<&'a Rc<Server>> {
    let here = || {
        let all = servers.iter();
        all.filter(|server| server.listens.iter().any(|l| l.at == at))
    };
    let mut all = here();
    let first = all.next()?;
    if all.next().is_none() {
        return Some(first);
    }
    let host = named_host(request.header("host").unwrap_or(""));
    let host = host.as_str();
    let by = |holds: &dyn Fn(&str) -> bool| {
        here().find(|server| server.names.iter().any(|name| holds(name)))
    };
    by(&|name| name == host)
        .or_else(|| {
            by(&|name| {
                let end = name
                    .strip_prefix('*')
                    .or(name.strip_prefix('.').map(|_| name));
                end.is_some_and(|end| host.ends_with(end) || Some(host) == name.strip_prefix('.'))
            })
        })
        .or_else(|| {
            by(&|name| {
                name.strip_suffix('*')
                    .is_some_and(|start| host.starts_with(start))
            })
        })
        .or_else(|| here().find(|s| s.listens.iter().any(|l| l.at == at && l.default)))
        .or(Some(first))
}

/// The location for a path, with what an expression has captured.
pub(super) fn location(
    locations: &[Rc<Location>],
    uri: &str,
) -> Option<(Rc<Location>, Vec<String>)> {
    let longest = locations
        .iter()
        .filter_map(|location| match &location.pattern {
            Pattern::Exact(text) if text == uri => Some((usize::MAX, location)),
            Pattern::Prefix { text, .. } if uri.starts_with(text) => Some((text.len(), location)),
            _ => None,
        })
        .max_by_key(|(length, _)| *length)
        .map(|(_, location)| location);
    let is_final = longest.is_some_and(|location| match &location.pattern {
        Pattern::Exact(_) => true,
        Pattern::Prefix { final_, .. } => *final_,
        Pattern::Expression(_) => false,
    });
    let inner = longest.and_then(|location| self::location(&location.locations, uri));
    if inner.is_some() {
        return inner;
    }
    if !is_final {
        for location in locations {
            let Pattern::Expression(expression) = &location.pattern else {
                continue;
            };
            if let Some(found) = captures(expression, uri) {
                return self::location(&location.locations, uri)
                    .or_else(|| Some((location.clone(), found)));
            }
        }
    }
    longest.map(|location| (location.clone(), Vec::new()))
}

/// What an expression captures of a path, the whole first.
pub(super) fn captures(expression: &regex::bytes::Regex, uri: &str) -> Option<Vec<String>> {
    let found = expression.captures(uri.as_bytes())?;
    let text = |part: Option<regex::bytes::Match>| {
        part.map_or_else(String::new, |m| {
            String::from_utf8_lossy(m.as_bytes()).into_owned()
        })
    };
    Some(found.iter().map(text).collect())
}
