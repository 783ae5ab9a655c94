//! Open files: what a descriptor points to. Copies of a descriptor share one open file.

use std::cell::Cell;
use std::rc::Rc;

use crate::errno::Errno;
use crate::net::{Connection, Listener, Udp};
use crate::pipe::{Reader, Writer};
use crate::sys::{FileKind, OpenFlags, Stat};
use crate::time::Time;
use crate::tty::Tty;
use crate::vfs::inode::Inode;

pub(crate) enum File {
    Regular(Rc<Inode>),
    Directory(Rc<Inode>),
    /// Content made when it was opened (/proc).
    Bytes(Vec<u8>),
    SynthDir,
    Reader(Reader),
    Writer(Writer),
    Null,
    Zero,
    Full,
    Random,
    Tty(Tty),
    Connection(Connection),
    Listener(Rc<Listener>),
    Udp(Rc<Udp>),
}

pub(crate) struct OpenFile {
    pub file: File,
    pub flags: OpenFlags,
    pub offset: Cell<u64>,
    /// As /proc/PID/fd shows it.
    pub path: String,
}

impl OpenFile {
    pub fn new(file: File, flags: OpenFlags, path: impl Into<String>) -> Rc<OpenFile> {
        Rc::new(OpenFile {
            file,
            flags,
            offset: Cell::new(0),
            path: path.into(),
        })
    }

    pub fn reader(reader: Reader) -> Rc<OpenFile> {
        OpenFile::new(File::Reader(reader), OpenFlags::READ, "pipe:[4026]")
    }

    pub fn writer(writer: Writer) -> Rc<OpenFile> {
        OpenFile::new(File::Writer(writer), OpenFlags::WRITE, "pipe:[4027]")
    }

    pub fn tty(tty: &Tty) -> Rc<OpenFile> {
        let path = format!("/dev/pts/{}", tty.number());
        OpenFile::new(File::Tty(tty.clone()), OpenFlags::READ_WRITE, path)
    }

    pub fn null() -> Rc<OpenFile> {
        OpenFile::new(File::Null, OpenFlags::READ_WRITE, "/dev/null")
    }

    /// The same thing opened once more, with flags of its own.
    pub fn again(&self, flags: OpenFlags) -> Option<Rc<OpenFile>> {
        let file = match &self.file {
            File::Regular(inode) => File::Regular(inode.clone()),
            File::Directory(inode) => File::Directory(inode.clone()),
            File::Bytes(bytes) => File::Bytes(bytes.clone()),
            File::Reader(reader) => File::Reader(reader.clone()),
            File::Writer(writer) => File::Writer(writer.clone()),
            File::Null => File::Null,
            File::Zero => File::Zero,
            File::Full => File::Full,
            File::Random => File::Random,
            File::Tty(tty) => File::Tty(tty.clone()),
            _ => return None,
        };
        Some(OpenFile::new(file, flags, self.path.clone()))
    }

    pub fn stat(&self) -> Stat {
        match &self.file {
            File::Regular(inode) | File::Directory(inode) => inode.stat(),
            File::Tty(tty) => plain(FileKind::Character, 0o620, (136, tty.number())),
            File::Null => plain(FileKind::Character, 0o666, (1, 3)),
            File::Zero => plain(FileKind::Character, 0o666, (1, 5)),
            File::Full => plain(FileKind::Character, 0o666, (1, 7)),
            File::Random => plain(FileKind::Character, 0o666, (1, 9)),
            File::Reader(_) | File::Writer(_) => plain(FileKind::Fifo, 0o600, (0, 0)),
            File::Bytes(_) => plain(FileKind::File, 0o444, (0, 0)),
            File::SynthDir => plain(FileKind::Directory, 0o555, (0, 0)),
            File::Connection(_) | File::Listener(_) | File::Udp(_) => {
                plain(FileKind::Socket, 0o777, (0, 0))
            }
        }
    }

    /// A device by its numbers.
    pub fn device(major: u32, minor: u32) -> Result<File, Errno> {
        Ok(match (major, minor) {
            (1, 3) => File::Null,
            (1, 5) => File::Zero,
            (1, 7) => File::Full,
            (1, 8 | 9) => File::Random,
            _ => return Err(Errno::ENXIO),
        })
    }
}

fn plain(kind: FileKind, mode: u32, rdev: (u32, u32)) -> Stat {
    Stat {
        dev: 13,
        ino: 4026,
        kind,
        mode,
        nlink: 1,
        uid: 0,
        gid: 0,
        size: 0,
        blocks: 0,
        rdev,
        atime: Time::EPOCH,
        mtime: Time::EPOCH,
        ctime: Time::EPOCH,
    }
}
