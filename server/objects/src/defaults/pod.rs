//! Defaults of pods and of pod templates.

use serde_json::{Value, json};

use super::{Members, child, default, default_number, is_unset, items, text};
use crate::meta::map_at;

const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// A pod: what its spec has as a template, and what only pods get.
pub(super) fn pod(members: &mut Members) {
    let spec = map_at(members, "spec");
    pod_spec(spec);
    for list in CONTAINERS {
        items(spec, list).for_each(requests_from_limits);
    }
    requests_from_limits(spec);
    default(spec, "enableServiceLinks", true);
    if spec
        .get("terminationGracePeriodSeconds")
        .and_then(Value::as_i64)
        .is_some_and(|s| s < 0)
    {
        spec.insert("terminationGracePeriodSeconds".into(), 1.into());
    }
    if spec.get("hostNetwork") == Some(&Value::Bool(true)) {
        for list in ["containers", "initContainers"] {
            items(spec, list)
                .flat_map(|c| items(c, "ports"))
                .for_each(|port| {
                    let number = port
                        .get("containerPort")
                        .and_then(Value::as_i64)
                        .unwrap_or_default();
                    default_number(port, "hostPort", number);
                });
        }
    }
    default(map_at(members, "status"), "phase", "Pending");
}

/// The member `template` of a workload.
pub(super) fn template(members: &mut Members) {
    let template = map_at(members, "template");
    map_at(template, "metadata");
    pod_spec(map_at(template, "spec"));
}

fn requests_from_limits(holder: &mut Members) {
    let Some(resources) = child(holder, "resources") else {
        return;
    };
    let Some(limits) = resources
        .get("limits")
        .and_then(Value::as_object)
        .filter(|l| !l.is_empty())
        .cloned()
    else {
        return;
    };
    let requests = map_at(resources, "requests");
    for (name, limit) in limits {
        requests.entry(name).or_insert(limit);
    }
}

fn pod_spec(spec: &mut Members) {
    default(spec, "dnsPolicy", "ClusterFirst");
    default(spec, "restartPolicy", "Always");
    default(spec, "terminationGracePeriodSeconds", 30);
    default(spec, "schedulerName", "default-scheduler");
    map_at(spec, "securityContext");
    // the deprecated twin
    let account = match (
        text(spec, "serviceAccountName"),
        text(spec, "serviceAccount"),
    ) {
        ("", other) | (other, _) => other.to_string(),
    };
    if !account.is_empty() {
        spec.insert("serviceAccountName".into(), account.as_str().into());
        spec.insert("serviceAccount".into(), account.into());
    }
    for list in CONTAINERS {
        items(spec, list).for_each(container);
    }
    items(spec, "volumes").for_each(volume);
}

fn container(container: &mut Members) {
    let policy = if always_pulls(text(container, "image")) {
        "Always"
    } else {
        "IfNotPresent"
    };
    default(container, "imagePullPolicy", policy);
    default(container, "terminationMessagePath", "/dev/termination-log");
    default(container, "terminationMessagePolicy", "File");
    items(container, "ports").for_each(|port| default(port, "protocol", "TCP"));
    for env in items(container, "env") {
        let Some(source) = child(env, "valueFrom") else {
            continue;
        };
        if let Some(field) = child(source, "fieldRef") {
            default(field, "apiVersion", "v1");
        }
        if let Some(file) = child(source, "fileKeyRef") {
            default(file, "optional", false);
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = child(container, name) {
            default_number(probe, "timeoutSeconds", 1);
            default_number(probe, "periodSeconds", 10);
            default_number(probe, "successThreshold", 1);
            default_number(probe, "failureThreshold", 3);
            handler(probe);
        }
    }
    for hook in ["postStart", "preStop"] {
        if let Some(hook) = child(container, "lifecycle").and_then(|l| child(l, hook)) {
            handler(hook);
        }
    }
}

fn handler(holder: &mut Members) {
    if let Some(http) = child(holder, "httpGet") {
        default(http, "path", "/");
        default(http, "scheme", "HTTP");
    }
    if let Some(grpc) = child(holder, "grpc") {
        default(grpc, "service", "");
    }
}

/// Whether an image without a pull policy is pulled each time: its tag is `latest` or missing, and it has no digest.
fn always_pulls(image: &str) -> bool {
    let (name, digest) = image
        .split_once('@')
        .map_or((image, false), |(name, _)| (name, true));
    let last = name.rsplit('/').next().unwrap_or_default();
    match last.split_once(':') {
        Some((_, tag)) => tag == "latest",
        None => !digest && !image.is_empty(),
    }
}

fn volume(volume: &mut Members) {
    if volume.keys().all(|k| k == "name") {
        volume.insert("emptyDir".into(), json!({}));
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        let Some(source) = child(volume, source) else {
            continue;
        };
        default(source, "defaultMode", 0o644);
        items(source, "items").for_each(field_ref);
        for projection in items(source, "sources") {
            if let Some(token) = child(projection, "serviceAccountToken") {
                default(token, "expirationSeconds", 3600);
            }
            if let Some(downward) = child(projection, "downwardAPI") {
                items(downward, "items").for_each(field_ref);
            }
        }
    }
    if let Some(path) = child(volume, "hostPath") {
        host_path(path);
    }
    if let Some(iscsi) = child(volume, "iscsi") {
        default(iscsi, "iscsiInterface", "default");
    }
    if let Some(rbd) = child(volume, "rbd") {
        for (key, value) in [
            ("pool", "rbd"),
            ("user", "admin"),
            ("keyring", "/etc/ceph/keyring"),
        ] {
            default(rbd, key, value);
        }
    }
    if let Some(image) = child(volume, "image") {
        let policy = if always_pulls(text(image, "reference")) {
            "Always"
        } else {
            "IfNotPresent"
        };
        default(image, "pullPolicy", policy);
    }
    if let Some(ephemeral) = child(volume, "ephemeral")
        && let Some(claim) = child(ephemeral, "volumeClaimTemplate")
    {
        default(map_at(claim, "spec"), "volumeMode", "Filesystem");
    }
}

/// `type` is a pointer: set to the empty text when it is missing.
pub(super) fn host_path(path: &mut Members) {
    if is_unset(path.get("type")) {
        path.insert("type".into(), "".into());
    }
}

fn field_ref(item: &mut Members) {
    if let Some(field) = child(item, "fieldRef") {
        default(field, "apiVersion", "v1");
    }
}
