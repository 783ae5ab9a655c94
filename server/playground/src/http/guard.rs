//! What stands before every handler: the right host, the right origin, and the headers of every answer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN, UPGRADE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::site::Site;

/// Refuses requests for other hosts (a name that was made to point here), and writes and upgrades from other origins, before anything else
/// looks at them.
pub async fn gate(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !one(headers, HOST).is_some_and(|host| site.serves(host)) {
        return (
            StatusCode::MISDIRECTED_REQUEST,
            "This server is not known by that name; see public-url.\n",
        )
            .into_response();
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if (!reads || headers.contains_key(UPGRADE)) && !is_ours(headers, &site) {
        return (
            StatusCode::FORBIDDEN,
            "The Origin of this request is not this site.\n",
        )
            .into_response();
    }
    let mut response = next.run(request).await;
    dress(response.headers_mut(), &site);
    response
}

/// Exactly one `Origin`, and exactly one of ours.
pub fn is_ours(headers: &HeaderMap, site: &Site) -> bool {
    one(headers, ORIGIN).is_some_and(|origin| site.origins.iter().any(|ours| ours == origin))
}

fn one(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

/// The policy of a page of ours that `ancestors` may frame.
pub fn policy(site: &Site, ancestors: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         worker-src 'self'; manifest-src 'self'; frame-src {}; base-uri 'none'; form-action 'self'; object-src 'none'; frame-ancestors {ancestors}",
        site.frame_source()
    )
}

/// The headers of every answer, where a handler has not set its own.
fn dress(headers: &mut HeaderMap, site: &Site) {
    let mut put = |name: &'static str, value: &str| {
        if let (Ok(value), false) = (HeaderValue::from_str(value), headers.contains_key(name)) {
            headers.insert(name, value);
        }
    };
    put("content-security-policy", &policy(site, "'none'"));
    put("x-content-type-options", "nosniff");
    put("referrer-policy", "same-origin");
    put("cross-origin-opener-policy", "same-origin");
    put("cross-origin-resource-policy", "same-origin");
    put(
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), clipboard-write=(self)",
    );
    if site.url.scheme() == "https" {
        put("strict-transport-security", "max-age=31536000");
    }
}
