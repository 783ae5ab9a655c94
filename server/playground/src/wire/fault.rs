//! What the playground does to the machines of a simulated cluster, and its way to and from [`host::Fault`].

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One thing that is done to the machines. Most set how something is; the same with `there`, `false` or `0` mends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "id", rename_all = "camelCase")]
pub enum Fault {
    /// A node of 2 CPUs and 4 GiB joins, and is named by the cluster.
    AddNode,
    /// The node is switched off for good, and its object deleted.
    RemoveNode {
        node: String,
    },
    Node {
        node: String,
        state: Health,
    },
    /// All registries of images.
    Registry {
        state: Health,
    },
    Dns {
        state: Health,
    },
    /// The program of a pod's first container does nothing any more, until it is started anew.
    Hang {
        namespace: String,
        pod: String,
        hangs: bool,
    },
    /// The program of a pod's first container takes more and more memory: a quantity of bytes a second.
    Leak {
        namespace: String,
        pod: String,
        rate: String,
    },
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    There,
    Slow,
    Gone,
}

impl From<Fault> for host::Fault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::AddNode => host::Fault::AddNode {
                node: String::new(),
                cpu: String::new(),
                memory: String::new(),
            },
            Fault::RemoveNode { node } => host::Fault::RemoveNode { node },
            Fault::Node { node, state } => host::Fault::Node {
                node,
                state: state.into(),
            },
            Fault::Registry { state } => host::Fault::Registry {
                host: String::new(),
                state: state.into(),
            },
            Fault::Dns { state } => host::Fault::Dns {
                state: state.into(),
            },
            Fault::Hang {
                namespace,
                pod,
                hangs,
            } => host::Fault::Hang {
                namespace,
                pod,
                container: String::new(),
                hangs,
            },
            Fault::Leak {
                namespace,
                pod,
                rate,
            } => host::Fault::Leak {
                namespace,
                pod,
                container: String::new(),
                rate,
            },
        }
    }
}

impl Fault {
    /// As the page knows it; `None` for what the playground does not offer.
    pub fn of(fault: host::Fault) -> Option<Fault> {
        Some(match fault {
            host::Fault::Node { node, state } => Fault::Node {
                node,
                state: state.into(),
            },
            host::Fault::Registry { host, state } if host.is_empty() => Fault::Registry {
                state: state.into(),
            },
            host::Fault::Dns { state } => Fault::Dns {
                state: state.into(),
            },
            host::Fault::Hang {
                namespace,
                pod,
                hangs,
                ..
            } => Fault::Hang {
                namespace,
                pod,
                hangs,
            },
            host::Fault::Leak {
                namespace,
                pod,
                rate,
                ..
            } => Fault::Leak {
                namespace,
                pod,
                rate,
            },
            _ => return None,
        })
    }
}

impl From<Health> for host::Health {
    fn from(health: Health) -> Self {
        match health {
            Health::There => host::Health::There,
            Health::Slow => host::Health::Slow,
            Health::Gone => host::Health::Gone,
        }
    }
}

impl From<host::Health> for Health {
    fn from(health: host::Health) -> Self {
        match health {
            host::Health::There => Health::There,
            host::Health::Slow => Health::Slow,
            host::Health::Gone => Health::Gone,
        }
    }
}
