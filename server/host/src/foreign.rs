//! Foreign processes: programs of the workstation whose body runs outside the world, on the shared runtime, and touches
//! the machine only by messages, as a real process does through system calls. Signals, pipes, terminals and exit codes
//! work as for any other process; a fatal signal drops the body.

use crate::handle::Shared;
use futures::future::BoxFuture;
use machine::computer::Foreign;
use machine::sys::{Fd, OpenFlags, Spawn, Stat, Termios, WaitFor, WaitOptions, WindowSize};
use machine::{Disposition, Errno, Signal, Sys, Time};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Makes the body of a foreign process; its answer is the exit code.
pub type ForeignFactory = Arc<dyn Fn(ForeignProcess) -> BoxFuture<'static, i32> + Send + Sync>;

/// Calls under way of one process.
const CALLS: usize = 64;

type Reply<T> = oneshot::Sender<Result<T, Errno>>;

/// What `stat` says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStat {
    pub is_dir: bool,
    /// Bytes.
    pub size: u64,
    pub mode: u32,
    /// Seconds since 1970 on the world's clock.
    pub modified_s: i64,
}

enum Call {
    Read {
        fd: Fd,
        max: usize,
        reply: Reply<Vec<u8>>,
    },
    Write {
        fd: Fd,
        bytes: Vec<u8>,
        reply: Reply<()>,
    },
    Close {
        fd: Fd,
    },
    ReadFile {
        path: String,
        reply: Reply<Vec<u8>>,
    },
    WriteFile {
        path: String,
        bytes: Vec<u8>,
        mode: u32,
        reply: Reply<()>,
    },
    MakeDir {
        path: String,
        reply: Reply<()>,
    },
    Stat {
        path: String,
        reply: Reply<FileStat>,
    },
    ReadDir {
        path: String,
        reply: Reply<Vec<String>>,
    },
    Remove {
        path: String,
        reply: Reply<()>,
    },
    WindowSize {
        reply: Reply<(u16, u16)>,
    },
    SetRaw {
        raw: bool,
        reply: Reply<()>,
    },
    Signal {
        wanted: Signal,
        reply: Reply<()>,
    },
    Sleep {
        time: Duration,
        reply: Reply<()>,
    },
    Listen {
        at: std::net::SocketAddr,
        reply: Reply<(Fd, u16)>,
    },
    Accept {
        fd: Fd,
        reply: Reply<Fd>,
    },
    Run {
        argv: Vec<String>,
        reply: Reply<i32>,
    },
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Call")
    }
}

/// A process of the workstation, seen by its body outside. Clones are the same process.
#[derive(Clone, Debug)]
pub struct ForeignProcess(Arc<Seen>);

#[derive(Debug)]
struct Seen {
    args: Vec<String>,
    env: Vec<(String, String)>,
    cwd: String,
    terminals: [bool; 3],
    calls: mpsc::Sender<Call>,
    shared: Arc<Shared>,
}

fn io_error(errno: Errno) -> io::Error {
    io::Error::from_raw_os_error(errno.number())
}

/// The process is being taken down.
fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the process has ended")
}

