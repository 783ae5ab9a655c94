//! The shell: POSIX sh as busybox ash has it.
//!
//! `parse` turns text into the tree of `syntax`; `expand` turns words into arguments; `run` walks the tree on the system
//! calls of a process; `session` reads scripts and talks to the terminal. Not bash: no arrays, no brace expansion, no
//! `<<<`. Mirrors POSIX XCU chapter 2.

pub mod arithmetic;
mod builtins;
mod command;
pub mod complete;
pub mod display;
pub mod edit;
pub mod escape;
mod expand;
pub mod fields;
mod history;
mod jobs;
mod memory;
pub mod parse;
pub mod pattern;
pub mod printf;
mod prompt;
mod redirect;
mod run;
mod session;
pub mod syntax;
pub mod test;
mod traps;
pub mod variables;

use crate::errno::Errno;
use crate::signal::SignalSet;
use crate::sys::{OpenFlags, Pid, Sys};
use run::{Context, Stop};
use std::collections::BTreeMap;
use std::rc::Rc;
use syntax::Command;
use variables::Variables;

pub use builtins::echo_bytes;
pub use session::main;

/// The options of `set`.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools)]
pub(crate) struct Options {
    pub errexit: bool,
    pub noglob: bool,
    pub ignoreeof: bool,
    pub interactive: bool,
    pub monitor: bool,
    pub noexec: bool,
    pub xtrace: bool,
    pub verbose: bool,
    pub noclobber: bool,
    pub allexport: bool,
    pub notify: bool,
    pub nounset: bool,
    pub errtrace: bool,
    pub vi: bool,
    pub pipefail: bool,
    pub stdin: bool,
    pub command: bool,
}

impl Options {
    /// Name, letter (blank for none) and place of each, in the order of `set -o`.
    pub(crate) fn table(&mut self) -> [(&'static str, char, &mut bool); 17] {
        [
            ("errexit", 'e', &mut self.errexit),
            ("noglob", 'f', &mut self.noglob),
            ("ignoreeof", 'I', &mut self.ignoreeof),
            ("monitor", 'm', &mut self.monitor),
            ("noexec", 'n', &mut self.noexec),
            ("xtrace", 'x', &mut self.xtrace),
            ("verbose", 'v', &mut self.verbose),
            ("noclobber", 'C', &mut self.noclobber),
            ("allexport", 'a', &mut self.allexport),
            ("notify", 'b', &mut self.notify),
            ("nounset", 'u', &mut self.nounset),
            ("errtrace", 'E', &mut self.errtrace),
            ("vi", 'V', &mut self.vi),
            ("pipefail", ' ', &mut self.pipefail),
            ("interactive", 'i', &mut self.interactive),
            ("stdin", 's', &mut self.stdin),
            ("command", 'c', &mut self.command),
        ]
    }

    /// `$-`
    pub(crate) fn letters(mut self) -> String {
        self.table()
            .iter()
            .filter(|(_, letter, on)| **on && *letter != ' ')
            .map(|(_, letter, _)| *letter)
            .collect()
    }
}

/// A running shell. Clones are subshells.
#[derive(Clone)]
pub(crate) struct Shell {
    pub sys: Sys,
    /// `$0`, and what errors begin with.
    pub name: Rc<str>,
    /// The builtin or script that runs, in errors.
    pub command_name: Option<String>,
    pub options: Options,
    pub vars: Variables,
    pub functions: Rc<BTreeMap<String, Rc<Command>>>,
    pub aliases: Rc<parse::Aliases>,
    pub positional: Rc<Vec<String>>,
    /// `$?`
    pub status: i32,
    /// Status of the last command substitution in the running command.
    pub substituted: Option<i32>,
    /// `$$`: stays that of the first shell in its subshells.
    pub shell_pid: Pid,
    pub last_background: Option<Pid>,
    pub line: u32,
    pub random: u32,
    pub jobs: jobs::Jobs,
    pub traps: Rc<BTreeMap<i32, String>>,
    /// Signals that came and whose traps have not run.
    pub caught: SignalSet,
    pub in_trap: bool,
    pub loops: u32,
    pub calls: u32,
    pub functions_running: u32,
    pub commands: u32,
    /// Where `getopts` is within a group of letters.
    pub getopts_offset: usize,
    pub history: Rc<std::cell::RefCell<history::History>>,
    /// The descriptor through which an interactive shell speaks to its terminal.
    pub terminal: i32,
    /// What is added to line numbers: with `-c` the first is 0.
    pub first_line: u32,
    pub weight: memory::Weight,
}

impl Shell {
    fn new(sys: Sys) -> Shell {
        let mut vars = Variables::default();
        for (name, value) in sys.env() {
            if syntax::is_name(&name) && vars.set(&name, &value).is_ok() {
                vars.export(&name, true);
            }
        }
        let seed = sys
            .random(4)
            .iter()
            .fold(0, |seed, byte| seed << 8 | u32::from(*byte));
        let defaults = [
            ("IFS", " \t\n".to_owned()),
            ("OPTIND", "1".to_owned()),
            ("PPID", sys.ppid().to_string()),
            ("PS2", "> ".to_owned()),
            ("PS4", "+ ".to_owned()),
        ];
        for (name, value) in defaults {
            let _ = vars.set(name, &value);
        }
        let _ = vars.set("PWD", &sys.cwd());
        vars.export("PWD", true);
        let shell_pid = sys.pid();
        Shell {
            sys,
            name: "sh".into(),
            command_name: None,
            options: Options::default(),
            vars,
            functions: Rc::default(),
            aliases: Rc::default(),
            positional: Rc::default(),
            status: 0,
            substituted: None,
            shell_pid,
            last_background: None,
            line: 0,
            random: seed,
            jobs: jobs::Jobs::default(),
            traps: Rc::default(),
            caught: SignalSet::EMPTY,
            in_trap: false,
            loops: 0,
            calls: 0,
            functions_running: 0,
            commands: 0,
            getopts_offset: 0,
            history: Rc::default(),
            terminal: 2,
            first_line: 1,
            weight: memory::Weight::default(),
        }
    }

