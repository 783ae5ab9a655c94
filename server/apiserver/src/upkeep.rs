//! What a server tells of itself to those who keep it: metrics, flags, status, the issuer of its tokens. There is little to tell of a
//! simulated one, and no more is told.

use crate::respond::{self, PLAIN_TEXT, Style};
use axum::response::Response;
use serde_json::json;

pub const PATHS: &[&str] = &[
    "/.well-known/openid-configuration",
    "/flagz",
    "/metrics",
    "/metrics/slis",
    "/openid/v1/jwks",
    "/statusz",
];

/// Answers one of the paths. `host` is the address that the client asked.
pub fn serve(path: &str, version: &str, host: &str, style: &Style) -> Option<Response> {
    let text = match path {
        "/metrics" => format!(
            "# HELP kubernetes_build_info [BETA] A metric with a constant '1' value labeled by the version of Kubernetes.\n\
             # TYPE kubernetes_build_info gauge\nkubernetes_build_info{{git_version=\"{version}\"}} 1\n"
        ),
        "/metrics/slis" => "# HELP kubernetes_healthcheck [STABLE] This metric records the result of a single healthcheck.\n\
             # TYPE kubernetes_healthcheck gauge\nkubernetes_healthcheck{name=\"ping\",type=\"healthz\"} 1\n"
            .to_string(),
        "/flagz" => "\nkube-apiserver flagz\nWarning: This endpoint is not meant to be machine parseable, has no formatting \
             compatibility guarantees and is for debugging purposes only.\n\n"
            .to_string(),
        "/statusz" => format!(
            "\nkube-apiserver statusz\nWarning: This endpoint is not meant to be machine parseable, has no formatting \
             compatibility guarantees and is for debugging purposes only.\n\nBinary version: {}\n",
            version.trim_start_matches('v')
        ),
        "/.well-known/openid-configuration" => {
            let issuer = json!({
                "issuer": "https://kubernetes.default.svc.cluster.local",
                "jwks_uri": format!("https://{host}/openid/v1/jwks"),
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            });
            return Some(respond::document(&issuer, style));
        }
        // tokens of the simulation are signed with no key that others could check
        "/openid/v1/jwks" => return Some(respond::document(&json!({"keys": []}), style)),
        _ => return None,
    };
    Some(respond::bytes(200, PLAIN_TEXT, text))
}
