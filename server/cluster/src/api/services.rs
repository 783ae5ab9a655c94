//! Cluster addresses and node ports of services: given when a service is written, free again when it is gone.
//!
//! Mirrors kube-apiserver's `registry/core/service` with its IP and port allocators; what is in use is read from the stored services.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use objects::{FieldError, Status, meta};
use serde_json::{Value, json};

use super::Call;
use crate::view;

const NODE_PORTS: std::ops::RangeInclusive<i64> = 30000..=32767;

fn is_service(call: &Call<'_>) -> bool {
    call.stored.group.is_empty() && call.stored.plural == "services"
}

pub(super) fn allocate_on_create(call: &mut Call<'_>, service: &mut Value) -> Result<(), Status> {
    if !is_service(call) {
        return Ok(());
    }
    let kind = view::text(service, &["spec", "type"]).to_string();
    if kind == "ExternalName" {
        return Ok(());
    }
    give_families(service)?;
    let asked = view::text(service, &["spec", "clusterIP"]).to_string();
    let ip = match asked.as_str() {
        "" => free_ip(call),
        "None" => "None".to_string(),
        fixed => check_ip(call, service, fixed)?,
    };
    view::set(service, &["spec", "clusterIP"], ip.clone());
    view::set(service, &["spec", "clusterIPs"], json!([ip]));
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        allocate_ports(call, service)?;
    }
    Ok(())
}

/// One family is all that this cluster has: IPv4. Only a headless service that selects nothing may name the other, for nobody gives it
/// an address.
fn give_families(service: &mut Value) -> Result<(), Status> {
    // addresses and families are looked at before anything else is validated
    let errors = objects::validate::service_addresses(service);
    if !errors.is_empty() {
        return Err(Status::invalid("Service", meta::name(service), errors));
    }
    let loose = view::text(service, &["spec", "clusterIP"]) == "None"
        && view::members(service, &["spec", "selector"])
            .next()
            .is_none();
    if view::at(service, &["spec", "ipFamilyPolicy"]).is_null() {
        let policy = if loose {
            "RequireDualStack"
        } else {
            "SingleStack"
        };
        view::set(service, &["spec", "ipFamilyPolicy"], policy);
    }
    let policy = view::text(service, &["spec", "ipFamilyPolicy"]).to_string();
    let families = view::list(service, &["spec", "ipFamilies"]).to_vec();
    let mut errors = Vec::new();
    if policy == "SingleStack" && families.len() == 2 {
        let why = "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified";
        errors.push(FieldError::invalid(
            "spec.ipFamilyPolicy",
            policy.as_str(),
            why,
        ));
    } else if !loose {
        if policy == "RequireDualStack" {
            let why = "this cluster is not configured for dual-stack services";
            errors.push(FieldError::invalid(
                "spec.ipFamilyPolicy",
                policy.as_str(),
                why,
            ));
        }
        for (index, family) in families.iter().enumerate().filter(|(_, f)| *f != "IPv4") {
            let field = format!("spec.ipFamilies[{index}]");
            let why = "not configured on this cluster";
            errors.push(FieldError::invalid(field, family.clone(), why));
        }
    }
    if !errors.is_empty() {
        return Err(Status::invalid("Service", meta::name(service), errors));
    }
    let mut given = families;
    if given.is_empty() {
        given.push("IPv4".into());
    }
    if loose && given.len() == 1 && policy != "SingleStack" {
        let other = if given[0] == "IPv4" { "IPv6" } else { "IPv4" };
        given.push(other.into());
    }
    view::set(service, &["spec", "ipFamilies"], given);
    Ok(())
}

pub(super) fn allocate_on_update(
    call: &mut Call<'_>,
    service: &mut Value,
    old: &Value,
) -> Result<(), Status> {
    if !is_service(call) || !call.request.subresource.is_empty() {
        return Ok(());
    }
    let kind = view::text(service, &["spec", "type"]).to_string();
    if kind == "ExternalName" {
        for member in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            view::remove(service, &["spec", member]);
        }
        return Ok(());
    }
    if view::text(service, &["spec", "clusterIP"]).is_empty() {
        for member in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            let was = view::at(old, &["spec", member]);
            if !was.is_null() {
                view::set(service, &["spec", member], was.clone());
            }
        }
    }
    if view::text(service, &["spec", "clusterIP"]).is_empty() {
        return allocate_on_create(call, service);
    }
    let same =
        |member: &str| view::at(service, &["spec", member]) == view::at(old, &["spec", member]);
    if !same("clusterIP") && same("clusterIPs") {
        // who changes the one means the other
        view::remove(service, &["spec", "clusterIPs"]);
    }
    if view::at(service, &["spec", "clusterIPs"]).is_null() {
        let ip = view::text(service, &["spec", "clusterIP"]).to_string();
        view::set(service, &["spec", "clusterIPs"], json!([ip]));
    }
    if view::at(service, &["spec", "ipFamilyPolicy"]).is_null() {
        let was = view::at(old, &["spec", "ipFamilyPolicy"]).clone();
        view::set(service, &["spec", "ipFamilyPolicy"], was);
    }
    give_families(service)?;
    match kind.as_str() {
        "NodePort" | "LoadBalancer" => {
            keep_ports(service, old);
            allocate_ports(call, service)
        }
        _ => {
            for port in view::list_mut(service, &["spec", "ports"]) {
                view::remove(port, &["nodePort"]);
            }
            Ok(())
        }
    }
}

