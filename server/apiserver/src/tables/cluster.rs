//! Namespaces, nodes, leases, component statuses.

use super::cells::{self, list, or, text};
use super::{AGE, Column, NAME, Printer};
use serde_json::{Value, json};

pub fn printer(group: &str, kind: &str) -> Option<&'static Printer> {
    match (group, kind) {
        ("", "Namespace") => Some(&NAMESPACE),
        ("", "Node") => Some(&NODE),
        ("", "ComponentStatus") => Some(&COMPONENT),
        ("coordination.k8s.io", "Lease") => Some(&LEASE),
        _ => None,
    }
}

static NAMESPACE: Printer = Printer {
    columns: &[NAME, Column::text("Status"), AGE],
    row: |o, now| {
        vec![
            cells::name(o),
            json!(text(o, "/status/phase")),
            cells::age(o, now),
        ]
    },
};

static NODE: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Status"),
        Column::text("Roles"),
        AGE,
        Column::text("Version"),
        Column::wide("Internal-IP"),
        Column::wide("External-IP"),
        Column::wide("OS-Image"),
        Column::wide("Kernel-Version"),
        Column::wide("Container-Runtime"),
    ],
    row: node_row,
};

fn node_row(o: &Value, now: i64) -> Vec<Value> {
    let mut status = match cells::condition(o, "Ready") {
        Some(c) if text(c, "/status") == "True" => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_string();
    if cells::flag(o, "/spec/unschedulable") {
        status += ",SchedulingDisabled";
    }
    let address = |kind| {
        let found = list(o, "/status/addresses")
            .iter()
            .find(|a| text(a, "/type") == kind);
        json!(or(found.map_or("", |a| text(a, "/address")), "<none>"))
    };
    let info = |pointer| or(text(o, pointer), "<unknown>");
    let mut kernel = info("/status/nodeInfo/kernelVersion").to_string();
    let architecture = text(o, "/status/nodeInfo/architecture");
    if !architecture.is_empty() {
        kernel = format!("{kernel} ({architecture})");
    }
    vec![
        cells::name(o),
        json!(status),
        json!(roles(o)),
        cells::age(o, now),
        json!(text(o, "/status/nodeInfo/kubeletVersion")),
        address("InternalIP"),
        address("ExternalIP"),
        json!(info("/status/nodeInfo/osImage")),
        json!(kernel),
        json!(info("/status/nodeInfo/containerRuntimeVersion")),
    ]
}

fn roles(o: &Value) -> String {
    let mut roles: Vec<&str> = objects::meta::labels(o)
        .into_iter()
        .flatten()
        .filter_map(
            |(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
                Some(role) => Some(role),
                None if key == "kubernetes.io/role" => value.as_str(),
                None => None,
            },
        )
        .filter(|role| !role.is_empty())
        .collect();
    roles.sort_unstable();
    roles.dedup();
    or(&roles.join(","), "<none>").into()
}

static COMPONENT: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Status"),
        Column::text("Message"),
        Column::text("Error"),
    ],
    row: |o, _| {
        let healthy = list(o, "/conditions")
            .iter()
            .find(|c| text(c, "/type") == "Healthy");
        let (status, message, error) = match healthy {
            Some(c) => (
                if text(c, "/status") == "True" {
                    "Healthy"
                } else {
                    "Unhealthy"
                },
                text(c, "/message"),
                text(c, "/error"),
            ),
            None => ("Unknown", "", ""),
        };
        vec![cells::name(o), json!(status), json!(message), json!(error)]
    },
};

static LEASE: Printer = Printer {
    columns: &[NAME, Column::text("Holder"), AGE],
    row: |o, now| {
        vec![
            cells::name(o),
            json!(text(o, "/spec/holderIdentity")),
            cells::age(o, now),
        ]
    },
};
