//! The data that system calls take and give: flags, file status, wait status, terminals, sockets.

use core::net::{IpAddr, SocketAddr};

use crate::executor::LocalFuture;
use crate::signal::Signal;
use crate::time::Time;

/// A file descriptor of a process.
pub type Fd = i32;
/// A process id in the process's own pid namespace.
pub type Pid = i32;

pub const STDIN: Fd = 0;
pub const STDOUT: Fd = 1;
pub const STDERR: Fd = 2;

/// How a file is opened (open(2)). Combine with `|`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenFlags(u16);

impl OpenFlags {
    pub const READ: OpenFlags = OpenFlags(1);
    pub const WRITE: OpenFlags = OpenFlags(2);
    pub const READ_WRITE: OpenFlags = OpenFlags(3);
    pub const CREATE: OpenFlags = OpenFlags(4);
    pub const EXCL: OpenFlags = OpenFlags(8);
    pub const TRUNC: OpenFlags = OpenFlags(16);
    pub const APPEND: OpenFlags = OpenFlags(32);
    pub const DIRECTORY: OpenFlags = OpenFlags(64);
    pub const NOFOLLOW: OpenFlags = OpenFlags(128);
    /// Closed by exec and spawn.
    pub const CLOEXEC: OpenFlags = OpenFlags(256);
    /// `>`: write, create, truncate.
    pub const REPLACE: OpenFlags = OpenFlags(2 | 4 | 16);
    /// `>>`: write, create, append.
    pub const EXTEND: OpenFlags = OpenFlags(2 | 4 | 32);

    #[must_use]
    pub fn has(self, other: OpenFlags) -> bool {
        self.0 & other.0 == other.0
    }
}

impl core::ops::BitOr for OpenFlags {
    type Output = OpenFlags;
    fn bitor(self, other: OpenFlags) -> OpenFlags {
        OpenFlags(self.0 | other.0)
    }
}

/// What an inode is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    File,
    Directory,
    Symlink,
    Character,
    Block,
    Fifo,
    Socket,
}

impl FileKind {
    /// The first letter of `ls -l`.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            FileKind::File => '-',
            FileKind::Directory => 'd',
            FileKind::Symlink => 'l',
            FileKind::Character => 'c',
            FileKind::Block => 'b',
            FileKind::Fifo => 'p',
            FileKind::Socket => 's',
        }
    }

    /// The type bits of st_mode.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self {
            FileKind::Fifo => 0o010_000,
            FileKind::Character => 0o020_000,
            FileKind::Directory => 0o040_000,
            FileKind::Block => 0o060_000,
            FileKind::File => 0o100_000,
            FileKind::Symlink => 0o120_000,
            FileKind::Socket => 0o140_000,
        }
    }
}

/// stat(2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    pub dev: u64,
    pub ino: u64,
    pub kind: FileKind,
    /// Permission, setuid, setgid and sticky bits: 0..=0o7777.
    pub mode: u32,
    pub nlink: u32,
    pub uid: u32,
    pub gid: u32,
    /// Bytes.
    pub size: u64,
    /// 512-byte blocks allocated.
    pub blocks: u64,
    /// Major and minor number of a device.
    pub rdev: (u32, u32),
    pub atime: Time,
    pub mtime: Time,
    pub ctime: Time,
}

impl Stat {
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.kind == FileKind::Directory
    }
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.kind == FileKind::File
    }
    #[must_use]
    pub fn is_symlink(&self) -> bool {
        self.kind == FileKind::Symlink
    }
}

/// One name of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    pub name: String,
    pub kind: FileKind,
    pub ino: u64,
}

/// statfs(2) and the line of the mount table it belongs to. Sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatFs {
    pub mount: MountInfo,
    pub total: u64,
    pub used: u64,
    pub available: u64,
    pub inodes: u64,
    pub inodes_used: u64,
}

/// A line of /proc/mounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountInfo {
    pub source: String,
    pub target: String,
    pub fs_type: String,
    /// Such as `rw,relatime`.
    pub options: String,
}

/// lseek(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    Set(u64),
    Current(i64),
    End(i64),
}

/// Which children `Sys::wait` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitFor {
    Any,
    Pid(Pid),
    /// Any child of this process group.
    Group(Pid),
}

/// WNOHANG, WUNTRACED and WCONTINUED.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitOptions {
    pub nohang: bool,
    pub untraced: bool,
    pub continued: bool,
}

/// What happened to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitStatus {
    Exited(i32),
    Signaled(Signal),
    Stopped(Signal),
    Continued,
}

impl WaitStatus {
    /// `$?`: the exit code, or 128 + the signal's number.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            WaitStatus::Exited(code) => code,
            WaitStatus::Signaled(s) | WaitStatus::Stopped(s) => 128 + s.number(),
            WaitStatus::Continued => 0,
        }
    }
}

