//! The line editor: bytes of keys in, actions and bytes for the screen out.
//!
//! Sans-IO: it reads no terminal and knows no shell. Emacs keys as in readline; wide characters count two columns; a
//! bracketed paste is inserted as it is. Pressing Tab is an action: whoever drives the editor completes the line.

use unicode_width::UnicodeWidthChar;

/// What a key asks of the editor's driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Enter: the line.
    Submit(String),
    /// ^C
    Interrupt,
    /// ^D on an empty line.
    End,
    /// Tab; the second value is true for the second Tab in a row.
    Complete(bool),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Keys {
    Ground,
    Escape,
    Sequence(Vec<u8>),
    Paste(Vec<u8>),
    Utf8(Vec<u8>, usize),
}

/// A search backwards in the history (^R).
#[derive(Debug, Clone, Default)]
struct Search {
    text: String,
    /// The line found.
    found: Option<usize>,
}

/// Characters of a line that is typed.
const LONGEST: usize = 8192;

/// The editor of one line.
#[derive(Debug)]
pub struct Editor {
    prompt: String,
    columns: usize,
    line: Vec<char>,
    cursor: usize,
    history: Vec<String>,
    /// Which line of the history is shown; its length: the new one.
    place: usize,
    draft: Vec<char>,
    killed: Vec<char>,
    search: Option<Search>,
    keys: Keys,
    last_was_tab: bool,
    /// Row of the cursor at the last drawing, from the prompt's first row.
    shown_row: usize,
    /// Whether the screen must be drawn anew.
    dirty: bool,
    /// The prompt is on the screen.
    drawn: bool,
    out: Vec<u8>,
}

impl Editor {
    /// An editor whose screen is `columns` wide, with the history oldest first.
    pub fn new(prompt: &str, columns: usize, history: &[String]) -> Editor {
        Editor {
            prompt: prompt.to_owned(),
            columns: columns.max(2),
            line: Vec::new(),
            cursor: 0,
            history: history.to_vec(),
            place: history.len(),
            draft: Vec::new(),
            killed: Vec::new(),
            search: None,
            keys: Keys::Ground,
            last_was_tab: false,
            shown_row: 0,
            dirty: true,
            drawn: false,
            out: Vec::new(),
        }
    }

    /// The line and the cursor's place in it, in bytes.
    pub fn line(&self) -> (String, usize) {
        let before: String = self.line[..self.cursor].iter().collect();
        let at = before.len();
        (
            before + &self.line[self.cursor..].iter().collect::<String>(),
            at,
        )
    }

    /// The window's width changed.
    pub fn resize(&mut self, columns: usize) {
        self.columns = columns.max(2);
        self.dirty = true;
    }

    /// Text killed before, for ^Y in the next line's editor.
    pub fn killed(&self) -> &[char] {
        &self.killed
    }

    /// Takes over text killed in an earlier line.
    pub fn set_killed(&mut self, killed: &[char]) {
        self.killed = killed.to_vec();
    }

    /// Replaces the `back` characters before the cursor by `text` (a completion).
    pub fn replace_before(&mut self, back: usize, text: &str) {
        let start = self.cursor.saturating_sub(back);
        let new: Vec<char> = text.chars().collect();
        self.line.splice(start..self.cursor, new.iter().copied());
        self.cursor = start + new.len();
        self.dirty = true;
    }

    /// Shows `text` under the line (the candidates) and draws the prompt anew below it.
    pub fn show_below(&mut self, text: &str) {
        self.finish_line();
        self.out.extend_from_slice(b"\n");
        self.out.extend_from_slice(text.as_bytes());
        self.shown_row = 0;
        self.dirty = true;
    }

    /// Takes one byte from the keyboard.
    pub fn feed(&mut self, byte: u8) -> Option<Action> {
        let keys = std::mem::replace(&mut self.keys, Keys::Ground);
        match keys {
            Keys::Ground => self.ground(byte),
            Keys::Escape => {
                self.escape(byte);
                None
            }
            Keys::Sequence(mut bytes) => {
                bytes.push(byte);
                let introducer = bytes.len() == 1 && matches!(byte, b'[' | b'O');
                if introducer || (bytes.len() < 16 && !(0x40..=0x7e).contains(&byte)) {
                    self.keys = Keys::Sequence(bytes);
                } else {
                    self.sequence(&bytes);
                }
                None
            }
            Keys::Paste(mut bytes) => {
                bytes.push(byte);
                if bytes.ends_with(b"\x1b[201~") {
                    bytes.truncate(bytes.len() - 6);
                    self.paste(&bytes);
                } else {
                    self.keys = Keys::Paste(bytes);
                }
                None
            }
            Keys::Utf8(mut bytes, length) => {
                bytes.push(byte);
                if bytes.len() < length {
                    self.keys = Keys::Utf8(bytes, length);
                } else if let Ok(text) = std::str::from_utf8(&bytes) {
                    text.chars().for_each(|c| self.insert(c));
                }
                None
            }
        }
    }

