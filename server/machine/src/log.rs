//! A container's log in the shape of CRI: time, stream, full or partial line. Bounded: the oldest
//! lines go when the file is full, as rotation does it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use crate::sync::Notify;
use crate::time::Time;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStream {
    Stdout,
    Stderr,
}

/// One entry. `text` has no newline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub time: Time,
    pub stream: LogStream,
    pub text: Rc<[u8]>,
    /// More of the same line follows.
    pub partial: bool,
}

/// Longest entry; longer lines are cut into partial ones.
pub const LINE_MAX: usize = 16 * 1024;
/// Bytes kept by default.
pub const FILE_MAX: usize = 1024 * 1024;
/// What an entry costs beside its text.
const ENTRY: usize = 64;

/// The log of one container.
pub struct LogFile {
    lines: RefCell<VecDeque<LogLine>>,
    first: Cell<u64>,
    bytes: Cell<usize>,
    limit: usize,
    closed: Cell<bool>,
    changed: Notify,
}

impl LogFile {
    #[must_use]
    pub fn new(limit: usize) -> Rc<LogFile> {
        Rc::new(LogFile {
            lines: RefCell::default(),
            first: Cell::new(0),
            bytes: Cell::new(0),
            limit,
            closed: Cell::new(false),
            changed: Notify::new(),
        })
    }

    pub fn append(&self, line: LogLine) {
        let mut lines = self.lines.borrow_mut();
        self.bytes.set(self.bytes.get() + line.text.len() + ENTRY);
        lines.push_back(line);
        while self.bytes.get() > self.limit && lines.len() > 1 {
            if let Some(old) = lines.pop_front() {
                self.bytes.set(self.bytes.get() - old.text.len() - ENTRY);
                self.first.set(self.first.get() + 1);
            }
        }
        drop(lines);
        self.changed.notify();
    }

    /// Up to `max` entries from number `from` on, and the number after the last of them. Numbers count
    /// from 0 and never change; entries that are gone are skipped.
    #[must_use]
    pub fn read(&self, from: u64, max: usize) -> (Vec<LogLine>, u64) {
        let lines = self.lines.borrow();
        let start = from.max(self.first.get());
        let skip = (start - self.first.get()) as usize;
        let out: Vec<LogLine> = lines.iter().skip(skip).take(max).cloned().collect();
        let next = start + out.len() as u64;
        (out, next)
    }

    /// Number of the oldest entry kept.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first.get()
    }

    /// Number after the newest entry.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.first.get() + self.lines.borrow().len() as u64
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// No more entries come.
    pub fn close(&self) {
        self.closed.set(true);
        self.changed.notify();
    }

    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Ends when there are entries from `from` on (true) or the log is closed without any (false).
    pub async fn more(&self, from: u64) -> bool {
        self.changed
            .until(|| {
                if self.end() > from {
                    Some(true)
                } else {
                    self.is_closed().then_some(false)
                }
            })
            .await
    }
}
