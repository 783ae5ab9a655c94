//! What a cluster holds before anybody asks: namespaces, priorities, its own service, nodes with their leases, the default storage class.

use objects::meta;
use serde_json::{Value, json};

use crate::cluster::{Cluster, resource};
use crate::controllers::{kubernetesservice, root_ca_publisher, serviceaccount, systemnamespaces};
use crate::kubelet::lease;
use crate::spec::NodeSpec;
use crate::view;

/// Puts the system objects in place.
pub(crate) fn install(cluster: &Cluster) {
    for name in systemnamespaces::NAMES {
        let namespace = json!({"metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
            "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}});
        put(cluster, "", "namespaces", namespace);
    }
    for (name, value, about) in [
        (
            "system-cluster-critical",
            2_000_000_000,
            "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
        ),
        (
            "system-node-critical",
            2_000_001_000,
            "Used for system critical pods that must not be moved from their current node.",
        ),
    ] {
        let class = json!({"metadata": {"name": name, "generation": 1}, "value": value, "description": about, "preemptionPolicy": "PreemptLowerPriority"});
        put(cluster, "scheduling.k8s.io", "priorityclasses", class);
    }
    kubernetesservice::settle(cluster);
    for node in &cluster.spec().nodes {
        install_node(cluster, node);
    }
    if cluster.spec().has("storage") {
        let class = json!({
            "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            "provisioner": "podschool.dev/hostpath", "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate",
        });
        put(cluster, "storage.k8s.io", "storageclasses", class);
    }
    serviceaccount::settle(cluster);
    root_ca_publisher::settle(cluster);
    cluster.compact();
}

pub(crate) fn put(cluster: &Cluster, group: &str, plural: &str, mut object: Value) {
    let resource = resource(group, plural);
    let uid = crate::api::create::uid(&cluster.chance_for_next_write());
    object["kind"] = resource.kind.into();
    object["apiVersion"] = resource.api_version().into();
    meta::set(&mut object, "uid", uid);
    meta::set(&mut object, "creationTimestamp", cluster.now_text());
    cluster.put(resource, object);
}

/// The objects that a kubelet makes when it registers its node.
pub(crate) fn install_node(cluster: &Cluster, node: &NodeSpec) {
    put(cluster, "", "nodes", node_object(cluster, node));
    lease::make(cluster, node);
}

/// A node joins a cluster that runs: its network is not ready yet.
pub(crate) fn join_node(cluster: &Cluster, node: &NodeSpec) {
    install_node(cluster, node);
    let nodes = resource("", "nodes");
    let Some(stored) = cluster.get(nodes, "", &node.name) else {
        return;
    };
    let now = cluster.now_text();
    cluster.amend(nodes, &stored, |n| {
        let taint =
            json!({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule", "timeAdded": now});
        view::set(n, &["spec", "taints"], json!([taint]));
        for condition in view::list_mut(n, &["status", "conditions"]) {
            if condition["type"] == "Ready" {
                condition["status"] = "False".into();
                condition["reason"] = "KubeletNotReady".into();
                condition["message"] = NO_NETWORK.into();
            }
        }
    });
}

/// What a kubelet says until its node's network is set up.
pub(crate) const NO_NETWORK: &str = "container runtime network not ready: NetworkReady=false \
     reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized";

fn node_object(cluster: &Cluster, node: &NodeSpec) -> Value {
    let now = cluster.now_text();
    let condition = |kind: &str, status: &str, reason: &str, message: &str| json!({"type": kind, "status": status, "reason": reason, "message": message, "lastHeartbeatTime": now, "lastTransitionTime": now});
    let mut labels = json!({
        "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux",
        "kubernetes.io/hostname": node.name,
    });
    for (key, value) in &node.labels {
        labels[key] = value.clone().into();
    }
    let chance = machine::Chance::branch(cluster.spec().seed, 0x6e6f_6465);
    let version = &cluster.spec().git_version;
    let mut info = json!({
        "machineID": chance.hex(32), "systemUUID": crate::api::create::uid(&chance), "bootID": crate::api::create::uid(&chance),
        "kernelVersion": "6.1.0-26-amd64", "osImage": "Debian GNU/Linux 12 (bookworm)", "containerRuntimeVersion": "containerd://2.1.4",
        "kubeletVersion": version, "kubeProxyVersion": "", "operatingSystem": "linux", "architecture": "amd64", "swap": {"capacity": 0},
    });
    for (key, value) in &node.node_info {
        info[key] = value.clone().into();
    }
    let addresses: Vec<Value> = ["InternalIP", "Hostname"]
        .iter()
        .filter_map(|kind| Some(json!({"type": kind, "address": node.addresses.get(*kind)?})))
        .collect();
    json!({
        "metadata": {"name": node.name, "labels": labels, "annotations": {"node.alpha.kubernetes.io/ttl": "0",
            "volumes.kubernetes.io/controller-managed-attach-detach": "true"}},
        "spec": {"podCIDR": node.pod_cidr, "podCIDRs": [node.pod_cidr]},
        "status": {
            "addresses": addresses, "allocatable": node.allocatable, "capacity": node.capacity,
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}, "images": [], "nodeInfo": info,
            "runtimeHandlers": [{"features": {"recursiveReadOnlyMounts": true, "userNamespaces": true}, "name": ""}],
            "features": {"supplementalGroupsPolicy": true},
        },
    })
}
