//! A world with one node and one sandbox, for tests.
#![allow(dead_code, reason = "each test file uses its part")]

use std::rc::Rc;

use machine::cri::{
    ContainerConfig, ContainerId, ContainerStatus, DnsConfig, Runtime, SandboxConfig, SandboxId,
};
use machine::runtime::{NodeConfig, NodeRuntime, TestPrograms};
use machine::{Chance, Duration, Executor, Kernel, Time};

pub struct World {
    pub executor: Executor,
    pub kernel: Kernel,
    pub runtime: NodeRuntime,
    pub node: Rc<dyn Runtime>,
    pub sandbox: SandboxId,
}

impl World {
    pub fn new() -> World {
        World::with(TestPrograms::default())
    }

    pub fn with(test_programs: TestPrograms) -> World {
        let executor = Executor::new(Time::from_seconds(1_800_000_000));
        let kernel = Kernel::new(executor.clone(), Chance::new(7));
        let runtime = NodeRuntime::new(
            &kernel,
            NodeConfig {
                name: "node-1".into(),
                ip: [10, 244, 0, 1].into(),
                cpus: 2,
                memory: 4 << 30,
                disk: 50 << 30,
                registry: None,
                present: machine::images::references(),
                test_programs,
            },
        );
        let node = runtime.runtime();
        let sandbox = node.run_sandbox(sandbox("pod-a", [10, 244, 0, 5])).unwrap();
        World {
            executor,
            kernel,
            runtime,
            node,
            sandbox,
        }
    }

    pub fn config(&self) -> ContainerConfig {
        ContainerConfig {
            name: "c".into(),
            image: "busybox".into(),
            oom_score_adj: 1000,
            memory_limit: Some(64 << 20),
            termination_message_path: "/dev/termination-log".into(),
            ..ContainerConfig::default()
        }
    }

    pub fn create(&self, config: ContainerConfig) -> ContainerId {
        self.node.create_container(&self.sandbox, config).unwrap()
    }

    pub fn start(&self, argv: &[&str]) -> ContainerId {
        self.start_config(ContainerConfig {
            command: argv.iter().map(|a| (*a).into()).collect(),
            ..self.config()
        })
    }

    pub fn start_config(&self, config: ContainerConfig) -> ContainerId {
        let id = self.create(config);
        self.node.start_container(&id).unwrap();
        id
    }

    pub fn run(&self, time: Duration) {
        let end = self.executor.now() + time;
        assert!(
            self.executor.run_until(end, &mut 20_000_000),
            "too much work"
        );
    }

    pub fn status(&self, id: &ContainerId) -> ContainerStatus {
        self.node.container_status(id).unwrap()
    }

    pub fn logs(&self, id: &ContainerId) -> String {
        let (lines, _) = self.node.logs(id).unwrap().read(0, usize::MAX);
        lines
            .iter()
            .map(|l| {
                String::from_utf8_lossy(&l.text).into_owned() + if l.partial { "" } else { "\n" }
            })
            .collect()
    }

    pub fn stop(&self, id: &ContainerId, grace: Duration) {
        let stop = self.node.stop_container(id, grace);
        self.executor
            .spawn(async move { stop.await.unwrap() })
            .detach();
        self.run(grace + Duration::from_secs(1));
    }
}

pub fn sandbox(name: &str, ip: [u8; 4]) -> SandboxConfig {
    SandboxConfig {
        name: name.into(),
        namespace: "default".into(),
        uid: format!("uid-{name}"),
        hostname: name.into(),
        ip: Some(ip.into()),
        dns: Some(DnsConfig {
            servers: vec!["10.96.0.10".into()],
            ..DnsConfig::default()
        }),
        ..SandboxConfig::default()
    }
}
