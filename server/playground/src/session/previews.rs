//! Forwarded ports that can be seen in the preview pane: a label nobody can guess, and a way to the port.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::DuplexStream;
use tokio::sync::mpsc;

use crate::http::cookie::unguessable;

/// Connections that may wait to be accepted.
const BACKLOG: usize = 16;
/// Bytes under way in each direction of a connection.
const BUFFER_BYTES: usize = 64 * 1024;

/// One port of the workstation that something listens on.
#[derive(Clone)]
pub struct Door {
    pub port: u16,
    pub label: String,
    pub target: String,
    knock: mpsc::Sender<DuplexStream>,
}

/// The doors of one session.
#[derive(Clone, Default)]
pub struct Previews {
    open: Arc<Mutex<BTreeMap<u16, Door>>>,
}

impl Previews {
    /// A program listens on `port`: what comes out of the answer are connections to it.
    pub fn listen(&self, port: u16, target: String) -> (Door, mpsc::Receiver<DuplexStream>) {
        let (knock, connections) = mpsc::channel(BACKLOG);
        let mut open = self.lock();
        // The same port keeps its label through a restart of the command, so that a page in the pane stays where it is.
        let label = open
            .get(&port)
            .map_or_else(unguessable, |door| door.label.clone());
        let door = Door {
            port,
            label,
            target,
            knock,
        };
        open.insert(port, door.clone());
        (door, connections)
    }

    /// The program listens no more. The label is kept, for when it comes back.
    pub fn is_open(&self, port: u16) -> bool {
        self.lock()
            .get(&port)
            .is_some_and(|door| !door.knock.is_closed())
    }

    /// The ports that are listened on now.
    pub fn open(&self) -> Vec<Door> {
        self.lock()
            .values()
            .filter(|door| !door.knock.is_closed())
            .cloned()
            .collect()
    }

    /// The door with this label, whether or not it is open.
    pub fn by_label(&self, label: &str) -> Option<Door> {
        self.lock()
            .values()
            .find(|door| door.label == label)
            .cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u16, Door>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Door {
    /// A connection to the port; `None` when nothing listens (any more).
    pub async fn connect(&self) -> Option<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(BUFFER_BYTES);
        self.knock.send(theirs).await.ok()?;
        Some(ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_connection_reaches_the_listener() {
        let previews = Previews::default();
        let (door, mut connections) = previews.listen(8080, "pod/kuard:8080".into());
        let server = async {
            let mut socket = connections.recv().await.expect("a connection");
            socket.write_all(b"hello").await.expect("write");
        };
        let client = async {
            let mut text = String::new();
            door.connect()
                .await
                .expect("a door")
                .read_to_string(&mut text)
                .await
                .expect("read");
            text
        };
        assert_eq!(tokio::join!(server, client).1, "hello");
        drop(connections);
        assert!(door.connect().await.is_none() && previews.open().is_empty());
        let (again, _connections) = previews.listen(8080, "pod/other:80".into());
        assert_eq!(again.label, door.label);
        assert!(previews.by_label(&door.label).is_some() && previews.by_label("x").is_none());
    }
}
