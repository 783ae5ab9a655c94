//! From the tree of directives to the configuration, in the order of the file, so that the first fault is the one that is told.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::config::{COMBINED, Config, ErrorLog, Level, Peer, Scope, Upstream};
use super::directives::{EVENTS, HTTP, LOCATION, MAIN, SERVER, UPSTREAM, check};
use super::site;
use super::syntax::{Directive, Node};
use super::text::{self, Text};

/// What `error_log` writes when it names no level.
const USUAL_LEVEL: Level = Level::Error;

/// A configuration that is being read.
#[derive(Default)]
pub(super) struct Reading {
    pub config: Config,
    /// What `set` has named, wherever.
    pub set: Vec<String>,
    /// Variables that were used.
    used: Vec<String>,
}

/// Reads all of it. Errors: nginx's words, with the place.
pub(super) fn config(nodes: &[Node]) -> Result<Config, String> {
    let mut reading = Reading::default();
    // as nginx's, it is found already when a log is named before it
    let combined = Rc::new(Text::parse(COMBINED)?);
    reading.config.formats.insert("combined".into(), combined);
    each(nodes, MAIN, &mut |directive| reading.main(directive))?;
    let unknown = reading
        .used
        .iter()
        .find(|name| !text::is_known(name) && !reading.set.contains(name));
    if let Some(name) = unknown {
        return Err(format!("unknown \"{name}\" variable"));
    }
    Ok(reading.config)
}

/// Goes over the directives of a block. Errors: the first that is broken, may not stand there, or is refused by `obey`.
pub(super) fn each(
    nodes: &[Node],
    context: u8,
    obey: &mut dyn FnMut(&Directive) -> Result<(), String>,
) -> Result<(), String> {
    for node in nodes {
        match node {
            Node::Broken(message) => return Err(message.clone()),
            Node::Included(nodes) => each(nodes, context, obey)?,
            Node::Directive(directive) => {
                check(directive, context)?;
                obey(directive)?;
            }
        }
    }
    Ok(())
}

/// Whether the directives of a block, and of the blocks within, may stand where they stand.
pub(super) fn structure(nodes: &[Node], context: u8) -> Result<(), String> {
    each(nodes, context, &mut |directive| match &directive.block {
        Some(inner) if directive.name == "location" => structure(inner, LOCATION),
        _ => Ok(()),
    })
}

impl Reading {
    fn main(&mut self, directive: &Directive) -> Result<(), String> {
        let args = &directive.args;
        let nodes = directive.block.as_deref().unwrap_or_default();
        match directive.name.as_str() {
            "worker_processes" if args[0] == "auto" => self.config.workers = None,
            "worker_processes" => {
                let number = args[0].parse().ok().filter(|n| (1..=64).contains(n));
                let number = number.ok_or_else(|| invalid_value(directive))?;
                self.config.workers = Some(number);
            }
            "daemon" => self.config.stays_in_front = args[0] == "off",
            "user" => self.config.user = Some((args[0].clone(), directive.place.clone())),
            "error_log" => self.config.error_log = Some(error_log(directive)?),
            "events" => each(nodes, EVENTS, &mut |inner| {
                if inner.name == "worker_connections" {
                    let number = inner.args[0].parse().map_err(|_| invalid_number(inner))?;
                    self.config.connections = Some(number);
                }
                Ok(())
            })?,
            "http" => self.http(nodes)?,
            _ => {}
        }
        Ok(())
    }

    fn http(&mut self, nodes: &[Node]) -> Result<(), String> {
        let mut scope = Scope {
            error_log: self.config.error_log.clone(),
            ..Scope::default()
        };
        let mut level = site::Level::default();
        // What a block says counts for the blocks within it, also for those that stand before it.
        let mut servers = Vec::new();
        each(nodes, HTTP, &mut |directive| {
            match directive.name.as_str() {
                "server" => {
                    let block = directive.block.clone().unwrap_or_default();
                    structure(&block, SERVER)?;
                    servers.push(block);
                }
                "upstream" => self.upstream(directive)?,
                "log_format" => {
                    let parts: Vec<&str> = directive.args[1..]
                        .iter()
                        .map(String::as_str)
                        .filter(|part| !part.starts_with("escape="))
                        .collect();
                    let format = self.text(directive, &parts.concat())?;
                    let name = directive.args[0].clone();
                    self.config.formats.insert(name, Rc::new(format));
                }
                _ => level.obey(self, &mut scope, directive)?,
            }
            Ok(())
        })?;
        for block in &servers {
            let server = site::server(self, block, &scope)?;
            self.add(server)?;
        }
        Ok(())
    }

