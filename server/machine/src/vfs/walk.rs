//! From path to inode: mounts, symbolic links, `..`, search permission (path_resolution(7)).

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use super::inode::{Body, Inode};
use crate::errno::Errno;
use crate::sys::MountInfo;

/// What is mounted.
#[derive(Clone)]
pub(crate) enum Root {
    Inode(Rc<Inode>),
    /// Made when it is looked at: `proc`, `cgroup`.
    Synthetic(&'static str),
}

pub(crate) struct Mount {
    pub info: MountInfo,
    pub root: Root,
    pub read_only: bool,
}

/// The mount table of a mount namespace; the first is `/`.
#[derive(Default)]
pub(crate) struct Mounts(RefCell<Vec<Rc<Mount>>>);

impl Mounts {
    pub fn add(&self, mount: Mount) {
        self.0.borrow_mut().push(Rc::new(mount));
    }

    pub fn at(&self, path: &str) -> Option<Rc<Mount>> {
        self.0
            .borrow()
            .iter()
            .rev()
            .find(|m| m.info.target == path)
            .cloned()
    }

    /// Puts another tree in the place of what is mounted at `path`.
    pub fn exchange(&self, path: &str, root: Root) {
        let mut mounts = self.0.borrow_mut();
        if let Some(mount) = mounts.iter_mut().rev().find(|m| m.info.target == path) {
            *mount = Rc::new(Mount {
                info: mount.info.clone(),
                root,
                read_only: mount.read_only,
            });
        }
    }

    /// From now on nothing is written to what is mounted at `path`; mount points in it have been made.
    pub fn protect(&self, path: &str) {
        let mut mounts = self.0.borrow_mut();
        if let Some(mount) = mounts.iter_mut().rev().find(|m| m.info.target == path) {
            let mut info = mount.info.clone();
            info.options = info.options.replacen("rw", "ro", 1);
            let root = mount.root.clone();
            let read_only = true;
            *mount = Rc::new(Mount {
                info,
                root,
                read_only,
            });
        }
    }

    pub fn list(&self) -> Vec<Rc<Mount>> {
        self.0.borrow().clone()
    }
}

/// Who asks.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub uid: u32,
    pub gid: u32,
    pub groups: Rc<[u32]>,
}

impl Credentials {
    pub fn root() -> Credentials {
        Credentials {
            uid: 0,
            gid: 0,
            groups: Rc::new([]),
        }
    }

    pub fn in_group(&self, gid: u32) -> bool {
        self.gid == gid || self.groups.contains(&gid)
    }

    /// `want`: 4 read, 2 write, 1 execute or search.
    pub fn may(&self, inode: &Inode, want: u32) -> Result<(), Errno> {
        let mode = inode.mode.get();
        if self.uid == 0 {
            let barred = want & 1 != 0 && !inode.is_dir() && mode & 0o111 == 0;
            return if barred { Err(Errno::EACCES) } else { Ok(()) };
        }
        let bits = if self.uid == inode.uid.get() {
            mode >> 6
        } else if self.in_group(inode.gid.get()) {
            mode >> 3
        } else {
            mode
        };
        if bits & want == want {
            Ok(())
        } else {
            Err(Errno::EACCES)
        }
    }
}

/// Something of a synthetic file system.
pub(crate) enum Synth {
    Directory(Vec<(String, crate::sys::FileKind)>),
    File(Vec<u8>, u32),
    Link(String),
    /// An open file of a process: opening it opens that again.
    Open(crate::sys::Pid, crate::sys::Fd),
}

