//! The tools that look at the computer: `mount`, `df`, `du`, `free`, `stat`, `kill`, `top` (once), `stty`. Mirrors busybox.

use super::accounts::Accounts;
use super::files::tree;
use super::ls::human;
use super::mode;
use super::options::{self, complain};
use crate::signal::Signal;
use crate::sys::{FileKind, Sys};
use crate::time::Time;

/// `mount`: lists; mounting is not permitted.
pub async fn mount(sys: Sys) -> i32 {
    if sys.args().len() > 1 {
        complain(&sys, "permission denied (are you root?)").await;
        return 1;
    }
    let line = |mount: crate::sys::MountInfo| {
        format!(
            "{} on {} type {} ({})\n",
            mount.source, mount.target, mount.fs_type, mount.options
        )
    };
    sys.print(sys.mounts().into_iter().map(line).collect::<String>())
        .await;
    0
}

/// `df [-hkmPT] [FILE]...`
pub async fn df(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "hkmPTai",
        &[],
        "[-PkmhTai] [FILESYSTEM]...\n\nPrint filesystem usage statistics",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let title = if options.has('h') {
        "Size"
    } else if options.has('m') {
        "1M-blocks"
    } else {
        "1K-blocks"
    };
    let mut out = format!(
        "{:<20} {:>9} {:>9} {:>9} {:>4} Mounted on\n",
        "Filesystem", title, "Used", "Available", "Use%"
    );
    let mut status = 0;
    let targets: Vec<String> = if options.rest.is_empty() {
        sys.mounts().into_iter().map(|mount| mount.target).collect()
    } else {
        options.rest.clone()
    };
    for target in targets {
        let fs = match sys.statfs(&target) {
            Ok(fs) => fs,
            Err(error) => {
                complain(
                    &sys,
                    &format!("{target}: can't find mount point: {}", error.text()),
                )
                .await;
                status = 1;
                continue;
            }
        };
        if fs.total == 0 && options.rest.is_empty() && !options.has('a') {
            continue;
        }
        let size = |bytes: u64| {
            if options.has('h') {
                human(bytes)
            } else if options.has('m') {
                (bytes >> 20).to_string()
            } else {
                (bytes >> 10).to_string()
            }
        };
        let sum = fs.used + fs.available;
        let percent = if sum == 0 {
            0
        } else {
            (fs.used * 100).div_ceil(sum)
        };
        let mut source = format!("{:<20}", fs.mount.source);
        if source.len() > 20 && !options.has('P') {
            source.push_str(&format!("\n{:20}", ""));
        }
        out.push_str(&format!(
            "{source} {:>9} {:>9} {:>9} {percent:>3}% {}\n",
            size(fs.total),
            size(fs.used),
            size(fs.available),
            fs.mount.target
        ));
    }
    sys.print(out).await;
    status
}

/// `du [-ashkmc] [FILE]...`
pub async fn du(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "ashkmcd:xHLl",
        &[],
        "[-aHLdclsxhmk] [FILE]...\n\nSummarize disk space used for each FILE and/or directory",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut files = options.rest.clone();
    if files.is_empty() {
        files.push(".".to_owned());
    }
    let deepest = if options.has('s') {
        0
    } else {
        options
            .value('d')
            .and_then(|text| text.parse().ok())
            .unwrap_or(usize::MAX)
    };
    let show = |blocks: u64, path: &str| {
        let size = if options.has('h') {
            human(blocks * 512)
        } else if options.has('m') {
            blocks.div_ceil(2048).to_string()
        } else {
            blocks.div_ceil(2).to_string()
        };
        format!("{size}\t{path}\n")
    };
    let mut out = String::new();
    let mut total = 0;
    let mut status = 0;
    for file in &files {
        if let Err(error) = sys.lstat(file) {
            complain(&sys, &format!("{file}: {}", error.text())).await;
            status = 1;
            continue;
        }
        // Children come before their parents: a directory's sum is known when it comes.
        let mut sums: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
        for path in tree(&sys, file, true) {
            let Ok(stat) = sys.lstat(&path) else { continue };
            let sum = sums.remove(&path).unwrap_or(0) + stat.blocks;
            let depth = path[file.len()..].matches('/').count();
            if path != *file
                && let Some(at) = path.rfind('/')
            {
                *sums.entry(path[..at].to_owned()).or_default() += sum;
            }
            if depth <= deepest && (stat.is_dir() || options.has('a') || path == *file) {
                out.push_str(&show(sum, &path));
            }
            if path == *file {
                total += sum;
            }
        }
    }
    if options.has('c') {
        out.push_str(&show(total, "total"));
    }
    sys.print(out).await;
    status
}

