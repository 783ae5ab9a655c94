//! Things that are done to the machines: what the pods feel of it, and that it can be mended.

use objects::meta;
use serde_json::{Value, json};

use super::nodes::{condition, on_node, power, sleeper, taints, world};
use super::{World, pod, pods::read_all};
use crate::cluster::{pods, resource};
use crate::{Fault, Health, LogQuery, view};

pub(super) fn fault(value: Value) -> Fault {
    serde_json::from_value(value).expect("a fault")
}

impl World {
    fn refused(&self, value: Value) -> String {
        self.cluster
            .fault(&fault(value))
            .expect_err("it cannot happen")
    }

    /// State, reason and message of the only container.
    pub(super) fn state(&self, pod: &str) -> String {
        let pod = self.pod(pod);
        let status = view::at(&pod, &["status", "containerStatuses", "0"]);
        let (kind, state) = view::members(status, &["state"]).next().expect("a state");
        let text = |member: &str| view::text(state, &[member]).to_string();
        format!("{kind} {} {}", text("reason"), text("message"))
    }

    fn restarts(&self, pod: &str) -> i64 {
        let path = ["status", "containerStatuses", "0", "restartCount"];
        view::int(&self.pod(pod), &path).unwrap_or(0)
    }

    pub(super) fn log(&self, pod: &str) -> String {
        let query = LogQuery {
            namespace: "default".into(),
            pod: pod.into(),
            ..LogQuery::default()
        };
        let reader = self.cluster.logs(&query).expect("a log");
        read_all(self, &reader)
    }
}

#[test]
fn a_registry_that_is_gone_is_told_and_tried_again() {
    let world = world(1);
    world.fault(fault(
        json!({"id": "registry", "host": "docker.io", "state": "gone"}),
    ));
    world.create(pod("web", sleeper())).expect("created");
    world.run_seconds(36);
    let state = world.state("web");
    let head = "failed to pull and unpack image \"docker.io/library/busybox:1.36\": failed to resolve reference \
                \"docker.io/library/busybox:1.36\": failed to do request: Head \
                \"https://registry-1.docker.io/v2/library/busybox/manifests/1.36\": dial tcp ";
    assert!(
        state.starts_with(&format!("waiting ErrImagePull {head}")),
        "{state}"
    );
    assert!(state.ends_with(":443: i/o timeout"), "{state}");
    world.run_seconds(14);
    let state = world.state("web");
    let told = "waiting ImagePullBackOff Back-off pulling image \"busybox:1.36\": ErrImagePull: failed to pull";
    assert!(state.starts_with(told), "{state}");
    world.fault(fault(
        json!({"id": "registry", "host": "docker.io", "state": "there"}),
    ));
    world.run_seconds(60);
    assert_eq!(world.state("web"), "running  ");
    assert!(world.cluster.faults().is_empty());
}

#[test]
fn a_slow_registry_takes_its_time() {
    let world = world(1);
    let took = |name: &str, image: &str| {
        let container = json!({"image": image, "command": ["sleep", "1000"]});
        world.create(pod(name, container)).expect("created");
        let mut seconds = 0;
        while !world.events(name).iter().any(|e| e.starts_with("Started ")) {
            world.run_seconds(1);
            seconds += 1;
        }
        seconds
    };
    let usual = took("first", "busybox:1.36");
    world.fault(fault(json!({"id": "registry", "state": "slow"})));
    let slow = took("second", "alpine:3.20");
    assert!(slow > 3 * usual, "{slow} s after {usual} s");
}

#[test]
fn without_dns_names_are_not_found_and_addresses_are() {
    let world = world(1);
    let script = "nslookup kubernetes.default.svc.cluster.local >/dev/null 2>&1; echo $?; nc -z -w 2 $KUBERNETES_SERVICE_HOST 443; echo $?";
    let asking = |name: &str| {
        let mut asking = pod(
            name,
            json!({"image": "busybox:1.36", "command": ["sh", "-c", script]}),
        );
        asking["spec"]["restartPolicy"] = "Never".into();
        world.create(asking).expect("created");
        world.run_seconds(40);
        world.log(name)
    };
    assert_eq!(asking("well").lines().next(), Some("0"));
    world.fault(fault(json!({"id": "dns", "state": "gone"})));
    assert_eq!(asking("deaf").lines().next(), Some("1"));
    world.fault(fault(json!({"id": "dns", "state": "there"})));
    assert_eq!(asking("again").lines().next(), Some("0"));
}

/// kuard with a liveness probe of two seconds.
fn watched(name: &str) -> Value {
    let probe = json!({"httpGet": {"path": "/healthy", "port": 8080}, "periodSeconds": 2, "failureThreshold": 2});
    pod(
        name,
        json!({"image": "gcr.io/kuar-demo/kuard-amd64:blue", "livenessProbe": probe}),
    )
}

