//! Nodes that stop and come back, and pods that have to leave: taints, preemption, budgets, quotas, file servers.

use machine::Duration;
use objects::{Object, Verb, meta};
use serde_json::{Value, json};

use super::{World, pod};
use crate::cluster::{pods, resource};
use crate::{ClusterSpec, Fault, Health, NodeSpec, view};

pub(super) fn world(nodes: u8) -> World {
    World::whole(ClusterSpec {
        nodes: (1..=nodes).map(NodeSpec::numbered).collect(),
        ..ClusterSpec::default()
    })
}

pub(super) fn sleeper() -> Value {
    json!({"image": "busybox:1.36", "command": ["sleep", "100000"]})
}

pub(super) fn on_node(name: &str, node: &str) -> Value {
    let mut pod = pod(name, sleeper());
    pod["spec"]["nodeName"] = node.into();
    pod
}

pub(super) fn condition(object: &Object, kind: &str) -> String {
    let all = view::list(object, &["status", "conditions"]);
    let found = all.iter().find(|c| c["type"] == kind);
    found.map_or_else(String::new, |c| {
        format!(
            "{} {}",
            view::text(c, &["status"]),
            view::text(c, &["reason"])
        )
    })
}

pub(super) fn taints(node: &Object) -> Vec<String> {
    view::list(node, &["spec", "taints"])
        .iter()
        .map(|t| format!("{}:{}", view::text(t, &["key"]), view::text(t, &["effect"])))
        .collect()
}

impl World {
    pub(super) fn node(&self, name: &str) -> Object {
        self.get(resource("", "nodes"), name).expect("a node")
    }

    pub(super) fn fault(&self, fault: Fault) {
        self.cluster.fault(&fault).expect("it can happen");
    }

    pub(super) fn run_seconds(&self, seconds: u64) {
        for _ in 0..seconds {
            self.run_ms(1000);
        }
    }
}

pub(super) fn power(node: &str, state: Health) -> Fault {
    let node = node.into();
    Fault::Node { node, state }
}

fn stop(name: &str) -> Fault {
    power(name, Health::Gone)
}

#[test]
fn a_stopped_node_is_noticed_and_its_pods_leave_after_their_patience() {
    let world = world(2);
    world.create(on_node("web", "node-2")).expect("created");
    world.run_seconds(20);
    assert_eq!(condition(&world.pod("web"), "Ready"), "True ");
    world.fault(stop("node-2"));
    world.run_seconds(35);
    assert_eq!(
        condition(&world.node("node-2"), "Ready"),
        "True KubeletReady"
    );
    world.run_seconds(20);
    let node = world.node("node-2");
    assert_eq!(condition(&node, "Ready"), "Unknown NodeStatusUnknown");
    assert_eq!(
        taints(&node),
        [
            "node.kubernetes.io/unreachable:NoSchedule",
            "node.kubernetes.io/unreachable:NoExecute"
        ]
    );
    let web = world.pod("web");
    assert_eq!(condition(&web, "Ready"), "False ");
    assert!(!meta::is_deleting(&web), "patience is five minutes");
    assert!(
        world
            .events("web")
            .contains(&"NodeNotReady Node is not ready".to_string())
    );
    world.run_seconds(300);
    let web = world.pod("web");
    assert!(meta::is_deleting(&web), "{web:#}");
    assert_eq!(
        condition(&web, "DisruptionTarget"),
        "True DeletionByTaintManager"
    );
    let told = "TaintManagerEviction Marking for deletion Pod default/web".to_string();
    assert!(world.events("web").contains(&told));
    world.run_seconds(60);
    assert!(
        world.get(pods(), "web").is_some(),
        "nobody is there to end it"
    );
    world.fault(power("node-2", Health::There));
    world.run_seconds(40);
    assert!(world.get(pods(), "web").is_none());
    assert!(taints(&world.node("node-2")).is_empty());
}

#[test]
fn a_node_that_comes_back_starts_its_pods_again() {
    let world = world(1);
    world.create(on_node("web", "node-1")).expect("created");
    world.run_seconds(20);
    world.fault(stop("node-1"));
    world.run_seconds(70);
    world.fault(power("node-1", Health::There));
    world.run_seconds(10);
    let web = world.pod("web");
    let status = view::at(&web, &["status", "containerStatuses", "0"]);
    assert_eq!(view::int(status, &["restartCount"]), Some(1), "{web:#}");
    let last = view::at(status, &["lastState", "terminated"]);
    assert_eq!(
        (
            view::text(last, &["reason"]),
            view::int(last, &["exitCode"])
        ),
        ("Unknown", Some(255))
    );
    assert_eq!(condition(&web, "Ready"), "True ");
    let events = world.events("web");
    assert!(
        events.iter().any(|e| e.starts_with("SandboxChanged ")),
        "{events:?}"
    );
    assert!(
        events
            .iter()
            .any(|e| e.contains("Cancelling deletion of Pod default/web")),
        "{events:?}"
    );
    assert_eq!(
        condition(&world.node("node-1"), "Ready"),
        "True KubeletReady"
    );
}

