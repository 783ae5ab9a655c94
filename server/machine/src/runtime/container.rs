//! Containers: made from an image and a config, started, watched until process 1 ends.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::Inner;
use super::sandbox::Sandbox;
use super::streams::Outlet;
use crate::computer::set;
use crate::cri::{
    ContainerConfig, ContainerId, ContainerState, ContainerStatus, ExecConfig, RuntimeError,
};
use crate::errno::Errno;
use crate::images::{Content, Reference};
use crate::launch::{Launch, LaunchError, start, start_with_stdio, streams};
use crate::limits::Limits;
use crate::log::{FILE_MAX, LogFile, LogStream};
use crate::pipe::Writer;
use crate::process::Process;
use crate::rootfs;
use crate::signal::Signal;
use crate::space::Space;
use crate::stdio::{Exit, Stdio};
use crate::sys::{Env, WaitStatus, WindowSize};
use crate::time::Time;
use crate::tty::Tty;
use crate::vfs::Volume;
use crate::vfs::inode::Fs;
use crate::vfs::walk::Root;

/// Processes in a container.
const PIDS_MAX: u32 = 256;

pub(crate) struct Container {
    pub config: ContainerConfig,
    pub content: Arc<Content>,
    pub space: Rc<Space>,
    pub status: RefCell<ContainerStatus>,
    pub outlet: Rc<Outlet>,
    pub init: RefCell<Option<Rc<Process>>>,
    pub stdin: RefCell<Option<Writer>>,
    pub tty: RefCell<Option<Tty>>,
    pub fs: Rc<Fs>,
    pub termination: Option<Volume>,
    user: User,
}

#[derive(Clone)]
struct User {
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
    home: String,
}

fn unknown(text: impl Into<String>) -> RuntimeError {
    RuntimeError::Unknown(text.into())
}

impl Container {
    pub fn new(
        node: &Inner,
        sandbox: &Sandbox,
        config: ContainerConfig,
    ) -> Result<Container, RuntimeError> {
        let (reference, content) = node.store.get(&config.image).ok_or_else(|| {
            RuntimeError::NotFound(format!(
                "failed to get image \"{}\": not found",
                config.image
            ))
        })?;
        let id = ContainerId(node.kernel.chance().hex(64));
        let ledger = crate::vfs::Ledger::new(node.config.disk, Some(node.disk.clone()));
        let fs = node.kernel.file_system_on(ledger);
        let space = Rc::new(make_space(node, sandbox, &config, &content, &fs, &id)?);
        node.hardware.tenant(&space);
        let termination = mount_all(node, sandbox, &config, &space)?;
        // A working directory that is missing is made, as the mount points are, before the root may be written to no more.
        let _ = space.files().mkdir_all(directory(&config, &content), 0o755);
        if config.read_only_rootfs {
            space.mounts.protect("/");
        }
        let user = user(&space, &config, &content)?;
        let status = status(node, sandbox, &config, &reference, &user, id);
        Ok(Container {
            outlet: Outlet::new(LogFile::new(FILE_MAX), node.disk.grown().clone()),
            status: RefCell::new(status),
            init: RefCell::default(),
            stdin: RefCell::default(),
            tty: RefCell::default(),
            config,
            content,
            space,
            fs,
            termination,
            user,
        })
    }

    fn env(&self) -> Env {
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let mut env: Env = vec![
            ("PATH".into(), path.into()),
            ("HOSTNAME".into(), self.space.hostname.clone()),
        ];
        if self.config.tty {
            env.push(("TERM".into(), "xterm".into()));
        }
        for (name, value) in self.content.config.env.iter().chain(&self.config.env) {
            set(&mut env, name, value);
        }
        if !env.iter().any(|(name, _)| name == "HOME") {
            env.push(("HOME".into(), self.user.home.clone()));
        }
        env
    }

    fn argv(&self) -> Vec<String> {
        let (config, image) = (&self.config, &self.content.config);
        let entrypoint = if config.command.is_empty() {
            &image.entrypoint
        } else {
            &config.command
        };
        // A command of the pod's own drops the image's cmd too.
        let args = if config.args.is_empty() && config.command.is_empty() {
            &image.cmd
        } else {
            &config.args
        };
        entrypoint.iter().chain(args).cloned().collect()
    }

