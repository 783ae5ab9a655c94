//! `less` and `more`: text by the screen. Keys: space, b, d, u, j, k, arrows, g, G, /, ?, n, N, q. Mirrors busybox `less`.

use super::lines::Lines;
use super::options::{self, complain};
use crate::sys::{Fd, OpenFlags, Sys, Termios};
use unicode_width::UnicodeWidthChar;

/// Bytes that are held.
const LARGEST: usize = 4 << 20;

struct Pager {
    sys: Sys,
    keys: Fd,
    title: String,
    text: Vec<String>,
    top: usize,
    pattern: Option<regex::bytes::Regex>,
    numbers: bool,
    note: String,
}

pub async fn main(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "EFIMmNSh~R",
        &[],
        "[-EFIMmNSh~] [FILE]...\n\nView FILE (or stdin) one screenful at a time",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut files = options.rest.clone();
    if files.is_empty() {
        if sys.isatty(0) {
            options::show_usage(&sys, "[-EFIMmNSh~] [FILE]...").await;
            return 1;
        }
        files.push("-".to_owned());
    }
    let mut bytes = Vec::new();
    for file in &files {
        let mut input = match Lines::open(&sys, file) {
            Ok(input) => input,
            Err(error) => {
                complain(&sys, &format!("can't open '{file}': {}", error.text())).await;
                return 1;
            }
        };
        loop {
            match input.bytes(64 << 10).await {
                Ok(piece) if piece.is_empty() => break,
                Ok(piece) if sys.isatty(1) && bytes.len() < LARGEST => bytes.extend(piece),
                Ok(piece) => sys.print(piece).await,
                Err(_) => break,
            }
        }
        input.close();
    }
    if !sys.isatty(1) {
        return 0;
    }
    let keys = if sys.isatty(0) {
        Ok(0)
    } else {
        sys.open("/dev/tty", OpenFlags::READ, 0)
    };
    let text: Vec<String> = String::from_utf8_lossy(&bytes).lines().map(clean).collect();
    let Ok(keys) = keys else {
        sys.print(bytes).await;
        return 0;
    };
    let mut pager = Pager {
        sys: sys.clone(),
        keys,
        title: files.join(" "),
        text,
        top: 0,
        pattern: None,
        numbers: options.has('N'),
        note: String::new(),
    };
    if options.has('F') && pager.text.len() < pager.size().1 {
        sys.print(bytes).await;
        return 0;
    }
    let before = sys.tcgetattr(keys).unwrap_or_default();
    let _ = sys.tcsetattr(keys, Termios::raw());
    sys.set_signal(
        crate::signal::Signal::Winch,
        crate::signal::Disposition::Catch,
    );
    sys.print("\x1b[?1049h").await;
    pager.run().await;
    sys.print("\x1b[?1049l").await;
    let _ = sys.tcsetattr(keys, before);
    0
}

/// Tabs to blanks; control characters are shown as `^X`.
fn clean(line: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for c in line.chars() {
        match c {
            '\t' => {
                let count = 8 - column % 8;
                out.extend(core::iter::repeat_n(' ', count));
                column += count;
            }
            c if (c as u32) < 32 => {
                out.extend(['^', char::from(c as u8 + 64)]);
                column += 2;
            }
            c => {
                out.push(c);
                column += c.width().unwrap_or(0);
            }
        }
    }
    out
}

impl Pager {
    /// Columns, and rows of text.
    fn size(&self) -> (usize, usize) {
        let size = self.sys.winsize(1).unwrap_or_default();
        (
            usize::from(size.cols).max(1),
            usize::from(size.rows).saturating_sub(1).max(1),
        )
    }

    fn rows(&self) -> usize {
        self.size().1
    }

    fn last(&self) -> usize {
        self.text.len().saturating_sub(self.rows())
    }