#[test]
fn heartbeats_are_seen_and_not_written() {
    let world = world(1);
    let leases = resource("coordination.k8s.io", "leases");
    let renewed = || {
        let mut request = world.request(Verb::Get, leases, "kube-node-lease", "node-1");
        request.user_agent = "test".into();
        let lease = world.cluster.request(&request).expect("a lease").object;
        objects::time::parse_nanos(view::text(&lease, &["spec", "renewTime"])).expect("a time")
    };
    world.run_seconds(60);
    let (revision, first) = (world.cluster.revision(), renewed());
    world.run_seconds(60);
    assert_eq!(
        world.cluster.revision(),
        revision,
        "an idle cluster writes nothing"
    );
    assert_eq!(renewed() - first, 60_000_000_000);
    assert!(world.executor.now().0 - renewed() <= Duration::from_secs(10).as_nanos() as i64);
}

#[test]
fn cordon_taints() {
    let world = world(1);
    let nodes = resource("", "nodes");
    world.cluster.amend(nodes, &world.node("node-1"), |n| {
        view::set(n, &["spec", "unschedulable"], true)
    });
    world.run_ms(10);
    assert_eq!(
        taints(&world.node("node-1")),
        ["node.kubernetes.io/unschedulable:NoSchedule"]
    );
}

fn asking(name: &str, cpu: &str, class: &str) -> Value {
    let mut container = sleeper();
    container["resources"] = json!({"requests": {"cpu": cpu}});
    let mut pod = pod(name, container);
    if !class.is_empty() {
        pod["spec"]["priorityClassName"] = class.into();
    }
    pod["spec"]["terminationGracePeriodSeconds"] = 1.into();
    pod
}

#[test]
fn a_pod_of_higher_priority_takes_the_place_of_the_least() {
    let world = world(1);
    for (name, value) in [("low", 10), ("high", 1000)] {
        world
            .create(json!({"kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1", "metadata": {"name": name}, "value": value}))
            .expect("a class");
    }
    world
        .create(asking("small", "500m", "low"))
        .expect("created");
    world.create(asking("none", "1", "")).expect("created");
    world.run_seconds(20);
    world
        .create(asking("vip", "1500m", "high"))
        .expect("created");
    world.run_ms(50);
    let vip = world.pod("vip");
    assert_eq!(view::text(&vip, &["status", "nominatedNodeName"]), "node-1");
    assert!(meta::is_deleting(&world.pod("none")), "the least goes");
    assert!(!meta::is_deleting(&world.pod("small")), "one is enough");
    let told = format!(
        "Preempted Preempted by pod {} on node node-1",
        meta::uid(&vip)
    );
    assert!(
        world.events("none").contains(&told),
        "{:?}",
        world.events("none")
    );
    assert_eq!(
        condition(&world.pod("none"), "DisruptionTarget"),
        "True PreemptionByScheduler"
    );
    assert_eq!(
        world.events("vip"),
        ["FailedScheduling 0/1 nodes are available: 1 Insufficient cpu."]
    );
    world.run_seconds(20);
    assert_eq!(
        view::text(&world.pod("vip"), &["status", "phase"]),
        "Running"
    );
}

#[test]
fn a_budget_says_how_many_pods_may_go() {
    let world = world(1);
    let labelled = |name: &str| {
        let mut pod = pod(name, sleeper());
        pod["metadata"]["labels"] = json!({"app": "web"});
        pod
    };
    for name in ["a", "b"] {
        world.create(labelled(name)).expect("created");
    }
    world
        .create(json!({"kind": "PodDisruptionBudget", "apiVersion": "policy/v1", "metadata": {"name": "web"},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}}))
        .expect("a budget");
    world.run_seconds(20);
    let budget = || {
        world
            .get(resource("policy", "poddisruptionbudgets"), "web")
            .expect("there")
    };
    let number = |member: &str| view::int(&budget(), &["status", member]);
    assert_eq!(
        [
            "currentHealthy",
            "desiredHealthy",
            "disruptionsAllowed",
            "expectedPods"
        ]
        .map(number),
        [Some(2), Some(1), Some(1), Some(2)]
    );
    assert_eq!(
        condition(&budget(), "DisruptionAllowed"),
        "True SufficientPods"
    );
    let evict = |name: &str| {
        let mut request = world.request(Verb::Create, pods(), "default", name);
        request.subresource = "eviction".into();
        request.body = objects::Body::Object(
            json!({"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": name}}),
        );
        world.cluster.request(&request).map(|a| a.code)
    };
    assert_eq!(evict("a").expect("allowed"), 201);
    let refused = evict("b").expect_err("the budget is used up");
    assert_eq!(refused.code, 429);
    assert_eq!(
        condition(&world.pod("a"), "DisruptionTarget"),
        "True EvictionByEvictionAPI"
    );
}

