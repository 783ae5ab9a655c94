//! `tar`: archives made, listed and unpacked. `c`, `x`, `t`, `-f`, `-C`, `-v`, `-m`, `-p`, `-o`, `-k`, `-O`, `--exclude`. Mirrors busybox
//! `tar`; the format is ustar with GNU's long names (written and read) and pax headers (read).

use super::accounts::Accounts;
use super::files::tree;
use super::gzip;
use super::lines::Lines;
use super::mode;
use super::options::{self, Options, complain};
use crate::errno::Errno;
use crate::signal::{Disposition, Signal};
use crate::sys::{Fd, FileKind, OpenFlags, Pid, Seek, Stat, Sys};
use crate::time::{Duration, Time};

const BLOCK: usize = 512;
const USAGE: &str = "c|x|t [-ZzJjahmvokO] [-f TARFILE] [-C DIR] [FILE]...\n\nCreate, extract, or list files from a tar file";

pub async fn main(sys: Sys) -> i32 {
    let mut words: Vec<String> = sys.args().into_iter().skip(1).collect();
    // The first word may lack its dash.
    if let Some(first) = words.first_mut().filter(|word| !word.starts_with('-')) {
        first.insert(0, '-');
    }
    let long = [
        ("create", 'c'),
        ("gzip", 'z'),
        ("extract", 'x'),
        ("list", 't'),
        ("file", 'f'),
        ("directory", 'C'),
        ("verbose", 'v'),
        ("exclude", 'X'),
        ("no-same-owner", 'o'),
        ("warning", 'W'),
        ("strip-components", 'S'),
    ];
    let options = match options::parse(&words, "cxtf:C:vmpokOhzX:W:S:a", &long) {
        Ok(options) => options,
        Err(error) => {
            complain(&sys, &error).await;
            options::show_usage(&sys, USAGE).await;
            return 1;
        }
    };
    if "cxt".chars().filter(|letter| options.has(*letter)).count() != 1 {
        options::show_usage(&sys, USAGE).await;
        return 1;
    }
    let file = options.value('f').unwrap_or("-").to_owned();
    let creating = options.has('c');
    let fd = match file.as_str() {
        "-" => Ok(i32::from(creating)),
        file if creating => sys.open(file, OpenFlags::REPLACE, 0o666),
        file => sys.open(file, OpenFlags::READ, 0),
    };
    let fd = match fd {
        Ok(fd) => fd,
        Err(error) => {
            complain(&sys, &format!("can't open '{file}': {}", error.text())).await;
            return 1;
        }
    };
    if let Some(directory) = options.value('C')
        && let Err(error) = sys.chdir(directory)
    {
        complain(
            &sys,
            &format!("can't change directory to '{directory}': {}", error.text()),
        )
        .await;
        return 1;
    }
    let packed = options.has('z') || (!creating && is_gzip(&sys, fd).await);
    let (fd, child) = match packed.then(|| through_gzip(&sys, fd, creating)) {
        None => (fd, None),
        Some(Ok((fd, child))) => (fd, Some(child)),
        Some(Err(error)) => {
            complain(&sys, error.text()).await;
            return 1;
        }
    };
    let code = if creating {
        create(&sys, fd, &options).await
    } else {
        unpack(&sys, fd, &options).await
    };
    let Some(child) = child else { return code };
    let _ = sys.close(fd);
    match super::spawn::wait(&sys, child).await.code() {
        0 => code,
        failed => failed,
    }
}

/// Whether a file that can be rewound starts as gzip does.
async fn is_gzip(sys: &Sys, fd: Fd) -> bool {
    if sys.lseek(fd, Seek::Current(0)).is_err() {
        return false;
    }
    let start = exactly(sys, fd, 2).await.unwrap_or_default();
    let _ = sys.lseek(fd, Seek::Current(-(start.len() as i64)));
    start == [0x1f, 0x8b]
}

