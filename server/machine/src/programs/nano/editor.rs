//! nano's commands: keys in, changes of the text and the screen out. Sans-IO, as vi's.

use crate::errno::Errno;
use crate::programs::editing::codes::*;
use crate::programs::editing::text::{Spot, Text};
use crate::programs::editing::window::{Window, shown};
use crate::programs::editing::{Asked, Editor};

/// What is asked at the bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Question {
    /// Save the modified buffer?
    Save,
    /// The name to write to, and whether that ends it.
    Name(String, bool),
    Search(String),
}

pub struct Nano {
    name: String,
    text: Text,
    saved: String,
    question: Option<Question>,
    /// Lines that ^K took, one after the other.
    cut: Vec<Vec<char>>,
    cutting: bool,
    pattern: String,
    window: Window,
    note: String,
    held: Vec<u8>,
}

impl Nano {
    pub fn new(name: &str) -> Nano {
        Nano {
            name: name.to_owned(),
            text: Text::new(""),
            saved: String::new(),
            question: None,
            cut: Vec::new(),
            cutting: false,
            pattern: String::new(),
            window: Window { top: 0, rows: 20 },
            note: String::new(),
            held: Vec::new(),
        }
    }

    pub fn load(&mut self, text: &str) {
        self.text = Text::new(text);
        self.saved = self.text.contents();
        let count = self.text.lines.len();
        self.note = format!("Read {count} line{}", if count == 1 { "" } else { "s" });
    }

    pub fn say(&mut self, text: &str) {
        text.clone_into(&mut self.note);
    }

    pub fn go_to(&mut self, line: usize) {
        self.text.at = Spot {
            line: line.saturating_sub(1),
            column: 0,
        };
        self.text.clamp(true);
    }

    fn is_changed(&self) -> bool {
        self.text.contents() != self.saved
    }

    fn take(&mut self, key: char) -> Option<Asked> {
        if let Some(question) = self.question.take() {
            return self.answer(question, key);
        }
        self.note.clear();
        let cutting = std::mem::take(&mut self.cutting);
        match key {
            '\x18' if self.is_changed() => self.question = Some(Question::Save),
            '\x18' => return Some(Asked::Quit),
            '\x0f' => self.question = Some(Question::Name(self.name.clone(), false)),
            '\x13' if !self.name.is_empty() => {
                let name = self.name.clone();
                return Some(Asked::Write {
                    name,
                    then_quit: false,
                });
            }
            '\x17' => self.question = Some(Question::Search(String::new())),
            '\x0b' => {
                self.text.mark();
                if !cutting {
                    self.cut.clear();
                }
                let line = self.text.at.line;
                self.cut.extend(self.text.take_lines(line, 1));
                self.text.at.column = 0;
                self.cutting = true;
            }
            '\x15' => {
                self.text.mark();
                let line = self.text.at.line;
                let cut = self.cut.clone();
                self.text.at.line += cut.len();
                self.text.lines.splice(line..line, cut);
            }
            '\x03' => {
                let (line, total) = (self.text.at.line + 1, self.text.lines.len());
                self.note = format!(
                    "line {line}/{total} ({}%), col {}",
                    line * 100 / total,
                    self.text.at.column + 1
                );
            }
            _ => self.edit(key),
        }
        self.text.clamp(true);
        None
    }

