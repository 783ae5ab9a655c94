//! metrics.k8s.io: what pods and nodes use, read from the runtimes when somebody asks. Nothing is stored.
//!
//! Mirrors metrics-server.

use objects::{Resource, Status, meta};
use serde_json::{Value, json};

use crate::cluster::{Cluster, pods, resource};
use crate::view;

fn available(cluster: &Cluster) -> Result<(), Status> {
    if cluster.spec().has("metrics") {
        Ok(())
    } else {
        Err(Status::unknown_path())
    }
}

pub(crate) fn get(
    cluster: &Cluster,
    of: &Resource,
    namespace: &str,
    name: &str,
) -> Result<Value, Status> {
    available(cluster)?;
    let found = match of.plural {
        "pods" => cluster
            .get(pods(), namespace, name)
            .and_then(|p| of_pod(cluster, &p)),
        _ => cluster
            .get(resource("", "nodes"), "", name)
            .and_then(|n| of_node(cluster, &n)),
    };
    found.ok_or_else(|| {
        Status::not_found(
            if of.plural == "pods" {
                "pods.metrics.k8s.io"
            } else {
                "nodes.metrics.k8s.io"
            },
            name,
        )
    })
}

pub(crate) fn list(
    cluster: &Cluster,
    of: &Resource,
    namespace: &str,
) -> Result<Vec<Value>, Status> {
    available(cluster)?;
    Ok(match of.plural {
        "pods" => cluster
            .list(pods(), namespace)
            .iter()
            .filter_map(|p| of_pod(cluster, p))
            .collect(),
        _ => cluster
            .list(resource("", "nodes"), "")
            .iter()
            .filter_map(|n| of_node(cluster, n))
            .collect(),
    })
}

fn usage(nano_cores: u64, bytes: u64) -> Value {
    json!({"cpu": format!("{nano_cores}n"), "memory": format!("{}Ki", bytes / 1024)})
}

fn envelope(cluster: &Cluster, kind: &str, of: &Value) -> Value {
    let mut metadata = json!({"name": meta::name(of), "creationTimestamp": cluster.now_text()});
    for member in ["namespace", "labels"] {
        if let Some(value) = of["metadata"].get(member) {
            metadata[member] = value.clone();
        }
    }
    json!({"kind": kind, "apiVersion": "metrics.k8s.io/v1beta1", "metadata": metadata, "timestamp": cluster.now_text(), "window": "15s"})
}

fn of_pod(cluster: &Cluster, pod: &Value) -> Option<Value> {
    if view::text(pod, &["status", "phase"]) != "Running" {
        return None;
    }
    let kubelet = cluster.kubelet(view::text(pod, &["spec", "nodeName"]))?;
    if kubelet.silent_since().is_some() {
        return None;
    }
    let containers: Vec<Value> = kubelet
        .container_stats(meta::uid(pod))
        .into_iter()
        .map(|(name, s)| json!({"name": name, "usage": usage(s.cpu_nano_cores, s.memory_working_set)}))
        .collect();
    if containers.is_empty() {
        return None;
    }
    let mut metrics = envelope(cluster, "PodMetrics", pod);
    metrics["containers"] = containers.into();
    Some(metrics)
}

/// What a node's own processes use, beside the pods.
const SYSTEM_NANO_CORES: u64 = 42_000_000;

/// Nothing of a node that is silent.
fn of_node(cluster: &Cluster, node: &Value) -> Option<Value> {
    let kubelet = cluster.kubelet(meta::name(node))?;
    if kubelet.silent_since().is_some() {
        return None;
    }
    let here = |p: &&objects::Object| view::text(p, &["spec", "nodeName"]) == meta::name(node);
    let pods = cluster.list(pods(), "");
    let stats = pods
        .iter()
        .filter(here)
        .flat_map(|p| kubelet.container_stats(meta::uid(p)));
    let cpu = SYSTEM_NANO_CORES + stats.map(|(_, s)| s.cpu_nano_cores).sum::<u64>();
    let mut metrics = envelope(cluster, "NodeMetrics", node);
    metrics["usage"] = usage(cpu, kubelet.memory_used());
    Some(metrics)
}
