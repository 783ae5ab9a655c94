//! Server-side apply.

use serde_json::{Value, json};

use super::fieldset::{FieldSet, shown};
use super::managed::{Entry, form_of, read, strip, without_entries, write};
use super::walk::{Comparison, Form, element_step, fields, form, merge, remove};
use crate::decode::{Decoded, decode_node};
use crate::json::Node;
use crate::table::{Shape, Type, type_of};
use crate::{Gvk, Options, Status, meta, time, yaml};

/// Server-side apply: merges the applied configuration (JSON or YAML) into the stored object (`None`: it is created), keeps
/// `metadata.managedFields`, and answers the new object, not yet defaulted. `now` is in seconds since 1970.
///
/// Errors: 409 with the conflicts, 400, 422, and 500 where the configuration does not fit the schema, as the API server answers it.
pub fn apply(
    gvk: &Gvk,
    subresource: &str,
    live: Option<&Value>,
    text: &str,
    options: &Options,
    now: i64,
) -> Result<(Value, Vec<String>), Status> {
    let document =
        yaml::read(text).map_err(|e| Status::bad_request(format!("error decoding YAML: {e}")))?;
    let applied = document.value;
    check(gvk, &applied)?;
    let form = form_of(gvk);
    let mut set = fields(form, &applied);
    strip(gvk, subresource, &mut set);
    let mut entries = live.map(read).unwrap_or_default();
    let api_version = gvk.api_version();
    let is_mine = |e: &Entry| {
        e.manager == options.field_manager && e.operation == "Apply" && e.subresource == subresource
    };
    let last = entries.iter().position(is_mine).map(|i| entries.remove(i));
    let before = live
        .map(without_entries)
        .unwrap_or_else(|| json!({"apiVersion": api_version, "kind": gvk.kind, "metadata": {}}));
    let mut merged = merge(form, before.clone(), &applied);
    if let Some(last) = &last {
        let owned = entries.iter().fold(set.clone(), |all, e| all.union(&e.set));
        remove(
            form,
            &mut merged,
            &prunable(&last.set, &set, &owned),
            &mut Vec::new(),
        );
    }
    let compared = Comparison::of(form, &before, &merged);
    let changed = compared.modified.union(&compared.added);
    let conflicts: Vec<(usize, FieldSet)> = entries
        .iter()
        .enumerate()
        .map(|(i, e)| (i, e.set.intersection(&changed)))
        .filter(|(_, c)| !c.is_empty())
        .collect();
    if live.is_some() && !options.force && !conflicts.is_empty() {
        return Err(conflict(&entries, &conflicts));
    }
    for (i, lost) in conflicts {
        entries[i].set = entries[i].set.difference(&lost);
    }
    for entry in &mut entries {
        entry.set = entry.set.difference(&compared.removed);
    }
    let same = last.as_ref().is_some_and(|l| l.set == set);
    let time = last
        .map(|l| l.time)
        .filter(|_| same)
        .unwrap_or_else(|| time::rfc3339(now));
    entries.push(Entry {
        manager: options.field_manager.clone(),
        operation: "Apply".into(),
        api_version,
        time,
        subresource: subresource.to_string(),
        set,
    });
    let mut merged = finish(gvk, merged)?;
    write(&mut merged, entries);
    Ok((merged, document.duplicates))
}

/// What was applied before, is not now, and nobody owns: whole elements and single fields, not the parents of what stays.
fn prunable(last: &FieldSet, now: &FieldSet, owned: &FieldSet) -> FieldSet {
    let mut gone = FieldSet::default();
    let kept: Vec<Vec<String>> = owned.paths();
    for path in last.difference(now).paths() {
        let stays = kept.iter().any(|k| k.starts_with(&path));
        if !stays {
            gone.insert(&path);
        }
    }
    gone
}

fn finish(gvk: &Gvk, merged: Value) -> Result<Value, Status> {
    let Some(of) = type_of(gvk) else {
        return Ok(merged);
    };
    let Decoded { value, error, .. } = decode_node(of, Node::from(merged));
    match error {
        Some(error) => Err(Status::failure(500, "", error)),
        None => Ok(value),
    }
}

/// Whether the configuration fits: it is of the kind, has no managed fields, and only fields that the schema has.
fn check(gvk: &Gvk, applied: &Value) -> Result<(), Status> {
    if !applied.is_object() {
        return Err(Status::bad_request("error decoding YAML: object expected"));
    }
    if applied
        .pointer("/metadata/managedFields")
        .is_some_and(|f| !f.is_null())
    {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    let found = Gvk::of(applied);
    if found.kind.is_empty() || found.version.is_empty() {
        return Err(Status::bad_request("invalid object type: /, Kind="));
    }
    if &found != gvk {
        let text = format!("invalid object type: {}", go_gvk(&found));
        return Err(Status::bad_request(text));
    }
    let Some(of) = type_of(gvk) else {
        return Ok(());
    };
    let mut wrong = Vec::new();
    undeclared(of, applied, &mut Vec::new(), &mut wrong);
    if wrong.is_empty() {
        return Ok(());
    }
    let (namespace, name) = (meta::namespace(applied), meta::name(applied));
    let list = if wrong.len() == 1 {
        wrong.remove(0)
    } else {
        format!("errors:\n  {}", wrong.join("\n  "))
    };
    let text = format!(
        "failed to create typed patch object ({namespace}/{name}; {}): {list}",
        go_gvk(gvk)
    );
    Err(Status::failure(500, "", text))
}

/// `/v1, Kind=Pod`, as Go prints it.
fn go_gvk(gvk: &Gvk) -> String {
    format!("{}/{}, Kind={}", gvk.group, gvk.version, gvk.kind)
}

fn undeclared(of: &'static Type, value: &Value, path: &mut Vec<String>, out: &mut Vec<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        path.push(format!("f:{name}"));
        match of.field(name) {
            None => out.push(format!("{}: field not declared in schema", shown(path))),
            Some(field) => {
                scalars(field.shape, value, path, out);
                within(form(field), value, path, out);
            }
        }
        path.pop();
    }
}

