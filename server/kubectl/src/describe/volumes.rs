//! The volumes of a pod or template, and the sources of persistent volumes.

use serde_json::Value;

use super::{Writer, items, plain, text};

/// All volumes under their title.
pub(crate) fn describe(w: &mut Writer, list: &Value, indent: &str) {
    if items(list).next().is_none() {
        w.put(0, &format!("{indent}Volumes:\t<none>\n"));
        return;
    }
    w.put(0, &format!("{indent}Volumes:\n"));
    for volume in items(list) {
        let name = text(&volume["name"]);
        w.put(
            0,
            &format!("{}{name}:\n", if indent.is_empty() { "  " } else { "   " }),
        );
        source(w, volume, 2);
    }
}

fn optional(value: &Value) -> String {
    (value["optional"] == true).to_string()
}

/// What a volume is made of.
pub(crate) fn source(w: &mut Writer, volume: &Value, depth: usize) {
    let kinds = [
        "hostPath",
        "emptyDir",
        "secret",
        "configMap",
        "persistentVolumeClaim",
        "projected",
        "downwardAPI",
        "nfs",
        "csi",
        "ephemeral",
        "local",
        "image",
    ];
    let Some(kind) = kinds.iter().find(|kind| volume[**kind].is_object()) else {
        w.put(depth, "<unknown>\n");
        return;
    };
    let v = &volume[*kind];
    let mut type_is = |about: &str| w.field(depth, "Type", about);
    match *kind {
        "hostPath" => {
            type_is("HostPath (bare host directory volume)");
            w.field(depth, "Path", text(&v["path"]));
            w.field(depth, "HostPathType", text(&v["type"]));
        }
        "emptyDir" => {
            type_is("EmptyDir (a temporary directory that shares a pod's lifetime)");
            w.field(depth, "Medium", text(&v["medium"]));
            let limit = plain(&v["sizeLimit"]);
            w.field(
                depth,
                "SizeLimit",
                if limit.is_empty() { "<unset>" } else { &limit },
            );
        }
        "secret" => {
            type_is("Secret (a volume populated by a Secret)");
            w.field(depth, "SecretName", text(&v["secretName"]));
            w.field(depth, "Optional", &optional(v));
        }
        "configMap" => {
            type_is("ConfigMap (a volume populated by a ConfigMap)");
            w.field(depth, "Name", text(&v["name"]));
            w.field(depth, "Optional", &optional(v));
        }
        "persistentVolumeClaim" => {
            type_is(
                "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
            );
            w.field(depth, "ClaimName", text(&v["claimName"]));
            w.field(depth, "ReadOnly", &(v["readOnly"] == true).to_string());
        }
        "projected" => projected(w, v, depth),
        "downwardAPI" => {
            type_is("DownwardAPI (a volume populated by information about the pod)");
            w.put(depth, "Items:\n");
            for item in items(&v["items"]) {
                if item["fieldRef"].is_object() {
                    w.put(
                        depth + 1,
                        &format!(
                            "{} -> {}\n",
                            text(&item["fieldRef"]["fieldPath"]),
                            text(&item["path"])
                        ),
                    );
                }
                if item["resourceFieldRef"].is_object() {
                    w.put(
                        depth + 1,
                        &format!(
                            "{} -> {}\n",
                            text(&item["resourceFieldRef"]["resource"]),
                            text(&item["path"])
                        ),
                    );
                }
            }
        }
        "nfs" => {
            type_is("NFS (an NFS mount that lasts the lifetime of a pod)");
            w.field(depth, "Server", text(&v["server"]));
            w.field(depth, "Path", text(&v["path"]));
            w.field(depth, "ReadOnly", &(v["readOnly"] == true).to_string());
        }
        "local" => {
            type_is("LocalVolume (a persistent volume backed by local storage on a node)");
            w.field(depth, "Path", text(&v["path"]));
        }
        "csi" => {
            type_is("CSI (a Container Storage Interface (CSI) volume source)");
            w.field(depth, "Driver", text(&v["driver"]));
            w.field(depth, "FSType", text(&v["fsType"]));
            w.field(depth, "ReadOnly", &(v["readOnly"] == true).to_string());
        }
        "image" => {
            type_is("Image (a container image or OCI artifact)");
            w.field(depth, "Reference", text(&v["reference"]));
            w.field(depth, "PullPolicy", text(&v["pullPolicy"]));
        }
        _ => type_is(
            "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)",
        ),
    }
}

fn projected(w: &mut Writer, v: &Value, depth: usize) {
    w.field(
        depth,
        "Type",
        "Projected (a volume that contains injected data from multiple sources)",
    );
    for source in items(&v["sources"]) {
        if source["secret"].is_object() {
            w.field(depth, "SecretName", text(&source["secret"]["name"]));
            w.field(depth, "Optional", &optional(&source["secret"]));
        } else if source["downwardAPI"].is_object() {
            w.field(depth, "DownwardAPI", "true");
        } else if source["configMap"].is_object() {
            w.field(depth, "ConfigMapName", text(&source["configMap"]["name"]));
            w.field(depth, "Optional", &optional(&source["configMap"]));
        } else if source["serviceAccountToken"].is_object() {
            w.field(
                depth,
                "TokenExpirationSeconds",
                &plain(&source["serviceAccountToken"]["expirationSeconds"]),
            );
        }
    }
}
