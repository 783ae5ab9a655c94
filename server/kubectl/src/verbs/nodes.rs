//! `kubectl cordon`, `uncordon` and `taint`: what a node accepts.

use futures::FutureExt;
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome, fail};
use crate::printing;
use crate::run::Run;
use crate::selection::{self, Item};
use crate::verb::Verb;

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

pub(super) const CORDON_FLAGS: &str = "
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

/// The nodes that the words name, or all that the selector finds.
pub(super) async fn nodes(run: &Run, names: &[String]) -> Outcome<Vec<Item>> {
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
pub(super) async fn mark(run: &Run, item: &Item, unschedulable: bool) -> Outcome {
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
            "USAGE: {} NODE [flags]",
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
    if objects.is_empty() {
        return Err(fail!(
            "one or more resources must be specified as <resource> <name>"
        ));
    }
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
                return Err(crate::failure::usage!(
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
