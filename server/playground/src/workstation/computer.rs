//! kubectl's computer on the workstation: every call goes to the simulated machine. A port that kubectl listens on can be previewed.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use host::ForeignProcess;
use kubectl::{Computer, Duplex, FileInfo, Listener, Stdio};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::mpsc;

use crate::session::grading::Told;
use crate::session::previews::Previews;

/// Bytes under way in each direction of a connection within the workstation.
const BUFFER_BYTES: usize = 64 * 1024;
/// Bytes of one read from the machine.
const READ_BYTES: usize = 16 * 1024;

/// One kubectl process.
pub struct Workstation {
    process: ForeignProcess,
    size: std::sync::Mutex<Option<(u16, u16)>>,
    previews: Previews,
    tell: mpsc::UnboundedSender<Told>,
    /// What a preview of a listening port is called: the first argument of the command.
    target: String,
}

impl Workstation {
    pub fn new(
        process: ForeignProcess,
        size: Option<(u16, u16)>,
        previews: Previews,
        tell: mpsc::UnboundedSender<Told>,
        target: String,
    ) -> Workstation {
        Workstation {
            process,
            size: std::sync::Mutex::new(size),
            previews,
            tell,
            target,
        }
    }

    fn set_size(&self, size: Option<(u16, u16)>) {
        *self
            .size
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = size;
    }

    async fn open_port(&self, address: &str, port: u16) -> io::Result<Box<dyn Listener>> {
        let ip: IpAddr = address
            .parse()
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "not an address"))?;
        let (fd, port) = self.process.listen(SocketAddr::new(ip, port)).await?;
        // Both loopback addresses of one port are one preview.
        let knocks = if self.previews.is_open(port) {
            None
        } else {
            let (door, knocks) = self.previews.listen(port, self.target.clone());
            let _ = self.tell.send(Told::Door { door, open: true });
            Some(knocks)
        };
        Ok(Box::new(Port {
            process: self.process.clone(),
            fd,
            port,
            knocks,
            coming: None,
            tell: self.tell.clone(),
        }))
    }
}

fn fd(stream: Stdio) -> i32 {
    match stream {
        Stdio::In => 0,
        Stdio::Out => 1,
        Stdio::Err => 2,
    }
}

impl Computer for Workstation {
    fn read(&self, max: usize) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        self.process.read(0, max).boxed()
    }

    fn write<'a>(&'a self, to: Stdio, bytes: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        self.process.write(fd(to), bytes).boxed()
    }

    fn is_terminal(&self, stream: Stdio) -> bool {
        self.process.is_terminal(fd(stream))
    }

    fn terminal_size(&self) -> Option<(u16, u16)> {
        *self
            .size
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn resized(&self) -> BoxFuture<'_, ()> {
        async move {
            if self.process.resized().await.is_err() {
                return std::future::pending().await;
            }
            self.set_size(self.process.window_size().await.ok());
        }
        .boxed()
    }

    fn set_raw(&self, raw: bool) -> BoxFuture<'_, io::Result<()>> {
        self.process.set_raw(raw).boxed()
    }

    fn read_file<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<Vec<u8>>> {
        self.process.read_file(path).boxed()
    }

    fn write_file<'a>(
        &'a self,
        path: &'a str,
        bytes: &'a [u8],
        mode: u32,
    ) -> BoxFuture<'a, io::Result<()>> {
        self.process.write_file(path, bytes, mode).boxed()
    }

    fn create_dir<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<()>> {
        self.process.create_dir(path).boxed()
    }

    fn metadata<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<FileInfo>> {
        async move {
            let stat = self.process.metadata(path).await?;
            Ok(FileInfo {
                is_dir: stat.is_dir,
                size: stat.size,
                mode: stat.mode,
                modified_s: stat.modified_s,
            })
        }
        .boxed()
    }

    fn read_dir<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<Vec<String>>> {
        async move {
            let mut names = self.process.read_dir(path).await?;
            names.retain(|name| name != "." && name != "..");
            names.sort_unstable();
            Ok(names)
        }
        .boxed()
    }

    fn remove_file<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<()>> {
        self.process.remove_file(path).boxed()
    }

    fn env(&self, name: &str) -> Option<String> {
        self.process.env(name).map(str::to_owned)
    }

    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_nanosecond(i128::from(self.process.now().0)).unwrap_or_default()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        async move {
            // An interrupted sleep is a short one.
            let _ = self.process.sleep(time).await;
        }
        .boxed()
    }

    fn listen<'a>(
        &'a self,
        address: &'a str,
        port: u16,
    ) -> BoxFuture<'a, io::Result<Box<dyn Listener>>> {
        self.open_port(address, port).boxed()
    }

    fn edit<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<()>> {
        async move {
            let named = ["KUBE_EDITOR", "EDITOR", "VISUAL"]
                .into_iter()
                .find_map(|name| self.env(name));
            let mut argv: Vec<String> = named
                .as_deref()
                .unwrap_or("vi")
                .split_whitespace()
                .map(str::to_owned)
                .collect();
            argv.push(path.to_owned());
            match self.process.run(argv).await? {
                0 => Ok(()),
                code => Err(io::Error::other(format!(
                    "the editor ended with exit code {code}"
                ))),
            }
        }
        .boxed()
    }
}

