//! The streams of a process as someone outside holds them (exec, attach, a terminal).

use crate::pipe::{Reader, Writer};
use crate::sync::Watch;
use crate::sys::{WaitStatus, WindowSize};
use crate::tty::Tty;

/// Streams of a running process. Dropping `stdin` is its end of file. Dropping all hangs up a
/// terminal; without a terminal the process goes on and gets SIGPIPE when it writes.
pub struct Stdio {
    /// None when it was not asked for.
    pub stdin: Option<Writer>,
    /// With a terminal both streams come here.
    pub stdout: Reader,
    pub stderr: Option<Reader>,
    pub exit: Exit,
    pub(crate) tty: Option<Tty>,
}

impl Stdio {
    /// Tells the terminal its new size; without a terminal nothing happens.
    pub fn resize(&self, cols: u16, rows: u16) {
        if let Some(tty) = &self.tty {
            tty.set_winsize(WindowSize { cols, rows });
        }
    }
}

/// The end of a process, for whoever waits.
#[derive(Clone)]
pub struct Exit(pub(crate) Watch<Option<WaitStatus>>);

impl Exit {
    /// Ends when the process has ended.
    pub async fn wait(&self) -> WaitStatus {
        self.0
            .wait_for(Option::is_some)
            .await
            .unwrap_or(WaitStatus::Exited(0))
    }

    /// None while it runs.
    #[must_use]
    pub fn status(&self) -> Option<WaitStatus> {
        self.0.get()
    }
}
