//! vi's screen: lines, status, cursor.

use super::*;
use crate::programs::editing::window::shown;

impl Vi {
    pub(super) fn place(&self) -> String {
        let total = self.text.lines.len();
        format!(
            "{}/{total} {}%",
            self.text.at.line + 1,
            (self.text.at.line + 1) * 100 / total
        )
    }

    /// The whole screen as bytes for a terminal.
    pub(super) fn screen(&mut self, columns: usize, rows: usize) -> String {
        let columns = columns.max(2);
        let column = self.window.follow(&self.text, rows.saturating_sub(1));
        let at = self.text.at;
        if column < self.left {
            self.left = column;
        } else if column >= self.left + columns {
            self.left = column + 1 - columns;
        }
        let mut out = "\x1b[?25l\x1b[H".to_owned();
        for row in 0..self.window.rows {
            match self.text.lines.get(self.window.top + row) {
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
            Mode::Line(_, line) => (self.window.rows, line.chars().count() + 1),
            _ => (at.line - self.window.top, column - self.left),
        };
        out.push_str(&format!("\x1b[{};{}H\x1b[?25h", row + 1, column + 1));
        out
    }
}
