//! Read-only trees of image content, made once and shared by every container of every world.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::time::Time;

/// A file, directory or link of an image.
#[derive(Clone, Debug)]
pub struct Layer {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mtime: Time,
    pub(crate) body: LayerBody,
}

#[derive(Clone, Debug)]
pub(crate) enum LayerBody {
    Directory(BTreeMap<Box<str>, Arc<Layer>>),
    /// Bytes, and the size that stat shows when it is more.
    File(Arc<Vec<u8>>, u64),
    Symlink(Box<str>),
}

/// The first bytes of a program's file; its registry name follows, up to a zero byte.
pub(crate) const PROGRAM_MAGIC: &[u8] =
    b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0program:";

/// The content of an executable whose code is the program `name` of the registry.
pub(crate) fn program_bytes(name: &str) -> Vec<u8> {
    let mut bytes = PROGRAM_MAGIC.to_vec();
    bytes.extend_from_slice(name.as_bytes());
    bytes.push(0);
    bytes
}

/// As `program_bytes`, of a program that holds so many bytes of memory while it runs.
fn server_bytes(name: &str, resident: u64) -> Vec<u8> {
    let mut bytes = program_bytes(name);
    bytes.extend_from_slice(resident.to_string().as_bytes());
    bytes.push(0);
    bytes
}

/// When image content was made.
const BUILT: Time = Time(1_735_689_600_000_000_000);

impl Layer {
    /// An empty root directory.
    #[must_use]
    pub fn new() -> Layer {
        Layer::entry(0o755, LayerBody::Directory(BTreeMap::new()))
    }

    fn entry(mode: u32, body: LayerBody) -> Layer {
        Layer {
            mode,
            uid: 0,
            gid: 0,
            mtime: BUILT,
            body,
        }
    }

    fn place(&mut self, path: &str, layer: Arc<Layer>) {
        let (first, rest) = match path.trim_matches('/').split_once('/') {
            Some((first, rest)) => (first, Some(rest)),
            None => (path.trim_matches('/'), None),
        };
        let LayerBody::Directory(entries) = &mut self.body else {
            return;
        };
        match rest {
            None => {
                entries.insert(first.into(), layer);
            }
            Some(rest) => {
                let child = entries
                    .entry(first.into())
                    .or_insert_with(|| Arc::new(Layer::new()));
                Arc::make_mut(child).place(rest, layer);
            }
        }
    }

    /// A directory with its parents.
    #[must_use]
    pub fn dir(mut self, path: &str, mode: u32) -> Layer {
        self.place(
            path,
            Arc::new(Layer::entry(mode, LayerBody::Directory(BTreeMap::new()))),
        );
        self
    }

    /// A directory that belongs to a user.
    #[must_use]
    pub fn dir_of(mut self, path: &str, mode: u32, uid: u32, gid: u32) -> Layer {
        let mut entry = Layer::entry(mode, LayerBody::Directory(BTreeMap::new()));
        (entry.uid, entry.gid) = (uid, gid);
        self.place(path, Arc::new(entry));
        self
    }

    #[must_use]
    pub fn file(mut self, path: &str, content: impl Into<Vec<u8>>, mode: u32) -> Layer {
        let content = Arc::new(content.into());
        self.place(
            path,
            Arc::new(Layer::entry(mode, LayerBody::File(content, 0))),
        );
        self
    }

    #[must_use]
    pub fn symlink(mut self, path: &str, target: &str) -> Layer {
        self.place(
            path,
            Arc::new(Layer::entry(0o777, LayerBody::Symlink(target.into()))),
        );
        self
    }

    /// An executable of `size` bytes that runs the program `name` of the registry.
    #[must_use]
    pub fn program(mut self, path: &str, name: &str, size: u64) -> Layer {
        let body = LayerBody::File(Arc::new(program_bytes(name)), size);
        self.place(path, Arc::new(Layer::entry(0o755, body)));
        self
    }

    /// As `program`, of one that holds `resident` bytes of memory while it runs.
    #[must_use]
    pub fn server(mut self, path: &str, name: &str, size: u64, resident: u64) -> Layer {
        let body = LayerBody::File(Arc::new(server_bytes(name, resident)), size);
        self.place(path, Arc::new(Layer::entry(0o755, body)));
        self
    }

    /// One executable under many names of a directory, as busybox has it.
    #[must_use]
    pub fn links<'a>(
        mut self,
        directory: &str,
        program: &str,
        size: u64,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Layer {
        let body = LayerBody::File(Arc::new(program_bytes(program)), size);
        let entry = Arc::new(Layer::entry(0o755, body));
        for name in names {
            self.place(&format!("{directory}/{name}"), entry.clone());
        }
        self
    }
}

impl Default for Layer {
    fn default() -> Self {
        Layer::new()
    }
}
