//! The interpreter: walks the tree of a script on the system calls of a process.
//!
//! Every stage of a pipeline, every subshell and every command that is not built in is a process of its own. Between two
//! commands traps run and processor time is charged. Mirrors POSIX XCU 2.9 (commands) and 2.8 (exit status).

use super::Shell;
use super::display;
use super::memory::size_of;
use super::pattern;
use super::syntax::{AndOr, Command, Item, Kind, List, Pipeline, Word};
use crate::signal::Signal;
use crate::time::Duration;
use std::pin::Pin;
use std::rc::Rc;

/// A boxed future: the tree is walked recursively.
pub(crate) type Future<'a, T> = Pin<Box<dyn std::future::Future<Output = T> + 'a>>;

/// Why the commands that follow are not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// `break n`
    Break(u32),
    /// `continue n`
    Continue(u32),
    /// `return`
    Return,
    /// `exit`, `set -e`
    Exit,
    /// An error that ends a script and brings an interactive shell back to its prompt.
    Abort,
    /// ^C at an interactive shell.
    Interrupt,
}

/// What holds around a command.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Context {
    /// Nothing comes after it: the process may be replaced.
    pub last: bool,
    /// Its status is looked at (`if`, `&&`, `!`): `set -e` does not act.
    pub tested: bool,
}

/// Deepest nesting of functions, `eval`, `.` and traps.
pub(crate) const MAX_CALLS: u32 = 128;
/// Simulated processor time of one command.
const COMMAND_COST_US: u64 = 10;
/// Commands between two yields.
const BATCH: u32 = 32;

