//! `kubectl get`: one or many objects, as the server's table or in any form of `-o`, once or watched.

use std::sync::Arc;

use futures::FutureExt;
use serde_json::{Value, json};

use crate::discovery::Kind;
use crate::failure::{Failure, Outcome, fail};
use crate::printing::table::{self, Look};
use crate::printing::{self, Output};
use crate::run::{Query, Run, TABLE, bytes, typed};
use crate::selection;
use crate::tabwriter::TabWriter;
use crate::verb::Verb;

pub(crate) static GET: Verb = Verb {
    name: "get",
    about: "Display one or many resources",
    usage: "[(-o|--output=)FORMAT] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]",
    examples: "# All pods\nkubectl get pods\n# Pods with their addresses and nodes\nkubectl get pods -o wide\n# Only the phase of one pod\nkubectl get pod kuard -o jsonpath='{.status.phase}'\n# Several kinds at once\nkubectl get pods,services\n# Watch what changes\nkubectl get pods -w",
    flags: &[
        super::SELECT,
        super::FILES,
        super::PRINT_OBJECTS,
        "
-A --all-namespaces=false  Objects of all namespaces
--chunk-size=500  How many objects to ask for at once; 0: all
--ignore-not-found=false  A missing object is no error
-L --label-columns=[]  Labels to show as columns
--no-headers=false  Print no line of titles
--output-watch-events=false  Print the watch's events, with -w
--raw=''  A path of the server to request
--server-print=true  Let the server compute the table
--show-kind=false  Show the kind before each name
--show-labels=false  Show all labels as the last column
--sort-by=''  Path of the field to sort by
--subresource=''  Get this subresource of the object
-w --watch=false  Go on with what changes
--watch-only=false  Only what changes
",
    ],
    run: Some(|run| go(run).boxed()),
    ..Verb::NONE
};

/// One request of a `get`: a list, or one object by name.
struct Part {
    kind: Arc<Kind>,
    scope: String,
    name: Option<String>,
}

impl Part {
    fn path(&self, run: &Run) -> String {
        let path = self
            .kind
            .path(&self.scope, self.name.as_deref().unwrap_or(""));
        match run.flags.some("subresource") {
            Some(sub) if self.name.is_some() => format!("{path}/{sub}"),
            _ => path,
        }
    }
}

async fn go(run: &Run) -> Outcome {
    if let Some(path) = run.flags.some("raw") {
        if !path.starts_with('/') && !path.contains("://") {
            return Err(fail!(
                "--raw must be a valid URL path: parse {path:?}: invalid URI for request"
            ));
        }
        let answer = run
            .ask(
                http::Method::GET,
                path,
                Vec::new(),
                None,
                "application/json, */*",
            )
            .await?;
        return run.out_bytes(&bytes(answer).await?).await;
    }
    let output = printing::output(run, true).await?;
    run.err(unsorted(run)).await?;
    let (parts, mut failures) = parts(run).await?;
    if run.flags.bool("watch") || run.flags.bool("watch-only") {
        return watch(run, &parts, &output).await;
    }
    match output {
        Output::Default | Output::Wide => tables(run, &parts, &output, &mut failures).await?,
        _ => objects(run, &parts, &output, &mut failures).await?,
    }
    Failure::of(failures)
}

/// What `--sort-by` with a watch leads to.
fn unsorted(run: &Run) -> &'static str {
    if run.flags.some("sort-by").is_none() {
        ""
    } else if run.flags.bool("watch") {
        "warning: --watch requested, --sort-by will be ignored for watch events received\n"
    } else if run.flags.bool("watch-only") {
        "warning: --watch-only requested, --sort-by will be ignored\n"
    } else {
        ""
    }
}

