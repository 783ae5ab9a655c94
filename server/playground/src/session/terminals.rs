//! The terminals of a session: each a shell on the workstation, a scroll of its output, and the pages that look at it.
//!
//! Output is read from the workstation only as fast as the page that keeps up best takes it, so a program stops, as at a full pipe, when no
//! page reads. A page that falls behind by more than [`KEEP_BYTES`] is told so, and goes on with what is kept. While nobody looks, as much is
//! kept and then the program waits.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use host::{Handle, TermIn};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::scroll::{KEEP_BYTES, Scroll};
use crate::storage::worlds::{KeptTerminal, TERMINAL_BYTES};
use crate::wire::{INPUT_WINDOW_BYTES, MAX_TERMINALS, TermState};

/// Most bytes of one message to a page.
pub const CHUNK_BYTES: usize = 16 * 1024;
/// Keys are handed to the workstation in pieces of this size, so that acceptance is reported as it goes.
const KEYS_BYTES: usize = 4 * 1024;
/// Largest piece that the workstation sends.
const PIECE_BYTES: usize = 64 * 1024;

/// Why a terminal cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TerminalError {
    #[error("a session has at most {MAX_TERMINALS} terminals")]
    TooMany,
    #[error("{0}")]
    World(String),
}

/// One terminal.
pub struct Terminal {
    pub id: u32,
    /// No other terminal of this process has it, also not one with the same number.
    birth: u64,
    keys: mpsc::UnboundedSender<TermIn>,
    shared: Mutex<Shared>,
    /// Rises with every change a page may wait for: output, acceptance, the end.
    changed: watch::Sender<u64>,
    stop: CancellationToken,
}

#[derive(Default)]
struct Shared {
    scroll: Scroll,
    cols: u16,
    rows: u16,
    sent_in: u64,
    accepted: u64,
    ended: bool,
    /// What each looking page has acknowledged.
    viewers: BTreeMap<u64, u64>,
    next_viewer: u64,
    /// Where the last page had come to when it left.
    left_at: u64,
}

/// A page that looks at a terminal. Dropping it looks away.
pub struct Viewer {
    pub terminal: Arc<Terminal>,
    number: u64,
    /// First byte that it will get.
    pub offset: u64,
    /// First byte that was not there yet when it came.
    pub live: u64,
    /// Input bytes of earlier pages: this page's own count begins here.
    pub base: u64,
    changed: watch::Receiver<u64>,
}

/// What a viewer can do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    Output(Vec<u8>),
    Accepted(u64),
    /// What was not sent yet is kept no more: output goes on at `offset`; bytes before `live` are history.
    Missed {
        offset: u64,
        live: u64,
    },
    Ended,
}

/// All terminals of one life of a session.
#[derive(Default)]
pub struct Terminals {
    open: Mutex<BTreeMap<u32, Arc<Terminal>>>,
    /// Terminals of an earlier life whose text is here, and whose new shell starts when a page opens them.
    asleep: Mutex<BTreeMap<u32, KeptTerminal>>,
}

/// Added to the numbers of an earlier life's bytes, so that no page takes them for what it has seen: it draws all of them anew.
const LATER_BYTES: u64 = 1 << 32;
/// Puts what ran before into a terminal's plain state: cursor, keys, mouse, colours.
const PLAIN: &str = "\x1b[?25h\x1b[?1l\x1b[?2004l\x1b[?1000l\x1b[0m\r\n";
static BIRTHS: AtomicU64 = AtomicU64::new(1);

