//! Terminals (tcgetattr(3), tcsetpgrp(3), ioctl_tty(2)).

use super::{Fd, Pid, Result, Sys, Termios, WindowSize};
use crate::errno::Errno;
use crate::fd::File;
use crate::signal::Signal;
use crate::tty::Tty;

impl Sys {
    fn tty(&self, fd: Fd) -> Result<Tty> {
        match &self.file(fd)?.file {
            File::Tty(tty) => Ok(tty.clone()),
            _ => Err(Errno::ENOTTY),
        }
    }

    /// A group in the background that reads its terminal is stopped.
    pub(crate) async fn read_tty(&self, tty: &Tty, max: usize) -> Result<Vec<u8>> {
        loop {
            let own = self.0.tty.borrow().as_ref().is_some_and(|t| t.is_same(tty));
            let background = own && tty.foreground() > 0 && tty.foreground() != self.0.pgid.get();
            if !background {
                return self.wait_on(tty.changed(), || tty.try_read(max)).await;
            }
            if self.0.ignored.get().contains(Signal::Ttin)
                || self.0.blocked.get().contains(Signal::Ttin)
            {
                return Err(Errno::EIO);
            }
            self.0
                .space
                .pids
                .signal_group(self.0.pgid.get(), Signal::Ttin);
            self.charge(1_000).await;
            if self.signal_pending() {
                return Err(Errno::EINTR);
            }
        }
    }

    #[must_use]
    pub fn isatty(&self, fd: Fd) -> bool {
        self.tty(fd).is_ok()
    }

    /// Such as `/dev/pts/0`.
    pub fn ttyname(&self, fd: Fd) -> Result<String> {
        Ok(format!("/dev/pts/{}", self.tty(fd)?.number()))
    }

    pub fn tcgetattr(&self, fd: Fd) -> Result<Termios> {
        Ok(self.tty(fd)?.termios())
    }

    pub fn tcsetattr(&self, fd: Fd, termios: Termios) -> Result<()> {
        self.tty(fd)?.set_termios(termios);
        Ok(())
    }

    pub fn winsize(&self, fd: Fd) -> Result<WindowSize> {
        Ok(self.tty(fd)?.winsize())
    }

    /// Whether the cursor stands at the start of a line. True for what is no terminal.
    #[must_use]
    pub fn at_line_start(&self, fd: Fd) -> bool {
        self.tty(fd).map_or(true, |tty| tty.at_line_start())
    }

    pub fn tcgetpgrp(&self, fd: Fd) -> Result<Pid> {
        Ok(self.tty(fd)?.foreground())
    }

    /// Makes `pgid` the foreground group.
    pub fn tcsetpgrp(&self, fd: Fd, pgid: Pid) -> Result<()> {
        let tty = self.tty(fd)?;
        if self.0.space.pids.group(pgid).is_empty() {
            return Err(Errno::EPERM);
        }
        tty.set_foreground(pgid);
        Ok(())
    }
}
