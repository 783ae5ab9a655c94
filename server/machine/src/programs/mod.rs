//! The programs of the simulated machine: one file a program, one line a program here.

use crate::executor::LocalFuture;
use crate::sys::Sys;

/// Whose file it is: decides which images have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// A tool of busybox: images with busybox link it in /bin.
    Busybox,
    /// The shell and its other names.
    Shell,
    /// A program that an image brings itself.
    Own,
}

/// A program by name.
pub struct Program {
    pub name: &'static str,
    pub suite: Suite,
    pub main: fn(Sys) -> LocalFuture<'static, i32>,
}

macro_rules! programs {
    ($($suite:ident $name:literal $main:path;)*) => {
        /// All programs.
        pub static PROGRAMS: &[Program] = &[
            $(Program { name: $name, suite: Suite::$suite, main: |sys| Box::pin($main(sys)) },)*
        ];
    };
}

pub(crate) mod init;
mod kuard;
pub mod lines;
pub mod mode;
pub(crate) mod nginx;
pub mod options;
mod pause;
pub mod regular;
mod stand_in;
mod stress;

programs! {
    Shell "sh" crate::shell::main;
    Shell "ash" crate::shell::main;
    Shell "bash" crate::shell::main;
    Own "apache" nginx::apache;
    Own "goproxy" stand_in::goproxy;
    Own "kuard" kuard::main;
    Own "memhog" stand_in::memhog;
    Own "nginx" nginx::main;
    Own "nginx-entrypoint" nginx::entrypoint;
    Own "pause" pause::main;
    Own "stress" stress::main;
    Own "test-server" stand_in::server;
}

#[must_use]
pub fn find(name: &str) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.name == name)
}
