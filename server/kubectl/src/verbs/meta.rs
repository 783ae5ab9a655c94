//! `kubectl api-resources`, `api-versions`, `version`, `cluster-info`, `options`, `help`, `auth`, `events`, `top`.

use futures::FutureExt;
use http::Method;
use serde_json::{Value, json};

use crate::describe::{event_age, last_seen, text};
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
pub(crate) static AUTH: Verb = Verb {
    name: "auth",
    about: "Inspect authorization",
    usage: "SUBCOMMAND",
    verbs: &[&CAN_I, &WHOAMI],
    ..Verb::NONE
};
static CAN_I: Verb = Verb {
    name: "can-i",
    about: "Check whether an action is allowed",
    usage: "VERB [TYPE | TYPE/NAME | NONRESOURCEURL]",
    flags: &[
        "\n-A --all-namespaces=false  In all namespaces\n--list=false  All that is allowed\n-q --quiet=false  Only the exit code\n--subresource=''  Subresource\n--no-headers=false  Print no line of titles\n",
    ],
    run: Some(|run| can_i(run).boxed()),
    ..Verb::NONE
};
static WHOAMI: Verb = Verb {
    name: "whoami",
    about: "Experimental: Check self subject attributes",
    flags: &["\n-o --output=''  yaml or json\n"],
    run: Some(|run| whoami(run).boxed()),
    ..Verb::NONE
};
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
pub(crate) static TOP: Verb = Verb {
    name: "top",
    about: "Display resource (CPU/memory) usage",
    usage: "SUBCOMMAND",
    verbs: &[&TOP_NODE, &TOP_POD],
    ..Verb::NONE
};
static TOP_NODE: Verb = Verb {
    name: "node",
    aliases: &["nodes", "no"],
    about: "Display resource (CPU/memory) usage of nodes",
    flags: &[TOP_FLAGS],
    run: Some(|run| top(run, "nodes").boxed()),
    ..Verb::NONE
};
static TOP_POD: Verb = Verb {
    name: "pod",
    aliases: &["pods", "po"],
    about: "Display resource (CPU/memory) usage of pods",
    flags: &[TOP_FLAGS],
    run: Some(|run| top(run, "pods").boxed()),
    ..Verb::NONE
};
const TOP_FLAGS: &str = "
-A --all-namespaces=false  In all namespaces
--containers=false  Containers by themselves
--field-selector=''  Field selector
--no-headers=false  Print no line of titles
-l --selector=''  Label selector
--show-capacity=false  Of the capacity
--sort-by=''  cpu or memory
--sum=false  With a sum
--use-protocol-buffers=true  Not used
";

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

async fn can_i(run: &Run) -> Outcome {
    if run.flags.bool("list") {
        return can_i_list(run).await;
    }
    let [verb, rest @ ..] = run.words.as_slice() else {
        return Err(fail!(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples."
        ));
    };
    let Some(what) = rest.first() else {
        return Err(fail!(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples."
        ));
    };
    let spec = if what.starts_with('/') {
        json!({"nonResourceAttributes": {"verb": verb, "path": what}})
    } else {
        let (word, name) = what.split_once('/').map_or(
            (what.as_str(), rest.get(1).map_or("", String::as_str)),
            |(w, n)| (w, n),
        );
        let kind = run.discovery().await?.named(word);
        if kind.is_none() && word != "*" {
            run.err(&format!(
                "Warning: the server doesn't have a resource type '{word}'\n\n"
            ))
            .await?;
        }
        let (group, plural) = kind.map_or((String::new(), word.to_string()), |k| {
            (k.group.clone(), k.plural.clone())
        });
        json!({"resourceAttributes": {"namespace": run.scope().await?, "verb": verb, "group": group, "resource": plural, "name": name, "subresource": run.flags.text("subresource")}})
    };
    let body = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "metadata": {}, "spec": spec});
    let answer = run
        .send(
            Method::POST,
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            Vec::new(),
            &body,
        )
        .await?;
    let allowed = answer["status"]["allowed"] == true;
    if !run.flags.bool("quiet") {
        let reason = text(&answer["status"]["reason"]);
        let why = if !allowed && !reason.is_empty() {
            format!(" - {reason}")
        } else {
            String::new()
        };
        run.out(&format!("{}{why}\n", if allowed { "yes" } else { "no" }))
            .await?;
    }
    if allowed {
        Ok(())
    } else {
        Err(Failure::Exit(1))
    }
}

