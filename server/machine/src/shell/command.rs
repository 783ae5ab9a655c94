//! Simple commands: assignments, functions, builtins, programs.
//!
//! Mirrors POSIX XCU 2.9.1.

use super::Shell;
use super::display;
use super::memory::size_of;
use super::run::{Context, MAX_CALLS, Stop};
use super::syntax::{Assign, Command, Word};
use std::rc::Rc;

impl Shell {
    /// Runs a simple command.
    pub(crate) async fn simple(
        &mut self,
        command: &Rc<Command>,
        assigns: &[Assign],
        words: &[Word],
        context: Context,
    ) -> Result<(), Stop> {
        self.substituted = None;
        let argv = match words.first().and_then(Word::plain) {
            Some("[[") => self.bracket_words(words).await?,
            _ => self.expand_words(words).await?,
        };
        if argv.is_empty() {
            return self.assignments_only(command, assigns).await;
        }
        let kept = self.weight.kept;
        self.weight.kept += size_of(&argv);
        let result = self.with_arguments(command, assigns, argv, context).await;
        self.weight.kept = kept;
        result
    }

    async fn with_arguments(
        &mut self,
        command: &Rc<Command>,
        assigns: &[Assign],
        argv: Vec<String>,
        context: Context,
    ) -> Result<(), Stop> {
        let name = &argv[0];
        let function = self.functions.get(name).cloned();
        let builtin = super::builtins::find(name);
        let special = builtin.is_some_and(|builtin| builtin.special);
        if let (Some(body), false) = (function, special) {
            return self.call_in(command, assigns, argv, &body, context).await;
        }
        let values = self.assign_values(assigns).await?;
        self.trace(&values, &argv).await;
        let Some(builtin) = builtin else {
            return self.external(command, values, argv, context).await;
        };
        let keep = name == "exec";
        let saved = match self
            .redirect(&command.redirects, !keep || argv.len() > 1)
            .await?
        {
            Some(saved) => saved,
            None if special && !self.options.interactive => {
                self.status = 1;
                return Err(Stop::Exit);
            }
            None => {
                self.status = 1;
                return Ok(());
            }
        };
        let before: Vec<_> = if special {
            Vec::new()
        } else {
            values.iter().map(|(n, _)| self.vars.save(n)).collect()
        };
        for (name, value) in &values {
            self.assign(name, value).await?;
            if keep || !special {
                self.vars.export(name, true);
            }
        }
        let outer = self.command_name.replace(name.clone());
        let result = (builtin.run)(self, &argv, context).await;
        self.command_name = outer;
        before
            .into_iter()
            .for_each(|variable| self.vars.restore(variable));
        self.restore(saved);
        match result {
            // An error of a builtin that is not special ends only the builtin.
            Err(Stop::Abort) if !special && !self.options.interactive => Ok(()),
            other => other,
        }
    }

    /// The words of `[[ … ]]`: neither split nor matched against files.
    async fn bracket_words(&mut self, words: &[Word]) -> Result<Vec<String>, Stop> {
        let mut out = Vec::new();
        let mut compared = false;
        for word in words {
            let pattern = compared;
            compared = matches!(word.plain(), Some("=" | "==" | "!="));
            out.push(if pattern {
                self.expand_pattern(word).await?
            } else {
                self.expand_text(word).await?
            });
        }
        Ok(out)
    }

    async fn assign_values(&mut self, assigns: &[Assign]) -> Result<Vec<(String, String)>, Stop> {
        let mut values = Vec::with_capacity(assigns.len());
        for assign in assigns {
            values.push((
                assign.name.clone(),
                self.expand_assignment(&assign.value).await?,
            ));
        }
        Ok(values)
    }

    async fn assignments_only(
        &mut self,
        command: &Command,
        assigns: &[Assign],
    ) -> Result<(), Stop> {
        for assign in assigns {
            let value = self.expand_assignment(&assign.value).await?;
            self.trace(&[(assign.name.clone(), value.clone())], &[])
                .await;
            self.assign(&assign.name, &value).await?;
        }
        self.status = self.substituted.unwrap_or(0);
        match self.redirect(&command.redirects, true).await? {
            Some(saved) => self.restore(saved),
            None => self.status = 1,
        }
        Ok(())
    }

