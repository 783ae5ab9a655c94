//! What is made: pods of many tempers, and the objects that make pods. Data only.

use machine::Chance;
use serde_json::{Value, json};

/// Names come from a small pool, so that they are taken, freed and taken again.
pub const NAMES: &[&str] = &["ant", "bee", "cat", "dog", "elk"];
/// Where volumes of kinds nfs and iscsi lie.
pub const FILE_SERVER: &str = "files.example";
pub const DISK_SERVER: &str = "10.9.0.9:3260";
/// What pods ask DNS for again and again.
pub const NAME_ASKED_FOR: &str = "kubernetes.default.svc.cluster.local";

/// Classes of pods that go before others, or after them, with their values.
pub const PRIORITIES: &[(&str, i64)] = &[("low", -10), ("high", 1000)];

fn sh(script: &str) -> Value {
    json!({"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", script]})
}

/// A pod spec, and whether it comes up and stays up wherever there is room.
pub fn pod_spec(chance: &Chance) -> (Value, bool) {
    let steady = |container: Value| (json!({"containers": [container]}), true);
    let unsteady = |container: Value| (json!({"containers": [container]}), false);
    match chance.below(25) {
        0..=3 => steady(sleeper(chance)),
        4 => steady(with(
            json!({"name": "main", "image": "nginx:1.27", "ports": [{"containerPort": 80}]}),
            "readinessProbe",
            json!({"httpGet": {"path": "/", "port": 80}, "periodSeconds": 3}),
        )),
        5 => steady(with(
            sh("sleep 7; touch /tmp/up; trap 'exit 0' TERM; while :; do sleep 1; done"),
            "readinessProbe",
            json!({"exec": {"command": ["cat", "/tmp/up"]}, "periodSeconds": 2}),
        )),
        6 => steady(with(
            sh("touch /tmp/ok; sleep 86400"),
            "startupProbe",
            json!({"exec": {"command": ["cat", "/tmp/ok"]}, "periodSeconds": 1, "failureThreshold": 30}),
        )),
        7 => (
            with_init(sh("sleep 2; echo prepared"), sleeper(chance)),
            true,
        ),
        8 => {
            let mut sidecar = sh("while :; do echo beside; sleep 20; done");
            sidecar["restartPolicy"] = "Always".into();
            (with_init(sidecar, sleeper(chance)), true)
        }
        9 => (shared_volume(), true),
        10 => unsteady(sh("echo begin; sleep 4; echo oops >&2; exit 1")),
        11 => unsteady(sh("echo done; exit 0")),
        12 => unsteady(with(
            sh("sleep 86400"),
            "livenessProbe",
            json!({"tcpSocket": {"port": 9}, "periodSeconds": 2, "failureThreshold": 2}),
        )),
        13 => unsteady(json!({"name": "main", "image": "no.such/image:1"})),
        14 => unsteady(json!({"name": "main", "image": "busybox:1.36", "command": ["/no/such"]})),
        15 => unsteady(memory_hog()),
        16 => (from_configuration(), false),
        17 => (claimed(), false),
        18 => unsteady(greedy(chance)),
        19 => (from_file_server(), true),
        20 => (from_disk_server(), false),
        21 => steady(with(
            sh("trap 'exit 0' TERM; while :; do sleep 1; done"),
            "readinessProbe",
            json!({"exec": {"command": ["nslookup", NAME_ASKED_FOR]}, "periodSeconds": 3, "timeoutSeconds": 2}),
        )),
        22..=23 => (of_a_group(), true),
        _ => (placed(chance), false),
    }
}

fn with(mut container: Value, member: &str, value: Value) -> Value {
    container[member] = value;
    container
}

fn with_init(init: Value, main: Value) -> Value {
    let mut init = init;
    init["name"] = "first".into();
    json!({"initContainers": [init], "containers": [main]})
}

fn sleeper(chance: &Chance) -> Value {
    let milli = 10 * (1 + chance.below(20));
    let mut container = sh("echo up $HOSTNAME; sleep 86400");
    container["resources"] = json!({"requests": {"cpu": format!("{milli}m"), "memory": "16Mi"}});
    container
}

