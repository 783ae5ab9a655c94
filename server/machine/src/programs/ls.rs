//! `ls`: directories listed. Options `-1 -a -A -l -d -h -n -i -R -r -t -S -F -p -s`. Mirrors busybox `ls`.

use super::accounts::Accounts;
use super::mode;
use super::options::{self, Options, complain};
use crate::sys::{FileKind, Stat, Sys};
use crate::time::{MONTHS, Time};

struct Entry {
    name: String,
    path: String,
    stat: Stat,
}

struct Lister {
    sys: Sys,
    options: Options,
    accounts: Accounts,
    terminal: bool,
    columns: usize,
    status: i32,
}

pub async fn main(sys: Sys) -> i32 {
    let usage = "[-1AaCxdLHRFplinshrStuc] [FILE]...\n\nList directory contents";
    let long = [
        ("all", 'a'),
        ("color", 'G'),
        ("full-time", 'e'),
        ("group-directories-first", 'X'),
    ];
    let options = match options::read(&sys, "1AaCxdLHRFplinshrStucgkwGeX", &long, usage).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let terminal = sys.isatty(1);
    let columns = if terminal {
        sys.winsize(1).map_or(80, |size| usize::from(size.cols))
    } else {
        80
    };
    let accounts = Accounts::load(&sys).await;
    let mut lister = Lister {
        sys,
        options,
        accounts,
        terminal,
        columns,
        status: 0,
    };
    lister.run().await;
    lister.status
}

impl Lister {
    async fn run(&mut self) {
        let mut names = self.options.rest.clone();
        if names.is_empty() {
            names.push(".".to_owned());
        }
        let (mut files, mut directories) = (Vec::new(), Vec::new());
        let follow = !(self.options.has('l') || self.options.has('d') || self.options.has('F'));
        for name in &names {
            let stat = if follow {
                self.sys.stat(name).or_else(|_| self.sys.lstat(name))
            } else {
                self.sys.lstat(name)
            };
            let stat = match stat {
                Ok(stat)
                    if stat.is_symlink() && !self.options.has('d') && !self.options.has('l') =>
                {
                    self.sys.stat(name).unwrap_or(stat)
                }
                other => match other {
                    Ok(stat) => stat,
                    Err(error) => {
                        complain(&self.sys, &format!("{name}: {}", error.text())).await;
                        self.status = 1;
                        continue;
                    }
                },
            };
            let entry = Entry {
                name: name.clone(),
                path: name.clone(),
                stat,
            };
            if entry.stat.is_dir() && !self.options.has('d') {
                directories.push(entry)
            } else {
                files.push(entry)
            }
        }
        self.sort(&mut files);
        self.sort(&mut directories);
        let headed = names.len() > 1 || self.options.has('R');
        let mut first = files.is_empty();
        if !files.is_empty() {
            self.show(&files, false).await;
        }
        let mut pending: Vec<Entry> = directories.into_iter().rev().collect();
        while let Some(directory) = pending.pop() {
            if !first {
                self.sys.print("\n").await;
            }
            first = false;
            if headed {
                self.sys.print(format!("{}:\n", directory.path)).await;
            }
            let Some(entries) = self.read(&directory.path).await else {
                continue;
            };
            self.show(&entries, true).await;
            if self.options.has('R') {
                let inner = entries
                    .into_iter()
                    .rev()
                    .filter(|entry| entry.stat.is_dir());
                pending.extend(inner.filter(|entry| entry.name != "." && entry.name != ".."));
            }
        }
    }

    async fn read(&mut self, path: &str) -> Option<Vec<Entry>> {
        let names = match self.sys.readdir(path) {
            Ok(names) => names,
            Err(error) => {
                complain(&self.sys, &format!("can't open '{path}': {}", error.text())).await;
                self.status = 1;
                return None;
            }
        };
        let mut names: Vec<String> = names.into_iter().map(|entry| entry.name).collect();
        let all = self.options.has('a');
        if all {
            names.extend([".".to_owned(), "..".to_owned()]);
        } else if !self.options.has('A') {
            names.retain(|name| !name.starts_with('.'));
        }
        let mut entries = Vec::with_capacity(names.len());
        for name in names {
            let path = if path.ends_with('/') {
                format!("{path}{name}")
            } else {
                format!("{path}/{name}")
            };
            let stat = if self.options.has('L') {
                self.sys.stat(&path)
            } else {
                self.sys.lstat(&path)
            };
            match stat {
                Ok(stat) => entries.push(Entry { name, path, stat }),
                Err(error) => {
                    complain(&self.sys, &format!("{path}: {}", error.text())).await;
                    self.status = 1;
                }
            }
        }
        self.sort(&mut entries);
        Some(entries)
    }

    fn sort(&self, entries: &mut [Entry]) {
        match self.options.last_of("tS") {
            Some('t') => entries.sort_by(|a, b| {
                b.stat
                    .mtime
                    .cmp(&a.stat.mtime)
                    .then_with(|| a.name.cmp(&b.name))
            }),
            Some(_) => entries.sort_by(|a, b| {
                b.stat
                    .size
                    .cmp(&a.stat.size)
                    .then_with(|| a.name.cmp(&b.name))
            }),
            None => entries.sort_by(|a, b| a.name.cmp(&b.name)),
        }
        if self.options.has('X') {
            entries.sort_by_key(|entry| !entry.stat.is_dir());
        }
        if self.options.has('r') {
            entries.reverse();
        }
    }

