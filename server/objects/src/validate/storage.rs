//! Persistent volumes, claims, storage classes.

use serde_json::Value;

use super::{At, Errors, internal, scheduling, volumes};
use crate::{FieldError, Quantity, names};

const ACCESS_MODES: &[&str] = &[
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];

pub(super) fn validate(kind: &str, at: &At<'_>, old: Option<&Value>, errors: &mut Errors) {
    match kind {
        "PersistentVolume" => volume(&at.get("spec"), old, errors),
        "PersistentVolumeClaim" => {
            claim_spec(&at.get("spec"), errors);
            if let Some(old) = old {
                claim_update(at, &At::root(old), errors);
            }
        }
        "StorageClass" => class(at, old, errors),
        _ => {}
    }
}

fn access_modes(at: &At<'_>, errors: &mut Errors) {
    let modes = at.items();
    for mode in &modes {
        if !ACCESS_MODES.contains(&mode.text()) {
            errors.push(FieldError::not_supported(
                &at.path,
                mode.text(),
                ACCESS_MODES,
            ));
        }
    }
    if modes.len() > 1 && modes.iter().any(|m| m.text() == "ReadWriteOncePod") {
        errors.push(at.forbidden("may not use ReadWriteOncePod with other access modes"));
    }
}

fn positive(at: &At<'_>, errors: &mut Errors) {
    if let Some(quantity) = Quantity::of(at.value)
        && (quantity.is_zero() || quantity.is_negative())
    {
        let text = "must be greater than zero";
        errors.push(FieldError::invalid(&at.path, quantity.to_string(), text));
    }
}

fn volume(spec: &At<'_>, old: Option<&Value>, errors: &mut Errors) {
    const SOURCES: &[&str] = &[
        "hostPath",
        "gcePersistentDisk",
        "awsElasticBlockStore",
        "glusterfs",
        "nfs",
        "rbd",
        "quobyte",
        "cephfs",
        "iscsi",
        "cinder",
        "fc",
        "flocker",
        "flexVolume",
        "azureFile",
        "vsphereVolume",
        "photonPersistentDisk",
        "portworxVolume",
        "azureDisk",
        "scaleIO",
        "local",
        "storageos",
        "csi",
    ];
    let modes = spec.get("accessModes");
    if modes.is_empty() {
        errors.push(modes.required(""));
    }
    access_modes(&modes, errors);
    let capacity = spec.get("capacity");
    if capacity.is_empty() {
        errors.push(capacity.required(""));
    }
    let amounts = capacity.entries();
    if amounts.len() > 1 || !amounts.iter().any(|(name, _)| *name == "storage") {
        errors.push(FieldError::not_supported(
            &capacity.path,
            capacity.value.clone(),
            &["storage"],
        ));
    }
    for (_, amount) in amounts {
        positive(&amount, errors);
    }
    let policy = spec.get("persistentVolumeReclaimPolicy");
    if !policy.is_empty() {
        policy.one_of(&["Delete", "Recycle", "Retain"], errors);
    }
    let affinity = spec.get("nodeAffinity");
    if affinity.get("required").is_set() {
        scheduling::node_selector(&affinity.get("required"), errors);
    } else if affinity.is_set() {
        errors.push(
            affinity
                .get("required")
                .required("must specify required node constraints"),
        );
    }
    let mut sources = 0;
    for name in SOURCES.iter().filter(|s| spec.get(s).is_set()) {
        sources += 1;
        if sources > 1 {
            errors.push(
                spec.get(name)
                    .forbidden("may not specify more than 1 volume type"),
            );
            continue;
        }
        match *name {
            "hostPath" => volumes::host_path(&spec.get(name), errors),
            "nfs" => volumes::nfs(&spec.get(name), errors),
            "iscsi" => volumes::iscsi(&spec.get(name), errors),
            "local" => {
                if spec.get(name).get("path").is_empty() {
                    errors.push(spec.get(name).get("path").required(""));
                } else {
                    volumes::no_backsteps(&spec.get(name).get("path"), errors);
                }
                if !affinity.is_set() {
                    errors.push(affinity.required("Local volume requires node affinity"));
                }
            }
            _ => {}
        }
    }
    if sources == 0 {
        errors.push(spec.required("must specify a volume type"));
    }
    let root = spec.get("hostPath").get("path").text();
    if root.starts_with('/') && root.trim_matches('/').is_empty() && policy.text() == "Recycle" {
        errors.push(policy.forbidden("may not be 'recycle' for a hostPath mount of '/'"));
    }
    let class = spec.get("storageClassName");
    if !class.is_empty() {
        class.check(names::dns_subdomain, errors);
    }
    if let Some(old) = old {
        let old = At::root(old).get("spec");
        if SOURCES
            .iter()
            .any(|s| spec.get(s).value != old.get(s).value)
        {
            let difference = internal::volume_source_diff(old.value, spec.value);
            let text = "spec.persistentvolumesource is immutable after creation";
            errors.push(FieldError::forbidden(
                "spec.persistentvolumesource",
                format!("{text}\n{difference}"),
            ));
        }
        if spec.get("volumeMode").value != old.get("volumeMode").value {
            let path = "volumeMode";
            let mode = spec.get("volumeMode").value.clone();
            errors.push(FieldError::invalid(path, mode, "field is immutable"));
        }
    }
    let mode = spec.get("volumeMode");
    if mode.is_set() {
        mode.one_of(&["Block", "Filesystem"], errors);
    }
}

