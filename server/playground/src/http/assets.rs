//! Files of the browser bundle, as the crate `web` holds them: compressed beforehand, hashed names kept for ever.

use axum::extract::Path;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

/// `GET <base>assets/{name}`
pub async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = web::get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let cache = if asset.immutable {
        "public, max-age=31536000, immutable"
    } else {
        "public, no-cache"
    };
    let common = [
        (CACHE_CONTROL, cache),
        (ETAG, asset.etag),
        (VARY, "accept-encoding"),
    ];
    if headers
        .get(IF_NONE_MATCH)
        .is_some_and(|seen| seen.as_bytes() == asset.etag.as_bytes())
    {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let accepted = headers
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let takes = |name: &str| accepted.split(',').any(|wish| is_wanted(wish, name));
    let typed = [(CONTENT_TYPE, asset.content_type)];
    match (
        asset.br.filter(|_| takes("br")),
        asset.gzip.filter(|_| takes("gzip")),
    ) {
        (Some(bytes), _) => (common, typed, [(CONTENT_ENCODING, "br")], bytes).into_response(),
        (None, Some(bytes)) => (common, typed, [(CONTENT_ENCODING, "gzip")], bytes).into_response(),
        (None, None) => (common, typed, asset.bytes).into_response(),
    }
}

/// Whether one wish of an `Accept-Encoding`, such as `br;q=0.5`, asks for `name`.
fn is_wanted(wish: &str, name: &str) -> bool {
    let mut parts = wish.split(';').map(str::trim);
    let refused =
        |part: &str| part.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) == Some(0.0);
    parts.next() == Some(name) && !parts.any(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_with_no_weight_is_refused() {
        assert!(is_wanted(" br", "br") && is_wanted("br;q=0.5", "br"));
        assert!(!is_wanted("br;q=0", "br") && !is_wanted("gzip", "br") && !is_wanted("br2", "br"));
    }
}
