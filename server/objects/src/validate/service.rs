//! Services. Whether an address or port is free is the allocators' matter.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{At, Errors, internal};
use crate::{FieldError, names};

const FAMILIES: &[&str] = &["IPv4", "IPv6"];
const ONLY_LOAD_BALANCERS: &str = "may only be used when `type` is 'LoadBalancer'";

pub(super) fn validate(at: &At<'_>, old: Option<&Value>, errors: &mut Errors) {
    let spec = at.get("spec");
    let kind = spec.get("type").text();
    let headless = spec.get("clusterIP").text() == "None";
    let ports = spec.get("ports");
    if ports.is_empty() && !headless && kind != "ExternalName" {
        errors.push(ports.required(""));
    }
    if kind == "LoadBalancer" && headless {
        errors.push(FieldError::invalid(
            "spec.clusterIPs[0]",
            "None",
            "may not be set to 'None' for LoadBalancer services",
        ));
    }
    if kind == "NodePort" && headless {
        errors.push(FieldError::invalid(
            "spec.clusterIPs[0]",
            "None",
            "may not be set to 'None' for NodePort services",
        ));
    }
    if kind == "ExternalName" {
        external_name(&spec, errors);
    }
    all_ports(&ports, errors);
    super::metadata::labels(&spec.get("selector"), errors);
    spec.get("sessionAffinity")
        .one_of(&["ClientIP", "None"], errors);
    affinity(&spec, errors);
    if kind != "ExternalName" {
        related_addresses(&spec, errors);
    }
    for ip in spec.get("externalIPs").items() {
        let before = errors.len();
        ip.ip(errors);
        if errors.len() == before {
            endpoint_ip(&ip, errors);
        }
    }
    const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    spec.get("type").one_of(TYPES, errors);
    distinct_ports(&ports, kind, errors);
    source_ranges(&spec, kind, errors);
    policies(&spec, kind, errors);
    if let Some(old) = old {
        update(&spec, &At::root(old).get("spec"), errors);
    }
}

fn affinity(spec: &At<'_>, errors: &mut Errors) {
    let config = spec.get("sessionAffinityConfig");
    if spec.get("sessionAffinity").text() != "ClientIP" {
        if config.is_set() && spec.get("sessionAffinity").text() == "None" {
            let text = "must not be set when session affinity is None";
            errors.push(config.forbidden(text));
        }
        return;
    }
    let timeout = config.get("clientIP").get("timeoutSeconds");
    if timeout.int().is_some_and(|s| !(1..=86400).contains(&s)) {
        errors.push(timeout.invalid("must be greater than 0 and less than 86400"));
    }
}

/// An address that others can reach: `ValidateEndpointIP`.
pub(super) fn endpoint_ip(at: &At<'_>, errors: &mut Errors) {
    use core::net::IpAddr;
    let Ok(ip) = at.text().parse::<IpAddr>() else {
        errors.push(at.invalid("must be a valid IP address"));
        return;
    };
    let (local, multicast) = match ip {
        IpAddr::V4(v4) => (v4.is_link_local(), v4.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(v6) => (v6.is_unicast_link_local(), v6.segments()[0] == 0xff02),
    };
    if ip.is_unspecified() {
        errors.push(at.invalid(format!("may not be unspecified ({})", at.text())));
    }
    if ip.is_loopback() {
        errors.push(at.invalid("may not be in the loopback range (127.0.0.0/8, ::1/128)"));
    }
    if local {
        errors.push(at.invalid("may not be in the link-local range (169.254.0.0/16, fe80::/10)"));
    }
    if multicast {
        let text = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)";
        errors.push(at.invalid(text));
    }
}

