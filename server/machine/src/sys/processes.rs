//! Processes and signals (fork(2), wait(2), kill(2), sigaction(2), setpgid(2)).

use core::future::Future;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::exec::{become_program, fits, load};
use super::{Fd, Pid, Result, Spawn, Sys, WaitFor, WaitOptions, WaitStatus};
use crate::errno::Errno;
use crate::process::{Birth, Process, Slot};
use crate::signal::{DefaultAction, Disposition, Signal, SignalSet};

impl Sys {
    fn birth(&self) -> Birth {
        let p = &self.0;
        let fds = p.fds.borrow();
        let fds = fds.iter().map(|(fd, s)| {
            (
                *fd,
                Slot {
                    file: s.file.clone(),
                    cloexec: s.cloexec,
                },
            )
        });
        Birth {
            ppid: p.pid,
            pgid: p.pgid.get(),
            sid: p.sid.get(),
            uid: p.uid.get(),
            gid: p.gid.get(),
            groups: p.groups.borrow().clone(),
            argv: p.argv.borrow().clone(),
            env: p.env.borrow().clone(),
            cwd: p.cwd.borrow().clone(),
            umask: p.umask.get(),
            fds: fds.collect(),
            tty: p.tty.borrow().clone(),
            ignored: p.ignored.get(),
            oom_score_adj: p.oom_score_adj.get(),
        }
    }

    fn child(&self, birth: Birth) -> Result<Rc<Process>> {
        if self.0.is_zombie() {
            return Err(Errno::EAGAIN);
        }
        self.0.debt.set(self.0.debt.get() + 200_000);
        Process::new(&self.0.space, birth)
    }

    /// Starts a program in a child process (fork and exec in one). ENOENT, EACCES, ENOEXEC (not a
    /// program and no `#!`), EAGAIN (pids limit).
    pub fn spawn(&self, spawn: Spawn) -> Result<Pid> {
        let mut birth = self.birth();
        let env = spawn.env.unwrap_or_else(|| self.env());
        let name = if spawn.path.is_empty() {
            spawn.argv.first().cloned().unwrap_or_default()
        } else {
            spawn.path
        };
        fits(&spawn.argv, &env)?;
        let path = self.which(&name, &env)?;
        let (main, argv) = load(self, &path, spawn.argv)?;
        if let Some(cwd) = spawn.cwd {
            birth.cwd = self.realpath(&cwd)?.into();
        }
        if let Some(pairs) = spawn.fds {
            let mut fds = BTreeMap::new();
            for (to, from) in pairs {
                fds.insert(
                    to,
                    Slot {
                        file: self.file(from)?,
                        cloexec: false,
                    },
                );
            }
            birth.fds = fds;
        }
        birth.pgid = spawn.pgid.unwrap_or(birth.pgid);
        if spawn.new_session {
            (birth.sid, birth.pgid, birth.tty) = (0, 0, None);
        }
        spawn.ignore.iter().for_each(|s| birth.ignored.insert(*s));
        let child = self.child(birth)?;
        become_program(&child, argv, env);
        if spawn.foreground
            && let Some(tty) = &*child.tty.borrow()
        {
            tty.set_foreground(child.pgid.get());
        }
        child.run(main(Sys(child.clone())));
        Ok(child.pid)
    }

    /// A child that runs `body` with copies of this process's descriptors, directory, umask and
    /// ignored signals; caught signals fall back to their defaults. EAGAIN at the pids limit.
    pub fn fork<F, B>(&self, body: F) -> Result<Pid>
    where
        F: FnOnce(Sys) -> B,
        B: Future<Output = i32> + 'static,
    {
        let child = self.child(self.birth())?;
        child.run(Box::pin(body(Sys(child.clone()))));
        Ok(child.pid)
    }

    /// Something that runs beside, in this process, and dies with it: a thread.
    pub fn thread(&self, body: impl Future<Output = ()> + 'static) {
        self.0.thread(body);
    }

    /// A thread that talks on a descriptor, which is closed after it; at once when the process has too many threads.
    pub fn talk(&self, fd: Fd, body: impl Future<Output = ()> + 'static) {
        let own = self.clone();
        let began = self.0.thread(async move {
            body.await;
            let _ = own.close(fd);
        });
        if !began {
            let _ = self.close(fd);
        }
    }

    /// A child that ended (or stopped, continued, if asked for). None only with `nohang`. ECHILD
    /// without children, EINTR at a caught signal.
    pub async fn wait(
        &self,
        which: WaitFor,
        options: WaitOptions,
    ) -> Result<Option<(Pid, WaitStatus)>> {
        self.charge(2_000).await;
        let bell = self.0.children.clone();
        if options.nohang {
            return match self.reap(which, options)? {
                Some(found) => Ok(Some(found)),
                None => Ok(None),
            };
        }
        self.wait_on(&bell, || self.reap(which, options).transpose())
            .await?
            .map(Some)
    }

    fn reap(&self, which: WaitFor, options: WaitOptions) -> Result<Option<(Pid, WaitStatus)>> {
        let mut any = false;
        for child in self.0.space.pids.all() {
            let wanted = match which {
                WaitFor::Any => true,
                WaitFor::Pid(pid) => child.pid == pid,
                WaitFor::Group(pgid) => child.pgid.get() == pgid,
            };
            if child.ppid.get() != self.0.pid || child.pid == self.0.pid || !wanted {
                continue;
            }
            any = true;
            let Some(status) = child.report.get() else {
                continue;
            };
            let told = match status {
                WaitStatus::Stopped(_) => options.untraced,
                WaitStatus::Continued => options.continued,
                _ => true,
            };
            if told {
                child.report.set(None);
                if child.is_zombie() {
                    self.0.space.pids.remove(child.pid);
                }
                return Ok(Some((child.pid, status)));
            }
        }
        if any { Ok(None) } else { Err(Errno::ECHILD) }
    }

