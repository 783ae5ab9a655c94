//! vi's commands: keys in, changes of the text and the screen out. Sans-IO: whoever drives it reads keys and writes files.

mod change;
mod screen;

use crate::errno::Errno;
use crate::programs::editing::codes::*;
use crate::programs::editing::text::{Spot, Text};
use crate::programs::editing::window::Window;
use crate::programs::editing::{Asked, Editor};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    Command,
    Insert,
    /// A line at the bottom: `:`, `/` or `?`, and what was typed.
    Line(char, String),
}

/// What `y` and `d` took.
#[derive(Clone, Debug)]
enum Register {
    Lines(Vec<Vec<char>>),
    Chars(Vec<char>),
}

pub struct Vi {
    name: String,
    pub(super) text: Text,
    mode: Mode,
    saved: String,
    register: Register,
    /// Digits and the operator typed so far.
    count: String,
    pending: Option<char>,
    pattern: String,
    forward: bool,
    window: Window,
    left: usize,
    note: String,
    /// Bytes of a key that is not whole yet.
    held: Vec<u8>,
}

impl Vi {
    pub fn new(name: &str) -> Vi {
        Vi {
            name: name.to_owned(),
            text: Text::new(""),
            mode: Mode::Command,
            saved: String::new(),
            register: Register::Chars(Vec::new()),
            count: String::new(),
            pending: None,
            pattern: String::new(),
            forward: true,
            window: Window { top: 0, rows: 23 },
            left: 0,
            note: String::new(),
            held: Vec::new(),
        }
    }

    pub fn load(&mut self, text: &str) {
        self.text = Text::new(text);
        self.saved = self.text.contents();
        self.note = format!(
            "'{}' {}L, {}C",
            self.name,
            self.text.lines.len(),
            text.len()
        );
    }

    pub fn say(&mut self, note: &str) {
        note.clone_into(&mut self.note);
    }

    fn is_changed(&self) -> bool {
        self.text.contents() != self.saved
    }

    fn take(&mut self, key: char) -> Option<Asked> {
        match std::mem::replace(&mut self.mode, Mode::Command) {
            Mode::Insert => {
                self.mode = Mode::Insert;
                self.insert_key(key);
                None
            }
            Mode::Line(mark, mut line) => {
                match key {
                    '\x1b' | '\x03' => {}
                    '\r' | '\n' if mark == ':' => return self.colon(line.trim()),
                    '\r' | '\n' => {
                        if !line.is_empty() {
                            self.pattern = line;
                        }
                        self.forward = mark == '/';
                        self.search(self.forward);
                    }
                    '\x7f' | '\x08' => {
                        if line.pop().is_some() {
                            self.mode = Mode::Line(mark, line);
                        }
                    }
                    c if c < '\u{e000}' => {
                        line.push(c);
                        self.mode = Mode::Line(mark, line);
                    }
                    _ => self.mode = Mode::Line(mark, line),
                }
                None
            }
            Mode::Command => self.command(key),
        }
    }

    fn insert_key(&mut self, key: char) {
        match key {
            '\x1b' | '\x03' => {
                self.mode = Mode::Command;
                self.text.at.column = self.text.at.column.saturating_sub(1);
            }
            '\r' | '\n' => self.text.insert('\n'),
            '\x7f' | '\x08' => self.text.backspace(),
            '\x17' => {
                while self.text.at.column > 0
                    && self.text.line()[self.text.at.column - 1].is_whitespace()
                {
                    self.text.backspace();
                }
                while self.text.at.column > 0
                    && !self.text.line()[self.text.at.column - 1].is_whitespace()
                {
                    self.text.backspace();
                }
            }
            UP | DOWN | LEFT | RIGHT | HOME | END | PAGE_UP | PAGE_DOWN => {
                self.go(key, 1);
            }
            DELETE => {
                let column = self.text.at.column;
                self.text.take(column, column + 1);
            }
            c if c == '\t' || (' '..'\u{e000}').contains(&c) => self.text.insert(c),
            _ => {}
        }
    }

    /// Moves that do not depend on an operator. False: the key is none.
    fn go(&mut self, key: char, count: usize) -> bool {
        let indent = self.text.indent().len();
        let at = &mut self.text.at;
        match key {
            'h' | LEFT | '\x08' | '\x7f' => at.column = at.column.saturating_sub(count),
            'l' | RIGHT | ' ' => at.column += count,
            'k' | UP | '\x10' => at.line = at.line.saturating_sub(count),
            'j' | DOWN | '\x0e' => at.line += count,
            '+' | '\r' | '\n' => {
                *at = Spot {
                    line: at.line + count,
                    column: 0,
                }
            }
            '-' => {
                *at = Spot {
                    line: at.line.saturating_sub(count),
                    column: 0,
                }
            }
            '0' | HOME => at.column = 0,
            '$' | END => at.column = usize::MAX,
            '^' => at.column = indent,
            'w' | 'W' => {
                (0..count).for_each(|_| self.text.at = self.text.word_forward(self.text.at))
            }
            'b' | 'B' => (0..count).for_each(|_| self.text.at = self.text.word_back(self.text.at)),
            'e' | 'E' => (0..count).for_each(|_| self.text.at = self.text.word_end(self.text.at)),
            '\x06' | PAGE_DOWN => at.line += self.window.rows * count,
            '\x02' | PAGE_UP => at.line = at.line.saturating_sub(self.window.rows * count),
            '\x04' => at.line += self.window.rows / 2,
            '\x15' => at.line = at.line.saturating_sub(self.window.rows / 2),
            'H' => at.line = self.window.top,
            'L' => at.line = self.window.top + self.window.rows - 1,
            'M' => at.line = self.window.top + self.window.rows / 2,
            'n' => self.search(self.forward),
            'N' => self.search(!self.forward),
            _ => return false,
        }
        self.text.clamp(self.mode == Mode::Insert);
        true
    }

