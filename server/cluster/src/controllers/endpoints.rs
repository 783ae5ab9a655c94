//! endpoints: for each service with a selector, the addresses of its pods.

use std::collections::BTreeMap;

use objects::selector::LabelSelector;
use objects::{Object, meta};
use serde_json::{Value, json};

use super::{Controller, Resources};
use crate::cluster::{Cluster, resource};
use crate::store::{Change, ChangeKind};
use crate::view;

pub(super) struct EndpointsController;

impl Controller for EndpointsController {
    fn follows(&self) -> Resources {
        &[("", "services"), ("", "pods"), ("", "endpoints")]
    }

    fn reconcile(&mut self, cluster: &Cluster, changes: &[Change]) {
        for service in touched(cluster, changes) {
            write(cluster, &service);
        }
        for change in changes
            .iter()
            .filter(|c| c.resource.plural == "services" && c.kind == ChangeKind::Deleted)
        {
            let (namespace, name) = (meta::namespace(&change.object), meta::name(&change.object));
            // Whoever made them: the API server deletes them with the service, too.
            let left = cluster.get(resource("", "endpoints"), namespace, name);
            let is_back = cluster
                .get(resource("", "services"), namespace, name)
                .is_some();
            if let Some(endpoints) = left.filter(|_| !is_back) {
                let _gone_already = cluster.delete(
                    "endpoint-controller",
                    resource("", "endpoints"),
                    &endpoints,
                    None,
                );
            }
        }
    }
}

fn selects(service: &Value) -> bool {
    view::at(service, &["spec", "selector"])
        .as_object()
        .is_some_and(|s| !s.is_empty())
}

/// The services with selectors that the changes concern, once each: of pods those that they select or selected.
pub(super) fn touched(cluster: &Cluster, changes: &[Change]) -> Vec<Object> {
    let of = |namespace: &str| {
        let mut all = cluster.list(resource("", "services"), namespace);
        all.retain(|s| selects(s) && !meta::is_deleting(s));
        all
    };
    let mut known: BTreeMap<&str, Vec<Object>> = BTreeMap::new();
    let mut touched = Vec::new();
    for change in changes {
        let namespace = meta::namespace(&change.object);
        let services = known.entry(namespace).or_insert_with(|| of(namespace));
        if change.resource.plural != "pods" {
            touched.append(services);
        }
        // what a pod looks like is compared only where it matters to somebody
        if !services.is_empty() {
            for pod in shown(change) {
                touched.extend(services.extract_if(.., |s| selects_pod(s, pod)));
            }
        }
    }
    touched
}

fn selects_pod(service: &Value, pod: &Object) -> bool {
    let selector = view::at(service, &["spec", "selector"]);
    LabelSelector::from_map(selector).matches_object(pod)
}

/// A pod before and after a change that endpoints show: one without an address is in none.
fn shown(change: &Change) -> impl Iterator<Item = &Object> {
    let (old, new) = (change.old.as_ref(), &change.object);
    let has_address = |p: &&Object| !view::text(p, &["status", "podIP"]).is_empty();
    let mut both: Vec<&Object> = old.into_iter().chain([new]).filter(has_address).collect();
    let is_same = || old.is_some_and(|old| face(old) == face(new));
    if !both.is_empty() && change.kind == ChangeKind::Modified && is_same() {
        both.clear();
    }
    both.into_iter()
}

/// What endpoints show of a pod: readiness, address, phase, whether it is on its way out, labels.
fn face(pod: &Value) -> (bool, &str, &str, bool, &Value) {
    (
        is_ready(pod),
        view::text(pod, &["status", "podIP"]),
        view::text(pod, &["status", "phase"]),
        meta::is_deleting(pod),
        view::at(pod, &["metadata", "labels"]),
    )
}

/// Whether the condition Ready is true.
pub(crate) fn is_ready(pod: &Value) -> bool {
    let conditions = view::list(pod, &["status", "conditions"]);
    conditions
        .iter()
        .any(|c| c["type"] == "Ready" && c["status"] == "True")
}

/// The pods of a service that have an address and are not over.
pub(super) fn backends(cluster: &Cluster, service: &Value) -> Vec<Object> {
    let selector = LabelSelector::from_map(view::at(service, &["spec", "selector"]));
    let all = cluster.standing_pods(meta::namespace(service)).into_iter();
    all.filter(|p| selector.matches_object(p) && !view::text(p, &["status", "podIP"]).is_empty())
        .collect()
}

/// The number behind a service's port on a pod.
pub(super) fn target_port(pod: &Value, port: &Value) -> Option<i64> {
    match view::at(port, &["targetPort"]) {
        Value::String(name) => {
            let parts = ["containers", "initContainers"];
            let all = parts
                .iter()
                .flat_map(|p| view::list(pod, &["spec", p]))
                .flat_map(|c| view::list(c, &["ports"]));
            let protocol = view::text(port, &["protocol"]);
            let mut same = all.filter(|p| {
                view::text(p, &["name"]) == name && view::text(p, &["protocol"]) == protocol
            });
            same.next().and_then(|p| view::int(p, &["containerPort"]))
        }
        Value::Number(number) => number
            .as_i64()
            .filter(|n| *n != 0)
            .or_else(|| view::int(port, &["port"])),
        _ => view::int(port, &["port"]),
    }
}

