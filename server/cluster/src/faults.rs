//! What goes wrong with a cluster's machines on purpose: nodes that stop and come back, file servers that are slow or gone.
//!
//! No page of Kubernetes: it is the hand that pulls the plug. Each fault is an input of the world, so it stands in the journal.

use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;

/// How a file server answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ServerState {
    /// At once.
    #[default]
    There,
    /// After some seconds.
    Slow,
    /// Not at all.
    Gone,
}

/// One thing that is made to happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// The node loses its power: its containers are gone, its kubelet is silent.
    StopNode { node: String },
    /// The node starts again.
    StartNode { node: String },
    /// An NFS server, by name or address as volumes name it.
    Nfs { server: String, state: ServerState },
}

impl Cluster {
    /// Makes a fault happen now. Errors: a sentence, when there is nothing that it could happen to.
    pub fn fault(&self, fault: &Fault) -> Result<(), String> {
        match fault {
            Fault::StopNode { node } => {
                let kubelet = self.kubelet(node).ok_or_else(|| no_node(node))?;
                if kubelet.silent_since().is_some() {
                    return Err(format!("the node {node:?} is already stopped"));
                }
                kubelet.stop();
            }
            Fault::StartNode { node } => {
                let kubelet = self.kubelet(node).ok_or_else(|| no_node(node))?;
                if kubelet.silent_since().is_none() {
                    return Err(format!("the node {node:?} runs"));
                }
                kubelet.resume();
            }
            Fault::Nfs { server, state } => self.set_file_server(server, *state),
        }
        Ok(())
    }
}

fn no_node(name: &str) -> String {
    format!("there is no node {name:?}")
}
