//! The container runtime interface: what a kubelet asks of a node's runtime. Shaped like the gRPC
//! services RuntimeService and ImageService of k8s.io/cri-api, without gRPC. `runtime` implements it.

use core::fmt;
use core::net::IpAddr;
use std::rc::Rc;

use crate::executor::LocalFuture;
use crate::log::LogFile;
use crate::pipe::Socket;
use crate::stdio::Stdio;
use crate::sync::Notify;
use crate::time::{Duration, Time};
use crate::vfs::Volume;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub String);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
    )*};
}

ids! {
    /// 64 hexadecimal digits.
    SandboxId;
    /// 64 hexadecimal digits; the Kubernetes API writes `containerd://` before it.
    ContainerId;
}

/// The pod's part: network, names, shared namespaces.
#[derive(Clone, Debug, Default)]
pub struct SandboxConfig {
    pub name: String,
    pub namespace: String,
    pub uid: String,
    /// What `hostname` prints.
    pub hostname: String,
    /// The pod's address. None with `host_network`.
    pub ip: Option<IpAddr>,
    /// Nameservers, search list and options of /etc/resolv.conf; None keeps the image's.
    pub dns: Option<DnsConfig>,
    /// The text of /etc/hosts; empty: the runtime's own.
    pub hosts: String,
    pub host_network: bool,
    pub host_pid: bool,
    /// shareProcessNamespace: process 1 is the sandbox's `pause`.
    pub share_processes: bool,
}

#[derive(Clone, Debug, Default)]
pub struct DnsConfig {
    pub servers: Vec<String>,
    pub searches: Vec<String>,
    pub options: Vec<String>,
}

/// A directory or file that a container gets.
#[derive(Clone)]
pub struct Mount {
    /// Absolute path in the container; made when missing.
    pub container_path: String,
    pub volume: Volume,
    /// A path inside the volume (must exist); empty: its root.
    pub sub_path: String,
    pub read_only: bool,
}

/// A container to make.
#[derive(Clone, Default)]
pub struct ContainerConfig {
    pub name: String,
    /// 0 for the first instance; names the log.
    pub attempt: u32,
    /// An image reference as in the pod; must be present.
    pub image: String,
    /// Overrides the image's entrypoint.
    pub command: Vec<String>,
    /// Overrides the image's cmd.
    pub args: Vec<String>,
    /// Comes after PATH, HOSTNAME and the image's environment, and wins over them.
    pub env: Vec<(String, String)>,
    /// Empty: the image's.
    pub working_dir: String,
    pub mounts: Vec<Mount>,
    /// None: the image's user.
    pub user: Option<u32>,
    pub group: Option<u32>,
    pub supplemental_groups: Vec<u32>,
    pub tty: bool,
    pub stdin: bool,
    pub stdin_once: bool,
    /// Thousandths of a CPU; None: no quota.
    pub cpu_limit_millis: Option<u64>,
    pub cpu_shares: u64,
    /// Bytes; None: no limit but the node's.
    pub memory_limit: Option<u64>,
    pub oom_score_adj: i32,
    pub read_only_rootfs: bool,
    pub privileged: bool,
    /// Joins the processes of this container (ephemeral containers with targetContainerName).
    pub target_processes_of: Option<ContainerId>,
    /// Where the container writes its termination message, such as /dev/termination-log; the
    /// runtime makes the file. Read back with `termination_message`.
    pub termination_message_path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerState {
    Created,
    Running,
    Exited,
}

/// What the runtime knows of a container.
#[derive(Clone, Debug)]
pub struct ContainerStatus {
    pub id: ContainerId,
    pub sandbox: SandboxId,
    pub name: String,
    pub attempt: u32,
    pub state: ContainerState,
    /// Normalised reference, such as `docker.io/library/nginx:latest`.
    pub image: String,
    /// Such as `docker.io/library/nginx@sha256:…`.
    pub image_id: String,
    pub created_at: Time,
    /// `Time::EPOCH` when it never started.
    pub started_at: Time,
    pub finished_at: Time,
    /// As the Kubernetes API shows it: 128 when it could not start, 128 + signal when killed.
    pub exit_code: i32,
    /// `Completed`, `Error`, `OOMKilled`, `StartError`; empty while it runs.
    pub reason: String,
    pub message: String,
    /// User and group of process 1.
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
}

/// Something to run inside a container.
#[derive(Clone, Debug, Default)]
pub struct ExecConfig {
    pub argv: Vec<String>,
    pub tty: bool,
    pub stdin: bool,
}

/// Why a call failed: the text that containerd gives, without the rpc prefix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuntimeError {
    /// No such sandbox, container or image.
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    Unknown(String),
}