    fn launch(&self, argv: Vec<String>, tty: bool, stdin: bool) -> Launch {
        let mut env = self.env();
        if tty {
            set(&mut env, "TERM", "xterm");
        }
        Launch {
            argv,
            env,
            cwd: directory(&self.config, &self.content).into(),
            uid: self.user.uid,
            gid: self.user.gid,
            groups: self.user.groups.clone(),
            oom_score_adj: self.config.oom_score_adj,
            tty: tty.then(WindowSize::default),
            stdin,
        }
    }

    /// Starts process 1. `node` learns of the end.
    pub fn start(self: &Rc<Container>, node: &Rc<Inner>) -> Result<(), RuntimeError> {
        if self.status.borrow().state != ContainerState::Created {
            return Err(unknown("container is not in created state"));
        }
        let argv = self.argv();
        if argv.is_empty() {
            return Err(unknown("no command specified"));
        }
        let launch = self.launch(argv, self.config.tty, self.config.stdin);
        let streams = streams(&self.space, launch.tty, launch.stdin);
        let process = match start(&self.space, launch, streams.fds, streams.tty.as_ref()) {
            Ok(process) => process,
            Err(error) => return Err(self.failed(node, &error)),
        };
        let executor = node.kernel.executor();
        self.outlet
            .follow(executor, LogStream::Stdout, streams.stdout);
        if let Some(stderr) = streams.stderr {
            self.outlet.follow(executor, LogStream::Stderr, stderr);
        }
        *self.stdin.borrow_mut() = streams.stdin;
        *self.tty.borrow_mut() = streams.tty;
        *self.init.borrow_mut() = Some(process.clone());
        {
            let mut status = self.status.borrow_mut();
            status.state = ContainerState::Running;
            status.started_at = executor.now();
        }
        let (container, node) = (self.clone(), node.clone());
        executor
            .spawn(async move {
                let status = Exit(process.exit.clone()).wait().await;
                container.ended(status).await;
                container.status.borrow_mut().finished_at = node.kernel.executor().now();
                node.changed.notify();
            })
            .detach();
        Ok(())
    }

    fn failed(&self, node: &Inner, error: &LaunchError) -> RuntimeError {
        let text = format!(
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: {}: unknown",
            error.text()
        );
        let mut status = self.status.borrow_mut();
        status.state = ContainerState::Exited;
        status.exit_code = 128;
        status.reason = "StartError".into();
        status.message = text.clone();
        status.finished_at = node.kernel.executor().now();
        self.outlet.log.close();
        node.changed.notify();
        unknown(text)
    }

    async fn ended(&self, wait: WaitStatus) {
        self.space.kill_all();
        let tty = self.tty.borrow_mut().take();
        if let Some(tty) = tty {
            tty.hang_up();
        }
        *self.stdin.borrow_mut() = None;
        self.outlet.drained().await;
        let killed = wait == WaitStatus::Signaled(Signal::Kill);
        let oom = killed && self.space.limits.oom_kills.get() > 0;
        let code = wait.code();
        let mut status = self.status.borrow_mut();
        status.state = ContainerState::Exited;
        status.exit_code = code;
        status.reason = match code {
            _ if oom => "OOMKilled",
            0 => "Completed",
            _ => "Error",
        }
        .into();
    }

    pub fn is_running(&self) -> bool {
        self.status.borrow().state == ContainerState::Running
    }

    pub fn exec(&self, node: &Inner, config: ExecConfig) -> Result<Stdio, RuntimeError> {
        let id = self.status.borrow().id.clone();
        if !self.is_running() {
            return Err(unknown(format!("container not running ({id})")));
        }
        let launch = self.launch(config.argv, config.tty, config.stdin);
        start_with_stdio(&self.space, launch).map(|(_, stdio)| stdio).map_err(|error| {
            let exec = node.kernel.chance().hex(64);
            unknown(format!(
                "failed to exec in container: failed to start exec \"{exec}\": OCI runtime exec failed: exec failed: unable to start container process: {}: unknown",
                error.text()
            ))
        })
    }

