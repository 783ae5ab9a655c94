//! What random lives have found (`server/host/tests/simulation`): each bug with a scene of its own.

use machine::Health;
use objects::{Body, Propagation, Verb, meta};
use serde_json::{Value, json};

use super::containers::resize;
use super::{World, pod};
use crate::cluster::{pods, resource};
use crate::store::{Change, ChangeKind};
use crate::{ClusterSpec, Fault, view};

fn world() -> World {
    World::whole(ClusterSpec::default())
}

/// Its node evicts, and takes nobody in.
fn world_on_a_full_disk() -> World {
    let world = world();
    let fault = Fault::Disk {
        node: "node-1".into(),
        percent: 97,
    };
    world.cluster.fault(&fault).expect("it can happen");
    world.run_ms(20_000);
    world
}

/// A ReplicaSet of two pods that name their node: no scheduler looks at them.
fn set_on_node_1() -> Value {
    let labels = json!({"app": "web"});
    let spec = json!({"nodeName": "node-1", "containers": [sh("sleep 1000")]});
    let spec = json!({"replicas": 2, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}});
    json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}, "spec": spec})
}

fn sh(script: &str) -> Value {
    json!({"name": "c", "image": "busybox:1.36", "command": ["sh", "-c", script]})
}

/// Seed 17: the data of a provisioned volume stayed on the node for ever.
#[test]
fn a_provisioned_volume_takes_its_data_with_it() {
    let world = world();
    let resources = json!({"requests": {"storage": "1Gi"}});
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": resources}});
    let claim = world.create(claim).expect("created");
    let mut writer = pod("writer", sh("echo kept > /data/log; sleep 1000"));
    writer["spec"]["containers"][0]["volumeMounts"] = json!([{"name": "d", "mountPath": "/data"}]);
    writer["spec"]["volumes"] =
        json!([{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]);
    world.create(writer).expect("created");
    world.run_ms(20_000);
    let path = format!("/var/lib/podschool/volumes/pvc-{}", meta::uid(&claim));
    let files = world.cluster.kubelet("node-1").expect("a node");
    let files = files.inside().files();
    assert_eq!(files.read(&format!("{path}/log")), Ok(b"kept\n".to_vec()));
    world.delete(pods(), "writer").expect("deleted");
    let claims = resource("", "persistentvolumeclaims");
    world.delete(claims, "data").expect("deleted");
    world.run_ms(60_000);
    assert!(files.stat(&path).is_err(), "the data is still there");
}

/// Seed 45: a StatefulSet took a pod with its labels for one of its own, whatever its name.
#[test]
fn a_stateful_set_leaves_strangers_alone() {
    let world = world();
    let labels = json!({"app": "db"});
    let mut stranger = pod("stranger", sh("sleep 1000"));
    stranger["metadata"]["labels"] = labels.clone();
    world.create(stranger).expect("created");
    let template =
        json!({"metadata": {"labels": labels}, "spec": {"containers": [sh("sleep 1000")]}});
    let spec = json!({"replicas": 1, "serviceName": "db", "selector": {"matchLabels": labels}, "template": template});
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": spec});
    world.create(set).expect("created");
    world.run_ms(20_000);
    let set = world.get(resource("apps", "statefulsets"), "db");
    let set = set.expect("the set");
    assert_eq!(view::int(&set, &["status", "replicas"]), Some(1), "{set:#}");
    let stranger = world.pod("stranger");
    assert!(meta::owner_references(&stranger).is_empty());
}

/// Seed 49: pods that a Job left behind waited for it for ever.
#[test]
fn pods_that_a_job_left_behind_can_be_deleted() {
    let world = world();
    let template = json!({"spec": {"restartPolicy": "Never", "containers": [sh("sleep 1000")]}});
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work"}, "spec": {"template": template}});
    world.create(job).expect("created");
    world.run_ms(10_000);
    let mut delete = world.request(Verb::Delete, resource("batch", "jobs"), "default", "work");
    delete.options.propagation = Some(Propagation::Orphan);
    world.cluster.request(&delete).expect("deleted");
    world.run_ms(5_000);
    let left = world.cluster.list(pods(), "default");
    assert_eq!(left.len(), 1, "it was left behind");
    world.delete(pods(), meta::name(&left[0])).expect("deleted");
    world.run_ms(60_000);
    assert!(world.cluster.list(pods(), "default").is_empty());
}

/// Seeds 130, 142, 154: whose pod was deleted at once while its image was being pulled kept the node's turn to pull for ever.
#[test]
fn a_pod_that_goes_while_its_image_comes_lets_the_next_one_pull() {
    let world = world();
    let of = |image: &str| json!({"name": "c", "image": image, "command": ["sleep", "1000"]});
    world
        .create(pod("hasty", of("alpine:3.20")))
        .expect("created");
    world.run_ms(500);
    let told = world.events("hasty").join("\n");
    assert!(told.ends_with("Pulling image \"alpine:3.20\""), "{told}");
    let mut delete = world.request(Verb::Delete, pods(), "default", "hasty");
    delete.options.grace_period_seconds = Some(0);
    world.cluster.request(&delete).expect("deleted");
    world
        .create(pod("next", of("busybox:1.36")))
        .expect("created");
    world.run_ms(20_000);
    let next = world.pod("next");
    assert_eq!(view::text(&next, &["status", "phase"]), "Running");
}

/// Seed 220: a node that stopped while the rest of a deleted pod was being ended kept its containers for ever.
#[test]
fn a_node_that_stops_has_no_containers_when_it_comes_back() {
    let world = world();
    let stubborn = sh("trap '' TERM; while :; do sleep 1; done");
    world.create(pod("stubborn", stubborn)).expect("created");
    world.run_ms(20_000);
    let mut delete = world.request(Verb::Delete, pods(), "default", "stubborn");
    delete.options.grace_period_seconds = Some(0);
    delete.body = Body::None;
    world.cluster.request(&delete).expect("deleted");
    world.run_ms(500);
    for state in [Health::Gone, Health::There] {
        let node = "node-1".into();
        let fault = Fault::Node { node, state };
        world.cluster.fault(&fault).expect("it can happen");
        world.run_ms(5_000);
    }
    world.run_ms(20_000);
    assert_eq!(world.cluster.held(), (0, 0));
}

/// Seed 613: a pod that its node refused after a boot told nothing any more of the containers that it had.
#[test]
fn a_pod_that_is_refused_after_a_boot_tells_of_its_containers() {
    let world = world();
    let missing = json!({"image": "no.such/image:1"});
    world.create(pod("web", missing)).expect("created");
    world.run_ms(20_000);
    let power = |state| Fault::Node {
        node: "node-1".into(),
        state,
    };
    world
        .cluster
        .fault(&power(Health::Gone))
        .expect("it can happen");
    world.run_ms(1_000);
    let picky = |p: &mut Value| p["spec"]["nodeSelector"] = json!({"disk": "ssd"});
    world.cluster.amend(pods(), &world.pod("web"), picky);
    world
        .cluster
        .fault(&power(Health::There))
        .expect("it can happen");
    world.run_ms(20_000);
    let pod = world.pod("web");
    assert_eq!(view::text(&pod, &["status", "reason"]), "NodeAffinity");
    let state = [
        "status",
        "containerStatuses",
        "0",
        "state",
        "terminated",
        "reason",
    ];
    assert_eq!(view::text(&pod, &state), "ContainerStatusUnknown");
}

/// Seed 1428: a DaemonSet with the name and the template of a StatefulSet did nothing, since the name of its revision was taken.
#[test]
fn two_sets_of_one_name_and_template_share_a_revision() {
    let world = world();
    let labels = json!({"app": "twin"});
    let template =
        json!({"metadata": {"labels": labels}, "spec": {"containers": [sh("sleep 1000")]}});
    for kind in ["StatefulSet", "DaemonSet"] {
        let mut spec = json!({"selector": {"matchLabels": labels}, "template": template});
        if kind == "StatefulSet" {
            spec["replicas"] = 0.into();
        }
        let set = json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "twin"}, "spec": spec});
        world.create(set).expect("created");
        world.run_ms(20_000);
    }
    let set = world.get(resource("apps", "daemonsets"), "twin");
    let set = set.expect("the set");
    assert_eq!(view::int(&set, &["status", "numberReady"]), Some(1));
    let revisions = world
        .cluster
        .list(resource("apps", "controllerrevisions"), "default");
    assert_eq!(revisions.len(), 1);
}

