//! From a path to a program: registry programs by the mark in their file, `#!` scripts, foreign
//! programs (execve(2)).

use std::rc::Rc;

use super::{Env, Result, Sys};
use crate::errno::Errno;
use crate::executor::LocalFuture;
use crate::process::{PROCESS_MEMORY, Process};
use crate::programs;
use crate::vfs::inode::Inode;
use crate::vfs::layer::PROGRAM_MAGIC;

type Main = Box<dyn FnOnce(Sys) -> LocalFuture<'static, i32>>;

/// Bytes of one argument or variable (MAX_ARG_STRLEN), and of all together (a quarter of the stack).
const ARGUMENT_MAX: usize = 128 << 10;
const ARGUMENTS_MAX: usize = 2 << 20;
/// Depth of `#!` chains.
const SCRIPTS_MAX: u32 = 4;

/// E2BIG when a new program could not be given so much.
pub(super) fn fits(argv: &[String], env: &Env) -> Result<()> {
    let variables = env.iter().map(|(name, value)| name.len() + value.len() + 2);
    let mut total = 0;
    for size in argv.iter().map(|word| word.len() + 1).chain(variables) {
        total += size + size_of::<usize>();
        if size > ARGUMENT_MAX || total > ARGUMENTS_MAX {
            return Err(Errno::E2BIG);
        }
    }
    Ok(())
}

/// What `path` runs, and its final argv.
pub(crate) fn load(sys: &Sys, path: &str, argv: Vec<String>) -> Result<(Main, Vec<String>)> {
    let (mut path, mut argv) = (path.to_string(), argv);
    for _ in 0..SCRIPTS_MAX {
        let inode = executable(sys, &path)?;
        let head = inode.read(0, 256);
        if let Some((name, resident)) = program(&head) {
            let (main, argv) = find(sys, &name, argv)?;
            return Ok((holding(resident, main), argv));
        }
        let line = head.strip_prefix(b"#!").ok_or(Errno::ENOEXEC)?;
        let line = String::from_utf8_lossy(line.split(|b| *b == b'\n').next().unwrap_or_default())
            .into_owned();
        let (interpreter, option) = match line.trim().split_once(char::is_whitespace) {
            Some((interpreter, option)) => {
                (interpreter.to_string(), Some(option.trim().to_string()))
            }
            None => (line.trim().to_string(), None),
        };
        if interpreter.is_empty() {
            return Err(Errno::ENOEXEC);
        }
        let rest = argv.into_iter().skip(1);
        argv = [interpreter.clone()]
            .into_iter()
            .chain(option)
            .chain([path])
            .chain(rest)
            .collect();
        path = interpreter;
    }
    Err(Errno::ELOOP)
}

fn executable(sys: &Sys, path: &str) -> Result<Rc<Inode>> {
    sys.walk(|w| {
        let inode = w
            .find(path, true)?
            .inode()
            .map_err(|_| Errno::EACCES)?
            .clone();
        if inode.is_dir() {
            return Err(Errno::EACCES);
        }
        w.who.may(&inode, 1)?;
        Ok(inode)
    })
}

/// The program of the registry that a file runs, and how much memory it holds.
fn program(head: &[u8]) -> Option<(String, u64)> {
    let mut parts = head.strip_prefix(PROGRAM_MAGIC)?.split(|b| *b == 0);
    let mut text = || String::from_utf8(parts.next()?.to_vec()).ok();
    let name = text()?;
    let resident = text().and_then(|t| t.parse().ok());
    Some((name, resident.unwrap_or(0)))
}

/// Takes the memory that a program holds before it begins.
fn holding(resident: u64, main: Main) -> Main {
    if resident == 0 {
        return main;
    }
    Box::new(move |sys| {
        Box::pin(async move {
            match sys.alloc(resident).await {
                Ok(()) => main(sys).await,
                Err(_) => 137,
            }
        })
    })
}

fn find(sys: &Sys, name: &str, mut argv: Vec<String>) -> Result<(Main, Vec<String>)> {
    if let Some(foreign) = sys.0.space.foreign.borrow().get(name).cloned() {
        return Ok((Box::new(move |sys| foreign(sys)), argv));
    }
    let mut applet = name.to_string();
    if name == "busybox" {
        let base = |s: &String| {
            s.trim_start_matches('-')
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_string()
        };
        applet = argv.first().map(base).unwrap_or_default();
        if applet == "busybox" && argv.len() > 1 {
            argv.remove(0);
            applet = argv.first().map(base).unwrap_or_default();
        }
    }
    match programs::find(&applet) {
        Some(program) => Ok((Box::new(program.main), argv)),
        None => Ok((Box::new(move |sys| Box::pin(no_applet(sys, applet))), argv)),
    }
}

async fn no_applet(sys: Sys, applet: String) -> i32 {
    if applet == "busybox" {
        sys.print(
            "BusyBox v1.37.0 multi-call binary.\n\nUsage: busybox [function [arguments]...]\n",
        )
        .await;
        return 0;
    }
    sys.eprint(format!("{applet}: applet not found\n")).await;
    127
}

impl Sys {
    /// The file that `name` means: itself with a slash, else the first executable in `path`.
    pub(crate) fn which(&self, name: &str, env: &Env) -> Result<String> {
        if name.contains('/') {
            return Ok(name.to_string());
        }
        let path = env
            .iter()
            .find(|(k, _)| k == "PATH")
            .map_or("/bin:/usr/bin", |(_, v)| v);
        let mut error = Errno::ENOENT;
        for directory in path.split(':') {
            let file = format!(
                "{}/{name}",
                if directory.is_empty() { "." } else { directory }
            );
            match executable(self, &file) {
                Ok(_) => return Ok(file),
                Err(Errno::EACCES) => error = Errno::EACCES,
                Err(_) => {}
            }
        }
        Err(error)
    }

    /// Becomes another program. Comes back only with an error.
    pub async fn exec(&self, path: &str, argv: Vec<String>, env: Env) -> Errno {
        self.charge(200_000).await;
        if let Err(error) = fits(&argv, &env) {
            return error;
        }
        match load(self, path, argv) {
            Err(error) => error,
            Ok((main, argv)) => {
                become_program(&self.0, argv, env);
                self.0.stop_threads();
                self.0.run(main(self.clone()));
                std::future::pending().await
            }
        }
    }
}

/// What exec leaves of the process: close-on-exec descriptors close, caught signals get defaults.
pub(crate) fn become_program(process: &Rc<Process>, argv: Vec<String>, env: Env) {
    let held = process.memory.get().saturating_sub(PROCESS_MEMORY);
    Sys(process.clone()).free(held);
    *process.argv.borrow_mut() = argv.into();
    *process.env.borrow_mut() = Rc::new(env);
    process.caught.set(Default::default());
    process.forget_memory();
    let mut closed = Vec::new();
    process.fds.borrow_mut().retain(|_, slot| {
        if slot.cloexec {
            closed.push(slot.file.clone());
        }
        !slot.cloexec
    });
    drop(closed);
}
