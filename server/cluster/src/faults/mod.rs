//! What is done to a cluster's machines from outside of Kubernetes: nodes come, go, stop and slow down; networks, disks, registries, DNS
//! and file servers fail; programs hang and leak.
//!
//! No page of Kubernetes: it is the hand that pulls the plug. Each fault is an input of the world, so it stands in the journal. What a
//! fault does is in `apply`; what faults there are, for whoever offers them, in `catalogue`.

mod apply;
mod catalogue;
mod nodes;

use machine::Health;
use serde::{Deserialize, Serialize};

pub use catalogue::{FaultKind, Parameter, Values, catalogue};

/// One thing that is done to the machines. As JSON: `{"id": "nfs", "server": "files.example", "state": "gone"}`.
///
/// Most set how something is, and are mended by the same fault with the value of a healthy world: `there`, `false`, 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "id", rename_all = "camelCase")]
pub enum Fault {
    /// A new node joins. Without a name it is `node-N`. `cpu` and `memory` are quantities; empty: 2 CPUs, 4 GiB.
    AddNode {
        #[serde(default)]
        node: String,
        #[serde(default)]
        cpu: String,
        #[serde(default)]
        memory: String,
    },
    /// The node is switched off for good, and its Node object deleted.
    RemoveNode { node: String },
    /// `gone`: the node has no power, its containers are gone, its kubelet is silent. `slow`: it is overloaded.
    Node { node: String, state: Health },
    /// `gone`: the node reaches nobody and is reached by nobody; its containers go on.
    Network { node: String, state: Health },
    /// Something that is none of Kubernetes' business fills the node's disk, until so many hundredths of it are used. 0: it is gone.
    Disk { node: String, percent: u8 },
    /// An NFS server, by name or address as volumes name it.
    Nfs { server: String, state: Health },
    /// A server of iSCSI disks, by the `targetPortal` of volumes, with or without its port 3260.
    Iscsi { portal: String, state: Health },
    /// The registries of images, by host such as `docker.io`; empty: all of them.
    Registry {
        #[serde(default)]
        host: String,
        state: Health,
    },
    /// The cluster's DNS server.
    Dns { state: Health },
    /// The processes of a container do nothing any more, until it is started anew. `container` may be empty: the first.
    Hang {
        namespace: String,
        pod: String,
        #[serde(default)]
        container: String,
        hangs: bool,
    },
    /// The program of a container takes more and more memory, also after it was started anew: a quantity of bytes a second, `0` for none.
    Leak {
        namespace: String,
        pod: String,
        #[serde(default)]
        container: String,
        rate: String,
    },
}

impl Fault {
    /// What the fault is about: at one place one fault stands at a time. None: it happens and does not stand.
    fn place(&self) -> Option<String> {
        Some(match self {
            Fault::AddNode { .. } | Fault::RemoveNode { .. } => return None,
            Fault::Node { node, .. } => format!("node/{node}"),
            Fault::Network { node, .. } => format!("network/{node}"),
            Fault::Disk { node, .. } => format!("disk/{node}"),
            Fault::Nfs { server, .. } => format!("nfs/{server}"),
            Fault::Iscsi { portal, .. } => iscsi_place(portal),
            Fault::Registry { host, .. } => format!("registry/{host}"),
            Fault::Dns { .. } => "dns".into(),
            Fault::Hang {
                namespace,
                pod,
                container,
                ..
            } => format!("hang/{namespace}/{pod}/{container}"),
            Fault::Leak {
                namespace,
                pod,
                container,
                ..
            } => format!("leak/{namespace}/{pod}/{container}"),
        })
    }

    /// Whether it sets the state of a healthy world.
    fn mends(&self) -> bool {
        match self {
            Fault::AddNode { .. } | Fault::RemoveNode { .. } => false,
            Fault::Node { state, .. }
            | Fault::Network { state, .. }
            | Fault::Nfs { state, .. }
            | Fault::Iscsi { state, .. }
            | Fault::Registry { state, .. }
            | Fault::Dns { state } => *state == Health::There,
            Fault::Disk { percent, .. } => *percent == 0,
            Fault::Hang { hangs, .. } => !hangs,
            Fault::Leak { rate, .. } => apply::bytes(rate) == Some(0),
        }
    }

    /// How the thing is that the fault sets.
    fn state(&self) -> Health {
        match self {
            Fault::Node { state, .. }
            | Fault::Network { state, .. }
            | Fault::Nfs { state, .. }
            | Fault::Iscsi { state, .. }
            | Fault::Registry { state, .. }
            | Fault::Dns { state } => *state,
            _ => Health::There,
        }
    }
}

fn iscsi_place(portal: &str) -> String {
    format!("iscsi/{}", portal.strip_suffix(":3260").unwrap_or(portal))
}

/// The faults that stand, by place.
#[derive(Debug, Default)]
pub(crate) struct Standing(std::collections::BTreeMap<String, Fault>);

impl Standing {
    fn set(&mut self, fault: &Fault) {
        let Some(place) = fault.place() else {
            return;
        };
        if fault.mends() {
            self.0.remove(&place);
        } else {
            self.0.insert(place, fault.clone());
        }
    }

    fn health(&self, place: &str) -> Health {
        self.0.get(place).map_or(Health::There, Fault::state)
    }

    /// Whether everything is as it should be.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