/// A child that packs or unpacks between `fd` and the pipe whose other end is given.
fn through_gzip(sys: &Sys, fd: Fd, packs: bool) -> Result<(Fd, Pid), Errno> {
    let (read, write) = sys.pipe()?;
    let (own, other) = if packs { (write, read) } else { (read, write) };
    let child = sys.fork(move |sys| async move {
        let _ = sys.close(own);
        // That nobody reads on is an error to look at, and not the end.
        sys.set_signal(Signal::Pipe, Disposition::Ignore);
        let done = if packs {
            gzip::pack(&sys, &mut Lines::new(&sys, other), fd, 6).await
        } else {
            gzip::unpack(&sys, &mut Lines::new(&sys, fd), Some(other)).await
        };
        match done {
            // The archive may end before the packed bytes do.
            Err(error) if error != Errno::EPIPE.text() => {
                complain(&sys, &error).await;
                1
            }
            _ => 0,
        }
    })?;
    sys.close(other)?;
    Ok((own, child))
}

// ---- making

async fn create(sys: &Sys, fd: Fd, options: &Options) -> i32 {
    if options.rest.is_empty() {
        complain(sys, "empty archive").await;
        return 1;
    }
    let accounts = Accounts::load(sys).await;
    let mut failed = false;
    let mut stripped = false;
    for operand in &options.rest {
        if let Err(error) = sys.lstat(operand) {
            complain(sys, &format!("{operand}: {}", error.text())).await;
            failed = true;
            continue;
        }
        for path in tree(sys, operand, false) {
            let name = path.trim_start_matches('/').to_owned();
            if name.len() < path.len() && !stripped {
                stripped = true;
                complain(sys, "removing leading '/' from member names").await;
            }
            let excluded = options.values('X').any(|pattern| {
                crate::shell::pattern::matches(pattern, &name)
                    || name.split('/').any(|part| part == pattern)
            });
            if excluded || name.is_empty() {
                continue;
            }
            match add(sys, fd, &path, &name, options, &accounts).await {
                Ok(()) => {}
                Err(Errno::EPIPE) => return 1,
                Err(error) => {
                    complain(sys, &format!("{path}: {}", error.text())).await;
                    failed = true;
                }
            }
        }
    }
    if sys.write_all(fd, &[0; BLOCK * 2]).await.is_err() {
        return 1;
    }
    if failed {
        complain(sys, "error exit delayed from previous errors").await;
    }
    i32::from(failed)
}

async fn add(
    sys: &Sys,
    fd: Fd,
    path: &str,
    name: &str,
    options: &Options,
    accounts: &Accounts,
) -> Result<(), Errno> {
    let stat = if options.has('h') {
        sys.stat(path)?
    } else {
        sys.lstat(path)?
    };
    let name = if stat.is_dir() {
        format!("{}/", name.trim_end_matches('/'))
    } else {
        name.to_owned()
    };
    if options.has('v') {
        let line = format!("{name}\n");
        if fd == 1 {
            sys.eprint(line).await
        } else {
            sys.print(line).await
        }
    }
    let link = if stat.is_symlink() {
        sys.readlink(path)?
    } else {
        String::new()
    };
    let size = if stat.is_file() { stat.size } else { 0 };
    let source = if stat.is_file() {
        Some(sys.open(path, OpenFlags::READ, 0)?)
    } else {
        None
    };
    for (text, kind) in [(&link, b'K'), (&name, b'L')] {
        if text.len() > 100 {
            let mut bytes = text.clone().into_bytes();
            bytes.push(0);
            sys.write_all(
                fd,
                &header(
                    "././@LongLink",
                    "",
                    kind,
                    bytes.len() as u64,
                    None,
                    accounts,
                ),
            )
            .await?;
            bytes.resize(bytes.len().div_ceil(BLOCK) * BLOCK, 0);
            sys.write_all(fd, &bytes).await?;
        }
    }
    let kind = match stat.kind {
        FileKind::Directory => b'5',
        FileKind::Symlink => b'2',
        FileKind::Character => b'3',
        FileKind::Block => b'4',
        FileKind::Fifo => b'6',
        _ => b'0',
    };
    sys.write_all(fd, &header(&name, &link, kind, size, Some(&stat), accounts))
        .await?;
    let Some(source) = source else { return Ok(()) };
    let mut left = size;
    while left > 0 {
        // A file that shrank is filled up with zeros: its size is already said.
        let mut chunk = sys
            .read(source, left.min(64 << 10) as usize)
            .await
            .unwrap_or_default();
        if chunk.is_empty() {
            chunk = vec![0; left.min(64 << 10) as usize];
        }
        left -= chunk.len() as u64;
        sys.cpu(Duration::from_nanos(1000 + chunk.len() as u64))
            .await;
        sys.write_all(fd, &chunk).await?;
    }
    let _ = sys.close(source);
    let rest = size as usize % BLOCK;
    if rest > 0 {
        sys.write_all(fd, &vec![0; BLOCK - rest]).await?;
    }
    Ok(())
}