    fn paste(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes)
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        let text = text.trim_end_matches('\n');
        let new: Vec<char> = text
            .chars()
            .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
            .collect();
        self.line
            .splice(self.cursor..self.cursor, new.iter().copied());
        self.cursor += new.len();
        self.dirty = true;
    }

    fn ground(&mut self, byte: u8) -> Option<Action> {
        let second_tab = std::mem::take(&mut self.last_was_tab);
        if self.search.is_some() && !self.search_key(byte) {
            return None;
        }
        match byte {
            b'\r' | b'\n' => {
                self.finish_line();
                self.out.extend_from_slice(b"\n");
                return Some(Action::Submit(self.line.iter().collect()));
            }
            b'\t' => {
                self.last_was_tab = true;
                return Some(Action::Complete(second_tab));
            }
            3 => {
                self.finish_line();
                self.out.extend_from_slice(b"^C\n");
                return Some(Action::Interrupt);
            }
            4 if self.line.is_empty() => {
                self.out.extend_from_slice(b"\n");
                return Some(Action::End);
            }
            4 => self.delete(self.cursor, self.cursor + 1, false),
            27 => self.keys = Keys::Escape,
            0x20..=0x7e => self.insert(char::from(byte)),
            0xc2..=0xdf => self.keys = Keys::Utf8(vec![byte], 2),
            0xe0..=0xef => self.keys = Keys::Utf8(vec![byte], 3),
            0xf0..=0xf4 => self.keys = Keys::Utf8(vec![byte], 4),
            _ => self.control(byte),
        }
        None
    }

    fn control(&mut self, byte: u8) {
        match byte {
            1 => self.move_to(0),
            2 => self.move_to(self.cursor.saturating_sub(1)),
            5 => self.move_to(self.line.len()),
            6 => self.move_to(self.cursor + 1),
            8 | 127 => self.delete(self.cursor.saturating_sub(1), self.cursor, false),
            11 => self.delete(self.cursor, self.line.len(), true),
            12 => {
                self.out.extend_from_slice(b"\x1b[H\x1b[2J");
                self.shown_row = 0;
                self.dirty = true;
            }
            14 => self.show_history(self.place + 1),
            16 => self.show_history(self.place.wrapping_sub(1)),
            18 => {
                self.search = Some(Search::default());
                self.dirty = true;
            }
            20 => self.transpose(),
            21 => self.delete(0, self.cursor, true),
            23 => {
                let start = self.word_start(|c| c.is_whitespace());
                self.delete(start, self.cursor, true);
            }
            25 => {
                let text: String = self.killed.iter().collect();
                self.replace_before(0, &text);
            }
            _ => {}
        }
    }

    fn escape(&mut self, byte: u8) {
        let apart = |c: char| !c.is_alphanumeric();
        match byte {
            b'[' | b'O' => self.keys = Keys::Sequence(vec![byte]),
            b'b' => self.move_to(self.word_start(apart)),
            b'f' => self.move_to(self.word_end()),
            b'd' => self.delete(self.cursor, self.word_end(), true),
            8 | 127 => self.delete(self.word_start(apart), self.cursor, true),
            b'.' => {
                let last = self
                    .history
                    .last()
                    .and_then(|line| line.split_whitespace().last())
                    .unwrap_or("")
                    .to_owned();
                self.replace_before(0, &last);
            }
            _ => {}
        }
    }

    fn sequence(&mut self, bytes: &[u8]) {
        let apart = |c: char| !c.is_alphanumeric();
        match bytes {
            b"[A" | b"OA" => self.show_history(self.place.wrapping_sub(1)),
            b"[B" | b"OB" => self.show_history(self.place + 1),
            b"[C" | b"OC" => self.move_to(self.cursor + 1),
            b"[D" | b"OD" => self.move_to(self.cursor.saturating_sub(1)),
            b"[H" | b"OH" | b"[1~" | b"[7~" => self.move_to(0),
            b"[F" | b"OF" | b"[4~" | b"[8~" => self.move_to(self.line.len()),
            b"[3~" => self.delete(self.cursor, self.cursor + 1, false),
            b"[1;5C" | b"[1;3C" => self.move_to(self.word_end()),
            b"[1;5D" | b"[1;3D" => self.move_to(self.word_start(apart)),
            b"[200~" => self.keys = Keys::Paste(Vec::new()),
            _ => {}
        }
    }

    fn insert(&mut self, c: char) {
        if self.line.len() >= LONGEST {
            return;
        }
        let at_end = self.cursor == self.line.len();
        self.line.insert(self.cursor, c);
        self.cursor += 1;
        // The common key: a character at the end that does not reach the edge of the screen.
        let column = self.column_of(self.cursor).1;
        if at_end
            && !self.dirty
            && self.search.is_none()
            && c.width().unwrap_or(0) == 1
            && column > 1
        {
            self.out
                .extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            self.dirty = true;
        }
    }

    fn move_to(&mut self, to: usize) {
        self.cursor = to.min(self.line.len());
        self.dirty = true;
    }

    fn delete(&mut self, from: usize, to: usize, kill: bool) {
        let to = to.min(self.line.len());
        if from >= to {
            return;
        }
        let removed: Vec<char> = self.line.drain(from..to).collect();
        if kill {
            self.killed = removed;
        }
        self.cursor = from;
        self.dirty = true;
    }

    fn word_start(&self, apart: impl Fn(char) -> bool) -> usize {
        let mut at = self.cursor;
        while at > 0 && apart(self.line[at - 1]) {
            at -= 1;
        }
        while at > 0 && !apart(self.line[at - 1]) {
            at -= 1;
        }
        at
    }

    fn word_end(&self) -> usize {
        let mut at = self.cursor;
        while at < self.line.len() && !self.line[at].is_alphanumeric() {
            at += 1;
        }
        while at < self.line.len() && self.line[at].is_alphanumeric() {
            at += 1;
        }
        at
    }

    fn transpose(&mut self) {
        if self.line.len() < 2 || self.cursor == 0 {
            return;
        }
        let at = self.cursor.min(self.line.len() - 1);
        self.line.swap(at - 1, at);
        self.move_to(at + 1);
    }

    fn show_history(&mut self, place: usize) {
        if place > self.history.len() {
            return;
        }
        if self.place == self.history.len() {
            self.draft = self.line.clone();
        }
        self.place = place;
        self.line = match self.history.get(place) {
            Some(line) => line.chars().collect(),
            None => self.draft.clone(),
        };
        self.move_to(self.line.len());
    }

    /// A key during a search; true when it ends the search and acts as usual.
    fn search_key(&mut self, byte: u8) -> bool {
        let Some(search) = &mut self.search else {
            return true;
        };
        self.dirty = true;
        let mut below = search.found.map_or(self.history.len(), |found| found + 1);
        match byte {
            0x20..=0x7e => search.text.push(char::from(byte)),
            8 | 127 => {
                search.text.pop();
                below = self.history.len();
            }
            18 => below = search.found.unwrap_or(0),
            7 => {
                self.search = None;
                return false;
            }
            _ => {
                if let Some(found) = search.found {
                    self.line = self.history[found].chars().collect();
                    self.place = found;
                }
                self.search = None;
                self.cursor = self.line.len();
                if matches!(byte, b'\r' | b'\n') {
                    self.draw();
                }
                return !matches!(byte, 27);
            }
        }
        if search.text.is_empty() {
            search.found = None;
        } else if let Some(found) = (0..below)
            .rev()
            .find(|at| self.history[*at].contains(&search.text))
        {
            search.found = Some(found);
        }
        false
    }

    fn advance(&self, (row, column): (usize, usize), c: char) -> (usize, usize) {
        if c == '\n' {
            return (row + 1, 0);
        }
        let width = if c == '\t' {
            8 - column % 8
        } else {
            c.width().unwrap_or(0)
        };
        if column + width > self.columns {
            (row + 1, width)
        } else {
            (row, column + width)
        }
    }

    fn place_after(&self, text: impl Iterator<Item = char>) -> (usize, usize) {
        text.fold((0, 0), |place, c| self.advance(place, c))
    }

    /// Row and column after the prompt and `count` characters of the line.
    fn column_of(&self, count: usize) -> (usize, usize) {
        let (row, column) =
            self.place_after(visible(&self.prompt).chain(self.line[..count].iter().copied()));
        if column == self.columns {
            (row + 1, 0)
        } else {
            (row, column)
        }
    }

    /// Moves the cursor behind the line, before something else is printed.
    fn finish_line(&mut self) {
        self.search = None;
        if self.cursor != self.line.len() || self.dirty {
            self.cursor = self.line.len();
            self.draw();
        }
    }

    fn draw(&mut self) {
        let mut out = Vec::new();
        if self.shown_row > 0 {
            out.extend_from_slice(format!("\x1b[{}A", self.shown_row).as_bytes());
        }
        if self.drawn {
            out.extend_from_slice(b"\r\x1b[J");
        }
        self.drawn = true;
        if let Some(search) = &self.search {
            let found = search.found.map_or("", |at| self.history[at].as_str());
            let text = format!("(reverse-i-search)`{}': {found}", search.text);
            self.shown_row = self.place_after(text.chars()).0;
            out.extend_from_slice(text.as_bytes());
        } else {
            let end = self.column_of(self.line.len());
            let at = self.column_of(self.cursor);
            out.extend_from_slice(self.prompt.as_bytes());
            out.extend_from_slice(self.line.iter().collect::<String>().as_bytes());
            if end.1 == 0 && end.0 > 0 && self.line.last() != Some(&'\n') {
                out.extend_from_slice(b"\n");
            }
            if end.0 > at.0 {
                out.extend_from_slice(format!("\x1b[{}A", end.0 - at.0).as_bytes());
            }
            if end != at {
                out.extend_from_slice(b"\r");
                if at.1 > 0 {
                    out.extend_from_slice(format!("\x1b[{}C", at.1).as_bytes());
                }
            }
            self.shown_row = at.0;
        }
        self.out.extend(out);
        self.dirty = false;
    }

    /// The bytes that bring the screen up to date.
    pub fn render(&mut self) -> Vec<u8> {
        if self.dirty && !matches!(self.keys, Keys::Paste(_)) {
            self.draw();
        } else if !self.dirty && self.search.is_none() {
            self.shown_row = self.column_of(self.cursor).0;
        }
        std::mem::take(&mut self.out)
    }
}

