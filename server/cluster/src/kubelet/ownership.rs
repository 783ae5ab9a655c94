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

/// The user that all containers of a pod run as; none where they differ or one does not say.
pub(super) fn user(pod: &Object) -> Option<u32> {
    let of_pod = view::int(pod, &["spec", "securityContext", "runAsUser"]);
    let parts = ["initContainers", "containers"];
    let all = parts.iter().flat_map(|p| view::list(pod, &["spec", p]));
    let mut users = all.map(|c| view::int(c, &["securityContext", "runAsUser"]).or(of_pod));
    let first = users.next()??;
    let same = users.all(|user| user == Some(first));
    u32::try_from(first).ok().filter(|_| same)
}

/// Gives a disk to the pod's group; under the policy `OnRootMismatch` only if its root does not belong to it yet.
pub(super) fn give_disk(pod: &Object, volume: &Volume) {
    let policy = ["spec", "securityContext", "fsGroupChangePolicy"];
    let is_lazy = view::text(pod, &policy) == "OnRootMismatch";
    let wanted = READ_AND_WRITE | DIRECTORY;
    let fits = |gid| {
        let root = volume.files().lstat("/");
        root.is_ok_and(|stat| stat.gid == gid && stat.mode & wanted == wanted)
    };
    if !(is_lazy && group(pod).is_some_and(fits)) {
        give(pod, volume, false);
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn runs_as(pod: Option<u32>, containers: [Option<u32>; 2]) -> Option<u32> {
        let context = |user: Option<u32>| user.map_or(json!({}), |u| json!({"runAsUser": u}));
        let containers =
            containers.map(|user| json!({"name": "c", "securityContext": context(user)}));
        user(&Object::new(
            json!({"metadata": {}, "spec": {"securityContext": context(pod), "containers": containers}}),
        ))
    }

    #[test]
    fn a_token_belongs_to_the_one_user_of_all_containers() {
        assert_eq!(runs_as(Some(7), [None, None]), Some(7));
        assert_eq!(runs_as(Some(7), [None, Some(7)]), Some(7));
        assert_eq!(runs_as(Some(7), [Some(8), None]), None);
        assert_eq!(runs_as(None, [Some(8), None]), None);
        assert_eq!(runs_as(None, [Some(8), Some(8)]), Some(8));
    }
}
