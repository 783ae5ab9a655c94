//! What is not simulated says so.

use objects::{Body, Verb};
use serde_json::{Value, json};

use super::World;
use crate::cluster::resource;

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
