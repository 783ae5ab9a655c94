//! How containers are made and made again: roots and volumes that are only read, tokens, rules of restarting, kills that a delete overtakes, volumes.

use objects::request::PatchKind;
use objects::{Body, Verb};
use serde_json::{Value, json};

use super::{World, pod};
use crate::cluster::{pods, resource};
use crate::streams::LogQuery;
use crate::{ClusterSpec, view};

fn world() -> World {
    World::whole(ClusterSpec::default())
}

fn sh(script: &str) -> Value {
    json!({"image": "busybox:1.36", "command": ["sh", "-c", script]})
}

fn log(world: &World, pod: &str) -> String {
    let query = LogQuery {
        namespace: "default".into(),
        pod: pod.into(),
        ..LogQuery::default()
    };
    let log = world.cluster.logs(&query).expect("a log");
    super::pods::read_all(world, &log)
}

#[test]
fn what_is_read_only_can_be_mounted_into_and_not_written_to() {
    let world = world();
    world
        .create(json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "cm"}, "data": {"mode": "dev"}}))
        .expect("created");
    let mut container = sh(
        "cd /; touch /x; touch /cm/x; echo kept > /data/x && cat /data/x; pwd; \
         stat -c '%a %u %g' -L /var/run/secrets/kubernetes.io/serviceaccount/token; sleep 3600",
    );
    container["securityContext"] = json!({"readOnlyRootFilesystem": true});
    container["workingDir"] = "/not/there".into();
    container["volumeMounts"] =
        json!([{"name": "e", "mountPath": "/data"}, {"name": "v", "mountPath": "/cm"}]);
    let mut object = pod("reads", container);
    object["spec"]["securityContext"] = json!({"runAsUser": 1000, "fsGroup": 2000});
    object["spec"]["volumes"] =
        json!([{"name": "e", "emptyDir": {}}, {"name": "v", "configMap": {"name": "cm"}}]);
    world.create(object).expect("created");
    world.run_ms(20_000);
    assert_eq!(
        log(&world, "reads"),
        "touch: /x: Read-only file system\ntouch: /cm/x: Read-only file system\nkept\n/\n640 1000 2000\n"
    );
}

