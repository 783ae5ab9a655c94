//! The inside half of terminals: a task each that moves output to whoever reads, and keeps the last of it.

use crate::command::{Command, StreamId};
use crate::stream::{CHUNK_BYTES, WINDOW_BYTES};
use crate::terminal::{REPLAY_BYTES, TermIn, Terminal, TerminalId, TerminalInput, TerminalOutput};
use bytes::Bytes;
use machine::pipe::{Reader, Writer};
use machine::sync::{Notify, Queue};
use machine::{Computer, Executor, Stdio, Task};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// Most terminals of one workstation.
const MAX_TERMINALS: usize = 16;

struct Attached {
    id: StreamId,
    sender: mpsc::UnboundedSender<Bytes>,
    credit: usize,
}

#[derive(Default)]
struct State {
    replay: VecDeque<u8>,
    /// Bytes that ever came out.
    total: u64,
    reader: Option<Attached>,
    ended: bool,
}

struct Open {
    state: Rc<RefCell<State>>,
    changed: Notify,
    input: Queue<TermIn>,
    room: Arc<Semaphore>,
    _tasks: Vec<Task>,
}

pub(crate) struct Terminals {
    all: BTreeMap<TerminalId, Open>,
    next: u64,
    computer: Computer,
    executor: Executor,
    commands: mpsc::WeakUnboundedSender<Command>,
}

impl Terminals {
    pub fn new(
        computer: Computer,
        executor: Executor,
        commands: mpsc::WeakUnboundedSender<Command>,
    ) -> Terminals {
        Terminals {
            all: BTreeMap::new(),
            next: 1,
            computer,
            executor,
            commands,
        }
    }

    pub fn open(&mut self, cols: u16, rows: u16, reader: StreamId) -> Result<Terminal, String> {
        if self.all.len() >= MAX_TERMINALS {
            return Err(format!(
                "there are {MAX_TERMINALS} terminals open already; close one first"
            ));
        }
        let mut stdio = self
            .computer
            .open_terminal(cols, rows)
            .map_err(|e| e.text().to_string())?;
        let id = TerminalId(self.next);
        self.next += 1;
        let state = Rc::new(RefCell::new(State::default()));
        let changed = Notify::new();
        let input = Queue::unbounded();
        let room = Arc::new(Semaphore::new(WINDOW_BYTES));
        let stdin = stdio.stdin.take();
        let stdio = Rc::new(stdio);
        let tasks = vec![
            self.executor
                .spawn(take_keys(input.clone(), stdin, stdio.clone(), room.clone())),
            self.executor
                .spawn(show(stdio, state.clone(), changed.clone())),
        ];
        self.all.insert(
            id,
            Open {
                state,
                changed,
                input,
                room,
                _tasks: tasks,
            },
        );
        self.attach(id, reader)
    }

    pub fn attach(&mut self, id: TerminalId, reader: StreamId) -> Result<Terminal, String> {
        let open = self.all.get(&id).ok_or("that terminal has ended")?;
        let commands = self.commands.upgrade().ok_or("the world has ended")?;
        let (sender, pieces) = mpsc::unbounded_channel();
        let mut state = open.state.borrow_mut();
        state.reader = Some(Attached {
            id: reader,
            sender,
            credit: WINDOW_BYTES,
        });
        open.changed.notify();
        let replay: Vec<u8> = state.replay.iter().copied().collect();
        let replay_from = state.total - replay.len() as u64;
        let input = TerminalInput {
            id,
            commands: commands.clone(),
            room: open.room.clone(),
        };
        let output = TerminalOutput {
            id,
            reader,
            commands,
            pieces,
            owed: 0,
        };
        Ok(Terminal {
            id,
            replay: replay.into(),
            replay_from,
            input,
            output,
        })
    }

    pub fn detach(&mut self, id: TerminalId, reader: StreamId) {
        if let Some(open) = self.all.get(&id) {
            let mut state = open.state.borrow_mut();
            if state.reader.as_ref().is_some_and(|r| r.id == reader) {
                state.reader = None;
                open.changed.notify();
            }
        }
    }

    pub fn input(&mut self, id: TerminalId, input: TermIn) {
        if input == TermIn::Hangup {
            self.all.remove(&id);
        } else if let Some(open) = self.all.get(&id) {
            // Bounded by the sender's permits.
            let _ = open.input.try_push(input);
        }
    }

    pub fn grant(&mut self, reader: StreamId, bytes: usize) {
        for open in self.all.values() {
            let mut state = open.state.borrow_mut();
            if let Some(attached) = state.reader.as_mut().filter(|r| r.id == reader) {
                attached.credit = (attached.credit + bytes).min(WINDOW_BYTES);
                open.changed.notify();
            }
        }
    }

    /// Lets go of terminals whose shell has ended.
    pub fn sweep(&mut self) {
        self.all.retain(|_, open| !open.state.borrow().ended);
    }
}

async fn take_keys(
    input: Queue<TermIn>,
    stdin: Option<Writer>,
    stdio: Rc<Stdio>,
    room: Arc<Semaphore>,
) {
    while let Some(input) = input.pop().await {
        let cost = input.cost();
        match input {
            TermIn::Keys(bytes) => {
                if let Some(stdin) = &stdin {
                    // Nobody reads keys any more once the shell has ended.
                    let _ = stdin.write_all(&bytes).await;
                }
            }
            TermIn::Resize { cols, rows } => stdio.resize(cols, rows),
            TermIn::Hangup => return,
        }
        room.add_permits(cost as usize);
    }
}

async fn show(stdio: Rc<Stdio>, state: Rc<RefCell<State>>, changed: Notify) {
    let output: &Reader = &stdio.stdout;
    loop {
        // With nobody attached the terminal runs on, and only its last output is kept.
        let room = changed
            .until(|| {
                let credit = state
                    .borrow()
                    .reader
                    .as_ref()
                    .map_or(CHUNK_BYTES, |r| r.credit);
                Some(credit.min(CHUNK_BYTES)).filter(|n| *n > 0)
            })
            .await;
        match output.read(room).await {
            Ok(bytes) if !bytes.is_empty() => state.borrow_mut().took(bytes),
            _ => break,
        }
    }
    let mut state = state.borrow_mut();
    state.ended = true;
    state.reader = None;
}

impl State {
    fn took(&mut self, bytes: Vec<u8>) {
        self.total += bytes.len() as u64;
        self.replay.extend(&bytes);
        let excess = self.replay.len().saturating_sub(REPLAY_BYTES);
        self.replay.drain(..excess);
        if let Some(reader) = &mut self.reader {
            reader.credit = reader.credit.saturating_sub(bytes.len());
            // A reader that is gone says so by itself.
            let _ = reader.sender.send(bytes.into());
        }
    }
}