    /// The PATH where commands are looked for.
    pub(crate) fn path(&self) -> String {
        self.vars.get("PATH").map_or_else(
            || "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
            |path| path.to_string(),
        )
    }

    /// The file that runs for `name`: itself with a slash, else the first executable in PATH.
    pub(crate) fn find_program(&self, name: &str) -> Result<String, Errno> {
        if name.contains('/') {
            return Ok(name.to_owned());
        }
        let mut error = Errno::ENOENT;
        for directory in self.path().split(':') {
            let path = if directory.is_empty() {
                format!("./{name}")
            } else {
                format!("{directory}/{name}")
            };
            match self.sys.stat(&path) {
                Ok(stat) if stat.is_file() => match self.sys.access(&path, 1) {
                    Ok(()) => return Ok(path),
                    Err(why) => error = why,
                },
                _ => {}
            }
        }
        Err(error)
    }

    /// Becomes the program `argv`; the exit status when that fails.
    pub(crate) async fn execute(&mut self, argv: Vec<String>) -> i32 {
        let name = argv[0].clone();
        let error = match self.find_program(&name) {
            Ok(path) => {
                let error = self
                    .sys
                    .exec(&path, argv.clone(), self.vars.environment())
                    .await;
                if error == Errno::ENOEXEC {
                    // A text file without `#!` is a script of this shell.
                    let mut script = vec![self.name.to_string(), path.clone()];
                    script.extend(argv.into_iter().skip(1));
                    match self.find_program("sh") {
                        Ok(shell) => self.sys.exec(&shell, script, self.vars.environment()).await,
                        Err(error) => error,
                    }
                } else {
                    error
                }
            }
            Err(error) => error,
        };
        let (text, status) = match error {
            Errno::ENOENT | Errno::ENOTDIR => ("not found", 127),
            other => (other.text(), 126),
        };
        self.complain(&format!("{name}: {text}")).await;
        status
    }

    /// What errors begin with: name, builtin or script, line.
    pub(crate) fn error_prefix(&self) -> String {
        let mut text = format!("{}: ", self.name);
        if let Some(command) = &self.command_name {
            if **command != *self.name {
                text.push_str(&format!("{command}: "));
            }
            if !self.options.interactive {
                text.push_str(&format!("line {}: ", self.shown_line()));
            }
        }
        text
    }