    fn command(&mut self, key: char) -> Option<Asked> {
        self.note.clear();
        if key.is_ascii_digit()
            && (key != '0' || !self.count.is_empty())
            && self.count.len() < 6
            && self.pending != Some('r')
        {
            self.count.push(key);
            return None;
        }
        let typed = self.count.parse::<usize>().ok();
        let count = typed.unwrap_or(1).max(1);
        if let Some(first) = self.pending.take() {
            self.count.clear();
            return self.second(first, key, count, typed);
        }
        if matches!(key, 'd' | 'y' | 'c' | 'g' | 'r' | 'Z' | '>' | '<') {
            self.pending = Some(key);
            return None;
        }
        self.count.clear();
        if self.go(key, count) {
            return None;
        }
        match key {
            ':' | '/' | '?' => self.mode = Mode::Line(key, String::new()),
            'G' => {
                self.text.at.line = typed.map_or(usize::MAX, |line| line.saturating_sub(1));
                self.text.at.column = 0;
            }
            'u' => {
                if !self.text.undo() {
                    self.say("Already at oldest change");
                }
            }
            '\x12' => {
                if !self.text.redo() {
                    self.say("Already at newest change");
                }
            }
            '\x07' => self.note = format!("'{}' {}", self.name, self.place()),
            _ => self.change(key, count),
        }
        None
    }

    fn search(&mut self, forward: bool) {
        if self.pattern.is_empty() {
            return self.say("No previous regular expression");
        }
        let Ok(regex) = crate::programs::regular::compile(&self.pattern, false, false) else {
            return self.say("Bad search pattern");
        };
        let at = self.text.at;
        let count = self.text.lines.len();
        for step in 0..=count {
            let line = if forward {
                (at.line + step) % count
            } else {
                (at.line + count - step % count) % count
            };
            let text: String = self.text.lines[line].iter().collect();
            let columns: Vec<usize> = regex
                .find_iter(text.as_bytes())
                .map(|found| {
                    String::from_utf8_lossy(&text.as_bytes()[..found.start()])
                        .chars()
                        .count()
                })
                .collect();
            // On the cursor's line what lies ahead of it, and at the end of the round what lies behind.
            let ahead = |column: &usize| {
                if forward {
                    *column > at.column
                } else {
                    *column < at.column
                }
            };
            let fits = |column: &&usize| match step {
                0 => ahead(column),
                _ if step == count => !ahead(column),
                _ => true,
            };
            let found = if forward {
                columns.iter().find(fits)
            } else {
                columns.iter().rev().find(fits)
            };
            if let Some(&column) = found {
                self.text.at = Spot { line, column };
                return;
            }
        }
        self.note = format!("Pattern not found: {}", self.pattern);
    }

    fn colon(&mut self, line: &str) -> Option<Asked> {
        let (word, rest) = line
            .split_once(' ')
            .map_or((line, ""), |(word, rest)| (word, rest.trim()));
        let name = if rest.is_empty() {
            self.name.clone()
        } else {
            rest.to_owned()
        };
        match word {
            "" => {}
            "w" | "w!" | "wq" | "wq!" | "x" | "x!" => {
                let then_quit = !word.starts_with("w") || word.contains('q');
                if word.starts_with('x') && !self.is_changed() {
                    return Some(Asked::Quit);
                }
                if name.is_empty() {
                    self.say("No current filename");
                    return None;
                }
                return Some(Asked::Write { name, then_quit });
            }
            "q" | "quit" if self.is_changed() => {
                self.say("No write since last change (:q! overrides)")
            }
            "q" | "quit" | "q!" | "quit!" | "qa" | "qa!" => return Some(Asked::Quit),
            "set" | "se" | "noh" | "syntax" => {}
            "$" => {
                self.text.at = Spot {
                    line: usize::MAX,
                    column: 0,
                }
            }
            _ if word.chars().all(|c| c.is_ascii_digit()) => {
                self.text.at = Spot {
                    line: word.parse::<usize>().unwrap_or(1).saturating_sub(1),
                    column: 0,
                };
            }
            _ if line.starts_with("s/") || line.starts_with("%s/") => self.substitute(line),
            _ => self.note = format!("Not implemented: {line}"),
        }
        None
    }

