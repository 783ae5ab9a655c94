//! The system calls of a process: what programs, the shell included, are written on. Names and
//! meanings are POSIX's. `Sys` is a cheap handle of one process; clones are the same process.
//!
//! Nobody has to watch for death: when a process gets a fatal signal or exits, its future is dropped
//! at the await where it stands. Calls that wait end with EINTR when a *caught* signal comes.

mod types;

use core::future::Future;
use core::net::{IpAddr, SocketAddr};

pub use types::*;

use crate::errno::Errno;
use crate::signal::{Disposition, Signal, SignalSet};
use crate::time::{Duration, Time};

pub type Result<T, E = Errno> = core::result::Result<T, E>;

/// The system calls of one process.
#[derive(Clone)]
pub struct Sys(std::rc::Rc<()>);

/// Identity.
impl Sys {
    pub fn pid(&self) -> Pid {
        todo!()
    }
    pub fn ppid(&self) -> Pid {
        todo!()
    }
    pub fn pgid(&self) -> Pid {
        todo!()
    }
    pub fn sid(&self) -> Pid {
        todo!()
    }
    pub fn uid(&self) -> u32 {
        todo!()
    }
    pub fn gid(&self) -> u32 {
        todo!()
    }
    pub fn groups(&self) -> Vec<u32> {
        todo!()
    }
    /// argv, argv[0] included.
    pub fn args(&self) -> Vec<String> {
        todo!()
    }
    /// The environment that the process started with.
    pub fn env(&self) -> Env {
        todo!()
    }
    pub fn getenv(&self, name: &str) -> Option<String> {
        let _ = name;
        todo!()
    }
    pub fn cwd(&self) -> String {
        todo!()
    }
    pub fn chdir(&self, path: &str) -> Result<()> {
        let _ = path;
        todo!()
    }
    /// Sets the mask (None: leaves it) and gives the old one.
    pub fn umask(&self, mask: Option<u32>) -> u32 {
        let _ = mask;
        todo!()
    }
    pub fn uname(&self) -> Uname {
        todo!()
    }
    pub fn hostname(&self) -> String {
        todo!()
    }
    /// Processes of the pid namespace, by pid.
    pub fn processes(&self) -> Vec<ProcessInfo> {
        todo!()
    }
    pub fn system(&self) -> SystemInfo {
        todo!()
    }
}

/// Descriptors.
impl Sys {
    /// Up to `max` bytes; empty at the end of the file.
    pub async fn read(&self, fd: Fd, max: usize) -> Result<Vec<u8>> {
        let _ = (fd, max);
        todo!()
    }
    /// Writes some of the bytes and says how many. A broken pipe also raises SIGPIPE.
    pub async fn write(&self, fd: Fd, bytes: &[u8]) -> Result<usize> {
        let _ = (fd, bytes);
        todo!()
    }
    /// Writes everything.
    pub async fn write_all(&self, fd: Fd, bytes: &[u8]) -> Result<()> {
        let _ = (fd, bytes);
        todo!()
    }
    /// Ends when `read` would not block.
    pub async fn readable(&self, fd: Fd) -> Result<()> {
        let _ = fd;
        todo!()
    }
    pub fn open(&self, path: &str, flags: OpenFlags, mode: u32) -> Result<Fd> {
        let _ = (path, flags, mode);
        todo!()
    }
    pub fn close(&self, fd: Fd) -> Result<()> {
        let _ = fd;
        todo!()
    }
    /// The lowest free descriptor at or above `least` (F_DUPFD).
    pub fn dup(&self, fd: Fd, least: Fd) -> Result<Fd> {
        let _ = (fd, least);
        todo!()
    }
    pub fn dup2(&self, from: Fd, to: Fd) -> Result<Fd> {
        let _ = (from, to);
        todo!()
    }
    pub fn set_cloexec(&self, fd: Fd, on: bool) -> Result<()> {
        let _ = (fd, on);
        todo!()
    }
    /// (read end, write end)
    pub fn pipe(&self) -> Result<(Fd, Fd)> {
        todo!()
    }
    pub fn lseek(&self, fd: Fd, to: Seek) -> Result<u64> {
        let _ = (fd, to);
        todo!()
    }
    pub fn fstat(&self, fd: Fd) -> Result<Stat> {
        let _ = fd;
        todo!()
    }
    pub fn ftruncate(&self, fd: Fd, size: u64) -> Result<()> {
        let _ = (fd, size);
        todo!()
    }
    /// Open descriptors in order.
    pub fn fds(&self) -> Vec<Fd> {
        todo!()
    }
    /// write_all to standard output; errors are dropped, as printf's mostly are.
    pub async fn print(&self, text: impl AsRef<[u8]>) {
        let _ = text.as_ref();
        todo!()
    }
    /// write_all to standard error.
    pub async fn eprint(&self, text: impl AsRef<[u8]>) {
        let _ = text.as_ref();
        todo!()
    }
    /// Everything up to the end of the file, at most `limit` bytes (more: EFBIG).
    pub async fn read_to_end(&self, fd: Fd, limit: usize) -> Result<Vec<u8>> {
        let _ = (fd, limit);
        todo!()
    }
    /// open, read_to_end with 8 MiB, close.
    pub async fn read_file(&self, path: &str) -> Result<Vec<u8>> {
        let _ = path;
        todo!()
    }
    /// open with REPLACE and 0666, write_all, close.
    pub async fn write_file(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let _ = (path, bytes);
        todo!()
    }
}

