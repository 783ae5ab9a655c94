//! ConfigMaps, Secrets, and the kinds with a rule or two.

use base64::Engine as _;
use serde_json::Value;

use super::scheduling::label_selector;
use super::{At, Errors, internal, limits, scheduling, service, workloads};
use crate::{FieldError, Gvk, names};

const SIZE_MAX: usize = 1024 * 1024;
const IMMUTABLE: &str = "field is immutable when `immutable` is set";

pub(super) fn validate(kind: &str, at: &At<'_>, old: Option<&Value>, errors: &mut Errors) {
    let second = if kind == "ConfigMap" {
        "binaryData"
    } else {
        "stringData"
    };
    let mut total = 0;
    let data = at.get("data");
    for (key, value) in data.entries() {
        check_key(key, &value, errors);
        if kind == "ConfigMap" && at.get(second).value.get(key).is_some() {
            let text = "duplicate of key present in binaryData";
            errors.push(FieldError::invalid(&value.path, key, text));
        }
        total += if kind == "Secret" {
            value.text().len() / 4 * 3
        } else {
            value.text().len()
        };
    }
    for (key, value) in at.get(second).entries() {
        check_key(key, &value, errors);
        total += value.text().len() / 4 * 3;
    }
    if total > SIZE_MAX {
        let path = if kind == "ConfigMap" { "" } else { "data" };
        errors.push(FieldError::too_long(path, SIZE_MAX));
    }
    if kind == "Secret" {
        secret_type(at, errors);
    }
    let Some(old) = old.map(At::root) else { return };
    if kind == "Secret" && at.get("type").value != old.get("type").value {
        errors.push(at.get("type").invalid("field is immutable"));
    }
    if old.get("immutable").is_true() {
        if !at.get("immutable").is_true() {
            errors.push(at.get("immutable").forbidden(IMMUTABLE));
        }
        for key in ["data", "binaryData"] {
            if at.get(key).value != old.get(key).value {
                errors.push(at.get(key).forbidden(IMMUTABLE));
            }
        }
    }
}

fn check_key(key: &str, value: &At<'_>, errors: &mut Errors) {
    errors.extend(
        names::config_key(key)
            .into_iter()
            .map(|e| FieldError::invalid(&value.path, key, e)),
    );
}

fn secret_type(at: &At<'_>, errors: &mut Errors) {
    let data = at.get("data");
    for key in [".dockerconfigjson", ".dockercfg"] {
        let kind = format!("kubernetes.io/{}", &key[1..]);
        if at.get("type").text() == kind && data.value.get(key).is_some() {
            docker_config(&data, key, errors);
        }
    }
    let mut required = |key: &str| {
        if data.value.get(key).is_none() {
            errors.push(FieldError::required(format!("data[{key}]"), ""));
        }
    };
    match at.get("type").text() {
        "kubernetes.io/tls" => ["tls.crt", "tls.key"].into_iter().for_each(required),
        "kubernetes.io/ssh-auth" => required("ssh-privatekey"),
        "kubernetes.io/dockerconfigjson" => required(".dockerconfigjson"),
        "kubernetes.io/dockercfg" => required(".dockercfg"),
        "kubernetes.io/basic-auth"
            if !["username", "password"]
                .iter()
                .any(|k| data.value.get(k).is_some()) =>
        {
            ["username", "password"].into_iter().for_each(required);
        }
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            if at.get("metadata").get("annotations").get(key).is_empty() {
                errors.push(FieldError::required(
                    format!("metadata.annotations[{key}]"),
                    "",
                ));
            }
        }
        _ => {}
    }
}

/// What a secret for registries holds must be JSON.
fn docker_config(data: &At<'_>, key: &str, errors: &mut Errors) {
    let text = base64::engine::general_purpose::STANDARD
        .decode(data.get(key).text())
        .unwrap_or_default();
    if !matches!(serde_json::from_slice(&text), Ok(Value::Object(_))) {
        let why = match text.first() {
            None => "unexpected end of JSON input".to_string(),
            Some(byte) => format!(
                "invalid character '{}' looking for beginning of value",
                char::from(*byte)
            ),
        };
        let path = format!("data[{key}]");
        errors.push(FieldError::invalid(path, "<secret contents redacted>", why));
    }
}

fn endpoints(subsets: &At<'_>, errors: &mut Errors) {
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
            port.get("protocol").one_of(&["SCTP", "TCP", "UDP"], errors);
        }
    }
}

