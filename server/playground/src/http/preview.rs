//! Shows what a learner's forwarded port serves, on an origin of its own, or by path with a CSP sandbox.
//!
//! What comes from a pod is not ours: our cookie never goes there, and nothing that comes back may outlive the lesson or reach its page.

use axum::body::Body;
use axum::http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_SECURITY_POLICY, COOKIE, HOST, LOCATION, ORIGIN,
    REFERRER_POLICY, SET_COOKIE, TRAILER, TRANSFER_ENCODING, UPGRADE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, Version};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;

use super::site::Site;
use crate::session::previews::Door;

/// Dropped from what a pod answers.
const DROPPED: [&str; 11] = [
    "service-worker-allowed",
    "clear-site-data",
    "strict-transport-security",
    "alt-svc",
    "nel",
    "report-to",
    "reporting-endpoints",
    "public-key-pins",
    "public-key-pins-report-only",
    "sourcemap",
    "x-frame-options",
];

/// How the preview was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// `<label>.localhost`, or below the preview domain
    Host,
    /// `<base>preview/<label>/`, its prefix already taken off the path
    Path,
}

/// Passes one request on to the port.
pub async fn pass(site: &Site, door: &Door, by: By, mut request: Request<Body>) -> Response {
    if request.headers().get("service-worker").is_some() {
        return (
            StatusCode::FORBIDDEN,
            "Service workers are not available in previews.\n",
        )
            .into_response();
    }
    let upgrades = request.headers().contains_key(UPGRADE);
    if upgrades && (by == By::Path || !is_own(site, door, request.headers())) {
        return (
            StatusCode::FORBIDDEN,
            "Only the previewed page itself may open this.\n",
        )
            .into_response();
    }
    let Some(socket) = door.connect().await else {
        return closed(door);
    };
    if is_own(site, door, request.headers()) {
        seem_local(&mut request, door.port);
    }
    clean_request(&mut request, door.port, upgrades);
    let ours = upgrades.then(|| hyper::upgrade::on(&mut request));
    let Ok((mut sender, connection)) =
        hyper::client::conn::http1::handshake(TokioIo::new(socket)).await
    else {
        return closed(door);
    };
    tokio::spawn(connection.with_upgrades());
    let Ok(mut answer) = sender.send_request(request).await else {
        return closed(door);
    };
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        if let Some(ours) = ours {
            let theirs = hyper::upgrade::on(&mut answer);
            tokio::spawn(async move {
                if let (Ok(ours), Ok(theirs)) = tokio::join!(ours, theirs) {
                    let _ = tokio::io::copy_bidirectional(
                        &mut TokioIo::new(ours),
                        &mut TokioIo::new(theirs),
                    )
                    .await;
                }
            });
        }
        return answer.map(Body::new);
    }
    let mut answer = answer.map(Body::new);
    *answer.version_mut() = Version::HTTP_11;
    clean_answer(site, door, by, answer.headers_mut());
    answer
}

/// The request comes from the previewed page itself.
fn is_own(site: &Site, door: &Door, headers: &HeaderMap) -> bool {
    let own = site.preview_url(&door.label);
    headers
        .get(ORIGIN)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|origin| own.strip_suffix('/') == Some(origin))
}

/// A program that compares where a request comes from with where it goes sees one place, as when its page is opened at localhost.
fn seem_local(request: &mut Request<Body>, port: u16) {
    if let Ok(origin) = HeaderValue::from_str(&format!("http://localhost:{port}")) {
        request.headers_mut().insert(ORIGIN, origin);
    }
}

fn clean_request(request: &mut Request<Body>, port: u16, upgrades: bool) {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str())
        .to_owned();
    *request.uri_mut() = path.parse::<Uri>().unwrap_or_default();
    *request.version_mut() = Version::HTTP_11;
    request
        .extensions_mut()
        .remove::<axum::Extension<super::listener::Peer>>();
    let headers = request.headers_mut();
    let ours: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            name.as_str().starts_with("x-forwarded")
                || matches!(
                    name.as_str(),
                    "forwarded" | "keep-alive" | "te" | "proxy-authorization"
                )
        })
        .cloned()
        .collect();
    for name in ours.into_iter().chain([AUTHORIZATION, TRAILER]) {
        headers.remove(name);
    }
    keep_foreign_cookies(headers);
    if !upgrades {
        headers.remove(CONNECTION);
    }
    if let Ok(host) = HeaderValue::from_str(&format!("localhost:{port}")) {
        headers.insert(HOST, host);
    }
}

