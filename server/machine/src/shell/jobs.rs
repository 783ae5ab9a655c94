//! Jobs: the processes that the shell started, in groups, in the foreground or the background.
//!
//! Mirrors POSIX XCU 2.11 and `jobs`; messages are busybox ash's.

use super::Shell;
use super::run::Stop;
use crate::errno::Errno;
use crate::signal::{Disposition, Signal};
use crate::sys::{Pid, WaitFor, WaitOptions, WaitStatus};

/// A started pipeline.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// As in `%1`.
    pub number: u32,
    /// Its process group under job control.
    pub group: Option<Pid>,
    /// Each process and what last happened to it.
    pub processes: Vec<(Pid, Option<WaitStatus>)>,
    pub text: String,
    pub foreground: bool,
    /// Its change of state has been told.
    pub told: bool,
}

/// The state of a job, as `jobs` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Running,
    Stopped(Signal),
    Done(WaitStatus),
}

impl Job {
    pub(crate) fn state(&self) -> State {
        let mut stopped = None;
        for (_, status) in &self.processes {
            match status {
                None | Some(WaitStatus::Continued) => return State::Running,
                Some(WaitStatus::Stopped(signal)) => stopped = Some(*signal),
                Some(_) => {}
            }
        }
        match (stopped, self.processes.last()) {
            (Some(signal), _) => State::Stopped(signal),
            (None, Some((_, Some(status)))) => State::Done(*status),
            _ => State::Done(WaitStatus::Exited(0)),
        }
    }

    /// Its exit status; with `pipefail` that of the last process that failed.
    pub(crate) fn code(&self, pipefail: bool) -> i32 {
        let mut codes = self
            .processes
            .iter()
            .filter_map(|(_, status)| status.map(WaitStatus::code));
        if pipefail {
            codes.rev().find(|code| *code != 0).unwrap_or(0)
        } else {
            codes.next_back().unwrap_or(0)
        }
    }

    fn state_text(&self) -> String {
        match self.state() {
            State::Running => "Running".to_owned(),
            State::Stopped(signal) => signal.text().to_owned(),
            State::Done(WaitStatus::Exited(0)) => "Done".to_owned(),
            State::Done(WaitStatus::Exited(code)) => format!("Done({code})"),
            State::Done(WaitStatus::Signaled(signal)) => signal.text().to_owned(),
            State::Done(_) => String::new(),
        }
    }
}

/// The job table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Jobs {
    pub all: Vec<Job>,
    /// Numbers, the current one last.
    order: Vec<u32>,
    /// Statuses of background processes whose job is gone.
    kept: Vec<(Pid, i32)>,
    inherited: bool,
}

impl Jobs {
    /// In a subshell: the parent's jobs are no children of it.
    pub(crate) fn forget(&mut self) {
        self.inherited = true;
        self.all.clear();
        self.order.clear();
        self.kept.clear();
    }

    pub(crate) fn get(&mut self, number: u32) -> Option<&mut Job> {
        self.all.iter_mut().find(|job| job.number == number)
    }

    fn remove(&mut self, number: u32) {
        self.all.retain(|job| job.number != number);
        self.order.retain(|n| *n != number);
    }

    /// Makes `number` the current job.
    pub(crate) fn touch(&mut self, number: u32) {
        self.order.retain(|n| *n != number);
        self.order.push(number);
    }

    fn mark(&self, number: u32) -> char {
        let mut latest = self.order.iter().rev();
        if latest.next() == Some(&number) {
            '+'
        } else if latest.next() == Some(&number) {
            '-'
        } else {
            ' '
        }
    }

    fn record(&mut self, pid: Pid, status: WaitStatus) {
        let Some(job) = self
            .all
            .iter_mut()
            .find(|job| job.processes.iter().any(|(p, _)| *p == pid))
        else {
            return;
        };
        for process in job.processes.iter_mut().filter(|(p, _)| *p == pid) {
            process.1 = Some(status);
        }
        job.told = false;
        if !job.foreground && !matches!(status, WaitStatus::Stopped(_) | WaitStatus::Continued) {
            self.kept.push((pid, status.code()));
            if self.kept.len() > 256 {
                self.kept.remove(0);
            }
        }
    }