    /// The running line as errors and `LINENO` count it.
    pub(crate) fn shown_line(&self) -> u32 {
        (self.line + self.first_line).saturating_sub(1)
    }

    /// Prints an error in ash's form.
    pub(crate) async fn complain(&mut self, text: &str) {
        let line = format!("{}{text}\n", self.error_prefix());
        self.print_error(&line).await;
    }

    /// Prints an error and gives the stop that ends the script.
    pub(crate) async fn abort(&mut self, text: &str) -> Stop {
        self.complain(text).await;
        self.status = 2;
        Stop::Abort
    }

    /// Writes to standard error.
    pub(crate) async fn print_error(&mut self, text: &str) {
        let _ = self.sys.write_all(2, text.as_bytes()).await;
    }

    /// Writes to standard output; false (and status 1) when that fails.
    pub(crate) async fn print(&mut self, bytes: &[u8]) -> bool {
        if bytes.is_empty() {
            return true;
        }
        match self.sys.write_all(1, bytes).await {
            Ok(()) => true,
            Err(error) => {
                let text = format!("{}: write error: {}\n", self.name, error.text());
                self.print_error(&text).await;
                self.status = 1;
                false
            }
        }
    }

    /// A child that is a copy of this shell.
    pub(crate) fn fork_shell<B, F>(&mut self, body: B) -> Result<Pid, Errno>
    where
        B: FnOnce(Shell) -> F + 'static,
        F: Future<Output = i32> + 'static,
    {
        let copy = self.clone();
        self.sys.fork(move |sys| async move {
            let mut shell = copy;
            shell.sys = sys;
            shell.weight.inherit();
            shell.enter_subshell();
            body(shell).await
        })
    }

    /// Names in a directory, as patterns see them.
    pub(crate) fn directory(&self, path: &str) -> Vec<String> {
        let mut names: Vec<String> = self
            .sys
            .readdir(path)
            .unwrap_or_default()
            .into_iter()
            .map(|entry| entry.name)
            .collect();
        names.push(".".to_owned());
        names.push("..".to_owned());
        names
    }

    /// Whether something is at `path`.
    pub(crate) fn path_exists(&self, path: &str) -> bool {
        self.sys.lstat(path).is_ok()
    }

    /// The home directory of `user`, by /etc/passwd.
    pub(crate) fn home_of(&self, user: &str) -> Option<String> {
        let fd = self.sys.open("/etc/passwd", OpenFlags::READ, 0).ok()?;
        let _ = self.sys.close(fd);
        // Without waiting only the superuser's home is known.
        (user == "root").then(|| "/root".to_owned())
    }

    /// Whether a trap waits for the end or a signal, so that the process must not be replaced.
    pub(crate) fn has_traps(&self) -> bool {
        self.traps.values().any(|action| !action.is_empty())
    }

    /// Notes the line that is read next.
    pub(crate) fn sync_line(&mut self, script: &parse::Script) {
        self.line = script.line();
    }

    /// Says what is wrong with the script at `line`.
    pub(crate) async fn syntax_error(&mut self, error: &str, line: u32) -> Stop {
        self.line = line;
        self.abort(&format!("syntax error: {error}")).await
    }

    /// Runs text as a command in this shell (`eval`, traps, the prompt).
    pub(crate) async fn run_text(&mut self, text: &str, context: Context) -> Result<(), Stop> {
        let kept = self.weight.kept;
        let result = self.run_script(parse::Script::whole(text), context).await;
        self.weight.kept = kept;
        result
    }

    async fn run_script(
        &mut self,
        mut script: parse::Script,
        context: Context,
    ) -> Result<(), Stop> {
        let kept = self.weight.kept + script.pending();
        loop {
            self.sync_line(&script);
            match script.next(&self.aliases.clone()) {
                parse::Parsed::Complete(list) => {
                    self.weight.kept = kept + script.weight();
                    if !self.options.noexec {
                        let last = context.last && script.at_end();
                        self.run_list(&list, Context { last, ..context }).await?;
                    }
                }
                parse::Parsed::Error(error) => {
                    return Err(self.syntax_error(&error, script.line()).await);
                }
                parse::Parsed::End | parse::Parsed::Incomplete => return Ok(()),
            }
        }
    }
}
