//! What the API server warns of, though it accepts the object.

use serde_json::Value;

use super::At;
use crate::{Gvk, Quantity, names};

/// Warnings about a new or changed object, in the words of the API server.
pub fn warnings(gvk: &Gvk, new: &Value, old: Option<&Value>) -> Vec<String> {
    let at = At::root(new);
    let mut out = Vec::new();
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => {
            let name = at.get("metadata").get("name");
            if old.is_none() && !name.is_empty() {
                hostname(&name, &mut out);
            }
            pod_spec(&at.get("spec"), &mut out);
        }
        ("", "PodTemplate") => pod_spec(&at.get("template").get("spec"), &mut out),
        ("apps", "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet") | ("batch", "Job") => {
            pod_spec(&at.get("spec").get("template").get("spec"), &mut out);
        }
        ("batch", "CronJob") => {
            pod_spec(
                &at.get("spec")
                    .get("jobTemplate")
                    .get("spec")
                    .get("template")
                    .get("spec"),
                &mut out,
            );
        }
        _ => {}
    }
    out
}

fn hostname(name: &At<'_>, out: &mut Vec<String>) {
    let label = names::dns_label(name.text());
    if label.is_empty() {
        return;
    }
    let mut why = Vec::new();
    if name.text().len() > 63 {
        why.push("must be no more than 63 bytes".to_string());
    }
    if name.text().contains('.') {
        why.push("must not contain dots".to_string());
    }
    if why.is_empty() {
        why = label;
    }
    out.push(format!(
        "{}: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [{}]",
        name.path,
        why.join(" ")
    ));
}

fn pod_spec(spec: &At<'_>, out: &mut Vec<String>) {
    for list in ["initContainers", "containers"] {
        for container in spec.get(list).items() {
            let mut seen: Vec<&str> = Vec::new();
            for env in container.get("env").items() {
                let name = env.get("name");
                if seen.contains(&name.text()) && !name.is_empty() {
                    let index = seen
                        .iter()
                        .position(|n| *n == name.text())
                        .unwrap_or_default();
                    let quoted = crate::quote::go_quote(name.text());
                    let first = format!("{}[{index}]", container.get("env").path);
                    out.push(format!(
                        "{}: hides previous definition of {quoted}, which may be dropped when using apply", env.path
                    ));
                    let _ = first;
                }
                seen.push(name.text());
            }
            for kind in ["limits", "requests"] {
                for (name, at) in container.get("resources").get(kind).entries() {
                    let Some(quantity) = Quantity::of(at.value) else {
                        continue;
                    };
                    if matches!(name, "memory" | "ephemeral-storage") && !quantity.is_whole() {
                        let text = at.text();
                        out.push(format!(
                            "{}: fractional byte value \"{text}\" is invalid, must be an integer",
                            at.path
                        ));
                    }
                }
            }
        }
    }
}
