//! The container runtime of a node on the simulated kernel: implements `cri::Runtime`. State and
//! life of containers are in `container`, streams and logs in `streams`, images in `store`.

mod calls;
mod container;
mod picture;
mod sandbox;
mod store;
mod streams;
mod trouble;
mod usage;

pub use trouble::OVERLOAD;
pub use usage::Usage;

use core::net::IpAddr;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::cri::{ContainerId, SandboxId};
use crate::kernel::Kernel;
use crate::limits::Hardware;
use crate::net::Stack;
use crate::process::PidSpace;
use crate::sync::Notify;
use crate::vfs::inode::Fs;
use crate::vfs::{Files, Layer, Ledger, Volume};
use container::Container;
pub use picture::Tenant;
use sandbox::Sandbox;
use store::Store;

/// How a node is made.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    pub name: String,
    pub ip: IpAddr,
    pub cpus: u32,
    /// Bytes.
    pub memory: u64,
    /// Bytes of the disk.
    pub disk: u64,
    /// References that the registry has; None: the whole catalogue.
    pub registry: Option<Vec<String>>,
    /// References on the node from the start.
    pub present: Vec<String>,
    /// Stand-ins instead of the real programs (tests against recordings).
    pub test_programs: TestPrograms,
}

/// Stand-ins by image reference.
#[derive(Clone, Debug, Default)]
pub struct TestPrograms {
    /// Patterns such as `gcr.io/kuar-demo/kuard-amd64:*` whose images run the HTTP stand-in.
    pub server_images: Vec<String>,
    /// Images that hold `/memhog`.
    pub memhog_images: Vec<String>,
}

pub(crate) struct Inner {
    kernel: Kernel,
    config: NodeConfig,
    hardware: Rc<Hardware>,
    disk: Rc<Ledger>,
    /// The node's own files.
    root: Volume,
    /// File system of volumes and small files on the node's disk.
    fs: Rc<Fs>,
    net: Rc<Stack>,
    pids: Rc<PidSpace>,
    store: Store,
    sandboxes: RefCell<BTreeMap<SandboxId, Rc<Sandbox>>>,
    containers: RefCell<BTreeMap<ContainerId, Rc<Container>>>,
    changed: Notify,
    /// Bytes of the disk that something else has taken.
    filler: Cell<u64>,
}

/// What the system itself takes of a node: bytes of memory and of the disk, at most an eighth and a tenth of them.
const SYSTEM_MEMORY: u64 = 512 << 20;
const SYSTEM_DISK: u64 = 4 << 30;

/// A node's runtime. Clones are the same.
#[derive(Clone)]
pub struct NodeRuntime(pub(crate) Rc<Inner>);

impl NodeRuntime {
    #[must_use]
    pub fn new(kernel: &Kernel, config: NodeConfig) -> NodeRuntime {
        let disk = Ledger::new(config.disk, None);
        disk.adjust(0, SYSTEM_DISK.min(config.disk / 10));
        let fs = kernel.file_system_on(disk.clone());
        let root = node_root(kernel, &fs);
        let hardware = Hardware::new(config.cpus, config.memory, kernel.executor().now());
        let net = Stack::new(kernel.network(), vec![config.ip]);
        hardware
            .memory_used
            .set(SYSTEM_MEMORY.min(config.memory / 8));
        let store = Store::new(&config, &disk);
        NodeRuntime(Rc::new(Inner {
            kernel: kernel.clone(),
            config,
            hardware,
            disk,
            root,
            fs,
            net,
            pids: Rc::default(),
            store,
            sandboxes: RefCell::default(),
            containers: RefCell::default(),
            changed: Notify::new(),
            filler: Cell::new(0),
        }))
    }

    /// The node's own files (hostPath).
    #[must_use]
    pub fn files(&self) -> Files {
        self.0.root.files()
    }

    /// An empty directory on the node's disk, mode 0777 (emptyDir); what it takes is counted by itself.
    #[must_use]
    pub fn volume(&self) -> Volume {
        let ledger = Ledger::new(u64::MAX, Some(self.0.disk.clone()));
        let fs = self.0.kernel.file_system_on(ledger);
        Volume::on(&self.0.kernel, &fs, "/dev/vda", "ext4", "relatime")
    }

    /// The runtime as the kubelet sees it.
    #[must_use]
    pub fn runtime(&self) -> Rc<dyn crate::cri::Runtime> {
        Rc::new(self.clone())
    }

    /// The node loses its power: every sandbox and container is gone, also those that somebody was about to end.
    pub fn lose_power(&self) {
        use crate::cri::Runtime;
        let all: Vec<SandboxId> = self.0.sandboxes.borrow().keys().cloned().collect();
        all.iter().for_each(|id| self.remove_sandbox(id));
    }
}

fn node_root(kernel: &Kernel, fs: &Rc<Fs>) -> Volume {
    let layer = Layer::new()
        .dir("/etc", 0o755)
        .dir("/home", 0o755)
        .dir("/root", 0o700)
        .dir("/tmp", 0o1777)
        .dir("/run", 0o755)
        .dir("/var/lib/kubelet", 0o755)
        .dir("/var/lib/containerd", 0o711)
        .dir("/var/log/pods", 0o755)
        .dir("/opt", 0o755)
        .file(
            "/etc/os-release",
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n",
            0o644,
        );
    let root = fs
        .materialise(&Arc::new(layer))
        .unwrap_or_else(|_| kernel.full_inode());
    Volume {
        root,
        source: "/dev/vda".into(),
        fs_type: "ext4",
        options: "relatime".into(),
    }
}

impl Inner {
    /// Bytes of memory that the system itself uses.
    fn system_memory(&self) -> u64 {
        SYSTEM_MEMORY.min(self.config.memory / 8)
    }

    /// Process 1 of a shared process namespace.
    fn start_pause(&self, sandbox: &Sandbox) -> Result<(), crate::cri::RuntimeError> {
        use crate::cri::RuntimeError;
        let failed = |text: &str| {
            RuntimeError::Unknown(format!("failed to start sandbox container: {text}"))
        };
        let Some(pids) = sandbox.pids.clone() else {
            return Ok(());
        };
        let fs = self.kernel.file_system_on(self.disk.clone());
        let layer = Layer::new().program("/pause", "pause", 517_632);
        let mounts = crate::rootfs::mounts(
            &self.kernel,
            &fs,
            &Arc::new(layer),
            ("overlay", "overlay", "rw"),
        )
        .map_err(|e| failed(e.text()))?;
        let space = Rc::new(crate::space::Space {
            kernel: self.kernel.clone(),
            hostname: sandbox.config.hostname.clone(),
            pids,
            mounts,
            net: sandbox.net.clone(),
            limits: crate::limits::Limits::new(self.hardware.clone(), 4),
            foreign: RefCell::default(),
            ttys: RefCell::default(),
            next_tty: Default::default(),
            cgroup: format!("/kubepods/pod{}/{}", sandbox.config.uid, sandbox.id),
        });
        let launch = crate::launch::Launch {
            argv: vec!["/pause".into()],
            env: vec![("PATH".into(), "/".into())],
            cwd: "/".into(),
            uid: 65_535,
            gid: 65_535,
            groups: Vec::new(),
            oom_score_adj: -998,
            tty: None,
            stdin: false,
        };
        let fds = crate::launch::null_streams();
        crate::launch::start(&space, launch, fds, None)
            .map(drop)
            .map_err(|e| failed(&e.text()))
    }
}
