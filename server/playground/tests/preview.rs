//! The preview: what passes to a forwarded port and back, on an origin of its own and by path.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use futures::{SinkExt, StreamExt};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use playground::http::preview::{By, pass};
use playground::http::site::Site;
use playground::session::previews::{Door, Previews};
use playground::settings::ServeArgs;

fn site() -> Site {
    let args = ServeArgs {
        data: Some("none".into()),
        ..ServeArgs::default()
    };
    Site::new(
        &args.settle().expect("settings"),
        "127.0.0.1:8080".parse().expect("an address"),
    )
}

/// A port behind which this router answers.
fn door(router: Router) -> Door {
    let (door, mut connections) = Previews::default().listen(8080, "pod/kuard:8080".into());
    tokio::spawn(async move {
        while let Some(socket) = connections.recv().await {
            let service = TowerToHyperService::new(router.clone());
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(socket), service)
                    .with_upgrades(),
            );
        }
    });
    door
}

async fn echo(headers: HeaderMap, request: Request) -> impl IntoResponse {
    let name = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("-")
            .to_owned()
    };
    let seen = format!(
        "{} {} {} {} {}",
        request.uri(),
        name("host"),
        name("cookie"),
        name("authorization"),
        name("x-forwarded-for")
    );
    let answer = [
        ("set-cookie", "a=1; Path=/"),
        ("set-cookie", "b=2; Domain=localhost"),
        ("strict-transport-security", "max-age=1"),
        ("x-frame-options", "DENY"),
        ("content-security-policy", "default-src 'self'"),
        ("location", "http://localhost:8080/next"),
    ];
    (axum::response::AppendHeaders(answer), seen)
}

async fn ask(by: By) -> (StatusCode, HeaderMap, String) {
    let request = Request::get("/fs/?x=1")
        .header("host", "abc.localhost:8080")
        .header("cookie", "mine=1; __Host-podschool=secret")
        .header("authorization", "Bearer x")
        .header("x-forwarded-for", "192.0.2.1")
        .body(Body::empty())
        .expect("a request");
    let answer = pass(&site(), &door(Router::new().fallback(echo)), by, request).await;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    (
        parts.status,
        parts.headers,
        String::from_utf8_lossy(&body).into_owned(),
    )
}

