//! Inodes and file systems: what a name stands for, who owns it, what it costs.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::data::{Cost, Data, Ledger};
use super::layer::{Layer, LayerBody};
use crate::errno::Errno;
use crate::executor::Executor;
use crate::pipe::{Pipes, Reader, Writer};
use crate::sync::Notify;
use crate::sys::{FileKind, Stat};
use crate::time::Time;

/// What an inode costs in memory beside its content.
const INODE_COST: u64 = 256;

/// A file system: device number, ledgers, clock.
pub(crate) struct Fs {
    pub dev: u64,
    pub clock: Executor,
    pipes: Pipes,
    /// Memory really held: shared by the whole world.
    pub memory: Rc<Ledger>,
    /// Simulated bytes on the disk or in the tmpfs.
    pub disk: Rc<Ledger>,
    pub inodes: Cell<u64>,
    next: Cell<u64>,
    pub changed: Notify,
}

impl Fs {
    pub fn new(
        dev: u64,
        clock: Executor,
        pipes: Pipes,
        memory: Rc<Ledger>,
        disk: Rc<Ledger>,
    ) -> Rc<Fs> {
        let changed = Notify::new();
        Rc::new(Fs {
            dev,
            clock,
            pipes,
            memory,
            disk,
            inodes: Cell::new(0),
            next: Cell::new(2),
            changed,
        })
    }

    pub fn make(
        self: &Rc<Fs>,
        body: Body,
        mode: u32,
        uid: u32,
        gid: u32,
    ) -> Result<Rc<Inode>, Errno> {
        self.memory.charge(INODE_COST)?;
        Ok(self.bare(body, mode, uid, gid))
    }

    /// An inode that nothing was charged for.
    pub fn bare(self: &Rc<Fs>, body: Body, mode: u32, uid: u32, gid: u32) -> Rc<Inode> {
        let ino = self.next.get();
        self.next.set(ino + 1);
        self.inodes.set(self.inodes.get() + 1);
        let now = self.clock.now();
        Rc::new(Inode {
            ino,
            fs: self.clone(),
            body: RefCell::new(body),
            mode: Cell::new(mode),
            uid: Cell::new(uid),
            gid: Cell::new(gid),
            nlink: Cell::new(1),
            atime: Cell::new(now),
            mtime: Cell::new(now),
            ctime: Cell::new(now),
            cost: Cell::new(Cost::default()),
        })
    }

    /// An inode that shows an image's entry until it is changed.
    pub fn materialise(self: &Rc<Fs>, layer: &Arc<Layer>) -> Result<Rc<Inode>, Errno> {
        let body = match &layer.body {
            LayerBody::Directory(_) => Body::Directory(Directory {
                lower: Some(layer.clone()),
                entries: BTreeMap::new(),
            }),
            LayerBody::File(bytes, size) => Body::File(Data::shared(bytes, *size)),
            LayerBody::Symlink(target) => Body::Symlink(target.clone()),
        };
        let inode = self.make(body, layer.mode, layer.uid, layer.gid)?;
        for time in [&inode.atime, &inode.mtime, &inode.ctime] {
            time.set(layer.mtime);
        }
        Ok(inode)
    }
}

pub(crate) struct Inode {
    pub ino: u64,
    pub fs: Rc<Fs>,
    body: RefCell<Body>,
    pub mode: Cell<u32>,
    pub uid: Cell<u32>,
    pub gid: Cell<u32>,
    pub nlink: Cell<u32>,
    pub atime: Cell<Time>,
    pub mtime: Cell<Time>,
    pub ctime: Cell<Time>,
    /// What it has been charged for its content.
    cost: Cell<Cost>,
}

pub(crate) enum Body {
    File(Data),
    Directory(Directory),
    Symlink(Box<str>),
    Device(u32, u32),
    /// Made at the first open; kept while someone has it open.
    Fifo(Option<(Reader, Writer)>),
}

/// Names: changes over the image's entries. None hides an image's name.
#[derive(Default)]
pub(crate) struct Directory {
    lower: Option<Arc<Layer>>,
    entries: BTreeMap<Box<str>, Option<Rc<Inode>>>,
}

