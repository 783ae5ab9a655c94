//! The calls of `cri::Runtime`, each handed to what does it.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use super::NodeRuntime;
use super::container::{Container, head, stop_signal};
use super::sandbox::Sandbox;
use crate::cri::{
    ContainerConfig, ContainerId, ContainerStats, ContainerStatus, ExecConfig, ImageStatus,
    PullError, Runtime, RuntimeError, SandboxConfig, SandboxId,
};
use crate::executor::LocalFuture;
use crate::log::LogFile;
use crate::pipe::Socket;
use crate::stdio::{Exit, Stdio};
use crate::sync::{Notify, select};
use crate::time::Duration;

fn no_container(id: &ContainerId) -> RuntimeError {
    RuntimeError::NotFound(format!(
        "an error occurred when try to find container \"{id}\": not found"
    ))
}

impl NodeRuntime {
    fn container(&self, id: &ContainerId) -> Result<Rc<Container>, RuntimeError> {
        self.0
            .containers
            .borrow()
            .get(id)
            .cloned()
            .ok_or_else(|| no_container(id))
    }

    fn sandbox(&self, id: &SandboxId) -> Result<Rc<Sandbox>, RuntimeError> {
        let found = self.0.sandboxes.borrow().get(id).cloned();
        found.ok_or_else(|| {
            RuntimeError::NotFound(format!(
                "an error occurred when try to find sandbox \"{id}\": not found"
            ))
        })
    }

    fn members(&self, id: &SandboxId) -> Vec<Rc<Container>> {
        let all = self.0.containers.borrow();
        all.values()
            .filter(|c| c.status.borrow().sandbox == *id)
            .cloned()
            .collect()
    }
}