fn external_name(spec: &At<'_>, errors: &mut Errors) {
    let text = "may not be set for ExternalName services";
    if !spec.get("clusterIPs").is_empty() || !spec.get("clusterIP").is_empty() {
        errors.push(spec.get("clusterIPs").forbidden(text));
    }
    for key in ["ipFamilies", "ipFamilyPolicy"] {
        if !spec.get(key).is_empty() {
            errors.push(spec.get(key).forbidden(text));
        }
    }
    let name = spec.get("externalName");
    if name.is_empty() {
        errors.push(name.required(""));
    } else {
        let cname = name.text().strip_suffix('.').unwrap_or(name.text());
        let bad = names::dns_subdomain(cname);
        errors.extend(
            bad.into_iter()
                .map(|e| FieldError::invalid(&name.path, cname, e)),
        );
    }
}

fn all_ports(ports: &At<'_>, errors: &mut Errors) {
    let all = ports.items();
    let mut seen = BTreeSet::new();
    for port in &all {
        let name = port.get("name");
        if name.is_empty() {
            if all.len() > 1 {
                errors.push(name.required(""));
            }
        } else {
            name.check(names::dns_label, errors);
            if !seen.insert(name.text()) {
                errors.push(name.duplicate());
            }
        }
        port.get("port").port_or_name(errors);
        port.get("protocol").one_of(&["SCTP", "TCP", "UDP"], errors);
        port.get("targetPort").port_or_name(errors);
        let protocol = port.get("appProtocol");
        if protocol.is_set() {
            protocol.check(names::qualified_name, errors);
        }
    }
}

/// What ports of one service may not share; the API server looks at this after the type.
fn distinct_ports(ports: &At<'_>, kind: &str, errors: &mut Errors) {
    let all = ports.items();
    let number = |port: &At<'_>, key: &str| port.get(key).int().unwrap_or_default();
    for port in all.iter().filter(|_| kind == "ClusterIP") {
        if number(port, "nodePort") != 0 {
            let text = "may not be used when `type` is 'ClusterIP'";
            errors.push(port.get("nodePort").forbidden(text));
        }
    }
    let mut nodes = BTreeSet::new();
    for port in &all {
        let node = number(port, "nodePort");
        if node != 0 && !nodes.insert((port.get("protocol").text(), node)) {
            errors.push(port.get("nodePort").duplicate());
        }
    }
    let mut pairs = BTreeSet::new();
    for port in &all {
        let (protocol, number) = (port.get("protocol").text(), number(port, "port"));
        if !pairs.insert((protocol, number)) {
            let key = json!({"protocol": protocol, "port": number, "targetPort": 0});
            errors.push(FieldError {
                value: Some(internal::json("core/v1.ServicePort", &key)),
                ..FieldError::duplicate(&port.path, "")
            });
        }
    }
}

/// Who may come in through a load balancer.
fn source_ranges(spec: &At<'_>, kind: &str, errors: &mut Errors) {
    // the API server writes this one name with a capital
    let ranges = At {
        path: "spec.LoadBalancerSourceRanges".into(),
        ..spec.get("loadBalancerSourceRanges")
    };
    if !ranges.is_empty() && kind != "LoadBalancer" {
        errors.push(ranges.forbidden(ONLY_LOAD_BALANCERS));
    }
    for range in ranges.items() {
        range.cidr(errors);
    }
}