impl Directory {
    fn lower(&self) -> Option<&BTreeMap<Box<str>, Arc<Layer>>> {
        match self.lower.as_deref() {
            Some(Layer {
                body: LayerBody::Directory(entries),
                ..
            }) => Some(entries),
            _ => None,
        }
    }

    /// Kind of each entry, and its number where it has one already.
    fn kinds(&self) -> BTreeMap<&str, (FileKind, Option<u64>)> {
        let mut names: BTreeMap<&str, (FileKind, Option<u64>)> = BTreeMap::new();
        for (name, layer) in self.lower().into_iter().flatten() {
            let kind = match layer.body {
                LayerBody::Directory(_) => FileKind::Directory,
                LayerBody::File(..) => FileKind::File,
                LayerBody::Symlink(_) => FileKind::Symlink,
            };
            names.insert(name, (kind, None));
        }
        for (name, entry) in &self.entries {
            match entry {
                Some(inode) => names.insert(name, (inode.kind(), Some(inode.ino))),
                None => names.remove(&**name),
            };
        }
        names
    }

    fn names(&self) -> Vec<(String, FileKind, Option<u64>)> {
        let kinds = self.kinds().into_iter();
        kinds
            .map(|(name, (kind, ino))| (name.to_string(), kind, ino))
            .collect()
    }

    fn directories(&self) -> u32 {
        let kinds = self.kinds();
        let directories = kinds.values().filter(|(k, _)| *k == FileKind::Directory);
        directories.count() as u32
    }
}

