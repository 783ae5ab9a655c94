//! The parser: text in, one complete command at a time out.
//!
//! Pure and linear in the input. Hostile input meets a depth limit ([`MAX_DEPTH`]) and a size limit ([`MAX_SIZE`]), never
//! the end of the stack. Mirrors POSIX XCU 2.3 (tokens) and 2.10 (grammar), with the additions of busybox ash
//! (`[[ ]]`, `&>`, `$'…'`, `function`); error texts are ash's.

mod grammar;
mod lexer;
mod word;

pub(crate) use grammar::is_reserved;

use super::syntax::List;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Deepest nesting of compound commands and substitutions.
pub const MAX_DEPTH: u32 = 100;
/// Longest command, in bytes.
pub const MAX_SIZE: usize = 512 << 10;
/// Rough size of a command in memory, beside its text.
const COMMAND_COST: usize = 512;

/// Aliases by name.
pub type Aliases = BTreeMap<String, String>;

/// What came of an attempt to read one command.
#[derive(Debug)]
pub enum Parsed {
    /// A command (an empty list for a blank line).
    Complete(Rc<List>),
    /// The text ends in the middle: ask for more with the second prompt.
    Incomplete,
    /// Nothing is left.
    End,
    /// Not a command; the text after `syntax error: `.
    Error(String),
}

/// Why the parser stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    Incomplete,
    Error(String),
}

/// The text of a script, given in pieces, read command by command.
#[derive(Debug, Default)]
pub struct Script {
    text: String,
    at: usize,
    line: u32,
    finished: bool,
    weight: usize,
}

impl Script {
    /// A script whose text comes in pieces.
    pub fn new() -> Script {
        Script {
            line: 1,
            ..Script::default()
        }
    }

    /// A script that is all there.
    pub fn whole(text: &str) -> Script {
        Script {
            text: text.to_owned(),
            at: 0,
            line: 1,
            finished: true,
            weight: 0,
        }
    }

    /// Adds text.
    pub fn push(&mut self, text: &str) {
        if self.at > 0 {
            self.text.drain(..self.at);
            self.at = 0;
        }
        self.text.push_str(text);
    }

    /// Says that no more text will come: what is open then is an error.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// Throws the rest away (after a syntax error or an interrupt at the prompt).
    pub fn clear(&mut self) {
        self.text.clear();
        self.at = 0;
    }

    /// Whether all the text was read.
    pub fn is_drained(&self) -> bool {
        self.text[self.at..]
            .bytes()
            .all(|b| b.is_ascii_whitespace())
    }

    /// Whether the text was said to be over and has been read to its end.
    pub fn at_end(&self) -> bool {
        self.finished && self.is_drained()
    }

    /// Line of the next command, from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Bytes not yet read.
    pub fn pending(&self) -> usize {
        self.text.len() - self.at
    }

    /// Rough size in memory of the command that was read last.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Reads the next command.
    pub fn next(&mut self, aliases: &Aliases) -> Parsed {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return if self.finished {
                Parsed::End
            } else {
                Parsed::Incomplete
            };
        }
        let mut end = rest.len().min(MAX_SIZE);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let whole = end == rest.len();
        let finished = self.finished && whole;
        let mut parser = grammar::Parser::new(&rest[..end], self.line, finished, aliases, 0);
        let result = parser.complete_command();
        let (used, line) = parser.position();
        self.weight = used * 2 + parser.commands() * COMMAND_COST;
        match result {
            Ok(Some(list)) => {
                self.at += used;
                self.line = line;
                Parsed::Complete(Rc::new(list))
            }
            Ok(None) | Err(Stop::Incomplete) if !whole => {
                Parsed::Error("command too long".to_owned())
            }
            Ok(None) if self.finished => Parsed::End,
            Ok(None) | Err(Stop::Incomplete) => Parsed::Incomplete,
            Err(Stop::Error(text)) => {
                self.line = line;
                Parsed::Error(text)
            }
        }
    }
}

#[cfg(test)]
mod tests;
