//! Rows of tables, kind by kind.

use super::{Include, printer, row, table};
use serde_json::{Value, json};

const NOW: i64 = 1_700_000_000;

fn cells(group: &str, object: Value) -> Vec<Value> {
    let kind = object["kind"].as_str().unwrap_or_default().to_string();
    row(printer(group, &kind), &object, NOW, Include::None)["cells"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

fn pod(status: Value) -> Value {
    json!({"kind": "Pod", "metadata": {"name": "p", "creationTimestamp": objects::time::rfc3339(NOW - 90)},
           "spec": {"containers": [{"name": "a"}, {"name": "b"}]}, "status": status})
}

fn pod_status(pod: Value) -> (Value, Value, Value) {
    let cells = cells("", pod);
    (cells[1].clone(), cells[2].clone(), cells[3].clone())
}

#[test]
fn a_running_pod() {
    let up = json!({"ready": true, "restartCount": 0, "state": {"running": {}}});
    let shown = cells(
        "",
        pod(json!({"phase": "Running", "podIP": "10.0.0.9", "containerStatuses": [up, up]})),
    );
    assert_eq!(
        shown,
        [
            "p", "2/2", "Running", "0", "90s", "10.0.0.9", "<none>", "<none>", "<none>"
        ]
        .map(Value::from)
    );
}

#[test]
fn statuses_that_are_computed() {
    let ended = objects::time::rfc3339(NOW - 20);
    let check = |status: Value, ready: &str, shown: &str, restarts: &str| {
        assert_eq!(
            pod_status(pod(status)),
            (json!(ready), json!(shown), json!(restarts))
        );
    };
    check(json!({"phase": "Pending"}), "0/2", "Pending", "0");
    check(
        json!({"phase": "Running", "containerStatuses": [
            {"restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"finishedAt": ended}}},
            {"ready": true, "state": {"running": {}}}]}),
        "1/2",
        "CrashLoopBackOff",
        "3 (20s ago)",
    );
    check(
        json!({"phase": "Running", "containerStatuses": [
            {"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}, {"ready": true, "state": {"running": {}}}]}),
        "1/2",
        "NotReady",
        "0",
    );
    check(
        json!({"phase": "Pending", "initContainerStatuses": [{"restartCount": 1, "state": {"terminated": {"exitCode": 3}}}]}),
        "0/2",
        "Init:ExitCode:3",
        "1",
    );
    check(
        json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]}),
        "0/2",
        "SchedulingGated",
        "0",
    );
    check(
        json!({"phase": "Failed", "reason": "Evicted"}),
        "0/2",
        "Evicted",
        "0",
    );
}

#[test]
fn a_deleted_pod_is_terminating_until_it_has_ended() {
    let mut object = pod(json!({"phase": "Running"}));
    object["metadata"]["deletionTimestamp"] = json!(objects::time::rfc3339(NOW));
    assert_eq!(pod_status(object.clone()).1, "Terminating");
    object["status"] = json!({"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 1, "reason": "Error"}}}]});
    assert_eq!(pod_status(object).1, "Error");
}

#[test]
fn services_and_jobs() {
    let service = json!({"kind": "Service", "metadata": {"name": "s"}, "spec": {"type": "NodePort", "clusterIPs": ["10.96.0.7"],
        "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}], "selector": {"b": "2", "a": "1"}}});
    assert_eq!(
        cells("", service),
        [
            "s",
            "NodePort",
            "10.96.0.7",
            "<none>",
            "80:30080/TCP",
            "<unknown>",
            "a=1,b=2"
        ]
        .map(Value::from)
    );
    let job = json!({"kind": "Job", "metadata": {"name": "j"}, "spec": {"parallelism": 3}, "status": {"succeeded": 1}});
    assert_eq!(
        cells("batch", job)[1..4],
        ["Running", "1/1 of 3", ""].map(Value::from)
    );
}

#[test]
fn a_load_balancer_waits_for_its_provider() {
    let service = json!({"kind": "Service", "metadata": {"name": "s"}, "spec": {"type": "LoadBalancer", "clusterIPs": ["10.96.0.7"]}});
    assert_eq!(cells("", service)[3], "<pending>");
}

#[test]
fn an_empty_table_of_a_kind_without_printer_has_null_rows() {
    let of = |group, kind| {
        table(
            printer(group, kind),
            std::iter::empty(),
            json!({}),
            NOW,
            Include::None,
        )["rows"]
            .clone()
    };
    assert_eq!(of("", "LimitRange"), Value::Null);
    assert_eq!(of("", "Pod"), json!([]));
}

#[test]
fn finished_pods_carry_a_condition() {
    let object = pod(json!({"phase": "Succeeded"}));
    let row = row(printer("", "Pod"), &object, NOW, Include::Metadata);
    assert_eq!(row["conditions"][0]["reason"], "Succeeded");
    assert_eq!(row["object"]["kind"], "PartialObjectMetadata");
}
