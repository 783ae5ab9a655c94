//! Words: quotes, parameters, substitutions, arithmetic.
//!
//! Mirrors POSIX XCU 2.2 (quoting) and the syntax of 2.6 (expansions).

use super::lexer::Lexer;
use super::{Stop, grammar};
use crate::shell::syntax::{Operator, Parameter, Part, Word};
use std::rc::Rc;

/// Where a piece of a word is being read, which decides what quotes and backslashes mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Outside quotes.
    Plain,
    /// Inside double quotes.
    Double,
    /// In a here-document or in arithmetic: double quotes stand for themselves in the first.
    Here,
}

impl Lexer<'_> {
    /// A word up to a blank or an operator.
    pub(crate) fn word(&mut self) -> Result<Word, Stop> {
        let mut word = Word::default();
        while let Some(c) = self.peek() {
            if matches!(
                c,
                ' ' | '\t' | '\n' | '\r' | '|' | '&' | ';' | '(' | ')' | '<' | '>'
            ) {
                break;
            }
            self.piece(&mut word, Mode::Plain)?;
        }
        Ok(word)
    }

    /// The whole text of a here-document.
    pub(crate) fn here_word(&mut self) -> Result<Word, Stop> {
        let mut word = Word::default();
        while self.peek().is_some() {
            self.piece(&mut word, Mode::Here)?;
        }
        Ok(word)
    }

    fn piece(&mut self, word: &mut Word, mode: Mode) -> Result<(), Stop> {
        let quoted = mode != Mode::Plain;
        let Some(c) = self.bump() else { return Ok(()) };
        match c {
            '\\' => self.backslash(word, mode),
            '\'' if mode == Mode::Plain => self.single_quotes(word),
            '"' if mode != Mode::Here => self.double_quotes(word),
            '`' => self.backquotes(word, quoted),
            '$' => self.dollar(word, mode),
            c => {
                word.push(c.encode_utf8(&mut [0; 4]), quoted);
                Ok(())
            }
        }
    }

    fn backslash(&mut self, word: &mut Word, mode: Mode) -> Result<(), Stop> {
        let Some(next) = self.peek() else {
            if !self.finished {
                return Err(Stop::Incomplete);
            }
            word.push("\\", true);
            return Ok(());
        };
        let escapes = match mode {
            Mode::Plain => true,
            Mode::Double => matches!(next, '$' | '`' | '"' | '\\' | '\n' | '}'),
            Mode::Here => matches!(next, '$' | '`' | '\\' | '\n'),
        };
        if !escapes {
            word.push("\\", true);
            return Ok(());
        }
        self.bump();
        if next == '\n' {
            return Ok(());
        }
        if mode == Mode::Double && next == '}' && self.depth == 0 {
            word.push("\\", true);
        }
        word.push(next.encode_utf8(&mut [0; 4]), true);
        Ok(())
    }

    fn single_quotes(&mut self, word: &mut Word) -> Result<(), Stop> {
        let mut text = String::new();
        loop {
            match self.bump() {
                Some('\'') => break,
                Some(c) => text.push(c),
                None => return Err(self.ended("unterminated quoted string")),
            }
        }
        word.push(&text, true);
        Ok(())
    }

    fn double_quotes(&mut self, word: &mut Word) -> Result<(), Stop> {
        word.push("", true);
        loop {
            match self.peek() {
                Some('"') => {
                    self.bump();
                    return Ok(());
                }
                Some(_) => self.piece(word, Mode::Double)?,
                None => return Err(self.ended("unterminated quoted string")),
            }
        }
    }

    /// `$'…'`, with the escapes of `printf`.
    fn dollar_quotes(&mut self, word: &mut Word) -> Result<(), Stop> {
        let mut text = String::new();
        loop {
            match self.bump() {
                Some('\'') => break,
                Some('\\') => {
                    text.push('\\');
                    match self.bump() {
                        Some(c) => text.push(c),
                        None => return Err(self.ended("unterminated quoted string")),
                    }
                }
                Some(c) => text.push(c),
                None => return Err(self.ended("unterminated quoted string")),
            }
        }
        let bytes = crate::shell::escape::unescape(&text, crate::shell::escape::Style::Dollar).0;
        word.push(&String::from_utf8_lossy(&bytes), true);
        Ok(())
    }

    fn backquotes(&mut self, word: &mut Word, quoted: bool) -> Result<(), Stop> {
        let mut text = String::new();
        loop {
            match self.bump() {
                Some('`') => break,
                Some('\\') => match self.bump() {
                    Some(c @ ('$' | '`' | '\\')) => text.push(c),
                    Some('"') if quoted => text.push('"'),
                    Some(c) => {
                        text.push('\\');
                        text.push(c);
                    }
                    None => return Err(self.ended("EOF in backquote substitution")),
                },
                Some(c) => text.push(c),
                None => return Err(self.ended("EOF in backquote substitution")),
            }
        }
        self.enter()?;
        let mut parser = grammar::Parser::new(&text, self.line, true, self.aliases, self.depth);
        let list = parser.whole()?;
        self.leave();
        word.parts.push(Part::Command(Rc::new(list), quoted));
        Ok(())
    }

    fn dollar(&mut self, word: &mut Word, mode: Mode) -> Result<(), Stop> {
        let quoted = mode != Mode::Plain;
        match self.peek() {
            Some('(') => {
                self.bump();
                if self.peek() == Some('(') {
                    self.bump();
                    return self.arithmetic(word, quoted);
                }
                self.enter()?;
                let list = grammar::Parser::substitution(self)?;
                self.leave();
                word.parts.push(Part::Command(Rc::new(list), quoted));
                Ok(())
            }
            Some('{') => {
                self.bump();
                self.enter()?;
                let parameter = self.braces(quoted)?;
                self.leave();
                word.parts.push(Part::Parameter(Rc::new(parameter), quoted));
                Ok(())
            }
            Some('\'') if mode == Mode::Plain => {
                self.bump();
                self.dollar_quotes(word)
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let name = self.name();
                let parameter = Parameter {
                    name,
                    operator: Operator::Value,
                };
                word.parts.push(Part::Parameter(Rc::new(parameter), quoted));
                Ok(())
            }
            Some(c) if c.is_ascii_digit() || "@*#?-$!".contains(c) => {
                self.bump();
                let parameter = Parameter {
                    name: c.to_string(),
                    operator: Operator::Value,
                };
                word.parts.push(Part::Parameter(Rc::new(parameter), quoted));
                Ok(())
            }
            None if !self.finished => Err(Stop::Incomplete),
            _ => {
                word.push("$", quoted);
                Ok(())
            }
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self
            .peek()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        {
            name.push(c);
            self.bump();
        }
        name
    }

    /// After `$((`: the expression up to its `))`.
    fn arithmetic(&mut self, word: &mut Word, quoted: bool) -> Result<(), Stop> {
        self.enter()?;
        let mut inner = Word::default();
        let mut open = 0;
        loop {
            match self.peek() {
                Some('(') => {
                    open += 1;
                    self.bump();
                    inner.push("(", true);
                }
                Some(')') if open > 0 => {
                    open -= 1;
                    self.bump();
                    inner.push(")", true);
                }
                Some(')') => {
                    self.bump();
                    if self.bump() != Some(')') {
                        return Err(self.ended("missing '))'"));
                    }
                    break;
                }
                Some('"') => {
                    self.bump();
                }
                Some(_) => self.piece(&mut inner, Mode::Here)?,
                None => return Err(self.ended("missing '))'")),
            }
        }
        self.leave();
        word.parts.push(Part::Arithmetic(Rc::new(inner), quoted));
        Ok(())
    }

    /// After `${`: up to the closing brace.
    fn braces(&mut self, quoted: bool) -> Result<Parameter, Stop> {
        if self.peek() == Some('#') && !self.starts_with("#}") {
            self.bump();
            let name = self.parameter_name();
            if name.is_empty() || !self.eat("}") {
                // `${#-word}` and the like: operators on `$#`
                if name.is_empty() && ![":}", "%}", "/}"].iter().any(|bad| self.starts_with(bad)) {
                    return self.operator_of("#".to_owned(), quoted);
                }
                self.skip_braces()?;
                return Ok(Parameter {
                    name,
                    operator: Operator::Bad,
                });
            }
            return Ok(Parameter {
                name,
                operator: Operator::Length,
            });
        }
        let name = self.parameter_name();
        if name.is_empty() {
            self.skip_braces()?;
            return Ok(Parameter {
                name,
                operator: Operator::Bad,
            });
        }
        self.operator_of(name, quoted)
    }

    fn parameter_name(&mut self) -> String {
        match self.peek() {
            Some(c) if c.is_ascii_alphabetic() || c == '_' => self.name(),
            Some(c) if c.is_ascii_digit() => {
                let mut digits = String::new();
                while let Some(c) = self.peek().filter(char::is_ascii_digit) {
                    digits.push(c);
                    self.bump();
                }
                digits
            }
            Some(c) if "@*#?-$!".contains(c) => {
                self.bump();
                c.to_string()
            }
            _ => String::new(),
        }
    }

    fn operator_of(&mut self, name: String, quoted: bool) -> Result<Parameter, Stop> {
        if self.eat("}") {
            return Ok(Parameter {
                name,
                operator: Operator::Value,
            });
        }
        let colon = self.starts_with(":") && {
            self.bump();
            true
        };
        let operator = match self.peek() {
            None => return Err(self.ended("missing '}'")),
            Some('}') if colon => return Err(Stop::Error("missing '}'".to_owned())),
            Some(c @ ('-' | '=' | '?' | '+')) => {
                self.bump();
                let word = self.braced_word(quoted, &[])?.0;
                match c {
                    '-' => Operator::Default(colon, word),
                    '=' => Operator::Assign(colon, word),
                    '?' => Operator::Error(colon, word),
                    _ => Operator::Alternate(colon, word),
                }
            }
            Some(_) if colon => {
                let (offset, end) = self.braced_word(quoted, &[':'])?;
                let length = if end == ':' {
                    Some(self.braced_word(quoted, &[])?.0)
                } else {
                    None
                };
                Operator::Substring(offset, length)
            }
            Some(c @ ('%' | '#')) => {
                self.bump();
                let longest = self.peek() == Some(c) && self.bump().is_some();
                let word = self.braced_word(false, &[])?.0;
                if c == '%' {
                    Operator::Suffix(longest, word)
                } else {
                    Operator::Prefix(longest, word)
                }
            }
            Some('/') => {
                self.bump();
                let all = self.eat("/");
                let (pattern, end) = self.braced_word(false, &['/'])?;
                let with = if end == '/' {
                    self.braced_word(quoted, &[])?.0
                } else {
                    Word::default()
                };
                Operator::Replace(all, pattern, with)
            }
            Some(_) => {
                self.skip_braces()?;
                Operator::Bad
            }
        };
        Ok(Parameter { name, operator })
    }

    /// A word inside braces, up to `}` or one of `ends`; says which ended it.
    fn braced_word(&mut self, quoted: bool, ends: &[char]) -> Result<(Word, char), Stop> {
        let mut word = Word::default();
        loop {
            match self.peek() {
                None => return Err(self.ended("missing '}'")),
                Some(c) if c == '}' || ends.contains(&c) => {
                    self.bump();
                    return Ok((word, c));
                }
                Some('"') if quoted => self.piece(&mut word, Mode::Double)?,
                Some(_) => {
                    self.piece(&mut word, if quoted { Mode::Double } else { Mode::Plain })?
                }
            }
        }
    }

    fn skip_braces(&mut self) -> Result<(), Stop> {
        self.braced_word(false, &[]).map(|_| ())
    }
}