async fn parts(run: &Run) -> Outcome<(Vec<Part>, Vec<Failure>)> {
    let (mut parts, mut failures) = (Vec::new(), Vec::new());
    if !run.flags.list("filename").is_empty() {
        let (items, problems) = selection::items(run).await?;
        failures = problems;
        parts.extend(items.into_iter().map(|i| Part {
            kind: i.kind,
            scope: i.namespace,
            name: Some(i.name),
        }));
        return Ok((parts, failures));
    }
    if run.words.is_empty() {
        return Err(Failure::Plain(
            "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples".into(),
        ));
    }
    for (kind, names) in selection::wanted(run, &run.words).await? {
        let scope = if kind.namespaced {
            run.scope().await?
        } else {
            String::new()
        };
        if !names.is_empty() && !selection::selectors(run).is_empty() {
            return Err(fail!(
                "name cannot be provided when a selector is specified"
            ));
        }
        if !names.is_empty() && kind.namespaced && run.flags.bool("all-namespaces") {
            return Err(fail!(
                "a resource cannot be retrieved by name across all namespaces"
            ));
        }
        if names.is_empty() {
            parts.push(Part {
                kind: kind.clone(),
                scope: scope.clone(),
                name: None,
            });
        }
        parts.extend(names.into_iter().map(|name| Part {
            kind: kind.clone(),
            scope: scope.clone(),
            name: Some(name),
        }));
    }
    Ok((parts, std::mem::take(&mut failures)))
}

fn query(run: &Run, part: &Part) -> Query {
    if part.name.is_some() {
        return Vec::new();
    }
    let mut query = selection::selectors(run);
    let size = run.flags.int("chunk-size");
    if size > 0 && !run.flags.changed("sort-by") {
        query.push(("limit", size.to_string()));
    }
    query
}

fn forgiven(run: &Run, failure: &Failure) -> bool {
    run.flags.bool("ignore-not-found") && failure.is_not_found()
}

/// The table of one part, pages put together.
async fn fetch_table(run: &Run, part: &Part) -> Outcome<Value> {
    let mut query = query(run, part);
    if run.flags.changed("sort-by") {
        query.push(("includeObject", "Object".into()));
    }
    let first = run.table(&part.path(run), query.clone()).await;
    let mut whole = first.map_err(|failure| match &part.name {
        None => failure.listing(&part.kind, &query),
        Some(_) => failure,
    })?;
    while let Some(next) = whole["metadata"]["continue"]
        .as_str()
        .filter(|c| !c.is_empty())
        .map(str::to_string)
    {
        let mut query = query.clone();
        query.push(("continue", next));
        let mut page = run.table(&part.path(run), query).await?;
        whole["metadata"] = page["metadata"].take();
        let more = page["rows"]
            .as_array_mut()
            .map(std::mem::take)
            .unwrap_or_default();
        if let Some(rows) = whole["rows"].as_array_mut() {
            rows.extend(more);
        }
    }
    if whole["kind"] != "Table" {
        whole = plain_table(whole);
    }
    // kubectl takes a table for empty whose rows all lack the field; only lists of objects are told so.
    if sort(run, &mut whole["rows"], |row| &row["object"]).is_err() {
        whole["rows"] = json!([]);
    }
    Ok(whole)
}

/// NAME and AGE, for servers that compute no tables.
fn plain_table(mut answer: Value) -> Value {
    let objects = match answer["items"].as_array_mut() {
        Some(items) => std::mem::take(items),
        None => vec![answer],
    };
    let rows: Vec<Value> = objects.into_iter().map(|o| json!({"cells": [o["metadata"]["name"], o["metadata"]["creationTimestamp"]], "object": o})).collect();
    json!({"kind": "Table", "columnDefinitions": [{"name": "Name", "format": "name"}, {"name": "Created At"}], "rows": rows})
}

fn sort(run: &Run, list: &mut Value, of: impl Fn(&Value) -> &Value) -> Outcome {
    let Some(text) = run.flags.some("sort-by") else {
        return Ok(());
    };
    let path = printing::jsonpath::relaxed(text)?;
    let Some(list) = list.as_array_mut() else {
        return Ok(());
    };
    let key = |value: &Value| {
        path.values(of(value))
            .ok()
            .and_then(|v| v.into_iter().next())
            .unwrap_or(Value::Null)
    };
    if !list.is_empty() && list.iter().all(|value| key(value).is_null()) {
        return Err(fail!(
            "couldn't find any field with path \"{{.{}}}\" in the list of objects",
            text.trim_matches(['{', '}']).trim_start_matches('.')
        ));
    }
    list.sort_by(|a, b| order(&key(a), &key(b)));
    Ok(())
}

fn order(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) => x.total_cmp(&y),
        _ => {
            let (x, y) = (printing::jsonpath::shown(a), printing::jsonpath::shown(b));
            match (objects_quantity(&x), objects_quantity(&y)) {
                (Some(x), Some(y)) => x.total_cmp(&y),
                _ => x.cmp(&y),
            }
        }
    }
}

