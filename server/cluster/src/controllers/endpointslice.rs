//! endpointslice: the addresses of a service's pods, in slices of at most a hundred.

use objects::{Object, meta};
use serde_json::{Value, json};

use super::{Controller, Resources, endpoints};
use crate::cluster::{Cluster, resource};
use crate::store::Change;
use crate::view;

const MANAGER: &str = "endpointslice-controller.k8s.io";

pub(super) struct EndpointSliceController;

impl Controller for EndpointSliceController {
    fn follows(&self) -> Resources {
        &[
            ("", "services"),
            ("", "pods"),
            ("discovery.k8s.io", "endpointslices"),
        ]
    }

    fn reconcile(&mut self, cluster: &Cluster, changes: &[Change]) {
        for service in endpoints::touched(cluster, changes) {
            write(cluster, &service);
        }
    }
}

fn slices(cluster: &Cluster, service: &Value) -> Vec<Object> {
    let all = cluster
        .list(
            resource("discovery.k8s.io", "endpointslices"),
            meta::namespace(service),
        )
        .into_iter();
    all.filter(|s| {
        meta::label(s, "kubernetes.io/service-name") == Some(meta::name(service))
            && meta::label(s, "endpointslice.kubernetes.io/managed-by") == Some(MANAGER)
            && !meta::is_deleting(s)
    })
    .collect()
}

fn endpoint(pod: &Value, service: &Value) -> Value {
    let published = view::flag(service, &["spec", "publishNotReadyAddresses"]);
    let (serving, terminating) = (endpoints::is_ready(pod), meta::is_deleting(pod));
    let mut endpoint = json!({
        "addresses": [view::text(pod, &["status", "podIP"])],
        "conditions": {"ready": published || (serving && !terminating), "serving": serving, "terminating": terminating},
        "nodeName": view::text(pod, &["spec", "nodeName"]),
        "targetRef": endpoints::target_ref(pod),
    });
    let hostname = view::text(pod, &["spec", "hostname"]);
    if !hostname.is_empty() && view::text(pod, &["spec", "subdomain"]) == meta::name(service) {
        endpoint["hostname"] = hostname.into();
    }
    endpoint
}

fn ports(backends: &[Object], service: &Value) -> Vec<Value> {
    let each = view::list(service, &["spec", "ports"]).iter();
    each.filter_map(|p| {
        let number = match backends.first() {
            Some(pod) => endpoints::target_port(pod, p)?,
            None => return None,
        };
        let name = view::text(p, &["name"]);
        let mut port =
            json!({"name": name, "port": number, "protocol": view::text(p, &["protocol"])});
        if let Some(app) = p.get("appProtocol") {
            port["appProtocol"] = app.clone();
        }
        Some(port)
    })
    .collect()
}

fn write(cluster: &Cluster, service: &Object) {
    let kind = resource("discovery.k8s.io", "endpointslices");
    let backends = endpoints::backends(cluster, service);
    let wanted: Vec<Value> = backends.iter().map(|p| endpoint(p, service)).collect();
    let ports = ports(&backends, service);
    let mut labels = service["metadata"]
        .get("labels")
        .cloned()
        .unwrap_or_else(|| json!({}));
    labels["kubernetes.io/service-name"] = meta::name(service).into();
    labels["endpointslice.kubernetes.io/managed-by"] = MANAGER.into();
    if view::text(service, &["spec", "clusterIP"]) == "None" {
        labels["service.kubernetes.io/headless"] = "".into();
    }
    let existing = slices(cluster, service);
    let mut chunks: Vec<Vec<Value>> = wanted.chunks(100).map(<[Value]>::to_vec).collect();
    if chunks.is_empty() {
        chunks.push(Vec::new());
    }
    for (index, chunk) in chunks.iter().enumerate() {
        match existing.get(index) {
            Some(live)
                if live["endpoints"].as_array() == Some(chunk)
                    && live["ports"].as_array() == Some(&ports)
                    && live["metadata"]["labels"] == labels => {}
            Some(live) => {
                cluster.amend(kind, live, |s| {
                    s["endpoints"] = chunk.clone().into();
                    s["ports"] = ports.clone().into();
                    meta::set(s, "labels", labels.clone());
                });
            }
            None => {
                let owner = json!({"apiVersion": "v1", "kind": "Service", "name": meta::name(service), "uid": meta::uid(service),
                    "controller": true, "blockOwnerDeletion": true});
                let slice = json!({"kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "addressType": "IPv4",
                    "endpoints": chunk, "ports": ports,
                    "metadata": {"generateName": format!("{}-", meta::name(service)), "namespace": meta::namespace(service),
                        "labels": labels, "ownerReferences": [owner],
                        "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": cluster.now_text()}}});
                let _refused = cluster.create("endpointslice-controller", kind, slice);
            }
        }
    }
    for surplus in existing.iter().skip(chunks.len()) {
        let _gone_already = cluster.delete("endpointslice-controller", kind, surplus, None);
    }
}
