//! Policies, priorities, scaling and what else has columns of its own.

use super::cells::{self, flag, int, list, or, text};
use super::{AGE, Column, NAME, Printer};
use serde_json::{Value, json};

pub fn printer(group: &str, kind: &str) -> Option<&'static Printer> {
    match (group, kind) {
        ("policy", "PodDisruptionBudget") => Some(&BUDGET),
        ("autoscaling", "HorizontalPodAutoscaler") => Some(&AUTOSCALER),
        ("autoscaling", "Scale") => Some(&SCALE),
        ("scheduling.k8s.io", "PriorityClass") => Some(&PRIORITY),
        ("node.k8s.io", "RuntimeClass") => Some(&RUNTIME_CLASS),
        ("certificates.k8s.io", "CertificateSigningRequest") => Some(&SIGNING_REQUEST),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema") => Some(&FLOW_SCHEMA),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration") => Some(&PRIORITY_LEVEL),
        ("", "Status") => Some(&STATUS),
        _ => None,
    }
}

/// An int-or-string as text.
fn plain(value: Option<&Value>, none: &str) -> String {
    match value {
        Some(Value::String(s)) => s.clone(),
        Some(Value::Number(n)) => n.to_string(),
        _ => none.into(),
    }
}

static BUDGET: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Min Available"),
        Column::text("Max Unavailable"),
        Column::integer("Allowed Disruptions"),
        AGE,
    ],
    row: |o, now| {
        vec![
            cells::name(o),
            json!(plain(o.pointer("/spec/minAvailable"), "N/A")),
            json!(plain(o.pointer("/spec/maxUnavailable"), "N/A")),
            json!(int(o, "/status/disruptionsAllowed")),
            cells::age(o, now),
        ]
    },
};

static AUTOSCALER: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Reference"),
        Column::text("Targets"),
        Column::text("MinPods"),
        Column::text("MaxPods"),
        Column::text("Replicas"),
        AGE,
    ],
    row: |o, now| {
        let reference = format!(
            "{}/{}",
            text(o, "/spec/scaleTargetRef/kind"),
            text(o, "/spec/scaleTargetRef/name")
        );
        vec![
            cells::name(o),
            json!(reference),
            json!(targets(o)),
            json!(plain(o.pointer("/spec/minReplicas"), "<unset>")),
            json!(int(o, "/spec/maxReplicas")),
            json!(int(o, "/status/currentReplicas")),
            cells::age(o, now),
        ]
    },
};

/// `cpu: 10%/80%`; the first two of several, then how many more there are.
fn targets(o: &Value) -> String {
    let metrics = list(o, "/spec/metrics");
    let current = list(o, "/status/currentMetrics");
    let all: Vec<String> = metrics
        .iter()
        .enumerate()
        .map(|(i, m)| target(m, current.get(i)))
        .collect();
    match all.len() {
        0 if o.pointer("/spec/targetCPUUtilizationPercentage").is_some() => {
            let now = plain(
                o.pointer("/status/currentCPUUtilizationPercentage"),
                "<unknown>",
            );
            let now = if now == "<unknown>" { now } else { now + "%" };
            format!(
                "cpu: {now}/{}%",
                int(o, "/spec/targetCPUUtilizationPercentage")
            )
        }
        0 => "<none>".into(),
        1 | 2 => all.join(", "),
        n => format!("{} + {} more...", all[..2].join(", "), n - 2),
    }
}

fn target(metric: &Value, current: Option<&Value>) -> String {
    let (key, prefix) = match text(metric, "/type") {
        "Resource" => ("resource", format!("{}: ", text(metric, "/resource/name"))),
        "ContainerResource" => (
            "containerResource",
            format!("{}: ", text(metric, "/containerResource/name")),
        ),
        "Pods" => ("pods", String::new()),
        "Object" => ("object", String::new()),
        _ => ("external", String::new()),
    };
    let at = |tail: &str| format!("/{key}/{tail}");
    let now = |tail: &str| current.and_then(|c| c.pointer(&at(&format!("current/{tail}"))));
    if let Some(percent) = metric
        .pointer(&at("target/averageUtilization"))
        .and_then(Value::as_i64)
    {
        let now = now("averageUtilization").map_or("<unknown>".into(), |n| format!("{n}%"));
        return format!("{prefix}{now}/{percent}%");
    }
    if let Some(average) = metric
        .pointer(&at("target/averageValue"))
        .and_then(Value::as_str)
    {
        let suffix = if key == "external" || key == "object" {
            " (avg)"
        } else {
            ""
        };
        return format!(
            "{prefix}{}/{average}{suffix}",
            plain(now("averageValue"), "<unknown>")
        );
    }
    let value = text(metric, &at("target/value"));
    format!("{prefix}{}/{value}", plain(now("value"), "<unknown>"))
}

