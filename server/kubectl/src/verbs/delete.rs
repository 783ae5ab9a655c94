//! `kubectl delete`: objects by name, selector or file; waits until they are gone.

use std::time::Duration;

use futures::FutureExt;
use http::Method;
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome, fail};
use crate::run::Run;
use crate::selection::{self, Item};
use crate::verb::Verb;

pub(crate) static DELETE: Verb = Verb {
    name: "delete",
    about: "Delete resources by file names, stdin, resources and names, or by resources and label selector",
    usage: "([-f FILENAME] | TYPE [(NAME | -l label | --all)])",
    examples: "# One pod\nkubectl delete pod kuard\n# What a manifest made\nkubectl delete -f pod.yaml\n# All pods with a label, at once\nkubectl delete pods -l app=web --now",
    flags: &[
        super::SELECT,
        super::FILES,
        "
--all=false  All objects of the kind
-A --all-namespaces=false  In all namespaces
--cascade='background'?background  How owned objects go: background, orphan or foreground
--dry-run='none'?unchanged  none, client or server
--force=false  Do not wait for the kubelet (with --grace-period=0)
--grace-period=-1  Seconds that the object may take to end
--ignore-not-found=false  A missing object is no error
-i --interactive=false  Ask before deleting
--now=false  Grace period of one second
-o --output=''  name: print only the name
--raw=''  A path of the server to send DELETE to
--timeout=0s  How long to wait
--wait=true  Wait until the objects are gone
",
    ],
    run: Some(|run| go(run).boxed()),
    ..Verb::NONE
};

async fn go(run: &Run) -> Outcome {
    let flags = &run.flags;
    super::dry_run(run)?;
    if let Some(path) = flags.some("raw") {
        let answer = run
            .send(Method::DELETE, path, Vec::new(), &json!({}))
            .await?;
        return run.out(&format!("{answer}\n")).await;
    }
    cascade(run).await?;
    if flags.bool("now") && flags.changed("grace-period") {
        return Err(fail!(
            "--now and --grace-period cannot be specified together"
        ));
    }
    if run.words.is_empty()
        && flags.list("filename").is_empty()
        && flags.some("kustomize").is_none()
    {
        return Err(selection::nothing_named());
    }
    if flags.bool("all") && flags.some("selector").is_some() {
        return Err(fail!(
            "setting 'all' parameter but found a non empty selector. "
        ));
    }
    if flags.bool("force") && grace(run) > 0 {
        return Err(fail!(
            "--force and --grace-period greater than 0 cannot be specified together"
        ));
    }
    if flags.bool("force") {
        run.err("Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n").await?;
    }
    let (items, mut failures) = selection::items(run).await?;
    if items.is_empty() && failures.is_empty() {
        return run.out("No resources found\n").await;
    }
    let mut gone = Vec::new();
    for item in &items {
        match delete(run, item).await {
            Ok(Some(uid)) => gone.push((item, uid)),
            Ok(None) => {}
            Err(failure) => failures.push(failure),
        }
    }
    let waits = flags.bool("wait")
        && flags.text("dry-run") == "none"
        && (flags.changed("wait") || !flags.bool("force"));
    if waits {
        for (item, uid) in gone {
            wait_gone(run, item, &uid, timeout(run)).await?;
        }
    }
    Failure::of(failures)
}

/// Checks `--cascade`, and says that its old form, a truth value, is deprecated.
async fn cascade(run: &Run) -> Outcome {
    let given = run.flags.text("cascade");
    let meant = match given {
        "background" | "foreground" | "orphan" => return Ok(()),
        "1" | "t" | "T" | "true" | "TRUE" | "True" => "background",
        "0" | "f" | "F" | "false" | "FALSE" | "False" => "orphan",
        other => {
            return Err(fail!(
                "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
            ));
        }
    };
    run.err(&format!(
        "warning: --cascade={given} is deprecated (boolean value) and can be replaced with --cascade={meant}.\n"
    ))
    .await
}

fn timeout(run: &Run) -> Option<Duration> {
    Some(run.flags.duration("timeout")).filter(|t| !t.is_zero())
}

fn grace(run: &Run) -> i64 {
    let flags = &run.flags;
    match flags.int("grace-period") {
        _ if flags.bool("now") => 1,
        0 if !flags.bool("force") => 1,
        _ if flags.bool("force") && !flags.changed("grace-period") => 0,
        other => other,
    }
}

/// Sends DELETE, says so, and answers with the uid to wait for.
async fn delete(run: &Run, item: &Item) -> Outcome<Option<String>> {
    let flags = &run.flags;
    let mut body = json!({"propagationPolicy": match flags.text("cascade") {
        "orphan" | "0" | "f" | "F" | "false" | "FALSE" | "False" => "Orphan",
        "foreground" => "Foreground",
        _ => "Background",
    }});
    if grace(run) >= 0 {
        body["gracePeriodSeconds"] = grace(run).into();
    }
    let mut query = Vec::new();
    if flags.text("dry-run") == "server" {
        query.push(("dryRun", "All".to_string()));
        body["dryRun"] = json!(["All"]);
    }
    let answer = if flags.text("dry-run") == "client" {
        item.fetch(run).await
    } else {
        run.send(Method::DELETE, &item.path(), query, &body).await
    };
    let answer = match answer {
        Err(failure)
            if failure.is_not_found()
                && (flags.bool("ignore-not-found")
                    || (flags.bool("all") && run.words.len() == 1)) =>
        {
            return Ok(None);
        }
        other => other.map_err(|failure| failure.when("deleting", &item.source))?,
    };
    run.out(&said(run, item)).await?;
    let uid = match &answer["details"]["uid"] {
        Value::String(uid) => uid.clone(),
        _ => answer["metadata"]["uid"].as_str().unwrap_or("").to_string(),
    };
    Ok(Some(uid))
}

fn said(run: &Run, item: &Item) -> String {
    let flags = &run.flags;
    if flags.text("output") == "name" {
        return format!("{}\n", item.shown());
    }
    let mut text = format!("{} {:?} ", item.kind.shown(), item.name);
    text.push_str(if flags.bool("force") && grace(run) == 0 {
        "force deleted"
    } else {
        "deleted"
    });
    if item.kind.namespaced {
        text.push_str(&format!(" from {} namespace", item.namespace));
    }
    text.push_str(match flags.text("dry-run") {
        "client" => " (dry run)",
        "server" => " (server dry run)",
        _ => "",
    });
    text + "\n"
}

/// Waits until an object is gone, or another one of its name stands there.
pub(crate) async fn wait_gone(
    run: &Run,
    item: &Item,
    uid: &str,
    limit: Option<Duration>,
) -> Outcome {
    let wait = async {
        loop {
            let object = match item.fetch(run).await {
                Err(failure) if failure.is_not_found() => return Ok(()),
                other => other?,
            };
            if !uid.is_empty() && object["metadata"]["uid"] != uid {
                return Ok(());
            }
            let mut lines = item.watch(run, selection::version(&object)).await?;
            while let Some(event) = lines.event().await {
                match event["type"].as_str() {
                    Some("DELETED") => return Ok(()),
                    Some("ERROR") => break,
                    _ => {}
                }
            }
        }
    };
    match limit {
        None => wait.await,
        Some(limit) => tokio::select! {
            biased;
            done = wait => done,
            () = run.computer.sleep(limit) => Err(fail!("timed out waiting for the condition on {}/{}", item.kind.plural, item.name)),
        },
    }
}
