//! Redirections: opening, copying and giving back descriptors; here-documents.
//!
//! Mirrors POSIX XCU 2.7.

use super::Shell;
use super::run::Stop;
use super::syntax::{Redirect, Target};
use crate::errno::Errno;
use crate::sys::{Fd, OpenFlags};

/// Descriptors to give back: the number and where the old one was put.
pub(crate) type Saved = Vec<(Fd, Option<Fd>)>;

/// Text of a here-document that a pipe takes without a reader.
const PIPE_ROOM: usize = 4096;

impl Shell {
    /// Applies redirections; `keep` remembers what was there. `None` when one fails (it was said).
    pub(crate) async fn redirect(
        &mut self,
        redirects: &[Redirect],
        keep: bool,
    ) -> Result<Option<Saved>, Stop> {
        let mut saved = Saved::new();
        for redirect in redirects {
            match self.redirect_one(redirect, keep, &mut saved).await {
                Ok(true) => {}
                Ok(false) => {
                    self.restore(saved);
                    return Ok(None);
                }
                Err(stop) => {
                    self.restore(saved);
                    return Err(stop);
                }
            }
        }
        Ok(Some(saved))
    }

    async fn redirect_one(
        &mut self,
        redirect: &Redirect,
        keep: bool,
        saved: &mut Saved,
    ) -> Result<bool, Stop> {
        let (word, flags) = match &redirect.target {
            Target::Here(body) => {
                let body = body.borrow().clone();
                let text = self.expand_text(&body).await?;
                return Ok(self.here_document(redirect.fd, text, keep, saved));
            }
            Target::Copy(word) => {
                let text = self.expand_text(word).await?;
                return self.copy(redirect.fd, &text, keep, saved).await;
            }
            Target::Read(word) => (word, OpenFlags::READ),
            Target::Write(word) | Target::Both(word) if self.options.noclobber => {
                let path = self.expand_text(word).await?;
                if self.sys.stat(&path).is_ok_and(|stat| stat.is_file()) {
                    self.complain(&format!("can't create {path}: File exists"))
                        .await;
                    return Ok(false);
                }
                (word, OpenFlags::REPLACE)
            }
            Target::Write(word) | Target::Clobber(word) | Target::Both(word) => {
                (word, OpenFlags::REPLACE)
            }
            Target::Append(word) => (word, OpenFlags::EXTEND),
            Target::ReadWrite(word) => (word, OpenFlags::READ_WRITE | OpenFlags::CREATE),
        };
        let path = self.expand_text(word).await?;
        let opened = match self.sys.open(&path, flags, 0o666) {
            Ok(fd) => fd,
            Err(error) => {
                let reading = flags == OpenFlags::READ;
                let why = match error {
                    Errno::ENOENT | Errno::ENOTDIR if reading => "no such file",
                    Errno::ENOENT | Errno::ENOTDIR => "nonexistent directory",
                    other => other.text(),
                };
                self.complain(&format!(
                    "can't {} {path}: {why}",
                    if reading { "open" } else { "create" }
                ))
                .await;
                return Ok(false);
            }
        };
        self.place(opened, redirect.fd, keep, saved);
        if matches!(redirect.target, Target::Both(_)) {
            self.save(2, keep, saved);
            let _ = self.sys.dup2(1, 2);
        }
        Ok(true)
    }

    fn save(&mut self, fd: Fd, keep: bool, saved: &mut Saved) {
        if keep && !saved.iter().any(|(number, _)| *number == fd) {
            let copy = self.sys.dup(fd, 10).ok();
            if let Some(copy) = copy {
                let _ = self.sys.set_cloexec(copy, true);
            }
            saved.push((fd, copy));
        }
    }

    fn place(&mut self, opened: Fd, fd: Fd, keep: bool, saved: &mut Saved) {
        if opened == fd {
            if keep {
                saved.push((fd, None));
            }
            return;
        }
        self.save(fd, keep, saved);
        let _ = self.sys.dup2(opened, fd);
        let _ = self.sys.close(opened);
    }

    async fn copy(
        &mut self,
        fd: Fd,
        from: &str,
        keep: bool,
        saved: &mut Saved,
    ) -> Result<bool, Stop> {
        if from == "-" {
            self.save(fd, keep, saved);
            let _ = self.sys.close(fd);
            return Ok(true);
        }
        let Ok(from) = from.parse::<Fd>() else {
            return Err(self.abort("syntax error: bad fd number").await);
        };
        if self.sys.fstat(from).is_err() {
            self.complain(&format!("{from}: {}", Errno::EBADF.text()))
                .await;
            return Ok(false);
        }
        if from != fd {
            self.save(fd, keep, saved);
            let _ = self.sys.dup2(from, fd);
        }
        Ok(true)
    }

    fn here_document(&mut self, fd: Fd, text: String, keep: bool, saved: &mut Saved) -> bool {
        let Ok((reader, writer)) = self.sys.pipe() else {
            return false;
        };
        // A child writes what the pipe may not take at once; a short text it takes without waiting.
        let small = text.len() <= PIPE_ROOM;
        let child = self.fork_writer(reader, writer, text, small);
        let _ = self.sys.close(writer);
        self.place(reader, fd, keep, saved);
        child
    }

    fn fork_writer(&mut self, reader: Fd, writer: Fd, text: String, small: bool) -> bool {
        if small {
            let mut task = Box::pin({
                let sys = self.sys.clone();
                async move { sys.write_all(writer, text.as_bytes()).await }
            });
            // The pipe is empty and larger than the text: the write ends at its first step.
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            return task.as_mut().poll(&mut context).is_ready();
        }
        let child = self.sys.fork(move |sys| async move {
            let _ = sys.close(reader);
            let _ = sys.write_all(writer, text.as_bytes()).await;
            0
        });
        child.is_ok()
    }

    /// Gives back the descriptors as they were.
    pub(crate) fn restore(&mut self, saved: Saved) {
        for (fd, copy) in saved.into_iter().rev() {
            match copy {
                Some(copy) => {
                    let _ = self.sys.dup2(copy, fd);
                    let _ = self.sys.close(copy);
                }
                None => {
                    let _ = self.sys.close(fd);
                }
            }
        }
    }

    /// A job in the background without job control reads nothing.
    pub(crate) fn detach_input(&mut self) {
        if let Ok(fd) = self.sys.open("/dev/null", OpenFlags::READ, 0) {
            self.move_fd(Some(fd), 0);
        }
    }
}
