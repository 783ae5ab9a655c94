//! `kubectl rollout`: status, history, undo, restart, pause and resume of deployments, daemon sets and stateful sets.

use futures::FutureExt;
use serde_json::{Value, json};

use crate::describe::{Writer, pod};
use crate::failure::{Failure, Outcome, fail};
use crate::printing;
use crate::run::Run;
use crate::selection::{self, Item};
use crate::verb::Verb;

const REVISION: &str = "deployment.kubernetes.io/revision";

macro_rules! verbs {
    ($($name:ident $word:literal $about:literal $flags:literal $body:expr;)*) => {
        $(static $name: Verb = Verb {
            name: $word, aliases: &[], about: $about, usage: "(TYPE NAME | TYPE/NAME) [flags]", examples: "",
            flags: &[super::FILES, super::PRINT_OBJECTS, super::CHANGE, "\n-l --selector=''  Label selector\n", $flags],
            verbs: &[], run: Some($body),
        };)*
        static VERBS: &[&Verb] = &[$(&$name),*];
    };
}

verbs! {
    HISTORY "history" "View rollout history" "\n--revision=0  Show this revision\n" |run| each(run, Action::History).boxed();
    PAUSE "pause" "Mark the provided resource as paused" "" |run| each(run, Action::Pause(true)).boxed();
    RESTART "restart" "Restart a resource" "" |run| each(run, Action::Restart).boxed();
    RESUME "resume" "Resume a paused resource" "" |run| each(run, Action::Pause(false)).boxed();
    STATUS "status" "Show the status of the rollout" "\n--revision=0  Wait for this revision\n--timeout=0s  How long to wait\n-w --watch=true  Wait until it is done\n" |run| each(run, Action::Status).boxed();
    UNDO "undo" "Undo a previous rollout" "\n--to-revision=0  The revision to go back to\n" |run| each(run, Action::Undo).boxed();
}

pub(crate) static ROLLOUT: Verb = Verb {
    name: "rollout",
    about: "Manage the rollout of a resource",
    usage: "SUBCOMMAND",
    examples: "# Wait until a deployment has rolled out\nkubectl rollout status deployment/web\n# Go back\nkubectl rollout undo deployment/web",
    verbs: VERBS,
    ..Verb::NONE
};

#[derive(Clone, Copy)]
enum Action {
    History,
    Pause(bool),
    Restart,
    Status,
    Undo,
}

async fn each(run: &Run, action: Action) -> Outcome {
    super::dry_run(run)?;
    if run.words.is_empty() && run.flags.list("filename").is_empty() {
        return Err(fail!("required resource not specified"));
    }
    let (items, mut failures) = selection::items(run).await?;
    for item in items {
        let outcome = match action {
            Action::History => history(run, &item).await,
            Action::Pause(paused) => pause(run, &item, paused).await,
            Action::Restart => restart(run, &item).await,
            Action::Status => status(run, &item).await,
            Action::Undo => undo(run, &item).await,
        };
        failures.extend(outcome.err());
    }
    Failure::of(failures)
}

async fn pause(run: &Run, item: &Item, paused: bool) -> Outcome {
    let live = item.fetch(run).await?;
    let word = if paused { "pausing" } else { "resuming" };
    if item.kind.plural != "deployments" {
        return Err(fail!(
            "{} {:?} {word} is not supported",
            item.kind.with_group(),
            item.name
        ));
    }
    if (live["spec"]["paused"] == true) == paused {
        return Err(fail!(
            "{} {:?} is {}",
            item.kind.with_group(),
            item.name,
            if paused {
                "already paused"
            } else {
                "not paused"
            }
        ));
    }
    let value = if paused { json!(true) } else { Value::Null };
    let made = run
        .patch(
            &item.path(),
            super::change(run, "kubectl-rollout"),
            "strategic",
            &json!({"spec": {"paused": value}}),
        )
        .await?;
    printing::report(
        run,
        &item.kind,
        made,
        if paused { "paused" } else { "resumed" },
    )
    .await
}