impl Runtime for NodeRuntime {
    fn pull_image(&self, reference: &str) -> LocalFuture<'static, Result<ImageStatus, PullError>> {
        let (node, reference) = (self.0.clone(), reference.to_string());
        Box::pin(async move { node.store.pull(&node.kernel, &reference).await })
    }

    fn image_status(&self, reference: &str) -> Result<Option<ImageStatus>, PullError> {
        self.0.store.status(reference)
    }

    fn list_images(&self) -> Vec<ImageStatus> {
        self.0.store.list()
    }

    fn remove_image(&self, reference: &str) {
        self.0.store.remove(reference);
    }

    fn run_sandbox(&self, config: SandboxConfig) -> Result<SandboxId, RuntimeError> {
        let sandbox = Sandbox::new(&self.0, config)?;
        if sandbox.config.share_processes {
            self.0.start_pause(&sandbox)?;
        }
        let id = sandbox.id.clone();
        self.0
            .sandboxes
            .borrow_mut()
            .insert(id.clone(), Rc::new(sandbox));
        Ok(id)
    }

    fn stop_sandbox(&self, id: &SandboxId) {
        let Ok(sandbox) = self.sandbox(id) else {
            return;
        };
        self.members(id).iter().for_each(|c| c.space.kill_all());
        if !sandbox.stopped.replace(true) && !sandbox.config.host_network {
            sandbox.net.take_down();
        }
        if let Some(pids) = sandbox.pids.as_ref().filter(|_| !sandbox.config.host_pid) {
            pids.all().iter().for_each(|p| {
                p.end(crate::sys::WaitStatus::Signaled(
                    crate::signal::Signal::Kill,
                ))
            });
        }
    }

    fn remove_sandbox(&self, id: &SandboxId) {
        self.stop_sandbox(id);
        for container in self.members(id) {
            let id = container.status.borrow().id.clone();
            self.remove_container(&id);
        }
        self.0.sandboxes.borrow_mut().remove(id);
    }

    fn create_container(
        &self,
        sandbox: &SandboxId,
        config: ContainerConfig,
    ) -> Result<ContainerId, RuntimeError> {
        let sandbox = self.sandbox(sandbox)?;
        let container = Container::new(&self.0, &sandbox, config)?;
        let id = container.status.borrow().id.clone();
        self.0
            .containers
            .borrow_mut()
            .insert(id.clone(), Rc::new(container));
        Ok(id)
    }

    fn start_container(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        let result = self.container(id)?.start(&self.0);
        self.0.changed.notify();
        result
    }

    fn stop_container(
        &self,
        id: &ContainerId,
        grace: Duration,
    ) -> LocalFuture<'static, Result<(), RuntimeError>> {
        let (node, container) = (self.clone(), self.container(id));
        Box::pin(async move {
            let container = container?;
            let Some(init) = container.init.borrow().clone() else {
                return Ok(());
            };
            let exit = Exit(init.exit.clone());
            if grace > Duration::ZERO && exit.status().is_none() {
                init.signal(stop_signal(&container.content));
                let alarm = node.0.kernel.executor().sleep(grace);
                select(exit.wait(), alarm).await;
            }
            container.space.kill_all();
            node.0
                .changed
                .until(|| (!container.is_running()).then_some(()))
                .await;
            Ok(())
        })
    }

    fn remove_container(&self, id: &ContainerId) {
        if let Ok(container) = self.container(id) {
            container.space.kill_all();
        }
        let removed = self.0.containers.borrow_mut().remove(id);
        drop(removed);
    }

    fn container_status(&self, id: &ContainerId) -> Option<ContainerStatus> {
        self.container(id).ok().map(|c| c.status.borrow().clone())
    }

    fn list_containers(&self) -> Vec<ContainerStatus> {
        self.0
            .containers
            .borrow()
            .values()
            .map(|c| c.status.borrow().clone())
            .collect()
    }

    fn changed(&self) -> Notify {
        self.0.changed.clone()
    }

    fn update_container(
        &self,
        id: &ContainerId,
        cpu_limit_millis: Option<u64>,
        cpu_shares: u64,
        memory_limit: Option<u64>,
    ) -> Result<(), RuntimeError> {
        let limits = self.container(id)?.space.limits.clone();
        limits.cpu_millis.set(cpu_limit_millis);
        limits.cpu_shares.set(cpu_shares.max(2));
        limits.memory_limit.set(memory_limit);
        Ok(())
    }

    fn termination_message(&self, id: &ContainerId) -> String {
        let Ok(container) = self.container(id) else {
            return String::new();
        };
        if let Some(volume) = &container.termination {
            return head(volume, 4096);
        }
        let path = &container.config.termination_message_path;
        if path.is_empty() {
            return String::new();
        }
        let bytes = container.space.files().read(path).unwrap_or_default();
        String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).into_owned()
    }

    fn exec(&self, id: &ContainerId, config: ExecConfig) -> Result<Stdio, RuntimeError> {
        self.container(id)?.exec(&self.0, config)
    }

    fn attach(&self, id: &ContainerId) -> Result<Stdio, RuntimeError> {
        self.container(id)?.attach()
    }

    fn logs(&self, id: &ContainerId) -> Option<Rc<LogFile>> {
        self.container(id).ok().map(|c| c.outlet.log.clone())
    }

    fn container_stats(&self, id: &ContainerId) -> Option<ContainerStats> {
        let container = self.container(id).ok()?;
        let limits = &container.space.limits;
        Some(ContainerStats {
            cpu: Duration::from_nanos(limits.cpu.get()),
            cpu_nano_cores: limits.nano_cores(self.0.kernel.executor().now()),
            memory_working_set: limits.memory.get(),
            disk: container.fs.disk.used() + container.outlet.log.bytes() as u64,
            processes: limits.pids.get(),
        })
    }

    fn port_forward(
        &self,
        id: &SandboxId,
        port: u16,
    ) -> LocalFuture<'static, Result<Socket, RuntimeError>> {
        let (node, sandbox) = (self.0.clone(), self.sandbox(id));
        let id = id.clone();
        Box::pin(async move {
            let sandbox = sandbox?;
            node.kernel
                .executor()
                .sleep(Duration::from_micros(100))
                .await;
            let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
            let from = SocketAddr::new(localhost, sandbox.net.port());
            sandbox.net.accept(from, SocketAddr::new(localhost, port)).map_err(|_| {
                RuntimeError::Unknown(format!(
                    "failed to execute portforward in network namespace \"/var/run/netns/cni-{}\": failed to connect to localhost:{port} inside namespace \"{id}\", IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused IPv6 dial tcp6 [::1]:{port}: connect: connection refused",
                    sandbox.config.uid
                ))
            })
        })
    }
}
