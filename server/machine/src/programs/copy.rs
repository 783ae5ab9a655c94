//! `cp` and `mv`: files copied and moved. Mirrors busybox `cp -arfpudLPT` and `mv -finT`.

use super::files::tree;
use super::options::{self, Options, complain};
use crate::errno::Errno;
use crate::sys::{FileKind, OpenFlags, Stat, Sys};

/// Where each source goes: into the directory, or to the name.
fn place(sys: &Sys, source: &str, target: &str, options: &Options) -> String {
    let into = sys.stat(target).is_ok_and(|stat| stat.is_dir()) && !options.has('T');
    let name = source
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(source);
    if into {
        format!("{}/{name}", target.trim_end_matches('/'))
    } else {
        target.to_owned()
    }
}

/// `cp`
pub async fn cp(sys: Sys) -> i32 {
    let usage = "[-arPLHpfinlsTu] SOURCE DEST\nor: cp [-arPLHpfinlsu] SOURCE... { -t DIRECTORY | DIRECTORY }\n\nCopy SOURCEs to DEST";
    let long = [("recursive", 'r'), ("archive", 'a'), ("force", 'f')];
    let options = match options::read(&sys, "arRdPLHpfinlsTuvt:", &long, usage).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let Some((sources, target)) = operands(&options) else {
        options::show_usage(&sys, usage).await;
        return 1;
    };
    if sources.len() > 1 && !sys.stat(&target).is_ok_and(|stat| stat.is_dir()) {
        complain(&sys, &format!("target '{target}' is not a directory")).await;
        return 1;
    }
    let mut status = 0;
    for source in &sources {
        let to = place(&sys, source, &target, &options);
        status |= copy_tree(&sys, source, &to, &options).await;
    }
    status
}

fn operands(options: &Options) -> Option<(Vec<String>, String)> {
    if let Some(target) = options.value('t') {
        return Some((options.rest.clone(), target.to_owned()));
    }
    match options.rest.as_slice() {
        [sources @ .., target] if !sources.is_empty() => Some((sources.to_vec(), target.clone())),
        _ => None,
    }
}

async fn copy_tree(sys: &Sys, source: &str, target: &str, options: &Options) -> i32 {
    let recursive = options.has('r') || options.has('R') || options.has('a');
    let keep_links = recursive && !options.has('L') || options.has('d') || options.has('P');
    let stat = if keep_links {
        sys.lstat(source)
    } else {
        sys.stat(source)
    };
    let stat = match stat {
        Ok(stat) => stat,
        Err(error) => {
            complain(sys, &format!("can't stat '{source}': {}", error.text())).await;
            return 1;
        }
    };
    if stat.is_dir() && !recursive {
        complain(sys, &format!("omitting directory '{source}'")).await;
        return 1;
    }
    let mut status = 0;
    for path in if stat.is_dir() {
        tree(sys, source, false)
    } else {
        vec![source.to_owned()]
    } {
        let to = format!("{target}{}", &path[source.len().min(path.len())..]);
        let stat = if keep_links {
            sys.lstat(&path)
        } else {
            sys.stat(&path)
        };
        let result = match stat {
            Ok(stat) => copy_one(sys, &path, &to, &stat, options).await,
            Err(error) => Err((format!("can't stat '{path}'"), error)),
        };
        if let Err((what, error)) = result {
            complain(sys, &format!("{what}: {}", error.text())).await;
            status = 1;
        }
    }
    status
}