#[test]
fn a_quota_tells_what_is_used_and_what_has_to_be_said() {
    let world = world(1);
    world
        .create(
            json!({"kind": "ResourceQuota", "apiVersion": "v1", "metadata": {"name": "q"},
            "spec": {"hard": {"pods": "2", "requests.cpu": "1"}}}),
        )
        .expect("a quota");
    world.create(asking("a", "600m", "")).expect("created");
    world.run_ms(50);
    let quota = world
        .get(resource("", "resourcequotas"), "q")
        .expect("there");
    assert_eq!(
        quota["status"]["used"],
        json!({"pods": "1", "requests.cpu": "600m"})
    );
    let over = world.create(asking("b", "600m", "")).expect_err("too much");
    assert_eq!(
        over.message,
        "pods \"b\" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1"
    );
    let silent = world.create(pod("c", sleeper())).expect_err("says nothing");
    assert_eq!(
        silent.message,
        "pods \"c\" is forbidden: failed quota: q: must specify requests.cpu for: c"
    );
}

#[test]
fn what_lies_on_a_file_server_is_there_from_every_node() {
    let world = world(2);
    let with_nfs = |name: &str, node: &str, script: &str| {
        let mut pod = on_node(name, node);
        pod["spec"]["volumes"] =
            json!([{"name": "shared", "nfs": {"server": "files.example", "path": "/data"}}]);
        pod["spec"]["containers"][0]["volumeMounts"] =
            json!([{"name": "shared", "mountPath": "/mnt"}]);
        pod["spec"]["containers"][0]["command"] = json!(["sh", "-c", script]);
        pod["spec"]["restartPolicy"] = "Never".into();
        pod
    };
    world
        .create(with_nfs("writer", "node-1", "echo kept > /mnt/x"))
        .expect("created");
    world.run_seconds(20);
    assert_eq!(
        view::text(&world.pod("writer"), &["status", "phase"]),
        "Succeeded"
    );
    world
        .create(with_nfs("reader", "node-2", "grep kept /mnt/x"))
        .expect("created");
    world.run_seconds(20);
    assert_eq!(
        view::text(&world.pod("reader"), &["status", "phase"]),
        "Succeeded"
    );
    let server = "files.example".to_string();
    world.fault(Fault::Nfs {
        server,
        state: Health::Gone,
    });
    world
        .create(with_nfs("late", "node-1", "true"))
        .expect("created");
    world.run_seconds(130);
    let events = world.events("late");
    assert!(
        events
            .iter()
            .any(|e| e.contains("mount.nfs: Connection timed out")),
        "{events:?}"
    );
}

#[test]
fn a_disk_of_a_server_is_one_pods_and_keeps_what_is_on_it() {
    let world = world(1);
    let with_disk = |name: &str, script: &str| {
        let mut pod = pod(name, sleeper());
        let disk =
            json!({"targetPortal": "10.0.2.15", "iqn": "iqn.2026-01.example:store", "lun": 0});
        pod["spec"]["volumes"] = json!([{"name": "disk", "iscsi": disk}]);
        pod["spec"]["containers"][0]["volumeMounts"] =
            json!([{"name": "disk", "mountPath": "/mnt"}]);
        pod["spec"]["containers"][0]["command"] = json!(["sh", "-c", script]);
        pod["spec"]["restartPolicy"] = "Never".into();
        pod
    };
    world
        .create(with_disk("writer", "echo kept > /mnt/x; sleep 60"))
        .expect("created");
    world.run_seconds(20);
    world
        .create(with_disk("reader", "grep kept /mnt/x"))
        .expect("created");
    world.run_seconds(5);
    let events = world.events("reader");
    assert!(
        events
            .iter()
            .any(|e| e.contains("1 node(s) had no available disk")),
        "{events:?}"
    );
    world.run_seconds(90);
    assert_eq!(
        view::text(&world.pod("reader"), &["status", "phase"]),
        "Succeeded"
    );
    world.fault(Fault::Iscsi {
        portal: "10.0.2.15:3260".into(),
        state: Health::Gone,
    });
    world.create(with_disk("late", "true")).expect("created");
    world.run_seconds(30);
    let events = world.events("late");
    let told = "FailedMount MountVolume.WaitForAttach failed for volume \"disk\" : failed to get any path for iscsi disk, last err seen:\n\
                iscsi: failed to sendtargets to portal 10.0.2.15:3260 output: iscsiadm: connect to 10.0.2.15 timed out\n";
    assert!(events.iter().any(|e| e.starts_with(told)), "{events:?}");
}
