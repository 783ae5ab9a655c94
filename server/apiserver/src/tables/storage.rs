//! Volumes, claims, classes and what CSI adds.

use super::cells::{self, flag, list, or, text};
use super::{AGE, Column, NAME, Printer};
use serde_json::{Value, json};

pub fn printer(group: &str, kind: &str) -> Option<&'static Printer> {
    match (group, kind) {
        ("", "PersistentVolume") => Some(&VOLUME),
        ("", "PersistentVolumeClaim") => Some(&CLAIM),
        ("storage.k8s.io", "StorageClass") => Some(&CLASS),
        ("storage.k8s.io", "CSINode") => Some(&CSI_NODE),
        ("storage.k8s.io", "CSIDriver") => Some(&CSI_DRIVER),
        ("storage.k8s.io", "CSIStorageCapacity") => Some(&CAPACITY),
        ("storage.k8s.io", "VolumeAttachment") => Some(&ATTACHMENT),
        ("storage.k8s.io", "VolumeAttributesClass") => Some(&ATTRIBUTES_CLASS),
        _ => None,
    }
}

fn access_modes(modes: &[Value]) -> String {
    let short: Vec<&str> = [
        "ReadWriteOnce",
        "ReadOnlyMany",
        "ReadWriteMany",
        "ReadWriteOncePod",
    ]
    .into_iter()
    .zip(["RWO", "ROX", "RWX", "RWOP"])
    .filter(|(long, _)| modes.iter().any(|m| m == long))
    .map(|(_, short)| short)
    .collect();
    short.join(",")
}

fn phase(o: &Value) -> &str {
    if objects::meta::is_deleting(o) {
        "Terminating"
    } else {
        text(o, "/status/phase")
    }
}

static VOLUME: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Capacity"),
        Column::text("Access Modes"),
        Column::text("Reclaim Policy"),
        Column::text("Status"),
        Column::text("Claim"),
        Column::text("StorageClass"),
        Column::text("VolumeAttributesClass"),
        Column::text("Reason"),
        AGE,
        Column::wide("VolumeMode"),
    ],
    row: |o, now| {
        let claim = match text(o, "/spec/claimRef/name") {
            "" => String::new(),
            name => format!("{}/{name}", text(o, "/spec/claimRef/namespace")),
        };
        vec![
            cells::name(o),
            json!(text(o, "/spec/capacity/storage")),
            json!(access_modes(list(o, "/spec/accessModes"))),
            json!(text(o, "/spec/persistentVolumeReclaimPolicy")),
            json!(phase(o)),
            json!(claim),
            json!(text(o, "/spec/storageClassName")),
            json!(or(text(o, "/spec/volumeAttributesClassName"), "<unset>")),
            json!(text(o, "/status/reason")),
            cells::age(o, now),
            json!(or(text(o, "/spec/volumeMode"), "<unset>")),
        ]
    },
};

static CLAIM: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Status"),
        Column::text("Volume"),
        Column::text("Capacity"),
        Column::text("Access Modes"),
        Column::text("StorageClass"),
        Column::text("VolumeAttributesClass"),
        AGE,
        Column::wide("VolumeMode"),
    ],
    row: |o, now| {
        let bound = !text(o, "/spec/volumeName").is_empty();
        let (capacity, modes) = if bound {
            (
                or(text(o, "/status/capacity/storage"), "0"),
                access_modes(list(o, "/status/accessModes")),
            )
        } else {
            ("", String::new())
        };
        vec![
            cells::name(o),
            json!(phase(o)),
            json!(text(o, "/spec/volumeName")),
            json!(capacity),
            json!(modes),
            json!(text(o, "/spec/storageClassName")),
            json!(or(text(o, "/spec/volumeAttributesClassName"), "<unset>")),
            cells::age(o, now),
            json!(or(text(o, "/spec/volumeMode"), "<unset>")),
        ]
    },
};

static CLASS: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Provisioner"),
        Column::text("ReclaimPolicy"),
        Column::text("VolumeBindingMode"),
        Column::text("AllowVolumeExpansion"),
        AGE,
    ],
    row: |o, now| {
        let mut name = objects::meta::name(o).to_string();
        if objects::meta::annotation(o, "storageclass.kubernetes.io/is-default-class")
            == Some("true")
        {
            name += " (default)";
        }
        vec![
            json!(name),
            json!(text(o, "/provisioner")),
            json!(or(text(o, "/reclaimPolicy"), "Delete")),
            json!(or(text(o, "/volumeBindingMode"), "Immediate")),
            json!(flag(o, "/allowVolumeExpansion")),
            cells::age(o, now),
        ]
    },
};

static CSI_NODE: Printer = Printer {
    columns: &[NAME, Column::integer("Drivers"), AGE],
    row: |o, now| {
        vec![
            cells::name(o),
            json!(list(o, "/spec/drivers").len()),
            cells::age(o, now),
        ]
    },
};

static CSI_DRIVER: Printer = Printer {
    columns: &[
        NAME,
        Column::boolean("AttachRequired"),
        Column::boolean("PodInfoOnMount"),
        Column::boolean("StorageCapacity"),
        Column::text("TokenRequests"),
        Column::boolean("RequiresRepublish"),
        Column::text("Modes"),
        AGE,
    ],
    row: |o, now| {
        let join = |items: Vec<&str>, none: &str| json!(or(&items.join(","), none));
        let tokens = list(o, "/spec/tokenRequests")
            .iter()
            .map(|t| text(t, "/audience"))
            .collect();
        let modes = list(o, "/spec/volumeLifecycleModes")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        vec![
            cells::name(o),
            json!(
                o.pointer("/spec/attachRequired")
                    .and_then(Value::as_bool)
                    .unwrap_or(true)
            ),
            json!(flag(o, "/spec/podInfoOnMount")),
            json!(flag(o, "/spec/storageCapacity")),
            join(tokens, "<unset>"),
            json!(flag(o, "/spec/requiresRepublish")),
            join(modes, "<none>"),
            cells::age(o, now),
        ]
    },
};

static CAPACITY: Printer = Printer {
    columns: &[
        NAME,
        Column::text("StorageClassName"),
        Column::text("Capacity"),
    ],
    row: |o, _| {
        vec![
            cells::name(o),
            json!(text(o, "/storageClassName")),
            json!(or(text(o, "/capacity"), "<unset>")),
        ]
    },
};

static ATTACHMENT: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Attacher"),
        Column::text("PV"),
        Column::text("Node"),
        Column::boolean("Attached"),
        AGE,
    ],
    row: |o, now| {
        vec![
            cells::name(o),
            json!(text(o, "/spec/attacher")),
            json!(text(o, "/spec/source/persistentVolumeName")),
            json!(text(o, "/spec/nodeName")),
            json!(flag(o, "/status/attached")),
            cells::age(o, now),
        ]
    },
};

static ATTRIBUTES_CLASS: Printer = Printer {
    columns: &[NAME, Column::text("DriverName"), AGE],
    row: |o, now| {
        vec![
            cells::name(o),
            json!(text(o, "/driverName")),
            cells::age(o, now),
        ]
    },
};
