//! The cluster's network: names of services and pods, and the virtual addresses of services. The wires are the machine's.
//!
//! Mirrors CoreDNS with its plugin `kubernetes`, and kube-proxy.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use machine::net::{Protocol, Resolver, Route, Services, Way};
use machine::sys::{DnsAnswer, Record, RecordKind, ResolveError};
use machine::{Duration, Health, Kernel};
use objects::{Object, meta};
use serde_json::Value;

use crate::api::services::parse_cidr;
use crate::cluster::{Cluster, Remote, resource};
use crate::view;

const TTL: u32 = 30;

/// Gives a world's network the names and virtual addresses of a cluster.
pub(crate) fn install(cluster: &Cluster, kernel: &Kernel) {
    let view = Rc::new(ClusterNetwork(cluster.remote()));
    kernel.network().set_services(view.clone());
    if cluster.spec().has("dns")
        && let Ok(at) = cluster.spec().cluster_dns.parse()
    {
        kernel.network().add_dns_server(at, view);
    }
}

/// What the network asks of a cluster, without keeping it alive.
struct ClusterNetwork(Remote);

impl Services for ClusterNetwork {
    fn route(&self, from: IpAddr, to: SocketAddr, protocol: Protocol) -> Route {
        let cluster = self.0.get();
        cluster.map_or(Route::Unknown, |c| route(&c, from, to, protocol))
    }

    fn way(&self, from: IpAddr, to: Option<IpAddr>) -> Way {
        let cluster = self.0.get().filter(|c| !c.standing().is_empty());
        cluster.map_or(Way::Fine, |c| way(&c, from, to))
    }
}

/// Where a connection from an address to a service's own address, or to a node's port, ends up.
pub(crate) fn route(cluster: &Cluster, from: IpAddr, to: SocketAddr, protocol: Protocol) -> Route {
    let protocol = if protocol == Protocol::Tcp {
        "TCP"
    } else {
        "UDP"
    };
    let ip = to.ip().to_string();
    let is_node = cluster.is_node(&ip);
    if !is_node && !cluster.is_service(to.ip()) {
        return Route::Unknown;
    }
    for service in cluster.list(resource("", "services"), "") {
        let here = view::text(&service, &["spec", "clusterIP"]) == ip;
        if !here && !is_node {
            continue;
        }
        for port in view::list(&service, &["spec", "ports"]) {
            let number = if here {
                view::int(port, &["port"])
            } else {
                view::int(port, &["nodePort"])
            };
            if number == Some(i64::from(to.port())) && view::text(port, &["protocol"]) == protocol {
                return choose(cluster, &service, port, from, to.ip());
            }
        }
        if here {
            return Route::Dropped;
        }
    }
    Route::Unknown
}

/// The way from or to an overloaded computer, whose kernel comes to it late; over a slow network; to a slow DNS server: at least, and by
/// chance so much more.
const OVERLOADED_MS: (u64, u64) = (300, 1200);
const SLOW_NETWORK_MS: (u64, u64) = (400, 800);
const SLOW_DNS_MS: (u64, u64) = (2000, 1000);

/// What the faults that stand make of a way.
fn way(cluster: &Cluster, from: IpAddr, to: Option<IpAddr>) -> Way {
    let slow = |(least, more): (u64, u64)| {
        Way::Slow(Duration::from_millis(least + cluster.draw().below(more)))
    };
    let is_dns = to.is_some_and(|ip| ip.to_string() == cluster.spec().cluster_dns);
    match cluster.dns_health() {
        Health::Gone if is_dns => return Way::Cut,
        Health::Slow if is_dns => return slow(SLOW_DNS_MS),
        _ => {}
    }
    let ends = [Some(from), to].map(|ip| ip.and_then(|ip| cluster.node_at(ip)));
    let leaves = ends[0] != ends[1];
    let worst = |health: &dyn Fn(&str) -> Health| {
        let all = ends.iter().flatten().map(|n| health(n));
        all.max().unwrap_or_default()
    };
    let network = worst(&|n| cluster.network_health(n));
    match (network, worst(&|n| cluster.node_health(n))) {
        (Health::Gone, _) if leaves => Way::Cut,
        (Health::Slow, _) if leaves => slow(SLOW_NETWORK_MS),
        (_, Health::Slow) => slow(OVERLOADED_MS),
        _ => Way::Fine,
    }
}

impl Cluster {
    /// Whether an address is one that services get.
    fn is_service(&self, ip: IpAddr) -> bool {
        let (base, bits) = parse_cidr(&self.spec().service_cidr);
        matches!(ip, IpAddr::V4(v4) if (u32::from(v4) ^ base) >> (32 - bits.clamp(1, 32)) == 0)
    }