/// `free [-bkmgh]`
pub async fn free(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "bkmgh",
        &[],
        "[-bkmgh]\n\nDisplay free and used memory",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let system = sys.system();
    let size = |bytes: u64| match options.last_of("bkmgh") {
        Some('b') => bytes.to_string(),
        Some('m') => (bytes >> 20).to_string(),
        Some('g') => (bytes >> 30).to_string(),
        Some('h') => human(bytes),
        _ => (bytes >> 10).to_string(),
    };
    let free = system.memory_total.saturating_sub(system.memory_used);
    let row = |name: &str, cells: &[u64]| {
        let cells: String = cells
            .iter()
            .map(|bytes| format!(" {:>11}", size(*bytes)))
            .collect();
        format!("{name:<6}{cells}\n")
    };
    let mut out = format!(
        "{:6} {:>11} {:>11} {:>11} {:>11} {:>11} {:>11}\n",
        "", "total", "used", "free", "shared", "buff/cache", "available"
    );
    out.push_str(&row(
        "Mem:",
        &[system.memory_total, system.memory_used, free, 0, 0, free],
    ));
    out.push_str(&row("Swap:", &[0, 0, 0]));
    sys.print(out).await;
    0
}

/// `stat [-c FORMAT] [-L] FILE...`
pub async fn stat(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "c:Ltf",
        &[],
        "[-ltf] [-c FMT] FILE...\n\nDisplay file (default) or filesystem status",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let accounts = Accounts::load(&sys).await;
    let mut status = 0;
    for file in &options.rest {
        let stat = if options.has('L') {
            sys.stat(file)
        } else {
            sys.lstat(file)
        };
        let stat = match stat {
            Ok(stat) => stat,
            Err(error) => {
                complain(&sys, &format!("can't stat '{file}': {}", error.text())).await;
                status = 1;
                continue;
            }
        };
        let kind = match stat.kind {
            FileKind::File if stat.size == 0 => "regular empty file",
            FileKind::File => "regular file",
            FileKind::Directory => "directory",
            FileKind::Symlink => "symbolic link",
            FileKind::Character => "character special file",
            FileKind::Block => "block special file",
            FileKind::Fifo => "fifo",
            FileKind::Socket => "socket",
        };
        let letters = format!("{}{}", stat.kind.letter(), mode::letters(stat.mode));
        let (user, group) = (accounts.user(stat.uid), accounts.group(stat.gid));
        if let Some(format) = options.value('c') {
            let mut out = String::new();
            let mut chars = format.chars();
            while let Some(c) = chars.next() {
                if c != '%' {
                    out.push(c);
                    continue;
                }
                out.push_str(&match chars.next() {
                    Some('a') => format!("{:o}", stat.mode),
                    Some('A') => letters.clone(),
                    Some('n') => file.clone(),
                    Some('s') => stat.size.to_string(),
                    Some('u') => stat.uid.to_string(),
                    Some('U') => user.clone(),
                    Some('g') => stat.gid.to_string(),
                    Some('G') => group.clone(),
                    Some('F') => kind.to_owned(),
                    Some('i') => stat.ino.to_string(),
                    Some('h') => stat.nlink.to_string(),
                    Some('b') => stat.blocks.to_string(),
                    Some('Y') => stat.mtime.seconds().to_string(),
                    Some('X') => stat.atime.seconds().to_string(),
                    Some('Z') => stat.ctime.seconds().to_string(),
                    Some('y') => long_time(stat.mtime),
                    Some(other) => other.to_string(),
                    None => String::new(),
                });
            }
            sys.print(out + "\n").await;
            continue;
        }
        let name = if stat.is_symlink() {
            format!("'{file}' -> '{}'", sys.readlink(file).unwrap_or_default())
        } else {
            file.clone()
        };
        sys.print(format!(
            "  File: {name}\n  Size: {:<10}\tBlocks: {:<10} IO Block: 4096   {kind}\nDevice: {:x}h/{}d\tInode: {:<10}  Links: {}\nAccess: ({:04o}/{letters})  Uid: ({:5}/{user:>8})   Gid: ({:5}/{group:>8})\nAccess: {}\nModify: {}\nChange: {}\n",
            stat.size,
            stat.blocks,
            stat.dev,
            stat.dev,
            stat.ino,
            stat.nlink,
            stat.mode,
            stat.uid,
            stat.gid,
            long_time(stat.atime),
            long_time(stat.mtime),
            long_time(stat.ctime),
        ))
        .await;
    }
    status
}

