//! Frames about files of the home: read, written, watched, and what the editor asks about a manifest.

use axum::body::Bytes;
use host::FileKind;

use super::Connection;
use crate::language;
use crate::manifest::{self, names};
use crate::session::life::Life;
use crate::wire::{
    Choice, ChoiceKind, ClientFrame, FileEntry, FileEvent, MAX_FILE_BYTES, ServerFrame,
};

/// Most directories that one page watches, files of which it is known how the page saw them, and entries of a listing.
const MOST_WATCHED: usize = 16;
const MOST_KNOWN: usize = 64;
const MOST_LISTED: usize = 500;

impl Connection {
    pub(super) async fn file(&mut self, life: &Life, frame: ClientFrame) {
        match frame {
            ClientFrame::FileRead { request, path } => self.read(life, request, path).await,
            ClientFrame::FileWrite {
                request,
                path,
                text,
                unless_changed,
            } => {
                let text = Bytes::from(text);
                self.write(life, request, path, text, unless_changed).await;
            }
            ClientFrame::FileList { request, path } => self.list(life, request, path).await,
            ClientFrame::FileWatch { path } => self.watch(life, path).await,
            ClientFrame::FileUnwatch { path } => {
                if let Some(task) = self.files.remove(&path) {
                    task.abort();
                }
            }
            ClientFrame::FileCheck { request, text } => {
                let problems = manifest::check(&text);
                let frame = ServerFrame::FileChecked { request, problems };
                self.out.frame(&frame).await;
            }
            ClientFrame::FileComplete {
                request,
                text,
                line,
                column,
            } => self.complete(life, request, &text, (line, column)).await,
            ClientFrame::FileExplain {
                request,
                text,
                line,
            } => {
                let explanation = manifest::explain(&text, line);
                let frame = ServerFrame::FileExplained {
                    request,
                    explanation,
                };
                self.out.frame(&frame).await;
            }
            _ => {}
        }
    }

    async fn read(&mut self, life: &Life, request: u32, path: String) {
        let bytes = match life.world.read_file(&path).await {
            Ok(bytes) => bytes,
            Err(why) => return self.no_file(&why, Some(request)).await,
        };
        let size = bytes.len() as u64;
        let text = if bytes.len() <= MAX_FILE_BYTES {
            String::from_utf8(bytes.to_vec()).ok()
        } else {
            None
        };
        self.know(&path, bytes);
        self.out
            .frame(&ServerFrame::File {
                request,
                path,
                text,
                size,
            })
            .await;
    }

    async fn write(
        &mut self,
        life: &Life,
        request: u32,
        path: String,
        text: Bytes,
        unless_changed: bool,
    ) {
        if unless_changed
            && let Ok(there) = life.world.read_file(&path).await
            && there != text
            && self.known_files.get(&path) != Some(&there)
        {
            let args = [("path", path.as_str())];
            let why = language::say_with(self.session.lang(), "file-apart", &args);
            return self.refuse("file-apart", &why, Some(request)).await;
        }
        match life.world.write_file(&path, text.clone(), 0o644).await {
            Ok(()) => {
                self.know(&path, text);
                let frame = ServerFrame::FileWritten { request, path };
                self.out.frame(&frame).await;
            }
            Err(why) => self.no_file(&why, Some(request)).await,
        }
    }

    /// A file could not be had, for a reason in the words of the workstation.
    async fn no_file(&mut self, why: &str, request: Option<u32>) {
        self.refuse("file", &self.say_why("refused-file", why), request)
            .await;
    }

    /// Remembers how the page saw a file. One that is forgotten has to be read again before it is written over.
    fn know(&mut self, path: &str, bytes: Bytes) {
        if self.known_files.len() >= MOST_KNOWN {
            self.known_files.clear();
        }
        self.known_files.insert(path.to_owned(), bytes);
    }

    async fn list(&mut self, life: &Life, request: u32, path: String) {
        match life.world.list_files(&path).await {
            Ok(found) => {
                let entry = |file: host::FileInfo| FileEntry {
                    directory: file.kind == FileKind::Directory,
                    name: file.name,
                    size: file.size,
                };
                let entries = found.into_iter().take(MOST_LISTED).map(entry).collect();
                self.out
                    .frame(&ServerFrame::FileList {
                        request,
                        path,
                        entries,
                    })
                    .await;
            }
            Err(why) => self.no_file(&why, Some(request)).await,
        }
    }

    async fn watch(&mut self, life: &Life, path: String) {
        if self.files.len() >= MOST_WATCHED {
            return self.no_file("too many directories are watched", None).await;
        }
        let mut changes = match life.world.watch_files(&path).await {
            Ok(changes) => changes,
            Err(why) => return self.no_file(&why, None).await,
        };
        let out = self.out.clone();
        let task = tokio::spawn(async move {
            while let Some(change) = changes.recv().await {
                let event = if change.exists {
                    FileEvent::Changed
                } else {
                    FileEvent::Removed
                };
                let path = change.path;
                out.frame(&ServerFrame::FileChanged { path, event }).await;
            }
        });
        if let Some(before) = self.files.insert(path, task) {
            before.abort();
        }
    }

    /// What may stand at a place of a manifest, with the names that the cluster has for it.
    async fn complete(&mut self, life: &Life, request: u32, text: &str, at: (u32, u32)) {
        let mut found = manifest::complete(text, at.0, at.1);
        if let Some(resource) = found.value_of.as_deref().and_then(names::wanted) {
            let there = names::list(&life.client, &life.namespace, resource).await;
            found.choices.extend(there.iter().map(|name| Choice {
                label: name.clone(),
                insert: name.clone(),
                detail: resource.kind.to_owned(),
                about: String::new(),
                kind: ChoiceKind::Name,
            }));
        }
        self.out
            .frame(&ServerFrame::FileCompleted {
                request,
                from: found.from,
                choices: found.choices,
            })
            .await;
    }
}
