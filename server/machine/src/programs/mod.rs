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
pub mod lines;
pub mod mode;
pub mod options;
mod pause;
pub mod regular;

programs! {
    Shell "sh" crate::shell::main;
    Shell "ash" crate::shell::main;
    Shell "bash" crate::shell::main;
    Own "pause" pause::main;
}

#[must_use]
pub fn find(name: &str) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.name == name)
}
