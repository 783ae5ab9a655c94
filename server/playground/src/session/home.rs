//! The files of a workstation's home, as far as they are kept and handed on.

use host::{FileKind, Handle};

use crate::storage::worlds::KeptFile;

/// Largest file that is kept, in bytes.
pub const FILE_BYTES: usize = 256 * 1024;
/// Most bytes that are kept of one home.
pub const HOME_BYTES: usize = 2 * 1024 * 1024;
/// Directories that are looked into.
const MOST_DIRECTORIES: usize = 200;

/// The paths of all files below `home`.
pub async fn paths(world: &Handle, home: &str) -> Vec<String> {
    let mut directories = vec![home.trim_end_matches('/').to_owned()];
    let mut paths = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in world.list_files(&directory).await.unwrap_or_default() {
            let path = format!("{directory}/{}", entry.name);
            match entry.kind {
                FileKind::Directory if directories.len() < MOST_DIRECTORIES => {
                    directories.push(path);
                }
                FileKind::File => paths.push(path),
                _ => {}
            }
        }
    }
    paths
}

/// Puts kept files back where they were.
pub async fn put_back(world: &Handle, files: &[KeptFile]) {
    for file in files {
        let content = file.content.clone().into();
        if let Err(error) = world.write_file(&file.path, content, file.mode).await {
            tracing::warn!(error, path = file.path, "a file could not be put back");
        }
    }
}

/// The permission bits of a file; the usual ones where it cannot be asked.
pub async fn mode(world: &Handle, path: &str) -> u32 {
    const USUAL: u32 = 0o644;
    let Some((directory, name)) = path.rsplit_once('/') else {
        return USUAL;
    };
    let listed = world.list_files(directory).await.unwrap_or_default();
    let found = listed.iter().find(|entry| entry.name == name);
    found.map_or(USUAL, |entry| entry.mode & 0o7777)
}

/// All files below `home`, but those beyond the limits.
pub async fn files(world: &Handle, home: &str) -> Vec<KeptFile> {
    let (mut files, mut sum) = (Vec::new(), 0);
    for path in paths(world, home).await {
        let Ok(content) = world.read_file(&path).await else {
            continue;
        };
        if content.len() > FILE_BYTES || sum + content.len() > HOME_BYTES {
            continue;
        }
        sum += content.len();
        files.push(KeptFile {
            mode: mode(world, &path).await,
            content: content.to_vec(),
            path,
        });
    }
    files
}
