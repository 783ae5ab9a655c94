//! kuard's page: one self-contained document with a tab for each interface, in the tag's colour.

use core::fmt::Write;
use core::net::SocketAddr;

use super::Kuard;
use crate::http::{Request, Response};

/// Text inside HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Accent and its dark twin.
fn colour(version: &str) -> (&'static str, &'static str) {
    match version.rsplit('-').next() {
        Some("green" | "2") => ("#1f9d61", "#0b5c37"),
        Some("purple" | "3") => ("#8b4fd9", "#4d2288"),
        _ => ("#2f7de1", "#12489a"),
    }
}

fn rows<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::from("<table>");
    for (name, value) in pairs {
        let _ = write!(
            out,
            "<tr><th>{}</th><td>{}</td></tr>",
            escape(name),
            escape(value)
        );
    }
    out + "</table>"
}

pub(super) fn render(kuard: &Kuard, base: &str, request: &Request, peer: SocketAddr) -> Response {
    let sys = &kuard.sys;
    let (accent, dark) = colour(&kuard.version);
    let addresses: Vec<String> = sys
        .interfaces()
        .iter()
        .flat_map(|i| i.addresses.iter().map(|(ip, _)| ip.to_string()))
        .filter(|ip| !ip.starts_with("127."))
        .collect();
    let dump: String = request
        .headers
        .iter()
        .map(|(k, v)| format!("{k}: {v}\n"))
        .collect();
    let env = sys.env();
    let args = sys.args().join(" ");
    let hostname = sys.hostname();
    let uid = sys.uid().to_string();
    let facts = rows([
        ("Hostname", hostname.as_str()),
        ("Addresses", &addresses.join(", ")),
        ("Your address", &peer.to_string()),
        ("Command line", &args),
        ("User id", &uid),
        ("Version", &kuard.version),
    ]);
    let fill = [
        ("@accent", accent.to_string()),
        ("@dark", dark.to_string()),
        // Relative, so that a preview under a path of its own works.
        (
            "@base",
            if request.path().ends_with('/') {
                ".".into()
            } else {
                format!(".{base}")
            },
        ),
        ("@version", escape(&kuard.version)),
        ("@host", escape(&hostname)),
        ("@facts", facts),
        (
            "@request",
            escape(&format!(
                "{} {} {}\n{dump}",
                request.method, request.target, request.version
            )),
        ),
        (
            "@env",
            rows(env.iter().map(|(k, v)| (k.as_str(), v.as_str()))),
        ),
    ];
    let mut html = String::with_capacity(PAGE.len() + 4096);
    let mut rest = PAGE;
    while let Some(at) = rest.find('@') {
        html.push_str(&rest[..at]);
        match fill.iter().find(|(name, _)| rest[at..].starts_with(name)) {
            Some((name, value)) => {
                html.push_str(value);
                rest = &rest[at + name.len()..];
            }
            None => {
                html.push('@');
                rest = &rest[at + 1..];
            }
        }
    }
    html.push_str(rest);
    Response::new(200, "text/html; charset=utf-8", html).with("Cache-Control", "no-cache")
}

const PAGE: &str = include_str!("page.html");