impl Terminals {
    /// Terminals of an earlier life; `word` is said below what they showed.
    pub fn with(kept: Vec<KeptTerminal>, word: &str) -> Terminals {
        let mut asleep = BTreeMap::new();
        for mut terminal in kept {
            if terminal.first > 0
                && let Some(line) = terminal.text.iter().position(|byte| *byte == b'\n')
            {
                // Not from the middle of a character or a control sequence.
                terminal.text.drain(..=line);
                terminal.first += line as u64 + 1;
            }
            terminal.first += LATER_BYTES;
            if is_full_screen(&terminal.text) {
                terminal.text.extend_from_slice(b"\x1b[?1049l");
            }
            terminal.text.extend_from_slice(PLAIN.as_bytes());
            let word = format!("\x1b[2m{word}\x1b[0m\r\n");
            terminal.text.extend_from_slice(word.as_bytes());
            asleep.insert(terminal.id, terminal);
        }
        Terminals {
            open: Mutex::default(),
            asleep: Mutex::new(asleep),
        }
    }

    /// The terminals that stand, each with the number of its birth; those of an earlier life that nobody opened are among them.
    pub fn standing(&self) -> Vec<(TermState, u64)> {
        let open = lock(&self.open);
        let mut standing: Vec<_> = open.values().map(|t| (t.state(), t.birth)).collect();
        let asleep = lock(&self.asleep);
        standing.extend(asleep.values().map(|kept| (state_of(kept), 0)));
        standing
    }

    /// What a terminal printed from byte `from` on, at most the last [`TERMINAL_BYTES`], and the number of its first byte.
    pub fn since(&self, id: u32, from: u64) -> (u64, Vec<u8>) {
        if let Some(terminal) = self.get(id) {
            let shared = lock(&terminal.shared);
            let end = shared.scroll.end();
            let from = from
                .max(shared.scroll.start())
                .max(end.saturating_sub(TERMINAL_BYTES));
            return (from, shared.scroll.read(from, TERMINAL_BYTES as usize));
        }
        let asleep = lock(&self.asleep);
        let Some(kept) = asleep.get(&id) else {
            return (from, Vec::new());
        };
        let from = from.max(kept.first);
        let skip = ((from - kept.first) as usize).min(kept.text.len());
        (from, kept.text[skip..].to_vec())
    }

    /// The terminal `id`, made when it is not there; true when it was made.
    pub async fn open(
        &self,
        world: &Handle,
        id: u32,
        cols: u16,
        rows: u16,
    ) -> Result<(Arc<Terminal>, bool), TerminalError> {
        if let Some(terminal) = self.get(id) {
            terminal.resize(cols, rows);
            return Ok((terminal, false));
        }
        if lock(&self.open).len() >= MAX_TERMINALS {
            return Err(TerminalError::TooMany);
        }
        let shell = world
            .open_terminal(cols.max(1), rows.max(1))
            .await
            .map_err(|why| TerminalError::World(why.to_string()))?;
        let (keys, queue) = mpsc::unbounded_channel();
        let before = lock(&self.asleep).remove(&id);
        let created = before.is_none();
        let scroll = before.map_or_else(Scroll::default, |kept| {
            Scroll::again(kept.first, &kept.text)
        });
        let terminal = Arc::new(Terminal {
            id,
            birth: BIRTHS.fetch_add(1, Ordering::Relaxed),
            keys,
            shared: Mutex::new(Shared {
                cols,
                rows,
                scroll,
                ..Shared::default()
            }),
            changed: watch::Sender::new(0),
            stop: CancellationToken::new(),
        });
        let raced = {
            let mut open = lock(&self.open);
            let there = open.get(&id).cloned();
            if there.is_none() {
                open.insert(id, terminal.clone());
            }
            there
        };
        if let Some(first) = raced {
            // Another page opened the same number meanwhile; this shell goes away.
            let _ = shell.input.send(TermIn::Hangup).await;
            return Ok((first, false));
        }
        tokio::spawn(type_keys(terminal.clone(), shell.input, queue));
        tokio::spawn(read_output(terminal.clone(), shell.output));
        Ok((terminal, created))
    }

    pub fn get(&self, id: u32) -> Option<Arc<Terminal>> {
        lock(&self.open).get(&id).cloned()
    }