type Ports = Vec<(String, i64, String)>;

fn ports_on(pod: &Value, service: &Value) -> Ports {
    let each = view::list(service, &["spec", "ports"]).iter();
    each.filter_map(|p| {
        Some((
            view::text(p, &["name"]).to_string(),
            target_port(pod, p)?,
            view::text(p, &["protocol"]).to_string(),
        ))
    })
    .collect()
}

/// Who stands behind an address.
pub(super) fn target_ref(pod: &Value) -> Value {
    json!({"kind": "Pod", "namespace": meta::namespace(pod), "name": meta::name(pod), "uid": meta::uid(pod)})
}

/// The subsets of a service: pods with the same ports together, ready ones apart from the others.
fn subsets(cluster: &Cluster, service: &Value) -> Vec<Value> {
    let mut by_ports: BTreeMap<Ports, (Vec<Value>, Vec<Value>)> = BTreeMap::new();
    let headless = view::text(service, &["spec", "clusterIP"]) == "None";
    for pod in backends(cluster, service) {
        let ports = ports_on(&pod, service);
        if ports.is_empty() && !headless {
            continue;
        }
        let mut address = json!({"ip": view::text(&pod, &["status", "podIP"]), "nodeName": view::text(&pod, &["spec", "nodeName"]),
            "targetRef": target_ref(&pod)});
        let hostname = view::text(&pod, &["spec", "hostname"]);
        if !hostname.is_empty() && view::text(&pod, &["spec", "subdomain"]) == meta::name(service) {
            address["hostname"] = hostname.into();
        }
        let published = view::flag(service, &["spec", "publishNotReadyAddresses"]);
        let (ready, not_ready) = by_ports.entry(ports).or_default();
        if published || (is_ready(&pod) && !meta::is_deleting(&pod)) {
            ready.push(address);
        } else if !meta::is_deleting(&pod) {
            not_ready.push(address);
        }
    }
    let mut out = Vec::new();
    for (ports, (mut ready, mut not_ready)) in by_ports {
        let by_ip = |a: &Value| {
            view::text(a, &["ip"])
                .parse::<std::net::Ipv4Addr>()
                .map_or(0, u32::from)
        };
        ready.sort_by_key(by_ip);
        not_ready.sort_by_key(by_ip);
        let mut subset = json!({});
        for (member, list) in [("addresses", ready), ("notReadyAddresses", not_ready)] {
            if !list.is_empty() {
                subset[member] = list.into();
            }
        }
        if subset.as_object().is_none_or(|s| s.is_empty()) {
            continue;
        }
        let ports: Vec<Value> = ports
            .into_iter()
            .map(|(name, port, protocol)| {
                let mut p = json!({"port": port, "protocol": protocol});
                if !name.is_empty() {
                    p["name"] = name.into();
                }
                p
            })
            .collect();
        if !ports.is_empty() {
            subset["ports"] = ports.into();
        }
        out.push(subset);
    }
    out
}

fn write(cluster: &Cluster, service: &Object) {
    let endpoints = resource("", "endpoints");
    let (namespace, name) = (meta::namespace(service), meta::name(service));
    let subsets = subsets(cluster, service);
    let mut labels = service["metadata"]
        .get("labels")
        .cloned()
        .unwrap_or_else(|| json!({}));
    labels["endpoints.kubernetes.io/managed-by"] = "endpoint-controller".into();
    if view::text(service, &["spec", "clusterIP"]) == "None" {
        labels["service.kubernetes.io/headless"] = "".into();
    }
    let change = |e: &mut Value, now: &str| {
        match subsets.is_empty() {
            true => drop(view::remove(e, &["subsets"])),
            false => e["subsets"] = subsets.clone().into(),
        }
        meta::set(e, "labels", labels.clone());
        view::set(
            e,
            &[
                "metadata",
                "annotations",
                "endpoints.kubernetes.io/last-change-trigger-time",
            ],
            now,
        );
    };
    let now = cluster.now_text();
    match cluster.get(endpoints, namespace, name) {
        Some(live) => {
            let same = live.get("subsets").is_none() == subsets.is_empty()
                && live
                    .get("subsets")
                    .is_none_or(|s| s.as_array() == Some(&subsets))
                && live["metadata"]["labels"] == labels;
            if !same {
                cluster.amend(endpoints, &live, |e| change(e, &now));
            }
        }
        None => {
            let mut new = json!({"kind": "Endpoints", "apiVersion": "v1", "metadata": {"name": name, "namespace": namespace}});
            change(&mut new, &now);
            let _refused = cluster.create("endpoint-controller", endpoints, new);
        }
    }
}
