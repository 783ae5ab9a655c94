//! What simulated clusters cost, without pages and sockets: memory, readiness, pods, time that is passed fast.

use std::time::{Duration, Instant};

use host::{ClockCommand, ClusterSpec, Handle, NodeSpec, Present, Shards, WorldSpec};
use objects::{Body, Request, Verb};
use serde_json::{Value, json};

use super::figures::{Row, Spread, cpu_time, resident_bytes};

/// Idle clusters that are made to be weighed.
const IDLE: usize = 200;
/// Pods that are started one after the other.
const PODS: usize = 100;
/// Simulated time within which pods that can run do.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often what is heavy is done: the middle one counts.
const TIMES: usize = 5;

fn spec(nodes: u8) -> WorldSpec {
    let images = ["busybox:1.36", "nginx:1.27"];
    let cluster = ClusterSpec {
        nodes: (1..=nodes).map(NodeSpec::numbered).collect(),
        present: Present::These(images.map(String::from).to_vec()),
        ..ClusterSpec::default()
    };
    WorldSpec {
        cluster: Some(cluster),
        ..WorldSpec::default()
    }
}

async fn paused(shards: &Shards, nodes: u8) -> Result<Handle, String> {
    let world = shards.create(spec(nodes)).await.map_err(said)?;
    world.clock(ClockCommand::Pause).await.map_err(said)?;
    Ok(world)
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

async fn create(world: &Handle, object: Value) -> Result<(), String> {
    let of = objects::resource::of_object(&object).ok_or("an unknown kind")?;
    let mut request = Request::new(Verb::Create, of.group, of.version, of.plural);
    request.namespace = "default".into();
    request.user_agent = "bench".into();
    request.body = Body::Object(object);
    world
        .request(request)
        .await
        .map(drop)
        .map_err(|s| s.message)
}

/// How many pods run, or are ready.
async fn count(world: &Handle, what: impl Fn(&Value) -> bool) -> Result<usize, String> {
    let list = Request::new(Verb::List, "", "v1", "pods");
    let pods = world.list(list).await.map_err(|s| s.message)?.items;
    Ok(pods.iter().filter(|p| what(p)).count())
}

fn runs(pod: &Value) -> bool {
    pod["status"]["phase"] == "Running"
}

fn sleeper() -> Value {
    json!({"name": "main", "image": "busybox:1.36", "command": ["sleep", "86400"]})
}

/// Measures all, a row each.
pub async fn measure() -> Result<Vec<Row>, String> {
    let shards = Shards::new(std::thread::available_parallelism().map_or(1, usize::from));
    // What is read once is paid for.
    drop(paused(&shards, 1).await?);
    let mut rows = idle(&shards).await?;
    rows.push(one_pod(&shards).await?);
    rows.push(thousand(&shards).await?);
    rows.push(hour(&shards).await?);
    Ok(rows)
}

async fn idle(shards: &Shards) -> Result<Vec<Row>, String> {
    let before = resident_bytes();
    let (mut worlds, mut ready) = (Vec::new(), Spread::default());
    for _ in 0..IDLE {
        let start = Instant::now();
        let world = shards.create(spec(1)).await.map_err(said)?;
        let nodes = Request::new(Verb::List, "", "v1", "nodes");
        world.list(nodes).await.map_err(|s| s.message)?;
        ready.add(start.elapsed());
        worlds.push(world);
    }
    // They come to rest, then nothing may happen: not a test but a look.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let each = resident_bytes().saturating_sub(before) / IDLE as u64;
    let (cpu, watched) = (cpu_time(), Duration::from_secs(2));
    tokio::time::sleep(watched).await;
    let share = cpu_time().saturating_sub(cpu).as_secs_f64() / watched.as_secs_f64();
    drop(worlds);
    Ok(vec![
        Row::new("an idle cluster", format!("{} KiB", each / 1024), "400 KiB"),
        Row::new(
            &format!("CPU of {IDLE} idle clusters on running clocks"),
            format!("{:.1} % of one", share * 100.0),
            "none",
        ),
        Row::new("a cluster is ready", ready.said(), "1 ms"),
    ])
}

async fn one_pod(shards: &Shards) -> Result<Row, String> {
    let world = paused(shards, 1).await?;
    let mut took = Spread::default();
    for n in 0..PODS {
        let metadata = json!({"name": format!("pod-{n}"), "namespace": "default"});
        let pod = json!({"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": {"containers": [sleeper()]}});
        let start = Instant::now();
        create(&world, pod).await?;
        until(&world, n + 1).await?;
        took.add(start.elapsed());
    }
    Ok(Row::new("a pod, from run to Running", took.said(), "2 ms"))
}

/// Lets time pass, as fast as it goes, until so many pods run.
async fn until(world: &Handle, pods: usize) -> Result<(), String> {
    for _ in 0..PATIENCE.as_secs() {
        let second = ClockCommand::Step(Duration::from_secs(1));
        world.clock(second).await.map_err(said)?;
        if count(world, runs).await? >= pods {
            return Ok(());
        }
    }
    let run = count(world, runs).await?;
    Err(format!("only {run} of {pods} pods run after {PATIENCE:?}"))
}

/// A row of what is heavy: what the clock says, and the CPU, which other programs of the machine change less.
fn row(what: &str, took: Spread, cpu: Duration) -> Row {
    let each = cpu.as_millis() / TIMES as u128;
    Row::new(what, format!("{}; CPU {each} ms each", took.said()), "1 s")
}

async fn thousand(shards: &Shards) -> Result<Row, String> {
    let (mut took, mut cpu) = (Spread::default(), Duration::ZERO);
    for _ in 0..TIMES {
        let world = paused(shards, 50).await?;
        let template =
            json!({"metadata": {"labels": {"app": "many"}}, "spec": {"containers": [sleeper()]}});
        let spec = json!({"replicas": 1000, "selector": {"matchLabels": {"app": "many"}}, "template": template});
        let many = json!({"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "many"}, "spec": spec});
        let (start, before) = (Instant::now(), cpu_time());
        create(&world, many).await?;
        until(&world, 1000).await?;
        took.add(start.elapsed());
        cpu += cpu_time().saturating_sub(before);
    }
    Ok(row("1,000 pods on 50 nodes, all Running", took, cpu))
}

async fn hour(shards: &Shards) -> Result<Row, String> {
    let (mut took, mut cpu) = (Spread::default(), Duration::ZERO);
    for _ in 0..TIMES {
        let world = paused(shards, 1).await?;
        let probe = json!({"httpGet": {"path": "/", "port": 80}, "periodSeconds": 10});
        let container = json!({"name": "main", "image": "nginx:1.27", "readinessProbe": probe});
        let template =
            json!({"metadata": {"labels": {"app": "probed"}}, "spec": {"containers": [container]}});
        let spec = json!({"replicas": 100, "selector": {"matchLabels": {"app": "probed"}}, "template": template});
        let many = json!({"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "probed"}, "spec": spec});
        create(&world, many).await?;
        until(&world, 100).await?;
        let (start, before) = (Instant::now(), cpu_time());
        let hour = ClockCommand::Step(Duration::from_secs(3600));
        world.clock(hour).await.map_err(said)?;
        took.add(start.elapsed());
        cpu += cpu_time().saturating_sub(before);
    }
    Ok(row(
        "an hour of 100 pods, each probed every 10 s",
        took,
        cpu,
    ))
}