    fn edit(&mut self, key: char) {
        let page = self.window.rows.saturating_sub(2).max(1);
        let spot = self.text.at;
        let width = self.text.line().len();
        let at = &mut self.text.at;
        match key {
            UP | '\x10' => at.line = spot.line.saturating_sub(1),
            DOWN | '\x0e' => at.line += 1,
            PAGE_UP | '\x19' => at.line = spot.line.saturating_sub(page),
            PAGE_DOWN | '\x16' => at.line += page,
            HOME | '\x01' => at.column = 0,
            END | '\x05' => at.column = usize::MAX,
            LEFT | '\x02' if spot.column > 0 => at.column -= 1,
            LEFT | '\x02' if spot.line > 0 => {
                *at = Spot {
                    line: spot.line - 1,
                    column: usize::MAX,
                };
            }
            RIGHT | '\x06' if spot.column < width => at.column += 1,
            RIGHT | '\x06' if spot.line + 1 < self.text.lines.len() => {
                *at = Spot {
                    line: spot.line + 1,
                    column: 0,
                };
            }
            DELETE | '\x04' => {
                let at = self.text.at;
                self.text.mark();
                if at.column < self.text.line().len() {
                    self.text.take(at.column, at.column + 1);
                } else if at.line + 1 < self.text.lines.len() {
                    self.text.at = Spot {
                        line: at.line + 1,
                        column: 0,
                    };
                    self.text.backspace();
                }
            }
            '\x7f' | '\x08' => {
                self.text.mark();
                self.text.backspace();
            }
            '\r' | '\n' => {
                self.text.mark();
                self.text.insert('\n');
            }
            '\t' => self.text.insert('\t'),
            NOTHING => {}
            c if c.is_control() || ('\u{e000}'..='\u{e0ff}').contains(&c) => {}
            c => self.text.insert(c),
        }
    }

    /// A key while something is asked.
    fn answer(&mut self, question: Question, key: char) -> Option<Asked> {
        if key == '\x03' || key == '\x1b' {
            self.say("Cancelled");
            return None;
        }
        match question {
            Question::Save => match key {
                'y' | 'Y' => self.question = Some(Question::Name(self.name.clone(), true)),
                'n' | 'N' => return Some(Asked::Quit),
                _ => self.question = Some(Question::Save),
            },
            Question::Name(name, then_quit) if key == '\r' => {
                if !name.is_empty() {
                    return Some(Asked::Write { name, then_quit });
                }
                self.say("Cancelled");
            }
            Question::Search(pattern) if key == '\r' => {
                if !pattern.is_empty() {
                    self.pattern = pattern;
                }
                self.find();
            }
            Question::Name(mut name, then_quit) => {
                typed(&mut name, key);
                self.question = Some(Question::Name(name, then_quit));
            }
            Question::Search(mut pattern) => {
                typed(&mut pattern, key);
                self.question = Some(Question::Search(pattern));
            }
        }
        None
    }

    /// The next place of the pattern, from the start again after the end.
    fn find(&mut self) {
        let pattern: Vec<char> = self.pattern.chars().collect();
        if pattern.is_empty() {
            return self.say("Cancelled");
        }
        let count = self.text.lines.len();
        let at = self.text.at;
        for step in 0..=count {
            let line = (at.line + step) % count;
            let from = if step == 0 { at.column + 1 } else { 0 };
            let found = self.text.lines[line]
                .windows(pattern.len())
                .skip(from)
                .position(|window| window == pattern);
            if let Some(column) = found {
                self.text.at = Spot {
                    line,
                    column: column + from,
                };
                if line < at.line || step == count {
                    self.say("Search Wrapped");
                }
                return;
            }
        }
        self.say(&format!("\"{}\" not found", self.pattern));
    }

    /// The whole screen as bytes for a terminal.
    fn screen(&mut self, columns: usize, rows: usize) -> String {
        let columns = columns.max(2);
        let column = self.window.follow(&self.text, rows.saturating_sub(4));
        let at = self.text.at;
        let left = column / (columns - 1) * (columns - 1);
        let name = if self.name.is_empty() {
            "New Buffer"
        } else {
            &self.name
        };
        let mark = if self.is_changed() { "Modified" } else { "" };
        let mut out = format!(
            "\x1b[?25l\x1b[H\x1b[7m{}\x1b[0m\r\n",
            title(name, mark, columns)
        );
        for row in 0..self.window.rows {
            if let Some(line) = self.text.lines.get(self.window.top + row) {
                out.push_str(&shown(line, left, columns - 1));
            }
            out.push_str("\x1b[K\r\n");
        }
        let (bottom, asked) = match &self.question {
            None if self.note.is_empty() => (String::new(), None),
            None => (format!("[ {} ]", self.note), None),
            Some(Question::Save) => (
                "Save modified buffer?  Y Yes  N No  ^C Cancel".into(),
                Some(22),
            ),
            Some(Question::Name(name, _)) => {
                let text = format!("File Name to Write: {name}");
                let end = text.chars().count();
                (text, Some(end))
            }
            Some(Question::Search(pattern)) => {
                let text = format!("Search [{}]: {pattern}", self.pattern);
                let end = text.chars().count();
                (text, Some(end))
            }
        };
        let cut = |text: &str| text.chars().take(columns - 1).collect::<String>();
        out.push_str(&format!("{}\x1b[K\r\n", cut(&bottom)));
        out.push_str(&cut(
            "^G Help   ^O Write Out  ^W Where Is  ^K Cut    ^C Location",
        ));
        out.push_str("\x1b[K\r\n");
        out.push_str(&cut(
            "^X Exit   ^S Save       ^V Page Down ^U Paste  ^Y Page Up",
        ));
        let (row, column) = match asked {
            Some(end) => (self.window.rows + 2, end.min(columns - 1) + 1),
            None => (at.line - self.window.top + 2, column - left + 1),
        };
        out.push_str(&format!("\x1b[K\x1b[{row};{column}H\x1b[?25h"));
        out
    }
}

