//! `nettest`: counts who wrote to it (`/write`), tells what it counted (`/read`), and ends (`/quit`).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::flags::Flags;
use super::quote;
use super::web::{on_port, text};
use crate::http::{Request, Response};
use crate::sys::Sys;

pub(super) const FLAGS: &[(&str, &str)] = &[
    ("port", "8080"),
    ("peers", "8"),
    ("service", "nettest"),
    ("namespace", "default"),
    ("delay-shutdown", "0"),
];
/// Writers that are told apart.
const SOURCES_MAX: usize = 1000;

type Counts = Rc<RefCell<BTreeMap<String, u64>>>;

pub(super) async fn main(sys: Sys, flags: Flags) -> i32 {
    let port: u16 = flags.number("port");
    let (own, counts) = (sys.clone(), Counts::default());
    on_port(&sys, port, move |request, _| {
        answer(own.clone(), counts.clone(), request)
    })
    .await
}

async fn answer(sys: Sys, counts: Counts, request: Request) -> Response {
    match request.path() {
        "/read" => {
            let counted: Vec<String> = counts
                .borrow()
                .iter()
                .map(|(source, count)| format!("{}: {count}", quote(source)))
                .collect();
            text(
                200,
                format!(
                    "{{\n\t\"Hostname\": {},\n\t\"Sent\": {{}},\n\t\"Received\": {{{}}},\n\t\"Errors\": null,\n\t\"Log\": [],\n\t\"StillContactingPeers\": false\n}}",
                    quote(&sys.hostname()),
                    counted.join(", ")
                ),
            )
        }
        "/write" => {
            let source = source(&request.body).unwrap_or_default();
            let mut counts = counts.borrow_mut();
            if counts.len() < SOURCES_MAX || counts.contains_key(&source) {
                *counts.entry(source).or_default() += 1;
            }
            text(
                200,
                format!("{{\"Hostname\":{}}}\n", quote(&sys.hostname())),
            )
        }
        "/status" => text(
            200,
            if counts.borrow().is_empty() {
                "running"
            } else {
                "pass"
            },
        ),
        "/quit" => sys.exit(0).await,
        _ => text(404, "404 page not found\n"),
    }
}

/// The field `source` of a flat object, in any case of letters.
fn source(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body).into_owned();
    let at = text.to_ascii_lowercase().find("\"source\"")?;
    let rest = text[at + 8..].trim_start().strip_prefix(':')?;
    let value = rest.trim_start().strip_prefix('"')?;
    value.split('"').next().map(str::to_owned)
}