/// Looks up a path inside a synthetic file system: (its name, path without leading slash).
pub(crate) type SynthLookup<'a> = &'a dyn Fn(&'static str, &str) -> Option<Synth>;

#[derive(Clone)]
pub(crate) enum Node {
    Inode(Rc<Inode>),
    Synthetic(&'static str, String),
}

/// Where a path leads.
#[derive(Clone)]
pub(crate) struct Found {
    pub node: Node,
    pub mount: Rc<Mount>,
    /// Canonical absolute path.
    pub path: String,
}

impl Found {
    pub fn inode(&self) -> Result<&Rc<Inode>, Errno> {
        match &self.node {
            Node::Inode(inode) => Ok(inode),
            Node::Synthetic(..) => Err(Errno::EPERM),
        }
    }

    pub fn writable(&self) -> Result<(), Errno> {
        if self.mount.read_only {
            Err(Errno::EROFS)
        } else {
            Ok(())
        }
    }
}

/// Walks paths for one caller.
pub(crate) struct Walk<'a> {
    pub mounts: &'a Mounts,
    pub who: &'a Credentials,
    pub cwd: &'a str,
    pub synth: Option<SynthLookup<'a>>,
}

const LINKS_MAX: u32 = 40;
const DEPTH_MAX: usize = 256;
/// Names that a path mostly has at most.
const USUAL_DEPTH: usize = 8;

/// The way from `/` to where a walk stands.
struct Way {
    /// What it went through, the root first.
    places: Vec<Place>,
    /// Canonical path of the last place, without a slash at its end: that of the root is empty.
    path: String,
}

struct Place {
    node: Node,
    mount: Rc<Mount>,
    /// Where its own path ends in the path of the way.
    end: usize,
}

impl Way {
    fn here(&self) -> Result<&Place, Errno> {
        self.places.last().ok_or(Errno::ENOENT)
    }

    /// Back to where it came from; from the root to the root.
    fn back(&mut self) {
        if self.places.len() > 1 {
            self.places.pop();
        }
        self.path.truncate(self.places.last().map_or(0, |p| p.end));
    }

    fn back_to_root(&mut self) {
        self.places.truncate(1);
        self.path.clear();
    }

    fn found(mut self) -> Result<Found, Errno> {
        let Place { node, mount, .. } = self.places.pop().ok_or(Errno::ENOENT)?;
        if self.path.is_empty() {
            self.path.push('/');
        }
        let path = self.path;
        Ok(Found { node, mount, path })
    }
}

impl Walk<'_> {
    fn root(&self) -> Result<Way, Errno> {
        let mount = self.mounts.at("/").ok_or(Errno::ENOENT)?;
        let node = node_of(&mount);
        let mut places = Vec::with_capacity(USUAL_DEPTH);
        let end = 0;
        places.push(Place { node, mount, end });
        let path = String::with_capacity(64);
        Ok(Way { places, path })
    }

    /// The node at `path`; with `follow` a final link is followed.
    pub fn find(&self, path: &str, follow: bool) -> Result<Found, Errno> {
        let (way, _) = self.go(path, follow || path.ends_with('/'), false)?;
        if path.ends_with('/') && !self.is_dir(&way.here()?.node) {
            return Err(Errno::ENOTDIR);
        }
        way.found()
    }

    /// The directory that holds, or would hold, the last name of `path`, and that name. The name is
    /// followed when `follow` is set and it is a link.
    pub fn parent(&self, path: &str, follow: bool) -> Result<(Found, String), Errno> {
        let (mut way, last) = self.go(path, follow, true)?;
        if let Some(name) = last {
            return Ok((way.found()?, name));
        }
        // The path ends in a directory already entered (`/`, `.`, `..`, a mount).
        let name = way.path.rsplit('/').next().unwrap_or("").to_string();
        way.back();
        Ok((way.found()?, name))
    }

    fn is_dir(&self, node: &Node) -> bool {
        match node {
            Node::Inode(inode) => inode.is_dir(),
            Node::Synthetic(fs, path) => {
                matches!(
                    self.synth.and_then(|s| s(fs, path)),
                    Some(Synth::Directory(_))
                )
            }
        }
    }

    /// Goes where `path` leads. With `spares` the last name is not entered but left over, when it is an ordinary name (not `..`) and is
    /// not a link that is to be followed; it need not be there.
    fn go(&self, path: &str, follow: bool, spares: bool) -> Result<(Way, Option<String>), Errno> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        if path.len() > 4096 {
            return Err(Errno::ENAMETOOLONG);
        }
        let mut todo: Vec<Cow<'_, str>> = Vec::with_capacity(USUAL_DEPTH);
        todo.extend(names(path).map(Cow::Borrowed));
        if !path.starts_with('/') {
            todo.extend(names(self.cwd).map(Cow::Borrowed));
        }
        let mut way = self.root()?;
        let mut links = 0;
        while let Some(name) = todo.pop() {
            if !matches!(&*name, "." | "..") && (name.len() > 255 || way.places.len() > DEPTH_MAX) {
                return Err(Errno::ENAMETOOLONG);
            }
            self.may_enter(way.here()?)?;
            match &*name {
                "." => continue,
                ".." => {
                    way.back();
                    continue;
                }
                _ => {}
            }
            let last = todo.is_empty();
            let spared = last && spares;
            if spared && !follow {
                return Ok((way, Some(name.into_owned())));
            }
            match self.step(&mut way, &name) {
                Err(Errno::ENOENT) if spared => return Ok((way, Some(name.into_owned()))),
                other => other?,
            }
            if (!last || follow)
                && let Some(target) = self.link_target(&way.here()?.node)
            {
                links += 1;
                if links > LINKS_MAX {
                    return Err(Errno::ELOOP);
                }
                way.back();
                if target.starts_with('/') {
                    way.back_to_root();
                }
                todo.extend(names(&target).map(|n| Cow::Owned(n.to_string())));
                if todo.len() > 4096 {
                    return Err(Errno::ENAMETOOLONG);
                }
            } else if spared {
                way.back();
                return Ok((way, Some(name.into_owned())));
            }
        }
        Ok((way, None))
    }

    fn link_target(&self, node: &Node) -> Option<String> {
        match node {
            Node::Inode(inode) => match &*inode.body() {
                Body::Symlink(target) => Some(target.to_string()),
                _ => None,
            },
            Node::Synthetic(fs, path) => match self.synth?(fs, path)? {
                Synth::Link(target) => Some(target),
                _ => None,
            },
        }
    }

    fn may_enter(&self, place: &Place) -> Result<(), Errno> {
        match &place.node {
            Node::Inode(inode) if !inode.is_dir() => Err(Errno::ENOTDIR),
            Node::Inode(inode) => self.who.may(inode, 1),
            node if !self.is_dir(node) => Err(Errno::ENOTDIR),
            Node::Synthetic(..) => Ok(()),
        }
    }

    /// One name further. The way stays as it was when there is no such thing.
    fn step(&self, way: &mut Way, name: &str) -> Result<(), Errno> {
        let Place { node, mount, end } = way.places.last().ok_or(Errno::ENOENT)?;
        let end = *end;
        way.path.push('/');
        way.path.push_str(name);
        let next = match self.mounts.at(&way.path) {
            Some(mount) => Ok((node_of(&mount), mount)),
            None => self.entry(node, name).map(|node| (node, mount.clone())),
        };
        match next {
            Ok((node, mount)) => {
                let end = way.path.len();
                way.places.push(Place { node, mount, end });
                Ok(())
            }
            Err(error) => {
                way.path.truncate(end);
                Err(error)
            }
        }
    }

    /// What a directory has under a name.
    fn entry(&self, directory: &Node, name: &str) -> Result<Node, Errno> {
        match directory {
            Node::Inode(inode) => inode.lookup(name).map(Node::Inode),
            Node::Synthetic(fs, inner) => {
                let inner = if inner.is_empty() {
                    name.to_string()
                } else {
                    format!("{inner}/{name}")
                };
                let found = self.synth.and_then(|s| s(fs, &inner));
                found
                    .map(|_| Node::Synthetic(fs, inner))
                    .ok_or(Errno::ENOENT)
            }
        }
    }
}

fn node_of(mount: &Mount) -> Node {
    match &mount.root {
        Root::Inode(inode) => Node::Inode(inode.clone()),
        Root::Synthetic(fs) => Node::Synthetic(fs, String::new()),
    }
}

/// Names of a path, last first.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|n| !n.is_empty()).rev()
}
