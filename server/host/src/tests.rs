//! Worlds as a whole: determinism, clocks, watches that nobody reads, worlds that break.

use crate::{
    ClockCommand, ClusterSpec, Handle, Shards, WatchEvent, WatchQuery, WorldEvent, WorldSpec,
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
