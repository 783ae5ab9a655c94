//! The real kubectl on `podschool cluster`: what a person does in an afternoon, with every version at hand. Each
//! version has a cluster of its own; `kubectl wait` is the only waiting.

use std::io::{Read, Write};
use std::net::TcpStream;
use tests::{Cluster, Talk, each, minor};

#[test]
fn a_pod_is_run_looked_at_and_deleted() {
    each(|kubectl, version| {
        let cluster = Cluster::start(&[]);
        cluster.kuard(kubectl);
        let table = cluster.ok(kubectl, &["get", "pods"]);
        assert!(
            table.contains("kuard   1/1     Running   0"),
            "{version}: {table}"
        );
        let wide = cluster.ok(kubectl, &["get", "pods", "-o", "wide"]);
        assert!(
            wide.contains("NOMINATED NODE") && wide.contains("node-1"),
            "{version}: {wide}"
        );
        assert_eq!(
            cluster.ok(
                kubectl,
                &["get", "pod", "kuard", "-o", "jsonpath={.status.phase}"]
            ),
            "Running"
        );
        let yaml = cluster.ok(kubectl, &["get", "pod", "kuard", "-o", "yaml"]);
        assert!(
            yaml.starts_with("apiVersion: v1\nkind: Pod\n"),
            "{version}: {yaml}"
        );
        let described = cluster.ok(kubectl, &["describe", "pod", "kuard"]);
        for part in [
            "Name:             kuard",
            "Scheduled",
            "Started",
            "QoS Class:                   BestEffort",
        ] {
            assert!(
                described.contains(part),
                "{version}: {part} is not in {described}"
            );
        }
        assert_eq!(
            cluster.ok(kubectl, &["label", "pod", "kuard", "tier=web"]),
            "pod/kuard labeled\n"
        );
        assert_eq!(
            cluster.ok(kubectl, &["get", "pods", "-l", "tier=web", "-o", "name"]),
            "pod/kuard\n"
        );
        let gone = cluster.ok(kubectl, &["delete", "pod", "kuard"]);
        assert!(
            gone.starts_with("pod \"kuard\" deleted"),
            "{version}: {gone}"
        );
        let missing = cluster.kubectl(kubectl, &["get", "pod", "kuard"], "");
        let said = missing.stderr;
        assert_eq!(
            said, "Error from server (NotFound): pods \"kuard\" not found\n",
            "{version}"
        );
    });
}

