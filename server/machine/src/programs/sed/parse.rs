//! Scripts of `sed`, read into commands.
//!
//! Mirrors POSIX XCU `sed`, editing commands.

use crate::programs::regular;
use regex::bytes::Regex;

#[derive(Debug, Clone)]
pub(super) enum Address {
    Line(u64),
    Last,
    Step(u64, u64),
    Pattern(Option<Regex>),
    Plus(u64),
}

#[derive(Debug, Clone)]
pub(super) enum Verb {
    Substitute {
        pattern: Option<Regex>,
        with: Vec<Piece>,
        global: bool,
        nth: usize,
        print: bool,
    },
    Translate(Vec<(char, char)>),
    Text(char, String),
    Label,
    Branch(char, Option<usize>, String),
    Block(usize),
    End,
    Simple(char),
    Exit(char, i32),
}

#[derive(Debug, Clone)]
pub(super) enum Piece {
    Text(Vec<u8>),
    Group(usize),
}

#[derive(Debug, Clone)]
pub(super) struct Command {
    pub(super) from: Option<Address>,
    pub(super) to: Option<Address>,
    pub(super) negated: bool,
    pub(super) verb: Verb,
    /// The range is open, until this line if it is known.
    pub(super) open: Option<Option<u64>>,
}

struct Parser<'a> {
    text: Vec<char>,
    at: usize,
    extended: bool,
    labels: Vec<(String, usize)>,
    blocks: Vec<usize>,
    commands: Vec<Command>,
    _script: &'a str,
}

