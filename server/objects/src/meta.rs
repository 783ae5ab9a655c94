//! Reading and writing an object's metadata, which all kinds share.

use serde_json::{Map, Value};

fn metadata<'a>(object: &'a Value, key: &str) -> Option<&'a Value> {
    object.get("metadata")?.get(key)
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    metadata(object, key)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Empty when there is none, as for the other texts here.
pub fn name(object: &Value) -> &str {
    text(object, "name")
}

pub fn generate_name(object: &Value) -> &str {
    text(object, "generateName")
}

pub fn namespace(object: &Value) -> &str {
    text(object, "namespace")
}

pub fn uid(object: &Value) -> &str {
    text(object, "uid")
}

pub fn resource_version(object: &Value) -> &str {
    text(object, "resourceVersion")
}

pub fn creation_timestamp(object: &Value) -> &str {
    text(object, "creationTimestamp")
}

/// Empty when the object is not being deleted.
pub fn deletion_timestamp(object: &Value) -> &str {
    text(object, "deletionTimestamp")
}

pub fn is_deleting(object: &Value) -> bool {
    !deletion_timestamp(object).is_empty()
}

pub fn generation(object: &Value) -> i64 {
    metadata(object, "generation")
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

pub fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    metadata(object, "labels")?.get(key)?.as_str()
}

pub fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    metadata(object, "annotations")?.get(key)?.as_str()
}

pub fn labels(object: &Value) -> Option<&Map<String, Value>> {
    metadata(object, "labels")?.as_object()
}

pub fn annotations(object: &Value) -> Option<&Map<String, Value>> {
    metadata(object, "annotations")?.as_object()
}

pub fn finalizers(object: &Value) -> impl Iterator<Item = &str> {
    metadata(object, "finalizers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

pub fn owner_references(object: &Value) -> &[Value] {
    metadata(object, "ownerReferences")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The owner reference that says `controller: true`.
pub fn controller(object: &Value) -> Option<&Value> {
    owner_references(object)
        .iter()
        .find(|r| r["controller"] == true)
}

/// Sets a member of metadata, making what is missing on the way.
pub fn set(object: &mut Value, key: &str, value: impl Into<Value>) {
    metadata_mut(object).insert(key.to_string(), value.into());
}

/// Removes a member of metadata.
pub fn remove(object: &mut Value, key: &str) -> Option<Value> {
    object.get_mut("metadata")?.as_object_mut()?.remove(key)
}

/// `metadata`, made when it is missing or no map.
pub fn metadata_mut(object: &mut Value) -> &mut Map<String, Value> {
    map_at(map_of(object), "metadata")
}

/// The value as a map; made one when it is none.
pub fn map_of(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("made a map above"),
    }
}

/// The member as a map; made one when it is none.
pub fn map_at<'a>(map: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    map_of(map.entry(key).or_insert(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_and_writes() {
        let mut object = json!({"metadata": {"name": "a", "labels": {"k": "v"}, "ownerReferences": [{"uid": "1"}, {"uid": "2", "controller": true}]}});
        assert_eq!(
            (name(&object), namespace(&object), label(&object, "k")),
            ("a", "", Some("v"))
        );
        assert_eq!(controller(&object).map(|r| &r["uid"]), Some(&json!("2")));
        set(&mut object, "uid", "u");
        assert_eq!(uid(&object), "u");
        let mut empty = json!(null);
        set(&mut empty, "name", "b");
        assert_eq!(empty, json!({"metadata": {"name": "b"}}));
    }
}
