//! Files of the workstation for the page's editor and for lessons: read, write, list, and be told of changes.
//! Paths are absolute or below the login user's home.

use crate::command::Reply;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// What a name in a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    File,
    Directory,
    Link,
    Other,
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileInfo {
    /// Name within its directory.
    pub name: String,
    pub kind: FileKind,
    /// Bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Simulated seconds since 1970.
    pub modified: i64,
}

/// Something below a watched directory changed: appeared, has other content, went away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    pub path: String,
    /// False when the file is gone.
    pub exists: bool,
}

#[derive(Debug)]
pub(crate) enum FileCall {
    Read {
        path: String,
        reply: Reply<Result<Bytes, String>>,
    },
    Write {
        path: String,
        content: Bytes,
        mode: u32,
        reply: Reply<Result<(), String>>,
    },
    Remove {
        path: String,
        reply: Reply<Result<(), String>>,
    },
    MakeDir {
        path: String,
        reply: Reply<Result<(), String>>,
    },
    List {
        path: String,
        reply: Reply<Result<Vec<FileInfo>, String>>,
    },
    Watch {
        path: String,
        reply: Reply<Result<mpsc::Receiver<FileChange>, String>>,
    },
}

impl FileCall {
    /// Answers that it cannot be done.
    pub fn refuse(self, why: &str) {
        // Whoever asked may have stopped waiting.
        match self {
            FileCall::Read { reply, .. } => drop(reply.send(Err(why.into()))),
            FileCall::List { reply, .. } => drop(reply.send(Err(why.into()))),
            FileCall::Watch { reply, .. } => drop(reply.send(Err(why.into()))),
            FileCall::Write { reply, .. }
            | FileCall::Remove { reply, .. }
            | FileCall::MakeDir { reply, .. } => {
                drop(reply.send(Err(why.into())));
            }
        }
    }
}
