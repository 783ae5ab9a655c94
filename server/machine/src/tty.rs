//! Terminals: line discipline, window size, foreground group, hangup (termios(3), tty_ioctl(4)).
//! The screen side is a pair of byte streams; the program side is a descriptor.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use crate::errno::Errno;
use crate::pipe::{PIPE_SIZE, Reader, Writer, pipe};
use crate::process::PidSpace;
use crate::signal::Signal;
use crate::sync::Notify;
use crate::sys::{Pid, Termios, WindowSize};

/// Bytes of input that wait to be read before the terminal takes no more.
const INPUT_MAX: usize = 4096;

struct Inner {
    /// Number of /dev/pts/N.
    number: u32,
    termios: Cell<Termios>,
    size: Cell<WindowSize>,
    /// Input ready to be read: lines, or pieces in raw mode. An empty one is ^D on an empty line.
    ready: RefCell<VecDeque<Vec<u8>>>,
    /// The line being typed.
    line: RefCell<Vec<u8>>,
    screen: RefCell<Option<Writer>>,
    foreground: Cell<Pid>,
    session: Cell<Pid>,
    pids: Weak<PidSpace>,
    hung_up: Cell<bool>,
    changed: Notify,
    column: Cell<Column>,
}

/// Where the cursor stands, as far as what was written tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Column {
    #[default]
    Start,
    /// Something was printed behind the last newline.
    Within,
    /// In an escape sequence; whether the cursor stood within a line before.
    Escape(bool),
    /// In a control sequence (`ESC [`).
    Sequence(bool),
}

impl Column {
    fn after(self, byte: u8) -> Column {
        let place = |within: bool| {
            if within {
                Column::Within
            } else {
                Column::Start
            }
        };
        match (self, byte) {
            (_, b'\n' | b'\r') => Column::Start,
            (Column::Escape(within), b'[') => Column::Sequence(within),
            (Column::Escape(within), _) => place(within),
            (Column::Sequence(_), b'H') => Column::Start,
            (Column::Sequence(within), 0x40..=0x7e) => place(within),
            (Column::Sequence(_), _) => self,
            (_, 0x1b) => Column::Escape(self == Column::Within),
            (_, 0..=31 | 127) => self,
            _ => Column::Within,
        }
    }
}

/// A terminal: both its ends. Clones are the same terminal.
#[derive(Clone)]
pub struct Tty(Rc<Inner>);

impl Tty {
    /// The terminal and what its screen shows.
    pub(crate) fn new(number: u32, size: WindowSize, pids: &Rc<PidSpace>) -> (Tty, Reader) {
        let (reader, writer) = pipe(PIPE_SIZE);
        let tty = Tty(Rc::new(Inner {
            number,
            termios: Cell::default(),
            size: Cell::new(size),
            ready: RefCell::default(),
            line: RefCell::default(),
            screen: RefCell::new(Some(writer)),
            foreground: Cell::new(0),
            session: Cell::new(0),
            pids: Rc::downgrade(pids),
            hung_up: Cell::new(false),
            changed: Notify::new(),
            column: Cell::default(),
        }));
        (tty, reader)
    }

    #[must_use]
    pub fn number(&self) -> u32 {
        self.0.number
    }

    #[must_use]
    pub fn is_same(&self, other: &Tty) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    #[must_use]
    pub fn termios(&self) -> Termios {
        self.0.termios.get()
    }

    pub fn set_termios(&self, termios: Termios) {
        let was = self.0.termios.replace(termios);
        if was.canonical && !termios.canonical {
            let line = std::mem::take(&mut *self.0.line.borrow_mut());
            if !line.is_empty() {
                self.0.ready.borrow_mut().push_back(line);
            }
        }
        self.0.changed.notify();
    }

    #[must_use]
    pub fn winsize(&self) -> WindowSize {
        self.0.size.get()
    }

    /// SIGWINCH goes to the foreground group when the size is new.
    pub fn set_winsize(&self, size: WindowSize) {
        if self.0.size.replace(size) != size {
            self.signal(Signal::Winch);
        }
    }

    #[must_use]
    pub fn foreground(&self) -> Pid {
        self.0.foreground.get()
    }

    pub fn set_foreground(&self, pgid: Pid) {
        self.0.foreground.set(pgid);
        self.0.changed.notify();
    }

    pub(crate) fn session(&self) -> Pid {
        self.0.session.get()
    }

    pub(crate) fn set_session(&self, sid: Pid) {
        self.0.session.set(sid);
        self.0.foreground.set(sid);
    }

    fn signal(&self, signal: Signal) {
        if let Some(pids) = self.0.pids.upgrade()
            && self.0.foreground.get() > 0
        {
            pids.signal_group(self.0.foreground.get(), signal);
        }
    }

    /// The line is cut: SIGHUP to the session's leader and the foreground group; reads give the end of
    /// the file, writes EIO.
    pub fn hang_up(&self) {
        if self.0.hung_up.replace(true) {
            return;
        }
        *self.0.screen.borrow_mut() = None;
        self.0.changed.notify();
        let Some(pids) = self.0.pids.upgrade() else {
            return;
        };
        let (session, foreground) = (self.0.session.get(), self.0.foreground.get());
        if let Some(leader) = pids.get(session) {
            leader.signal(Signal::Hup);
            leader.signal(Signal::Cont);
        }
        if foreground != session {
            pids.signal_group(foreground, Signal::Hup);
            pids.signal_group(foreground, Signal::Cont);
        }
    }

    #[must_use]
    pub fn is_hung_up(&self) -> bool {
        self.0.hung_up.get()
    }

