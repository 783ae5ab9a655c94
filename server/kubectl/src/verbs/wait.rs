//! `kubectl wait`: until a condition, a field's value, creation or deletion.

use std::time::Duration;

use futures::FutureExt;
use serde_json::Value;

use crate::failure::{Failure, Outcome, fail};
use crate::printing::jsonpath::{self, Template};
use crate::run::Run;
use crate::selection::{self, Item};
use crate::verb::Verb;

pub(crate) static WAIT: Verb = Verb {
    name: "wait",
    about: "Experimental: Wait for a specific condition on one or many resources",
    usage: "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]]",
    examples: "# Until a pod is ready\nkubectl wait --for=condition=Ready pod/kuard\n# Until it is gone\nkubectl wait --for=delete pod/kuard --timeout=60s",
    flags: &[
        super::SELECT,
        super::FILES,
        super::PRINT_OBJECTS,
        "
--all=false  All objects of the kind
-A --all-namespaces=false  In all namespaces
--for=''  condition=NAME[=value], jsonpath=PATH[=value], create or delete
--local=false  Do not ask the server
--timeout=30s  How long to wait
",
    ],
    run: Some(|run| go(run).boxed()),
    ..Verb::NONE
};

enum Until {
    Condition(String, String),
    Path(Template, Option<String>),
    Create,
    Delete,
}

fn parse(text: &str) -> Outcome<Until> {
    if text == "delete" || text == "create" {
        return Ok(if text == "delete" {
            Until::Delete
        } else {
            Until::Create
        });
    }
    if let Some(rest) = text.strip_prefix("condition=") {
        let (name, value) = rest.split_once('=').unwrap_or((rest, "true"));
        return Ok(Until::Condition(name.to_lowercase(), value.to_lowercase()));
    }
    if let Some(rest) = text.strip_prefix("jsonpath=") {
        let rest = rest.trim_matches('\'');
        let (path, value) = match rest
            .find('}')
            .and_then(|at| rest[at + 1..].strip_prefix('=').map(|v| (&rest[..=at], v)))
        {
            Some((path, value)) => (path, Some(value.trim_matches(['"', '\'']).to_string())),
            None => match rest.split_once('=').filter(|_| !rest.contains(['{', '['])) {
                Some((path, value)) => (path, Some(value.to_string())),
                None => (rest, None),
            },
        };
        return Ok(Until::Path(jsonpath::relaxed(path)?, value));
    }
    Err(fail!("unrecognized condition: {text:?}"))
}

impl Until {
    fn holds(&self, object: &Value) -> bool {
        match self {
            Until::Condition(name, value) => object["status"]["conditions"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|c| {
                    c["type"]
                        .as_str()
                        .is_some_and(|t| t.to_lowercase() == *name)
                        && c["status"]
                            .as_str()
                            .is_some_and(|s| s.to_lowercase() == *value)
                }),
            Until::Path(path, wanted) => path
                .values(object)
                .unwrap_or_default()
                .first()
                .is_some_and(|found| wanted.as_ref().is_none_or(|w| jsonpath::shown(found) == *w)),
            Until::Create => true,
            Until::Delete => false,
        }
    }
}

async fn go(run: &Run) -> Outcome {
    let until = parse(run.flags.text("for"))?;
    if run.words.is_empty() && run.flags.list("filename").is_empty() {
        return Err(selection::nothing_named());
    }
    let (items, mut failures) = selection::items(run).await?;
    if items.is_empty() && failures.is_empty() && !matches!(until, Until::Delete) {
        return Err(fail!("no matching resources found"));
    }
    let limit = run.flags.duration("timeout");
    let end = run.computer.now() + limit;
    for item in &items {
        let left = Duration::try_from(end - run.computer.now()).unwrap_or_default();
        let wait = async {
            match until {
                Until::Delete => gone(run, item).await,
                _ => one(run, item, &until).await,
            }
        };
        let outcome = tokio::select! {
            biased;
            done = wait => done,
            () = run.computer.sleep(left), if !limit.is_zero() => Err(late(&until, item)),
        };
        failures.extend(outcome.err());
    }
    Failure::of(failures)
}

/// What is said when the time is up: of what is not there yet, not what it is.
fn late(until: &Until, item: &Item) -> Failure {
    match until {
        Until::Create => fail!("timed out waiting for the condition"),
        _ => fail!(
            "timed out waiting for the condition on {}/{}",
            item.kind.plural,
            item.name
        ),
    }
}

async fn gone(run: &Run, item: &Item) -> Outcome {
    let uid = match item.fetch(run).await {
        Err(failure) if failure.is_not_found() => return Ok(()),
        other => other?["metadata"]["uid"].as_str().unwrap_or("").to_string(),
    };
    super::delete::wait_gone(run, item, &uid, None).await?;
    said(run, item).await
}

async fn said(run: &Run, item: &Item) -> Outcome {
    run.out(&format!("{} condition met\n", item.shown())).await
}

async fn one(run: &Run, item: &Item, until: &Until) -> Outcome {
    let mut version = "0".to_string();
    loop {
        match item.fetch(run).await {
            Err(failure) if failure.is_not_found() && matches!(until, Until::Create) => {}
            other => {
                let object = other?;
                if until.holds(&object) {
                    return said(run, item).await;
                }
                version = selection::version(&object).to_owned();
            }
        }
        let mut lines = item.watch(run, &version).await?;
        while let Some(event) = lines.event().await {
            match event["type"].as_str() {
                Some("DELETED") => {
                    return Err(fail!("{} {:?} was deleted", item.kind.plural, item.name));
                }
                Some("ADDED" | "MODIFIED") if until.holds(&event["object"]) => {
                    return said(run, item).await;
                }
                Some("ERROR") => break,
                _ => {}
            }
        }
    }
}
