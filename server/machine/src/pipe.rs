//! Byte streams with a bounded buffer (pipe(7)): between processes, and between a process and the
//! world outside it. Ends are counted: the last reader's end breaks the pipe, the last writer's ends it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use crate::errno::Errno;
use crate::sync::Notify;

/// Bytes that a pipe holds.
pub const PIPE_SIZE: usize = 64 * 1024;
/// Bytes that a pipe holds when its world has many (pipe-user-pages-soft).
const SMALL_SIZE: usize = 4096;
/// Pipes of a world that are of full size, and that may be (pipe-user-pages-hard).
const FULL_PIPES: u32 = 128;
const MOST_PIPES: u32 = 4096;

struct Inner {
    buffer: RefCell<VecDeque<u8>>,
    capacity: usize,
    readers: Cell<u32>,
    writers: Cell<u32>,
    changed: Notify,
    /// The other end was torn away: reads and writes fail.
    reset: Cell<bool>,
    _counted: Option<Counted>,
}

/// Counts the pipes of a world, that they may not take all memory. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Pipes(Rc<Cell<u32>>);

struct Counted(Pipes);

impl Drop for Counted {
    fn drop(&mut self) {
        let count = &self.0.0;
        count.set(count.get() - 1);
    }
}

impl Pipes {
    /// A pipe, a small one when there are many. ENFILE when there are too many.
    pub fn make(&self) -> Result<(Reader, Writer), Errno> {
        let count = self.0.get();
        if count >= MOST_PIPES {
            return Err(Errno::ENFILE);
        }
        self.0.set(count + 1);
        let capacity = if count < FULL_PIPES {
            PIPE_SIZE
        } else {
            SMALL_SIZE
        };
        Ok(counted(capacity, Some(Counted(self.clone()))))
    }

    /// Two connected sockets, as [`Pipes::make`].
    pub fn sockets(&self) -> Result<(Socket, Socket), Errno> {
        let (a_reader, b_writer) = self.make()?;
        let (b_reader, a_writer) = self.make()?;
        let socket = |reader, writer| Socket { reader, writer };
        Ok((socket(a_reader, a_writer), socket(b_reader, b_writer)))
    }
}

/// The reading end; clones count as readers.
pub struct Reader(Rc<Inner>);
/// The writing end; clones count as writers.
pub struct Writer(Rc<Inner>);

/// A pipe that holds up to `capacity` bytes.
#[must_use]
pub fn pipe(capacity: usize) -> (Reader, Writer) {
    counted(capacity, None)
}

fn counted(capacity: usize, counted: Option<Counted>) -> (Reader, Writer) {
    let inner = Rc::new(Inner {
        buffer: RefCell::default(),
        capacity,
        readers: Cell::new(1),
        writers: Cell::new(1),
        changed: Notify::new(),
        reset: Cell::new(false),
        _counted: counted,
    });
    (Reader(inner.clone()), Writer(inner))
}

/// Takes the first bytes out: in whole pieces, not one by one.
fn front(buffer: &mut VecDeque<u8>, count: usize) -> Vec<u8> {
    let (first, second) = buffer.as_slices();
    let from_first = count.min(first.len());
    let mut bytes = Vec::with_capacity(count);
    bytes.extend_from_slice(&first[..from_first]);
    bytes.extend_from_slice(&second[..count - from_first]);
    buffer.drain(..count);
    bytes
}

impl Reader {
    /// Up to `max` bytes; empty at the end. ECONNRESET when the stream was torn.
    pub async fn read(&self, max: usize) -> Result<Vec<u8>, Errno> {
        self.0.changed.until(|| self.try_read(max)).await
    }

