//! Pods that write more than they may, nodes that are short of memory or disk, and who has to go then.

use objects::Verb;
use serde_json::{Value, json};

use super::faults::fault;
use super::nodes::{condition, sleeper, taints, world};
use super::{World, pod};
use crate::cluster::resource;
use crate::view;

/// Writes so many MiB to a file, and waits.
fn writer(path: &str, mebibytes: u32) -> Value {
    let script = format!("dd if=/dev/zero of={path} bs=1M count={mebibytes} && sleep 100000");
    json!({"image": "busybox:1.36", "command": ["sh", "-c", script]})
}

/// Takes so much memory and keeps it.
fn eater(mebibytes: u32, request: &str) -> Value {
    let bytes = format!("{mebibytes}M");
    let mut container = json!({"image": "polinux/stress", "command": ["stress"],
        "args": ["--vm", "1", "--vm-bytes", bytes, "--vm-keep"]});
    if !request.is_empty() {
        container["resources"] = json!({"requests": {"memory": request}});
    }
    container
}

impl World {
    /// Phase, reason and message.
    fn end(&self, name: &str) -> [String; 3] {
        let pod = self.pod(name);
        ["phase", "reason", "message"].map(|m| view::text(&pod, &["status", m]).to_string())
    }
}

#[test]
fn a_pod_that_writes_more_than_it_may_goes() {
    let world = world(1);
    let mut greedy = writer("/tmp/big", 20);
    greedy["resources"] = json!({"limits": {"ephemeral-storage": "10Mi"}});
    world.create(pod("greedy", greedy)).expect("created");
    let mut modest = writer("/tmp/small", 5);
    modest["resources"] = json!({"limits": {"ephemeral-storage": "10Mi"}});
    world.create(pod("modest", modest)).expect("created");
    world.run_seconds(30);
    let message = "Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. ";
    assert_eq!(world.end("greedy"), ["Failed", "Evicted", message]);
    let greedy = world.pod("greedy");
    assert_eq!(
        condition(&greedy, "DisruptionTarget"),
        "True TerminationByKubelet"
    );
    let ended = view::at(
        &greedy,
        &["status", "containerStatuses", "0", "state", "terminated"],
    );
    assert_eq!(view::int(ended, &["exitCode"]), Some(137), "{greedy:#}");
    let events = world.events("greedy");
    assert!(events.contains(&format!("Evicted {message}")), "{events:?}");
    assert!(events.contains(&"Killing Stopping container c".to_string()));
    assert_eq!(world.state("modest"), "running  ");
    // What it has left behind is collected, its log too.
    assert!(world.log("greedy").contains("20+0 records out"));
    world.run_seconds(70);
    let id = view::text(
        &greedy,
        &["status", "containerStatuses", "0", "containerID"],
    );
    assert_eq!(
        world.log("greedy"),
        format!("unable to retrieve container logs for {id}")
    );
    assert_eq!(
        condition(&world.node("node-1"), "DiskPressure"),
        "False KubeletHasNoDiskPressure"
    );
}

#[test]
fn an_empty_dir_has_its_own_limit() {
    let world = world(1);
    let mut filling = pod("filling", writer("/data/big", 3));
    filling["spec"]["volumes"] = json!([{"name": "data", "emptyDir": {"sizeLimit": "1Mi"}}]);
    filling["spec"]["containers"][0]["volumeMounts"] =
        json!([{"name": "data", "mountPath": "/data"}]);
    world.create(filling).expect("created");
    world.run_seconds(30);
    let message = "Usage of EmptyDir volume \"data\" exceeds the limit \"1Mi\". ";
    assert_eq!(world.end("filling"), ["Failed", "Evicted", message]);
}

