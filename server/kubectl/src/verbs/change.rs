//! `kubectl patch`, `scale`, `edit`, `taint`, `cordon`, `uncordon`: small changes of live objects.

use futures::FutureExt;
use http::Method;
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome, fail};
use crate::manifest;
use crate::patch::{self, Way};
use crate::printing;
use crate::run::Run;
use crate::selection::{self, Item};
use crate::verb::Verb;

pub(crate) static PATCH: Verb = Verb {
    name: "patch",
    about: "Update fields of a resource",
    usage: "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
    examples: "# Another image\nkubectl patch pod kuard -p '{\"spec\":{\"containers\":[{\"name\":\"kuard\",\"image\":\"gcr.io/kuar-demo/kuard-amd64:green\"}]}}'",
    flags: &[
        super::FILES,
        super::PRINT_OBJECTS,
        super::CHANGE,
        "
--local=false  Do not ask the server
-p --patch=''  The patch, JSON or YAML
--patch-file=''  File with the patch
--subresource=''  Patch this subresource
--type='strategic'  json, merge or strategic
",
    ],
    run: Some(|run| patch_verb(run).boxed()),
    ..Verb::NONE
};

pub(crate) static SCALE: Verb = Verb {
    name: "scale",
    about: "Set a new size for a deployment, replica set, or replication controller",
    usage: "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)",
    examples: "# Three pods\nkubectl scale deployment web --replicas=3",
    flags: &[
        super::FILES,
        super::PRINT_OBJECTS,
        super::CHANGE,
        "
--all=false  All objects of the kind
--current-replicas=-1  Only if this is the present size
--replicas=-1  The new size
--resource-version=''  Only this version of the object
-l --selector=''  Label selector
--timeout=0s  How long to wait until the size is reached
",
    ],
    run: Some(|run| scale(run).boxed()),
    ..Verb::NONE
};

pub(crate) static EDIT: Verb = Verb {
    name: "edit",
    about: "Edit a resource on the server",
    usage: "(RESOURCE/NAME | -f FILENAME)",
    examples: "# A pod, in your editor\nkubectl edit pod kuard",
    flags: &[
        super::FILES,
        super::PRINT_OBJECTS,
        super::CHANGE,
        "
--output-patch=false  Show the patch
--save-config=false  Keep the manifest in an annotation
--subresource=''  Edit this subresource
--validate='strict'?strict  strict, warn or ignore unknown fields
",
    ],
    run: Some(|run| edit(run).boxed()),
    ..Verb::NONE
};

pub(crate) static TAINT: Verb = Verb {
    name: "taint",
    about: "Update the taints on one or more nodes",
    usage: "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N",
    examples: "# Keep pods away\nkubectl taint nodes node-1 dedicated=infra:NoSchedule\n# Let them come again\nkubectl taint nodes node-1 dedicated:NoSchedule-",
    flags: &[
        super::PRINT_OBJECTS,
        super::CHANGE,
        "
--all=false  All nodes
--overwrite=false  Change existing taints
-l --selector=''  Label selector
--validate='strict'?strict  strict, warn or ignore unknown fields
",
    ],
    run: Some(|run| taint(run).boxed()),
    ..Verb::NONE
};

const CORDON_FLAGS: &str = "
--dry-run='none'?unchanged  none, client or server
-l --selector=''  Label selector
";

pub(crate) static CORDON: Verb = Verb {
    name: "cordon",
    about: "Mark node as unschedulable",
    usage: "NODE",
    flags: &[CORDON_FLAGS],
    run: Some(|run| cordon(run, true).boxed()),
    ..Verb::NONE
};
pub(crate) static UNCORDON: Verb = Verb {
    name: "uncordon",
    about: "Mark node as schedulable",
    usage: "NODE",
    flags: &[CORDON_FLAGS],
    run: Some(|run| cordon(run, false).boxed()),
    ..Verb::NONE
};

