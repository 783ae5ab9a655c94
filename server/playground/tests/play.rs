//! Without a lesson, and on to others: the playground, shared worlds, files to keep, lessons within pages of others.

mod support;

use std::time::{Duration, Instant};

use http::StatusCode;
use playground::session::parcel::FILE_AT_MOST_BYTES;
use playground::wire::{ClientFrame, Fault, Health, PROTOCOL, ServerFrame, SessionState};
use support::{Answer, Page, Running, json, post, share, start};

/// The page's session, greeted, with a prompt.
async fn at_work(server: &Running, page: &Page) -> support::Socket {
    let mut socket = server.connect(page).await;
    socket.terminal().await;
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn the_playground_has_examples_and_images_and_one_cluster_a_learner() {
    let server = start(|_| {}).await;
    let page = server.open_at("/en/playground", None).await;
    for word in [
        "kuar-demo/kuard-amd64",
        "polinux/stress",
        "data-example=\"web.yaml\"",
    ] {
        assert!(page.html.contains(word), "{word}");
    }
    assert!(!page.html.contains(">example-") && !page.html.contains(">play-"));
    let mut socket = at_work(&server, &page).await;
    socket.run("kubectl get pods", "No resources found").await;
    let again = server.open_at("/en/playground", Some(&page.cookie)).await;
    assert_eq!(again.session, page.session);
    let lesson = server.open("first-pod", Some(&page.cookie)).await;
    assert_ne!(lesson.session, page.session);
    for (path, to) in [
        ("/playground", "/fr/playground"),
        ("/shared/abc", "/fr/shared/abc"),
    ] {
        let answer = server.get(path, &[("accept-language", "fr")]).await;
        let location = answer
            .headers
            .get("location")
            .and_then(|value| value.to_str().ok());
        assert_eq!(location, Some(to));
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_can_be_applied() {
    let server = start(|_| {}).await;
    let page = server.open_at("/en/playground", None).await;
    let mut socket = at_work(&server, &page).await;
    for (request, example) in (1..).zip(playground::play::EXAMPLES) {
        let path = example.file();
        let text = example.text.to_owned();
        socket
            .say(&ClientFrame::FileWrite {
                request,
                path: path.clone(),
                text,
                unless_changed: false,
            })
            .await;
        let written = |frame: &ServerFrame| matches!(frame, ServerFrame::FileWritten { request: id, .. } if *id == request);
        socket.until(written).await;
        socket
            .run(
                &format!("kubectl apply -f {path} && echo went-$((40+2))"),
                "went-42",
            )
            .await;
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_world_is_the_same_for_somebody_else_and_their_own() {
    let server = start(|_| {}).await;
    let mine = server.open("first-pod", None).await;
    let mut socket = at_work(&server, &mine).await;
    socket
        .run("kubectl run web --image=nginx:alpine", "pod/web created")
        .await;
    socket
        .run(
            "kubectl wait --for=condition=Ready pod/web",
            "condition met",
        )
        .await;
    socket
        .run(
            "kubectl exec web -- sh -c 'echo inside > /tmp/mark'; echo ok-$((1+1))",
            "ok-2",
        )
        .await;
    socket.run("echo from-me > note.txt; kubectl get pod web -o jsonpath='{.metadata.uid}' > uid; cat uid; echo .-.", ".-.").await;
    let uid = socket.shown();
    let uid = uid
        .split_whitespace()
        .rev()
        .find_map(|word| word.strip_suffix(".-."))
        .expect("a uid");
    let link = share(&server, &mine).await;

    let theirs = server.open_at(&link, None).await;
    assert_ne!(
        (&theirs.session, &theirs.cookie),
        (&mine.session, &mine.cookie)
    );
    let mut other = at_work(&server, &theirs).await;
    other
        .run(
            "kubectl get pod web -o jsonpath='{.metadata.uid}'; cat note.txt",
            "from-me",
        )
        .await;
    assert!(other.shown().contains(uid), "{uid}: {}", other.shown());
    other
        .run("kubectl exec web -- cat /tmp/mark", "inside")
        .await;
    assert!(
        !other.shown().contains("pod/web created"),
        "terminals are not handed on"
    );

    // From here on they are two.
    other.run("kubectl delete pod web --now", "deleted").await;
    socket.run("kubectl get pods", "web").await;
    let again = server.open_at(&link, Some(&theirs.cookie)).await;
    assert_eq!(again.session, theirs.session, "the copy stays");
    other.say(&ClientFrame::SessionRestart).await;
    other
        .until(|frame| {
            matches!(
                frame,
                ServerFrame::Welcome {
                    state: SessionState::Ready,
                    ..
                }
            )
        })
        .await;
    other.screen.clear();
    other.terminal().await;
    other.run("kubectl get pods", "web").await;

    let nowhere = server
        .get("/en/shared/aaaaaaaaaaaaaaaaaaaaaaaaaa", &[])
        .await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    assert!(nowhere.body.contains("This link leads nowhere"));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_to_the_machines_is_told_and_handed_on() {
    let server = start(|_| {}).await;
    let page = server.open_at("/en/playground", None).await;
    let mut socket = at_work(&server, &page).await;
    let slow = Fault::Dns {
        state: Health::Slow,
    };
    for (request, fault) in (1..).zip([Fault::AddNode, slow.clone()]) {
        socket.say(&ClientFrame::Fault { request, fault }).await;
        let done = |frame: &ServerFrame| matches!(frame, ServerFrame::Faults { request: Some(id), .. } if *id == request);
        socket.until(done).await;
    }
    socket.run("kubectl get nodes", "node-2").await;
    let node = "node-9".to_owned();
    let fault = Fault::RemoveNode { node };
    socket.say(&ClientFrame::Fault { request: 3, fault }).await;
    let refused = |frame: &ServerFrame| {
        matches!(
            frame,
            ServerFrame::Error {
                request: Some(3),
                ..
            }
        )
    };
    socket.until(refused).await;

    let link = share(&server, &page).await;
    let theirs = server.open_at(&link, None).await;
    let mut other = at_work(&server, &theirs).await;
    other.run("kubectl get nodes", "node-2").await;
    other.say(&ClientFrame::Faults { request: 1 }).await;
    let told = |frame: &ServerFrame| matches!(frame, ServerFrame::Faults { faults, .. } if *faults == [slow.clone()]);
    other.until(told).await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_cannot_share_or_save_a_session() {
    let server = start(|_| {}).await;
    let page = server.open("first-pod", None).await;
    let stranger = server.open("logs", None).await;
    let path = format!("/api/sessions/{}", page.session);
    let cookie = [("cookie", stranger.cookie.as_str())];
    assert_eq!(
        server.get(&format!("{path}/file"), &cookie).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        server.get(&format!("{path}/file"), &[]).await.status,
        StatusCode::UNAUTHORIZED
    );
    for verb in ["share", "ticket"] {
        let answer = post(&server, &format!("{path}/{verb}"), &cookie, Vec::new()).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{verb}");
    }
    server.end().await;
}

async fn saved(server: &Running, page: &Page) -> Vec<u8> {
    let path = format!("/api/sessions/{}/file", page.session);
    let (headers, body) = server.bytes(&path, &[("cookie", &page.cookie)]).await;
    let name = headers
        .get("content-disposition")
        .and_then(|value| value.to_str().ok());
    assert!(
        name.is_some_and(|name| name.contains("podschool-first-pod-2")),
        "{name:?}"
    );
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_session_comes_back_on_another_server_with_its_steps_and_screen() {
    let first = start(|_| {}).await;
    let page = first.open("first-pod", None).await;
    let mut socket = at_work(&first, &page).await;
    socket.run("kubectl get pods", "No resources found").await;
    socket.ticks("look").await;
    socket
        .run(
            "kubectl run kuard --image=gcr.io/kuar-demo/kuard-amd64:blue",
            "created",
        )
        .await;
    socket.ticks("run").await;
    socket
        .run(
            "echo kept > note.txt; echo on-screen-$((6*7))",
            "on-screen-42",
        )
        .await;
    let file = saved(&first, &page).await;
    first.end().await;

    let second = start(|_| {}).await;
    let here = second.open("first-pod", None).await;
    let cookie = [("cookie", here.cookie.as_str())];
    let asked = post(&second, "/api/files", &cookie, file.clone()).await;
    assert_eq!(asked.status, StatusCode::CONFLICT, "{}", asked.body);
    let still = second.open("first-pod", Some(&here.cookie)).await;
    assert_eq!(still.session, here.session, "nothing goes unasked");

    let brought = post(&second, "/api/files?replace=true", &cookie, file).await;
    assert_eq!(brought.status, StatusCode::OK, "{}", brought.body);
    assert_eq!(json(&brought)["to"], "/en/lessons/first-pod");
    let again = second.open("first-pod", Some(&here.cookie)).await;
    assert_ne!(again.session, here.session);
    assert!(again.done("run"));
    let mut socket = second.connect(&again).await;
    socket.terminal().await;
    socket.shows(0, "on-screen-42").await;
    socket.run("cat note.txt; kubectl get pods", "kuard").await;
    assert!(socket.shown().contains("kept"));
    second.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_bad_or_too_large_is_refused_in_words_and_nothing_is_lost() {
    let server = start(|_| {}).await;
    let page = server.open("first-pod", None).await;
    let mut socket = at_work(&server, &page).await;
    socket.run("kubectl get pods", "No resources found").await;
    socket.ticks("look").await;
    let cookie = [("cookie", page.cookie.as_str()), ("accept-language", "en")];
    let path = "/api/files?replace=true";
    let strange = post(&server, path, &cookie, b"no file of ours".to_vec()).await;
    assert_eq!(strange.status, StatusCode::UNPROCESSABLE_ENTITY);
    let words = json(&strange)["message"]
        .as_str()
        .expect("words")
        .to_owned();
    assert!(words.contains("not a file of Podschool"), "{words}");
    let large = post(&server, path, &cookie, vec![0; FILE_AT_MOST_BYTES + 1]).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    let other = [
        ("cookie", page.cookie.as_str()),
        ("origin", "http://evil.example"),
    ];
    let forged = post(&server, path, &other, Vec::new()).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let again = server.open("first-pod", Some(&page.cookie)).await;
    assert_eq!(again.session, page.session);
    assert!(again.done("look"));
    server.end().await;
}

/// Begins a lesson within a page of others, as that page does: without any cookie.
async fn embedded(server: &Running) -> serde_json::Value {
    let begun = started_from(server, None).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.body);
    assert!(begun.headers.get("set-cookie").is_none());
    json(&begun)
}

/// Loads a lesson's page within a page of this site, and starts it.
async fn started_from(server: &Running, site: Option<&str>) -> Answer {
    let referer: Vec<_> = site.into_iter().map(|site| ("referer", site)).collect();
    let page = server.get("/embed/first-pod", &referer).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.headers.get("set-cookie").is_none());
    let start = support::props(&page.body)["embed"]["start"]
        .as_str()
        .expect("a path")
        .to_owned();
    post(server, &start, &[], Vec::new()).await
}

async fn ticket(server: &Running, begun: &serde_json::Value) -> String {
    let path = begun["ticketPath"].as_str().expect("a path");
    let bearer = format!("Bearer {}", begun["token"].as_str().expect("a token"));
    let answer = post(server, path, &[("authorization", &bearer)], Vec::new()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    json(&answer)["ticket"]
        .as_str()
        .expect("a ticket")
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_lesson_works_by_tickets_and_ends_after_its_time() {
    let server = start(|_| {}).await;
    let begun = embedded(&server).await;
    let path = begun["session"]["socket"]
        .as_str()
        .expect("a path")
        .to_owned();
    let first = ticket(&server, &begun).await;
    let protocols = format!("podschool, ticket.{first}");
    let mut socket = server.upgrade(&path, "a=b", Some(&protocols)).await;
    socket.say(&ClientFrame::Hello { protocol: PROTOCOL }).await;
    socket.terminal().await;
    socket.run("kubectl get pods", "No resources found").await;
    socket.ticks("look").await;

    let again = server.try_upgrade(&path, Some(&protocols)).await;
    assert_eq!(
        again.err(),
        Some(StatusCode::UNAUTHORIZED),
        "a ticket opens once"
    );
    let none = server.try_upgrade(&path, None).await;
    assert_eq!(
        none.err(),
        Some(StatusCode::UNAUTHORIZED),
        "nor without one"
    );

    let registry = &server.server().app.registry;
    let minutes = |minutes: u64| Instant::now() + Duration::from_secs(60 * minutes);
    registry.end_overdue(minutes(14)).await;
    assert_eq!(registry.count(), 1);
    registry.end_overdue(minutes(16)).await;
    assert_eq!(registry.count(), 0);
    while socket.try_frame().await.is_some() {}
    let bearer = format!("Bearer {}", begun["token"].as_str().expect("a token"));
    let path = begun["ticketPath"].as_str().expect("a path");
    let late = post(&server, path, &[("authorization", &bearer)], Vec::new()).await;
    assert_eq!(late.status, StatusCode::NOT_FOUND);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded_lessons_take_a_quarter_of_the_places_at_most() {
    let server = start(|args| args.max_sessions = Some(4)).await;
    embedded(&server).await;
    let second = post(&server, "/api/embed/first-pod", &[], Vec::new()).await;
    assert_eq!(second.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        json(&second)["message"]
            .as_str()
            .is_some_and(|words| words.contains("as many learners"))
    );
    server.open("first-pod", None).await;
    server.end().await;
}

/// A quarter of 32 places is for embedded lessons, a quarter of these 8 for one site.
#[tokio::test(flavor = "multi_thread")]
async fn one_site_leaves_room_for_others() {
    let server = start(|args| args.max_sessions = Some(32)).await;
    let popular = Some("https://popular.example/posts/pods");
    for _ in 0..2 {
        let begun = started_from(&server, popular).await;
        assert_eq!(begun.status, StatusCode::OK, "{}", begun.body);
    }
    for page in [popular, Some("https://popular.example/other")] {
        let full = started_from(&server, page).await;
        assert_eq!(full.status, StatusCode::SERVICE_UNAVAILABLE);
        let said = json(&full)["message"].as_str().map(str::to_owned);
        assert_eq!(
            said.as_deref(),
            Some(
                "As many people as can are trying lessons from this site right now. Try again in some minutes, or continue on Podschool itself."
            )
        );
    }
    // Others have room: another site, and, together, all who keep their site back, ours among them.
    let ours = format!("{}/en/", server.origin);
    for page in [Some("https://quiet.example/"), Some(ours.as_str()), None] {
        let begun = started_from(&server, page).await;
        assert_eq!(begun.status, StatusCode::OK, "{page:?}: {}", begun.body);
    }
    let forged = "/api/embed/first-pod?site=00.salt.https://quiet.example";
    let forged = post(&server, forged, &[], Vec::new()).await;
    assert_eq!(forged.status, StatusCode::SERVICE_UNAVAILABLE);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kubeconfig_is_for_learners_of_this_site() {
    let server = start(|_| {}).await;
    let page = server.open("first-pod", None).await;
    let path = support::props(&page.html)["session"]["kubeconfig"]
        .as_str()
        .expect("a path")
        .to_owned();
    let stranger = post(&server, &path, &[], Vec::new()).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    let answer = post(&server, &path, &[("cookie", &page.cookie)], Vec::new()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let header = |name: &str| answer.headers.get(name).and_then(|v| v.to_str().ok());
    assert_eq!(header("cache-control"), Some("no-store"));
    assert!(answer.body.contains(&format!("/k8s/{}\n", page.session)));
    let begun = embedded(&server).await;
    assert!(begun["session"]["kubeconfig"].is_null());
    let path = format!(
        "/api/sessions/{}/kubeconfig",
        begun["session"]["id"].as_str().expect("an id")
    );
    let bearer = format!("Bearer {}", begun["token"].as_str().expect("a token"));
    let none = post(&server, &path, &[("authorization", &bearer)], Vec::new()).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    server.end().await;

    let server = start(|args| args.k8s_listen = Some("none".into())).await;
    let page = server.open("first-pod", None).await;
    assert!(support::props(&page.html)["session"]["kubeconfig"].is_null());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_runs_the_server_decides_whether_lessons_are_embedded() {
    let server = start(|args| args.embed_minutes = Some(0)).await;
    assert_eq!(
        server.get("/embed/first-pod", &[]).await.status,
        StatusCode::NOT_FOUND
    );
    let begun = post(&server, "/api/embed/first-pod", &[], Vec::new()).await;
    assert_eq!(begun.status, StatusCode::NOT_FOUND);
    let page = server.open("first-pod", None).await;
    assert!(support::props(&page.html)["lesson"]["embed"].is_null());
    server.end().await;
}
