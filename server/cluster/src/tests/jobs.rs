//! Jobs on a whole cluster: indexes, and the policies about failures.

use objects::meta;
use serde_json::{Value, json};

use super::World;
use crate::ClusterSpec;
use crate::cluster::resource;
use crate::view;

/// A job of busybox with this script, after so many seconds.
fn run(script: &str, spec: Value, seconds: u64) -> (World, Value) {
    let world = World::whole(ClusterSpec::default());
    let container = json!({"name": "c", "image": "busybox", "command": ["sh", "-c", script]});
    let mut job =
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": spec});
    job["spec"]["template"] =
        json!({"spec": {"restartPolicy": "Never", "containers": [container]}});
    world.create(job).expect("created");
    world.run_ms(seconds * 1000);
    let job = world.get(resource("batch", "jobs"), "j").expect("a job");
    let job = (*job).clone();
    (world, job)
}

/// Type, reason and message of the conditions that hold.
fn conditions(job: &Value) -> Vec<String> {
    let holds = view::list(job, &["status", "conditions"]).iter();
    holds
        .map(|c| {
            let text = |key| view::text(c, &[key]);
            format!("{} {} {}", text("type"), text("reason"), text("message"))
        })
        .collect()
}

/// With this seed one of the containers ends in the instants between its start and the look after it.
#[test]
fn every_index_has_its_pod() {
    let spec = json!({"completions": 5, "parallelism": 2, "completionMode": "Indexed"});
    let (world, job) = run("exit 0", spec, 30);
    assert_eq!(view::text(&job, &["status", "completedIndexes"]), "0-4");
    assert_eq!(view::int(&job, &["status", "succeeded"]), Some(5));
    let pods = world.cluster.list(resource("", "pods"), "default");
    let mut names: Vec<&str> = pods.iter().map(|p| &meta::name(p)[..3]).collect();
    names.sort_unstable();
    assert_eq!(names, ["j-0", "j-1", "j-2", "j-3", "j-4"]);
}

#[test]
fn an_index_that_fails_too_often_fails_alone() {
    let spec = json!({"completions": 3, "parallelism": 3, "completionMode": "Indexed", "backoffLimitPerIndex": 1});
    let (_world, job) = run("test $JOB_COMPLETION_INDEX != 1", spec, 60);
    assert_eq!(view::text(&job, &["status", "completedIndexes"]), "0,2");
    assert_eq!(view::text(&job, &["status", "failedIndexes"]), "1");
    assert_eq!(view::int(&job, &["status", "failed"]), Some(2));
    assert_eq!(
        conditions(&job),
        [
            "FailureTarget FailedIndexes Job has failed indexes",
            "Failed FailedIndexes Job has failed indexes",
        ]
    );
}

#[test]
fn a_rule_fails_the_job_at_once() {
    let rule = json!({"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}});
    let spec = json!({"backoffLimit": 6, "podFailurePolicy": {"rules": [rule]}});
    let (world, job) = run("exit 42", spec, 20);
    let pods = world.cluster.list(resource("", "pods"), "default");
    let why = format!(
        "Container c for pod default/{} failed with exit code 42 matching FailJob rule at index 0",
        meta::name(&pods[0])
    );
    assert_eq!(
        (pods.len(), conditions(&job)),
        (
            1,
            vec![
                format!("FailureTarget PodFailurePolicy {why}"),
                format!("Failed PodFailurePolicy {why}"),
            ]
        )
    );
}

#[test]
fn what_is_ignored_is_not_counted() {
    let rule = json!({"action": "Ignore", "onExitCodes": {"operator": "In", "values": [3]}});
    let spec = json!({"backoffLimit": 0, "podFailurePolicy": {"rules": [rule]}});
    let (world, job) = run("exit 3", spec, 5);
    assert_eq!(view::int(&job, &["status", "failed"]), None);
    assert_eq!(conditions(&job), Vec::<String>::new());
    assert!(
        !world
            .cluster
            .list(resource("", "pods"), "default")
            .is_empty()
    );
}

#[test]
fn some_successes_end_the_job() {
    let spec = json!({"completions": 3, "parallelism": 3, "completionMode": "Indexed",
        "successPolicy": {"rules": [{"succeededIndexes": "0"}]}});
    let (_world, job) = run("test $JOB_COMPLETION_INDEX = 0 || sleep 300", spec, 60);
    let why = "SuccessPolicy Matched rules at index 0";
    assert_eq!(
        conditions(&job),
        [
            format!("SuccessCriteriaMet {why}"),
            format!("Complete {why}")
        ]
    );
}
