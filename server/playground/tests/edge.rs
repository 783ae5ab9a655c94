//! The server's edge: who may reach what, and what a page carries.

mod support;

use http::StatusCode;
use support::start;

#[tokio::test]
async fn only_our_names_are_served() {
    let server = start(|_| {}).await;
    assert_eq!(server.get("/en/", &[]).await.status, StatusCode::OK);
    for host in [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost.evil.example",
    ] {
        assert_eq!(
            server.get("/en/", &[("host", host)]).await.status,
            StatusCode::MISDIRECTED_REQUEST,
            "{host}"
        );
    }
    server.end().await;
}

#[tokio::test]
async fn upgrades_come_from_our_pages_only() {
    let server = start(|_| {}).await;
    let port = server.host.rsplit(':').next().expect("a port").to_owned();
    let upgrade = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let strangers = [
        "null".to_owned(),
        "http://evil.example".to_owned(),
        format!("http://x127.0.0.1:{port}"),
        format!("http://abc.localhost:{port}"),
        "http://127.0.0.1:1".to_owned(),
        format!("https://127.0.0.1:{port}"),
        format!("HTTP://127.0.0.1:{port}"),
    ];
    for path in [
        "/api/sessions/x/socket",
        "/api/sessions/x/namespaces/default/pods/a/exec",
        "/api/sessions/x/namespaces/default/pods/a/log",
        "/api/sessions/x/file",
    ] {
        let mut none = upgrade.to_vec();
        assert_eq!(
            server.get(path, &none).await.status,
            StatusCode::FORBIDDEN,
            "{path} without an origin"
        );
        for stranger in &strangers {
            none.push(("origin", stranger));
            assert_eq!(
                server.get(path, &none).await.status,
                StatusCode::FORBIDDEN,
                "{path} from {stranger}"
            );
            none.pop();
        }
        let twice = [
            upgrade.as_slice(),
            &[
                ("origin", server.origin.as_str()),
                ("origin", server.origin.as_str()),
            ],
        ]
        .concat();
        assert_eq!(
            server.get(path, &twice).await.status,
            StatusCode::FORBIDDEN,
            "{path} with two origins"
        );
        let ours = [upgrade.as_slice(), &[("origin", server.origin.as_str())]].concat();
        assert_eq!(
            server.get(path, &ours).await.status,
            StatusCode::UNAUTHORIZED,
            "{path} without a session"
        );
    }
    server.end().await;
}

#[tokio::test]
async fn every_answer_is_dressed() {
    let server = start(|_| {}).await;
    for path in ["/", "/en/", "/nowhere", "/assets/nowhere.js"] {
        let answer = server.get(path, &[]).await;
        let header = |name: &str| {
            answer
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        assert!(
            header("content-security-policy")
                .contains("script-src 'self'; style-src 'self' 'unsafe-inline'"),
            "{path}"
        );
        assert!(
            header("content-security-policy").contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(
            header("cross-origin-resource-policy"),
            "same-origin",
            "{path}"
        );
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_embedded_lessons_can_be_framed_by_others() {
    let server = start(|_| {}).await;
    let mut framable = Vec::new();
    for (route, _) in playground::http::router::table() {
        let path = route
            .replace("{lang}", "en")
            .replace("{lesson}", "first-pod")
            .replace("{*path}", "x");
        let path = path.replace(['{', '}'], "");
        let answer = server.get(&path, &[]).await;
        let policy = answer.headers.get("content-security-policy");
        let policy = policy
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        match policy
            .split("; ")
            .find(|part| part.starts_with("frame-ancestors "))
        {
            Some("frame-ancestors 'none'") => {}
            Some("frame-ancestors *") => framable.push(route),
            other => panic!("{path}: {other:?}"),
        }
    }
    assert_eq!(framable, ["/embed/{lesson}"]);
    server.end().await;
}

#[tokio::test]
async fn pages_speak_the_readers_language() {
    let server = start(|_| {}).await;
    let to = |answer: support::Answer| {
        answer
            .headers
            .get("location")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    assert_eq!(
        to(server
            .get("/", &[("accept-language", "pt-BR,en;q=0.5")])
            .await)
        .as_deref(),
        Some("/pt-BR/")
    );
    assert_eq!(
        to(server
            .get(
                "/",
                &[("cookie", "podschool-lang=ja"), ("accept-language", "fr")]
            )
            .await)
        .as_deref(),
        Some("/ja/")
    );
    for tag in ["en", "pt-BR", "fr", "ja"] {
        let page = server.get(&format!("/{tag}/"), &[]).await;
        assert!(
            page.body.contains(&format!("<html lang=\"{tag}\">")) && !page.body.contains(">page-"),
            "{tag}: {}",
            page.body
        );
        let lost = server.get(&format!("/{tag}/lessons/none"), &[]).await;
        assert_eq!(lost.status, StatusCode::NOT_FOUND);
        assert!(!lost.body.contains(">page-"), "{tag}: {}", lost.body);
    }
    assert_eq!(server.get("/de/", &[]).await.status, StatusCode::NOT_FOUND);
    server.end().await;
}

#[tokio::test]
async fn a_page_names_assets_that_are_there() {
    let server = start(|_| {}).await;
    let page = server.get("/en/", &[]).await.body;
    let names: Vec<&str> = page
        .split("/assets/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        let path = format!("/assets/{name}");
        let plain = server.get(&path, &[]).await;
        assert_eq!(plain.status, StatusCode::OK, "{name}");
        let etag = plain
            .headers
            .get("etag")
            .and_then(|value| value.to_str().ok())
            .expect("an entity tag")
            .to_owned();
        assert_eq!(
            server.get(&path, &[("if-none-match", &etag)]).await.status,
            StatusCode::NOT_MODIFIED,
            "{name}"
        );
    }
    let scripts = page.split("<script").skip(1).filter(|tag| {
        !tag.starts_with(" type=\"application/json\"") && !tag.starts_with(" type=\"text/plain\"")
    });
    for script in scripts {
        assert!(
            script
                .split('>')
                .next()
                .is_some_and(|tag| tag.contains("src=")),
            "an inline script: {script}"
        );
    }
    server.end().await;
}

#[tokio::test]
async fn it_works_under_a_sub_path() {
    let server = start(|args| args.public_url = Some("http://school.example/pods".into())).await;
    let host = [("host", "school.example")];
    assert_eq!(server.get("/pods/", &host).await.status, StatusCode::FOUND);
    let page = server.get("/pods/en/", &host).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("\"/pods/assets/") && page.body.contains("\"base\":\"/pods/\""));
    assert_eq!(
        server.get("/en/", &host).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(server.get("/pods", &host).await.status, StatusCode::FOUND);
    server.end().await;
}

#[tokio::test]
async fn it_says_how_it_is() {
    let server = start(|_| {}).await;
    assert_eq!(
        server.get("/healthz", &[("host", "probe")]).await.body,
        "ok\n"
    );
    assert_eq!(
        server.get("/readyz", &[("host", "probe")]).await.body,
        "ready\n"
    );
    assert_eq!(
        server.get("/x", &[("host", "abc.localhost")]).await.status,
        StatusCode::MISDIRECTED_REQUEST
    );
    let port = server.host.rsplit(':').next().expect("a port").to_owned();
    let gone = server
        .get("/x", &[("host", &format!("abc.localhost:{port}"))])
        .await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.headers.get("set-cookie").is_none());
    server.end().await;
}