    /// None: nothing to read yet.
    #[must_use]
    pub fn try_read(&self, max: usize) -> Option<Result<Vec<u8>, Errno>> {
        if self.0.reset.get() {
            return Some(Err(Errno::ECONNRESET));
        }
        let mut buffer = self.0.buffer.borrow_mut();
        if buffer.is_empty() {
            return (self.0.writers.get() == 0).then(|| Ok(Vec::new()));
        }
        let count = buffer.len().min(max);
        let bytes = front(&mut buffer, count);
        if buffer.is_empty() && buffer.capacity() > 4096 {
            *buffer = VecDeque::new();
        }
        drop(buffer);
        self.0.changed.notify();
        Some(Ok(bytes))
    }

    /// Would `read` return at once?
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.reset.get() || self.0.writers.get() == 0 || !self.0.buffer.borrow().is_empty()
    }

    /// Bytes that wait to be read.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.buffer.borrow().len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rings when bytes come, go, or an end is closed.
    #[must_use]
    pub fn changed(&self) -> &Notify {
        &self.0.changed
    }

    /// Tears the stream: the writer gets EPIPE, readers ECONNRESET.
    pub fn reset(&self) {
        self.0.reset.set(true);
        self.0.changed.notify();
    }
}

impl Writer {
    /// Writes everything, waiting for room. EPIPE when nobody can read.
    pub async fn write_all(&self, mut bytes: &[u8]) -> Result<(), Errno> {
        while !bytes.is_empty() {
            let count = self.write(bytes).await?;
            bytes = &bytes[count..];
        }
        Ok(())
    }

    /// Waits for room and writes what fits.
    pub async fn write(&self, bytes: &[u8]) -> Result<usize, Errno> {
        self.0.changed.until(|| self.try_write(bytes)).await
    }

    /// None: no room. Writes that fit into an empty pipe are not cut apart unless they are above
    /// 4096 bytes (PIPE_BUF).
    #[must_use]
    pub fn try_write(&self, bytes: &[u8]) -> Option<Result<usize, Errno>> {
        if self.0.readers.get() == 0 || self.0.reset.get() {
            return Some(Err(Errno::EPIPE));
        }
        let mut buffer = self.0.buffer.borrow_mut();
        let room = self.0.capacity.saturating_sub(buffer.len());
        if room == 0 || (bytes.len() <= 4096.min(self.0.capacity) && room < bytes.len()) {
            return (bytes.is_empty()).then_some(Ok(0));
        }
        let count = bytes.len().min(room);
        buffer.extend(&bytes[..count]);
        drop(buffer);
        self.0.changed.notify();
        Some(Ok(count))
    }

    /// Is nobody left to read?
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.0.readers.get() == 0 || self.0.reset.get()
    }

    #[must_use]
    pub fn changed(&self) -> &Notify {
        &self.0.changed
    }

    /// Ends when nobody can read any more.
    pub async fn broken(&self) {
        self.0
            .changed
            .until(|| self.is_broken().then_some(()))
            .await;
    }

    pub fn reset(&self) {
        self.0.reset.set(true);
        self.0.changed.notify();
    }
}

impl Clone for Reader {
    fn clone(&self) -> Self {
        self.0.readers.set(self.0.readers.get() + 1);
        Reader(self.0.clone())
    }
}

impl Clone for Writer {
    fn clone(&self) -> Self {
        self.0.writers.set(self.0.writers.get() + 1);
        Writer(self.0.clone())
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.readers.set(self.0.readers.get() - 1);
        if self.0.readers.get() == 0 {
            self.0.changed.notify();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.writers.set(self.0.writers.get() - 1);
        if self.0.writers.get() == 0 {
            self.0.changed.notify();
        }
    }
}

/// A two-way stream: an end of a TCP connection outside any process. Dropping it closes it.
pub struct Socket {
    pub reader: Reader,
    pub writer: Writer,
}

/// Two connected sockets.
#[must_use]
pub fn socket_pair(capacity: usize) -> (Socket, Socket) {
    let (a_reader, b_writer) = pipe(capacity);
    let (b_reader, a_writer) = pipe(capacity);
    (
        Socket {
            reader: a_reader,
            writer: a_writer,
        },
        Socket {
            reader: b_reader,
            writer: b_writer,
        },
    )
}