static SCALE: Printer = Printer {
    columns: &[
        NAME,
        Column::integer("Desired"),
        Column::integer("Available"),
        AGE,
    ],
    row: |o, now| {
        vec![
            cells::name(o),
            json!(int(o, "/spec/replicas")),
            json!(int(o, "/status/replicas")),
            cells::age(o, now),
        ]
    },
};

static PRIORITY: Printer = Printer {
    columns: &[
        NAME,
        Column::integer("Value"),
        Column::boolean("Global-Default"),
        AGE,
        Column::text("PreemptionPolicy"),
    ],
    row: |o, now| {
        vec![
            cells::name(o),
            json!(int(o, "/value")),
            json!(flag(o, "/globalDefault")),
            cells::age(o, now),
            json!(or(text(o, "/preemptionPolicy"), "PreemptLowerPriority")),
        ]
    },
};

static RUNTIME_CLASS: Printer = Printer {
    columns: &[NAME, Column::text("Handler"), AGE],
    row: |o, now| {
        vec![
            cells::name(o),
            json!(text(o, "/handler")),
            cells::age(o, now),
        ]
    },
};

static SIGNING_REQUEST: Printer = Printer {
    columns: &[
        NAME,
        AGE,
        Column::text("SignerName"),
        Column::text("Requestor"),
        Column::text("RequestedDuration"),
        Column::text("Condition"),
    ],
    row: |o, now| {
        let duration = match int(o, "/spec/expirationSeconds") {
            0 => "<none>".into(),
            seconds => objects::duration::human(seconds),
        };
        vec![
            cells::name(o),
            cells::age(o, now),
            json!(or(text(o, "/spec/signerName"), "<none>")),
            json!(text(o, "/spec/username")),
            json!(duration),
            json!(signing_condition(o)),
        ]
    },
};

fn signing_condition(o: &Value) -> String {
    let has = |kind| cells::condition(o, kind).is_some();
    let mut shown = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (false, true) => "Approved",
        _ => "Pending",
    }
    .to_string();
    if has("Failed") {
        shown += ",Failed";
    }
    if !text(o, "/status/certificate").is_empty() {
        shown += ",Issued";
    }
    shown
}

static FLOW_SCHEMA: Printer = Printer {
    columns: &[
        NAME,
        Column::text("PriorityLevel"),
        Column::integer("MatchingPrecedence"),
        Column::text("DistinguisherMethod"),
        AGE,
        Column::text("MissingPL"),
    ],
    row: |o, now| {
        let missing = cells::condition(o, "Dangling").map_or("?", |c| text(c, "/status"));
        vec![
            cells::name(o),
            json!(text(o, "/spec/priorityLevelConfiguration/name")),
            json!(int(o, "/spec/matchingPrecedence")),
            json!(or(text(o, "/spec/distinguisherMethod/type"), "<none>")),
            cells::age(o, now),
            json!(missing),
        ]
    },
};

static PRIORITY_LEVEL: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Type"),
        Column::text("NominalConcurrencyShares"),
        Column::text("Queues"),
        Column::text("HandSize"),
        Column::text("QueueLengthLimit"),
        AGE,
    ],
    row: |o, now| {
        let kind = text(o, "/spec/type");
        let shares = format!("/spec/{}/nominalConcurrencyShares", kind.to_lowercase());
        let queuing = |key: &str| {
            plain(
                o.pointer(&format!("/spec/limited/limitResponse/queuing/{key}")),
                "<none>",
            )
        };
        vec![
            cells::name(o),
            json!(kind),
            json!(plain(o.pointer(&shares), "<none>")),
            json!(queuing("queues")),
            json!(queuing("handSize")),
            json!(queuing("queueLengthLimit")),
            cells::age(o, now),
        ]
    },
};

static STATUS: Printer = Printer {
    columns: &[
        Column::text("Status"),
        Column::text("Reason"),
        Column::text("Message"),
    ],
    row: |o, _| {
        vec![
            json!(text(o, "/status")),
            json!(text(o, "/reason")),
            json!(text(o, "/message")),
        ]
    },
};
