//! Every WebSocket of the playground, over real sockets: the session's own, and a pod's exec, attach, log and port-forward.
//! What they carry, who is refused, and what a client that misbehaves does to the others (nothing).

use futures::{SinkExt, StreamExt};
use http::StatusCode;
use playground::wire::{ClientFrame, INPUT_WINDOW_BYTES, MAX_MESSAGE_BYTES, ServerFrame, binary};
use tests::page::{Page, Site, Socket, soon};
use tokio_tungstenite::tungstenite::Message;

const V5: &str = "v5.channel.k8s.io";
const V4: &str = "v4.channel.k8s.io";

/// A page with an open terminal.
async fn at_the_prompt(site: &Site) -> (Page, Socket) {
    let page = site.open(None).await;
    let mut socket = site.connect(&page).await;
    socket.terminal().await;
    (page, socket)
}

/// Makes kuard through the terminal, and waits for it.
async fn kuard(socket: &mut Socket) {
    let image = "gcr.io/kuar-demo/kuard-amd64:blue";
    let run = format!("kubectl run kuard --image={image}");
    socket.run(&run, "pod/kuard created").await;
    let wait = "kubectl wait --for=condition=Ready pod/kuard --timeout=50s";
    socket.run(wait, "pod/kuard condition met").await;
}

#[tokio::test]
async fn a_terminal_types_echoes_and_interrupts() {
    let site = Site::start(&[]);
    let (_, mut socket) = at_the_prompt(&site).await;
    socket.run("echo out-$((40+2))", "out-42\r\n").await;
    let from = socket.screen.len();
    socket.keys("sleep 1000\r").await;
    socket.shows(from, "sleep 1000\r\n").await;
    socket.keys("\u{3}").await;
    socket.shows(from, "^C").await;
    socket.run("echo status $?", "status 130\r\n").await;
    // The same through kubectl: a stream of the cluster's ends with the key.
    kuard(&mut socket).await;
    let from = socket.screen.len();
    socket.keys("kubectl logs -f kuard\r").await;
    socket.shows(from, "Serving on HTTP on :8080").await;
    socket.keys("\u{3}").await;
    socket.shows(from, "^C").await;
    socket.run("echo then-$((1+1))", "then-2\r\n").await;
    site.stop();
}

#[tokio::test]
async fn a_lost_connection_goes_on_where_it_was() {
    let site = Site::start(&[]);
    let (page, mut socket) = at_the_prompt(&site).await;
    let mut watcher = site.connect(&page).await;
    watcher.look(0).await;
    socket.run("echo before-$((1+1))", "before-2\r\n").await;
    let seen = socket.screen.len() as u64;
    let before = socket.screen.clone();
    socket.keys("sleep 1; echo while-$((1+2))-away\r").await;
    // The connection is lost, not closed; the program goes on.
    drop(socket);
    watcher.shows(0, "while-3-away\r\n").await;

    let mut back = site.connect(&page).await;
    let opened = back.look(seen).await;
    assert!(
        matches!(opened, ServerFrame::TermOpened { offset, created: false, live, .. } if offset == seen && live > seen),
        "{opened:?}"
    );
    back.shows(0, "while-3-away\r\n").await;
    back.run("echo after-$((2+2))", "after-4\r\n").await;
    watcher.shows(0, "after-4\r\n").await;
    // What it had and what it got is what was printed: nothing twice, nothing lost.
    let joined = [before, back.screen.clone()].concat();
    let mut anew = site.connect(&page).await;
    anew.look(0).await;
    while anew.screen.len() < joined.len() {
        anew.next().await.expect("the replay");
    }
    assert_eq!(
        String::from_utf8_lossy(&anew.screen),
        String::from_utf8_lossy(&joined)
    );
    site.stop();
}

