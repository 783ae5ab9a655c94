//! Servers and locations, as the blocks `server` and `location` say them.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use super::config::{
    AccessLog, Act, ErrorPage, Header, Listen, Location, Own, Pattern, Proxy, Rule, Scope, Server,
    Then,
};
use super::directives::{LOCATION, SERVER};
use super::read::{self, Reading, each, error_log, host_and_port, invalid_value, structure};
use super::syntax::{Directive, Node};
use crate::programs::regular;
use crate::time::Duration;

/// One block's own view of what it took over: a list that it names anew takes the place of the one from outside.
#[derive(Default)]
pub(super) struct Level {
    seen: Vec<String>,
}

impl Level {
    /// Whether the directive stands here for the first time.
    fn is_first(&mut self, directive: &Directive) -> bool {
        let first = !self.seen.contains(&directive.name);
        if first {
            self.seen.push(directive.name.clone());
        }
        first
    }

    /// A directive that the blocks within take over.
    pub fn obey(
        &mut self,
        reading: &mut Reading,
        scope: &mut Scope,
        directive: &Directive,
    ) -> Result<(), String> {
        let first = self.is_first(directive);
        let args = &directive.args;
        let invalid = || {
            format!(
                "\"{}\" directive invalid value{}",
                directive.name, directive.place
            )
        };
        match directive.name.as_str() {
            "root" | "alias" | "autoindex" | "default_type" | "client_max_body_size" if !first => {
                let (name, place) = (&directive.name, &directive.place);
                return Err(format!("\"{name}\" directive is duplicate{place}"));
            }
            "root" | "alias" => scope.root = reading.text(directive, &args[0])?,
            "index" => {
                let texts: Result<Vec<_>, _> = args
                    .iter()
                    .map(|arg| reading.text(directive, arg))
                    .collect();
                anew(&mut scope.index, first).extend(texts?);
            }
            "default_type" => scope.default_type = args[0].clone(),
            "types" => {
                let types = Rc::make_mut(&mut scope.types);
                if first {
                    types.clear();
                }
                read::types(directive.block.as_deref().unwrap_or_default(), types)?;
            }
            "access_log" => access_log(reading, scope, directive, first)?,
            "error_log" => scope.error_log = Some(error_log(directive)?),
            "error_page" => {
                let page = error_page(reading, directive)?;
                anew(&mut scope.error_pages, first).push(page);
            }
            "add_header" => {
                let header = Header {
                    name: args[0].clone(),
                    value: reading.text(directive, &args[1])?,
                    always: args.get(2).is_some_and(|word| word == "always"),
                };
                anew(&mut scope.headers, first).push(header);
            }
            "proxy_set_header" => {
                let value = reading.text(directive, &args[1])?;
                anew(&mut scope.proxy_headers, first).push((args[0].clone(), value));
            }
            "allow" | "deny" => {
                let also = ["allow", "deny"]
                    .iter()
                    .filter(|n| self.seen.iter().any(|s| s == *n));
                let first = first && also.count() == 1;
                anew(&mut scope.rules, first).push(rule(directive)?);
            }
            "autoindex" => scope.autoindex = args[0] == "on",
            "server_tokens" => scope.shows_version = args[0] != "off",
            "resolver" => scope.has_resolver = true,
            "proxy_http_version" => scope.proxy_version = format!("HTTP/{}", args[0]),
            "client_max_body_size" => scope.body_max = size(&args[0]).ok_or_else(invalid)?,
            "keepalive_timeout" => {
                scope.keeps_alive = !time(&args[0]).ok_or_else(invalid)?.is_zero();
            }
            "proxy_connect_timeout" => {
                scope.connect_timeout = time(&args[0]).ok_or_else(invalid)?;
            }
            "proxy_read_timeout" => scope.read_timeout = time(&args[0]).ok_or_else(invalid)?,
            _ => {}
        }
        Ok(())
    }
}

