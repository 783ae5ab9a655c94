//! Servers in containers, reached over the world's network: kuard, nginx, stand-ins, limits, volumes.

mod world;

use std::cell::RefCell;
use std::rc::Rc;

use machine::cri::{ContainerConfig, ContainerState, Mount};
use machine::http::{Request, Response, fetch};
use machine::runtime::TestPrograms;
use machine::time::Duration;
use machine::{Errno, Volume};
use world::World;

/// Sends a request from the node to the pod.
fn call(world: &World, port: u16, request: Request) -> Result<Response, Errno> {
    let answer = Rc::new(RefCell::new(None));
    let slot = answer.clone();
    let dial = world
        .kernel
        .network()
        .dial([10, 244, 0, 1].into(), ([10, 244, 0, 5], port).into());
    let task = world.executor.spawn(async move {
        let result = match dial.await {
            Ok(socket) => fetch(socket, &request).await,
            Err(error) => Err(error),
        };
        *slot.borrow_mut() = Some(result);
    });
    world.run(Duration::from_secs(5));
    drop(task);
    answer.take().expect("no answer in five seconds")
}

fn get(world: &World, port: u16, target: &str) -> (u16, String) {
    let answer = call(world, port, Request::get(target, "pod")).unwrap();
    (answer.code, String::from_utf8(answer.body).unwrap())
}

fn image(world: &World, image: &str) -> ContainerConfig {
    ContainerConfig {
        image: image.into(),
        memory_limit: Some(256 << 20),
        ..world.config()
    }
}

#[test]
fn kuard_answers_and_fails_on_demand() {
    let world = World::new();
    let id = world.start_config(image(&world, "gcr.io/kuar-demo/kuard-amd64:green"));
    world.run(Duration::from_secs(1));
    assert_eq!(get(&world, 8080, "/healthy"), (200, "ok".into()));
    let put = Request {
        method: "PUT".into(),
        body: b"{\"failNext\": 2}".to_vec(),
        ..Request::get("/ready/api", "pod")
    };
    assert_eq!(call(&world, 8080, put).unwrap().code, 200);
    let codes: Vec<u16> = (0..3).map(|_| get(&world, 8080, "/ready").0).collect();
    assert_eq!(codes, [500, 500, 200]);
    let (code, page) = get(&world, 8080, "/");
    assert!(
        code == 200
            && page.contains("v0.10.0-green")
            && page.contains("#1f9d61")
            && !page.contains("@facts"),
        "{page}"
    );
    assert!(
        get(&world, 8080, "/env/api")
            .1
            .contains("\"HOSTNAME\":\"pod-a\"")
    );
    assert!(get(&world, 8080, "/fs/etc/").1.contains("passwd"));
    assert_eq!(get(&world, 8080, "/nope").0, 404);
    assert!(
        world.logs(&id).contains(" GET /healthy\n"),
        "{}",
        world.logs(&id)
    );
    assert_eq!(world.status(&id).uid, 65_534);
    world.stop(&id, Duration::from_secs(30));
    let status = world.status(&id);
    assert_eq!(
        (status.state, status.exit_code),
        (ContainerState::Exited, 2)
    );
    assert_eq!(
        call(&world, 8080, Request::get("/", "pod")),
        Err(Errno::ECONNREFUSED)
    );
}

#[test]
fn memory_above_the_limit_kills_the_container() {
    let world = World::new();
    let id = world.start_config(ContainerConfig {
        memory_limit: Some(64 << 20),
        ..image(&world, "gcr.io/kuar-demo/kuard-amd64:blue")
    });
    world.run(Duration::from_secs(1));
    let post = Request {
        method: "POST".into(),
        ..Request::get("/mem/api/alloc?size=104857600", "pod")
    };
    assert!(call(&world, 8080, post).is_err());
    let status = world.status(&id);
    assert_eq!(
        (status.exit_code, status.reason.as_str()),
        (137, "OOMKilled")
    );
}

