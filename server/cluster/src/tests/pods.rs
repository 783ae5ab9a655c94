//! The path of a pod: scheduled, pulled, running, logs, exec, deleted with grace.

use machine::sys::WaitStatus;
use objects::meta;
use serde_json::{Value, json};

use super::{World, pod};
use crate::cluster::{pods, resource};
use crate::store::ChangeKind;
use crate::{ClusterSpec, ExecQuery, LogQuery, view};

fn world() -> World {
    World::whole(ClusterSpec::default())
}

/// The statuses that a pod went through, each told once: phase, state of the first container, ready, restarts.
fn course(world: &World, name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for change in world
        .cluster
        .changes_after(0)
        .or_else(|e| world.cluster.changes_after(e.oldest))
        .expect("known")
    {
        if change.resource.plural != "pods" || meta::name(&change.object) != name {
            continue;
        }
        let status = view::at(&change.object, &["status", "containerStatuses", "0"]);
        let state = view::members(status, &["state"])
            .next()
            .map_or("-".to_string(), |(kind, s)| {
                format!("{kind} {}", view::text(s, &["reason"]))
            });
        let deleting = if meta::is_deleting(&change.object) {
            " deleting"
        } else {
            ""
        };
        let gone = if change.kind == ChangeKind::Deleted {
            " gone"
        } else {
            ""
        };
        let phase = view::text(&change.object, &["status", "phase"]);
        let told = format!(
            "{phase} {state} ready={} n={}{deleting}{gone}",
            view::flag(status, &["ready"]),
            view::int(status, &["restartCount"]).unwrap_or(0)
        );
        if out.last() != Some(&told) {
            out.push(told);
        }
    }
    out
}

