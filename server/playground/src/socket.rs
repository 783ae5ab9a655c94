//! The session's WebSocket: one connection of one page. The protocol is [`crate::wire`].
//!
//! One task reads, one writes, one serves each terminal that the page looks at; between them stands a bounded queue. A page that stops
//! reading fills it, and is let go after half a minute.

mod faults;
mod files;
mod findings;
mod frames;
mod outgoing;

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures::{SinkExt, StreamExt};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;

use crate::language;
use crate::session::Session;
use crate::session::life::Life;
use crate::session::terminals::{Terminal, Viewer};
use crate::wire::{Level, ServerFrame, binary};
use outgoing::Outgoing;

/// Messages that may wait for the page.
const QUEUE: usize = 64;
/// A page that takes nothing for this long is let go.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a quiet page is pinged, and how long its silence is borne.
const PING_EVERY: Duration = Duration::from_secs(20);
const SILENCE: Duration = Duration::from_secs(60);
/// Nonsense that is answered before the connection is closed.
const MOST_NONSENSE: u32 = 100;

/// One connection.
pub(crate) struct Connection {
    session: Arc<Session>,
    /// The life that the page was told of.
    life: Weak<Life>,
    out: Outgoing,
    /// Terminals that this page looks at.
    views: HashMap<u32, View>,
    files: HashMap<String, JoinHandle<()>>,
    /// Files as this page last read or wrote them.
    known_files: HashMap<String, Bytes>,
    /// The cluster picture is wanted.
    objects: bool,
    nonsense: u32,
}

struct View {
    terminal: Arc<Terminal>,
    /// Number of the viewer within the terminal.
    number: u64,
    task: JoinHandle<()>,
}

