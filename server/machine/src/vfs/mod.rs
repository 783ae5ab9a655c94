//! Files: inodes, directories, image layers, mounts, and what holds them from outside a process.
//! The system calls of a process are in `sys`; both go through `ops`.

pub(crate) mod data;
pub(crate) mod inode;
pub(crate) mod layer;
pub(crate) mod ops;
pub(crate) mod walk;

use std::rc::Rc;

pub use data::Ledger;
pub use layer::Layer;

use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::sync::Notify;
use crate::sys::{DirEntry, MountInfo, Stat};
use inode::{Body, Directory, Inode};
use ops::Opened;
use walk::{Credentials, Mount, Mounts, Root, Walk};

/// A file tree that can be mounted: a volume of a pod, a directory of a node.
#[derive(Clone)]
pub struct Volume {
    pub(crate) root: Rc<Inode>,
    /// As the mount table shows it.
    pub(crate) source: String,
    pub(crate) fs_type: &'static str,
    pub(crate) options: String,
}

impl Volume {
    /// An empty directory on a disk of its own, mode 0777. Use `NodeRuntime::volume` for one that
    /// shares the node's disk.
    #[must_use]
    pub fn disk(kernel: &Kernel) -> Volume {
        let fs = kernel.file_system(u64::MAX);
        Volume::on(kernel, &fs, "/dev/sda1", "ext4", "relatime")
    }

    /// An empty tmpfs, mode 1777. Writes above `limit` bytes fail with ENOSPC; None: no limit of
    /// its own.
    #[must_use]
    pub fn tmpfs(kernel: &Kernel, limit: Option<u64>) -> Volume {
        let fs = kernel.file_system(limit.unwrap_or(u64::MAX));
        let options = match limit {
            Some(bytes) => format!("relatime,size={}k,inode64", bytes / 1024),
            None => "relatime,inode64".to_string(),
        };
        let volume = Volume::on(kernel, &fs, "tmpfs", "tmpfs", &options);
        volume.root.mode.set(0o1777);
        volume
    }

    pub(crate) fn on(
        kernel: &Kernel,
        fs: &Rc<inode::Fs>,
        source: &str,
        fs_type: &'static str,
        options: &str,
    ) -> Volume {
        let root = fs.make(Body::Directory(Directory::default()), 0o777, 0, 0);
        // A full ledger gives a file system that refuses everything.
        let root = root.unwrap_or_else(|_| kernel.full_inode());
        Volume {
            root,
            source: source.into(),
            fs_type,
            options: options.into(),
        }
    }

    /// Its files, as root outside of any container sees them.
    #[must_use]
    pub fn files(&self) -> Files {
        let mounts = Mounts::default();
        let info = MountInfo {
            source: self.source.clone(),
            target: "/".into(),
            fs_type: self.fs_type.into(),
            options: "rw".into(),
        };
        mounts.add(Mount {
            info,
            root: Root::Inode(self.root.clone()),
            read_only: false,
        });
        Files {
            mounts: Rc::new(mounts),
            source: self.source.clone(),
            fs_type: self.fs_type,
            options: self.options.clone(),
        }
    }

    /// Bytes that its file system takes of its disk; cheap.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.root.fs.disk.used()
    }

    /// Bytes allocated in the tree.
    #[must_use]
    pub fn usage(&self) -> u64 {
        fn sum(inode: &Inode, depth: u32) -> u64 {
            let own = inode.stat().blocks * 512;
            if !inode.is_dir() || depth > 64 {
                return own;
            }
            let names = inode.names().into_iter().filter(|n| n.2.is_some());
            own + names
                .filter_map(|n| inode.lookup(&n.0).ok())
                .map(|i| sum(&i, depth + 1))
                .sum::<u64>()
        }
        sum(&self.root, 0)
    }
}

/// A tree of files as root sees it from outside, by absolute paths. No process, no permissions.
#[derive(Clone)]
pub struct Files {
    pub(crate) mounts: Rc<Mounts>,
    pub(crate) source: String,
    pub(crate) fs_type: &'static str,
    pub(crate) options: String,
}

