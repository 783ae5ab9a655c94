//! Files that images share: busybox's links, accounts, os-release; and the workstation's tree.

use std::sync::{Arc, Mutex, PoisonError};

use crate::programs::{PROGRAMS, Suite};
use crate::vfs::Layer;

/// Bytes of the busybox executable.
const BUSYBOX_SIZE: u64 = 1_131_168;

/// Tools that stand in /usr/bin too, as scripts name them by their path.
const USR_BIN: [&str; 8] = ["awk", "env", "find", "less", "nc", "tr", "vi", "xargs"];

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
sync:x:4:100:sync:/bin:/bin/sync
mail:x:8:8:mail:/var/spool/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
operator:x:37:37:Operator:/var:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
";

const GROUP: &str = "root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
mail:x:8:
users:x:100:
www-data:x:33:
operator:x:37:
nobody:x:65534:
nogroup:x:65533:
";

/// Directories, accounts and name services that every image has.
pub(crate) fn base() -> Layer {
    Layer::new()
        .dir("/dev", 0o755)
        .dir("/etc", 0o755)
        .dir("/proc", 0o755)
        .dir("/sys", 0o755)
        .dir("/root", 0o700)
        .dir("/tmp", 0o1777)
        .dir("/var", 0o755)
        .file("/etc/passwd", PASSWD, 0o644)
        .file("/etc/group", GROUP, 0o644)
        .file("/etc/hosts", "127.0.0.1\tlocalhost\n", 0o644)
        .file("/etc/nsswitch.conf", "hosts: files dns\n", 0o644)
}

/// busybox and its links in /bin; /usr/bin and /sbin hold env and a few more.
pub(crate) fn busybox(layer: Layer) -> Layer {
    let names = PROGRAMS
        .iter()
        .filter(|p| p.suite != Suite::Own && p.name != "bash")
        .map(|p| p.name);
    layer
        .links("/bin", "busybox", BUSYBOX_SIZE, names.chain(["busybox"]))
        .dir("/home", 0o755)
        .dir("/usr/sbin", 0o755)
        .links("/usr/bin", "busybox", BUSYBOX_SIZE, USR_BIN)
        .dir_of("/var/spool/mail", 0o755, 8, 8)
        .dir("/var/www", 0o755)
}

/// A Debian tree as the larger images have it: sh and bash, busybox's tools in place of GNU's.
pub(crate) fn debian(layer: Layer) -> Layer {
    busybox(layer)
        .links("/bin", "busybox", BUSYBOX_SIZE, ["bash"])
        .dir("/usr/local/bin", 0o755)
        .dir("/usr/local/sbin", 0o755)
        .dir("/usr/share", 0o755)
        .dir("/opt", 0o755)
        .dir("/run", 0o755)
        .symlink("/var/run", "/run")
        .dir("/var/log", 0o755)
        .dir("/var/cache", 0o755)
        .dir("/var/tmp", 0o1777)
        .file("/etc/debian_version", "12.12\n", 0o644)
        .file(
            "/etc/os-release",
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n",
            0o644,
        )
}

/// A layer that has one account more, with a group of its own. `home`: with the shell, as `/home/a:/bin/sh`.
pub(crate) fn account(layer: Layer, user: &str, uid: u32, home: &str) -> Layer {
    let passwd = format!("{PASSWD}{user}:x:{uid}:{uid}:{user}:{home}\n");
    layer.file("/etc/passwd", passwd, 0o644).file(
        "/etc/group",
        format!("{GROUP}{user}:x:{uid}:\n"),
        0o644,
    )
}

const PROFILE: &str = "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
for script in /etc/profile.d/*.sh; do
  [ -r \"$script\" ] && . \"$script\"
done
unset script
";

/// User, uid and home.
type Whose = (String, u32, String);

/// The tree of a learner's workstation. All learners have the same, so the last one made is kept.
pub(crate) fn workstation(user: &str, uid: u32, home: &str) -> Arc<Layer> {
    static LAST: Mutex<Option<(Whose, Arc<Layer>)>> = Mutex::new(None);
    let whose = (user.to_string(), uid, home.to_string());
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some((kept, layer)) if *kept == whose => layer.clone(),
        _ => {
            let layer = Arc::new(workstation_of(user, uid, home));
            *last = Some((whose, layer.clone()));
            layer
        }
    }
}

fn workstation_of(user: &str, uid: u32, home: &str) -> Layer {
    let mut layer = debian(base());
    if uid != 0 {
        layer = account(layer, user, uid, &format!("{home}:/bin/sh"));
    }
    layer
        .file("/etc/profile", PROFILE, 0o644)
        .dir("/etc/profile.d", 0o755)
        .program("/usr/bin/curl", "curl", 301_000)
        .program("/usr/bin/dig", "dig", 220_000)
        .program("/usr/bin/getent", "getent", 27_000)
        .program("/usr/bin/nano", "nano", 279_000)
        .dir("/usr/share/completions", 0o755)
        .file("/usr/share/completions/kubectl", "", 0o644)
        .dir_of(home, if uid == 0 { 0o700 } else { 0o755 }, uid, uid)
}