/// Files by path. Relative paths start at the working directory.
impl Sys {
    pub fn stat(&self, path: &str) -> Result<Stat> {
        let _ = path;
        todo!()
    }
    pub fn lstat(&self, path: &str) -> Result<Stat> {
        let _ = path;
        todo!()
    }
    /// access(2): may this process read (4), write (2), execute (1) it?
    pub fn access(&self, path: &str, mode: u32) -> Result<()> {
        let _ = (path, mode);
        todo!()
    }
    pub fn readlink(&self, path: &str) -> Result<String> {
        let _ = path;
        todo!()
    }
    /// realpath(3): every link resolved; the file must exist.
    pub fn realpath(&self, path: &str) -> Result<String> {
        let _ = path;
        todo!()
    }
    /// Names in byte order, without `.` and `..`.
    pub fn readdir(&self, path: &str) -> Result<Vec<DirEntry>> {
        let _ = path;
        todo!()
    }
    pub fn mkdir(&self, path: &str, mode: u32) -> Result<()> {
        let _ = (path, mode);
        todo!()
    }
    pub fn rmdir(&self, path: &str) -> Result<()> {
        let _ = path;
        todo!()
    }
    pub fn unlink(&self, path: &str) -> Result<()> {
        let _ = path;
        todo!()
    }
    pub fn rename(&self, from: &str, to: &str) -> Result<()> {
        let _ = (from, to);
        todo!()
    }
    /// `path` becomes a symbolic link that says `target`.
    pub fn symlink(&self, target: &str, path: &str) -> Result<()> {
        let _ = (target, path);
        todo!()
    }
    /// `path` becomes another name of `existing`.
    pub fn link(&self, existing: &str, path: &str) -> Result<()> {
        let _ = (existing, path);
        todo!()
    }
    pub fn mkfifo(&self, path: &str, mode: u32) -> Result<()> {
        let _ = (path, mode);
        todo!()
    }
    pub fn chmod(&self, path: &str, mode: u32) -> Result<()> {
        let _ = (path, mode);
        todo!()
    }
    /// None leaves the owner or group. `follow` false is lchown.
    pub fn chown(
        &self,
        path: &str,
        uid: Option<u32>,
        gid: Option<u32>,
        follow: bool,
    ) -> Result<()> {
        let _ = (path, uid, gid, follow);
        todo!()
    }
    /// None leaves the time.
    pub fn utimes(&self, path: &str, atime: Option<Time>, mtime: Option<Time>) -> Result<()> {
        let _ = (path, atime, mtime);
        todo!()
    }
    pub fn truncate(&self, path: &str, size: u64) -> Result<()> {
        let _ = (path, size);
        todo!()
    }
    pub fn statfs(&self, path: &str) -> Result<StatFs> {
        let _ = path;
        todo!()
    }
    pub fn mounts(&self) -> Vec<MountInfo> {
        todo!()
    }
}