/// Scalars that are not what the schema says, in the words of structured-merge-diff.
fn scalars(shape: Shape, value: &Value, path: &mut Vec<String>, out: &mut Vec<String>) {
    let go_type = match value {
        Value::Null => return,
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    };
    match (shape, value) {
        (Shape::String | Shape::Bytes, Value::Bool(_) | Value::Number(_)) => out.push(format!(
            "{}: expected string, got &value.valueUnstructured{{Value:{value}}}",
            shown(path)
        )),
        (Shape::Int32 | Shape::Int64 | Shape::Double, other) if !other.is_number() => {
            out.push(format!(
                "{}: expected numeric (int or float), got {go_type}",
                shown(path)
            ));
        }
        (Shape::Bool, other) if !other.is_boolean() => out.push(format!(
            "{}: expected boolean, got &{{{}}}",
            shown(path),
            super::go_map(other)
        )),
        (Shape::Map(inner), Value::Object(members)) => {
            for (key, member) in members {
                path.push(format!("f:{key}"));
                scalars(*inner, member, path, out);
                path.pop();
            }
        }
        _ => {}
    }
}

fn within(form: Form, value: &Value, path: &mut Vec<String>, out: &mut Vec<String>) {
    match (form, value) {
        (Form::Struct(inner), Value::Object(_)) => undeclared(inner, value, path, out),
        (Form::Struct(_) | Form::Map(_), Value::Null) | (Form::Keyed(..), Value::Null) => {}
        (Form::Struct(_) | Form::Map(_), other) if !other.is_object() => {
            out.push(format!(
                "{}: expected map, got &{{{}}}",
                shown(path),
                super::go_map(other)
            ));
        }
        (Form::Keyed(shape, keys), Value::Array(items)) => {
            let mut seen: Vec<String> = Vec::new();
            for item in items {
                let missing = keys
                    .iter()
                    .find(|k| **k != "protocol" && item.get(**k).is_none());
                if let Some(key) = missing {
                    let text = format!(
                        "element 0: associative list with keys has an element that omits key field {} (and doesn't have default value)",
                        crate::quote::go_quote(key)
                    );
                    out.push(format!("{}: {text}", shown(path)));
                    continue;
                }
                let step = element_step(form, item);
                if seen.contains(&step) {
                    let key = shown(std::slice::from_ref(&step));
                    out.push(format!("{}: duplicate entries for key {key}", shown(path)));
                }
                path.push(step.clone());
                if let crate::table::Shape::Struct(id) = shape {
                    undeclared(id.get(), item, path, out);
                }
                path.pop();
                seen.push(step);
            }
        }
        _ => {}
    }
}

/// 409 with one cause a field.
fn conflict(entries: &[Entry], conflicts: &[(usize, FieldSet)]) -> Status {
    let mut managers: Vec<(String, Vec<String>)> = Vec::new();
    for (i, set) in conflicts {
        let entry = &entries[*i];
        let mut who = crate::quote::go_quote(&entry.manager);
        if !entry.subresource.is_empty() {
            who += &format!(
                " with subresource {}",
                crate::quote::go_quote(&entry.subresource)
            );
        }
        if entry.operation == "Update" {
            who += &format!(" using {}", entry.api_version);
            if !entry.time.is_empty() {
                who += &format!(" at {}", entry.time);
            }
        }
        managers.push((who, set.paths().iter().map(|p| shown(p)).collect()));
    }
    managers.sort();
    let count: usize = managers.iter().map(|(_, paths)| paths.len()).sum();
    let described: Vec<String> = managers
        .iter()
        .map(|(who, paths)| match &paths[..] {
            [one] => format!("conflict with {who}: {one}"),
            many => format!("conflicts with {who}:\n- {}", many.join("\n- ")),
        })
        .collect();
    let noun = if count == 1 { "conflict" } else { "conflicts" };
    let message = format!("Apply failed with {count} {noun}: {}", described.join("\n"));
    let mut status = Status::failure(409, "Conflict", message);
    for (who, paths) in managers {
        for path in paths {
            status = status.cause(
                "FieldManagerConflict",
                format!("conflict with {who}"),
                &path,
            );
        }
    }
    status
}
