//! The tools that make and remove files: `mkdir`, `rmdir`, `rm`, `unlink`, `touch`, `chmod`, `chown`, `chgrp`, `ln`, `readlink`,
//! `realpath`, `mktemp`, `mkfifo`, `truncate`. Mirrors busybox.

use super::accounts::Accounts;
use super::mode;
use super::options::{self, complain};
use crate::errno::Errno;
use crate::sys::{OpenFlags, Sys};
use crate::time::Time;

/// The files under `path` and itself, parents first (`last` false) or last.
pub(super) fn tree(sys: &Sys, path: &str, last: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![path.to_owned()];
    while let Some(path) = pending.pop() {
        if sys.lstat(&path).is_ok_and(|stat| stat.is_dir()) {
            let names = sys.readdir(&path).unwrap_or_default();
            let base = path.trim_end_matches('/');
            pending.extend(
                names
                    .into_iter()
                    .rev()
                    .map(|entry| format!("{base}/{}", entry.name)),
            );
        }
        found.push(path);
    }
    if last {
        found.reverse();
    }
    found
}

/// `mkdir [-p] [-m MODE] DIRECTORY...`
pub async fn mkdir(sys: Sys) -> i32 {
    let usage = "[-m MODE] [-p] DIRECTORY...\n\nCreate DIRECTORY";
    let options = match options::read(&sys, "m:pv", &[("parents", 'p'), ("mode", 'm')], usage).await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    if options.rest.is_empty() {
        options::show_usage(&sys, usage).await;
        return 1;
    }
    let wanted = options
        .value('m')
        .and_then(|text| mode::parse(text, 0o777, true, sys.umask(None)));
    let mut status = 0;
    for path in &options.rest {
        let mut result = Ok(());
        if options.has('p') {
            for (at, _) in path.match_indices('/').filter(|(at, _)| *at > 0) {
                match sys.mkdir(&path[..at], 0o777) {
                    Ok(()) | Err(Errno::EEXIST | Errno::EROFS | Errno::EACCES) => {}
                    Err(error) => result = Err(error),
                }
            }
        }
        if result.is_ok() {
            result = sys.mkdir(path, 0o777);
            if options.has('p') && sys.stat(path).is_ok_and(|stat| stat.is_dir()) {
                result = Ok(());
            }
        }
        if let (Ok(()), Some(wanted)) = (result, wanted) {
            result = sys.chmod(path, wanted);
        }
        if let Err(error) = result {
            complain(
                &sys,
                &format!("can't create directory '{path}': {}", error.text()),
            )
            .await;
            status = 1;
        }
    }
    status
}

/// `rmdir [-p] DIRECTORY...`
pub async fn rmdir(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "p",
        &[("ignore-fail-on-non-empty", 'p')],
        "[-p] DIRECTORY...\n\nRemove DIRECTORY if it is empty",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut status = 0;
    for path in &options.rest {
        let mut path = path.trim_end_matches('/');
        loop {
            if let Err(error) = sys.rmdir(path) {
                complain(&sys, &format!("'{path}': {}", error.text())).await;
                status = 1;
                break;
            }
            match path.rfind('/').filter(|at| options.has('p') && *at > 0) {
                Some(at) => path = &path[..at],
                None => break,
            }
        }
    }
    status
}

