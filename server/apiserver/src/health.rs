//! `/healthz`, `/livez`, `/readyz`, with their checks under `?verbose`.

use crate::query::Query;
use crate::respond::{PLAIN_TEXT, bytes};
use axum::response::Response;

const CHECKS: &[&str] = &[
    "ping",
    "log",
    "etcd",
    "poststarthook/start-system-namespaces-controller",
];

/// Answers a health path, or a single check below it.
pub fn serve(path: &str, query: &Query) -> Option<Response> {
    let mut segments = path.trim_start_matches('/').splitn(2, '/');
    let name = segments
        .next()
        .filter(|s| matches!(*s, "healthz" | "livez" | "readyz"))?;
    match segments.next() {
        Some(check) if !check.is_empty() => CHECKS
            .contains(&check)
            .then(|| bytes(200, PLAIN_TEXT, "ok")),
        _ if query.has("verbose") => {
            let checks: String = CHECKS.iter().map(|c| format!("[+]{c} ok\n")).collect();
            Some(bytes(
                200,
                PLAIN_TEXT,
                format!("{checks}{name} check passed\n"),
            ))
        }
        _ => Some(bytes(200, PLAIN_TEXT, "ok")),
    }
}
