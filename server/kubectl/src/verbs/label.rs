//! `kubectl label` and `kubectl annotate`: set and remove labels and annotations.

use futures::FutureExt;
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome, fail};
use crate::printing;
use crate::run::Run;
use crate::selection::{self, Item};
use crate::verb::Verb;

const FLAGS: &str = "
--all=false  All objects of the kind
-A --all-namespaces=false  In all namespaces
--list=false  Show the present ones
--local=false  Do not ask the server (with -f)
--overwrite=false  Change existing values
--resource-version=''  Only this version of the object
";

pub(crate) static LABEL: Verb = Verb {
    name: "label",
    about: "Update the labels on a resource",
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]",
    examples: "# Set a label\nkubectl label pod kuard tier=web\n# Remove it\nkubectl label pod kuard tier-",
    flags: &[
        super::SELECT,
        super::FILES,
        super::PRINT_OBJECTS,
        super::CHANGE,
        FLAGS,
    ],
    run: Some(|run| go(run, "labels").boxed()),
    ..Verb::NONE
};

pub(crate) static ANNOTATE: Verb = Verb {
    name: "annotate",
    about: "Update the annotations on a resource",
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]",
    examples: "# Set an annotation\nkubectl annotate pod kuard note=hello\n# Remove it\nkubectl annotate pod kuard note-",
    flags: &[
        super::SELECT,
        super::FILES,
        super::PRINT_OBJECTS,
        super::CHANGE,
        FLAGS,
    ],
    run: Some(|run| go(run, "annotations").boxed()),
    ..Verb::NONE
};

struct Change {
    set: Vec<(String, String)>,
    remove: Vec<String>,
}

/// Parts the words into objects and changes.
fn parse(run: &Run, what: &str) -> Outcome<(Vec<String>, Change)> {
    let is_change = |word: &&String| word.contains('=') || (word.ends_with('-') && word.len() > 1);
    let first = run
        .words
        .iter()
        .position(|word| is_change(&word))
        .unwrap_or(run.words.len());
    let (objects, changes) = run.words.split_at(first);
    let mut change = Change {
        set: Vec::new(),
        remove: Vec::new(),
    };
    for word in changes {
        match word.split_once('=') {
            Some((key, value)) if !key.is_empty() => change.set.push((key.into(), value.into())),
            None if word.ends_with('-') => change.remove.push(word.trim_end_matches('-').into()),
            _ => {
                return Err(fail!(
                    "all resources must be specified before {} changes: {word}",
                    what.trim_end_matches('s')
                ));
            }
        }
    }
    if objects.is_empty() && run.flags.list("filename").is_empty() {
        return Err(fail!(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>"
        ));
    }
    if change.set.is_empty() && change.remove.is_empty() && !run.flags.bool("list") {
        return Err(fail!(
            "at least one {} update is required",
            what.trim_end_matches('s')
        ));
    }
    if let Some((key, _)) = change
        .set
        .iter()
        .find(|(key, _)| change.remove.contains(key))
    {
        return Err(fail!(
            "can not both modify and remove a {} in the same command: {key}",
            what.trim_end_matches('s')
        ));
    }
    Ok((objects.to_vec(), change))
}

async fn go(run: &Run, what: &str) -> Outcome {
    super::dry_run(run)?;
    let (objects, change) = parse(run, what)?;
    let (items, mut failures) = selection::items_of(run, &objects).await?;
    for item in items {
        if let Err(failure) = one(run, what, &item, &change).await {
            failures.push(failure);
        }
    }
    Failure::of(failures)
}

async fn one(run: &Run, what: &str, item: &Item, change: &Change) -> Outcome {
    let live = if run.flags.bool("local") {
        item.value.clone().unwrap_or_default()
    } else {
        item.fetch(run).await?
    };
    let now = &live["metadata"][what];
    if run.flags.bool("list") {
        let lines: String = now
            .as_object()
            .into_iter()
            .flatten()
            .map(|(k, v)| format!("{k}={}\n", v.as_str().unwrap_or("")))
            .collect();
        return run.out(&lines).await;
    }
    if !run.flags.bool("overwrite") {
        for (key, value) in &change.set {
            match now[key].as_str() {
                Some(known) if known != value && what == "labels" => {
                    return Err(fail!(
                        "'{key}' already has a value ({known}), and --overwrite is false"
                    ));
                }
                Some(known) if known != value => {
                    return Err(fail!(
                        "--overwrite is false but found the following declared annotation(s): '{key}' already has a value ({known})"
                    ));
                }
                _ => {}
            }
        }
    }
    let mut patch = json!({});
    let (mut set, mut removed) = (false, false);
    for (key, value) in &change.set {
        if now[key] != value.as_str() {
            patch["metadata"][what][key] = value.clone().into();
            set = true;
        }
    }
    for key in &change.remove {
        if now[key].is_null() {
            run.out(&format!(
                "{} {key:?} not found.\n",
                what.trim_end_matches('s')
            ))
            .await?;
        } else {
            patch["metadata"][what][key] = Value::Null;
            removed = true;
        }
    }
    let done = match (what, set, removed) {
        ("annotations", _, _) => "annotated",
        (_, false, false) => "not labeled",
        (_, true, _) => "labeled",
        (_, false, true) => "unlabeled",
    };
    if run.flags.some("resource-version").is_some() {
        patch["metadata"]["resourceVersion"] = run.flags.text("resource-version").into();
    }
    let local = run.flags.bool("local") || run.flags.text("dry-run") == "client";
    let value = if local || !(set || removed) {
        let mut value = live;
        crate::patch::merge(&mut value, &patch);
        value
    } else {
        let manager = if what == "labels" {
            "kubectl-label"
        } else {
            "kubectl-annotate"
        };
        run.patch(&item.path(), super::change(run, manager), "merge", &patch)
            .await?
    };
    printing::report(run, &item.kind, value, done).await
}
