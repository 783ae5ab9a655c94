//! Traps: what the shell does when a signal comes or when it ends.
//!
//! Mirrors POSIX XCU `trap` and 2.11 (signals). Trap 0 is EXIT.

use super::Shell;
use super::run::{Context, Stop};
use crate::signal::{Disposition, Signal, SignalSet};
use std::rc::Rc;

/// The number under which the ERR trap is kept.
pub(crate) const ERR: i32 = 64;

impl Shell {
    /// Takes over the signals that came.
    pub(crate) fn collect_signals(&mut self) {
        while let Some(signal) = self.sys.take_signal() {
            self.caught.insert(signal);
        }
    }

    /// Runs the traps of the signals that came; ^C without a trap interrupts.
    pub(crate) async fn run_traps(&mut self) -> Result<(), Stop> {
        self.collect_signals();
        while let Some(signal) = { self.caught.iter().next() } {
            if self.in_trap && signal != Signal::Int {
                return Ok(());
            }
            self.caught.remove(signal);
            match self.traps.get(&signal.number()).cloned() {
                Some(action) => self.run_trap(&action).await?,
                None if signal == Signal::Int && self.options.interactive => {
                    self.status = 130;
                    return Err(Stop::Interrupt);
                }
                None => {}
            }
        }
        Ok(())
    }

    async fn run_trap(&mut self, action: &str) -> Result<(), Stop> {
        self.enter_call().await?;
        let status = self.status;
        self.in_trap = true;
        let result = Box::pin(self.run_text(action, Context::default())).await;
        self.in_trap = false;
        self.calls = self.calls.saturating_sub(1);
        if result.is_ok() {
            self.status = status;
        }
        result
    }

    /// The ERR trap, after a command that failed; in functions only with `set -E`.
    pub(crate) async fn run_error_trap(&mut self) -> Result<(), Stop> {
        if self.in_trap || (self.functions_running > 0 && !self.options.errtrace) {
            return Ok(());
        }
        match self.traps.get(&ERR).cloned() {
            Some(action) if !action.is_empty() => self.run_trap(&action).await,
            _ => Ok(()),
        }
    }

    /// The EXIT trap, once.
    pub(crate) async fn run_exit_trap(&mut self) {
        let Some(action) = self.traps.get(&0).cloned() else {
            return;
        };
        Rc::make_mut(&mut self.traps).remove(&0);
        let status = self.status;
        self.calls = 0;
        match Box::pin(self.run_text(&action, Context::default())).await {
            Err(Stop::Exit) => {}
            _ => self.status = status,
        }
    }

    /// Sets (`None`: resets) the action of signal `number`; 0 is EXIT.
    pub(crate) fn set_trap(&mut self, number: i32, action: Option<&str>) {
        let traps = Rc::make_mut(&mut self.traps);
        match action {
            Some(action) => traps.insert(number, action.to_owned()),
            None => traps.remove(&number),
        };
        let Some(signal) = Signal::from_number(number) else {
            return;
        };
        let disposition = match action {
            Some("") => Disposition::Ignore,
            Some(_) => Disposition::Catch,
            None => self.own_disposition(signal),
        };
        self.sys.set_signal(signal, disposition);
    }

    /// What the shell itself does with `signal` when there is no trap.
    fn own_disposition(&self, signal: Signal) -> Disposition {
        if !self.options.interactive {
            return Disposition::Default;
        }
        match signal {
            Signal::Int => Disposition::Catch,
            Signal::Quit | Signal::Term => Disposition::Ignore,
            Signal::Tstp | Signal::Ttin | Signal::Ttou if self.options.monitor => {
                Disposition::Ignore
            }
            _ => Disposition::Default,
        }
    }

    /// Takes the dispositions of an interactive shell.
    pub(crate) fn set_interactive_signals(&mut self) {
        for signal in [
            Signal::Int,
            Signal::Quit,
            Signal::Term,
            Signal::Tstp,
            Signal::Ttin,
            Signal::Ttou,
        ] {
            if !self.traps.contains_key(&signal.number()) {
                self.sys.set_signal(signal, self.own_disposition(signal));
            }
        }
    }

    /// In a new process: traps go, ignored signals stay ignored, job control is the parent's.
    pub(crate) fn enter_subshell(&mut self) {
        let interactive = self.options.interactive;
        self.options.interactive = false;
        self.options.monitor = false;
        self.caught = SignalSet::EMPTY;
        self.in_trap = false;
        self.loops = 0;
        self.jobs.forget();
        if interactive {
            for signal in [
                Signal::Int,
                Signal::Quit,
                Signal::Term,
                Signal::Tstp,
                Signal::Ttin,
                Signal::Ttou,
            ] {
                self.sys.set_signal(signal, Disposition::Default);
            }
        }
        if self.traps.is_empty() {
            return;
        }
        let traps = std::mem::take(&mut self.traps);
        for (number, action) in traps.iter() {
            if action.is_empty() {
                Rc::make_mut(&mut self.traps).insert(*number, String::new());
                if let Some(signal) = Signal::from_number(*number) {
                    self.sys.set_signal(signal, Disposition::Ignore);
                }
            } else if let Some(signal) = Signal::from_number(*number) {
                self.sys.set_signal(signal, Disposition::Default);
            }
        }
    }
}