    async fn trace(&mut self, values: &[(String, String)], argv: &[String]) {
        if !self.options.xtrace {
            return;
        }
        let quote = super::escape::quote_if_needed;
        let mut all: Vec<String> = values
            .iter()
            .map(|(name, value)| format!("{name}={}", quote(value)))
            .collect();
        all.extend(argv.iter().map(|word| quote(word)));
        let prompt = self
            .vars
            .get("PS4")
            .map_or_else(|| "+ ".to_owned(), |text| text.to_string());
        self.print_error(&format!("{prompt}{}\n", all.join(" ")))
            .await;
    }

    async fn call_in(
        &mut self,
        command: &Command,
        assigns: &[Assign],
        argv: Vec<String>,
        body: &Rc<Command>,
        context: Context,
    ) -> Result<(), Stop> {
        let values = self.assign_values(assigns).await?;
        self.trace(&values, &argv).await;
        let Some(saved) = self.redirect(&command.redirects, true).await? else {
            self.status = 1;
            return Ok(());
        };
        let before: Vec<_> = values
            .iter()
            .map(|(name, _)| self.vars.save(name))
            .collect();
        for (name, value) in &values {
            self.assign(name, value).await?;
            self.vars.export(name, true);
        }
        let result = self.call(argv, body, context).await;
        before
            .into_iter()
            .for_each(|variable| self.vars.restore(variable));
        self.restore(saved);
        result
    }

    /// Calls a function.
    async fn call(
        &mut self,
        mut argv: Vec<String>,
        body: &Rc<Command>,
        context: Context,
    ) -> Result<(), Stop> {
        self.enter_call().await?;
        argv.remove(0);
        let positional = std::mem::replace(&mut self.positional, Rc::new(argv));
        let loops = std::mem::take(&mut self.loops);
        self.vars.push_scope();
        self.functions_running += 1;
        let result = self
            .command(
                body,
                Context {
                    last: false,
                    ..context
                },
            )
            .await;
        self.functions_running -= 1;
        self.vars.pop_scope();
        self.loops = loops;
        self.positional = positional;
        self.calls -= 1;
        match result {
            Err(Stop::Return) => Ok(()),
            other => other,
        }
    }

    /// Counts nested functions, `eval`, `.` and traps; too many abort.
    pub(crate) async fn enter_call(&mut self) -> Result<(), Stop> {
        self.calls += 1;
        if self.calls > MAX_CALLS {
            // The callers that are still running each take back their own.
            self.calls -= 1;
            return Err(self.abort("calls nested too deeply").await);
        }
        Ok(())
    }

    async fn external(
        &mut self,
        command: &Rc<Command>,
        values: Vec<(String, String)>,
        argv: Vec<String>,
        context: Context,
    ) -> Result<(), Stop> {
        if context.last && !self.has_traps() && !self.options.interactive {
            return match self.redirect(&command.redirects, false).await? {
                Some(_) => {
                    self.export_all(&values);
                    self.status = self.execute(argv).await;
                    Err(Stop::Exit)
                }
                None => {
                    self.status = 1;
                    Ok(())
                }
            };
        }
        let job = self.start_job(&display::command(command), true);
        let command = command.clone();
        let started = self.fork_job(job, move |mut shell| async move {
            match shell.redirect(&command.redirects, false).await {
                Ok(Some(_)) => {
                    shell.export_all(&values);
                    shell.execute(argv).await
                }
                _ => 1,
            }
        });
        if !started {
            return Err(self.abort("can't fork").await);
        }
        self.finish_foreground(job).await
    }

    /// Starts a program by name and waits for it (`command`).
    pub(crate) async fn start_external(&mut self, argv: Vec<String>) -> Result<(), Stop> {
        let job = self.start_job(&argv.join(" "), true);
        if !self.fork_job(
            job,
            move |mut shell| async move { shell.execute(argv).await },
        ) {
            return Err(self.abort("can't fork").await);
        }
        self.finish_foreground(job).await
    }

    fn export_all(&mut self, values: &[(String, String)]) {
        for (name, value) in values {
            if self.vars.set(name, value).is_ok() {
                self.vars.export(name, true);
            }
        }
    }
}
