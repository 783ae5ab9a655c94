//! vi's commands that change the text: `x`, `p`, operators over motions and lines.

use super::*;

impl Vi {
    /// Keys that change the text.
    pub(super) fn change(&mut self, key: char, count: usize) {
        if !"iIaAoOxXDCsSpPJ~Y".contains(key) && key != DELETE {
            return;
        }
        if key == 'Y' {
            return self.yank_lines(self.text.at.line, count);
        }
        self.text.mark();
        let at = self.text.at;
        let length = self.text.line().len();
        match key {
            'i' => self.mode = Mode::Insert,
            'I' => {
                self.text.at.column = self.text.indent().len();
                self.mode = Mode::Insert;
            }
            'a' => {
                self.text.at.column = (at.column + 1).min(length);
                self.mode = Mode::Insert;
            }
            'A' => {
                self.text.at.column = length;
                self.mode = Mode::Insert;
            }
            'o' => {
                self.text.at.column = length;
                self.text.insert('\n');
                self.mode = Mode::Insert;
            }
            'O' => {
                self.text.lines.insert(at.line, Vec::new());
                self.text.at.column = 0;
                self.mode = Mode::Insert;
            }
            'x' | DELETE => {
                self.register = Register::Chars(self.text.take(at.column, at.column + count))
            }
            'X' => {
                self.register =
                    Register::Chars(self.text.take(at.column.saturating_sub(count), at.column))
            }
            'D' => self.register = Register::Chars(self.text.take(at.column, length)),
            'C' => {
                self.register = Register::Chars(self.text.take(at.column, length));
                self.mode = Mode::Insert;
            }
            's' => {
                self.register = Register::Chars(self.text.take(at.column, at.column + count));
                self.mode = Mode::Insert;
            }
            'S' => self.change_line(),
            'p' | 'P' => self.put(key == 'p', count),
            'J' => (0..count.max(2) - 1).for_each(|_| self.join()),
            _ => {
                for column in at.column..(at.column + count).min(length) {
                    let line = &mut self.text.lines[at.line];
                    let c = line[column];
                    line[column] = if c.is_lowercase() {
                        c.to_ascii_uppercase()
                    } else {
                        c.to_ascii_lowercase()
                    };
                }
                self.text.at.column = at.column + count;
            }
        }
    }

    pub(super) fn change_line(&mut self) {
        let indent = self.text.indent().len();
        let length = self.text.line().len();
        self.register = Register::Lines(vec![self.text.line().clone()]);
        self.text.take(indent, length);
        self.mode = Mode::Insert;
    }

    pub(super) fn join(&mut self) {
        let line = self.text.at.line;
        if line + 1 >= self.text.lines.len() {
            return;
        }
        let next: Vec<char> = self
            .text
            .lines
            .remove(line + 1)
            .into_iter()
            .skip_while(|c| c.is_whitespace())
            .collect();
        self.text.at.column = self.text.line().len();
        let own = &mut self.text.lines[line];
        if !own.is_empty() && !next.is_empty() {
            own.push(' ');
        }
        own.extend(next);
    }

    pub(super) fn put(&mut self, after: bool, count: usize) {
        let at = self.text.at;
        match self.register.clone() {
            Register::Lines(lines) => {
                let place = if after { at.line + 1 } else { at.line };
                for _ in 0..count.min(1000) {
                    self.text.lines.splice(place..place, lines.iter().cloned());
                }
                self.text.at = Spot {
                    line: place,
                    column: 0,
                };
            }
            Register::Chars(chars) => {
                let column = if after {
                    (at.column + 1).min(self.text.line().len())
                } else {
                    at.column
                };
                let all: Vec<char> = core::iter::repeat_n(chars, count.min(1000))
                    .flatten()
                    .collect();
                self.text.at.column = (column + all.len()).saturating_sub(1);
                self.text.lines[at.line].splice(column..column, all);
            }
        }
    }

    pub(super) fn yank_lines(&mut self, from: usize, count: usize) {
        let end = (from + count).min(self.text.lines.len());
        self.register = Register::Lines(self.text.lines[from..end].to_vec());
        if count > 2 {
            self.note = format!("{} lines yanked", end - from);
        }
    }

