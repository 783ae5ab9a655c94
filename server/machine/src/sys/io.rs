//! Descriptors: open, read, write, dup, pipe (open(2), read(2), write(2), dup(2), pipe(2)).

use std::rc::Rc;

use super::{Fd, OpenFlags, Result, STDERR, STDOUT, Seek, Stat, Sys};
use crate::errno::Errno;
use crate::fd::{File, OpenFile};
use crate::process::Slot;
use crate::signal::Signal;
use crate::sys::FileKind;
use crate::vfs::inode::{Body, Inode};
use crate::vfs::ops::Opened;

/// Descriptors that a process may have.
const FDS_MAX: usize = 1024;
/// Bytes that one read gives at most.
const READ_MAX: usize = 1 << 20;
/// Bytes that one write takes at most.
const WRITE_MAX: usize = 64 * 1024;

impl Sys {
    pub(crate) fn file(&self, fd: Fd) -> Result<Rc<OpenFile>> {
        self.0
            .fds
            .borrow()
            .get(&fd)
            .map(|slot| slot.file.clone())
            .ok_or(Errno::EBADF)
    }

    pub(crate) fn install(&self, file: Rc<OpenFile>, least: Fd, cloexec: bool) -> Result<Fd> {
        if self.0.is_zombie() {
            return Err(Errno::EBADF);
        }
        let mut fds = self.0.fds.borrow_mut();
        if fds.len() >= FDS_MAX {
            return Err(Errno::EMFILE);
        }
        let mut fd = least.max(0);
        while fds.contains_key(&fd) {
            fd += 1;
        }
        fds.insert(fd, Slot { file, cloexec });
        Ok(fd)
    }

    /// Up to `max` bytes; empty at the end of the file.
    pub async fn read(&self, fd: Fd, max: usize) -> Result<Vec<u8>> {
        let file = self.file(fd)?;
        if !file.flags.has(OpenFlags::READ) {
            return Err(Errno::EBADF);
        }
        self.charge(4_000).await;
        let bytes = self.read_file_object(&file, max.min(READ_MAX)).await?;
        self.charge(bytes.len() as u64).await;
        Ok(bytes)
    }

    async fn read_file_object(&self, file: &OpenFile, max: usize) -> Result<Vec<u8>> {
        let at = file.offset.get();
        let bytes = match &file.file {
            File::Regular(inode) => inode.read(at, max),
            File::Bytes(bytes) => {
                let start = (at as usize).min(bytes.len());
                bytes[start..bytes.len().min(start.saturating_add(max))].to_vec()
            }
            File::Directory(_) | File::SynthDir => return Err(Errno::EISDIR),
            File::Reader(reader) => {
                return self
                    .wait_on(reader.changed(), || reader.try_read(max))
                    .await?;
            }
            File::Connection(c) => {
                return self
                    .wait_on(c.reader.changed(), || c.reader.try_read(max))
                    .await?;
            }
            File::Tty(tty) => return self.read_tty(tty, max).await,
            File::Null => return Ok(Vec::new()),
            File::Zero | File::Full => return Ok(vec![0; max]),
            File::Random => return Ok(self.random(max)),
            File::Writer(_) => return Err(Errno::EBADF),
            File::Listener(_) | File::Udp(_) => return Err(Errno::ENOTCONN),
        };
        file.offset.set(at + bytes.len() as u64);
        Ok(bytes)
    }

    /// Writes some of the bytes and says how many. A broken pipe also raises SIGPIPE.
    pub async fn write(&self, fd: Fd, bytes: &[u8]) -> Result<usize> {
        let file = self.file(fd)?;
        if !file.flags.has(OpenFlags::WRITE) {
            return Err(Errno::EBADF);
        }
        let bytes = &bytes[..bytes.len().min(WRITE_MAX)];
        self.charge(Self::io_cost(bytes.len())).await;
        match self.write_file_object(&file, bytes).await {
            Err(Errno::EPIPE) => {
                self.0.signal(Signal::Pipe);
                self.charge(0).await;
                Err(Errno::EPIPE)
            }
            other => other,
        }
    }

