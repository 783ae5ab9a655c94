//! The two faces of events: `v1` (stored) and `events.k8s.io/v1`.

use serde_json::{Map, Value};

const PAIRS: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

fn renamed(event: &Value, api_version: &str, name: impl Fn(&str) -> Option<&'static str>) -> Value {
    let mut out = Map::new();
    for (key, value) in event.as_object().into_iter().flatten() {
        out.insert(
            name(key).map_or_else(|| key.clone(), str::to_string),
            value.clone(),
        );
    }
    out.insert("apiVersion".into(), api_version.into());
    Value::Object(out)
}

/// An event of `events.k8s.io/v1` from a stored one.
pub(super) fn from_core(event: &Value) -> Value {
    renamed(event, "events.k8s.io/v1", |key| {
        PAIRS.iter().find(|p| p.0 == key).map(|p| p.1)
    })
}

/// A stored event from one of `events.k8s.io/v1`.
pub(super) fn to_core(event: &Value) -> Value {
    let mut core = renamed(event, "v1", |key| {
        PAIRS.iter().find(|p| p.1 == key).map(|p| p.0)
    });
    for (key, empty) in [
        ("source", serde_json::json!({})),
        ("firstTimestamp", Value::Null),
        ("lastTimestamp", Value::Null),
    ] {
        if core.get(key).is_none() {
            core[key] = empty;
        }
    }
    core
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn goes_there_and_back() {
        let core = json!({"apiVersion": "v1", "involvedObject": {"name": "x"}, "message": "m", "source": {}, "firstTimestamp": null,
            "lastTimestamp": null, "reportingComponent": "default-scheduler"});
        let new = from_core(&core);
        assert_eq!(
            (&new["note"], &new["reportingController"]),
            (&json!("m"), &json!("default-scheduler"))
        );
        assert_eq!(to_core(&new), core);
    }
}
