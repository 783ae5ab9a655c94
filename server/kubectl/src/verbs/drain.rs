//! `kubectl drain`: a node marked, and its pods evicted.

use futures::FutureExt;
use http::Method;
use serde_json::{Value, json};

use super::nodes::{CORDON_FLAGS, mark, nodes};
use crate::failure::{Failure, Outcome};
use crate::run::Run;
use crate::selection::{self, Item};
use crate::verb::Verb;

pub(crate) static DRAIN: Verb = Verb {
    name: "drain",
    about: "Drain node in preparation for maintenance",
    usage: "NODE",
    flags: &[
        CORDON_FLAGS,
        "
--chunk-size=500  How many objects to ask for at once
--delete-emptydir-data=false  Go on where pods use emptyDir
--disable-eviction=false  Delete instead of evicting
--force=false  Go on where pods have no controller
--grace-period=-1  Seconds that each pod may take to end
--ignore-daemonsets=false  Go on where pods belong to daemon sets
--pod-selector=''  Only pods with these labels
--skip-wait-for-delete-timeout=0  Skip pods that are being deleted for longer
--timeout=0s  How long to wait
",
    ],
    run: Some(|run| drain(run).boxed()),
    ..Verb::NONE
};

async fn drain(run: &Run) -> Outcome {
    if run.words.is_empty() && run.flags.some("selector").is_none() {
        return Err(crate::failure::usage!("USAGE: drain NODE [flags]"));
    }
    for item in nodes(run, &run.words).await? {
        mark(run, &item, true).await?;
        drain_one(run, &item).await?;
    }
    Ok(())
}

async fn drain_one(run: &Run, node: &Item) -> Outcome {
    let flags = &run.flags;
    let kind = run.kind("pods").await?;
    let mut query = vec![("fieldSelector", format!("spec.nodeName={}", node.name))];
    if let Some(text) = flags.some("pod-selector") {
        query.push(("labelSelector", text.into()));
    }
    let (mut go, mut wrong, mut daemons) = (Vec::new(), Vec::new(), Vec::new());
    for pod in run.list(&kind, "", query).await? {
        let name = format!(
            "{}/{}",
            pod["metadata"]["namespace"].as_str().unwrap_or(""),
            pod["metadata"]["name"].as_str().unwrap_or("")
        );
        let owner = pod["metadata"]["ownerReferences"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|o| o["controller"] == true)
            .map(|o| o["kind"].as_str().unwrap_or("").to_string());
        let ended = matches!(
            pod["status"]["phase"].as_str(),
            Some("Succeeded" | "Failed")
        );
        let empty_dir = pod["spec"]["volumes"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|v| v["emptyDir"].is_object());
        match owner.as_deref() {
            Some("DaemonSet") if flags.bool("ignore-daemonsets") => {
                daemons.push(name);
                continue;
            }
            Some("DaemonSet") => {
                wrong.push(format!("cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): {name}"));
                continue;
            }
            None if !ended && !flags.bool("force") => {
                wrong.push(format!("cannot delete Pods that declare no controller (use --force to override): {name}"));
                continue;
            }
            _ => {}
        }
        if empty_dir && !ended && !flags.bool("delete-emptydir-data") {
            wrong.push(format!("cannot delete Pods with local storage (use --delete-emptydir-data to override): {name}"));
            continue;
        }
        go.push(selection::item(kind.clone(), pod));
    }
    if !wrong.is_empty() {
        let list = if wrong.len() == 1 {
            wrong[0].clone()
        } else {
            format!("[{}]", wrong.join(", "))
        };
        run.err(&format!("error: unable to drain node {:?} due to error: {list}, continuing command...\nThere are pending nodes to be drained:\n {}\n", node.name, node.name)).await?;
        return Err(Failure::Text(list));
    }
    if !daemons.is_empty() {
        run.err(&format!(
            "Warning: ignoring DaemonSet-managed Pods: {}\n",
            daemons.join(", ")
        ))
        .await?;
    }
    if flags.text("dry-run") != "none" {
        return run
            .out(&format!("node/{} drained (dry run)\n", node.name))
            .await;
    }
    for pod in &go {
        run.out(&format!("evicting pod {}/{}\n", pod.namespace, pod.name))
            .await?;
        let mut body = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod.name, "namespace": pod.namespace}, "deleteOptions": {}});
        if flags.int("grace-period") >= 0 {
            body["deleteOptions"]["gracePeriodSeconds"] = flags.int("grace-period").into();
        }
        evict(run, pod, &body).await?;
    }
    for pod in &go {
        let uid = pod
            .value
            .as_ref()
            .and_then(|v| v["metadata"]["uid"].as_str())
            .unwrap_or("")
            .to_string();
        let limit = Some(flags.duration("timeout")).filter(|t| !t.is_zero());
        super::delete::wait_gone(run, pod, &uid, limit).await?;
        run.out(&format!("pod/{} evicted\n", pod.name)).await?;
    }
    run.out(&format!("node/{} drained\n", node.name)).await
}

async fn evict(run: &Run, pod: &Item, body: &Value) -> Outcome {
    loop {
        match run
            .send(
                Method::POST,
                &format!("{}/eviction", pod.path()),
                Vec::new(),
                body,
            )
            .await
        {
            Err(failure @ Failure::Status(_)) => {
                let Failure::Status(status) = &failure else {
                    return Err(failure);
                };
                if status["code"] == 429 {
                    run.err(&format!(
                        "error when evicting pods/{:?} -n {:?} (will retry after 5s): {}\n",
                        pod.name,
                        pod.namespace,
                        failure.sentence()
                    ))
                    .await?;
                    run.computer.sleep(std::time::Duration::from_secs(5)).await;
                    continue;
                }
                return if failure.is_not_found() {
                    Ok(())
                } else {
                    Err(failure)
                };
            }
            other => return other.map(|_| ()),
        }
    }
}