async fn can_i_list(run: &Run) -> Outcome {
    let body = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "metadata": {}, "spec": {"namespace": run.namespace().await?}});
    let answer = run
        .send(
            Method::POST,
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            Vec::new(),
            &body,
        )
        .await?;
    let list = |value: &Value| {
        format!(
            "[{}]",
            value
                .as_array()
                .into_iter()
                .flatten()
                .map(text)
                .collect::<Vec<_>>()
                .join(" ")
        )
    };
    let mut lines = if run.flags.bool("no-headers") {
        String::new()
    } else {
        "Resources\tNon-Resource URLs\tResource Names\tVerbs\n".to_string()
    };
    for rule in answer["status"]["resourceRules"]
        .as_array()
        .into_iter()
        .flatten()
    {
        for resource in rule["resources"].as_array().into_iter().flatten() {
            for group in rule["apiGroups"].as_array().into_iter().flatten() {
                let group = if text(group).is_empty() {
                    String::new()
                } else {
                    format!(".{}", text(group))
                };
                lines.push_str(&format!(
                    "{}{group}\t[]\t{}\t{}\n",
                    text(resource),
                    list(&rule["resourceNames"]),
                    list(&rule["verbs"])
                ));
            }
        }
    }
    for rule in answer["status"]["nonResourceRules"]
        .as_array()
        .into_iter()
        .flatten()
    {
        lines.push_str(&format!(
            "\t{}\t[]\t{}\n",
            list(&rule["nonResourceURLs"]),
            list(&rule["verbs"])
        ));
    }
    run.out(&TabWriter::table().format(&lines)).await
}

async fn whoami(run: &Run) -> Outcome {
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview", "metadata": {}});
    let answer = run
        .send(
            Method::POST,
            "/apis/authentication.k8s.io/v1/selfsubjectreviews",
            Vec::new(),
            &body,
        )
        .await?;
    match run.flags.text("output") {
        "yaml" => return run.out(&objects::encode_yaml(&answer)).await,
        "json" => return run.out(&(printing::json::pretty(&answer) + "\n")).await,
        _ => {}
    }
    let user = &answer["status"]["userInfo"];
    let list = |value: &Value| {
        format!(
            "[{}]",
            value
                .as_array()
                .into_iter()
                .flatten()
                .map(text)
                .collect::<Vec<_>>()
                .join(" ")
        )
    };
    let mut lines = "ATTRIBUTE\tVALUE\n".to_string();
    for (title, value) in [
        ("Username", text(&user["username"]).to_string()),
        ("UID", text(&user["uid"]).to_string()),
    ] {
        if !value.is_empty() {
            lines.push_str(&format!("{title}\t{value}\n"));
        }
    }
    if user["groups"].as_array().is_some_and(|g| !g.is_empty()) {
        lines.push_str(&format!("Groups\t{}\n", list(&user["groups"])));
    }
    for (key, value) in user["extra"].as_object().into_iter().flatten() {
        lines.push_str(&format!("Extra: {key}\t{}\n", list(value)));
    }
    run.out(&TabWriter::table().format(&lines)).await
}

