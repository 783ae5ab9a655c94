//! The lines of a text that stand on the screen, and how a line is shown.

use super::text::Text;
use unicode_width::UnicodeWidthChar;

/// Some lines of a text, the cursor's always among them.
pub(crate) struct Window {
    /// The first line that is seen.
    pub top: usize,
    /// How many are seen.
    pub rows: usize,
}

impl Window {
    /// Shows so many lines, and goes where the cursor is. Answers the cursor's column on a screen without end.
    pub fn follow(&mut self, text: &Text, rows: usize) -> usize {
        self.rows = rows.max(1);
        let at = text.at;
        if at.line < self.top {
            self.top = at.line;
        } else if at.line >= self.top + self.rows {
            self.top = at.line + 1 - self.rows;
        }
        width(&text.line()[..at.column.min(text.line().len())])
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