#[test]
fn a_node_short_of_memory_lets_the_greediest_go() {
    let world = world(1);
    world.create(pod("calm", sleeper())).expect("created");
    world
        .create(pod("asked", eater(1000, "1Gi")))
        .expect("created");
    world.run_seconds(20);
    world
        .create(pod("greedy", eater(2380, "")))
        .expect("created");
    world.run_seconds(25);
    let [phase, reason, message] = world.end("greedy");
    assert_eq!([phase.as_str(), reason.as_str()], ["Failed", "Evicted"]);
    let head = "The node was low on resource: memory. Threshold quantity: 100Mi, available: ";
    assert!(message.starts_with(head), "{message}");
    assert!(
        message.ends_with(", request is 0, has larger consumption of memory. "),
        "{message}"
    );
    assert_eq!(
        (world.state("calm").as_str(), world.state("asked").as_str()),
        ("running  ", "running  ")
    );
    let node = world.node("node-1");
    assert_eq!(
        condition(&node, "MemoryPressure"),
        "True KubeletHasInsufficientMemory"
    );
    assert_eq!(
        taints(&node),
        ["node.kubernetes.io/memory-pressure:NoSchedule"]
    );
    let events = world.events("node-1");
    for told in [
        "EvictionThresholdMet Attempting to reclaim memory",
        "NodeHasInsufficientMemory Node node-1 status is now: NodeHasInsufficientMemory",
    ] {
        assert!(events.contains(&told.to_string()), "{events:?}");
    }
    // Whoever asks for nothing is not taken, even past the scheduler.
    let mut late = pod("late", sleeper());
    late["spec"]["nodeName"] = "node-1".into();
    world.create(late).expect("created");
    world.run_seconds(5);
    let message = "Pod was rejected: The node had condition: [MemoryPressure]. ";
    assert_eq!(world.end("late"), ["Failed", "Evicted", message]);
    world.run_seconds(310);
    let node = world.node("node-1");
    assert_eq!(
        condition(&node, "MemoryPressure"),
        "False KubeletHasSufficientMemory"
    );
    assert!(taints(&node).is_empty());
}

#[test]
fn a_full_disk_takes_images_and_then_pods() {
    let world = world(1);
    world.create(pod("first", sleeper())).expect("created");
    world
        .create(pod("web", json!({"image": "nginx"})))
        .expect("created");
    world.run_seconds(30);
    let mut request = world.request(Verb::Delete, resource("", "pods"), "default", "web");
    request.options.grace_period_seconds = Some(0);
    world.cluster.request(&request).expect("deleted");
    world.run_seconds(10);
    world.fault(fault(
        json!({"id": "disk", "node": "node-1", "percent": 88}),
    ));
    world.run_seconds(25);
    let [phase, reason, message] = world.end("first");
    assert_eq!([phase.as_str(), reason.as_str()], ["Failed", "Evicted"]);
    let head = "The node was low on resource: ephemeral-storage. Threshold quantity: ";
    assert!(message.starts_with(head), "{message}");
    let node = world.node("node-1");
    assert_eq!(
        condition(&node, "DiskPressure"),
        "True KubeletHasDiskPressure"
    );
    world
        .create(pod("second", json!({"image": "nginx"})))
        .expect("created");
    world.run_seconds(5);
    let scheduled = condition(&world.pod("second"), "PodScheduled");
    assert_eq!(scheduled, "False Unschedulable");
    world.fault(fault(json!({"id": "disk", "node": "node-1", "percent": 0})));
    world.run_seconds(330);
    assert_eq!(world.state("second"), "running  ");
    let pulls = world.events("second").join("\n");
    assert!(
        pulls.contains("Successfully pulled image"),
        "the image was collected: {pulls}"
    );
}

#[test]
fn nobody_looks_while_nothing_is_written() {
    let world = world(1);
    world.create(pod("calm", sleeper())).expect("created");
    world.run_seconds(30);
    let next = world.executor.next_timer();
    let hour = world.executor.now() + machine::Duration::from_secs(3600);
    assert!(
        next.is_none_or(|at| at > hour),
        "something wakes at {next:?}"
    );
}
