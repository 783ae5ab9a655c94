//! Where containers see the volumes of their pod: `volumeMounts` and `volumeDevices`.

use std::collections::{BTreeMap, BTreeSet};

use super::{At, Errors, volumes};
use crate::FieldError;

/// The good volumes of a pod by name; true for those that may be block devices.
pub(super) type Volumes<'a> = BTreeMap<&'a str, bool>;

/// Both lists of a container.
pub(super) fn validate(container: &At<'_>, volumes: &Volumes<'_>, errors: &mut Errors) {
    let (mounts, devices) = (
        container.get("volumeMounts"),
        container.get("volumeDevices"),
    );
    mount_list(&mounts, &devices, container, volumes, errors);
    device_list(&devices, &mounts, volumes, errors);
}

fn values<'a>(list: &At<'a>, key: &str) -> BTreeSet<&'a str> {
    list.items().iter().map(|m| m.get(key).text()).collect()
}

fn mount_list(
    list: &At<'_>,
    devices: &At<'_>,
    container: &At<'_>,
    volumes: &Volumes<'_>,
    errors: &mut Errors,
) {
    let (device_names, device_paths) = (values(devices, "name"), values(devices, "devicePath"));
    let mut paths = BTreeSet::new();
    for mount in list.items() {
        let (name, path) = (mount.get("name"), mount.get("mountPath"));
        if name.is_empty() {
            errors.push(name.required(""));
        }
        if !volumes.contains_key(name.text()) {
            errors.push(FieldError::not_found(&name.path, name.text()));
        }
        if path.is_empty() {
            errors.push(path.required(""));
        }
        let wrong = |at: &At<'_>, text: &str| FieldError::invalid(&at.path, at.text(), text);
        if !paths.insert(path.text()) {
            errors.push(wrong(&path, "must be unique"));
        }
        if device_names.contains(name.text()) {
            errors.push(wrong(&name, "must not already exist in volumeDevices"));
        }
        if device_paths.contains(path.text()) {
            let text = "must not already exist as a path in volumeDevices";
            errors.push(wrong(&path, text));
        }
        options(&mount, list, container, errors);
    }
}

/// What of a mount is told without its index, as the API server does.
fn options(mount: &At<'_>, list: &At<'_>, container: &At<'_>, errors: &mut Errors) {
    let without_index = |key: &str| At {
        path: list.get(key).path,
        ..mount.get(key)
    };
    let (sub_path, expression) = (without_index("subPath"), without_index("subPathExpr"));
    if !sub_path.is_empty() {
        volumes::descending(&sub_path, errors);
    }
    if !expression.is_empty() {
        if !sub_path.is_empty() {
            let text = "subPathExpr and subPath are mutually exclusive";
            errors.push(mount.get("subPathExpr").invalid(text));
        }
        volumes::descending(&expression, errors);
    }
    let propagation = without_index("mountPropagation");
    if propagation.is_set() {
        propagation.one_of(&["Bidirectional", "HostToContainer", "None"], errors);
        let privileged = container.get("securityContext").get("privileged").is_true();
        if propagation.text() == "Bidirectional" && !privileged {
            let text = "Bidirectional mount propagation is available only to privileged containers";
            errors.push(propagation.forbidden(text));
        }
    }
    let recursive = without_index("recursiveReadOnly");
    if !recursive.is_set() {
        return;
    }
    recursive.one_of(&["Disabled", "Enabled", "IfPossible"], errors);
    if matches!(recursive.text(), "Enabled" | "IfPossible") {
        if !mount.get("readOnly").is_true() {
            errors.push(recursive.forbidden("may only be specified when readOnly is true"));
        }
        if propagation.is_set() && propagation.text() != "None" {
            let text = "may only be specified when mountPropagation is None or not specified";
            errors.push(recursive.forbidden(text));
        }
    }
}

fn device_list(list: &At<'_>, mounts: &At<'_>, volumes: &Volumes<'_>, errors: &mut Errors) {
    const NOT_BLOCK: &str =
        "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
    let (mount_names, mount_paths) = (values(mounts, "name"), values(mounts, "mountPath"));
    let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for device in list.items() {
        let (name, path) = (device.get("name"), device.get("devicePath"));
        let wrong = |at: &At<'_>, text: &str| FieldError::invalid(&at.path, at.text(), text);
        if name.is_empty() {
            errors.push(name.required(""));
        } else if !names.insert(name.text()) {
            errors.push(wrong(&name, "must be unique"));
        }
        match volumes.get(name.text()) {
            Some(true) => {}
            Some(false) => errors.push(wrong(&name, NOT_BLOCK)),
            None => errors.push(FieldError::not_found(&name.path, name.text())),
        }
        if path.is_empty() {
            errors.push(path.required(""));
        }
        if paths.contains(path.text()) {
            errors.push(wrong(&path, "must be unique"));
        }
        if path.text().split('/').any(|part| part == "..") {
            errors.push(wrong(&path, "can not contain backsteps ('..')"));
        } else {
            paths.insert(path.text());
        }
        if mount_names.contains(name.text()) {
            errors.push(wrong(&name, "must not already exist in volumeMounts"));
        }
        if mount_paths.contains(path.text()) {
            let text = "must not already exist as a path in volumeMounts";
            errors.push(wrong(&path, text));
        }
    }
}
