//! `kubectl top`: what nodes and pods use, from metrics.k8s.io.

use futures::FutureExt;
use serde_json::Value;

use crate::describe::text;
use crate::failure::{Outcome, fail};
use crate::run::Run;
use crate::tabwriter::TabWriter;
use crate::verb::Verb;

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

async fn top(run: &Run, plural: &str) -> Outcome {
    let flags = &run.flags;
    if !["", "cpu", "memory"].contains(&flags.text("sort-by")) {
        return Err(fail!("--sort-by accepts only cpu or memory"));
    }
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