impl View {
    /// Looks away, and waits until nothing more of it can get into the page's queue: what the page opens next has numbers of its own.
    async fn end(mut self) {
        self.task.abort();
        // Being cancelled is its end.
        let _ = (&mut self.task).await;
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves one page until either side ends.
pub async fn serve(socket: WebSocket, session: Arc<Session>) {
    let _presence = session.enter().await;
    let (sink, mut stream) = socket.split();
    let (queue, messages) = mpsc::channel(QUEUE);
    let mut writing = tokio::spawn(write(sink, messages));
    let mut events = session.events();
    let mut connection = Connection {
        life: session
            .life()
            .as_ref()
            .map(Arc::downgrade)
            .unwrap_or_default(),
        session: session.clone(),
        out: Outgoing(queue),
        views: HashMap::new(),
        files: HashMap::new(),
        known_files: HashMap::new(),
        objects: false,
        nonsense: 0,
    };
    let mut ping = tokio::time::interval(PING_EVERY);
    let mut heard = tokio::time::Instant::now();
    let reason = loop {
        tokio::select! {
            message = stream.next() => {
                heard = tokio::time::Instant::now();
                match message {
                    Some(Ok(Message::Close(_))) | None => break None,
                    Some(Err(error)) if is_too_long(&error) => break Some((close_code::SIZE, "this message is too long")),
                    Some(Err(_)) => break None,
                    Some(Ok(message)) => if let Some(close) = connection.take(message).await { break Some(close) },
                }
            }
            event = events.recv() => match event {
                Ok(frame) => connection.pass(Arc::unwrap_or_clone(frame)).await,
                Err(broadcast::error::RecvError::Lagged(_)) => connection.tell_everything().await,
                Err(broadcast::error::RecvError::Closed) => break Some((close_code::AWAY, "the session has ended")),
            },
            _ = ping.tick() => {
                if heard.elapsed() > SILENCE {
                    break None;
                }
                connection.out.message(Message::Ping(Vec::new().into())).await;
            }
            () = session.stop().cancelled() => {
                // What was told before the end is not lost.
                while let Ok(frame) = events.try_recv() {
                    connection.pass(Arc::unwrap_or_clone(frame)).await;
                }
                break Some((close_code::AWAY, "the session has ended"));
            }
            _ = &mut writing => break None,
        }
    };
    if let Some((code, why)) = reason {
        connection
            .out
            .message(Message::Close(Some(CloseFrame {
                code,
                reason: why.into(),
            })))
            .await;
    }
    drop(connection);
    if !writing.is_finished() {
        // The queue has no senders any more: the writer sends what is left and ends.
        let _ = tokio::time::timeout(PATIENCE, writing).await;
    }
}

/// Whether a message was refused for its length; other errors are of the connection, which is gone with them.
fn is_too_long(error: &axum::Error) -> bool {
    use tokio_tungstenite::tungstenite::Error;
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Error>());
    matches!(source, Some(Error::Capacity(_)))
}

async fn write(
    mut sink: futures::stream::SplitSink<WebSocket, Message>,
    mut messages: mpsc::Receiver<Message>,
) {
    while let Some(message) = messages.recv().await {
        match tokio::time::timeout(PATIENCE, sink.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

impl Connection {
    /// Takes one message; the answer, if any, closes the connection.
    async fn take(&mut self, message: Message) -> Option<(u16, &'static str)> {
        match message {
            Message::Text(text) => match serde_json::from_str(&text) {
                Ok(frame) => self.obey(frame).await,
                Err(error) => {
                    tracing::debug!(%error, "a frame that cannot be read");
                    self.refuse("bad-frame", &self.say("refused-frame"), None)
                        .await
                }
            },
            Message::Binary(bytes) => self.take_bytes(&bytes).await,
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => {}
        }
        (self.nonsense > MOST_NONSENSE)
            .then_some((close_code::POLICY, "too many frames that make no sense"))
    }

    async fn take_bytes(&mut self, message: &[u8]) {
        let Some(bytes) = binary::decode(message).filter(|bytes| bytes.kind == binary::INPUT)
        else {
            return self
                .refuse("bad-frame", &self.say("refused-frame"), None)
                .await;
        };
        let Some(view) = self.views.get(&bytes.terminal) else {
            return self
                .refuse("unknown-terminal", &self.say("refused-terminal"), None)
                .await;
        };
        if !view.terminal.keys(bytes.payload) {
            self.refuse("too-fast", &self.say("too-much-input"), None)
                .await;
        }
    }

    /// Passes on what the session tells everyone.
    async fn pass(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Objects { .. } if !self.objects => {}
            ServerFrame::Session {
                state: crate::wire::SessionState::Ready,
                ..
            } => {
                self.out.frame(&frame).await;
                let life = self.session.life();
                if life.as_ref().map(Arc::as_ptr) != Some(self.life.as_ptr()) {
                    // A new life: what this page looked at is gone.
                    self.life = life.as_ref().map(Arc::downgrade).unwrap_or_default();
                    for (_, view) in self.views.drain() {
                        view.end().await;
                    }
                    self.files.clear();
                    self.known_files.clear();
                    self.tell_everything().await;
                }
            }
            frame => self.out.frame(&frame).await,
        }
    }

    /// The state of everything, for a page that is new or has missed something.
    async fn tell_everything(&mut self) {
        self.out.frame(&self.session.welcome()).await;
        let Some(life) = self.session.life() else {
            return;
        };
        if let Some(text) = life.news() {
            let level = Level::Warning;
            self.out.frame(&ServerFrame::Notice { level, text }).await;
        }
        for prediction in self.session.foretold(&life).await {
            self.out.frame(&prediction).await;
        }
        if self.objects {
            self.out.frame(&life.grading.objects()).await;
        }
    }

    /// A message in the learner's language.
    fn say(&self, key: &str) -> String {
        language::say(self.session.lang(), key)
    }

    /// As [`Connection::say`], of something that went wrong for a reason that has words of its own.
    fn say_why(&self, key: &str, why: &str) -> String {
        language::say_with(self.session.lang(), key, &[("why", why)])
    }

    async fn refuse(&mut self, code: &str, message: &str, request: Option<u32>) {
        self.nonsense += u32::from(code == "bad-frame");
        self.out
            .frame(&ServerFrame::Error {
                code: code.into(),
                message: message.into(),
                request,
            })
            .await;
    }

    /// Looks at a terminal; its output goes to the page from now on.
    fn look(&mut self, viewer: Viewer) {
        let (terminal, number) = (viewer.terminal.clone(), viewer.number());
        let task = tokio::spawn(outgoing::show(
            viewer,
            self.out.clone(),
            self.session.clone(),
        ));
        self.views.insert(
            terminal.id,
            View {
                terminal,
                number,
                task,
            },
        );
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        for task in self.files.values() {
            task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn big_pictures_go_in_pieces() {
        let object = serde_json::json!({ "data": "x".repeat(20_000) });
        let change = crate::wire::ObjectChange {
            op: crate::wire::ObjectOp::Added,
            object,
        };
        let frame = ServerFrame::Objects {
            reset: true,
            changes: vec![change; 10],
        };
        let pieces = outgoing::texts(&frame);
        assert!(pieces.len() >= 4);
        assert!(
            pieces
                .iter()
                .all(|text| text.len() <= crate::wire::MAX_MESSAGE_BYTES)
        );
        assert_eq!(
            pieces
                .iter()
                .filter(|text| text.contains("\"reset\":true"))
                .count(),
            1
        );
    }
}
