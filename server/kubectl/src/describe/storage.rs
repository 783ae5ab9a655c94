//! `describe` of persistent volumes, claims and storage classes.

use serde_json::Value;

use super::{Writer, items, labels_and_annotations, map_lines, plain, text, volumes};
use crate::printing::time::age;

fn modes(list: &Value) -> String {
    let short = |mode: &Value| {
        match text(mode) {
            "ReadWriteOnce" => "RWO",
            "ReadOnlyMany" => "ROX",
            "ReadWriteMany" => "RWX",
            "ReadWriteOncePod" => "RWOP",
            other => other,
        }
        .to_string()
    };
    items(list).map(short).collect::<Vec<_>>().join(",")
}

fn finalizers(meta: &Value) -> String {
    format!(
        "[{}]",
        items(&meta["finalizers"])
            .map(text)
            .collect::<Vec<_>>()
            .join(" ")
    )
}

fn status(object: &Value, w: &Writer) -> String {
    if object["metadata"]["deletionTimestamp"].is_string() {
        return format!(
            "Terminating (lasts {})",
            age(&object["metadata"]["deletionTimestamp"], w.now)
        );
    }
    text(&object["status"]["phase"]).to_string()
}

/// A persistent volume.
pub(crate) fn volume(w: &mut Writer, v: &Value, events: &[Value]) {
    let spec = &v["spec"];
    w.field(0, "Name", text(&v["metadata"]["name"]));
    labels_and_annotations(w, &v["metadata"]);
    w.field(0, "Finalizers", &finalizers(&v["metadata"]));
    w.field(0, "StorageClass", text(&spec["storageClassName"]));
    w.field(0, "Status", &status(v, w));
    let claim = &spec["claimRef"];
    w.field(
        0,
        "Claim",
        &if claim.is_object() {
            format!("{}/{}", text(&claim["namespace"]), text(&claim["name"]))
        } else {
            String::new()
        },
    );
    w.field(
        0,
        "Reclaim Policy",
        text(&spec["persistentVolumeReclaimPolicy"]),
    );
    w.field(0, "Access Modes", &modes(&spec["accessModes"]));
    if !text(&spec["volumeMode"]).is_empty() {
        w.field(0, "VolumeMode", text(&spec["volumeMode"]));
    }
    w.field(0, "Capacity", &plain(&spec["capacity"]["storage"]));
    affinity(w, &spec["nodeAffinity"]["required"]["nodeSelectorTerms"]);
    w.field(0, "Message", text(&v["status"]["message"]));
    w.put(0, "Source:\n");
    volumes::source(w, spec, 2);
    super::events(w, events);
}

fn affinity(w: &mut Writer, terms: &Value) {
    if items(terms).next().is_none() {
        w.field(0, "Node Affinity", "<none>");
        return;
    }
    w.put(0, "Node Affinity:\n");
    w.put(1, "Required Terms:\n");
    for (i, term) in items(terms).enumerate() {
        w.put(2, &format!("Term {i}:\t"));
        for (j, e) in items(&term["matchExpressions"]).enumerate() {
            let values = items(&e["values"]).map(text).collect::<Vec<_>>().join(", ");
            w.put(
                0,
                &format!(
                    "{}{} {} [{values}]\n",
                    if j > 0 { "\t" } else { "" },
                    text(&e["key"]),
                    text(&e["operator"]).to_lowercase()
                ),
            );
        }
    }
}

/// A claim with the pods that use it.
pub(crate) fn claim(w: &mut Writer, c: &Value, pods: &[Value], events: &[Value]) {
    let spec = &c["spec"];
    w.field(0, "Name", text(&c["metadata"]["name"]));
    w.field(0, "Namespace", text(&c["metadata"]["namespace"]));
    w.field(0, "StorageClass", text(&spec["storageClassName"]));
    w.field(0, "Status", &status(c, w));
    w.field(0, "Volume", text(&spec["volumeName"]));
    labels_and_annotations(w, &c["metadata"]);
    w.field(0, "Finalizers", &finalizers(&c["metadata"]));
    let bound = !text(&spec["volumeName"]).is_empty();
    w.field(
        0,
        "Capacity",
        &if bound {
            plain(&c["status"]["capacity"]["storage"])
        } else {
            String::new()
        },
    );
    w.field(
        0,
        "Access Modes",
        &if bound {
            modes(&c["status"]["accessModes"])
        } else {
            String::new()
        },
    );
    if !text(&spec["volumeMode"]).is_empty() {
        w.field(0, "VolumeMode", text(&spec["volumeMode"]));
    }
    let name = &c["metadata"]["name"];
    let users: Vec<&str> = pods
        .iter()
        .filter(|p| {
            items(&p["spec"]["volumes"]).any(|v| v["persistentVolumeClaim"]["claimName"] == *name)
        })
        .map(|p| text(&p["metadata"]["name"]))
        .collect();
    w.put(0, "Used By:\t");
    for (i, user) in users.iter().enumerate() {
        w.put(0, &format!("{}{user}\n", if i > 0 { "\t" } else { "" }));
    }
    if users.is_empty() {
        w.put(0, "<none>\n");
    }
    super::events(w, events);
}

/// A storage class.
pub(crate) fn class(w: &mut Writer, s: &Value, events: &[Value]) {
    w.field(0, "Name", text(&s["metadata"]["name"]));
    let default =
        s["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true";
    w.field(0, "IsDefaultClass", if default { "Yes" } else { "No" });
    map_lines(w, 0, "Annotations", &s["metadata"]["annotations"], "=", &[]);
    w.field(0, "Provisioner", text(&s["provisioner"]));
    w.field(
        0,
        "Parameters",
        &crate::printing::table::labels(&s["parameters"]),
    );
    let or = |value: &Value, none: &str| {
        if value.is_null() {
            none.to_string()
        } else {
            plain(value)
        }
    };
    w.field(
        0,
        "AllowVolumeExpansion",
        &match s["allowVolumeExpansion"].as_bool() {
            Some(true) => "True".to_string(),
            Some(false) => "False".into(),
            None => "<unset>".into(),
        },
    );
    if items(&s["mountOptions"]).next().is_none() {
        w.field(0, "MountOptions", "<none>");
    } else {
        w.put(0, "MountOptions:\n");
        for option in items(&s["mountOptions"]) {
            w.put(1, &format!("{}\n", text(option)));
        }
    }
    w.field(0, "ReclaimPolicy", &or(&s["reclaimPolicy"], "<unset>"));
    w.field(
        0,
        "VolumeBindingMode",
        &or(&s["volumeBindingMode"], "<unset>"),
    );
    super::events(w, events);
}
