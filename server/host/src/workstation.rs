//! The learner's computer inside a world: its terminals, its files, its foreign programs.

use crate::command::{Command, Reply, StreamId};
use crate::files::{FileCall, FileChange, FileInfo, FileKind};
use crate::foreign;
use crate::handle::Shared;
use crate::spec::WorkstationSpec;
use crate::stream::CHUNK_BYTES;
use crate::terminal::{TermIn, TerminalId};
use crate::terminals::Terminals;
use bytes::Bytes;
use machine::computer::ComputerConfig;
use machine::pipe::Reader;
use machine::vfs::Files;
use machine::{Chance, Computer, Executor, Kernel, sys};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What a workstation is: a small computer, for typing.
const CPUS: u32 = 2;
const MEMORY_BYTES: u64 = 1024 * 1024 * 1024;
/// Changes of files that may wait for a reader.
const FILE_QUEUE: usize = 256;
/// What is kept of the output of one line that is run.
const LINE_OUTPUT_BYTES: usize = 1024 * 1024;

struct FileWatch {
    path: String,
    seen: BTreeMap<String, (u64, i64)>,
    sender: mpsc::Sender<FileChange>,
}

pub(crate) struct Workstation {
    computer: Computer,
    home: String,
    executor: Executor,
    outside: tokio::runtime::Handle,
    shared: Arc<Shared>,
    pub terminals: Terminals,
    watches: Vec<FileWatch>,
    changed: Rc<std::cell::Cell<bool>>,
    _noticing: machine::Task,
}

impl Workstation {
    pub fn new(
        spec: &WorkstationSpec,
        seed: u64,
        executor: Executor,
        outside: tokio::runtime::Handle,
        shared: Arc<Shared>,
        commands: mpsc::WeakUnboundedSender<Command>,
    ) -> Workstation {
        let home = if spec.user == "root" {
            "/root".into()
        } else {
            format!("/home/{}", spec.user)
        };
        // A branch of its own: what happens on the workstation draws nothing from the cluster's chance.
        let kernel = Kernel::new(executor.clone(), Chance::branch(seed, u64::MAX));
        let config = ComputerConfig {
            hostname: spec.hostname.clone(),
            user: spec.user.clone(),
            home: home.clone(),
            env: spec.env.clone(),
            cpus: CPUS,
            memory: MEMORY_BYTES,
        };
        let computer = Computer::new(&kernel, config);
        let changed = Rc::new(std::cell::Cell::new(false));
        let noticing = executor.spawn(notice(computer.files(), changed.clone()));
        let terminals = Terminals::new(computer.clone(), executor.clone(), commands);
        let station = Workstation {
            computer,
            home,
            executor: executor.clone(),
            outside,
            shared,
            terminals,
            watches: Vec::new(),
            changed,
            _noticing: noticing,
        };
        for (path, content) in &spec.files {
            if let Err(error) = station.write(path, content.as_bytes(), 0o644) {
                tracing::warn!(
                    path,
                    error,
                    "a first file of a workstation cannot be written"
                );
            }
        }
        station
    }

    /// Takes in a command; `id` names a new reader of a terminal. True when the id was used.
    pub fn take_in(&mut self, command: Command, id: StreamId) -> bool {
        match command {
            Command::OpenTerminal { cols, rows, reply } => {
                let _ = reply.send(self.terminals.open(cols, rows, id));
                return true;
            }
            Command::AttachTerminal(terminal, reply) => {
                let _ = reply.send(self.terminals.attach(terminal, id));
                return true;
            }
            Command::Terminal(terminal, input) => self.terminal(terminal, input),
            Command::DetachTerminal(terminal, reader) => self.terminals.detach(terminal, reader),
            Command::Files(call) => self.files(call),
            Command::RunLine(line, reply) => self.run_line(line, reply),
            Command::RegisterForeign(name, factory) => {
                let body = foreign::body(factory, self.outside.clone(), self.shared.clone());
                self.computer.add_foreign(&name, body);
            }
            _ => {}
        }
        false
    }

    fn terminal(&mut self, id: TerminalId, input: TermIn) {
        self.terminals.input(id, input);
    }

    pub fn grant(&mut self, id: StreamId, bytes: u32) {
        self.terminals.grant(id, bytes as usize);
    }

    /// Tells of files that changed, and forgets terminals that have ended.
    pub fn publish(&mut self) {
        self.terminals.sweep();
        if self.changed.replace(false) {
            let files = self.computer.files();
            self.watches.retain_mut(|watch| watch.tell(&files));
        }
    }

    fn run_line(&self, line: String, reply: Reply<Result<(i32, Bytes), String>>) {
        let spawn = sys::Spawn {
            path: "/bin/sh".into(),
            cwd: Some(self.home.clone()),
            ..sys::Spawn::new(["sh", "-l", "-c", line.as_str()])
        };
        match self.computer.spawn(spawn) {
            Ok((_, stdio)) => {
                let reading = collect(stdio, self.executor.clone(), reply);
                self.executor.spawn(reading).detach();
            }
            Err(error) => drop(reply.send(Err(error.text().to_string()))),
        }
    }

    fn absolute(&self, path: &str) -> String {
        if path.starts_with('/') {
            path.into()
        } else {
            format!("{}/{path}", self.home)
        }
    }

    fn write(&self, path: &str, content: &[u8], mode: u32) -> Result<(), String> {
        let (files, path) = (self.computer.files(), self.absolute(path));
        let text = |e: machine::Errno| format!("{path}: {}", e.text());
        if let Some((directory, _)) = path.rsplit_once('/')
            && !directory.is_empty()
            && files.stat(directory).is_err()
        {
            files.mkdir_all(directory, 0o755).map_err(text)?;
            self.own(&files, directory);
        }
        let fresh = files.stat(&path).is_err();
        files.write(&path, content, mode).map_err(text)?;
        if fresh {
            self.own(&files, &path);
        }
        Ok(())
    }

