//! Input line by line and gathered output, for the tools that work on text.
//!
//! Not a program. What was gathered is written before a read that may wait: a line appears as soon as it is made, and a
//! large file still goes in large pieces.

use crate::errno::Errno;
use crate::sys::{Fd, Held, OpenFlags, Sys};
use crate::time::Duration;

const CHUNK: usize = 64 << 10;
/// Longest line that is held; a longer one comes in pieces.
const LONGEST: usize = 4 << 20;

/// What a tool does with a line, roughly.
const LINE_TIME: Duration = Duration::from_nanos(250);

/// Gathered output to standard output.
pub struct Output {
    sys: Sys,
    bytes: Vec<u8>,
    /// The first error of writing.
    pub failed: Option<Errno>,
}

impl Output {
    /// Nothing gathered yet.
    #[must_use]
    pub fn new(sys: &Sys) -> Output {
        Output {
            sys: sys.clone(),
            bytes: Vec::new(),
            failed: None,
        }
    }

    /// Adds bytes.
    pub async fn put(&mut self, bytes: impl AsRef<[u8]>) {
        self.bytes.extend_from_slice(bytes.as_ref());
        if self.bytes.len() >= CHUNK {
            self.flush().await;
        }
    }

    /// Writes what was gathered.
    pub async fn flush(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        // Roughly a nanosecond a byte, as memory is copied.
        self.sys
            .cpu(Duration::from_nanos(1000 + self.bytes.len() as u64))
            .await;
        if let Err(error) = self.sys.write_all(1, &self.bytes).await {
            self.failed.get_or_insert(error);
        }
        self.bytes.clear();
    }
}

/// A descriptor read line by line.
pub struct Lines {
    sys: Sys,
    fd: Fd,
    bytes: Vec<u8>,
    at: usize,
    ended: bool,
    held: Held,
}

impl Lines {
    /// Lines of an open descriptor.
    #[must_use]
    pub fn new(sys: &Sys, fd: Fd) -> Lines {
        Lines {
            sys: sys.clone(),
            fd,
            bytes: Vec::new(),
            at: 0,
            ended: false,
            held: Held::new(sys),
        }
    }

    /// Opens `path`; `-` is standard input.
    pub fn open(sys: &Sys, path: &str) -> Result<Lines, Errno> {
        if path == "-" {
            return Ok(Lines::new(sys, 0));
        }
        let fd = sys.open(path, OpenFlags::READ, 0)?;
        if sys.fstat(fd)?.is_dir() {
            let _ = sys.close(fd);
            return Err(Errno::EISDIR);
        }
        Ok(Lines::new(sys, fd))
    }

    /// The next line, with its newline if it has one. Flushes `out` before waiting.
    pub async fn next(&mut self, out: &mut Output) -> Result<Option<Vec<u8>>, Errno> {
        self.next_until(b'\n', out).await
    }

    /// As [`Lines::next`], for lines that end with `end`.
    pub async fn next_until(
        &mut self,
        end: u8,
        out: &mut Output,
    ) -> Result<Option<Vec<u8>>, Errno> {
        let mut searched = self.at;
        loop {
            if let Some(found) = self.bytes[searched..].iter().position(|byte| *byte == end) {
                let stop = searched + found + 1;
                let line = self.bytes[self.at..stop].to_vec();
                self.at = stop;
                self.sys.cpu(LINE_TIME).await;
                return Ok(Some(line));
            }
            if self.ended || self.bytes.len() - self.at > LONGEST {
                let line = self.bytes.split_off(self.at);
                self.bytes.clear();
                self.at = 0;
                return Ok(if line.is_empty() { None } else { Some(line) });
            }
            self.bytes.drain(..self.at);
            self.at = 0;
            searched = self.bytes.len();
            out.flush().await;
            match self.sys.read(self.fd, CHUNK).await {
                Ok(chunk) if chunk.is_empty() => self.ended = true,
                Ok(chunk) => {
                    self.sys
                        .cpu(Duration::from_nanos(1000 + chunk.len() as u64 * 4))
                        .await;
                    self.bytes.extend(chunk);
                    self.held.set(self.bytes.len() as u64).await?;
                }
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Up to `most` bytes; empty at the end.
    pub async fn bytes(&mut self, most: usize) -> Result<Vec<u8>, Errno> {
        if self.at < self.bytes.len() {
            let end = self.bytes.len().min(self.at + most);
            let bytes = self.bytes[self.at..end].to_vec();
            self.at = end;
            return Ok(bytes);
        }
        if self.ended {
            return Ok(Vec::new());
        }
        loop {
            match self.sys.read(self.fd, most).await {
                Err(Errno::EINTR) => {}
                Ok(bytes) => {
                    self.sys
                        .cpu(Duration::from_nanos(bytes.len() as u64 * 4))
                        .await;
                    return Ok(bytes);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Closes it, unless it is standard input.
    pub fn close(self) {
        if self.fd != 0 {
            let _ = self.sys.close(self.fd);
        }
    }
}

/// Reads lines of all `files` (standard input for none) and calls `each`; errors are told as `NAME: file: why`.
/// The exit code is 1 after an error.
pub async fn each_line(
    sys: &Sys,
    files: &[String],
    out: &mut Output,
    mut each: impl FnMut(&[u8], &mut Vec<u8>),
) -> i32 {
    let mut status = 0;
    let standard = ["-".to_owned()];
    let files = if files.is_empty() {
        &standard[..]
    } else {
        files
    };
    for file in files {
        let mut lines = match Lines::open(sys, file) {
            Ok(lines) => lines,
            Err(error) => {
                super::options::complain(sys, &format!("{file}: {}", error.text())).await;
                status = 1;
                continue;
            }
        };
        while let Ok(Some(line)) = lines.next(out).await {
            let mut text = Vec::new();
            each(&line, &mut text);
            out.put(text).await;
            if out.failed.is_some() {
                return 1;
            }
        }
        lines.close();
    }
    status
}

/// A line without its newline, and whether it had one.
#[must_use]
pub fn chomp(line: &[u8]) -> (&[u8], bool) {
    match line.split_last() {
        Some((b'\n', rest)) => (rest, true),
        _ => (line, false),
    }
}
