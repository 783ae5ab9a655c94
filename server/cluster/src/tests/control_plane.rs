//! Store, admission, scheduler and controllers, without kubelets.

use objects::{Body, Verb, meta};
use serde_json::{Value, json};

use super::{World, pod};
use crate::cluster::resource;
use crate::view;

#[test]
fn a_pod_is_admitted_and_scheduled() {
    let world = World::control_plane(1);
    let made = world
        .create(pod("web", json!({"image": "nginx"})))
        .expect("created");
    assert_eq!(
        (
            meta::generation(&made),
            view::text(&made, &["status", "phase"])
        ),
        (1, "Pending")
    );
    assert_eq!(
        view::text(&made, &["spec", "serviceAccountName"]),
        "default"
    );
    assert!(view::text(&made, &["spec", "volumes", "0", "name"]).starts_with("kube-api-access-"));
    assert_eq!(view::list(&made, &["spec", "tolerations"]).len(), 2);
    world.run_ms(100);
    assert_eq!(
        view::text(&world.pod("web"), &["spec", "nodeName"]),
        "node-1"
    );
    assert_eq!(
        world.events("web"),
        ["Scheduled Successfully assigned default/web to node-1"]
    );
    let again = world
        .create(pod("web", json!({"image": "nginx"})))
        .expect_err("exists");
    assert_eq!(again.message, "pods \"web\" already exists");
}

#[test]
fn a_pod_without_room_waits_until_there_is_some() {
    let world = World::control_plane(1);
    for (name, cpu) in [("a", "1500m"), ("b", "1"), ("big", "9")] {
        world
            .create(pod(
                name,
                json!({"image": "x", "resources": {"requests": {"cpu": cpu}}}),
            ))
            .expect("created");
        world.run_ms(100);
    }
    let told = |name: &str| {
        view::text(&world.pod(name), &["status", "conditions", "0", "message"]).to_string()
    };
    let help = "no new claims to deallocate, preemption: 0/1 nodes are available: 1";
    assert_eq!(
        told("b"),
        format!(
            "0/1 nodes are available: 1 Insufficient cpu. {help} No preemption victims found for incoming pod."
        )
    );
    assert_eq!(
        told("big"),
        format!(
            "0/1 nodes are available: 1 Insufficient cpu. {help} Preemption is not helpful for scheduling."
        )
    );
    let mut force = world.request(Verb::Delete, resource("", "pods"), "default", "a");
    force.options.grace_period_seconds = Some(0);
    world.cluster.request(&force).expect("deleted");
    world.run_ms(2000);
    assert_eq!(view::text(&world.pod("b"), &["spec", "nodeName"]), "node-1");
}

#[test]
fn a_namespace_is_emptied_before_it_goes() {
    let world = World::control_plane(1);
    world
        .create(json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "x"}}))
        .expect("created");
    world.run_ms(100);
    let maps = resource("", "configmaps");
    assert!(world.cluster.get(maps, "x", "kube-root-ca.crt").is_some());
    assert!(
        world
            .cluster
            .get(resource("", "serviceaccounts"), "x", "default")
            .is_some()
    );
    let mut map = json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "held", "namespace": "x", "finalizers": ["a.b/c"]}});
    world.create(map.clone()).expect("created");
    world
        .delete(resource("", "namespaces"), "x")
        .expect("deleted");
    world.run_ms(100);
    let late = json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "late", "namespace": "x"}});
    assert_eq!(
        world.create(late).expect_err("refused").message,
        "configmaps \"late\" is forbidden: unable to create new content in namespace x because it is being terminated"
    );
    let mut free = world.request(Verb::Update, maps, "x", "held");
    view::remove(&mut map, &["metadata", "finalizers"]);
    free.body = Body::Object(map);
    world.cluster.request(&free).expect("freed");
    world.run_ms(6000);
    assert!(world.get(resource("", "namespaces"), "x").is_none());
}