fn header(
    name: &str,
    link: &str,
    kind: u8,
    size: u64,
    stat: Option<&Stat>,
    accounts: &Accounts,
) -> Vec<u8> {
    let mut block = vec![0; BLOCK];
    let put = |block: &mut Vec<u8>, at: usize, room: usize, text: &str| {
        let bytes = &text.as_bytes()[..text.len().min(room)];
        block[at..at + bytes.len()].copy_from_slice(bytes);
    };
    put(&mut block, 0, 100, name);
    let (mode, uid, gid, mtime) = match stat {
        Some(stat) => (stat.mode, stat.uid, stat.gid, stat.mtime.seconds().max(0)),
        None => (0, 0, 0, 0),
    };
    put(&mut block, 100, 8, &format!("{mode:07o}"));
    put(&mut block, 108, 8, &format!("{uid:07o}"));
    put(&mut block, 116, 8, &format!("{gid:07o}"));
    put(&mut block, 124, 12, &format!("{size:011o}"));
    put(&mut block, 136, 12, &format!("{mtime:011o}"));
    put(&mut block, 148, 8, "        ");
    block[156] = kind;
    put(&mut block, 157, 100, link);
    put(&mut block, 257, 8, "ustar  ");
    if stat.is_some() {
        put(&mut block, 265, 31, &accounts.user(uid));
        put(&mut block, 297, 31, &accounts.group(gid));
    }
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    put(&mut block, 148, 8, &format!("{sum:06o}\0"));
    block
}

// ---- unpacking

/// A member as its header says.
struct Member {
    name: String,
    link: String,
    kind: u8,
    mode: u32,
    uid: u32,
    gid: u32,
    owner: String,
    size: u64,
    mtime: i64,
}

