//! The mounts that every container and computer starts with: root, /proc, /dev, /sys.

use std::rc::Rc;
use std::sync::Arc;

use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::sys::MountInfo;
use crate::vfs::inode::{Fs, Inode};
use crate::vfs::walk::{Mount, Mounts, Root};
use crate::vfs::{Files, Layer, Volume};

fn info(source: &str, target: &str, fs_type: &str, options: &str) -> MountInfo {
    MountInfo {
        source: source.into(),
        target: target.into(),
        fs_type: fs_type.into(),
        options: options.into(),
    }
}

/// Mounts of a tree of image content; the root can be written to until [`Mounts::protect`].
pub(crate) fn mounts(
    kernel: &Kernel,
    fs: &Rc<Fs>,
    layer: &Arc<Layer>,
    root: (&str, &str, &str),
) -> Result<Rc<Mounts>, Errno> {
    let mounts = Rc::new(Mounts::default());
    let inode = fs.materialise(layer)?;
    mounts.add(Mount {
        info: info(root.0, "/", root.1, root.2),
        root: Root::Inode(inode),
        read_only: false,
    });
    let files = Files {
        mounts: mounts.clone(),
        source: root.0.into(),
        fs_type: "ext4",
        options: String::new(),
    };
    for directory in ["/proc", "/dev", "/sys", "/tmp", "/etc"] {
        files.mkdir_all(directory, if directory == "/tmp" { 0o1777 } else { 0o755 })?;
    }
    let proc = info("proc", "/proc", "proc", "rw,nosuid,nodev,noexec,relatime");
    mounts.add(Mount {
        info: proc,
        root: Root::Synthetic("proc"),
        read_only: false,
    });
    devices(kernel, &mounts)?;
    let sys = Volume::tmpfs(kernel, Some(0));
    sys.files().mkdir_all("/fs/cgroup", 0o555)?;
    sys.root.mode.set(0o555);
    mounts.add(Mount {
        info: info("sysfs", "/sys", "sysfs", "ro,nosuid,nodev,noexec,relatime"),
        root: Root::Inode(sys.root),
        read_only: true,
    });
    mounts.add(Mount {
        info: info(
            "cgroup",
            "/sys/fs/cgroup",
            "cgroup2",
            "ro,nosuid,nodev,noexec,relatime",
        ),
        root: Root::Synthetic("cgroup"),
        read_only: true,
    });
    Ok(mounts)
}

fn devices(kernel: &Kernel, mounts: &Rc<Mounts>) -> Result<(), Errno> {
    let dev = Volume::tmpfs(kernel, Some(64 << 20));
    dev.root.mode.set(0o755);
    let files = dev.files();
    for (name, major, minor) in [
        ("null", 1, 3),
        ("zero", 1, 5),
        ("full", 1, 7),
        ("random", 1, 8),
        ("urandom", 1, 9),
        ("tty", 5, 0),
    ] {
        files.mknod(&format!("/{name}"), 0o666, major, minor)?;
    }
    for (name, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("ptmx", "pts/ptmx"),
    ] {
        files.symlink(target, &format!("/{name}"))?;
    }
    for name in ["/pts", "/mqueue", "/shm"] {
        files.mkdir_all(name, if name == "/pts" { 0o755 } else { 0o1777 })?;
    }
    let tree = |path: &str| files.volume(path).map(|v| Root::Inode(v.root));
    let (pts, mqueue, shm) = (tree("/pts")?, tree("/mqueue")?, tree("/shm")?);
    for (source, target, kind, options, root) in [
        (
            "tmpfs",
            "/dev",
            "tmpfs",
            "rw,nosuid,size=65536k,mode=755",
            Root::Inode(dev.root),
        ),
        (
            "devpts",
            "/dev/pts",
            "devpts",
            "rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666",
            pts,
        ),
        (
            "mqueue",
            "/dev/mqueue",
            "mqueue",
            "rw,nosuid,nodev,noexec,relatime",
            mqueue,
        ),
        (
            "shm",
            "/dev/shm",
            "tmpfs",
            "rw,nosuid,nodev,noexec,relatime,size=65536k",
            shm,
        ),
    ] {
        mounts.add(Mount {
            info: info(source, target, kind, options),
            root,
            read_only: false,
        });
    }
    Ok(())
}

/// Mounts a volume; the mount point is made when it is missing.
pub(crate) fn mount(
    files: &Files,
    target: &str,
    volume: &Volume,
    read_only: bool,
) -> Result<(), Errno> {
    let target = format!("/{}", target.trim_matches('/'));
    // A link on the way (/var/run → /run) leads to the real place.
    let target = match real(files, &target) {
        Some(target) => target,
        None => {
            make_point(files, &target, volume)?;
            real(files, &target).unwrap_or(target)
        }
    };
    let access = if read_only { "ro" } else { "rw" };
    let options = if volume.options.is_empty() {
        access.to_string()
    } else {
        format!("{access},{}", volume.options)
    };
    files.mounts.add(Mount {
        info: info(&volume.source, &target, volume.fs_type, &options),
        root: Root::Inode(volume.root.clone()),
        read_only,
    });
    Ok(())
}

/// Makes what a volume is mounted on: a directory, or a file.
fn make_point(files: &Files, target: &str, volume: &Volume) -> Result<(), Errno> {
    if volume.root.is_dir() {
        return files.mkdir_all(target, 0o755);
    }
    let parent = target.rsplit_once('/').map_or("", |(parent, _)| parent);
    files.mkdir_all(parent, 0o755)?;
    files.write(target, b"", 0o644)
}

/// The place of a file or directory that is there, without links.
fn real(files: &Files, target: &str) -> Option<String> {
    use crate::vfs::walk::{Credentials, Walk};
    let who = Credentials::root();
    let walk = Walk {
        mounts: &files.mounts,
        who: &who,
        cwd: "/",
        synth: None,
    };
    let found = walk.find(target, true).ok()?;
    found.inode().is_ok().then_some(found.path)
}

/// A small file on the node's disk, to be mounted over one of the image's.
pub(crate) fn text_volume(fs: &Rc<Fs>, text: &str, mode: u32) -> Result<Volume, Errno> {
    use crate::vfs::inode::Body;
    let inode: Rc<Inode> = fs.make(Body::File(Default::default()), mode, 0, 0)?;
    inode.write(0, text.as_bytes())?;
    Ok(Volume {
        root: inode,
        source: "/dev/vda".into(),
        fs_type: "ext4",
        options: "relatime".into(),
    })
}