fn anew<T>(list: &mut Vec<T>, first: bool) -> &mut Vec<T> {
    if first {
        list.clear();
    }
    list
}

/// Bytes of `10`, `8k`, `1m`, `1g`.
fn size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// Of `30`, `30s`, `500ms`, `1m`, `1h`.
fn time(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let ms = match &text[digits.len()..] {
        "ms" => 1,
        "" | "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(
        digits.parse::<u64>().ok()?.checked_mul(ms)?,
    ))
}

fn access_log(
    reading: &Reading,
    scope: &mut Scope,
    directive: &Directive,
    first: bool,
) -> Result<(), String> {
    let logs = anew(&mut scope.access_logs, first);
    let args = &directive.args;
    if args[0] == "off" {
        return Ok(());
    }
    let name = args.get(1).map_or("combined", String::as_str);
    let Some(format) = reading.config.formats.get(name) else {
        let place = &directive.place;
        return Err(format!("unknown log format \"{name}\"{place}"));
    };
    logs.push(AccessLog {
        path: args[0].clone(),
        format: format.clone(),
    });
    Ok(())
}

fn error_page(reading: &mut Reading, directive: &Directive) -> Result<ErrorPage, String> {
    let (page, words) = directive.args.split_last().ok_or("error_page")?;
    let mut page = ErrorPage {
        codes: Vec::new(),
        answer: None,
        page: reading.text(directive, page)?,
    };
    for word in words {
        let invalid = || invalid_value(directive);
        match word.strip_prefix('=') {
            Some("") => page.answer = Some(0),
            Some(code) => page.answer = Some(code.parse().map_err(|_| invalid())?),
            None => {
                let code = word.parse().ok().filter(|code| (300..600).contains(code));
                page.codes.push(code.ok_or_else(invalid)?);
            }
        }
    }
    Ok(page)
}

fn rule(directive: &Directive) -> Result<Rule, String> {
    let (text, place) = (&directive.args[0], &directive.place);
    let invalid = || format!("invalid parameter \"{text}\"{place}");
    let (ip, bits) = match text.as_str() {
        "all" => ("0.0.0.0", "0"),
        text => text.split_once('/').unwrap_or((text, "32")),
    };
    let ip: Ipv4Addr = ip.parse().map_err(|_| invalid())?;
    let bits = bits.parse().ok().filter(|bits| *bits <= 32);
    Ok(Rule {
        allows: directive.name == "allow",
        net: ip.into(),
        bits: bits.ok_or_else(invalid)?,
    })
}

/// None for an address of IPv6: pods have none.
fn listen(directive: &Directive) -> Result<Option<Listen>, String> {
    let (text, place) = (&directive.args[0], &directive.place);
    let wrong = |what: &str| format!("{what} in \"{text}\" of the \"listen\" directive{place}");
    let mut default = false;
    for word in &directive.args[1..] {
        match word.as_str() {
            "default_server" | "default" => default = true,
            "ssl" => {
                return Err(format!(
                    "the \"ssl\" parameter requires ngx_http_ssl_module{place}"
                ));
            }
            "http2" | "reuseport" | "deferred" => {}
            word if word.contains('=') => {}
            word => return Err(format!("invalid parameter \"{word}\"{place}")),
        }
    }
    if text.starts_with('[') {
        return Ok(None);
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, port),
        None if text.bytes().all(|b| b.is_ascii_digit()) => ("*", text.as_str()),
        None => (text.as_str(), "80"),
    };
    let port = port.parse().ok().filter(|port| *port > 0);
    let port = port.ok_or_else(|| wrong("invalid port"))?;
    let ip = match host {
        "*" | "" => Ipv4Addr::UNSPECIFIED,
        "localhost" => Ipv4Addr::LOCALHOST,
        host => host.parse().map_err(|_| wrong("host not found"))?,
    };
    let at = SocketAddr::new(IpAddr::V4(ip), port);
    Ok(Some(Listen { at, default }))
}

