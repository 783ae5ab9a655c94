//! Nodes that join a running cluster and leave it.

use objects::Quantity;

use super::Fault;
use crate::bootstrap;
use crate::cluster::{Cluster, resource};
use crate::kubelet::Kubelet;
use crate::kubelet::lease::{self, leases};
use crate::spec::NodeSpec;

/// Most nodes of a cluster.
const MAX_NODES: usize = 50;
/// Most that a node may have: CPUs, and bytes of memory.
const MAX_CPUS: i64 = 64;
const MAX_MEMORY: i64 = 256 << 30;
/// What of its memory a node keeps for itself: the threshold of eviction.
const KEPT: i64 = 100 << 20;

impl Cluster {
    /// Makes a node and lets it join. An empty name becomes that of the node.
    pub(super) fn add_node(
        &self,
        name: &mut String,
        cpu: &str,
        memory: &str,
    ) -> Result<(), String> {
        let spec = self.new_node(name, cpu, memory)?;
        *name = spec.name.clone();
        let kernel = self.kernel().ok_or("this cluster has no machines")?.clone();
        bootstrap::join_node(self, &spec);
        let kubelet = Kubelet::join(self, &spec, &kernel);
        for fault in self.faults() {
            if let Fault::Registry { host, state } = fault {
                kubelet.set_registry(&host, state);
            }
        }
        self.add_kubelet(kubelet);
        Ok(())
    }

    fn new_node(&self, name: &str, cpu: &str, memory: &str) -> Result<NodeSpec, String> {
        let known = self.kubelets();
        if known.len() >= MAX_NODES {
            return Err(format!("a cluster has at most {MAX_NODES} nodes here"));
        }
        let taken = |spec: &NodeSpec| {
            let stored = self.get(resource("", "nodes"), "", &spec.name).is_some();
            let same = |k: &Kubelet| {
                let node = k.node();
                node.internal_ip() == spec.internal_ip() || node.pod_cidr == spec.pod_cidr
            };
            (name.is_empty() && stored) || known.iter().any(same)
        };
        let free = (1..=u8::MAX - 2)
            .map(NodeSpec::numbered)
            .find(|s| !taken(s));
        let mut spec = free.ok_or("there are no addresses left for another node")?;
        if !name.is_empty() {
            let errors = objects::names::dns_subdomain(name);
            if !errors.is_empty() {
                return Err(errors.join(", "));
            }
            spec.addresses.insert("Hostname".into(), name.into());
            spec.name = name.into();
        }
        if self.get(resource("", "nodes"), "", &spec.name).is_some()
            || self.kubelet(&spec.name).is_some()
        {
            return Err(format!("there is a node {:?} already", spec.name));
        }
        set_amount(&mut spec, "cpu", cpu, 1, MAX_CPUS, 0)?;
        set_amount(&mut spec, "memory", memory, 2 * KEPT, MAX_MEMORY, KEPT)?;
        Ok(spec)
    }

    /// Switches a node off and takes its objects away.
    pub(super) fn remove_node(&self, name: &str) -> Result<(), String> {
        let kubelet = self.take_kubelet(name);
        let object = self.get(resource("", "nodes"), "", name);
        if kubelet.is_none() && object.is_none() {
            return Err(format!("there is no node {name:?}"));
        }
        if let Some(kubelet) = kubelet {
            kubelet.stop();
            kubelet.close();
        }
        if let Some(lease) = self.get(leases(), lease::NAMESPACE, name) {
            let _gone_already = self.delete("cloud-node-lifecycle", leases(), &lease, None);
        }
        if let Some(node) = object {
            let nodes = resource("", "nodes");
            let _gone_already = self.delete("cloud-node-lifecycle", nodes, &node, None);
        }
        Ok(())
    }
}

/// Sets one of the amounts that a node has, and what of it pods may use.
fn set_amount(
    spec: &mut NodeSpec,
    name: &str,
    text: &str,
    least: i64,
    most: i64,
    kept: i64,
) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let amount: Quantity = text
        .parse()
        .map_err(|_| format!("{text:?} is no quantity of {name}"))?;
    if amount.units() < least || amount.units() > most {
        return Err(format!(
            "a node has between {least} and {most} of {name} here, not {text}"
        ));
    }
    spec.capacity.insert(name.into(), text.into());
    let usable = if kept == 0 {
        text.to_string()
    } else {
        format!("{}Ki", (amount.units() - kept) / 1024)
    };
    spec.allocatable.insert(name.into(), usable);
    Ok(())
}
