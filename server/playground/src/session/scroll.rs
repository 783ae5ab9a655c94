//! The last output of a terminal, by the number of each byte, so that a page that comes back gets what it has not seen.
//!
//! Pure data; who reads and writes it is [`super::terminals`].

use std::collections::VecDeque;

/// Bytes kept for a page that comes back.
pub const KEEP_BYTES: usize = 256 * 1024;

/// A window over a stream of bytes that only grows at its end.
#[derive(Debug, Default)]
pub struct Scroll {
    kept: VecDeque<u8>,
    /// Bytes ever written.
    written: u64,
}

impl Scroll {
    /// The text of an earlier stream; its first byte has the number `first`.
    pub fn again(first: u64, text: &[u8]) -> Scroll {
        let mut scroll = Scroll {
            written: first,
            ..Scroll::default()
        };
        scroll.push(text);
        scroll
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.written += bytes.len() as u64;
        let tail = &bytes[bytes.len().saturating_sub(KEEP_BYTES)..];
        let surplus = (self.kept.len() + tail.len()).saturating_sub(KEEP_BYTES);
        self.kept.drain(..surplus);
        self.kept.extend(tail);
    }

    /// Number of the next byte to be written.
    pub fn end(&self) -> u64 {
        self.written
    }

    /// Number of the oldest byte that is kept.
    pub fn start(&self) -> u64 {
        self.written - self.kept.len() as u64
    }

    /// Where a reader that has seen `seen` bytes goes on: there, or at the oldest kept byte; a number from the future means that the reader
    /// knew another terminal, and gets everything.
    pub fn resume(&self, seen: u64) -> u64 {
        if seen > self.end() {
            self.start()
        } else {
            seen.max(self.start())
        }
    }

    /// At most `max` bytes from number `from` on.
    pub fn read(&self, from: u64, max: usize) -> Vec<u8> {
        let skip = from.clamp(self.start(), self.end()) - self.start();
        self.kept
            .iter()
            .skip(skip as usize)
            .take(max)
            .copied()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_goes_on_where_it_was() {
        let mut scroll = Scroll::default();
        scroll.push(b"hello ");
        scroll.push(b"world");
        assert_eq!(scroll.resume(6), 6);
        assert_eq!(scroll.read(6, 100), b"world");
        assert_eq!(scroll.read(0, 5), b"hello");
        assert_eq!(scroll.read(11, 5), b"");
        assert_eq!(scroll.resume(12), 0);
    }

    #[test]
    fn old_bytes_go() {
        let mut scroll = Scroll::default();
        scroll.push(&vec![b'a'; KEEP_BYTES]);
        scroll.push(b"bc");
        assert_eq!((scroll.start(), scroll.end()), (2, KEEP_BYTES as u64 + 2));
        assert_eq!(scroll.resume(0), 2);
        assert_eq!(scroll.read(KEEP_BYTES as u64, 9), b"bc");
        scroll.push(&vec![b'd'; 3 * KEEP_BYTES]);
        assert_eq!(scroll.end() - scroll.start(), KEEP_BYTES as u64);
    }
}
