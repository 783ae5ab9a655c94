//! The container runtime of a node on the simulated kernel: implements `cri::Runtime`.

use core::net::IpAddr;

use crate::kernel::Kernel;

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

/// A node's runtime. Clones are the same.
#[derive(Clone)]
pub struct NodeRuntime(std::rc::Rc<()>);

impl NodeRuntime {
    pub fn new(kernel: &Kernel, config: NodeConfig) -> NodeRuntime {
        let _ = (kernel, config);
        todo!()
    }
    /// The node's own files (hostPath).
    pub fn files(&self) -> crate::vfs::Files {
        todo!()
    }
    /// The runtime as the kubelet sees it.
    pub fn runtime(&self) -> std::rc::Rc<dyn crate::cri::Runtime> {
        todo!()
    }
}
