//! Containers of all three kinds.

use std::collections::BTreeSet;

use super::mounts::Volumes;
use super::{At, Errors, environment, internal, mounts, probe, resources};
use crate::{FieldError, names};

/// What containers need to know of their pod.
pub(super) struct Pod<'a> {
    /// The volumes that are good.
    pub volumes: Volumes<'a>,
    pub grace: Option<i64>,
    /// `restartPolicy`.
    pub restart: &'a str,
    /// `os.name`, where the pod has an `os`.
    pub os: Option<&'a str>,
    pub host_users: bool,
}

/// `spec.containers`.
pub(super) fn regular(list: &At<'_>, pod: &Pod<'_>, errors: &mut Errors) {
    if list.items().is_empty() {
        errors.push(list.required(""));
        return;
    }
    let mut seen = BTreeSet::new();
    for container in list.items() {
        common(&container, pod, errors);
        let name = container.get("name");
        if !seen.insert(name.text()) && !name.is_empty() {
            errors.push(name.duplicate());
        }
        probe::lifecycle(&container, pod, errors);
        probe::probes(&container, errors);
        restart_policy(&container, errors);
    }
    host_ports(&list.items(), list, errors);
}

/// `spec.initContainers`; `regular` are the names of the others.
pub(super) fn init(list: &At<'_>, others: &At<'_>, pod: &Pod<'_>, errors: &mut Errors) {
    let others = others.items();
    let mut seen: BTreeSet<&str> = others.iter().map(|c| c.get("name").text()).collect();
    for container in list.items() {
        common(&container, pod, errors);
        restart_policy(&container, errors);
        let sidecar = container.get("restartPolicy").text() == "Always";
        let name = container.get("name");
        if !name.is_empty() && !seen.insert(name.text()) {
            errors.push(name.duplicate());
        }
        host_ports(std::slice::from_ref(&container), list, errors);
        if sidecar {
            probe::lifecycle(&container, pod, errors);
            probe::probes(&container, errors);
            continue;
        }
        for key in [
            "lifecycle",
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
        ] {
            if container.get(key).is_set() {
                let text = "may not be set for init containers without restartPolicy=Always";
                errors.push(container.get(key).forbidden(text));
            }
        }
    }
}

/// `spec.ephemeralContainers`.
pub(super) fn ephemeral(list: &At<'_>, spec: &At<'_>, pod: &Pod<'_>, errors: &mut Errors) {
    let others: Vec<At<'_>> = ["containers", "initContainers"]
        .iter()
        .flat_map(|k| spec.get(k).items())
        .collect();
    let targets: BTreeSet<&str> = others.iter().map(|c| c.get("name").text()).collect();
    let mut seen = targets.clone();
    for container in list.items() {
        common(&container, pod, errors);
        let name = container.get("name");
        if !name.is_empty() && !seen.insert(name.text()) {
            errors.push(name.duplicate());
        }
        let target = container.get("targetContainerName");
        if !target.is_empty() && !targets.contains(target.text()) {
            errors.push(FieldError::not_found(&target.path, target.text()));
        }
        for key in [
            "ports",
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
            "lifecycle",
            "resources",
            "resizePolicy",
        ] {
            if !container.get(key).is_empty() {
                errors.push(
                    container
                        .get(key)
                        .forbidden("cannot be set for an Ephemeral Container"),
                );
            }
        }
        for mount in container.get("volumeMounts").items() {
            for key in ["subPath", "subPathExpr"] {
                if !mount.get(key).is_empty() {
                    errors.push(
                        mount
                            .get(key)
                            .forbidden("cannot be set for an Ephemeral Container"),
                    );
                }
            }
        }
    }
}

fn common(at: &At<'_>, pod: &Pod<'_>, errors: &mut Errors) {
    at.get("name").required_and(names::dns_label, errors);
    let image = at.get("image");
    if image.is_empty() {
        errors.push(image.required(""));
    }
    at.get("terminationMessagePolicy")
        .one_of(&["File", "FallbackToLogsOnError"], errors);
    ports(&at.get("ports"), errors);
    environment::validate(at, errors);
    mounts::validate(at, &pod.volumes, errors);
    at.get("imagePullPolicy")
        .one_of(&["Always", "IfNotPresent", "Never"], errors);
    resources::container(&at.get("resources"), errors);
    resize_policy(&at.get("resizePolicy"), pod.restart, errors);
    security(&at.get("securityContext"), pod.host_users, errors);
}

