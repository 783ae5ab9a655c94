//! ConfigMaps, Secrets, ServiceAccounts, quotas.

use super::cells::{self, map, text};
use super::{AGE, Column, NAME, Printer};
use serde_json::{Value, json};

pub fn printer(group: &str, kind: &str) -> Option<&'static Printer> {
    match (group, kind) {
        ("", "ConfigMap") => Some(&CONFIG_MAP),
        ("", "Secret") => Some(&SECRET),
        ("", "ServiceAccount") => Some(&SERVICE_ACCOUNT),
        ("", "ResourceQuota") => Some(&QUOTA),
        _ => None,
    }
}

fn count(o: &Value, pointer: &str) -> usize {
    map(o, pointer).map_or(0, |m| m.len())
}

static CONFIG_MAP: Printer = Printer {
    columns: &[NAME, Column::text("Data"), AGE],
    row: |o, now| {
        vec![
            cells::name(o),
            json!(count(o, "/data") + count(o, "/binaryData")),
            cells::age(o, now),
        ]
    },
};

static SECRET: Printer = Printer {
    columns: &[NAME, Column::text("Type"), Column::text("Data"), AGE],
    row: |o, now| {
        vec![
            cells::name(o),
            json!(text(o, "/type")),
            json!(count(o, "/data")),
            cells::age(o, now),
        ]
    },
};

static SERVICE_ACCOUNT: Printer = Printer {
    columns: &[NAME, AGE],
    row: |o, now| vec![cells::name(o), cells::age(o, now)],
};

static QUOTA: Printer = Printer {
    columns: &[NAME, Column::text("Request"), Column::text("Limit"), AGE],
    row: |o, now| {
        let mut names: Vec<&String> = map(o, "/status/hard")
            .into_iter()
            .flatten()
            .map(|(k, _)| k)
            .collect();
        names.sort();
        let entry = |name: &&String| {
            let used = o
                .pointer("/status/used")
                .and_then(|u| u.get(name.as_str()))
                .and_then(Value::as_str);
            let hard = o
                .pointer("/status/hard")
                .and_then(|h| h.get(name.as_str()))
                .and_then(Value::as_str);
            format!("{name}: {}/{}", used.unwrap_or("0"), hard.unwrap_or("0"))
        };
        let (limits, requests): (Vec<&String>, Vec<&String>) =
            names.into_iter().partition(|n| n.starts_with("limits."));
        let join =
            |names: Vec<&String>| json!(names.iter().map(entry).collect::<Vec<_>>().join(", "));
        vec![
            cells::name(o),
            join(requests),
            join(limits),
            cells::age(o, now),
        ]
    },
};
