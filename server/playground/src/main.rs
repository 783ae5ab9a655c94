//! The program `podschool`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use playground::settings::ServeArgs;
use playground::{bench_command, cluster_command, kubectl_command, lessons_command, serve};

/// Simulated clusters allocate much that is small and short-lived: a third of a pod's cost was the system's allocator.
/// It asks for no huge pages: see `docs/decisions/0019-no-huge-pages.md`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Learn Kubernetes pods in the browser, on a cluster of your own.
#[derive(Parser)]
#[command(name = "podschool", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Subcommand)]
enum Command {
    /// The playground (the default)
    Serve(Box<ServeArgs>),
    /// One simulated cluster for any Kubernetes client
    Cluster(cluster_command::ClusterArgs),
    /// The built-in kubectl on $KUBECONFIG
    Kubectl(kubectl_command::KubectlArgs),
    /// Measures sessions, memory and latency on this computer
    Bench(bench_command::BenchArgs),
    /// The author's tools: list and check lessons
    Lessons(lessons_command::LessonsArgs),
}

/// What is logged where `PODSCHOOL_LOG` says nothing: kubectl's standard error belongs to kubectl.
fn default_log() -> &'static str {
    if std::env::args().nth(1).as_deref() == Some("kubectl") {
        "off"
    } else {
        "warn,playground=info"
    }
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("PODSCHOOL_LOG")
                .unwrap_or_else(|_| default_log().into()),
        )
        .with_writer(std::io::stderr)
        .init();
    // A second provider can only be installed by a mistake of ours; the first one then stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("podschool: the runtime cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(async {
        match cli.command {
            None => serve::run(cli.serve).await,
            Some(Command::Serve(args)) => serve::run(*args).await,
            Some(Command::Cluster(args)) => cluster_command::run(args).await,
            Some(Command::Kubectl(args)) => kubectl_command::run(args).await,
            Some(Command::Bench(args)) => bench_command::run(args).await,
            Some(Command::Lessons(args)) => lessons_command::run(args).await,
        }
    });
    // Reads of standard input on threads of the runtime may never return.
    runtime.shutdown_background();
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