/// A server. `outer`: what the block `http` says.
pub(super) fn server(
    reading: &mut Reading,
    nodes: &[Node],
    outer: &Scope,
) -> Result<Server, String> {
    let mut server = Server {
        listens: Vec::new(),
        names: Vec::new(),
        scope: outer.clone(),
        own: Own::default(),
        locations: Vec::new(),
    };
    let mut level = Level::default();
    let mut locations = Vec::new();
    let mut hears = false;
    each(nodes, SERVER, &mut |directive| {
        match directive.name.as_str() {
            "listen" => {
                hears = true;
                let Some(new) = listen(directive)? else {
                    return Ok(());
                };
                let defaults = reading.config.servers.iter().flat_map(|s| &s.listens);
                let taken =
                    new.default && defaults.into_iter().any(|l| l.default && l.at == new.at);
                if server.listens.iter().any(|l| l.at == new.at) || taken {
                    let what = if taken { "default server" } else { "listen" };
                    let (at, place) = (new.at, &directive.place);
                    return Err(format!("a duplicate {what} for {at}{place}"));
                }
                server.listens.push(new);
            }
            "server_name" => server
                .names
                .extend(directive.args.iter().map(|n| n.to_lowercase())),
            "location" => {
                structure(directive.block.as_deref().unwrap_or_default(), LOCATION)?;
                locations.push(directive.clone());
            }
            _ => inner(
                reading,
                &mut level,
                &mut server.scope,
                &mut server.own,
                directive,
            )?,
        }
        Ok(())
    })?;
    if !hears {
        server.listens.push(Listen::USUAL);
    }
    server.locations = within(reading, &locations, &server.scope)?;
    Ok(server)
}

fn within(
    reading: &mut Reading,
    directives: &[Directive],
    outer: &Scope,
) -> Result<Vec<Rc<Location>>, String> {
    let mut all: Vec<Rc<Location>> = Vec::new();
    for directive in directives {
        let new = location(reading, directive, outer)?;
        if let Some(text) = all.iter().find_map(|old| same(&old.pattern, &new.pattern)) {
            return Err(format!("duplicate location \"{text}\"{}", directive.place));
        }
        all.push(Rc::new(new));
    }
    Ok(all)
}

fn same<'a>(one: &'a Pattern, other: &Pattern) -> Option<&'a str> {
    match (one, other) {
        (Pattern::Exact(a), Pattern::Exact(b)) if a == b => Some(a),
        (Pattern::Prefix { text: a, .. }, Pattern::Prefix { text: b, .. }) if a == b => Some(a),
        _ => None,
    }
}

fn pattern(directive: &Directive) -> Result<Pattern, String> {
    let place = &directive.place;
    let (modifier, text) = match directive.args.as_slice() {
        [modifier, text] => (modifier.as_str(), text.clone()),
        [text, ..] => match text.strip_prefix('=') {
            Some(path) if !path.is_empty() => ("=", path.to_owned()),
            _ => ("", text.clone()),
        },
        [] => ("", String::new()),
    };
    match modifier {
        "" => Ok(Pattern::Prefix {
            text,
            final_: false,
        }),
        "^~" => Ok(Pattern::Prefix { text, final_: true }),
        "=" => Ok(Pattern::Exact(text)),
        "~" | "~*" => expression(&text, modifier == "~*")
            .map(Pattern::Expression)
            .map_err(|what| what + &place.to_string()),
        other => Err(format!("invalid location modifier \"{other}\"{place}")),
    }
}

fn expression(text: &str, ignore_case: bool) -> Result<regex::bytes::Regex, String> {
    regular::build(text, ignore_case)
        .map_err(|_| format!("pcre2_compile() failed: invalid expression in \"{text}\""))
}

