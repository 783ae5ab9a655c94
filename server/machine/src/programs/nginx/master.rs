//! The master: reads the configuration, opens what it names, starts workers and minds them.

use core::net::{IpAddr, SocketAddr};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::answer::numbered;
use super::config::{Config, ErrorLog, Level};
use super::log::{Logs, USUAL};
use super::syntax::Node;
use super::work::{Start, work};
use super::{Options, files, read};
use crate::errno::Errno;
use crate::signal::{Disposition, Signal};
use crate::sys::{Fd, Pid, Sys, WaitFor, WaitOptions, WaitStatus};
use crate::time::Duration;

/// The account that workers have.
const NGINX: u32 = 101;
/// Where it notes who the master is.
pub(super) const PID_FILE: &str = "/run/nginx.pid";
/// What it makes below /var/cache/nginx.
const CACHES: [&str; 5] = ["client", "proxy", "fastcgi", "uwsgi", "scgi"];
/// Times that it tries to listen.
const TRIES: usize = 5;
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

pub(super) struct Master {
    pub sys: Sys,
    pub options: Options,
    pub version: String,
    /// How it was built, as it says it: a compiler.
    pub compiler: String,
    pub config: Rc<Config>,
    pub logs: Logs,
    listeners: Vec<(SocketAddr, Fd)>,
    addresses: Rc<BTreeMap<String, Vec<IpAddr>>>,
    workers: Vec<Pid>,
}

impl Master {
    pub fn new(sys: Sys, options: Options, version: String, compiler: String) -> Master {
        let until_read = Config {
            error_log: Some(ErrorLog {
                path: USUAL.into(),
                level: Level::Notice,
            }),
            ..Config::default()
        };
        let mut logs = Logs::default();
        // a log that cannot be opened yet is told of when the configuration asks for it
        let _ = logs.open(&sys, &[USUAL.to_owned()]);
        Master {
            sys,
            options,
            version,
            compiler,
            config: Rc::new(until_read),
            logs,
            listeners: Vec::new(),
            addresses: Rc::default(),
            workers: Vec::new(),
        }
    }

    pub async fn note(&self, level: Level, what: &str) {
        let log = self.config.error_log.as_ref();
        self.logs.error(&self.sys, log, level, what).await;
    }

    /// In the log, and before there are workers also where it was started.
    pub async fn tell(&self, level: Level, what: &str) {
        self.note(level, what).await;
        let line = format!("nginx: [{}] {what}\n", level.name());
        self.sys.eprint(line).await;
    }

    /// Reads the configuration, with what `-g` says before it. Errors: what to tell.
    pub async fn read(&mut self) -> Result<(), String> {
        let mut nodes: Vec<Node> = files::said(&self.options.directives);
        nodes.extend(files::load(&self.sys, &self.options.file).await?);
        let config = read::config(&nodes)?;
        if let Some((_, place)) = config.user.as_ref().filter(|_| self.sys.uid() != 0) {
            let what = format!(
                "the \"user\" directive makes sense only if the master process runs with super-user privileges, ignored{place}"
            );
            self.tell(Level::Warn, &what).await;
        }
        let mut addresses = BTreeMap::new();
        for (host, place) in &config.hosts {
            let found = match host.parse::<IpAddr>() {
                Ok(ip) => vec![ip],
                Err(_) => self.sys.resolve(host).await.unwrap_or_default(),
            };
            if found.is_empty() {
                return Err(format!("host not found in upstream \"{host}\"{place}"));
            }
            addresses.insert(host.clone(), found);
        }
        for what in &config.warnings {
            self.tell(Level::Warn, what).await;
        }
        self.config = Rc::new(config);
        self.addresses = Rc::new(addresses);
        Ok(())
    }

    /// The same in another process.
    pub fn moved(self, sys: Sys) -> Master {
        Master { sys, ..self }
    }

    /// Makes the directories and opens the logs that the configuration needs. Errors: what to tell.
    pub fn prepare(&mut self) -> Result<(), String> {
        for name in CACHES {
            let path = format!("/var/cache/nginx/{name}_temp");
            match self.sys.mkdir(&path, 0o700) {
                Ok(()) if self.sys.uid() == 0 => {
                    let owner = self.sys.chown(&path, Some(NGINX), None, true);
                    owner.map_err(|e| {
                        format!("chown(\"{path}\", {NGINX}) failed ({})", numbered(e))
                    })?;
                }
                Ok(()) | Err(Errno::EEXIST) => {}
                Err(error) => {
                    return Err(format!("mkdir() \"{path}\" failed ({})", numbered(error)));
                }
            }
        }
        let paths = self.config.logs();
        let opened = self.logs.open(&self.sys, &paths);
        opened.map_err(|(path, error)| format!("open() \"{path}\" failed ({})", numbered(error)))
    }

    /// Listens where the configuration says. Errors: after some tries.
    pub async fn listen(&mut self) -> Result<(), String> {
        let wanted = self.config.sockets();
        let (kept, gone): (Vec<_>, Vec<_>) = self
            .listeners
            .drain(..)
            .partition(|(at, _)| wanted.contains(at));
        self.listeners = kept;
        for (_, fd) in gone {
            let _ = self.sys.close(fd);
        }
        for _ in 0..TRIES {
            let mut failed = false;
            for at in &wanted {
                if self.listeners.iter().any(|(have, _)| have == at) {
                    continue;
                }
                match self.sys.listen(*at) {
                    Ok(fd) => self.listeners.push((*at, fd)),
                    Err(error) => {
                        failed = true;
                        let what = format!("bind() to {at} failed ({})", numbered(error));
                        self.tell(Level::Emerg, &what).await;
                        if error != Errno::EADDRINUSE {
                            return Err(String::new());
                        }
                    }
                }
            }
            if !failed {
                return Ok(());
            }
            self.note(Level::Notice, "try again to bind() after 500ms")
                .await;
            let _ = self.sys.sleep(BETWEEN_TRIES).await;
        }
        Err("still could not bind()".into())
    }