/// Kinds with a rule or two.
pub(super) fn others(gvk: &Gvk, at: &At<'_>, old: Option<&Value>, errors: &mut Errors) {
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "ResourceQuota") => limits::quota(&at.get("spec"), old, errors),
        ("", "Node") => scheduling::taints(
            &At {
                path: "metadata.taints".into(),
                ..at.get("spec").get("taints")
            },
            errors,
        ),
        ("", "Endpoints") => endpoints(&at.get("subsets"), errors),
        ("", "LimitRange") => limits::limit_range(&at.get("spec"), errors),
        ("policy", "PodDisruptionBudget") => budget(&at.get("spec"), errors),
        ("scheduling.k8s.io", "PriorityClass") => priority_class(at, old, errors),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            binding(at, old, errors)
        }
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => {
            for rule in at.get("rules").items() {
                if rule.get("verbs").is_empty() {
                    errors.push(
                        rule.get("verbs")
                            .required("verbs must contain at least one value"),
                    );
                }
            }
        }
        ("networking.k8s.io", "Ingress") => ingress(&at.get("spec"), errors),
        ("networking.k8s.io", "NetworkPolicy") => {
            label_selector(&at.get("spec").get("podSelector"), errors)
        }
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler(&at.get("spec"), errors),
        _ => {}
    }
}

fn budget(spec: &At<'_>, errors: &mut Errors) {
    let (min, max) = (spec.get("minAvailable"), spec.get("maxUnavailable"));
    if min.is_set() && max.is_set() {
        errors.push(FieldError::invalid_text(
            &spec.path,
            internal::json("policy/v1.PodDisruptionBudgetSpec", spec.value),
            "minAvailable and maxUnavailable cannot be both set",
        ));
    }
    for amount in [min, max] {
        workloads::int_or_percent(&amount, errors);
        workloads::not_over_hundred(&amount, errors);
    }
    label_selector(&spec.get("selector"), errors);
}

fn priority_class(at: &At<'_>, old: Option<&Value>, errors: &mut Errors) {
    const HIGHEST: i64 = 1_000_000_000;
    let (name, value) = (at.get("metadata").get("name"), at.get("value"));
    let system = ["system-cluster-critical", "system-node-critical"].contains(&name.text());
    if name.text().starts_with("system-") && !system {
        let text = "priority class names with 'system-' prefix are reserved for system use only";
        errors.push(name.forbidden(format!(
            "{text}. error: {} is not a known system priority class",
            name.text()
        )));
    } else if !system && value.int().is_some_and(|v| v > HIGHEST) {
        let text = format!("maximum allowed value of a user defined priority is {HIGHEST}");
        errors.push(value.forbidden(text));
    }
    let policy = at.get("preemptionPolicy");
    if policy.is_set() {
        policy.one_of(&["Never", "PreemptLowerPriority"], errors);
    }
    if old.is_some_and(|old| old["value"] != *value.value) {
        errors.push(value.forbidden("may not be changed in an update."));
    }
}

fn binding(at: &At<'_>, old: Option<&Value>, errors: &mut Errors) {
    let role = at.get("roleRef");
    if role.get("name").is_empty() {
        errors.push(role.get("name").required(""));
    }
    role.get("kind").one_of(&["ClusterRole", "Role"], errors);
    for subject in at.get("subjects").items() {
        if subject.get("name").is_empty() {
            errors.push(subject.get("name").required(""));
        }
        let kinds = &["Group", "ServiceAccount", "User"];
        if !kinds.contains(&subject.get("kind").text()) {
            let kind = subject.get("kind");
            errors.push(FieldError::not_supported(&kind.path, kind.text(), kinds));
        }
    }
    if old.is_some_and(|old| old["roleRef"] != *role.value) {
        errors.push(role.invalid("cannot change roleRef"));
    }
}

fn ingress(spec: &At<'_>, errors: &mut Errors) {
    if spec.get("rules").is_empty() && !spec.get("defaultBackend").is_set() {
        let text = "either `defaultBackend` or `rules` must be specified";
        errors.push(FieldError::invalid(&spec.path, Value::Null, text));
    }
    for path in spec
        .get("rules")
        .items()
        .iter()
        .flat_map(|r| r.get("http").get("paths").items())
    {
        let kind = path.get("pathType");
        if !kind.is_set() {
            errors.push(kind.required("pathType must be specified"));
        } else {
            kind.one_of(&["Exact", "ImplementationSpecific", "Prefix"], errors);
        }
        let text = path.get("path");
        if matches!(kind.text(), "Exact" | "Prefix") && !text.text().starts_with('/') {
            errors.push(FieldError::invalid(
                &text.path,
                text.text(),
                "must be an absolute path",
            ));
        }
        let service = path.get("backend").get("service");
        if service.is_set() && service.get("name").is_empty() {
            errors.push(service.get("name").required(""));
        }
    }
}

fn autoscaler(spec: &At<'_>, errors: &mut Errors) {
    let (min, max) = (spec.get("minReplicas"), spec.get("maxReplicas"));
    if min.int().is_some_and(|n| n < 1) {
        errors.push(min.invalid("must be greater than or equal to 1"));
    }
    if max.int().unwrap_or_default() < 1 {
        errors.push(max.invalid("must be greater than 0"));
    }
    if min.int().is_some_and(|n| max.int().unwrap_or_default() < n) {
        errors.push(max.invalid("must be greater than or equal to `minReplicas`"));
    }
    let target = spec.get("scaleTargetRef");
    for key in ["kind", "name"] {
        if target.get(key).is_empty() {
            errors.push(target.get(key).required(""));
        }
    }
}