    /// Hangs up. False when there is no such terminal.
    pub fn close(&self, id: u32) -> bool {
        if lock(&self.asleep).remove(&id).is_some() {
            return true;
        }
        let Some(terminal) = lock(&self.open).remove(&id) else {
            return false;
        };
        let _ = terminal.keys.send(TermIn::Hangup);
        terminal.end();
        true
    }

    /// Forgets a terminal whose shell has ended.
    pub fn forget(&self, terminal: &Arc<Terminal>) {
        let mut open = lock(&self.open);
        if open
            .get(&terminal.id)
            .is_some_and(|known| Arc::ptr_eq(known, terminal))
        {
            open.remove(&terminal.id);
        }
    }

    /// The terminals that stand, for the page's `welcome`.
    pub fn states(&self) -> Vec<TermState> {
        self.standing()
            .into_iter()
            .map(|(state, _)| state)
            .collect()
    }

    /// Ends them all: the session's life is over.
    pub fn end_all(&self) {
        for terminal in std::mem::take(&mut *lock(&self.open)).into_values() {
            terminal.end();
        }
    }
}

impl Terminal {
    /// Looks at the terminal from the byte after `seen` on.
    pub fn view(self: &Arc<Self>, seen: u64) -> Viewer {
        let mut shared = lock(&self.shared);
        let (offset, live) = (shared.scroll.resume(seen), shared.scroll.end());
        let (number, base) = (shared.next_viewer, shared.sent_in);
        shared.next_viewer += 1;
        shared.viewers.insert(number, offset);
        drop(shared);
        Viewer {
            terminal: self.clone(),
            number,
            offset,
            live,
            base,
            changed: self.changed.subscribe(),
        }
    }

    /// Takes keys; false, and takes nothing, when they run further ahead than the window allows.
    pub fn keys(&self, bytes: &[u8]) -> bool {
        let mut shared = lock(&self.shared);
        if shared.sent_in + bytes.len() as u64 > shared.accepted + INPUT_WINDOW_BYTES {
            return false;
        }
        shared.sent_in += bytes.len() as u64;
        drop(shared);
        for piece in bytes.chunks(KEYS_BYTES) {
            // A shell that has ended reads no more.
            let _ = self.keys.send(TermIn::Keys(Bytes::copy_from_slice(piece)));
        }
        true
    }

    pub fn resize(&self, cols: u16, rows: u16) {
        let mut shared = lock(&self.shared);
        if cols == 0 || rows == 0 || (shared.cols, shared.rows) == (cols, rows) {
            return;
        }
        (shared.cols, shared.rows) = (cols, rows);
        drop(shared);
        let _ = self.keys.send(TermIn::Resize { cols, rows });
    }

    fn state(&self) -> TermState {
        let shared = lock(&self.shared);
        TermState {
            id: self.id,
            cols: shared.cols,
            rows: shared.rows,
            written: shared.scroll.end(),
        }
    }

    fn end(&self) {
        lock(&self.shared).ended = true;
        self.stop.cancel();
        self.tell();
    }

    fn tell(&self) {
        self.changed.send_modify(|n| *n += 1);
    }
}

impl Shared {
    /// How many more bytes may be read from the workstation before the page that keeps up best has to catch up.
    fn room(&self) -> usize {
        let floor = self.viewers.values().max().copied().unwrap_or(self.left_at);
        let ahead = self
            .scroll
            .end()
            .saturating_sub(floor.max(self.scroll.start()));
        KEEP_BYTES.saturating_sub(ahead as usize)
    }
}