/// Environment as a list, in the order in which `env` prints it.
pub type Env = Vec<(String, String)>;

/// A program to start: fork, the given settings, exec.
#[derive(Clone, Debug, Default)]
pub struct Spawn {
    /// The file to run. Without a slash it is looked up in the PATH of `env`. Empty: argv[0].
    pub path: String,
    pub argv: Vec<String>,
    /// None: the environment of the caller.
    pub env: Option<Env>,
    /// None: the directory of the caller.
    pub cwd: Option<String>,
    /// (descriptor in the child, descriptor of the caller). None: the child inherits all that are
    /// not close-on-exec.
    pub fds: Option<Vec<(Fd, Fd)>>,
    /// Some(0): a new process group led by the child; Some(n): joins group n.
    pub pgid: Option<Pid>,
    /// Makes the child's group the foreground group of the terminal.
    pub foreground: bool,
    /// Starts a session of its own.
    pub new_session: bool,
    /// Signals that the child ignores from the start (nohup, `&` without job control).
    pub ignore: Vec<Signal>,
}

impl Spawn {
    #[must_use]
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Spawn {
        Spawn {
            argv: argv.into_iter().map(Into::into).collect(),
            ..Spawn::default()
        }
    }
}

/// A process as `ps` and `top` see it.
#[derive(Clone, Debug)]
pub struct ProcessInfo {
    pub pid: Pid,
    pub ppid: Pid,
    pub pgid: Pid,
    pub sid: Pid,
    pub uid: u32,
    pub gid: u32,
    /// The program's short name (comm).
    pub name: String,
    pub argv: Vec<String>,
    /// R, S, T or Z.
    pub state: char,
    /// Foreground in its terminal: `+`.
    pub foreground: bool,
    /// Such as `pts/0`.
    pub tty: Option<String>,
    pub started: Time,
    /// Simulated time on a CPU.
    pub cpu: core::time::Duration,
    /// Bytes.
    pub memory: u64,
}

/// Terminal settings: the part of termios(3) that programs here use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Termios {
    /// Line by line, with editing (ICANON).
    pub canonical: bool,
    pub echo: bool,
    /// ^C ^Z ^\ send signals (ISIG).
    pub signals: bool,
    /// \n becomes \r\n on output (ONLCR).
    pub newline_out: bool,
    /// \r becomes \n on input (ICRNL).
    pub newline_in: bool,
}

impl Default for Termios {
    fn default() -> Self {
        Termios {
            canonical: true,
            echo: true,
            signals: true,
            newline_out: true,
            newline_in: true,
        }
    }
}

impl Termios {
    /// What a line editor or a full-screen program sets: bytes as they come, no echo.
    #[must_use]
    pub fn raw() -> Termios {
        Termios {
            canonical: false,
            echo: false,
            signals: false,
            newline_out: true,
            newline_in: false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowSize {
    pub cols: u16,
    pub rows: u16,
}

impl Default for WindowSize {
    fn default() -> Self {
        WindowSize { cols: 80, rows: 24 }
    }
}

/// A wait ended because a caught signal came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// Why a name could not be turned into addresses (getaddrinfo(3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolveError {
    /// NXDOMAIN or no record of that type.
    NotFound,
    /// No server answered.
    Timeout,
    /// A server answered that it failed.
    ServerFailure,
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    pub name: String,
    pub addresses: Vec<(IpAddr, u8)>,
    pub mac: [u8; 6],
    pub mtu: u32,
}

/// A socket as netstat(8) lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketInfo {
    /// `tcp` or `udp`.
    pub protocol: &'static str,
    pub local: SocketAddr,
    pub remote: Option<SocketAddr>,
    /// Such as LISTEN, ESTABLISHED.
    pub state: &'static str,
}

/// uname(2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uname {
    pub sysname: String,
    pub nodename: String,
    pub release: String,
    pub version: String,
    pub machine: String,
}

/// What `df`, `free` and `top` ask of the computer as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemInfo {
    pub cpus: u32,
    /// Bytes.
    pub memory_total: u64,
    pub memory_used: u64,
    pub booted: Time,
    /// Load averages of 1, 5 and 15 minutes, times 100.
    pub load: [u32; 3],
}

/// The body of a program: an async function over its system calls that gives the exit code.
pub type Main = fn(crate::sys::Sys) -> LocalFuture<'static, i32>;

/// DNS record types that exist here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    A,
    Aaaa,
    Cname,
    Srv,
    Ptr,
    Txt,
    Ns,
    Soa,
}

/// A resource record; `data` as a zone file writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Without the final dot.
    pub name: String,
    pub kind: RecordKind,
    /// Seconds.
    pub ttl: u32,
    pub data: String,
}

/// What a DNS server says. No records and `exists` false: NXDOMAIN; `exists` true: no data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsAnswer {
    pub exists: bool,
    pub records: Vec<Record>,
}