fn all(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn secrets_stay_here_and_policies_come_back() {
    let (status, headers, seen) = ask(By::Host).await;
    assert_eq!(
        (status, seen.as_str()),
        (StatusCode::OK, "/fs/?x=1 localhost:8080 mine=1 - -")
    );
    assert_eq!(all(&headers, "set-cookie"), ["a=1; Path=/"]);
    assert!(
        all(&headers, "strict-transport-security").is_empty()
            && all(&headers, "x-frame-options").is_empty()
    );
    let policies = all(&headers, "content-security-policy");
    assert_eq!(policies[0], "default-src 'self'");
    assert!(
        policies[1].starts_with("frame-ancestors http://127.0.0.1:8080 "),
        "{policies:?}"
    );
    assert!(all(&headers, "location")[0].ends_with(".localhost:8080/next"));
}

#[tokio::test]
async fn by_path_everything_is_in_a_sandbox() {
    let (_, headers, _) = ask(By::Path).await;
    assert!(all(&headers, "set-cookie").is_empty());
    assert!(
        all(&headers, "content-security-policy")[1]
            .starts_with("sandbox allow-scripts allow-forms; ")
    );
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_says_so() {
    let (door, connections) = Previews::default().listen(8080, "pod/kuard".into());
    drop(connections);
    let answer = pass(
        &site(),
        &door,
        By::Host,
        Request::get("/").body(Body::empty()).expect("a request"),
    )
    .await;
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn sockets_open_for_the_previewed_page_only() {
    let hello = get(|upgrade: axum::extract::ws::WebSocketUpgrade| async {
        upgrade.on_upgrade(|_| async {})
    });
    let door = Arc::new(door(Router::new().route("/socket", hello)));
    let own = site().preview_url(&door.label);
    let own = own.trim_end_matches('/').to_owned();
    for (origin, by, expect) in [
        (own.as_str(), By::Host, StatusCode::SWITCHING_PROTOCOLS),
        ("http://127.0.0.1:8080", By::Host, StatusCode::FORBIDDEN),
        (
            "http://other.localhost:8080",
            By::Host,
            StatusCode::FORBIDDEN,
        ),
        (own.as_str(), By::Path, StatusCode::FORBIDDEN),
    ] {
        let request = Request::get("/socket")
            .header("origin", origin)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .body(Body::empty())
            .expect("a request");
        let status = pass(&site(), &door, by, request).await.status();
        assert_eq!(status, expect, "{origin} {by:?}");
    }
    let worker = Request::get("/sw.js")
        .header("service-worker", "script")
        .body(Body::empty())
        .expect("a request");
    assert_eq!(
        pass(&site(), &door, By::Host, worker).await.status(),
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn what_a_socket_says_comes_back() {
    use axum::extract::ws::{Message as Said, WebSocketUpgrade};
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;

    // As many servers do, it answers only pages of its own host.
    let echo = get(|headers: HeaderMap, upgrade: WebSocketUpgrade| async move {
        let host = headers["host"].to_str().expect("text");
        assert_eq!(headers["origin"], format!("http://{host}"));
        upgrade.on_upgrade(|mut socket| async move {
            while let Some(Ok(Said::Text(text))) = socket.recv().await {
                let said = Said::Text(format!("heard {text}").into());
                socket.send(said).await.expect("send");
            }
        })
    });
    let door = door(Router::new().route("/socket", echo));
    let own = site().preview_url(&door.label);
    let proxy = Router::new().fallback(move |request: Request| {
        let door = door.clone();
        async move { pass(&site(), &door, By::Host, request).await }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, proxy).await });
    let mut request = format!("ws://{address}/socket")
        .into_client_request()
        .expect("a request");
    let origin = own.trim_end_matches('/').parse().expect("an origin");
    request.headers_mut().insert("origin", origin);
    let (mut socket, _) = tokio_tungstenite::connect_async(request)
        .await
        .expect("an upgrade");
    for word in ["one", "two"] {
        socket.send(Message::Text(word.into())).await.expect("send");
        let heard = socket.next().await.expect("an answer").expect("whole");
        assert_eq!(heard.to_text().expect("text"), format!("heard {word}"));
    }
}

/// V5: a redirect elsewhere stays as it is, and nothing of ours goes along.
#[tokio::test]
async fn a_redirect_to_our_pages_brings_nothing_along() {
    let to = "http://127.0.0.1:8080/en/playground";
    let answer = [
        ("location", to),
        ("set-cookie", "__Host-podschool=stolen; Secure; Path=/"),
        ("refresh", "0; url=http://127.0.0.1:8080/en/"),
    ];
    let pod = Router::new().fallback(move || async move { (StatusCode::FOUND, answer) });
    let request = Request::get("/")
        .header("cookie", "__Host-podschool=secret")
        .body(Body::empty())
        .expect("a request");
    let answer = pass(&site(), &door(pod), By::Host, request).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(all(answer.headers(), "location"), [to]);
    assert!(all(answer.headers(), "set-cookie").is_empty());
    assert_eq!(all(answer.headers(), "referrer-policy"), ["no-referrer"]);
    let policies = all(answer.headers(), "content-security-policy");
    assert!(policies.iter().all(|policy| !policy.contains("secret")));
}

/// V8: half a gigabyte passes, and what was sent ahead of its reader stays small.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_is_sent_as_fast_as_it_is_read() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    const PIECE_BYTES: usize = 256 * 1024;
    const PIECES: usize = 2000;
    /// Pipes, buffers of both connections, and pieces in hand.
    const AHEAD_BYTES: usize = 8 * PIECE_BYTES;
    let made = Arc::new(AtomicUsize::new(0));
    let counted = made.clone();
    let pod = Router::new().fallback(move || {
        let counted = counted.clone();
        async move {
            let piece = bytes::Bytes::from(vec![7_u8; PIECE_BYTES]);
            let pieces = futures::stream::iter(0..PIECES).map(move |_| {
                counted.fetch_add(PIECE_BYTES, Ordering::SeqCst);
                Ok::<_, std::convert::Infallible>(piece.clone())
            });
            Body::from_stream(pieces)
        }
    });
    let request = Request::get("/").body(Body::empty()).expect("a request");
    let answer = pass(&site(), &door(pod), By::Host, request).await;
    let (mut body, mut read) = (answer.into_body(), 0);
    while let Some(frame) = body.frame().await {
        let data = frame.expect("whole").into_data().expect("data");
        read += data.len();
        let ahead = made.load(Ordering::SeqCst) - read;
        assert!(ahead <= AHEAD_BYTES, "{ahead} bytes wait after {read}");
    }
    assert_eq!(read, PIECES * PIECE_BYTES);
}

/// V8: each byte comes before the next one is made.
#[tokio::test]
async fn a_slow_body_comes_byte_by_byte() {
    let (send, pieces) = futures::channel::mpsc::channel::<Result<&str, std::io::Error>>(0);
    let pieces = Arc::new(std::sync::Mutex::new(Some(pieces)));
    let pod = Router::new().fallback(move || {
        let pieces = pieces.lock().expect("whole").take().expect("one request");
        async move { Body::from_stream(pieces) }
    });
    let request = Request::get("/").body(Body::empty()).expect("a request");
    let answer = pass(&site(), &door(pod), By::Host, request).await;
    let (mut body, mut send) = (answer.into_body(), send);
    for byte in ["a", "b", "c"] {
        send.send(Ok(byte)).await.expect("the pod goes on");
        let frame = body.frame().await.expect("a frame").expect("whole");
        assert_eq!(frame.into_data().expect("data"), byte);
    }
    drop(send);
    assert!(body.frame().await.is_none());
}
