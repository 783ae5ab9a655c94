//! Containers of all three kinds.

use std::collections::BTreeSet;

use super::{At, Errors, probe, resources};
use crate::{FieldError, names};

/// What containers need to know of their pod.
pub(super) struct Pod<'a> {
    /// Names of the volumes that are good.
    pub volumes: BTreeSet<&'a str>,
    pub grace: Option<i64>,
    pub host_network: bool,
    /// A real pod, not a template.
    pub is_pod: bool,
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
        probe::lifecycle(&container, pod.grace, errors);
        probe::probes(&container, errors);
    }
    host_ports(list, errors);
}

/// `spec.initContainers`; `regular` are the names of the others.
pub(super) fn init(list: &At<'_>, others: &At<'_>, pod: &Pod<'_>, errors: &mut Errors) {
    let others = others.items();
    let mut seen: BTreeSet<&str> = others.iter().map(|c| c.get("name").text()).collect();
    for container in list.items() {
        common(&container, pod, errors);
        let restart = container.get("restartPolicy");
        let sidecar = restart.text() == "Always";
        if restart.is_set() && !["Always", "Never", "OnFailure"].contains(&restart.text()) {
            errors.push(FieldError::not_supported(
                &restart.path,
                restart.text(),
                &["Always", "Never", "OnFailure"],
            ));
        }
        let name = container.get("name");
        if !name.is_empty() && !seen.insert(name.text()) {
            errors.push(name.duplicate());
        }
        if sidecar {
            probe::lifecycle(&container, pod.grace, errors);
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
    } else if pod.is_pod && image.text().trim() != image.text() {
        errors.push(image.invalid("must not have leading or trailing whitespace"));
    }
    at.get("terminationMessagePolicy")
        .one_of(&["FallbackToLogsOnError", "File"], errors);
    ports(&at.get("ports"), pod, errors);
    environment(at, errors);
    mounts(&at.get("volumeMounts"), at, pod, errors);
    at.get("imagePullPolicy")
        .one_of(&["Always", "IfNotPresent", "Never"], errors);
    resources::container(&at.get("resources"), errors);
    security(&at.get("securityContext"), errors);
}

fn ports(list: &At<'_>, pod: &Pod<'_>, errors: &mut Errors) {
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
        host.in_range(1, 65535, errors);
        if pod.host_network && host.int().is_some_and(|n| Some(n) != number.int()) {
            errors.push(host.invalid("must match `containerPort` when `hostNetwork` is true"));
        }
        port.get("protocol").one_of(&["SCTP", "TCP", "UDP"], errors);
    }
}

/// No two ports of a pod on one port of the host.
fn host_ports(list: &At<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for port in list.items().iter().flat_map(|c| c.get("ports").items()) {
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

fn environment(container: &At<'_>, errors: &mut Errors) {
    for env in container.get("env").items() {
        env.get("name").required_and(names::env_var, errors);
        let source = env.get("valueFrom");
        if !source.is_set() {
            continue;
        }
        if !env.get("value").is_empty() {
            let text = "may not be specified when `value` is not empty";
            errors.push(FieldError::invalid(&source.path, "", text));
        }
        value_source(&source, errors);
    }
    for from in container.get("envFrom").items() {
        let prefix = from.get("prefix");
        if !prefix.is_empty() {
            prefix.check(names::env_var, errors);
        }
        let sources: Vec<At<'_>> = ["configMapRef", "secretRef"]
            .iter()
            .map(|k| from.get(k))
            .filter(At::is_set)
            .collect();
        for source in &sources {
            source.get("name").check(names::dns_subdomain, errors);
        }
        match sources.len() {
            0 => errors.push(FieldError::invalid(
                &from.path,
                "",
                "must specify one of: `configMapRef` or `secretRef`",
            )),
            1 => {}
            _ => errors.push(FieldError::invalid(
                &from.path,
                "",
                "may not have more than one field specified at a time",
            )),
        }
    }
}

fn value_source(source: &At<'_>, errors: &mut Errors) {
    let mut sources = 0;
    for key in [
        "fieldRef",
        "resourceFieldRef",
        "configMapKeyRef",
        "secretKeyRef",
        "fileKeyRef",
    ] {
        let at = source.get(key);
        if !at.is_set() {
            continue;
        }
        sources += 1;
        match key {
            "fieldRef" => field_ref(&at, ENV_FIELDS, errors),
            "resourceFieldRef" => resource_ref(&at, false, errors),
            "configMapKeyRef" | "secretKeyRef" => {
                at.get("name").check(names::dns_subdomain, errors);
                at.get("key").required_and(names::config_key, errors);
            }
            _ => {}
        }
    }
    if sources == 0 {
        let text = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
        errors.push(FieldError::invalid(&source.path, "", text));
    } else if sources > 1 {
        let text = "may not have more than one field specified at a time";
        errors.push(FieldError::invalid(&source.path, "", text));
    }
}

const ENV_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Fields that downward API volumes may show.
pub(super) const VOLUME_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];

/// Labels of fields that exist, though they are not for everyone.
const KNOWN_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.hostNetwork",
    "status.phase",
    "status.nominatedNodeName",
];

