//! `describe node`.

use objects::quantity::Quantity;
use serde_json::Value;

use super::{Writer, items, labels_and_annotations, plain, text};
use crate::printing::time::{age, date};

/// A node with its lease, its pods that have not ended, and its events.
pub(crate) fn describe(
    w: &mut Writer,
    node: &Value,
    lease: &Value,
    pods: &[Value],
    events: &[Value],
) {
    let (meta, spec, status) = (&node["metadata"], &node["spec"], &node["status"]);
    w.field(0, "Name", text(&meta["name"]));
    let roles: Vec<&str> = meta["labels"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(k, v)| {
            k.strip_prefix("node-role.kubernetes.io/")
                .or((k == "kubernetes.io/role").then(|| text(v)))
        })
        .filter(|r| !r.is_empty())
        .collect();
    w.field(
        0,
        "Roles",
        &if roles.is_empty() {
            "<none>".to_string()
        } else {
            roles.join(",")
        },
    );
    labels_and_annotations(w, meta);
    w.field(0, "CreationTimestamp", &date(&meta["creationTimestamp"]));
    taints(w, &spec["taints"]);
    w.field(
        0,
        "Unschedulable",
        &(spec["unschedulable"] == true).to_string(),
    );
    w.put(0, "Lease:\n");
    let or = |value: &Value, shown: String| {
        if value.is_null() {
            "<unset>".to_string()
        } else {
            shown
        }
    };
    let l = &lease["spec"];
    w.field(
        1,
        "HolderIdentity",
        &or(&l["holderIdentity"], plain(&l["holderIdentity"])),
    );
    w.field(
        1,
        "AcquireTime",
        &or(&l["acquireTime"], date(&l["acquireTime"])),
    );
    w.field(1, "RenewTime", &or(&l["renewTime"], date(&l["renewTime"])));
    if items(&status["conditions"]).next().is_some() {
        w.put(
            0,
            "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n",
        );
        w.put(
            1,
            "----\t------\t-----------------\t------------------\t------\t-------\n",
        );
        for c in items(&status["conditions"]) {
            w.put(
                1,
                &format!(
                    "{} \t{} \t{} \t{} \t{} \t{}\n",
                    text(&c["type"]),
                    text(&c["status"]),
                    date(&c["lastHeartbeatTime"]),
                    date(&c["lastTransitionTime"]),
                    text(&c["reason"]),
                    text(&c["message"])
                ),
            );
        }
    }
    w.put(0, "Addresses:\n");
    for a in items(&status["addresses"]) {
        w.field(1, text(&a["type"]), text(&a["address"]));
    }
    for (key, title) in [("capacity", "Capacity"), ("allocatable", "Allocatable")] {
        w.put(0, &format!("{title}:\n"));
        for (name, quantity) in status[key].as_object().into_iter().flatten() {
            w.field(1, name, &plain(quantity));
        }
    }
    system(w, &status["nodeInfo"]);
    if !text(&spec["podCIDR"]).is_empty() {
        w.field(0, "PodCIDR", text(&spec["podCIDR"]));
    }
    if items(&spec["podCIDRs"]).next().is_some() {
        w.field(
            0,
            "PodCIDRs",
            &items(&spec["podCIDRs"])
                .map(text)
                .collect::<Vec<_>>()
                .join(","),
        );
    }
    if !text(&spec["providerID"]).is_empty() {
        w.field(0, "ProviderID", text(&spec["providerID"]));
    }
    resources(w, node, pods);
    super::events(w, events);
}

fn taints(w: &mut Writer, list: &Value) {
    w.put(0, "Taints:\t");
    let shown: Vec<String> = items(list)
        .map(|t| {
            let value = if text(&t["value"]).is_empty() {
                String::new()
            } else {
                format!("={}", text(&t["value"]))
            };
            format!("{}{value}:{}", text(&t["key"]), text(&t["effect"]))
        })
        .collect();
    if shown.is_empty() {
        w.put(0, "<none>\n");
    }
    for (i, line) in shown.iter().enumerate() {
        w.put(0, &format!("{}{line}\n", if i > 0 { "\t" } else { "" }));
    }
}