/// A port written without its node port keeps the one that it had.
fn keep_ports(service: &mut Value, old: &Value) {
    let before = view::list(old, &["spec", "ports"]).to_vec();
    for port in view::list_mut(service, &["spec", "ports"]) {
        if view::int(port, &["nodePort"]).unwrap_or(0) != 0 {
            continue;
        }
        let same = |p: &&Value| p["port"] == port["port"] && p["protocol"] == port["protocol"];
        if let Some(number) = before
            .iter()
            .find(same)
            .and_then(|p| view::int(p, &["nodePort"]))
        {
            port["nodePort"] = number.into();
        }
    }
}

fn used(call: &Call<'_>) -> (BTreeSet<String>, BTreeSet<i64>) {
    let (mut ips, mut ports) = (BTreeSet::new(), BTreeSet::new());
    for service in call.cluster.list(call.stored, "") {
        let own = meta::name(&service) == call.request.name
            && meta::namespace(&service) == call.request.namespace;
        ips.insert(view::text(&service, &["spec", "clusterIP"]).to_string());
        if !own {
            ports.extend(
                view::list(&service, &["spec", "ports"])
                    .iter()
                    .filter_map(|p| view::int(p, &["nodePort"])),
            );
        }
    }
    (ips, ports)
}

fn free_ip(call: &mut Call<'_>) -> String {
    let (base, bits) = parse_cidr(&call.cluster.spec().service_cidr);
    let (ips, _) = used(call);
    let size = 1u32 << (32 - bits);
    // The lower part of the range is kept for addresses that are asked for by name.
    let low = (size / 16).clamp(16, 256);
    for _ in 0..256 {
        let ip = Ipv4Addr::from(base + low + call.chance.below(u64::from(size - low - 1)) as u32)
            .to_string();
        if !ips.contains(&ip) {
            return ip;
        }
    }
    (1..size - 1)
        .map(|n| Ipv4Addr::from(base + n).to_string())
        .find(|ip| !ips.contains(ip))
        .unwrap_or_default()
}

/// The first address of a range and the length of its prefix.
pub(crate) fn parse_cidr(cidr: &str) -> (u32, u32) {
    let (base, bits) = cidr.split_once('/').unwrap_or((cidr, "32"));
    let base: Ipv4Addr = base.parse().unwrap_or(Ipv4Addr::UNSPECIFIED);
    (u32::from(base), bits.parse().unwrap_or(32))
}

fn check_ip(call: &Call<'_>, service: &Value, ip: &str) -> Result<String, Status> {
    let Ok(address) = ip.parse::<Ipv4Addr>() else {
        return Ok(ip.to_string()); // validation tells what is wrong with it
    };
    let cidr = &call.cluster.spec().service_cidr;
    let (base, bits) = parse_cidr(cidr);
    let inside = u32::from(address) >> (32 - bits) == base >> (32 - bits);
    let why = if !inside {
        format!(
            "failed to allocate IP {ip}: the provided IP ({ip}) is not in the valid range. The range of valid IPs is {cidr}"
        )
    } else if used(call).0.contains(ip) {
        format!("failed to allocate IP {ip}: provided IP is already allocated")
    } else {
        return Ok(ip.to_string());
    };
    let error = FieldError::invalid("spec.clusterIPs", json!([ip]), why);
    Err(Status::invalid("Service", meta::name(service), vec![error]))
}

fn allocate_ports(call: &mut Call<'_>, service: &mut Value) -> Result<(), Status> {
    let (_, mut taken) = used(call);
    let name = meta::name(service).to_string();
    let gives = view::text(service, &["spec", "type"]) == "NodePort"
        || view::at(service, &["spec", "allocateLoadBalancerNodePorts"]) != &Value::Bool(false);
    let ports = view::list_mut(service, &["spec", "ports"]);
    // ports of one number share their node port, whatever their protocols
    let mut shared: BTreeMap<i64, i64> = BTreeMap::new();
    for port in ports.iter().rev() {
        if let Some(number) = view::int(port, &["nodePort"]).filter(|n| *n != 0) {
            shared.insert(view::int(port, &["port"]).unwrap_or(0), number);
        }
    }
    let mut own = BTreeSet::new();
    for (index, port) in ports.iter_mut().enumerate() {
        let field = format!("spec.ports[{index}].nodePort");
        let of = view::int(port, &["port"]).unwrap_or(0);
        let asked = view::int(port, &["nodePort"]).unwrap_or(0);
        let asked = match asked {
            0 if !gives => continue,
            0 => shared.get(&of).copied().unwrap_or(0),
            asked => asked,
        };
        if own.contains(&(of, asked)) {
            port["nodePort"] = asked.into();
            continue;
        }
        let number = match asked {
            0 => (0..4096)
                .map(|_| NODE_PORTS.start() + call.chance.below(2768) as i64)
                .find(|n| !taken.contains(n))
                .unwrap_or(*NODE_PORTS.start()),
            n if !NODE_PORTS.contains(&n) => {
                let why = "provided port is not in the valid range. The range of valid ports is 30000-32767";
                return Err(Status::invalid(
                    "Service",
                    &name,
                    vec![FieldError::invalid(field, n, why)],
                ));
            }
            n if taken.contains(&n) => {
                let why = "provided port is already allocated";
                return Err(Status::invalid(
                    "Service",
                    &name,
                    vec![FieldError::invalid(field, n, why)],
                ));
            }
            n => n,
        };
        taken.insert(number);
        shared.insert(of, number);
        own.insert((of, number));
        port["nodePort"] = number.into();
    }
    Ok(())
}
