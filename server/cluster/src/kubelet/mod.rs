//! The kubelet of one node: runs the pods that are bound to it and tells how they are.
//!
//! Mirrors kubelet's pod workers, status manager and probe manager. What decides is pure and stands in files of its own.

pub(crate) mod qos;

use std::rc::Rc;

use machine::Kernel;
use machine::cri::{ContainerStats, Runtime, SandboxId};

use crate::cluster::Cluster;
use crate::spec::NodeSpec;

/// A node's kubelet. Clones are the same.
#[derive(Clone)]
pub(crate) struct Kubelet(Rc<Agent>);

struct Agent {
    runtime: Rc<dyn Runtime>,
}

impl Kubelet {
    pub(crate) fn start(cluster: &Cluster, node: &NodeSpec, kernel: &Kernel) -> Kubelet {
        let _ = (cluster, node, kernel);
        todo!("the kubelet comes next")
    }

    pub(crate) fn close(&self) {}

    pub(crate) fn runtime(&self) -> Rc<dyn Runtime> {
        self.0.runtime.clone()
    }

    pub(crate) fn sandbox(&self, uid: &str) -> Option<SandboxId> {
        let _ = uid;
        None
    }

    pub(crate) fn container_stats(&self, uid: &str) -> Vec<(String, ContainerStats)> {
        let _ = uid;
        Vec::new()
    }
}
