//! `describe` of deployment, replicaset, statefulset, daemonset, job, cronjob, replicationcontroller.

use serde_json::Value;

use super::{Writer, items, labels_and_annotations, plain, pod, text};
use crate::printing::time::{between, date, human, parse};
use crate::selection::selector_of;

fn selector(object: &Value) -> String {
    selector_of(object).unwrap_or_else(|| "<unset>".into())
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

fn head(w: &mut Writer, object: &Value) {
    w.field(0, "Name", text(&object["metadata"]["name"]));
    w.field(0, "Namespace", text(&object["metadata"]["namespace"]));
}

/// `2 Running / 0 Waiting / …` of the pods that an object owns.
fn pods_status(w: &mut Writer, object: &Value, pods: &[Value]) {
    let uid = &object["metadata"]["uid"];
    let count = |phase: &str| {
        pods.iter()
            .filter(|p| {
                p["status"]["phase"] == phase
                    && items(&p["metadata"]["ownerReferences"])
                        .any(|o| o["controller"] == true && o["uid"] == *uid)
            })
            .count()
    };
    w.field(
        0,
        "Pods Status",
        &format!(
            "{} Running / {} Waiting / {} Succeeded / {} Failed",
            count("Running"),
            count("Pending"),
            count("Succeeded"),
            count("Failed")
        ),
    );
}

fn conditions(w: &mut Writer, status: &Value) {
    if items(&status["conditions"]).next().is_none() {
        return;
    }
    w.put(0, "Conditions:\n  Type\tStatus\tReason\n");
    w.put(1, "----\t------\t------\n");
    for c in items(&status["conditions"]) {
        w.put(
            1,
            &format!(
                "{} \t{}\t{}\n",
                text(&c["type"]),
                text(&c["status"]),
                text(&c["reason"])
            ),
        );
    }
}

/// A deployment with its replica sets.
pub(crate) fn deployment(w: &mut Writer, d: &Value, sets: &[Value], events: &[Value]) {
    let (spec, status) = (&d["spec"], &d["status"]);
    head(w, d);
    w.field(
        0,
        "CreationTimestamp",
        &date(&d["metadata"]["creationTimestamp"]),
    );
    labels_and_annotations(w, &d["metadata"]);
    w.field(0, "Selector", &selector(d));
    w.field(
        0,
        "Replicas",
        &format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            number(&spec["replicas"]),
            number(&status["updatedReplicas"]),
            number(&status["replicas"]),
            number(&status["availableReplicas"]),
            number(&status["unavailableReplicas"])
        ),
    );
    w.field(0, "StrategyType", text(&spec["strategy"]["type"]));
    w.field(
        0,
        "MinReadySeconds",
        &number(&spec["minReadySeconds"]).to_string(),
    );
    let rolling = &spec["strategy"]["rollingUpdate"];
    if rolling.is_object() {
        w.field(
            0,
            "RollingUpdateStrategy",
            &format!(
                "{} max unavailable, {} max surge",
                plain(&rolling["maxUnavailable"]),
                plain(&rolling["maxSurge"])
            ),
        );
    }
    pod::template(w, &spec["template"]);
    conditions(w, status);
    let owned: Vec<&Value> = sets
        .iter()
        .filter(|s| {
            items(&s["metadata"]["ownerReferences"]).any(|o| o["uid"] == d["metadata"]["uid"])
        })
        .collect();
    let revision = |set: &Value| {
        text(&set["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
            .parse::<i64>()
            .unwrap_or(0)
    };
    let current = owned
        .iter()
        .max_by_key(|s| revision(s))
        .map(|s| s["metadata"]["name"].clone());
    let shown = |set: &&Value| {
        format!(
            "{} ({}/{} replicas created)",
            text(&set["metadata"]["name"]),
            number(&set["status"]["replicas"]),
            number(&set["spec"]["replicas"])
        )
    };
    let old: Vec<String> = owned
        .iter()
        .filter(|s| Some(&s["metadata"]["name"]) != current.as_ref())
        .map(shown)
        .collect();
    let new: Vec<String> = owned
        .iter()
        .filter(|s| Some(&s["metadata"]["name"]) == current.as_ref())
        .map(shown)
        .collect();
    let list = |list: Vec<String>| {
        if list.is_empty() {
            "<none>".to_string()
        } else {
            list.join(", ")
        }
    };
    w.field(0, "OldReplicaSets", &list(old));
    w.field(0, "NewReplicaSet", &list(new));
    super::events(w, events);
}

/// A replica set or replication controller.
pub(crate) fn replica_set(w: &mut Writer, r: &Value, pods: &[Value], events: &[Value]) {
    head(w, r);
    w.field(0, "Selector", &selector(r));
    labels_and_annotations(w, &r["metadata"]);
    super::controlled_by(w, &r["metadata"]);
    w.field(
        0,
        "Replicas",
        &format!(
            "{} current / {} desired",
            number(&r["status"]["replicas"]),
            number(&r["spec"]["replicas"])
        ),
    );
    pods_status(w, r, pods);
    pod::template(w, &r["spec"]["template"]);
    conditions(w, &r["status"]);
    super::events(w, events);
}

/// A stateful set.
pub(crate) fn stateful_set(w: &mut Writer, s: &Value, pods: &[Value], events: &[Value]) {
    head(w, s);
    w.field(
        0,
        "CreationTimestamp",
        &date(&s["metadata"]["creationTimestamp"]),
    );
    w.field(0, "Selector", &selector(s));
    labels_and_annotations(w, &s["metadata"]);
    w.field(
        0,
        "Replicas",
        &format!(
            "{} desired | {} total",
            number(&s["spec"]["replicas"]),
            number(&s["status"]["replicas"])
        ),
    );
    w.field(
        0,
        "Update Strategy",
        text(&s["spec"]["updateStrategy"]["type"]),
    );
    if s["spec"]["updateStrategy"]["rollingUpdate"].is_object() {
        w.field(
            1,
            "Partition",
            &number(&s["spec"]["updateStrategy"]["rollingUpdate"]["partition"]).to_string(),
        );
    }
    pods_status(w, s, pods);
    pod::template(w, &s["spec"]["template"]);
    let claims = &s["spec"]["volumeClaimTemplates"];
    if items(claims).next().is_none() {
        w.field(0, "Volume Claims", "<none>");
    } else {
        w.put(0, "Volume Claims:\n");
    }
    for claim in items(claims) {
        w.field(1, "Name", text(&claim["metadata"]["name"]));
        w.field(1, "StorageClass", text(&claim["spec"]["storageClassName"]));
        super::map_lines(w, 1, "Labels", &claim["metadata"]["labels"], "=", &[]);
        super::map_lines(
            w,
            1,
            "Annotations",
            &claim["metadata"]["annotations"],
            ": ",
            &[],
        );
        w.field(
            1,
            "Capacity",
            &plain(&claim["spec"]["resources"]["requests"]["storage"]),
        );
        w.field(
            1,
            "Access Modes",
            &format!(
                "[{}]",
                items(&claim["spec"]["accessModes"])
                    .map(text)
                    .collect::<Vec<_>>()
                    .join(" ")
            ),
        );
    }
    super::events(w, events);
}

/// A daemon set.
pub(crate) fn daemon_set(w: &mut Writer, d: &Value, pods: &[Value], events: &[Value]) {
    head(w, d);
    w.field(0, "Selector", &selector(d));
    let nodes =
        super::super::printing::table::labels(&d["spec"]["template"]["spec"]["nodeSelector"]);
    w.field(0, "Node-Selector", &nodes);
    labels_and_annotations(w, &d["metadata"]);
    let s = &d["status"];
    for (title, key) in [
        (
            "Desired Number of Nodes Scheduled",
            "desiredNumberScheduled",
        ),
        (
            "Current Number of Nodes Scheduled",
            "currentNumberScheduled",
        ),
        (
            "Number of Nodes Scheduled with Up-to-date Pods",
            "updatedNumberScheduled",
        ),
        (
            "Number of Nodes Scheduled with Available Pods",
            "numberAvailable",
        ),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        w.put(0, &format!("{title}: {}\n", number(&s[key])));
    }
    pods_status(w, d, pods);
    pod::template(w, &d["spec"]["template"]);
    super::events(w, events);
}

/// A job.
pub(crate) fn job(w: &mut Writer, j: &Value, events: &[Value]) {
    let (spec, status) = (&j["spec"], &j["status"]);
    head(w, j);
    w.field(0, "Selector", &selector(j));
    labels_and_annotations(w, &j["metadata"]);
    super::controlled_by(w, &j["metadata"]);
    w.field(0, "Parallelism", &plain(&spec["parallelism"]));
    w.field(
        0,
        "Completions",
        &if spec["completions"].is_null() {
            "<unset>".into()
        } else {
            plain(&spec["completions"])
        },
    );
    for (key, title) in [
        ("completionMode", "Completion Mode"),
        ("suspend", "Suspend"),
        ("backoffLimit", "Backoff Limit"),
        ("activeDeadlineSeconds", "Active Deadline Seconds"),
        ("ttlSecondsAfterFinished", "TTL Seconds After Finished"),
    ] {
        if !spec[key].is_null() {
            let unit = if key == "activeDeadlineSeconds" {
                "s"
            } else {
                ""
            };
            w.field(0, title, &(plain(&spec[key]) + unit));
        }
    }
    for (key, title) in [
        ("startTime", "Start Time"),
        ("completionTime", "Completed At"),
    ] {
        if status[key].is_string() {
            w.field(0, title, &date(&status[key]));
        }
    }
    if let (Some(from), Some(to)) = (
        parse(&status["startTime"]),
        parse(&status["completionTime"]),
    ) {
        w.field(0, "Duration", &human(between(from, to)));
    }
    let ready = if status["ready"].is_number() {
        format!(" ({} Ready)", number(&status["ready"]))
    } else {
        String::new()
    };
    w.field(
        0,
        "Pods Statuses",
        &format!(
            "{} Active{ready} / {} Succeeded / {} Failed",
            number(&status["active"]),
            number(&status["succeeded"]),
            number(&status["failed"])
        ),
    );
    if !text(&status["completedIndexes"]).is_empty() {
        w.field(0, "Completed Indexes", text(&status["completedIndexes"]));
    }
    pod::template(w, &spec["template"]);
    super::events(w, events);
}

/// A cron job.
pub(crate) fn cron_job(w: &mut Writer, c: &Value, events: &[Value]) {
    let (spec, status) = (&c["spec"], &c["status"]);
    head(w, c);
    labels_and_annotations(w, &c["metadata"]);
    w.field(0, "Schedule", text(&spec["schedule"]));
    w.field(0, "Concurrency Policy", text(&spec["concurrencyPolicy"]));
    w.field(
        0,
        "Suspend",
        if spec["suspend"] == true {
            "True"
        } else {
            "False"
        },
    );
    let or = |value: &Value, none: &str, unit: &str| {
        if value.is_null() {
            none.to_string()
        } else {
            plain(value) + unit
        }
    };
    w.field(
        0,
        "Successful Job History Limit",
        &or(&spec["successfulJobsHistoryLimit"], "<unset>", ""),
    );
    w.field(
        0,
        "Failed Job History Limit",
        &or(&spec["failedJobsHistoryLimit"], "<unset>", ""),
    );
    w.field(
        0,
        "Starting Deadline Seconds",
        &or(&spec["startingDeadlineSeconds"], "<unset>", "s"),
    );
    let job = &spec["jobTemplate"]["spec"];
    w.field(
        0,
        "Selector",
        &selector_of(&serde_json::json!({"spec": job})).unwrap_or("<unset>".into()),
    );
    w.field(0, "Parallelism", &or(&job["parallelism"], "<unset>", ""));
    w.field(0, "Completions", &or(&job["completions"], "<unset>", ""));
    if job["activeDeadlineSeconds"].is_number() {
        w.field(
            0,
            "Active Deadline Seconds",
            &or(&job["activeDeadlineSeconds"], "", "s"),
        );
    }
    pod::template(w, &job["template"]);
    let last = if status["lastScheduleTime"].is_string() {
        date(&status["lastScheduleTime"])
    } else {
        "<unset>".into()
    };
    w.field(0, "Last Schedule Time", &last);
    let active: Vec<&str> = items(&status["active"]).map(|a| text(&a["name"])).collect();
    w.field(
        0,
        "Active Jobs",
        &if active.is_empty() {
            "<none>".to_string()
        } else {
            active.join(", ")
        },
    );
    super::events(w, events);
}
