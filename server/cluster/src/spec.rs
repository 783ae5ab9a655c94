//! What a cluster is made of: nodes, version, addresses, images, addons. It also reads the facts of a recorded cluster.

use std::collections::BTreeMap;

use machine::Time;
use objects::UserInfo;
use serde::{Deserialize, Serialize};

/// One node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeSpec {
    pub name: String,
    /// Quantities by resource name: `cpu: "2"`.
    pub capacity: BTreeMap<String, String>,
    /// What pods may use; empty: capacity less the eviction threshold.
    pub allocatable: BTreeMap<String, String>,
    /// By type: `InternalIP`, `Hostname`.
    pub addresses: BTreeMap<String, String>,
    #[serde(rename = "podCIDR")]
    pub pod_cidr: String,
    pub labels: BTreeMap<String, String>,
    /// Members of `status.nodeInfo` that differ from the default.
    pub node_info: BTreeMap<String, String>,
}

impl Default for NodeSpec {
    fn default() -> Self {
        NodeSpec::numbered(1)
    }
}

impl NodeSpec {
    /// `node-N` with 2 CPUs and 4 GiB.
    pub fn numbered(n: u8) -> Self {
        let texts = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(k, v)| (k.to_string(), v.to_string()))
                .collect()
        };
        let name = format!("node-{n}");
        NodeSpec {
            capacity: texts(&[
                ("cpu", "2"),
                ("memory", "4028304Ki"),
                ("ephemeral-storage", "62846292Ki"),
                ("pods", "110"),
                ("hugepages-1Gi", "0"),
                ("hugepages-2Mi", "0"),
            ]),
            allocatable: texts(&[
                ("cpu", "2"),
                ("memory", "3925904Ki"),
                ("ephemeral-storage", "57919142614"),
                ("pods", "110"),
                ("hugepages-1Gi", "0"),
                ("hugepages-2Mi", "0"),
            ]),
            addresses: BTreeMap::from([
                (
                    "InternalIP".to_string(),
                    format!("192.168.49.{}", u16::from(n) + 1),
                ),
                ("Hostname".to_string(), name.clone()),
            ]),
            pod_cidr: format!("10.244.{}.0/24", n - 1),
            labels: BTreeMap::new(),
            node_info: BTreeMap::new(),
            name,
        }
    }

    pub fn internal_ip(&self) -> &str {
        self.addresses.get("InternalIP").map_or("", String::as_str)
    }
}

/// Which images a node has before the first pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Present {
    #[default]
    None,
    /// All that the registry has.
    All,
    These(Vec<String>),
}

/// A stand-in program for images of recordings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TestProgram {
    /// Patterns of references: `nginx:*`.
    pub images: Vec<String>,
    /// Port by image name; `default` for the others.
    pub listens: BTreeMap<String, u16>,
    pub path: String,
}

/// A cluster to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClusterSpec {
    /// All chance of the cluster comes from it.
    pub seed: u64,
    /// Simulated time at which the cluster begins.
    pub start: Time,
    pub nodes: Vec<NodeSpec>,
    /// As `/version` tells it.
    pub git_version: String,
    /// Who the cluster's administrator is.
    pub user: UserInfo,
    /// `dns`, `metrics`, `storage` (the class `standard`).
    pub addons: Vec<String>,
    /// References that can be pulled; `None`: everything in the catalogue.
    pub registry: Option<Vec<String>>,
    pub present: Present,
    pub test_programs: BTreeMap<String, TestProgram>,
    pub service_cidr: String,
    pub cluster_dns: String,
    pub cluster_domain: String,
}

/// 2026-01-01T00:00:00Z: when nobody says when a cluster begins.
const SOME_TIME: i64 = 1_767_225_600_000_000_000;

impl Default for ClusterSpec {
    fn default() -> Self {
        ClusterSpec {
            seed: 1,
            start: Time(SOME_TIME),
            nodes: vec![NodeSpec::numbered(1)],
            git_version: "v1.36.2".into(),
            user: UserInfo {
                name: "kubernetes-admin".into(),
                groups: vec!["system:masters".into()],
                ..UserInfo::default()
            },
            addons: ["dns", "metrics", "storage"].map(String::from).to_vec(),
            registry: None,
            present: Present::None,
            test_programs: BTreeMap::new(),
            service_cidr: "10.96.0.0/16".into(),
            cluster_dns: "10.96.0.10".into(),
            cluster_domain: "cluster.local".into(),
        }
    }
}

impl ClusterSpec {
    pub fn has(&self, addon: &str) -> bool {
        self.addons.iter().any(|a| a == addon)
    }

    /// The minor version of Kubernetes: 36.
    pub fn minor(&self) -> u32 {
        let mut parts = self.git_version.trim_start_matches('v').split('.');
        parts.nth(1).and_then(|m| m.parse().ok()).unwrap_or(36)
    }

    /// A cluster like the one that the facts describe.
    pub fn from_facts(facts: Facts, seed: u64, start: Time) -> Self {
        let default = ClusterSpec::default();
        ClusterSpec {
            seed,
            start,
            nodes: if facts.nodes.is_empty() {
                default.nodes
            } else {
                facts.nodes
            },
            git_version: facts.git_version.unwrap_or(default.git_version),
            user: facts.user.map_or(default.user, |u| UserInfo {
                name: u.name,
                groups: u.groups,
                ..UserInfo::default()
            }),
            addons: facts.addons.unwrap_or(default.addons),
            registry: facts.registry,
            present: match facts.present {
                None => Present::None,
                Some(PresentFact::Word(word)) if word == "all" => Present::All,
                Some(PresentFact::Word(one)) => Present::These(vec![one]),
                Some(PresentFact::List(list)) => Present::These(list),
            },
            test_programs: facts.test_programs,
            service_cidr: facts.service_cidr.unwrap_or(default.service_cidr),
            cluster_dns: facts.cluster_dns.unwrap_or(default.cluster_dns),
            cluster_domain: default.cluster_domain,
        }
    }
}

/// A facts file: what a recorded cluster was. Reading its YAML is the caller's.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Facts {
    pub git_version: Option<String>,
    pub user: Option<UserFact>,
    pub nodes: Vec<NodeSpec>,
    #[serde(rename = "serviceCIDR")]
    pub service_cidr: Option<String>,
    #[serde(rename = "clusterDNS")]
    pub cluster_dns: Option<String>,
    pub addons: Option<Vec<String>>,
    pub registry: Option<Vec<String>>,
    pub present: Option<PresentFact>,
    pub test_programs: BTreeMap<String, TestProgram>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UserFact {
    pub name: String,
    pub groups: Vec<String>,
}

/// `present: all` or a list of references.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PresentFact {
    Word(String),
    List(Vec<String>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_facts() {
        let facts: Facts = serde_json::from_value(serde_json::json!({
            "gitVersion": "v1.36.2", "addons": [], "present": "all", "serviceCIDR": "10.96.0.0/16",
            "nodes": [{"name": "node-1", "podCIDR": "10.244.0.0/24", "capacity": {"cpu": "2"}}],
            "testPrograms": {"memhog": {"images": ["polinux/stress"], "path": "/memhog"}},
        }))
        .expect("facts");
        let spec = ClusterSpec::from_facts(facts, 7, Time(5));
        assert_eq!(
            (spec.minor(), spec.has("storage"), spec.present.clone()),
            (36, false, Present::All)
        );
        assert_eq!(spec.nodes[0].pod_cidr, "10.244.0.0/24");
        assert_eq!(spec.test_programs["memhog"].path, "/memhog");
    }
}
