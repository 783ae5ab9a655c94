//! Tokens: operators, words, newlines; aliases as nested input; here-documents gathered at newlines.
//!
//! What stands inside a word is `word.rs`. Mirrors POSIX XCU 2.3.

use super::{Aliases, MAX_DEPTH, Stop};
use crate::shell::syntax::Word;
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

/// A token.
#[derive(Debug, Clone)]
pub(crate) enum Token {
    Word(Word),
    /// Digits right before `<` or `>`.
    Number(i32),
    Op(&'static str),
    Newline,
    End,
}

impl Token {
    /// As ash names it in "unexpected …".
    pub(crate) fn name(&self) -> String {
        match self {
            Token::Word(word) => match word.plain() {
                Some(text) if super::grammar::is_reserved(text) => format!("\"{text}\""),
                _ => "word".to_owned(),
            },
            Token::Number(_) => "redirection".to_owned(),
            Token::Op(op) if op.starts_with(['<', '>']) || *op == "&>" => "redirection".to_owned(),
            Token::Op(op) => format!("\"{op}\""),
            Token::Newline => "newline".to_owned(),
            Token::End => "end of file".to_owned(),
        }
    }
}

struct Frame<'a> {
    text: Cow<'a, str>,
    at: usize,
    /// The alias this text came from.
    alias: Option<String>,
}

/// A here-document whose text has not been read yet.
pub(crate) struct Pending {
    pub delimiter: String,
    pub quoted: bool,
    pub strip_tabs: bool,
    pub body: Rc<RefCell<Word>>,
}

/// The reader of tokens.
pub(crate) struct Lexer<'a> {
    frames: Vec<Frame<'a>>,
    pub line: u32,
    pub finished: bool,
    pub depth: u32,
    pub aliases: &'a Aliases,
    pub pending: Vec<Pending>,
    /// An alias ending in a blank was just used up: the next word may be an alias too.
    pub alias_next: bool,
    /// Aliases that were replaced.
    replaced: u32,
    /// Commands that were read.
    pub commands: usize,
}

/// Aliases replaced in one command: each may bring many more.
const MOST_REPLACED: u32 = 1000;

const OPERATORS: [&str; 21] = [
    "<<-", "&&", "||", ";;", "<<", ">>", "<&", ">&", "<>", ">|", "&>", "\n", "|", "&", ";", "(",
    ")", "<", ">", "#", "",
];

impl<'a> Lexer<'a> {
    pub fn new(
        text: &'a str,
        line: u32,
        finished: bool,
        aliases: &'a Aliases,
        depth: u32,
    ) -> Lexer<'a> {
        Lexer {
            frames: vec![Frame {
                text: Cow::Borrowed(text),
                at: 0,
                alias: None,
            }],
            line,
            finished,
            depth,
            aliases,
            pending: Vec::new(),
            alias_next: false,
            replaced: 0,
            commands: 0,
        }
    }

    /// Bytes of the outermost text that were read.
    pub fn used(&self) -> usize {
        self.frames[0].at
    }

    /// One level deeper, if the limit allows.
    pub fn enter(&mut self) -> Result<(), Stop> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Stop::Error("nested too deeply".to_owned()));
        }
        Ok(())
    }

    /// One level back.
    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Next character without taking it.
    pub fn peek(&mut self) -> Option<char> {
        loop {
            let frame = self.frames.last()?;
            if let Some(c) = frame.text[frame.at..].chars().next() {
                return Some(c);
            }
            if self.frames.len() == 1 {
                return None;
            }
            let done = self.frames.pop()?;
            self.alias_next |= done.text.ends_with("  ") || done.text.ends_with("\t ");
        }
    }

    /// Takes the next character.
    pub fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        let outermost = self.frames.len() == 1;
        let frame = self.frames.last_mut()?;
        frame.at += c.len_utf8();
        if c == '\n' && outermost {
            self.line += 1;
        }
        Some(c)
    }

    /// Whether the text goes on with `prefix` (within one piece of input).
    pub fn starts_with(&mut self, prefix: &str) -> bool {
        self.peek();
        self.frames
            .last()
            .is_some_and(|frame| frame.text[frame.at..].starts_with(prefix))
    }

    /// Takes `prefix` if the text goes on with it.
    pub fn eat(&mut self, prefix: &str) -> bool {
        let found = self.starts_with(prefix);
        if found {
            for _ in prefix.chars() {
                self.bump();
            }
        }
        found
    }

    /// The end of the text where more was needed: incomplete, or `error` when no more will come.
    pub fn ended(&self, error: &str) -> Stop {
        if self.finished {
            Stop::Error(error.to_owned())
        } else {
            Stop::Incomplete
        }
    }

    /// Puts the text of alias `name` in front, unless it is being read already.
    pub fn expand_alias(&mut self, name: &str) -> bool {
        let Some(text) = self.aliases.get(name) else {
            return false;
        };
        if self.frames.len() > 20
            || self.replaced >= MOST_REPLACED
            || self
                .frames
                .iter()
                .any(|frame| frame.alias.as_deref() == Some(name))
        {
            return false;
        }
        self.replaced += 1;
        let text = format!("{text} ");
        self.frames.push(Frame {
            text: Cow::Owned(text),
            at: 0,
            alias: Some(name.to_owned()),
        });
        true
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => {
                    self.bump();
                }
                Some('\\') if self.starts_with("\\\n") => {
                    self.eat("\\\n");
                }
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.bump();
                    }
                }
                _ => return,
            }
        }
    }

    /// The next token. A newline token reads the here-documents that wait for their text.
    pub fn token(&mut self) -> Result<Token, Stop> {
        self.skip_blanks();
        let Some(c) = self.peek() else {
            if !self.pending.is_empty() && self.finished {
                self.here_documents()?;
            }
            return Ok(Token::End);
        };
        if c == '\n' {
            self.bump();
            self.here_documents()?;
            return Ok(Token::Newline);
        }
        if let Some(op) = self.operator() {
            return Ok(Token::Op(op));
        }
        let word = self.word()?;
        if let Some(text) = word.plain()
            && text.len() < 4
            && text.bytes().all(|b| b.is_ascii_digit())
            && matches!(self.peek(), Some('<' | '>'))
        {
            return Ok(Token::Number(text.parse().unwrap_or(0)));
        }
        Ok(Token::Word(word))
    }

    fn operator(&mut self) -> Option<&'static str> {
        let op = OPERATORS.iter().find(|op| self.starts_with(op))?;
        if op.is_empty() || *op == "#" {
            return None;
        }
        self.eat(op);
        Some(op)
    }

    fn here_documents(&mut self) -> Result<(), Stop> {
        for pending in std::mem::take(&mut self.pending) {
            let mut text = String::new();
            loop {
                let mut line = String::new();
                let mut ended = false;
                loop {
                    match self.bump() {
                        Some('\n') => break,
                        Some(c) => line.push(c),
                        None => {
                            ended = true;
                            break;
                        }
                    }
                }
                let content = if pending.strip_tabs {
                    line.trim_start_matches('\t')
                } else {
                    &line
                };
                if content == pending.delimiter {
                    break;
                }
                if ended && !self.finished {
                    return Err(Stop::Incomplete);
                }
                text.push_str(content);
                if ended {
                    break;
                }
                text.push('\n');
            }
            let word = if pending.quoted {
                let mut word = Word::default();
                word.push(&text, true);
                word
            } else {
                let mut inner = Lexer::new(&text, self.line, true, self.aliases, self.depth);
                inner.enter()?;
                inner.here_word()?
            };
            *pending.body.borrow_mut() = word;
        }
        Ok(())
    }
}