/// `rm [-rf] FILE...`
pub async fn rm(sys: Sys) -> i32 {
    let usage = "[-irf] FILE...\n\nRemove (unlink) FILEs";
    let options =
        match options::read(&sys, "irRfv", &[("recursive", 'r'), ("force", 'f')], usage).await {
            Ok(options) => options,
            Err(code) => return code,
        };
    let force = options.has('f');
    if options.rest.is_empty() && !force {
        options::show_usage(&sys, usage).await;
        return 1;
    }
    let recursive = options.has('r') || options.has('R');
    let mut status = 0;
    for path in &options.rest {
        let name = path
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        if name == "." || name == ".." {
            complain(&sys, "can't remove '.' or '..'").await;
            status = 1;
            continue;
        }
        let stat = match sys.lstat(path) {
            Ok(stat) => stat,
            Err(Errno::ENOENT | Errno::ENOTDIR) if force => continue,
            Err(error) => {
                complain(&sys, &format!("can't remove '{path}': {}", error.text())).await;
                status = 1;
                continue;
            }
        };
        if stat.is_dir() && !recursive {
            complain(&sys, &format!("'{path}' is a directory")).await;
            status = 1;
            continue;
        }
        for (index, path) in tree(&sys, path, true).iter().enumerate() {
            if index % 64 == 63 {
                sys.cpu(crate::time::Duration::from_micros(200)).await;
            }
            let is_dir = sys.lstat(path).is_ok_and(|stat| stat.is_dir());
            let result = if is_dir {
                sys.rmdir(path)
            } else {
                sys.unlink(path)
            };
            if let Err(error) = result {
                complain(&sys, &format!("can't remove '{path}': {}", error.text())).await;
                status = 1;
            }
        }
    }
    status
}

/// `unlink FILE`
pub async fn unlink(sys: Sys) -> i32 {
    let Some(path) = sys.args().get(1).cloned() else {
        return 1;
    };
    match sys.unlink(&path) {
        Ok(()) => 0,
        Err(error) => {
            complain(&sys, &format!("can't remove '{path}': {}", error.text())).await;
            1
        }
    }
}

