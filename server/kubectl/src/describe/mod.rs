//! `kubectl describe`: one text for each kind, written with levels of indentation and lined up by tabs.
//!
//! Each kind is a pure function from objects to text; the events and related objects are fetched by [`crate::verbs`].

pub(crate) mod access;
pub(crate) mod general;
pub(crate) mod network;
pub(crate) mod node;
pub(crate) mod pod;
pub(crate) mod policy;
pub(crate) mod service;
pub(crate) mod storage;
pub(crate) mod volumes;
pub(crate) mod workload;

use jiff::Timestamp;
use serde_json::Value;

use crate::printing::time;
use crate::tabwriter::TabWriter;

/// Writes lines at a depth of two blanks a level; cells are parted by tabs.
#[derive(Debug)]
pub(crate) struct Writer {
    text: String,
    /// The time that ages are counted to.
    pub now: Timestamp,
}

impl Writer {
    /// An empty description.
    pub fn new(now: Timestamp) -> Self {
        Writer {
            text: String::new(),
            now,
        }
    }

    /// Text as it is, at a depth.
    pub fn put(&mut self, depth: usize, text: &str) {
        self.text.extend(std::iter::repeat_n("  ", depth));
        self.text.push_str(text);
    }

    /// A line with a title and a value.
    pub fn field(&mut self, depth: usize, title: &str, value: &str) {
        self.put(depth, &format!("{title}:\t{value}\n"));
    }

    /// The text, lined up.
    pub fn finish(&self) -> String {
        TabWriter::description().format(&self.text)
    }
}

/// The text of a string value, or nothing.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

/// A value as text: strings bare, numbers and switches as Go prints them.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The items of a list value.
pub(crate) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Labels, one a line: `Labels:  a=b`.
pub(crate) fn map_lines(
    w: &mut Writer,
    depth: usize,
    title: &str,
    map: &Value,
    between: &str,
    skip: &[&str],
) {
    let lines: Vec<String> = map
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| !skip.contains(&key.as_str()))
        .map(|(k, v)| {
            let value = text(v);
            if between == ": " && (value.len() + k.len() + 2 > 140 || value.contains('\n')) {
                let body: String = value
                    .trim_end_matches('\n')
                    .split('\n')
                    .map(|line| {
                        if line.chars().count() > 138 {
                            line.chars().take(138).collect::<String>() + "..."
                        } else {
                            line.to_string()
                        }
                    })
                    .collect::<Vec<_>>()
                    .join("\n\t  ");
                return format!("{k}:\n\t  {body}");
            }
            format!("{k}{between}{value}")
        })
        .collect();
    w.put(depth, &format!("{title}:\t"));
    if lines.is_empty() {
        w.put(0, "<none>\n");
        return;
    }
    for (i, line) in lines.iter().enumerate() {
        if i > 0 {
            w.put(depth, "\t");
        }
        w.put(0, &format!("{line}\n"));
    }
}

/// Labels and annotations as most kinds show them.
pub(crate) fn labels_and_annotations(w: &mut Writer, meta: &Value) {
    map_lines(w, 0, "Labels", &meta["labels"], "=", &[]);
    map_lines(
        w,
        0,
        "Annotations",
        &meta["annotations"],
        ": ",
        &["kubectl.kubernetes.io/last-applied-configuration"],
    );
}

/// `Deployment/web` of the controlling owner.
pub(crate) fn controlled_by(w: &mut Writer, meta: &Value) {
    if let Some(owner) = items(&meta["ownerReferences"]).find(|o| o["controller"] == true) {
        w.field(
            0,
            "Controlled By",
            &format!("{}/{}", text(&owner["kind"]), text(&owner["name"])),
        );
    }
}

/// The events of an object, oldest first.
pub(crate) fn events(w: &mut Writer, events: &[Value]) {
    if events.is_empty() {
        w.put(0, "Events:\t<none>\n");
        return;
    }
    let mut events: Vec<&Value> = events.iter().collect();
    // Events of the newer API have no lastTimestamp and come first, as in kubectl.
    events.sort_by_key(|event| time::parse(&event["lastTimestamp"]));
    w.put(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage\n");
    w.put(1, "----\t------\t----\t----\t-------\n");
    for event in events {
        let from = match text(&event["source"]["component"]) {
            "" => text(&event["reportingComponent"]),
            component => component,
        };
        let place = text(&event["involvedObject"]["fieldPath"]);
        let place = if place.is_empty() {
            String::new()
        } else {
            format!("{place}: ")
        };
        let message = text(&event["message"]).trim();
        w.put(
            1,
            &format!(
                "{}\t{}\t{}\t{from}\t{place}{message}\n",
                text(&event["type"]),
                text(&event["reason"]),
                event_age(event, w.now)
            ),
        );
    }
}

/// The time of the newest sight of an event.
pub(crate) fn last_seen(event: &Value) -> Option<Timestamp> {
    time::parse(&event["series"]["lastObservedTime"])
        .or_else(|| time::parse(&event["lastTimestamp"]))
        .or_else(|| time::parse(&event["eventTime"]))
        .or_else(|| time::parse(&event["metadata"]["creationTimestamp"]))
}

/// `12s`, or `12s (x3 over 1m)`.
pub(crate) fn event_age(event: &Value, now: Timestamp) -> String {
    let first = time::parse(&event["firstTimestamp"]).or_else(|| time::parse(&event["eventTime"]));
    let ago = |at: Option<Timestamp>| {
        at.map_or("<unknown>".into(), |at| time::human(time::between(at, now)))
    };
    let count = event["series"]["count"]
        .as_i64()
        .or(event["count"].as_i64())
        .unwrap_or(0);
    if count > 1 {
        return format!("{} (x{count} over {})", ago(last_seen(event)), ago(first));
    }
    ago(first.or_else(|| last_seen(event)))
}