    /// Ends when there is room for more input, or nobody will read it.
    pub(crate) async fn room(&self) {
        self.0
            .changed
            .until(|| {
                let waiting: usize = self.0.ready.borrow().iter().map(Vec::len).sum();
                (waiting < INPUT_MAX || self.is_hung_up()).then_some(())
            })
            .await;
    }

    /// Keys from the screen side.
    pub fn input(&self, bytes: &[u8]) {
        for byte in bytes {
            self.key(*byte);
        }
        self.0.changed.notify();
    }

    fn key(&self, byte: u8) {
        let termios = self.termios();
        let byte = if byte == b'\r' && termios.newline_in {
            b'\n'
        } else {
            byte
        };
        if termios.signals
            && let Some(signal) = match byte {
                3 => Some(Signal::Int),
                26 => Some(Signal::Tstp),
                28 => Some(Signal::Quit),
                _ => None,
            }
        {
            self.0.line.borrow_mut().clear();
            self.0.ready.borrow_mut().clear();
            if termios.echo {
                self.echo(&[b'^', byte + 64]);
            }
            return self.signal(signal);
        }
        if !termios.canonical {
            if termios.echo {
                self.echo(&[byte]);
            }
            let mut ready = self.0.ready.borrow_mut();
            match ready.back_mut() {
                Some(last) if !last.is_empty() => last.push(byte),
                _ => ready.push_back(vec![byte]),
            }
            return;
        }
        self.edit(byte, termios.echo);
    }

    fn edit(&self, byte: u8, echo: bool) {
        let mut line = self.0.line.borrow_mut();
        match byte {
            b'\n' => {
                line.push(b'\n');
                self.0
                    .ready
                    .borrow_mut()
                    .push_back(std::mem::take(&mut line));
                self.echo_if(echo, b"\r\n");
            }
            4 => self
                .0
                .ready
                .borrow_mut()
                .push_back(std::mem::take(&mut line)),
            8 | 127 => {
                let columns = erase(&mut line);
                self.echo_if(echo, &b"\x08 \x08".repeat(columns));
            }
            21 => {
                let mut columns = 0;
                while !line.is_empty() {
                    columns += erase(&mut line);
                }
                self.echo_if(echo, &b"\x08 \x08".repeat(columns));
            }
            23 => {
                let mut columns = 0;
                while line.last() == Some(&b' ') {
                    columns += erase(&mut line);
                }
                while line.last().is_some_and(|b| *b != b' ') {
                    columns += erase(&mut line);
                }
                self.echo_if(echo, &b"\x08 \x08".repeat(columns));
            }
            _ if line.len() >= INPUT_MAX => self.echo_if(echo, b"\x07"),
            _ => {
                line.push(byte);
                if byte < 32 && byte != b'\t' {
                    self.echo_if(echo, &[b'^', byte + 64]);
                } else {
                    self.echo_if(echo, &[byte]);
                }
            }
        }
    }

    fn echo_if(&self, echo: bool, bytes: &[u8]) {
        if echo {
            self.echo(bytes);
        }
    }

    /// Whether the cursor stands at the start of a line.
    #[must_use]
    pub fn at_line_start(&self) -> bool {
        self.0.column.get() == Column::Start
    }

    fn follow(&self, bytes: &[u8]) {
        // What came before the last newline no longer matters, unless an escape sequence was open.
        let from = bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        let column = bytes[from..]
            .iter()
            .fold(self.0.column.get(), |column, byte| column.after(*byte));
        self.0.column.set(column);
    }

    /// Echo never waits: on a full screen it is lost, as on a real terminal.
    fn echo(&self, bytes: &[u8]) {
        self.follow(bytes);
        if let Some(screen) = &*self.0.screen.borrow() {
            let _ = screen.try_write(bytes);
        }
    }

    /// Bytes for a program; None: nothing yet. A canonical read gives at most one line.
    pub(crate) fn try_read(&self, max: usize) -> Option<Vec<u8>> {
        if self.is_hung_up() {
            return Some(Vec::new());
        }
        let mut ready = self.0.ready.borrow_mut();
        let mut piece = ready.pop_front()?;
        if piece.len() > max {
            ready.push_front(piece.split_off(max));
        }
        drop(ready);
        self.0.changed.notify();
        Some(piece)
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.is_hung_up() || !self.0.ready.borrow().is_empty()
    }

    pub(crate) fn changed(&self) -> &Notify {
        &self.0.changed
    }

    /// Output of a program, waiting for the screen to take it.
    pub(crate) async fn write(&self, bytes: &[u8]) -> Result<(), Errno> {
        self.follow(bytes);
        let shown = if self.termios().newline_out {
            newlines(bytes)
        } else {
            bytes.to_vec()
        };
        let screen = self.0.screen.borrow().clone();
        match screen {
            Some(screen) => screen.write_all(&shown).await.map_err(|_| Errno::EIO),
            None => Err(Errno::EIO),
        }
    }

    /// Ends when nobody looks at the screen any more.
    pub(crate) async fn abandoned(&self) {
        let screen = self.0.screen.borrow().as_ref().map(|s| s.changed().clone());
        if let Some(changed) = screen {
            changed
                .until(|| {
                    let gone = self
                        .0
                        .screen
                        .borrow()
                        .as_ref()
                        .is_none_or(Writer::is_broken);
                    gone.then_some(())
                })
                .await;
        }
    }
}

/// Takes the last character away; gives its columns.
fn erase(line: &mut Vec<u8>) -> usize {
    let Some(mut byte) = line.pop() else { return 0 };
    if byte < 32 && byte != b'\t' {
        return 2;
    }
    while byte & 0xc0 == 0x80 {
        match line.pop() {
            Some(more) => byte = more,
            None => break,
        }
    }
    1
}

fn newlines(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    for byte in bytes {
        if *byte == b'\n' {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}