async fn patch_verb(run: &Run) -> Outcome {
    let flags = &run.flags;
    super::dry_run(run)?;
    let text = match (flags.some("patch"), flags.some("patch-file")) {
        (Some(text), None) => text.to_string(),
        (None, Some(path)) => {
            let bytes = run
                .computer
                .read_file(path)
                .await
                .map_err(|why| fail!("open {path}: {}", manifest::words(&why)))?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        (Some(_), Some(_)) => {
            return Err(fail!("cannot specify --patch and --patch-file together"));
        }
        (None, None) => {
            return Err(fail!(
                "must specify --patch or --patch-file containing the contents of the patch"
            ));
        }
    };
    let kind = flags.text("type");
    if !["json", "merge", "strategic"].contains(&kind) {
        return Err(fail!(
            "--type must be one of [json merge strategic], not {kind:?}"
        ));
    }
    let patch = manifest::yaml(&text).map_err(|why| fail!("unable to parse {text:?}: {why}"))?;
    let (items, mut failures) = selection::items(run).await?;
    for item in items {
        let outcome = async {
            let sub = flags
                .some("subresource")
                .map(|s| format!("/{s}"))
                .unwrap_or_default();
            let path = format!("{}{sub}", item.path());
            let before = run.get(&path, Vec::new()).await?;
            let kind = if kind == "strategic" && !item.kind.built_in() {
                "merge"
            } else {
                kind
            };
            let after = if flags.text("dry-run") == "client" || flags.bool("local") {
                let mut value = before.clone();
                patch::strategic(&mut value, &patch);
                value
            } else {
                run.patch(&path, super::change(run, "kubectl-patch"), kind, &patch)
                    .await?
            };
            let done = if before["metadata"]["resourceVersion"]
                == after["metadata"]["resourceVersion"]
                && flags.text("dry-run") == "none"
            {
                "patched (no change)"
            } else {
                "patched"
            };
            printing::report(run, &item.kind, after, done).await
        };
        failures.extend(outcome.await.err());
    }
    Failure::of(failures)
}

async fn scale(run: &Run) -> Outcome {
    let flags = &run.flags;
    super::dry_run(run)?;
    if !flags.changed("replicas") {
        return Err(fail!("required flag(s) \"replicas\" not set"));
    }
    if flags.int("replicas") < 0 {
        return Err(fail!(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0"
        ));
    }
    let (items, mut failures) = selection::items(run).await?;
    for item in items {
        failures.extend(scale_one(run, &item).await.err());
    }
    Failure::of(failures)
}

async fn scale_one(run: &Run, item: &Item) -> Outcome {
    let flags = &run.flags;
    let live = item.fetch(run).await?;
    if flags.changed("current-replicas") && flags.int("current-replicas") >= 0 {
        let now = live["spec"]["replicas"].as_i64().unwrap_or(1);
        if now != flags.int("current-replicas") {
            return Err(fail!(
                "Expected replicas to be {}, was {now}",
                flags.int("current-replicas")
            ));
        }
    }
    if flags.text("dry-run") != "client" {
        let mut body = json!({"spec": {"replicas": flags.int("replicas")}});
        if let Some(version) = flags.some("resource-version") {
            body["metadata"]["resourceVersion"] = version.into();
        }
        let mut query = super::change(run, "kubectl-scale");
        query.retain(|(key, _)| *key != "fieldManager" || flags.changed("field-manager"));
        let answer = run
            .patch(&format!("{}/scale", item.path()), query, "merge", &body)
            .await;
        answer.map_err(|failure| match failure {
            failure
                if failure.is_not_found()
                    && !item.kind.subresources.iter().any(|s| s == "scale") =>
            {
                fail!("the server could not find the requested resource")
            }
            other => other,
        })?;
    }
    printing::report(run, &item.kind, live, "scaled").await
}

async fn edit(run: &Run) -> Outcome {
    let (items, failures) = selection::items(run).await?;
    Failure::of(failures)?;
    for item in items {
        edit_one(run, &item).await?;
    }
    Ok(())
}

async fn edit_one(run: &Run, item: &Item) -> Outcome {
    let mut live = item.fetch(run).await?;
    printing::without_managed_fields(&mut live);
    let head = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n";
    let original = printing::yaml::encode(&live);
    let path = format!(
        "/tmp/kubectl-edit-{}.yaml",
        run.computer
            .now()
            .as_microsecond()
            .rem_euclid(10_000_000_000)
    );
    let mut content = format!("{head}{original}");
    let mut last_failure = String::new();
    loop {
        run.computer
            .write_file(&path, content.as_bytes(), 0o600)
            .await
            .map_err(|why| fail!("{why}"))?;
        run.computer
            .edit(&path)
            .await
            .map_err(|why| fail!("{why}"))?;
        let bytes = run
            .computer
            .read_file(&path)
            .await
            .map_err(|why| fail!("{why}"))?;
        let edited = String::from_utf8_lossy(&bytes).into_owned();
        let body: String = edited
            .lines()
            .filter(|l| !l.starts_with('#'))
            .map(|l| format!("{l}\n"))
            .collect();
        if body.trim().is_empty() {
            let _ = run.computer.remove_file(&path).await;
            return run.err("Edit cancelled, saved file was empty.\n").await;
        }
        if body == original || (!last_failure.is_empty() && edited == content) {
            let _ = run.computer.remove_file(&path).await;
            if last_failure.is_empty() {
                return run.err("Edit cancelled, no changes made.\n").await;
            }
            run.err(&format!("error: {last_failure}\n")).await?;
            return Err(fail!("Edit cancelled, no valid changes were saved."));
        }
        match save(run, item, &live, &body).await {
            Ok(value) => {
                let _ = run.computer.remove_file(&path).await;
                return printing::report(run, &item.kind, value, "edited").await;
            }
            Err(failure) => {
                last_failure = failure.sentence();
                let note: String = failure
                    .text("")
                    .lines()
                    .map(|l| format!("# {l}\n"))
                    .collect();
                content = format!("{head}{note}#\n{body}");
            }
        }
    }
}

async fn save(run: &Run, item: &Item, live: &Value, body: &str) -> Outcome<Value> {
    let wanted = manifest::yaml(body).map_err(|why| fail!("{why}"))?;
    let way = if item.kind.built_in() {
        Way::Strategic
    } else {
        Way::Json
    };
    let patch = patch::three_way(way, live, &wanted, live);
    let how = if way == Way::Strategic {
        "strategic"
    } else {
        "merge"
    };
    run.patch(
        &item.path(),
        super::change_checked(run, "kubectl-edit"),
        how,
        &patch,
    )
    .await
}

async fn nodes(run: &Run, names: &[String]) -> Outcome<Vec<Item>> {
    let mut words = vec!["nodes".to_string()];
    words.extend(names.iter().map(|n| {
        n.trim_start_matches("node/")
            .trim_start_matches("nodes/")
            .to_string()
    }));
    let (items, failures) = selection::items_of(run, &words).await?;
    Failure::of(failures)?;
    Ok(items)
}

/// Sets or clears `spec.unschedulable`; says so.
pub(crate) async fn mark(run: &Run, item: &Item, unschedulable: bool) -> Outcome {
    let live = item.fetch(run).await?;
    let done = if unschedulable {
        "cordoned"
    } else {
        "uncordoned"
    };
    if (live["spec"]["unschedulable"] == true) == unschedulable {
        return run
            .out(&format!("node/{} already {done}\n", item.name))
            .await;
    }
    if run.flags.text("dry-run") != "client" {
        let value = if unschedulable {
            json!(true)
        } else {
            Value::Null
        };
        let mut query = super::change(run, "kubectl-cordon");
        query.retain(|(key, _)| *key != "fieldManager");
        run.patch(
            &item.path(),
            query,
            "strategic",
            &json!({"spec": {"unschedulable": value}}),
        )
        .await?;
    }
    printing::report(run, &item.kind, live, done).await
}

async fn cordon(run: &Run, unschedulable: bool) -> Outcome {
    if run.words.is_empty() && run.flags.some("selector").is_none() {
        return Err(crate::failure::usage!(
            "must specify a node, USAGE: {} NODE [flags]",
            run.command.trim_start_matches("kubectl ")
        ));
    }
    for item in nodes(run, &run.words).await? {
        mark(run, &item, unschedulable).await?;
    }
    Ok(())
}

async fn taint(run: &Run) -> Outcome {
    super::dry_run(run)?;
    let is_taint = |w: &String| w.contains('=') || w.contains(':') || w.ends_with('-');
    let first = run
        .words
        .iter()
        .position(is_taint)
        .unwrap_or(run.words.len());
    let (objects, changes) = run.words.split_at(first);
    if changes.is_empty() {
        return Err(fail!("at least one taint update is required"));
    }
    let names = objects.iter().skip(1).cloned().collect::<Vec<_>>();
    for item in nodes(run, &names).await? {
        let live = item.fetch(run).await?;
        let mut taints = live["spec"]["taints"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut removed = false;
        for change in changes {
            if let Some(gone) = change.strip_suffix('-') {
                let (key, effect) = gone
                    .split_once(':')
                    .map_or((gone, None), |(k, e)| (k, Some(e)));
                let key = key.split('=').next().unwrap_or(key);
                let before = taints.len();
                taints.retain(|t| t["key"] != key || effect.is_some_and(|e| t["effect"] != e));
                if taints.len() == before {
                    return Err(fail!("taint {gone:?} not found"));
                }
                removed = true;
                continue;
            }
            let Some((pair, effect)) = change.rsplit_once(':') else {
                return Err(fail!("invalid taint spec: {change}"));
            };
            if !["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect) {
                return Err(fail!(
                    "invalid taint effect: {effect}, unsupported taint effect"
                ));
            }
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let known = taints
                .iter()
                .position(|t| t["key"] == key && t["effect"] == effect);
            if known.is_some() && !run.flags.bool("overwrite") {
                return Err(fail!(
                    "node {} already has {key} taint(s) with same effect(s) and --overwrite is false",
                    item.name
                ));
            }
            let mut entry = json!({"key": key, "effect": effect});
            if !value.is_empty() {
                entry["value"] = value.into();
            }
            match known {
                Some(at) => taints[at] = entry,
                None => taints.push(entry),
            }
        }
        let value = if run.flags.text("dry-run") == "client" {
            live
        } else {
            run.patch(
                &item.path(),
                super::change_checked(run, "kubectl-taint"),
                "strategic",
                &json!({"spec": {"taints": taints}}),
            )
            .await?
        };
        printing::report(
            run,
            &item.kind,
            value,
            if removed { "untainted" } else { "tainted" },
        )
        .await?;
    }
    Ok(())
}

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
        return Err(crate::failure::usage!(
            "must specify a node, USAGE: drain NODE [flags]"
        ));
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
