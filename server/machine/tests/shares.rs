//! CPU shared by weights, and who is ended when the whole node has no memory left, in virtual time.

mod world;

use machine::cri::{ContainerConfig, ContainerId, ContainerState};
use machine::time::Duration;
use world::World;

/// `count` endless loops in a container with these cpu.shares.
fn loops(world: &World, shares: u64, count: usize) -> ContainerId {
    let one = "while :; do :; done &";
    let config = ContainerConfig {
        command: vec![
            "sh".into(),
            "-c".into(),
            format!("{} wait", one.repeat(count)),
        ],
        cpu_shares: shares,
        ..world.config()
    };
    world.start_config(config)
}

#[test]
fn busy_containers_share_by_weight() {
    // Shares and loops of each container, and the thousandths of a CPU that each gets on two CPUs.
    for (containers, expect) in [
        (vec![(102, 1)], vec![1000]),
        (vec![(512, 2), (1024, 2)], vec![666, 1333]),
        (vec![(2, 2), (1024, 1)], vec![1000, 1000]),
    ] {
        let world = World::new();
        let ids: Vec<ContainerId> = containers
            .iter()
            .map(|&(shares, count)| loops(&world, shares, count))
            .collect();
        world.run(Duration::from_millis(200));
        let before: Vec<Duration> = ids.iter().map(|id| cpu(&world, id)).collect();
        world.run(Duration::from_secs(1));
        for ((id, before), expect) in ids.iter().zip(before).zip(expect) {
            let used = (cpu(&world, id) - before).as_millis() as i64;
            assert!(
                (used - expect).abs() < 30,
                "{containers:?}: {used} of {expect}"
            );
        }
    }
}

fn cpu(world: &World, id: &ContainerId) -> Duration {
    world.node.container_stats(id).unwrap().cpu
}

/// A container that holds so many MiB.
fn hog(world: &World, mebibytes: u32, adjustment: i32) -> ContainerId {
    let config = ContainerConfig {
        image: "polinux/stress".into(),
        command: [
            "stress",
            "--vm",
            "1",
            "--vm-bytes",
            &format!("{mebibytes}M"),
            "--vm-hang",
            "0",
        ]
        .map(String::from)
        .to_vec(),
        memory_limit: None,
        oom_score_adj: adjustment,
        ..world.config()
    };
    world.start_config(config)
}

#[test]
fn the_worst_by_score_goes_when_the_node_has_no_memory_left() {
    let world = World::new();
    let guaranteed = hog(&world, 1500, -997);
    let best_effort = hog(&world, 1000, 1000);
    world.run(Duration::from_secs(10));
    let burstable = hog(&world, 2000, 500);
    world.run(Duration::from_secs(20));
    let state = |id: &ContainerId| {
        let status = world.status(id);
        (status.state, status.reason)
    };
    assert_eq!(
        state(&best_effort),
        (ContainerState::Exited, "OOMKilled".into())
    );
    assert_eq!(state(&guaranteed).0, ContainerState::Running);
    assert_eq!(state(&burstable).0, ContainerState::Running);
}
