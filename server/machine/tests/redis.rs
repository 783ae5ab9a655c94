//! redis: speaks, keeps, expires, and finds its data again.

mod world;

use machine::Volume;
use machine::cri::{ContainerConfig, ContainerState, ExecConfig, Mount};
use machine::time::Duration;
use world::World;

fn redis(world: &World, volume: &Volume, args: &[&str]) -> ContainerConfig {
    ContainerConfig {
        image: "redis:7".into(),
        args: args.iter().map(|arg| (*arg).into()).collect(),
        mounts: vec![Mount {
            container_path: "/data".into(),
            volume: volume.clone(),
            sub_path: String::new(),
            read_only: false,
        }],
        ..world.config()
    }
}

/// Runs a shell line in the container; what it prints.
fn shell(world: &World, id: &machine::cri::ContainerId, line: &str) -> String {
    let argv = ["sh", "-c", line].map(Into::into).into();
    let stdio = world
        .node
        .exec(
            id,
            ExecConfig {
                argv,
                ..ExecConfig::default()
            },
        )
        .unwrap();
    world.run(Duration::from_secs(1));
    match stdio.stdout.try_read(100_000) {
        Some(bytes) => String::from_utf8(bytes.unwrap()).unwrap(),
        None => String::new(),
    }
}

#[test]
fn commands_are_answered() {
    let world = World::new();
    let volume = world.runtime.volume();
    let id = world.start_config(redis(&world, &volume, &[]));
    world.run(Duration::from_secs(1));
    assert!(
        world.logs(&id).contains("Ready to accept connections tcp"),
        "{}",
        world.logs(&id)
    );
    for (line, expect) in [
        ("redis-cli ping", "PONG\n"),
        (
            "redis-cli set a 1; redis-cli incr a; redis-cli get a",
            "OK\n2\n2\n",
        ),
        (
            "redis-cli --no-raw get none; redis-cli --no-raw incr a",
            "(nil)\n(integer) 3\n",
        ),
        (
            "redis-cli rpush l x y z; redis-cli --no-raw lrange l 0 -2; redis-cli lpop l",
            "3\n1) \"x\"\n2) \"y\"\nx\n",
        ),
        (
            "redis-cli hset h f 1 g 2; redis-cli hgetall h; redis-cli hincrby h f 4",
            "2\nf\n1\ng\n2\n5\n",
        ),
        (
            "redis-cli sadd s a b a; redis-cli smembers s; redis-cli type s",
            "2\na\nb\nset\n",
        ),
        (
            "redis-cli lpush a x; echo $?",
            "WRONGTYPE Operation against a key holding the wrong kind of value\n1\n",
        ),
        (
            "redis-cli nosuch x",
            "ERR unknown command 'nosuch', with args beginning with: 'x' \n",
        ),
        (
            "redis-cli set e 1 ex 2; redis-cli ttl e; sleep 0.5; redis-cli exists e",
            "OK\n2\n1\n",
        ),
        ("printf 'SET p \"q r\"\\nGET p\\n' | redis-cli", "OK\nq r\n"),
        (
            "printf 'PING\\r\\nQUIT\\r\\n' | nc 127.0.0.1 6379",
            "+PONG\r\n+OK\r\n",
        ),
    ] {
        assert_eq!(shell(&world, &id, line), expect, "{line}");
    }
    world.run(Duration::from_secs(3));
    assert_eq!(
        shell(&world, &id, "redis-cli exists e; redis-cli dbsize"),
        "0\n5\n"
    );
}

#[test]
fn data_outlives_the_server() {
    let world = World::new();
    let volume = world.runtime.volume();
    let first = world.start_config(redis(&world, &volume, &[]));
    world.run(Duration::from_secs(1));
    shell(
        &world,
        &first,
        "redis-cli mset a 1 b 'two words'; redis-cli rpush l x y; redis-cli expire a 1000",
    );
    world.stop(&first, Duration::from_secs(30));
    let status = world.status(&first);
    assert_eq!(
        (status.state, status.exit_code),
        (ContainerState::Exited, 0)
    );
    assert!(
        world.logs(&first).contains("DB saved on disk"),
        "{}",
        world.logs(&first)
    );
    let second = world.start_config(redis(&world, &volume, &[]));
    world.run(Duration::from_secs(1));
    assert_eq!(
        shell(
            &world,
            &second,
            "redis-cli get b; redis-cli lrange l 0 -1; redis-cli ttl a"
        ),
        "two words\nx\ny\n967\n"
    );
    world.stop(&second, Duration::ZERO);
    // Killed: only what is appended at once survives.
    let third = world.start_config(redis(
        &world,
        &volume,
        &["--appendonly", "yes", "--requirepass", "secret"],
    ));
    world.run(Duration::from_secs(1));
    assert_eq!(
        shell(
            &world,
            &third,
            "redis-cli get b; redis-cli -a secret set k v"
        ),
        "NOAUTH Authentication required.\nOK\n"
    );
    world.stop(&third, Duration::ZERO);
    let fourth = world.start_config(redis(&world, &volume, &["--appendonly", "yes"]));
    world.run(Duration::from_secs(1));
    assert_eq!(shell(&world, &fourth, "redis-cli get k"), "v\n");
}

#[test]
fn memory_has_its_limits() {
    let world = World::new();
    let volume = world.runtime.volume();
    let id = world.start_config(redis(&world, &volume, &["--maxmemory", "100kb"]));
    world.run(Duration::from_secs(1));
    let out = shell(
        &world,
        &id,
        "x=$(printf '%9000d' 1); for i in $(seq 20); do redis-cli set k$i \"$x\"; done | sort | uniq -c",
    );
    assert!(
        out.contains("OOM command not allowed when used memory > 'maxmemory'."),
        "{out}"
    );
    assert_eq!(
        shell(&world, &id, "redis-cli del k1 k2; redis-cli get k3 | wc -c"),
        "2\n9001\n"
    );
}