#[test]
fn a_program_that_hangs_is_found_by_its_probe() {
    let world = world(1);
    world.create(watched("web")).expect("created");
    world.run_seconds(20);
    assert_eq!(world.restarts("web"), 0);
    let hang = json!({"id": "hang", "namespace": "default", "pod": "web", "hangs": true});
    world.fault(fault(hang.clone()));
    let standing = world.cluster.faults();
    assert!(
        matches!(&standing[..], [Fault::Hang { container, .. }] if container == "c"),
        "{standing:?}"
    );
    world.run_seconds(60);
    assert_eq!(world.restarts("web"), 1, "{:?}", world.events("web"));
    let events = world.events("web");
    assert!(
        events.iter().any(|e| e.ends_with(
            "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        )),
        "{events:?}"
    );
    assert_eq!(condition(&world.pod("web"), "Ready"), "True ");
    assert!(world.cluster.faults().is_empty(), "the new one is well");
    // It can hang again, and wake up by itself.
    world.fault(fault(hang.clone()));
    assert_eq!(world.cluster.faults().len(), 1);
    let mut mend = hang;
    mend["hangs"] = false.into();
    world.fault(fault(mend));
    world.run_seconds(20);
    assert_eq!(world.restarts("web"), 1);
}

#[test]
fn a_program_that_leaks_is_killed_at_its_limit_again_and_again() {
    let world = world(1);
    let mut leaky = sleeper();
    leaky["resources"] = json!({"limits": {"memory": "64Mi"}});
    world.create(pod("web", leaky)).expect("created");
    world.run_seconds(10);
    let leak = json!({"id": "leak", "namespace": "default", "pod": "web", "rate": "16Mi"});
    world.fault(fault(leak.clone()));
    world.run_seconds(30);
    let last = view::at(
        &world.pod("web"),
        &["status", "containerStatuses", "0", "lastState"],
    )
    .clone();
    assert_eq!(last["terminated"]["reason"], "OOMKilled", "{last:#}");
    let before = world.restarts("web");
    world.run_seconds(60);
    assert!(world.restarts("web") > before, "the new one leaks too");
    let mut mend = leak;
    mend["rate"] = "0".into();
    world.fault(fault(mend));
    world.run_seconds(400);
    let after = world.restarts("web");
    world.run_seconds(60);
    assert_eq!(
        (world.restarts("web"), world.state("web").as_str()),
        (after, "running  ")
    );
}

#[test]
fn a_node_that_joins_takes_what_had_no_room() {
    let world = world(1);
    let mut big = sleeper();
    big["resources"] = json!({"requests": {"cpu": "3"}});
    world.create(pod("big", big)).expect("created");
    world.run_seconds(5);
    assert!(condition(&world.pod("big"), "PodScheduled").starts_with("False"));
    world.fault(fault(json!({"id": "addNode", "cpu": "4", "memory": "8Gi"})));
    let node = world.node("node-2");
    assert_eq!(condition(&node, "Ready"), "False KubeletNotReady");
    world.run_seconds(2);
    assert_eq!(
        taints(&world.node("node-2")),
        [
            "node.kubernetes.io/not-ready:NoSchedule",
            "node.kubernetes.io/not-ready:NoExecute"
        ]
    );
    world.run_seconds(30);
    let node = world.node("node-2");
    assert_eq!(condition(&node, "Ready"), "True KubeletReady");
    assert!(taints(&node).is_empty());
    let big = world.pod("big");
    assert_eq!(view::text(&big, &["spec", "nodeName"]), "node-2");
    assert_eq!(view::text(&big, &["status", "phase"]), "Running");
    assert!(view::text(&big, &["status", "podIP"]).starts_with("10.244.1."));
    let events = world.events("node-2").join("\n");
    for told in [
        "Starting Starting kubelet.",
        "NodeReady Node node-2 status is now: NodeReady",
        "RegisteredNode Node node-2 event: Registered Node node-2 in Controller",
    ] {
        assert!(events.contains(told), "{events}");
    }
    let twice = world.refused(json!({"id": "addNode", "node": "node-2"}));
    assert_eq!(twice, "there is a node \"node-2\" already");
    let none = world.refused(json!({"id": "addNode", "cpu": "lots"}));
    assert_eq!(none, "\"lots\" is no quantity of cpu");
}

#[test]
fn a_node_that_is_removed_takes_its_pods_along() {
    let world = world(2);
    world.create(on_node("web", "node-2")).expect("created");
    world.run_seconds(20);
    world.fault(fault(json!({"id": "removeNode", "node": "node-2"})));
    assert!(world.get(resource("", "nodes"), "node-2").is_none());
    assert_eq!(
        world.refused(json!({"id": "node", "node": "node-2", "state": "slow"})),
        "there is no node \"node-2\""
    );
    world.run_seconds(120);
    assert!(world.get(pods(), "web").is_none(), "podgc takes orphans");
    let text = "RemovingNode Node node-2 event: Removing Node node-2 from Controller";
    assert!(world.events("node-2").contains(&text.to_string()));
    world.fault(fault(json!({"id": "addNode"})));
    world.run_seconds(20);
    world.create(on_node("web", "node-2")).expect("created");
    world.run_seconds(20);
    assert_eq!(world.state("web"), "running  ");
}

#[test]
fn on_an_overloaded_node_everything_takes_its_time() {
    let world = world(1);
    world.create(watched("calm")).expect("created");
    world.run_seconds(30);
    assert_eq!(world.restarts("calm"), 0);
    world.fault(power("node-1", Health::Slow));
    world.run_seconds(120);
    let events = world.events("calm");
    assert!(
        events.iter().any(|e| e.starts_with("Unhealthy Liveness")),
        "some probes come too late: {events:?}"
    );
    world.fault(power("node-1", Health::There));
    world.run_seconds(10);
    let before = world.restarts("calm");
    world.run_seconds(60);
    assert_eq!(world.restarts("calm"), before);
    assert!(!meta::is_deleting(&world.pod("calm")));
}

#[test]
fn a_node_without_network_goes_on_and_tells_later() {
    let world = world(2);
    world.create(on_node("near", "node-1")).expect("created");
    let mut far = on_node("far", "node-2");
    far["spec"]["containers"][0]["command"] = json!(["sh", "-c", "sleep 100; echo died; exit 3"]);
    world.create(far).expect("created");
    world.run_seconds(20);
    world.fault(fault(
        json!({"id": "network", "node": "node-2", "state": "gone"}),
    ));
    world.run_seconds(60);
    assert_eq!(
        condition(&world.node("node-2"), "Ready"),
        "Unknown NodeStatusUnknown"
    );
    assert_eq!(condition(&world.pod("far"), "Ready"), "False ");
    let query = LogQuery {
        namespace: "default".into(),
        pod: "far".into(),
        ..LogQuery::default()
    };
    let refused = world
        .cluster
        .logs(&query)
        .map(drop)
        .expect_err("no way there");
    assert!(
        refused.message.ends_with("connect: no route to host"),
        "{}",
        refused.message
    );
    // Its program ends and is started anew meanwhile, and nobody hears of it.
    world.run_seconds(60);
    assert_eq!(world.restarts("far"), 0);
    world.fault(fault(
        json!({"id": "network", "node": "node-2", "state": "there"}),
    ));
    world.run_seconds(5);
    assert_eq!(
        condition(&world.node("node-2"), "Ready"),
        "True KubeletReady"
    );
    assert!(taints(&world.node("node-2")).is_empty());
    assert_eq!(
        world.restarts("far"),
        1,
        "the same pod, not started anew by a boot"
    );
    assert_eq!(condition(&world.pod("far"), "Ready"), "True ");
    assert_eq!(world.restarts("near"), 0);
}

#[test]
fn what_is_deleted_from_a_node_without_network_ends_when_it_is_back() {
    let world = world(2);
    world.create(on_node("far", "node-2")).expect("created");
    world.create(on_node("forced", "node-2")).expect("created");
    world.run_seconds(20);
    world.fault(fault(
        json!({"id": "network", "node": "node-2", "state": "gone"}),
    ));
    world.run_seconds(5);
    world.delete(pods(), "far").expect("deleted");
    let mut request = world.request(objects::Verb::Delete, pods(), "default", "forced");
    request.options.grace_period_seconds = Some(0);
    world.cluster.request(&request).expect("deleted");
    world.run_seconds(50);
    assert!(meta::is_deleting(&world.pod("far")), "nobody ends it");
    assert!(world.get(pods(), "forced").is_none());
    world.fault(fault(
        json!({"id": "network", "node": "node-2", "state": "there"}),
    ));
    world.run_seconds(40);
    assert!(world.get(pods(), "far").is_none());
    world.create(on_node("forced", "node-2")).expect("created");
    world.run_seconds(20);
    assert_eq!(world.state("forced"), "running  ");
}

#[test]
fn over_a_cut_network_pods_do_not_reach_each_other() {
    let world = world(2);
    let server = json!({"image": "gcr.io/kuar-demo/kuard-amd64:blue"});
    let mut web = pod("web", server);
    web["spec"]["nodeName"] = "node-2".into();
    world.create(web).expect("created");
    world.run_seconds(20);
    let ip = view::text(&world.pod("web"), &["status", "podIP"]).to_string();
    let asking = |name: &str| {
        let mut asking = on_node(name, "node-1");
        let script = format!("wget -q -T 10 -O - http://{ip}:8080/healthy; echo $?");
        asking["spec"]["containers"][0]["command"] = json!(["sh", "-c", script]);
        asking["spec"]["restartPolicy"] = "Never".into();
        world.create(asking).expect("created");
        world.run_seconds(30);
        world.log(name)
    };
    assert_eq!(asking("well"), "ok0\n");
    world.fault(fault(
        json!({"id": "network", "node": "node-2", "state": "gone"}),
    ));
    let cut = asking("cut");
    assert!(cut.ends_with("1\n"), "{cut}");
    world.fault(fault(
        json!({"id": "network", "node": "node-2", "state": "slow"}),
    ));
    assert_eq!(asking("slow"), "ok0\n");
}
