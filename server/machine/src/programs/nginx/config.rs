//! What the configuration says: servers, locations, upstreams, logs.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::collections::BTreeMap;
use std::rc::Rc;

use regex::bytes::Regex;

use super::text::Text;
use crate::time::Duration;

/// The format of access logs that name none.
pub(super) const COMBINED: &str = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\"";

/// The whole of it.
#[derive(Clone, Default)]
pub(super) struct Config {
    /// None: one for each processor.
    pub workers: Option<u32>,
    /// Connections that a worker may have, to clients and to servers behind. None: 512.
    pub connections: Option<u64>,
    /// `daemon off`
    pub stays_in_front: bool,
    pub user: Option<(String, super::syntax::Place)>,
    pub error_log: Option<ErrorLog>,
    pub formats: BTreeMap<String, Rc<Text>>,
    pub servers: Vec<Rc<Server>>,
    pub upstreams: BTreeMap<String, Rc<Upstream>>,
    /// Hosts whose addresses must be known before it starts, with where they are named.
    pub hosts: Vec<(String, super::syntax::Place)>,
    /// `[warn]` lines that reading it gave.
    pub warnings: Vec<String>,
}

impl Config {
    /// Where it listens, each once.
    pub fn sockets(&self) -> Vec<SocketAddr> {
        let mut all: Vec<SocketAddr> = Vec::new();
        for listen in self.servers.iter().flat_map(|server| &server.listens) {
            if !all.contains(&listen.at) {
                all.push(listen.at);
            }
        }
        all
    }

    /// The files that logs go to, each once.
    pub fn logs(&self) -> Vec<String> {
        let mut all: Vec<String> = self.error_log.iter().map(|log| log.path.clone()).collect();
        for server in &self.servers {
            server.scope.logs(&mut all);
            server.locations.iter().for_each(|each| each.logs(&mut all));
        }
        all.retain(|path| path != "stderr");
        all.sort();
        all.dedup();
        all
    }
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct ErrorLog {
    /// A path, or `stderr`.
    pub path: String,
    pub level: Level,
}

/// How grave a line of the error log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Emerg,
    Alert,
    Crit,
    Error,
    Warn,
    Notice,
    Info,
    Debug,
}

