//! `kubectl autoscale`: a HorizontalPodAutoscaler for a workload.

use futures::FutureExt;
use http::Method;
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome, fail};
use crate::printing;
use crate::run::Run;
use crate::selection::{self, Item};
use crate::verb::Verb;

pub(crate) static AUTOSCALE: Verb = Verb {
    name: "autoscale",
    about: "Auto-scale a deployment, replica set, stateful set, or replication controller",
    usage: "(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU]",
    examples: "# Between 2 and 10 pods, at half of the CPU that they ask for\nkubectl autoscale deployment web --min=2 --max=10 --cpu=50%",
    flags: &[
        super::FILES,
        super::PRINT_OBJECTS,
        super::CHANGE,
        "
--cpu=''  CPU of each pod to aim for: 50% of the request, or 500m
--cpu-percent=-1  CPU to aim for, in percent of the request
--max=-1  At most so many pods
--memory=''  Memory of each pod to aim for: 60% of the request, or 256Mi
--min=-1  At least so many pods
--name=''  Name of the autoscaler
--save-config=false  Keep the manifest in an annotation
",
    ],
    run: Some(|run| go(run).boxed()),
    ..Verb::NONE
};

async fn go(run: &Run) -> Outcome {
    super::dry_run(run)?;
    let flags = &run.flags;
    if !flags.changed("max") {
        return Err(fail!("required flag(s) \"max\" not set"));
    }
    if flags.int("max") < 1 {
        return Err(fail!(
            "--max=MAXPODS is required and must be at least 1, max: {}",
            flags.int("max")
        ));
    }
    if flags.int("max") < flags.int("min") {
        return Err(fail!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {}, min: {}",
            flags.int("max"),
            flags.int("min")
        ));
    }
    let (items, mut failures) = selection::items(run).await?;
    for item in items {
        failures.extend(one(run, &item).await.err());
    }
    Failure::of(failures)
}

async fn one(run: &Run, item: &Item) -> Outcome {
    item.fetch(run).await?;
    if !item.kind.subresources.iter().any(|sub| sub == "scale") {
        return Err(fail!(
            "cannot autoscale a {}: no kind {:?} is registered for scaling",
            item.kind.kind,
            item.kind.kind
        ));
    }
    let kind = run.kind("horizontalpodautoscalers").await?;
    let mut made = autoscaler(run, item);
    if run.flags.text("dry-run") != "client" {
        made = run
            .send(
                Method::POST,
                &kind.path(&item.namespace, ""),
                super::change(run, "kubectl-autoscale"),
                &made,
            )
            .await?;
    }
    printing::report(run, &kind, made, "autoscaled").await
}

fn autoscaler(run: &Run, item: &Item) -> Value {
    let flags = &run.flags;
    let name = flags.some("name").unwrap_or(&item.name);
    let mut spec = json!({
        "maxReplicas": flags.int("max"),
        "scaleTargetRef": {"apiVersion": item.kind.api_version(), "kind": item.kind.kind, "name": item.name},
    });
    if flags.int("min") > 0 {
        spec["minReplicas"] = flags.int("min").into();
    }
    let mut cpu = flags.text("cpu").to_string();
    if cpu.is_empty() && flags.int("cpu-percent") >= 0 {
        cpu = format!("{}%", flags.int("cpu-percent"));
    }
    let metrics: Vec<Value> = [("cpu", cpu.as_str()), ("memory", flags.text("memory"))]
        .into_iter()
        .filter(|(_, aim)| !aim.is_empty())
        .map(|(name, aim)| {
            json!({"type": "Resource", "resource": {"name": name, "target": target(aim)}})
        })
        .collect();
    if !metrics.is_empty() {
        spec["metrics"] = metrics.into();
    }
    json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name}, "spec": spec,
        "status": {"currentMetrics": null, "desiredReplicas": 0}})
}

/// `50%` of the request, or an amount for each pod.
fn target(aim: &str) -> Value {
    match aim.strip_suffix('%').and_then(|n| n.parse::<i64>().ok()) {
        Some(percent) => json!({"type": "Utilization", "averageUtilization": percent}),
        None => json!({"type": "AverageValue", "averageValue": aim}),
    }
}