pub(super) fn field_ref(at: &At<'_>, supported: &[&str], errors: &mut Errors) {
    let path = at.get("fieldPath");
    if path.is_empty() {
        errors.push(path.required(""));
        return;
    }
    let text = path.text();
    if let Some((map, key)) = text.strip_suffix("']").and_then(|t| t.split_once("['")) {
        match map {
            "metadata.annotations" => {
                errors.extend(
                    names::qualified_name(&key.to_lowercase())
                        .into_iter()
                        .map(|e| path.invalid(e)),
                );
            }
            "metadata.labels" => errors.extend(
                names::qualified_name(key)
                    .into_iter()
                    .map(|e| path.invalid(e)),
            ),
            _ => errors.push(path.invalid(format!(
                "{} does not support subscript",
                crate::quote::go_quote(map)
            ))),
        }
        return;
    }
    if supported.contains(&text) {
        return;
    }
    if ENV_FIELDS.contains(&text) || KNOWN_FIELDS.contains(&text) {
        errors.push(FieldError::not_supported(&path.path, text, supported));
    } else {
        errors.push(path.invalid(format!(
            "error converting fieldPath: field label not supported: {text}"
        )));
    }
}

pub(super) fn resource_ref(at: &At<'_>, in_volume: bool, errors: &mut Errors) {
    const SUPPORTED: &[&str] = &[
        "limits.cpu",
        "limits.ephemeral-storage",
        "limits.memory",
        "requests.cpu",
        "requests.ephemeral-storage",
        "requests.memory",
    ];
    if in_volume && at.get("containerName").is_empty() {
        errors.push(at.get("containerName").required(""));
        return;
    }
    let resource = at.get("resource");
    let huge = resource.text().starts_with("limits.hugepages-")
        || resource.text().starts_with("requests.hugepages-");
    if resource.is_empty() {
        errors.push(resource.required(""));
    } else if !SUPPORTED.contains(&resource.text()) && !huge {
        errors.push(FieldError::not_supported(
            &resource.path,
            resource.text(),
            SUPPORTED,
        ));
    }
}

fn mounts(list: &At<'_>, container: &At<'_>, pod: &Pod<'_>, errors: &mut Errors) {
    let mut paths = BTreeSet::new();
    for mount in list.items() {
        let name = mount.get("name");
        if name.is_empty() {
            errors.push(name.required(""));
        }
        if !pod.volumes.contains(name.text()) {
            errors.push(FieldError::not_found(&name.path, name.text()));
        }
        let path = mount.get("mountPath");
        if path.is_empty() {
            errors.push(path.required(""));
        }
        if !paths.insert(path.text()) {
            errors.push(FieldError::invalid(
                &path.path,
                path.text(),
                "must be unique",
            ));
        }
        for key in ["subPath", "subPathExpr"] {
            // the API server leaves out the index here
            let sub = At {
                path: list.get(key).path,
                ..mount.get(key)
            };
            if !sub.is_empty() {
                super::volumes::descending(&sub, errors);
            }
        }
        if !mount.get("subPath").is_empty() && !mount.get("subPathExpr").is_empty() {
            errors.push(
                mount
                    .get("subPathExpr")
                    .invalid("subPathExpr and subPath are mutually exclusive"),
            );
        }
        let propagation = mount.get("mountPropagation");
        if propagation.is_set() {
            propagation.one_of(&["Bidirectional", "HostToContainer", "None"], errors);
            let privileged = container.get("securityContext").get("privileged").is_true();
            if propagation.text() == "Bidirectional" && !privileged {
                let text =
                    "Bidirectional mount propagation is available only to privileged containers";
                errors.push(propagation.forbidden(text));
            }
        }
    }
}

fn security(at: &At<'_>, errors: &mut Errors) {
    for key in ["runAsUser", "runAsGroup"] {
        at.get(key).in_range(0, i64::from(i32::MAX), errors);
    }
    let escalation = at.get("allowPrivilegeEscalation");
    if escalation.value == &serde_json::Value::Bool(false) {
        if at.get("privileged").is_true() {
            let text = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            errors.push(at.invalid(text));
        }
        if at
            .get("capabilities")
            .get("add")
            .items()
            .iter()
            .any(|c| c.text() == "CAP_SYS_ADMIN")
        {
            let text = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            errors.push(at.invalid(text));
        }
    }
    seccomp(&at.get("seccompProfile"), errors);
}

/// `seccompProfile` of a pod or container.
pub(super) fn seccomp(at: &At<'_>, errors: &mut Errors) {
    if !at.is_set() {
        return;
    }
    let (kind, local) = (at.get("type"), at.get("localhostProfile"));
    kind.one_of(&["Localhost", "RuntimeDefault", "Unconfined"], errors);
    if kind.text() == "Localhost" && local.is_empty() {
        errors.push(local.required("must be set when seccomp type is Localhost"));
    } else if kind.text() != "Localhost" && local.is_set() {
        errors.push(local.invalid("can only be set when seccomp type is Localhost"));
    }
}