/// Exactly `count` bytes; fewer at the end of the archive.
async fn exactly(sys: &Sys, fd: Fd, count: usize) -> Result<Vec<u8>, Errno> {
    let mut bytes = Vec::new();
    while bytes.len() < count {
        match sys.read(fd, count - bytes.len()).await {
            Ok(chunk) if chunk.is_empty() => break,
            Ok(chunk) => bytes.extend(chunk),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

fn text_at(block: &[u8], at: usize, room: usize) -> String {
    let field = &block[at..at + room];
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(room);
    String::from_utf8_lossy(&field[..end]).into_owned()
}

fn octal(block: &[u8], at: usize, room: usize) -> u64 {
    if block[at] & 0x80 != 0 {
        return block[at + 1..at + room]
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte));
    }
    u64::from_str_radix(text_at(block, at, room).trim(), 8).unwrap_or(0)
}

/// The next member; None at the end, an error's text for what is no archive.
async fn next_member(sys: &Sys, fd: Fd) -> Result<Option<Member>, String> {
    let (mut long_name, mut long_link) = (None, None);
    let mut pax_size = None;
    loop {
        let block = exactly(sys, fd, BLOCK)
            .await
            .map_err(|error| format!("read error: {}", error.text()))?;
        if block.is_empty() || (block.len() == BLOCK && block.iter().all(|byte| *byte == 0)) {
            return Ok(None);
        }
        if block.len() < BLOCK {
            return Err("short read".to_owned());
        }
        let sum: u64 = block
            .iter()
            .enumerate()
            .map(|(at, byte)| {
                if (148..156).contains(&at) {
                    32
                } else {
                    u64::from(*byte)
                }
            })
            .sum();
        if &block[257..262] != b"ustar" && octal(&block, 148, 8) != sum {
            return Err("invalid tar magic".to_owned());
        }
        if octal(&block, 148, 8) != sum {
            return Err("invalid tar header checksum".to_owned());
        }
        let size = octal(&block, 124, 12);
        let kind = block[156];
        if matches!(kind, b'L' | b'K' | b'x' | b'g') {
            if size > 1 << 20 {
                return Err("corrupted header".to_owned());
            }
            let padded = (size as usize).div_ceil(BLOCK) * BLOCK;
            let mut body = exactly(sys, fd, padded)
                .await
                .map_err(|error| error.text().to_owned())?;
            body.truncate(size as usize);
            match kind {
                b'L' => long_name = Some(text_at(&body, 0, body.len())),
                b'K' => long_link = Some(text_at(&body, 0, body.len())),
                b'x' => {
                    for (key, value) in pax(&body) {
                        match key.as_str() {
                            "path" => long_name = Some(value),
                            "linkpath" => long_link = Some(value),
                            "size" => pax_size = value.parse().ok(),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
            continue;
        }
        let mut name = text_at(&block, 0, 100);
        let prefix = text_at(&block, 345, 155);
        if &block[257..263] == b"ustar\0" && !prefix.is_empty() {
            name = format!("{prefix}/{name}");
        }
        return Ok(Some(Member {
            name: long_name.unwrap_or(name),
            link: long_link.unwrap_or_else(|| text_at(&block, 157, 100)),
            kind,
            mode: octal(&block, 100, 8) as u32 & 0o7777,
            uid: octal(&block, 108, 8) as u32,
            gid: octal(&block, 116, 8) as u32,
            owner: format!("{}/{}", text_at(&block, 265, 32), text_at(&block, 297, 32)),
            size: pax_size.unwrap_or(size),
            mtime: octal(&block, 136, 12) as i64,
        }));
    }
}

fn pax(body: &[u8]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = body;
    while let Some(space) = rest.iter().position(|byte| *byte == b' ') {
        let length: usize = String::from_utf8_lossy(&rest[..space]).parse().unwrap_or(0);
        if length <= space || length > rest.len() {
            break;
        }
        let record = String::from_utf8_lossy(&rest[space + 1..length - 1]).into_owned();
        if let Some((key, value)) = record.split_once('=') {
            found.push((key.to_owned(), value.to_owned()));
        }
        rest = &rest[length..];
    }
    found
}

async fn unpack(sys: &Sys, fd: Fd, options: &Options) -> i32 {
    let strip: usize = options
        .value('S')
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let mut status = 0;
    let mut first = true;
    loop {
        let mut member = match next_member(sys, fd).await {
            Ok(Some(member)) => member,
            Ok(None) if first => {
                complain(sys, "short read").await;
                return 1;
            }
            Ok(None) => return status,
            Err(error) => {
                complain(sys, &error).await;
                return 1;
            }
        };
        first = false;
        let wanted = options.rest.is_empty()
            || options.rest.iter().any(|name| {
                let name = name.trim_end_matches('/');
                member.name.trim_end_matches('/') == name
                    || member.name.starts_with(&format!("{name}/"))
            });
        let name = member.name.trim_start_matches('/').to_owned();
        let unsafe_name = name.split('/').any(|part| part == "..");
        member.name = name
            .splitn(strip + 1, '/')
            .nth(strip)
            .unwrap_or("")
            .to_owned();
        let result = if !wanted || member.name.is_empty() {
            Ok(false)
        } else if options.has('t') {
            sys.print(listing(&member, options.has('v'))).await;
            Ok(false)
        } else if unsafe_name {
            complain(sys, &format!("name with '..' skipped: '{name}'")).await;
            Ok(false)
        } else {
            if options.has('v') {
                sys.print(format!("{name}\n")).await;
            }
            extract(sys, fd, &member, options).await
        };
        let consumed = match result {
            Ok(consumed) => consumed,
            Err((what, error)) => {
                complain(sys, &format!("{what}: {}", error.text())).await;
                status = 1;
                if error == Errno::ENOSPC || error == Errno::EROFS {
                    return 1;
                }
                false
            }
        };
        let body = if matches!(member.kind, b'0' | 0 | b'7') {
            member.size
        } else {
            0
        };
        let padding = body.div_ceil(BLOCK as u64) * BLOCK as u64 - if consumed { body } else { 0 };
        if skip(sys, fd, padding).await.is_err() {
            return 1;
        }
    }
}

async fn skip(sys: &Sys, fd: Fd, mut count: u64) -> Result<(), Errno> {
    while count > 0 {
        let got = exactly(sys, fd, count.min(64 << 10) as usize).await?;
        if got.is_empty() {
            return Err(Errno::EIO);
        }
        count -= got.len() as u64;
    }
    Ok(())
}

fn listing(member: &Member, verbose: bool) -> String {
    if !verbose {
        return format!("{}\n", member.name);
    }
    let letter = match member.kind {
        b'5' => 'd',
        b'2' => 'l',
        b'3' => 'c',
        b'4' => 'b',
        b'6' => 'p',
        _ => '-',
    };
    let when = Time::from_seconds(member.mtime).civil();
    let owner = if member.owner.len() > 1 {
        member.owner.clone()
    } else {
        format!("{}/{}", member.uid, member.gid)
    };
    let link = if member.link.is_empty() {
        String::new()
    } else {
        format!(" -> {}", member.link)
    };
    format!(
        "{letter}{} {owner} {:9} {}-{:02}-{:02} {:02}:{:02}:{:02} {}{link}\n",
        mode::letters(member.mode),
        member.size,
        when.year,
        when.month,
        when.day,
        when.hour,
        when.minute,
        when.second,
        member.name
    )
}

/// Makes the member's file. Whether its body was read; an error with what could not be done.
async fn extract(
    sys: &Sys,
    fd: Fd,
    member: &Member,
    options: &Options,
) -> Result<bool, (String, Errno)> {
    let path = member.name.trim_end_matches('/');
    let cannot = |error| (format!("can't open '{path}'"), error);
    if options.has('O') {
        if matches!(member.kind, b'0' | 0 | b'7') {
            copy_body(sys, fd, 1, member.size)
                .await
                .map_err(|error| ("write error".to_owned(), error))?;
            return Ok(true);
        }
        return Ok(false);
    }
    for (at, _) in path.match_indices('/').filter(|(at, _)| *at > 0) {
        match sys.mkdir(&path[..at], 0o777) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(error) => return Err((format!("can't create directory '{}'", &path[..at]), error)),
        }
    }
    let mut consumed = false;
    match member.kind {
        b'5' => match sys.mkdir(path, member.mode) {
            Ok(()) => {}
            Err(Errno::EEXIST) if sys.stat(path).is_ok_and(|stat| stat.is_dir()) => {}
            Err(error) => return Err((format!("can't make dir {path}"), error)),
        },
        b'2' => {
            let _ = sys.unlink(path);
            sys.symlink(&member.link, path).map_err(|error| {
                (
                    format!("can't create symlink '{path}' to '{}'", member.link),
                    error,
                )
            })?;
        }
        b'1' => {
            let _ = sys.unlink(path);
            sys.link(&member.link, path).map_err(|error| {
                (
                    format!("can't create hardlink '{path}' to '{}'", member.link),
                    error,
                )
            })?;
        }
        b'6' => sys.mkfifo(path, member.mode).map_err(cannot)?,
        b'0' | 0 | b'7' => {
            if !options.has('k') && sys.lstat(path).is_ok_and(|stat| !stat.is_dir()) {
                let _ = sys.unlink(path);
            }
            let flags = OpenFlags::REPLACE | OpenFlags::EXCL;
            let file = sys.open(path, flags, member.mode & 0o777).map_err(cannot)?;
            let result = copy_body(sys, fd, file, member.size).await;
            let _ = sys.close(file);
            result.map_err(|error| ("write error".to_owned(), error))?;
            consumed = true;
        }
        _ => return Ok(false),
    }
    if sys.uid() == 0 && !options.has('o') {
        let _ = sys.chown(path, Some(member.uid), Some(member.gid), false);
    }
    if member.kind != b'2' {
        let umask = if options.has('p') || sys.uid() == 0 {
            0
        } else {
            sys.umask(None)
        };
        let _ = sys.chmod(path, member.mode & !umask);
        if !options.has('m') {
            let time = Time::from_seconds(member.mtime);
            let _ = sys.utimes(path, Some(time), Some(time));
        }
    }
    Ok(consumed)
}

async fn copy_body(sys: &Sys, from: Fd, to: Fd, mut left: u64) -> Result<(), Errno> {
    while left > 0 {
        let chunk = exactly(sys, from, left.min(64 << 10) as usize).await?;
        if chunk.is_empty() {
            return Err(Errno::EIO);
        }
        left -= chunk.len() as u64;
        sys.cpu(Duration::from_nanos(1000 + chunk.len() as u64))
            .await;
        sys.write_all(to, &chunk).await?;
    }
    Ok(())
}
