//! Parts of cells that many kinds share: ages, lists, labels, selectors.

use serde_json::{Map, Value, json};

pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

pub fn int(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

pub fn opt_int(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

pub fn flag(object: &Value, pointer: &str) -> bool {
    object
        .pointer(pointer)
        .and_then(Value::as_bool)
        .unwrap_or(false)
}

pub fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

pub fn map<'a>(object: &'a Value, pointer: &str) -> Option<&'a Map<String, Value>> {
    object.pointer(pointer).and_then(Value::as_object)
}

pub fn name(object: &Value) -> Value {
    json!(objects::meta::name(object))
}

/// The value of a text, or another text when it is empty.
pub fn or<'a>(value: &'a str, otherwise: &'a str) -> &'a str {
    if value.is_empty() { otherwise } else { value }
}

/// How long ago an RFC 3339 time was: `5m3s`, `<unknown>` for none.
pub fn since(time: &str, now: i64) -> String {
    match objects::time::parse_seconds(time) {
        Some(then) => objects::duration::human(now - then),
        None => "<unknown>".into(),
    }
}

pub fn age(object: &Value, now: i64) -> Value {
    json!(since(objects::meta::creation_timestamp(object), now))
}

/// `a=1,b=2`, or `<none>`.
pub fn labels(map: Option<&Map<String, Value>>) -> String {
    let mut pairs: Vec<String> = map
        .into_iter()
        .flatten()
        .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default()))
        .collect();
    pairs.sort();
    or(&pairs.join(","), "<none>").into()
}

/// A LabelSelector object: `a=1,b in (x,y),!c`, or `<none>`.
pub fn selector(selector: Option<&Value>) -> String {
    let Some(selector) = selector else {
        return "<none>".into();
    };
    let mut parts: Vec<(String, String)> = map(selector, "/matchLabels")
        .into_iter()
        .flatten()
        .map(|(k, v)| (k.clone(), format!("{k}={}", v.as_str().unwrap_or_default())))
        .collect();
    for e in list(selector, "/matchExpressions") {
        let key = text(e, "/key");
        let mut values: Vec<&str> = list(e, "/values")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        values.sort_unstable();
        let values = values.join(",");
        let part = match text(e, "/operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_string(),
            _ => format!("!{key}"),
        };
        parts.push((key.to_string(), part));
    }
    parts.sort();
    let joined = parts
        .into_iter()
        .map(|(_, part)| part)
        .collect::<Vec<_>>()
        .join(",");
    or(&joined, "<none>").into()
}

/// The first three of some entries, then ` + N more...`.
pub fn first_three(entries: &[String]) -> String {
    match entries.len() {
        0..=3 => entries.join(","),
        n => format!("{} + {} more...", entries[..3].join(","), n - 3),
    }
}

/// Names and images of a pod template's containers, joined.
pub fn containers(pod_spec: Option<&Value>) -> (Value, Value) {
    let all = pod_spec.map_or(&[][..], |s| list(s, "/containers"));
    let join = |key: &str| {
        all.iter()
            .map(|c| text(c, key))
            .collect::<Vec<_>>()
            .join(",")
    };
    (json!(join("/name")), json!(join("/image")))
}

/// Whether a condition of the status has this state.
pub fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    list(object, "/status/conditions")
        .iter()
        .find(|c| text(c, "/type") == kind)
}

pub fn is_true(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|c| text(c, "/status") == "True")
}
