//! Patches that kubectl computes: JSON merge (RFC 7386) and the three-way strategic merge of `apply`.
//!
//! Not here: applying patches on the server.

use serde_json::{Map, Value, json};

use crate::failure::{Outcome, fail};

/// Carries out the operations of a JSON patch (RFC 6902). Errors: what is no list of operations, and an operation that has no place here.
pub(crate) fn operations(target: &mut Value, patch: Value) -> Outcome {
    if let Some(found) = match &patch {
        Value::Object(_) => Some("object"),
        Value::String(_) => Some("string"),
        Value::Number(_) => Some("number"),
        Value::Bool(_) => Some("bool"),
        _ => None,
    } {
        return Err(fail!(
            "json: cannot unmarshal {found} into Go value of type jsonpatch.Patch"
        ));
    }
    let patch: json_patch::Patch = serde_json::from_value(patch).map_err(|why| fail!("{why}"))?;
    json_patch::patch(target, &patch).map_err(|why| fail!("{why}"))
}

/// Lays a merge patch over a value.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Some(map) = target.as_object_mut() else {
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            map.remove(key);
        } else {
            merge(map.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Lays a strategic merge patch without directives over a value (for `--overrides`).
pub(crate) fn strategic(target: &mut Value, patch: &Value) {
    overlay(target, patch, "", "");
}

fn overlay(target: &mut Value, patch: &Value, field: &str, parent: &str) {
    match (&mut *target, patch) {
        (Value::Object(map), Value::Object(patch)) => {
            for (key, value) in patch {
                if value.is_null() {
                    map.remove(key);
                } else {
                    overlay(
                        map.entry(key.clone()).or_insert(Value::Null),
                        value,
                        key,
                        field,
                    );
                }
            }
        }
        (Value::Array(list), Value::Array(patch)) => match merge_key(field, parent) {
            Some(key) => {
                for item in patch {
                    match list.iter_mut().find(|known| known[key] == item[key]) {
                        Some(known) => overlay(known, item, "", field),
                        None => list.push(item.clone()),
                    }
                }
            }
            None => *list = patch.clone(),
        },
        _ => *target = patch.clone(),
    }
}

/// The key by which a list merges, from its field and the field that holds its object; none for lists that are replaced.
pub(crate) fn merge_key(field: &str, parent: &str) -> Option<&'static str> {
    let container = matches!(
        parent,
        "containers" | "initContainers" | "ephemeralContainers"
    );
    match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "imagePullSecrets"
        | "schedulingGates"
        | "resourceClaims"
        | "webhooks"
        | "secrets" => Some("name"),
        "env" if container => Some("name"),
        "ports" if container => Some("containerPort"),
        "ports" if parent == "spec" => Some("port"),
        "volumeMounts" if container => Some("mountPath"),
        "volumeDevices" if container => Some("devicePath"),
        "hostAliases" | "podIPs" | "hostIPs" => Some("ip"),
        "topologySpreadConstraints" => Some("topologyKey"),
        "conditions" | "addresses" => Some("type"),
        "ownerReferences" => Some("uid"),
        _ => None,
    }
}

/// How a three-way merge treats lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Strategic: lists of Kubernetes' own kinds merge by key.
    Strategic,
    /// JSON merge: lists are replaced (custom resources).
    Json,
}

/// The patch that brings `current` from what was applied last to what the manifest says now. Empty: nothing to do.
pub(crate) fn three_way(way: Way, original: &Value, modified: &Value, current: &Value) -> Value {
    Value::Object(maps(way, original, modified, current, "", ""))
}

fn maps(
    way: Way,
    original: &Value,
    modified: &Value,
    current: &Value,
    field: &str,
    parent: &str,
) -> Map<String, Value> {
    let mut patch = Map::new();
    let empty = Map::new();
    let wanted = modified.as_object().unwrap_or(&empty);
    for (key, value) in wanted {
        let now = &current[key.as_str()];
        match (value, now) {
            (Value::Null, Value::Null) => {}
            (Value::Object(_), Value::Object(_)) => {
                let mut inner = maps(way, &original[key.as_str()], value, now, key, field);
                if !inner.is_empty() {
                    if way == Way::Strategic && key == "strategy" {
                        inner.insert("$retainKeys".into(), keys(value));
                    }
                    patch.insert(key.clone(), inner.into());
                }
            }
            (Value::Array(want), Value::Array(have)) => {
                list(
                    way,
                    (key, field),
                    &original[key.as_str()],
                    want,
                    have,
                    &mut patch,
                );
            }
            _ if value != now => {
                patch.insert(key.clone(), value.clone());
            }
            _ => {}
        }
    }
    for key in original
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key)
    {
        if !wanted.contains_key(key) && current.get(key).is_some() {
            patch.insert(key.clone(), Value::Null);
        }
    }
    let _ = parent;
    patch
}