/// Why an image could not be pulled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PullError {
    /// The tag or digest does not exist: `rpc error: code = NotFound desc = …`.
    #[error("rpc error: code = NotFound desc = {0}")]
    NotFound(String),
    /// Denied, no such host and the like.
    #[error("{0}")]
    Failed(String),
    /// Not an image reference.
    #[error("{0}")]
    InvalidName(String),
}

/// An image on the node or in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageStatus {
    /// `sha256:…` of the image's config.
    pub id: String,
    /// Normalised references with tags.
    pub tags: Vec<String>,
    /// Such as `docker.io/library/nginx@sha256:…`.
    pub digest: String,
    /// Bytes, compressed, as `Image size:` in the Pulled event.
    pub size_bytes: u64,
    /// User of the image's config; empty: root.
    pub user: String,
    /// The uid when `user` is a number or a name the image knows.
    pub uid: u32,
    /// The signal that asks process 1 to end.
    pub stop_signal: String,
}

/// What a container uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContainerStats {
    /// CPU time since the start.
    pub cpu: Duration,
    /// CPU in the last seconds, in billionths of a CPU.
    pub cpu_nano_cores: u64,
    /// Bytes.
    pub memory_working_set: u64,
    /// Bytes that the container wrote to its root file system, and its log.
    pub disk: u64,
    pub processes: u32,
}

/// A node's container runtime.
pub trait Runtime {
    /// Gets an image from the registry; takes simulated time. Gives the status of the image.
    fn pull_image(&self, reference: &str) -> LocalFuture<'static, Result<ImageStatus, PullError>>;
    /// An image that is on the node. None: absent.
    fn image_status(&self, reference: &str) -> Result<Option<ImageStatus>, PullError>;
    fn list_images(&self) -> Vec<ImageStatus>;
    fn remove_image(&self, reference: &str);

    fn run_sandbox(&self, config: SandboxConfig) -> Result<SandboxId, RuntimeError>;
    /// Kills what is left and takes the network away. Idempotent.
    fn stop_sandbox(&self, id: &SandboxId);
    /// Removes the sandbox with all its containers.
    fn remove_sandbox(&self, id: &SandboxId);

    fn create_container(
        &self,
        sandbox: &SandboxId,
        config: ContainerConfig,
    ) -> Result<ContainerId, RuntimeError>;
    /// Starts process 1. When that fails the container is Exited with code 128 (127, 126 never come
    /// from here) and reason StartError, and the error has the same message.
    fn start_container(&self, id: &ContainerId) -> Result<(), RuntimeError>;
    /// The stop signal, then KILL after `grace`. Ends when the container has ended.
    fn stop_container(
        &self,
        id: &ContainerId,
        grace: Duration,
    ) -> LocalFuture<'static, Result<(), RuntimeError>>;
    fn remove_container(&self, id: &ContainerId);
    fn container_status(&self, id: &ContainerId) -> Option<ContainerStatus>;
    fn list_containers(&self) -> Vec<ContainerStatus>;
    /// Rings when any container's state changes.
    fn changed(&self) -> Notify;
    /// Changes limits of a running container (in-place resize).
    fn update_container(
        &self,
        id: &ContainerId,
        cpu_limit_millis: Option<u64>,
        cpu_shares: u64,
        memory_limit: Option<u64>,
    ) -> Result<(), RuntimeError>;
    /// The first 4096 bytes of the termination message file.
    fn termination_message(&self, id: &ContainerId) -> String;

    fn exec(&self, id: &ContainerId, config: ExecConfig) -> Result<Stdio, RuntimeError>;
    /// The terminal or streams of process 1 from now on.
    fn attach(&self, id: &ContainerId) -> Result<Stdio, RuntimeError>;
    /// Stays readable after the container has ended, until it is removed.
    fn logs(&self, id: &ContainerId) -> Option<Rc<LogFile>>;
    fn container_stats(&self, id: &ContainerId) -> Option<ContainerStats>;
    /// A connection to localhost:port inside the sandbox. The error is the text that the API shows.
    fn port_forward(
        &self,
        id: &SandboxId,
        port: u16,
    ) -> LocalFuture<'static, Result<Socket, RuntimeError>>;
}
