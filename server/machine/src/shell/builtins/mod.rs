//! The builtins: commands that the shell runs in itself. One table; the functions stand in the files beside this one.
//!
//! Mirrors POSIX XCU 2.14 (special builtins) and the list that busybox ash's `help` prints.

mod flow;
mod look;
mod processes;
mod read;
mod text;
mod values;

pub use text::echo_bytes;
pub(crate) use values::options as set_options;

use super::Shell;
use super::run::{Context, Future, Stop};

/// A builtin's function: arguments with its name first. It sets the status.
type Run = for<'a> fn(&'a mut Shell, &'a [String], Context) -> Future<'a, Result<(), Stop>>;

/// A builtin.
#[derive(Clone, Copy)]
pub(crate) struct Builtin {
    pub name: &'static str,
    /// A special builtin of POSIX: assignments before it stay, its errors end a script.
    pub special: bool,
    pub run: Run,
}

macro_rules! builtins {
    ($($name:literal $special:literal $run:path;)*) => {
        /// All builtins, by name.
        static BUILTINS: &[Builtin] = &[$(Builtin {
            name: $name,
            special: $special,
            run: |shell, argv, context| Box::pin($run(shell, argv, context)),
        },)*];
    };
}

builtins! {
    "." true flow::dot;
    ":" true text::nothing;
    "[" false text::test;
    "[[" false text::test;
    "alias" false look::alias;
    "bg" false processes::bg;
    "break" true flow::break_loop;
    "cd" false values::cd;
    "chdir" false values::cd;
    "command" false look::command;
    "continue" true flow::break_loop;
    "echo" false text::echo;
    "eval" true flow::eval;
    "exec" true flow::exec;
    "exit" true flow::exit;
    "export" true values::export;
    "false" false text::failure;
    "fg" false processes::fg;
    "getopts" false read::getopts;
    "hash" false look::hash;
    "help" false look::help;
    "history" false look::history;
    "jobs" false processes::jobs;
    "kill" false processes::kill;
    "let" false text::arithmetic;
    "local" true values::local;
    "printf" false text::printf;
    "pwd" false values::pwd;
    "read" false read::read;
    "readonly" true values::export;
    "return" true flow::return_from;
    "set" true values::set;
    "shift" true values::shift;
    "source" true flow::dot;
    "test" false text::test;
    "times" true processes::times;
    "trap" true processes::trap;
    "true" false text::nothing;
    "type" false look::kind;
    "ulimit" false look::ulimit;
    "umask" false values::umask;
    "unalias" false look::unalias;
    "unset" true values::unset;
    "wait" false processes::wait;
}

/// The builtin called `name`.
pub(crate) fn find(name: &str) -> Option<Builtin> {
    BUILTINS
        .iter()
        .find(|builtin| builtin.name == name)
        .copied()
}

/// The names of all builtins.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().map(|builtin| builtin.name)
}

/// A number argument; an error ends the command.
pub(crate) async fn number(shell: &mut Shell, text: &str) -> Result<i32, Stop> {
    match text.parse::<i32>() {
        Ok(number) if number >= 0 => Ok(number),
        _ => Err(shell.abort(&format!("Illegal number: {text}")).await),
    }
}