/// `clusterIP` (alone as long as the registry has not copied it), `clusterIPs`, and the families of addresses. The allocators look at
/// this before anything else is validated.
pub(super) fn related_addresses(spec: &At<'_>, errors: &mut Errors) {
    let first_error = errors.len();
    let (list, single) = (spec.get("clusterIPs"), spec.get("clusterIP"));
    let mut all: Vec<At<'_>> = list.items();
    if all.is_empty() && !single.is_empty() {
        all.push(At {
            path: "spec.clusterIPs[0]".into(),
            ..single.clone()
        });
    } else if single.is_empty() && !all.is_empty() {
        errors.push(list.invalid("must be empty when `clusterIP` is not specified"));
    } else if all.first().is_some_and(|ip| ip.text() != single.text()) {
        errors.push(list.invalid("first value must match `clusterIP`"));
    }
    let families = spec.get("ipFamilies").items();
    let mut seen = BTreeSet::new();
    for family in &families {
        family.one_of(FAMILIES, errors);
        if !seen.insert(family.text()) {
            errors.push(family.duplicate());
        }
    }
    let policy = spec.get("ipFamilyPolicy");
    if policy.is_set() {
        policy.one_of(
            &["PreferDualStack", "RequireDualStack", "SingleStack"],
            errors,
        );
    }
    let before = errors.len();
    let headless = all.first().is_some_and(|ip| ip.text() == "None");
    if headless && all.len() > 1 {
        errors.push(list.invalid("'None' must be the first and only value"));
    }
    for address in all.iter().skip(usize::from(headless)) {
        address.ip(errors);
    }
    let wrong = errors.len() > before;
    if all.len() > 2 {
        errors.push(list.invalid("may only hold up to 2 values"));
    }
    let six = |ip: &At<'_>| ip.text().contains(':');
    if wrong {
        return;
    }
    if all.len() > 1 && (all.iter().all(six) || !all.iter().any(six)) {
        errors.push(list.invalid("may specify no more than one IP for each IP family"));
    }
    if headless || errors.len() > first_error {
        return;
    }
    for (index, (address, family)) in all.iter().zip(&families).enumerate() {
        if six(address) != (family.text() == "IPv6") {
            errors.push(address.invalid(format!(
                "expected an {} value as indicated by `ipFamilies[{index}]`",
                family.text()
            )));
        }
    }
}

fn policies(spec: &At<'_>, kind: &str, errors: &mut Errors) {
    let (internal, external) = (
        spec.get("internalTrafficPolicy"),
        spec.get("externalTrafficPolicy"),
    );
    if !external.is_empty() {
        if matches!(kind, "NodePort" | "LoadBalancer") || !spec.get("externalIPs").is_empty() {
            external.one_of(&["Cluster", "Local"], errors);
        } else {
            let text = "may only be set for externally-accessible services";
            errors.push(external.invalid(text));
        }
    }
    if !internal.is_empty() {
        internal.one_of(&["Cluster", "Local"], errors);
    }
    let distribution = spec.get("trafficDistribution");
    if distribution.is_set() {
        distribution.one_of(&["PreferClose", "PreferSameZone", "PreferSameNode"], errors);
    }
    if spec.get("allocateLoadBalancerNodePorts").is_set() && kind != "LoadBalancer" {
        let allocate = spec.get("allocateLoadBalancerNodePorts");
        errors.push(allocate.forbidden(ONLY_LOAD_BALANCERS));
    }
    let class = spec.get("loadBalancerClass");
    if class.is_set() && kind != "LoadBalancer" {
        errors.push(class.forbidden(ONLY_LOAD_BALANCERS));
    } else if class.is_set() {
        class.check(names::qualified_name, errors);
    }
    let port = spec.get("healthCheckNodePort");
    if port.int().unwrap_or_default() != 0 && (kind != "LoadBalancer" || external.text() != "Local")
    {
        let text =
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        errors.push(port.invalid(text));
    }
}

fn update(spec: &At<'_>, old: &At<'_>, errors: &mut Errors) {
    let (is, was) = (spec.get("clusterIP"), old.get("clusterIP"));
    let external = |at: &At<'_>| at.get("type").text() == "ExternalName";
    if external(spec) || external(old) {
        return;
    }
    let (families, before) = (spec.get("ipFamilies"), old.get("ipFamilies"));
    if let (Some(is), Some(was)) = (families.items().first(), before.items().first())
        && is.value != was.value
    {
        errors.push(FieldError {
            field: is.path.clone(),
            ..families.invalid("may not change once set")
        });
    }
    if was.is_empty() || is.value == was.value {
        return;
    }
    let value = if is.is_empty() {
        json!([])
    } else {
        json!([is.text()])
    };
    let value = if spec.get("clusterIPs").is_empty() {
        value
    } else {
        spec.get("clusterIPs").value.clone()
    };
    errors.push(FieldError::invalid(
        "spec.clusterIPs[0]",
        value,
        "may not change once set",
    ));
}
