//! ReplicationControllers, apps/v1 and batch/v1.

use super::cells::{self, int, list, map, opt_int, or, since, text};
use super::{AGE, Column, NAME, Printer};
use serde_json::{Value, json};

pub fn printer(group: &str, kind: &str) -> Option<&'static Printer> {
    match (group, kind) {
        ("", "ReplicationController") => Some(&CONTROLLER),
        ("apps", "ReplicaSet") => Some(&REPLICA_SET),
        ("apps", "Deployment") => Some(&DEPLOYMENT),
        ("apps", "DaemonSet") => Some(&DAEMON_SET),
        ("apps", "StatefulSet") => Some(&STATEFUL_SET),
        ("apps", "ControllerRevision") => Some(&REVISION),
        ("batch", "Job") => Some(&JOB),
        ("batch", "CronJob") => Some(&CRON_JOB),
        _ => None,
    }
}

const CONTAINERS: Column = Column::wide("Containers");
const IMAGES: Column = Column::wide("Images");
const SELECTOR: Column = Column::wide("Selector");
const REPLICA_COLUMNS: &[Column] = &[
    NAME,
    Column::integer("Desired"),
    Column::integer("Current"),
    Column::integer("Ready"),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

static CONTROLLER: Printer = Printer {
    columns: REPLICA_COLUMNS,
    row: |o, now| replicas(o, now, cells::labels(map(o, "/spec/selector"))),
};
static REPLICA_SET: Printer = Printer {
    columns: REPLICA_COLUMNS,
    row: |o, now| replicas(o, now, cells::selector(o.pointer("/spec/selector"))),
};

fn replicas(o: &Value, now: i64, selector: String) -> Vec<Value> {
    let (names, images) = cells::containers(o.pointer("/spec/template/spec"));
    vec![
        cells::name(o),
        json!(int(o, "/spec/replicas")),
        json!(int(o, "/status/replicas")),
        json!(int(o, "/status/readyReplicas")),
        cells::age(o, now),
        names,
        images,
        json!(selector),
    ]
}

static DEPLOYMENT: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Ready"),
        Column::text("Up-to-date"),
        Column::text("Available"),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    row: |o, now| {
        let (names, images) = cells::containers(o.pointer("/spec/template/spec"));
        vec![
            cells::name(o),
            json!(format!(
                "{}/{}",
                int(o, "/status/readyReplicas"),
                int(o, "/spec/replicas")
            )),
            json!(int(o, "/status/updatedReplicas")),
            json!(int(o, "/status/availableReplicas")),
            cells::age(o, now),
            names,
            images,
            json!(cells::selector(o.pointer("/spec/selector"))),
        ]
    },
};

static DAEMON_SET: Printer = Printer {
    columns: &[
        NAME,
        Column::integer("Desired"),
        Column::integer("Current"),
        Column::integer("Ready"),
        Column::integer("Up-to-date"),
        Column::integer("Available"),
        Column::text("Node Selector"),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    row: |o, now| {
        let (names, images) = cells::containers(o.pointer("/spec/template/spec"));
        vec![
            cells::name(o),
            json!(int(o, "/status/desiredNumberScheduled")),
            json!(int(o, "/status/currentNumberScheduled")),
            json!(int(o, "/status/numberReady")),
            json!(int(o, "/status/updatedNumberScheduled")),
            json!(int(o, "/status/numberAvailable")),
            json!(cells::labels(map(o, "/spec/template/spec/nodeSelector"))),
            cells::age(o, now),
            names,
            images,
            json!(cells::selector(o.pointer("/spec/selector"))),
        ]
    },
};

static STATEFUL_SET: Printer = Printer {
    columns: &[NAME, Column::text("Ready"), AGE, CONTAINERS, IMAGES],
    row: |o, now| {
        let (names, images) = cells::containers(o.pointer("/spec/template/spec"));
        let ready = format!(
            "{}/{}",
            int(o, "/status/readyReplicas"),
            int(o, "/spec/replicas")
        );
        vec![
            cells::name(o),
            json!(ready),
            cells::age(o, now),
            names,
            images,
        ]
    },
};

static REVISION: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Controller"),
        Column::text("Revision"),
        AGE,
    ],
    row: |o, now| {
        let controller = objects::meta::controller(o).map_or("<none>".into(), |c| {
            let gvk = objects::Gvk::of(c);
            objects::resource::join_dotted(&gvk.kind.to_lowercase(), &gvk.group)
                + "/"
                + text(c, "/name")
        });
        vec![
            cells::name(o),
            json!(controller),
            json!(int(o, "/revision")),
            cells::age(o, now),
        ]
    },
};

static JOB: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Status"),
        Column::text("Completions"),
        Column::text("Duration"),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    row: |o, now| {
        let (names, images) = cells::containers(o.pointer("/spec/template/spec"));
        vec![
            cells::name(o),
            json!(job_status(o)),
            json!(completions(o)),
            json!(job_duration(o, now)),
            cells::age(o, now),
            names,
            images,
            json!(cells::selector(o.pointer("/spec/selector"))),
        ]
    },
};

fn job_status(o: &Value) -> &'static str {
    let is = |kind| cells::is_true(o, kind);
    if is("Complete") {
        "Complete"
    } else if is("Failed") {
        "Failed"
    } else if !objects::meta::deletion_timestamp(o).is_empty() {
        "Terminating"
    } else if is("Suspended") {
        "Suspended"
    } else if is("FailureTarget") {
        "FailureTarget"
    } else if is("SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    }
}

fn completions(o: &Value) -> String {
    let done = int(o, "/status/succeeded");
    match (opt_int(o, "/spec/completions"), int(o, "/spec/parallelism")) {
        (Some(n), _) => format!("{done}/{n}"),
        (None, parallel) if parallel > 1 => format!("{done}/1 of {parallel}"),
        (None, _) => format!("{done}/1"),
    }
}

fn job_duration(o: &Value, now: i64) -> String {
    let time = |pointer| objects::time::parse_seconds(text(o, pointer));
    match (time("/status/startTime"), time("/status/completionTime")) {
        (None, _) => String::new(),
        (Some(start), end) => objects::duration::human(end.unwrap_or(now) - start),
    }
}

static CRON_JOB: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Schedule"),
        Column::text("Timezone"),
        Column::boolean("Suspend"),
        Column::integer("Active"),
        Column::text("Last Schedule"),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    row: |o, now| {
        let (names, images) = cells::containers(o.pointer("/spec/jobTemplate/spec/template/spec"));
        let suspend = match o.pointer("/spec/suspend").and_then(Value::as_bool) {
            Some(true) => "True",
            Some(false) => "False",
            None => "<unset>",
        };
        let last = text(o, "/status/lastScheduleTime");
        vec![
            cells::name(o),
            json!(text(o, "/spec/schedule")),
            json!(or(text(o, "/spec/timeZone"), "<none>")),
            json!(suspend),
            json!(list(o, "/status/active").len()),
            json!(if last.is_empty() {
                "<none>".into()
            } else {
                since(last, now)
            }),
            cells::age(o, now),
            names,
            images,
            json!(cells::selector(
                o.pointer("/spec/jobTemplate/spec/selector")
            )),
        ]
    },
};
