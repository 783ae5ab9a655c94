//! System calls on paths, for one caller: permissions are checked here, once.

use std::rc::Rc;

use super::inode::{Body, Directory, Inode};
use super::walk::{Found, Node, Synth, Walk};
use crate::errno::Errno;
use crate::sys::{DirEntry, FileKind, MountInfo, OpenFlags, Pid, Stat, StatFs};
use crate::time::Time;

type Result<T> = core::result::Result<T, Errno>;

/// What `open` found.
pub(crate) enum Opened {
    Inode(Rc<Inode>, String),
    /// Content made at the open.
    Bytes(Vec<u8>),
    SynthDir,
    /// Another process's open file.
    Again(Pid, crate::sys::Fd),
}

impl Walk<'_> {
    pub fn stat(&self, path: &str, follow: bool) -> Result<Stat> {
        let found = self.find(path, follow)?;
        match &found.node {
            Node::Inode(inode) => Ok(inode.stat()),
            Node::Synthetic(fs, inner) => {
                let synth = self.synth.and_then(|s| s(fs, inner)).ok_or(Errno::ENOENT)?;
                Ok(synth_stat(&synth, inner))
            }
        }
    }

    pub fn access(&self, path: &str, want: u32) -> Result<()> {
        let found = self.find(path, true)?;
        if want & 2 != 0 {
            found.writable()?;
        }
        match &found.node {
            Node::Inode(inode) => self.who.may(inode, want),
            Node::Synthetic(..) => Ok(()),
        }
    }

    pub fn readlink(&self, path: &str) -> Result<String> {
        let found = self.find(path, false)?;
        match &found.node {
            Node::Inode(inode) => match &*inode.body() {
                Body::Symlink(target) => Ok(target.to_string()),
                _ => Err(Errno::EINVAL),
            },
            Node::Synthetic(fs, inner) => match self.synth.and_then(|s| s(fs, inner)) {
                Some(Synth::Link(target)) => Ok(target),
                Some(Synth::Open(..)) => Ok("/dev/null".into()),
                _ => Err(Errno::EINVAL),
            },
        }
    }

    pub fn readdir(&self, path: &str) -> Result<Vec<DirEntry>> {
        let found = self.find(path, true)?;
        match &found.node {
            Node::Inode(inode) => {
                if !inode.is_dir() {
                    return Err(Errno::ENOTDIR);
                }
                self.who.may(inode, 4)?;
                Ok(inode
                    .names()
                    .into_iter()
                    .map(|(name, kind, ino)| DirEntry {
                        name,
                        kind,
                        ino: ino.unwrap_or(1),
                    })
                    .collect())
            }
            Node::Synthetic(fs, inner) => match self.synth.and_then(|s| s(fs, inner)) {
                Some(Synth::Directory(names)) => Ok(names
                    .into_iter()
                    .map(|(name, kind)| DirEntry { name, kind, ino: 1 })
                    .collect()),
                Some(_) => Err(Errno::ENOTDIR),
                None => Err(Errno::ENOENT),
            },
        }
    }

    pub fn open(&self, path: &str, flags: OpenFlags, mode: u32) -> Result<Opened> {
        let must_be_new = flags.has(OpenFlags::CREATE) && flags.has(OpenFlags::EXCL);
        let follow = !flags.has(OpenFlags::NOFOLLOW) && !must_be_new;
        let found = match self.find(path, follow) {
            Err(Errno::ENOENT) if flags.has(OpenFlags::CREATE) => {
                if path.ends_with('/') {
                    return Err(Errno::EISDIR);
                }
                let (parent, name) = self.parent(path, follow)?;
                let inode =
                    self.create(&parent, &name, mode, |_| Body::File(Default::default()))?;
                let path = join(&parent.path, &name);
                return Ok(Opened::Inode(inode, path));
            }
            other => other?,
        };
        if flags.has(OpenFlags::CREATE) && flags.has(OpenFlags::EXCL) {
            return Err(Errno::EEXIST);
        }
        let inode = match &found.node {
            Node::Inode(inode) => inode,
            Node::Synthetic(fs, inner) => {
                return match self.synth.and_then(|s| s(fs, inner)) {
                    Some(Synth::Open(pid, fd)) => Ok(Opened::Again(pid, fd)),
                    Some(Synth::File(bytes, mode)) => {
                        let barred = flags.has(OpenFlags::WRITE) && mode & 0o222 == 0;
                        if barred {
                            Err(Errno::EACCES)
                        } else {
                            Ok(Opened::Bytes(bytes))
                        }
                    }
                    Some(Synth::Directory(_)) if flags.has(OpenFlags::WRITE) => Err(Errno::EISDIR),
                    Some(_) => Ok(Opened::SynthDir),
                    None => Err(Errno::ENOENT),
                };
            }
        };
        self.open_inode(&found, inode, flags)?;
        Ok(Opened::Inode(inode.clone(), found.path))
    }

    fn open_inode(&self, found: &Found, inode: &Rc<Inode>, flags: OpenFlags) -> Result<()> {
        match inode.kind() {
            FileKind::Symlink => return Err(Errno::ELOOP),
            FileKind::Directory if flags.has(OpenFlags::WRITE) => return Err(Errno::EISDIR),
            FileKind::Directory => {}
            _ if flags.has(OpenFlags::DIRECTORY) => return Err(Errno::ENOTDIR),
            _ => {}
        }
        if flags.has(OpenFlags::READ) {
            self.who.may(inode, 4)?;
        }
        if flags.has(OpenFlags::WRITE) {
            self.who.may(inode, 2)?;
            if inode.kind() == FileKind::File {
                found.writable()?;
            }
        }
        if flags.has(OpenFlags::TRUNC)
            && flags.has(OpenFlags::WRITE)
            && inode.kind() == FileKind::File
        {
            inode.truncate(0)?;
        }
        Ok(())
    }

    fn create(
        &self,
        parent: &Found,
        name: &str,
        mode: u32,
        body: impl FnOnce(&Inode) -> Body,
    ) -> Result<Rc<Inode>> {
        let directory = match &parent.node {
            Node::Inode(inode) => inode,
            Node::Synthetic(..) => return Err(Errno::ENOENT),
        };
        if !directory.is_dir() {
            return Err(Errno::ENOTDIR);
        }
        if name.is_empty() || directory.lookup(name).is_ok() {
            return Err(Errno::EEXIST);
        }
        parent.writable()?;
        self.who.may(directory, 3)?;
        let body = body(directory);
        let is_dir = matches!(body, Body::Directory(_));
        let setgid = directory.mode.get() & 0o2000 != 0;
        let gid = if setgid {
            directory.gid.get()
        } else {
            self.who.gid
        };
        let mode = if setgid && is_dir {
            mode | 0o2000
        } else {
            mode
        };
        let inode = directory.fs.make(body, mode, self.who.uid, gid)?;
        directory.insert(name, inode.clone());
        Ok(inode)
    }

    pub fn mkdir(&self, path: &str, mode: u32) -> Result<()> {
        let (parent, name) = self
            .parent(path.trim_end_matches('/'), false)
            .map_err(|e| {
                if path.starts_with('/') && path.trim_end_matches('/').is_empty() {
                    Errno::EEXIST
                } else {
                    e
                }
            })?;
        if self.mounts.at(&join(&parent.path, &name)).is_some() {
            return Err(Errno::EEXIST);
        }
        self.create(&parent, &name, mode, |_| {
            Body::Directory(Directory::default())
        })
        .map(drop)
    }

    pub fn symlink(&self, target: &str, path: &str) -> Result<()> {
        if target.is_empty() {
            return Err(Errno::ENOENT);
        }
        let (parent, name) = self.parent(path, false)?;
        self.create(&parent, &name, 0o777, |_| Body::Symlink(target.into()))
            .map(drop)
    }

    pub fn mkfifo(&self, path: &str, mode: u32) -> Result<()> {
        let (parent, name) = self.parent(path, false)?;
        self.create(&parent, &name, mode, |_| Body::Fifo(None))
            .map(drop)
    }

    pub fn mknod(&self, path: &str, mode: u32, major: u32, minor: u32) -> Result<()> {
        let (parent, name) = self.parent(path, false)?;
        self.create(&parent, &name, mode, |_| Body::Device(major, minor))
            .map(drop)
    }

    pub fn link(&self, existing: &str, path: &str) -> Result<()> {
        let source = self.find(existing, false)?;
        let inode = source.inode()?;
        if inode.is_dir() {
            return Err(Errno::EPERM);
        }
        let (parent, name) = self.parent(path, false)?;
        let directory = parent.inode()?;
        if directory.lookup(&name).is_ok() {
            return Err(Errno::EEXIST);
        }
        if !Rc::ptr_eq(&directory.fs, &inode.fs) {
            return Err(Errno::EXDEV);
        }
        parent.writable()?;
        self.who.may(directory, 3)?;
        inode.nlink.set(inode.nlink.get() + 1);
        directory.insert(&name, inode.clone());
        Ok(())
    }

    /// The directory, name and inode of something that is to go.
    fn victim(&self, path: &str) -> Result<(Found, String, Rc<Inode>)> {
        let (parent, name) = self.parent(path, false)?;
        if name.is_empty() || self.mounts.at(&join(&parent.path, &name)).is_some() {
            return Err(Errno::EBUSY);
        }
        let directory = match &parent.node {
            Node::Inode(inode) => inode.clone(),
            Node::Synthetic(..) => return Err(Errno::EPERM),
        };
        let inode = directory.lookup(&name)?;
        parent.writable()?;
        self.who.may(&directory, 3)?;
        let sticky = directory.mode.get() & 0o1000 != 0;
        let owner = [inode.uid.get(), directory.uid.get()].contains(&self.who.uid);
        if sticky && self.who.uid != 0 && !owner {
            return Err(Errno::EPERM);
        }
        Ok((parent, name, inode))
    }

    pub fn unlink(&self, path: &str) -> Result<()> {
        let (parent, name, inode) = self.victim(path)?;
        if inode.is_dir() {
            return Err(Errno::EISDIR);
        }
        if path.ends_with('/') {
            return Err(Errno::ENOTDIR);
        }
        parent.inode()?.remove(&name);
        Ok(())
    }

    pub fn rmdir(&self, path: &str) -> Result<()> {
        if path.trim_end_matches('/').ends_with("/.") || path == "." {
            return Err(Errno::EINVAL);
        }
        let (parent, name, inode) = self.victim(path.trim_end_matches('/'))?;
        if !inode.is_dir() {
            return Err(Errno::ENOTDIR);
        }
        if !inode.is_empty_dir() {
            return Err(Errno::ENOTEMPTY);
        }
        parent.inode()?.remove(&name);
        Ok(())
    }

    pub fn rename(&self, from: &str, to: &str) -> Result<()> {
        let (old_parent, old_name, inode) = self.victim(from.trim_end_matches('/'))?;
        let (parent, name) = self.parent(to.trim_end_matches('/'), false)?;
        let target = join(&parent.path, &name);
        if name.is_empty() || self.mounts.at(&target).is_some() {
            return Err(Errno::EBUSY);
        }
        let directory = parent.inode()?;
        if !Rc::ptr_eq(&directory.fs, &inode.fs) || !Rc::ptr_eq(&parent.mount, &old_parent.mount) {
            return Err(Errno::EXDEV);
        }
        parent.writable()?;
        self.who.may(directory, 3)?;
        let source = join(&old_parent.path, &old_name);
        if source == target {
            return Ok(());
        }
        if inode.is_dir() && target.starts_with(&format!("{source}/")) {
            return Err(Errno::EINVAL);
        }
        if let Ok(existing) = directory.lookup(&name) {
            match (inode.is_dir(), existing.is_dir()) {
                (false, true) => return Err(Errno::EISDIR),
                (true, false) => return Err(Errno::ENOTDIR),
                (true, true) if !existing.is_empty_dir() => return Err(Errno::ENOTEMPTY),
                _ if Rc::ptr_eq(&existing, &inode) => return Ok(()),
                _ => {}
            }
            directory.remove(&name);
        }
        old_parent.inode()?.remove(&old_name);
        inode.nlink.set(inode.nlink.get() + 1);
        directory.insert(&name, inode);
        Ok(())
    }

    /// Only the owner and root change what an inode says of itself.
    fn owned(&self, path: &str, follow: bool) -> Result<Rc<Inode>> {
        let found = self.find(path, follow)?;
        let inode = found.inode()?.clone();
        found.writable()?;
        if self.who.uid != 0 && self.who.uid != inode.uid.get() {
            return Err(Errno::EPERM);
        }
        Ok(inode)
    }

    pub fn chmod(&self, path: &str, mode: u32) -> Result<()> {
        let inode = self.owned(path, true)?;
        inode.mode.set(mode & 0o7777);
        inode.touch_meta();
        Ok(())
    }

    pub fn chown(
        &self,
        path: &str,
        uid: Option<u32>,
        gid: Option<u32>,
        follow: bool,
    ) -> Result<()> {
        let inode = self.owned(path, follow)?;
        if self.who.uid != 0 {
            let same = uid.is_none_or(|uid| uid == inode.uid.get());
            if !same || gid.is_some_and(|gid| !self.who.in_group(gid)) {
                return Err(Errno::EPERM);
            }
        }
        inode.uid.set(uid.unwrap_or(inode.uid.get()));
        inode.gid.set(gid.unwrap_or(inode.gid.get()));
        inode.touch_meta();
        Ok(())
    }

    pub fn utimes(&self, path: &str, atime: Option<Time>, mtime: Option<Time>) -> Result<()> {
        let found = self.find(path, true)?;
        let inode = found.inode()?;
        found.writable()?;
        if self.who.uid != 0 && self.who.uid != inode.uid.get() {
            self.who.may(inode, 2)?;
        }
        inode.touch_meta();
        inode.atime.set(atime.unwrap_or(inode.atime.get()));
        inode.mtime.set(mtime.unwrap_or(inode.mtime.get()));
        Ok(())
    }

    pub fn truncate(&self, path: &str, size: u64) -> Result<()> {
        let found = self.find(path, true)?;
        let inode = found.inode()?;
        if inode.is_dir() {
            return Err(Errno::EISDIR);
        }
        found.writable()?;
        self.who.may(inode, 2)?;
        inode.truncate(size)
    }

    pub fn statfs(&self, path: &str) -> Result<StatFs> {
        let found = self.find(path, true)?;
        Ok(statfs(&found))
    }

    pub fn mount_infos(&self) -> Vec<MountInfo> {
        self.mounts.list().iter().map(|m| m.info.clone()).collect()
    }
}

