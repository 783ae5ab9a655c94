//! Log files: opened by the master, written by its workers.

use std::collections::BTreeMap;

use super::config::{ErrorLog, Level};
use crate::errno::Errno;
use crate::sys::{Fd, OpenFlags, Sys};

/// Where errors go until the configuration says otherwise.
pub(super) const USUAL: &str = "/var/log/nginx/error.log";

/// The files that are open, by path.
#[derive(Clone, Default)]
pub(super) struct Logs(BTreeMap<String, Fd>);

impl Logs {
    /// Opens what is not open yet. Errors: the path that cannot be opened, and why.
    pub fn open(&mut self, sys: &Sys, paths: &[String]) -> Result<(), (String, Errno)> {
        for path in paths {
            if !self.0.contains_key(path) {
                let flags = OpenFlags::EXTEND;
                let fd = sys
                    .open(path, flags, 0o644)
                    .map_err(|error| (path.clone(), error))?;
                self.0.insert(path.clone(), fd);
            }
        }
        Ok(())
    }

    /// Opens all files anew: they may have been moved.
    pub fn reopen(&mut self, sys: &Sys) {
        for (path, fd) in &mut self.0 {
            if let Ok(new) = sys.open(path, OpenFlags::EXTEND, 0o644) {
                let _ = sys.close(*fd);
                *fd = new;
            }
        }
    }

    pub async fn write(&self, sys: &Sys, path: &str, line: &str) {
        let fd = self.0.get(path).copied().unwrap_or(2);
        let _ = sys.write_all(fd, line.as_bytes()).await;
    }

    /// A line of the error log, if it is grave enough for it.
    pub async fn error(&self, sys: &Sys, log: Option<&ErrorLog>, level: Level, what: &str) {
        let (path, least) = match log {
            Some(log) => (log.path.as_str(), log.level),
            None => (USUAL, Level::Error),
        };
        if level <= least {
            let c = sys.now().civil();
            let pid = sys.pid();
            let line = format!(
                "{:04}/{:02}/{:02} {:02}:{:02}:{:02} [{}] {pid}#{pid}: {what}\n",
                c.year,
                c.month,
                c.day,
                c.hour,
                c.minute,
                c.second,
                level.name()
            );
            self.write(sys, path, &line).await;
        }
    }
}
