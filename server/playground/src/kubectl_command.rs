//! `podschool kubectl ARGS…`: the built-in kubectl on `$KUBECONFIG`, with this computer's files and terminal.
//!
//! The computer that the room `kubectl` sees is the real one: tokio's standard streams, files and sockets. Ctrl-C ends
//! the process as it ends any other; the terminal's settings are put back first.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use futures::future::{BoxFuture, FutureExt};
use kubectl::{Clients, Computer, Duplex, FileInfo, Listener, Stdio, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// Everything after `podschool kubectl`.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct KubectlArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<String>,
}

/// Runs one command; the answer is the process's exit status.
pub async fn run(args: KubectlArgs) -> i32 {
    let computer = Arc::new(ThisComputer);
    let running = kubectl::run(args.args, computer.clone(), Arc::new(KubeconfigClients));
    tokio::select! {
        code = running => code,
        _ = tokio::signal::ctrl_c() => {
            let _ = computer.set_raw(false).await;
            130
        }
    }
}

/// Clients made from the kubeconfig that kubectl reduced to one context.
struct KubeconfigClients;

impl Clients for KubeconfigClients {
    fn connect<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<kube::Client, String>> {
        async move {
            let config: kube::config::Kubeconfig =
                serde_json::from_value(target.kubeconfig.clone()).map_err(|why| why.to_string())?;
            let options = kube::config::KubeConfigOptions::default();
            let mut config = kube::Config::from_custom_kubeconfig(config, &options)
                .await
                .map_err(|why| why.to_string())?;
            config.read_timeout = None;
            kube::Client::try_from(config).map_err(|why| why.to_string())
        }
        .boxed()
    }
}

/// The computer that runs this process.
struct ThisComputer;

struct Port(tokio::net::TcpListener);

impl Listener for Port {
    fn port(&self) -> u16 {
        self.0.local_addr().map_or(0, |address| address.port())
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Duplex>>> {
        async move {
            let (stream, _) = self.0.accept().await?;
            Ok(Box::new(stream) as Box<dyn Duplex>)
        }
        .boxed()
    }
}

async fn stty(args: &[&str]) -> io::Result<String> {
    let mut command = Command::new("stty");
    command.args(args).stdin(std::process::Stdio::inherit());
    let output = command.output().await?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

impl Computer for ThisComputer {
    fn read(&self, max: usize) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        async move {
            let mut buffer = vec![0; max];
            let count = tokio::io::stdin().read(&mut buffer).await?;
            buffer.truncate(count);
            Ok(buffer)
        }
        .boxed()
    }

    fn write<'a>(&'a self, to: Stdio, bytes: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        async move {
            if to == Stdio::Err {
                let mut stream = tokio::io::stderr();
                stream.write_all(bytes).await?;
                return stream.flush().await;
            }
            let mut stream = tokio::io::stdout();
            stream.write_all(bytes).await?;
            stream.flush().await
        }
        .boxed()
    }

    fn is_terminal(&self, stream: Stdio) -> bool {
        match stream {
            Stdio::In => io::stdin().is_terminal(),
            Stdio::Out => io::stdout().is_terminal(),
            Stdio::Err => io::stderr().is_terminal(),
        }
    }

    fn terminal_size(&self) -> Option<(u16, u16)> {
        let output = std::process::Command::new("stty")
            .arg("size")
            .stdin(std::process::Stdio::inherit())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (rows, cols) = text.trim().split_once(' ')?;
        Some((cols.parse().ok()?, rows.parse().ok()?))
    }

    fn resized(&self) -> BoxFuture<'_, ()> {
        async {
            use tokio::signal::unix::{SignalKind, signal};
            match signal(SignalKind::window_change()) {
                Ok(mut changes) => {
                    changes.recv().await;
                }
                Err(_) => std::future::pending().await,
            }
        }
        .boxed()
    }

    fn set_raw(&self, raw: bool) -> BoxFuture<'_, io::Result<()>> {
        async move {
            if io::stdin().is_terminal() {
                let args: &[&str] = if raw { &["raw", "-echo"] } else { &["sane"] };
                stty(args).await?;
            }
            Ok(())
        }
        .boxed()
    }

    fn read_file<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<Vec<u8>>> {
        tokio::fs::read(path).boxed()
    }

    fn write_file<'a>(
        &'a self,
        path: &'a str,
        bytes: &'a [u8],
        mode: u32,
    ) -> BoxFuture<'a, io::Result<()>> {
        async move {
            use std::os::unix::fs::PermissionsExt;
            tokio::fs::write(path, bytes).await?;
            tokio::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).await
        }
        .boxed()
    }

    fn create_dir<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<()>> {
        tokio::fs::create_dir_all(path).boxed()
    }

    fn metadata<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<FileInfo>> {
        async move {
            use std::os::unix::fs::PermissionsExt;
            let info = tokio::fs::metadata(path).await?;
            let modified = info
                .modified()?
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            Ok(FileInfo {
                is_dir: info.is_dir(),
                size: info.len(),
                mode: info.permissions().mode() & 0o7777,
                modified_s: modified.as_secs() as i64,
            })
        }
        .boxed()
    }

    fn read_dir<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<Vec<String>>> {
        async move {
            let mut entries = tokio::fs::read_dir(path).await?;
            let mut names = Vec::new();
            while let Some(entry) = entries.next_entry().await? {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
            names.sort();
            Ok(names)
        }
        .boxed()
    }

    fn remove_file<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<()>> {
        tokio::fs::remove_file(path).boxed()
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        tokio::time::sleep(time).boxed()
    }

    fn listen<'a>(
        &'a self,
        address: &'a str,
        port: u16,
    ) -> BoxFuture<'a, io::Result<Box<dyn Listener>>> {
        async move {
            let listener = tokio::net::TcpListener::bind((address, port)).await?;
            Ok(Box::new(Port(listener)) as Box<dyn Listener>)
        }
        .boxed()
    }

    fn edit<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<()>> {
        async move {
            let editor = self
                .env("KUBE_EDITOR")
                .or_else(|| self.env("EDITOR"))
                .unwrap_or_else(|| "vi".into());
            let status = Command::new("sh")
                .args(["-c", &format!("{editor} \"$0\""), path])
                .status()
                .await?;
            if status.success() {
                Ok(())
            } else {
                Err(io::Error::other(format!(
                    "there was a problem with the editor {editor:?}"
                )))
            }
        }
        .boxed()
    }

    fn fetch<'a>(&'a self, url: &'a str) -> BoxFuture<'a, io::Result<Vec<u8>>> {
        async move {
            let host = url.split('/').nth(2).unwrap_or_default();
            let (name, port) = host.rsplit_once(':').unwrap_or((
                host,
                if url.starts_with("https") {
                    "443"
                } else {
                    "80"
                },
            ));
            let address = (name, port.parse().map_err(io::Error::other)?);
            drop(tokio::net::TcpStream::connect(address).await?);
            let output = Command::new("curl")
                .args(["-fsSL", "--", url])
                .output()
                .await?;
            if output.status.success() {
                Ok(output.stdout)
            } else {
                Err(io::Error::other(format!(
                    "unable to read URL {url:?}: {}",
                    String::from_utf8_lossy(&output.stderr).trim()
                )))
            }
        }
        .boxed()
    }
}
