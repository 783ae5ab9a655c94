//! agnhost's sub-commands, as pods of the end-to-end suite use them.

mod world;

use std::cell::RefCell;
use std::rc::Rc;

use machine::cri::{ContainerConfig, ContainerState};
use machine::http::{Request, fetch};
use machine::time::Duration;
use world::World;

const IMAGE: &str = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";

fn agnhost(world: &World, args: &[&str]) -> ContainerConfig {
    ContainerConfig {
        image: IMAGE.into(),
        args: args.iter().map(|arg| (*arg).into()).collect(),
        ..world.config()
    }
}

/// Runs it for a second; its logs and exit code.
fn ends(args: &[&str]) -> (String, i32) {
    let world = World::new();
    let id = world.start_config(agnhost(&world, args));
    world.run(Duration::from_secs(1));
    let status = world.status(&id);
    assert_eq!(
        status.state,
        ContainerState::Exited,
        "{args:?}: {}",
        world.logs(&id)
    );
    (world.logs(&id), status.exit_code)
}

fn get(world: &World, port: u16, target: &str) -> (u16, String) {
    let answer = Rc::new(RefCell::new(None));
    let slot = answer.clone();
    let dial = world
        .kernel
        .network()
        .dial([10, 244, 0, 1].into(), ([10, 244, 0, 5], port).into());
    let request = Request::get(target, "pod");
    let task = world.executor.spawn(async move {
        let socket = dial.await.expect("it listens");
        *slot.borrow_mut() = fetch(socket, &request).await.ok();
    });
    world.run(Duration::from_secs(6));
    drop(task);
    let answer = answer.take().expect("an answer");
    (answer.code, String::from_utf8(answer.body).unwrap())
}

#[test]
fn it_rests_and_shows_its_arguments() {
    let world = World::new();
    let id = world.start_config(agnhost(&world, &[]));
    world.run(Duration::from_secs(1));
    assert_eq!(world.status(&id).state, ContainerState::Running);
    world.stop(&id, Duration::from_secs(5));
    assert_eq!(world.status(&id).exit_code, 0);
    assert_eq!(
        ends(&["entrypoint-tester", "a", "b c"]),
        ("[/agnhost entrypoint-tester a b c]\n".into(), 0)
    );
    let (logs, code) = ends(&["nosuch"]);
    assert!(logs.contains("unknown command \"nosuch\""), "{logs}");
    assert_eq!(code, 1);
    let (logs, code) = ends(&["netexec", "--nosuch"]);
    assert!(logs.contains("unknown flag: --nosuch"), "{logs}");
    assert_eq!(code, 1);
}

#[test]
fn mounts_are_told_in_the_words_of_the_tests() {
    let (logs, code) = ends(&[
        "mounttest",
        "--new_file_0644=/tmp/f",
        "--file_perm=/tmp/f",
        "--file_mode=/tmp",
        "--file_owner=/tmp/f",
    ]);
    assert_eq!(code, 0, "{logs}");
    for line in [
        "content of file \"/tmp/f\": mount-tester new file\n",
        "perms of file \"/tmp/f\": -rw-r--r--\n",
        "mode of file \"/tmp\": dtrwxrwxrwx\n",
        "owner UID of \"/tmp/f\": 0\n",
        "owner GID of \"/tmp/f\": 0\n",
    ] {
        assert!(logs.contains(line), "{line:?} is not in {logs:?}");
    }
    let (logs, code) = ends(&["mounttest", "--file_content=/none"]);
    assert_eq!(code, 1, "{logs}");
    let (logs, code) = ends(&[
        "mounttest",
        "--file_content_in_loop=/none",
        "--retry_time=0",
    ]);
    assert_eq!(
        (logs.as_str(), code),
        (
            "Error reading file /none: open /none: no such file or directory, retrying\n",
            1
        )
    );
}

#[test]
fn netexec_answers_and_dials() {
    let world = World::new();
    world.start_config(agnhost(&world, &["netexec"]));
    world.run(Duration::from_secs(1));
    assert_eq!(get(&world, 8080, "/hostname"), (200, "pod-a".into()));
    assert_eq!(
        get(&world, 8080, "/echo?msg=hi%20there&code=201"),
        (201, "hi there".into())
    );
    assert_eq!(
        get(&world, 8080, "/shell?cmd=echo%20one%3B%20exit%203"),
        (
            417,
            "{\"error\":\"exit status 3\",\"output\":\"one\\n\"}".into()
        )
    );
    assert_eq!(
        get(
            &world,
            8080,
            "/dial?host=10.244.0.5&port=8081&request=hostname&protocol=udp&tries=2"
        ),
        (200, "{\"responses\":[\"pod-a\",\"pod-a\"]}".into())
    );
    assert_eq!(
        get(
            &world,
            8080,
            "/dial?host=10.244.0.5&port=8080&request=echo?msg=x"
        ),
        (200, "{\"responses\":[\"x\"]}".into())
    );
    let (code, body) = get(
        &world,
        8080,
        "/dial?host=10.244.0.5&port=1&request=hostname",
    );
    assert!(code == 200 && body.contains("connection refused"), "{body}");
}

#[test]
fn small_servers_answer() {
    let world = World::new();
    for args in [
        &["serve-hostname"][..],
        &["test-webserver", "--port=8000"],
        &["liveness"],
        &["grpc-health-checking", "--http-port=8090"],
        &["nettest", "--port=8099"],
        &["guestbook", "--http-port=6380"],
    ] {
        world.start_config(agnhost(&world, args));
    }
    world.run(Duration::from_secs(1));
    assert_eq!(get(&world, 9376, "/"), (200, "pod-a".into()));
    assert_eq!(get(&world, 8000, "/etc/hostname").0, 200);
    assert_eq!(get(&world, 8000, "/none").0, 404);
    // Eleven seconds and more have passed: five requests of six seconds.
    let (code, body) = get(&world, 8080, "/healthz");
    assert!(code == 500 && body.starts_with("error: "), "{body}");
    assert_eq!(get(&world, 8090, "/make-not-serving").0, 200);
    assert_eq!(get(&world, 8099, "/status"), (200, "running".into()));
    assert_eq!(get(&world, 6380, "/set?key=k&value=v%20w").0, 200);
    assert_eq!(get(&world, 6380, "/get?key=k"), (200, "v w".into()));
}

#[test]
fn logs_are_generated_and_connections_tried() {
    let world = World::new();
    let id = world.start_config(agnhost(
        &world,
        &[
            "logs-generator",
            "--log-lines-total=20",
            "--run-duration=2s",
        ],
    ));
    world.run(Duration::from_secs(3));
    let logs = world.logs(&id);
    assert_eq!(logs.lines().count(), 20, "{logs}");
    let last = logs.lines().last().unwrap();
    assert!(
        last.contains("logs_generator.go:76] 19 ") && last.contains(" /api/v1/namespaces/"),
        "{last}"
    );
    assert_eq!(ends(&["connect", "10.244.0.5:1"]), ("REFUSED\n".into(), 1));
    assert_eq!(
        ends(&["connect", "nosuch:80", "--timeout=100ms"]),
        ("DNS: lookup nosuch: i/o timeout\n".into(), 1)
    );
}