    /// What is made below the home directory belongs to whom that belongs.
    fn own(&self, files: &Files, path: &str) {
        if path.starts_with(&self.home)
            && let Ok(home) = files.stat(&self.home)
        {
            // The file was made just now; that it is gone again cannot be.
            let _ = files.chown(path, home.uid, home.gid);
        }
    }

    fn files(&mut self, call: FileCall) {
        let files = self.computer.files();
        let text = |path: &str, e: machine::Errno| format!("{path}: {}", e.text());
        match call {
            FileCall::Read { path, reply } => {
                let read = files.read(&self.absolute(&path)).map(Bytes::from);
                let _ = reply.send(read.map_err(|e| text(&path, e)));
            }
            FileCall::Write {
                path,
                content,
                mode,
                reply,
            } => {
                let _ = reply.send(self.write(&path, &content, mode));
            }
            FileCall::Remove { path, reply } => {
                let _ = reply.send(
                    files
                        .remove_all(&self.absolute(&path))
                        .map_err(|e| text(&path, e)),
                );
            }
            FileCall::MakeDir { path, reply } => {
                let path = self.absolute(&path);
                let made = files.mkdir_all(&path, 0o755).map_err(|e| text(&path, e));
                self.own(&files, &path);
                let _ = reply.send(made);
            }
            FileCall::List { path, reply } => {
                let _ = reply.send(list(&files, &self.absolute(&path)).map_err(|e| text(&path, e)));
            }
            FileCall::Watch { path, reply } => {
                let path = self.absolute(&path);
                let (sender, receiver) = mpsc::channel(FILE_QUEUE);
                let mut seen = BTreeMap::new();
                picture(&files, &path, &mut seen, 0);
                self.watches.push(FileWatch { path, seen, sender });
                let _ = reply.send(Ok(receiver));
            }
        }
    }
}

/// How long what has ended is still read, where others hold its output open.
const REST: machine::Duration = machine::Duration::from_millis(20);

/// Reads what a process prints, to its end, and answers with it. What it left running in the background is not waited for.
async fn collect(
    mut stdio: machine::Stdio,
    executor: machine::Executor,
    reply: Reply<Result<(i32, Bytes), String>>,
) {
    drop(stdio.stdin.take());
    let out = RefCell::new(Vec::new());
    let read = async |reader: &Reader| {
        while let Ok(bytes) = reader.read(CHUNK_BYTES).await
            && !bytes.is_empty()
        {
            let mut out = out.borrow_mut();
            let room = LINE_OUTPUT_BYTES.saturating_sub(out.len()).min(bytes.len());
            out.extend_from_slice(&bytes[..room]);
        }
    };
    let stderr = async {
        if let Some(stderr) = &stdio.stderr {
            read(stderr).await;
        }
    };
    let over = async {
        stdio.exit.wait().await;
        executor.sleep(REST).await;
    };
    machine::sync::select(machine::sync::join(read(&stdio.stdout), stderr), over).await;
    let code = stdio.exit.wait().await.code();
    let out = out.take();
    // Whoever asked may have stopped waiting.
    let _ = reply.send(Ok((code, out.into())));
}

async fn notice(files: Files, changed: Rc<std::cell::Cell<bool>>) {
    let bell = files.changed();
    loop {
        bell.notified().await;
        changed.set(true);
    }
}

fn list(files: &Files, path: &str) -> Result<Vec<FileInfo>, machine::Errno> {
    let entries = files.list(path)?;
    let info = |entry: sys::DirEntry| {
        let stat = files.lstat(&format!("{path}/{}", entry.name)).ok()?;
        let kind = match stat.kind {
            sys::FileKind::File => FileKind::File,
            sys::FileKind::Directory => FileKind::Directory,
            sys::FileKind::Symlink => FileKind::Link,
            _ => FileKind::Other,
        };
        let modified = stat.mtime.seconds();
        Some(FileInfo {
            name: entry.name,
            kind,
            size: stat.size,
            mode: stat.mode,
            modified,
        })
    };
    Ok(entries.into_iter().filter_map(info).collect())
}

/// Size and time of every file below a path.
fn picture(files: &Files, path: &str, into: &mut BTreeMap<String, (u64, i64)>, depth: usize) {
    if depth > 8 || into.len() > 2000 {
        return;
    }
    for entry in files.list(path).unwrap_or_default() {
        let below = format!("{}/{}", path.trim_end_matches('/'), entry.name);
        if entry.kind == sys::FileKind::Directory {
            picture(files, &below, into, depth + 1);
        } else if let Ok(stat) = files.lstat(&below) {
            into.insert(below, (stat.size, stat.mtime.0));
        }
    }
}

impl FileWatch {
    /// False when the reader is gone.
    fn tell(&mut self, files: &Files) -> bool {
        let mut now = BTreeMap::new();
        picture(files, &self.path, &mut now, 0);
        let gone = self.seen.keys().filter(|path| !now.contains_key(*path));
        let gone = gone.map(|path| FileChange {
            path: path.clone(),
            exists: false,
        });
        let new = now
            .iter()
            .filter(|(path, state)| self.seen.get(*path) != Some(state));
        let new = new.map(|(path, _)| FileChange {
            path: path.clone(),
            exists: true,
        });
        for change in gone.chain(new) {
            match self.sender.try_send(change) {
                Ok(()) => {}
                // Told again at the next change, since `seen` stays as it was.
                Err(mpsc::error::TrySendError::Full(_)) => return true,
                Err(mpsc::error::TrySendError::Closed(_)) => return false,
            }
        }
        self.seen = now;
        !self.sender.is_closed()
    }
}