fn location(
    reading: &mut Reading,
    directive: &Directive,
    outer: &Scope,
) -> Result<Location, String> {
    let mut location = Location {
        pattern: pattern(directive)?,
        scope: outer.clone(),
        own: Own::default(),
        locations: Vec::new(),
    };
    let mut level = Level::default();
    let mut locations = Vec::new();
    let nodes = directive.block.as_deref().unwrap_or_default();
    each(nodes, LOCATION, &mut |directive| {
        if directive.name == "location" {
            locations.push(directive.clone());
            return Ok(());
        }
        let (scope, own) = (&mut location.scope, &mut location.own);
        inner(reading, &mut level, scope, own, directive)
    })?;
    location.locations = within(reading, &locations, &location.scope)?;
    Ok(location)
}

/// A directive of a server or a location that is no block of its own.
fn inner(
    reading: &mut Reading,
    level: &mut Level,
    scope: &mut Scope,
    own: &mut Own,
    directive: &Directive,
) -> Result<(), String> {
    let (args, place) = (&directive.args, &directive.place);
    match directive.name.as_str() {
        "alias" => own.alias = true,
        "internal" => own.internal = true,
        "stub_status" => own.is_status = true,
        "try_files" => {
            for arg in args {
                own.try_files.push(reading.text(directive, arg)?);
            }
        }
        "set" => {
            let name = args[0]
                .strip_prefix('$')
                .ok_or_else(|| format!("invalid variable name \"{}\"{place}", args[0]))?;
            reading.set.push(name.to_lowercase());
            let value = reading.text(directive, &args[1])?;
            own.acts.push(Act::Set(name.to_lowercase(), value));
        }
        "return" => own.acts.push(returned(reading, directive)?),
        "rewrite" => {
            let to = reading.text(directive, &args[1])?;
            let then = match args.get(2).map(String::as_str) {
                Some("last") => Then::Last,
                Some("break") => Then::Break,
                Some("redirect") => Then::Redirect(302),
                Some("permanent") => Then::Redirect(301),
                None if args[1].starts_with("http") => Then::Redirect(302),
                None => Then::Next,
                Some(word) => return Err(format!("invalid parameter \"{word}\"{place}")),
            };
            let from = expression(&args[0], false).map_err(|what| what + &place.to_string())?;
            own.acts.push(Act::Rewrite { from, to, then });
        }
        "proxy_pass" => own.proxy = Some(proxy(reading, directive)?),
        _ => {}
    }
    level.obey(reading, scope, directive)
}

fn returned(reading: &mut Reading, directive: &Directive) -> Result<Act, String> {
    let args = &directive.args;
    let is_address = |text: &str| text.starts_with("http") || text.starts_with('$');
    if args.len() == 1 && is_address(&args[0]) {
        return Ok(Act::Return(302, Some(reading.text(directive, &args[0])?)));
    }
    let code = args[0].parse().ok().filter(|code| *code <= 999);
    let code =
        code.ok_or_else(|| format!("invalid return code \"{}\"{}", args[0], directive.place))?;
    let text = match args.get(1) {
        Some(text) => Some(reading.text(directive, text)?),
        None => None,
    };
    Ok(Act::Return(code, text))
}

fn proxy(reading: &mut Reading, directive: &Directive) -> Result<Proxy, String> {
    let place = &directive.place;
    let rest = match directive.args[0].split_once("://") {
        Some(("http", rest)) => rest,
        Some(("https", _)) => {
            return Err(format!("https protocol requires SSL support{place}"));
        }
        _ => return Err(format!("invalid URL prefix{place}")),
    };
    let at = rest.find('/').unwrap_or(rest.len());
    let (to, path) = rest.split_at(at);
    let text = reading.text(directive, to)?;
    if !text.has_variables() {
        let (host, _) =
            host_and_port(to).map_err(|what| format!("{what} in upstream \"{to}\"{place}"))?;
        if host.is_empty() {
            return Err(format!("no host in upstream \"{to}\"{place}"));
        }
        if !reading.config.upstreams.contains_key(to) {
            reading.config.hosts.push((host, place.clone()));
        }
    }
    let path = match path {
        "" => None,
        path => Some(reading.text(directive, path)?),
    };
    Ok(Proxy { to: text, path })
}
