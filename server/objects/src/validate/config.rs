//! ConfigMaps, Secrets, and the kinds with a rule or two.

use base64::Engine as _;
use serde_json::Value;

use super::scheduling::label_selector;
use super::{
    At, Errors, autoscaling, discovery, events, ingress, internal, limits, metadata, rbac,
    scheduling, workloads,
};
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
        // what Go makes of a path without a name
        let path = if kind == "ConfigMap" { "[]" } else { "data" };
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

/// Kinds with a rule or two.
pub(super) fn others(gvk: &Gvk, at: &At<'_>, old: Option<&Value>, errors: &mut Errors) {
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "ResourceQuota") => limits::quota(&at.get("spec"), old, errors),
        ("", "Node") => node(at, old, errors),
        ("", "Namespace") => {
            let finalizers = at.get("spec").get("finalizers").items();
            finalizers
                .iter()
                .for_each(|f| metadata::finalizer(f, errors));
        }
        ("", "Event") => events::validate(at, errors),
        ("", "Endpoints") => discovery::endpoints(&at.get("subsets"), errors),
        ("discovery.k8s.io", "EndpointSlice") => discovery::slice(at, old, errors),
        ("coordination.k8s.io", "Lease") => lease(&at.get("spec"), errors),
        ("", "LimitRange") => limits::limit_range(&at.get("spec"), errors),
        ("policy", "PodDisruptionBudget") => budget(&at.get("spec"), errors),
        ("scheduling.k8s.io", "PriorityClass") => priority_class(at, old, errors),
        ("rbac.authorization.k8s.io", kind) => rbac::validate(kind, at, old, errors),
        ("networking.k8s.io", "Ingress") => ingress::validate(&at.get("spec"), errors),
        ("networking.k8s.io", "NetworkPolicy") => {
            label_selector(&at.get("spec").get("podSelector"), errors)
        }
        ("autoscaling", "HorizontalPodAutoscaler") => {
            autoscaling::validate(&at.get("spec"), errors)
        }
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
    let policy = spec.get("unhealthyPodEvictionPolicy");
    if policy.is_set() {
        policy.one_of(&["AlwaysAllow", "IfHealthyBudget"], errors);
    }
}

fn lease(spec: &At<'_>, errors: &mut Errors) {
    let duration = spec.get("leaseDurationSeconds");
    if duration.int().is_some_and(|s| s <= 0) {
        errors.push(duration.invalid("must be greater than 0"));
    }
    spec.get("leaseTransitions").not_negative(errors);
}

fn node(at: &At<'_>, old: Option<&Value>, errors: &mut Errors) {
    let spec = at.get("spec");
    if let Some(was) = old.map(|old| At::root(old).get("spec")) {
        let (is, had) = (spec.get("podCIDRs"), was.get("podCIDRs"));
        let (now, before) = (is.items(), had.items());
        let pairs = now.iter().zip(&before);
        let times = if now.len() == before.len() {
            pairs.filter(|(a, b)| a.value != b.value).count()
        } else {
            usize::from(!before.is_empty())
        };
        for _ in 0..times {
            let text = "node updates may not change podCIDR except from \"\" to valid";
            errors.push(is.forbidden(text));
        }
        let (is, had) = (spec.get("providerID"), was.get("providerID"));
        if !had.is_empty() && is.text() != had.text() {
            let text = "node updates may not change providerID except from \"\" to valid";
            errors.push(is.forbidden(text));
        }
    }
    let taints = At {
        path: "metadata.taints".into(),
        ..spec.get("taints")
    };
    scheduling::taints(&taints, errors);
    if let Some(was) = old.map(|old| At::root(old).get("spec").get("externalID"))
        && was.text() != spec.get("externalID").text()
    {
        errors.push(spec.get("externalID").forbidden("may not be updated"));
    }
    if old.is_none() {
        spec.get("podCIDRs")
            .items()
            .iter()
            .for_each(|c| c.cidr(errors));
    }
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
    if old.is_some_and(|old| old.get("preemptionPolicy") != Some(policy.value)) {
        errors.push(policy.invalid("field is immutable"));
    }
}
