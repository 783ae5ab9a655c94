//! Corners that lessons turn: volumes that belong to a group, services that stay on the node, many processes.

use std::net::{IpAddr, SocketAddr};

use machine::net::{Protocol, Route};
use serde_json::{Value, json};

use super::nodes::{condition, on_node, world};
use super::pod;
use crate::view;

#[test]
fn volumes_belong_to_the_group_of_the_pod() {
    let world = world(1);
    let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "words"}, "data": {"a": "b"}});
    world.create(config).expect("created");
    let script = "id; echo hi > /data/f; stat -c '%n %a %u %g' /data /data/f /memory /host /words /words/..data/a; cat /words/a";
    let mut asking = pod(
        "asking",
        json!({"image": "busybox:1.36", "command": ["sh", "-c", script]}),
    );
    asking["spec"]["restartPolicy"] = "Never".into();
    asking["spec"]["securityContext"] =
        json!({"runAsUser": 1000, "runAsGroup": 3000, "fsGroup": 2000});
    asking["spec"]["volumes"] = json!([
        {"name": "data", "emptyDir": {}},
        {"name": "memory", "emptyDir": {"medium": "Memory"}},
        {"name": "host", "hostPath": {"path": "/srv/shared", "type": "DirectoryOrCreate"}},
        {"name": "words", "configMap": {"name": "words", "defaultMode": 256}},
    ]);
    let mounts = ["data", "memory", "host", "words"];
    let mounts = mounts.map(|name| json!({"name": name, "mountPath": format!("/{name}")}));
    asking["spec"]["containers"][0]["volumeMounts"] = json!(mounts);
    world.create(asking).expect("created");
    world.run_seconds(10);
    let said = world.log("asking");
    let said: Vec<&str> = said.lines().collect();
    assert_eq!(
        said,
        [
            "uid=1000 gid=3000 groups=3000,2000",
            "/data 2777 0 2000",
            "/data/f 644 1000 2000",
            "/memory 3777 0 2000",
            "/host 755 0 0",
            "/words 2777 0 2000",
            "/words/..data/a 440 0 2000",
            "b",
        ]
    );
}

/// A kuard on node-2, behind a service with this policy.
fn behind(policy: &str) -> super::World {
    let world = world(2);
    let mut server = on_node("web", "node-2");
    server["metadata"]["labels"] = json!({"app": "web"});
    server["spec"]["containers"][0] =
        json!({"name": "c", "image": "gcr.io/kuar-demo/kuard-amd64:blue"});
    world.create(server).expect("created");
    let mut spec = json!({"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080, "nodePort": 30080}]});
    spec[policy] = "Local".into();
    let service =
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec});
    world.create(service).expect("created");
    world.run_seconds(20);
    world
}

fn text(object: &Value, path: &[&str]) -> String {
    view::text(object, path).to_string()
}

#[test]
fn a_service_that_stays_on_the_node_is_silent_where_nobody_serves() {
    let world = behind("internalTrafficPolicy");
    let service = world.get(crate::cluster::resource("", "services"), "web");
    let ip = text(&service.expect("it is there"), &["spec", "clusterIP"]);
    let asking = |node: &str| {
        let name = format!("on-{node}");
        let mut asking = on_node(&name, node);
        let script = format!("wget -q -T 5 -O - http://{ip}/healthy; echo $?");
        asking["spec"]["containers"][0]["command"] = json!(["sh", "-c", script]);
        asking["spec"]["restartPolicy"] = "Never".into();
        world.create(asking).expect("created");
        world.run_seconds(20);
        world.log(&name)
    };
    assert_eq!(asking("node-2"), "ok0\n");
    let far = asking("node-1");
    assert!(far.ends_with("1\n") && !far.contains("ok"), "{far}");
}

#[test]
fn from_outside_a_local_node_port_answers_where_a_pod_is() {
    let world = behind("externalTrafficPolicy");
    let to = |node: &str| {
        let kubelet = world.cluster.kubelet(node).expect("a node");
        let ip: IpAddr = kubelet.address().parse().expect("an address");
        SocketAddr::new(ip, 30080)
    };
    let route = |from: &str, node: &str| {
        let from = from.parse().expect("an address");
        crate::network::route(&world.cluster, from, to(node), Protocol::Tcp)
    };
    let serving: IpAddr = text(&world.pod("web"), &["status", "podIP"])
        .parse()
        .expect("an address");
    let serving = Route::To(SocketAddr::new(serving, 8080));
    let outside = "203.0.113.7";
    assert_eq!(route(outside, "node-2"), serving);
    assert_eq!(route(outside, "node-1"), Route::Dropped);
    // For the cluster's own pods the policy is another.
    assert_eq!(route("10.244.0.77", "node-1"), serving);
}

#[test]
fn many_processes_are_no_pressure() {
    let world = world(1);
    let script = "for n in $(seq 200); do sleep 1000 & done; wait";
    let busy = pod(
        "busy",
        json!({"image": "busybox:1.36", "command": ["sh", "-c", script]}),
    );
    world.create(busy).expect("created");
    world.run_seconds(60);
    let node = world.node("node-1");
    assert_eq!(
        condition(&node, "PIDPressure"),
        "False KubeletHasSufficientPID"
    );
    assert_eq!(world.state("busy"), "running  ");
}