    /// Runs workers until it is told to end; the exit code.
    pub async fn run(mut self) -> i32 {
        let line = format!("{}\n", self.sys.pid());
        if let Err(error) = self.sys.write_file(PID_FILE, line.as_bytes()).await {
            let what = format!("open() \"{PID_FILE}\" failed ({})", numbered(error));
            self.tell(Level::Emerg, &what).await;
            return 1;
        }
        let mut args = self.sys.args();
        args[0] = format!("nginx: master process {}", args[0]);
        self.sys.set_args(args);
        use Signal::{Chld, Hup, Int, Quit, Term, Usr1};
        for signal in [Chld, Hup, Int, Quit, Term, Usr1] {
            self.sys.set_signal(signal, Disposition::Catch);
        }
        self.sys.set_signal(Signal::Pipe, Disposition::Ignore);
        let os = self.sys.uname().release;
        for what in [
            "using the \"epoll\" event method".to_owned(),
            format!("nginx/{}", self.version),
            format!("built by {}", self.compiler),
            format!("OS: Linux {os}"),
            "getrlimit(RLIMIT_NOFILE): 1048576:1048576".to_owned(),
        ] {
            self.note(Level::Notice, &what).await;
        }
        self.start_workers().await;
        let mut ending = false;
        while !(ending && self.workers.is_empty()) {
            self.sys.pause().await;
            let Some(signal) = self.sys.take_signal() else {
                continue;
            };
            match signal {
                Chld => self.reap(ending).await,
                Hup => {
                    self.heard(signal, ", reconfiguring").await;
                    self.reconfigure().await;
                }
                Usr1 => {
                    self.heard(signal, ", reopening logs").await;
                    self.logs.reopen(&self.sys);
                }
                Quit => {
                    self.heard(signal, ", shutting down").await;
                    ending = true;
                    self.pass_on(Quit);
                }
                _ => {
                    self.heard(signal, ", exiting").await;
                    ending = true;
                    self.pass_on(Term);
                }
            }
        }
        let _ = self.sys.unlink(PID_FILE);
        self.note(Level::Notice, "exit").await;
        0
    }

    async fn heard(&self, signal: Signal, then: &str) {
        let from = match self.sys.sender() {
            0 => String::new(),
            pid => format!(" from {pid}"),
        };
        let what = format!("signal {} ({signal}) received{from}{then}", signal.number());
        self.note(Level::Notice, &what).await;
    }

    fn pass_on(&self, signal: Signal) {
        for pid in &self.workers {
            let _ = self.sys.kill(*pid, Some(signal));
        }
    }

    async fn start_workers(&mut self) {
        self.note(Level::Notice, "start worker processes").await;
        let usual = self.sys.system().cpus;
        for _ in 0..self.config.workers.unwrap_or(usual) {
            self.start_worker().await;
        }
    }

    async fn start_worker(&mut self) {
        let start = Start {
            config: self.config.clone(),
            logs: self.logs.clone(),
            listeners: self.listeners.clone(),
            addresses: self.addresses.clone(),
            version: self.version.clone(),
        };
        let is_root = self.sys.uid() == 0;
        let started = self.sys.fork(move |sys| async move {
            if is_root {
                let _ = sys.setuid(NGINX, NGINX, &[NGINX]);
            }
            work(sys, start).await
        });
        match started {
            Ok(pid) => {
                self.workers.push(pid);
                let what = format!("start worker process {pid}");
                self.note(Level::Notice, &what).await;
            }
            Err(error) => {
                let what = format!(
                    "fork() failed while spawning \"worker process\" ({})",
                    numbered(error)
                );
                self.note(Level::Alert, &what).await;
            }
        }
    }

    /// Takes in the workers that have ended; those that were not told to are replaced.
    async fn reap(&mut self, ending: bool) {
        let options = WaitOptions {
            nohang: true,
            ..WaitOptions::default()
        };
        while let Ok(Some((pid, status))) = self.sys.wait(WaitFor::Any, options).await {
            let what = format!(
                "signal {} (SIGCHLD) received from {pid}",
                Signal::Chld.number()
            );
            self.note(Level::Notice, &what).await;
            let (level, how) = match status {
                WaitStatus::Signaled(signal) => (
                    Level::Alert,
                    format!("exited on signal {}", signal.number()),
                ),
                status => (Level::Notice, format!("exited with code {}", status.code())),
            };
            self.note(level, &format!("worker process {pid} {how}"))
                .await;
            let was_one = self.workers.contains(&pid);
            self.workers.retain(|worker| *worker != pid);
            if was_one && !ending {
                self.start_worker().await;
            }
        }
    }

    async fn reconfigure(&mut self) {
        self.note(Level::Notice, "reconfiguring").await;
        let before = (self.config.clone(), self.addresses.clone());
        let mut read = self.read().await;
        if read.is_ok() {
            read = self.prepare();
        }
        if read.is_ok() {
            read = self.listen().await;
        }
        if let Err(what) = read {
            (self.config, self.addresses) = before;
            if !what.is_empty() {
                self.note(Level::Emerg, &what).await;
            }
            return;
        }
        self.note(Level::Notice, "using the \"epoll\" event method")
            .await;
        let old = std::mem::take(&mut self.workers);
        self.start_workers().await;
        for pid in old {
            let _ = self.sys.kill(pid, Some(Signal::Quit));
        }
    }
}
