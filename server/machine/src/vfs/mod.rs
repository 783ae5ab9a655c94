//! Files: inodes, directories, mounts. Not the system calls: those check permissions in `sys`.

use crate::errno::Errno;
use crate::executor::Executor;
use crate::sync::Notify;
use crate::sys::{DirEntry, Stat};

/// A file tree that can be mounted: a volume of a pod, a directory of a node.
#[derive(Clone)]
pub struct Volume(std::rc::Rc<()>);

impl Volume {
    /// An empty directory on the node's disk, mode 0777.
    pub fn disk(clock: &Executor) -> Volume {
        let _ = clock;
        todo!()
    }
    /// An empty tmpfs. Writes above `limit` bytes fail with ENOSPC; None: no limit of its own.
    pub fn tmpfs(clock: &Executor, limit: Option<u64>) -> Volume {
        let _ = (clock, limit);
        todo!()
    }
    /// Its files, as root outside of any container sees them.
    pub fn files(&self) -> Files {
        todo!()
    }
    /// Bytes allocated.
    pub fn usage(&self) -> u64 {
        todo!()
    }
}

/// A tree of files as root sees it from outside, by absolute paths. No process, no permissions.
#[derive(Clone)]
pub struct Files(std::rc::Rc<()>);

impl Files {
    pub fn read(&self, path: &str) -> Result<Vec<u8>, Errno> {
        let _ = path;
        todo!()
    }
    /// Makes or replaces the content of a file; a new one gets `mode`.
    pub fn write(&self, path: &str, bytes: &[u8], mode: u32) -> Result<(), Errno> {
        let _ = (path, bytes, mode);
        todo!()
    }
    /// With its parents; fine when it exists. New ones get `mode`.
    pub fn mkdir_all(&self, path: &str, mode: u32) -> Result<(), Errno> {
        let _ = (path, mode);
        todo!()
    }
    pub fn symlink(&self, target: &str, path: &str) -> Result<(), Errno> {
        let _ = (target, path);
        todo!()
    }
    pub fn rename(&self, from: &str, to: &str) -> Result<(), Errno> {
        let _ = (from, to);
        todo!()
    }
    /// Removes a file, or a directory with all that is in it; fine when it is not there.
    pub fn remove_all(&self, path: &str) -> Result<(), Errno> {
        let _ = path;
        todo!()
    }
    pub fn list(&self, path: &str) -> Result<Vec<DirEntry>, Errno> {
        let _ = path;
        todo!()
    }
    pub fn stat(&self, path: &str) -> Result<Stat, Errno> {
        let _ = path;
        todo!()
    }
    pub fn lstat(&self, path: &str) -> Result<Stat, Errno> {
        let _ = path;
        todo!()
    }
    pub fn readlink(&self, path: &str) -> Result<String, Errno> {
        let _ = path;
        todo!()
    }
    pub fn chmod(&self, path: &str, mode: u32) -> Result<(), Errno> {
        let _ = (path, mode);
        todo!()
    }
    pub fn chown(&self, path: &str, uid: u32, gid: u32) -> Result<(), Errno> {
        let _ = (path, uid, gid);
        todo!()
    }
    /// A directory or file as a volume of its own (hostPath, bind mount).
    pub fn volume(&self, path: &str) -> Result<Volume, Errno> {
        let _ = path;
        todo!()
    }
    /// Rings when anything changes in the whole file system.
    pub fn changed(&self) -> Notify {
        todo!()
    }
}