/// Processes and signals.
impl Sys {
    /// Starts a program in a child process (fork and exec in one). ENOENT, EACCES, ENOEXEC (not a
    /// program and no `#!`), EAGAIN (pids limit).
    pub fn spawn(&self, spawn: Spawn) -> Result<Pid> {
        let _ = spawn;
        todo!()
    }
    /// A child that runs `body` with copies of this process's descriptors, directory, umask and
    /// ignored signals; caught signals fall back to their defaults. EAGAIN at the pids limit.
    pub fn fork<F, B>(&self, body: F) -> Result<Pid>
    where
        F: FnOnce(Sys) -> B,
        B: Future<Output = i32> + 'static,
    {
        let _ = &body;
        todo!()
    }
    /// Becomes another program. Comes back only with an error.
    pub async fn exec(&self, path: &str, argv: Vec<String>, env: Env) -> Errno {
        let _ = (path, argv, env);
        todo!()
    }
    /// Something that runs beside, in this process, and dies with it: a thread.
    pub fn thread(&self, body: impl Future<Output = ()> + 'static) {
        let _ = &body;
        todo!()
    }
    /// A child that ended (or stopped, continued, if asked for). None only with `nohang`. ECHILD
    /// without children, EINTR at a caught signal.
    pub async fn wait(
        &self,
        which: WaitFor,
        options: WaitOptions,
    ) -> Result<Option<(Pid, WaitStatus)>> {
        let _ = (which, options);
        todo!()
    }
    /// kill(2): pid > 0, 0 = own group, -1 = all, < -1 = group. None only checks.
    pub fn kill(&self, pid: Pid, signal: Option<Signal>) -> Result<()> {
        let _ = (pid, signal);
        todo!()
    }
    /// Gives the old one. KILL and STOP cannot be changed.
    pub fn set_signal(&self, signal: Signal, disposition: Disposition) -> Disposition {
        let _ = (signal, disposition);
        todo!()
    }
    /// The next caught signal that has arrived.
    pub fn take_signal(&self) -> Option<Signal> {
        todo!()
    }
    /// Is there one to take?
    pub fn signal_pending(&self) -> bool {
        todo!()
    }
    /// Ends when there is a caught signal to take.
    pub async fn pause(&self) {
        todo!()
    }
    /// Blocks these signals (sigprocmask); gives the old set.
    pub fn set_mask(&self, mask: SignalSet) -> SignalSet {
        let _ = mask;
        todo!()
    }
    /// 0 stands for this process, and for its own pid as group.
    pub fn setpgid(&self, pid: Pid, pgid: Pid) -> Result<()> {
        let _ = (pid, pgid);
        todo!()
    }
    pub fn setsid(&self) -> Result<Pid> {
        todo!()
    }
    /// Group of `pid`.
    pub fn getpgid(&self, pid: Pid) -> Result<Pid> {
        let _ = pid;
        todo!()
    }
    /// Changes the identity (root only).
    pub fn setuid(&self, uid: u32, gid: u32, groups: &[u32]) -> Result<()> {
        let _ = (uid, gid, groups);
        todo!()
    }
    /// The process ends here: the await never returns.
    pub async fn exit(&self, code: i32) -> ! {
        let _ = code;
        todo!()
    }
}

