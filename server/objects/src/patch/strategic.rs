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

/// An error that the API server passes on as it is, for it knows no status for it.
fn bare(text: impl Into<String>) -> Status {
    Status::failure(500, "", text.into())
}

fn unknown_directive(directive: &Value, patch: Members) -> Status {
    let shown = super::go_map(&Value::Object(patch));
    let directive = super::go_map(directive);
    bare(format!("unknown patch type: {directive} in map: {shown}"))
}

fn no_merge_key(item: &Value, key: &str) -> Status {
    let shown = super::go_map(item);
    bare(format!(
        "map: {shown} does not contain declared merge key: {key}"
    ))
}

fn merge_map(
    of: Option<&Type>,
    mut original: Members,
    mut patch: Members,
) -> Result<Members, Status> {
    if let Some(directive) = patch.get(DIRECTIVE).cloned() {
        return match directive.as_str() {
            Some("replace") => {
                patch.remove(DIRECTIVE);
                Ok(patch)
            }
            Some("delete") => Ok(Members::new()),
            _ => Err(unknown_directive(&directive, patch)),
        };
    }
    if let Some(keys) = patch.remove(RETAIN) {
        let wrong = || Status::bad_request("invalid patch format of retainKeys");
        let keys = keys.as_array().cloned().ok_or_else(wrong)?;
        let ordered = |key: &str| key.starts_with(DELETE_FROM) || key.starts_with(SET_ORDER);
        let kept = |(key, value): (&String, &Value)| {
            value.is_null() || ordered(key) || keys.iter().any(|k| k == key)
        };
        if !patch.iter().all(kept) {
            return Err(wrong());
        }
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
        if let Some(Value::Array(new)) = patch.remove(&name) {
            check_order(&new, &order, key)?;
        }
        original.insert(name, Value::Array(in_order(merged, &order, &server, key)));
    }
    Ok(())
}

/// What a patch says of a list must be in the order that it gives the list.
fn check_order(patch: &[Value], order: &[Value], key: &str) -> Result<(), Status> {
    let mut places = order.iter();
    let goes = |item: &Value| !key.is_empty() && item.get(DIRECTIVE).is_some();
    for item in patch.iter().filter(|item| !goes(item)) {
        let found = places.any(|place| match key {
            "" => place == item,
            key => place.get(key) == item.get(key),
        });
        if !found && !order.is_empty() {
            let list = |items: &[Value]| super::go_map(&Value::Array(items.to_vec()));
            let (patch, order) = (list(patch), list(order));
            return Err(bare(format!(
                "The order in patch list:\n{patch}\n doesn't match $setElementOrder list:\n{order}\n"
            )));
        }
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
        let wanted = item.get(key).ok_or_else(|| no_merge_key(item, key))?;
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
                None => return Err(no_merge_key(&item, key)),
            },
            Some(Some("merge")) => {
                return Err(bare("merging lists cannot yet be specified in the patch"));
            }
            Some(directive) => {
                let directive = Value::from(directive.unwrap_or_default());
                let members = item.as_object().cloned().unwrap_or_default();
                return Err(unknown_directive(&directive, members));
            }
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