impl Files {
    fn walk<T>(&self, act: impl FnOnce(&Walk<'_>) -> Result<T, Errno>) -> Result<T, Errno> {
        act(&Walk {
            mounts: &self.mounts,
            who: &Credentials::root(),
            cwd: "/",
            synth: None,
        })
    }

    fn inode(&self, path: &str) -> Result<Rc<Inode>, Errno> {
        self.walk(|w| w.find(path, true)?.inode().cloned())
    }

    pub fn read(&self, path: &str) -> Result<Vec<u8>, Errno> {
        let inode = self.inode(path)?;
        if inode.is_dir() {
            return Err(Errno::EISDIR);
        }
        if inode.size() > 16 << 20 {
            return Err(Errno::EFBIG);
        }
        Ok(inode.read(0, usize::MAX))
    }

    /// Makes or replaces the content of a file; a new one gets `mode`.
    pub fn write(&self, path: &str, bytes: &[u8], mode: u32) -> Result<(), Errno> {
        use crate::sys::OpenFlags;
        match self.walk(|w| w.open(path, OpenFlags::REPLACE, mode))? {
            Opened::Inode(inode, _) => inode.write(0, bytes),
            _ => Err(Errno::EPERM),
        }
    }

    /// With its parents; fine when it exists. New ones get `mode`.
    pub fn mkdir_all(&self, path: &str, mode: u32) -> Result<(), Errno> {
        let path = path.trim_end_matches('/');
        if path.is_empty() {
            return Ok(());
        }
        let make = || match self.walk(|w| w.mkdir(path, mode)) {
            Err(Errno::EEXIST) if self.stat(path)?.is_dir() => Ok(()),
            Err(Errno::EEXIST) => Err(Errno::ENOTDIR),
            other => other,
        };
        // the directories above are mostly there: they are made when it turns out that they are not
        match (make(), path.rsplit_once('/')) {
            (Err(Errno::ENOENT), Some((above, _))) => {
                self.mkdir_all(above, mode)?;
                make()
            }
            (other, _) => other,
        }
    }

    pub fn symlink(&self, target: &str, path: &str) -> Result<(), Errno> {
        self.walk(|w| w.symlink(target, path))
    }

    pub fn rename(&self, from: &str, to: &str) -> Result<(), Errno> {
        self.walk(|w| w.rename(from, to))
    }

    /// Removes a file, or a directory with all that is in it; fine when it is not there.
    pub fn remove_all(&self, path: &str) -> Result<(), Errno> {
        let stat = match self.lstat(path) {
            Err(Errno::ENOENT) => return Ok(()),
            other => other?,
        };
        if !stat.is_dir() {
            return self.walk(|w| w.unlink(path));
        }
        for entry in self.list(path)? {
            self.remove_all(&ops::join(path.trim_end_matches('/'), &entry.name))?;
        }
        if path.trim_end_matches('/').is_empty() {
            Ok(())
        } else {
            self.walk(|w| w.rmdir(path))
        }
    }

    pub fn list(&self, path: &str) -> Result<Vec<DirEntry>, Errno> {
        self.walk(|w| w.readdir(path))
    }

    pub fn stat(&self, path: &str) -> Result<Stat, Errno> {
        self.walk(|w| w.stat(path, true))
    }

    pub fn lstat(&self, path: &str) -> Result<Stat, Errno> {
        self.walk(|w| w.stat(path, false))
    }

    pub fn readlink(&self, path: &str) -> Result<String, Errno> {
        self.walk(|w| w.readlink(path))
    }

    pub fn chmod(&self, path: &str, mode: u32) -> Result<(), Errno> {
        self.walk(|w| w.chmod(path, mode))
    }

    pub fn chown(&self, path: &str, uid: u32, gid: u32) -> Result<(), Errno> {
        self.walk(|w| w.chown(path, Some(uid), Some(gid), false))
    }

    /// A character device.
    pub(crate) fn mknod(&self, path: &str, mode: u32, major: u32, minor: u32) -> Result<(), Errno> {
        self.walk(|w| w.mknod(path, mode, major, minor))
    }

    /// A directory or file as a volume of its own (hostPath, bind mount).
    pub fn volume(&self, path: &str) -> Result<Volume, Errno> {
        Ok(Volume {
            root: self.inode(path)?,
            source: self.source.clone(),
            fs_type: self.fs_type,
            options: self.options.clone(),
        })
    }

    /// Rings when anything changes in the file system of `/`.
    #[must_use]
    pub fn changed(&self) -> Notify {
        self.inode("/")
            .map_or_else(|_| Notify::new(), |root| root.fs.changed.clone())
    }
}