pub(super) fn read_all(world: &World, reader: &machine::pipe::Reader) -> String {
    let mut text = Vec::new();
    for _ in 0..50 {
        while let Some(Ok(bytes)) = reader.try_read(65536) {
            if bytes.is_empty() {
                return String::from_utf8_lossy(&text).into_owned();
            }
            text.extend_from_slice(&bytes);
        }
        world.run_ms(10);
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn a_pod_runs_and_ends_with_grace() {
    let world = world();
    world
        .create(pod(
            "web",
            json!({"image": "busybox:1.36", "command": ["sleep", "3600"]}),
        ))
        .expect("created");
    world.run_ms(20_000);
    let up = world.pod("web");
    assert_eq!(view::text(&up, &["status", "phase"]), "Running", "{up:#}");
    assert!(view::text(&up, &["status", "podIP"]).starts_with("10.244.0."));
    world.delete(pods(), "web").expect("deleted");
    world.run_ms(40_000);
    assert!(world.get(pods(), "web").is_none());
    assert_eq!(
        course(&world, "web"),
        [
            "Pending - ready=false n=0",
            "Pending waiting ContainerCreating ready=false n=0",
            "Running running  ready=true n=0",
            "Running running  ready=true n=0 deleting",
            "Failed terminated Error ready=false n=0 deleting",
            "Failed terminated Error ready=false n=0 deleting gone",
        ]
    );
    let events = world.events("web");
    let reasons: Vec<&str> = events
        .iter()
        .map(|e| e.split(' ').next().unwrap_or_default())
        .collect();
    assert_eq!(
        reasons,
        [
            "Scheduled",
            "Pulling",
            "Pulled",
            "Created",
            "Started",
            "Killing"
        ]
    );
}

#[test]
fn logs_and_exec_reach_the_container() {
    let world = world();
    let script = "echo one; echo two >&2; sleep 3600";
    world
        .create(pod(
            "talk",
            json!({"image": "busybox:1.36", "command": ["sh", "-c", script]}),
        ))
        .expect("created");
    world.run_ms(20_000);
    let query = LogQuery {
        namespace: "default".into(),
        pod: "talk".into(),
        ..LogQuery::default()
    };
    let reader = world.cluster.logs(&query).expect("a log");
    assert_eq!(read_all(&world, &reader), "one\ntwo\n");
    let tail = LogQuery {
        tail_lines: Some(1),
        ..query
    };
    assert_eq!(
        read_all(&world, &world.cluster.logs(&tail).expect("a log")),
        "two\n"
    );
    let query = ExecQuery {
        namespace: "default".into(),
        pod: "talk".into(),
        command: vec!["sh".into(), "-c".into(), "hostname; exit 3".into()],
        ..ExecQuery::default()
    };
    let streams = world.cluster.exec(&query).expect("a process");
    assert_eq!(read_all(&world, &streams.stdout), "talk\n");
    world.run_ms(100);
    assert_eq!(streams.exit.status(), Some(WaitStatus::Exited(3)));
    let none = ExecQuery {
        container: "zz".into(),
        ..query
    };
    assert_eq!(
        world.cluster.exec(&none).err().map(|s| s.message),
        Some("container zz is not valid for pod talk".into())
    );
}

#[test]
fn a_crashing_container_backs_off() {
    let world = world();
    let script = "echo start; sleep 2; exit 1";
    world
        .create(pod(
            "crash",
            json!({"image": "busybox:1.36", "command": ["sh", "-c", script]}),
        ))
        .expect("created");
    world.run_ms(60_000);
    let told = course(&world, "crash");
    assert_eq!(
        told[2..9],
        [
            "Running running  ready=true n=0",
            "Running terminated Error ready=false n=0",
            "Running running  ready=true n=1",
            "Running terminated Error ready=false n=1",
            "Running waiting CrashLoopBackOff ready=false n=1",
            "Running running  ready=true n=2",
            "Running terminated Error ready=false n=2",
        ],
        "{told:#?}"
    );
    let events = world.events("crash");
    assert!(
        events.iter().any(|e| e
            .starts_with("BackOff Back-off restarting failed container c in pod crash_default(")),
        "{events:#?}"
    );
}

#[test]
fn pods_that_end_stay_to_be_looked_at() {
    let world = world();
    for (name, command) in [("done", "exit 0"), ("failed", "exit 2")] {
        let mut object = pod(
            name,
            json!({"image": "busybox:1.36", "command": ["sh", "-c", command]}),
        );
        object["spec"]["restartPolicy"] = "Never".into();
        world.create(object).expect("created");
    }
    world.run_ms(20_000);
    for (name, phase) in [("done", "Succeeded"), ("failed", "Failed")] {
        assert_eq!(view::text(&world.pod(name), &["status", "phase"]), phase);
        world.delete(pods(), name).expect("deleted");
        assert!(
            world.get(pods(), name).is_none(),
            "a pod that is over goes at once"
        );
    }
}

#[test]
fn what_cannot_start_says_why() {
    let world = world();
    world
        .create(pod(
            "badcmd",
            json!({"image": "busybox:1.36", "command": ["/no/such"]}),
        ))
        .expect("created");
    world
        .create(pod("noimage", json!({"image": "no.such/image:1"})))
        .expect("created");
    let from = json!([{"name": "X", "valueFrom": {"secretKeyRef": {"name": "nope", "key": "k"}}}]);
    world
        .create(pod(
            "noenv",
            json!({"image": "busybox:1.36", "command": ["sleep", "9"], "env": from}),
        ))
        .expect("created");
    let mut novol = pod(
        "novol",
        json!({"image": "busybox:1.36", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}),
    );
    novol["spec"]["volumes"] = json!([{"name": "v", "configMap": {"name": "nope"}}]);
    world.create(novol).expect("created");
    let waiting = |name: &str| {
        view::at(
            &world.pod(name),
            &["status", "containerStatuses", "0", "state", "waiting"],
        )
        .clone()
    };
    let begun = |w: &Value| !w.is_null() && w["reason"] != "ContainerCreating";
    let tries = (0..100).find(|_| {
        world.run_ms(50);
        begun(&waiting("badcmd"))
    });
    assert!(tries.is_some(), "{}", waiting("badcmd"));
    assert_eq!(waiting("badcmd")["reason"], "RunContainerError");
    assert!(
        waiting("badcmd")["message"]
            .as_str()
            .is_some_and(|m| m.contains("/no/such: no such file or directory"))
    );
    world.run_ms(5_000);
    assert_eq!(waiting("noimage")["reason"], "ErrImagePull");
    assert_eq!(
        waiting("noenv"),
        json!({"reason": "CreateContainerConfigError", "message": "secret \"nope\" not found"})
    );
    assert_eq!(waiting("novol")["reason"], "ContainerCreating");
    assert!(
        world.events("novol").contains(
            &"FailedMount MountVolume.SetUp failed for volume \"v\" : configmap \"nope\" not found"
                .to_string()
        )
    );
}

#[test]
fn probes_decide_about_ready_and_restart() {
    let world = world();
    let mut ready = json!({"image": "busybox:1.36", "command": ["sh", "-c", "sleep 5; touch /tmp/up; sleep 3600"]});
    ready["readinessProbe"] = json!({"exec": {"command": ["cat", "/tmp/up"]}, "periodSeconds": 2});
    let mut live = json!({"image": "busybox:1.36", "command": ["sh", "-c", "sleep 3600"]});
    live["livenessProbe"] =
        json!({"tcpSocket": {"port": 9}, "periodSeconds": 2, "failureThreshold": 2});
    let mut live = pod("live", live);
    live["spec"]["terminationGracePeriodSeconds"] = 1.into();
    world.create(pod("ready", ready)).expect("created");
    world.create(live).expect("created");
    world.run_ms(5_000);
    let status =
        |name: &str| view::at(&world.pod(name), &["status", "containerStatuses", "0"]).clone();
    assert_eq!(
        (
            status("ready")["started"].clone(),
            status("ready")["ready"].clone()
        ),
        (true.into(), false.into())
    );
    world.run_ms(15_000);
    assert_eq!(status("ready")["ready"], Value::Bool(true));
    assert!(view::int(&status("live"), &["restartCount"]).is_some_and(|n| n >= 1));
    let events = world.events("live");
    assert!(
        events
            .iter()
            .any(|e| e.ends_with(":9: connect: connection refused")),
        "{events:#?}"
    );
    assert!(
        events
            .contains(&"Killing Container c failed liveness probe, will be restarted".to_string()),
        "{events:#?}"
    );
}

#[test]
fn volumes_hold_files() {
    let world = world();
    world.create(json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "cm"}, "data": {"mode": "dev"}})).expect("created");
    let script = "cat /cm/mode; cat /var/run/secrets/kubernetes.io/serviceaccount/namespace; echo; cat /etc/resolv.conf; sleep 3600";
    let mut object = pod(
        "vol",
        json!({"image": "busybox:1.36", "command": ["sh", "-c", script], "volumeMounts": [{"name": "v", "mountPath": "/cm"}]}),
    );
    object["spec"]["volumes"] = json!([{"name": "v", "configMap": {"name": "cm"}}]);
    world.create(object).expect("created");
    world.run_ms(20_000);
    let query = LogQuery {
        namespace: "default".into(),
        pod: "vol".into(),
        ..LogQuery::default()
    };
    let text = read_all(&world, &world.cluster.logs(&query).expect("a log"));
    assert!(text.starts_with("devdefault\n"), "{text}");
    assert!(text.contains("nameserver 10.96.0.10"), "{text}");
}

#[test]
fn equal_seeds_make_equal_pods() {
    let bytes = || {
        let world = world();
        for name in ["a", "b"] {
            world
                .create(pod(
                    name,
                    json!({"image": "busybox:1.36", "command": ["sh", "-c", "sleep 3; exit 1"]}),
                ))
                .expect("created");
        }
        world.run_ms(45_000);
        world
            .cluster
            .everything()
            .iter()
            .map(|(g, p, o)| format!("{g} {p} {o}\n"))
            .collect::<String>()
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_quiet_pod_costs_nothing() {
    let world = world();
    world
        .create(pod(
            "web",
            json!({"image": "busybox:1.36", "command": ["sleep", "36000"]}),
        ))
        .expect("created");
    world.run_ms(60_000);
    let next = world
        .executor
        .next_timer()
        .map(|t| t.since(world.executor.now()).as_secs());
    assert!(next.is_none_or(|s| s > 3600), "wakes in {next:?} s");
    assert!(
        world
            .cluster
            .get(resource("", "pods"), "default", "web")
            .is_some()
    );
}
