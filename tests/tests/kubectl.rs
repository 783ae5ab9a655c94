//! The real kubectl on `podschool cluster`: what a person does in an afternoon, with every version at hand. Each
//! version has a cluster of its own; `kubectl wait` is the only waiting.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use tests::{Cluster, kubectls};

const KUARD: &str = "--image=gcr.io/kuar-demo/kuard-amd64:blue";

/// Runs `play` with each kubectl side by side.
fn each(play: fn(&Path, &str)) {
    let all = kubectls();
    std::thread::scope(|scope| {
        for (version, path) in &all {
            scope.spawn(move || play(path, version));
        }
    });
}

fn kuard(cluster: &Cluster, kubectl: &Path) {
    assert_eq!(
        cluster.ok(kubectl, &["run", "kuard", KUARD]),
        "pod/kuard created\n"
    );
    cluster.ok(
        kubectl,
        &[
            "wait",
            "--for=condition=Ready",
            "pod/kuard",
            "--timeout=30s",
        ],
    );
}

#[test]
fn a_pod_is_run_looked_at_and_deleted() {
    each(|kubectl, version| {
        let cluster = Cluster::start(&[]);
        kuard(&cluster, kubectl);
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
        let said = String::from_utf8_lossy(&missing.stderr);
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
        let apply = |text: &str| {
            String::from_utf8_lossy(&cluster.kubectl(kubectl, &["apply", "-f", "-"], text).stdout)
                .into_owned()
        };
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
        let said = String::from_utf8_lossy(&bad.stderr).into_owned();
        assert!(
            said.contains("unknown field \"spec.containers[0].imagee\""),
            "{version}: {said}"
        );
        let mut watch = cluster
            .command(kubectl, &["get", "pods", "-w", "-o", "name"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("kubectl starts");
        let mut lines = BufReader::new(watch.stdout.take().expect("stdout is a pipe"))
            .lines()
            .map_while(Result::ok);
        assert_eq!(lines.next().as_deref(), Some("pod/sleeper"), "{version}");
        cluster.ok(
            kubectl,
            &["run", "second", "--image=busybox", "--", "sleep", "60"],
        );
        assert_eq!(
            lines.find(|l| l == "pod/second").as_deref(),
            Some("pod/second"),
            "{version}"
        );
        watch.kill().expect("kubectl is still watching");
        watch.wait().expect("kubectl ends");
    });
}

#[test]
fn logs_exec_and_cp() {
    each(|kubectl, version| {
        let cluster = Cluster::start(&[]);
        kuard(&cluster, kubectl);
        let mut logs = cluster
            .command(kubectl, &["logs", "-f", "kuard"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("kubectl starts");
        let mut lines = BufReader::new(logs.stdout.take().expect("stdout is a pipe"))
            .lines()
            .map_while(Result::ok);
        assert!(lines.next().is_some(), "{version}: kuard says nothing");
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
        assert!(
            lines.any(|l| l.contains("GET /healthy")),
            "{version}: the request is not in the log"
        );
        logs.kill().expect("kubectl is still following");
        logs.wait().expect("kubectl ends");
        let piped = cluster.kubectl(kubectl, &["exec", "-i", "kuard", "--", "cat"], "hello\n");
        assert_eq!(
            String::from_utf8_lossy(&piped.stdout),
            "hello\n",
            "{version}"
        );
        let three = cluster.kubectl(
            kubectl,
            &["exec", "kuard", "--", "sh", "-c", "echo no >&2; exit 3"],
            "",
        );
        assert_eq!(three.status.code(), Some(3), "{version}");
        assert!(
            String::from_utf8_lossy(&three.stderr).starts_with("no\n"),
            "{version}"
        );
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
        kuard(&cluster, kubectl);
        let mut forward = cluster
            .command(kubectl, &["port-forward", "kuard", ":8080"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("kubectl starts");
        let mut lines = BufReader::new(forward.stdout.take().expect("stdout is a pipe"))
            .lines()
            .map_while(Result::ok);
        let said = lines.next().unwrap_or_default();
        let port: u16 = said
            .split(':')
            .nth(1)
            .and_then(|r| r.split(' ').next())
            .and_then(|p| p.parse().ok())
            .expect(&said);
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
        forward.kill().expect("kubectl is still forwarding");
        forward.wait().expect("kubectl ends");
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
        let said = String::from_utf8_lossy(&proxied.stderr).into_owned();
        assert!(said.contains("address not allowed"), "{version}: {said}");
        let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny}\nspec: {podSelector: {}}\n";
        let applied = cluster.kubectl(kubectl, &["apply", "-f", "-"], policy);
        let said = String::from_utf8_lossy(&applied.stderr).into_owned();
        assert!(
            said.contains("LIMITATIONS.md: network-policies"),
            "{version}: {said}"
        );
    });
}
