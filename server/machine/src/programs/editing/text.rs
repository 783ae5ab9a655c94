//! What is edited: lines, a cursor, undo. Knows no keys.

/// Steps that can be undone, and characters that all of them may hold: of a long text fewer are kept.
const UNDO: usize = 200;
const UNDO_CHARS: usize = 1 << 20;

/// Where something is: line and character, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    pub line: usize,
    pub column: usize,
}

#[derive(Clone, Debug)]
pub struct Text {
    pub lines: Vec<Vec<char>>,
    pub at: Spot,
    undo: Vec<(Vec<Vec<char>>, Spot)>,
    redo: Vec<(Vec<Vec<char>>, Spot)>,
}

impl Text {
    pub fn new(text: &str) -> Text {
        let mut lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
        if lines.is_empty() {
            lines.push(Vec::new());
        }
        Text {
            lines,
            at: Spot::default(),
            undo: Vec::new(),
            redo: Vec::new(),
        }
    }

    /// As a file, each line ended.
    pub fn contents(&self) -> String {
        if self.lines.len() == 1 && self.lines[0].is_empty() {
            return String::new();
        }
        self.lines
            .iter()
            .flat_map(|line| line.iter().copied().chain(['\n']))
            .collect()
    }

    pub fn line(&self) -> &Vec<char> {
        &self.lines[self.at.line]
    }

    fn line_mut(&mut self) -> &mut Vec<char> {
        &mut self.lines[self.at.line]
    }

    /// Remembers the state before a change.
    pub fn mark(&mut self) {
        self.undo.push((self.lines.clone(), self.at));
        let size: usize = self.lines.iter().map(|line| line.len() + 8).sum();
        let most = (UNDO_CHARS / size.max(1)).clamp(1, UNDO);
        if self.undo.len() > most {
            self.undo.drain(..self.undo.len() - most);
        }
        self.redo.clear();
    }

    /// False: nothing to undo.
    pub fn undo(&mut self) -> bool {
        let Some((lines, at)) = self.undo.pop() else {
            return false;
        };
        self.redo
            .push((std::mem::replace(&mut self.lines, lines), self.at));
        self.at = at;
        true
    }

    pub fn redo(&mut self) -> bool {
        let Some((lines, at)) = self.redo.pop() else {
            return false;
        };
        self.undo
            .push((std::mem::replace(&mut self.lines, lines), self.at));
        self.at = at;
        true
    }

    /// Keeps the cursor on the text; `beyond` allows the place after the last character.
    pub fn clamp(&mut self, beyond: bool) {
        self.at.line = self.at.line.min(self.lines.len() - 1);
        let most = if beyond {
            self.line().len()
        } else {
            self.line().len().saturating_sub(1)
        };
        self.at.column = self.at.column.min(most);
    }

    pub fn insert(&mut self, c: char) {
        let column = self.at.column.min(self.line().len());
        if c == '\n' {
            let rest = self.line_mut().split_off(column);
            self.at = Spot {
                line: self.at.line + 1,
                column: 0,
            };
            self.lines.insert(self.at.line, rest);
            return;
        }
        self.line_mut().insert(column, c);
        self.at.column = column + 1;
    }

    /// Takes away what is before the cursor; at the start of a line, joins it to the one before.
    pub fn backspace(&mut self) {
        if self.at.column > 0 {
            self.at.column -= 1;
            let column = self.at.column;
            self.line_mut().remove(column);
        } else if self.at.line > 0 {
            let rest = self.lines.remove(self.at.line);
            self.at.line -= 1;
            self.at.column = self.line().len();
            self.line_mut().extend(rest);
        }
    }

    /// Blanks at the start of the line.
    pub fn indent(&self) -> Vec<char> {
        self.line()
            .iter()
            .take_while(|c| matches!(c, ' ' | '\t'))
            .copied()
            .collect()
    }

    /// Takes whole lines away; the buffer keeps one.
    pub fn take_lines(&mut self, from: usize, count: usize) -> Vec<Vec<char>> {
        let end = (from + count).min(self.lines.len());
        let taken: Vec<Vec<char>> = self.lines.drain(from..end).collect();
        if self.lines.is_empty() {
            self.lines.push(Vec::new());
        }
        self.at.line = from.min(self.lines.len() - 1);
        taken
    }

    /// Takes characters of one line away.
    pub fn take(&mut self, from: usize, to: usize) -> Vec<char> {
        let length = self.line().len();
        let (from, to) = (from.min(length), to.min(length));
        self.at.column = from;
        if from >= to {
            return Vec::new();
        }
        self.line_mut().drain(from..to).collect()
    }

    fn class(c: char) -> u8 {
        if c.is_whitespace() {
            0
        } else if c.is_alphanumeric() || c == '_' {
            1
        } else {
            2
        }
    }

    /// Whether the character is the last of its word.
    pub fn ends_word(&self, at: Spot) -> bool {
        let line = &self.lines[at.line];
        match (line.get(at.column), line.get(at.column + 1)) {
            (Some(own), Some(next)) => Text::class(*own) != Text::class(*next),
            _ => true,
        }
    }

    /// The start of the next word.
    pub fn word_forward(&self, from: Spot) -> Spot {
        let mut spot = from;
        let line = &self.lines[spot.line];
        let class = line.get(spot.column).map_or(0, |c| Text::class(*c));
        while class != 0
            && line
                .get(spot.column)
                .is_some_and(|c| Text::class(*c) == class)
        {
            spot.column += 1;
        }
        loop {
            let line = &self.lines[spot.line];
            match line.get(spot.column) {
                Some(c) if c.is_whitespace() => spot.column += 1,
                Some(_) => return spot,
                None if spot.line + 1 < self.lines.len() => {
                    spot = Spot {
                        line: spot.line + 1,
                        column: 0,
                    };
                    if self.lines[spot.line].is_empty() {
                        return spot;
                    }
                }
                None => {
                    return Spot {
                        line: spot.line,
                        column: line.len(),
                    };
                }
            }
        }
    }

    /// The last character of this or the next word.
    pub fn word_end(&self, from: Spot) -> Spot {
        let mut spot = Spot {
            line: from.line,
            column: from.column + 1,
        };
        loop {
            let line = &self.lines[spot.line];
            match line.get(spot.column) {
                Some(c) if c.is_whitespace() => spot.column += 1,
                Some(c) => {
                    let class = Text::class(*c);
                    while line
                        .get(spot.column + 1)
                        .is_some_and(|c| Text::class(*c) == class)
                    {
                        spot.column += 1;
                    }
                    return spot;
                }
                None if spot.line + 1 < self.lines.len() => {
                    spot = Spot {
                        line: spot.line + 1,
                        column: 0,
                    }
                }
                None => {
                    return Spot {
                        line: spot.line,
                        column: line.len().saturating_sub(1),
                    };
                }
            }
        }
    }

    /// The start of this or the word before.
    pub fn word_back(&self, from: Spot) -> Spot {
        let mut spot = from;
        loop {
            if spot.column == 0 {
                if spot.line == 0 {
                    return spot;
                }
                spot.line -= 1;
                spot.column = self.lines[spot.line].len();
                continue;
            }
            let line = &self.lines[spot.line];
            spot.column -= 1;
            let class = Text::class(line[spot.column]);
            if class == 0 {
                continue;
            }
            while spot.column > 0 && Text::class(line[spot.column - 1]) == class {
                spot.column -= 1;
            }
            return spot;
        }
    }
}