    fn add(&mut self, server: super::config::Server) -> Result<(), String> {
        for listen in &server.listens {
            for other in &self.config.servers {
                let same = other.listens.iter().find(|l| l.at == listen.at);
                let both = server.names.iter().find(|name| other.names.contains(name));
                if let (Some(_), Some(name)) = (same, both) {
                    let text = format!(
                        "conflicting server name \"{name}\" on {}, ignored",
                        listen.at
                    );
                    self.config.warnings.push(text);
                }
            }
        }
        self.config.servers.push(Rc::new(server));
        Ok(())
    }

    fn upstream(&mut self, directive: &Directive) -> Result<(), String> {
        let mut upstream = Upstream::default();
        let nodes = directive.block.as_deref().unwrap_or_default();
        each(nodes, UPSTREAM, &mut |inner| {
            if inner.name == "server" {
                upstream.peers.push(peer(inner)?);
                let host = upstream.peers.last().map(|peer| peer.host.clone());
                let host = host.map(|host| (host, inner.place.clone()));
                self.config.hosts.extend(host);
            }
            Ok(())
        })?;
        let place = &directive.place;
        if upstream.peers.is_empty() {
            return Err(format!("no servers are inside upstream{place}"));
        }
        let name = directive.args[0].clone();
        if self.config.upstreams.contains_key(&name) {
            return Err(format!("duplicate upstream \"{name}\"{place}"));
        }
        self.config.upstreams.insert(name, Rc::new(upstream));
        Ok(())
    }

    /// A text with variables, which must be known in the end.
    pub fn text(&mut self, directive: &Directive, source: &str) -> Result<Text, String> {
        let text = Text::parse(source).map_err(|what| format!("{what}{}", directive.place))?;
        self.used.extend(text.variables().map(str::to_owned));
        Ok(text)
    }
}

pub(super) fn invalid_value(directive: &Directive) -> String {
    format!("invalid value \"{}\"{}", directive.args[0], directive.place)
}

fn invalid_number(directive: &Directive) -> String {
    format!(
        "invalid number \"{}\"{}",
        directive.args[0], directive.place
    )
}

pub(super) fn error_log(directive: &Directive) -> Result<ErrorLog, String> {
    let mut level = USUAL_LEVEL;
    for name in &directive.args[1..] {
        level = Level::parse(name)
            .ok_or_else(|| format!("invalid log level \"{name}\"{}", directive.place))?;
    }
    Ok(ErrorLog {
        path: directive.args[0].clone(),
        level,
    })
}

/// Host and port of `host`, `host:80`. Errors: `invalid port`.
pub(super) fn host_and_port(text: &str) -> Result<(String, u16), &'static str> {
    match text.split_once(':') {
        None => Ok((text.into(), 80)),
        Some((host, port)) => match port.parse() {
            Ok(port) if port > 0 => Ok((host.into(), port)),
            _ => Err("invalid port"),
        },
    }
}

fn peer(directive: &Directive) -> Result<Peer, String> {
    let place = &directive.place;
    let (host, port) = host_and_port(&directive.args[0])
        .map_err(|what| format!("{what} in upstream \"{}\"{place}", directive.args[0]))?;
    let mut peer = Peer {
        host,
        port,
        weight: 1,
        backup: false,
        fails_max: 1,
    };
    for word in &directive.args[1..] {
        let wrong = || format!("invalid parameter \"{word}\"{place}");
        match word.split_once('=') {
            Some(("weight", n)) => peer.weight = n.parse().map_err(|_| wrong())?,
            Some(("max_fails", n)) => peer.fails_max = n.parse().map_err(|_| wrong())?,
            Some(("fail_timeout" | "max_conns", _)) => {}
            None if word == "backup" => peer.backup = true,
            None if word == "down" => peer.weight = 0,
            None if word == "resolve" => {}
            _ => return Err(wrong()),
        }
    }
    Ok(peer)
}

/// The media types of a `types` block: by ending.
pub(super) fn types(nodes: &[Node], into: &mut BTreeMap<String, String>) -> Result<(), String> {
    for node in nodes {
        match node {
            Node::Broken(message) => return Err(message.clone()),
            Node::Included(nodes) => types(nodes, into)?,
            Node::Directive(directive) => {
                let endings = directive.args.iter().cloned();
                into.extend(endings.map(|ending| (ending, directive.name.clone())));
            }
        }
    }
    Ok(())
}