    /// The job that `%spec` or a process id names.
    pub(crate) fn find(&self, spec: &str) -> Option<u32> {
        let Some(name) = spec.strip_prefix('%') else {
            let pid: Pid = spec.parse().ok()?;
            return self
                .all
                .iter()
                .find(|job| job.processes.iter().any(|(p, _)| *p == pid))
                .map(|job| job.number);
        };
        match name {
            "" | "%" | "+" => self.order.last().copied(),
            "-" => self.order.iter().rev().nth(1).copied(),
            _ => {
                if let Ok(number) = name.parse::<u32>() {
                    return self
                        .all
                        .iter()
                        .find(|job| job.number == number)
                        .map(|job| job.number);
                }
                let matches = |job: &&Job| match name.strip_prefix('?') {
                    Some(part) => job.text.contains(part),
                    None => job.text.starts_with(name),
                };
                self.all.iter().rev().find(matches).map(|job| job.number)
            }
        }
    }

    /// The status of a background process that ended before.
    pub(crate) fn kept(&self, pid: Pid) -> Option<i32> {
        self.kept
            .iter()
            .rev()
            .find(|(p, _)| *p == pid)
            .map(|(_, code)| *code)
    }

    /// A line of `jobs`.
    pub(crate) fn line(&self, number: u32, with_pid: bool, with_text: bool) -> String {
        let Some(job) = self.all.iter().find(|job| job.number == number) else {
            return String::new();
        };
        let mut text = format!("[{number}]{} ", self.mark(number));
        text.push(' ');
        if with_pid {
            text.push_str(&format!(
                "{} ",
                job.processes.first().map_or(0, |(pid, _)| *pid)
            ));
        }
        let shown = if with_text { job.text.as_str() } else { "" };
        text.push_str(&format!("{:<27}{shown}\n", job.state_text()));
        text
    }
}

impl Shell {
    /// A new job without processes; its number.
    pub(crate) fn start_job(&mut self, text: &str, foreground: bool) -> u32 {
        let number = (1..)
            .find(|n| self.jobs.all.iter().all(|job| job.number != *n))
            .unwrap_or(1);
        self.jobs.all.push(Job {
            number,
            group: None,
            processes: Vec::new(),
            text: if self.options.monitor {
                text.to_owned()
            } else {
                String::new()
            },
            foreground,
            told: true,
        });
        if !foreground {
            self.jobs.touch(number);
        }
        number
    }

    /// Adds a process to a job; false when it cannot be started.
    pub(crate) fn fork_job<B, F>(&mut self, number: u32, body: B) -> bool
    where
        B: FnOnce(Shell) -> F + 'static,
        F: Future<Output = i32> + 'static,
    {
        let monitor = self.options.monitor;
        let Some(job) = self.jobs.get(number) else {
            return false;
        };
        let foreground = job.foreground;
        let group = job.group;
        let child = self.fork_shell(move |shell| async move {
            if !foreground && !monitor {
                shell.sys.set_signal(Signal::Int, Disposition::Ignore);
                shell.sys.set_signal(Signal::Quit, Disposition::Ignore);
            }
            body(shell).await
        });
        let Ok(pid) = child else {
            self.jobs.remove(number);
            return false;
        };
        if monitor {
            let group = group.unwrap_or(pid);
            let _ = self.sys.setpgid(pid, group);
            if foreground {
                self.give_terminal(group);
            }
            if let Some(job) = self.jobs.get(number) {
                job.group = Some(group);
            }
        }
        if !foreground {
            self.last_background = Some(pid);
        }
        if let Some(job) = self.jobs.get(number) {
            job.processes.push((pid, None));
        }
        true
    }

    /// Makes `group` the foreground group of the terminal.
    pub(crate) fn give_terminal(&self, group: Pid) {
        let _ = self.sys.tcsetpgrp(self.terminal, group);
    }

