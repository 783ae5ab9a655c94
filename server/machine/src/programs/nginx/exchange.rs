//! A request on its way through servers and locations, and what its variables are.

use core::net::SocketAddr;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::config::{Location, Own, Pattern, Scope, Server};
use super::text::Text;
use super::work::Worker;
use crate::http::Request;
use crate::time::{MONTHS, Time};

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
    pub fn fill(&self, text: &Text) -> String {
        text.fill(|name| self.afforded(name))
    }

    /// The value of a variable. None: the request has had all that it may have.
    pub fn afforded(&self, name: &str) -> Option<String> {
        let Allowance { bytes, depth } = &self.allowance;
        if depth.get() == DEEPEST {
            bytes.set(0);
        }
        bytes.set(bytes.get().checked_sub(LOOK_UP)?);
        depth.set(depth.get() + 1);
        let value = self.value(name);
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
            Some(host) => host.split(':').next().unwrap_or("").to_lowercase(),
            None => self.server.names.first().cloned().unwrap_or_default(),
        }
    }

    /// The path of a file for a path of the request: below `root`, or in place of the location's prefix below `alias`.
    pub fn file(&self, uri: &str) -> String {
        let root = self.fill(&self.scope().root);
        let prefix = match &self.location {
            Some(location) if location.own.alias => match &location.pattern {
                Pattern::Prefix { text, .. } | Pattern::Exact(text) => text.len(),
                Pattern::Expression(_) => uri.len(),
            },
            _ => return root + uri,
        };
        root + uri.get(prefix..).unwrap_or("")
    }

    /// The value of a variable; nothing where it has none.
    pub fn value(&self, name: &str) -> String {
        let header = |name: &str| {
            let name = name.replace('_', "-");
            self.request.header(&name).unwrap_or("").to_owned()
        };
        if let Some(value) = self.set.get(name) {
            return value.clone();
        }
        if let Ok(number) = name.parse::<usize>() {
            return self.captures.get(number).cloned().unwrap_or_default();
        }
        let (family, rest) = name.split_once('_').unwrap_or((name, ""));
        match family {
            "http" if !rest.is_empty() => return header(rest),
            "arg" => return self.pair(&self.args, '&', rest),
            "cookie" => return self.pair(&header("cookie"), ';', rest),
            _ => {}
        }
        self.named(name, header)
    }

    fn named(&self, name: &str, header: impl Fn(&str) -> String) -> String {
        let sys = &self.worker.sys;
        let request = &self.request;
        match name {
            "args" | "query_string" => self.args.clone(),
            "body_bytes_sent" | "bytes_sent" => self.sent.to_string(),
            "connection" => self.connection.to_string(),
            "connection_requests" => "1".into(),
            "content_length" | "content_type" => header(name),
            "document_root" => self.fill(&self.scope().root),
            "host" => self.host(),
            "hostname" => sys.hostname(),
            "is_args" if self.args.is_empty() => String::new(),
            "is_args" => "?".into(),
            "msec" => {
                let now = sys.now();
                format!("{}.{:03}", now.seconds(), now.subsec_nanos() / 1_000_000)
            }
            "nginx_version" => self.worker.version.clone(),
            "pid" => sys.pid().to_string(),
            "proxy_add_x_forwarded_for" => match header("x-forwarded-for") {
                before if before.is_empty() => self.peer.ip().to_string(),
                before => format!("{before}, {}", self.peer.ip()),
            },
            "proxy_host" => match &self.own().proxy {
                Some(proxy) => self.fill(&proxy.to),
                None => String::new(),
            },
            "remote_addr" => self.peer.ip().to_string(),
            "remote_port" => self.peer.port().to_string(),
            "request" => format!("{} {} {}", request.method, request.target, request.version),
            "request_filename" => self.file(&self.uri),
            "request_length" => request.encode().len().to_string(),
            "request_method" => request.method.clone(),
            "request_time" => seconds(sys.now().since(self.began)),
            "request_uri" => request.target.clone(),
            "scheme" => "http".into(),
            "server_addr" => self.address(),
            "server_name" => self.server.names.first().cloned().unwrap_or_default(),
            "server_port" => self.at.port().to_string(),
            "server_protocol" => request.version.clone(),
            "status" => format!("{:03}", self.status),
            "time_iso8601" => {
                let c = sys.now().civil();
                format!(
                    "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+00:00",
                    c.year, c.month, c.day, c.hour, c.minute, c.second
                )
            }
            "time_local" => local_time(sys.now()),
            "upstream_addr" => self.upstream.address.clone(),
            "upstream_response_time" => self.upstream.seconds.clone(),
            "upstream_status" => self.upstream.status.clone(),
            "uri" | "document_uri" => self.uri.clone(),
            _ => String::new(),
        }
    }

    fn address(&self) -> String {
        let interfaces = self.worker.sys.interfaces();
        let own = interfaces.iter().flat_map(|each| &each.addresses);
        let mut shown = own.map(|(ip, _)| *ip).filter(|ip| !ip.is_loopback());
        shown.next().unwrap_or(self.at.ip()).to_string()
    }

    fn pair(&self, text: &str, between: char, name: &str) -> String {
        let mut pairs = text
            .split(between)
            .map(str::trim)
            .filter_map(|p| p.split_once('='));
        let found = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    }
}

/// `0.012`
pub(super) fn seconds(took: crate::time::Duration) -> String {
    format!("{}.{:03}", took.as_secs(), took.subsec_millis())
}

/// `28/Nov/2026:04:05:19 +0000`
pub(crate) fn local_time(now: Time) -> String {
    let c = now.civil();
    format!(
        "{:02}/{}/{}:{:02}:{:02}:{:02} +0000",
        c.day,
        MONTHS[c.month as usize - 1],
        c.year,
        c.hour,
        c.minute,
        c.second
    )
}

/// The path of a request: decoded, without `//`, `.` and `..`. None when it leads out of the root, or is none.
pub(super) fn normal(target: &str) -> Option<String> {
    let path = target.split(['?', '#']).next()?;
    if !path.starts_with('/') {
        return None;
    }
    let bytes = path.as_bytes();
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

/// The server for a host among those that listen there: by exact name, `*.…`, `….*`, else the default, else the first.
pub(super) fn server(servers: &[Rc<Server>], at: SocketAddr, host: &str) -> Option<Rc<Server>> {
    let here = || {
        servers
            .iter()
            .filter(|server| server.listens.iter().any(|l| l.at == at))
    };
    let by = |holds: &dyn Fn(&str) -> bool| {
        here()
            .find(|server| server.names.iter().any(|name| holds(name)))
            .cloned()
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
        .or_else(|| {
            here()
                .find(|s| s.listens.iter().any(|l| l.at == at && l.default))
                .cloned()
        })
        .or_else(|| here().next().cloned())
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
