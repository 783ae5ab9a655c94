//! Patches: JSON patch, merge patch, strategic merge patch and server-side apply with its managed fields.
//!
//! Mirrors the API server's `endpoints/handlers/patch.go`.

mod apply;
mod fieldset;
mod managed;
mod strategic;
mod walk;

use serde_json::Value;

use crate::decode::{Decoded, decode_node};
use crate::json::{self, Node};
use crate::quote::go_json;
use crate::table::type_of;
use crate::{FieldError, FieldValidation, Gvk, Options, PatchKind, Status};

pub use apply::apply;
pub use fieldset::FieldSet;
pub use managed::track;

/// A JSON patch of more operations is refused.
const OPERATIONS_MAX: usize = 10_000;

/// Bytes that the copies of a JSON patch may come to (`JSONPatchMaxCopyBytes`): each could double what is there.
const COPIES_BYTES_MAX: usize = 3 << 20;

/// Applies a JSON, merge or strategic merge patch to a stored object and answers the new one, not yet defaulted, with its warnings about
/// unknown fields. `gvk` is the kind of the object. Errors: 400 and 422 with the texts of the API server.
///
/// `Apply` is not done here: see `apply`.
pub fn patch(
    gvk: &Gvk,
    live: &Value,
    kind: PatchKind,
    text: &str,
    options: &Options,
) -> Result<(Value, Vec<String>), Status> {
    let prefix = if kind == PatchKind::Strategic {
        ""
    } else {
        "error decoding patch: "
    };
    let parsed =
        json::parse(text.as_bytes()).map_err(|e| Status::bad_request(format!("{prefix}{e}")))?;
    let mut strict = Vec::new();
    duplicates(&parsed, "", &mut strict);
    let value = parsed.into_value();
    let shown = if kind == PatchKind::Strategic {
        go_map(&value)
    } else {
        String::new()
    };
    let patched = match kind {
        PatchKind::Json => json_patch(live, value)?,
        PatchKind::Merge => {
            let mut patched = live.clone();
            json_patch::merge(&mut patched, &value);
            patched
        }
        PatchKind::Strategic => strategic::merge(type_of(gvk), live.clone(), value)?,
        PatchKind::Apply => return Err(Status::internal("apply patches have a way of their own")),
    };
    let shown = if kind == PatchKind::Strategic {
        shown
    } else {
        go_json(&patched)
    };
    finish(gvk, patched, strict, &shown, options.field_validation)
}

/// Decodes the patched object by the table.
fn finish(
    gvk: &Gvk,
    patched: Value,
    mut strict: Vec<String>,
    shown: &str,
    validation: FieldValidation,
) -> Result<(Value, Vec<String>), Status> {
    let refuse =
        |why: String| Status::invalid("", "", vec![FieldError::invalid("patch", shown, why)]);
    let Some(of) = type_of(gvk) else {
        return Ok((patched, strict));
    };
    let Decoded {
        value,
        strict: unknown,
        error,
    } = decode_node(of, Node::from(patched));
    if let Some(error) = error {
        return Err(refuse(error));
    }
    strict.extend(unknown);
    match validation {
        FieldValidation::Strict if !strict.is_empty() => Err(refuse(format!(
            "strict decoding error: {}",
            strict.join(", ")
        ))),
        FieldValidation::Warn => Ok((value, strict)),
        _ => Ok((value, Vec::new())),
    }
}

/// 422 with the sentence that the API server has for patches that cannot be applied.
fn rejected() -> Status {
    let mut status =
        Status::unprocessable("the server rejected our request due to an error in our request");
    status.details_mut();
    status
}

fn json_patch(live: &Value, patch: Value) -> Result<Value, Status> {
    if patch
        .as_array()
        .is_some_and(|operations| operations.len() > OPERATIONS_MAX)
    {
        let text =
            format!("The allowed maximum operations in a JSON patch is {OPERATIONS_MAX}, got more");
        return Err(Status::failure(413, "RequestEntityTooLarge", text));
    }
    if !patch.is_array() {
        let kind = Node::from(patch).type_name();
        let text = format!(
            "error decoding patch: json: cannot unmarshal {kind} into Go value of type jsonpatch.Patch"
        );
        return Err(Status::bad_request(text));
    }
    let operations: json_patch::Patch = serde_json::from_value(patch).map_err(|_| rejected())?;
    let (mut patched, mut copied) = (live.clone(), 0);
    for operation in operations.0 {
        if let json_patch::PatchOperation::Copy(copy) = &operation
            && let Ok(value) = copy.from.resolve(&patched)
        {
            copied += value.to_string().len();
        }
        if copied > COPIES_BYTES_MAX {
            return Err(rejected());
        }
        json_patch::patch(&mut patched, &[operation]).map_err(|_| rejected())?;
    }
    Ok(patched)
}

/// Keys that come twice.
fn duplicates(node: &Node, path: &str, out: &mut Vec<String>) {
    match node {
        Node::Object(members) => {
            let mut seen = std::collections::BTreeSet::new();
            for (key, value) in members {
                let dot = if path.is_empty() { "" } else { "." };
                let here = format!("{path}{dot}{key}");
                if !seen.insert(key) {
                    out.push(format!("duplicate field {}", crate::quote::go_quote(&here)));
                }
                duplicates(value, &here, out);
            }
        }
        Node::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(i, item)| duplicates(item, &format!("{path}[{i}]"), out));
        }
        _ => {}
    }
}

/// As Go prints a map with `%+v`.
fn go_map(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".into(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(go_map).collect::<Vec<_>>().join(" ")
        ),
        Value::Object(members) => {
            let sorted: std::collections::BTreeMap<_, _> = members.iter().collect();
            let members = sorted
                .into_iter()
                .map(|(k, v)| format!("{k}:{}", go_map(v)));
            format!("map[{}]", members.collect::<Vec<_>>().join(" "))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests;
