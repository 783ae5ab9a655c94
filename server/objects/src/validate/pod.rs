//! The spec of pods and of pod templates.

use std::collections::BTreeSet;

use serde_json::Value;

use super::container::{self, Pod, app_armor, seccomp};
use super::{At, Errors, metadata, pod_update, resources, scheduling, volumes};
use crate::{FieldError, names};

/// Says what is wrong with a name.
type Rule = fn(&str) -> Vec<String>;

pub(super) fn validate(subresource: &str, at: &At<'_>, old: Option<&Value>, errors: &mut Errors) {
    let spec_at = at.get("spec");
    spec(&spec_at, true, errors);
    if spec_at.get("serviceAccountName").is_empty() {
        let sources = spec_at.get("volumes").items().into_iter().flat_map(|v| {
            let sources = v.get("projected").get("sources").items();
            sources.into_iter().map(|s| s.get("serviceAccountToken"))
        });
        let text = "must not be specified when serviceAccountName is not set";
        errors.extend(sources.filter(At::is_set).map(|t| t.forbidden(text)));
    }
    container::padded_images(&spec_at.get("containers"), errors);
    container::padded_images(&spec_at.get("initContainers"), errors);
    let gated = !spec_at.get("schedulingGates").is_empty();
    if old.is_none() && gated && !spec_at.get("nodeName").is_empty() {
        let text = "cannot be set until all schedulingGates have been cleared";
        errors.push(spec_at.get("nodeName").forbidden(text));
    }
    match old {
        None if !spec_at.get("ephemeralContainers").is_empty() => {
            errors.push(
                spec_at
                    .get("ephemeralContainers")
                    .forbidden("cannot be set on create"),
            );
        }
        None => {}
        Some(old) => pod_update::validate(subresource, at, &At::root(old), errors),
    }
}

/// A template: its metadata and its spec.
pub(super) fn template(at: &At<'_>, errors: &mut Errors) {
    template_metadata(at, errors);
    let spec_at = at.get("spec");
    spec(&spec_at, false, errors);
    if !spec_at.get("ephemeralContainers").is_empty() {
        let text = "ephemeral containers not allowed in pod template";
        errors.push(spec_at.get("ephemeralContainers").forbidden(text));
    }
}

/// The metadata of a template.
pub(super) fn template_metadata(at: &At<'_>, errors: &mut Errors) {
    // the API server leaves out `metadata` here
    let of_template = |key: &str| At {
        path: at.get(key).path,
        ..at.get("metadata").get(key)
    };
    metadata::labels(&of_template("labels"), errors);
    metadata::annotations(&of_template("annotations"), errors);
}

fn spec(at: &At<'_>, is_pod: bool, errors: &mut Errors) {
    let volumes = volumes::validate(&at.get("volumes"), errors);
    let pod = Pod {
        volumes,
        grace: at.get("terminationGracePeriodSeconds").int(),
        restart: at.get("restartPolicy").text(),
        os: at
            .get("os")
            .is_set()
            .then(|| at.get("os").get("name").text()),
        host_users: at.get("hostUsers").value != &Value::Bool(false),
    };
    container::regular(&at.get("containers"), &pod, errors);
    container::init(
        &at.get("initContainers"),
        &at.get("containers"),
        &pod,
        errors,
    );
    container::ephemeral(&at.get("ephemeralContainers"), at, &pod, errors);
    if at.get("resources").is_set() {
        resources::container(&at.get("resources"), errors);
    }
    if at.get("hostNetwork").is_true() {
        container::host_network_ports(&at.get("containers"), is_pod, errors);
    }
    at.get("restartPolicy")
        .one_of(&["Always", "OnFailure", "Never"], errors);
    dns(at, errors);
    scheduling::node_labels(&at.get("nodeSelector"), errors);
    security(at, errors);
    scheduling::affinity(&at.get("affinity"), errors);
    dns_config(&at.get("dnsConfig"), errors);
    for gate in at.get("readinessGates").items() {
        gate.get("conditionType")
            .check(names::qualified_name, errors);
    }
    gates(&at.get("schedulingGates"), errors);
    scheduling::spread(&at.get("topologySpreadConstraints"), errors);
    host_users(at, errors);
    host_name(at, errors);
    let checks: &[(&str, Rule)] = &[
        ("serviceAccountName", names::dns_subdomain),
        ("nodeName", names::dns_subdomain),
        ("hostname", names::dns_label),
        ("subdomain", names::dns_label),
        ("priorityClassName", names::dns_subdomain),
        ("runtimeClassName", names::dns_subdomain),
    ];
    for (key, good) in checks.iter().filter(|(k, _)| !at.get(k).is_empty()) {
        at.get(key).check(*good, errors);
        if *key == "nodeName" {
            at.get("activeDeadlineSeconds")
                .in_range(1, i64::from(i32::MAX), errors);
        }
    }
    if at.get("nodeName").is_empty() {
        at.get("activeDeadlineSeconds")
            .in_range(1, i64::from(i32::MAX), errors);
    }
    scheduling::tolerations(&at.get("tolerations"), errors);
    for alias in at.get("hostAliases").items() {
        alias.get("ip").ip(errors);
        for name in alias.get("hostnames").items() {
            name.check(names::dns_subdomain, errors);
        }
    }
    let preemption = at.get("preemptionPolicy");
    if preemption.is_set() {
        preemption.one_of(&["PreemptLowerPriority", "Never"], errors);
    }
    let os = at.get("os");
    let name = os.get("name");
    if os.is_set() && name.is_empty() {
        errors.push(name.required(""));
    } else if os.is_set() && !["linux", "windows"].contains(&name.text()) {
        let supported = &["linux", "windows"];
        errors.push(FieldError::not_supported(&os.path, name.text(), supported));
    }
}