#[test]
fn stale_writes_conflict_and_refused_ones_change_nothing() {
    let world = World::control_plane(1);
    let map = json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "m"}, "data": {"a": "1"}});
    let made = world.create(map.clone()).expect("created");
    let put = |object: &Value| {
        let mut request = world.request(Verb::Update, resource("", "configmaps"), "default", "m");
        request.body = Body::Object(object.clone());
        world.cluster.request(&request)
    };
    let mut newer = (*made).clone();
    newer["data"]["a"] = "2".into();
    put(&newer).expect("written");
    let before = world.cluster.revision();
    assert_eq!(put(&newer).expect_err("stale").reason, "Conflict");
    assert_eq!(
        put(&map).map(|a| a.code).ok(),
        Some(200),
        "without a version the last writer wins"
    );
    assert_eq!(world.cluster.revision(), before + 1);
}

#[test]
fn lists_come_in_pages_that_hold_together() {
    let world = World::control_plane(1);
    for name in ["a", "b", "c"] {
        world
            .create(json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": name}}))
            .expect("created");
    }
    let mut list = world.request(Verb::List, resource("", "secrets"), "default", "");
    list.options.limit = 2;
    let first = world.cluster.list_request(&list).expect("listed");
    assert_eq!((first.items.len(), first.remaining), (2, Some(1)));
    world.delete(resource("", "secrets"), "c").expect("deleted");
    list.options.continue_token = first.continue_token;
    let second = world.cluster.list_request(&list).expect("listed");
    assert_eq!(
        (second.items.len(), second.resource_version),
        (1, first.resource_version)
    );
    list.options.continue_token = String::new();
    list.options.field_selector = "spec.foo=bar".into();
    assert_eq!(
        world
            .cluster
            .list_request(&list)
            .expect_err("refused")
            .message,
        "field label not supported: spec.foo"
    );
}

#[test]
fn services_get_addresses_and_endpoints() {
    let world = World::control_plane(1);
    let service = json!({"kind": "Service", "apiVersion": "v1", "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}], "type": "NodePort"}});
    let made = world.create(service).expect("created");
    assert!(view::text(&made, &["spec", "clusterIP"]).starts_with("10.96."));
    assert!(
        (30000..=32767)
            .contains(&view::int(&made, &["spec", "ports", "0", "nodePort"]).expect("a port"))
    );
    world.run_ms(100);
    let endpoints = world
        .get(resource("", "endpoints"), "web")
        .expect("endpoints");
    assert!(endpoints.get("subsets").is_none());
    let outside = json!({"kind": "Service", "apiVersion": "v1", "metadata": {"name": "x"}, "spec": {"clusterIP": "1.2.3.4", "ports": [{"port": 1}]}});
    assert!(
        world
            .create(outside)
            .expect_err("refused")
            .message
            .contains("The range of valid IPs is 10.96.0.0/16")
    );
}

#[test]
fn a_big_set_is_looked_at_once_for_many_changes() {
    let world = World::control_plane(1);
    let template = json!({"metadata": {"labels": {"app": "many"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}});
    let spec = json!({"replicas": 400, "selector": {"matchLabels": {"app": "many"}}, "template": template});
    let set = json!({"kind": "ReplicaSet", "apiVersion": "apps/v1", "metadata": {"name": "many"}, "spec": spec});
    world.create(set).expect("created");
    world.run_ms(1000);
    let pods = world.cluster.list(resource("", "pods"), "default");
    assert_eq!(pods.len(), 400);
    let before = world.cluster.revision();
    for pod in &pods[..60] {
        let ready = json!([{"type": "Ready", "status": "True"}]);
        world.cluster.amend(resource("", "pods"), pod, |p| {
            view::set(p, &["status", "conditions"], ready);
        });
        world.run_ms(1);
    }
    world.run_ms(100);
    let sets = resource("apps", "replicasets");
    let live = world.get(sets, "many").expect("there");
    assert_eq!(view::int(&live, &["status", "readyReplicas"]), Some(60));
    let changes = world.cluster.changes_after(before).expect("known");
    let told = changes.iter().filter(|c| c.resource.plural == sets.plural);
    // Twenty milliseconds for four hundred pods, and eight on the way.
    assert!((1..=3).contains(&told.clone().count()), "{}", told.count());
}

#[test]
fn volumes_and_claims_find_each_other() {
    let world = World::control_plane(1);
    let volume = json!({"kind": "PersistentVolume", "apiVersion": "v1", "metadata": {"name": "pv"},
        "spec": {"storageClassName": "manual", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}}});
    let claim = |name: &str, class: &str| {
        json!({"kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": {"name": name},
        "spec": {"storageClassName": class, "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "500Mi"}}}})
    };
    world.create(volume).expect("created");
    world.create(claim("data", "manual")).expect("created");
    world.create(claim("dynamic", "standard")).expect("created");
    world.run_ms(100);
    let claims = resource("", "persistentvolumeclaims");
    let bound = world.get(claims, "data").expect("claim");
    assert_eq!(
        (
            view::text(&bound, &["status", "phase"]),
            view::text(&bound, &["spec", "volumeName"])
        ),
        ("Bound", "pv")
    );
    assert_eq!(
        view::text(
            &world.get(claims, "dynamic").expect("claim"),
            &["status", "phase"]
        ),
        "Bound"
    );
    world.delete(claims, "data").expect("deleted");
    world.run_ms(100);
    let volume = world
        .get(resource("", "persistentvolumes"), "pv")
        .expect("volume");
    assert_eq!(view::text(&volume, &["status", "phase"]), "Released");
}

#[test]
fn equal_seeds_make_equal_worlds() {
    let bytes = |seed: u64| {
        let world = World::control_plane(seed);
        for name in ["a", "b"] {
            world
                .create(pod(name, json!({"image": "nginx"})))
                .expect("created");
            world.run_ms(700);
        }
        let _refused = world.create(pod("a", json!({"image": "nginx"})));
        world.delete(resource("", "pods"), "b").expect("deleted");
        world.run_ms(5000);
        world
            .cluster
            .everything()
            .iter()
            .map(|(g, p, o)| format!("{g} {p} {o}\n"))
            .collect::<String>()
    };
    assert_eq!(bytes(7), bytes(7));
    assert_ne!(bytes(7), bytes(8));
}

#[test]
fn an_idle_cluster_sleeps() {
    let world = World::control_plane(1);
    world.run_ms(60_000);
    let next = world
        .executor
        .next_timer()
        .map(|t| t.since(world.executor.now()).as_secs());
    assert!(next.is_none_or(|s| s > 3600), "wakes in {next:?} s");
}

#[test]
fn claims_keep_within_their_range() {
    let world = World::control_plane(1);
    let limit = json!({"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "5Gi"}});
    world
        .create(json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"}, "spec": {"limits": [limit]}}))
        .expect("created");
    let claim = |storage: &str| {
        let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}}});
        world
            .create(claim)
            .map(|_| ())
            .map_err(|status| status.message)
    };
    let refused = "persistentvolumeclaims \"c\" is forbidden:";
    assert_eq!(
        claim("10Gi"),
        Err(format!(
            "{refused} maximum storage usage per PersistentVolumeClaim is 5Gi, but request is 10Gi"
        ))
    );
    assert_eq!(
        claim("1Mi"),
        Err(format!(
            "{refused} minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi"
        ))
    );
    assert_eq!(claim("2Gi"), Ok(()));
}

#[test]
fn the_newest_set_says_of_itself_what_its_deployment_says() {
    let world = World::control_plane(1);
    let labels = json!({"app": "web"});
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}});
    world
        .create(
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}}),
        )
        .expect("created");
    world.run_ms(2_000);
    let deployments = resource("apps", "deployments");
    let cause = "kubernetes.io/change-cause";
    let live = world.get(deployments, "web").expect("there");
    world.cluster.amend(deployments, &live, |d| {
        view::set(d, &["metadata", "annotations", cause], "first");
        view::set(d, &["spec", "minReadySeconds"], 3);
    });
    world.run_ms(2_000);
    let sets = world
        .cluster
        .list(resource("apps", "replicasets"), "default");
    assert_eq!(sets.len(), 1);
    assert_eq!(meta::annotation(&sets[0], cause), Some("first"));
    assert_eq!(view::int(&sets[0], &["spec", "minReadySeconds"]), Some(3));
}