/// Terminals.
impl Sys {
    pub fn isatty(&self, fd: Fd) -> bool {
        let _ = fd;
        todo!()
    }
    /// Such as `/dev/pts/0`.
    pub fn ttyname(&self, fd: Fd) -> Result<String> {
        let _ = fd;
        todo!()
    }
    pub fn tcgetattr(&self, fd: Fd) -> Result<Termios> {
        let _ = fd;
        todo!()
    }
    pub fn tcsetattr(&self, fd: Fd, termios: Termios) -> Result<()> {
        let _ = (fd, termios);
        todo!()
    }
    pub fn winsize(&self, fd: Fd) -> Result<WindowSize> {
        let _ = fd;
        todo!()
    }
    pub fn tcgetpgrp(&self, fd: Fd) -> Result<Pid> {
        let _ = fd;
        todo!()
    }
    /// Makes `pgid` the foreground group.
    pub fn tcsetpgrp(&self, fd: Fd, pgid: Pid) -> Result<()> {
        let _ = (fd, pgid);
        todo!()
    }
}

/// Time and resources.
impl Sys {
    pub fn now(&self) -> Time {
        todo!()
    }
    pub async fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        let _ = duration;
        todo!()
    }
    /// Charges simulated CPU time, and lets others run when a slice is used up. Every loop that may
    /// turn without waiting calls this each round (a shell: about 20 µs a command).
    pub async fn cpu(&self, time: Duration) {
        let _ = time;
        todo!()
    }
    /// Takes memory from the container's limit. When there is not enough, the OOM killer strikes:
    /// this process, unless another is a better victim.
    pub async fn alloc(&self, bytes: u64) -> Result<()> {
        let _ = bytes;
        todo!()
    }
    pub fn free(&self, bytes: u64) {
        let _ = bytes;
        todo!()
    }
    /// Random bytes, as /dev/urandom gives them.
    pub fn random(&self, count: usize) -> Vec<u8> {
        let _ = count;
        todo!()
    }
}

/// Network.
impl Sys {
    /// A TCP connection. ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH.
    pub async fn connect(&self, to: SocketAddr) -> Result<Fd> {
        let _ = to;
        todo!()
    }
    /// Listens for TCP. Port 0 takes a free one. EADDRINUSE, EACCES.
    pub fn listen(&self, at: SocketAddr) -> Result<Fd> {
        let _ = at;
        todo!()
    }
    pub async fn accept(&self, fd: Fd) -> Result<(Fd, SocketAddr)> {
        let _ = fd;
        todo!()
    }
    /// Ends the sending side; the other end reads an end of file.
    pub fn shutdown(&self, fd: Fd) -> Result<()> {
        let _ = fd;
        todo!()
    }
    pub fn local_addr(&self, fd: Fd) -> Result<SocketAddr> {
        let _ = fd;
        todo!()
    }
    pub fn peer_addr(&self, fd: Fd) -> Result<SocketAddr> {
        let _ = fd;
        todo!()
    }
    /// A UDP socket.
    pub fn udp(&self, at: SocketAddr) -> Result<Fd> {
        let _ = at;
        todo!()
    }
    pub fn send_to(&self, fd: Fd, bytes: &[u8], to: SocketAddr) -> Result<()> {
        let _ = (fd, bytes, to);
        todo!()
    }
    pub async fn recv_from(&self, fd: Fd) -> Result<(Vec<u8>, SocketAddr)> {
        let _ = fd;
        todo!()
    }
    /// Addresses of a name: literals, /etc/hosts, then DNS as /etc/resolv.conf says.
    pub async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, ResolveError> {
        let _ = name;
        todo!()
    }
    /// One question to one DNS server, without search list (dig, nslookup).
    pub async fn dns(
        &self,
        server: IpAddr,
        name: &str,
        kind: RecordKind,
    ) -> Result<DnsAnswer, ResolveError> {
        let _ = (server, name, kind);
        todo!()
    }
    /// One ICMP echo; the time of its round trip.
    pub async fn ping(&self, to: IpAddr) -> Result<Duration> {
        let _ = to;
        todo!()
    }
    pub fn interfaces(&self) -> Vec<Interface> {
        todo!()
    }
    pub fn sockets(&self) -> Vec<SocketInfo> {
        todo!()
    }
}