#[test]
fn stress_takes_what_the_quota_allows() {
    let world = World::new();
    let config = ContainerConfig {
        command: vec![
            "stress".into(),
            "-c".into(),
            "1".into(),
            "-t".into(),
            "60".into(),
        ],
        cpu_limit_millis: Some(250),
        ..image(&world, "polinux/stress")
    };
    let id = world.start_config(config);
    world.run(Duration::from_secs(40));
    let cores = world.node.container_stats(&id).unwrap().cpu_nano_cores;
    assert!((230_000_000..270_000_000).contains(&cores), "{cores}");
    world.run(Duration::from_secs(30));
    assert_eq!(world.status(&id).exit_code, 0);
    assert!(world.logs(&id).contains("successful run completed in 60s"));
}

#[test]
fn nginx_serves_logs_and_quits_cleanly() {
    let world = World::new();
    let id = world.start_config(image(&world, "nginx"));
    world.run(Duration::from_secs(1));
    let (code, page) = get(&world, 80, "/");
    assert!(code == 200 && page.contains("Welcome to nginx!"));
    assert_eq!(get(&world, 80, "/none").0, 404);
    assert!(
        world.logs(&id).contains("\"GET / HTTP/1.1\" 200"),
        "{}",
        world.logs(&id)
    );
    world.stop(&id, Duration::from_secs(30));
    assert_eq!(world.status(&id).exit_code, 0);
}

#[test]
fn stand_ins_follow_files_and_ignore_term() {
    let world = World::with(TestPrograms {
        server_images: vec!["nginx:*".into(), "gcr.io/kuar-demo/kuard-amd64:*".into()],
        memhog_images: vec!["polinux/stress".into()],
    });
    let id = world.start_config(image(&world, "gcr.io/kuar-demo/kuard-amd64:1"));
    world.run(Duration::from_secs(1));
    assert_eq!(get(&world, 8080, "/healthy"), (200, "ok".into()));
    let touch = machine::cri::ExecConfig {
        argv: ["sh", "-c", ": > /tmp/unhealthy"].map(Into::into).into(),
        ..Default::default()
    };
    let stdio = world.node.exec(&id, touch).unwrap();
    world.run(Duration::from_secs(1));
    assert_eq!(stdio.exit.status().map(|s| s.code()), Some(0));
    assert_eq!(get(&world, 8080, "/healthy").0, 500);
    assert!(
        world.logs(&id).ends_with(" 10.244.0.1 GET /healthy\n"),
        "{}",
        world.logs(&id)
    );
    world.stop(&id, Duration::from_secs(3));
    assert_eq!(world.status(&id).exit_code, 137);
    let hog = world.start_config(ContainerConfig {
        command: vec!["/memhog".into(), "250".into()],
        memory_limit: Some(100 << 20),
        ..image(&world, "polinux/stress")
    });
    world.run(Duration::from_secs(2));
    assert_eq!(world.status(&hog).reason, "OOMKilled");
}

#[test]
fn volumes_are_shared_and_read_only_where_asked() {
    let world = World::new();
    let volume = world.runtime.volume();
    let mount = |read_only| Mount {
        container_path: "/data".into(),
        volume: volume.clone(),
        sub_path: String::new(),
        read_only,
    };
    let run = |script: &str, read_only| {
        let command = ["sh", "-c", script].map(Into::into).into();
        let id = world.start_config(ContainerConfig {
            command,
            mounts: vec![mount(read_only)],
            ..world.config()
        });
        world.run(Duration::from_secs(1));
        world.logs(&id)
    };
    assert_eq!(run("echo hi > /data/x", false), "");
    assert_eq!(volume.files().read("/x").unwrap(), b"hi\n");
    assert_eq!(
        run("read y < /data/x; echo $y; echo z > /data/z", true),
        "hi\nsh: can't create /data/z: Read-only file system\n"
    );
    let small = Volume::tmpfs(&world.kernel, Some(4096));
    assert_eq!(
        small.files().write("/a", &[1; 5000], 0o644),
        Err(Errno::ENOSPC)
    );
}

#[test]
fn a_full_world_refuses_writes_and_keeps_running() {
    let world = World::new();
    let id = world.start(&["sh", "-c", "x=0123456789012345678901234567890123456789; while [ ${#x} -lt 200000 ]; do x=$x$x; done; while echo $x >> /tmp/big 2>/dev/null; do :; done; echo full"]);
    world.run(Duration::from_secs(60));
    assert_eq!(
        world.logs(&id).lines().last(),
        Some("full"),
        "{:?}",
        world.status(&id)
    );
    assert!(world.kernel.file_bytes() <= 24 << 20);
}
