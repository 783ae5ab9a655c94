//! `podschool cluster`: one simulated cluster for any Kubernetes client, until it is told to stop.
//!
//! It listens by TLS with a certificate authority of its own; whoever has the client certificate of the kubeconfig is the
//! administrator. `--plain` is HTTP without any of it. Not here: learners' sessions and their limits.

mod certificates;
mod listen;

use apiserver::Identity;
use host::{ClusterSpec, Facts, Handle, NodeSpec, Shards, WorldSpec};
use objects::{Quantity, UserInfo};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The flags of `podschool cluster`.
#[derive(Debug, clap::Args)]
pub struct ClusterArgs {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0", env = "PODSCHOOL_CLUSTER_LISTEN")]
    listen: SocketAddr,
    /// Where to write the kubeconfig [default: a file in the temporary directory]
    #[arg(long)]
    kubeconfig_out: Option<PathBuf>,
    /// Folder of the certificate authority: made when it is empty, so that a cluster that starts again has the same kubeconfig
    #[arg(long, value_name = "DIR")]
    pki: Option<PathBuf>,
    /// Number of nodes
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=100))]
    nodes: u8,
    /// CPUs of each node, as a Kubernetes quantity
    #[arg(long, default_value = "2")]
    cpu: String,
    /// Memory of each node, as a Kubernetes quantity
    #[arg(long, default_value = "4Gi")]
    memory: String,
    /// Simulated seconds per second
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Where all chance comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Make the cluster like the one that this file describes
    #[arg(long)]
    facts: Option<PathBuf>,
    /// HTTP without certificates: everyone who can connect is the administrator
    #[arg(long)]
    plain: bool,
}

/// Runs until SIGINT or SIGTERM; the answer is the process's exit status.
pub async fn run(args: ClusterArgs) -> i32 {
    match serve(args).await {
        Ok(()) => 0,
        Err(sentence) => {
            eprintln!("podschool cluster: {sentence}");
            1
        }
    }
}

async fn serve(args: ClusterArgs) -> Result<(), String> {
    let stopped = stop_signal()?;
    let cluster = cluster_spec(&args)?;
    let metrics = cluster.has("metrics");
    let admin = cluster.user.clone();
    let spec = WorldSpec {
        seed: args.seed,
        cluster: Some(cluster),
        speed: args.speed,
        ..WorldSpec::default()
    };
    let handle = Shards::new(1)
        .create(spec)
        .await
        .map_err(|e| e.to_string())?;
    let listener = tokio::net::TcpListener::bind(args.listen)
        .await
        .map_err(|e| {
            format!(
                "cannot listen on {}: {e}. Choose another address with --listen.",
                args.listen
            )
        })?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let (kubeconfig, door) = door(&args, address, &admin)?;
    let file = args
        .kubeconfig_out
        .clone()
        .unwrap_or_else(|| default_file(address));
    write_private(&file, &kubeconfig)
        .map_err(|e| format!("cannot write the kubeconfig {}: {e}", file.display()))?;
    let identity = if args.plain {
        Identity::Fixed(admin)
    } else {
        Identity::Extension
    };
    let options = apiserver::Options {
        identity,
        audit: None,
        metrics,
        wall_time: true,
    };
    let router = apiserver::router_with(handle.clone(), options);
    say_ready(&file);
    let served = tokio::spawn(listen::accept(listener, door, router));
    let reason = wait(&handle, stopped).await;
    served.abort();
    handle.close();
    if args.kubeconfig_out.is_none() {
        // It is of no use any more; that it cannot be removed is no harm.
        let _ = std::fs::remove_file(&file);
    }
    reason
}

/// Ends with a signal to stop, or with an error when the world broke.
async fn wait(handle: &Handle, stopped: impl Future<Output = ()>) -> Result<(), String> {
    let mut events = handle.events();
    let broken = async {
        loop {
            match events.recv().await {
                Ok(host::WorldEvent::Ended { panic }) => {
                    return panic.unwrap_or_else(|| "it was closed".into());
                }
                Ok(_) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                Err(tokio::sync::broadcast::error::RecvError::Closed) => {
                    return "it was closed".into();
                }
            }
        }
    };
    tokio::select! {
        () = stopped => Ok(()),
        reason = broken => Err(format!("the simulated cluster has ended: {reason}")),
    }
}

fn stop_signal() -> Result<impl Future<Output = ()>, String> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|e| e.to_string())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn say_ready(file: &Path) {
    let mut out = std::io::stdout().lock();
    // Whoever started us may not read what we say.
    let _ = writeln!(out, "ready {}", file.display());
    let _ = out.flush();
}

fn default_file(address: SocketAddr) -> PathBuf {
    std::env::temp_dir().join(format!("podschool-{}.kubeconfig", address.port()))
}

fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut open = std::fs::OpenOptions::new();
    open.write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)?
        .write_all(text.as_bytes())
}

fn cluster_spec(args: &ClusterArgs) -> Result<ClusterSpec, String> {
    if let Some(file) = &args.facts {
        let text = std::fs::read_to_string(file)
            .map_err(|e| format!("cannot read {}: {e}", file.display()))?;
        let facts: Facts = serde_saphyr::from_str(&text)
            .map_err(|e| format!("{} is no facts file: {e}", file.display()))?;
        return Ok(ClusterSpec::from_facts(
            facts,
            args.seed,
            host::Time::default(),
        ));
    }
    let nodes = (1..=args.nodes)
        .map(|n| node(n, args))
        .collect::<Result<_, _>>()?;
    Ok(ClusterSpec {
        nodes,
        ..ClusterSpec::default()
    })
}

/// What a kubelet keeps back of a node's memory for itself.
const EVICTION_KI: i64 = 100 * 1024;

fn node(number: u8, args: &ClusterArgs) -> Result<NodeSpec, String> {
    let read = |flag: &str, text: &str| {
        text.parse::<Quantity>()
            .map_err(|_| format!("{flag} {text} is no quantity; write it like 2, 500m or 4Gi"))
    };
    read("--cpu", &args.cpu)?;
    let memory_ki = read("--memory", &args.memory)?.units() / 1024;
    let mut node = NodeSpec::numbered(number);
    for (resources, kept_ki) in [
        (&mut node.capacity, 0),
        (&mut node.allocatable, EVICTION_KI),
    ] {
        resources.insert("cpu".into(), args.cpu.clone());
        resources.insert(
            "memory".into(),
            format!("{}Ki", (memory_ki - kept_ki).max(0)),
        );
    }
    Ok(node)
}

/// The kubeconfig, and how connections are taken.
fn door(
    args: &ClusterArgs,
    address: SocketAddr,
    admin: &UserInfo,
) -> Result<(String, listen::Door), String> {
    let mut reached = address;
    if reached.ip().is_unspecified() {
        reached.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    if args.plain {
        let server = format!("http://{reached}");
        return Ok((certificates::kubeconfig(&server, None), listen::Door::Plain));
    }
    let made =
        certificates::Certificates::new(reached.ip(), admin, args.pki.as_deref()).map_err(|e| {
            match &args.pki {
                Some(folder) => format!(
                    "the certificates of {} cannot be used: {e}",
                    folder.display()
                ),
                None => format!("cannot make certificates: {e}"),
            }
        })?;
    let config = made
        .server_config()
        .map_err(|e| format!("cannot set TLS up: {e}"))?;
    let text = certificates::kubeconfig(&format!("https://{reached}"), Some(&made));
    Ok((
        text,
        listen::Door::Tls {
            config,
            user: made.user(),
        },
    ))
}