fn host_users(at: &At<'_>, errors: &mut Errors) {
    if at.get("hostUsers").value != &Value::Bool(false) {
        return;
    }
    for (key, told) in [("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
        if at.get(key).is_true() {
            let text = "when `hostUsers` is false";
            errors.push(FieldError::forbidden(at.get(told).path, text));
        }
    }
}

/// `hostnameOverride`.
fn host_name(at: &At<'_>, errors: &mut Errors) {
    let name = at.get("hostnameOverride");
    if !name.is_set() {
        return;
    }
    for key in ["setHostnameAsFQDN", "hostNetwork"] {
        if at.get(key).is_true() {
            errors.push(name.forbidden(format!("may not be specified when {key} is true")));
        }
    }
    if name.text().len() > 64 {
        errors.push(FieldError::too_long(&name.path, 64));
    }
    name.check(names::dns_subdomain, errors);
}

fn gates(list: &At<'_>, errors: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for gate in list.items() {
        let name = gate.get("name");
        errors.extend(
            names::qualified_name(name.text())
                .into_iter()
                .map(|e| FieldError::invalid(&gate.path, name.text(), e)),
        );
        if seen.contains(&name.text()) {
            errors.push(FieldError::duplicate(&gate.path, name.text()));
        }
        seen.push(name.text());
    }
}

fn dns(at: &At<'_>, errors: &mut Errors) {
    let policy = at.get("dnsPolicy");
    policy.one_of(
        &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
        errors,
    );
    if policy.text() != "None" {
        return;
    }
    let config = at.get("dnsConfig");
    if !config.is_set() {
        let text = "must provide `dnsConfig` when `dnsPolicy` is None";
        errors.push(config.required(text));
    } else if config.get("nameservers").is_empty() {
        let text = "must provide at least one DNS nameserver when `dnsPolicy` is None";
        errors.push(config.get("nameservers").required(text));
    }
}

fn dns_config(at: &At<'_>, errors: &mut Errors) {
    let servers = at.get("nameservers");
    if servers.items().len() > 3 {
        errors.push(servers.invalid("must not have more than 3 nameservers"));
    }
    servers.items().iter().for_each(|s| s.ip(errors));
    let searches = at.get("searches");
    let domains = searches.items();
    if domains.len() > 32 {
        errors.push(searches.invalid("must not have more than 32 search paths"));
    }
    let length: usize = domains.iter().map(|d| d.text().len() + 1).sum();
    if length > 2048 + 1 {
        let text = "must not have more than 2048 characters (including spaces) in the search list";
        errors.push(searches.invalid(text));
    }
    for domain in domains.iter().filter(|d| d.text() != ".") {
        let text = domain.text().strip_suffix('.').unwrap_or(domain.text());
        let bad = names::dns_search_path(text).into_iter();
        errors.extend(bad.map(|e| FieldError::invalid(&domain.path, text, e)));
    }
    for option in at.get("options").items() {
        if option.get("name").is_empty() {
            errors.push(option.required("must not be empty"));
        }
    }
}

fn security(at: &At<'_>, errors: &mut Errors) {
    let context = at.get("securityContext");
    let max = i64::from(i32::MAX);
    for key in ["fsGroup", "runAsUser", "runAsGroup"] {
        context.get(key).in_range(0, max, errors);
    }
    context
        .get("supplementalGroups")
        .items()
        .iter()
        .for_each(|g| g.in_range(0, max, errors));
    if at.get("shareProcessNamespace").is_true() && at.get("hostPID").is_true() {
        let text = "ShareProcessNamespace and HostPID cannot both be enabled";
        let path = context.get("shareProcessNamespace").path;
        errors.push(FieldError::invalid(path, true, text));
    }
    let mut seen = BTreeSet::new();
    for sysctl in context.get("sysctls").items() {
        let name = sysctl.get("name");
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let parts_good = name.text().split(['.', '/']).all(|part| {
            !part.is_empty()
                && part.bytes().all(|b| good(b) || b == b'-' || b == b'_')
                && part.as_bytes().first().is_some_and(|b| good(*b))
                && part.as_bytes().last().is_some_and(|b| good(*b))
        });
        if name.is_empty() {
            errors.push(name.required(""));
        } else if !parts_good || name.text().len() > 253 {
            let regex = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
            errors.push(name.invalid(format!(
                "must have at most 253 characters and match regex {regex}"
            )));
        } else if !seen.insert(name.text()) {
            errors.push(name.duplicate());
        }
    }
    let policy = context.get("fsGroupChangePolicy");
    if policy.is_set() {
        policy.one_of(&["Always", "OnRootMismatch"], errors);
    }
    seccomp(&context.get("seccompProfile"), errors);
    app_armor(&context.get("appArmorProfile"), errors);
}
