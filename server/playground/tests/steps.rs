//! What steps can do beyond ticking once: a level step lapses and comes back, a prediction is judged by the cluster's own future.

mod support;

use playground::wire::{Answer, ClientFrame, ServerFrame, SessionState, StepStatus};
use support::{Socket, start};

async fn stands(socket: &mut Socket, step: &str, status: StepStatus) {
    let fits = |frame: &ServerFrame| match frame {
        ServerFrame::Steps { steps } => steps.iter().any(|s| s.id == step && s.status == status),
        _ => false,
    };
    socket.until(fits).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_level_step_must_hold_now() {
    let server = start(|_| {}).await;
    let page = server.open("first-pod", None).await;
    let mut socket = server.connect(&page).await;
    let step = "delete".to_owned();
    let jump = ClientFrame::StepJump { step: step.clone() };
    socket.say(&jump).await;
    let starts = |frame: &ServerFrame| {
        matches!(
            frame,
            ServerFrame::Session {
                state: SessionState::Starting,
                ..
            }
        )
    };
    socket.until(starts).await;
    let ready = |frame: &ServerFrame| {
        matches!(
            frame,
            ServerFrame::Welcome {
                state: SessionState::Ready,
                ..
            }
        )
    };
    socket.until(ready).await;
    socket.screen.clear();
    socket.terminal().await;
    socket.run("kubectl delete pod kuard", "deleted").await;
    let question = "back".to_owned();
    let answer = Answer::Text("c".into());
    let answered = ClientFrame::StepAnswer {
        step,
        question,
        answer,
    };
    socket.say(&answered).await;
    stands(&mut socket, "delete", StepStatus::Done).await;
    socket.keys(1, "kubectl run kuard --image=nginx\r").await;
    stands(&mut socket, "delete", StepStatus::Lapsed).await;
    socket.keys(1, "kubectl delete pod kuard --now\r").await;
    stands(&mut socket, "delete", StepStatus::Done).await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prediction_is_judged_by_what_comes() {
    let server = start(|_| {}).await;
    let page = server.open("requests", None).await;
    let mut socket = server.connect(&page).await;
    socket.terminal().await;
    // They are accepted now, and run in some seconds: what is predicted is not yet so.
    socket
        .run("kubectl apply -f five.yaml", "half-5 created")
        .await;
    let answered = |frame: &ServerFrame| matches!(frame, ServerFrame::StepAnswered { .. });
    for (said, expect) in [(5.0, false), (4.0, true)] {
        let (step, question) = ("room".to_owned(), "later".to_owned());
        let answer = Answer::Number(said);
        let predicted = ClientFrame::StepAnswer {
            step,
            question,
            answer,
        };
        socket.say(&predicted).await;
        match socket.until(answered).await {
            ServerFrame::StepAnswered { right, message, .. } => {
                assert_eq!(right, Some(expect), "{message:?}");
                let message = message.expect("a sentence");
                assert!(
                    message.contains("10m") && message.contains('4'),
                    "{message}"
                );
            }
            other => panic!("{other:?}"),
        }
    }
    // A page that comes later is told the last one, though the cluster has gone on.
    let again = server.connect(&page).await.until(answered).await;
    assert!(
        matches!(&again, ServerFrame::StepAnswered { step, said: Some(said), right: Some(true), .. } if step == "room" && said == "4"),
        "{again:?}"
    );
    server.end().await;
}
