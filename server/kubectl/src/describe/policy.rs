//! `describe` of limits on what runs: quotas, limit ranges, disruption budgets, priority classes, autoscalers.

use serde_json::Value;

use super::{Writer, items, labels_and_annotations, plain, text};
use crate::printing::{table, time};
use crate::selection::labels_of;

/// The quota's lines of `Resource  Used  Hard`.
pub(crate) fn used_of_hard(w: &mut Writer, depth: usize, quota: &Value) {
    let status = &quota["status"];
    for (name, hard) in status["hard"].as_object().into_iter().flatten() {
        let line = format!(
            "{name}\t{}\t{}\n",
            plain(&status["used"][name]),
            plain(hard)
        );
        w.put(depth, &line);
    }
}

/// A resource quota.
pub(crate) fn quota(w: &mut Writer, q: &Value) {
    w.field(0, "Name", text(&q["metadata"]["name"]));
    w.field(0, "Namespace", text(&q["metadata"]["namespace"]));
    let scopes: Vec<&str> = items(&q["spec"]["scopes"]).map(text).collect();
    if !scopes.is_empty() {
        w.field(0, "Scopes", &scopes.join(", "));
        for scope in scopes {
            w.put(0, &format!(" * {}\n", scope_help(scope)));
        }
    }
    w.put(0, "Resource\tUsed\tHard\n--------\t----\t----\n");
    used_of_hard(w, 0, q);
}

fn scope_help(scope: &str) -> &'static str {
    match scope {
        "Terminating" => {
            "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system."
        }
        "NotTerminating" => {
            "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate."
        }
        "BestEffort" => {
            "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service."
        }
        "NotBestEffort" => {
            "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service."
        }
        _ => "",
    }
}

/// The titles above [`limits`].
pub(crate) fn limit_titles(w: &mut Writer, lead: &str) {
    w.put(0, &format!("{lead}Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n"));
    w.put(0, &format!("{lead}----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n"));
}

/// The limits of a limit range, a line for each resource.
pub(crate) fn limits(w: &mut Writer, range: &Value, lead: &str) {
    const KEYS: [&str; 5] = [
        "min",
        "max",
        "defaultRequest",
        "default",
        "maxLimitRequestRatio",
    ];
    for limit in items(&range["spec"]["limits"]) {
        let mut names: Vec<&String> = KEYS
            .iter()
            .flat_map(|key| limit[*key].as_object().into_iter().flatten())
            .map(|(name, _)| name)
            .collect();
        names.sort();
        names.dedup();
        for name in names {
            let cell = |key: &&str| match &limit[*key][name] {
                Value::Null => "-".to_string(),
                value => plain(value),
            };
            let cells: Vec<String> = KEYS.iter().map(cell).collect();
            let line = format!(
                "{lead}{}\t{name}\t{}\n",
                text(&limit["type"]),
                cells.join("\t")
            );
            w.put(0, &line);
        }
    }
}

/// A limit range.
pub(crate) fn limit_range(w: &mut Writer, l: &Value) {
    w.field(0, "Name", text(&l["metadata"]["name"]));
    w.field(0, "Namespace", text(&l["metadata"]["namespace"]));
    limit_titles(w, "");
    limits(w, l, "");
}

/// A pod disruption budget.
pub(crate) fn budget(w: &mut Writer, b: &Value, events: &[Value]) {
    let (spec, status) = (&b["spec"], &b["status"]);
    w.field(0, "Name", text(&b["metadata"]["name"]));
    w.field(0, "Namespace", text(&b["metadata"]["namespace"]));
    if !spec["minAvailable"].is_null() {
        w.field(0, "Min available", &plain(&spec["minAvailable"]));
    } else if !spec["maxUnavailable"].is_null() {
        w.field(0, "Max unavailable", &plain(&spec["maxUnavailable"]));
    }
    let selector = labels_of(&spec["selector"]).unwrap_or_else(|| "<unset>".into());
    w.field(0, "Selector", &selector);
    w.put(0, "Status:\n");
    for (title, key) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        w.field(2, title, &status[key].as_i64().unwrap_or(0).to_string());
    }
    super::events(w, events);
}

/// A priority class.
pub(crate) fn priority_class(w: &mut Writer, p: &Value, events: &[Value]) {
    w.field(0, "Name", text(&p["metadata"]["name"]));
    w.field(0, "Value", &p["value"].as_i64().unwrap_or(0).to_string());
    w.field(
        0,
        "GlobalDefault",
        &(p["globalDefault"] == true).to_string(),
    );
    w.field(0, "PreemptionPolicy", text(&p["preemptionPolicy"]));
    w.field(0, "Description", text(&p["description"]));
    w.field(
        0,
        "Annotations",
        &table::labels(&p["metadata"]["annotations"]),
    );
    super::events(w, events);
}

/// A horizontal pod autoscaler (autoscaling/v2).
pub(crate) fn autoscaler(w: &mut Writer, h: &Value, events: &[Value]) {
    let (meta, spec, status) = (&h["metadata"], &h["spec"], &h["status"]);
    w.field(0, "Name", text(&meta["name"]));
    w.field(0, "Namespace", text(&meta["namespace"]));
    labels_and_annotations(w, meta);
    w.field(
        0,
        "CreationTimestamp",
        &time::date(&meta["creationTimestamp"]),
    );
    let target = &spec["scaleTargetRef"];
    w.field(
        0,
        "Reference",
        &format!("{}/{}", text(&target["kind"]), text(&target["name"])),
    );
    w.put(0, "Metrics:\t( current / target )\n");
    for (at, metric) in items(&spec["metrics"]).enumerate() {
        metric_line(w, metric, &status["currentMetrics"][at]);
    }
    let min = plain(&spec["minReplicas"]);
    w.field(
        0,
        "Min replicas",
        if min.is_empty() { "<unset>" } else { &min },
    );
    w.field(0, "Max replicas", &plain(&spec["maxReplicas"]));
    w.put(
        0,
        &format!(
            "{} pods:\t{} current / {} desired\n",
            text(&target["kind"]),
            status["currentReplicas"].as_i64().unwrap_or(0),
            status["desiredReplicas"].as_i64().unwrap_or(0)
        ),
    );
    if items(&status["conditions"]).next().is_some() {
        w.put(
            0,
            "Conditions:\n  Type\tStatus\tReason\tMessage\n  ----\t------\t------\t-------\n",
        );
    }
    for c in items(&status["conditions"]) {
        let cells = ["type", "status", "reason", "message"].map(|key| text(&c[key]));
        w.put(1, &format!("{}\n", cells.join("\t")));
    }
    super::events(w, events);
}

fn metric_line(w: &mut Writer, metric: &Value, current: &Value) {
    let resource = &metric["resource"];
    let (want, have) = (&resource["target"], &current["resource"]["current"]);
    w.put(1, &format!("resource {} on pods", text(&resource["name"])));
    if want["averageValue"].is_string() {
        let now = plain(&have["averageValue"]);
        let now = if now.is_empty() { "<unknown>" } else { &now };
        w.put(0, &format!(":\t{now} / {}\n", plain(&want["averageValue"])));
        return;
    }
    let now = match have["averageUtilization"].as_i64() {
        Some(percent) => format!("{percent}% ({})", plain(&have["averageValue"])),
        None => "<unknown>".into(),
    };
    let goal = want["averageUtilization"]
        .as_i64()
        .map_or("<auto>".into(), |percent| format!("{percent}%"));
    w.put(
        0,
        &format!("  (as a percentage of request):\t{now} / {goal}\n"),
    );
}
