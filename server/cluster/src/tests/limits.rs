//! What is not simulated says so.

use objects::{Body, Verb};
use serde_json::{Value, json};

use super::World;
use crate::cluster::resource;
use crate::store::OBJECTS_BYTES;

fn check(group: &str, plural: &str, object: Value, id: &str) {
    let world = World::control_plane(1);
    let of = resource(group, plural);
    let namespace = if of.namespaced { "default" } else { "" };
    let mut request = world.request(Verb::Create, of, namespace, "");
    request.body = Body::Object(object);
    let warnings = world.cluster.request(&request).expect("created").warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].ends_with(&format!("(LIMITATIONS.md: {id})")),
        "{warnings:?}"
    );
}

#[test]
fn idle_objects_name_their_limitation() {
    check(
        "networking.k8s.io",
        "networkpolicies",
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny"}, "spec": {"podSelector": {}}}),
        "network-policies",
    );
    check(
        "rbac.authorization.k8s.io",
        "roles",
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "reader"}, "rules": []}),
        "authorization",
    );
    check(
        "",
        "namespaces",
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "strict", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}),
        "pod-security",
    );
    let container = json!({"name": "c", "image": "busybox"});
    let template = json!({"spec": {"restartPolicy": "Never", "containers": [container]}});
    check(
        "batch",
        "cronjobs",
        json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"},
            "spec": {"schedule": "* * * * *", "timeZone": "Europe/Paris", "jobTemplate": {"spec": {"template": template}}}}),
        "time-zones",
    );
}

fn large(name: &str, bytes: usize) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"x": "x".repeat(bytes)}})
}

#[test]
fn a_cluster_holds_so_much_and_says_so() {
    let world = World::control_plane(1);
    let refused = (0..100).find_map(|n| {
        let made = world.create(large(&format!("c{n}"), 1_000_000));
        made.err().map(|status| (n, status))
    });
    let (count, status) = refused.expect("an end");
    // What every cluster begins with takes a little of it.
    let most = OBJECTS_BYTES / 1_000_000;
    assert!((most - 2..=most).contains(&count), "{count}");
    assert_eq!(status.code, 500);
    assert!(
        status
            .message
            .starts_with("etcdserver: mvcc: database space exceeded"),
        "{status:?}"
    );
    let maps = resource("", "configmaps");
    let mut change = world.request(Verb::Update, maps, "default", "c0");
    change.body = Body::Object(large("c0", 1000));
    world.cluster.request(&change).expect("less is written");
    world
        .create(large("again", 1_000_000))
        .expect("there is room again");
    change.body = Body::Object(large("c0", 1_040_000));
    let grown = world.cluster.request(&change).map(drop);
    assert_eq!(grown.expect_err("too much").message, status.message);
    let delete = world.request(Verb::Delete, maps, "default", "c1");
    world.cluster.request(&delete).expect("deleted");
    world.cluster.request(&change).expect("now it may grow");
}

#[test]
fn an_object_is_no_larger_than_etcd_takes() {
    let world = World::control_plane(1);
    let keys = |count: usize| (0..count).map(|n| (format!("key-{n}"), json!("of a map")));
    let map = |count| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": Value::Object(keys(count).collect())});
    let refused = world.create(map(45_000)).map(drop);
    let message = refused.expect_err("too large").message;
    assert_eq!(message, "etcdserver: request is too large");
    world.create(map(20_000)).expect("this much is taken");
}

#[test]
fn a_controller_makes_no_more_than_there_is_room_for() {
    let world = World::control_plane(1);
    let container = json!({"name": "c", "image": "busybox"});
    let metadata = json!({"labels": {"app": "many"}, "annotations": {"x": "x".repeat(200_000)}});
    let template = json!({"metadata": metadata, "spec": {"containers": [container]}});
    world
        .create(json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "many"},
            "spec": {"replicas": 100_000, "selector": {"matchLabels": {"app": "many"}}, "template": template}}))
        .expect("created");
    world.run_ms(10_000);
    let pods = world.cluster.list(resource("", "pods"), "default").len();
    let most = OBJECTS_BYTES / 200_000;
    assert!((most - most / 10..most).contains(&pods), "{pods}");
    let set = world
        .cluster
        .get(resource("apps", "replicasets"), "default", "many");
    let set = set.expect("the set");
    let why = set["status"]["conditions"][0]["message"].as_str();
    assert!(
        why.is_some_and(|why| why.contains("database space exceeded")),
        "{why:?}"
    );
}