fn long_time(time: Time) -> String {
    super::date::strftime("%Y-%m-%d %H:%M:%S.%N +0000", time)
}

/// `kill [-SIGNAL] PID...` (the shell has its own), `killall NAME...`
pub async fn kill(sys: Sys) -> i32 {
    let by_name = options::name(&sys) == "killall";
    let mut words: Vec<String> = sys.args().into_iter().skip(1).collect();
    let mut signal = Some(Signal::Term);
    if let Some(name) = words
        .first()
        .and_then(|word| word.strip_prefix('-'))
        .map(str::to_owned)
    {
        words.remove(0);
        let name = if name == "s" && !words.is_empty() {
            words.remove(0)
        } else {
            name
        };
        signal = match name.as_str() {
            "0" => None,
            name => match Signal::parse(name) {
                Some(signal) => Some(signal),
                None => {
                    complain(&sys, &format!("bad signal name '{name}'")).await;
                    return 1;
                }
            },
        };
    }
    if words.is_empty() {
        complain(&sys, "you need to specify whom to kill").await;
        return 1;
    }
    let mut status = 0;
    for word in &words {
        let own = sys.pid();
        let pids: Vec<i32> = if by_name {
            sys.processes()
                .iter()
                .filter(|process| process.name == *word && process.pid != own)
                .map(|process| process.pid)
                .collect()
        } else {
            word.parse().into_iter().collect()
        };
        if pids.is_empty() {
            let text = if by_name {
                format!("{word}: no process killed")
            } else {
                format!("invalid number '{word}'")
            };
            complain(&sys, &text).await;
            status = 1;
        }
        for pid in pids {
            if let Err(error) = sys.kill(pid, signal) {
                complain(&sys, &format!("can't kill pid {pid}: {}", error.text())).await;
                status = 1;
            }
        }
    }
    status
}

/// `stty [-a] [size|raw|cooked|sane|[-]echo]`
pub async fn stty(sys: Sys) -> i32 {
    let Ok(mut attributes) = sys.tcgetattr(0) else {
        complain(&sys, "standard input: Inappropriate ioctl for device").await;
        return 1;
    };
    let size = sys.winsize(0).unwrap_or_default();
    let words: Vec<String> = sys.args().into_iter().skip(1).collect();
    if words.is_empty() || words[0] == "-a" {
        let sign = |on: bool| if on { "" } else { "-" };
        sys.print(format!(
            "speed 38400 baud; rows {}; columns {}; line = 0;\n{}isig {}icanon {}echo {}icrnl {}onlcr\n",
            size.rows,
            size.cols,
            sign(attributes.signals),
            sign(attributes.canonical),
            sign(attributes.echo),
            sign(attributes.newline_in),
            sign(attributes.newline_out)
        ))
        .await;
        return 0;
    }
    for word in &words {
        match word.as_str() {
            "size" => sys.print(format!("{} {}\n", size.rows, size.cols)).await,
            "raw" => attributes = crate::sys::Termios::raw(),
            "sane" | "cooked" | "-raw" => attributes = crate::sys::Termios::default(),
            "echo" => attributes.echo = true,
            "-echo" => attributes.echo = false,
            "icanon" => attributes.canonical = true,
            "-icanon" => attributes.canonical = false,
            "isig" => attributes.signals = true,
            "-isig" => attributes.signals = false,
            other => {
                complain(&sys, &format!("invalid argument '{other}'")).await;
                return 1;
            }
        }
    }
    i32::from(sys.tcsetattr(0, attributes).is_err())
}