#[test]
fn a_rule_starts_again_what_a_pod_would_not() {
    let world = world();
    let mut container = sh("sleep 1; exit 42");
    container["restartPolicy"] = "Never".into();
    container["restartPolicyRules"] =
        json!([{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]);
    let mut object = pod("ruled", container);
    object["spec"]["restartPolicy"] = "Never".into();
    world.create(object).expect("created");
    world.run_ms(8_000);
    let ruled = world.pod("ruled");
    assert_eq!(view::text(&ruled, &["status", "phase"]), "Running");
    let status = view::at(&ruled, &["status", "containerStatuses", "0"]);
    assert_eq!(view::int(status, &["restartCount"]), Some(1), "{status}");
    assert_eq!(
        status["lastState"]["terminated"]["exitCode"], 42,
        "{status}"
    );
}

#[test]
fn a_path_that_names_nothing_keeps_a_container_from_being_made() {
    let world = world();
    let mut container = sh("sleep 3600");
    container["volumeMounts"] =
        json!([{"name": "e", "mountPath": "/data", "subPathExpr": "$(NOBODY)"}]);
    let mut object = pod("lost", container);
    object["spec"]["volumes"] = json!([{"name": "e", "emptyDir": {}}]);
    world.create(object).expect("created");
    world.run_ms(10_000);
    let waiting = view::at(
        &world.pod("lost"),
        &["status", "containerStatuses", "0", "state", "waiting"],
    )
    .clone();
    assert_eq!(
        waiting,
        json!({"reason": "CreateContainerConfigError", "message": "missing value for NOBODY"})
    );
}

#[test]
fn a_delete_waits_for_the_kill_of_a_probe_and_the_start_after_it() {
    let world = world();
    let mut container = sh("sleep 3600");
    container["livenessProbe"] =
        json!({"tcpSocket": {"port": 9}, "periodSeconds": 1, "failureThreshold": 1});
    let mut object = pod("hit", container);
    object["spec"]["terminationGracePeriodSeconds"] = 10.into();
    world.create(object).expect("created");
    world.run_ms(8_000);
    let told = || world.events("hit");
    assert!(
        told()
            .iter()
            .any(|e| e.starts_with("Killing Container c failed liveness probe"))
    );
    world.delete(pods(), "hit").expect("deleted");
    world.run_ms(12_000);
    let pod = world.get(pods(), "hit").expect("it has its whole grace");
    let container = &pod["status"]["containerStatuses"][0];
    assert_eq!(container["restartCount"], 1, "{container:#}");
    world.run_ms(12_000);
    assert!(world.get(pods(), "hit").is_none());
    assert!(told().contains(&"Killing Stopping container c".to_string()));
}

#[test]
fn a_pod_on_its_nodes_network_has_its_nodes_hosts() {
    let world = world();
    let mut object = pod("near", sh("head -n 2 /etc/hosts; sleep 3600"));
    object["spec"]["hostNetwork"] = true.into();
    world.create(object).expect("created");
    world.run_ms(20_000);
    let text = log(&world, "near");
    assert!(
        text.starts_with("# Kubernetes-managed hosts file (host network).\n127.0.0.1"),
        "{text}"
    );
}

#[test]
fn a_cordon_does_not_make_the_scheduler_look_at_everybody_again() {
    let world = world();
    let mut picky = pod("picky", sh("sleep 3600"));
    picky["spec"]["nodeSelector"] = json!({"disk": "ssd"});
    world.create(picky).expect("created");
    world.run_ms(2_000);
    let nodes = resource("", "nodes");
    let node = world.cluster.get(nodes, "", "node-1").expect("a node");
    world.cluster.amend(nodes, &node, |n| {
        view::set(n, &["spec", "unschedulable"], true)
    });
    world.run_ms(20_000);
    let told = || {
        let all = world.cluster.list(resource("", "events"), "default");
        all.iter()
            .filter(|e| e["reason"] == "FailedScheduling")
            .count()
    };
    assert_eq!(told(), 1);
    let node = world.cluster.get(nodes, "", "node-1").expect("a node");
    world.cluster.amend(nodes, &node, |n| {
        view::set(n, &["spec", "unschedulable"], false);
        view::set(n, &["metadata", "labels", "disk"], "ssd");
    });
    world.run_ms(20_000);
    assert_eq!(
        view::text(&world.pod("picky"), &["spec", "nodeName"]),
        "node-1"
    );
}

#[test]
fn volumes_made_by_hand_are_deleted_below_tmp_only() {
    let world = world();
    let of = |name: &str, path: &str| {
        let spec = json!({"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": name,
            "persistentVolumeReclaimPolicy": "Delete", "hostPath": {"path": path}});
        let volume = json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec});
        let spec = json!({"accessModes": ["ReadWriteOnce"], "storageClassName": name, "resources": {"requests": {"storage": "1Gi"}}});
        let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec});
        world.create(volume).expect("created");
        world.create(claim).expect("created");
    };
    of("scratch", "/tmp/scratch");
    of("disk", "/data/disk");
    world.run_ms(20_000);
    let claims = resource("", "persistentvolumeclaims");
    for name in ["scratch", "disk"] {
        let bound = world.get(claims, name).expect("there");
        assert_eq!(view::text(&bound, &["status", "phase"]), "Bound");
        world.delete(claims, name).expect("deleted");
    }
    world.run_ms(20_000);
    let volumes = resource("", "persistentvolumes");
    assert!(world.get(volumes, "scratch").is_none());
    let kept = world.get(volumes, "disk").expect("kept");
    assert_eq!(view::text(&kept, &["status", "phase"]), "Failed");
    let why = "host_path deleter only supports /tmp/.+ but received provided /data/disk";
    assert_eq!(view::text(&kept, &["status", "message"]), why);
    assert_eq!(world.events("disk"), [format!("VolumeFailedDelete {why}")]);
}

#[test]
fn a_claim_tells_for_whom_it_waits() {
    let world = world();
    world
        .create(json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "late"},
            "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer"}))
        .expect("created");
    let claim = |name: &str, more: Value| {
        let mut spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
        for (key, value) in view::members(&more, &[]) {
            spec[key] = value.clone();
        }
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec})
    };
    let late = claim("late", json!({"storageClassName": "late"}));
    let named = claim(
        "named",
        json!({"storageClassName": "", "volumeName": "nowhere"}),
    );
    world.create(late).expect("created");
    world.create(named).expect("created");
    world.run_ms(1_000);
    let mut user = pod("user", sh("sleep 3600"));
    user["spec"]["volumes"] =
        json!([{"name": "v", "persistentVolumeClaim": {"claimName": "late"}}]);
    world.create(user).expect("created");
    world.run_ms(20_000);
    assert_eq!(
        world.events("late"),
        [
            "WaitForFirstConsumer waiting for first consumer to be created before binding",
            "WaitForPodScheduled waiting for pod user to be scheduled"
        ]
    );
    assert_eq!(world.events("named"), [""; 0]);
}

#[test]
fn pods_of_a_stateful_set_mount_the_claims_of_their_set() {
    let world = world();
    let labels = json!({"app": "db"});
    let mut container = sh("sleep 3600");
    container["name"] = "c".into();
    container["volumeMounts"] = json!([{"name": "data", "mountPath": "/data"}]);
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": [container]}});
    let claim = json!({"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    world
        .create(json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": {"serviceName": "db",
            "replicas": 1, "selector": {"matchLabels": labels}, "template": template, "volumeClaimTemplates": [claim]}}))
        .expect("created");
    world.run_ms(30_000);
    assert_eq!(
        view::text(&world.pod("db-0"), &["status", "phase"]),
        "Running"
    );
}