impl Viewer {
    /// Waits for what comes next after `sent` bytes of output (counted from the terminal's beginning) and `told` accepted ones.
    /// Output is held back while the page has not acknowledged what was sent. Safe to cancel.
    pub async fn next(&mut self, sent: u64, told: u64) -> Next {
        loop {
            self.changed.mark_unchanged();
            {
                let mut shared = lock(&self.terminal.shared);
                let acked = shared.viewers.get(&self.number).copied().unwrap_or(sent);
                let window = crate::wire::OUTPUT_WINDOW_BYTES
                    .saturating_sub(sent.saturating_sub(acked))
                    as usize;
                if shared.accepted > told {
                    return Next::Accepted(shared.accepted);
                }
                let (offset, live) = (shared.scroll.start(), shared.scroll.end());
                if offset > sent && window > 0 {
                    shared.viewers.insert(self.number, offset);
                    return Next::Missed { offset, live };
                }
                if shared.scroll.end() > sent && window > 0 {
                    return Next::Output(shared.scroll.read(sent, window.min(CHUNK_BYTES)));
                }
                if shared.ended && shared.scroll.end() == sent {
                    return Next::Ended;
                }
            }
            // The sender lives in the terminal that this viewer holds.
            let _ = self.changed.changed().await;
        }
    }

    /// The handle by which the connection's reading side acknowledges for this viewer.
    pub fn number(&self) -> u64 {
        self.number
    }
}

impl Terminal {
    /// Acknowledges for the viewer `number`; numbers from the future or the past are ignored.
    pub fn ack(&self, number: u64, received: u64) {
        let mut shared = lock(&self.shared);
        let end = shared.scroll.end();
        if let Some(acked) = shared.viewers.get_mut(&number)
            && received > *acked
            && received <= end
        {
            *acked = received;
        }
        drop(shared);
        self.tell();
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        let mut shared = lock(&self.terminal.shared);
        if let Some(acked) = shared.viewers.remove(&self.number) {
            shared.left_at = shared.left_at.max(acked);
        }
        drop(shared);
        self.terminal.tell();
    }
}

/// Whether a full-screen program (an editor, a pager) had the screen at the end of this text.
fn is_full_screen(text: &[u8]) -> bool {
    let last = |wanted: &[u8]| {
        text.windows(wanted.len())
            .rposition(|window| window == wanted)
    };
    last(b"\x1b[?1049h") > last(b"\x1b[?1049l")
}

fn state_of(kept: &KeptTerminal) -> TermState {
    TermState {
        id: kept.id,
        cols: kept.cols,
        rows: kept.rows,
        written: kept.first + kept.text.len() as u64,
    }
}

/// Hands keys to the workstation, in order, as fast as it takes them.
async fn type_keys(
    terminal: Arc<Terminal>,
    input: host::TerminalInput,
    mut queue: mpsc::UnboundedReceiver<TermIn>,
) {
    while let Some(key) = queue.recv().await {
        let (taken, last) = match &key {
            TermIn::Keys(bytes) => (bytes.len() as u64, false),
            TermIn::Resize { .. } => (0, false),
            TermIn::Hangup => (0, true),
        };
        let gone = tokio::select! {
            sent = input.send(key) => sent.is_err(),
            () = terminal.stop.cancelled(), if !last => true,
        };
        lock(&terminal.shared).accepted += taken;
        terminal.tell();
        if gone || last {
            return;
        }
    }
}

/// Reads what the shell prints, while there is room for it, until it ends.
async fn read_output(terminal: Arc<Terminal>, mut output: host::TerminalOutput) {
    let mut changed = terminal.changed.subscribe();
    loop {
        changed.mark_unchanged();
        // A piece is never larger than this, so what the best reader has not seen is never pushed out.
        let room = lock(&terminal.shared).room().saturating_sub(PIECE_BYTES);
        let piece = tokio::select! {
            () = terminal.stop.cancelled() => return,
            _ = changed.changed(), if room == 0 => continue,
            piece = output.recv(), if room > 0 => piece,
        };
        match piece {
            Some(bytes) => {
                lock(&terminal.shared).scroll.push(&bytes);
                terminal.tell();
            }
            None => return terminal.end(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code panics while it holds one of these; if it did, the data would still be whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
