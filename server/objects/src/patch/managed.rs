//! `metadata.managedFields`: who set which field.
//!
//! Mirrors apimachinery's `util/managedfields`.

use serde_json::{Value, json};

use super::fieldset::FieldSet;
use super::walk::{Comparison, Form};
use crate::table::type_of;
use crate::{Gvk, by_kind, meta, time};

/// One entry.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub manager: String,
    /// `Apply` or `Update`.
    pub operation: String,
    pub api_version: String,
    pub time: String,
    pub subresource: String,
    pub set: FieldSet,
}

/// Reads the entries of an object.
pub(super) fn read(object: &Value) -> Vec<Entry> {
    let entries = object
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array);
    let entry = |value: &Value| {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_string();
        Entry {
            manager: text("manager"),
            operation: text("operation"),
            api_version: text("apiVersion"),
            time: text("time"),
            subresource: text("subresource"),
            set: FieldSet::from_fields(&value["fieldsV1"]),
        }
    };
    entries.into_iter().flatten().map(entry).collect()
}

/// Writes the entries that have fields, in Kubernetes' order.
pub(super) fn write(object: &mut Value, mut entries: Vec<Entry>) {
    entries.retain(|e| !e.set.is_empty());
    entries.sort_by(|a, b| {
        let key = |e: &Entry| {
            (
                e.operation.clone(),
                e.time.clone(),
                e.manager.clone(),
                e.api_version.clone(),
                e.subresource.clone(),
            )
        };
        key(a).cmp(&key(b))
    });
    if entries.is_empty() {
        meta::remove(object, "managedFields");
        return;
    }
    let list: Vec<Value> = entries
        .into_iter()
        .map(|e| {
            let mut value = json!({
                "operation": e.operation, "apiVersion": e.api_version,
                "fieldsType": "FieldsV1", "fieldsV1": e.set.to_fields(),
            });
            for (key, text) in [
                ("manager", e.manager),
                ("time", e.time),
                ("subresource", e.subresource),
            ] {
                if !text.is_empty() {
                    value[key] = text.into();
                }
            }
            value
        })
        .collect();
    meta::set(object, "managedFields", list);
}

/// The form of a kind; kinds outside of the table are one leaf a member.
pub(super) fn form_of(gvk: &Gvk) -> Form {
    type_of(gvk).map_or(Form::Leaf, Form::Struct)
}

/// Takes out what nobody owns, and what the request could not change.
pub(super) fn strip(gvk: &Gvk, subresource: &str, set: &mut FieldSet) {
    for path in ["f:apiVersion", "f:kind", "f:metadata"] {
        set.without(&[path]);
    }
    for name in [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "generation",
        "managedFields",
        "resourceVersion",
    ] {
        set.without_below(&["f:metadata", &format!("f:{name}")]);
    }
    let resource = by_kind(&gvk.group, &gvk.version, &gvk.kind);
    if subresource == "status" {
        set.without_below(&["f:spec"]);
    } else if resource.is_some_and(|r| r.subresource("status").is_some()) {
        set.without_below(&["f:status"]);
    }
}

/// Records in `metadata.managedFields` of `new` what a create, update or patch by `manager` changed. Call it with defaults in place, before
/// admission and before the registry adds its part, as the API server does. `old` is the stored object, `None` on create. `now` is in
/// seconds since 1970.
pub fn track(
    gvk: &Gvk,
    subresource: &str,
    old: Option<&Value>,
    new: &mut Value,
    manager: &str,
    now: i64,
) {
    let mut entries = match (old, new.pointer("/metadata/managedFields")) {
        // an empty list is how a client drops all of them
        (_, Some(Value::Array(list))) if old.is_some() && list.is_empty() => Vec::new(),
        (Some(old), _) => read(old),
        (None, _) => Vec::new(),
    };
    let mut blank = json!({"metadata": {}, "apiVersion": gvk.api_version(), "kind": gvk.kind});
    crate::table::normalize(gvk, &mut blank);
    let before = without_entries(old.unwrap_or(&blank));
    // The entries are written anew below.
    meta::remove(new, "managedFields");
    let compared = Comparison::of(form_of(gvk), &before, new);
    let mut changed = compared.modified.union(&compared.added);
    strip(gvk, subresource, &mut changed);
    for entry in &mut entries {
        entry.set = entry.set.difference(&changed).difference(&compared.removed);
    }
    if !changed.is_empty() {
        let api_version = gvk.api_version();
        let mine = entries.iter_mut().find(|e| {
            e.manager == manager
                && e.operation == "Update"
                && e.api_version == api_version
                && e.subresource == subresource
        });
        match mine {
            Some(entry) => {
                entry.set = entry.set.union(&changed);
                entry.time = time::rfc3339(now);
            }
            None => entries.push(Entry {
                manager: manager.to_string(),
                operation: "Update".into(),
                api_version,
                time: time::rfc3339(now),
                subresource: subresource.to_string(),
                set: changed,
            }),
        }
    }
    write(new, entries);
}

/// A copy without the entries themselves.
pub(super) fn without_entries(object: &Value) -> Value {
    let mut copy = object.clone();
    meta::remove(&mut copy, "managedFields");
    copy
}