/// The spec of a claim, also in templates.
pub(super) fn claim_spec(spec: &At<'_>, errors: &mut Errors) {
    let modes = spec.get("accessModes");
    if modes.is_empty() {
        errors.push(modes.required("at least 1 access mode is required"));
    }
    scheduling::label_selector(&spec.get("selector"), errors);
    access_modes(&modes, errors);
    let resources = spec.get("resources");
    // the API server leaves out `requests` here
    let storage = At {
        path: format!("{}[storage]", resources.path),
        ..resources.get("requests").get("storage")
    };
    if !storage.is_set() {
        errors.push(storage.required(""));
    } else {
        positive(&storage, errors);
    }
    let class = spec.get("storageClassName");
    if !class.is_empty() {
        class.check(names::dns_subdomain, errors);
    }
    let mode = spec.get("volumeMode");
    if mode.is_set() {
        mode.one_of(&["Block", "Filesystem"], errors);
    }
}

fn claim_update(new: &At<'_>, old: &At<'_>, errors: &mut Errors) {
    let (spec, old_spec) = (new.get("spec"), old.get("spec"));
    let bound = old.get("status").get("phase").text() == "Bound";
    let mut munged = spec.value.clone();
    let mut restore = |key: &str| {
        if let (Some(members), Some(was)) = (munged.as_object_mut(), old_spec.value.get(key)) {
            members.insert(key.into(), was.clone());
        }
    };
    if old_spec.get("volumeName").is_empty() {
        // the claim may be bound
        if let Some(members) = munged.as_object_mut() {
            members.remove("volumeName");
        }
    } else if bound {
        restore("resources");
        restore("volumeAttributesClassName");
    }
    if &munged != old_spec.value {
        let text = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        let difference =
            internal::diff("core/v1.PersistentVolumeClaimSpec", old_spec.value, &munged);
        errors.push(spec.forbidden(format!("{text}\n{difference}")));
        return;
    }
    let size = |at: &At<'_>| Quantity::of(at.get("resources").get("requests").get("storage").value);
    if let (Some(is), Some(was)) = (size(&spec), size(&old_spec))
        && is < was
    {
        let status = Quantity::of(old.get("status").get("capacity").get("storage").value);
        if status.is_none_or(|s| is < s) {
            errors.push(FieldError::forbidden(
                "spec.resources.requests.storage",
                "field can not be less than status.capacity",
            ));
        }
    }
}

fn class(at: &At<'_>, old: Option<&Value>, errors: &mut Errors) {
    let provisioner = at.get("provisioner");
    if provisioner.is_empty() {
        errors.push(provisioner.required(""));
    } else {
        let bad = names::qualified_name(&provisioner.text().to_lowercase());
        errors.extend(bad.into_iter().map(|e| provisioner.invalid(e)));
    }
    let parameters = at.get("parameters");
    if parameters.value.get("").is_some() {
        errors.push(FieldError::invalid(
            &parameters.path,
            "",
            "field can not be empty.",
        ));
    }
    let policy = at.get("reclaimPolicy");
    if !policy.is_empty() {
        policy.one_of(&["Delete", "Retain"], errors);
    }
    at.get("volumeBindingMode")
        .one_of(&["Immediate", "WaitForFirstConsumer"], errors);
    let Some(old) = old.map(At::root) else { return };
    for key in [
        "parameters",
        "provisioner",
        "reclaimPolicy",
        "volumeBindingMode",
    ] {
        if at.get(key).value == old.get(key).value {
            continue;
        }
        match key {
            "parameters" => errors.push(
                at.get(key)
                    .forbidden("updates to parameters are forbidden."),
            ),
            "provisioner" => errors.push(
                at.get(key)
                    .forbidden("updates to provisioner are forbidden."),
            ),
            "reclaimPolicy" => errors.push(
                at.get(key)
                    .forbidden("updates to reclaimPolicy are forbidden."),
            ),
            _ => errors.push(at.get(key).invalid("field is immutable")),
        }
    }
}