/// Takes our cookie out of the request, whichever name it has.
fn keep_foreign_cookies(headers: &mut HeaderMap) {
    let kept: Vec<String> = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .map(str::trim)
        .filter(|pair| {
            !matches!(
                pair.split('=').next(),
                Some("podschool" | "__Host-podschool")
            )
        })
        .map(str::to_owned)
        .collect();
    headers.remove(COOKIE);
    if let (false, Ok(value)) = (kept.is_empty(), HeaderValue::from_str(&kept.join("; "))) {
        headers.insert(COOKIE, value);
    }
}

fn clean_answer(site: &Site, door: &Door, by: By, headers: &mut HeaderMap) {
    for name in DROPPED {
        headers.remove(name);
    }
    for name in [CONNECTION, TRANSFER_ENCODING, TRAILER] {
        headers.remove(name);
    }
    let cookies: Vec<HeaderValue> = headers
        .get_all(SET_COOKIE)
        .iter()
        .filter(|cookie| by == By::Host && is_harmless(cookie))
        .cloned()
        .collect();
    headers.remove(SET_COOKIE);
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
    }
    let sandbox = if by == By::Path {
        "sandbox allow-scripts allow-forms; "
    } else {
        ""
    };
    let ancestors = site.origins.join(" ");
    if let Ok(policy) = HeaderValue::from_str(&format!("{sandbox}frame-ancestors {ancestors}")) {
        headers.append(CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    point_home(site, door, by, headers);
}

/// A redirect to the port itself leads to where the browser knows it.
fn point_home(site: &Site, door: &Door, by: By, headers: &mut HeaderMap) {
    let Some(location) = headers.get(LOCATION).and_then(|value| value.to_str().ok()) else {
        return;
    };
    let local = format!("http://localhost:{}", door.port);
    let rest = location.strip_prefix(&local).or_else(|| {
        (by == By::Path && location.starts_with('/') && !location.starts_with("//"))
            .then_some(location)
    });
    if let Some(rest) = rest {
        let home = format!(
            "{}{}",
            site.preview_url(&door.label),
            rest.trim_start_matches('/')
        );
        if let Ok(value) = HeaderValue::from_str(&home) {
            headers.insert(LOCATION, value);
        }
    }
}

/// A cookie that stays on its own origin and has none of our names.
fn is_harmless(cookie: &HeaderValue) -> bool {
    let text = cookie.to_str().unwrap_or("domain=").to_ascii_lowercase();
    !text
        .split(';')
        .any(|part| part.trim().starts_with("domain"))
        && !text.trim_start().starts_with("__host-")
        && !text.trim_start().starts_with("podschool=")
}

/// Nothing listens on the port.
fn closed(door: &Door) -> Response {
    let page = format!(
        "<!doctype html><meta charset=utf-8><title>{port}</title><body style=\"font:16px/1.5 system-ui;margin:3rem;color-scheme:light dark\">\
         <p>Nothing listens on port {port} now. Start <code>kubectl port-forward</code> again, then reload.</p>",
        port = door.port
    );
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    (
        StatusCode::BAD_GATEWAY,
        [(CONTENT_SECURITY_POLICY, policy)],
        axum::response::Html(page),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_cookie_stays_here() {
        let mut headers = HeaderMap::new();
        headers.insert(
            COOKIE,
            HeaderValue::from_static("a=1; __Host-podschool=secret; b=2; podschool=secret"),
        );
        keep_foreign_cookies(&mut headers);
        assert_eq!(
            headers.get(COOKIE).and_then(|v| v.to_str().ok()),
            Some("a=1; b=2")
        );
    }

    #[test]
    fn cookies_of_pods_stay_there() {
        let check = |text: &'static str| is_harmless(&HeaderValue::from_static(text));
        assert!(check("a=1; Path=/; HttpOnly"));
        assert!(
            !check("a=1; Domain=localhost")
                && !check("__Host-podschool=x; Secure; Path=/")
                && !check("podschool=x")
        );
    }
}
