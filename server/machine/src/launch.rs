//! Starting a process from outside any process: the first of a container, exec, a login shell. Its
//! streams come back as `Stdio`.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::errno::Errno;
use crate::fd::OpenFile;
use crate::pipe::{PIPE_SIZE, Reader, Writer, pipe};
use crate::process::{Birth, Process, Slot};
use crate::signal::SignalSet;
use crate::space::Space;
use crate::stdio::{Exit, Stdio};
use crate::sys::{Env, Fd, Sys, WindowSize, load};
use crate::tty::Tty;

/// What to start, and as whom.
pub(crate) struct Launch {
    pub argv: Vec<String>,
    pub env: Env,
    pub cwd: String,
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
    pub oom_score_adj: i32,
    /// A terminal of this size; None: pipes.
    pub tty: Option<WindowSize>,
    /// Without it standard input is /dev/null.
    pub stdin: bool,
}

/// Why it could not be started, with the name that was looked for.
pub(crate) struct LaunchError {
    pub name: String,
    pub errno: Errno,
}

impl LaunchError {
    /// In runc's words.
    pub fn text(&self) -> String {
        let name = &self.name;
        match self.errno {
            Errno::ENOENT if name.contains('/') => {
                format!("exec: \"{name}\": stat {name}: no such file or directory")
            }
            Errno::ENOENT => format!("exec: \"{name}\": executable file not found in $PATH"),
            Errno::EACCES => format!("exec: \"{name}\": permission denied"),
            Errno::EAGAIN => "fork/exec: resource temporarily unavailable".to_string(),
            other => format!("exec: \"{name}\": {}", other.text().to_lowercase()),
        }
    }
}

/// The ends of a process's streams.
pub(crate) struct Streams {
    pub fds: BTreeMap<Fd, Slot>,
    pub stdin: Option<Writer>,
    pub stdout: Reader,
    pub stderr: Option<Reader>,
    pub tty: Option<Tty>,
}

/// Makes streams; the keys' way to a terminal runs until it hangs up.
pub(crate) fn streams(space: &Rc<Space>, tty: Option<WindowSize>, stdin: bool) -> Streams {
    let slot = |file| Slot {
        file,
        cloexec: false,
    };
    if let Some(size) = tty {
        let number = space.next_tty.get();
        space.next_tty.set(number + 1);
        let (tty, screen) = Tty::new(number, size, &space.pids);
        let writer = stdin.then(|| keyboard(space, &tty));
        space.ttys.borrow_mut().insert(number, tty.clone());
        let _ = space
            .files()
            .mknod(&format!("/dev/pts/{number}"), 0o620, 136, number);
        watch_screen(space, &tty);
        let fds = (0..3).map(|fd| (fd, slot(OpenFile::tty(&tty)))).collect();
        return Streams {
            fds,
            stdin: writer,
            stdout: screen,
            stderr: None,
            tty: Some(tty),
        };
    }
    let (out_reader, out_writer) = pipe(PIPE_SIZE);
    let (err_reader, err_writer) = pipe(PIPE_SIZE);
    let (input, writer) = if stdin {
        let (reader, writer) = pipe(PIPE_SIZE);
        (OpenFile::reader(reader), Some(writer))
    } else {
        (OpenFile::null(), None)
    };
    let fds = BTreeMap::from([
        (0, slot(input)),
        (1, slot(OpenFile::writer(out_writer))),
        (2, slot(OpenFile::writer(err_writer))),
    ]);
    Streams {
        fds,
        stdin: writer,
        stdout: out_reader,
        stderr: Some(err_reader),
        tty: None,
    }
}

fn keyboard(space: &Rc<Space>, tty: &Tty) -> Writer {
    let (reader, writer) = pipe(4096);
    let tty = tty.clone();
    let pump = async move {
        while let Ok(bytes) = reader.read(1024).await {
            if bytes.is_empty() {
                break;
            }
            tty.room().await;
            tty.input(&bytes);
        }
        tty.hang_up();
    };
    space.kernel.executor().spawn(pump).detach();
    writer
}

/// A terminal that nobody looks at hangs up.
fn watch_screen(space: &Rc<Space>, tty: &Tty) {
    let (tty, space) = (tty.clone(), Rc::downgrade(space));
    let Some(executor) = space.upgrade().map(|s| s.kernel.executor().clone()) else {
        return;
    };
    executor
        .spawn(async move {
            tty.abandoned().await;
            tty.hang_up();
            if let Some(space) = space.upgrade() {
                space.ttys.borrow_mut().remove(&tty.number());
                let _ = space
                    .files()
                    .remove_all(&format!("/dev/pts/{}", tty.number()));
            }
        })
        .detach();
}

/// Starts the process with these streams.
pub(crate) fn start(
    space: &Rc<Space>,
    launch: Launch,
    fds: BTreeMap<Fd, Slot>,
    tty: Option<&Tty>,
) -> Result<Rc<Process>, LaunchError> {
    let name = launch.argv.first().cloned().unwrap_or_default();
    let fail = |errno| LaunchError {
        name: name.clone(),
        errno,
    };
    let birth = Birth {
        ppid: 0,
        pgid: 0,
        sid: 0,
        uid: launch.uid,
        gid: launch.gid,
        groups: launch.groups.into(),
        argv: launch.argv.clone().into(),
        env: Rc::new(launch.env.clone()),
        cwd: launch.cwd.as_str().into(),
        umask: 0o022,
        fds,
        tty: tty.cloned(),
        ignored: SignalSet::EMPTY,
        oom_score_adj: launch.oom_score_adj,
    };
    let process = Process::new(space, birth).map_err(fail)?;
    let sys = Sys(process.clone());
    if let Some(tty) = tty {
        tty.set_session(process.pid);
    }
    let found = sys
        .which(&name, &launch.env)
        .and_then(|path| load(&sys, &path, launch.argv));
    match found {
        Ok((main, argv)) => {
            *process.argv.borrow_mut() = argv.into();
            process.run(main(sys));
            Ok(process)
        }
        Err(Errno::ENOEXEC) => {
            let text = format!("exec {name}: exec format error\n");
            process.run(Box::pin(async move {
                sys.eprint(text).await;
                255
            }));
            Ok(process)
        }
        Err(errno) => {
            process.end(crate::sys::WaitStatus::Exited(128));
            Err(fail(errno))
        }
    }
}

/// Starts a process and gives its streams to the caller.
pub(crate) fn start_with_stdio(
    space: &Rc<Space>,
    launch: Launch,
) -> Result<(Rc<Process>, Stdio), LaunchError> {
    let streams = streams(space, launch.tty, launch.stdin);
    let process = start(space, launch, streams.fds, streams.tty.as_ref())?;
    let stdio = Stdio {
        stdin: streams.stdin,
        stdout: streams.stdout,
        stderr: streams.stderr,
        exit: Exit(process.exit.clone()),
        tty: streams.tty,
    };
    Ok((process, stdio))
}

/// Streams of something that nobody talks to.
pub(crate) fn null_streams() -> BTreeMap<Fd, Slot> {
    (0..3)
        .map(|fd| {
            (
                fd,
                Slot {
                    file: OpenFile::null(),
                    cloexec: false,
                },
            )
        })
        .collect()
}
