//! Reading and writing single places of an object by path, with the zero value where there is nothing. Not validation.

use serde_json::{Map, Value, json};

static NULL: Value = Value::Null;

/// The value at a path of member names and list indexes.
pub fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    let mut here = value;
    for key in path {
        let next = match here {
            Value::Object(map) => map.get(*key),
            Value::Array(list) => key.parse::<usize>().ok().and_then(|i| list.get(i)),
            _ => None,
        };
        match next {
            Some(next) => here = next,
            None => return &NULL,
        }
    }
    here
}

/// The text at a path; empty where there is none.
pub fn text<'a>(value: &'a Value, path: &[&str]) -> &'a str {
    at(value, path).as_str().unwrap_or_default()
}

/// The number at a path.
pub fn int(value: &Value, path: &[&str]) -> Option<i64> {
    at(value, path).as_i64()
}

/// The truth value at a path; false where there is none.
pub fn flag(value: &Value, path: &[&str]) -> bool {
    at(value, path).as_bool().unwrap_or_default()
}

/// The list at a path; empty where there is none.
pub fn list<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    at(value, path)
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The members of the object at a path, in order of their names.
pub fn members<'a>(value: &'a Value, path: &[&str]) -> impl Iterator<Item = (&'a str, &'a Value)> {
    at(value, path)
        .as_object()
        .into_iter()
        .flatten()
        .map(|(k, v)| (k.as_str(), v))
}

/// The texts of a list of texts.
pub fn texts(value: &Value, path: &[&str]) -> Vec<String> {
    list(value, path)
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_string)
        .collect()
}

/// The place at a path, made where it is missing (what stands in the way is replaced).
pub fn place<'a>(value: &'a mut Value, path: &[&str]) -> &'a mut Value {
    let mut here = value;
    for key in path {
        if !here.is_object() {
            *here = json!({});
        }
        here = here
            .as_object_mut()
            .map(|m| m.entry(key.to_string()).or_insert(Value::Null))
            .expect("an object");
    }
    here
}

/// Sets the place at a path.
pub fn set(value: &mut Value, path: &[&str], to: impl Into<Value>) {
    *place(value, path) = to.into();
}

/// The members at a path, made where they are missing.
pub fn map_mut<'a>(value: &'a mut Value, path: &[&str]) -> &'a mut Map<String, Value> {
    let here = place(value, path);
    if !here.is_object() {
        *here = json!({});
    }
    here.as_object_mut().expect("an object")
}

/// The list at a path, made where it is missing.
pub fn list_mut<'a>(value: &'a mut Value, path: &[&str]) -> &'a mut Vec<Value> {
    let here = place(value, path);
    if !here.is_array() {
        *here = json!([]);
    }
    here.as_array_mut().expect("a list")
}

/// Takes the member at a path away and answers it.
pub fn remove(value: &mut Value, path: &[&str]) -> Option<Value> {
    let (last, parents) = path.split_last()?;
    let mut here = value;
    for key in parents {
        here = here.as_object_mut()?.get_mut(*key)?;
    }
    here.as_object_mut()?.remove(*last)
}

/// A copy of an object with another status.
pub fn with_status(object: &Value, status: Value) -> Value {
    let members = object.as_object().into_iter().flatten();
    let others = members.filter(|(name, _)| *name != "status");
    let mut copy: Map<String, Value> = others.map(|(k, v)| (k.clone(), v.clone())).collect();
    copy.insert("status".into(), status);
    Value::Object(copy)
}

/// The element of a list whose `name` it is.
pub fn named<'a>(items: &'a [Value], name: &str) -> Option<&'a Value> {
    items.iter().find(|i| text(i, &["name"]) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_places() {
        let mut pod = json!({"spec": {"containers": [{"name": "c"}]}});
        assert_eq!(text(&pod, &["spec", "containers", "0", "name"]), "c");
        assert_eq!(text(&pod, &["spec", "nodeName"]), "");
        set(&mut pod, &["status", "phase"], "Pending");
        assert_eq!(text(&pod, &["status", "phase"]), "Pending");
        assert_eq!(
            remove(&mut pod, &["status", "phase"]),
            Some(json!("Pending"))
        );
        assert_eq!(remove(&mut pod, &["status", "phase"]), None);
    }
}