#[tokio::test]
async fn a_pods_sockets_carry_what_they_say() {
    let site = Site::start(&[]);
    let (page, mut socket) = at_the_prompt(&site).await;
    kuard(&mut socket).await;
    let line = "kubectl run echo --image=busybox --stdin --attach=false -- sh -c 'while read line; do echo you said $line; done'";
    socket.run(line, "pod/echo created").await;
    let wait = "kubectl wait --for=condition=Ready pod/echo --timeout=50s";
    socket.run(wait, "condition met").await;

    let command = "command=sh&command=-c&command=wc%20-l%3Becho%20no%20%3E%262%3Bexit%203";
    let rest = format!("exec?stdin=true&stdout=true&stderr=true&{command}");
    let mut exec = site.pod(&page, "kuard", &rest, V5).await;
    exec.send(0, b"one\ntwo\n").await;
    exec.send(255, &[0]).await;
    exec.end().await;
    assert_eq!((exec.text(1).trim(), exec.text(2).as_str()), ("2", "no\n"));
    let status: serde_json::Value = serde_json::from_str(&exec.text(3)).expect("a status");
    assert_eq!(
        (
            &status["reason"],
            &status["details"]["causes"][0]["message"]
        ),
        (&"NonZeroExitCode".into(), &"3".into()),
        "{status}"
    );
    assert_eq!(exec.close, Some(1000));

    let rest = "exec?stdin=true&stdout=true&tty=true&command=ash";
    let mut shell = site.pod(&page, "kuard", rest, V4).await;
    shell.send(4, br#"{"Width":90,"Height":33}"#).await;
    shell.hears(1, "$ ").await;
    shell.send(0, b"stty size; exit 5\r").await;
    shell.end().await;
    assert!(shell.text(1).contains("33 90\r\n"), "{:?}", shell.text(1));
    assert!(
        shell.text(3).contains("\"message\":\"5\""),
        "{}",
        shell.text(3)
    );

    let mut attach = site
        .pod(&page, "echo", "attach?stdin=true&stdout=true", V5)
        .await;
    attach.send(0, b"one\n").await;
    attach.hears(1, "you said one\n").await;
    attach.send(0, b"two\n").await;
    attach.hears(1, "you said two\n").await;

    let mut log = site
        .pod(&page, "echo", "log?follow=true", "binary.k8s.io")
        .await;
    let mut lines = String::new();
    let mut until = async |text: &str| {
        while !lines.contains(text) {
            match soon("a line", log.socket.next()).await {
                Some(Ok(Message::Binary(bytes))) => lines += &String::from_utf8_lossy(&bytes),
                Some(Ok(_)) => {}
                other => panic!("{other:?} after {lines}"),
            }
        }
        lines.clone()
    };
    until("you said two\n").await;
    attach.send(0, b"three\n").await;
    let all = until("you said three\n").await;
    assert_eq!(all, "you said one\nyou said two\nyou said three\n");

    let mut forward = site.pod(&page, "kuard", "portforward?ports=8080", V4).await;
    let ask = b"GET /healthy HTTP/1.1\r\nHost: kuard\r\nConnection: close\r\n\r\n";
    forward.send(0, ask).await;
    forward.end().await;
    let answer = forward.text(0);
    assert!(
        forward.got[&0].starts_with(&8080_u16.to_le_bytes())
            && answer.contains("HTTP/1.1 200 OK")
            && answer.trim_end().ends_with("ok"),
        "{answer:?}"
    );
    assert_eq!(forward.got[&1], 8080_u16.to_le_bytes(), "no error is told");
    site.stop();
}

#[tokio::test]
async fn strangers_are_refused_before_anything() {
    let site = Site::start(&[]);
    let mine = site.open(None).await;
    let other = site.open(None).await;
    assert_ne!(mine.session, other.session);
    let ours = ("origin", site.origin.as_str());
    let evil = ("origin", "http://evil.example");
    let me = ("cookie", mine.cookie.as_str());
    let them = ("cookie", other.cookie.as_str());
    let paths = [
        mine.socket.clone(),
        site.pod_path(&mine, "kuard", "exec?command=id&stdout=true"),
        site.pod_path(&mine, "kuard", "attach?stdout=true"),
        site.pod_path(&mine, "kuard", "log?follow=true"),
        site.pod_path(&mine, "kuard", "portforward?ports=8080"),
        "/api/sessions/none/socket".to_owned(),
    ];
    for path in &paths {
        let refused = async |headers: &[(&'static str, &str)]| {
            let upgraded = site.upgrade(path, headers).await;
            upgraded.err().unwrap_or(StatusCode::SWITCHING_PROTOCOLS)
        };
        // The origin comes first: whoever asks, whatever for.
        for stranger in [&[evil][..], &[evil, me], &[evil, ours, me], &[me], &[]] {
            assert_eq!(
                refused(stranger).await,
                StatusCode::FORBIDDEN,
                "{path} {stranger:?}"
            );
        }
        assert_eq!(refused(&[ours]).await, StatusCode::UNAUTHORIZED, "{path}");
        let forged = ("cookie", "__Host-podschool=AAAA; podschool=AAAA");
        let answer = refused(&[ours, forged]).await;
        assert!(
            matches!(answer, StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND),
            "{path} with a forged cookie: {answer}"
        );
        assert_eq!(
            refused(&[ours, them]).await,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    // The owner gets in, and hears what the cluster says of a pod that is not there.
    assert!(site.upgrade(&paths[0], &[ours, me]).await.is_ok());
    for path in &paths[1..5] {
        let answer = site.upgrade(path, &[ours, me]).await.err();
        assert_eq!(answer, Some(StatusCode::NOT_FOUND), "{path}");
    }
    site.stop();
}

#[tokio::test]
async fn nonsense_is_answered_and_the_session_lives() {
    let site = Site::start(&[]);
    let (page, mut socket) = at_the_prompt(&site).await;
    kuard(&mut socket).await;
    let nonsense = [
        Message::Text("{".into()),
        Message::Text("[]".into()),
        Message::Text("{\"type\":\"term.fly\"}".into()),
        Message::Text("{\"type\":\"term.open\",\"id\":\"one\"}".into()),
        Message::Text("\u{0}".repeat(60_000).into()),
        Message::Binary(vec![].into()),
        Message::Binary(vec![9, 9].into()),
        Message::Binary(binary::encode(binary::OUTPUT, 1, b"x").into()),
    ];
    for message in nonsense {
        socket.send(message).await;
        let error = socket
            .until(|frame| matches!(frame, ServerFrame::Error { .. }))
            .await;
        assert!(
            matches!(&error, ServerFrame::Error { code, message, .. } if code == "bad-frame" && !message.is_empty()),
            "{error:?}"
        );
    }
    socket.run("echo still-$((1+1))", "still-2\r\n").await;

    // Too much of it ends the connection, and nothing else.
    for _ in 0..200 {
        // It may be closed before all of them are sent.
        if socket.socket.send(Message::Text("x".into())).await.is_err() {
            break;
        }
    }
    assert_eq!(socket.closed().await, Some(1008));
    let mut socket = site.connect(&page).await;
    socket.terminal().await;
    socket.run("echo again-$((1+1))", "again-2\r\n").await;

    // A message that is too long: the connection ends with its code.
    let great = vec![0; MAX_MESSAGE_BYTES + 1];
    socket.send(Message::Binary(great.into())).await;
    assert_eq!(socket.closed().await, Some(1009));
    let mut socket = site.connect(&page).await;
    socket.terminal().await;
    socket
        .run("echo once-more-$((1+1))", "once-more-2\r\n")
        .await;

    // On a pod's socket: channels that do not exist, empty messages, text; the stream goes on.
    let rest = "exec?stdin=true&stdout=true&command=cat";
    let mut exec = site.pod(&page, "kuard", rest, V5).await;
    for message in [
        Message::Binary(vec![].into()),
        Message::Binary(vec![77, 1, 2].into()),
        Message::Binary(vec![1, b'x'].into()),
        Message::Binary([&[4][..], b"{no size"].concat().into()),
        Message::Binary(vec![255].into()),
        Message::Binary(vec![255, 9].into()),
        Message::Text("hello".into()),
    ] {
        soon("room", exec.socket.send(message)).await.expect("sent");
    }
    exec.send(0, b"sense\n").await;
    exec.hears(1, "sense\n").await;
    exec.send(255, &[0]).await;
    exec.end().await;
    assert_eq!(exec.text(1), "sense\n");
    assert!(exec.text(3).contains("Success"), "{}", exec.text(3));
    for message in [
        Message::Binary(vec![0; 10 << 20].into()),
        Message::Text("x".repeat(10 << 20).into()),
    ] {
        let mut exec = site.pod(&page, "kuard", rest, V5).await;
        // The other side may close while it is being sent.
        let _ = soon("room", exec.socket.send(message)).await;
        exec.end().await;
    }
    let rest = "portforward?ports=8080,1";
    let mut forward = site.pod(&page, "kuard", rest, V4).await;
    forward.send(9, b"nobody").await;
    forward.hears(3, "onnection refused").await;
    forward.send(0, b"GET /healthy HTTP/1.0\r\n\r\n").await;
    forward.hears(0, "200 OK").await;
    socket.run("echo well-$((1+1))", "well-2\r\n").await;
    site.stop();
}

#[tokio::test]
async fn a_paste_of_ten_megabytes_arrives() {
    const TOTAL: usize = 10_000_000;
    let site = Site::start(&[]);
    let (page, mut socket) = at_the_prompt(&site).await;
    kuard(&mut socket).await;
    // All at once, without waiting for the window: it is not taken, and that is said.
    let from = socket.screen.len();
    socket.keys("cat | wc -c\r").await;
    socket.shows(from, "wc -c\r\n").await;
    let line = format!("{}\n", "x".repeat(99));
    let piece = line.repeat(300);
    let (mut refused, mut rounds) = (0, 0);
    while refused == 0 {
        for _ in 0..20 {
            socket.keys(&piece).await;
        }
        rounds += 1;
        socket.say(&ClientFrame::Ping { n: rounds }).await;
        loop {
            match socket.next().await.expect("an answer") {
                Some(ServerFrame::Error { code, message, .. }) => {
                    assert_eq!(code, "too-fast");
                    assert!(message.contains("none of it was typed"), "{message}");
                    refused += piece.len() as u64;
                }
                Some(ServerFrame::Pong { n }) if n == rounds => break,
                _ => {}
            }
        }
        assert!(rounds < 20, "input runs ahead without end");
    }
    socket.typed -= refused;
    while socket.accepted < socket.typed {
        socket.next().await.expect("the session lives");
    }
    socket.keys("\u{3}").await;
    socket.run("echo lives-$((1+1))", "lives-2\r\n").await;

    // As the page does it: inside the window. All of it arrives.
    let mut socket = site.connect(&page).await;
    socket.look(0).await;
    let from = socket.screen.len();
    let start = "stty -echo; cat | wc -c; stty echo\r";
    socket.keys(start).await;
    socket.shows(from, "stty echo\r\n").await;
    let mut pasted = 0;
    while pasted < TOTAL {
        let piece = &piece[..piece.len().min(TOTAL - pasted)];
        if socket.typed + piece.len() as u64 <= socket.accepted + INPUT_WINDOW_BYTES {
            socket.keys(piece).await;
            pasted += piece.len();
        } else if let Some(ServerFrame::Error { message, .. }) =
            socket.next().await.expect("the session lives")
        {
            panic!("{message}");
        }
    }
    while socket.typed + 1 > socket.accepted + INPUT_WINDOW_BYTES {
        socket.next().await.expect("the session lives");
    }
    socket.keys("\u{4}").await;
    socket.shows(from, &TOTAL.to_string()).await;
    socket.run("echo lives-$((2+2))", "lives-4\r\n").await;

    // And through a pod's socket.
    let rest = "exec?stdin=true&stdout=true&command=wc&command=-c";
    let mut exec = site.pod(&page, "kuard", rest, V5).await;
    let piece = vec![b'x'; 20_000];
    for _ in 0..TOTAL / piece.len() {
        exec.send(0, &piece).await;
    }
    exec.send(255, &[0]).await;
    exec.end().await;
    assert_eq!(exec.text(1).trim(), TOTAL.to_string());
    site.stop();
}

#[tokio::test]
async fn bad_manifests_are_refused_in_words() {
    let site = Site::start(&[]);
    let (_, mut socket) = at_the_prompt(&site).await;
    let files = [
        (
            "broken.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: name: x\n",
        ),
        ("tabs.yaml", "apiVersion: v1\n\tkind: Pod\n"),
        (
            "kind.yaml",
            "apiVersion: v1\nkind: Podd\nmetadata:\n  name: x\n",
        ),
        (
            "group.yaml",
            "apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: x\n",
        ),
        ("list.yaml", "- a\n- b\n"),
        ("empty.yaml", "\n"),
        (
            "field.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  containers:\n  - name: x\n    imagee: busybox\n",
        ),
        (
            "deep.yaml",
            &format!("a: {}{}\n", "[".repeat(5000), "]".repeat(5000)),
        ),
    ];
    for (request, (path, text)) in (1..).zip(files) {
        let write = ClientFrame::FileWrite {
            request,
            path: path.into(),
            text: text.into(),
            unless_changed: false,
        };
        socket.say(&write).await;
        socket
            .until(|f| matches!(f, ServerFrame::FileWritten { request: r, .. } if *r == request))
            .await;
    }
    for (file, words) in [
        (
            "broken.yaml",
            "error: error parsing broken.yaml: error converting YAML to JSON: yaml: ",
        ),
        (
            "tabs.yaml",
            "error: error parsing tabs.yaml: error converting YAML to JSON: yaml: ",
        ),
        (
            "kind.yaml",
            "no matches for kind \"Podd\" in version \"v1\"",
        ),
        (
            "group.yaml",
            "no matches for kind \"Thing\" in version \"example.com/v1\"",
        ),
        ("list.yaml", "error"),
        ("empty.yaml", "error: no objects passed to apply"),
        ("field.yaml", "unknown field \"spec.containers[0].imagee\""),
        ("deep.yaml", "error"),
    ] {
        let from = socket.screen.len();
        socket.run(&format!("kubectl apply -f {file}"), words).await;
        let said = String::from_utf8_lossy(&socket.screen[from..]).into_owned();
        assert!(!said.contains("created"), "{file}: {said}");
    }
    socket
        .run(
            "kubectl get podds",
            "the server doesn't have a resource type \"podds\"",
        )
        .await;
    socket
        .run(
            "kubectl get pods",
            "No resources found in default namespace.",
        )
        .await;
    site.stop();
}

#[tokio::test]
async fn a_client_that_stops_reading_holds_up_nobody() {
    /// What four programs that print without end may cost the server while nobody reads: windows and buffers, no more.
    const ROOM: usize = 64 << 20;
    let site = Site::start(&[]);
    let (page, mut socket) = at_the_prompt(&site).await;
    kuard(&mut socket).await;
    let before = site.memory();
    let mut deaf = Vec::new();
    for action in ["exec?stdout=true&command=yes"; 4] {
        deaf.push(site.pod(&page, "kuard", action, V5).await);
    }
    // A page that draws nothing either: its terminal waits, the others go on.
    let mut blind = site.connect(&page).await;
    blind.acknowledges = false;
    blind.look(0).await;
    blind.keys("yes\r").await;
    for n in 0..20 {
        let mut exec = site
            .pod(&page, "kuard", "exec?stdout=true&command=hostname", V5)
            .await;
        exec.end().await;
        assert_eq!(exec.text(1), "kuard\n", "round {n}");
    }
    if let (Some(before), Some(after)) = (before, site.memory()) {
        assert!(after < before + ROOM, "from {before} to {after} bytes");
    }
    // ^C is heard although the output is not read.
    socket.look(0).await;
    // More than is kept goes by, so that the blind page will have missed some of it.
    while socket.screen.len() < 1 << 20 {
        socket.next().await.expect("output without end");
    }
    socket.keys("\u{3}").await;
    socket.run("echo heard-$((1+1))", "heard-2\r\n").await;
    // When it reads again it is told what it missed, and sees what stands there now.
    blind.acknowledges = true;
    blind
        .until(
            |frame| matches!(frame, ServerFrame::TermMissed { offset, live, .. } if offset < live),
        )
        .await;
    blind.shows(0, "heard-2\r\n").await;
    // Clients that are gone take their programs with them, as a broken pipe does.
    let count = "kubectl exec kuard -- sh -c 'ps | grep -c [y]es'";
    let four = format!("until [ $({count}) = 4 ]; do sleep 0.2; done; echo four-$((2+2))");
    socket.run(&four, "four-4\r\n").await;
    drop(deaf);
    let gone = format!("until [ $({count}) = 0 ]; do sleep 0.2; done; echo none-$((2+2))");
    socket.run(&gone, "none-4\r\n").await;
    site.stop();
}
