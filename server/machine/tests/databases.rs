//! mysql and wordpress: how they start, what they say, what they keep. Words as the images have them.

mod world;

use machine::cri::{ContainerConfig, ContainerId, ContainerState, ExecConfig};
use machine::time::Duration;
use world::World;

fn mysql(world: &World, env: &[(&str, &str)]) -> ContainerId {
    let env = env
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    world.start_config(ContainerConfig {
        image: "mysql:8.4".into(),
        memory_limit: Some(1 << 30),
        env: env.collect(),
        ..world.config()
    })
}

/// What a command in the container prints, and its code.
fn run(world: &World, id: &ContainerId, script: &str) -> (i32, String) {
    let script = format!(
        "{{ {script}; }} > /tmp/out 2>&1; code=$?; cat /tmp/out >> /proc/1/fd/2; exit $code"
    );
    let config = ExecConfig {
        argv: ["sh", "-c", &script].map(Into::into).into(),
        ..ExecConfig::default()
    };
    let before = world.logs(id).len();
    let stdio = world.node.exec(id, config).unwrap();
    world.run(Duration::from_secs(1));
    let code = stdio.exit.status().expect("it still runs").code();
    (code, world.logs(id)[before..].to_owned())
}

#[test]
fn mysql_starts_answers_and_keeps_who_it_is() {
    let world = World::new();
    let id = mysql(
        &world,
        &[("MYSQL_ROOT_PASSWORD", "s"), ("MYSQL_DATABASE", "shop")],
    );
    world.run(Duration::from_secs(2));
    let (code, said) = run(&world, &id, "mysqladmin -uroot -ps ping");
    assert_eq!(code, 1);
    let failed =
        "mysqladmin: [Warning] Using a password on the command line interface can be insecure.
mysqladmin: connect to server at 'localhost' failed
error: 'Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)'
Check that mysqld is running and that the socket: '/var/run/mysqld/mysqld.sock' exists!
";
    assert_eq!(said, failed, "it still makes its files");
    world.run(Duration::from_secs(10));
    assert_eq!(
        run(&world, &id, "mysqladmin ping -h 127.0.0.1"),
        (0, "mysqld is alive\n".into())
    );
    let (code, said) = run(&world, &id, "mysqladmin ping -h 127.0.0.1 -P 3307");
    assert!(
        code == 1 && said.contains("'Can't connect to MySQL server on '127.0.0.1:3307' (111)'"),
        "{said}"
    );
    world.stop(&id, Duration::from_secs(30));
    assert_eq!(world.status(&id).exit_code, 0);
    let logs = world.logs(&id);
    for part in [
        "[Note] [Entrypoint]: Entrypoint script for MySQL Server 8.4.7-1.el9 started.\n",
        "[Note] [Entrypoint]: Initializing database files\n",
        "[Note] [Entrypoint]: Creating database shop\n",
        "[Note] [Entrypoint]: MySQL init process done. Ready for start up.\n",
        "0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Version: '8.4.7'  socket: '/var/run/mysqld/mysqld.sock'  port: 3306  MySQL Community Server - GPL.\n",
        "0 [System] [MY-013172] [Server] Received SHUTDOWN from user <via user signal>. Shutting down mysqld (Version: 8.4.7).\n",
    ] {
        assert!(logs.contains(part), "{part}\n---\n{logs}");
    }
}

#[test]
fn mysql_wants_a_password() {
    let world = World::new();
    let id = mysql(&world, &[]);
    world.run(Duration::from_secs(1));
    let status = world.status(&id);
    assert_eq!(
        (status.state, status.exit_code),
        (ContainerState::Exited, 1)
    );
    let said =
        "[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified\n";
    assert!(world.logs(&id).contains(said), "{}", world.logs(&id));
}
