//! From the bytes of a request body to an object: JSON, YAML and Kubernetes' protobuf, with unknown and duplicate fields told.
//!
//! Mirrors apimachinery's `runtime/serializer` and the decoding of the API server's handlers.

mod go_time;
mod typed;

use serde_json::Value;

use crate::json::{self, Node};
use crate::table::{self, Type};
use crate::{FieldValidation, Gvk, Status, protobuf, yaml};

pub use typed::{Decoded, decode_node};

const MEDIA_TYPES: &[&str] = &[
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
];

/// Decodes a request body that should hold an object of `gvk` (the kind of the resource or of its subresource).
///
/// `media_type` is the Content-Type without parameters; empty means JSON. Answers the object without its unknown fields, and the texts of
/// warnings. Errors: 400 with the texts of the API server, 415 for an unknown media type.
pub fn decode(
    media_type: &str,
    bytes: &[u8],
    gvk: &Gvk,
    validation: FieldValidation,
) -> Result<(Value, Vec<String>), Status> {
    match media_type {
        "" | "application/json" => {
            let node = json::parse(bytes).map_err(|e| {
                unrecognized(
                    gvk,
                    &format!("couldn't get version/kind; json parse error: {e}"),
                    bytes,
                )
            })?;
            decode_object(node, Vec::new(), gvk, validation, bytes)
        }
        "application/yaml" => {
            let text = String::from_utf8_lossy(bytes);
            let document = yaml::read(&text).map_err(|e| unrecognized(gvk, &e, bytes))?;
            decode_object(
                document.value.into(),
                document.duplicates,
                gvk,
                validation,
                bytes,
            )
        }
        "application/vnd.kubernetes.protobuf" => {
            let (found, value) =
                protobuf::decode(bytes).map_err(|e| unrecognized(gvk, &e, bytes))?;
            check_kind(&found, gvk)?;
            Ok((with_kind(value, &found), Vec::new()))
        }
        _ => Err(Status::unsupported_media_type(MEDIA_TYPES)),
    }
}

fn decode_object(
    node: Node,
    duplicates: Vec<String>,
    gvk: &Gvk,
    validation: FieldValidation,
    bytes: &[u8],
) -> Result<(Value, Vec<String>), Status> {
    let found = kind_of(&node, gvk, bytes)?;
    let kind = check_kind(&found, gvk)?;
    let Decoded {
        value,
        mut strict,
        error,
    } = match kind {
        Some(kind) => decode_node(kind, node),
        None => Decoded {
            value: node.into_value(),
            strict: Vec::new(),
            error: None,
        },
    };
    let refuse =
        |why: String| Status::bad_request(format!("{}: {why}", cannot_be_handled(&found, gvk)));
    if let Some(error) = error {
        return Err(refuse(error));
    }
    strict.splice(0..0, duplicates);
    let value = with_kind(value, &found);
    match validation {
        FieldValidation::Strict if !strict.is_empty() => Err(refuse(format!(
            "strict decoding error: {}",
            strict.join(", ")
        ))),
        FieldValidation::Warn => Ok((value, strict)),
        _ => Ok((value, Vec::new())),
    }
}

fn cannot_be_handled(found: &Gvk, gvk: &Gvk) -> String {
    let version = crate::quote::go_quote(&found.version);
    format!(
        "{} in version {version} cannot be handled as a {}",
        found.kind, gvk.kind
    )
}

/// `apiVersion` and `kind` of a document; what it does not say is taken from the request.
fn kind_of(node: &Node, gvk: &Gvk, bytes: &[u8]) -> Result<Gvk, Status> {
    if !matches!(node, Node::Object(_)) {
        let kind = node.type_name();
        let go = "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";
        let why = format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {kind} into Go value of type {go}"
        );
        return Err(unrecognized(gvk, &why, bytes));
    }
    let text = |key: &str| node.get(key).and_then(Node::as_str).unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let mut found =
        Gvk::from_api_version(api_version, if kind.is_empty() { &gvk.kind } else { kind });
    if api_version.is_empty() {
        (found.group, found.version) = (gvk.group.clone(), gvk.version.clone());
    }
    Ok(found)
}

/// Whether the document's kind is the one that is served here; its type in the table.
fn check_kind(found: &Gvk, gvk: &Gvk) -> Result<Option<&'static Type>, Status> {
    if found == gvk {
        return Ok(table::type_of(gvk));
    }
    let refuse = |why: String| {
        Err(Status::bad_request(format!(
            "{}: {why}",
            cannot_be_handled(found, gvk)
        )))
    };
    if table::type_of(found).is_none() {
        let (kind, version) = (
            crate::quote::go_quote(&found.kind),
            crate::quote::go_quote(&found.api_version()),
        );
        let scheme = "in scheme \"pkg/api/legacyscheme/scheme.go:30\"";
        return refuse(format!(
            "no kind {kind} is registered for version {version} {scheme}"
        ));
    }
    if found.kind != gvk.kind || found.group != gvk.group {
        let (from, to) = (&found.version, internal_package(gvk));
        return refuse(format!(
            "converting ({from}.{}) to ({to}.{}): unknown conversion",
            found.kind, gvk.kind
        ));
    }
    let (is, expected) = (found.api_version(), gvk.api_version());
    Err(Status::bad_request(format!(
        "the API version in the data ({is}) does not match the expected API version ({expected})"
    )))
}

/// The Go package of the internal types of a group: `core`, `apps`, `rbac`.
fn internal_package(gvk: &Gvk) -> &str {
    match gvk.group.split('.').next().unwrap_or_default() {
        "" => "core",
        first => first,
    }
}

fn unrecognized(gvk: &Gvk, why: &str, bytes: &[u8]) -> Status {
    const SHOWN: usize = 30;
    let cut = &bytes[..bytes.len().min(SHOWN)];
    let more = if bytes.len() > SHOWN { " ..." } else { "" };
    let shown = match bytes.first() {
        None => "<empty>".to_string(),
        Some(b'{') => String::from_utf8_lossy(cut).into_owned(),
        Some(_) => cut.iter().map(|b| format!("{b:02x}")).collect(),
    };
    let kind = &gvk.kind;
    Status::bad_request(format!(
        "the object provided is unrecognized (must be of type {kind}): {why} ({shown}{more})"
    ))
}

/// Sets `apiVersion` and `kind`.
fn with_kind(mut value: Value, gvk: &Gvk) -> Value {
    if let Value::Object(members) = &mut value {
        members.insert("apiVersion".into(), gvk.api_version().into());
        members.insert("kind".into(), gvk.kind.as_str().into());
    }
    value
}

#[cfg(test)]
mod tests;
