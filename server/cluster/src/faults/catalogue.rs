//! The faults that there are, with their parameters, as data: for pages and lessons that offer them.

use serde::Serialize;

/// What a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Values {
    /// The name of a node that there is.
    Node,
    /// The name of a node to come; may be empty.
    NewNode,
    Namespace,
    Pod,
    /// A container of the pod; empty: the first.
    Container,
    /// `there`, `slow`, `gone`.
    Health,
    /// `true`, `false`.
    Flag,
    /// A whole number from 0 to 100.
    Percent,
    /// A quantity: `2`, `500m`, `4Gi`.
    Quantity,
    /// The host of a registry, such as `docker.io`; may be empty.
    Registry,
    /// The server of an NFS volume.
    Server,
    /// The `targetPortal` of an iSCSI volume.
    Portal,
}

/// A parameter of a fault: the JSON member, what it may be, and one that makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    pub name: &'static str,
    pub values: Values,
    /// Empty where only the cluster can tell.
    pub example: &'static str,
}

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultKind {
    /// The JSON member `id`.
    pub id: &'static str,
    /// One English sentence.
    pub what: &'static str,
    pub parameters: &'static [Parameter],
}

const fn parameter(name: &'static str, values: Values, example: &'static str) -> Parameter {
    Parameter {
        name,
        values,
        example,
    }
}

const NODE: Parameter = parameter("node", Values::Node, "");
const STATE: Parameter = parameter("state", Values::Health, "gone");
const NAMESPACE: Parameter = parameter("namespace", Values::Namespace, "default");
const POD: Parameter = parameter("pod", Values::Pod, "");
const CONTAINER: Parameter = parameter("container", Values::Container, "");

const CATALOGUE: &[FaultKind] = &[
    FaultKind {
        id: "addNode",
        what: "A new node joins the cluster.",
        parameters: &[
            parameter("node", Values::NewNode, ""),
            parameter("cpu", Values::Quantity, "2"),
            parameter("memory", Values::Quantity, "4Gi"),
        ],
    },
    FaultKind {
        id: "removeNode",
        what: "A node is taken out of the cluster for good.",
        parameters: &[NODE],
    },
    FaultKind {
        id: "node",
        what: "A node loses its power, or is so overloaded that everything on it takes ten times as long.",
        parameters: &[NODE, STATE],
    },
    FaultKind {
        id: "network",
        what: "A node loses its network, or has a slow one; what runs on it goes on.",
        parameters: &[NODE, STATE],
    },
    FaultKind {
        id: "disk",
        what: "The disk of a node fills up, until so many hundredths of it are used.",
        parameters: &[NODE, parameter("percent", Values::Percent, "95")],
    },
    FaultKind {
        id: "registry",
        what: "Images come slowly from a registry, or not at all.",
        parameters: &[parameter("host", Values::Registry, ""), STATE],
    },
    FaultKind {
        id: "dns",
        what: "The cluster's DNS answers slowly, or not at all.",
        parameters: &[STATE],
    },
    FaultKind {
        id: "nfs",
        what: "A file server answers slowly, or not at all.",
        parameters: &[parameter("server", Values::Server, ""), STATE],
    },
    FaultKind {
        id: "iscsi",
        what: "A server of iSCSI disks answers slowly, or not at all.",
        parameters: &[parameter("portal", Values::Portal, ""), STATE],
    },
    FaultKind {
        id: "hang",
        what: "The program of a container does nothing any more.",
        parameters: &[
            NAMESPACE,
            POD,
            CONTAINER,
            parameter("hangs", Values::Flag, "true"),
        ],
    },
    FaultKind {
        id: "leak",
        what: "The program of a container takes more and more memory: so much each second.",
        parameters: &[
            NAMESPACE,
            POD,
            CONTAINER,
            parameter("rate", Values::Quantity, "8Mi"),
        ],
    },
];

/// All kinds of faults.
#[must_use]
pub fn catalogue() -> &'static [FaultKind] {
    CATALOGUE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;
    use serde_json::{Value, json};

    #[test]
    fn the_catalogue_tells_what_a_fault_is_made_of() {
        for kind in catalogue() {
            let mut text = json!({"id": kind.id});
            for parameter in kind.parameters {
                text[parameter.name] = match (parameter.values, parameter.example) {
                    (Values::Flag, example) => json!(example == "true"),
                    (Values::Percent, example) => json!(example.parse::<u8>().expect("a number")),
                    (_, "") => "some-name".into(),
                    (_, example) => example.into(),
                };
            }
            let fault: Fault = serde_json::from_value(text.clone())
                .unwrap_or_else(|e| panic!("{text} is no fault: {e}"));
            let back: Value = serde_json::to_value(&fault).expect("JSON");
            assert_eq!(back, text, "every member stands in the catalogue");
            assert!(!fault.mends(), "{text}: the example is a fault");
        }
    }
}
