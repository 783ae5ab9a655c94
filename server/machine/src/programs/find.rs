//! `find [PATH]... [EXPRESSION]`: walks trees. Mirrors POSIX find(1) with busybox's predicates.

mod parse;

use super::lines::Output;
use super::options::complain;
use super::{env, mode, regular};
use crate::shell::pattern;
use crate::sys::{FileKind, Spawn, Stat, Sys, WaitFor, WaitOptions, WaitStatus};
use crate::time::Duration;
use core::cmp::Ordering;
use core::future::Future;
use core::pin::Pin;

/// Directories below one another that are entered.
const DEEPEST: usize = 256;

/// An expression. Actions have their effect when they are reached.
enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    True,
    False,
    Name(String, bool),
    Path(String, bool),
    Regex(Box<regex::bytes::Regex>),
    Kind(FileKind),
    /// Units of `.1` bytes.
    Size(Ordering, u64, u64),
    /// Age: of which time (`a`, `m`, `c`), in units of seconds.
    Age(char, Ordering, u64, u64),
    Newer(crate::time::Time),
    /// Bits, and `-` (all), `/` (any) or `=` (exactly).
    Perm(u32, char),
    User(u32),
    Group(u32),
    Links(Ordering, u64),
    Inode(u64),
    Empty,
    Executable,
    Print(&'static str),
    List,
    Prune,
    Quit,
    Delete,
    /// The words; `+` gathers.
    Exec(Vec<String>, bool),
}

/// What was asked.
struct Plan {
    paths: Vec<String>,
    expr: Expr,
    least: usize,
    most: usize,
    depth_first: bool,
    follow: bool,
    one_device: bool,
}

struct Found<'a> {
    path: &'a str,
    stat: &'a Stat,
}

struct Walk {
    sys: Sys,
    out: Output,
    pruned: bool,
    quit: bool,
    status: i32,
    /// Paths gathered for each `-exec … +`, by the words.
    gathered: Vec<(Vec<String>, Vec<String>)>,
}

pub async fn main(sys: Sys) -> i32 {
    let plan = match parse::plan(&sys, &sys.args()[1..]).await {
        Ok(plan) => plan,
        Err(error) => {
            complain(&sys, &error).await;
            return 1;
        }
    };
    let mut walk = Walk {
        sys: sys.clone(),
        out: Output::new(&sys),
        pruned: false,
        quit: false,
        status: 0,
        gathered: Vec::new(),
    };
    for path in &plan.paths {
        walk.tree(&plan, path).await;
        if walk.quit {
            break;
        }
    }
    walk.out.flush().await;
    for (words, paths) in std::mem::take(&mut walk.gathered) {
        let mut argv = words;
        argv.extend(paths);
        if run(&sys, argv).await != 0 {
            walk.status = 1;
        }
    }
    walk.status
}

impl Walk {
    async fn complain(&mut self, path: &str, error: crate::errno::Errno) {
        self.out.flush().await;
        complain(&self.sys, &format!("{path}: {}", error.text())).await;
        self.status = 1;
    }

    /// The tree at `top`. Each entry: (path, depth, whether its children have been visited).
    async fn tree(&mut self, plan: &Plan, top: &str) {
        let mut pending = vec![(top.to_owned(), 0, false)];
        let mut device = None;
        while let Some((path, depth, left)) = pending.pop() {
            self.sys.cpu(Duration::from_micros(3)).await;
            let stat = if plan.follow {
                self.sys.stat(&path).or_else(|_| self.sys.lstat(&path))
            } else {
                self.sys.lstat(&path)
            };
            let stat = match stat {
                Ok(stat) => stat,
                Err(error) => {
                    self.complain(&path, error).await;
                    continue;
                }
            };
            let device = *device.get_or_insert(stat.dev);
            let inside = stat.is_dir()
                && depth < plan.most.min(DEEPEST)
                && !(plan.one_device && stat.dev != device);
            if plan.depth_first && inside && !left {
                pending.push((path.clone(), depth, true));
                self.children(&path, depth, &mut pending).await;
                continue;
            }
            self.pruned = false;
            if depth >= plan.least {
                let found = Found {
                    path: &path,
                    stat: &stat,
                };
                self.test(&plan.expr, &found).await;
            }
            if self.quit {
                return;
            }
            if inside && !plan.depth_first && !self.pruned {
                self.children(&path, depth, &mut pending).await;
            }
        }
    }

    async fn children(
        &mut self,
        path: &str,
        depth: usize,
        pending: &mut Vec<(String, usize, bool)>,
    ) {
        match self.sys.readdir(path) {
            Ok(names) => {
                let base = if path.ends_with('/') {
                    path.to_owned()
                } else {
                    format!("{path}/")
                };
                pending.extend(
                    names
                        .into_iter()
                        .rev()
                        .map(|entry| (format!("{base}{}", entry.name), depth + 1, false)),
                );
            }
            Err(error) => self.complain(path, error).await,
        }
    }