/// The characters of a prompt that take room: without escape sequences.
fn visible(prompt: &str) -> impl Iterator<Item = char> + '_ {
    let mut chars = prompt.chars();
    std::iter::from_fn(move || {
        loop {
            let c = chars.next()?;
            if c != '\x1b' {
                return Some(c);
            }
            if chars.next() == Some('[') {
                while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> Vec<String> {
        ["kubectl get pods", "echo hi", "ls -l"]
            .map(str::to_owned)
            .to_vec()
    }

    fn typed(keys: &str) -> (String, usize, Vec<Action>) {
        let mut editor = Editor::new("$ ", 40, &history());
        let actions = keys.bytes().filter_map(|byte| editor.feed(byte)).collect();
        let (line, at) = editor.line();
        (line, at, actions)
    }

    #[test]
    fn keys_edit_the_line() {
        for (keys, line, at) in [
            ("abc", "abc", 3),
            ("abc\x01x", "xabc", 1),
            ("abc\x1b[D\x1b[Dx", "axbc", 2),
            ("one two\x17", "one ", 4),
            ("one two\x15x\x19", "xone two", 8),
            ("abc\x7f", "ab", 2),
            ("ab\x01\x0b", "", 0),
            ("\x1b[A", "ls -l", 5),
            ("\x1b[A\x1b[A\x1b[B", "ls -l", 5),
            ("new\x1b[A\x1b[B", "new", 3),
            ("\x12get", "", 0),
            ("\x12get\x05", "kubectl get pods", 16),
            ("日本\x7f", "日", 3),
            ("ab\x14", "ba", 2),
            ("a b\x1bb\x1bbx", "xa b", 1),
            ("\x1b[200~a\nb\n\x1b[201~", "a\nb", 3),
        ] {
            let (got, cursor, _) = typed(keys);
            assert_eq!((got.as_str(), cursor), (line, at), "{keys:?}");
        }
    }

    #[test]
    fn keys_act() {
        assert_eq!(typed("ls\r").2, [Action::Submit("ls".into())]);
        assert_eq!(typed("\x12echo\r").2, [Action::Submit("echo hi".into())]);
        assert_eq!(typed("x\x03").2, [Action::Interrupt]);
        assert_eq!(typed("\x04").2, [Action::End]);
        assert_eq!(typed("x\x04").2, []);
        assert_eq!(
            typed("\t\t").2,
            [Action::Complete(false), Action::Complete(true)]
        );
    }

    #[test]
    fn a_key_at_the_end_is_echoed_alone() {
        let mut editor = Editor::new("$ ", 40, &[]);
        editor.render();
        editor.feed(b'a');
        assert_eq!(editor.render(), b"a");
    }

    #[test]
    fn wrapped_lines_are_drawn_from_their_first_row() {
        let mut editor = Editor::new("$ ", 10, &[]);
        for byte in b"123456789" {
            editor.feed(*byte);
        }
        editor.render();
        editor.feed(1);
        assert_eq!(
            editor.render(),
            b"\x1b[1A\r\x1b[J$ 123456789\x1b[1A\r\x1b[2C"
        );
    }
}
