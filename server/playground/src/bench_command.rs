//! `podschool bench`: what the promises of the README are measured by. First simulated clusters by themselves; then the load generator:
//! it starts a server of its own on loopback, in this process, and visits it as browsers do: a page, a socket, a terminal. It
//! prints a table; it judges nothing. Its loops are bounded in count, and it stops by itself.

mod figures;
mod hostile;
mod visitor;
mod worlds;

use std::time::{Duration, Instant};

use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::serve::Server;
use crate::settings::ServeArgs;
use figures::{Row, Spread, machine, resident_bytes};
use visitor::Visitor;

/// What is measured.
#[derive(clap::Args, Debug)]
pub struct BenchArgs {
    /// Learners at once
    #[arg(long, default_value_t = 1000)]
    pub learners: usize,
    /// Keys typed by each tenth learner
    #[arg(long, default_value_t = 20)]
    pub keys: usize,
    /// Pods that take all that they can get, beside whom keys are typed at the end; 0 for none
    #[arg(long, default_value_t = 100)]
    pub hostile: usize,
    /// Learners that arrive side by side
    #[arg(long, default_value_t = 8)]
    pub side_by_side: usize,
    /// Only `worlds` or only `learners`
    #[arg(long, value_name = "PART")]
    pub only: Option<String>,
}

/// Runs the benchmark; the answer is the process's exit status.
pub async fn run(args: BenchArgs) -> i32 {
    match measure(&args).await {
        Ok(()) => 0,
        Err(why) => {
            eprintln!("podschool bench: {why}");
            1
        }
    }
}

async fn measure(args: &BenchArgs) -> Result<(), String> {
    let wanted = |part: &str| args.only.as_deref().is_none_or(|only| only == part);
    println!("{}\n", machine());
    Row::head();
    if wanted("worlds") {
        for row in worlds::measure().await? {
            row.print();
        }
    }
    if wanted("learners") {
        learners(args).await?;
    }
    Ok(())
}

async fn learners(args: &BenchArgs) -> Result<(), String> {
    let stop = CancellationToken::new();
    let settings = ServeArgs {
        listen: Some("127.0.0.1:0".into()),
        data: Some("none".into()),
        max_sessions: Some(args.learners + args.hostile + 64),
        max_connections: Some(args.learners + args.hostile + 128),
        ..ServeArgs::default()
    };
    let settings = settings.settle().map_err(|wrong| wrong.to_string())?;
    let server = Server::start(settings, stop.clone())
        .await
        .map_err(|wrong| wrong.to_string())?;
    let address = server.address;
    // the first visitor pays for what is read once
    let mut first = Visitor::arrive(address).await?;
    let before = resident_bytes();
    let (visitors, arrivals, seconds) = arrive(address, args).await?;
    let (count, beside) = (visitors.len(), args.side_by_side);
    let rate = count as f64 / seconds;
    Row::new(
        "sessions started",
        format!("{rate:.0} a second"),
        "17 a second",
    )
    .print();
    let what = format!("a new session, from request to prompt, {beside} arriving side by side");
    Row::new(&what, arrivals.said(), "p99 50 ms").print();
    settle().await;
    let each = resident_bytes().saturating_sub(before) / count.max(1) as u64;
    let what = "memory of an idle session with its terminal open";
    Row::new(what, format!("{} KiB", each / 1024), "1024 KiB").print();
    let what = format!("echo of a key, {count} learners connected, a tenth typing");
    let echo = echo(visitors, args.keys).await?.said();
    Row::new(&what, echo, "p50 5 ms, p99 50 ms").print();
    let what = "`kubectl get pods` in the terminal, from Enter to prompt";
    Row::new(what, commands(&mut first).await?.said(), "").print();
    drop(first);
    if args.hostile > 0 {
        hostile::measure(address, args.hostile).await?;
    }
    stop.cancel();
    server.finished().await;
    Ok(())
}

/// Lets what was begun come to rest before memory is read: a bounded look, not a test.
async fn settle() {
    tokio::time::sleep(Duration::from_secs(2)).await;
}

async fn arrive(
    address: std::net::SocketAddr,
    args: &BenchArgs,
) -> Result<(Vec<Visitor>, Spread, f64), String> {
    let start = Instant::now();
    let one = |_| async move {
        let start = Instant::now();
        Visitor::arrive(address).await.map(|v| (v, start.elapsed()))
    };
    let all: Vec<Result<(Visitor, Duration), String>> = futures::stream::iter(0..args.learners)
        .map(one)
        .buffer_unordered(args.side_by_side.max(1))
        .collect()
        .await;
    let seconds = start.elapsed().as_secs_f64();
    let mut visitors = Vec::with_capacity(all.len());
    let mut spread = Spread::default();
    for visit in all {
        let (visitor, took) = visit?;
        spread.add(took);
        visitors.push(visitor);
    }
    Ok((visitors, spread, seconds))
}

async fn echo(visitors: Vec<Visitor>, keys: usize) -> Result<Spread, String> {
    let count = visitors.len().div_ceil(10);
    let mut typing = visitors;
    let rest = typing.split_off(count.min(typing.len()));
    let all: Vec<Result<Spread, String>> =
        futures::future::join_all(typing.into_iter().map(|mut v| async move {
            let mut spread = Spread::default();
            for _ in 0..keys {
                spread.add(v.key(b'x').await?);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok(spread)
        }))
        .await;
    drop(rest);
    let mut total = Spread::default();
    for spread in all {
        total.join(spread?);
    }
    Ok(total)
}

async fn commands(visitor: &mut Visitor) -> Result<Spread, String> {
    let mut spread = Spread::default();
    for _ in 0..20 {
        spread.add(visitor.line("kubectl get pods").await?);
    }
    Ok(spread)
}