fn shared_volume() -> Value {
    let mount = json!([{"name": "work", "mountPath": "/work"}]);
    let writer = with(
        sh("while :; do date >> /work/log; sleep 30; done"),
        "volumeMounts",
        mount.clone(),
    );
    let mut reader = with(
        sh("while :; do tail -n 1 /work/log; sleep 45; done"),
        "volumeMounts",
        mount,
    );
    reader["name"] = "reader".into();
    json!({"containers": [writer, reader], "volumes": [{"name": "work", "emptyDir": {}}]})
}

fn memory_hog() -> Value {
    json!({"name": "main", "image": "polinux/stress", "command": ["stress", "--vm", "1", "--vm-bytes", "64M", "--vm-hang", "5"],
        "resources": {"limits": {"memory": "32Mi"}}})
}

/// Starts only where the ConfigMap is there, which comes and goes.
fn from_configuration() -> Value {
    let container = with(
        sh("cat /etc/conf/*; sleep 86400"),
        "volumeMounts",
        json!([{"name": "conf", "mountPath": "/etc/conf"}]),
    );
    let container = with(
        container,
        "env",
        json!([{"name": "MODE", "valueFrom": {"secretKeyRef": {"name": "bee", "key": "mode", "optional": true}}}]),
    );
    json!({"containers": [container], "volumes": [{"name": "conf", "configMap": {"name": "ant"}}]})
}

