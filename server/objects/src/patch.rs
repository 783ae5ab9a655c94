//! Patches: JSON patch, merge patch, strategic merge patch and server-side apply with its managed fields.

use serde_json::Value;

use crate::{Gvk, Options, PatchKind, Status};

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
    let _ = (gvk, live, kind, text, options);
    Err(Status::bad_request("not yet"))
}

/// Server-side apply: merges the applied configuration (JSON or YAML) into the stored object (`None`: it is created), keeps
/// `metadata.managedFields`, and answers the new object, not yet defaulted. `now` is in seconds since 1970.
///
/// Errors: 409 with the conflicts, 400, 422.
pub fn apply(
    gvk: &Gvk,
    subresource: &str,
    live: Option<&Value>,
    text: &str,
    options: &Options,
    now: i64,
) -> Result<(Value, Vec<String>), Status> {
    let _ = (gvk, subresource, live, text, options, now);
    Err(Status::bad_request("not yet"))
}

/// Records in `metadata.managedFields` of `new` what a create, update or patch by `manager` changed; call it last, with defaults in
/// place. `old` is the stored object, `None` on create. `now` is in seconds since 1970.
pub fn track(
    gvk: &Gvk,
    subresource: &str,
    old: Option<&Value>,
    new: &mut Value,
    manager: &str,
    now: i64,
) {
    let _ = (gvk, subresource, old, new, manager, now);
}