impl ForeignProcess {
    async fn call<T>(&self, make: impl FnOnce(Reply<T>) -> Call) -> io::Result<T> {
        let (reply, answer) = oneshot::channel();
        self.0.calls.send(make(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?.map_err(io_error)
    }

    /// argv, the program's name included.
    pub fn args(&self) -> &[String] {
        &self.0.args
    }

    /// The environment that the process started with.
    pub fn env(&self, name: &str) -> Option<&str> {
        self.0
            .env
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The working directory at the start.
    pub fn cwd(&self) -> &str {
        &self.0.cwd
    }

    /// Whether descriptor 0, 1 or 2 is a terminal.
    pub fn is_terminal(&self, fd: i32) -> bool {
        usize::try_from(fd)
            .ok()
            .and_then(|fd| self.0.terminals.get(fd).copied())
            .unwrap_or(false)
    }

    /// The world's clock.
    pub fn now(&self) -> Time {
        let stands = Time(self.0.shared.now.load(std::sync::atomic::Ordering::Acquire));
        stands.max(self.0.shared.clock().target(self.0.shared.origin.elapsed()))
    }

    /// Reads at most `max` bytes; empty at the end. Dropping the future leaves the bytes for the next reader.
    pub async fn read(&self, fd: i32, max: usize) -> io::Result<Vec<u8>> {
        self.call(|reply| Call::Read { fd, max, reply }).await
    }

    /// Writes everything; waits while the reader is slow.
    pub async fn write(&self, fd: i32, bytes: &[u8]) -> io::Result<()> {
        let bytes = bytes.to_vec();
        self.call(|reply| Call::Write { fd, bytes, reply }).await
    }

    /// Closes a descriptor, without waiting.
    pub fn close(&self, fd: i32) {
        // A full queue of calls is the world's lag; the descriptor then goes with the process.
        let _ = self.0.calls.try_send(Call::Close { fd });
    }

    /// Reads a whole file.
    pub async fn read_file(&self, path: &str) -> io::Result<Vec<u8>> {
        self.call(|reply| Call::ReadFile {
            path: path.into(),
            reply,
        })
        .await
    }

    /// Creates or replaces a file.
    pub async fn write_file(&self, path: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
        let (path, bytes) = (path.into(), bytes.to_vec());
        self.call(|reply| Call::WriteFile {
            path,
            bytes,
            mode,
            reply,
        })
        .await
    }

    /// Creates a directory with its parents; fine when it is there.
    pub async fn create_dir(&self, path: &str) -> io::Result<()> {
        self.call(|reply| Call::MakeDir {
            path: path.into(),
            reply,
        })
        .await
    }

    /// What `stat` says of a path.
    pub async fn metadata(&self, path: &str) -> io::Result<FileStat> {
        self.call(|reply| Call::Stat {
            path: path.into(),
            reply,
        })
        .await
    }

    /// The names in a directory, sorted.
    pub async fn read_dir(&self, path: &str) -> io::Result<Vec<String>> {
        self.call(|reply| Call::ReadDir {
            path: path.into(),
            reply,
        })
        .await
    }

    /// Removes a file.
    pub async fn remove_file(&self, path: &str) -> io::Result<()> {
        self.call(|reply| Call::Remove {
            path: path.into(),
            reply,
        })
        .await
    }

    /// Columns and rows of the terminal; an error where there is none.
    pub async fn window_size(&self) -> io::Result<(u16, u16)> {
        self.call(|reply| Call::WindowSize { reply }).await
    }

    /// Resolves when the terminal has another size.
    pub async fn resized(&self) -> io::Result<()> {
        self.call(|reply| Call::Signal {
            wanted: Signal::Winch,
            reply,
        })
        .await
    }

    /// Puts the terminal of standard input into raw mode, or back. It is put back when the process ends.
    pub async fn set_raw(&self, raw: bool) -> io::Result<()> {
        self.call(|reply| Call::SetRaw { raw, reply }).await
    }

    /// Resolves when this signal has come; from the call on it is no longer fatal.
    pub async fn signal(&self, wanted: Signal) -> io::Result<()> {
        self.call(|reply| Call::Signal { wanted, reply }).await
    }

    /// Sleeps on the world's clock.
    pub async fn sleep(&self, time: Duration) -> io::Result<()> {
        self.call(|reply| Call::Sleep { time, reply }).await
    }

    /// Listens on an address of the workstation; answers the descriptor and the port.
    pub async fn listen(&self, at: std::net::SocketAddr) -> io::Result<(i32, u16)> {
        self.call(|reply| Call::Listen { at, reply }).await
    }

    /// The next connection to a listening descriptor.
    pub async fn accept(&self, fd: i32) -> io::Result<i32> {
        self.call(|reply| Call::Accept { fd, reply }).await
    }

    /// Runs another program of the workstation on the same streams and terminal (an editor), to its end.
    pub async fn run(&self, argv: Vec<String>) -> io::Result<i32> {
        self.call(|reply| Call::Run { argv, reply }).await
    }
}

/// Ends the body with the process.
struct Outside(tokio::task::JoinHandle<i32>);

impl Drop for Outside {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Puts the terminal back as it was.
struct Restore {
    sys: Sys,
    before: std::cell::Cell<Option<Termios>>,
}

impl Drop for Restore {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            // The terminal may have hung up in the meantime.
            let _ = self.sys.tcsetattr(0, before);
        }
    }
}

/// The program as the machine sees it.
pub(crate) fn body(
    factory: ForeignFactory,
    outside: tokio::runtime::Handle,
    shared: Arc<Shared>,
) -> Foreign {
    Rc::new(move |sys: Sys| {
        let (factory, outside, shared) = (factory.clone(), outside.clone(), shared.clone());
        Box::pin(async move {
            let (calls, mut inbox) = mpsc::channel(CALLS);
            let process = ForeignProcess(Arc::new(Seen {
                args: sys.args(),
                env: sys.env(),
                cwd: sys.cwd(),
                terminals: [sys.isatty(0), sys.isatty(1), sys.isatty(2)],
                calls,
                shared,
            }));
            let mut body = Outside(outside.spawn(factory(process)));
            let restore = Rc::new(Restore {
                sys: sys.clone(),
                before: std::cell::Cell::new(None),
            });
            // The inbox ends when the body has let go of its process.
            while let Some(call) = inbox.recv().await {
                let (sys2, restore) = (sys.clone(), restore.clone());
                sys.thread(async move { serve(&sys2, call, &restore).await });
            }
            (&mut body.0).await.unwrap_or(134)
        })
    })
}

fn stat(stat: Stat) -> FileStat {
    FileStat {
        is_dir: stat.is_dir(),
        size: stat.size,
        mode: stat.mode,
        modified_s: stat.mtime.seconds(),
    }
}

/// Whoever asked may be gone by the time of the answer.
fn answer<T>(reply: Reply<T>, result: Result<T, Errno>) {
    let _ = reply.send(result);
}

/// Serves one call.
async fn serve(sys: &Sys, call: Call, restore: &Restore) {
    match call {
        Call::Read { fd, max, mut reply } => {
            // Bytes are read only for somebody who still waits for them.
            let ready = machine::sync::select(reply.closed(), sys.readable(fd)).await;
            if matches!(ready, machine::sync::Either::Right(_)) && !reply.is_closed() {
                answer(reply, sys.read(fd, max).await);
            }
        }
        Call::Write { fd, bytes, reply } => answer(reply, sys.write_all(fd, &bytes).await),
        // A descriptor that is not open needs no closing.
        Call::Close { fd } => {
            let _ = sys.close(fd);
        }
        Call::ReadFile { path, reply } => answer(reply, sys.read_file(&path).await),
        Call::WriteFile {
            path,
            bytes,
            mode,
            reply,
        } => {
            answer(reply, write_file(sys, &path, &bytes, mode).await);
        }
        Call::MakeDir { path, reply } => answer(reply, make_dirs(sys, &path)),
        Call::Stat { path, reply } => answer(reply, sys.stat(&path).map(stat)),
        Call::ReadDir { path, reply } => {
            let names = sys
                .readdir(&path)
                .map(|all| all.into_iter().map(|e| e.name).collect());
            answer(reply, names);
        }
        Call::Remove { path, reply } => answer(reply, sys.unlink(&path)),
        Call::WindowSize { reply } => {
            let size = [0, 1, 2]
                .into_iter()
                .find(|fd| sys.isatty(*fd))
                .map_or(Err(Errno::ENOTTY), |fd| sys.winsize(fd));
            answer(reply, size.map(|WindowSize { cols, rows }| (cols, rows)));
        }
        Call::SetRaw { raw, reply } => answer(reply, set_raw(sys, raw, restore)),
        Call::Signal { wanted, mut reply } => {
            sys.set_signal(wanted, Disposition::Catch);
            loop {
                if let machine::sync::Either::Left(()) =
                    machine::sync::select(reply.closed(), sys.pause()).await
                {
                    return;
                }
                if sys.take_signal() == Some(wanted) {
                    return answer(reply, Ok(()));
                }
            }
        }
        Call::Sleep { time, reply } => {
            let slept = sys.sleep(time).await.map_err(|_| Errno::EINTR);
            answer(reply, slept);
        }
        Call::Listen { at, reply } => {
            let listening = sys
                .listen(at)
                .and_then(|fd| Ok((fd, sys.local_addr(fd)?.port())));
            answer(reply, listening);
        }
        Call::Accept { fd, mut reply } => {
            // Whoever called from outside waits on, although the caller has turned away: nobody may take its connection.
            let accepted = machine::sync::select(reply.closed(), sys.accept(fd)).await;
            if let machine::sync::Either::Right(accepted) = accepted
                && let Err(Ok(unwanted)) = reply.send(accepted.map(|(fd, _)| fd))
            {
                // It is open, for it was made just now.
                let _ = sys.close(unwanted);
            }
        }
        Call::Run { argv, reply } => answer(reply, run(sys, argv).await),
    }
}

async fn write_file(sys: &Sys, path: &str, bytes: &[u8], mode: u32) -> Result<(), Errno> {
    let fd = sys.open(path, OpenFlags::REPLACE, mode)?;
    let written = sys.write_all(fd, bytes).await;
    sys.close(fd)?;
    written
}

fn make_dirs(sys: &Sys, path: &str) -> Result<(), Errno> {
    let mut at = 0;
    while let Some(slash) = path[at..].find('/').map(|i| at + i) {
        let parent = &path[..slash];
        if !parent.is_empty() && sys.stat(parent).is_err() {
            sys.mkdir(parent, 0o755)?;
        }
        at = slash + 1;
    }
    match sys.mkdir(path, 0o755) {
        Err(Errno::EEXIST) => Ok(()),
        made => made,
    }
}

fn set_raw(sys: &Sys, raw: bool, restore: &Restore) -> Result<(), Errno> {
    if !raw {
        return match restore.before.take() {
            Some(before) => sys.tcsetattr(0, before),
            None => Ok(()),
        };
    }
    let before = sys.tcgetattr(0)?;
    // As cfmakeraw: the far end does everything, the turning of \n into \r\n too.
    sys.tcsetattr(
        0,
        Termios {
            newline_out: false,
            ..Termios::raw()
        },
    )?;
    if restore.before.get().is_none() {
        restore.before.set(Some(before));
    }
    Ok(())
}

async fn run(sys: &Sys, argv: Vec<String>) -> Result<i32, Errno> {
    let pid = sys.spawn(Spawn::new(argv))?;
    loop {
        match sys.wait(WaitFor::Pid(pid), WaitOptions::default()).await {
            Ok(Some((_, status))) => return Ok(status.code()),
            Ok(None) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}