    /// Waits for one change of any child; false when there is none to wait for or a caught signal came.
    pub(crate) async fn wait_change(&mut self) -> Result<(), Errno> {
        let options = WaitOptions {
            untraced: self.options.monitor,
            ..WaitOptions::default()
        };
        let (pid, status) = self
            .sys
            .wait(WaitFor::Any, options)
            .await?
            .ok_or(Errno::ECHILD)?;
        self.jobs.record(pid, status);
        Ok(())
    }

    /// Takes in what happened to children, without waiting.
    pub(crate) async fn reap(&mut self) {
        let options = WaitOptions {
            nohang: true,
            untraced: self.options.monitor,
            continued: false,
        };
        while let Ok(Some((pid, status))) = self.sys.wait(WaitFor::Any, options).await {
            self.jobs.record(pid, status);
        }
    }

    /// Waits for a process that is in no job (a substitution); its status.
    pub(crate) async fn wait_child(&mut self, pid: Pid) -> i32 {
        loop {
            match self
                .sys
                .wait(WaitFor::Pid(pid), WaitOptions::default())
                .await
            {
                Ok(Some((_, status))) => return status.code(),
                Err(Errno::EINTR) => self.collect_signals(),
                _ => return 127,
            }
        }
    }

    /// Waits until a foreground job ends or stops; sets the status.
    pub(crate) async fn finish_foreground(&mut self, number: u32) -> Result<(), Stop> {
        loop {
            let Some(job) = self.jobs.get(number) else {
                return Ok(());
            };
            if job.state() != State::Running {
                break;
            }
            match self.wait_change().await {
                Ok(()) => {}
                Err(Errno::EINTR) => self.collect_signals(),
                Err(_) => break,
            }
        }
        if self.options.monitor {
            self.give_terminal(self.sys.pgid());
        }
        let pipefail = self.options.pipefail;
        let monitor = self.options.monitor;
        let Some(job) = self.jobs.get(number) else {
            return Ok(());
        };
        self.status = job.code(pipefail);
        match job.state() {
            State::Stopped(_) => {
                job.foreground = false;
                job.told = true;
                self.jobs.touch(number);
                let line = format!("\n{}", self.jobs.line(number, false, true));
                self.print_error(&line).await;
                return Ok(());
            }
            State::Done(WaitStatus::Signaled(signal)) => {
                self.jobs.remove(number);
                if signal == Signal::Int {
                    if monitor {
                        self.print_error("\n").await;
                        return Err(Stop::Interrupt);
                    }
                } else if signal != Signal::Pipe {
                    self.print_error(&format!("{}\n", signal.text())).await;
                }
            }
            _ => self.jobs.remove(number),
        }
        if self.sys.signal_pending() || !self.caught.is_empty() {
            self.run_traps().await?;
        }
        Ok(())
    }

    /// A script is told of a job that a signal ended.
    pub(crate) async fn tell_killed(&mut self, number: u32) {
        if self.options.interactive {
            return;
        }
        if let Some(State::Done(WaitStatus::Signaled(signal))) =
            self.jobs.get(number).map(|job| job.state())
            && !matches!(signal, Signal::Int | Signal::Pipe)
        {
            self.print_error(&format!("{}\n", signal.text())).await;
        }
    }

    /// Before a prompt: tells of jobs that ended or stopped, and forgets the ended ones.
    pub(crate) async fn tell_jobs(&mut self) {
        self.reap().await;
        let changed: Vec<u32> = self
            .jobs
            .all
            .iter()
            .filter(|job| !job.told)
            .map(|job| job.number)
            .collect();
        for number in changed {
            let line = self.jobs.line(number, false, true);
            if self.options.interactive {
                self.print_error(&line).await;
            }
            self.forget_if_done(number);
        }
    }

    /// Marks a job as told; an ended one goes.
    pub(crate) fn forget_if_done(&mut self, number: u32) {
        let Some(job) = self.jobs.get(number) else {
            return;
        };
        job.told = true;
        if matches!(job.state(), State::Done(_)) {
            self.jobs.remove(number);
        }
    }
}