    fn test<'a>(
        &'a mut self,
        expr: &'a Expr,
        found: &'a Found<'a>,
    ) -> Pin<Box<dyn Future<Output = bool> + 'a>> {
        Box::pin(async move {
            match expr {
                Expr::And(all) => {
                    for one in all {
                        if !self.test(one, found).await {
                            return false;
                        }
                    }
                    true
                }
                Expr::Or(any) => {
                    for one in any {
                        if self.test(one, found).await {
                            return true;
                        }
                    }
                    false
                }
                Expr::Not(inner) => !self.test(inner, found).await,
                Expr::Print(end) => {
                    self.out.put(format!("{}{end}", found.path)).await;
                    true
                }
                Expr::List => {
                    self.list(found).await;
                    true
                }
                Expr::Prune => {
                    self.pruned = true;
                    true
                }
                Expr::Quit => {
                    self.quit = true;
                    true
                }
                Expr::Delete => self.delete(found).await,
                Expr::Exec(words, true) => {
                    let words: Vec<String> = words.clone();
                    match self.gathered.iter_mut().find(|(known, _)| *known == words) {
                        Some((_, paths)) => paths.push(found.path.to_owned()),
                        None => self.gathered.push((words, vec![found.path.to_owned()])),
                    }
                    true
                }
                Expr::Exec(words, false) => {
                    self.out.flush().await;
                    let argv = words
                        .iter()
                        .map(|word| word.replace("{}", found.path))
                        .collect();
                    run(&self.sys, argv).await == 0
                }
                plain => self.holds(plain, found),
            }
        })
    }

    /// Tests without effect.
    fn holds(&self, expr: &Expr, found: &Found<'_>) -> bool {
        let stat = found.stat;
        let fold = |text: &str, ignore_case: bool| {
            if ignore_case {
                text.to_lowercase()
            } else {
                text.to_owned()
            }
        };
        match expr {
            Expr::False => false,
            Expr::Name(name, ignore_case) => {
                let trimmed = found.path.trim_end_matches('/');
                let own = trimmed
                    .rsplit('/')
                    .next()
                    .filter(|name| !name.is_empty())
                    .unwrap_or("/");
                pattern::matches(&fold(name, *ignore_case), &fold(own, *ignore_case))
            }
            Expr::Path(path, ignore_case) => {
                pattern::matches(&fold(path, *ignore_case), &fold(found.path, *ignore_case))
            }
            Expr::Regex(regex) => regex.is_match(found.path.as_bytes()),
            Expr::Kind(kind) => stat.kind == *kind,
            Expr::Size(order, count, unit) => stat.size.div_ceil(*unit).cmp(count) == *order,
            Expr::Age(which, order, count, unit) => {
                let time = match which {
                    'a' => stat.atime,
                    'c' => stat.ctime,
                    _ => stat.mtime,
                };
                (self.sys.now().since(time).as_secs() / unit).cmp(count) == *order
            }
            Expr::Newer(time) => stat.mtime > *time,
            Expr::Perm(bits, '-') => stat.mode & bits == *bits,
            Expr::Perm(bits, '/') => *bits == 0 || stat.mode & bits != 0,
            Expr::Perm(bits, _) => stat.mode == *bits,
            Expr::User(uid) => stat.uid == *uid,
            Expr::Group(gid) => stat.gid == *gid,
            Expr::Links(order, count) => u64::from(stat.nlink).cmp(count) == *order,
            Expr::Inode(number) => stat.ino == *number,
            Expr::Empty if stat.is_dir() => self
                .sys
                .readdir(found.path)
                .is_ok_and(|names| names.is_empty()),
            Expr::Empty => stat.is_file() && stat.size == 0,
            Expr::Executable => self.sys.access(found.path, 1).is_ok(),
            _ => true,
        }
    }

    async fn delete(&mut self, found: &Found<'_>) -> bool {
        if found.path == "." {
            return true;
        }
        let result = if found.stat.is_dir() {
            self.sys.rmdir(found.path)
        } else {
            self.sys.unlink(found.path)
        };
        if let Err(error) = result {
            self.complain(found.path, error).await;
        }
        result.is_ok()
    }

    async fn list(&mut self, found: &Found<'_>) {
        let stat = found.stat;
        let line = format!(
            "{:9} {:6} {}{} {:3} {:<8} {:<8} {:8} {} {}\n",
            stat.ino,
            stat.blocks / 2,
            stat.kind.letter(),
            mode::letters(stat.mode),
            stat.nlink,
            stat.uid,
            stat.gid,
            stat.size,
            super::date::strftime("%b %e %H:%M", stat.mtime),
            found.path
        );
        self.out.put(line).await;
    }
}

/// Runs a program to its end; its exit code.
async fn run(sys: &Sys, argv: Vec<String>) -> i32 {
    let name = argv[0].clone();
    let started = env::find(sys, &name, &sys.env()).and_then(|path| {
        let mut spawn = Spawn::new(argv);
        spawn.path = path;
        sys.spawn(spawn)
    });
    match started {
        Ok(pid) => loop {
            match sys.wait(WaitFor::Pid(pid), WaitOptions::default()).await {
                Ok(Some((_, WaitStatus::Exited(code)))) => return code,
                Ok(Some((_, status))) => return status.code(),
                Err(crate::errno::Errno::EINTR) => while sys.take_signal().is_some() {},
                _ => return 127,
            }
        },
        Err(error) => {
            complain(sys, &format!("{name}: {}", error.text())).await;
            127
        }
    }
}
