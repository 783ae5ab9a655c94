//! The files and commands that an awk program has open, and its records.

use crate::errno::Errno;
use crate::programs::lines::{Lines, Output};
use crate::sys::{Fd, OpenFlags, Pid, Spawn, Sys, WaitFor, WaitOptions};
use regex::bytes::Regex;
use std::collections::BTreeMap;

/// Streams that may be open at once.
const MOST: usize = 60;
/// What is read at once where the record separator is an expression.
const WHOLE: usize = 4 << 20;

/// Where records come from.
pub struct Input {
    lines: Lines,
    /// The rest of an input whose records a regular expression parts.
    rest: Option<Vec<u8>>,
    pid: Option<Pid>,
}

impl Input {
    pub fn new(lines: Lines) -> Input {
        Input {
            lines,
            rest: None,
            pid: None,
        }
    }

    /// The next record by the separator `rs`, without it.
    pub async fn record(
        &mut self,
        rs: &str,
        regex: Option<&Regex>,
        out: &mut Output,
    ) -> Result<Option<String>, Errno> {
        if let Some(regex) = regex {
            return self.by_regex(regex).await;
        }
        if rs.is_empty() {
            return self.paragraph(out).await;
        }
        let end = rs.as_bytes()[0];
        let Some(mut line) = self.lines.next_until(end, out).await? else {
            return Ok(None);
        };
        if line.last() == Some(&end) {
            line.pop();
        }
        Ok(Some(String::from_utf8_lossy(&line).into_owned()))
    }

    async fn paragraph(&mut self, out: &mut Output) -> Result<Option<String>, Errno> {
        let mut text = String::new();
        while let Some(line) = self.lines.next(out).await? {
            if line == b"\n" {
                if text.is_empty() {
                    continue;
                }
                break;
            }
            text.push_str(&String::from_utf8_lossy(&line));
        }
        if text.ends_with('\n') {
            text.pop();
        }
        Ok(if text.is_empty() { None } else { Some(text) })
    }

    async fn by_regex(&mut self, regex: &Regex) -> Result<Option<String>, Errno> {
        if self.rest.is_none() {
            let mut all = Vec::new();
            while all.len() < WHOLE {
                let piece = self.lines.bytes(64 << 10).await?;
                if piece.is_empty() {
                    break;
                }
                all.extend(piece);
            }
            self.rest = Some(all);
        }
        let rest = self.rest.get_or_insert_default();
        if rest.is_empty() || rest == b"\n" {
            return Ok(None);
        }
        let found = regex
            .find(rest)
            .filter(|found| !found.is_empty())
            .map(|found| found.range());
        let (end, next) = found.map_or((rest.len(), rest.len()), |range| (range.start, range.end));
        let mut record = rest[..end].to_vec();
        rest.drain(..next);
        if rest.is_empty() && record.last() == Some(&b'\n') {
            record.pop();
        }
        Ok(Some(String::from_utf8_lossy(&record).into_owned()))
    }
}

struct Sink {
    fd: Fd,
    pid: Option<Pid>,
}

/// Everything open.
pub struct Streams {
    sys: Sys,
    pub out: Output,
    sinks: BTreeMap<String, Sink>,
    inputs: BTreeMap<String, Input>,
}

impl Streams {
    pub fn new(sys: &Sys) -> Streams {
        Streams {
            sys: sys.clone(),
            out: Output::new(sys),
            sinks: BTreeMap::new(),
            inputs: BTreeMap::new(),
        }
    }

    /// `sh -c command` with the given descriptors; the caller's end is closed in the child.
    async fn shell(&mut self, command: &str, fds: Vec<(Fd, Fd)>) -> Result<Pid, Errno> {
        self.out.flush().await;
        let mut spawn = Spawn::new(["sh", "-c", command]);
        spawn.path = "/bin/sh".to_owned();
        spawn.fds = Some(fds);
        self.sys.spawn(spawn)
    }

