//! Pods and pod templates. The STATUS column is computed, not stored: mirrors `printPod`.

use super::cells::{self, flag, int, list, or, text};
use super::{AGE, Column, NAME, Printer};
use serde_json::{Value, json};

pub fn printer(group: &str, kind: &str) -> Option<&'static Printer> {
    match (group, kind) {
        ("", "Pod") => Some(&POD),
        ("", "PodTemplate") => Some(&POD_TEMPLATE),
        _ => None,
    }
}

static POD: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Ready"),
        Column::text("Status"),
        Column::text("Restarts"),
        AGE,
        Column::wide("IP"),
        Column::wide("Node"),
        Column::wide("Nominated Node"),
        Column::wide("Readiness Gates"),
    ],
    row: pod_row,
};

fn pod_row(pod: &Value, now: i64) -> Vec<Value> {
    let summary = summarize(pod, now);
    let ip = list(pod, "/status/podIPs")
        .first()
        .map_or(text(pod, "/status/podIP"), |ip| text(ip, "/ip"));
    vec![
        cells::name(pod),
        json!(format!("{}/{}", summary.ready, summary.total)),
        json!(summary.status),
        json!(summary.restarts),
        cells::age(pod, now),
        json!(or(ip, "<none>")),
        json!(or(text(pod, "/spec/nodeName"), "<none>")),
        json!(or(text(pod, "/status/nominatedNodeName"), "<none>")),
        json!(readiness_gates(pod)),
    ]
}

fn readiness_gates(pod: &Value) -> String {
    let gates = list(pod, "/spec/readinessGates");
    if gates.is_empty() {
        return "<none>".into();
    }
    let met = gates
        .iter()
        .filter(|g| cells::is_true(pod, text(g, "/conditionType")))
        .count();
    format!("{met}/{}", gates.len())
}

struct Summary {
    ready: usize,
    total: usize,
    status: String,
    restarts: String,
}

/// Restarts with the newest time at which a run ended.
#[derive(Default)]
struct Restarts {
    count: i64,
    last: i64,
}

impl Restarts {
    fn add(&mut self, status: &Value) {
        self.count += int(status, "/restartCount");
        let ended = objects::time::parse_seconds(text(status, "/lastState/terminated/finishedAt"));
        self.last = self.last.max(ended.unwrap_or(0));
    }
}

fn is_sidecar(container: &Value) -> bool {
    text(container, "/restartPolicy") == "Always"
}

fn summarize(pod: &Value, now: i64) -> Summary {
    let inits = list(pod, "/spec/initContainers");
    let sidecars = inits.iter().filter(|c| is_sidecar(c)).count();
    let total = list(pod, "/spec/containers").len() + sidecars;
    let mut status = or(text(pod, "/status/reason"), text(pod, "/status/phase")).to_string();
    if cells::condition(pod, "PodScheduled")
        .is_some_and(|c| text(c, "/reason") == "SchedulingGated")
    {
        status = "SchedulingGated".into();
    }
    let init = walk_init(pod, inits);
    let mut ready = init.ready;
    let mut restarts = init.restarts;
    let initializing = init.reason.is_some();
    if let Some(reason) = init.reason {
        status = reason;
    }
    if !initializing || cells::is_true(pod, "Initialized") {
        restarts = init.sidecar_restarts;
        ready += walk_containers(pod, &mut status, &mut restarts);
    }
    if !objects::meta::deletion_timestamp(pod).is_empty() {
        let phase = text(pod, "/status/phase");
        if text(pod, "/status/reason") == "NodeLost" {
            status = "Unknown".into();
        } else if phase != "Succeeded" && phase != "Failed" {
            status = "Terminating".into();
        }
    }
    let mut shown = restarts.count.to_string();
    if restarts.count != 0 && restarts.last != 0 {
        shown = format!(
            "{shown} ({} ago)",
            objects::duration::human(now - restarts.last)
        );
    }
    Summary {
        ready,
        total,
        status,
        restarts: shown,
    }
}

#[derive(Default)]
struct InitWalk {
    ready: usize,
    restarts: Restarts,
    sidecar_restarts: Restarts,
    /// Set when an init container is not done yet.
    reason: Option<String>,
}

fn walk_init(pod: &Value, inits: &[Value]) -> InitWalk {
    let mut walk = InitWalk::default();
    for (i, status) in list(pod, "/status/initContainerStatuses")
        .iter()
        .enumerate()
    {
        walk.restarts.add(status);
        let sidecar = inits
            .iter()
            .any(|c| is_sidecar(c) && text(c, "/name") == text(status, "/name"));
        if sidecar {
            walk.sidecar_restarts.add(status);
        }
        let terminated = status.pointer("/state/terminated");
        if terminated.is_some_and(|t| int(t, "/exitCode") == 0) {
            continue;
        }
        if sidecar && flag(status, "/started") {
            walk.ready += usize::from(flag(status, "/ready"));
            continue;
        }
        let waiting = text(status, "/state/waiting/reason");
        walk.reason = Some(match terminated {
            Some(t) => format!("Init:{}", ended(t)),
            None if !waiting.is_empty() && waiting != "PodInitializing" => {
                format!("Init:{waiting}")
            }
            None => format!("Init:{i}/{}", inits.len()),
        });
        break;
    }
    walk
}

/// The reason of a terminated state, or its signal or exit code.
fn ended(terminated: &Value) -> String {
    let reason = text(terminated, "/reason");
    match (reason, int(terminated, "/signal")) {
        ("", 0) => format!("ExitCode:{}", int(terminated, "/exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.into(),
    }
}

/// Looks at the regular containers from the last to the first; answers how many are ready.
fn walk_containers(pod: &Value, status: &mut String, restarts: &mut Restarts) -> usize {
    let (mut ready, mut running, mut error) = (0, false, String::new());
    for container in list(pod, "/status/containerStatuses").iter().rev() {
        restarts.add(container);
        let waiting = text(container, "/state/waiting/reason");
        if !waiting.is_empty() {
            *status = waiting.into();
        } else if let Some(terminated) = container.pointer("/state/terminated") {
            *status = ended(terminated);
            if int(terminated, "/exitCode") != 0 {
                error = status.clone();
            }
        } else if flag(container, "/ready") && container.pointer("/state/running").is_some() {
            running = true;
            ready += 1;
        }
    }
    if status == "Completed" {
        if running && cells::is_true(pod, "Ready") {
            *status = "Running".into();
        } else if !error.is_empty() {
            *status = error;
        } else if running {
            *status = "NotReady".into();
        }
    }
    ready
}

/// The condition of a row for a pod that has run to its end.
pub fn row_conditions(object: &Value) -> Option<Value> {
    if text(object, "/kind") != "Pod" {
        return None;
    }
    let message = match text(object, "/status/phase") {
        "Succeeded" => "The pod has completed successfully.",
        "Failed" => "The pod failed.",
        _ => return None,
    };
    let phase = text(object, "/status/phase");
    Some(json!([{"type": "Completed", "status": "True", "reason": phase, "message": message}]))
}

static POD_TEMPLATE: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Containers"),
        Column::text("Images"),
        Column::text("Pod Labels"),
    ],
    row: |object, _| {
        let (names, images) = cells::containers(object.pointer("/template/spec"));
        let labels = cells::labels(cells::map(object, "/template/metadata/labels"));
        vec![cells::name(object), names, images, json!(labels)]
    },
};
