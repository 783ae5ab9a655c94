//! A computer: the learner's workstation.

use std::rc::Rc;

use crate::errno::Errno;
use crate::executor::LocalFuture;
use crate::kernel::Kernel;
use crate::stdio::Stdio;
use crate::sys::{Pid, Spawn, Sys};
use crate::vfs::Files;

/// How a computer is made.
#[derive(Clone, Debug)]
pub struct ComputerConfig {
    pub hostname: String,
    /// Login name; `root` or a user with uid 1000 and a home of its own.
    pub user: String,
    /// Such as /home/learner.
    pub home: String,
    /// Comes on top of PATH, HOME, USER, SHELL, LANG.
    pub env: Vec<(String, String)>,
    pub cpus: u32,
    /// Bytes.
    pub memory: u64,
}

/// The body of a foreign program: runs outside, touches the machine by system calls only.
pub type Foreign = Rc<dyn Fn(Sys) -> LocalFuture<'static, i32>>;

/// A computer with its files, processes and network. Clones are the same computer.
#[derive(Clone)]
pub struct Computer(Rc<()>);

impl Computer {
    pub fn new(kernel: &Kernel, config: ComputerConfig) -> Computer {
        let _ = (kernel, config);
        todo!()
    }
    /// A terminal with a login shell. `stdin` takes keys; dropping the streams hangs up.
    pub fn open_terminal(&self, cols: u16, rows: u16) -> Result<Stdio, Errno> {
        let _ = (cols, rows);
        todo!()
    }
    /// Starts a program without a terminal.
    pub fn spawn(&self, spawn: Spawn) -> Result<(Pid, Stdio), Errno> {
        let _ = spawn;
        todo!()
    }
    pub fn files(&self) -> Files {
        todo!()
    }
    /// Puts a program at /usr/local/bin/`name`.
    pub fn add_foreign(&self, name: &str, main: Foreign) {
        let _ = (name, main);
        todo!()
    }
}