    /// kill(2): pid > 0, 0 = own group, -1 = all, < -1 = group. None only checks.
    pub fn kill(&self, pid: Pid, signal: Option<Signal>) -> Result<()> {
        let pids = &self.0.space.pids;
        let targets = match pid {
            1.. => vec![pids.get(pid).ok_or(Errno::ESRCH)?],
            0 => pids.group(self.0.pgid.get()),
            -1 => pids
                .all()
                .into_iter()
                .filter(|p| p.pid != 1 && p.pid != self.0.pid)
                .collect(),
            _ => pids.group(-pid),
        };
        if targets.is_empty() {
            return Err(Errno::ESRCH);
        }
        let uid = self.0.uid.get();
        let allowed = |p: &Process| uid == 0 || uid == p.uid.get();
        if !targets.iter().any(|p| allowed(p)) {
            return Err(Errno::EPERM);
        }
        if let Some(signal) = signal {
            targets.iter().filter(|p| allowed(p)).for_each(|p| {
                p.sender.set(self.0.pid);
                p.signal(signal);
            });
        }
        Ok(())
    }

    /// Gives the old one. KILL and STOP cannot be changed.
    pub fn set_signal(&self, signal: Signal, disposition: Disposition) -> Disposition {
        let (mut caught, mut ignored) = (self.0.caught.get(), self.0.ignored.get());
        let old = if caught.contains(signal) {
            Disposition::Catch
        } else if ignored.contains(signal) {
            Disposition::Ignore
        } else {
            Disposition::Default
        };
        if matches!(signal, Signal::Kill | Signal::Stop) {
            return old;
        }
        caught.remove(signal);
        ignored.remove(signal);
        match disposition {
            Disposition::Catch => caught.insert(signal),
            Disposition::Ignore => ignored.insert(signal),
            Disposition::Default => {}
        }
        self.0.caught.set(caught);
        self.0.ignored.set(ignored);
        let forgets = disposition == Disposition::Ignore
            || (disposition == Disposition::Default
                && signal.default_action() == DefaultAction::Ignore);
        if forgets {
            self.0.set_pending(signal, false);
        }
        old
    }

    fn deliverable(&self) -> impl Iterator<Item = Signal> {
        let (caught, blocked) = (self.0.caught.get(), self.0.blocked.get());
        self.0
            .pending
            .get()
            .iter()
            .filter(move |s| caught.contains(*s) && !blocked.contains(*s))
    }

    /// The next caught signal that has arrived.
    #[must_use]
    pub fn take_signal(&self) -> Option<Signal> {
        let signal = self.deliverable().next()?;
        self.0.set_pending(signal, false);
        Some(signal)
    }

    /// Who sent the last signal, asked once; 0: somebody outside its namespace.
    #[must_use]
    pub fn sender(&self) -> Pid {
        self.0.sender.take()
    }

    /// Is there one to take?
    #[must_use]
    pub fn signal_pending(&self) -> bool {
        self.deliverable().next().is_some()
    }

    /// Ends when there is a caught signal to take.
    pub async fn pause(&self) {
        self.charge(1_000).await;
        let bell = self.0.signalled.clone();
        bell.until(|| self.signal_pending().then_some(())).await;
    }

    /// Blocks these signals (sigprocmask); gives the old set.
    pub fn set_mask(&self, mask: SignalSet) -> SignalSet {
        let old = self.0.blocked.replace(mask);
        self.0.flush_pending();
        old
    }

    /// 0 stands for this process, and for its own pid as group.
    pub fn setpgid(&self, pid: Pid, pgid: Pid) -> Result<()> {
        let pid = if pid == 0 { self.0.pid } else { pid };
        let process = self.0.space.pids.get(pid).ok_or(Errno::ESRCH)?;
        if pid != self.0.pid && process.ppid.get() != self.0.pid {
            return Err(Errno::ESRCH);
        }
        if process.sid.get() == process.pid {
            return Err(Errno::EPERM);
        }
        process.pgid.set(if pgid == 0 { pid } else { pgid });
        Ok(())
    }

    pub fn setsid(&self) -> Result<Pid> {
        if self.0.pgid.get() == self.0.pid {
            return Err(Errno::EPERM);
        }
        self.0.sid.set(self.0.pid);
        self.0.pgid.set(self.0.pid);
        *self.0.tty.borrow_mut() = None;
        Ok(self.0.pid)
    }

    /// Group of `pid`.
    pub fn getpgid(&self, pid: Pid) -> Result<Pid> {
        let pid = if pid == 0 { self.0.pid } else { pid };
        Ok(self.0.space.pids.get(pid).ok_or(Errno::ESRCH)?.pgid.get())
    }

    /// Changes the identity (root only).
    pub fn setuid(&self, uid: u32, gid: u32, groups: &[u32]) -> Result<()> {
        if self.0.uid.get() != 0 {
            return Err(Errno::EPERM);
        }
        self.0.uid.set(uid);
        self.0.gid.set(gid);
        *self.0.groups.borrow_mut() = groups.into();
        Ok(())
    }

    /// The process ends here: the await never returns.
    pub async fn exit(&self, code: i32) -> ! {
        self.0.end(WaitStatus::Exited(code & 0xff));
        std::future::pending().await
    }
}