/// Seed 2, of disks that fill up: a ReplicaSet whose pods a full node refuses made new ones without end, hundreds in a second.
#[test]
fn pods_that_are_refused_are_replaced_at_a_bounded_pace() {
    let world = world_on_a_full_disk();
    world.create(set_on_node_1()).expect("created");
    world.run_ms(10_000);
    let all = world.cluster.list(pods(), "default");
    let refused = |p: &&objects::Object| view::text(p, &["status", "reason"]) == "Evicted";
    let refused = all.iter().filter(refused).count();
    assert!((20..=110).contains(&refused), "{refused} in ten seconds");
}

/// Seed 15, of disks that fill up: a DaemonSet replaced a pod that a full node refuses at once, again and again.
#[test]
fn daemons_that_fail_are_replaced_later_and_later() {
    let world = world_on_a_full_disk();
    let labels = json!({"app": "agent"});
    let template =
        json!({"metadata": {"labels": labels}, "spec": {"containers": [sh("sleep 1000")]}});
    let spec = json!({"selector": {"matchLabels": labels}, "template": template});
    let set = json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"}, "spec": spec});
    world.create(set).expect("created");
    world.run_ms(60_000);
    let killed = world.events("agent");
    let killed = killed.iter().filter(|e| e.starts_with("FailedDaemonPod "));
    // After 1, 2, 4, 8, 16 seconds; the last waits for its turn.
    assert!(
        (4..=7).contains(&killed.clone().count()),
        "{:?}",
        killed.collect::<Vec<_>>()
    );
}