fn claimed() -> Value {
    let container = with(
        sh("echo kept >> /data/log; sleep 86400"),
        "volumeMounts",
        json!([{"name": "data", "mountPath": "/data"}]),
    );
    json!({"containers": [container], "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "cat"}}]})
}

/// One file, the same for all: it stays when they are gone.
fn from_file_server() -> Value {
    let container = with(
        sh("cat /files/*; touch /files/seen; sleep 86400"),
        "volumeMounts",
        json!([{"name": "files", "mountPath": "/files"}]),
    );
    let nfs = json!({"server": FILE_SERVER, "path": "/all"});
    json!({"containers": [container], "volumes": [{"name": "files", "nfs": nfs}]})
}

/// On one node there is one of them at a time.
fn from_disk_server() -> Value {
    let container = with(
        sh("cat /disk/*; touch /disk/seen; sleep 86400"),
        "volumeMounts",
        json!([{"name": "disk", "mountPath": "/disk"}]),
    );
    let iscsi = json!({"targetPortal": DISK_SERVER, "iqn": "iqn.2001-04.example:disk", "lun": 1, "fsType": "ext4"});
    json!({"containers": [container], "volumes": [{"name": "disk", "iscsi": iscsi}]})
}

/// Nobody in particular: what it may read and write, its group may.
fn of_a_group() -> Value {
    let token = "/var/run/secrets/kubernetes.io/serviceaccount/token";
    let script = format!("cat {token} > /work/token && test -s /work/token && sleep 86400");
    let container = with(
        sh(&script),
        "volumeMounts",
        json!([{"name": "work", "mountPath": "/work"}]),
    );
    let security = json!({"runAsUser": 1000, "runAsNonRoot": true, "fsGroup": 2000});
    json!({"securityContext": security, "containers": [container], "volumes": [{"name": "work", "emptyDir": {}}]})
}

fn greedy(chance: &Chance) -> Value {
    let cpu = ["900m", "1500m", "2", "3"][chance.below(4) as usize];
    with(
        sh("sleep 86400"),
        "resources",
        json!({"requests": {"cpu": cpu}}),
    )
}

/// Wants something special of its node, or is special to it.
fn placed(chance: &Chance) -> Value {
    let container = sh("sleep 86400");
    let slow = sh("trap '' TERM; while :; do sleep 1; done");
    match chance.below(5) {
        0 => json!({"containers": [container], "nodeName": "node-2"}),
        1 => json!({"containers": [container], "nodeSelector": {"disk": "ssd"}}),
        2 => json!({"containers": [container], "tolerations": [{"operator": "Exists"}]}),
        3 => json!({"containers": [container], "hostNetwork": true}),
        _ => json!({"containers": [slow], "terminationGracePeriodSeconds": 5}),
    }
}

fn template(chance: &Chance, name: &str) -> (Value, bool) {
    let (mut spec, steady) = pod_spec(chance);
    if chance.below(6) == 0 {
        spec["priorityClassName"] = PRIORITIES[chance.below(2) as usize].0.into();
    }
    let template = json!({"metadata": {"labels": {"app": name}}, "spec": spec});
    (template, steady)
}

fn object(api: &str, kind: &str, name: &str, steady: bool, spec: Value) -> Value {
    let labels = json!({"steady": steady.to_string()});
    json!({"apiVersion": api, "kind": kind, "metadata": {"name": name, "labels": labels}, "spec": spec})
}

/// Something that makes pods, or a pod.
pub fn workload(chance: &Chance, name: &str) -> Value {
    let selector = json!({"matchLabels": {"app": name}});
    let (template, steady) = template(chance, name);
    let replicas = chance.below(4);
    let spec = json!({"replicas": replicas, "selector": selector, "template": template});
    match chance.below(10) {
        0..=2 => {
            let mut pod = object("v1", "Pod", name, steady, template["spec"].clone());
            pod["metadata"]["labels"]["app"] = name.into();
            if chance.below(4) == 0 {
                let policy = ["Never", "OnFailure"][chance.below(2) as usize];
                pod["spec"]["restartPolicy"] = policy.into();
            }
            pod
        }
        3..=5 => {
            let mut spec = spec;
            if chance.below(4) == 0 {
                spec["strategy"] = json!({"type": "Recreate"});
            }
            object("apps/v1", "Deployment", name, steady, spec)
        }
        6 => object("apps/v1", "ReplicaSet", name, steady, spec),
        7 => {
            let mut spec = spec;
            spec["serviceName"] = name.into();
            if chance.below(3) == 0 {
                spec["podManagementPolicy"] = "Parallel".into();
            }
            if chance.below(2) == 0 {
                claim_each(&mut spec);
            }
            object("apps/v1", "StatefulSet", name, steady, spec)
        }
        8 => {
            let spec = json!({"selector": selector, "template": template});
            object("apps/v1", "DaemonSet", name, steady, spec)
        }
        _ => job(chance, name),
    }
}

/// Each pod of a set has a claim of its own.
fn claim_each(spec: &mut Value) {
    let claim = json!({"metadata": {"name": "own"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    spec["volumeClaimTemplates"] = json!([claim]);
    let mount = json!({"name": "own", "mountPath": "/own"});
    let container = &mut spec["template"]["spec"]["containers"][0];
    match container["volumeMounts"].as_array_mut() {
        Some(mounts) => mounts.push(mount),
        None => container["volumeMounts"] = json!([mount]),
    }
}

fn job(chance: &Chance, name: &str) -> Value {
    let script = ["sleep 3", "sleep 2; exit 1", "echo $((6 * 7))"][chance.below(3) as usize];
    let mut spec = json!({"completions": 1 + chance.below(3), "parallelism": 1 + chance.below(2), "backoffLimit": chance.below(3),
        "template": {"spec": {"restartPolicy": "Never", "containers": [sh(script)]}}});
    if chance.below(3) == 0 {
        spec["ttlSecondsAfterFinished"] = 20.into();
    }
    if chance.below(3) == 0 {
        let spec = json!({"schedule": "* * * * *", "jobTemplate": {"spec": spec}, "concurrencyPolicy": "Forbid"});
        return object("batch/v1", "CronJob", name, false, spec);
    }
    object("batch/v1", "Job", name, false, spec)
}

/// What stands beside workloads.
pub fn thing(chance: &Chance, name: &str) -> Value {
    let meta = json!({"name": name});
    let selector = json!({"app": name});
    match chance.below(8) {
        0..=2 => {
            let mut spec = json!({"selector": selector, "ports": [{"port": 80}]});
            match chance.below(4) {
                0 => spec["clusterIP"] = "None".into(),
                1 => spec["type"] = "NodePort".into(),
                _ => {}
            }
            json!({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec})
        }
        3 => {
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"mode": chance.suffix(6)}})
        }
        4 => {
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"mode": chance.suffix(6)}})
        }
        5 => json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta,
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}),
        6 => json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta,
            "spec": {"minAvailable": 1, "selector": {"matchLabels": selector}}}),
        _ => {
            json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": {"hard": {"pods": "6", "requests.cpu": "2"}}})
        }
    }
}
