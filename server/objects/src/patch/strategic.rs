//! Strategic merge patch: lists merge by the keys of the table, directives begin with `$`.
//!
//! Mirrors apimachinery's `util/strategicpatch`.

use serde_json::{Map, Value};

use crate::Status;
use crate::table::{Field, Shape, Type};

type Members = Map<String, Value>;

const DIRECTIVE: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const SET_ORDER: &str = "$setElementOrder/";

/// Merges a patch into an object.
pub(super) fn merge(of: Option<&Type>, original: Value, patch: Value) -> Result<Value, Status> {
    match (original, patch) {
        (Value::Object(original), Value::Object(patch)) => {
            merge_map(of, original, patch).map(Value::Object)
        }
        (_, patch) => {
            let kind = crate::json::Node::from(patch).type_name();
            let text = format!(
                "json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
            );
            Err(Status::bad_request(text))
        }
    }
}

fn unprocessable(text: String) -> Status {
    let mut status = Status::unprocessable(text);
    status.details_mut();
    status
}

fn merge_map(
    of: Option<&Type>,
    mut original: Members,
    mut patch: Members,
) -> Result<Members, Status> {
    match patch.remove(DIRECTIVE) {
        None => {}
        Some(directive) => match directive.as_str() {
            Some("replace") => return Ok(patch),
            Some("delete") => return Ok(Members::new()),
            Some("merge") => {}
            _ => return Err(unprocessable(format!("unknown patch type: {directive}"))),
        },
    }
    if let Some(keys) = patch.remove(RETAIN) {
        let keys = keys
            .as_array()
            .cloned()
            .ok_or_else(|| Status::bad_request("invalid patch format of retainKeys"))?;
        original.retain(|key, _| keys.iter().any(|k| k == key));
    }
    set_orders(of, &mut original, &mut patch)?;
    for (key, value) in patch {
        if let Some(field) = key.strip_prefix(DELETE_FROM) {
            let gone = value.as_array().cloned();
            let gone =
                gone.ok_or_else(|| Status::bad_request("invalid patch format of primitive list"))?;
            if let Some(Value::Array(items)) = original.get_mut(field) {
                items.retain(|item| !gone.contains(item));
            }
            continue;
        }
        if value.is_null() {
            original.remove(&key);
            continue;
        }
        let field = of.and_then(|t| t.field(&key));
        let merged = match (original.remove(&key), value) {
            (None, value) => {
                if let Some(value) = without_directives(value) {
                    original.insert(key, value);
                }
                continue;
            }
            (Some(Value::Object(old)), Value::Object(new)) if field.is_none_or(|f| !f.replace) => {
                Value::Object(merge_map(inner(field), old, new)?)
            }
            (Some(Value::Array(old)), Value::Array(new)) if field.is_some_and(|f| f.merge) => {
                Value::Array(merge_list(field, old, new)?)
            }
            (_, value) => without_directives(value).unwrap_or(Value::Null),
        };
        original.insert(key, merged);
    }
    Ok(original)
}

/// The type inside a field: of the struct, of the elements of a list, of the values of a map.
fn inner(field: Option<&Field>) -> Option<&'static Type> {
    match &field?.shape {
        Shape::Struct(id) | Shape::List(Shape::Struct(id)) => Some(id.get()),
        _ => None,
    }
}

/// What a value is where the original has nothing: no nulls, no directives. `None`: nothing at all.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(members) => {
            if members.contains_key(DIRECTIVE) {
                return None;
            }
            let members = members
                .into_iter()
                .filter(|(k, v)| !k.starts_with('$') && !v.is_null());
            Some(Value::Object(
                members
                    .filter_map(|(k, v)| without_directives(v).map(|v| (k, v)))
                    .collect(),
            ))
        }
        Value::Array(items) => Some(items.into_iter().filter_map(without_directives).collect()),
        other => Some(other),
    }
}