/// Seeds 346 and 369: a ReplicaSet whose pods name a node with a taint that they do not tolerate made new ones without end, a hundred a second.
#[test]
fn pods_that_a_taint_throws_out_are_replaced_at_a_bounded_pace() {
    let world = world();
    let nodes = resource("", "nodes");
    let node = world.get(nodes, "node-1").expect("a node");
    let taint = json!([{"key": "work", "effect": "NoExecute"}]);
    world
        .cluster
        .amend(nodes, &node, |n| n["spec"]["taints"] = taint);
    let before = world.cluster.revision();
    world.create(set_on_node_1()).expect("created");
    world.run_ms(10_000);
    let made = |c: &Change| c.resource.plural == "pods" && c.kind == ChangeKind::Added;
    let all = world.cluster.changes_after(before).expect("all is known");
    let made = all.into_iter().filter(made).count();
    assert!((20..=110).contains(&made), "{made} in ten seconds");
}

/// Seed 369: thousands of lost pods went in one moment with their Deployment, more than the history holds.
#[test]
fn what_lost_its_owner_goes_at_the_pace_of_a_client() {
    let world = world_on_a_full_disk();
    world.create(set_on_node_1()).expect("created");
    world.run_ms(20_000);
    let left = || world.cluster.list(pods(), "default").len();
    let all = left();
    assert!(all > 100, "{all} pods were refused");
    let sets = resource("apps", "replicasets");
    world.delete(sets, "web").expect("deleted");
    world.run_ms(500);
    let at_once = all - left();
    assert!((20..=45).contains(&at_once), "{at_once} went at once");
    world.run_ms(30_000);
    assert_eq!(left(), 0);
}

/// Seed 346: of the pods that a taint had thrown off a node without power, which nobody can end, each change was
/// looked at with all the others; and when the node came back they ended in one moment.
#[test]
fn pods_of_a_node_that_was_away_end_at_the_pace_of_a_client() {
    let world = world();
    let power = |state| {
        let node = "node-1".into();
        let fault = Fault::Node { node, state };
        world.cluster.fault(&fault).expect("it can happen");
    };
    power(Health::Gone);
    let nodes = resource("", "nodes");
    let node = world.get(nodes, "node-1").expect("a node");
    let taint = json!([{"key": "work", "effect": "NoExecute"}]);
    world
        .cluster
        .amend(nodes, &node, |n| n["spec"]["taints"] = taint);
    world.create(set_on_node_1()).expect("created");
    world.run_ms(20_000);
    let sets = resource("apps", "replicasets");
    world.delete(sets, "web").expect("deleted");
    world.run_ms(5_000);
    let left = || world.cluster.list(pods(), "default").len();
    let all = left();
    assert!(all > 100, "{all} pods wait for their node");
    power(Health::There);
    world.run_ms(3_000);
    let ended = all - left();
    assert!(ended < 100, "{ended} of {all} ended at once");
    world.run_ms(30_000);
    assert_eq!(left(), 0);
}

