//! Files by path. Relative paths start at the working directory.

use super::{DirEntry, MountInfo, Result, Stat, StatFs, Sys};
use crate::time::Time;

impl Sys {
    pub fn stat(&self, path: &str) -> Result<Stat> {
        self.walk(|w| w.stat(path, true))
    }

    pub fn lstat(&self, path: &str) -> Result<Stat> {
        self.walk(|w| w.stat(path, false))
    }

    /// access(2): may this process read (4), write (2), execute (1) it?
    pub fn access(&self, path: &str, mode: u32) -> Result<()> {
        self.walk(|w| w.access(path, mode))
    }

    pub fn readlink(&self, path: &str) -> Result<String> {
        self.walk(|w| w.readlink(path))
    }

    /// realpath(3): every link resolved; the file must exist.
    pub fn realpath(&self, path: &str) -> Result<String> {
        self.walk(|w| Ok(w.find(path, true)?.path))
    }

    /// Names in byte order, without `.` and `..`.
    pub fn readdir(&self, path: &str) -> Result<Vec<DirEntry>> {
        self.walk(|w| w.readdir(path))
    }

    pub fn mkdir(&self, path: &str, mode: u32) -> Result<()> {
        self.walk(|w| w.mkdir(path, mode & !self.0.umask.get()))
    }

    pub fn rmdir(&self, path: &str) -> Result<()> {
        self.walk(|w| w.rmdir(path))
    }

    pub fn unlink(&self, path: &str) -> Result<()> {
        self.walk(|w| w.unlink(path))
    }

    pub fn rename(&self, from: &str, to: &str) -> Result<()> {
        self.walk(|w| w.rename(from, to))
    }

    /// `path` becomes a symbolic link that says `target`.
    pub fn symlink(&self, target: &str, path: &str) -> Result<()> {
        self.walk(|w| w.symlink(target, path))
    }

    /// `path` becomes another name of `existing`.
    pub fn link(&self, existing: &str, path: &str) -> Result<()> {
        self.walk(|w| w.link(existing, path))
    }

    pub fn mkfifo(&self, path: &str, mode: u32) -> Result<()> {
        self.walk(|w| w.mkfifo(path, mode & !self.0.umask.get()))
    }

    pub fn chmod(&self, path: &str, mode: u32) -> Result<()> {
        self.walk(|w| w.chmod(path, mode))
    }

    /// None leaves the owner or group. `follow` false is lchown.
    pub fn chown(
        &self,
        path: &str,
        uid: Option<u32>,
        gid: Option<u32>,
        follow: bool,
    ) -> Result<()> {
        self.walk(|w| w.chown(path, uid, gid, follow))
    }

    /// None leaves the time.
    pub fn utimes(&self, path: &str, atime: Option<Time>, mtime: Option<Time>) -> Result<()> {
        self.walk(|w| w.utimes(path, atime, mtime))
    }

    pub fn truncate(&self, path: &str, size: u64) -> Result<()> {
        self.walk(|w| w.truncate(path, size))
    }

    pub fn statfs(&self, path: &str) -> Result<StatFs> {
        self.walk(|w| w.statfs(path))
    }

    #[must_use]
    pub fn mounts(&self) -> Vec<MountInfo> {
        self.walk(|w| Ok(w.mount_infos())).unwrap_or_default()
    }
}