/// Images of pods, not of templates: without blanks around them. The API server looks at this last.
pub(super) fn padded_images(list: &At<'_>, errors: &mut Errors) {
    for container in list.items() {
        let image = container.get("image");
        if image.text().trim() != image.text() {
            errors.push(image.invalid("must not have leading or trailing whitespace"));
        }
    }
}

/// `hostPort` of pods in the network of their node. A template may leave it open.
pub(super) fn host_network_ports(list: &At<'_>, is_pod: bool, errors: &mut Errors) {
    for port in list.items().iter().flat_map(|c| c.get("ports").items()) {
        let number = |key: &str| port.get(key).int().unwrap_or_default();
        let host = number("hostPort");
        if (is_pod || host != 0) && host != number("containerPort") {
            let text = "must match `containerPort` when `hostNetwork` is true";
            errors.push(FieldError::invalid(port.get("hostPort").path, host, text));
        }
    }
}

fn resize_policy(list: &At<'_>, restart: &str, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for policy in list.items() {
        let whole = |key: &str| At {
            path: list.path.clone(),
            ..policy.get(key)
        };
        let (name, action) = (whole("resourceName"), whole("restartPolicy"));
        if !seen.insert(name.text()) {
            errors.push(FieldError::duplicate(&policy.path, name.text()));
        }
        name.one_of(&["cpu", "memory"], errors);
        action.one_of(&["NotRequired", "RestartContainer"], errors);
        if restart == "Never" && action.text() != "NotRequired" {
            let text = "must be 'NotRequired' when `restartPolicy` is 'Never'";
            errors.push(FieldError::invalid(&action.path, action.text(), text));
        }
    }
}

/// `restartPolicy` and `restartPolicyRules` of one container.
fn restart_policy(at: &At<'_>, errors: &mut Errors) {
    let (policy, rules) = (at.get("restartPolicy"), at.get("restartPolicyRules"));
    if policy.is_set() {
        let supported = &["Always", "Never", "OnFailure"];
        if !supported.contains(&policy.text()) {
            errors.push(FieldError::not_supported(
                &policy.path,
                policy.text(),
                supported,
            ));
        }
    } else if !rules.is_empty() {
        errors.push(policy.required("must specify restartPolicy when restart rules are used"));
    }
    for rule in rules.items() {
        let (action, codes) = (rule.get("action"), rule.get("exitCodes"));
        if !["Restart", "RestartAllContainers"].contains(&action.text()) {
            let supported = &["Restart"];
            errors.push(FieldError::not_supported(
                &action.path,
                action.text(),
                supported,
            ));
        }
        let operator = codes.get("operator");
        if !codes.is_set() {
            errors.push(codes.required("must be specified"));
        } else if !["In", "NotIn"].contains(&operator.text()) {
            errors.push(FieldError::not_supported(
                &operator.path,
                operator.text(),
                &["In", "NotIn"],
            ));
        }
    }
}

fn ports(list: &At<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for port in list.items() {
        let name = port.get("name");
        if !name.is_empty() {
            let bad = names::port_name(name.text());
            if bad.is_empty() && !seen.insert(name.text()) {
                errors.push(name.duplicate());
            }
            errors.extend(bad.into_iter().map(|e| name.invalid(e)));
        }
        let number = port.get("containerPort");
        match number.int() {
            None | Some(0) => errors.push(number.required("")),
            Some(_) => number.in_range(1, 65535, errors),
        }
        let host = port.get("hostPort");
        if host.int() != Some(0) {
            host.in_range(1, 65535, errors);
        }
        port.get("protocol").one_of(&["SCTP", "TCP", "UDP"], errors);
    }
}