async fn events(run: &Run) -> Outcome {
    let flags = &run.flags;
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

async fn top(run: &Run, plural: &str) -> Outcome {
    let flags = &run.flags;
    if !run
        .discovery()
        .await?
        .versions
        .iter()
        .any(|(group, _)| group == "metrics.k8s.io")
    {
        return Err(fail!("Metrics API not available"));
    }
    let scope = if plural == "pods" {
        run.scope().await?
    } else {
        String::new()
    };
    let space = if scope.is_empty() {
        String::new()
    } else {
        format!("/namespaces/{scope}")
    };
    let name = run
        .words
        .first()
        .map(|n| format!("/{n}"))
        .unwrap_or_default();
    let mut query = Vec::new();
    if let Some(text) = flags.some("selector") {
        query.push(("labelSelector", text.to_string()));
    }
    let answer = run
        .get(
            &format!("/apis/metrics.k8s.io/v1beta1{space}/{plural}{name}"),
            query,
        )
        .await?;
    let list = answer["items"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![answer.clone()]);
    if list.is_empty() {
        return run
            .err(&if scope.is_empty() {
                "No resources found\n".to_string()
            } else {
                format!("No resources found in {scope} namespace.\n")
            })
            .await;
    }
    let of = |value: &Value| objects::quantity::Quantity::of(value).map_or(0, |q| q.millis());
    let nodes = if plural == "nodes" {
        run.get("/api/v1/nodes", Vec::new()).await?
    } else {
        Value::Null
    };
    let mut rows: Vec<(String, i64, i64, String)> = Vec::new();
    for item in &list {
        let name = text(&item["metadata"]["name"]).to_string();
        let lead = if scope.is_empty() && plural == "pods" {
            format!("{}\t", text(&item["metadata"]["namespace"]))
        } else {
            String::new()
        };
        if plural == "nodes" {
            let node = nodes["items"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|n| n["metadata"]["name"] == name.as_str())
                .cloned()
                .unwrap_or_default();
            let base = if flags.bool("show-capacity") {
                &node["status"]["capacity"]
            } else {
                &node["status"]["allocatable"]
            };
            let (cpu, memory) = (of(&item["usage"]["cpu"]), of(&item["usage"]["memory"]));
            let share = |part: i64, whole: &Value| {
                if of(whole) > 0 {
                    format!("{}%", part * 100 / of(whole))
                } else {
                    "<unknown>".into()
                }
            };
            let line = format!(
                "{name}\t{cpu}m\t{}\t{}Mi\t{}\n",
                share(cpu, &base["cpu"]),
                memory / 1000 / 1_048_576,
                share(memory, &base["memory"])
            );
            rows.push((name, cpu, memory, line));
            continue;
        }
        let containers: Vec<&Value> = item["containers"]
            .as_array()
            .into_iter()
            .flatten()
            .collect();
        let parts: Vec<(String, i64, i64)> = if flags.bool("containers") {
            containers
                .iter()
                .map(|c| {
                    (
                        format!("{name}\t{}", text(&c["name"])),
                        of(&c["usage"]["cpu"]),
                        of(&c["usage"]["memory"]),
                    )
                })
                .collect()
        } else {
            vec![(
                name.clone(),
                containers.iter().map(|c| of(&c["usage"]["cpu"])).sum(),
                containers.iter().map(|c| of(&c["usage"]["memory"])).sum(),
            )]
        };
        rows.extend(parts.into_iter().map(|(name, cpu, memory)| {
            let line = format!("{lead}{name}\t{cpu}m\t{}Mi\n", memory / 1000 / 1_048_576);
            (name, cpu, memory, line)
        }));
    }
    match flags.text("sort-by") {
        "cpu" => rows.sort_by_key(|r| -r.1),
        "memory" => rows.sort_by_key(|r| -r.2),
        _ => rows.sort_by(|a, b| a.0.cmp(&b.0)),
    }
    let mut lines = String::new();
    if !flags.bool("no-headers") {
        lines.push_str(match plural {
            "nodes" => "NAME\tCPU(cores)\tCPU(%)\tMEMORY(bytes)\tMEMORY(%)\n",
            _ if flags.bool("containers") => "POD\tNAME\tCPU(cores)\tMEMORY(bytes)\n",
            _ if scope.is_empty() => "NAMESPACE\tNAME\tCPU(cores)\tMEMORY(bytes)\n",
            _ => "NAME\tCPU(cores)\tMEMORY(bytes)\n",
        });
    }
    lines.extend(rows.into_iter().map(|r| r.3));
    run.out(&TabWriter::table().format(&lines)).await
}