    /// The node that has an address, or whose pods have it.
    fn node_at(&self, ip: IpAddr) -> Option<String> {
        let IpAddr::V4(v4) = ip else {
            return None;
        };
        let text = ip.to_string();
        let found = self.kubelets().into_iter().find(|k| {
            let (base, bits) = parse_cidr(&k.node().pod_cidr);
            k.address() == text || (u32::from(v4) ^ base) >> (32 - bits.clamp(1, 32)) == 0
        });
        found.map(|k| k.node().name.clone())
    }
}

/// The node whose endpoints alone may answer: the sender's, by the policy for traffic within the cluster, or the one that somebody outside
/// of it speaks to.
fn only_node(cluster: &Cluster, service: &Value, from: IpAddr, to: IpAddr) -> Option<String> {
    let is_local = |policy: &str| view::text(service, &["spec", policy]) == "Local";
    let sender = cluster.node_at(from);
    if view::text(service, &["spec", "clusterIP"]) == to.to_string() {
        sender.filter(|_| is_local("internalTrafficPolicy"))
    } else if sender.is_none() && is_local("externalTrafficPolicy") {
        cluster.node_at(to)
    } else {
        None
    }
}

/// One of the ready endpoints, by chance; always the same for a client with session affinity.
fn choose(cluster: &Cluster, service: &Value, port: &Value, from: IpAddr, to: IpAddr) -> Route {
    let mut ready = endpoints_of(cluster, service, view::text(port, &["name"]));
    if ready.is_empty() {
        return Route::Refused;
    }
    if let Some(node) = only_node(cluster, service, from, to) {
        ready.retain(|at| cluster.node_at(at.ip()).as_ref() == Some(&node));
        if ready.is_empty() {
            return Route::Dropped;
        }
    }
    let index = if view::text(service, &["spec", "sessionAffinity"]) == "ClientIP" {
        match from {
            IpAddr::V4(ip) => u64::from(u32::from(ip)) % ready.len() as u64,
            IpAddr::V6(_) => 0,
        }
    } else {
        cluster.draw().below(ready.len() as u64)
    };
    Route::To(ready[index as usize])
}

fn endpoints_of(cluster: &Cluster, service: &Value, port_name: &str) -> Vec<SocketAddr> {
    let found = cluster.get(
        resource("", "endpoints"),
        meta::namespace(service),
        meta::name(service),
    );
    let mut out = Vec::new();
    for subset in found.iter().flat_map(|e| view::list(e, &["subsets"])) {
        let port = view::list(subset, &["ports"])
            .iter()
            .find(|p| view::text(p, &["name"]) == port_name);
        let Some(port) = port.and_then(|p| view::int(p, &["port"])) else {
            continue;
        };
        for address in view::list(subset, &["addresses"]) {
            if let Ok(ip) = view::text(address, &["ip"]).parse() {
                out.push(SocketAddr::new(ip, port as u16));
            }
        }
    }
    out
}

impl Resolver for ClusterNetwork {
    fn answer(
        &self,
        name: &str,
        kind: RecordKind,
        _from: IpAddr,
    ) -> Result<DnsAnswer, ResolveError> {
        match self.0.get() {
            Some(cluster) => Ok(answer(&cluster, name, kind)),
            None => Ok(DnsAnswer::default()),
        }
    }
}

fn record(name: &str, kind: RecordKind, data: impl Into<String>) -> Record {
    Record {
        name: name.into(),
        kind,
        ttl: TTL,
        data: data.into(),
    }
}

fn addresses(name: &str, kind: RecordKind, ips: impl IntoIterator<Item = String>) -> DnsAnswer {
    let records = match kind {
        RecordKind::A => ips.into_iter().map(|ip| record(name, kind, ip)).collect(),
        _ => Vec::new(),
    };
    DnsAnswer {
        exists: true,
        records,
    }
}

/// The records of a name below the cluster's domain; anything else does not exist.
fn answer(cluster: &Cluster, name: &str, kind: RecordKind) -> DnsAnswer {
    if kind == RecordKind::Ptr {
        return reverse(cluster, name);
    }
    let domain = cluster.spec().cluster_domain.clone();
    let Some(rest) = name.strip_suffix(&domain).map(|r| r.trim_end_matches('.')) else {
        return DnsAnswer::default();
    };
    let labels: Vec<&str> = rest.split('.').filter(|l| !l.is_empty()).collect();
    match labels.as_slice() {
        [] | ["svc" | "pod"] => DnsAnswer {
            exists: true,
            records: Vec::new(),
        },
        [namespace, "svc"] => DnsAnswer {
            exists: cluster
                .get(resource("", "namespaces"), "", namespace)
                .is_some(),
            records: Vec::new(),
        },
        [dashed, _, "pod"] => match dashed.replace('-', ".").parse::<std::net::Ipv4Addr>() {
            Ok(ip) => addresses(name, kind, [ip.to_string()]),
            Err(_) => DnsAnswer::default(),
        },
        [service, namespace, "svc"] => of_service(cluster, name, service, namespace, kind),
        [host, service, namespace, "svc"] => of_host(cluster, name, host, service, namespace, kind),
        [port, protocol, service, namespace, "svc"] if port.starts_with('_') => {
            of_port(cluster, name, (port, protocol), service, namespace, kind)
        }
        _ => DnsAnswer::default(),
    }
}