/// Lives one after the other: each left its whole world behind, some thirty megabytes, and so did every session.
#[test]
fn a_world_that_ends_leaves_nothing_behind() {
    let world = world();
    let server = json!({"name": "c", "image": "nginx:1.27", "readinessProbe": {"httpGet": {"path": "/", "port": 80}}});
    world.create(pod("web", server)).expect("created");
    world.create(set_on_node_1()).expect("created");
    world.run_ms(20_000);
    let node = world.cluster.kubelet("node-1").expect("a node");
    let runtime = std::rc::Rc::downgrade(&node.runtime());
    drop(node);
    drop(world);
    assert_eq!(runtime.strong_count(), 0);
}

/// A pod that asks for so much CPU.
fn asking(name: &str, cpu: &str) -> Value {
    let mut container = sh("sleep 1000");
    container["resources"] = json!({"requests": {"cpu": cpu}});
    pod(name, container)
}

fn power(world: &World, state: Health) {
    let node = "node-1".into();
    let fault = Fault::Node { node, state };
    world.cluster.fault(&fault).expect("it can happen");
}

/// Seed 94 of the lives with resizes: a node that hears nothing of a resize has given nothing back, and a second pod got the same room.
#[test]
fn what_a_resize_gives_back_is_free_when_the_node_has_done_it() {
    let world = world();
    world.create(asking("first", "1500m")).expect("created");
    world.run_ms(15_000);
    power(&world, Health::Gone);
    resize(&world, "first", json!({"requests": {"cpu": "300m"}}));
    world.create(asking("second", "1500m")).expect("created");
    world.run_ms(5_000);
    let node = || view::text(&world.pod("second"), &["spec", "nodeName"]).to_string();
    assert_eq!(node(), "");
    power(&world, Health::There);
    world.run_ms(120_000);
    assert_eq!(node(), "node-1");
}

/// Seed 74 of the lives with resizes: a node that came back gave a pod 64 CPUs, for it had forgotten that it had refused them.
#[test]
fn a_resize_that_was_refused_is_refused_after_a_boot() {
    let world = world();
    world.create(asking("first", "100m")).expect("created");
    world.run_ms(15_000);
    resize(&world, "first", json!({"requests": {"cpu": "64"}}));
    world.run_ms(5_000);
    power(&world, Health::Gone);
    world.run_ms(5_000);
    power(&world, Health::There);
    world.run_ms(60_000);
    let first = world.pod("first");
    let status = view::list(&first, &["status", "containerStatuses"])[0].clone();
    assert_eq!(status["allocatedResources"], json!({"cpu": "100m"}));
    assert!(status["state"]["running"].is_object(), "{status:#}");
    world.create(asking("second", "500m")).expect("created");
    world.run_ms(20_000);
    let phase = world.pod("second")["status"]["phase"].clone();
    assert_eq!(phase, "Running");
}

/// Seeds 160, 558, 676, 1234 and 1531 of the lives with resizes: who asked for 64 CPUs before the kubelet's first round got them.
#[test]
fn a_resize_before_the_first_round_is_a_resize() {
    let world = world();
    world.create(asking("hasty", "100m")).expect("created");
    while world.pod("hasty")["spec"]["nodeName"].is_null() {
        world.run_ms(1);
    }
    resize(&world, "hasty", json!({"requests": {"cpu": "64"}}));
    world.run_ms(15_000);
    let hasty = world.pod("hasty");
    let status = &view::list(&hasty, &["status", "containerStatuses"])[0];
    assert_eq!(status["allocatedResources"], json!({"cpu": "100m"}));
}