    async fn wait(&self, pid: Pid) -> i32 {
        loop {
            match self
                .sys
                .wait(WaitFor::Pid(pid), WaitOptions::default())
                .await
            {
                Ok(Some((_, status))) => return status.code(),
                Err(Errno::EINTR) => while self.sys.take_signal().is_some() {},
                _ => return -1,
            }
        }
    }

    /// Writes to a file or command by name; opens it the first time.
    pub async fn write(&mut self, name: &str, how: char, text: &str) -> Result<(), String> {
        let wrong = |error: Errno| format!("can't open '{name}': {}", error.text());
        if name == "/dev/stderr" && how != '|' {
            self.out.flush().await;
            self.sys.eprint(text).await;
            return Ok(());
        }
        if matches!(name, "/dev/stdout" | "-") && how != '|' {
            self.out.put(text).await;
            return Ok(());
        }
        if !self.sinks.contains_key(name) {
            if self.sinks.len() + self.inputs.len() >= MOST {
                return Err(wrong(Errno::EMFILE));
            }
            let sink = if how == '|' {
                let (read, write) = self.sys.pipe().map_err(wrong)?;
                let pid = self.shell(name, vec![(0, read), (1, 1), (2, 2)]).await;
                let _ = self.sys.close(read);
                Sink {
                    fd: write,
                    pid: Some(pid.map_err(wrong)?),
                }
            } else {
                let flags = if how == '>' {
                    OpenFlags::REPLACE
                } else {
                    OpenFlags::EXTEND
                };
                Sink {
                    fd: self.sys.open(name, flags, 0o666).map_err(wrong)?,
                    pid: None,
                }
            };
            self.sinks.insert(name.to_owned(), sink);
        }
        if let Some(sink) = self.sinks.get(name) {
            let _ = self.sys.write_all(sink.fd, text.as_bytes()).await;
        }
        Ok(())
    }

    /// The next record of a file or command by name; opens it the first time. None at the end.
    pub async fn read(
        &mut self,
        name: &str,
        command: bool,
        rs: &str,
        regex: Option<&Regex>,
    ) -> Result<Option<String>, Errno> {
        if !self.inputs.contains_key(name) {
            if self.sinks.len() + self.inputs.len() >= MOST {
                return Err(Errno::EMFILE);
            }
            let input = if command {
                let (read, write) = self.sys.pipe()?;
                let pid = self.shell(name, vec![(0, 0), (1, write), (2, 2)]).await;
                let _ = self.sys.close(write);
                Input {
                    pid: Some(pid?),
                    ..Input::new(Lines::new(&self.sys, read))
                }
            } else {
                Input::new(Lines::open(&self.sys, name)?)
            };
            self.inputs.insert(name.to_owned(), input);
        }
        match self.inputs.get_mut(name) {
            Some(input) => input.record(rs, regex, &mut self.out).await,
            None => Ok(None),
        }
    }

    /// `system()`.
    pub async fn system(&mut self, command: &str) -> i32 {
        match self.shell(command, vec![(0, 0), (1, 1), (2, 2)]).await {
            Ok(pid) => self.wait(pid).await,
            Err(_) => -1,
        }
    }

    /// `close()`: the exit code of a command, 0 for a file, -1 for what is not open.
    pub async fn close(&mut self, name: &str) -> i32 {
        let mut code = -1;
        if let Some(sink) = self.sinks.remove(name) {
            self.out.flush().await;
            let _ = self.sys.close(sink.fd);
            code = match sink.pid {
                Some(pid) => self.wait(pid).await,
                None => 0,
            };
        }
        if let Some(input) = self.inputs.remove(name) {
            input.lines.close();
            code = match input.pid {
                Some(pid) => self.wait(pid).await,
                None => 0,
            };
        }
        code
    }

    /// Closes everything.
    pub async fn close_all(&mut self) {
        self.out.flush().await;
        let names: Vec<String> = self
            .sinks
            .keys()
            .chain(self.inputs.keys())
            .cloned()
            .collect();
        for name in names {
            self.close(&name).await;
        }
    }
}
