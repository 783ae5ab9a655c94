//! A computer: the learner's workstation. Not a container: it has a user, a home and terminals.

use core::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::errno::Errno;
use crate::executor::LocalFuture;
use crate::images;
use crate::kernel::Kernel;
use crate::launch::{Launch, start_with_stdio};
use crate::limits::{Hardware, Limits};
use crate::net::Stack;
use crate::process::PidSpace;
use crate::rootfs;
use crate::space::Space;
use crate::stdio::Stdio;
use crate::sys::{Env, Pid, Spawn, Sys, WindowSize};
use crate::vfs::layer::program_bytes;
use crate::vfs::{Files, Ledger};

/// How a computer is made.
#[derive(Clone, Debug)]
pub struct ComputerConfig {
    pub hostname: String,
    /// Login name; `root` or a user with uid 1000 and a home of its own.
    pub user: String,
    /// Such as /home/learner.
    pub home: String,
    /// Comes on top of PATH, HOME, USER, SHELL, LANG.
    pub env: Vec<(String, String)>,
    pub cpus: u32,
    /// Bytes.
    pub memory: u64,
}

/// The body of a foreign program: runs outside, touches the machine by system calls only.
pub type Foreign = Rc<dyn Fn(Sys) -> LocalFuture<'static, i32>>;

/// Processes on a workstation.
const PIDS_MAX: u32 = 256;
/// Simulated bytes of its disk.
const DISK: u64 = 20 << 30;

struct Inner {
    space: Rc<Space>,
    config: ComputerConfig,
    uid: u32,
}

/// A computer with its files, processes and network. Clones are the same computer.
#[derive(Clone)]
pub struct Computer(Rc<Inner>);

impl Computer {
    #[must_use]
    pub fn new(kernel: &Kernel, config: ComputerConfig) -> Computer {
        let uid = if config.user == "root" { 0 } else { 1000 };
        let layer = images::workstation(&config.user, uid, &config.home);
        let disk = Ledger::new(DISK, None);
        let fs = kernel.file_system_on(disk);
        let root = ("/dev/vda1", "ext4", "rw,relatime");
        let mounts = rootfs::mounts(kernel, &fs, &layer, root).unwrap_or_default();
        let hardware = Hardware::new(config.cpus, config.memory, kernel.executor().now());
        let space = Rc::new(Space {
            kernel: kernel.clone(),
            hostname: config.hostname.clone(),
            pids: Rc::new(PidSpace::default()),
            mounts,
            net: Stack::new(kernel.network(), Vec::new()),
            limits: Limits::new(hardware, PIDS_MAX),
            foreign: RefCell::default(),
            ttys: RefCell::default(),
            next_tty: Cell::new(0),
            cgroup: "/user.slice".into(),
        });
        let files = space.files();
        let name = &config.hostname;
        let _ = files.write("/etc/hostname", format!("{name}\n").as_bytes(), 0o644);
        let _ = files.write(
            "/etc/hosts",
            format!("127.0.0.1\tlocalhost\n127.0.1.1\t{name}\n").as_bytes(),
            0o644,
        );
        // Process 1 takes what its parents leave behind, so that terminals are ordinary processes.
        let computer = Computer(Rc::new(Inner { space, config, uid }));
        computer.start_init();
        computer
    }

    fn start_init(&self) {
        let space = &self.0.space;
        let birth = crate::process::Birth {
            ppid: 0,
            pgid: 0,
            sid: 0,
            uid: 0,
            gid: 0,
            groups: Rc::new([]),
            argv: Rc::new(["/sbin/init".to_string()]),
            env: Rc::default(),
            cwd: "/".into(),
            umask: 0o022,
            fds: Default::default(),
            tty: None,
            ignored: crate::signal::SignalSet::EMPTY,
            oom_score_adj: 0,
        };
        if let Ok(process) = crate::process::Process::new(space, birth) {
            process.run(Box::pin(crate::programs::init::main(Sys(process.clone()))));
        }
    }

    fn env(&self) -> Env {
        let config = &self.0.config;
        let mut env: Env = vec![
            (
                "PATH".into(),
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into(),
            ),
            ("HOME".into(), config.home.clone()),
            ("USER".into(), config.user.clone()),
            ("LOGNAME".into(), config.user.clone()),
            ("SHELL".into(), "/bin/sh".into()),
            ("LANG".into(), "C.UTF-8".into()),
        ];
        config
            .env
            .iter()
            .for_each(|(name, value)| set(&mut env, name, value));
        env
    }

    fn launch(&self, argv: Vec<String>) -> Launch {
        Launch {
            argv,
            env: self.env(),
            cwd: self.0.config.home.clone(),
            uid: self.0.uid,
            gid: self.0.uid,
            groups: vec![self.0.uid],
            oom_score_adj: 0,
            tty: None,
            stdin: true,
        }
    }

    /// A terminal with a login shell. `stdin` takes keys; dropping the streams hangs up.
    pub fn open_terminal(&self, cols: u16, rows: u16) -> Result<Stdio, Errno> {
        let mut launch = self.launch(vec!["-sh".into()]);
        launch.tty = Some(WindowSize { cols, rows });
        set(&mut launch.env, "TERM", "xterm-256color");
        self.start(launch, "/bin/sh").map(|(_, stdio)| stdio)
    }

    /// Starts a program without a terminal.
    pub fn spawn(&self, spawn: Spawn) -> Result<(Pid, Stdio), Errno> {
        let mut launch = self.launch(spawn.argv);
        if let Some(env) = spawn.env {
            launch.env = env;
        }
        launch.cwd = spawn.cwd.unwrap_or(launch.cwd);
        self.start(launch, &spawn.path)
    }

    /// `path` is run with the launch's argv; empty: argv[0].
    fn start(&self, mut launch: Launch, path: &str) -> Result<(Pid, Stdio), Errno> {
        let argv = launch.argv.clone();
        if !path.is_empty() {
            launch.argv[0] = path.to_string();
        }
        let (process, stdio) = start_with_stdio(&self.0.space, launch).map_err(|e| e.errno)?;
        // The name it goes by may differ from its file: `-sh` is a login shell.
        *process.argv.borrow_mut() = argv.into();
        process.ppid.set(1);
        Ok((process.pid, stdio))
    }

    #[must_use]
    pub fn files(&self) -> Files {
        self.0.space.files()
    }

    /// Uid and gid of its user: 0 for root, else 1000.
    #[must_use]
    pub fn uid(&self) -> u32 {
        self.0.uid
    }

    /// Puts a program at /usr/local/bin/`name`.
    pub fn add_foreign(&self, name: &str, main: Foreign) {
        self.0
            .space
            .foreign
            .borrow_mut()
            .insert(name.to_string(), main);
        let _ = self.files().write(
            &format!("/usr/local/bin/{name}"),
            &program_bytes(name),
            0o755,
        );
    }

    /// Ends all processes.
    pub fn shut_down(&self) {
        self.0.space.kill_all();
    }
}

/// Sets a variable where it stands, or at the end.
pub(crate) fn set(env: &mut Env, name: &str, value: &str) {
    match env.iter_mut().find(|(k, _)| k == name) {
        Some((_, old)) => *old = value.to_string(),
        None => env.push((name.to_string(), value.to_string())),
    }
}
