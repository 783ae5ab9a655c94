//! Worlds as a whole: determinism, clocks, watches that nobody reads, worlds that break.

use crate::{
    ClockCommand, ClusterSpec, ExecQuery, ExitStatus, Handle, LogQuery, Shards, StreamIn,
    StreamOut, WatchEvent, WatchQuery, WorldEvent, WorldSpec,
};
use machine::Time;
use objects::{Body, Request, Verb};
use serde_json::json;
use std::time::Duration;

/// A cluster without nodes: its control plane runs, no pod does.
fn spec() -> WorldSpec {
    let cluster = ClusterSpec {
        nodes: Vec::new(),
        ..ClusterSpec::default()
    };
    WorldSpec {
        seed: 7,
        start: Some(Time::from_seconds(1_700_000_000)),
        cluster: Some(cluster),
        ..WorldSpec::default()
    }
}

async fn paused(shards: &Shards) -> Handle {
    let handle = shards.create(spec()).await.expect("a world");
    handle.clock(ClockCommand::Pause).await.expect("paused");
    handle
}

async fn config_map(handle: &Handle, name: &str) {
    let mut request = Request::new(Verb::Create, "", "v1", "configmaps");
    request.namespace = "default".into();
    request.user_agent = "test".into();
    let metadata = json!({"name": name, "namespace": "default"});
    request.body = Body::Object(
        json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": {"a": "b"}}),
    );
    handle.request(request).await.expect("created");
}

fn config_maps() -> WatchQuery {
    WatchQuery {
        version: "v1".into(),
        resource: "configmaps".into(),
        namespace: "default".into(),
        send_initial_events: Some(false),
        ..WatchQuery::default()
    }
}

#[tokio::test]
async fn the_same_seed_and_journal_make_the_same_world() {
    let shards = Shards::new(2);
    let first = paused(&shards).await;
    for name in ["a", "b", "c"] {
        config_map(&first, name).await;
        first
            .clock(ClockCommand::Step(Duration::from_millis(1700)))
            .await
            .expect("a step");
    }
    let journal = first.journal().await.expect("a journal");
    assert_eq!((journal.entries.len(), journal.complete), (3, true));
    let picture = first.picture().await.expect("a picture");
    assert!(picture.contains("kube-root-ca.crt"), "controllers have run");

    // The journal as it would come back from a disk.
    let text = serde_json::to_string(&journal).expect("journals can be written");
    let journal = serde_json::from_str(&text).expect("journals can be read");
    let second = shards.replay(journal, true).await.expect("a world");
    assert_eq!(second.picture().await.expect("a picture"), picture);
}

/// A pod that counts, tells what it finds in a file and what chance gives it, and dies, again and again.
const RESTLESS: &str = "echo begin $RANDOM $(date +%s); for n in 1 2 3 4 5; do echo tick $n; cat /tmp/note 2>/dev/null; \
     sleep 1; done; echo oops >&2; exit 3";

async fn restless(handle: &Handle) {
    let mut request = Request::new(Verb::Create, "", "v1", "pods");
    request.namespace = "default".into();
    request.user_agent = "test".into();
    let container = json!({"name": "main", "image": "busybox", "command": ["sh", "-c", RESTLESS]});
    request.body = Body::Object(json!({
        "kind": "Pod", "apiVersion": "v1", "metadata": {"name": "restless", "namespace": "default"},
        "spec": {"containers": [container]},
    }));
    handle.request(request).await.expect("created");
}

/// The status of its container; a read.
async fn restless_status(handle: &Handle) -> serde_json::Value {
    let mut request = Request::new(Verb::Get, "", "v1", "pods");
    request.namespace = "default".into();
    request.name = "restless".into();
    let pod = handle.request(request).await.expect("the pod").object;
    pod["status"]["containerStatuses"][0].clone()
}

