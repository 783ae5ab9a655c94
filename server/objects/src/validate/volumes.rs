//! Volumes of pods.

use super::environment::{VOLUME_FIELDS, field_ref, resource_ref};
use super::mounts::Volumes;
use super::{At, Errors};
use crate::{FieldError, Quantity, names};

/// In the order in which the API server looks at them.
const SOURCES: &[&str] = &[
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "azureFile",
    "configMap",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];
const MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";

/// All volumes; answers the good ones.
pub(super) fn validate<'a>(list: &At<'a>, errors: &mut Errors) -> Volumes<'a> {
    let mut good = Volumes::new();
    for volume in list.items() {
        let mut wrong = Errors::new();
        source(&volume, &mut wrong);
        let name = volume.get("name");
        name.required_and(names::dns_label, &mut wrong);
        if good.contains_key(name.text()) {
            wrong.push(name.duplicate());
        }
        if wrong.is_empty() {
            let block = ["persistentVolumeClaim", "ephemeral"];
            good.insert(name.text(), block.iter().any(|s| volume.get(s).is_set()));
        }
        errors.append(&mut wrong);
    }
    good
}

fn source(volume: &At<'_>, errors: &mut Errors) {
    let mut sources = 0;
    for name in SOURCES {
        let at = volume.get(name);
        if !at.is_set() {
            continue;
        }
        sources += 1;
        if sources > 1 {
            errors.push(at.forbidden("may not specify more than 1 volume type"));
            continue;
        }
        one_source(name, &at, errors);
    }
    if sources == 0 {
        errors.push(volume.required("must specify a volume type"));
    }
}

fn one_source(name: &str, at: &At<'_>, errors: &mut Errors) {
    match name {
        "emptyDir" => {
            let limit = at.get("sizeLimit");
            if Quantity::of(limit.value).is_some_and(|q| q.is_negative()) {
                errors.push(limit.forbidden("SizeLimit field must be a valid resource quantity"));
            }
        }
        "hostPath" => host_path(at, errors),
        "secret" => keyed(at, "secretName", errors),
        "configMap" => keyed(at, "name", errors),
        "nfs" => nfs(at, errors),
        "persistentVolumeClaim" => required(at, &["claimName"], errors),
        "csi" => required(at, &["driver"], errors),
        "ephemeral" => required(at, &["volumeClaimTemplate"], errors),
        "image" => required(at, &["reference"], errors),
        "gitRepo" => required(at, &["repository"], errors),
        "iscsi" => iscsi(at, errors),
        "gcePersistentDisk" => required(at, &["pdName"], errors),
        "awsElasticBlockStore" => required(at, &["volumeID"], errors),
        "downwardAPI" => {
            at.get("defaultMode")
                .value
                .as_i64()
                .filter(|m| !(0..=0o777).contains(m))
                .into_iter()
                .for_each(|_| {
                    errors.push(at.get("defaultMode").invalid(MODE));
                });
            at.get("items")
                .items()
                .iter()
                .for_each(|item| downward(item, errors));
        }
        "projected" => projected(at, errors),
        _ => {}
    }
}

/// `nfs`, of pods and of persistent volumes.
pub(super) fn nfs(at: &At<'_>, errors: &mut Errors) {
    required(at, &["server", "path"], errors);
    let path = at.get("path");
    if !path.text().starts_with('/') {
        errors.push(FieldError::invalid(
            &path.path,
            path.text(),
            "must be an absolute path",
        ));
    }
}

fn required(at: &At<'_>, keys: &[&str], errors: &mut Errors) {
    for key in keys.iter().filter(|k| at.get(k).is_empty()) {
        errors.push(at.get(key).required(""));
    }
}

/// `iscsi`, of pods and of persistent volumes.
pub(super) fn iscsi(at: &At<'_>, errors: &mut Errors) {
    required(at, &["targetPortal"], errors);
    let iqn = at.get("iqn");
    if iqn.is_empty() {
        errors.push(iqn.required(""));
    } else {
        qualified(&iqn, errors);
    }
    let lun = at.get("lun");
    lun.in_range(0, 255, errors);
    if ["chapAuthDiscovery", "chapAuthSession"]
        .iter()
        .any(|key| at.get(key).is_true())
        && !at.get("secretRef").is_set()
    {
        errors.push(at.get("secretRef").required(""));
    }
    let initiator = at.get("initiatorName");
    if initiator.is_set() {
        qualified(&initiator, errors);
    }
}