/// A quantity such as `1Gi`, so that sizes sort by size.
fn objects_quantity(text: &str) -> Option<f64> {
    let at = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .filter(|at| *at > 0)?;
    let factor = match &text[at..] {
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "Ki" => 1024.0,
        "Mi" => 1048576.0,
        "Gi" => 1073741824.0,
        "Ti" => 1099511627776.0,
        _ => return None,
    };
    text[..at].parse::<f64>().ok().map(|n| n * factor)
}

fn look(run: &Run, output: &Output, part: &Part, several: bool) -> Look {
    let prefix = if several || run.flags.bool("show-kind") {
        part.kind.shown() + "/"
    } else {
        String::new()
    };
    Look {
        wide: *output == Output::Wide,
        headers: !run.flags.bool("no-headers"),
        namespace: run.flags.bool("all-namespaces") && part.kind.namespaced,
        show_labels: run.flags.bool("show-labels"),
        label_columns: run.flags.list("label-columns").to_vec(),
        prefix,
        event: None,
    }
}

async fn tables(
    run: &Run,
    parts: &[Part],
    output: &Output,
    failures: &mut Vec<Failure>,
) -> Outcome {
    let mut printed = 0;
    let mut blocks: Vec<(&Part, Value)> = Vec::new();
    let mut found = 0;
    let mut answered: Vec<&Kind> = Vec::new();
    for part in parts {
        match fetch_table(run, part).await {
            Ok(table) => {
                answered.push(&part.kind);
                let rows = table["rows"].as_array().map_or(0, Vec::len);
                found += rows;
                match blocks.last_mut() {
                    Some((last, whole)) if last.kind == part.kind => {
                        if let (Some(all), Some(more)) =
                            (whole["rows"].as_array_mut(), table["rows"].as_array())
                        {
                            all.extend(more.iter().cloned());
                        }
                    }
                    _ if rows > 0 => blocks.push((part, table)),
                    _ => {}
                }
            }
            Err(failure) if forgiven(run, &failure) => {}
            Err(failure) => failures.push(failure),
        }
    }
    let several = answered.iter().any(|kind| *kind != answered[0]);
    for (part, whole) in &blocks {
        let gap = if printed > 0 && !run.flags.bool("no-headers") {
            "\n"
        } else {
            ""
        };
        let text = table::print(
            whole,
            &look(run, output, part, several),
            &mut TabWriter::table(),
        );
        run.out(&format!("{gap}{text}")).await?;
        printed += 1;
    }
    if found == 0 && failures.is_empty() && !run.flags.bool("ignore-not-found") {
        let namespaced = parts.iter().all(|part| part.kind.namespaced);
        let text = if namespaced && !run.flags.bool("all-namespaces") {
            format!(
                "No resources found in {} namespace.\n",
                run.namespace().await?
            )
        } else {
            "No resources found\n".to_string()
        };
        run.err(&text).await?;
    }
    Ok(())
}

async fn objects(
    run: &Run,
    parts: &[Part],
    output: &Output,
    failures: &mut Vec<Failure>,
) -> Outcome {
    let (mut all, mut kinds) = (Vec::new(), Vec::new());
    let single =
        parts.len() == 1 && parts[0].name.is_some() && run.flags.list("filename").len() <= 1;
    for part in parts {
        let answer = match &part.name {
            Some(_) => run
                .get(&part.path(run), Vec::new())
                .await
                .map(|value| vec![value]),
            None => {
                run.list(&part.kind, &part.scope, selection::selectors(run))
                    .await
            }
        };
        match answer {
            Ok(values) => {
                kinds.extend(values.iter().map(|_| part.kind.clone()));
                all.extend(values);
            }
            Err(failure) if forgiven(run, &failure) => {}
            Err(failure) => failures.push(failure),
        }
    }
    if matches!(output, Output::Yaml | Output::Json) && !run.flags.bool("show-managed-fields") {
        all.iter_mut().for_each(printing::without_managed_fields);
    }
    let mut list = Value::Array(all);
    sort(run, &mut list, |value| value)?;
    let all = list.as_array_mut().map(std::mem::take).unwrap_or_default();
    if all.is_empty() && (!failures.is_empty() || (single && run.flags.bool("ignore-not-found"))) {
        return Ok(());
    }
    match output {
        Output::Name => {
            for (value, kind) in all.iter().zip(&kinds) {
                run.out(&printing::object(output, value, kind)?).await?;
            }
            Ok(())
        }
        Output::Columns(columns) => {
            run.out(&columns.print(&all, !run.flags.bool("no-headers"))?)
                .await
        }
        _ => {
            let kind = parts.first().map(|p| p.kind.clone()).unwrap_or_default();
            let value = match (single, all.len()) {
                (true, 1) => all.into_iter().next().unwrap_or_default(),
                _ => {
                    json!({"apiVersion": "v1", "kind": "List", "items": all, "metadata": {"resourceVersion": ""}})
                }
            };
            run.out(&printing::object(output, &value, &kind)?).await
        }
    }
}

