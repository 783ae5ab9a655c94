//! The inside half of streams: tasks of the world that move bytes between a process and the outside.
//!
//! Output is read from the process only within the credit that the reader has granted; so a slow reader fills the
//! pipe, and a full pipe blocks the process. Whether a client is connected at all makes no difference to the world.

use crate::stream::{CHUNK_BYTES, ExitStatus, StreamIn, StreamOut, WINDOW_BYTES};
use machine::pipe::{Reader, Socket, Writer};
use machine::sync::{Notify, Queue, join};
use machine::{Executor, Stdio, Task};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// What the reader still takes, in bytes.
#[derive(Clone)]
pub(crate) struct Credit {
    left: Rc<Cell<usize>>,
    changed: Notify,
}

impl Credit {
    pub fn new() -> Credit {
        Credit {
            left: Rc::new(Cell::new(WINDOW_BYTES)),
            changed: Notify::new(),
        }
    }

    pub fn grant(&self, bytes: usize) {
        self.left.set((self.left.get() + bytes).min(WINDOW_BYTES));
        self.changed.notify();
    }

    /// Waits for some credit; answers how much may be read at once.
    pub async fn some(&self) -> usize {
        self.changed
            .until(|| Some(self.left.get().min(CHUNK_BYTES)).filter(|n| *n > 0))
            .await
    }

    pub fn take(&self, bytes: usize) {
        self.left.set(self.left.get().saturating_sub(bytes));
    }
}

/// A stream that is open: what the world keeps of it. Dropping it stops its tasks and lets go of the process.
pub(crate) struct OpenStream {
    pub input: Queue<StreamIn>,
    pub credit: Credit,
    pub tasks: Vec<Task>,
    /// Given back as input is taken.
    pub room: Arc<Semaphore>,
}

/// The ends of a stream inside the world.
pub(crate) struct Ends {
    input: Queue<StreamIn>,
    credit: Credit,
    room: Arc<Semaphore>,
    output: mpsc::UnboundedSender<StreamOut>,
}

/// A new stream: what the world keeps, what its tasks get.
pub(crate) fn ends(
    room: Arc<Semaphore>,
    output: mpsc::UnboundedSender<StreamOut>,
) -> (OpenStream, Ends) {
    let (input, credit) = (Queue::unbounded(), Credit::new());
    let open = OpenStream {
        input: input.clone(),
        credit: credit.clone(),
        tasks: Vec::new(),
        room: room.clone(),
    };
    (
        open,
        Ends {
            input,
            credit,
            room,
            output,
        },
    )
}

impl Ends {
    fn send(&self, piece: StreamOut) {
        // A client that is gone hears nothing; its Close is on the way.
        let _ = self.output.send(piece);
    }

    async fn copy_out(&self, reader: &Reader, wrap: fn(bytes::Bytes) -> StreamOut) {
        loop {
            let room = self.credit.some().await;
            match reader.read(room).await {
                Ok(bytes) if bytes.is_empty() => return,
                Ok(bytes) => {
                    self.credit.take(bytes.len());
                    self.send(wrap(bytes.into()));
                }
                Err(_) => return,
            }
        }
    }

    /// Moves input into the process until it or the client has had enough. Never ends before the stream does.
    async fn copy_in(&self, mut writer: Option<Writer>, resize: impl Fn(u16, u16)) {
        while let Some(input) = self.input.pop().await {
            let cost = input.cost();
            match input {
                StreamIn::Stdin(bytes) => {
                    if let Some(open) = &writer
                        && open.write_all(&bytes).await.is_err()
                    {
                        writer = None;
                    }
                }
                StreamIn::CloseStdin => writer = None,
                StreamIn::Resize { cols, rows } => resize(cols, rows),
                StreamIn::Close => return,
            }
            self.room.add_permits(cost as usize);
        }
    }
}

/// Runs the streams of a process; `done` is called when it has ended and all its output was handed out.
pub(crate) fn process(
    executor: &Executor,
    ends: Ends,
    mut stdio: Stdio,
    done: impl FnOnce() + 'static,
) -> Vec<Task> {
    let ends = Rc::new(ends);
    let stdin = stdio.stdin.take();
    let stdio = Rc::new(stdio);
    let (input_ends, input_stdio) = (ends.clone(), stdio.clone());
    let input = executor.spawn(async move {
        input_ends
            .copy_in(stdin, |cols, rows| input_stdio.resize(cols, rows))
            .await;
    });
    let output = executor.spawn(async move {
        let stdout = ends.copy_out(&stdio.stdout, StreamOut::Stdout);
        let stderr = async {
            if let Some(stderr) = &stdio.stderr {
                ends.copy_out(stderr, StreamOut::Stderr).await;
            }
        };
        join(stdout, stderr).await;
        let code = stdio.exit.wait().await.code();
        ends.send(StreamOut::Exit(ExitStatus { code }));
        done();
    });
    vec![input, output]
}

/// Runs one forwarded connection. Ends when both directions have.
pub(crate) fn connection(
    executor: &Executor,
    ends: Ends,
    connect: impl Future<Output = Result<Socket, String>> + 'static,
    done: impl FnOnce() + 'static,
) -> Vec<Task> {
    let task = executor.spawn(async move {
        match connect.await {
            Ok(Socket { reader, writer }) => {
                let output = async {
                    ends.copy_out(&reader, StreamOut::Stdout).await;
                    ends.send(StreamOut::Exit(ExitStatus { code: 0 }));
                    // The far end has closed; what the client still sends goes nowhere.
                    ends.input.close();
                };
                join(output, ends.copy_in(Some(writer), |_, _| ())).await;
            }
            Err(text) => ends.send(StreamOut::Error(text)),
        }
        done();
    });
    vec![task]
}

/// Hands out a log.
pub(crate) fn log(
    executor: &Executor,
    ends: Ends,
    log: Reader,
    done: impl FnOnce() + 'static,
) -> Vec<Task> {
    let task = executor.spawn(async move {
        ends.copy_out(&log, StreamOut::Stdout).await;
        ends.send(StreamOut::Exit(ExitStatus { code: 0 }));
        done();
    });
    vec![task]
}
