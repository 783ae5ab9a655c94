//! A program that is spoken with while it runs: what it prints is waited for, with a deadline.

use crate::PATIENCE;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Instant;

/// A running program; standard output and standard error are read as one. Dropping it kills it.
pub struct Talk {
    child: Child,
    stdin: Option<ChildStdin>,
    pieces: Receiver<Vec<u8>>,
    said: Vec<u8>,
    /// How much of it was waited for already.
    heard: usize,
    name: String,
}

impl Talk {
    /// Starts it; `name` is for complaints.
    pub fn start(mut command: Command, name: &str) -> Talk {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (tell, pieces) = mpsc::channel();
        pass(child.stdout.take().expect("stdout is a pipe"), tell.clone());
        pass(child.stderr.take().expect("stderr is a pipe"), tell);
        Talk {
            stdin: child.stdin.take(),
            child,
            pieces,
            said: Vec::new(),
            heard: 0,
            name: name.to_owned(),
        }
    }

    /// Writes to its standard input.
    pub fn say(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("standard input is open");
        stdin
            .write_all(text.as_bytes())
            .expect("the program takes input");
        stdin.flush().expect("the program takes input");
    }

    /// Waits until it prints this, after what was waited for before; the answer is what came in between.
    pub fn hear(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let new = String::from_utf8_lossy(&self.said[self.heard..]).into_owned();
            if let Some(at) = new.find(text) {
                // What is not UTF-8 would shift the count; nothing here prints such.
                self.heard += at + text.len();
                return new[..at].to_owned();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.pieces.recv_timeout(left) {
                Ok(piece) => self.said.extend(piece),
                Err(error) => panic!("{}: no {text:?} ({error}) after {new:?}", self.name),
            }
        }
    }

    /// Waits until this stands anywhere in what it printed, in whatever order it came.
    pub fn has(&mut self, text: &str) {
        let heard = std::mem::take(&mut self.heard);
        self.hear(text);
        self.heard = heard;
    }

    /// Closes its standard input, waits for its end; the answer is the exit code, and all that it printed.
    pub fn end(mut self) -> (Option<i32>, String) {
        drop(self.stdin.take());
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.pieces.recv_timeout(left) {
                Ok(piece) => self.said.extend(piece),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("{} does not end", self.name),
            }
        }
        let status = self.child.wait().expect("the program ends");
        (
            status.code(),
            String::from_utf8_lossy(&self.said).into_owned(),
        )
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pass(mut from: impl Read + Send + 'static, to: Sender<Vec<u8>>) {
    std::thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut piece) {
            if to.send(piece[..count].to_vec()).is_err() {
                return;
            }
        }
    });
}
