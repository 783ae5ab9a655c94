//! Containers through `cri::Runtime`, in virtual time: start, logs, signals, exec, limits, errors.

mod world;

use machine::cri::{ContainerConfig, ContainerState, ExecConfig};
use machine::time::Duration;
use world::World;

/// (script, seconds to run, logs, exit code or None while it runs)
#[test]
fn scripts() {
    for (script, seconds, logs, code) in [
        ("echo hello", 1, "hello\n", Some(0)),
        ("exit 3", 1, "", Some(3)),
        (
            "echo out; echo err >&2; sleep 5; echo late",
            1,
            "out\nerr\n",
            None,
        ),
        ("sleep 1 & wait; echo done; false", 2, "done\n", Some(1)),
        (
            "echo $HOSTNAME $HOME; pwd; id -u 2>/dev/null || true",
            1,
            "pod-a /root\n/\n",
            None,
        ),
        (
            "(exit 7); echo $?; kill -TERM $$; echo alive",
            1,
            "7\nalive\n",
            Some(0),
        ),
        (
            "trap 'echo bye; exit 4' TERM; kill -TERM $$; sleep 1",
            2,
            "bye\n",
            Some(4),
        ),
        (
            "echo a > /tmp/x; read y < /tmp/x; echo got $y > /dev/stdout",
            1,
            "got a\n",
            Some(0),
        ),
        (
            "read x < /etc/hostname; echo $x; read a b < /etc/resolv.conf; echo $a $b",
            1,
            "pod-a\nnameserver 10.96.0.10\n",
            Some(0),
        ),
        (
            "read l < /proc/self/oom_score_adj; echo $l; read m < /sys/fs/cgroup/memory.max; echo $m",
            1,
            "1000\n67108864\n",
            Some(0),
        ),
    ] {
        let world = World::new();
        let id = world.start(&["sh", "-c", script]);
        world.run(Duration::from_secs(seconds));
        let status = world.status(&id);
        let got = world.logs(&id);
        if code.is_some() {
            assert_eq!(
                (got.as_str(), status.state),
                (logs, ContainerState::Exited),
                "{script}"
            );
            assert_eq!(Some(status.exit_code), code, "{script}");
        } else {
            assert!(got.starts_with(logs), "{script}: {got}");
        }
    }
}

#[test]
fn stop_waits_the_grace_period_unless_handled() {
    for (script, seconds, code) in [
        ("while true; do sleep 1; done", 30, 137),
        ("trap 'exit 0' TERM; while true; do sleep 1; done", 1, 0),
        ("exec sleep 600", 30, 137),
    ] {
        let world = World::new();
        let id = world.start(&["sh", "-c", script]);
        world.run(Duration::from_millis(500));
        let begun = world.executor.now();
        world.stop(&id, Duration::from_secs(30));
        let status = world.status(&id);
        let took = status.finished_at.since(begun).as_secs_f64().ceil() as u64;
        assert_eq!((status.exit_code, took), (code, seconds), "{script}");
    }
}

#[test]
fn what_cannot_start_says_so_in_the_words_of_runc() {
    let prefix = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ";
    for (argv, expect) in [
        (
            "/no/such",
            "exec: \"/no/such\": stat /no/such: no such file or directory: unknown",
        ),
        (
            "nosuch",
            "exec: \"nosuch\": executable file not found in $PATH: unknown",
        ),
        (
            "/etc/passwd",
            "exec: \"/etc/passwd\": permission denied: unknown",
        ),
    ] {
        let world = World::new();
        let id = world.create(ContainerConfig {
            command: vec![argv.into()],
            ..world.config()
        });
        let error = world.node.start_container(&id).unwrap_err();
        assert_eq!(error.to_string(), format!("{prefix}{expect}"));
        let status = world.status(&id);
        assert_eq!(
            (status.exit_code, status.reason.as_str()),
            (128, "StartError")
        );
    }
}

#[test]
fn exec_has_streams_and_a_code() {
    let world = World::new();
    let id = world.start(&["sleep", "600"]);
    world.run(Duration::from_millis(100));
    let config = ExecConfig {
        argv: vec![
            "sh".into(),
            "-c".into(),
            "read x; echo got $x; echo e >&2; exit 5".into(),
        ],
        tty: false,
        stdin: true,
    };
    let mut stdio = world.node.exec(&id, config).unwrap();
    let stdin = stdio.stdin.take().unwrap();
    assert_eq!(stdin.try_write(b"input\n").unwrap(), Ok(6));
    world.run(Duration::from_millis(100));
    let read =
        |r: &machine::pipe::Reader| String::from_utf8(r.try_read(1000).unwrap().unwrap()).unwrap();
    assert_eq!(read(&stdio.stdout), "got input\n");
    assert_eq!(read(stdio.stderr.as_ref().unwrap()), "e\n");
    assert_eq!(stdio.exit.status().map(|s| s.code()), Some(5));
    let missing = world.node.exec(
        &id,
        ExecConfig {
            argv: vec!["nosuch".into()],
            ..Default::default()
        },
    );
    let text = missing.err().unwrap().to_string();
    assert!(
        text.ends_with("exec: \"nosuch\": executable file not found in $PATH: unknown"),
        "{text}"
    );
}

#[test]
fn a_terminal_edits_lines_and_signals() {
    let world = World::new();
    let id = world.start(&["sleep", "600"]);
    world.run(Duration::from_millis(100));
    let stdio = world
        .node
        .exec(
            &id,
            ExecConfig {
                argv: vec![
                    "sh".into(),
                    "-c".into(),
                    "read x; echo \"<$x>\"; sleep 100".into(),
                ],
                tty: true,
                stdin: true,
            },
        )
        .unwrap();
    let keys = stdio.stdin.as_ref().unwrap();
    for piece in [&b"wromg\x7f\x7fng\r"[..], b"\x03"] {
        assert!(keys.try_write(piece).unwrap().is_ok());
        world.run(Duration::from_millis(100));
    }
    let screen = String::from_utf8(stdio.stdout.try_read(1000).unwrap().unwrap()).unwrap();
    assert_eq!(screen, "wromg\x08 \x08\x08 \x08ng\r\n<wrong>\r\n^C");
    assert_eq!(stdio.exit.status().map(|s| s.code()), Some(130));
}

#[test]
fn hostile_scripts_leave_others_alone() {
    for (hostile, code) in [
        ("while :; do :; done", 137),
        // The shell itself ends; process 1's end ends the bomb.
        (":(){ :|:& };:", 0),
        ("while :; do echo x; done", 137),
        ("while :; do (:); done", 137),
    ] {
        let world = World::new();
        let bad = world.start(&["sh", "-c", hostile]);
        let good = world.start(&["sh", "-c", "while :; do sleep 1; echo tick; done"]);
        let polls = world.executor.polls();
        world.run(Duration::from_millis(3500));
        assert_eq!(world.logs(&good), "tick\ntick\ntick\n", "{hostile}");
        let spent = world.executor.polls() - polls;
        assert!(spent < 2_000_000, "{hostile}: {spent} polls");
        world.stop(&bad, Duration::from_secs(0));
        assert_eq!(world.status(&bad).exit_code, code, "{hostile}");
        let stats = world.node.container_stats(&bad).unwrap();
        assert_eq!(
            (stats.processes, stats.memory_working_set),
            (0, 0),
            "{hostile}"
        );
    }
}
