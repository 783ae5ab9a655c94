//! The program `podschool`.

use clap::{Parser, Subcommand};
use playground::{cluster_command, kubectl_command};

#[derive(Parser)]
#[command(
    name = "podschool",
    version,
    about = "Learn Kubernetes pods in the browser"
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// One simulated cluster for any Kubernetes client
    Cluster(cluster_command::ClusterArgs),
    /// The built-in kubectl on $KUBECONFIG
    Kubectl(kubectl_command::KubectlArgs),
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let code = match Cli::parse().command {
        Some(Command::Cluster(args)) => cluster_command::run(args).await,
        Some(Command::Kubectl(args)) => kubectl_command::run(args).await,
        None => 0,
    };
    std::process::ExitCode::from(u8::try_from(code).unwrap_or(1))
}