    pub fn attach(&self) -> Result<Stdio, RuntimeError> {
        let init = self.init.borrow().clone().filter(|_| self.is_running());
        let Some(init) = init else {
            return Err(unknown("container is not running"));
        };
        let stdin = if self.config.stdin_once {
            self.stdin.borrow_mut().take()
        } else {
            self.stdin.borrow().clone()
        };
        let tty = self.tty.borrow().clone();
        Ok(Stdio {
            stdin,
            stdout: self.outlet.attach(LogStream::Stdout),
            stderr: tty.is_none().then(|| self.outlet.attach(LogStream::Stderr)),
            exit: Exit(init.exit.clone()),
            tty,
        })
    }
}

/// Where the processes of a container begin.
fn directory<'a>(config: &'a ContainerConfig, content: &'a Content) -> &'a str {
    let asked = [&config.working_dir, &content.config.working_dir];
    let named = asked.into_iter().find(|d| !d.is_empty());
    named.map_or("/", String::as_str)
}

fn status(
    node: &Inner,
    sandbox: &Sandbox,
    config: &ContainerConfig,
    reference: &Reference,
    user: &User,
    id: ContainerId,
) -> ContainerStatus {
    let image = node.store.status(&reference.to_string()).ok().flatten();
    ContainerStatus {
        id,
        sandbox: sandbox.id.clone(),
        name: config.name.clone(),
        attempt: config.attempt,
        state: ContainerState::Created,
        image: reference.to_string(),
        image_id: image.map_or_else(String::new, |i| i.digest),
        created_at: node.kernel.executor().now(),
        started_at: Time::EPOCH,
        finished_at: Time::EPOCH,
        exit_code: 0,
        reason: String::new(),
        message: String::new(),
        uid: user.uid,
        gid: user.gid,
        groups: user.groups.clone(),
    }
}

fn make_space(
    node: &Inner,
    sandbox: &Sandbox,
    config: &ContainerConfig,
    content: &Content,
    fs: &Rc<Fs>,
    id: &ContainerId,
) -> Result<Space, RuntimeError> {
    let snapshots = "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots";
    let number = 10 + node.containers.borrow().len();
    let options = format!(
        "rw,relatime,lowerdir={snapshots}/1/fs,upperdir={snapshots}/{number}/fs,workdir={snapshots}/{number}/work"
    );
    let root = ("overlay", "overlay", options.as_str());
    let mounts = rootfs::mounts(&node.kernel, fs, &content.layer, root).map_err(|e| {
        unknown(format!(
            "failed to create containerd container: {}",
            e.text().to_lowercase()
        ))
    })?;
    let limits = Limits::new(node.hardware.clone(), PIDS_MAX);
    limits.cpu_millis.set(config.cpu_limit_millis);
    limits.cpu_shares.set(config.cpu_shares.max(2));
    limits.memory_limit.set(config.memory_limit);
    let target = config
        .target_processes_of
        .as_ref()
        .and_then(|id| node.containers.borrow().get(id).cloned());
    let pids = match target {
        Some(target) => target.space.pids.clone(),
        None => sandbox.pids.clone().unwrap_or_default(),
    };
    let hostname = if sandbox.config.host_network {
        node.config.name.clone()
    } else {
        sandbox.config.hostname.clone()
    };
    Ok(Space {
        kernel: node.kernel.clone(),
        hostname,
        pids,
        mounts,
        net: sandbox.net.clone(),
        limits,
        foreign: RefCell::default(),
        ttys: RefCell::default(),
        next_tty: Cell::new(0),
        cgroup: format!("/kubepods/pod{}/{id}", sandbox.config.uid),
    })
}

