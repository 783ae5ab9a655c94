//! `kubectl events`: what happened, oldest first.

use futures::FutureExt;
use serde_json::{Value, json};

use crate::describe::{event_age, last_seen, text};
use crate::failure::{Outcome, fail};
use crate::printing;
use crate::run::Run;
use crate::tabwriter::TabWriter;
use crate::verb::Verb;

pub(crate) static EVENTS: Verb = Verb {
    name: "events",
    about: "List events",
    usage: "[(-o|--output=)FORMAT] [--for TYPE/NAME] [--watch] [--types=Normal,Warning]",
    flags: &[
        super::PRINT_OBJECTS,
        "\n-A --all-namespaces=false  In all namespaces\n--chunk-size=500  How many to ask for at once\n--for=''  Only those of TYPE/NAME\n--no-headers=false  Print no line of titles\n--types=[]  Normal, Warning\n-w --watch=false  Go on with new ones\n",
    ],
    run: Some(|run| events(run).boxed()),
    ..Verb::NONE
};
async fn events(run: &Run) -> Outcome {
    let flags = &run.flags;
    let known = |t: &String| ["normal", "warning"].contains(&t.to_lowercase().as_str());
    if !flags.list("types").iter().all(known) {
        return Err(fail!("valid --types are Normal or Warning"));
    }
    let scope = run.scope().await?;
    let kind = run.kind("events").await?;
    let mut query = Vec::new();
    if let Some(target) = flags.some("for") {
        let Some((word, name)) = target.split_once('/') else {
            return Err(fail!("--for must be in resource/name form"));
        };
        let kind = run.kind(word).await?;
        query.push((
            "fieldSelector",
            format!(
                "involvedObject.kind={},involvedObject.apiVersion={},involvedObject.name={name}",
                kind.kind,
                kind.api_version()
            ),
        ));
    }
    let mut list = run.list(&kind, &scope, query.clone()).await?;
    let wanted = |event: &Value| {
        flags.list("types").is_empty()
            || flags.list("types").iter().any(|t| {
                event["type"]
                    .as_str()
                    .is_some_and(|k| k.eq_ignore_ascii_case(t))
            })
    };
    list.retain(|event| wanted(event));
    list.sort_by_key(last_seen);
    let output = printing::output(run, false).await?;
    if output != printing::Output::Default {
        let value = json!({"apiVersion": "v1", "kind": "List", "items": list, "metadata": {}});
        return run.out(&printing::object(&output, &value, &kind)?).await;
    }
    if list.is_empty() && !flags.bool("watch") {
        return run
            .err(&if scope.is_empty() {
                "No events found.\n".to_string()
            } else {
                format!("No events found in {scope} namespace.\n")
            })
            .await;
    }
    let mut writer = TabWriter::table();
    let row = |event: &Value| {
        let who = &event["involvedObject"];
        let space = if scope.is_empty() {
            format!("{}\t", text(&event["metadata"]["namespace"]))
        } else {
            String::new()
        };
        format!(
            "{space}{}\t{}\t{}\t{}/{}\t{}\n",
            event_age(event, run.computer.now()),
            text(&event["type"]),
            text(&event["reason"]),
            text(&who["kind"]),
            text(&who["name"]),
            text(&event["message"]).trim()
        )
    };
    let mut lines = String::new();
    if !flags.bool("no-headers") {
        lines.push_str(if scope.is_empty() { "NAMESPACE\t" } else { "" });
        lines.push_str("LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n");
    }
    lines.extend(list.iter().map(row));
    run.out(&writer.format(&lines)).await?;
    if !flags.bool("watch") {
        return Ok(());
    }
    let fresh = run
        .get(&kind.path(&scope, ""), vec![("limit", "1".into())])
        .await?;
    query.push(("watch", "true".into()));
    query.push((
        "resourceVersion",
        text(&fresh["metadata"]["resourceVersion"]).to_string(),
    ));
    let mut stream = run
        .lines(&kind.path(&scope, ""), query, crate::run::JSON)
        .await?;
    while let Some(event) = stream.event().await {
        if matches!(event["type"].as_str(), Some("ADDED" | "MODIFIED")) && wanted(&event["object"])
        {
            run.out(&writer.format(&row(&event["object"]))).await?;
        }
    }
    Ok(())
}
