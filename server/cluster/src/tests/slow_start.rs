//! How controllers make many pods, and what they do when they are refused.

use objects::meta;
use serde_json::{Value, json};

use super::{World, pod};
use crate::cluster::{pods, resource};
use crate::spec::NodeSpec;
use crate::{ClusterSpec, view};

fn sleeper() -> Value {
    json!({"containers": [{"name": "c", "image": "busybox:1.36", "command": ["sleep", "1000"]}]})
}

fn job(parallelism: i64) -> Value {
    let mut pod = sleeper();
    pod["restartPolicy"] = "Never".into();
    let spec =
        json!({"parallelism": parallelism, "completions": parallelism, "template": {"spec": pod}});
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "many"}, "spec": spec})
}

fn set(kind: &str, more: Value) -> Value {
    let labels = json!({"app": "many"});
    let template = json!({"metadata": {"labels": labels}, "spec": sleeper()});
    let mut spec = json!({"selector": {"matchLabels": labels}, "template": template});
    for (member, value) in more.as_object().into_iter().flatten() {
        spec[member] = value.clone();
    }
    json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "many"}, "spec": spec})
}

/// How many pods there are, each number once, over two seconds.
fn counts(world: &World) -> Vec<usize> {
    let mut counts = Vec::new();
    for _ in 0..1000 {
        world.run_ms(2);
        counts.push(world.cluster.list(pods(), "default").len());
    }
    counts.dedup();
    counts.retain(|n| *n > 0);
    counts
}

fn forbid_pods(world: &World) {
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}});
    world.create(quota).expect("created");
    world.run_ms(1_000);
}

/// How often it was told that a pod could not be made.
fn refusals(world: &World) -> i64 {
    let all = world.cluster.list(resource("", "events"), "default");
    let failed = all.iter().filter(|e| e["reason"] == "FailedCreate");
    failed.map(|e| view::int(e, &["count"]).unwrap_or(1)).sum()
}

#[test]
fn pods_of_a_job_come_in_growing_batches() {
    let world = World::whole(ClusterSpec::default());
    world.create(job(9)).expect("created");
    assert_eq!(counts(&world), [1, 3, 7, 9]);
}

#[test]
fn daemons_come_in_growing_batches() {
    let world = World::whole(ClusterSpec {
        nodes: (1..=6).map(NodeSpec::numbered).collect(),
        ..ClusterSpec::default()
    });
    world.create(set("DaemonSet", json!({}))).expect("created");
    assert_eq!(counts(&world), [1, 3, 6]);
}

#[test]
fn a_refused_job_tries_one_pod_later_and_later() {
    let world = World::control_plane(1);
    forbid_pods(&world);
    world.create(job(9)).expect("created");
    world.run_ms(500);
    assert_eq!(refusals(&world), 1, "one says it for all");
    world.run_ms(20_000);
    // After 1, 2, 4 and 8 seconds.
    assert_eq!(refusals(&world), 5);
    let quotas = resource("", "resourcequotas");
    world.delete(quotas, "none").expect("deleted");
    world.run_ms(17_000);
    assert_eq!(world.cluster.list(pods(), "default").len(), 9);
}

#[test]
fn refused_sets_try_later_and_later() {
    for kind in ["DaemonSet", "StatefulSet"] {
        let world = World::control_plane(1);
        forbid_pods(&world);
        world.create(set(kind, json!({}))).expect("created");
        world.run_ms(10_000);
        // From 5 ms on, twice as long each time.
        let told = refusals(&world);
        assert!((8..=14).contains(&told), "{kind}: {told}");
        let quotas = resource("", "resourcequotas");
        world.delete(quotas, "none").expect("deleted");
        world.run_ms(20_000);
        let made = world.cluster.list(pods(), "default");
        assert_eq!(made.len(), 1, "{kind}");
    }
}

/// The next ordinal waits until the one before counts as available, and somebody looks when it does.
#[test]
fn ordinals_wait_for_min_ready_seconds() {
    let world = World::whole(ClusterSpec::default());
    let more = json!({"replicas": 2, "minReadySeconds": 20, "serviceName": "many"});
    world.create(set("StatefulSet", more)).expect("created");
    world.run_ms(15_000);
    assert_eq!(world.cluster.list(pods(), "default").len(), 1);
    world.run_ms(60_000);
    let set = world.get(resource("apps", "statefulsets"), "many");
    let set = set.expect("the set");
    assert_eq!(view::int(&set, &["status", "availableReplicas"]), Some(2));
}

#[test]
fn ordinals_that_are_refused_are_replaced_at_a_bounded_pace() {
    let world = World::whole(ClusterSpec::default());
    // Nobody else fits beside it.
    let mut wide = pod("wide", sleeper()["containers"][0].clone());
    wide["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "1900m"}});
    world.create(wide).expect("created");
    world.run_ms(10_000);
    let mut set = set("StatefulSet", json!({"serviceName": "many"}));
    let spec = &mut set["spec"]["template"]["spec"];
    spec["nodeName"] = "node-1".into();
    spec["containers"][0]["resources"] = json!({"requests": {"cpu": "500m"}});
    let before = world.cluster.revision();
    world.create(set).expect("created");
    world.run_ms(10_000);
    let made = |c: &crate::store::Change| {
        c.resource.plural == "pods" && c.old.is_none() && meta::name(&c.object) == "many-0"
    };
    let all = world.cluster.changes_after(before).expect("all is known");
    let made = all.into_iter().filter(made).count();
    assert!((5..=12).contains(&made), "{made} in ten seconds");
}
