//! The computer that kubectl runs on, seen through one trait: standard streams, terminal, files, environment, clock.
//!
//! Not here: an implementation. The playground has two, the learner's workstation and the real computer. All paths are
//! taken relative to the process's working directory. Every method may be called from any task of the same run.
//!
//! Ctrl-C: the owner of the run drops its future; whatever was open closes with it. Nothing here reports signals.

use std::io;
use std::time::Duration;

use futures::future::BoxFuture;

/// One of the three standard streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdio {
    /// Standard input (0).
    In,
    /// Standard output (1).
    Out,
    /// Standard error (2).
    Err,
}

/// What `stat` says of a file, as far as kubectl asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// True for a directory (symbolic links are followed).
    pub is_dir: bool,
    /// Size in bytes.
    pub size: u64,
    /// Permission bits, for example `0o644`.
    pub mode: u32,
    /// Last change, seconds since the Unix epoch.
    pub modified_s: i64,
}

/// A byte stream in both directions: one accepted connection of a port-forward.
pub trait Duplex: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Duplex for T {}

/// A listening port, for `port-forward`. Dropping it closes the port.
pub trait Listener: Send {
    /// The port that is listened on (differs from the one asked for when that was 0).
    fn port(&self) -> u16;
    /// Waits for the next connection.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Duplex>>>;
}

/// The computer that kubectl runs on.
pub trait Computer: Send + Sync + 'static {
    /// Reads at most `max` bytes of standard input; an empty answer is the end of the input.
    fn read(&self, max: usize) -> BoxFuture<'_, io::Result<Vec<u8>>>;
    /// Writes all of `bytes` to standard output or standard error; waits while the reader is slow.
    fn write<'a>(&'a self, to: Stdio, bytes: &'a [u8]) -> BoxFuture<'a, io::Result<()>>;
    /// Whether the stream is a terminal.
    fn is_terminal(&self, stream: Stdio) -> bool;
    /// Columns and rows of the terminal, if there is one.
    fn terminal_size(&self) -> Option<(u16, u16)>;
    /// Resolves at the next change of the terminal's size; never, where there is no terminal.
    fn resized(&self) -> BoxFuture<'_, ()>;
    /// Puts the terminal of standard input into raw mode, or back. Must also be undone when the run ends or is dropped.
    fn set_raw(&self, raw: bool) -> BoxFuture<'_, io::Result<()>>;

    /// Reads a whole file. Errors carry the usual kinds (`NotFound`, `PermissionDenied`, `IsADirectory`).
    fn read_file<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<Vec<u8>>>;
    /// Creates or replaces a file.
    fn write_file<'a>(
        &'a self,
        path: &'a str,
        bytes: &'a [u8],
        mode: u32,
    ) -> BoxFuture<'a, io::Result<()>>;
    /// Creates a directory and its parents; an existing one is no error.
    fn create_dir<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<()>>;
    /// What `stat` says of a path.
    fn metadata<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<FileInfo>>;
    /// The names in a directory, sorted by bytes, without `.` and `..`.
    fn read_dir<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<Vec<String>>>;
    /// Removes a file.
    fn remove_file<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<()>>;

    /// One environment variable.
    fn env(&self, name: &str) -> Option<String>;
    /// The computer's clock (simulated on a workstation).
    fn now(&self) -> jiff::Timestamp;
    /// Sleeps on the computer's clock.
    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()>;

    /// Listens on `address` (an IP address as text) and `port` (0: any free one).
    fn listen<'a>(
        &'a self,
        address: &'a str,
        port: u16,
    ) -> BoxFuture<'a, io::Result<Box<dyn Listener>>>;
    /// Opens the user's editor on a file and waits until it is closed. `Err` says why no editor could be opened.
    fn edit<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<()>>;
    /// Fetches `http://` or `https://` for `-f URL`. Computers without a way out answer with an error.
    fn fetch<'a>(&'a self, url: &'a str) -> BoxFuture<'a, io::Result<Vec<u8>>> {
        let text = format!("unable to read URL {url:?}, there is no way to the internet from here");
        Box::pin(async move { Err(io::Error::other(text)) })
    }
}