/// What a resize asks for, through its subresource.
pub(super) fn resize(world: &World, name: &str, resources: Value) {
    let mut request = world.request(Verb::Patch, pods(), "default", name);
    request.subresource = "resize".into();
    let patch = json!({"spec": {"containers": [{"name": "c", "resources": resources}]}});
    request.body = Body::Patch {
        kind: PatchKind::Strategic,
        text: patch.to_string(),
    };
    world.cluster.request(&request).expect("resized");
}

#[test]
fn a_resize_is_taken_put_off_or_refused() {
    let world = world();
    let resources = |cpu: &str| json!({"requests": {"cpu": cpu}, "limits": {"cpu": cpu}});
    let big = |name: &str, cpu: &str| {
        let mut container = sh("sleep 3600");
        container["resources"] = json!({"requests": {"cpu": cpu}, "limits": {"cpu": cpu}});
        pod(name, container)
    };
    world.create(big("small", "100m")).expect("created");
    let mut other = big("other", "1");
    other["spec"]["terminationGracePeriodSeconds"] = 1.into();
    world.create(other).expect("created");
    world.run_ms(15_000);
    let has = || {
        let small = world.pod("small");
        let own = view::at(&small, &["status", "containerStatuses", "0"]);
        let own = view::text(own, &["resources", "limits", "cpu"]).to_string();
        let all = view::list(&small, &["status", "conditions"]).iter();
        let mut pending = all.filter(|c| c["type"] == "PodResizePending");
        let reason = pending
            .next()
            .map(|c| view::text(c, &["reason"]).to_string());
        (own, reason.unwrap_or_default())
    };
    resize(&world, "small", resources("300m"));
    world.run_ms(5_000);
    assert_eq!(has(), ("300m".into(), String::new()));
    resize(&world, "small", resources("64"));
    world.run_ms(5_000);
    assert_eq!(has(), ("300m".into(), "Infeasible".into()));
    resize(&world, "small", resources("1500m"));
    world.run_ms(5_000);
    assert_eq!(has(), ("300m".into(), "Deferred".into()));
    world.delete(pods(), "other").expect("deleted");
    world.run_ms(15_000);
    assert_eq!(has(), ("1500m".into(), String::new()));
    let told = world.events("small");
    let info = |cpu: &str, generation: u8| {
        format!(
            "{{\"containers\":[{{\"name\":\"c\",\"resources\":{{\"limits\":{{\"cpu\":\"{cpu}\"}},\"requests\":{{\"cpu\":\"{cpu}\"}}}}}}],\"generation\":{generation}"
        )
    };
    let no_room =
        "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000";
    let too_small = "Node didn't have enough capacity: cpu, requested: 64000, capacity: 2000";
    for text in [
        format!("ResizeStarted Pod resize started: {}}}", info("300m", 2)),
        format!(
            "ResizeCompleted Pod resize completed: {}}}",
            info("300m", 2)
        ),
        format!(
            "ResizeInfeasible Pod resize Infeasible: {},\"error\":\"{too_small}\"}}",
            info("64", 3)
        ),
        format!(
            "ResizeDeferred Pod resize OutOfcpu: {},\"error\":\"{no_room}\"}}",
            info("1500m", 4)
        ),
        format!(
            "ResizeCompleted Pod resize completed: {}}}",
            info("1500m", 4)
        ),
    ] {
        assert!(told.contains(&text), "{text}\n{told:#?}");
    }
    let restarts = ["status", "containerStatuses", "0", "restartCount"];
    assert_eq!(view::int(&world.pod("small"), &restarts), Some(0));
}

#[test]
fn a_resize_that_a_container_does_not_bear_starts_it_again() {
    let world = world();
    let mut container = sh("sleep 3600");
    container["resources"] = json!({"limits": {"memory": "64Mi"}});
    container["resizePolicy"] =
        json!([{"resourceName": "memory", "restartPolicy": "RestartContainer"}]);
    let mut object = pod("fixed", container);
    object["spec"]["terminationGracePeriodSeconds"] = 1.into();
    world.create(object).expect("created");
    world.run_ms(10_000);
    let memory = json!({"requests": {"memory": "96Mi"}, "limits": {"memory": "96Mi"}});
    resize(&world, "fixed", memory);
    world.run_ms(10_000);
    let fixed = world.pod("fixed");
    let status = view::at(&fixed, &["status", "containerStatuses", "0"]);
    assert_eq!(view::int(status, &["restartCount"]), Some(1), "{status}");
    assert_eq!(status["resources"]["limits"]["memory"], "96Mi");
    let told = world.events("fixed");
    assert!(
        told.contains(&"Killing Container c resize requires restart".to_string()),
        "{told:#?}"
    );
    assert!(
        told.iter().any(|e| e.starts_with("ResizeCompleted")),
        "{told:#?}"
    );
}
