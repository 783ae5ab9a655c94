//! Events, of both groups.

use super::cells::{self, int, opt_int, or, since, text};
use super::{Column, Printer};
use serde_json::{Value, json};

pub fn printer(group: &str, kind: &str) -> Option<&'static Printer> {
    match (group, kind) {
        ("" | "events.k8s.io", "Event") => Some(&EVENT),
        _ => None,
    }
}

static EVENT: Printer = Printer {
    columns: &[
        Column::text("Last Seen"),
        Column::text("Type"),
        Column::text("Reason"),
        Column::text("Object"),
        Column::wide("Subobject"),
        Column::wide("Source"),
        Column::text("Message"),
        Column::wide("First Seen"),
        Column::wide("Count"),
        Column {
            name: "Name",
            kind: "string",
            format: "name",
            priority: 1,
        },
    ],
    row: event_row,
};

/// The first of some members that is not empty: the two groups name the same things differently.
fn either<'a>(o: &'a Value, pointers: &[&str]) -> &'a str {
    pointers
        .iter()
        .map(|p| text(o, p))
        .find(|t| !t.is_empty())
        .unwrap_or_default()
}

fn event_row(o: &Value, now: i64) -> Vec<Value> {
    let first = either(
        o,
        &["/firstTimestamp", "/deprecatedFirstTimestamp", "/eventTime"],
    );
    let last = or(
        either(
            o,
            &[
                "/series/lastObservedTime",
                "/lastTimestamp",
                "/deprecatedLastTimestamp",
            ],
        ),
        first,
    );
    let count = opt_int(o, "/series/count")
        .or(Some(int(o, "/count")).filter(|n| *n > 0))
        .or(Some(int(o, "/deprecatedCount")).filter(|n| *n > 0))
        .unwrap_or(1);
    let kind = either(o, &["/involvedObject/kind", "/regarding/kind"]).to_lowercase();
    let name = either(o, &["/involvedObject/name", "/regarding/name"]);
    let object = if name.is_empty() {
        kind
    } else {
        format!("{kind}/{name}")
    };
    let component = either(
        o,
        &[
            "/source/component",
            "/deprecatedSource/component",
            "/reportingComponent",
            "/reportingController",
        ],
    );
    let from_source = !either(o, &["/source/component", "/deprecatedSource/component"]).is_empty();
    let host = if from_source {
        either(o, &["/source/host", "/deprecatedSource/host"])
    } else {
        text(o, "/reportingInstance")
    };
    let source = if host.is_empty() {
        component.into()
    } else {
        format!("{component}, {host}")
    };
    vec![
        json!(since(last, now)),
        json!(text(o, "/type")),
        json!(text(o, "/reason")),
        json!(object),
        json!(either(
            o,
            &["/involvedObject/fieldPath", "/regarding/fieldPath"]
        )),
        json!(source),
        json!(either(o, &["/message", "/note"]).trim()),
        json!(since(first, now)),
        json!(count),
        cells::name(o),
    ]
}