impl Editor for Nano {
    fn held(&mut self) -> &mut Vec<u8> {
        &mut self.held
    }

    fn key(&mut self, key: char) -> Option<Asked> {
        self.take(key)
    }

    fn draw(&mut self, columns: usize, rows: usize) -> String {
        self.screen(columns, rows)
    }

    fn contents(&self) -> String {
        self.text.contents()
    }

    fn written(&mut self, name: &str, _: usize) {
        name.clone_into(&mut self.name);
        self.saved = self.text.contents();
        let count = self.text.lines.len();
        self.note = format!("Wrote {count} line{}", if count == 1 { "" } else { "s" });
    }

    fn refused(&mut self, name: &str, error: Errno) {
        self.say(&format!("Error writing {name}: {}", error.text()));
    }
}

/// A key in a line at the bottom.
fn typed(line: &mut String, key: char) {
    match key {
        '\x7f' | '\x08' => drop(line.pop()),
        '\x15' => line.clear(),
        c if c.is_control() || ('\u{e000}'..='\u{e0ff}').contains(&c) => {}
        c if line.len() < 1000 => line.push(c),
        _ => {}
    }
}

/// The first line: program, file, whether it is modified.
fn title(name: &str, mark: &str, columns: usize) -> String {
    let left = "  GNU nano 7.2";
    let middle = (columns.saturating_sub(name.chars().count()) / 2).max(left.len() + 2);
    let mut text = format!("{left:<middle$}{name}");
    let end = columns.saturating_sub(mark.len() + 2);
    while text.chars().count() < end {
        text.push(' ');
    }
    text.push_str(mark);
    while text.chars().count() < columns {
        text.push(' ');
    }
    text.chars().take(columns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(start: &str, keys: &str) -> (String, Vec<Asked>) {
        let mut editor = Nano::new("f");
        editor.load(start);
        let asked = editor.feed(keys.as_bytes());
        let _ = editor.draw(80, 24);
        (editor.contents(), asked)
    }

    #[test]
    fn keys_edit_and_ask() {
        for (start, keys, expect) in [
            ("", "hi", "hi\n"),
            ("a\nb\n", "\x0e\x05c", "a\nbc\n"),
            ("a\nb\nc\nd\n", "\x0b\x0b\x0e\x15", "c\na\nb\nd\n"),
            ("a\nb\n", "\x05\x04", "ab\n"),
            ("one two one\n", "\x17one\rX", "one two Xone\n"),
            ("ab\n", "\x06\r\x7f", "ab\n"),
        ] {
            assert_eq!(typed(start, keys).0, expect, "{start:?} {keys:?}");
        }
        let write = |then_quit| Asked::Write {
            name: "f".into(),
            then_quit,
        };
        assert_eq!(typed("a\n", "\x18").1, [Asked::Quit]);
        assert_eq!(typed("a\n", "x\x18n").1, [Asked::Quit]);
        assert_eq!(typed("a\n", "x\x18y\r").1, [write(true)]);
        assert_eq!(typed("a\n", "x\x0f\r").1, [write(false)]);
        assert_eq!(typed("a\n", "x\x18\x03").1, []);
    }
}
