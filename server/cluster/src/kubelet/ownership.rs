//! What a pod's `fsGroup` makes of its volumes: they belong to the group, which may read them, and write where they may be written to.
//!
//! Mirrors `pkg/volume/volume_linux.go` of Kubernetes 1.36. Volumes of kinds hostPath and nfs are left as they are, as there.

use machine::vfs::{Files, Volume};
use objects::Object;

use crate::view;

const READ: u32 = 0o440;
const READ_AND_WRITE: u32 = 0o660;
/// Directories can be entered, and hand their group on.
const DIRECTORY: u32 = 0o2110;

/// The group that owns the volumes of a pod.
pub(super) fn group(pod: &Object) -> Option<u32> {
    let group = view::int(pod, &["spec", "securityContext", "fsGroup"])?;
    u32::try_from(group).ok()
}

/// Gives a volume to the pod's group, if it has one.
pub(super) fn give(pod: &Object, volume: &Volume, read_only: bool) {
    if let Some(gid) = group(pod) {
        let mode = if read_only { READ } else { READ_AND_WRITE };
        give_below(&volume.files(), "", gid, mode);
    }
}

fn give_below(files: &Files, path: &str, gid: u32, mode: u32) {
    let at = if path.is_empty() { "/" } else { path };
    let Ok(stat) = files.lstat(at) else { return };
    // What cannot be given on a disk that is full stays as it is.
    let _ = files.chown(at, stat.uid, gid);
    if stat.is_file() {
        let _ = files.chmod(at, stat.mode | mode);
    } else if stat.is_dir() {
        let _ = files.chmod(at, stat.mode | mode | DIRECTORY);
        for entry in files.list(at).unwrap_or_default() {
            give_below(files, &format!("{path}/{}", entry.name), gid, mode);
        }
    }
}