impl Shell {
    /// Runs a list.
    pub(crate) fn run_list<'a>(
        &'a mut self,
        list: &'a List,
        context: Context,
    ) -> Future<'a, Result<(), Stop>> {
        Box::pin(async move {
            for (index, item) in list.iter().enumerate() {
                let last = context.last && index + 1 == list.len();
                self.item(item, Context { last, ..context }).await?;
            }
            Ok(())
        })
    }

    async fn item(&mut self, item: &Item, context: Context) -> Result<(), Stop> {
        if item.background {
            self.background(item).await
        } else {
            self.and_or(&item.and_or, context).await
        }
    }

    /// Runs pipelines joined by `&&` and `||`.
    pub(crate) async fn and_or(&mut self, node: &AndOr, context: Context) -> Result<(), Stop> {
        let mut left = node.rest.len();
        let of = |left: usize| Context {
            last: context.last && left == 0,
            tested: context.tested || left > 0,
        };
        self.pipeline(&node.first, of(left)).await?;
        for (and, pipeline) in &node.rest {
            left -= 1;
            if *and == (self.status == 0) {
                self.pipeline(pipeline, of(left)).await?;
            }
        }
        Ok(())
    }

    async fn pipeline(&mut self, node: &Pipeline, context: Context) -> Result<(), Stop> {
        let inner = Context {
            last: context.last && !node.negated,
            tested: context.tested || node.negated,
        };
        if let [command] = node.commands.as_slice() {
            self.command(command, inner).await?;
        } else {
            self.stages(node).await?;
            self.check_errexit(inner).await?;
        }
        if node.negated {
            self.status = i32::from(self.status == 0);
        }
        Ok(())
    }

    /// `set -e` and the ERR trap.
    async fn check_errexit(&mut self, context: Context) -> Result<(), Stop> {
        if context.tested || self.status == 0 {
            return Ok(());
        }
        if !self.traps.is_empty() {
            self.run_error_trap().await?;
        }
        if self.options.errexit {
            Err(Stop::Exit)
        } else {
            Ok(())
        }
    }

    /// Starts every stage of a pipeline as a process and waits for them.
    async fn stages(&mut self, node: &Pipeline) -> Result<(), Stop> {
        self.step().await?;
        let job = self.start_job(&display::pipeline(node), true);
        let mut input: Option<i32> = None;
        let count = node.commands.len();
        for (index, command) in node.commands.iter().enumerate() {
            let ends = if index + 1 < count {
                self.sys.pipe().ok()
            } else {
                None
            };
            let command = command.clone();
            let child = self.fork_job(job, move |mut shell| async move {
                if let Some((reader, _)) = ends {
                    let _ = shell.sys.close(reader);
                }
                shell.move_fd(input, 0);
                shell.move_fd(ends.map(|(_, writer)| writer), 1);
                shell.run_stage(&command).await
            });
            if let Some(fd) = input {
                let _ = self.sys.close(fd);
            }
            input = ends.map(|(reader, writer)| {
                let _ = self.sys.close(writer);
                reader
            });
            if !child {
                if let Some(fd) = input {
                    let _ = self.sys.close(fd);
                }
                return Err(self.abort("can't fork").await);
            }
        }
        self.finish_foreground(job).await
    }

    /// Puts `from` in the place of descriptor `to`.
    pub(crate) fn move_fd(&mut self, from: Option<i32>, to: i32) {
        if let Some(from) = from
            && from != to
        {
            let _ = self.sys.dup2(from, to);
            let _ = self.sys.close(from);
        }
    }

    /// The body of a forked process: one command. Its exit status.
    pub(crate) async fn run_stage(&mut self, command: &Rc<Command>) -> i32 {
        let result = self
            .command(
                command,
                Context {
                    last: true,
                    tested: false,
                },
            )
            .await;
        self.leave(result).await
    }

    /// The body of a forked process: a list. Its exit status.
    pub(crate) async fn run_subshell(&mut self, list: &List) -> i32 {
        let result = self
            .run_list(
                list,
                Context {
                    last: true,
                    tested: false,
                },
            )
            .await;
        self.leave(result).await
    }

    /// The end of a shell: its EXIT trap, its status.
    pub(crate) async fn leave(&mut self, result: Result<(), Stop>) -> i32 {
        if result == Err(Stop::Interrupt) {
            self.status = 130;
        }
        self.run_exit_trap().await;
        self.status & 0xff
    }

    async fn background(&mut self, item: &Item) -> Result<(), Stop> {
        self.step().await?;
        let job = self.start_job(&display::and_or(&item.and_or), false);
        let node = item.and_or.clone();
        let monitor = self.options.monitor;
        let started = self.fork_job(job, move |mut shell| async move {
            if !monitor {
                shell.detach_input();
            }
            let result = shell
                .and_or(
                    &node,
                    Context {
                        last: true,
                        tested: false,
                    },
                )
                .await;
            shell.leave(result).await
        });
        if !started {
            return Err(self.abort("can't fork").await);
        }
        self.status = 0;
        Ok(())
    }

    /// Runs between commands: traps, interrupts, processor time.
    pub(crate) async fn step(&mut self) -> Result<(), Stop> {
        self.commands += 1;
        if self.commands.is_multiple_of(BATCH) {
            self.sys
                .cpu(Duration::from_micros(COMMAND_COST_US * u64::from(BATCH)))
                .await;
        }
        if self.sys.signal_pending() || !self.caught.is_empty() {
            self.run_traps().await?;
        }
        self.weigh().await
    }

    /// Runs one command.
    pub(crate) fn command<'a>(
        &'a mut self,
        command: &'a Rc<Command>,
        context: Context,
    ) -> Future<'a, Result<(), Stop>> {
        Box::pin(async move {
            self.step().await?;
            self.line = command.line;
            match &command.kind {
                Kind::Simple { assigns, words } => {
                    self.simple(command, assigns, words, context).await?;
                    self.check_errexit(context).await
                }
                Kind::Subshell(list) => {
                    self.subshell(command, list, context).await?;
                    self.check_errexit(context).await
                }
                Kind::Function(name, body) => {
                    self.define_function(name, body);
                    self.status = 0;
                    Ok(())
                }
                _ if command.redirects.is_empty() => self.compound(command, context).await,
                _ => {
                    let Some(saved) = self.redirect(&command.redirects, true).await? else {
                        self.status = 1;
                        return self.check_errexit(context).await;
                    };
                    let result = self
                        .compound(
                            command,
                            Context {
                                last: false,
                                ..context
                            },
                        )
                        .await;
                    self.restore(saved);
                    result
                }
            }
        })
    }

    async fn compound(&mut self, command: &Command, context: Context) -> Result<(), Stop> {
        match &command.kind {
            Kind::Group(list) => self.run_list(list, context).await,
            Kind::If(branches, otherwise) => {
                self.branches(branches, otherwise.as_ref(), context).await
            }
            Kind::While {
                until,
                condition,
                body,
            } => self.repeat(*until, condition, body, context).await,
            Kind::For { name, words, body } => {
                self.each(name, words.as_deref(), body, context).await
            }
            Kind::Case(subject, arms) => self.case(subject, arms, context).await,
            _ => Ok(()),
        }
    }

    async fn branches(
        &mut self,
        branches: &[(List, List)],
        otherwise: Option<&List>,
        context: Context,
    ) -> Result<(), Stop> {
        for (condition, body) in branches {
            self.run_list(
                condition,
                Context {
                    last: false,
                    tested: true,
                },
            )
            .await?;
            if self.status == 0 {
                return self.run_list(body, context).await;
            }
        }
        self.status = 0;
        match otherwise {
            Some(body) => self.run_list(body, context).await,
            None => Ok(()),
        }
    }

    async fn repeat(
        &mut self,
        until: bool,
        condition: &List,
        body: &List,
        context: Context,
    ) -> Result<(), Stop> {
        let mut status = 0;
        self.loops += 1;
        let result = loop {
            if let Err(stop) = self.step().await {
                break Err(stop);
            }
            match self
                .run_list(
                    condition,
                    Context {
                        last: false,
                        tested: true,
                    },
                )
                .await
            {
                Ok(()) => {}
                Err(Stop::Continue(1)) => continue,
                other => break other,
            }
            if (self.status == 0) == until {
                self.status = status;
                break Ok(());
            }
            match self
                .run_list(
                    body,
                    Context {
                        last: false,
                        ..context
                    },
                )
                .await
            {
                Ok(()) | Err(Stop::Continue(1)) => status = self.status,
                other => break other,
            }
        };
        self.loops -= 1;
        unwind(result)
    }

    async fn each(
        &mut self,
        name: &str,
        words: Option<&[Word]>,
        body: &List,
        context: Context,
    ) -> Result<(), Stop> {
        let values = match words {
            Some(words) => self.expand_words(words).await?,
            None => self.positional.to_vec(),
        };
        let kept = self.weight.kept;
        self.weight.kept += size_of(&values);
        let result = self.each_value(name, values, body, context).await;
        self.weight.kept = kept;
        result
    }

    async fn each_value(
        &mut self,
        name: &str,
        values: Vec<String>,
        body: &List,
        context: Context,
    ) -> Result<(), Stop> {
        self.status = 0;
        self.loops += 1;
        let mut result = Ok(());
        for value in values {
            result = self.assign(name, &value).await;
            if result.is_ok() {
                result = self
                    .run_list(
                        body,
                        Context {
                            last: false,
                            ..context
                        },
                    )
                    .await;
            }
            if !matches!(result, Ok(()) | Err(Stop::Continue(1))) {
                break;
            }
        }
        self.loops -= 1;
        unwind(result)
    }

    async fn case(
        &mut self,
        subject: &Word,
        arms: &[(Vec<Word>, List)],
        context: Context,
    ) -> Result<(), Stop> {
        let text = self.expand_text(subject).await?;
        self.status = 0;
        for (patterns, body) in arms {
            for word in patterns {
                let pattern = self.expand_pattern(word).await?;
                if pattern::matches(&pattern, &text) {
                    return self.run_list(body, context).await;
                }
            }
        }
        Ok(())
    }

    async fn subshell(
        &mut self,
        command: &Rc<Command>,
        list: &Rc<List>,
        context: Context,
    ) -> Result<(), Stop> {
        if context.last && !self.has_traps() && !self.options.interactive {
            if self.redirect(&command.redirects, false).await?.is_none() {
                self.status = 1;
                return Ok(());
            }
            let list = list.clone();
            self.enter_subshell();
            return match self
                .run_list(
                    &list,
                    Context {
                        last: true,
                        ..context
                    },
                )
                .await
            {
                Err(Stop::Break(_) | Stop::Continue(_) | Stop::Return) | Ok(()) => Err(Stop::Exit),
                other => other,
            };
        }
        let job = self.start_job(&display::command(command), true);
        let (command, list) = (command.clone(), list.clone());
        let tested = context.tested;
        let started = self.fork_job(job, move |mut shell| async move {
            let result = match shell.redirect(&command.redirects, false).await {
                Ok(Some(_)) => shell.run_list(&list, Context { last: true, tested }).await,
                Ok(None) => {
                    shell.status = 1;
                    Ok(())
                }
                Err(stop) => Err(stop),
            };
            shell.leave(result).await
        });
        if !started {
            return Err(self.abort("can't fork").await);
        }
        self.finish_foreground(job).await
    }

    /// Sets a variable; a read-only one aborts.
    pub(crate) async fn assign(&mut self, name: &str, value: &str) -> Result<(), Stop> {
        if let Err(error) = self.vars.set(name, value) {
            return Err(self.abort(&error).await);
        }
        if self.options.allexport {
            self.vars.export(name, true);
        }
        if name == "OPTIND" {
            self.getopts_offset = 0;
        }
        Ok(())
    }

    /// Whether ^C came; takes it.
    pub(crate) fn interrupted(&mut self) -> bool {
        self.collect_signals();
        let came = self.options.interactive && self.caught.contains(Signal::Int);
        if came {
            self.caught.remove(Signal::Int);
        }
        came
    }
}

/// One loop less to leave.
fn unwind(result: Result<(), Stop>) -> Result<(), Stop> {
    match result {
        Err(Stop::Break(0 | 1) | Stop::Continue(0 | 1)) => Ok(()),
        Err(Stop::Break(n)) => Err(Stop::Break(n - 1)),
        Err(Stop::Continue(n)) => Err(Stop::Continue(n - 1)),
        other => other,
    }
}
