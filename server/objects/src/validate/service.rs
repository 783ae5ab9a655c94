//! Services. Whether an address or port is free is the allocators' matter.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{At, Errors};
use crate::{FieldError, names};

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
    all_ports(&ports, headless, kind, errors);
    for (key, value) in spec.get("selector").map().into_iter().flatten() {
        let path = spec.get("selector").path;
        let value = value.as_str().unwrap_or_default();
        errors.extend(
            names::qualified_name(key)
                .into_iter()
                .map(|e| FieldError::invalid(&path, key.as_str(), e)),
        );
        errors.extend(
            names::label_value(value)
                .into_iter()
                .map(|e| FieldError::invalid(&path, value, e)),
        );
    }
    spec.get("sessionAffinity")
        .one_of(&["ClientIP", "None"], errors);
    let timeout = spec
        .get("sessionAffinityConfig")
        .get("clientIP")
        .get("timeoutSeconds");
    if timeout.int().is_some_and(|s| !(1..=86400).contains(&s)) {
        errors.push(timeout.invalid("must be greater than 0 and less than 86400"));
    }
    addresses(&spec, errors);
    for ip in spec.get("externalIPs").items() {
        ip.ip(errors);
    }
    const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    spec.get("type").one_of(TYPES, errors);
    policies(&spec, kind, errors);
    if let Some(old) = old {
        update(&spec, &At::root(old).get("spec"), errors);
    }
}

fn external_name(spec: &At<'_>, errors: &mut Errors) {
    if !spec.get("clusterIPs").is_empty() {
        let text = "may not be set for ExternalName services";
        errors.push(spec.get("clusterIPs").forbidden(text));
    }
    let name = spec.get("externalName");
    if name.is_empty() {
        errors.push(name.required(""));
    } else {
        let bad = names::dns_subdomain(name.text().trim_end_matches('.'));
        errors.extend(bad.into_iter().map(|e| name.invalid(e)));
    }
}

fn all_ports(ports: &At<'_>, headless: bool, kind: &str, errors: &mut Errors) {
    let all = ports.items();
    let mut seen = BTreeSet::new();
    for port in &all {
        let name = port.get("name");
        if name.is_empty() {
            if all.len() > 1 {
                errors.push(name.required(""));
            }
        } else {
            let bad = names::dns_label(name.text());
            if bad.is_empty() && !seen.insert(name.text()) {
                errors.push(name.duplicate());
            }
            errors.extend(bad.into_iter().map(|e| name.invalid(e)));
        }
        port.get("port").port_or_name(errors);
        port.get("protocol").one_of(&["SCTP", "TCP", "UDP"], errors);
        port.get("targetPort").port_or_name(errors);
        if headless
            && kind == "ExternalName"
            && port.get("targetPort").value != port.get("port").value
        {
            let text = "must be equal to the value of 'port' when clusterIP = None";
            errors.push(port.get("targetPort").invalid(text));
        }
        let node = port.get("nodePort");
        if node.int().unwrap_or_default() != 0 && !matches!(kind, "NodePort" | "LoadBalancer") {
            errors.push(node.forbidden(format!("may not be used when `type` is '{kind}'")));
        }
    }
    let mut pairs = BTreeSet::new();
    let mut nodes = BTreeSet::new();
    for port in &all {
        let (protocol, number) = (
            port.get("protocol").text(),
            port.get("port").int().unwrap_or_default(),
        );
        if !pairs.insert((protocol, number)) {
            let key = json!({"Name": "", "Protocol": protocol, "AppProtocol": null, "Port": number, "TargetPort": 0, "NodePort": 0});
            errors.push(FieldError::duplicate(&port.path, key));
        }
        let node = port.get("nodePort").int().unwrap_or_default();
        if node != 0 && !nodes.insert((protocol, node)) {
            let key = json!({"Name": "", "Protocol": protocol, "AppProtocol": null, "Port": 0, "TargetPort": 0, "NodePort": node});
            errors.push(FieldError::duplicate(port.get("nodePort").path, key));
        }
    }
}

/// `clusterIPs`, or `clusterIP` alone as long as the registry has not copied it.
fn addresses(spec: &At<'_>, errors: &mut Errors) {
    let list = spec.get("clusterIPs");
    let single = spec.get("clusterIP");
    let mut all: Vec<At<'_>> = list.items();
    if all.is_empty() && !single.is_empty() {
        all.push(At {
            path: "spec.clusterIPs[0]".into(),
            ..single.clone()
        });
    } else if let Some(first) = all.first()
        && first.text() != single.text()
        && !single.is_empty()
    {
        errors.push(list.invalid("first value must match `clusterIP`"));
    }
    for address in all.iter().filter(|a| !a.is_empty()) {
        if address.text() != "None" {
            address.ip(errors);
        } else if all.len() > 1 {
            errors.push(list.invalid("'None' must be the first and only value"));
            break;
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
    if spec.get("allocateLoadBalancerNodePorts").is_set() && kind != "LoadBalancer" {
        let text = "may only be used when `type` is 'LoadBalancer'";
        errors.push(spec.get("allocateLoadBalancerNodePorts").forbidden(text));
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
    if external(spec) || external(old) || was.is_empty() || is.value == was.value {
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