/// Writes into the pod's file through standard input of an exec.
async fn leave_note(handle: &Handle, text: &'static str) {
    let query = ExecQuery {
        namespace: "default".into(),
        pod: "restless".into(),
        command: ["sh", "-c", "cat >> /tmp/note"].map(String::from).to_vec(),
        stdin: true,
        stdout: true,
        ..ExecQuery::default()
    };
    let mut stream = handle.exec(query).await.expect("an exec");
    for input in [StreamIn::Stdin(text.into()), StreamIn::CloseStdin] {
        stream.input.send(input).await.expect("taken");
    }
    handle
        .clock(ClockCommand::Step(Duration::from_millis(300)))
        .await
        .expect("a step");
    assert_eq!(
        stream.output.recv().await,
        Some(StreamOut::Exit(ExitStatus { code: 0 }))
    );
}

async fn log(handle: &Handle, previous: bool) -> String {
    let query = LogQuery {
        namespace: "default".into(),
        pod: "restless".into(),
        previous,
        timestamps: true,
        ..LogQuery::default()
    };
    let mut stream = handle.logs(query).await.expect("a log");
    let mut all = Vec::new();
    while let Some(StreamOut::Stdout(bytes)) = stream.output.recv().await {
        all.extend_from_slice(&bytes);
    }
    String::from_utf8(all).expect("text")
}

#[tokio::test]
async fn the_same_journal_makes_the_same_logs() {
    let shards = Shards::new(2);
    let world = WorldSpec {
        cluster: Some(ClusterSpec::default()),
        ..spec()
    };
    let first = shards.create(world).await.expect("a world");
    first.clock(ClockCommand::Pause).await.expect("paused");
    restless(&first).await;
    let step = async |millis| {
        let step = ClockCommand::Step(Duration::from_millis(millis));
        first.clock(step).await.expect("a step");
    };
    let runs = async |restarts: i64| {
        for _ in 0..400 {
            let status = restless_status(&first).await;
            let up = !status["state"]["running"].is_null();
            if up && status["restartCount"] == restarts {
                return;
            }
            step(250).await;
        }
        panic!("the container does not run for the time {restarts}");
    };
    runs(0).await;
    leave_note(&first, "noted once\n").await;
    // A read in between stands in no journal and changes nothing.
    let early = log(&first, false).await;
    assert!(early.contains(" tick 1\n"), "{early}");
    // Dead, and back: what was noted is gone with the container.
    runs(2).await;
    leave_note(&first, "noted twice\n").await;
    step(2_000).await;

    let journal = first.journal().await.expect("a journal");
    assert!(
        journal.complete && journal.entries.len() >= 7,
        "{}",
        journal.entries.len()
    );
    let picture = first.picture().await.expect("a picture");
    let (before, now) = (log(&first, true).await, log(&first, false).await);
    assert!(picture.contains("\"restartCount\":2"), "{picture}");
    assert!(before.ends_with(" oops\n"), "{before}");
    assert!(
        now.contains(" noted twice\n") && !now.contains("oops"),
        "{now}"
    );
    assert_ne!(before, now);

    let text = serde_json::to_string(&journal).expect("journals can be written");
    let journal = serde_json::from_str(&text).expect("journals can be read");
    let second = shards.replay(journal, true).await.expect("a world");
    assert_eq!(second.picture().await.expect("a picture"), picture);
    assert_eq!(log(&second, true).await, before);
    assert_eq!(log(&second, false).await, now);
}

