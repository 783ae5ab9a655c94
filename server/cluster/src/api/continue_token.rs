//! The opaque token of a paged list: the revision of its first page and the key to go on from, in the API server's own encoding.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use objects::Status;
use serde_json::{Value, json};

/// Where a list goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continue {
    /// `None`: inconsistently, from what is there now.
    pub revision: Option<u64>,
    pub namespace: String,
    pub name: String,
}

/// `listed` is the namespace of the list: keys are told relative to it.
pub fn encode(at: &Continue, listed: &str) -> String {
    let key = if listed.is_empty() && !at.namespace.is_empty() {
        format!("{}/{}", at.namespace, at.name)
    } else {
        at.name.clone()
    };
    let revision = at.revision.map_or(-1, |r| r as i64);
    let token = json!({"v": "meta.k8s.io/v1", "rv": revision, "start": format!("{key}\u{0}")});
    // Members in the order of the API server, not sorted.
    let text = format!(
        r#"{{"v":{},"rv":{},"start":{}}}"#,
        token["v"], token["rv"], token["start"]
    );
    URL_SAFE_NO_PAD.encode(text)
}

/// Errors: 400 with the texts of the API server.
pub fn decode(token: &str, listed: &str) -> Result<Continue, Status> {
    let bad = |why: String| {
        Status::bad_request(format!(
            "invalid continue token: continue key is not valid: {why}"
        ))
    };
    let bytes = URL_SAFE_NO_PAD
        .decode(token.trim_end_matches('='))
        .map_err(|_| bad("illegal base64 data at input byte 0".into()))?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|_| {
        let first = bytes.first().copied().unwrap_or(b' ') as char;
        let shown = if first.is_ascii() && !first.is_control() {
            first.to_string()
        } else {
            format!("\\u{:04x}", first as u32)
        };
        bad(format!(
            "invalid character '{shown}' looking for beginning of value"
        ))
    })?;
    if value["v"] != "meta.k8s.io/v1" {
        return Err(Status::bad_request(format!(
            "continue key is not valid: server does not recognize this encoded version \"{}\"",
            value["v"].as_str().unwrap_or_default()
        )));
    }
    let key = value["start"]
        .as_str()
        .unwrap_or_default()
        .trim_end_matches('\u{0}');
    let (namespace, name) = match key.split_once('/') {
        Some((namespace, name)) if listed.is_empty() => (namespace, name),
        _ => (listed, key),
    };
    let revision = value["rv"].as_i64().and_then(|r| u64::try_from(r).ok());
    Ok(Continue {
        revision,
        namespace: namespace.into(),
        name: name.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_there_and_back() {
        let at = Continue {
            revision: Some(27216),
            namespace: "x".into(),
            name: "d-env".into(),
        };
        for listed in ["", "x"] {
            assert_eq!(decode(&encode(&at, listed), listed).ok(), Some(at.clone()));
        }
        assert_eq!(
            decode("nope", "x").map_err(|s| s.message),
            Err(r"invalid continue token: continue key is not valid: invalid character '\u009e' looking for beginning of value".into())
        );
    }
}
