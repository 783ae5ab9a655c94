//! The content of a file: chunks that copies share, zeros that cost nothing, and the ledger that
//! counts what is really held.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use crate::errno::Errno;
use crate::sync::Notify;

/// Bytes in a chunk.
pub(crate) const CHUNK: usize = 64 * 1024;
/// What a chunk costs beside its bytes.
const CHUNK_COST: u64 = 16;
/// Largest file, in simulated bytes.
pub(crate) const FILE_MAX: u64 = 16 << 30;

/// Counts bytes against a limit, and against its parent's.
pub struct Ledger {
    used: Cell<u64>,
    limit: Cell<u64>,
    parent: Option<Rc<Ledger>>,
    /// Rings when more is used.
    grown: Notify,
}

impl Ledger {
    #[must_use]
    pub fn new(limit: u64, parent: Option<Rc<Ledger>>) -> Rc<Ledger> {
        Rc::new(Ledger {
            used: Cell::new(0),
            limit: Cell::new(limit),
            parent,
            grown: Notify::new(),
        })
    }

    /// ENOSPC when it does not fit; then nothing is charged.
    pub fn charge(&self, bytes: u64) -> Result<(), Errno> {
        if self.used.get().saturating_add(bytes) > self.limit.get() {
            return Err(Errno::ENOSPC);
        }
        if let Some(parent) = &self.parent {
            parent.charge(bytes)?;
        }
        self.used.set(self.used.get() + bytes);
        Ok(())
    }

    pub fn release(&self, bytes: u64) {
        self.used.set(self.used.get().saturating_sub(bytes));
        if let Some(parent) = &self.parent {
            parent.release(bytes);
        }
    }

    /// Replaces one charge by another, whatever the limit.
    pub(crate) fn adjust(&self, old: u64, new: u64) {
        self.used.set((self.used.get() + new).saturating_sub(old));
        if new > old {
            self.grown.notify();
        }
        if let Some(parent) = &self.parent {
            parent.adjust(old, new);
        }
    }

    /// Rings when more is used than before.
    pub(crate) fn grown(&self) -> &Notify {
        &self.grown
    }

    /// The ledger of the whole disk that this is a part of.
    pub(crate) fn whole(&self) -> &Ledger {
        self.parent.as_deref().map_or(self, Ledger::whole)
    }

    #[must_use]
    pub fn used(&self) -> u64 {
        self.used.get()
    }

    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit.get()
    }

    pub fn set_limit(&self, limit: u64) {
        self.limit.set(limit);
    }
}

#[derive(Clone)]
enum Chunk {
    Hole,
    /// Written zeros: they take disk, not memory.
    Zeros,
    Bytes(Arc<Vec<u8>>),
}

/// The content of a regular file.
#[derive(Clone, Default)]
pub(crate) struct Data {
    chunks: Vec<Chunk>,
    len: u64,
}

/// What a change costs: (bytes of memory, bytes of simulated disk).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub memory: u64,
    pub disk: u64,
}

