//! What the API server warns of, though it accepts the object. Mirrors `pkg/api/pod/warnings.go` and the strategies of the kinds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::At;
use crate::quote::go_quote;
use crate::{Gvk, Quantity, names};

/// Warnings, and paths, that are compared each with each. Of more nobody would hear: the API server cuts its warnings at 4096 letters.
const MOST: usize = 300;

/// Warnings about a new or changed object, in the words of the API server. Changed pods are not looked at: their controllers
/// would hear it all day.
pub fn warnings(gvk: &Gvk, new: &Value, old: Option<&Value>) -> Vec<String> {
    let at = At::root(new);
    let mut out = Vec::new();
    let spec = at.get("spec");
    let created = old.is_none();
    let unchanged = old.is_some_and(|old| old["spec"] == *spec.value);
    if unchanged {
        return out;
    }
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") if created => {
            name(&at, "the Pod's hostname", &mut out);
            template(&at, &mut out);
        }
        ("", "PodTemplate") => template(&at.get("template"), &mut out),
        ("", "ReplicationController")
        | ("apps", "Deployment" | "ReplicaSet")
        | ("batch", "Job") => {
            if created {
                name(&at, "Pod names and hostnames", &mut out);
            }
            template(&spec.get("template"), &mut out);
        }
        ("apps", "DaemonSet" | "StatefulSet") => {
            template(&spec.get("template"), &mut out);
            let limit = spec.get("revisionHistoryLimit");
            if limit.int().is_some_and(|n| n < 0) {
                out.push(format!(
                    "{}: a negative value retains all historical revisions; a value >= 0 is recommended",
                    limit.path
                ));
            }
            for claim in spec.get("volumeClaimTemplates").items() {
                fractional(
                    &claim.get("spec").get("resources"),
                    "requests",
                    "storage",
                    &mut out,
                );
            }
        }
        ("batch", "CronJob") => {
            if created {
                name(&at, "Pod names and hostnames", &mut out);
            }
            let job = spec.get("jobTemplate").get("spec");
            template(&job.get("template"), &mut out);
        }
        ("", "PersistentVolumeClaim") => {
            fractional(&spec.get("resources"), "requests", "storage", &mut out);
        }
        ("", "PersistentVolume") => volume(&spec, &mut out),
        ("", "Service") => service(&spec, &mut out),
        _ => {}
    }
    out
}

/// Names that are not fit for what pods make of them.
fn name(at: &At<'_>, used_in: &str, out: &mut Vec<String>) {
    let name = at.get("metadata").get("name");
    let why = names::dns_label(name.text());
    if !name.is_empty() && !why.is_empty() {
        out.push(format!(
            "{}: this is used in {used_in}, which can result in surprising behavior; a DNS label is recommended: [{}]",
            name.path,
            why.join(" ")
        ));
    }
}

fn volume(spec: &At<'_>, out: &mut Vec<String>) {
    let policy = spec.get("persistentVolumeReclaimPolicy");
    if policy.text() == "Recycle" {
        out.push(format!(
            "{}: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
            policy.path
        ));
    }
}

fn service(spec: &At<'_>, out: &mut Vec<String>) {
    let external = spec.get("type").text() == "ExternalName";
    if external && !spec.get("externalIPs").is_empty() {
        out.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".into());
    }
    if !external && !spec.get("externalName").is_empty() {
        out.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".into());
    }
    let headless = spec.get("clusterIP").text() == "None";
    if headless && spec.get("sessionAffinity").text() != "None" {
        out.push("spec.SessionAffinity is ignored for headless services".into());
    }
}

/// A pod, or the template of pods.
fn template(at: &At<'_>, out: &mut Vec<String>) {
    let spec = at.get("spec");
    node_labels(&spec, out);
    annotations(&at.get("metadata").get("annotations"), out);
    for volume in spec.get("volumes").items() {
        for (plugin, since) in DEPRECATED_VOLUMES {
            if volume.get(plugin).is_set() {
                out.push(format!("{}: {since}", volume.get(plugin).path));
            }
        }
        overlapping_paths(&volume, out);
    }
    duplicates(&spec.get("hostAliases"), "ip", out);
    duplicates(&spec.get("imagePullSecrets"), "name", out);
    for secret in spec.get("imagePullSecrets").items() {
        let name = secret.get("name");
        if name.is_empty() {
            out.push(format!("{}: invalid empty name \"\"", name.path));
        }
    }
    for resource in ["memory", "ephemeral-storage"] {
        fractional(&spec, "overhead", resource, out);
    }
    let containers: Vec<At<'_>> = ["initContainers", "containers", "ephemeralContainers"]
        .iter()
        .flat_map(|list| spec.get(list).items())
        .collect();
    for container in &containers {
        for resource in ["memory", "ephemeral-storage"] {
            for list in ["limits", "requests"] {
                fractional(&container.get("resources"), list, resource, out);
            }
        }
        hidden_variables(&container.get("env"), out);
    }
    ports(&containers, out);
    let grace = spec.get("terminationGracePeriodSeconds");
    if grace.int().is_some_and(|seconds| seconds < 0) {
        out.push(format!(
            "{}: must be >= 0; negative values are invalid and will be treated as 1",
            grace.path
        ));
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let terms = spec.get("affinity").get(kind);
        let required = terms.get("requiredDuringSchedulingIgnoredDuringExecution");
        let preferred = terms.get("preferredDuringSchedulingIgnoredDuringExecution");
        required.items().iter().for_each(|t| null_selector(t, out));
        for term in preferred.items() {
            null_selector(&term.get("podAffinityTerm"), out);
        }
    }
}

