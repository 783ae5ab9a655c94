//! `kubectl create`: objects of a manifest, or one object from flags (`create deployment`, `create configmap`, …).

use futures::FutureExt;
use http::Method;
use serde_json::{Value, json};

use super::create_kinds;
use crate::failure::{Failure, Outcome, fail};
use crate::printing;
use crate::run::Run;
use crate::selection::Item;
use crate::verb::Verb;

pub(crate) static CREATE: Verb = Verb {
    name: "create",
    about: "Create a resource from a file or from stdin",
    usage: "-f FILENAME",
    examples: "# What a manifest says\nkubectl create -f pod.yaml",
    flags: &[
        super::FILES,
        super::PRINT_OBJECTS,
        super::CHANGE,
        "
--edit=false  Edit before creating (not part of this kubectl)
--raw=''  A path of the server to POST the file to
--save-config=false  Keep the manifest in an annotation
-l --selector=''  Only objects with these labels
--validate='strict'?strict  strict, warn or ignore unknown fields
",
    ],
    verbs: create_kinds::ALL,
    run: Some(|run| go(run).boxed()),
    ..Verb::NONE
};

pub(crate) static REPLACE: Verb = Verb {
    name: "replace",
    about: "Replace a resource by file name or stdin",
    usage: "-f FILENAME",
    examples: "# The object of a file in the place of the live one\nkubectl replace -f pod.yaml\n# Delete it and make it anew\nkubectl replace --force -f pod.yaml",
    flags: &[
        super::FILES,
        super::PRINT_OBJECTS,
        super::CHANGE,
        "
--cascade='background'?background  How owned objects go with --force
--force=false  Delete and make anew
--grace-period=-1  With --force: seconds to end in
--save-config=false  Keep the manifest in an annotation
--subresource=''  Replace this subresource
--timeout=0s  How long to wait with --force
--validate='strict'?strict  strict, warn or ignore unknown fields
--wait=false  Wait until the old object is gone
",
    ],
    run: Some(|run| replace(run).boxed()),
    ..Verb::NONE
};

async fn go(run: &Run) -> Outcome {
    if run.flags.list("filename").is_empty() && run.flags.some("kustomize").is_none() {
        if !run.words.is_empty() {
            return Err(Failure::Plain(format!(
                "error: Unexpected args: [{}]\nSee 'kubectl create -h' for help and examples",
                run.words.join(" ")
            )));
        }
        return Err(Failure::Plain(
            "error: must specify one of -f and -k\n\nSee 'kubectl create -h' for help and examples"
                .into(),
        ));
    }
    super::dry_run(run)?;
    let (items, unread) = super::apply::manifests(run).await?;
    if items.is_empty() && unread.is_empty() {
        return Err(fail!("no objects passed to create"));
    }
    let mut failures = Vec::new();
    for item in items {
        failures.extend(create(run, &item).await.err());
    }
    failures.extend(unread);
    Failure::of(failures)
}

async fn create(run: &Run, item: &Item) -> Outcome {
    let mut value = item.value.clone().unwrap_or_default();
    if run.flags.bool("save-config") {
        value = super::apply::annotated(&value);
    }
    let made = if run.flags.text("dry-run") == "client" {
        value
    } else {
        let query = super::change_checked(run, "kubectl-create");
        let path = item.kind.path(&item.namespace, "");
        let made = run.send(Method::POST, &path, query, &value).await;
        made.map_err(|failure| failure.when("creating", &item.source))?
    };
    printing::report(run, &item.kind, made, "created").await
}

async fn replace(run: &Run) -> Outcome {
    if run.flags.list("filename").is_empty() && run.flags.some("kustomize").is_none() {
        return Err(Failure::Plain(
            "error: must specify one of -f and -k\nSee 'kubectl replace -h' for help and examples"
                .into(),
        ));
    }
    super::dry_run(run)?;
    let (items, unread) = super::apply::manifests(run).await?;
    let mut failures = Vec::new();
    for item in items {
        let outcome = match replace_one(run, &item).await {
            Ok(made) => printing::report(run, &item.kind, made, "replaced").await,
            Err(failure) => Err(failure.when("replacing", &item.source)),
        };
        failures.extend(outcome.err());
    }
    failures.extend(unread);
    Failure::of(failures)
}

async fn replace_one(run: &Run, item: &Item) -> Outcome<Value> {
    let mut value = item.value.clone().unwrap_or_default();
    if run.flags.bool("force") {
        let mut body = json!({"propagationPolicy": "Background"});
        let grace = run.flags.int("grace-period");
        body["gracePeriodSeconds"] = if grace < 0 { 0.into() } else { grace.into() };
        match run
            .send(Method::DELETE, &item.path(), Vec::new(), &body)
            .await
        {
            Err(failure) if !failure.is_not_found() => return Err(failure),
            Ok(_) => {
                run.out(&format!(
                    "{} {:?} deleted from {} namespace\n",
                    item.kind.shown(),
                    item.name,
                    item.namespace
                ))
                .await?;
                super::delete::wait_gone(run, item, "", None).await?;
            }
            Err(_) => {}
        }
        return run
            .send(
                Method::POST,
                &item.kind.path(&item.namespace, ""),
                super::change_checked(run, "kubectl-replace"),
                &value,
            )
            .await;
    }
    let live = item.fetch(run).await?;
    if run.flags.text("dry-run") == "client" {
        return Ok(value);
    }
    if value["metadata"]["resourceVersion"].is_null() {
        value["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
    }
    let path = match run.flags.some("subresource") {
        Some(sub) => format!("{}/{sub}", item.path()),
        None => item.path(),
    };
    run.send(
        Method::PUT,
        &path,
        super::change_checked(run, "kubectl-replace"),
        &value,
    )
    .await
}