async fn restart(run: &Run, item: &Item) -> Outcome {
    let live = item.fetch(run).await?;
    if live["spec"]["paused"] == true {
        return Err(fail!(
            "{} {:?} can't restart paused deployment (run rollout resume first)",
            item.kind.with_group(),
            item.name
        ));
    }
    if !matches!(
        item.kind.plural.as_str(),
        "deployments" | "daemonsets" | "statefulsets"
    ) {
        return Err(fail!(
            "{} {:?} restarting is not supported",
            item.kind.with_group(),
            item.name
        ));
    }
    let now = run
        .computer
        .now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    let patch = json!({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": now}}}}});
    let made = run
        .patch(
            &item.path(),
            super::change(run, "kubectl-rollout"),
            "strategic",
            &patch,
        )
        .await?;
    printing::report(run, &item.kind, made, "restarted").await
}

/// What the rollout waits for, and whether it is done.
fn progress(kind: &str, object: &Value) -> Outcome<(String, bool)> {
    let (name, spec, status) = (
        object["metadata"]["name"].as_str().unwrap_or(""),
        &object["spec"],
        &object["status"],
    );
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    let seen = number(&object["metadata"]["generation"]) <= number(&status["observedGeneration"]);
    match kind {
        "deployments" => {
            if !seen {
                return Ok((
                    "Waiting for deployment spec update to be observed...\n".into(),
                    false,
                ));
            }
            let late = status["conditions"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|c| c["type"] == "Progressing" && c["reason"] == "ProgressDeadlineExceeded");
            if late {
                return Err(fail!("deployment {name:?} exceeded its progress deadline"));
            }
            let (want, updated, total, available) = (
                spec["replicas"].as_i64().unwrap_or(1),
                number(&status["updatedReplicas"]),
                number(&status["replicas"]),
                number(&status["availableReplicas"]),
            );
            let waiting = |what: String| {
                Ok((
                    format!("Waiting for deployment {name:?} rollout to finish: {what}...\n"),
                    false,
                ))
            };
            if updated < want {
                return waiting(format!(
                    "{updated} out of {want} new replicas have been updated"
                ));
            }
            if total > updated {
                return waiting(format!(
                    "{} old replicas are pending termination",
                    total - updated
                ));
            }
            if available < updated {
                return waiting(format!(
                    "{available} of {updated} updated replicas are available"
                ));
            }
            Ok((
                format!("deployment {name:?} successfully rolled out\n"),
                true,
            ))
        }
        "daemonsets" => {
            if !seen {
                return Ok((
                    "Waiting for daemon set spec update to be observed...\n".into(),
                    false,
                ));
            }
            let (want, updated, available) = (
                number(&status["desiredNumberScheduled"]),
                number(&status["updatedNumberScheduled"]),
                number(&status["numberAvailable"]),
            );
            if updated < want {
                return Ok((
                    format!(
                        "Waiting for daemon set {name:?} rollout to finish: {updated} out of {want} new pods have been updated...\n"
                    ),
                    false,
                ));
            }
            if available < want {
                return Ok((
                    format!(
                        "Waiting for daemon set {name:?} rollout to finish: {available} of {want} updated pods are available...\n"
                    ),
                    false,
                ));
            }
            Ok((
                format!("daemon set {name:?} successfully rolled out\n"),
                true,
            ))
        }
        "statefulsets" => {
            let want = spec["replicas"].as_i64().unwrap_or(1);
            if !seen {
                return Ok((
                    "Waiting for statefulset spec update to be observed...\n".into(),
                    false,
                ));
            }
            if number(&status["readyReplicas"]) < want {
                return Ok((
                    format!(
                        "Waiting for {} pods to be ready...\n",
                        want - number(&status["readyReplicas"])
                    ),
                    false,
                ));
            }
            if status["updateRevision"] != status["currentRevision"] {
                return Ok((
                    format!(
                        "waiting for statefulset rolling update to complete {} pods at revision {}...\n",
                        number(&status["updatedReplicas"]),
                        status["updateRevision"].as_str().unwrap_or("")
                    ),
                    false,
                ));
            }
            Ok((
                format!(
                    "statefulset rolling update complete {} pods at revision {}...\n",
                    number(&status["currentReplicas"]),
                    status["currentRevision"].as_str().unwrap_or("")
                ),
                true,
            ))
        }
        other => Err(fail!("no status viewer has been implemented for {other}")),
    }
}

async fn status(run: &Run, item: &Item) -> Outcome {
    let wait = async {
        let mut object = item.fetch(run).await?;
        loop {
            let (text, done) = progress(&item.kind.plural, &object)?;
            run.out(&text).await?;
            if done || !run.flags.bool("watch") {
                return Ok(());
            }
            let mut lines = item.watch(run, selection::version(&object)).await?;
            while let Some(event) = lines.event().await {
                match event["type"].as_str() {
                    Some("DELETED") => return Err(fail!("object has been deleted")),
                    Some("ADDED" | "MODIFIED") => {
                        object = event["object"].clone();
                        let (text, done) = progress(&item.kind.plural, &object)?;
                        run.out(&text).await?;
                        if done {
                            return Ok(());
                        }
                    }
                    _ => {}
                }
            }
            object = item.fetch(run).await?;
        }
    };
    let limit = run.flags.duration("timeout");
    if limit.is_zero() {
        return wait.await;
    }
    tokio::select! {
        biased;
        done = wait => done,
        () = run.computer.sleep(limit) => Err(fail!("timed out waiting for the condition")),
    }
}

/// Revisions and their templates, oldest first.
async fn revisions(run: &Run, item: &Item, live: &Value) -> Outcome<Vec<(i64, Value)>> {
    let selector = selection::selector_of(live).unwrap_or_default();
    let owned = |object: &Value| {
        object["metadata"]["ownerReferences"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|o| o["uid"] == live["metadata"]["uid"])
    };
    let mut found: Vec<(i64, Value)> = if item.kind.plural == "deployments" {
        let sets = run
            .get(
                &format!("/apis/apps/v1/namespaces/{}/replicasets", item.namespace),
                vec![("labelSelector", selector)],
            )
            .await?;
        sets["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|s| owned(s))
            .map(|s| {
                (
                    s["metadata"]["annotations"][REVISION]
                        .as_str()
                        .and_then(|r| r.parse().ok())
                        .unwrap_or(0),
                    s.clone(),
                )
            })
            .collect()
    } else {
        let list = run
            .get(
                &format!(
                    "/apis/apps/v1/namespaces/{}/controllerrevisions",
                    item.namespace
                ),
                vec![("labelSelector", selector)],
            )
            .await?;
        list["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|s| owned(s))
            .map(|s| {
                let mut whole = s.clone();
                whole["spec"]["template"] = s["data"]["spec"]["template"].clone();
                (s["revision"].as_i64().unwrap_or(0), whole)
            })
            .collect()
    };
    found.sort_by_key(|(revision, _)| *revision);
    Ok(found)
}

async fn history(run: &Run, item: &Item) -> Outcome {
    let live = item.fetch(run).await?;
    let all = revisions(run, item, &live).await?;
    let wanted = run.flags.int("revision");
    if wanted > 0 {
        let Some((_, set)) = all.iter().find(|(r, _)| *r == wanted) else {
            return Err(fail!("unable to find the specified revision"));
        };
        let mut w = Writer::new(run.computer.now());
        pod::template(&mut w, &set["spec"]["template"]);
        return run
            .out(&format!(
                "{} with revision #{wanted}\n{}",
                item.shown(),
                w.finish()
            ))
            .await;
    }
    let mut text = String::from("REVISION\tCHANGE-CAUSE\n");
    for (revision, set) in &all {
        let cause = set["metadata"]["annotations"]["kubernetes.io/change-cause"]
            .as_str()
            .unwrap_or("<none>");
        text.push_str(&format!("{revision}\t{cause}\n"));
    }
    let table = crate::tabwriter::TabWriter::description().format(&text);
    run.out(&format!("{} \n{table}\n", item.shown())).await
}

async fn undo(run: &Run, item: &Item) -> Outcome {
    let live = item.fetch(run).await?;
    if live["spec"]["paused"] == true {
        return Err(fail!(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again"
        ));
    }
    let all = revisions(run, item, &live).await?;
    let wanted = run.flags.int("to-revision");
    let found = if wanted > 0 {
        all.iter().find(|(r, _)| *r == wanted)
    } else {
        all.iter().rev().nth(1)
    };
    let Some((revision, set)) = found else {
        return Err(if wanted > 0 {
            fail!("unable to find specified revision {wanted} in history")
        } else {
            fail!(
                "no rollout history found for {} {:?}",
                item.kind.singular,
                item.name
            )
        });
    };
    let last = "kubectl.kubernetes.io/last-applied-configuration";
    if live["metadata"]["annotations"][last].is_string() {
        run.err(&format!("Warning: resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the {last} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n", item.kind.plural, item.name)).await?;
    }
    let mut template = set["spec"]["template"].clone();
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.remove("pod-template-hash");
    }
    if template == live["spec"]["template"] {
        return run
            .out(&format!(
                "{} skipped rollback (current template already matches revision {revision})\n",
                item.shown()
            ))
            .await;
    }
    if run.flags.text("dry-run") != "client" {
        let mut query = super::change(run, "kubectl-rollout");
        query.retain(|(key, _)| *key != "fieldManager");
        if item.kind.plural == "deployments" {
            let patch = json!([{"op": "replace", "path": "/spec/template", "value": template}, {"op": "replace", "path": "/metadata/annotations", "value": live["metadata"]["annotations"]}]);
            run.patch(&item.path(), query, "json", &patch).await?;
        } else {
            run.patch(&item.path(), query, "strategic", &set["data"])
                .await?;
        }
    }
    printing::report(run, &item.kind, live, "rolled back").await
}