fn null_selector(at: &At<'_>, out: &mut Vec<String>) {
    let selector = at.get("labelSelector");
    if !selector.is_set() {
        out.push(format!(
            "{}: a null labelSelector results in matching no pod",
            selector.path
        ));
    }
}

const DEPRECATED_VOLUMES: &[(&str, &str)] = &[
    (
        "photonPersistentDisk",
        "deprecated in v1.11, non-functional in v1.16+",
    ),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

/// Labels of nodes that have newer names: old, since when, new.
const OLD_LABELS: &[(&str, &str, &str)] = &[
    ("beta.kubernetes.io/arch", "v1.14", "kubernetes.io/arch"),
    ("beta.kubernetes.io/os", "v1.14", "kubernetes.io/os"),
    (
        "failure-domain.beta.kubernetes.io/region",
        "v1.17",
        "topology.kubernetes.io/region",
    ),
    (
        "failure-domain.beta.kubernetes.io/zone",
        "v1.17",
        "topology.kubernetes.io/zone",
    ),
    (
        "beta.kubernetes.io/instance-type",
        "v1.17",
        "node.kubernetes.io/instance-type",
    ),
];

fn old_label(label: &str) -> Option<String> {
    let (_, since, new) = OLD_LABELS.iter().find(|(old, ..)| *old == label)?;
    Some(format!("deprecated since {since}; use \"{new}\" instead"))
}

fn node_labels(spec: &At<'_>, out: &mut Vec<String>) {
    for (label, at) in spec.get("nodeSelector").entries() {
        out.extend(old_label(label).map(|why| format!("{}: {why}", at.path)));
    }
    let affinity = spec.get("affinity").get("nodeAffinity");
    let required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution");
    let preferred = affinity.get("preferredDuringSchedulingIgnoredDuringExecution");
    let preferred = preferred.items().into_iter().map(|t| t.get("preference"));
    let terms = required.get("nodeSelectorTerms").items();
    let keys = terms.into_iter().chain(preferred).flat_map(|term| {
        let expressions = term.get("matchExpressions").items();
        expressions.into_iter().map(|e| e.get("key"))
    });
    let told = |key: &At<'_>| {
        let why = old_label(key.text())?;
        Some(format!("{}: {} is {why}", key.path, key.text()))
    };
    out.extend(keys.filter_map(|key| told(&key)));
    for constraint in spec.get("topologySpreadConstraints").items() {
        out.extend(told(&constraint.get("topologyKey")));
        null_selector(&constraint, out);
    }
}

fn annotations(at: &At<'_>, out: &mut Vec<String>) {
    const OLD: &[(&str, &str, &str)] = &[
        (
            "scheduler.alpha.kubernetes.io/critical-pod",
            "v1.16+",
            "priorityClassName",
        ),
        ("security.alpha.kubernetes.io/sysctls", "v1.11+", "sysctls"),
        (
            "security.alpha.kubernetes.io/unsafe-sysctls",
            "v1.11+",
            "sysctls",
        ),
        (
            "seccomp.security.alpha.kubernetes.io/pod",
            "v1.27+",
            "seccompProfile",
        ),
    ];
    for (key, since, field) in OLD.iter().filter(|(key, ..)| at.get(key).is_set()) {
        out.push(format!(
            "{}[{key}]: non-functional in {since}; use the \"{field}\" field instead",
            at.path
        ));
    }
}

/// Elements of a list that have one key in common, as server-side apply tells them apart by it.
fn duplicates(list: &At<'_>, key: &str, out: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for item in list.items() {
        let value = item.get(key);
        if !seen.insert(value.text()) {
            let quoted = go_quote(value.text());
            out.push(format!("{}: duplicate {key} {quoted}", value.path));
        }
    }
}

