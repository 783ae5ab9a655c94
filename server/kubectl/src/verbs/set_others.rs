//! `kubectl set selector` and `set subject`: whom a service serves, whom a binding binds. What pods run is set in `set`.

use futures::FutureExt;
use serde_json::{Map, Value, json};

use crate::failure::{Failure, Outcome, fail};
use crate::printing;
use crate::run::Run;
use crate::selection::{self, Item};
use crate::verb::Verb;

pub(super) static SELECTOR: Verb = Verb {
    name: "selector",
    about: "Set the selector on a resource",
    usage: "(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]",
    flags: &[
        super::FILES,
        super::PRINT_OBJECTS,
        super::CHANGE,
        "\n--all=false  All objects of the kind\n--resource-version=''  Only this version of the object\n",
    ],
    run: Some(|run| selector(run).boxed()),
    ..Verb::NONE
};

pub(super) static SUBJECT: Verb = Verb {
    name: "subject",
    about: "Update the user, group, or service account in a role binding or cluster role binding",
    usage: "(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname]",
    flags: &[
        super::FILES,
        super::PRINT_OBJECTS,
        super::CHANGE,
        "\n--all=false  All objects of the kind\n-l --selector=''  Label selector\n--user={}  Users\n--group={}  Groups\n--serviceaccount={}  Service accounts: namespace:name\n",
    ],
    run: Some(|run| subject(run).boxed()),
    ..Verb::NONE
};

async fn change(run: &Run, item: &Item, patch: &Value, kind: &str, done: &str) -> Outcome {
    let made = if run.flags.text("dry-run") == "client" {
        let mut live = item.fetch(run).await?;
        crate::patch::merge(&mut live, patch);
        live
    } else {
        let query = super::change(run, "kubectl-set");
        run.patch(&item.path(), query, kind, patch).await?
    };
    printing::report(run, &item.kind, made, done).await
}

async fn selector(run: &Run) -> Outcome {
    super::dry_run(run)?;
    let Some((text, objects)) = run
        .words
        .split_last()
        .filter(|(text, _)| text.contains('='))
    else {
        return Err(fail!("one selector is required: key=value"));
    };
    let labels: Map<String, Value> = text
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.to_string(), value.into()))
        .collect();
    let (items, mut failures) = selection::items_of(run, objects).await?;
    for item in items {
        let outcome = async {
            let live = item.fetch(run).await?;
            if item.kind.plural != "services" {
                return Err(fail!("setting a selector is only supported for Services"));
            }
            let mut wanted: Map<String, Value> = live["spec"]["selector"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| (key.clone(), Value::Null))
                .collect();
            wanted.extend(labels.clone());
            let patch = json!({"spec": {"selector": wanted}});
            change(run, &item, &patch, "merge", "selector updated").await
        };
        failures.extend(outcome.await.err());
    }
    Failure::of(failures)
}

async fn subject(run: &Run) -> Outcome {
    super::dry_run(run)?;
    let added = super::create_kinds::subjects(run)?;
    if added.is_empty() {
        return Err(fail!(
            "you must specify at least one value of user, group or serviceaccount"
        ));
    }
    let (items, mut failures) = selection::items(run).await?;
    for item in items {
        let outcome = async {
            let live = item.fetch(run).await?;
            let mut all = live["subjects"].as_array().cloned().unwrap_or_default();
            let fresh: Vec<Value> = added.iter().filter(|s| !all.contains(s)).cloned().collect();
            if fresh.is_empty() {
                return Ok(());
            }
            all.extend(fresh);
            change(
                run,
                &item,
                &json!({"subjects": all}),
                "merge",
                "subjects updated",
            )
            .await
        };
        failures.extend(outcome.await.err());
    }
    Failure::of(failures)
}
