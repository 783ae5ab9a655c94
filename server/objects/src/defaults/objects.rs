//! Defaults of everything that has no pods in it: services, volumes, secrets, namespaces, networking, RBAC.

use base64::Engine as _;
use serde_json::{Value, json};

use super::{Members, child, default, is_unset, items, pod, text};
use crate::Gvk;
use crate::meta::map_at;

pub(super) fn object(gvk: &Gvk, members: &mut Members) {
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Service") => service(map_at(members, "spec")),
        ("", "Secret") => secret(members),
        ("", "Namespace") => namespace(members),
        ("", "PersistentVolume") => persistent_volume(members),
        ("", "PersistentVolumeClaim") => {
            default(map_at(members, "spec"), "volumeMode", "Filesystem");
            default(map_at(members, "status"), "phase", "Pending");
        }
        ("", "Endpoints") => {
            items(members, "subsets")
                .flat_map(|s| items(s, "ports"))
                .for_each(|p| default(p, "protocol", "TCP"));
        }
        ("", "LimitRange") => items(map_at(members, "spec"), "limits").for_each(limit),
        ("", "Node") => node(members),
        ("discovery.k8s.io", "EndpointSlice") => items(members, "ports").for_each(|port| {
            default(port, "name", "");
            default(port, "protocol", "TCP");
        }),
        ("storage.k8s.io", "StorageClass") => {
            default(members, "reclaimPolicy", "Delete");
            default(members, "volumeBindingMode", "Immediate");
        }
        ("storage.k8s.io", "CSIDriver") => csi_driver(map_at(members, "spec")),
        ("scheduling.k8s.io", "PriorityClass") => {
            default(members, "preemptionPolicy", "PreemptLowerPriority")
        }
        ("networking.k8s.io", "NetworkPolicy") => network_policy(map_at(members, "spec")),
        ("networking.k8s.io", "IngressClass") => {
            if let Some(parameters) = child(map_at(members, "spec"), "parameters") {
                default(parameters, "scope", "Cluster");
            }
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            default(
                map_at(members, "roleRef"),
                "apiGroup",
                "rbac.authorization.k8s.io",
            );
            items(members, "subjects")
                .filter(|s| text(s, "kind") != "ServiceAccount")
                .for_each(|subject| {
                    default(subject, "apiGroup", "rbac.authorization.k8s.io");
                });
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            custom_resource(map_at(members, "spec"))
        }
        ("authentication.k8s.io", "TokenRequest") => {
            default(map_at(members, "spec"), "expirationSeconds", 3600)
        }
        _ => {}
    }
}

fn service(spec: &mut Members) {
    default(spec, "sessionAffinity", "None");
    match text(spec, "sessionAffinity") {
        "None" => {
            spec.remove("sessionAffinityConfig");
        }
        "ClientIP" => {
            let client = map_at(map_at(spec, "sessionAffinityConfig"), "clientIP");
            default(client, "timeoutSeconds", 10800);
        }
        _ => {}
    }
    default(spec, "type", "ClusterIP");
    for port in items(spec, "ports") {
        default(port, "protocol", "TCP");
        let target = port.get("targetPort");
        if is_unset(target) || target == Some(&json!(0)) {
            let number = port.get("port").cloned().unwrap_or_else(|| 0.into());
            port.insert("targetPort".into(), number);
        }
    }
    let kind = text(spec, "type").to_string();
    let external = spec
        .get("externalIPs")
        .and_then(Value::as_array)
        .is_some_and(|i| !i.is_empty());
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") || (kind == "ClusterIP" && external) {
        default(spec, "externalTrafficPolicy", "Cluster");
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") {
        default(spec, "internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        default(spec, "allocateLoadBalancerNodePorts", true);
    }
}

fn secret(members: &mut Members) {
    default(members, "type", "Opaque");
    if let Some(Value::Object(texts)) = members.remove("stringData") {
        let data = map_at(members, "data");
        for (key, text) in texts {
            let bytes = text.as_str().unwrap_or_default().as_bytes();
            data.insert(
                key,
                base64::engine::general_purpose::STANDARD
                    .encode(bytes)
                    .into(),
            );
        }
    }
}

fn namespace(members: &mut Members) {
    let metadata = map_at(members, "metadata");
    let name = text(metadata, "name").to_string();
    if !name.is_empty() {
        map_at(metadata, "labels").insert("kubernetes.io/metadata.name".into(), name.into());
    }
    default(map_at(members, "status"), "phase", "Active");
}

fn persistent_volume(members: &mut Members) {
    let spec = map_at(members, "spec");
    default(spec, "persistentVolumeReclaimPolicy", "Retain");
    default(spec, "volumeMode", "Filesystem");
    if let Some(path) = child(spec, "hostPath") {
        pod::host_path(path);
    }
    default(map_at(members, "status"), "phase", "Pending");
}

/// Of a container: the default limit from the maximum, the default request from the default limit, then from the minimum.
fn limit(limit: &mut Members) {
    if text(limit, "type") != "Container" {
        return;
    }
    for (to, from) in [
        ("default", "max"),
        ("defaultRequest", "default"),
        ("defaultRequest", "min"),
    ] {
        let Some(source) = limit
            .get(from)
            .and_then(Value::as_object)
            .filter(|m| !m.is_empty())
            .cloned()
        else {
            continue;
        };
        let target = map_at(limit, to);
        for (name, quantity) in source {
            target.entry(name).or_insert(quantity);
        }
    }
}

fn node(members: &mut Members) {
    let status = map_at(members, "status");
    let capacity = status
        .get("capacity")
        .and_then(Value::as_object)
        .filter(|c| !c.is_empty())
        .cloned();
    if let Some(capacity) =
        capacity.filter(|_| status.get("allocatable").is_none_or(Value::is_null))
    {
        status.insert("allocatable".into(), Value::Object(capacity));
    }
}

fn csi_driver(spec: &mut Members) {
    for (key, value) in [
        ("attachRequired", true),
        ("podInfoOnMount", false),
        ("storageCapacity", false),
        ("requiresRepublish", false),
        ("seLinuxMount", false),
    ] {
        default(spec, key, value);
    }
    default(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
    if spec
        .get("volumeLifecycleModes")
        .and_then(Value::as_array)
        .is_none_or(|m| m.is_empty())
    {
        spec.insert("volumeLifecycleModes".into(), json!(["Persistent"]));
    }
}

fn network_policy(spec: &mut Members) {
    for rules in ["ingress", "egress"] {
        items(spec, rules)
            .flat_map(|r| items(r, "ports"))
            .for_each(|p| default(p, "protocol", "TCP"));
    }
    if spec
        .get("policyTypes")
        .and_then(Value::as_array)
        .is_none_or(|t| t.is_empty())
    {
        let egress = spec
            .get("egress")
            .and_then(Value::as_array)
            .is_some_and(|e| !e.is_empty());
        spec.insert(
            "policyTypes".into(),
            if egress {
                json!(["Ingress", "Egress"])
            } else {
                json!(["Ingress"])
            },
        );
    }
}

fn custom_resource(spec: &mut Members) {
    let names = map_at(spec, "names");
    let kind = text(names, "kind").to_string();
    if !kind.is_empty() {
        default(names, "singular", kind.to_lowercase());
        default(names, "listKind", format!("{kind}List"));
    }
    default(map_at(spec, "conversion"), "strategy", "None");
}