/// Mounts of the pod and those that every container has. Gives the termination message's file.
fn mount_all(
    node: &Inner,
    sandbox: &Sandbox,
    config: &ContainerConfig,
    space: &Space,
) -> Result<Option<Volume>, RuntimeError> {
    let files = space.files();
    let failed = |path: &str, error: Errno| {
        unknown(format!(
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting to rootfs at \"{path}\": {}: unknown",
            error.text().to_lowercase()
        ))
    };
    for (path, volume) in [("/dev/shm", &sandbox.shm), ("/dev/mqueue", &sandbox.mqueue)] {
        let root = Root::Inode(volume.root.clone());
        files.mounts.exchange(path, root);
    }
    for mount in &config.mounts {
        let volume = if mount.sub_path.is_empty() {
            Ok(mount.volume.clone())
        } else {
            mount.volume.files().volume(&mount.sub_path)
        };
        volume
            .and_then(|volume| {
                rootfs::mount(&files, &mount.container_path, &volume, mount.read_only)
            })
            .map_err(|e| failed(&mount.container_path, e))?;
    }
    let has = |path: &str| {
        config
            .mounts
            .iter()
            .any(|m| m.container_path.trim_end_matches('/') == path)
    };
    let own = [
        ("/etc/hosts", Some(&sandbox.hosts)),
        ("/etc/hostname", Some(&sandbox.hostname)),
        ("/etc/resolv.conf", sandbox.resolv.as_ref()),
    ];
    for (path, volume) in own {
        if let Some(volume) = volume.filter(|_| !has(path)) {
            rootfs::mount(&files, path, volume, false).map_err(|e| failed(path, e))?;
        }
    }
    let path = &config.termination_message_path;
    if path.is_empty() || has(path) {
        return Ok(None);
    }
    let volume = rootfs::text_volume(&node.fs, "", 0o666).map_err(|e| failed(path, e))?;
    rootfs::mount(&files, path, &volume, false).map_err(|e| failed(path, e))?;
    Ok(Some(volume))
}

/// Who process 1 is: the config's numbers, else the image's user by the container's /etc/passwd.
fn user(space: &Space, config: &ContainerConfig, content: &Content) -> Result<User, RuntimeError> {
    let files = space.files();
    let read =
        |path: &str| String::from_utf8_lossy(&files.read(path).unwrap_or_default()).into_owned();
    let passwd = read("/etc/passwd");
    let fields = |line: &str| line.split(':').map(str::to_string).collect::<Vec<_>>();
    let (name, group) = match content.config.user.split_once(':') {
        Some((name, group)) => (name, group),
        None => (content.config.user.as_str(), ""),
    };
    let wanted = config
        .user
        .map_or_else(|| name.to_string(), |uid| uid.to_string());
    let wanted = if wanted.is_empty() {
        "0".to_string()
    } else {
        wanted
    };
    let entry = passwd
        .lines()
        .map(fields)
        .find(|f| f.len() >= 6 && (f[0] == wanted || f[2] == wanted));
    let number = wanted.parse().ok();
    let Some(uid) = entry.as_ref().and_then(|f| f[2].parse().ok()).or(number) else {
        return Err(unknown(format!(
            "failed to create containerd container: unable to find user {wanted}: no matching entries in passwd file"
        )));
    };
    let mut gid = entry.as_ref().and_then(|f| f[3].parse().ok()).unwrap_or(0);
    if config.user.is_none() && !group.is_empty() {
        let groups = read("/etc/group");
        let found = groups
            .lines()
            .map(fields)
            .find(|f| f.len() >= 3 && f[0] == group);
        gid = found
            .and_then(|f| f[2].parse().ok())
            .or(group.parse().ok())
            .unwrap_or(gid);
    }
    let gid = config.group.unwrap_or(gid);
    let mut groups = vec![gid];
    groups.extend(config.supplemental_groups.iter().filter(|g| **g != gid));
    if uid == 0 && gid == 0 {
        groups.push(10);
    }
    let home = entry.map_or_else(|| "/".to_string(), |f| f[5].clone());
    Ok(User {
        uid,
        gid,
        groups,
        home,
    })
}

/// Reads at most `max` bytes of a small file.
pub(crate) fn head(volume: &Volume, max: usize) -> String {
    String::from_utf8_lossy(&volume.root.read(0, max)).into_owned()
}

/// The signal that asks this container to end.
pub(crate) fn stop_signal(content: &Content) -> Signal {
    Signal::parse(&content.config.stop_signal).unwrap_or(Signal::Term)
}