/// `touch [-c] [-r FILE] [-d @SECONDS] FILE...`
pub async fn touch(sys: Sys) -> i32 {
    let usage = "[-cham] [-d DATE] [-t DATE] [-r FILE] FILE...\n\nUpdate mtime of FILEs";
    let options = match options::read(
        &sys,
        "cd:t:r:ham",
        &[("no-create", 'c'), ("date", 'd'), ("reference", 'r')],
        usage,
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    if options.rest.is_empty() {
        options::show_usage(&sys, usage).await;
        return 1;
    }
    let mut time = sys.now();
    if let Some(seconds) = options
        .value('d')
        .and_then(|text| text.strip_prefix('@')?.parse().ok())
    {
        time = Time::from_seconds(seconds);
    }
    if let Some(stat) = options.value('r').and_then(|file| sys.stat(file).ok()) {
        time = stat.mtime;
    }
    let mut status = 0;
    for path in &options.rest {
        let result = match sys.utimes(path, Some(time), Some(time)) {
            Err(Errno::ENOENT) if options.has('c') => Ok(()),
            Err(Errno::ENOENT) => sys
                .open(path, OpenFlags::WRITE | OpenFlags::CREATE, 0o666)
                .and_then(|fd| {
                    let _ = sys.close(fd);
                    if options.has('d') || options.has('r') {
                        sys.utimes(path, Some(time), Some(time))
                    } else {
                        Ok(())
                    }
                }),
            other => other,
        };
        if let Err(error) = result {
            complain(&sys, &format!("{path}: {}", error.text())).await;
            status = 1;
        }
    }
    status
}

/// `chmod [-R] MODE FILE...`
pub async fn chmod(sys: Sys) -> i32 {
    let usage = "[-Rcvf] MODE[,MODE]... FILE...\n\nMODE is octal number (bit pattern sstrwxrwxrwx) or [ugoa]{+|-|=}[rwxXst]";
    // `-x` is a mode, not an option.
    let words: Vec<String> = sys.args().into_iter().skip(1).collect();
    let is_option = |word: &&String| {
        word.len() > 1 && word.starts_with('-') && word[1..].chars().all(|c| "Rcvf".contains(c))
    };
    let recursive = words
        .iter()
        .filter(is_option)
        .any(|word| word.contains('R'));
    let rest: Vec<&String> = words.iter().filter(|word| !is_option(word)).collect();
    let [wanted, files @ ..] = rest.as_slice() else {
        options::show_usage(&sys, usage).await;
        return 1;
    };
    if files.is_empty() {
        options::show_usage(&sys, usage).await;
        return 1;
    }
    let umask = sys.umask(None);
    let mut status = 0;
    for file in files {
        let paths = if recursive {
            tree(&sys, file, false)
        } else {
            vec![(*file).clone()]
        };
        for path in paths {
            let result = sys.stat(&path).and_then(|stat| {
                match mode::parse(wanted, stat.mode, stat.is_dir(), umask) {
                    Some(mode) => sys.chmod(&path, mode),
                    None => Err(Errno::EINVAL),
                }
            });
            match result {
                Ok(()) => {}
                Err(Errno::EINVAL) => {
                    complain(&sys, &format!("invalid mode '{wanted}'")).await;
                    return 1;
                }
                Err(error) => {
                    complain(&sys, &format!("{path}: {}", error.text())).await;
                    status = 1;
                }
            }
        }
    }
    status
}

/// `chown [-Rh] USER[:[GROUP]] FILE...`, `chgrp [-Rh] GROUP FILE...`
pub async fn chown(sys: Sys) -> i32 {
    let group_only = options::name(&sys) == "chgrp";
    let usage = if group_only {
        "[-Rh] GROUP FILE...\n\nChange the group membership of FILEs to GROUP"
    } else {
        "[-Rh] USER[:[GRP]] FILE...\n\nChange the owner and/or group of FILEs to USER and/or GRP"
    };
    let options = match options::read(&sys, "RhcvfLHP", &[], usage).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let [owner, files @ ..] = options.rest.as_slice() else {
        options::show_usage(&sys, usage).await;
        return 1;
    };
    let accounts = Accounts::load(&sys).await;
    let (user, group) = match owner.split_once([':', '.']) {
        _ if group_only => (None, Some(owner.as_str())),
        Some((user, group)) => (Some(user), Some(group)),
        None => (Some(owner.as_str()), None),
    };
    let mut uid = None;
    let mut gid = None;
    if let Some(user) = user.filter(|user| !user.is_empty()) {
        match accounts.find_user(user) {
            Some((found, primary)) => {
                uid = Some(found);
                gid = group.is_some_and(str::is_empty).then_some(primary);
            }
            None => {
                complain(&sys, &format!("unknown user {user}")).await;
                return 1;
            }
        }
    }
    if let Some(group) = group.filter(|group| !group.is_empty()) {
        gid = accounts.find_group(group);
        if gid.is_none() {
            complain(&sys, &format!("unknown group {group}")).await;
            return 1;
        }
    }
    let mut status = 0;
    for file in files {
        let paths = if options.has('R') {
            tree(&sys, file, false)
        } else {
            vec![file.clone()]
        };
        for path in paths {
            if let Err(error) = sys.chown(&path, uid, gid, !options.has('h')) {
                complain(&sys, &format!("{path}: {}", error.text())).await;
                status = 1;
            }
        }
    }
    status
}

/// `ln [-sfnv] TARGET... LINK|DIRECTORY`
pub async fn ln(sys: Sys) -> i32 {
    let usage = "[-sfnbtv] [-S SUF] TARGET... LINK|DIR\n\nCreate a link LINK or DIR/TARGET to the specified TARGET(s)";
    let options =
        match options::read(&sys, "sfnvTb", &[("symbolic", 's'), ("force", 'f')], usage).await {
            Ok(options) => options,
            Err(code) => return code,
        };
    let (targets, last) = match options.rest.as_slice() {
        [] => {
            options::show_usage(&sys, usage).await;
            return 1;
        }
        [only] => (std::slice::from_ref(only), ".".to_owned()),
        [targets @ .., last] => (targets, last.clone()),
    };
    let into = sys.stat(&last).is_ok_and(|stat| stat.is_dir())
        && !(options.has('n') && sys.lstat(&last).is_ok_and(|stat| stat.is_symlink()))
        && !options.has('T');
    let mut status = 0;
    for target in targets {
        let name = target
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or(target);
        let path = if into {
            format!("{}/{name}", last.trim_end_matches('/'))
        } else {
            last.clone()
        };
        if options.has('f') {
            let _ = sys.unlink(&path);
        }
        let result = if options.has('s') {
            sys.symlink(target, &path)
        } else {
            sys.link(target, &path)
        };
        if let Err(error) = result {
            complain(&sys, &format!("{path}: {}", error.text())).await;
            status = 1;
        }
    }
    status
}

/// `readlink [-fn] FILE`
pub async fn readlink(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "fnvs",
        &[],
        "[-fnv] FILE\n\nDisplay the value of a symlink",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let Some(path) = options.rest.first() else {
        return 1;
    };
    let result = if options.has('f') {
        sys.realpath(path)
    } else {
        sys.readlink(path)
    };
    let Ok(text) = result else { return 1 };
    sys.print(if options.has('n') { text } else { text + "\n" })
        .await;
    0
}

/// `realpath FILE...`
pub async fn realpath(sys: Sys) -> i32 {
    let mut status = 0;
    for path in sys.args().iter().skip(1) {
        match sys.realpath(path) {
            Ok(real) => sys.print(format!("{real}\n")).await,
            Err(error) => {
                complain(&sys, &format!("{path}: {}", error.text())).await;
                status = 1;
            }
        }
    }
    status
}

/// `mktemp [-d] [-p DIR] [TEMPLATE]`
pub async fn mktemp(sys: Sys) -> i32 {
    let options = match options::read(&sys, "dqup:t", &[], "[-dt] [-p DIR] [TEMPLATE]\n\nCreate a temporary file with name based on TEMPLATE and print its name").await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let directory = options
        .value('p')
        .map(str::to_owned)
        .or_else(|| sys.getenv("TMPDIR"))
        .unwrap_or_else(|| "/tmp".to_owned());
    let template = match options.rest.first() {
        Some(template) if options.has('p') || options.has('t') => format!("{directory}/{template}"),
        Some(template) => template.clone(),
        None => format!("{directory}/tmp.XXXXXX"),
    };
    let base = template.trim_end_matches('X');
    let count = template.len() - base.len();
    let letters: String = sys
        .random(count)
        .iter()
        .map(|byte| {
            char::from(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP"[usize::from(byte % 42)])
        })
        .collect();
    let path = format!("{base}{letters}");
    let result = if options.has('d') {
        sys.mkdir(&path, 0o700)
    } else {
        sys.open(
            &path,
            OpenFlags::READ_WRITE | OpenFlags::CREATE | OpenFlags::EXCL,
            0o600,
        )
        .map(|_| ())
    };
    match result {
        Ok(()) => {
            sys.print(format!("{path}\n")).await;
            0
        }
        Err(error) => {
            complain(&sys, &format!("(null): {}", error.text())).await;
            1
        }
    }
}

/// `mkfifo NAME...`
pub async fn mkfifo(sys: Sys) -> i32 {
    let mut status = 0;
    for path in sys.args().iter().skip(1) {
        if let Err(error) = sys.mkfifo(path, 0o666) {
            complain(&sys, &format!("{path}: {}", error.text())).await;
            status = 1;
        }
    }
    status
}

/// `truncate [-c] -s SIZE FILE...`
pub async fn truncate(sys: Sys) -> i32 {
    let usage = "[-c] -s SIZE FILE...\n\nTruncate FILEs to the given size";
    let options = match options::read(&sys, "cs:", &[], usage).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let Some(size) = options.value('s').and_then(options::count) else {
        options::show_usage(&sys, usage).await;
        return 1;
    };
    let mut status = 0;
    for path in &options.rest {
        let mut result = sys.truncate(path, size);
        if result == Err(Errno::ENOENT) && !options.has('c') {
            result = sys
                .write_file(path, b"")
                .await
                .and_then(|()| sys.truncate(path, size));
        }
        if let Err(error) = result {
            complain(&sys, &format!("{path}: open: {}", error.text())).await;
            status = 1;
        }
    }
    status
}
