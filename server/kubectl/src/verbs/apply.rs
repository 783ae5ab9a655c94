//! `kubectl apply`: brings objects to what their manifests say, by three-way merge or on the server.

use futures::FutureExt;
use http::Method;
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome, fail};
use crate::patch::{self, Way};
use crate::printing;
use crate::run::{Query, Run};
use crate::selection::{self, Item};
use crate::verb::Verb;

pub(super) const LAST: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(crate) static APPLY: Verb = Verb {
    name: "apply",
    about: "Apply a configuration to a resource by file name or stdin",
    usage: "(-f FILENAME | -k DIRECTORY)",
    examples: "# What a file says\nkubectl apply -f pod.yaml\n# What another command prints\ncat pod.yaml | kubectl apply -f -",
    flags: &[
        super::FILES,
        super::PRINT_OBJECTS,
        super::CHANGE,
        "
--all=false  With --prune: all objects
--cascade='background'?background  How owned objects go with --force
--force=false  Delete and make anew what cannot be changed
--force-conflicts=false  With --server-side: take fields from other managers
--grace-period=-1  With --force: seconds to end in
--overwrite=true  Overwrite changes of others
--prune=false  Not part of this kubectl
-l --selector=''  Only objects with these labels
--server-side=false  Let the server merge
--timeout=0s  How long to wait with --force
--validate='strict'?strict  strict, warn or ignore unknown fields
--wait=false  With --force: wait until the old object is gone
",
    ],
    verbs: super::applied::ALL,
    run: Some(|run| apply(run).boxed()),
    ..Verb::NONE
};

/// Says what kubectl's own schema check says of an object without `apiVersion`.
pub(crate) fn validated(run: &Run, item: &crate::manifest::Document) -> Outcome {
    if matches!(run.flags.text("validate"), "false" | "ignore") {
        return Ok(());
    }
    if !item.value.is_object() {
        return Err(fail!(
            "error validating {0:?}: error validating data: invalid object to validate; if you choose to ignore these errors, turn validation off with --validate=false",
            item.source
        ));
    }
    let missing: Vec<String> = ["apiVersion", "kind"]
        .into_iter()
        .filter(|key| item.value[*key].as_str().unwrap_or("").is_empty())
        .map(|key| format!("{key} not set"))
        .collect();
    if !missing.is_empty() {
        let what = match missing.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        return Err(fail!(
            "error validating {0:?}: error validating data: {what}; if you choose to ignore these errors, turn validation off with --validate=false",
            item.source
        ));
    }
    Ok(())
}

/// Objects of `-f` in place, checked, and beside them what failed, as one: what cannot be parsed or is no object ends its file, what cannot
/// be placed is passed over.
pub(crate) async fn manifests(run: &Run) -> Outcome<(Vec<Item>, Vec<Failure>)> {
    let (mut items, mut failures) = (Vec::new(), Vec::new());
    for stream in selection::documents(run).await? {
        for document in stream {
            let document = match document {
                Ok(document) => document,
                Err(failure) => {
                    failures.push(failure);
                    continue;
                }
            };
            if let Some(text) = run.flags.some("selector")
                && !matches(&document.value["metadata"]["labels"], text)
            {
                continue;
            }
            if let Err(failure) = validated(run, &document) {
                failures.push(failure);
                break;
            }
            match selection::placed(run, document).await {
                Ok(item) => items.push(item),
                Err(failure) => failures.push(failure),
            }
        }
    }
    Ok((items, Failure::of(failures).err().into_iter().collect()))
}

/// Equality selectors on a manifest's labels.
fn matches(labels: &Value, selector: &str) -> bool {
    selector.split(',').all(|part| match part.split_once("!=") {
        Some((key, value)) => labels[key.trim()] != value.trim(),
        None => match part.split_once('=') {
            Some((key, value)) => labels[key.trim()] == value.trim_start_matches('=').trim(),
            None => labels.get(part.trim()).is_some(),
        },
    })
}

async fn apply(run: &Run) -> Outcome {
    let flags = &run.flags;
    if flags.list("filename").is_empty() && flags.some("kustomize").is_none() {
        return Err(fail!("must specify one of -f and -k"));
    }
    if !run.words.is_empty() {
        return Err(Failure::Plain(format!(
            "error: Unexpected args: [{}]\nSee 'kubectl apply -h' for help and examples",
            run.words.join(" ")
        )));
    }
    if flags.bool("prune") {
        return Err(fail!(
            "--prune is not part of this kubectl; delete what should go with kubectl delete"
        ));
    }
    let dry = super::dry_run(run)?;
    if flags.bool("server-side") && dry == "client" {
        return Err(fail!(
            "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)"
        ));
    }
    let (items, mut failures) = manifests(run).await?;
    if items.is_empty() && failures.is_empty() {
        return Err(fail!("no objects passed to apply"));
    }
    for item in items {
        let outcome = if flags.bool("server-side") {
            on_server(run, &item).await
        } else {
            one(run, item).await
        };
        failures.extend(outcome.err());
    }
    Failure::of(failures)
}

fn query(run: &Run, manager: &str) -> Query {
    super::change_checked(run, manager)
}