    async fn run(&mut self) {
        loop {
            self.draw().await;
            let Some(key) = self.key().await else { return };
            self.note.clear();
            let rows = self.rows();
            match key {
                'q' | 'Q' | '\x03' => return,
                ' ' | 'f' | '\x06' | '\x16' => self.top += rows,
                'b' | '\x02' => self.top = self.top.saturating_sub(rows),
                'd' | '\x04' => self.top += rows / 2,
                'u' | '\x15' => self.top = self.top.saturating_sub(rows / 2),
                'j' | '\r' | '\n' | 'e' => self.top += 1,
                'k' | 'y' => self.top = self.top.saturating_sub(1),
                'g' | '<' | 'p' => self.top = 0,
                'G' | '>' => self.top = usize::MAX,
                '/' | '?' => self.search(key == '/').await,
                'n' => self.find(true),
                'N' => self.find(false),
                _ => {}
            }
            self.top = self.top.min(self.last());
        }
    }

    /// A key; arrows and page keys as their letters.
    async fn key(&self) -> Option<char> {
        let bytes = loop {
            match self.sys.read(self.keys, 1).await {
                Ok(bytes) if bytes.is_empty() => return None,
                Ok(bytes) => break bytes,
                Err(crate::errno::Errno::EINTR) => {
                    while self.sys.take_signal().is_some() {}
                    self.draw().await;
                }
                Err(_) => return None,
            }
        };
        if bytes[0] != 0x1b {
            return Some(char::from(bytes[0]));
        }
        let rest = self.sys.read(self.keys, 8).await.ok()?;
        Some(match rest.as_slice() {
            b"[A" | b"OA" => 'k',
            b"[B" | b"OB" => 'j',
            b"[5~" => 'b',
            b"[6~" => ' ',
            b"[H" | b"OH" | b"[1~" => 'g',
            b"[F" | b"OF" | b"[4~" => 'G',
            _ => '\0',
        })
    }

    async fn draw(&self) {
        let (columns, rows) = self.size();
        let mut out = "\x1b[H".to_owned();
        for row in 0..rows {
            match self.text.get(self.top + row) {
                Some(line) => {
                    let head = if self.numbers {
                        format!("{:7} ", self.top + row + 1)
                    } else {
                        String::new()
                    };
                    let room = columns.saturating_sub(head.len());
                    let shown: String = line.chars().take(room).collect();
                    out.push_str(&head);
                    out.push_str(&self.marked(&shown));
                }
                None => out.push('~'),
            }
            out.push_str("\x1b[K\r\n");
        }
        let end = self.top + rows >= self.text.len();
        let status = if !self.note.is_empty() {
            self.note.clone()
        } else if end {
            format!("{} (END)", self.title)
        } else {
            let percent = (self.top + rows) * 100 / self.text.len().max(1);
            format!("{} {percent}%", self.title)
        };
        let status: String = status.chars().take(columns - 1).collect();
        out.push_str(&format!("\x1b[7m{status}\x1b[0m\x1b[K"));
        self.sys.print(out).await;
    }

    /// What matches stands out.
    fn marked(&self, line: &str) -> String {
        let Some(pattern) = &self.pattern else {
            return line.to_owned();
        };
        let bytes = pattern.replace_all(line.as_bytes(), &b"\x1b[7m$0\x1b[0m"[..]);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    async fn search(&mut self, forward: bool) {
        let mark = if forward { '/' } else { '?' };
        let mut text = String::new();
        loop {
            self.sys.print(format!("\r\x1b[K{mark}{text}")).await;
            match self.key().await {
                None | Some('\x1b' | '\x03') => return,
                Some('\r' | '\n') => break,
                Some('\x7f' | '\x08') => {
                    if text.pop().is_none() {
                        return;
                    }
                }
                Some(c) => text.push(c),
            }
        }
        if !text.is_empty() {
            match super::regular::compile(&text, true, false) {
                Ok(pattern) => self.pattern = Some(pattern),
                Err(error) => {
                    self.note = error;
                    return;
                }
            }
        }
        self.find(forward);
    }

    fn find(&mut self, forward: bool) {
        let Some(pattern) = &self.pattern else { return };
        let matches = |at: &usize| pattern.is_match(self.text[*at].as_bytes());
        let found = if forward {
            (self.top + 1..self.text.len()).find(matches).or_else(|| {
                (self.top == 0)
                    .then_some(0)
                    .filter(|at| !self.text.is_empty() && matches(at))
            })
        } else {
            (0..self.top.min(self.text.len())).rev().find(matches)
        };
        match found {
            Some(at) => self.top = at,
            None => self.note = "Pattern not found".to_owned(),
        }
    }
}
