//! From a container's streams to its log and to those who are attached.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::executor::Executor;
use crate::limits::SLICE;
use crate::log::{LINE_MAX, LogFile, LogLine, LogStream};
use crate::pipe::{PIPE_SIZE, Reader, Writer, pipe};
use crate::sync::Notify;
use crate::time::Duration;

/// What a line and a byte of a log take the runtime.
const LINE_TIME: Duration = Duration::from_micros(3);
const BYTE_TIME: Duration = Duration::from_nanos(5);

/// Streams of one container from the outside.
pub(crate) struct Outlet {
    pub log: Rc<LogFile>,
    attached: RefCell<Vec<(LogStream, Writer)>>,
    open: Cell<u32>,
    drained: Notify,
    /// Rings at each entry of the log.
    grown: Notify,
}

impl Outlet {
    pub fn new(log: Rc<LogFile>, grown: Notify) -> Rc<Outlet> {
        Rc::new(Outlet {
            log,
            attached: RefCell::default(),
            open: Cell::new(0),
            drained: Notify::new(),
            grown,
        })
    }

    /// A copy of what comes out of `stream` from now on.
    pub fn attach(&self, stream: LogStream) -> Reader {
        let (reader, writer) = pipe(PIPE_SIZE);
        if self.open.get() > 0 {
            self.attached.borrow_mut().push((stream, writer));
        }
        reader
    }

    /// Reads `reader` until its end, into the log.
    pub fn follow(self: &Rc<Outlet>, executor: &Executor, stream: LogStream, reader: Reader) {
        self.open.set(self.open.get() + 1);
        let (outlet, clock) = (self.clone(), executor.clone());
        executor
            .spawn(async move {
                let mut line = Vec::new();
                let mut debt = Duration::ZERO;
                while let Ok(bytes) = reader.read(PIPE_SIZE).await {
                    if bytes.is_empty() {
                        break;
                    }
                    let lines = outlet.write(&clock, stream, &mut line, &bytes);
                    outlet.forward(stream, &bytes).await;
                    // The runtime takes so much and no more: who writes faster waits at the pipe.
                    debt += LINE_TIME * lines + BYTE_TIME * bytes.len() as u32;
                    if debt >= SLICE {
                        clock.sleep(std::mem::take(&mut debt)).await;
                    }
                }
                if !line.is_empty() {
                    outlet.append(&clock, stream, &line, true);
                }
                outlet.close();
            })
            .detach();
    }

    fn append(&self, clock: &Executor, stream: LogStream, text: &[u8], partial: bool) {
        self.log.append(LogLine {
            time: clock.now(),
            stream,
            text: text.into(),
            partial,
        });
        self.grown.notify();
    }

    fn write(&self, clock: &Executor, stream: LogStream, line: &mut Vec<u8>, bytes: &[u8]) -> u32 {
        let mut lines = 0;
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            // a line mostly comes whole
            let begun = !line.is_empty();
            if begun {
                line.extend_from_slice(piece);
            }
            let all = if begun { &line[..] } else { piece };
            let (mut rest, full) = match all.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (all, false),
            };
            while rest.len() > LINE_MAX {
                self.append(clock, stream, &rest[..LINE_MAX], true);
                rest = &rest[LINE_MAX..];
            }
            if full {
                self.append(clock, stream, rest, false);
                lines += 1;
                line.clear();
            } else {
                *line = rest.to_vec();
            }
        }
        lines
    }

    /// A slow client holds the container's output back, as it does with containerd.
    async fn forward(&self, stream: LogStream, bytes: &[u8]) {
        let writers: Vec<Writer> = {
            let mut attached = self.attached.borrow_mut();
            attached.retain(|(_, w)| !w.is_broken());
            attached
                .iter()
                .filter(|(s, _)| *s == stream)
                .map(|(_, w)| w.clone())
                .collect()
        };
        for writer in writers {
            // One that has gone is forgotten at the next write.
            let _ = writer.write_all(bytes).await;
        }
    }

    fn close(&self) {
        self.open.set(self.open.get().saturating_sub(1));
        if self.open.get() == 0 {
            let attached = std::mem::take(&mut *self.attached.borrow_mut());
            drop(attached);
            self.log.close();
            self.drained.notify();
        }
    }

    /// Ends when all streams have ended.
    pub async fn drained(&self) {
        self.drained
            .until(|| (self.open.get() == 0).then_some(()))
            .await;
    }
}
