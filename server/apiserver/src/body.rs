//! Bodies of requests: read within the limit, decoded by their media type.

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use objects::{FieldValidation, Gvk, Status};
use serde_json::Value;

/// As kube-apiserver: 3 MiB.
pub const LIMIT_BYTES: usize = 3 * 1024 * 1024;

/// Reads the whole body. Errors: 413, or 400 when it breaks off.
pub async fn read(body: Body) -> Result<Bytes, Status> {
    match Limited::new(body, LIMIT_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
            Err(Status::too_large(LIMIT_BYTES as u64))
        }
        Err(error) => Err(Status::bad_request(format!(
            "the request's body cannot be read: {error}"
        ))),
    }
}

/// The media type without parameters; empty when there is none.
pub fn media_type(headers: &HeaderMap) -> &str {
    let value = headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    value
        .and_then(|v| v.split(';').next())
        .unwrap_or_default()
        .trim()
}

/// The `DeleteOptions` of a delete; an empty body is none.
pub fn delete_options(headers: &HeaderMap, bytes: &[u8]) -> Result<Option<Value>, Status> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let gvk = Gvk::new("", "v1", "DeleteOptions");
    match media_type(headers) {
        "" | "application/json" => match serde_json::from_slice(bytes) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(Status::bad_request(format!(
                "the body of the request cannot be read: {error}"
            ))),
        },
        media => objects::decode(media, bytes, &gvk, FieldValidation::Ignore)
            .map(|(value, _)| Some(value)),
    }
}
