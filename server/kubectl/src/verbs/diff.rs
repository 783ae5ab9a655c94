//! `kubectl diff`: what `apply` would change, as a unified diff.

use futures::FutureExt;
use http::Method;
use serde_json::Value;

use super::apply::{LAST, annotated, manifests};
use crate::failure::{Failure, Outcome, fail};
use crate::patch::{self, Way};
use crate::printing;
use crate::run::Run;
use crate::selection::Item;
use crate::verb::Verb;

pub(crate) static DIFF: Verb = Verb {
    name: "diff",
    about: "Diff the live version against a would-be applied version",
    usage: "-f FILENAME",
    examples: "# What apply would change\nkubectl diff -f pod.yaml",
    flags: &[
        super::FILES,
        "
--concurrency=1  Not used: one object at a time
--field-manager='kubectl-client-side-apply'  Name of the manager of the changed fields
--force-conflicts=false  With --server-side: take fields from other managers
-l --selector=''  Only objects with these labels
--server-side=false  Let the server merge
--show-managed-fields=false  Keep metadata.managedFields
",
    ],
    run: Some(|run| go(run).boxed()),
    ..Verb::NONE
};

/// Differences are exit code 1; so every failure is more than that.
async fn go(run: &Run) -> Outcome {
    match diff(run).await {
        Err(failure) if !matches!(failure, Failure::Exit(_)) => {
            run.err(&failure.text(&run.command)).await?;
            Err(Failure::Exit(failure.code() + 1))
        }
        done => done,
    }
}

async fn diff(run: &Run) -> Outcome {
    if run.flags.list("filename").is_empty() && run.flags.some("kustomize").is_none() {
        return Err(fail!("must specify one of -f and -k"));
    }
    let (items, failures) = manifests(run).await?;
    Failure::of(failures)?;
    let mut differs = false;
    for item in items {
        let (live, merged) = would_be(run, &item).await?;
        let clean = |mut value: Value| {
            printing::without_managed_fields(&mut value);
            if value.is_null() {
                String::new()
            } else {
                objects::encode_yaml(&value)
            }
        };
        let (old, new) = (clean(live), clean(merged));
        if old == new {
            continue;
        }
        differs = true;
        let group = if item.kind.group.is_empty() {
            String::new()
        } else {
            format!("{}.", item.kind.group)
        };
        let name = format!(
            "{group}{}.{}.{}.{}",
            item.kind.version, item.kind.kind, item.namespace, item.name
        );
        let (a, b) = (
            format!("/tmp/LIVE-{}/{name}", stamp(run, 0)),
            format!("/tmp/MERGED-{}/{name}", stamp(run, 1)),
        );
        let time = run
            .computer
            .now()
            .strftime("%Y-%m-%d %H:%M:%S.%9f +0000")
            .to_string();
        let text = similar::TextDiff::from_lines(&old, &new);
        let body = text
            .unified_diff()
            .context_radius(3)
            .missing_newline_hint(false)
            .to_string();
        run.out(&format!(
            "diff -u -N {a} {b}\n--- {a}\t{time}\n+++ {b}\t{time}\n{body}"
        ))
        .await?;
    }
    if differs {
        Err(Failure::Exit(1))
    } else {
        Ok(())
    }
}

fn stamp(run: &Run, salt: i64) -> i64 {
    (run.computer.now().as_nanosecond() as i64 / 1000 + salt * 7919).rem_euclid(4_000_000_000)
}

/// The live object and what it would become.
async fn would_be(run: &Run, item: &Item) -> Outcome<(Value, Value)> {
    let value = item.value.clone().unwrap_or_default();
    let dry = |manager: &str| {
        vec![
            ("dryRun", "All".to_string()),
            ("fieldManager", manager.to_string()),
        ]
    };
    let live = match item.fetch(run).await {
        Err(failure) if failure.is_not_found() => Value::Null,
        other => other?,
    };
    if run.flags.bool("server-side") {
        let mut query = dry("kubectl");
        query.push(("force", run.flags.bool("force-conflicts").to_string()));
        let merged = run.patch(&item.path(), query, "apply", &value).await?;
        return Ok((live, merged));
    }
    let modified = annotated(&value);
    if live.is_null() {
        let merged = run
            .send(
                Method::POST,
                &item.kind.path(&item.namespace, ""),
                dry("kubectl-client-side-apply"),
                &modified,
            )
            .await?;
        return Ok((Value::Null, merged));
    }
    let original = live["metadata"]["annotations"][LAST]
        .as_str()
        .and_then(|t| serde_json::from_str(t).ok())
        .unwrap_or(Value::Null);
    let way = if item.kind.built_in() {
        Way::Strategic
    } else {
        Way::Json
    };
    // The comparison leaves the annotation as it is on the live object.
    let mut wanted = modified;
    wanted["metadata"]["annotations"][LAST] = live["metadata"]["annotations"][LAST].clone();
    if wanted["metadata"]["annotations"][LAST].is_null()
        && let Some(all) = wanted["metadata"]["annotations"].as_object_mut()
    {
        all.remove(LAST);
    }
    let patch = patch::three_way(way, &original, &wanted, &live);
    if patch.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok((live.clone(), live));
    }
    let how = if way == Way::Strategic {
        "strategic"
    } else {
        "merge"
    };
    let merged = run
        .patch(&item.path(), dry("kubectl-client-side-apply"), how, &patch)
        .await?;
    Ok((live, merged))
}