async fn on_server(run: &Run, item: &Item) -> Outcome {
    let mut query = query(run, "kubectl");
    query.push(("force", run.flags.bool("force-conflicts").to_string()));
    let value = item.value.clone().unwrap_or_default();
    let answer = run.patch(&item.path(), query, "apply", &value).await;
    let answer = answer.map_err(|failure| match failure.is_conflict() {
        true => Failure::Text(format!(
            "{}\nPlease review the fields above--they currently have other managers. Here\nare the ways you can resolve this warning:\n* If you intend to manage all of these fields, please re-run the apply\n  command with the `--force-conflicts` flag.\n* If you do not intend to manage all of the fields, please edit your\n  manifest to remove references to the fields that should keep their\n  current managers.\n* You may co-own fields by updating your manifest to match the existing\n  value; in this case, you'll become the manager if the other manager(s)\n  stop managing the field (remove it from their configuration).\nSee https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts",
            failure.sentence()
        )),
        false => failure.when("applying patch", ""),
    })?;
    printing::report(run, &item.kind, answer, "serverside-applied").await
}

/// The manifest with itself as annotation.
pub(crate) fn annotated(value: &Value) -> Value {
    let mut plain = value.clone();
    if !plain["metadata"]["annotations"].is_object() {
        plain["metadata"]["annotations"] = json!({});
    }
    if let Some(all) = plain["metadata"]["annotations"].as_object_mut() {
        all.remove(LAST);
    }
    let text = printing::json::compact(&plain) + "\n";
    plain["metadata"]["annotations"][LAST] = text.into();
    plain
}

/// An object without the members that are null: what is made anew has nothing to take away.
fn without_nulls(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            for member in members.values_mut() {
                *member = without_nulls(member.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = without_nulls(item.take());
            }
        }
        _ => {}
    }
    value
}

async fn one(run: &Run, item: Item) -> Outcome {
    let value = item.value.clone().unwrap_or_default();
    let dry = run.flags.text("dry-run").to_string();
    if item.name.is_empty() {
        if value["metadata"]["generateName"].is_string() {
            return Err(fail!(
                "from {}: cannot use generate name with apply",
                value["metadata"]["generateName"].as_str().unwrap_or("")
            ));
        }
        return Err(fail!(
            "{}",
            retrieving(&item, "resource name may not be empty")
        ));
    }
    let modified = annotated(&value);
    let live = match item.fetch(run).await {
        Err(failure) if failure.is_not_found() => {
            let modified = without_nulls(modified);
            let made = if dry == "client" {
                modified
            } else {
                run.send(
                    Method::POST,
                    &item.kind.path(&item.namespace, ""),
                    query(run, "kubectl-client-side-apply"),
                    &modified,
                )
                .await
                .map_err(|failure| failure.when("creating", &item.source))?
            };
            return printing::report(run, &item.kind, made, "created").await;
        }
        Err(Failure::Status(mut status)) => {
            status["message"] = retrieving(&item, status["message"].as_str().unwrap_or("")).into();
            return Err(Failure::Status(status));
        }
        other => other?,
    };
    let original = live["metadata"]["annotations"][LAST]
        .as_str()
        .map(str::to_string);
    if original.is_none() {
        run.err(&format!("Warning: resource {}/{} is missing the {LAST} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n", item.kind.plural, item.name)).await?;
    }
    let original: Value = original
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or(Value::Null);
    let way = if item.kind.built_in() {
        Way::Strategic
    } else {
        Way::Json
    };
    let patch = patch::three_way(way, &original, &modified, &live);
    if patch.as_object().is_some_and(serde_json::Map::is_empty) {
        return printing::report(run, &item.kind, live, "unchanged").await;
    }
    if dry == "client" {
        let mut merged = live;
        patch::strategic(&mut merged, &modified);
        return printing::report(run, &item.kind, merged, "configured").await;
    }
    let how = if way == Way::Strategic {
        "strategic"
    } else {
        "merge"
    };
    let answer = run
        .patch(
            &item.path(),
            query(run, "kubectl-client-side-apply"),
            how,
            &patch,
        )
        .await;
    let answer = match answer {
        Err(failure)
            if run.flags.bool("force")
                && matches!(&failure, Failure::Status(s) if s["reason"] == "Invalid" || s["reason"] == "Conflict") =>
        {
            anew(run, &item, &modified).await?
        }
        Err(Failure::Status(status)) if status["reason"] != "Invalid" => {
            return Err(Failure::Status(status).when(
                &format!(
                    "applying patch:\n{}\nto:\n{}\nfor:",
                    printing::json::compact(&patch),
                    place(&item)
                ),
                &item.source,
            ));
        }
        other => other?,
    };
    printing::report(run, &item.kind, answer, "configured").await
}

async fn anew(run: &Run, item: &Item, value: &Value) -> Outcome<Value> {
    run.send(
        Method::DELETE,
        &item.path(),
        Vec::new(),
        &json!({"propagationPolicy": "Background", "gracePeriodSeconds": 0}),
    )
    .await?;
    super::delete::wait_gone(run, item, "", None).await?;
    run.send(
        Method::POST,
        &item.kind.path(&item.namespace, ""),
        query(run, "kubectl-client-side-apply"),
        value,
    )
    .await
}

fn place(item: &Item) -> String {
    let k = &item.kind;
    format!(
        "Resource: \"{}/{}, Resource={}\", GroupVersionKind: \"{}/{}, Kind={}\"\nName: {:?}, Namespace: {:?}",
        k.group, k.version, k.plural, k.group, k.version, k.kind, item.name, item.namespace
    )
}

fn retrieving(item: &Item, why: &str) -> String {
    format!(
        "error when retrieving current configuration of:\n{}\nfrom server for: {:?}: {why}",
        place(item),
        item.source
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_anew_has_no_nulls() {
        let given = json!({"a": null, "b": {"c": null, "d": [{"e": null, "f": 1}, null]}});
        let expect = json!({"b": {"d": [{"f": 1}, null]}});
        assert_eq!(without_nulls(given), expect);
    }
}
