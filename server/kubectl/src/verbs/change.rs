//! `kubectl patch` and `scale`: small changes of live objects.

use futures::FutureExt;
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome, fail};
use crate::manifest;
use crate::patch;
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
    // What is wrong with JSON the server says, after it has found the object.
    let patch = match patch_text(&text) {
        Err(failure @ Failure::Text(_)) => return Err(failure),
        other => other,
    };
    let (items, mut failures) = selection::items(run).await?;
    for item in items {
        let outcome = async {
            let sub = flags
                .some("subresource")
                .map(|s| format!("/{s}"))
                .unwrap_or_default();
            let path = format!("{}{sub}", item.path());
            let before = run.get(&path, Vec::new()).await?;
            let patch = patch.clone()?;
            let kind = if kind == "strategic" && !item.kind.built_in() {
                "merge"
            } else {
                kind
            };
            let after = if flags.text("dry-run") == "client" || flags.bool("local") {
                let mut value = before.clone();
                match kind {
                    "json" => patch::operations(&mut value, patch)?,
                    "merge" => patch::merge(&mut value, &patch),
                    _ => patch::strategic(&mut value, &patch),
                }
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

/// A patch as given: JSON goes to the server as it is (which then says what is wrong with it), YAML is read here.
fn patch_text(text: &str) -> Outcome<Value> {
    if !text.trim_start().starts_with('{') {
        return manifest::yaml(text).map_err(|why| fail!("unable to parse {text:?}: {why}"));
    }
    objects::json::parse_value(text.as_bytes()).map_err(|said| {
        Failure::Status(Box::new(
            json!({"status": "Failure", "reason": "BadRequest", "code": 400, "message": said}),
        ))
    })
}