    async fn write_file_object(&self, file: &OpenFile, bytes: &[u8]) -> Result<usize> {
        match &file.file {
            File::Regular(inode) => {
                let at = if file.flags.has(OpenFlags::APPEND) {
                    inode.size()
                } else {
                    file.offset.get()
                };
                inode.write(at, bytes)?;
                file.offset.set(at + bytes.len() as u64);
                Ok(bytes.len())
            }
            File::Writer(writer) => {
                self.wait_on(writer.changed(), || writer.try_write(bytes))
                    .await?
            }
            File::Connection(c) => {
                let writer = c.writer.borrow().clone().ok_or(Errno::EPIPE)?;
                self.wait_on(writer.changed(), || writer.try_write(bytes))
                    .await?
            }
            File::Tty(tty) => tty.write(bytes).await.map(|()| bytes.len()),
            File::Null | File::Zero | File::Random => Ok(bytes.len()),
            File::Full => Err(Errno::ENOSPC),
            File::Bytes(_) => Err(Errno::EACCES),
            File::Reader(_) | File::Directory(_) | File::SynthDir => Err(Errno::EBADF),
            File::Listener(_) | File::Udp(_) => Err(Errno::ENOTCONN),
        }
    }

    /// Writes everything.
    pub async fn write_all(&self, fd: Fd, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            match self.write(fd, bytes).await {
                Ok(count) => bytes = &bytes[count..],
                // A handler would run and the write be taken up again (SA_RESTART).
                Err(Errno::EINTR) => self.charge(50_000).await,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Ends when `read` would not block.
    pub async fn readable(&self, fd: Fd) -> Result<()> {
        let file = self.file(fd)?;
        match &file.file {
            File::Reader(r) => {
                self.wait_on(r.changed(), || r.is_ready().then_some(()))
                    .await
            }
            File::Connection(c) => {
                self.wait_on(c.reader.changed(), || c.reader.is_ready().then_some(()))
                    .await
            }
            File::Tty(t) => {
                self.wait_on(t.changed(), || t.is_ready().then_some(()))
                    .await
            }
            _ => Ok(()),
        }
    }

    /// `mode` is cut by the umask.
    pub fn open(&self, path: &str, flags: OpenFlags, mode: u32) -> Result<Fd> {
        let file = self.open_file(path, flags, mode)?;
        self.install(file, 0, flags.has(OpenFlags::CLOEXEC))
    }

    pub(crate) fn open_file(
        &self,
        path: &str,
        flags: OpenFlags,
        mode: u32,
    ) -> Result<Rc<OpenFile>> {
        let mode = mode & !self.0.umask.get();
        let (file, path) = match self.walk(|w| w.open(path, flags, mode))? {
            Opened::Inode(inode, path) => (self.open_inode(&inode, flags)?, path),
            Opened::Bytes(bytes) => (File::Bytes(bytes), path.to_string()),
            Opened::SynthDir => (File::SynthDir, path.to_string()),
            Opened::Again(pid, fd) => {
                let process = self.0.space.pids.get(pid).ok_or(Errno::ENOENT)?;
                let fds = process.fds.borrow();
                let file = &fds.get(&fd).ok_or(Errno::ENOENT)?.file;
                return file.again(flags).ok_or(Errno::ENXIO);
            }
        };
        Ok(OpenFile::new(file, flags, path))
    }

    fn open_inode(&self, inode: &Rc<Inode>, flags: OpenFlags) -> Result<File> {
        if let Body::Device(major, minor) = &*inode.body() {
            return match (major, minor) {
                (5, 0) => self
                    .0
                    .tty
                    .borrow()
                    .clone()
                    .map(File::Tty)
                    .ok_or(Errno::ENXIO),
                (136, number) => {
                    let ttys = self.0.space.ttys.borrow();
                    ttys.get(number).cloned().map(File::Tty).ok_or(Errno::ENXIO)
                }
                _ => OpenFile::device(*major, *minor),
            };
        }
        Ok(match inode.kind() {
            FileKind::Directory => File::Directory(inode.clone()),
            FileKind::Fifo => {
                let (reader, writer) = inode.fifo()?;
                if flags.has(OpenFlags::WRITE) {
                    File::Writer(writer)
                } else {
                    File::Reader(reader)
                }
            }
            _ => File::Regular(inode.clone()),
        })
    }

    pub fn close(&self, fd: Fd) -> Result<()> {
        let slot = self.0.fds.borrow_mut().remove(&fd);
        slot.map(drop).ok_or(Errno::EBADF)
    }

    /// The lowest free descriptor at or above `least` (F_DUPFD).
    pub fn dup(&self, fd: Fd, least: Fd) -> Result<Fd> {
        self.install(self.file(fd)?, least, false)
    }

    pub fn dup2(&self, from: Fd, to: Fd) -> Result<Fd> {
        let file = self.file(from)?;
        if !(0..FDS_MAX as Fd).contains(&to) {
            return Err(Errno::EBADF);
        }
        if from != to {
            let old = self.0.fds.borrow_mut().insert(
                to,
                Slot {
                    file,
                    cloexec: false,
                },
            );
            drop(old);
        }
        Ok(to)
    }

    pub fn set_cloexec(&self, fd: Fd, on: bool) -> Result<()> {
        self.0
            .fds
            .borrow_mut()
            .get_mut(&fd)
            .map(|slot| slot.cloexec = on)
            .ok_or(Errno::EBADF)
    }

    /// (read end, write end)
    pub fn pipe(&self) -> Result<(Fd, Fd)> {
        let (reader, writer) = self.0.space.kernel.pipes().make()?;
        let read = self.install(OpenFile::reader(reader), 0, false)?;
        let write = self.install(OpenFile::writer(writer), 0, false);
        if write.is_err() {
            self.close(read)?;
        }
        Ok((read, write?))
    }

    pub fn lseek(&self, fd: Fd, to: Seek) -> Result<u64> {
        let file = self.file(fd)?;
        let end = match &file.file {
            File::Regular(inode) => inode.size(),
            File::Bytes(bytes) => bytes.len() as u64,
            File::Null | File::Zero | File::Directory(_) | File::SynthDir => 0,
            _ => return Err(Errno::ESPIPE),
        };
        let at = match to {
            Seek::Set(at) => Some(at),
            Seek::Current(by) => file.offset.get().checked_add_signed(by),
            Seek::End(by) => end.checked_add_signed(by),
        };
        let at = at.ok_or(Errno::EINVAL)?;
        file.offset.set(at);
        Ok(at)
    }

    pub fn fstat(&self, fd: Fd) -> Result<Stat> {
        Ok(self.file(fd)?.stat())
    }

    pub fn ftruncate(&self, fd: Fd, size: u64) -> Result<()> {
        let file = self.file(fd)?;
        match &file.file {
            File::Regular(inode) if file.flags.has(OpenFlags::WRITE) => inode.truncate(size),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Open descriptors in order.
    #[must_use]
    pub fn fds(&self) -> Vec<Fd> {
        self.0.fds.borrow().keys().copied().collect()
    }

    /// write_all to standard output; errors are dropped, as printf's mostly are.
    pub async fn print(&self, text: impl AsRef<[u8]>) {
        let _ = self.write_all(STDOUT, text.as_ref()).await;
    }

    /// write_all to standard error.
    pub async fn eprint(&self, text: impl AsRef<[u8]>) {
        let _ = self.write_all(STDERR, text.as_ref()).await;
    }

    /// Everything up to the end of the file, at most `limit` bytes (more: EFBIG).
    pub async fn read_to_end(&self, fd: Fd, limit: usize) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        loop {
            let piece = self.read(fd, WRITE_MAX).await?;
            if piece.is_empty() {
                return Ok(out);
            }
            if out.len() + piece.len() > limit {
                return Err(Errno::EFBIG);
            }
            if out.is_empty() {
                out = piece;
            } else {
                out.extend_from_slice(&piece);
            }
        }
    }

    /// open, read_to_end with 8 MiB, close.
    pub async fn read_file(&self, path: &str) -> Result<Vec<u8>> {
        let fd = self.open(path, OpenFlags::READ, 0)?;
        let bytes = self.read_to_end(fd, 8 << 20).await;
        self.close(fd)?;
        bytes
    }

    /// open with REPLACE and 0666, write_all, close.
    pub async fn write_file(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let fd = self.open(path, OpenFlags::REPLACE, 0o666)?;
        let written = self.write_all(fd, bytes).await;
        self.close(fd)?;
        written
    }
}