impl Inode {
    pub fn body(&self) -> Ref<'_, Body> {
        self.body.borrow()
    }

    fn body_mut(&self) -> RefMut<'_, Body> {
        self.body.borrow_mut()
    }

    pub fn kind(&self) -> FileKind {
        match &*self.body() {
            Body::File(_) => FileKind::File,
            Body::Directory(_) => FileKind::Directory,
            Body::Symlink(_) => FileKind::Symlink,
            Body::Device(..) => FileKind::Character,
            Body::Fifo(_) => FileKind::Fifo,
        }
    }

    pub fn is_dir(&self) -> bool {
        self.kind() == FileKind::Directory
    }

    pub fn touch(&self) {
        let now = self.fs.clock.now();
        self.mtime.set(now);
        self.ctime.set(now);
        self.fs.changed.notify();
    }

    pub fn touch_meta(&self) {
        self.ctime.set(self.fs.clock.now());
        self.fs.changed.notify();
    }

    /// The entry `name`; an image's entry becomes an inode of its own here.
    pub fn lookup(&self, name: &str) -> Result<Rc<Inode>, Errno> {
        let layer = match &*self.body() {
            Body::Directory(directory) => match directory.entries.get(name) {
                Some(entry) => return entry.clone().ok_or(Errno::ENOENT),
                None => directory
                    .lower()
                    .and_then(|l| l.get(name))
                    .cloned()
                    .ok_or(Errno::ENOENT)?,
            },
            _ => return Err(Errno::ENOTDIR),
        };
        let inode = self.fs.materialise(&layer)?;
        if let Body::Directory(directory) = &mut *self.body_mut() {
            directory.entries.insert(name.into(), Some(inode.clone()));
        }
        Ok(inode)
    }

    pub fn names(&self) -> Vec<(String, FileKind, Option<u64>)> {
        match &*self.body() {
            Body::Directory(directory) => directory.names(),
            _ => Vec::new(),
        }
    }

    pub fn is_empty_dir(&self) -> bool {
        self.names().is_empty()
    }

    pub fn insert(&self, name: &str, inode: Rc<Inode>) {
        let old = match &mut *self.body_mut() {
            Body::Directory(directory) => directory.entries.insert(name.into(), Some(inode)),
            _ => None,
        };
        drop(old);
        self.touch();
    }

    pub fn remove(&self, name: &str) -> Option<Rc<Inode>> {
        let removed = match &mut *self.body_mut() {
            Body::Directory(directory) => {
                if directory.lower().is_some_and(|l| l.contains_key(name)) {
                    directory.entries.insert(name.into(), None).flatten()
                } else {
                    directory.entries.remove(name).flatten()
                }
            }
            _ => None,
        };
        if let Some(inode) = &removed {
            inode.nlink.set(inode.nlink.get().saturating_sub(1));
            inode.ctime.set(self.fs.clock.now());
        }
        self.touch();
        removed
    }

    pub fn read(&self, offset: u64, max: usize) -> Vec<u8> {
        self.atime.set(self.fs.clock.now());
        match &*self.body() {
            Body::File(data) => data.read(offset, max),
            _ => Vec::new(),
        }
    }

    pub fn size(&self) -> u64 {
        match &*self.body() {
            Body::File(data) => data.len(),
            Body::Symlink(target) => target.len() as u64,
            Body::Directory(_) => 4096,
            _ => 0,
        }
    }

    /// ENOSPC leaves the file as it was.
    pub fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
        let end = offset.saturating_add(bytes.len() as u64);
        let grow = end
            .next_multiple_of(4096)
            .saturating_sub(self.size().next_multiple_of(4096));
        let extra = Cost {
            memory: bytes.len() as u64,
            disk: grow.min(bytes.len() as u64 + 4096),
        };
        self.change(extra, |data| data.write(offset, bytes))
    }

    pub fn truncate(&self, size: u64) -> Result<(), Errno> {
        self.change(Cost::default(), |data| data.truncate(size))
    }

    /// Room is asked for first, so that a full ledger never grows the memory.
    fn change(
        &self,
        extra: Cost,
        change: impl FnOnce(&mut Data) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        self.fs.memory.charge(extra.memory)?;
        self.fs.memory.release(extra.memory);
        self.fs.disk.charge(extra.disk)?;
        self.fs.disk.release(extra.disk);
        let mut body = self.body_mut();
        let Body::File(data) = &mut *body else {
            return Err(Errno::EINVAL);
        };
        change(data)?;
        let (old, new) = (self.cost.replace(data.cost()), data.cost());
        self.fs.disk.adjust(old.disk, new.disk);
        self.fs.memory.adjust(old.memory, new.memory);
        drop(body);
        self.touch();
        Ok(())
    }

    /// Ends of a named pipe.
    pub fn fifo(&self) -> Result<(Reader, Writer), Errno> {
        match &mut *self.body_mut() {
            Body::Fifo(Some(ends)) => Ok(ends.clone()),
            Body::Fifo(none) => Ok(none.insert(self.fs.pipes.make()?).clone()),
            _ => Err(Errno::ENXIO),
        }
    }

    pub fn stat(&self) -> Stat {
        let (size, disk, rdev) = match &*self.body() {
            Body::File(data) => (
                data.len(),
                data.cost().disk.min(data.len().next_multiple_of(4096)),
                (0, 0),
            ),
            Body::Device(major, minor) => (0, 0, (*major, *minor)),
            Body::Directory(_) => (4096, 4096, (0, 0)),
            Body::Symlink(target) => (target.len() as u64, 0, (0, 0)),
            Body::Fifo(_) => (0, 0, (0, 0)),
        };
        let kind = self.kind();
        let nlink = match kind {
            FileKind::Directory => match &*self.body() {
                Body::Directory(directory) => 2 + directory.directories(),
                _ => 2,
            },
            _ => self.nlink.get(),
        };
        Stat {
            dev: self.fs.dev,
            ino: self.ino,
            kind,
            mode: self.mode.get(),
            nlink,
            uid: self.uid.get(),
            gid: self.gid.get(),
            size,
            blocks: disk / 512,
            rdev,
            atime: self.atime.get(),
            mtime: self.mtime.get(),
            ctime: self.ctime.get(),
        }
    }
}

impl Drop for Inode {
    fn drop(&mut self) {
        let cost = self.cost.get();
        self.fs.disk.release(cost.disk);
        self.fs.memory.release(cost.memory + INODE_COST);
        self.fs.inodes.set(self.fs.inodes.get().saturating_sub(1));
    }
}