/// No two ports of these containers on one port of the host. Containers are counted from the first of them.
fn host_ports(containers: &[At<'_>], list: &At<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    let ports = containers.iter().enumerate().flat_map(|(i, container)| {
        let at = At {
            path: format!("{}[{i}]", list.path),
            ..container.clone()
        };
        at.get("ports").items()
    });
    for port in ports {
        let host = port.get("hostPort");
        let Some(number) = host.int().filter(|n| *n != 0) else {
            continue;
        };
        let key = format!(
            "{}/{}/{number}",
            port.get("protocol").text(),
            port.get("hostIP").text()
        );
        if !seen.insert(key.clone()) {
            errors.push(FieldError::duplicate(host.path, key));
        }
    }
}

fn security(at: &At<'_>, host_users: bool, errors: &mut Errors) {
    for key in ["runAsUser", "runAsGroup"] {
        at.get(key).in_range(0, i64::from(i32::MAX), errors);
    }
    let proc_mount = at.get("procMount");
    if proc_mount.is_set() {
        if !["Default", "Unmasked"].contains(&proc_mount.text()) {
            let supported = &["Default", "Unmasked"];
            errors.push(FieldError::not_supported(
                &proc_mount.path,
                proc_mount.text(),
                supported,
            ));
        }
        if host_users && proc_mount.text() == "Unmasked" {
            errors.push(proc_mount.invalid("`hostUsers` must be false to use `Unmasked`"));
        }
    }
    seccomp(&at.get("seccompProfile"), errors);
    let escalation = at.get("allowPrivilegeEscalation");
    if escalation.value == &serde_json::Value::Bool(false) {
        let whole = |text: &str| {
            let value = internal::json("core/v1.SecurityContext", at.value);
            FieldError::invalid_text(&at.path, value, text)
        };
        if at.get("privileged").is_true() {
            let text = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            errors.push(whole(text));
        }
        let added = at.get("capabilities").get("add").items();
        for _ in added.iter().filter(|c| c.text() == "CAP_SYS_ADMIN") {
            let text = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            errors.push(whole(text));
        }
    }
    app_armor(&at.get("appArmorProfile"), errors);
}

/// `appArmorProfile` of a pod or container.
pub(super) fn app_armor(at: &At<'_>, errors: &mut Errors) {
    if !at.is_set() {
        return;
    }
    const UNSET: &str = "must be set when AppArmor type is Localhost";
    let (kind, local) = (at.get("type"), at.get("localhostProfile"));
    match kind.text() {
        "Localhost" if local.text().trim() != local.text() => {
            errors.push(local.invalid("must not be padded with whitespace"));
        }
        "Localhost" if local.is_empty() => errors.push(local.required(UNSET)),
        "Localhost" => {}
        "RuntimeDefault" | "Unconfined" if local.is_set() => {
            errors.push(local.invalid("can only be set when AppArmor type is Localhost"));
        }
        "RuntimeDefault" | "Unconfined" => {}
        "" => errors.push(kind.required("type is required when appArmorProfile is set")),
        other => {
            let supported = &["Localhost", "RuntimeDefault", "Unconfined"];
            errors.push(FieldError::not_supported(&kind.path, other, supported));
        }
    }
}

/// `seccompProfile` of a pod or container.
pub(super) fn seccomp(at: &At<'_>, errors: &mut Errors) {
    if !at.is_set() {
        return;
    }
    let (kind, local) = (at.get("type"), at.get("localhostProfile"));
    if kind.is_empty() {
        errors.push(kind.required("type is required when seccompProfile is set"));
    } else {
        kind.one_of(&["Localhost", "RuntimeDefault", "Unconfined"], errors);
    }
    if kind.text() != "Localhost" && local.is_set() {
        let value = internal::json("core/v1.SeccompProfile", at.value);
        let text = "can only be set when seccomp type is Localhost";
        errors.push(FieldError::invalid_text(&local.path, value, text));
    } else if kind.text() == "Localhost" && !local.is_set() {
        errors.push(local.required("must be set when seccomp type is Localhost"));
    } else if kind.text() == "Localhost" {
        super::volumes::descending(&local, errors);
    }
}
