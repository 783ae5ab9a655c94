//! Where services lead: Endpoints, and EndpointSlices. Mirrors `pkg/apis/discovery/validation`, and `validateEndpointSubsets` of core.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{At, Errors, metadata, service};
use crate::{FieldError, names};

const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

/// `subsets` of Endpoints.
pub(super) fn endpoints(subsets: &At<'_>, errors: &mut Errors) {
    for subset in subsets.items() {
        let lists = [subset.get("addresses"), subset.get("notReadyAddresses")];
        if lists.iter().all(At::is_empty) {
            let text = "must specify `addresses` or `notReadyAddresses`";
            errors.push(subset.required(text));
        }
        for address in lists.iter().flat_map(At::items) {
            let ip = address.get("ip");
            ip.ip(errors);
            if !address.get("hostname").is_empty() {
                address.get("hostname").check(names::dns_label, errors);
            }
            node_name(&address, errors);
            service::endpoint_ip(&ip, errors);
        }
        let ports = subset.get("ports").items();
        for port in &ports {
            let name = port.get("name");
            if ports.len() > 1 && name.is_empty() {
                errors.push(name.required(""));
            } else if !name.is_empty() {
                name.check(names::dns_label, errors);
            }
            port.get("port").port_or_name(errors);
            port.get("protocol").one_of(PROTOCOLS, errors);
        }
    }
}

fn node_name(at: &At<'_>, errors: &mut Errors) {
    let node = at.get("nodeName");
    if node.is_set() {
        node.check(names::dns_subdomain, errors);
    }
}

/// A whole EndpointSlice.
pub(super) fn slice(at: &At<'_>, old: Option<&Value>, errors: &mut Errors) {
    const ENDPOINTS_MAX: usize = 1000;
    let kind = at.get("addressType");
    kind.one_of(&["FQDN", "IPv4", "IPv6"], errors);
    let list = at.get("endpoints");
    let all = list.items();
    if all.len() > ENDPOINTS_MAX {
        errors.push(FieldError::too_many(&list.path, all.len(), ENDPOINTS_MAX));
    } else {
        for endpoint in &all {
            self::endpoint(endpoint, kind.text(), errors);
        }
    }
    ports(&at.get("ports"), errors);
    if let Some(old) = old
        && old.get("addressType") != Some(kind.value)
    {
        errors.push(kind.invalid("field is immutable"));
    }
}

fn endpoint(at: &At<'_>, kind: &str, errors: &mut Errors) {
    const ADDRESSES_MAX: usize = 100;
    const LABELS_MAX: usize = 16;
    let list = at.get("addresses");
    let addresses = list.items();
    if addresses.is_empty() {
        errors.push(list.required("must contain at least 1 address"));
    } else if addresses.len() > ADDRESSES_MAX {
        let count = addresses.len();
        errors.push(FieldError::too_many(&list.path, count, ADDRESSES_MAX));
    }
    for address in &addresses {
        match kind {
            "IPv4" | "IPv6" => of_family(address, &list.path, kind, errors),
            "FQDN" => domain_name(address, errors),
            _ => {}
        }
    }
    node_name(at, errors);
    let topology = at.get("deprecatedTopology");
    let count = topology.map().map_or(0, serde_json::Map::len);
    if count > LABELS_MAX {
        errors.push(FieldError::too_many(&topology.path, count, LABELS_MAX));
    }
    metadata::labels(&topology, errors);
    if at.get("hostname").is_set() {
        at.get("hostname").check(names::dns_label, errors);
    }
    for (key, max) in [("forZones", 8), ("forNodes", 8)] {
        hints(&at.get("hints").get(key), max, errors);
    }
}

/// An address of the one family; that it is of the other is told of the whole list.
fn of_family(address: &At<'_>, list: &str, kind: &str, errors: &mut Errors) {
    let before = errors.len();
    address.ip(errors);
    if errors.len() == before && address.text().contains(':') != (kind == "IPv6") {
        let text = format!("must be an {kind} address");
        errors.push(FieldError::invalid(list, address.text(), text));
    }
    service::endpoint_ip(address, errors);
}

fn domain_name(at: &At<'_>, errors: &mut Errors) {
    if at.is_empty() {
        return errors.push(at.required(""));
    }
    let bare = at.text().strip_suffix('.').unwrap_or(at.text());
    let bad = names::dns_subdomain(bare);
    if !bad.is_empty() {
        errors.extend(
            bad.into_iter()
                .map(|e| FieldError::invalid(&at.path, bare, e)),
        );
    } else if !bare.contains('.') {
        errors.push(FieldError::invalid(
            &at.path,
            bare,
            "should be a domain with at least two segments separated by dots",
        ));
    }
}

fn hints(list: &At<'_>, max: usize, errors: &mut Errors) {
    let all = list.items();
    if all.len() > max {
        return errors.push(FieldError::too_many(&list.path, all.len(), max));
    }
    let mut seen = BTreeSet::new();
    for hint in all {
        let name = hint.get("name");
        if !seen.insert(name.text()) {
            errors.push(name.duplicate());
        }
        name.check(names::label_value, errors);
    }
}

fn ports(list: &At<'_>, errors: &mut Errors) {
    const PORTS_MAX: usize = 100;
    let all = list.items();
    if all.len() > PORTS_MAX {
        return errors.push(FieldError::too_many(&list.path, all.len(), PORTS_MAX));
    }
    let mut seen = BTreeSet::new();
    for port in all {
        let name = port.get("name");
        if !name.is_empty() {
            name.check(names::dns_label, errors);
        }
        if !seen.insert(name.text()) {
            errors.push(FieldError::duplicate(&name.path, name.text()));
        }
        port.get("protocol").one_of(PROTOCOLS, errors);
        let protocol = port.get("appProtocol");
        if protocol.is_set() {
            protocol.check(names::qualified_name, errors);
        }
    }
}