fn keys(value: &Value) -> Value {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| Value::from(key.as_str()))
        .collect()
}

fn list(
    way: Way,
    (field, parent): (&str, &str),
    original: &Value,
    want: &[Value],
    have: &[Value],
    patch: &mut Map<String, Value>,
) {
    let empty = Vec::new();
    let before = original.as_array().unwrap_or(&empty);
    let key = if way == Way::Strategic {
        merge_key(field, parent)
    } else {
        None
    };
    let Some(key) = key else {
        if way == Way::Strategic && field == "finalizers" {
            return primitives(field, before, want, have, patch);
        }
        if want != have {
            patch.insert(field.into(), want.into());
        }
        return;
    };
    let find = |list: &[Value], of: &Value| list.iter().find(|item| item[key] == of[key]).cloned();
    let mut changes = Vec::new();
    for item in want {
        match find(have, item) {
            Some(now) => {
                let was = find(before, item).unwrap_or(Value::Null);
                let mut inner = maps(way, &was, item, &now, field, parent);
                if !inner.is_empty() {
                    if field == "volumes" {
                        inner.insert("$retainKeys".into(), keys(item));
                    }
                    inner.insert(key.into(), item[key].clone());
                    changes.push(Value::Object(inner));
                }
            }
            None => changes.push(item.clone()),
        }
    }
    for item in before {
        if find(want, item).is_none() && find(have, item).is_some() {
            changes.push(json!({"$patch": "delete", key: item[key]}));
        }
    }
    if !changes.is_empty() {
        let order: Vec<Value> = want.iter().map(|item| json!({key: item[key]})).collect();
        patch.insert(format!("$setElementOrder/{field}"), order.into());
        patch.insert(field.into(), changes.into());
    }
}

fn primitives(
    field: &str,
    before: &[Value],
    want: &[Value],
    have: &[Value],
    patch: &mut Map<String, Value>,
) {
    let added: Vec<Value> = want.iter().filter(|v| !have.contains(v)).cloned().collect();
    let gone: Vec<Value> = before
        .iter()
        .filter(|v| !want.contains(v) && have.contains(v))
        .cloned()
        .collect();
    if !added.is_empty() {
        patch.insert(field.into(), added.into());
    }
    if !gone.is_empty() {
        patch.insert(format!("$deleteFromPrimitiveList/{field}"), gone.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computes_what_apply_sends() {
        let pod = |image: &str, extra: Value| json!({"metadata": {"name": "x", "labels": extra}, "spec": {"containers": [{"name": "c", "image": image}]}});
        let live = json!({"metadata": {"name": "x", "labels": {"a": "1", "other": "2"}, "uid": "u"}, "spec": {"containers": [{"name": "c", "image": "i:1", "imagePullPolicy": "Always"}, {"name": "injected"}], "nodeName": "n"}});
        let was = pod("i:1", json!({"a": "1"}));
        let check = |now: Value, want: Value| {
            assert_eq!(three_way(Way::Strategic, &was, &now, &live), want)
        };
        check(was.clone(), json!({}));
        check(
            pod("i:2", json!({"a": "1"})),
            json!({"spec": {"$setElementOrder/containers": [{"name": "c"}], "containers": [{"name": "c", "image": "i:2"}]}}),
        );
        check(
            pod("i:1", json!({"b": "2"})),
            json!({"metadata": {"labels": {"a": null, "b": "2"}}}),
        );
        check(
            json!({"metadata": {"name": "x", "labels": {"a": "1"}}, "spec": {"containers": []}}),
            json!({"spec": {"$setElementOrder/containers": [], "containers": [{"$patch": "delete", "name": "c"}]}}),
        );
        assert_eq!(
            three_way(Way::Json, &was, &pod("i:2", json!({"a": "1"})), &live)["spec"]["containers"],
            json!([{"name": "c", "image": "i:2"}])
        );
    }
}