#[test]
fn manifests_are_applied_and_watched() {
    each(|kubectl, version| {
        let cluster = Cluster::start(&[]);
        let manifest = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: sleeper\nspec:\n  containers:\n  - name: sleeper\n    image: busybox\n    command: [sleep, \"3600\"]\n";
        let apply = |text: &str| cluster.kubectl(kubectl, &["apply", "-f", "-"], text).stdout;
        assert_eq!(apply(manifest), "pod/sleeper created\n", "{version}");
        assert_eq!(apply(manifest), "pod/sleeper unchanged\n", "{version}");
        assert_eq!(
            apply(&manifest.replace(
                "  name: sleeper\nspec",
                "  name: sleeper\n  labels: {a: b}\nspec"
            )),
            "pod/sleeper configured\n",
            "{version}"
        );
        let bad = cluster.kubectl(
            kubectl,
            &["apply", "-f", "-"],
            &manifest.replace("image:", "imagee:"),
        );
        let said = bad.stderr;
        assert!(
            said.contains("unknown field \"spec.containers[0].imagee\""),
            "{version}: {said}"
        );
        let mut watch = Talk::start(
            cluster.command(kubectl, &["get", "pods", "-w", "-o", "name"]),
            version,
        );
        watch.hear("pod/sleeper\n");
        cluster.ok(
            kubectl,
            &["run", "second", "--image=busybox", "--", "sleep", "60"],
        );
        watch.hear("pod/second\n");
    });
}

#[test]
fn logs_exec_and_cp() {
    each(|kubectl, version| {
        let cluster = Cluster::start(&[]);
        cluster.kuard(kubectl);
        let mut logs = Talk::start(cluster.command(kubectl, &["logs", "-f", "kuard"]), version);
        logs.hear("Serving on HTTP on :8080");
        let healthy = cluster.ok(
            kubectl,
            &[
                "exec",
                "kuard",
                "--",
                "wget",
                "-qO-",
                "localhost:8080/healthy",
            ],
        );
        assert_eq!(healthy.trim(), "ok", "{version}");
        logs.hear("GET /healthy");
        let piped = cluster.kubectl(kubectl, &["exec", "-i", "kuard", "--", "cat"], "hello\n");
        assert_eq!(piped.stdout, "hello\n", "{version}");
        let three = cluster.kubectl(
            kubectl,
            &["exec", "kuard", "--", "sh", "-c", "echo no >&2; exit 3"],
            "",
        );
        assert_eq!(three.status.code(), Some(3), "{version}");
        assert!(three.stderr.starts_with("no\n"), "{version}");
        let text: String = (0..2000).map(|n| format!("line {n}\n")).collect();
        std::fs::write(cluster.folder().join("there.txt"), &text).expect("a file is written");
        cluster.ok(kubectl, &["cp", "there.txt", "kuard:/tmp/there.txt"]);
        cluster.ok(kubectl, &["cp", "kuard:/tmp/there.txt", "back.txt"]);
        let back =
            std::fs::read_to_string(cluster.folder().join("back.txt")).expect("the file came back");
        assert_eq!(back, text, "{version}");
    });
}

#[test]
fn a_port_is_forwarded() {
    each(|kubectl, version| {
        let cluster = Cluster::start(&[]);
        cluster.kuard(kubectl);
        let mut forward = Talk::start(
            cluster.command(kubectl, &["port-forward", "kuard", ":8080"]),
            version,
        );
        forward.hear("Forwarding from 127.0.0.1:");
        let port: u16 = forward.hear(" -> 8080").parse().expect("a port");
        for _ in 0..3 {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the tunnel listens");
            stream
                .write_all(b"GET /healthy HTTP/1.1\r\nHost: kuard\r\nConnection: close\r\n\r\n")
                .expect("the tunnel takes bytes");
            let mut answer = String::new();
            stream
                .read_to_string(&mut answer)
                .expect("the tunnel gives bytes");
            assert!(
                answer.starts_with("HTTP/1.1 200") && answer.trim_end().ends_with("ok"),
                "{version}: {answer}"
            );
        }
    });
}

#[test]
fn typed_objects_are_made_and_waited_for() {
    each(|kubectl, version| {
        let cluster = Cluster::start(&[]);
        // Since 1.32 kubectl sends protobuf here; at this level it says what it sends.
        let create = |args: &[&str]| {
            let said = cluster.kubectl(kubectl, &[&["create", "-v=8"], args].concat(), "");
            assert!(said.status.success(), "{version}: {}", said.stderr);
            let sent = said
                .stderr
                .contains("Content-Type: application/vnd.kubernetes.protobuf");
            assert_eq!(sent, minor(version) >= 32, "{version}: {}", said.stderr);
        };
        create(&["configmap", "colours", "--from-literal=sky=blue"]);
        create(&["secret", "generic", "word", "--from-literal=open=sesame"]);
        create(&["deployment", "web", "--image=nginx", "--replicas=2"]);
        let at = |object: &str, path: &str| {
            let path = format!("jsonpath={path}");
            cluster.ok(kubectl, &["get", object, "-o", &path])
        };
        assert_eq!(at("configmap/colours", "{.data.sky}"), "blue", "{version}");
        assert_eq!(at("secret/word", "{.data.open}"), "c2VzYW1l", "{version}");
        assert_eq!(
            cluster.ok(
                kubectl,
                &[
                    "wait",
                    "--for=condition=Available",
                    "deployment/web",
                    "--timeout=50s"
                ]
            ),
            "deployment.apps/web condition met\n",
            "{version}"
        );
        assert_eq!(
            at(
                "deployment/web",
                "{.spec.template.spec.containers[0].image} {.status.readyReplicas}"
            ),
            "nginx 2",
            "{version}"
        );
        assert_eq!(
            at(
                "pods",
                "{range .items[*]}{.metadata.labels.app}={.status.phase} {end}"
            ),
            "web=Running web=Running ",
            "{version}"
        );
    });
}

#[test]
fn a_deletion_has_its_grace() {
    each(|kubectl, version| {
        let cluster = Cluster::start(&[]);
        for name in ["deaf", "slow"] {
            let deaf = "trap '' TERM; echo up; while true; do sleep 1; done";
            cluster.ok(
                kubectl,
                &[
                    "run",
                    name,
                    "--image=busybox",
                    "--restart=Never",
                    "--",
                    "sh",
                    "-c",
                    deaf,
                ],
            );
        }
        for name in ["deaf", "slow"] {
            cluster.ready(kubectl, name);
        }
        let before = std::time::Instant::now();
        let gone = cluster.ok(kubectl, &["delete", "pod", "deaf", "--grace-period=2"]);
        assert!(
            gone.starts_with("pod \"deaf\" deleted"),
            "{version}: {gone}"
        );
        assert!(
            before.elapsed() >= std::time::Duration::from_secs(2),
            "{version}: a process that does not listen has its two seconds"
        );
        cluster.ok(kubectl, &["delete", "pod", "slow", "--wait=false"]);
        let leaving = "jsonpath={.metadata.deletionGracePeriodSeconds} {.status.phase}";
        assert_eq!(
            cluster.ok(kubectl, &["get", "pod", "slow", "-o", leaving]),
            "30 Running",
            "{version}"
        );
        let forced = cluster.kubectl(
            kubectl,
            &["delete", "pod", "slow", "--grace-period=0", "--force"],
            "",
        );
        assert!(
            forced.stdout.starts_with("pod \"slow\" force deleted")
                && forced
                    .stderr
                    .starts_with("Warning: Immediate deletion does not wait"),
            "{version}: {}{}",
            forced.stdout,
            forced.stderr
        );
        cluster.ok(
            kubectl,
            &["wait", "--for=delete", "pod/slow", "--timeout=50s"],
        );
        assert_eq!(
            cluster.kubectl(kubectl, &["get", "pods"], "").stderr,
            "No resources found in default namespace.\n",
            "{version}"
        );
    });
}

#[test]
fn what_is_not_simulated_is_said() {
    each(|kubectl, version| {
        let cluster = Cluster::start(&[]);
        assert_eq!(
            cluster.ok(kubectl, &["get", "pods", "-n", "kube-system", "-o", "name"]),
            "",
            "{version}"
        );
        let proxied = cluster.kubectl(
            kubectl,
            &["get", "--raw", "/api/v1/namespaces/default/pods/x/proxy/"],
            "",
        );
        let said = proxied.stderr;
        assert!(said.contains("address not allowed"), "{version}: {said}");
        let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny}\nspec: {podSelector: {}}\n";
        let applied = cluster.kubectl(kubectl, &["apply", "-f", "-"], policy);
        let said = applied.stderr;
        assert!(
            said.contains("LIMITATIONS.md: network-policies"),
            "{version}: {said}"
        );
    });
}