async fn copy_one(
    sys: &Sys,
    path: &str,
    to: &str,
    stat: &Stat,
    options: &Options,
) -> Result<(), (String, Errno)> {
    let created = |error| (format!("can't create '{to}'"), error);
    match stat.kind {
        FileKind::Directory => match sys.mkdir(to, stat.mode | 0o700) {
            Ok(()) => {}
            Err(Errno::EEXIST) if sys.stat(to).is_ok_and(|stat| stat.is_dir()) => {}
            Err(error) => return Err((format!("can't create directory '{to}'"), error)),
        },
        FileKind::Symlink => {
            let target = sys
                .readlink(path)
                .map_err(|error| (format!("can't read '{path}'"), error))?;
            let _ = sys.unlink(to);
            sys.symlink(&target, to).map_err(created)?;
        }
        FileKind::Fifo => sys.mkfifo(to, stat.mode).map_err(created)?,
        _ if options.has('l') => sys.link(path, to).map_err(created)?,
        _ if options.has('s') => sys.symlink(path, to).map_err(created)?,
        _ => {
            let same = sys
                .stat(to)
                .is_ok_and(|other| other.ino == stat.ino && other.dev == stat.dev);
            if same {
                return Err((
                    format!("'{path}' and '{to}' are the same file"),
                    Errno::EEXIST,
                ));
            }
            if options.has('n') && sys.stat(to).is_ok() {
                return Ok(());
            }
            copy_bytes(sys, path, to, stat.mode, options.has('f')).await?;
        }
    }
    if options.has('p') || options.has('a') {
        let link = stat.is_symlink();
        let _ = sys.chown(to, Some(stat.uid), Some(stat.gid), false);
        if !link {
            let _ = sys.chmod(to, stat.mode);
            let _ = sys.utimes(to, Some(stat.atime), Some(stat.mtime));
        }
    }
    Ok(())
}

async fn copy_bytes(
    sys: &Sys,
    path: &str,
    to: &str,
    mode: u32,
    force: bool,
) -> Result<(), (String, Errno)> {
    let from = sys
        .open(path, OpenFlags::READ, 0)
        .map_err(|error| (format!("can't open '{path}'"), error))?;
    let mut opened = sys.open(to, OpenFlags::REPLACE, mode & 0o777);
    if opened.is_err() && force && sys.unlink(to).is_ok() {
        opened = sys.open(to, OpenFlags::REPLACE, mode & 0o777);
    }
    let target = match opened {
        Ok(fd) => fd,
        Err(error) => {
            let _ = sys.close(from);
            return Err((format!("can't create '{to}'"), error));
        }
    };
    let result = loop {
        match sys.read(from, 256 << 10).await {
            Ok(chunk) if chunk.is_empty() => break Ok(()),
            Ok(chunk) => {
                if let Err(error) = sys.write_all(target, &chunk).await {
                    break Err(("write error".to_owned(), error));
                }
            }
            Err(Errno::EINTR) => {}
            Err(error) => break Err(("read error".to_owned(), error)),
        }
    };
    let _ = sys.close(from);
    let _ = sys.close(target);
    result
}

/// `mv`
pub async fn mv(sys: Sys) -> i32 {
    let usage = "[-finT] SOURCE DEST\nor: mv [-fin] SOURCE... { -t DIRECTORY | DIRECTORY }\n\nRename SOURCE to DEST, or move SOURCEs to DIRECTORY";
    let options = match options::read(&sys, "finTvt:", &[("force", 'f')], usage).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let Some((sources, target)) = operands(&options) else {
        options::show_usage(&sys, usage).await;
        return 1;
    };
    if sources.len() > 1 && !sys.stat(&target).is_ok_and(|stat| stat.is_dir()) {
        complain(&sys, &format!("target '{target}' is not a directory")).await;
        return 1;
    }
    let mut status = 0;
    for source in &sources {
        let to = place(&sys, source, &target, &options);
        if options.has('n') && sys.lstat(&to).is_ok() {
            continue;
        }
        match sys.rename(source, &to) {
            Ok(()) => {}
            Err(Errno::EXDEV) => {
                let keep = options::parse(&["-a".to_owned()], "a", &[]).unwrap_or_default();
                if copy_tree(&sys, source, &to, &keep).await != 0 {
                    status = 1;
                    continue;
                }
                for path in tree(&sys, source, true) {
                    let is_dir = sys.lstat(&path).is_ok_and(|stat| stat.is_dir());
                    let _ = if is_dir {
                        sys.rmdir(&path)
                    } else {
                        sys.unlink(&path)
                    };
                }
            }
            Err(error) => {
                complain(&sys, &format!("can't rename '{source}': {}", error.text())).await;
                status = 1;
            }
        }
    }
    status
}