fn system(w: &mut Writer, info: &Value) {
    w.put(0, "System Info:\n");
    for (key, title) in [
        ("machineID", "Machine ID"),
        ("systemUUID", "System UUID"),
        ("bootID", "Boot ID"),
        ("kernelVersion", "Kernel Version"),
        ("osImage", "OS Image"),
        ("operatingSystem", "Operating System"),
        ("architecture", "Architecture"),
        ("containerRuntimeVersion", "Container Runtime Version"),
        ("kubeletVersion", "Kubelet Version"),
    ] {
        w.field(1, title, text(&info[key]));
    }
}

fn zero() -> Quantity {
    Quantity::from_millis(0)
}

fn quantity(value: &Value) -> Quantity {
    Quantity::of(value).unwrap_or_else(zero)
}

/// What a pod asks for of one resource: containers together, or the largest init container.
fn pod_asks(pod: &Value, part: &str, name: &str) -> Quantity {
    let of = |c: &Value| quantity(&c["resources"][part][name]);
    let mut total = items(&pod["spec"]["containers"]).fold(zero(), |sum, c| sum.plus(&of(c)));
    let mut sidecars = zero();
    for c in items(&pod["spec"]["initContainers"]) {
        let own = of(c);
        if c["restartPolicy"] == "Always" {
            sidecars = sidecars.plus(&own);
            total = total.plus(&own);
        } else if sidecars.plus(&own) > total {
            total = sidecars.plus(&own);
        }
    }
    total
}

fn share(part: &Quantity, whole: &Value) -> i64 {
    let whole = quantity(whole).millis() as f64;
    if whole == 0.0 {
        0
    } else {
        (part.millis() as f64 / whole * 100.0) as i64
    }
}

fn resources(w: &mut Writer, node: &Value, pods: &[Value]) {
    let allocatable = if node["status"]["allocatable"].is_object() {
        &node["status"]["allocatable"]
    } else {
        &node["status"]["capacity"]
    };
    w.put(
        0,
        &format!("Non-terminated Pods:\t({} in total)\n", pods.len()),
    );
    w.put(
        1,
        "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n",
    );
    w.put(
        1,
        "---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n",
    );
    for pod in pods {
        let cell = |part: &str, name: &str| {
            let asks = pod_asks(pod, part, name);
            format!("{asks} ({}%)", share(&asks, &allocatable[name]))
        };
        let age = age(&pod["metadata"]["creationTimestamp"], w.now);
        w.put(
            1,
            &format!(
                "{}\t{}\t\t{}\t{}\t{}\t{}\t{age}\n",
                text(&pod["metadata"]["namespace"]),
                text(&pod["metadata"]["name"]),
                cell("requests", "cpu"),
                cell("limits", "cpu"),
                cell("requests", "memory"),
                cell("limits", "memory")
            ),
        );
    }
    w.put(0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n  Resource\tRequests\tLimits\n");
    w.put(1, "--------\t--------\t------\n");
    let mut names = vec![
        "cpu".to_string(),
        "memory".into(),
        "ephemeral-storage".into(),
    ];
    names.extend(
        allocatable
            .as_object()
            .into_iter()
            .flatten()
            .map(|(k, _)| k.clone())
            .filter(|k| k.starts_with("hugepages-")),
    );
    names.extend(
        allocatable
            .as_object()
            .into_iter()
            .flatten()
            .map(|(k, _)| k.clone())
            .filter(|k| k.contains('/')),
    );
    for name in names {
        let total = |part: &str| {
            pods.iter()
                .fold(zero(), |sum, pod| sum.plus(&pod_asks(pod, part, &name)))
        };
        let (requests, limits) = (total("requests"), total("limits"));
        if name.contains('/') {
            w.put(1, &format!("{name}\t{requests}\t{limits}\n"));
        } else {
            w.put(
                1,
                &format!(
                    "{name}\t{requests} ({}%)\t{limits} ({}%)\n",
                    share(&requests, &allocatable[&name]),
                    share(&limits, &allocatable[&name])
                ),
            );
        }
    }
}
