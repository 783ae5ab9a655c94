//! The real kubectl's streams on `podschool cluster`: a terminal in a pod, attach, and both transports, WebSocket and SPDY.
//! The terminal comes from `script` (util-linux); where it is missing, that test says so.

use std::path::Path;
use std::process::Command;
use tests::{Cluster, Talk, Tunnel, each, minor};

/// `kubectl ARGS…` on a terminal of 33 rows and 90 columns.
fn on_a_terminal(cluster: &Cluster, kubectl: &Path, args: &str) -> Command {
    let line = format!("stty rows 33 cols 90; exec {} {args}", kubectl.display());
    cluster.command(Path::new("script"), &["-qefc", &line, "/dev/null"])
}

#[test]
fn a_terminal_in_a_pod() {
    if Command::new("script").arg("--version").output().is_err() {
        println!("skipped: `script` (package util-linux or bsdutils) is not installed");
        return;
    }
    each(|kubectl, version| {
        let cluster = Cluster::start(&[]);
        cluster.kuard(kubectl);
        let mut shell = Talk::start(
            on_a_terminal(&cluster, kubectl, "exec -it kuard -- ash"),
            version,
        );
        shell.hear("$ ");
        // kubectl tells the size when it is connected, beside the first keys and not before them.
        shell.say("tty; until stty size | grep '3[3] 90'; do sleep 0.1; done; echo $((6*7))\r");
        shell.hear("/dev/pts/");
        shell.hear("33 90");
        shell.hear("42");
        shell.say("sleep 1000\r");
        shell.hear("sleep 1000");
        shell.say("\u{3}");
        shell.hear("^C");
        shell.say("echo status $?\r");
        shell.hear("status 130");
        shell.say("exit 3\r");
        let (code, said) = shell.end();
        assert_eq!(code, Some(3), "{version}: {said}");
    });
}

#[test]
fn attached_to_a_process() {
    each(|kubectl, version| {
        let cluster = Cluster::start(&[]);
        let listen = "read line; echo got $line; exit 4";
        let said = cluster.kubectl(
            kubectl,
            &[
                "run",
                "once",
                "--image=busybox",
                "--restart=Never",
                "--rm",
                "-i",
                "--",
                "sh",
                "-c",
                listen,
            ],
            "hello\n",
        );
        assert_eq!(said.status.code(), Some(4), "{version}: {}", said.stderr);
        assert_eq!(
            said.stdout, "got hello\npod \"once\" deleted\n",
            "{version}: {}",
            said.stderr
        );
        // `run --stdin` would attach, and end the container's input when it leaves
        let echo = "apiVersion: v1\nkind: Pod\nmetadata: {name: echo}\nspec:\n  containers:\n  - name: echo\n    image: busybox\n    stdin: true\n    command: [sh, -c, \"while read line; do echo you said $line; done\"]\n";
        let applied = cluster.kubectl(kubectl, &["apply", "-f", "-"], echo);
        assert!(applied.status.success(), "{version}: {}", applied.stderr);
        cluster.ready(kubectl, "echo");
        let mut attached =
            Talk::start(cluster.command(kubectl, &["attach", "-i", "echo"]), version);
        attached.say("one\n");
        attached.hear("you said one\n");
        attached.say("two\n");
        attached.hear("you said two\n");
        drop(attached);
        let log = cluster.ok(kubectl, &["logs", "echo"]);
        assert_eq!(log, "you said one\nyou said two\n", "{version}");
    });
}

/// Which transport kubectl is told to use.
fn with_websockets(mut command: Command, wanted: bool) -> Command {
    let wanted = wanted.to_string();
    command
        .env("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", &wanted)
        .env("KUBECTL_PORT_FORWARD_WEBSOCKETS", &wanted);
    command
}

/// The first minor version that can do exec, or port-forward, over WebSockets when told so.
const EXEC_SINCE: u32 = 29;
const FORWARD_SINCE: u32 = 30;

#[test]
fn both_transports_carry_exec() {
    each(|kubectl, version| {
        let cluster = Cluster::start(&[]);
        cluster.kuard(kubectl);
        for websockets in [false, true] {
            let args = [
                "exec",
                "-i",
                "kuard",
                "-v=8",
                "--",
                "sh",
                "-c",
                "wc -c; echo no >&2; exit 3",
            ];
            let text = "x".repeat(300_000);
            let said = tests::run(
                with_websockets(cluster.command(kubectl, &args), websockets),
                &text,
            );
            assert_eq!(said.stdout.trim(), "300000", "{version}: {}", said.stderr);
            assert_eq!(said.status.code(), Some(3), "{version}");
            let transport = if websockets && minor(version) >= EXEC_SINCE {
                "Upgrade: websocket"
            } else {
                "Upgrade: SPDY/3.1"
            };
            assert!(
                said.stderr.contains(transport) && said.stderr.contains("no\n"),
                "{version}: no {transport} in {}",
                said.stderr
            );
        }
    });
}

#[test]
fn both_transports_carry_port_forward() {
    each(|kubectl, version| {
        let cluster = Cluster::start(&[]);
        cluster.kuard(kubectl);
        for websockets in [false, true] {
            let args = ["port-forward", "kuard", ":8080", "-v=8"];
            let command = with_websockets(cluster.command(kubectl, &args), websockets);
            let mut forward = Talk::start(command, version);
            forward.hear("Forwarding from 127.0.0.1:");
            let port: u16 = forward.hear(" -> 8080").parse().expect("a port");
            forward.has(if websockets && minor(version) >= FORWARD_SINCE {
                "Upgrade: websocket"
            } else {
                "Upgrade: SPDY/3.1"
            });
            let mut clients: Vec<Tunnel> = (0..3).map(|_| Tunnel::to(port)).collect();
            for client in &mut clients {
                client.ask();
            }
            for client in clients {
                client.is_well(version);
            }
            // A port where nobody listens: that connection ends, the others go on.
            let args = ["port-forward", "kuard", ":1"];
            let command = with_websockets(cluster.command(kubectl, &args), websockets);
            let mut nobody = Talk::start(command, version);
            nobody.hear("Forwarding from 127.0.0.1:");
            let port: u16 = nobody.hear(" -> 1").parse().expect("a port");
            let mut client = Tunnel::to(port);
            client.send(b"hello");
            client.is_empty(version);
            nobody.has("connection refused");
        }
    });
}
