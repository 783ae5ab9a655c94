//! `kubectl apply view-last-applied` and `set-last-applied`: the manifest that the last `apply` left on an object.

use futures::FutureExt;
use serde_json::{Value, json};

use super::apply::{LAST, annotated, manifests};
use crate::failure::{Failure, Outcome, fail};
use crate::printing;
use crate::run::Run;
use crate::selection;
use crate::verb::Verb;

static VIEW: Verb = Verb {
    name: "view-last-applied",
    about: "View the latest last-applied-configuration annotations of a resource/object",
    usage: "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)",
    flags: &[
        super::FILES,
        "
--all=false  All objects of the kind
-o --output='yaml'  yaml or json
-l --selector=''  Label selector
",
    ],
    run: Some(|run| view(run).boxed()),
    ..Verb::NONE
};

static SET: Verb = Verb {
    name: "set-last-applied",
    about: "Set the last-applied-configuration annotation on a live object to match the contents of a file",
    usage: "-f FILENAME",
    flags: &[
        super::FILES,
        super::PRINT_OBJECTS,
        super::CHANGE,
        "\n--create-annotation=false  Make the annotation where there is none\n",
    ],
    run: Some(|run| set(run).boxed()),
    ..Verb::NONE
};

/// The verbs under `apply`.
pub(super) static ALL: &[&Verb] = &[&SET, &VIEW];

fn none() -> Failure {
    fail!(
        "no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`"
    )
}

async fn view(run: &Run) -> Outcome {
    let (items, mut failures) = selection::items_or_all(run).await?;
    for item in items {
        let live = item.fetch(run).await;
        let outcome = async {
            let live = live?;
            let kept = live["metadata"]["annotations"][LAST].as_str();
            let kept = kept.ok_or_else(|| {
                fail!(
                    "no last-applied-configuration annotation found on resource: {}",
                    item.name
                )
            })?;
            let value: Value = serde_json::from_str(kept).map_err(|why| fail!("{why}"))?;
            run.out(&match run.flags.text("output") {
                "json" => printing::json::pretty(&value) + "\n",
                _ => objects::encode_yaml(&value),
            })
            .await
        };
        failures.extend(outcome.await.err());
    }
    Failure::of(failures)
}

async fn set(run: &Run) -> Outcome {
    super::dry_run(run)?;
    let (items, mut failures) = manifests(run).await?;
    for item in items {
        let outcome = async {
            let live = item.fetch(run).await?;
            let known = live["metadata"]["annotations"][LAST].is_string();
            if !known && !run.flags.bool("create-annotation") {
                return Err(none());
            }
            let wanted = annotated(&item.value.clone().unwrap_or_default());
            let kept = wanted["metadata"]["annotations"][LAST].clone();
            let patch = json!({"metadata": {"annotations": {LAST: kept}}});
            let made = if run.flags.text("dry-run") == "client" {
                live
            } else {
                let query = super::change(run, "kubectl-last-applied");
                run.patch(&item.path(), query, "merge", &patch).await?
            };
            printing::report(run, &item.kind, made, "configured").await
        };
        failures.extend(outcome.await.err());
    }
    Failure::of(failures)
}