    /// The key behind `d`, `y`, `c`, `g`, `r`, `Z`, `>`, `<`.
    pub(super) fn second(
        &mut self,
        first: char,
        key: char,
        count: usize,
        typed: Option<usize>,
    ) -> Option<Asked> {
        let at = self.text.at;
        match (first, key) {
            (_, '\x1b') => {}
            ('Z', 'Z') => return self.colon("x"),
            ('Z', 'Q') => return self.colon("q!"),
            ('g', 'g') => {
                self.text.at = Spot {
                    line: typed.map_or(0, |line| line.saturating_sub(1)),
                    column: 0,
                }
            }
            ('r', c) if c >= ' ' && at.column < self.text.line().len() => {
                self.text.mark();
                self.text.lines[at.line][at.column] = c;
            }
            ('>' | '<', same) if same == first => {
                self.text.mark();
                for line in self.text.lines.iter_mut().skip(at.line).take(count) {
                    if first == '>' {
                        line.splice(0..0, "  ".chars());
                    } else {
                        let blanks = line.iter().take(2).take_while(|c| **c == ' ').count();
                        line.drain(..blanks);
                    }
                }
            }
            ('y', 'y') => self.yank_lines(at.line, count),
            ('d', 'd') => {
                self.text.mark();
                self.register = Register::Lines(self.text.take_lines(at.line, count));
                self.text.at.column = 0;
            }
            ('c', 'c') => {
                self.text.mark();
                self.change_line();
            }
            ('d' | 'y' | 'c', motion) => self.over(first, motion, count, typed),
            _ => {}
        }
        None
    }

    /// An operator over a motion.
    pub(super) fn over(
        &mut self,
        operator: char,
        motion: char,
        count: usize,
        typed: Option<usize>,
    ) {
        let start = self.text.at;
        // `cw` stops at the word's end.
        let motion = if operator == 'c' && motion == 'w' {
            'e'
        } else {
            motion
        };
        let lines = match motion {
            'j' | DOWN => Some((start.line, start.line + count)),
            'k' | UP => Some((start.line.saturating_sub(count), start.line)),
            'G' => Some((
                start.line,
                typed.map_or(usize::MAX, |line| line.saturating_sub(1)),
            )),
            'g' => Some((0, start.line)),
            _ => None,
        };
        if let Some((from, to)) = lines {
            let (from, to) = (from.min(to), from.max(to).min(self.text.lines.len() - 1));
            self.yank_lines(from, to - from + 1);
            if operator != 'y' {
                self.text.mark();
                self.text.take_lines(from, to - from + 1);
                self.text.at.column = 0;
                if operator == 'c' {
                    self.text.lines.insert(self.text.at.line, Vec::new());
                    self.mode = Mode::Insert;
                }
            }
            return;
        }
        if !"wWbBeEhl0$^nN ".contains(motion) && !matches!(motion, LEFT | RIGHT | HOME | END) {
            return;
        }
        self.mode = Mode::Insert;
        self.go(motion, count);
        self.mode = Mode::Command;
        let mut end = self.text.at;
        if operator == 'c'
            && matches!(motion, 'e' | 'E')
            && count == 1
            && self.text.ends_word(start)
        {
            end = start;
        }
        if matches!(motion, 'e' | 'E') {
            end.column += 1;
        }
        // Within the line: a word at the line's end takes what is left of it.
        if end.line > start.line {
            end = Spot {
                line: start.line,
                column: self.text.lines[start.line].len(),
            };
        } else if end.line < start.line {
            end = Spot {
                line: start.line,
                column: 0,
            };
        }
        let (from, to) = (start.column.min(end.column), start.column.max(end.column));
        self.text.at = start;
        if operator == 'y' {
            let line = self.text.line();
            self.register =
                Register::Chars(line[from.min(line.len())..to.min(line.len())].to_vec());
            self.text.at.column = from;
            return;
        }
        self.text.mark();
        self.register = Register::Chars(self.text.take(from, to));
        if operator == 'c' {
            self.mode = Mode::Insert;
        }
    }
}
