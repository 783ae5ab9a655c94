//! The tree of a parsed script: lists, pipelines, commands, words.
//!
//! Data only: `parse` makes it, `run` walks it, `display` prints it back (for `jobs` and `type`).
//! The names are those of the grammar in POSIX XCU 2.10.

use std::rc::Rc;

/// A list: commands separated by `;`, `&` or newlines.
pub type List = Vec<Item>;

/// One and-or list and whether it ends with `&`.
#[derive(Debug, Clone)]
pub struct Item {
    /// What is run.
    pub and_or: Rc<AndOr>,
    /// Ends with `&`: runs as a job in the background.
    pub background: bool,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Debug)]
pub struct AndOr {
    /// The first pipeline.
    pub first: Pipeline,
    /// The others; `true` stands for `&&`, `false` for `||`.
    pub rest: Vec<(bool, Pipeline)>,
}

/// Commands joined by `|`.
#[derive(Debug)]
pub struct Pipeline {
    /// Starts with `!`.
    pub negated: bool,
    /// At least one.
    pub commands: Vec<Rc<Command>>,
}

/// A command with its redirections.
#[derive(Debug)]
pub struct Command {
    /// Line of the script it stands on, from 1.
    pub line: u32,
    /// What it does.
    pub kind: Kind,
    /// Applied from left to right.
    pub redirects: Vec<Redirect>,
}

/// The kinds of commands.
#[derive(Debug)]
pub enum Kind {
    /// Assignments and words: `A=1 ls -l`.
    Simple {
        /// `NAME=value` before the first word.
        assigns: Vec<Assign>,
        /// Command name and arguments, before expansion.
        words: Vec<Word>,
    },
    /// `{ list; }`
    Group(List),
    /// `( list )`
    Subshell(Rc<List>),
    /// `if`, with its `elif` branches: (condition, body) pairs and `else`.
    If(Vec<(List, List)>, Option<List>),
    /// `while` (`until` when `until`).
    While {
        /// Loop ends on success instead of failure.
        until: bool,
        /// Condition.
        condition: List,
        /// Body.
        body: List,
    },
    /// `for NAME in words`; without `in`, the positional parameters.
    For {
        /// The variable.
        name: String,
        /// The words after `in`.
        words: Option<Vec<Word>>,
        /// Body.
        body: List,
    },
    /// `case word in pattern) list;; esac`
    Case(Word, Vec<(Vec<Word>, List)>),
    /// `name() command`
    Function(String, Rc<Command>),
}

/// `NAME=value`.
#[derive(Debug, Clone)]
pub struct Assign {
    /// The variable.
    pub name: String,
    /// Its value before expansion.
    pub value: Word,
}

/// How a redirection opens or copies a descriptor.
#[derive(Debug, Clone)]
pub enum Target {
    /// `< file`
    Read(Word),
    /// `> file`
    Write(Word),
    /// `>| file`
    Clobber(Word),
    /// `>> file`
    Append(Word),
    /// `<> file`
    ReadWrite(Word),
    /// `>& word` or `<& word`: a descriptor's number or `-`.
    Copy(Word),
    /// `&> file`: both outputs.
    Both(Word),
    /// `<< word`: the text of the here-document.
    Here(Rc<std::cell::RefCell<Word>>),
}

/// A redirection.
#[derive(Debug, Clone)]
pub struct Redirect {
    /// The descriptor that is set.
    pub fd: i32,
    /// Where it goes.
    pub target: Target,
}

/// A word before expansion.
#[derive(Debug, Clone, Default)]
pub struct Word {
    /// In order; adjacent parts form one word.
    pub parts: Vec<Part>,
}

/// A piece of a word. `bool` says: inside double quotes.
#[derive(Debug, Clone)]
pub enum Part {
    /// Unquoted text: patterns and a leading tilde are active in it.
    Text(String),
    /// Quoted text.
    Quoted(String),
    /// `$x`, `${x:-word}`.
    Parameter(Rc<Parameter>, bool),
    /// `$(list)` or backquotes.
    Command(Rc<List>, bool),
    /// `$((expression))`.
    Arithmetic(Rc<Word>, bool),
}

/// `${name operator word}`.
#[derive(Debug)]
pub struct Parameter {
    /// Variable name, digit or special character.
    pub name: String,
    /// What is done with the value.
    pub operator: Operator,
}

/// The operators of parameter expansion; `bool` of the first four: with a colon.
#[derive(Debug)]
pub enum Operator {
    /// The value.
    Value,
    /// `${#x}`
    Length,
    /// `${x:-word}`
    Default(bool, Word),
    /// `${x:=word}`
    Assign(bool, Word),
    /// `${x:?word}`
    Error(bool, Word),
    /// `${x:+word}`
    Alternate(bool, Word),
    /// `${x%word}`; `true` for `%%`.
    Suffix(bool, Word),
    /// `${x#word}`; `true` for `##`.
    Prefix(bool, Word),
    /// `${x:offset:length}`
    Substring(Word, Option<Word>),
    /// `${x/pattern/with}`; `true` for `//`.
    Replace(bool, Word, Word),
    /// Not an operator: "bad substitution" when it is expanded.
    Bad,
}

impl Word {
    /// A word of one unquoted text.
    pub fn text(text: &str) -> Word {
        Word {
            parts: vec![Part::Text(text.to_owned())],
        }
    }

    /// The text, if the word is nothing but unquoted text (reserved words, names, aliases).
    pub fn plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Adds a character, joining it with text of the same kind before it.
    pub fn push(&mut self, text: &str, quoted: bool) {
        match (self.parts.last_mut(), quoted) {
            (Some(Part::Text(last)), false) | (Some(Part::Quoted(last)), true) => {
                last.push_str(text)
            }
            (_, false) => self.parts.push(Part::Text(text.to_owned())),
            (_, true) => self.parts.push(Part::Quoted(text.to_owned())),
        }
    }
}

/// Whether `name` is a variable's name.
pub fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
