//! `podschool cluster`: one simulated cluster for any Kubernetes client, until it is told to stop.

/// The flags of `podschool cluster`.
#[derive(Debug, clap::Args)]
pub struct ClusterArgs {}

/// Runs until SIGINT or SIGTERM; the answer is the process's exit status.
pub async fn run(_args: ClusterArgs) -> i32 {
    eprintln!("podschool cluster: not in this build yet");
    2
}