    async fn show(&self, entries: &[Entry], total: bool) {
        let mut out = String::new();
        if self.options.has('l')
            || self.options.has('n')
            || self.options.has('g')
            || self.options.has('e')
        {
            if total {
                let blocks: u64 = entries.iter().map(|entry| entry.stat.blocks).sum::<u64>() / 2;
                out.push_str(&format!("total {}\n", self.size(blocks * 1024, blocks)));
            }
            for entry in entries {
                out.push_str(&self.long(entry));
            }
        } else {
            let names: Vec<(String, String)> =
                entries.iter().map(|entry| self.short(entry)).collect();
            let one = self.options.last_of("1Cx") == Some('1')
                || (!self.terminal && self.options.last_of("1Cx").is_none());
            out = if one {
                names.into_iter().map(|(_, shown)| shown + "\n").collect()
            } else {
                self.in_columns(&names)
            };
        }
        self.sys.print(out).await;
    }

    /// Columns, filled from top to bottom. Each name comes plain (for its width) and as shown.
    fn in_columns(&self, names: &[(String, String)]) -> String {
        let width = names
            .iter()
            .map(|(plain, _)| plain.chars().count())
            .max()
            .unwrap_or(0)
            + 2;
        let across = (self.columns / width).max(1);
        let rows = names.len().div_ceil(across);
        let mut out = String::new();
        for row in 0..rows {
            let mut fill = 0;
            for column in 0..across {
                let Some((plain, shown)) = names.get(column * rows + row) else {
                    break;
                };
                out.push_str(&" ".repeat(fill));
                out.push_str(shown);
                fill = width - plain.chars().count();
            }
            out.push('\n');
        }
        out
    }

    fn short(&self, entry: &Entry) -> (String, String) {
        let mut prefix = String::new();
        if self.options.has('i') {
            prefix.push_str(&format!("{:7} ", entry.stat.ino));
        }
        if self.options.has('s') {
            prefix.push_str(&format!("{:6} ", entry.stat.blocks / 2));
        }
        let mark = self.mark(entry);
        (
            format!("{prefix}{}{mark}", entry.name),
            format!("{prefix}{}{mark}", self.colored(entry)),
        )
    }

    fn mark(&self, entry: &Entry) -> &'static str {
        if !self.options.has('F') && !self.options.has('p') {
            return "";
        }
        match entry.stat.kind {
            FileKind::Directory => "/",
            FileKind::File if self.options.has('F') && entry.stat.mode & 0o111 != 0 => "*",
            FileKind::Symlink if self.options.has('F') => "@",
            FileKind::Fifo if self.options.has('F') => "|",
            FileKind::Socket if self.options.has('F') => "=",
            _ => "",
        }
    }

    fn colored(&self, entry: &Entry) -> String {
        let color = match entry.stat.kind {
            _ if !self.terminal => return entry.name.clone(),
            FileKind::Directory => "1;34",
            FileKind::Symlink => "1;36",
            FileKind::Fifo | FileKind::Character | FileKind::Block => "1;33",
            FileKind::Socket => "1;35",
            FileKind::File if entry.stat.mode & 0o111 != 0 => "1;32",
            FileKind::File => return entry.name.clone(),
        };
        format!("\x1b[{color}m{}\x1b[m", entry.name)
    }

    fn size(&self, bytes: u64, plain: u64) -> String {
        if self.options.has('h') {
            human(bytes)
        } else {
            plain.to_string()
        }
    }

    fn long(&self, entry: &Entry) -> String {
        let stat = &entry.stat;
        let numeric = self.options.has('n');
        let user = if numeric {
            stat.uid.to_string()
        } else {
            self.accounts.user(stat.uid)
        };
        let group = if numeric {
            stat.gid.to_string()
        } else {
            self.accounts.group(stat.gid)
        };
        let size = match stat.kind {
            FileKind::Character | FileKind::Block => {
                format!("{:4}, {:3}", stat.rdev.0, stat.rdev.1)
            }
            _ => format!("{:>9}", self.size(stat.size, stat.size)),
        };
        let mut line = String::new();
        if self.options.has('i') {
            line.push_str(&format!("{:7} ", stat.ino));
        }
        if self.options.has('s') {
            line.push_str(&format!("{:6} ", stat.blocks / 2));
        }
        line.push_str(&format!(
            "{}{} {:>4} {user:<8} {group:<8} {size} {} {}{}",
            stat.kind.letter(),
            mode::letters(stat.mode),
            stat.nlink,
            self.date(stat.mtime),
            self.colored(entry),
            self.mark(entry),
        ));
        if stat.is_symlink()
            && let Ok(target) = self.sys.readlink(&entry.path)
        {
            line.push_str(&format!(" -> {target}"));
        }
        line.push('\n');
        line
    }

    /// Within half a year the time, else the year.
    fn date(&self, time: Time) -> String {
        let when = time.civil();
        let month = MONTHS[when.month as usize - 1];
        if self.options.has('e') {
            let day = crate::time::WEEKDAYS[when.weekday as usize];
            return format!(
                "{day} {month} {:2} {:02}:{:02}:{:02} {}",
                when.day, when.hour, when.minute, when.second, when.year
            );
        }
        let age = self.sys.now().seconds() - time.seconds();
        if (-15 * 60..365 * 24 * 3600 / 2).contains(&age) {
            format!("{month} {:2} {:02}:{:02}", when.day, when.hour, when.minute)
        } else {
            format!("{month} {:2}  {}", when.day, when.year)
        }
    }
}

/// A size with a unit, as `-h` prints it.
#[must_use]
pub fn human(bytes: u64) -> String {
    if bytes < 1024 {
        return bytes.to_string();
    }
    let mut value = bytes as f64;
    for unit in ["K", "M", "G", "T"] {
        value /= 1024.0;
        if value < 1023.95 {
            return format!("{value:.1}{unit}");
        }
    }
    format!("{value:.1}P")
}
