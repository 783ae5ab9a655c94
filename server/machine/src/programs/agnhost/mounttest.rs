//! `mounttest`: looks at mounted files as a test asks: type of the mount, mode, owner, content; makes new files. One line for each
//! question; 1 when one could not be answered.

use super::flags::Flags;
use crate::errno::Errno;
use crate::sys::{FileKind, OpenFlags, Stat, Sys};
use crate::time::Duration;

pub(super) const FLAGS: &[(&str, &str)] = &[
    ("fs_type", ""),
    ("file_mode", ""),
    ("file_perm", ""),
    ("file_owner", ""),
    ("new_file_0644", ""),
    ("new_file_0666", ""),
    ("new_file_0660", ""),
    ("new_file_0777", ""),
    ("file_content", ""),
    ("file_content_in_loop", ""),
    ("retry_time", "180"),
    ("break_on_expected_content", "true"),
];

pub(super) async fn main(sys: Sys, flags: Flags) -> i32 {
    sys.umask(Some(0));
    let mut failed = false;
    let mut done = Vec::new();
    let path = |name: &str| Some(flags.text(name)).filter(|path| !path.is_empty());
    for (name, mode) in [
        ("new_file_0644", 0o644),
        ("new_file_0666", 0o666),
        ("new_file_0660", 0o660),
        ("new_file_0777", 0o777),
    ] {
        if let Some(path) = path(name) {
            done.push(make(&sys, path, mode).await);
        }
    }
    if let Some(path) = path("fs_type") {
        done.push(fs_type(&sys, path));
    }
    if let Some(path) = path("file_mode") {
        let told = sys
            .lstat(path)
            .map(|stat| format!("mode of file {path:?}: {}", go_mode(&stat)));
        done.push(told.map_err(|error| lstat_error(path, error)));
    }
    if let Some(path) = path("file_perm") {
        let told = sys
            .lstat(path)
            .map(|stat| format!("perms of file {path:?}: -{}", permissions(stat.mode)));
        done.push(told.map_err(|error| lstat_error(path, error)));
    }
    if let Some(path) = path("file_owner") {
        let told = sys.lstat(path).map(|stat| {
            format!(
                "owner UID of {path:?}: {}\nowner GID of {path:?}: {}",
                stat.uid, stat.gid
            )
        });
        done.push(told.map_err(|error| lstat_error(path, error)));
    }
    if let Some(path) = path("file_content") {
        done.push(content(&sys, path).await);
    }
    for told in done {
        match told {
            Ok(text) => sys.print(text + "\n").await,
            Err(text) => {
                failed = true;
                sys.print(text + "\n").await;
            }
        }
    }
    if let Some(path) = path("file_content_in_loop") {
        failed |= !again_and_again(&sys, path, &flags).await;
    }
    i32::from(failed)
}

fn lstat_error(path: &str, error: Errno) -> String {
    format!(
        "error Lstat({path:?}): lstat {path}: {}",
        error.text().to_lowercase()
    )
}

async fn make(sys: &Sys, path: &str, mode: u32) -> Result<String, String> {
    let written = async {
        let fd = sys.open(path, OpenFlags::REPLACE, mode)?;
        let written = sys.write_all(fd, b"mount-tester new file\n").await;
        sys.close(fd)?;
        written
    };
    match written.await {
        // What it made, it shows.
        Ok(()) => content(sys, path).await,
        Err(error) => Err(format!(
            "error writing new file {path:?}: open {path}: {}",
            error.text().to_lowercase()
        )),
    }
}

fn fs_type(sys: &Sys, path: &str) -> Result<String, String> {
    match sys.statfs(path) {
        Ok(found) if found.mount.fs_type == "tmpfs" => Ok(format!("mount type of {path:?}: tmpfs")),
        Ok(found) => Ok(format!("mount type of {path:?}: {}", found.mount.fs_type)),
        Err(error) => Err(format!(
            "error from statfs({path:?}): {}",
            error.text().to_lowercase()
        )),
    }
}

async fn content(sys: &Sys, path: &str) -> Result<String, String> {
    match sys.read_file(path).await {
        Ok(bytes) => Ok(format!(
            "content of file {path:?}: {}",
            String::from_utf8_lossy(&bytes)
        )),
        Err(error) => Err(format!(
            "error reading file content for {path:?}: open {path}: {}",
            error.text().to_lowercase()
        )),
    }
}

/// Reads until the file is there, or, if asked to go on, until the time is over.
async fn again_and_again(sys: &Sys, path: &str, flags: &Flags) -> bool {
    let end = sys.now() + Duration::from_secs(flags.number("retry_time"));
    loop {
        match sys.read_file(path).await {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                sys.print(format!("content of file {path:?}: {text}\n"))
                    .await;
                if flags.on("break_on_expected_content") {
                    return true;
                }
            }
            Err(error) => {
                let why = error.text().to_lowercase();
                sys.print(format!(
                    "Error reading file {path}: open {path}: {why}, retrying\n"
                ))
                .await;
            }
        }
        if sys.now() >= end {
            return !flags.on("break_on_expected_content");
        }
        let _ = sys.sleep(Duration::from_secs(1)).await;
    }
}

/// `rwxr-x---`
fn permissions(mode: u32) -> String {
    (0..9)
        .map(|at| {
            let set = mode & (0o400 >> at) != 0;
            if set { char::from(b"rwx"[at % 3]) } else { '-' }
        })
        .collect()
}

/// os.FileMode as Go prints it: letters of what it is, then the permissions.
fn go_mode(stat: &Stat) -> String {
    let mut letters = String::new();
    letters.push_str(match stat.kind {
        FileKind::Directory => "d",
        FileKind::Symlink => "L",
        FileKind::Block => "D",
        FileKind::Fifo => "p",
        FileKind::Socket => "S",
        FileKind::Character => "Dc",
        FileKind::File => "",
    });
    for (bit, letter) in [(0o4000, 'u'), (0o2000, 'g'), (0o1000, 't')] {
        if stat.mode & bit != 0 {
            letters.push(letter);
        }
    }
    if letters.is_empty() {
        letters.push('-');
    }
    letters + &permissions(stat.mode)
}
