//! A learner's session from the first page to the restart: terminal, steps, files, reload, bad input. Simulated cluster.

mod support;

use futures::{SinkExt, StreamExt};
use playground::wire::{
    Answer, ClientFrame, ClockCommand, ServerFrame, SessionState, StepStatus, binary,
};
use support::start;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test(flavor = "multi_thread")]
async fn the_terminal_runs_kubectl_and_steps_tick() {
    let server = start(|_| {}).await;
    let page = server.open("first-pod", None).await;
    assert!(
        page.html.contains("data-status=\"open\"") && !page.html.contains("<summary data-text")
    );
    let mut socket = server.connect(&page).await;
    let welcome = socket
        .until(|frame| matches!(frame, ServerFrame::Welcome { .. }))
        .await;
    assert!(
        matches!(welcome, ServerFrame::Welcome { state: SessionState::Ready, ref namespace, .. } if namespace == "default")
    );
    socket.terminal().await;
    socket
        .run(
            "kubectl get pods",
            "No resources found in default namespace.",
        )
        .await;
    socket.ticks("look").await;
    socket.run("k get nodes", "node-1").await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_brings_screen_and_progress_back() {
    let server = start(|_| {}).await;
    let page = server.open("first-pod", None).await;
    let mut first = server.connect(&page).await;
    first.terminal().await;
    first.run("echo remember-$((40+2))", "remember-42").await;
    first.run("kubectl get pods", "No resources found").await;
    first.ticks("look").await;
    let seen = first.screen.len();
    first.socket.close(None).await.expect("close");

    let again = server.open("first-pod", Some(&page.cookie)).await;
    assert_eq!(again.session, page.session);
    assert!(again.done("look"));
    let mut second = server.connect(&again).await;
    let welcome = second
        .until(|frame| matches!(frame, ServerFrame::Welcome { .. }))
        .await;
    let ServerFrame::Welcome { terminals, .. } = welcome else {
        unreachable!()
    };
    assert_eq!(
        terminals
            .iter()
            .map(|terminal| terminal.id)
            .collect::<Vec<_>>(),
        [1]
    );
    second
        .say(&ClientFrame::TermOpen {
            id: 1,
            cols: 100,
            rows: 30,
            seen: 0,
        })
        .await;
    second.shows(0, "remember-42").await;
    second.shows(0, "No resources found").await;

    let mut third = server.connect(&again).await;
    third
        .say(&ClientFrame::TermOpen {
            id: 1,
            cols: 100,
            rows: 30,
            seen: seen as u64,
        })
        .await;
    let opened = third
        .until(|frame| matches!(frame, ServerFrame::TermOpened { .. }))
        .await;
    assert!(
        matches!(opened, ServerFrame::TermOpened { offset, created: false, .. } if offset >= seen as u64),
        "{opened:?}"
    );
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_answered_and_the_session_lives() {
    let server = start(|_| {}).await;
    let page = server.open("first-pod", None).await;
    let mut socket = server.connect(&page).await;
    let refused = async |socket: &mut support::Socket, message: Message, expect: &str| {
        socket.socket.send(message).await.expect("send");
        let frame = socket
            .until(|frame| matches!(frame, ServerFrame::Error { .. }))
            .await;
        assert!(
            matches!(&frame, ServerFrame::Error { code, message, .. } if code == expect && !message.is_empty()),
            "{frame:?}"
        );
    };
    refused(&mut socket, Message::Text("{".into()), "bad-frame").await;
    refused(
        &mut socket,
        Message::Text("{\"type\":\"term.fly\"}".into()),
        "bad-frame",
    )
    .await;
    refused(
        &mut socket,
        Message::Text("{\"type\":\"term.open\",\"id\":-1}".into()),
        "bad-frame",
    )
    .await;
    refused(&mut socket, Message::Binary(vec![9, 9].into()), "bad-frame").await;
    refused(
        &mut socket,
        Message::Binary(binary::encode(binary::OUTPUT, 1, b"x").into()),
        "bad-frame",
    )
    .await;
    refused(
        &mut socket,
        Message::Binary(binary::encode(binary::INPUT, 77, b"x").into()),
        "unknown-terminal",
    )
    .await;
    refused(
        &mut socket,
        Message::Text("{\"type\":\"step.check\",\"step\":\"none\"}".into()),
        "no-such-step",
    )
    .await;
    refused(
        &mut socket,
        Message::Text("{\"type\":\"file.read\",\"request\":1,\"path\":\"/none\"}".into()),
        "file",
    )
    .await;
    refused(
        &mut socket,
        Message::Text("{\"type\":\"clock\",\"command\":{\"do\":\"skip\",\"seconds\":1e9}}".into()),
        "clock",
    )
    .await;
    socket.terminal().await;
    socket.run("echo still-$((1+1))-here", "still-2-here").await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_long_ends_the_connection_only() {
    let server = start(|_| {}).await;
    let page = server.open("first-pod", None).await;
    let mut socket = server.connect(&page).await;
    socket.terminal().await;
    // The server may close before all of it is sent.
    let _ = socket
        .socket
        .send(Message::Binary(vec![0; 10 * 1024 * 1024].into()))
        .await;
    while let Some(Ok(_)) = socket.socket.next().await {}
    let mut again = server.connect(&page).await;
    again
        .say(&ClientFrame::TermOpen {
            id: 1,
            cols: 100,
            rows: 30,
            seen: 0,
        })
        .await;
    again.shows(0, "$ ").await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_great_paste_goes_through_in_order() {
    let server = start(|_| {}).await;
    let page = server.open("first-pod", None).await;
    let mut socket = server.connect(&page).await;
    socket.terminal().await;
    socket.run("cat > pasted; wc -c < pasted", "").await;
    let line = format!("{}\n", "x".repeat(99));
    let total: usize = 300_000;
    let text = line.repeat(total / line.len());
    let (mut sent, mut accepted, base) = (0_usize, 0_u64, 30);
    while sent < text.len() {
        if sent as u64 + 4096 <= accepted + playground::wire::INPUT_WINDOW_BYTES {
            let end = (sent + 4096).min(text.len());
            socket.keys(1, &text[sent..end]).await;
            sent = end;
        } else if let ServerFrame::TermAccepted { accepted: now, .. } = socket.frame().await {
            accepted = accepted.max(now.saturating_sub(base));
        }
    }
    socket.keys(1, "\u{4}").await;
    socket.shows(0, &format!("{total}")).await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_both_ways() {
    let server = start(|_| {}).await;
    let page = server.open("first-pod", None).await;
    let mut socket = server.connect(&page).await;
    socket
        .say(&ClientFrame::FileWrite {
            request: 1,
            path: "pod.yaml".into(),
            text: "kind: Pod\n".into(),
            unless_changed: false,
        })
        .await;
    socket
        .until(|frame| matches!(frame, ServerFrame::FileWritten { request: 1, .. }))
        .await;
    socket.terminal().await;
    socket.run("cat pod.yaml", "kind: Pod").await;
    socket
        .say(&ClientFrame::FileWatch { path: ".".into() })
        .await;
    socket.run("echo more >> pod.yaml; echo said", "said").await;
    socket.until(|frame| matches!(frame, ServerFrame::FileChanged { path, .. } if path.ends_with("pod.yaml"))).await;
    // The page has not seen the new line yet: what it would write over stays.
    let late = ClientFrame::FileWrite {
        request: 9,
        path: "pod.yaml".into(),
        text: "kind: Job\n".into(),
        unless_changed: true,
    };
    socket.say(&late).await;
    socket
        .until(|frame| matches!(frame, ServerFrame::Error { code, request: Some(9), .. } if code == "file-apart"))
        .await;
    socket
        .say(&ClientFrame::FileRead {
            request: 2,
            path: "pod.yaml".into(),
        })
        .await;
    let file = socket
        .until(|frame| matches!(frame, ServerFrame::File { request: 2, .. }))
        .await;
    assert!(
        matches!(file, ServerFrame::File { text: Some(text), .. } if text == "kind: Pod\nmore\n")
    );
    socket.say(&late).await;
    socket
        .until(|frame| matches!(frame, ServerFrame::FileWritten { request: 9, .. }))
        .await;
    socket
        .say(&ClientFrame::FileList {
            request: 3,
            path: ".".into(),
        })
        .await;
    let list = socket
        .until(|frame| matches!(frame, ServerFrame::FileList { request: 3, .. }))
        .await;
    assert!(
        matches!(list, ServerFrame::FileList { entries, .. } if entries.iter().any(|entry| entry.name == "pod.yaml"))
    );
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_begins_again() {
    let server = start(|_| {}).await;
    let page = server.open("first-pod", None).await;
    let mut socket = server.connect(&page).await;
    socket.terminal().await;
    socket.run("kubectl get pods", "No resources found").await;
    socket.ticks("look").await;
    socket.say(&ClientFrame::SessionRestart).await;
    socket
        .until(|frame| {
            matches!(
                frame,
                ServerFrame::Session {
                    state: SessionState::Starting,
                    ..
                }
            )
        })
        .await;
    let ready = |frame: &ServerFrame| matches!(frame, ServerFrame::Welcome { state: SessionState::Ready, terminals, .. } if terminals.is_empty());
    let ServerFrame::Welcome { steps, .. } = socket.until(ready).await else {
        unreachable!()
    };
    assert!(
        steps.iter().all(|step| step.status == StepStatus::Open),
        "{steps:?}"
    );
    socket.screen.clear();
    socket.terminal().await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_obeys_and_sessions_are_ones_own() {
    let server = start(|_| {}).await;
    let page = server.open("first-pod", None).await;
    let mut socket = server.connect(&page).await;
    socket
        .say(&ClientFrame::Clock {
            command: ClockCommand::Pause,
        })
        .await;
    let paused = socket
        .until(|frame| matches!(frame, ServerFrame::Clock { .. }))
        .await;
    assert!(matches!(paused, ServerFrame::Clock { clock } if clock.paused));
    socket.say(&ClientFrame::ObjectsWatch).await;
    let objects = socket
        .until(|frame| matches!(frame, ServerFrame::Objects { reset: true, .. }))
        .await;
    assert!(
        matches!(objects, ServerFrame::Objects { changes, .. } if changes.iter().any(|c| c.object["metadata"]["name"] == "node-1"))
    );

    let other = server.open("first-pod", None).await;
    assert_ne!(other.session, page.session);
    let headers = [
        ("cookie", other.cookie.as_str()),
        ("origin", server.origin.as_str()),
    ];
    assert_eq!(server.get(&page.socket, &headers).await.status, 404);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_kept_and_judged() {
    let server = start(|_| {}).await;
    let page = server.open("first-pod", None).await;
    let mut socket = server.connect(&page).await;
    let answer = |text: &str| ClientFrame::StepAnswer {
        step: "describe".into(),
        question: "order".into(),
        answer: Answer::Text(text.into()),
    };
    socket.say(&answer("a")).await;
    let wrong = socket
        .until(|frame| matches!(frame, ServerFrame::StepAnswered { .. }))
        .await;
    assert!(
        matches!(
            wrong,
            ServerFrame::StepAnswered {
                right: Some(false),
                ..
            }
        ),
        "{wrong:?}"
    );
    socket.say(&answer("b")).await;
    let right = socket
        .until(|frame| matches!(frame, ServerFrame::StepAnswered { .. }))
        .await;
    assert!(
        matches!(
            right,
            ServerFrame::StepAnswered {
                right: Some(true),
                ..
            }
        ),
        "{right:?}"
    );
    socket
        .say(&ClientFrame::StepSolution { step: "run".into() })
        .await;
    let solution = socket
        .until(|frame| matches!(frame, ServerFrame::StepSolution { .. }))
        .await;
    assert!(
        matches!(solution, ServerFrame::StepSolution { commands, .. } if commands[0].starts_with("kubectl run kuard"))
    );
    server.end().await;
}