    /// `:s/PATTERN/TEXT/g`, `:%s/…`
    fn substitute(&mut self, line: &str) {
        let all = line.starts_with('%');
        let mut parts = line.trim_start_matches('%')[2..].split('/');
        let (pattern, with, flags) = (
            parts.next().unwrap_or(""),
            parts.next().unwrap_or(""),
            parts.next().unwrap_or(""),
        );
        let Ok(regex) = crate::programs::regular::compile(pattern, false, flags.contains('i'))
        else {
            return self.say("Bad search pattern");
        };
        self.text.mark();
        let range = if all {
            0..self.text.lines.len()
        } else {
            self.text.at.line..self.text.at.line + 1
        };
        let mut changed = 0;
        let most = if flags.contains('g') { 0 } else { 1 };
        for at in range {
            let old: String = self.text.lines[at].iter().collect();
            let new = regex.replacen(
                old.as_bytes(),
                most,
                regex::bytes::NoExpand(with.as_bytes()),
            );
            if *new != *old.as_bytes() {
                self.text.lines[at] = String::from_utf8_lossy(&new).chars().collect();
                self.text.at.line = at;
                changed += 1;
            }
        }
        self.note = if changed == 0 {
            format!("Pattern not found: {pattern}")
        } else {
            format!("{changed} lines changed")
        };
    }
}

impl Editor for Vi {
    fn held(&mut self) -> &mut Vec<u8> {
        &mut self.held
    }

    fn key(&mut self, key: char) -> Option<Asked> {
        let asked = self.take(key);
        self.text.clamp(self.mode == Mode::Insert);
        asked
    }

    fn draw(&mut self, columns: usize, rows: usize) -> String {
        self.screen(columns, rows)
    }

    fn contents(&self) -> String {
        self.text.contents()
    }

    fn written(&mut self, name: &str, bytes: usize) {
        if self.name.is_empty() {
            name.clone_into(&mut self.name);
        }
        if name == self.name {
            self.saved = self.text.contents();
        }
        self.note = format!("'{name}' {}L, {bytes}C", self.text.lines.len());
    }

    fn refused(&mut self, name: &str, error: Errno) {
        self.say(&format!("'{name}' {}", error.text()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text after `keys` typed into `text`.
    fn typed(text: &str, keys: &str) -> String {
        let mut editor = Vi::new("f");
        editor.load(text);
        editor.feed(keys.as_bytes());
        editor.contents()
    }

    #[test]
    fn keys_edit_the_text() {
        for (text, keys, expect) in [
            ("", "ihello\x1b", "hello\n"),
            ("abc\n", "x", "bc\n"),
            ("abc\n", "$x", "ab\n"),
            ("a\nb\nc\n", "jdd", "a\nc\n"),
            ("a\nb\nc\n", "2dd", "c\n"),
            ("a\nb\n", "yyp", "a\na\nb\n"),
            ("a\nb\n", "ddp", "b\na\n"),
            ("a\nb\n", "Gox\x1b", "a\nb\nx\n"),
            ("a\n", "Ob\x1b", "b\na\n"),
            ("abc\n", "Ad\x1bIx\x1b", "xabcd\n"),
            ("abc\n", "laX\x1b", "abXc\n"),
            (
                "image: nginx:1.27\n",
                "/1.27\rC1.29\x1b",
                "image: nginx:1.29\n",
            ),
            ("a.b c\n", "cwx\x1b", "x.b c\n"),
            ("one two\n", "dw", "two\n"),
            ("one two\n", "wD", "one \n"),
            ("abc\n", "xxu", "bc\n"),
            ("abc\n", "xxuu\x12", "bc\n"),
            ("a\nb\nc\n", ":2\rdd", "a\nc\n"),
            ("a a\na\n", ":%s/a/b/g\r", "b b\nb\n"),
            ("abc\n", "rx", "xbc\n"),
            ("a\nb\n", "J", "a b\n"),
            ("a\nb\nc\n", "Gddggdd", "b\n"),
            ("abc\n", "i\x1b[C\x1b[CX\x1b", "abXc\n"),
            ("é日\n", "lx", "é\n"),
        ] {
            assert_eq!(typed(text, keys), expect, "{keys:?} in {text:?}");
        }
    }

    #[test]
    fn colon_commands_ask_the_driver() {
        let mut editor = Vi::new("f");
        editor.load("a\n");
        let write = |then_quit| Asked::Write {
            name: "f".to_owned(),
            then_quit,
        };
        assert_eq!(editor.feed(b":w\r"), [write(false)]);
        assert_eq!(editor.feed(b":wq\r"), [write(true)]);
        assert_eq!(editor.feed(b":q\r"), [Asked::Quit]);
        assert_eq!(editor.feed(b"x:q\r"), []);
        assert!(editor.draw(80, 24).contains("No write since last change"));
        assert_eq!(editor.feed(b":q!\r"), [Asked::Quit]);
        assert_eq!(editor.feed(b"ZZ"), [write(true)]);
    }
}
