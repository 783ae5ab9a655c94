//! `kubectl api-resources`, `api-versions`, `version`, `cluster-info`, `options`, `help`: what the cluster and this program are.

use futures::FutureExt;
use serde_json::json;

use crate::describe::text;
use crate::failure::{Failure, Outcome, fail};
use crate::printing;
use crate::run::Run;
use crate::tabwriter::TabWriter;
use crate::verb::{self, Verb};

pub(crate) static API_RESOURCES: Verb = Verb {
    name: "api-resources",
    about: "Print the supported API resources on the server",
    flags: &["
--api-group=''  Only this group
--cached=false  Use the cached list
--categories=[]  Only these categories
--namespaced=true  Only namespaced ones, or only those that are not
--no-headers=false  Print no line of titles
-o --output=''  wide or name
--sort-by=''  name or kind
--verbs=[]  Only those with these verbs
"],
    run: Some(|run| api_resources(run).boxed()),
    ..Verb::NONE
};
pub(crate) static API_VERSIONS: Verb = Verb {
    name: "api-versions",
    about: "Print the supported API versions on the server, in the form of \"group/version\"",
    run: Some(|run| api_versions(run).boxed()),
    ..Verb::NONE
};
pub(crate) static VERSION: Verb = Verb {
    name: "version",
    about: "Print the client and server version information",
    flags: &["\n--client=false  Only the client's version\n-o --output=''  yaml or json\n"],
    run: Some(|run| version(run).boxed()),
    ..Verb::NONE
};
pub(crate) static CLUSTER_INFO: Verb = Verb {
    name: "cluster-info",
    about: "Display cluster information",
    run: Some(|run| cluster_info(run).boxed()),
    ..Verb::NONE
};
pub(crate) static OPTIONS: Verb = Verb {
    name: "options",
    run: Some(|run| async move { run.out(&crate::help::options()).await }.boxed()),
    ..Verb::NONE
};
pub(crate) static HELP: Verb = Verb {
    name: "help",
    run: Some(|run| help(run).boxed()),
    ..Verb::NONE
};
async fn help(run: &Run) -> Outcome {
    if run.words.is_empty() {
        return run.out(&crate::help::overview()).await;
    }
    let found = verb::find(&run.words);
    match found.verb {
        Some(verb) => run.out(&crate::help::verb(verb, &found.command)).await,
        None => Err(Failure::Plain(format!(
            "Unknown help topic [`{}`].",
            run.words.join(" ")
        ))),
    }
}

async fn api_resources(run: &Run) -> Outcome {
    let flags = &run.flags;
    let found = run.discovery().await?;
    let mut kinds: Vec<_> = found
        .kinds
        .iter()
        .filter(|k| !k.verbs.is_empty())
        .filter(|k| !flags.changed("api-group") || k.group == flags.text("api-group"))
        .filter(|k| !flags.changed("namespaced") || k.namespaced == flags.bool("namespaced"))
        .filter(|k| flags.list("verbs").iter().all(|v| k.verbs.contains(v)))
        .filter(|k| {
            flags
                .list("categories")
                .iter()
                .all(|c| k.categories.contains(c))
        })
        .collect();
    // Of a group with several versions, the preferred one (the first) is shown.
    let mut seen = std::collections::BTreeSet::new();
    kinds.retain(|k| seen.insert((k.group.clone(), k.plural.clone())));
    match flags.text("sort-by") {
        "kind" => kinds.sort_by_key(|k| k.kind.clone()),
        "name" => kinds.sort_by_key(|k| k.plural.clone()),
        _ => kinds.sort_by_key(|k| (k.group.clone(), k.plural.clone())),
    }
    if !["", "name", "wide"].contains(&flags.text("output")) {
        return Err(fail!("--output {} is not available", flags.text("output")));
    }
    if flags.text("output") == "name" {
        let lines: String = kinds.iter().map(|k| k.with_group() + "\n").collect();
        return run.out(&lines).await;
    }
    let wide = flags.text("output") == "wide";
    let mut lines = String::new();
    if !flags.bool("no-headers") {
        lines.push_str("NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND");
        lines.push_str(if wide { "\tVERBS\tCATEGORIES\n" } else { "\n" });
    }
    for k in kinds {
        lines.push_str(&format!(
            "{}\t{}\t{}\t{}\t{}",
            k.plural,
            k.short_names.join(","),
            k.api_version(),
            k.namespaced,
            k.kind
        ));
        lines.push_str(&if wide {
            format!("\t{}\t{}\n", k.verbs.join(","), k.categories.join(","))
        } else {
            "\n".into()
        });
    }
    run.out(&TabWriter::table().format(&lines)).await
}

async fn api_versions(run: &Run) -> Outcome {
    let found = run.discovery().await?;
    let mut lines: Vec<String> = found
        .versions
        .iter()
        .map(|(g, v)| {
            if g.is_empty() {
                v.clone()
            } else {
                format!("{g}/{v}")
            }
        })
        .collect();
    lines.sort();
    lines.dedup();
    run.out(&(lines.join("\n") + "\n")).await
}

async fn version(run: &Run) -> Outcome {
    let client =
        json!({"major": "1", "minor": "36", "gitVersion": "v1.36.2", "platform": "linux/amd64"});
    let server = if run.flags.bool("client") {
        None
    } else {
        Some(run.get("/version", vec![("timeout", "32s".into())]).await)
    };
    match run.flags.text("output") {
        "" => {
            run.out("Client Version: v1.36.2\nKustomize Version: v5.8.1\n")
                .await?;
            match server {
                Some(server) => {
                    run.out(&format!(
                        "Server Version: {}\n",
                        text(&server?["gitVersion"])
                    ))
                    .await
                }
                None => Ok(()),
            }
        }
        format @ ("yaml" | "json") => {
            let mut value = json!({"clientVersion": client, "kustomizeVersion": "v5.8.1"});
            if let Some(server) = server {
                value["serverVersion"] = server?;
            }
            run.out(&if format == "yaml" {
                objects::encode_yaml(&value)
            } else {
                printing::json::pretty(&value) + "\n"
            })
            .await
        }
        _ => Err(fail!("--output must be 'yaml' or 'json'")),
    }
}

async fn cluster_info(run: &Run) -> Outcome {
    run.get(
        "/api/v1/namespaces/kube-system/services",
        vec![("labelSelector", "kubernetes.io/cluster-service=true".into())],
    )
    .await?;
    let colour = run.computer.is_terminal(crate::computer::Stdio::Out);
    let (green, yellow, end) = if colour {
        ("\u{1b}[0;32m", "\u{1b}[0;33m", "\u{1b}[0m")
    } else {
        ("", "", "")
    };
    let server = run.target().await?.server.clone();
    run.out(&format!("{green}Kubernetes control plane{end} is running at {yellow}{server}{end}\n\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n")).await
}