impl Data {
    /// Content shared with an image layer; `len` may be longer than the bytes: the rest is zeros.
    pub fn shared(bytes: &Arc<Vec<u8>>, len: u64) -> Data {
        let len = len.max(bytes.len() as u64);
        let mut data = Data {
            chunks: Vec::new(),
            len,
        };
        if bytes.len() <= CHUNK && !bytes.is_empty() {
            data.chunks.push(Chunk::Bytes(bytes.clone()));
        } else {
            data.chunks.extend(
                bytes
                    .chunks(CHUNK)
                    .map(|c| Chunk::Bytes(Arc::new(c.to_vec()))),
            );
        }
        data
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn cost(&self) -> Cost {
        let mut cost = Cost::default();
        for (index, chunk) in self.chunks.iter().enumerate() {
            let here = self
                .len
                .saturating_sub((index * CHUNK) as u64)
                .min(CHUNK as u64);
            cost.memory += CHUNK_COST;
            match chunk {
                Chunk::Hole => {}
                Chunk::Zeros => cost.disk += here.next_multiple_of(4096),
                Chunk::Bytes(bytes) => {
                    cost.memory += bytes.len() as u64;
                    cost.disk += here.next_multiple_of(4096);
                }
            }
        }
        cost
    }

    pub fn read(&self, offset: u64, max: usize) -> Vec<u8> {
        if offset >= self.len {
            return Vec::new();
        }
        let count = (self.len - offset).min(max as u64) as usize;
        let mut out = vec![0; count];
        let mut done = 0;
        while done < count {
            let at = offset as usize + done;
            let (index, within) = (at / CHUNK, at % CHUNK);
            let step = (CHUNK - within).min(count - done);
            if let Some(Chunk::Bytes(bytes)) = self.chunks.get(index)
                && within < bytes.len()
            {
                let end = (within + step).min(bytes.len());
                out[done..done + end - within].copy_from_slice(&bytes[within..end]);
            }
            done += step;
        }
        out
    }

    pub fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
        let end = offset.checked_add(bytes.len() as u64).ok_or(Errno::EFBIG)?;
        if end > FILE_MAX {
            return Err(Errno::EFBIG);
        }
        let mut done = 0;
        while done < bytes.len() {
            let at = offset as usize + done;
            let (index, within) = (at / CHUNK, at % CHUNK);
            let step = (CHUNK - within).min(bytes.len() - done);
            if self.chunks.len() <= index {
                self.chunks.resize(index + 1, Chunk::Hole);
            }
            write_chunk(&mut self.chunks[index], within, &bytes[done..done + step]);
            done += step;
        }
        self.len = self.len.max(end);
        Ok(())
    }

    pub fn truncate(&mut self, len: u64) -> Result<(), Errno> {
        if len > FILE_MAX {
            return Err(Errno::EFBIG);
        }
        self.chunks.truncate(len.div_ceil(CHUNK as u64) as usize);
        let within = len as usize % CHUNK;
        if within != 0
            && len < self.len
            && let Some(Chunk::Bytes(bytes)) = self.chunks.get_mut(len as usize / CHUNK)
            && bytes.len() > within
        {
            Arc::make_mut(bytes).truncate(within);
        }
        self.len = len;
        Ok(())
    }
}

fn write_chunk(chunk: &mut Chunk, within: usize, bytes: &[u8]) {
    let zeros = bytes.len() >= 512 && bytes.iter().all(|b| *b == 0);
    if zeros && !matches!(chunk, Chunk::Bytes(_)) {
        *chunk = Chunk::Zeros;
        return;
    }
    if !matches!(chunk, Chunk::Bytes(_)) {
        *chunk = Chunk::Bytes(Arc::default());
    }
    if let Chunk::Bytes(shared) = chunk {
        let held = Arc::make_mut(shared);
        let end = within + bytes.len();
        if held.len() < end {
            held.resize(end, 0);
        }
        held[within..end].copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_and_shared() {
        let mut data = Data::default();
        data.write(CHUNK as u64 - 2, b"abcd").unwrap();
        assert_eq!(data.read(CHUNK as u64 - 3, 10), b"\0abcd");
        data.truncate(CHUNK as u64 + 1).unwrap();
        assert_eq!(data.read(CHUNK as u64, 10), b"c");
        data.truncate(CHUNK as u64 + 3).unwrap();
        assert_eq!(data.read(CHUNK as u64, 10), b"c\0\0");
        let copy = data.clone();
        data.write(0, b"x").unwrap();
        assert_eq!((copy.read(0, 1), data.read(0, 1)), (vec![0], b"x".to_vec()));
    }

    #[test]
    fn zeros_take_disk_not_memory() {
        let mut data = Data::default();
        for i in 0..1600 {
            data.write(i * CHUNK as u64, &[0; CHUNK]).unwrap();
        }
        let cost = data.cost();
        assert_eq!(cost.disk, 100 << 20);
        assert!(cost.memory < 32 * 1024, "{cost:?}");
    }
}
