//! vi's screen: lines, status, cursor.

use super::*;
use unicode_width::UnicodeWidthChar;

impl Editor {
    pub(super) fn place(&self) -> String {
        let total = self.text.lines.len();
        format!(
            "{}/{total} {}%",
            self.text.at.line + 1,
            (self.text.at.line + 1) * 100 / total
        )
    }

    /// The whole screen as bytes for a terminal.
    pub fn draw(&mut self, columns: usize, rows: usize) -> String {
        let columns = columns.max(2);
        self.rows = rows.saturating_sub(1).max(1);
        let at = self.text.at;
        if at.line < self.top {
            self.top = at.line;
        } else if at.line >= self.top + self.rows {
            self.top = at.line + 1 - self.rows;
        }
        let column = width(&self.text.line()[..at.column.min(self.text.line().len())]);
        if column < self.left {
            self.left = column;
        } else if column >= self.left + columns {
            self.left = column + 1 - columns;
        }
        let mut out = "\x1b[?25l\x1b[H".to_owned();
        for row in 0..self.rows {
            match self.text.lines.get(self.top + row) {
                Some(line) => out.push_str(&shown(line, self.left, columns)),
                None => out.push_str("\x1b[34m~\x1b[0m"),
            }
            out.push_str("\x1b[K\r\n");
        }
        let status = match &self.mode {
            Mode::Line(mark, line) => format!("{mark}{line}"),
            mode => {
                let letter = if *mode == Mode::Insert { 'I' } else { '-' };
                let name = if self.name.is_empty() {
                    "No file"
                } else {
                    &self.name
                };
                let changed = if self.is_changed() { " [modified]" } else { "" };
                let left = if self.note.is_empty() {
                    format!("{letter} {name}{changed}")
                } else {
                    format!("{letter} {}", self.note)
                };
                let right = self.place();
                let fill = columns
                    .saturating_sub(left.chars().count() + right.len() + 1)
                    .max(1);
                format!("{left}{}{right}", " ".repeat(fill))
            }
        };
        let status: String = status.chars().take(columns - 1).collect();
        out.push_str(&format!("{status}\x1b[K"));
        let (row, column) = match &self.mode {
            Mode::Line(_, line) => (self.rows, line.chars().count() + 1),
            _ => (at.line - self.top, column - self.left),
        };
        out.push_str(&format!("\x1b[{};{}H\x1b[?25h", row + 1, column + 1));
        out
    }
}

/// Columns that characters take.
pub(crate) fn width(chars: &[char]) -> usize {
    chars.iter().fold(0, |column, c| {
        if *c == '\t' {
            column / 8 * 8 + 8
        } else {
            column + c.width().unwrap_or(1)
        }
    })
}

/// The part of a line that stands on the screen.
pub(crate) fn shown(line: &[char], left: usize, columns: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for c in line {
        let next = if *c == '\t' {
            column / 8 * 8 + 8
        } else {
            column + c.width().unwrap_or(1)
        };
        if next > left + columns {
            break;
        }
        if column >= left {
            match c {
                '\t' => out.extend(core::iter::repeat_n(' ', next - column)),
                c if c.is_control() => out.push('?'),
                c => out.push(*c),
            }
        }
        column = next;
    }
    out
}
