//! Making faults happen, and what stands of them.

use machine::Health;
use objects::{Object, Quantity, meta};

use super::Fault;
use crate::cluster::{Cluster, pods};
use crate::kubelet::Kubelet;
use crate::view;

/// A quantity of bytes; None: it is none.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let amount: Quantity = text.parse().ok()?;
    u64::try_from(amount.units()).ok()
}

impl Cluster {
    /// Makes a fault happen now; one that is so already changes nothing. Errors: a sentence, when there is nothing that it could happen
    /// to; then nothing has changed.
    pub fn fault(&self, fault: &Fault) -> Result<(), String> {
        if self.faults().contains(fault) {
            return Ok(());
        }
        // What was not named gets its name.
        let mut fault = fault.clone();
        match &mut fault {
            Fault::AddNode { node, cpu, memory } => self.add_node(node, cpu, memory)?,
            Fault::RemoveNode { node } => self.remove_node(node)?,
            Fault::Node { node, state } => self.node_of(node)?.set_power(*state),
            Fault::Registry { host, state } => {
                for kubelet in self.kubelets() {
                    kubelet.set_registry(host, *state);
                }
            }
            Fault::Network { node, state } => self.node_of(node)?.set_network(*state),
            Fault::Disk { percent, .. } if *percent > 100 => {
                return Err(format!("{percent} of a hundred is more than a disk has"));
            }
            Fault::Disk { node, percent } => self.node_of(node)?.fill_disk(*percent),
            Fault::Nfs { server: name, .. } | Fault::Iscsi { portal: name, .. }
                if name.is_empty() =>
            {
                return Err("which server? Its name is missing".into());
            }
            Fault::Nfs { .. } | Fault::Iscsi { .. } | Fault::Dns { .. } => {}
            Fault::Hang {
                namespace,
                pod,
                container,
                hangs,
            } => {
                let found = self.named_container(namespace, pod, container)?;
                let kubelet = self.node_of(view::text(&found, &["spec", "nodeName"]))?;
                if !kubelet.hang(meta::uid(&found), container, *hangs) {
                    return Err(format!("the container {container:?} of {pod} does not run"));
                }
            }
            Fault::Leak {
                namespace,
                pod,
                container,
                rate,
            } => {
                bytes(rate).ok_or_else(|| format!("{rate:?} is no quantity of bytes"))?;
                let found = self.named_container(namespace, pod, container)?;
                self.standing().set(&fault);
                self.leak_again(&found);
            }
        }
        self.standing().set(&fault);
        Ok(())
    }

    /// The faults that stand now, in a fixed order. Each, with the value of a healthy world, mends itself.
    pub fn faults(&self) -> Vec<Fault> {
        let all: Vec<Fault> = self.standing().0.values().cloned().collect();
        all.into_iter().filter(|f| self.stands(f)).collect()
    }

    /// Whether there still is what the fault is about.
    fn stands(&self, fault: &Fault) -> bool {
        match fault {
            Fault::Node { node, .. } | Fault::Network { node, .. } | Fault::Disk { node, .. } => {
                self.kubelet(node).is_some()
            }
            Fault::Hang {
                namespace,
                pod,
                container,
                ..
            } => self.get(pods(), namespace, pod).is_some_and(|p| {
                let kubelet = self.kubelet(view::text(&p, &["spec", "nodeName"]));
                kubelet.is_some_and(|k| k.hangs(meta::uid(&p), container))
            }),
            Fault::Leak { namespace, pod, .. } => self.get(pods(), namespace, pod).is_some(),
            _ => true,
        }
    }

    /// How an NFS server answers; every one that a volume names is there until a fault takes it away.
    pub(crate) fn file_server(&self, server: &str) -> Health {
        self.standing().health(&format!("nfs/{server}"))
    }

    /// As `file_server`, of iSCSI.
    pub(crate) fn disk_server(&self, portal: &str) -> Health {
        self.standing().health(&super::iscsi_place(portal))
    }

    pub(crate) fn dns_health(&self) -> Health {
        self.standing().health("dns")
    }

    pub(crate) fn node_health(&self, node: &str) -> Health {
        self.standing().health(&format!("node/{node}"))
    }

    pub(crate) fn network_health(&self, node: &str) -> Health {
        self.standing().health(&format!("network/{node}"))
    }

    /// Bytes a second that the program of a container leaks; 0: none.
    pub(crate) fn leak_of(&self, namespace: &str, pod: &str, container: &str) -> u64 {
        let place = format!("leak/{namespace}/{pod}/{container}");
        match self.standing().0.get(&place) {
            Some(Fault::Leak { rate, .. }) => bytes(rate).unwrap_or(0),
            _ => 0,
        }
    }

    fn leak_again(&self, pod: &Object) {
        if let Some(kubelet) = self.kubelet(view::text(pod, &["spec", "nodeName"])) {
            kubelet.leak(meta::uid(pod));
        }
    }

    fn node_of(&self, node: &str) -> Result<Kubelet, String> {
        let found = self.kubelet(node);
        found.ok_or_else(|| format!("there is no node {node:?}"))
    }

    /// The pod, and the name of its container where none was given.
    fn named_container(
        &self,
        namespace: &str,
        pod: &str,
        container: &mut String,
    ) -> Result<Object, String> {
        let found = self.get(pods(), namespace, pod);
        let found = found.ok_or_else(|| format!("there is no pod {pod:?} in {namespace:?}"))?;
        let parts = ["containers", "initContainers"];
        let mut names = parts
            .iter()
            .flat_map(|p| view::list(&found, &["spec", p]))
            .map(|c| view::text(c, &["name"]));
        let chosen = if container.is_empty() {
            names.next()
        } else {
            names.find(|n| n == container)
        };
        let chosen = chosen.map(str::to_string);
        *container =
            chosen.ok_or_else(|| format!("the pod {pod} has no container {container:?}"))?;
        Ok(found)
    }
}