fn fractional(at: &At<'_>, list: &str, resource: &str, out: &mut Vec<String>) {
    let list = at.get(list);
    let amount = Quantity::of(list.get(resource).value);
    if let Some(amount) = amount.filter(|a| !a.is_whole()) {
        out.push(format!(
            "{}[{resource}]: fractional byte value \"{amount}\" is invalid, must be an integer",
            list.path
        ));
    }
}

/// A variable that is set again without its first value in the second.
fn hidden_variables(env: &At<'_>, out: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for variable in env.items() {
        let (name, value) = (variable.get("name").text(), variable.get("value").text());
        let reference = format!("$({name})");
        let kept =
            !variable.get("valueFrom").is_set() && value != reference && value.contains(&reference);
        if !seen.insert(name) && !kept {
            out.push(format!(
                "{}: hides previous definition of {}, which may be dropped when using apply",
                variable.path,
                go_quote(name)
            ));
        }
    }
}

/// Ports of a pod that are one and the same.
fn ports(containers: &[At<'_>], out: &mut Vec<String>) {
    let mut seen: BTreeMap<(i64, &str), Vec<At<'_>>> = BTreeMap::new();
    let number = |port: &At<'_>, key: &str| port.get(key).int().unwrap_or_default();
    for port in containers.iter().flat_map(|c| c.get("ports").items()) {
        let same = (number(&port, "containerPort"), port.get("protocol").text());
        let others = seen.entry(same).or_default();
        for other in others.iter().take(MOST.saturating_sub(out.len())) {
            let (host, other_host) = (number(&port, "hostPort"), number(other, "hostPort"));
            let (ip, other_ip) = (port.get("hostIP").text(), other.get("hostIP").text());
            let what = if host == other_host && ip == other_ip {
                "duplicate"
            } else if host == 0 || other_host == 0 {
                "overlapping"
            } else if host == other_host && (ip.is_empty() != other_ip.is_empty()) {
                "dangerously ambiguous"
            } else {
                continue;
            };
            out.push(format!(
                "{}: {what} port definition with {}",
                port.path, other.path
            ));
        }
        others.push(port);
    }
}

/// Files of one volume that would lie on or in each other.
fn overlapping_paths(volume: &At<'_>, out: &mut Vec<String>) {
    let name = go_quote(volume.get("name").text());
    let sources = [
        ("configMap", "ConfigMap", "name"),
        ("secret", "Secret", "secretName"),
        ("downwardAPI", "DownwardAPI", ""),
    ];
    for (key, kind, named) in sources {
        let source = volume.get(key);
        let which = match named {
            "" => kind.to_string(),
            named => format!("{kind} {}", go_quote(source.get(named).text())),
        };
        let paths = paths(&source);
        overlaps(
            &paths,
            &format!("volume {name} ({which}): overlapping paths"),
            out,
        );
    }
    let mut all: Vec<&str> = Vec::new();
    for source in volume.get("projected").get("sources").items() {
        if all.len() > MOST {
            return;
        }
        let named = |kind: &str, at: &At<'_>| format!("{kind} {}", go_quote(at.get("name").text()));
        let token = source.get("serviceAccountToken");
        let (of, which) = if source.get("configMap").get("items").is_set() {
            let at = source.get("configMap");
            (paths(&at), named("ConfigMap", &at))
        } else if source.get("secret").get("items").is_set() {
            let at = source.get("secret");
            (paths(&at), named("Secret", &at))
        } else if source.get("downwardAPI").is_set() {
            (paths(&source.get("downwardAPI")), "DownwardAPI".to_string())
        } else if token.is_set() {
            (
                vec![token.get("path").text()],
                "ServiceAccountToken".to_string(),
            )
        } else {
            continue;
        };
        let text = format!("volume {name} (Projected {which}): overlapping paths");
        overlaps(&of, &text, out);
        let mut together: Vec<&str> = of.clone();
        together.dedup();
        together.extend(&all);
        together.sort_unstable();
        overlaps(&together, &text, out);
        all.extend(of);
    }
}

fn paths<'a>(source: &At<'a>) -> Vec<&'a str> {
    let items = source.get("items").items();
    items.iter().map(|item| item.get("path").text()).collect()
}

fn overlaps(paths: &[&str], text: &str, out: &mut Vec<String>) {
    let mut seen: Vec<&str> = Vec::new();
    for path in paths.iter().take(MOST).map(|p| p.trim_end_matches('/')) {
        // as the API server looks: one is the beginning of the other
        let over = |other: &&&str| other.starts_with(path) || path.starts_with(**other);
        if !path.is_empty()
            && let Some(other) = seen.iter().find(over)
        {
            out.push(format!(
                "{text}: {} with {}",
                go_quote(path),
                go_quote(other)
            ));
        }
        seen.push(path);
    }
}