async fn watch(run: &Run, parts: &[Part], output: &Output) -> Outcome {
    let [part] = parts else {
        return Err(fail!("you may only specify a single resource type"));
    };
    let as_table = matches!(output, Output::Default | Output::Wide);
    let mut query = selection::selectors(run);
    if let Some(name) = &part.name {
        query.push(("fieldSelector", format!("metadata.name={name}")));
    }
    let collection = part.kind.path(&part.scope, "");
    let events = run.flags.bool("output-watch-events");
    let mut printer = WatchPrinter {
        writer: TabWriter::table(),
        look: look(run, output, part, false),
        events,
        output,
        kind: &part.kind,
        columns: Value::Null,
    };
    let first = if as_table {
        run.table(&collection, query.clone()).await?
    } else {
        run.get(&collection, query.clone()).await?
    };
    let version = first["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or("0")
        .to_string();
    if let (Some(_), true) = (
        &part.name,
        first["rows"]
            .as_array()
            .or(first["items"].as_array())
            .is_none_or(Vec::is_empty),
    ) {
        // Says what is not there, as a plain get would.
        run.get(&part.path(run), Vec::new()).await?;
    }
    if !run.flags.bool("watch-only") {
        if as_table {
            let text = printer.table(&first, "ADDED");
            run.out(&text).await?;
        } else {
            for item in first["items"].as_array().into_iter().flatten() {
                run.out(&printer.object(item.clone(), "ADDED", run)?)
                    .await?;
            }
        }
    }
    query.push(("watch", "true".into()));
    query.push(("resourceVersion", version));
    let mut lines = run
        .lines(
            &collection,
            query,
            if as_table { TABLE } else { crate::run::JSON },
        )
        .await?;
    while let Some(mut event) = lines.event().await {
        let what = event["type"].as_str().unwrap_or("").to_string();
        match what.as_str() {
            "BOOKMARK" => {}
            "ERROR" => return Err(Failure::Status(Box::new(event["object"].take()))),
            _ if as_table => {
                let text = printer.table(&event["object"], &what);
                run.out(&text).await?;
            }
            _ => {
                run.out(&printer.object(event["object"].take(), &what, run)?)
                    .await?
            }
        }
    }
    Ok(())
}

/// Prints the events of a watch in one alignment.
struct WatchPrinter<'a> {
    writer: TabWriter,
    look: Look,
    events: bool,
    output: &'a Output,
    kind: &'a Kind,
    /// Column definitions come with the first table only.
    columns: Value,
}

impl WatchPrinter<'_> {
    fn table(&mut self, table: &Value, event: &str) -> String {
        self.look.event = self.events.then(|| event.to_string());
        if table["columnDefinitions"]
            .as_array()
            .is_some_and(|c| !c.is_empty())
        {
            self.columns = table["columnDefinitions"].clone();
        }
        if table["rows"].as_array().is_none_or(Vec::is_empty) {
            return String::new();
        }
        let mut table = table.clone();
        if table["columnDefinitions"]
            .as_array()
            .is_none_or(Vec::is_empty)
        {
            table["columnDefinitions"] = self.columns.clone();
        }
        let text = table::print(&table, &self.look, &mut self.writer);
        self.look.headers = false;
        text
    }

    fn object(&self, mut value: Value, event: &str, run: &Run) -> Outcome<String> {
        typed(&mut value, self.kind);
        if !run.flags.bool("show-managed-fields") {
            printing::without_managed_fields(&mut value);
        }
        if self.events {
            value = json!({"type": event, "object": value});
        }
        let text = printing::object(self.output, &value, self.kind)?;
        Ok(if *self.output == Output::Yaml {
            format!("---\n{text}")
        } else {
            text
        })
    }
}