/// A port that kubectl listens on: connections come from the workstation's own network and from the preview.
struct Port {
    process: ForeignProcess,
    fd: i32,
    port: u16,
    knocks: Option<mpsc::Receiver<DuplexStream>>,
    /// The next connection from within; kept where the waiting for it is broken off, so that none is lost.
    coming: Option<BoxFuture<'static, io::Result<i32>>>,
    tell: mpsc::UnboundedSender<Told>,
}

impl Listener for Port {
    fn port(&self) -> u16 {
        self.port
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Duplex>>> {
        async move {
            let Port {
                process,
                fd,
                knocks,
                coming,
                ..
            } = self;
            let (at, listening) = (*fd, process.clone());
            let accepted =
                coming.get_or_insert_with(|| async move { listening.accept(at).await }.boxed());
            let knock = async {
                match knocks {
                    Some(knocks) => knocks.recv().await,
                    None => None,
                }
            };
            tokio::select! {
                accepted = accepted => {
                    *coming = None;
                    Ok(Box::new(Inside::open(process.clone(), accepted?)) as Box<dyn Duplex>)
                }
                Some(socket) = knock => Ok(Box::new(socket) as Box<dyn Duplex>),
            }
        }
        .boxed()
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.process.close(self.fd);
        if self.knocks.take().is_some() {
            let _ = self.tell.send(Told::DoorClosed(self.port));
        }
    }
}

/// A connection within the workstation, as a byte stream: two tasks carry its bytes.
struct Inside {
    ours: DuplexStream,
    carrying: [tokio::task::JoinHandle<()>; 2],
    process: ForeignProcess,
    fd: i32,
}

impl Inside {
    fn open(process: ForeignProcess, fd: i32) -> Inside {
        let (ours, theirs) = tokio::io::duplex(BUFFER_BYTES);
        let (reader, writer) = tokio::io::split(theirs);
        let inward = tokio::spawn(carry_in(process.clone(), fd, reader));
        let outward = tokio::spawn(carry_out(process.clone(), fd, writer));
        Inside {
            ours,
            carrying: [inward, outward],
            process,
            fd,
        }
    }
}

/// From kubectl to the program that connected.
async fn carry_in(process: ForeignProcess, fd: i32, mut from: tokio::io::ReadHalf<DuplexStream>) {
    use tokio::io::AsyncReadExt;
    let mut buffer = vec![0; READ_BYTES];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if process.write(fd, &buffer[..count]).await.is_err() {
            return;
        }
    }
    process.close(fd);
}

/// From the program that connected to kubectl.
async fn carry_out(process: ForeignProcess, fd: i32, mut to: tokio::io::WriteHalf<DuplexStream>) {
    use tokio::io::AsyncWriteExt;
    while let Ok(bytes) = process.read(fd, READ_BYTES).await {
        if bytes.is_empty() || to.write_all(&bytes).await.is_err() {
            break;
        }
    }
    // The other end may be gone already.
    let _ = to.shutdown().await;
}

impl AsyncRead for Inside {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.ours).poll_read(context, buffer)
    }
}

impl AsyncWrite for Inside {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.ours).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.ours).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.ours).poll_shutdown(context)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // What kubectl wrote last is still carried; reading from the other side ends here.
        self.carrying[1].abort();
        let finished = self.carrying[0].is_finished();
        if finished {
            self.process.close(self.fd);
        }
    }
}
