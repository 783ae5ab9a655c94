//! `kubectl logs`: what the containers of a pod, or of all pods of a selector, wrote.

use futures::FutureExt;
use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;

use crate::failure::{Outcome, fail, usage};
use crate::run::{Query, Run};
use crate::selection;
use crate::streams;
use crate::verb::Verb;

pub(crate) static LOGS: Verb = Verb {
    name: "logs",
    aliases: &["log"],
    about: "Print the logs for a container in a pod",
    usage: "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]",
    examples: "# The log of the pod's first container\nkubectl logs kuard\n# Go on as it grows\nkubectl logs -f kuard\n# Of the run before the last restart\nkubectl logs kuard --previous\n# The last twenty lines of every container\nkubectl logs kuard --all-containers --tail=20",
    flags: &["
--all-containers=false  All containers of the pod
--all-pods=false  All pods of the workload, with prefixes
-c --container=''  Container whose log to print
-f --follow=false  Go on as the log grows
--ignore-errors=false  With -f: go on when one log fails
--insecure-skip-tls-verify-backend=false  Do not verify the kubelet's certificate
--limit-bytes=0  At most so many bytes
--max-log-requests=5  With -l and -f: at most so many logs at once
--pod-running-timeout=20s  How long to wait until a pod runs
--prefix=false  Put pod and container before each line
-p --previous=false  The run before the last restart
-l --selector=''  Label selector of the pods
--since=0s  Not older than this
--since-time=''  Not older than this time (RFC 3339)
--tail=-1  Only the last lines; with -l 10 by default
--timestamps=false  Put the time before each line
"],
    run: Some(|run| go(run).boxed()),
    ..Verb::NONE
};

struct Source {
    pod: String,
    container: String,
    path: String,
}

async fn go(run: &Run) -> Outcome {
    let flags = &run.flags;
    let selector = flags.some("selector");
    if run.words.is_empty() && selector.is_none() {
        return Err(usage!(
            "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command"
        ));
    }
    if selector.is_some() && !run.words.is_empty() {
        return Err(usage!("only a selector (-l) or a POD name is allowed"));
    }
    if run.words.len() > 2 {
        return Err(usage!(
            "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command"
        ));
    }
    let asked = run
        .words
        .get(1)
        .map_or(flags.text("container"), String::as_str);
    if flags.bool("all-containers") && !asked.is_empty() {
        return Err(fail!(
            "--all-containers=true should not be specified with container name {asked}"
        ));
    }
    let pods = pods(run).await?;
    if flags.changed("since") && flags.changed("since-time") {
        return Err(fail!(
            "at most one of `sinceTime` or `sinceSeconds` may be specified"
        ));
    }
    let mut sources = Vec::new();
    for pod in &pods {
        sources.extend(sources_of(run, pod, asked, pods.len() > 1 || selector.is_some()).await?);
    }
    let limit = flags.int("max-log-requests");
    if flags.bool("follow") && sources.len() as i64 > limit {
        return Err(fail!(
            "you are attempting to follow {} log streams, but maximum allowed concurrency is {limit}, use --max-log-requests to increase the limit",
            sources.len()
        ));
    }
    let prefix = flags.bool("prefix") || flags.bool("all-pods");
    if flags.bool("follow") && sources.len() > 1 {
        let mut all: FuturesUnordered<_> = sources
            .iter()
            .map(|source| copy(run, source, prefix, true))
            .collect();
        while let Some(outcome) = all.next().await {
            outcome?;
        }
        return Ok(());
    }
    for source in &sources {
        copy(run, source, prefix, sources.len() > 1).await?;
    }
    Ok(())
}

async fn pods(run: &Run) -> Outcome<Vec<Value>> {
    let namespace = run.namespace().await?;
    if let Some(selector) = run.flags.some("selector") {
        let pods = run
            .list(
                &*run.kind("pods").await?,
                &namespace,
                vec![("labelSelector", selector.to_string())],
            )
            .await?;
        if pods.is_empty() {
            run.err(&format!("No resources found in {namespace} namespace.\n"))
                .await?;
        }
        return Ok(pods);
    }
    let word = &run.words[0];
    let found = selection::pods_of(run, word, "get the logs from").await;
    let mut pods = match found {
        Err(failure) if failure.is_not_found() => {
            let text = failure.sentence();
            return Err(fail!(
                "error from server (NotFound): {text} in namespace {namespace:?}"
            ));
        }
        other => other?,
    };
    if !run.flags.bool("all-pods") {
        if pods.len() > 1 {
            let first = pods[0]["metadata"]["name"]
                .as_str()
                .unwrap_or("")
                .to_string();
            run.err(&format!("Found {} pods, using pod/{first}\n", pods.len()))
                .await?;
        }
        pods.truncate(1);
    }
    Ok(pods)
}

async fn sources_of(run: &Run, pod: &Value, asked: &str, quiet: bool) -> Outcome<Vec<Source>> {
    let text = |value: &Value| value.as_str().unwrap_or("").to_string();
    let (name, namespace) = (
        text(&pod["metadata"]["name"]),
        text(&pod["metadata"]["namespace"]),
    );
    let containers = if run.flags.bool("all-containers") {
        ["initContainers", "containers", "ephemeralContainers"]
            .iter()
            .flat_map(|part| streams::names(&pod["spec"][*part]))
            .collect()
    } else {
        vec![streams::container_of(run, pod, asked, quiet).await?]
    };
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/log");
    Ok(containers
        .into_iter()
        .map(|container| Source {
            pod: name.clone(),
            container,
            path: path.clone(),
        })
        .collect())
}

fn query(run: &Run, container: &str) -> Query {
    let flags = &run.flags;
    let mut query = vec![("container", container.to_string())];
    for (flag, parameter) in [
        ("follow", "follow"),
        ("previous", "previous"),
        ("timestamps", "timestamps"),
    ] {
        if flags.bool(flag) {
            query.push((parameter, "true".into()));
        }
    }
    let tail = if flags.some("selector").is_some() && !flags.changed("tail") {
        10
    } else {
        flags.int("tail")
    };
    if tail >= 0 {
        query.push(("tailLines", tail.to_string()));
    }
    if flags.int("limit-bytes") > 0 {
        query.push(("limitBytes", flags.int("limit-bytes").to_string()));
    }
    let since = flags.duration("since").as_secs_f64().ceil() as i64;
    if since > 0 {
        query.push(("sinceSeconds", since.to_string()));
    }
    if let Some(time) = flags.some("since-time") {
        query.push(("sinceTime", time.to_string()));
    }
    query
}

async fn copy(run: &Run, source: &Source, prefix: bool, whole_lines: bool) -> Outcome {
    let answer = run
        .lines(
            &source.path,
            query(run, &source.container),
            "application/json, */*",
        )
        .await;
    let mut lines = match answer {
        Err(failure) if run.flags.bool("ignore-errors") => {
            return run.err(&format!("error: {}\n", failure.sentence())).await;
        }
        other => other?,
    };
    if !prefix && !whole_lines {
        while let Some(data) = lines.chunk().await {
            run.out_bytes(&data).await?;
        }
        return Ok(());
    }
    let head = if prefix {
        format!("[pod/{}/{}] ", source.pod, source.container)
    } else {
        String::new()
    };
    while let Some(mut line) = lines.line().await {
        line.splice(..0, head.bytes());
        line.push(b'\n');
        run.out_bytes(&line).await?;
    }
    Ok(())
}