#[tokio::test]
async fn faults_stand_in_the_journal() {
    let shards = Shards::new(2);
    let world = WorldSpec {
        cluster: Some(ClusterSpec::default()),
        ..spec()
    };
    let first = shards.create(world).await.expect("a world");
    first.clock(ClockCommand::Pause).await.expect("paused");
    let mut events = first.events();
    let step = ClockCommand::Step(Duration::from_secs(20));
    let faults = [
        json!({"id": "registry", "host": "", "state": "gone"}),
        json!({"id": "addNode", "node": "spare", "cpu": "4", "memory": "8Gi"}),
        json!({"id": "node", "node": "node-1", "state": "gone"}),
    ];
    restless(&first).await;
    for text in &faults {
        let fault: crate::Fault = serde_json::from_value(text.clone()).expect("a fault");
        first.fault(fault.clone()).await.expect("it can happen");
        let told = loop {
            match events.recv().await.expect("an event") {
                WorldEvent::Fault(told) => break told,
                WorldEvent::Clock(_) => {}
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(told, fault);
        first.clock(step).await.expect("a step");
    }
    let refused = crate::Fault::RemoveNode { node: "no".into() };
    assert_eq!(
        first.fault(refused).await,
        Err("there is no node \"no\"".into())
    );
    assert_eq!(first.faults().await.expect("faults").len(), 2);
    let journal = first.journal().await.expect("a journal");
    assert_eq!(
        journal.entries.len(),
        1 + faults.len(),
        "what was refused is not there"
    );
    let picture = first.picture().await.expect("a picture");
    assert!(
        picture.contains("i/o timeout") && picture.contains("\"spare\""),
        "{picture}"
    );
    let text = serde_json::to_string(&journal).expect("journals can be written");
    let journal = serde_json::from_str(&text).expect("journals can be read");
    let second = shards.replay(journal, true).await.expect("a world");
    assert_eq!(second.picture().await.expect("a picture"), picture);
    assert_eq!(second.faults().await, first.faults().await);
}

#[tokio::test]
async fn another_seed_makes_another_world() {
    let shards = Shards::new(1);
    let first = paused(&shards).await;
    let second = shards
        .create(WorldSpec { seed: 8, ..spec() })
        .await
        .expect("a world");
    second.clock(ClockCommand::Pause).await.expect("paused");
    assert_ne!(first.picture().await, second.picture().await);
}

#[tokio::test]
async fn time_stands_steps_and_runs() {
    let handle = paused(&Shards::new(1)).await;
    let before = handle.clock(ClockCommand::Read).await.expect("a clock");
    let after = handle
        .clock(ClockCommand::Step(Duration::from_secs(3600)))
        .await
        .expect("a step");
    assert_eq!(after.now, before.now + Duration::from_secs(3600));
    assert!(after.paused && after.moved);
    assert_eq!(handle.now(), after.now, "a paused clock stands");
}

#[tokio::test]
async fn a_watch_that_nobody_reads_loses_nothing() {
    let handle = paused(&Shards::new(1)).await;
    let mut watch = handle.watch(config_maps()).await.expect("a watch");
    let count = crate::watch::WATCH_QUEUE_EVENTS + 100;
    for i in 0..count {
        config_map(&handle, &format!("c{i}")).await;
    }
    for i in 0..count {
        match watch.recv().await {
            Some(WatchEvent::Added(object))
                if objects::meta::name(&object) == "kube-root-ca.crt" => {}
            Some(WatchEvent::Added(object)) => {
                assert!(objects::meta::name(&object).starts_with('c'))
            }
            other => panic!("event {i} is {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_watch_that_falls_out_of_the_history_expires() {
    let handle = paused(&Shards::new(1)).await;
    let mut watch = handle.watch(config_maps()).await.expect("a watch");
    for i in 0..cluster::HISTORY + 300 {
        config_map(&handle, &format!("c{i}")).await;
    }
    let end = loop {
        match watch.recv().await {
            Some(WatchEvent::Error(status)) => break status,
            Some(_) => {}
            None => panic!("the watch ended without a word"),
        }
    };
    assert_eq!((end.code(), end.reason.as_str()), (410, "Expired"));
}

#[tokio::test]
async fn bookmarks_follow_what_happened() {
    let handle = paused(&Shards::new(1)).await;
    let mut watch = handle.watch(config_maps()).await.expect("a watch");
    config_map(&handle, "one").await;
    watch.ask_bookmark();
    let mut seen = Vec::new();
    loop {
        match watch.recv().await {
            Some(WatchEvent::Bookmark(revision)) => {
                assert_eq!(revision, handle.revision());
                break;
            }
            Some(WatchEvent::Added(object)) => seen.push(objects::meta::name(&object).to_string()),
            other => panic!("{other:?}"),
        }
    }
    assert!(seen.contains(&"one".to_string()));
}

#[tokio::test]
async fn a_closed_world_answers_with_an_error() {
    let shards = Shards::new(1);
    let (one, two) = (paused(&shards).await, paused(&shards).await);
    let mut events = one.events();
    one.close();
    assert_eq!(events.recv().await, Ok(WorldEvent::Ended { panic: None }));
    assert_eq!(one.journal().await.map(drop), Err(crate::WorldEnded));
    assert!(two.journal().await.is_ok(), "its neighbour lives");
}