impl Level {
    const NAMES: [(&'static str, Level); 8] = [
        ("emerg", Level::Emerg),
        ("alert", Level::Alert),
        ("crit", Level::Crit),
        ("error", Level::Error),
        ("warn", Level::Warn),
        ("notice", Level::Notice),
        ("info", Level::Info),
        ("debug", Level::Debug),
    ];

    pub fn parse(name: &str) -> Option<Level> {
        let found = Level::NAMES.iter().find(|(n, _)| *n == name)?;
        Some(found.1)
    }

    pub fn name(self) -> &'static str {
        Level::NAMES[self as usize].0
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Listen {
    pub at: SocketAddr,
    pub default: bool,
}

impl Listen {
    pub const USUAL: Listen = Listen {
        at: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 80),
        default: false,
    };
}

pub(super) struct Server {
    pub listens: Vec<Listen>,
    /// Exact names, `*.…`, `….*`; the first is `$server_name`.
    pub names: Vec<String>,
    pub scope: Scope,
    pub own: Own,
    pub locations: Vec<Rc<Location>>,
}

pub(super) enum Pattern {
    Exact(String),
    /// With `^~` no expression is tried after it.
    Prefix {
        text: String,
        final_: bool,
    },
    Expression(Regex),
}

pub(super) struct Location {
    pub pattern: Pattern,
    pub scope: Scope,
    pub own: Own,
    pub locations: Vec<Rc<Location>>,
}

impl Location {
    fn logs(&self, all: &mut Vec<String>) {
        self.scope.logs(all);
        self.locations.iter().for_each(|each| each.logs(all));
    }
}

/// What the blocks within take over.
#[derive(Clone)]
pub(super) struct Scope {
    pub root: Text,
    pub index: Vec<Text>,
    pub default_type: String,
    pub types: Rc<BTreeMap<String, String>>,
    /// None: as in the block without; empty: off.
    pub access_logs: Vec<AccessLog>,
    pub error_log: Option<ErrorLog>,
    pub error_pages: Vec<ErrorPage>,
    pub headers: Vec<Header>,
    pub proxy_headers: Vec<(String, Text)>,
    pub rules: Vec<Rule>,
    pub autoindex: bool,
    /// Bytes; 0: as many as come.
    pub body_max: u64,
    pub shows_version: bool,
    pub keeps_alive: bool,
    pub has_resolver: bool,
    /// `HTTP/1.0` or `HTTP/1.1`, to the servers behind.
    pub proxy_version: String,
    pub connect_timeout: Duration,
    pub read_timeout: Duration,
}

impl Default for Scope {
    fn default() -> Scope {
        let text = |source: &str| Text::parse(source).unwrap_or_default();
        let types = [
            ("html", "text/html"),
            ("gif", "image/gif"),
            ("jpg", "image/jpeg"),
        ];
        Scope {
            root: text("/etc/nginx/html"),
            index: vec![text("index.html")],
            default_type: "text/plain".into(),
            types: Rc::new(types.map(|(k, v)| (k.into(), v.into())).into()),
            access_logs: vec![AccessLog {
                path: "/var/log/nginx/access.log".into(),
                format: Rc::new(text(COMBINED)),
            }],
            error_log: None,
            error_pages: Vec::new(),
            headers: Vec::new(),
            proxy_headers: Vec::new(),
            rules: Vec::new(),
            autoindex: false,
            body_max: 1 << 20,
            shows_version: true,
            keeps_alive: true,
            has_resolver: false,
            proxy_version: "HTTP/1.0".into(),
            connect_timeout: Duration::from_secs(60),
            read_timeout: Duration::from_secs(60),
        }
    }
}

impl Scope {
    fn logs(&self, all: &mut Vec<String>) {
        all.extend(self.access_logs.iter().map(|log| log.path.clone()));
        all.extend(self.error_log.iter().map(|log| log.path.clone()));
    }
}

/// What belongs to one block alone.
#[derive(Default)]
pub(super) struct Own {
    /// `set`, `rewrite` and `return`, in their order.
    pub acts: Vec<Act>,
    pub alias: bool,
    pub internal: bool,
    pub try_files: Vec<Text>,
    pub proxy: Option<Proxy>,
    pub is_status: bool,
}

pub(super) enum Act {
    Set(String, Text),
    Rewrite { from: Regex, to: Text, then: Then },
    Return(u16, Option<Text>),
}

/// What follows a rewrite that matched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Next,
    Last,
    Break,
    Redirect(u16),
}

#[derive(Clone)]
pub(super) struct AccessLog {
    pub path: String,
    pub format: Rc<Text>,
}

#[derive(Clone)]
pub(super) struct ErrorPage {
    pub codes: Vec<u16>,
    /// The code that is answered in its place; 0: that of the page.
    pub answer: Option<u16>,
    pub page: Text,
}

#[derive(Clone)]
pub(super) struct Header {
    pub name: String,
    pub value: Text,
    /// With errors too.
    pub always: bool,
}

/// `allow` or `deny`, of an address and so many bits.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    pub allows: bool,
    pub net: u32,
    pub bits: u32,
}

impl Rule {
    pub fn holds(&self, of: u32) -> bool {
        let mask = u32::MAX.checked_shl(32 - self.bits).unwrap_or(0);
        of & mask == self.net & mask
    }
}

#[derive(Clone)]
pub(super) struct Proxy {
    /// Host and port, or the name of an upstream.
    pub to: Text,
    /// What takes the place of the location's prefix; none: the path stays.
    pub path: Option<Text>,
}

#[derive(Default)]
pub(super) struct Upstream {
    pub peers: Vec<Peer>,
}

pub(super) struct Peer {
    pub host: String,
    pub port: u16,
    pub weight: u32,
    pub backup: bool,
    /// Failures within ten seconds after which it is left out for as long; 0: never.
    pub fails_max: u32,
}