/// A name of iSCSI: `iqn.2015-02.example.com:test`, `eui.` and 16 digits, `naa.` and 16 or 32.
fn qualified(at: &At<'_>, errors: &mut Errors) {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    let dated = |rest: &str| {
        let date = rest.as_bytes().get(..8).unwrap_or_default();
        let digits = |range: &[u8]| range.iter().all(u8::is_ascii_digit);
        let (name, target) = rest.get(8..).and_then(|r| r.split_once(':'))?;
        (date.len() == 8
            && digits(&date[..4])
            && date[4] == b'-'
            && digits(&date[5..7])
            && date[7] == b'.')
            .then_some(())?;
        let letters = |b: u8| b.is_ascii_alphanumeric() || b"-.:".contains(&b);
        let odd = |c: char| ",;*&$|".contains(c) || c.is_whitespace();
        (!name.is_empty()
            && name.bytes().all(letters)
            && !target.is_empty()
            && !target.contains(odd))
        .then_some(())
    };
    let text = at.text();
    let good = match text.get(..3) {
        Some("iqn") => text.strip_prefix("iqn.").and_then(dated).is_some(),
        Some("eui") => text
            .strip_prefix("eui.")
            .is_some_and(|r| r.len() == 16 && hex(r)),
        Some("naa") => text
            .strip_prefix("naa.")
            .is_some_and(|r| (r.len() == 16 || r.len() == 32) && hex(r)),
        _ => {
            let why = "must be valid format starting with iqn, eui, or naa";
            return errors.push(at.invalid(why));
        }
    };
    if !good {
        errors.push(at.invalid("must be valid format"));
    }
}

/// `hostPath`, of pods and of persistent volumes.
pub(super) fn host_path(at: &At<'_>, errors: &mut Errors) {
    const TYPES: &[&str] = &[
        "",
        "BlockDevice",
        "CharDevice",
        "Directory",
        "DirectoryOrCreate",
        "File",
        "FileOrCreate",
        "Socket",
    ];
    let path = at.get("path");
    if path.is_empty() {
        errors.push(path.required(""));
        return;
    }
    no_backsteps(&path, errors);
    let kind = at.get("type");
    if kind.is_set() {
        kind.one_of(TYPES, errors);
    }
}

pub(super) fn no_backsteps(at: &At<'_>, errors: &mut Errors) {
    if at.text().split('/').any(|part| part == "..") {
        errors.push(at.invalid("must not contain '..'"));
    }
}

/// A path below something: relative, without `..`.
pub(super) fn descending(at: &At<'_>, errors: &mut Errors) {
    if at.text().starts_with('/') {
        errors.push(at.invalid("must be a relative path"));
    }
    no_backsteps(at, errors);
}

fn non_reserved(at: &At<'_>, errors: &mut Errors) {
    descending(at, errors);
    if at.text().starts_with("..") && !at.text().starts_with("../") && at.text() != ".." {
        errors.push(at.invalid("must not start with '..'"));
    }
}

fn mode(at: &At<'_>, errors: &mut Errors) {
    if at.int().is_some_and(|m| !(0..=0o777).contains(&m)) {
        errors.push(at.invalid(MODE));
    }
}

fn keyed(at: &At<'_>, name: &str, errors: &mut Errors) {
    required(at, &[name], errors);
    mode(&at.get("defaultMode"), errors);
    key_paths(at, errors);
}

fn key_paths(at: &At<'_>, errors: &mut Errors) {
    for item in at.get("items").items() {
        required(&item, &["key", "path"], errors);
        non_reserved(&item.get("path"), errors);
        mode(&item.get("mode"), errors);
    }
}

fn downward(item: &At<'_>, errors: &mut Errors) {
    let path = item.get("path");
    if path.is_empty() {
        errors.push(path.required(""));
    }
    non_reserved(&path, errors);
    let (field, resource) = (item.get("fieldRef"), item.get("resourceFieldRef"));
    if field.is_set() {
        field_ref(&field, VOLUME_FIELDS, errors);
        if resource.is_set() {
            errors.push(FieldError::invalid(
                &item.path,
                "resource",
                "fieldRef and resourceFieldRef can not be specified simultaneously",
            ));
        }
    } else if resource.is_set() {
        resource_ref(&resource, true, errors);
    } else {
        errors.push(item.required("one of fieldRef and resourceFieldRef is required"));
    }
    mode(&item.get("mode"), errors);
}

fn projected(at: &At<'_>, errors: &mut Errors) {
    mode(&at.get("defaultMode"), errors);
    for source in at.get("sources").items() {
        let mut kinds = 0;
        for kind in [
            "secret",
            "configMap",
            "downwardAPI",
            "serviceAccountToken",
            "clusterTrustBundle",
            "podCertificate",
        ] {
            let one = source.get(kind);
            if !one.is_set() {
                continue;
            }
            kinds += 1;
            if kinds > 1 {
                errors.push(one.forbidden("may not specify more than 1 volume type"));
                continue;
            }
            match kind {
                "secret" | "configMap" => {
                    required(&one, &["name"], errors);
                    key_paths(&one, errors);
                }
                "downwardAPI" => one
                    .get("items")
                    .items()
                    .iter()
                    .for_each(|item| downward(item, errors)),
                "serviceAccountToken" => {
                    let seconds = one.get("expirationSeconds");
                    if seconds.int().is_some_and(|s| s < 600) {
                        errors.push(
                            seconds.invalid("may not specify a duration less than 10 minutes"),
                        );
                    }
                    required(&one, &["path"], errors);
                }
                _ => {}
            }
        }
    }
}
