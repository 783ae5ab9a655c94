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

/// What a drain does with one pod.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Evict,
    /// Evicted, with a warning.
    Warned(&'static str),
    /// Left where it is, with a warning.
    Left(&'static str),
    /// Reason for which the node is not drained.
    Refused(&'static str),
}

/// What the flags allow.
#[derive(Clone, Copy, Debug, Default)]
struct Leave {
    force: bool,
    ignore_daemon_sets: bool,
    delete_empty_dir: bool,
}

fn verdict(pod: &Value, leave: Leave) -> Verdict {
    let items = |list: &'_ Value| list.as_array().cloned().unwrap_or_default();
    let owner = items(&pod["metadata"]["ownerReferences"])
        .into_iter()
        .find(|owner| owner["controller"] == true);
    let of_daemon_set = owner.as_ref().is_some_and(|o| o["kind"] == "DaemonSet");
    if matches!(
        pod["status"]["phase"].as_str(),
        Some("Succeeded" | "Failed")
    ) {
        return Verdict::Evict;
    }
    if of_daemon_set && leave.ignore_daemon_sets {
        return Verdict::Left("ignoring DaemonSet-managed Pods");
    }
    if of_daemon_set {
        return Verdict::Refused(
            "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)",
        );
    }
    let empty_dir = items(&pod["spec"]["volumes"])
        .iter()
        .any(|volume| volume["emptyDir"].is_object());
    if empty_dir && !leave.delete_empty_dir {
        return Verdict::Refused(
            "cannot delete Pods with local storage (use --delete-emptydir-data to override)",
        );
    }
    match (owner, leave.force) {
        (Some(_), _) => Verdict::Evict,
        (None, true) => Verdict::Warned("deleting Pods that declare no controller"),
        (None, false) => Verdict::Refused(
            "cannot delete Pods that declare no controller (use --force to override)",
        ),
    }
}

/// Pods by what is said of them: `message: default/a, default/b`.
#[derive(Default)]
struct Said(Vec<(&'static str, Vec<String>)>);

impl Said {
    fn add(&mut self, message: &'static str, pod: String) {
        match self.0.iter_mut().find(|(known, _)| *known == message) {
            Some((_, pods)) => pods.push(pod),
            None => self.0.push((message, vec![pod])),
        }
    }

    fn texts(&self) -> Vec<String> {
        let text =
            |(message, pods): &(&str, Vec<String>)| format!("{message}: {}", pods.join(", "));
        self.0.iter().map(text).collect()
    }
}

async fn drain_one(run: &Run, node: &Item) -> Outcome {
    let flags = &run.flags;
    let leave = Leave {
        force: flags.bool("force"),
        ignore_daemon_sets: flags.bool("ignore-daemonsets"),
        delete_empty_dir: flags.bool("delete-emptydir-data"),
    };
    let kind = run.kind("pods").await?;
    let mut query = vec![("fieldSelector", format!("spec.nodeName={}", node.name))];
    if let Some(text) = flags.some("pod-selector") {
        query.push(("labelSelector", text.into()));
    }
    let (mut go, mut refused, mut warned) = (Vec::new(), Said::default(), Said::default());
    for pod in run.list(&kind, "", query).await? {
        let verdict = verdict(&pod, leave);
        let item = selection::item(kind.clone(), pod);
        let name = format!("{}/{}", item.namespace, item.name);
        match verdict {
            Verdict::Evict => go.push(item),
            Verdict::Left(message) => warned.add(message, name),
            Verdict::Refused(message) => refused.add(message, name),
            Verdict::Warned(message) => {
                warned.add(message, name);
                go.push(item);
            }
        }
    }
    let list = match refused.texts().as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    if !list.is_empty() {
        run.err(&format!("error: unable to drain node {:?} due to error: {list}, continuing command...\nThere are pending nodes to be drained:\n {}\n", node.name, node.name)).await?;
        return Err(Failure::Text(list));
    }
    let warnings = warned.texts();
    if !warnings.is_empty() {
        run.err(&format!("Warning: {}\n", warnings.join("; ")))
            .await?;
    }
    if flags.text("dry-run") == "none" {
        // Side by side: one that a disruption budget holds back does not hold the others.
        futures::future::try_join_all(go.iter().map(|pod| leave_node(run, pod))).await?;
    }
    let dry = match flags.text("dry-run") {
        "client" => " (dry run)",
        "server" => " (server dry run)",
        _ => "",
    };
    run.out(&format!("node/{} drained{dry}\n", node.name)).await
}

/// Evicts one pod and waits until it is gone.
async fn leave_node(run: &Run, pod: &Item) -> Outcome {
    let flags = &run.flags;
    run.out(&format!("evicting pod {}/{}\n", pod.namespace, pod.name))
        .await?;
    let mut body = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod.name, "namespace": pod.namespace}, "deleteOptions": {}});
    if flags.int("grace-period") >= 0 {
        body["deleteOptions"]["gracePeriodSeconds"] = flags.int("grace-period").into();
    }
    evict(run, pod, &body).await?;
    let uid = pod.value.as_ref().map(|v| &v["metadata"]["uid"]);
    let uid = uid.and_then(Value::as_str).unwrap_or("").to_string();
    let limit = Some(flags.duration("timeout")).filter(|t| !t.is_zero());
    super::delete::wait_gone(run, pod, &uid, limit).await?;
    run.out(&format!("pod/{} evicted\n", pod.name)).await
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decides_pod_by_pod() {
        let owned = |kind: &str| json!({"metadata": {"ownerReferences": [{"controller": true, "kind": kind}]}});
        let bare = json!({"metadata": {}});
        let stores = json!({"metadata": {}, "spec": {"volumes": [{"emptyDir": {}}]}});
        let ended = json!({"metadata": {}, "status": {"phase": "Succeeded"}});
        let none = Leave::default();
        let all = Leave {
            force: true,
            ignore_daemon_sets: true,
            delete_empty_dir: true,
        };
        for (pod, leave, want) in [
            (&owned("ReplicaSet"), none, "Evict"),
            (&ended, none, "Evict"),
            (
                &bare,
                none,
                "Refused(\"cannot delete Pods that declare no controller (use --force to override)\")",
            ),
            (
                &bare,
                all,
                "Warned(\"deleting Pods that declare no controller\")",
            ),
            (
                &stores,
                none,
                "Refused(\"cannot delete Pods with local storage (use --delete-emptydir-data to override)\")",
            ),
            (
                &stores,
                all,
                "Warned(\"deleting Pods that declare no controller\")",
            ),
            (
                &owned("DaemonSet"),
                none,
                "Refused(\"cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)\")",
            ),
            (
                &owned("DaemonSet"),
                all,
                "Left(\"ignoring DaemonSet-managed Pods\")",
            ),
        ] {
            assert_eq!(format!("{:?}", verdict(pod, leave)), want, "{pod}");
        }
        let mut said = Said::default();
        said.add("x", "a/b".into());
        said.add("x", "a/c".into());
        assert_eq!(said.texts(), ["x: a/b, a/c"]);
    }
}