fn statfs(found: &Found) -> StatFs {
    let mount = found.mount.info.clone();
    match &found.node {
        Node::Inode(inode) => {
            let disk = inode.fs.disk.whole();
            let (total, used) = (disk.limit(), disk.used());
            let total = total.min(1 << 50);
            StatFs {
                mount,
                total,
                used,
                available: total.saturating_sub(used),
                inodes: total / 16384,
                inodes_used: inode.fs.inodes.get(),
            }
        }
        Node::Synthetic(..) => StatFs {
            mount,
            total: 0,
            used: 0,
            available: 0,
            inodes: 0,
            inodes_used: 0,
        },
    }
}

fn synth_stat(synth: &Synth, path: &str) -> Stat {
    let (kind, mode) = match synth {
        Synth::Directory(_) => (FileKind::Directory, 0o555),
        Synth::File(_, mode) => (FileKind::File, *mode),
        Synth::Link(_) | Synth::Open(..) => (FileKind::Symlink, 0o777),
    };
    let ino = path.bytes().fold(4_026_531_840_u64, |h, b| {
        h.wrapping_mul(31).wrapping_add(b.into()) & 0xffff_ffff
    });
    Stat {
        dev: 5,
        ino,
        kind,
        mode,
        nlink: 1,
        uid: 0,
        gid: 0,
        size: 0,
        blocks: 0,
        rdev: (0, 0),
        atime: Time::EPOCH,
        mtime: Time::EPOCH,
        ctime: Time::EPOCH,
    }
}

pub(crate) fn join(directory: &str, name: &str) -> String {
    if directory == "/" {
        format!("/{name}")
    } else {
        format!("{directory}/{name}")
    }
}
