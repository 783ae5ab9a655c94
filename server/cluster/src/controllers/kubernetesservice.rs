//! kubernetes-service: the service `kubernetes` in `default` with its Endpoints and its EndpointSlice, by which pods find the API server.
//! What is missing or wrong of them is put right every ten seconds; of a service that is there nothing is put back.
//!
//! Mirrors `pkg/controlplane/controller/kubernetesservice` with the `EndpointsAdapter` of `pkg/controlplane/reconcilers`, Kubernetes 1.36.
//! There each round goes over them; here a round comes only when there is something to do, so that a world at rest is not woken.

use machine::{Duration, Time};
use objects::{Object, Resource, meta};
use serde_json::{Value, json};

use super::{Controller, Resources, next_round};
use crate::cluster::{Cluster, resource};
use crate::spec::NodeSpec;
use crate::store::Change;
use crate::view;

const BY: &str = "kube-apiserver";
const NAMESPACE: &str = "default";
const NAME: &str = "kubernetes";
const PERIOD: Duration = Duration::from_secs(10);
/// Where the API server itself listens.
const PORT: u16 = 6443;

#[derive(Default)]
pub(super) struct KubernetesServiceController {
    round: Option<Time>,
}

impl Controller for KubernetesServiceController {
    fn follows(&self) -> Resources {
        &[
            ("", "services"),
            ("", "endpoints"),
            ("discovery.k8s.io", "endpointslices"),
        ]
    }

    fn reconcile(&mut self, cluster: &Cluster, changes: &[Change]) {
        let due = self.round.is_some_and(|at| at <= cluster.now());
        if due {
            self.round = None;
            settle(cluster);
        }
        let look = due || changes.iter().any(|c| concerns(&c.object));
        if look && self.round.is_none() && !mends(cluster).is_empty() {
            self.round = Some(next_round(cluster, PERIOD));
        }
    }

    fn wake(&self) -> Option<Time> {
        self.round
    }
}

fn concerns(object: &Object) -> bool {
    meta::namespace(object) == NAMESPACE && (meta::name(object) == NAME || is_labelled(object))
}

fn is_labelled(object: &Value) -> bool {
    meta::label(object, "kubernetes.io/service-name") == Some(NAME)
}

/// Puts everything right that can be put right now.
pub(crate) fn settle(cluster: &Cluster) {
    for mend in mends(cluster) {
        match mend {
            // What is refused (somebody has taken its address) is tried again in the next round.
            Mend::Create(resource, object) => drop(cluster.create(BY, resource, object)),
            Mend::Change(resource, live, wanted) => {
                cluster.amend(resource, &live, |object| *object = wanted);
            }
            Mend::Delete(resource, object) => {
                let _gone_already = cluster.delete(BY, resource, &object, None);
            }
        }
    }
}

/// One thing to do.
enum Mend {
    Create(&'static Resource, Value),
    /// As it is, as it should be.
    Change(&'static Resource, Object, Value),
    Delete(&'static Resource, Object),
}

fn mends(cluster: &Cluster) -> Vec<Mend> {
    let mut all = Vec::new();
    let services = resource("", "services");
    if cluster.get(services, NAMESPACE, NAME).is_none() {
        all.push(Mend::Create(services, service(cluster)));
    }
    let server = server(cluster);
    let endpoints = resource("", "endpoints");
    let live = cluster.get(endpoints, NAMESPACE, NAME);
    all.extend(mend(endpoints, live, |e| put_endpoints(e, &server)));
    let slices = resource("discovery.k8s.io", "endpointslices");
    let labelled = cluster.list(slices, NAMESPACE).into_iter();
    let (mut own, others): (Vec<Object>, Vec<Object>) = labelled
        .filter(|s| is_labelled(s))
        .partition(|s| meta::name(s) == NAME && view::text(s, &["addressType"]) == "IPv4");
    all.extend(others.into_iter().map(|s| Mend::Delete(slices, s)));
    all.extend(mend(slices, own.pop(), |s| put_slice(s, &server)));
    all
}

/// What makes an object, there or not, as `put` makes it.
fn mend(
    resource: &'static Resource,
    live: Option<Object>,
    put: impl FnOnce(&mut Value),
) -> Option<Mend> {
    let Some(live) = live else {
        let mut new = json!({"apiVersion": resource.api_version(), "kind": resource.kind, "metadata": {"name": NAME, "namespace": NAMESPACE}});
        put(&mut new);
        return Some(Mend::Create(resource, new));
    };
    let mut wanted = (*live).clone();
    put(&mut wanted);
    (wanted != *live).then_some(Mend::Change(resource, live, wanted))
}

/// The first address of the services' range is its own.
fn service(cluster: &Cluster) -> Value {
    let (base, _) = crate::api::services::parse_cidr(&cluster.spec().service_cidr);
    let ip = std::net::Ipv4Addr::from(base + 1).to_string();
    let labels = json!({"component": "apiserver", "provider": "kubernetes"});
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": labels},
        "spec": {"clusterIP": ip, "ipFamilyPolicy": "SingleStack", "sessionAffinity": "None", "type": "ClusterIP",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": PORT}]},
    })
}

/// The address of the API server: it runs on the first node.
fn server(cluster: &Cluster) -> String {
    let first = cluster.spec().nodes.first();
    first
        .map_or("192.168.49.2", NodeSpec::internal_ip)
        .to_string()
}

fn ports() -> Value {
    json!([{"name": "https", "port": PORT, "protocol": "TCP"}])
}

/// Labels and addresses as they should be; ports where there are none.
fn put_endpoints(endpoints: &mut Value, server: &str) {
    let labels = json!({"endpointslice.kubernetes.io/skip-mirror": "true"});
    meta::set(endpoints, "labels", labels);
    let subsets = view::list_mut(endpoints, &["subsets"]);
    if subsets.len() != 1 {
        *subsets = vec![json!({})];
    }
    subsets[0]["addresses"] = json!([{"ip": server}]);
    put_ports(&mut subsets[0]);
}

fn put_slice(slice: &mut Value, server: &str) {
    meta::set(slice, "labels", json!({"kubernetes.io/service-name": NAME}));
    slice["addressType"] = "IPv4".into();
    slice["endpoints"] = json!([{"addresses": [server], "conditions": {"ready": true}}]);
    put_ports(slice);
}

fn put_ports(of: &mut Value) {
    if view::list(of, &["ports"]).is_empty() {
        of["ports"] = ports();
    }
}
