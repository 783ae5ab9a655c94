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

impl Walk<'_> {
    fn root(&self) -> Result<Found, Errno> {
        let mount = self.mounts.at("/").ok_or(Errno::ENOENT)?;
        Ok(Found {
            node: node_of(&mount),
            mount,
            path: "/".into(),
        })
    }

    /// The node at `path`; with `follow` a final link is followed.
    pub fn find(&self, path: &str, follow: bool) -> Result<Found, Errno> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        let (mut stack, last) = self.descend(path, follow || path.ends_with('/'))?;
        if let Some(name) = last {
            let found = self.step(&stack, &name)?;
            stack.push(found);
        }
        let found = stack.pop().ok_or(Errno::ENOENT)?;
        if path.ends_with('/') && !self.is_dir(&found) {
            return Err(Errno::ENOTDIR);
        }
        Ok(found)
    }

    /// The directory that holds, or would hold, the last name of `path`, and that name. The name is
    /// followed when `follow` is set and it is a link.
    pub fn parent(&self, path: &str, follow: bool) -> Result<(Found, String), Errno> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        let (mut stack, last) = self.descend(path, follow)?;
        match last {
            Some(name) => Ok((stack.pop().ok_or(Errno::ENOENT)?, name)),
            None => {
                // The path ends in a directory already entered (`/`, `.`, `..`, a mount).
                let found = stack.pop().ok_or(Errno::ENOENT)?;
                let name = found.path.rsplit('/').next().unwrap_or("").to_string();
                let parent = stack.pop().unwrap_or(found);
                Ok((parent, name))
            }
        }
    }

    fn is_dir(&self, found: &Found) -> bool {
        match &found.node {
            Node::Inode(inode) => inode.is_dir(),
            Node::Synthetic(fs, path) => {
                matches!(
                    self.synth.and_then(|s| s(fs, path)),
                    Some(Synth::Directory(_))
                )
            }
        }
    }

    /// Enters all but the last name. The last is left over when it is an ordinary name (not `..`),
    /// and is not a link that is to be followed.
    fn descend(&self, path: &str, follow: bool) -> Result<(Vec<Found>, Option<String>), Errno> {
        if path.len() > 4096 {
            return Err(Errno::ENAMETOOLONG);
        }
        let mut todo: Vec<Cow<'_, str>> = names(path).map(Cow::Borrowed).collect();
        if !path.starts_with('/') {
            todo.extend(names(self.cwd).map(Cow::Borrowed));
        }
        let mut stack = vec![self.root()?];
        let mut links = 0;
        while let Some(name) = todo.pop() {
            if name == "." {
                self.enter(&stack)?;
                continue;
            }
            if name == ".." {
                self.enter(&stack)?;
                if stack.len() > 1 {
                    stack.pop();
                }
                continue;
            }
            if name.len() > 255 || stack.len() > DEPTH_MAX {
                return Err(Errno::ENAMETOOLONG);
            }
            self.enter(&stack)?;
            let last = todo.is_empty();
            if last && !follow {
                return Ok((stack, Some(name.into_owned())));
            }
            let next = match self.step(&stack, &name) {
                Ok(next) => next,
                Err(Errno::ENOENT) if last => return Ok((stack, Some(name.into_owned()))),
                Err(error) => return Err(error),
            };
            if let Some(target) = self.link_target(&next) {
                links += 1;
                if links > LINKS_MAX {
                    return Err(Errno::ELOOP);
                }
                if target.starts_with('/') {
                    stack.truncate(1);
                }
                todo.extend(names(&target).map(|n| Cow::Owned(n.to_string())));
                if todo.len() > 4096 {
                    return Err(Errno::ENAMETOOLONG);
                }
                continue;
            }
            if last {
                return Ok((stack, Some(name.into_owned())));
            }
            stack.push(next);
        }
        Ok((stack, None))
    }

    fn link_target(&self, found: &Found) -> Option<String> {
        match &found.node {
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

    fn enter(&self, stack: &[Found]) -> Result<(), Errno> {
        let here = stack.last().ok_or(Errno::ENOENT)?;
        match &here.node {
            Node::Inode(inode) if !inode.is_dir() => Err(Errno::ENOTDIR),
            Node::Inode(inode) => self.who.may(inode, 1),
            Node::Synthetic(..) if !self.is_dir(here) => Err(Errno::ENOTDIR),
            Node::Synthetic(..) => Ok(()),
        }
    }

    fn step(&self, stack: &[Found], name: &str) -> Result<Found, Errno> {
        let here = stack.last().ok_or(Errno::ENOENT)?;
        let above = here.path.trim_end_matches('/');
        let path = [above, "/", name].concat();
        if let Some(mount) = self.mounts.at(&path) {
            return Ok(Found {
                node: node_of(&mount),
                mount,
                path,
            });
        }
        let node = match &here.node {
            Node::Inode(inode) => Node::Inode(inode.lookup(name)?),
            Node::Synthetic(fs, inner) => {
                let inner = if inner.is_empty() {
                    name.to_string()
                } else {
                    format!("{inner}/{name}")
                };
                self.synth
                    .and_then(|s| s(fs, &inner))
                    .ok_or(Errno::ENOENT)?;
                Node::Synthetic(fs, inner)
            }
        };
        Ok(Found {
            node,
            mount: here.mount.clone(),
            path,
        })
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