/// `$setElementOrder/FIELD`: merges that list now, in that order.
fn set_orders(
    of: Option<&Type>,
    original: &mut Members,
    patch: &mut Members,
) -> Result<(), Status> {
    let names: Vec<String> = patch
        .keys()
        .filter_map(|k| k.strip_prefix(SET_ORDER))
        .map(String::from)
        .collect();
    for name in names {
        let order = patch.remove(&format!("{SET_ORDER}{name}"));
        let Some(Value::Array(order)) = order else {
            return Err(Status::bad_request(
                "invalid patch format of setElementOrder list",
            ));
        };
        let field = of.and_then(|t| t.field(&name));
        let (old, new) = (original.get(&name), patch.get(&name));
        let server: Vec<Value> = old.and_then(Value::as_array).cloned().unwrap_or_default();
        let merged = match (old, new) {
            (Some(Value::Array(old)), Some(Value::Array(new))) => {
                merge_list(field, old.clone(), new.clone())?
            }
            (Some(Value::Array(old)), None) => old.clone(),
            (None, Some(new @ Value::Array(_))) => match without_directives(new.clone()) {
                Some(Value::Array(items)) => items,
                _ => continue,
            },
            _ => continue,
        };
        let key = field.map_or("", |f| f.merge_key);
        patch.remove(&name);
        original.insert(name, Value::Array(in_order(merged, &order, &server, key)));
    }
    Ok(())
}

fn merge_list(
    field: Option<&Field>,
    original: Vec<Value>,
    patch: Vec<Value>,
) -> Result<Vec<Value>, Status> {
    let key = field.map_or("", |f| f.merge_key);
    let structs = patch.iter().chain(&original).any(Value::is_object);
    if !structs {
        let mut merged = original.clone();
        for item in &patch {
            if !merged.contains(item) {
                merged.push(item.clone());
            }
        }
        return Ok(in_order(merged, &patch, &original, ""));
    }
    let (original, patch) = special_elements(original, patch, key)?;
    let mut merged = original.clone();
    for item in &patch {
        let Some(wanted) = item.get(key) else {
            let text = format!(
                "map: {} does not contain declared merge key: {key}",
                super::go_map(item)
            );
            return Err(Status::internal(text));
        };
        match merged.iter_mut().find(|old| old.get(key) == Some(wanted)) {
            Some(old) => {
                if let (Value::Object(was), Value::Object(new)) = (old.take(), item.clone()) {
                    *old = Value::Object(merge_map(inner(field), was, new)?);
                }
            }
            None => merged.extend(without_directives(item.clone())),
        }
    }
    Ok(in_order(merged, &patch, &original, key))
}

/// Elements that are directives: `{$patch: replace}` empties the list, `{$patch: delete, KEY: …}` removes one.
fn special_elements(
    mut original: Vec<Value>,
    patch: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), Status> {
    let mut rest = Vec::new();
    let mut replace = false;
    for item in patch {
        match item.get(DIRECTIVE).map(|d| d.as_str()) {
            None => rest.push(item),
            Some(Some("replace")) => replace = true,
            Some(Some("delete")) => match item.get(key) {
                Some(wanted) => original.retain(|old| old.get(key) != Some(wanted)),
                None => {
                    return Err(Status::internal(
                        "delete patch type with no merge key defined",
                    ));
                }
            },
            Some(Some("merge")) => {
                return Err(Status::internal(
                    "not implemented: merging patch directive in a list",
                ));
            }
            Some(_) => return Err(unprocessable("unknown patch type in list".to_string())),
        }
    }
    if replace {
        original.clear();
    }
    Ok((original, rest))
}

/// Orders a merged list: what the patch names in the order of `wanted`, the rest in the order of the server, both woven together.
fn in_order(merged: Vec<Value>, wanted: &[Value], server: &[Value], key: &str) -> Vec<Value> {
    let same = |a: &Value, b: &Value| match key {
        "" => a == b,
        key => a.get(key).is_some() && a.get(key) == b.get(key),
    };
    let place = |list: &[Value], item: &Value| list.iter().position(|other| same(other, item));
    let (mut named, mut others): (Vec<Value>, Vec<Value>) = merged
        .into_iter()
        .partition(|item| place(wanted, item).is_some());
    named.sort_by_key(|item| place(wanted, item));
    others.sort_by_key(|item| place(server, item).unwrap_or(usize::MAX));
    let mut out = Vec::with_capacity(named.len() + others.len());
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    loop {
        let other_first = match (others.peek(), named.peek()) {
            (None, None) => return out,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(left), Some(right)) => {
                matches!((place(server, left), place(server, right)), (Some(l), Some(r)) if l < r)
            }
        };
        out.extend(if other_first {
            others.next()
        } else {
            named.next()
        });
    }
}