fn of_service(
    cluster: &Cluster,
    name: &str,
    service: &str,
    namespace: &str,
    kind: RecordKind,
) -> DnsAnswer {
    let Some(found) = cluster.get(resource("", "services"), namespace, service) else {
        return DnsAnswer::default();
    };
    if view::text(&found, &["spec", "type"]) == "ExternalName" {
        let target = view::text(&found, &["spec", "externalName"]);
        return DnsAnswer {
            exists: true,
            records: vec![record(name, RecordKind::Cname, target)],
        };
    }
    match view::text(&found, &["spec", "clusterIP"]) {
        "None" => {
            let all = hosts(cluster, &found);
            DnsAnswer {
                exists: !all.is_empty(),
                ..addresses(name, kind, all.into_iter().map(|(_, ip)| ip))
            }
        }
        ip => addresses(name, kind, [ip.to_string()]),
    }
}

/// Host name (may be empty) and address of each endpoint of a headless service.
fn hosts(cluster: &Cluster, service: &Object) -> Vec<(String, String)> {
    let found = cluster.get(
        resource("", "endpoints"),
        meta::namespace(service),
        meta::name(service),
    );
    let published = view::flag(service, &["spec", "publishNotReadyAddresses"]);
    let parts: &[&str] = if published {
        &["addresses", "notReadyAddresses"]
    } else {
        &["addresses"]
    };
    let subsets = found
        .iter()
        .flat_map(|e| view::list(e, &["subsets"]).to_vec())
        .collect::<Vec<_>>();
    let all = subsets
        .iter()
        .flat_map(|s| parts.iter().flat_map(move |p| view::list(s, &[p])));
    all.map(|a| {
        (
            view::text(a, &["hostname"]).to_string(),
            view::text(a, &["ip"]).to_string(),
        )
    })
    .collect()
}

fn of_host(
    cluster: &Cluster,
    name: &str,
    host: &str,
    service: &str,
    namespace: &str,
    kind: RecordKind,
) -> DnsAnswer {
    let Some(found) = cluster.get(resource("", "services"), namespace, service) else {
        return DnsAnswer::default();
    };
    let all = hosts(cluster, &found);
    let chosen: Vec<String> = all
        .into_iter()
        .filter(|(h, ip)| h == host || ip.replace('.', "-") == host)
        .map(|(_, ip)| ip)
        .collect();
    DnsAnswer {
        exists: !chosen.is_empty(),
        ..addresses(name, kind, chosen)
    }
}

fn of_port(
    cluster: &Cluster,
    name: &str,
    port: (&str, &str),
    service: &str,
    namespace: &str,
    kind: RecordKind,
) -> DnsAnswer {
    let Some(found) = cluster.get(resource("", "services"), namespace, service) else {
        return DnsAnswer::default();
    };
    let (wanted, protocol) = (
        port.0.trim_start_matches('_'),
        port.1.trim_start_matches('_').to_uppercase(),
    );
    let ports = view::list(&found, &["spec", "ports"]);
    let same =
        |p: &&Value| view::text(p, &["name"]) == wanted && view::text(p, &["protocol"]) == protocol;
    let Some(number) = ports
        .iter()
        .find(same)
        .and_then(|p| view::int(p, &["port"]))
    else {
        return DnsAnswer::default();
    };
    let target = format!(
        "{service}.{namespace}.svc.{}",
        cluster.spec().cluster_domain
    );
    let records = if kind == RecordKind::Srv {
        vec![record(name, kind, format!("0 100 {number} {target}."))]
    } else {
        Vec::new()
    };
    DnsAnswer {
        exists: true,
        records,
    }
}

/// `1.0.96.10.in-addr.arpa`: the service with that address.
fn reverse(cluster: &Cluster, name: &str) -> DnsAnswer {
    let Some(digits) = name.strip_suffix(".in-addr.arpa") else {
        return DnsAnswer::default();
    };
    let mut parts: Vec<&str> = digits.split('.').collect();
    parts.reverse();
    let ip = parts.join(".");
    let services = cluster.list(resource("", "services"), "");
    let found = services
        .iter()
        .find(|s| view::text(s, &["spec", "clusterIP"]) == ip);
    let records = found.map(|s| {
        let target = format!(
            "{}.{}.svc.{}",
            meta::name(s),
            meta::namespace(s),
            cluster.spec().cluster_domain
        );
        record(name, RecordKind::Ptr, target)
    });
    DnsAnswer {
        exists: records.is_some(),
        records: records.into_iter().collect(),
    }
}
