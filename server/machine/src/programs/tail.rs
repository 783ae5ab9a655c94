//! `tail`: the last lines or bytes, and what is added (`-f`, `-F`). `-n [+]N`, `-c [+]N`, `-q`, `-v`. Mirrors busybox `tail`.

use super::options::{self, Options, complain};
use crate::errno::Errno;
use crate::sys::{Held, OpenFlags, Seek, Sys};
use crate::time::Duration;

struct File {
    name: String,
    fd: i32,
}

pub async fn main(sys: Sys) -> i32 {
    let words = options::count_option(sys.args().into_iter().skip(1).collect());
    let long = [
        ("lines", 'n'),
        ("bytes", 'c'),
        ("follow", 'f'),
        ("retry", 'F'),
    ];
    let options = match options::parse(&words, "n:c:fFqvs:", &long) {
        Ok(options) => options,
        Err(error) => {
            complain(&sys, &error).await;
            options::show_usage(
                &sys,
                "[OPTIONS] [FILE]...\n\nPrint last 10 lines of FILEs (or stdin) to.",
            )
            .await;
            return 1;
        }
    };
    let text = options.value('c').or(options.value('n')).unwrap_or("10");
    let (from_start, digits) = text
        .strip_prefix('+')
        .map_or((false, text), |rest| (true, rest));
    let Some(count) = options::count(digits.trim_start_matches('-')) else {
        complain(&sys, &format!("invalid number '{text}'")).await;
        return 1;
    };
    let mut names = options.rest.clone();
    if names.is_empty() {
        names.push("-".to_owned());
    }
    let headed = (names.len() > 1 || options.has('v')) && !options.has('q');
    let mut files = Vec::new();
    let mut status = 0;
    for name in names {
        let fd = if name == "-" {
            Ok(0)
        } else {
            sys.open(&name, OpenFlags::READ, 0)
        };
        match fd {
            Ok(fd) => files.push(File { name, fd }),
            Err(error) => {
                complain(&sys, &format!("can't open '{name}': {}", error.text())).await;
                status = 1;
                if options.has('F') {
                    files.push(File { name, fd: -1 });
                }
            }
        }
    }
    if files.is_empty() {
        complain(&sys, "no files").await;
        return 1;
    }
    let mut first = true;
    for file in files.iter().filter(|file| file.fd >= 0) {
        if headed {
            sys.print(header(&file.name, first)).await;
        }
        first = false;
        if let Err(error) = last_part(&sys, file.fd, count, from_start, options.has('c')).await {
            complain(&sys, &format!("{}: {}", file.name, error.text())).await;
            status = 1;
        }
    }
    if options.has('f') || options.has('F') {
        return follow(&sys, files, &options, headed).await;
    }
    status
}

fn header(name: &str, first: bool) -> String {
    let name = if name == "-" { "standard input" } else { name };
    format!("{}==> {name} <==\n", if first { "" } else { "\n" })
}

async fn last_part(
    sys: &Sys,
    fd: i32,
    count: u64,
    from_start: bool,
    bytes: bool,
) -> Result<(), Errno> {
    let mut kept: Vec<u8> = Vec::new();
    let mut held = Held::new(sys);
    let mut prune = 1 << 20;
    let mut skip = if from_start {
        count.saturating_sub(1)
    } else {
        0
    };
    let size = sys.fstat(fd)?.size;
    // From the end of a large file only the end is read.
    if !from_start && bytes && sys.lseek(fd, Seek::Current(0)).is_ok() {
        let _ = sys.lseek(fd, Seek::Set(size.saturating_sub(count)));
    }
    loop {
        let mut chunk = match sys.read(fd, 64 << 10).await {
            Ok(chunk) => chunk,
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            break;
        }
        sys.cpu(Duration::from_nanos(chunk.len() as u64)).await;
        if from_start {
            while skip > 0 && !chunk.is_empty() {
                let used = if bytes {
                    let used = (skip as usize).min(chunk.len());
                    skip -= used as u64;
                    used
                } else {
                    match chunk.iter().position(|byte| *byte == b'\n') {
                        Some(at) => {
                            skip -= 1;
                            at + 1
                        }
                        None => chunk.len(),
                    }
                };
                chunk.drain(..used);
            }
            sys.write_all(1, &chunk).await?;
            continue;
        }
        kept.extend(chunk);
        if kept.len() > prune {
            let start = start_of_last(&kept, count, bytes);
            kept.drain(..start);
            prune = (1 << 20).max(2 * kept.len());
        }
        if held.set(kept.len() as u64).await.is_err() {
            return endless(sys, fd).await;
        }
    }
    let start = start_of_last(&kept, count, bytes);
    sys.write_all(1, &kept[start..]).await
}

/// The line has no end, and a real tail keeps all of it: memory goes until the OOM killer comes, or the input ends.
async fn endless(sys: &Sys, fd: i32) -> Result<(), Errno> {
    loop {
        match sys.read(fd, 64 << 10).await {
            Ok(chunk) if chunk.is_empty() => return Err(Errno::ENOMEM),
            Ok(chunk) => sys.alloc(chunk.len() as u64).await?,
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Where the last `count` lines or bytes begin.
fn start_of_last(kept: &[u8], count: u64, bytes: bool) -> usize {
    if bytes {
        return kept.len().saturating_sub(count as usize);
    }
    if count == 0 {
        return kept.len();
    }
    let body = kept.strip_suffix(b"\n").unwrap_or(kept);
    let mut newlines = body
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, byte)| **byte == b'\n');
    newlines.nth(count as usize - 1).map_or(0, |(at, _)| at + 1)
}

async fn follow(sys: &Sys, mut files: Vec<File>, options: &Options, headed: bool) -> i32 {
    let wait = options
        .value('s')
        .and_then(options::duration)
        .unwrap_or(Duration::from_secs(1));
    let mut shown = files.len() - 1;
    if let [File { fd: 0, .. }] = files.as_slice() {
        return 0;
    }
    loop {
        let _ = sys.sleep(wait).await;
        for (index, file) in files.iter_mut().enumerate() {
            if options.has('F') {
                reopen(sys, file).await;
            }
            if file.fd < 0 {
                continue;
            }
            if let (Ok(stat), Ok(at)) = (sys.fstat(file.fd), sys.lseek(file.fd, Seek::Current(0)))
                && stat.size < at
            {
                let _ = sys.lseek(file.fd, Seek::Set(0));
            }
            while let Ok(chunk) = sys.read(file.fd, 64 << 10).await {
                if chunk.is_empty() {
                    break;
                }
                if headed && shown != index {
                    sys.print(header(&file.name, false)).await;
                    shown = index;
                }
                if sys.write_all(1, &chunk).await.is_err() {
                    return 1;
                }
            }
        }
    }
}

/// `-F`: the name may be another file by now.
async fn reopen(sys: &Sys, file: &mut File) {
    let Ok(now) = sys.stat(&file.name) else {
        return;
    };
    let same = file.fd >= 0
        && sys
            .fstat(file.fd)
            .is_ok_and(|stat| stat.ino == now.ino && stat.dev == now.dev);
    if same {
        return;
    }
    if file.fd > 0 {
        let _ = sys.close(file.fd);
        complain(
            sys,
            &format!("{} has been replaced; following end of new file", file.name),
        )
        .await;
    }
    file.fd = sys.open(&file.name, OpenFlags::READ, 0).unwrap_or(-1);
}
