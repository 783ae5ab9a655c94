//! The directives that are known: where each may stand and what it takes.
//!
//! Those that only tune (buffers, timeouts, compression) are taken and change nothing; one that would change what a client sees and is not
//! simulated is unknown, as in an nginx built without its module (`LIMITATIONS.md`, `nginx`).

use super::syntax::Directive;

/// Sets of contexts.
pub(super) const MAIN: u8 = 1;
pub(super) const EVENTS: u8 = 2;
pub(super) const HTTP: u8 = 4;
pub(super) const SERVER: u8 = 8;
pub(super) const LOCATION: u8 = 16;
pub(super) const UPSTREAM: u8 = 32;
const SITE: u8 = HTTP | SERVER | LOCATION;

/// What follows the name.
enum Takes {
    /// From so many words to so many.
    Words(usize, usize),
    /// `on` or `off`.
    Flag,
    /// So many words, and a block.
    Block(usize, usize),
}
use Takes::{Block, Flag, Words};

const MANY: usize = 100;

const KNOWN: &[(&str, u8, Takes)] = &[
    ("access_log", SITE, Words(1, MANY)),
    ("add_header", SITE, Words(2, 3)),
    ("alias", LOCATION, Words(1, 1)),
    ("allow", SITE, Words(1, 1)),
    ("autoindex", SITE, Flag),
    ("client_max_body_size", SITE, Words(1, 1)),
    ("daemon", MAIN, Flag),
    ("default_type", SITE, Words(1, 1)),
    ("deny", SITE, Words(1, 1)),
    ("error_log", MAIN | SITE, Words(1, MANY)),
    ("error_page", SITE, Words(2, MANY)),
    ("events", MAIN, Block(0, 0)),
    ("http", MAIN, Block(0, 0)),
    ("include", 255, Words(1, 1)),
    ("index", SITE, Words(1, MANY)),
    ("internal", LOCATION, Words(0, 0)),
    ("keepalive_timeout", SITE, Words(1, 2)),
    ("listen", SERVER, Words(1, MANY)),
    ("location", SERVER | LOCATION, Block(1, 2)),
    ("log_format", HTTP, Words(2, MANY)),
    ("pid", MAIN, Words(1, 1)),
    ("proxy_connect_timeout", SITE, Words(1, 1)),
    ("proxy_http_version", SITE, Words(1, 1)),
    ("proxy_pass", LOCATION, Words(1, 1)),
    ("proxy_read_timeout", SITE, Words(1, 1)),
    ("proxy_set_header", SITE, Words(2, 2)),
    ("resolver", SITE, Words(1, MANY)),
    ("return", SERVER | LOCATION, Words(1, 2)),
    ("rewrite", SERVER | LOCATION, Words(2, 3)),
    ("root", SITE, Words(1, 1)),
    ("server", HTTP, Block(0, 0)),
    ("server", UPSTREAM, Words(1, MANY)),
    ("server_name", SERVER, Words(1, MANY)),
    ("server_tokens", SITE, Words(1, 1)),
    ("set", SERVER | LOCATION, Words(2, 2)),
    ("stub_status", SERVER | LOCATION, Words(0, 1)),
    ("try_files", SERVER | LOCATION, Words(2, MANY)),
    ("types", SITE, Block(0, 0)),
    ("upstream", HTTP, Block(1, 1)),
    ("user", MAIN, Words(1, 2)),
    ("worker_processes", MAIN, Words(1, 1)),
    // What only tunes.
    ("accept_mutex", EVENTS, Flag),
    ("absolute_redirect", SITE, Flag),
    ("aio", SITE, Words(1, 1)),
    ("charset", SITE, Words(1, 1)),
    ("client_body_buffer_size", SITE, Words(1, 1)),
    ("client_body_timeout", SITE, Words(1, 1)),
    ("client_header_timeout", HTTP | SERVER, Words(1, 1)),
    ("gzip", SITE, Flag),
    ("gzip_comp_level", SITE, Words(1, 1)),
    ("gzip_min_length", SITE, Words(1, 1)),
    ("gzip_proxied", SITE, Words(1, MANY)),
    ("gzip_types", SITE, Words(1, MANY)),
    ("gzip_vary", SITE, Flag),
    ("keepalive", UPSTREAM, Words(1, 1)),
    ("large_client_header_buffers", HTTP | SERVER, Words(2, 2)),
    ("least_conn", UPSTREAM, Words(0, 0)),
    ("log_not_found", SITE, Flag),
    ("multi_accept", EVENTS, Flag),
    ("proxy_buffering", SITE, Flag),
    ("proxy_buffers", SITE, Words(2, 2)),
    ("proxy_buffer_size", SITE, Words(1, 1)),
    ("proxy_redirect", SITE, Words(1, 2)),
    ("proxy_request_buffering", SITE, Flag),
    ("proxy_send_timeout", SITE, Words(1, 1)),
    ("send_timeout", SITE, Words(1, 1)),
    ("sendfile", SITE, Flag),
    ("server_names_hash_bucket_size", HTTP, Words(1, 1)),
    ("tcp_nodelay", SITE, Flag),
    ("tcp_nopush", SITE, Flag),
    ("types_hash_bucket_size", SITE, Words(1, 1)),
    ("types_hash_max_size", SITE, Words(1, 1)),
    ("use", EVENTS, Words(1, 1)),
    ("worker_connections", EVENTS, Words(1, 1)),
    ("worker_rlimit_nofile", MAIN, Words(1, 1)),
    ("worker_shutdown_timeout", MAIN, Words(1, 1)),
    ("zone", UPSTREAM, Words(1, 2)),
];

/// Whether a directive may stand in `context` as it stands. Errors: nginx's words with the place.
pub(super) fn check(directive: &Directive, context: u8) -> Result<(), String> {
    let Directive {
        name, args, place, ..
    } = directive;
    let mut known = KNOWN.iter().filter(|(n, ..)| n == name).peekable();
    if known.peek().is_none() {
        return Err(format!("unknown directive \"{name}\"{place}"));
    }
    let Some((_, _, takes)) = known.find(|(_, contexts, _)| contexts & context != 0) else {
        return Err(format!("\"{name}\" directive is not allowed here{place}"));
    };
    let (least, most) = match takes {
        Words(least, most) | Block(least, most) => (*least, *most),
        Flag => (1, 1),
    };
    match (takes, &directive.block) {
        (Block(..), None) => {
            return Err(format!("directive \"{name}\" has no opening \"{{\"{place}"));
        }
        (Words(..) | Flag, Some(_)) => {
            return Err(format!(
                "directive \"{name}\" is not terminated by \";\"{place}"
            ));
        }
        _ => {}
    }
    if !(least..=most).contains(&args.len()) {
        return Err(format!(
            "invalid number of arguments in \"{name}\" directive{place}"
        ));
    }
    if matches!(takes, Flag) && !["on", "off"].contains(&args[0].as_str()) {
        return Err(format!(
            "invalid value \"{}\" in \"{name}\" directive, it must be \"on\" or \"off\"{place}",
            args[0]
        ));
    }
    Ok(())
}