/// The commands of a script. An error's text otherwise.
pub(super) fn parse(script: &str, extended: bool) -> Result<Vec<Command>, String> {
    let mut parser = Parser {
        text: script.chars().collect(),
        at: 0,
        extended,
        labels: Vec::new(),
        blocks: Vec::new(),
        commands: Vec::new(),
        _script: script,
    };
    while parser.command()? {}
    if !parser.blocks.is_empty() {
        return Err("unterminated {".to_owned());
    }
    let labels = parser.labels;
    for command in &mut parser.commands {
        if let Verb::Branch(_, target, label) = &mut command.verb
            && !label.is_empty()
        {
            *target = labels
                .iter()
                .find(|(name, _)| name == label)
                .map(|(_, at)| *at);
            if target.is_none() {
                return Err(format!("can't find label for jump to '{label}'"));
            }
        }
    }
    Ok(parser.commands)
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        self.at += 1;
        self.text.get(self.at - 1).copied()
    }

    fn skip(&mut self, also: &str) {
        while self
            .peek()
            .is_some_and(|c| c.is_whitespace() || also.contains(c))
        {
            self.at += 1;
        }
    }

    fn number(&mut self) -> Option<u64> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        self.text[start..self.at]
            .iter()
            .collect::<String>()
            .parse()
            .ok()
    }

    fn pattern(&self, text: &str, ignore_case: bool) -> Result<Option<Regex>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        regular::compile(text, self.extended, ignore_case)
            .map(Some)
            .map_err(|error| format!("bad regex '{text}': {error}"))
    }

    /// Up to an unescaped `end`; `\end` becomes `end`.
    fn until(&mut self, end: char) -> Result<String, String> {
        let mut text = String::new();
        let mut bracket = false;
        loop {
            match self.next() {
                None => return Err("unmatched '/'".replace('/', &end.to_string())),
                Some(c) if c == end && !bracket => return Ok(text),
                Some('\\') => match self.next() {
                    Some(c) if c == end => text.push(c),
                    Some('n') if bracket => text.push('\n'),
                    Some(c) => {
                        text.push('\\');
                        text.push(c);
                    }
                    None => return Err("unmatched".to_owned()),
                },
                Some(c) => {
                    bracket = match c {
                        '[' if !bracket && self.text[self.at..].contains(&']') => true,
                        ']' if bracket && !text.ends_with('[') && !text.ends_with("[^") => false,
                        _ => bracket,
                    };
                    text.push(c);
                }
            }
        }
    }

    fn address(&mut self) -> Result<Option<Address>, String> {
        Ok(match self.peek() {
            Some('$') => {
                self.at += 1;
                Some(Address::Last)
            }
            Some('+') => {
                self.at += 1;
                Some(Address::Plus(self.number().unwrap_or(0)))
            }
            Some(c) if c.is_ascii_digit() => {
                let first = self.number().unwrap_or(0);
                if self.peek() == Some('~') {
                    self.at += 1;
                    Some(Address::Step(first, self.number().unwrap_or(1)))
                } else {
                    Some(Address::Line(first))
                }
            }
            Some(c @ ('/' | '\\')) => {
                self.at += 1;
                let end = if c == '/' {
                    '/'
                } else {
                    self.next().unwrap_or('/')
                };
                let text = self.until(end)?;
                let ignore = self.peek() == Some('I');
                self.at += usize::from(ignore);
                Some(Address::Pattern(self.pattern(&text, ignore)?))
            }
            _ => None,
        })
    }

    fn command(&mut self) -> Result<bool, String> {
        self.skip(";");
        let from = self.address()?;
        self.skip("");
        let mut to = None;
        if from.is_some() && self.peek() == Some(',') {
            self.at += 1;
            self.skip("");
            to = self.address()?;
            if to.is_none() {
                return Err("unexpected ','".to_owned());
            }
        }
        self.skip("");
        let mut negated = false;
        while self.peek() == Some('!') {
            self.at += 1;
            negated = true;
            self.skip("");
        }
        let Some(letter) = self.next() else {
            return if from.is_some() {
                Err("missing command".to_owned())
            } else {
                Ok(false)
            };
        };
        let verb = match letter {
            '#' => {
                while self.peek().is_some_and(|c| c != '\n') {
                    self.at += 1;
                }
                return Ok(true);
            }
            '{' => {
                self.blocks.push(self.commands.len());
                Verb::Block(0)
            }
            '}' => {
                let Some(start) = self.blocks.pop() else {
                    return Err("unexpected '}'".to_owned());
                };
                let end = self.commands.len();
                self.commands[start].verb = Verb::Block(end);
                Verb::End
            }
            's' => self.substitute()?,
            'y' => {
                let end = self.next().unwrap_or('/');
                let unescape = |text: String| text.replace("\\n", "\n").replace("\\\\", "\\");
                let (a, b) = (unescape(self.until(end)?), unescape(self.until(end)?));
                if a.chars().count() != b.chars().count() {
                    return Err("y/// strings have different lengths".to_owned());
                }
                Verb::Translate(a.chars().zip(b.chars()).collect())
            }
            'a' | 'i' | 'c' => Verb::Text(letter, self.text_argument()),
            'r' | 'w' => {
                self.skip("");
                Verb::Text(letter, self.line())
            }
            ':' => {
                let label = self.label("");
                self.labels.push((label, self.commands.len()));
                Verb::Label
            }
            'b' | 't' | 'T' => Verb::Branch(letter, None, self.label("}")),
            'q' | 'Q' => {
                self.skip("");
                Verb::Exit(letter, self.number().unwrap_or(0) as i32)
            }
            'd' | 'D' | 'p' | 'P' | 'n' | 'N' | 'h' | 'H' | 'g' | 'G' | 'x' | '=' | 'l' => {
                Verb::Simple(letter)
            }
            other => return Err(format!("unsupported command {other}")),
        };
        self.commands.push(Command {
            from,
            to,
            negated,
            verb,
            open: None,
        });
        Ok(true)
    }

    /// A label ends at a blank or a semicolon, and at one of `also`.
    fn label(&mut self, also: &str) -> String {
        while self.peek().is_some_and(|c| c == ' ' || c == '\t') {
            self.at += 1;
        }
        let start = self.at;
        let ends = |c: char| c.is_whitespace() || c == ';' || also.contains(c);
        while self.peek().is_some_and(|c| !ends(c)) {
            self.at += 1;
        }
        self.text[start..self.at].iter().collect()
    }

    fn line(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| c != '\n') {
            self.at += 1;
        }
        self.text[start..self.at].iter().collect()
    }

    /// The text of `a`, `i`, `c`: in the same line, or after a backslash in the next ones.
    fn text_argument(&mut self) -> String {
        while self.peek().is_some_and(|c| c == ' ' || c == '\t') {
            self.at += 1;
        }
        if self.peek() == Some('\\') {
            self.at += 1;
            while self.peek().is_some_and(|c| c == ' ' || c == '\t') {
                self.at += 1;
            }
            if self.peek() == Some('\n') {
                self.at += 1;
            }
        }
        let mut text = String::new();
        while let Some(c) = self.next() {
            match c {
                '\\' => text.extend(self.next()),
                '\n' => break,
                c => text.push(c),
            }
        }
        text.push('\n');
        text
    }

    fn substitute(&mut self) -> Result<Verb, String> {
        let end = self.next().unwrap_or('/');
        let pattern = self.until(end)?;
        let mut with = Vec::new();
        let mut text = Vec::new();
        loop {
            match self.next() {
                None => return Err(format!("unmatched '{end}'")),
                Some(c) if c == end => break,
                Some('&') => {
                    with.push(Piece::Text(std::mem::take(&mut text)));
                    with.push(Piece::Group(0));
                }
                Some('\\') => match self.next() {
                    Some(digit @ '0'..='9') => {
                        with.push(Piece::Text(std::mem::take(&mut text)));
                        with.push(Piece::Group(digit as usize - '0' as usize));
                    }
                    Some('n') => text.push(b'\n'),
                    Some('t') => text.push(b'\t'),
                    Some(c) => text.extend(c.to_string().bytes()),
                    None => return Err(format!("unmatched '{end}'")),
                },
                Some(c) => text.extend(c.to_string().bytes()),
            }
        }
        with.push(Piece::Text(text));
        let (mut global, mut print, mut ignore, mut nth) = (false, false, false, 1);
        loop {
            match self.peek() {
                Some('g') => global = true,
                Some('p') => print = true,
                Some('i' | 'I') => ignore = true,
                Some(c) if c.is_ascii_digit() => {
                    nth = self.number().unwrap_or(1) as usize;
                    continue;
                }
                _ => break,
            }
            self.at += 1;
        }
        Ok(Verb::Substitute {
            pattern: self.pattern(&pattern, ignore)?,
            with,
            global,
            nth,
            print,
        })
    }
}
