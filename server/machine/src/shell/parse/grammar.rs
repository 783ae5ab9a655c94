//! The grammar: lists, pipelines, simple and compound commands, functions, redirections.
//!
//! Recursive descent with one token of look-ahead. Mirrors POSIX XCU 2.10.2; error texts are busybox ash's.

use super::lexer::{Lexer, Pending, Token};
use super::{Aliases, Stop};
use crate::shell::syntax::{
    AndOr, Assign, Command, Item, Kind, List, Part, Pipeline, Redirect, Target, Word, is_name,
};
use std::cell::RefCell;
use std::rc::Rc;

const RESERVED: [&str; 16] = [
    "!", "{", "}", "if", "then", "else", "elif", "fi", "while", "until", "for", "do", "done",
    "case", "esac", "in",
];

/// Whether `text` is a reserved word.
pub fn is_reserved(text: &str) -> bool {
    RESERVED.contains(&text)
}

/// Pushes into a lexer's text; owns it for a script, borrows it inside `$(`.
pub(crate) struct Parser<'l, 'a> {
    lexer: Cell<'l, 'a>,
    peeked: Option<Token>,
}

enum Cell<'l, 'a> {
    Own(Box<Lexer<'a>>),
    Borrowed(&'l mut Lexer<'a>),
}

impl<'l, 'a> Parser<'l, 'a> {
    pub fn new(
        text: &'a str,
        line: u32,
        finished: bool,
        aliases: &'a Aliases,
        depth: u32,
    ) -> Parser<'l, 'a> {
        Parser {
            lexer: Cell::Own(Box::new(Lexer::new(text, line, finished, aliases, depth))),
            peeked: None,
        }
    }

    /// Bytes read and the line reached.
    pub fn position(&mut self) -> (usize, u32) {
        (self.lex().used(), self.lex().line)
    }

    /// Commands that were read.
    pub fn commands(&mut self) -> usize {
        self.lex().commands
    }

    fn lex(&mut self) -> &mut Lexer<'a> {
        match &mut self.lexer {
            Cell::Own(lexer) => lexer,
            Cell::Borrowed(lexer) => lexer,
        }
    }

    /// After `$(`: the list up to `)`.
    pub fn substitution(lexer: &mut Lexer<'a>) -> Result<List, Stop> {
        let waiting = std::mem::take(&mut lexer.pending);
        let mut parser = Parser {
            lexer: Cell::Borrowed(lexer),
            peeked: None,
        };
        let list = parser.list(&[")"])?;
        parser.expect(")")?;
        parser.lex().pending.splice(0..0, waiting);
        Ok(list)
    }

    /// All of the text as one list.
    pub fn whole(&mut self) -> Result<List, Stop> {
        let list = self.list(&[])?;
        match self.next()? {
            Token::End => Ok(list),
            token => Err(unexpected(&token, None)),
        }
    }

    /// One command with its newline; `None` at the end of the text.
    pub fn complete_command(&mut self) -> Result<Option<List>, Stop> {
        let mut list = List::new();
        loop {
            match self.peek()? {
                Token::End => {
                    return if list.is_empty() {
                        Ok(None)
                    } else {
                        Ok(Some(list))
                    };
                }
                Token::Newline => {
                    self.next()?;
                    return Ok(Some(list));
                }
                _ => {}
            }
            let and_or = Rc::new(self.and_or()?);
            let background = match self.peek()? {
                Token::Op(op @ (";" | "&")) => {
                    let background = *op == "&";
                    self.next()?;
                    background
                }
                Token::Newline | Token::End => false,
                token => return Err(unexpected(&token.clone(), None)),
            };
            list.push(Item { and_or, background });
        }
    }

    fn peek(&mut self) -> Result<&Token, Stop> {
        if self.peeked.is_none() {
            let token = self.lex().token()?;
            self.peeked = Some(token);
        }
        Ok(self.peeked.as_ref().unwrap_or(&Token::End))
    }

    fn next(&mut self) -> Result<Token, Stop> {
        self.peek()?;
        Ok(self.peeked.take().unwrap_or(Token::End))
    }

    /// The next token where a command may start: aliases are replaced.
    fn peek_command(&mut self) -> Result<&Token, Stop> {
        while let Token::Word(word) = self.peek()? {
            let Some(name) = word.plain().map(str::to_owned) else {
                break;
            };
            if is_reserved(&name) || !self.lex().expand_alias(&name) {
                break;
            }
            self.peeked = None;
        }
        self.peek()
    }

    fn reserved(&mut self) -> Result<Option<String>, Stop> {
        Ok(match self.peek_command()? {
            Token::Word(word) => word
                .plain()
                .filter(|text| is_reserved(text))
                .map(str::to_owned),
            Token::Op(op) => Some((*op).to_owned()),
            _ => None,
        })
    }

    /// Takes the reserved word or operator `what`.
    fn expect(&mut self, what: &'static str) -> Result<(), Stop> {
        if self.reserved()?.as_deref() == Some(what) {
            self.next()?;
            return Ok(());
        }
        let token = self.next()?;
        if matches!(token, Token::End) && !self.lex().finished {
            return Err(Stop::Incomplete);
        }
        Err(unexpected(&token, Some(what)))
    }

    fn skip_newlines(&mut self) -> Result<(), Stop> {
        while matches!(self.peek()?, Token::Newline) {
            self.next()?;
        }
        Ok(())
    }

    /// A list up to (and without) one of the reserved words or operators `ends`.
    fn list(&mut self, ends: &[&str]) -> Result<List, Stop> {
        let mut list = List::new();
        loop {
            self.skip_newlines()?;
            if matches!(self.peek()?, Token::End) {
                return Ok(list);
            }
            if let Some(word) = self.reserved()?
                && ends.contains(&word.as_str())
            {
                return Ok(list);
            }
            let and_or = Rc::new(self.and_or()?);
            let mut background = false;
            let mut more = false;
            match self.peek()? {
                Token::Op(op @ (";" | "&")) => {
                    background = *op == "&";
                    more = true;
                    self.next()?;
                }
                Token::Newline => more = true,
                _ => {}
            }
            list.push(Item { and_or, background });
            if !more {
                return Ok(list);
            }
        }
    }

    /// A list that must not be empty, then the word that ends it.
    fn body(&mut self, end: &'static str, others: &[&'static str]) -> Result<List, Stop> {
        let mut ends = others.to_vec();
        ends.push(end);
        let list = self.list(&ends)?;
        let found = self.reserved()?;
        let ended = found.as_deref().is_some_and(|word| ends.contains(&word));
        if !ended || list.is_empty() {
            let token = self.next()?;
            if matches!(token, Token::End) && !self.lex().finished {
                return Err(Stop::Incomplete);
            }
            return Err(unexpected(
                &token,
                if list.is_empty() && !matches!(token, Token::End) {
                    None
                } else {
                    Some(end)
                },
            ));
        }
        Ok(list)
    }

    fn and_or(&mut self) -> Result<AndOr, Stop> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        while let Token::Op(op @ ("&&" | "||")) = self.peek()? {
            let and = *op == "&&";
            self.next()?;
            self.skip_newlines()?;
            rest.push((and, self.pipeline()?));
        }
        Ok(AndOr { first, rest })
    }

    fn pipeline(&mut self) -> Result<Pipeline, Stop> {
        let mut negated = false;
        while self.reserved()?.as_deref() == Some("!") {
            self.next()?;
            negated = !negated;
        }
        let mut commands = vec![Rc::new(self.command()?)];
        while matches!(self.peek()?, Token::Op("|")) {
            self.next()?;
            self.skip_newlines()?;
            commands.push(Rc::new(self.command()?));
        }
        Ok(Pipeline { negated, commands })
    }

    fn command(&mut self) -> Result<Command, Stop> {
        self.lex().enter()?;
        self.lex().commands += 1;
        let line = self.lex().line;
        let word = self.reserved()?;
        let kind = match word.as_deref() {
            Some("{") => self.group()?,
            Some("(") => self.subshell()?,
            Some("if") => self.if_clause()?,
            Some("while") => self.loop_clause(false)?,
            Some("until") => self.loop_clause(true)?,
            Some("for") => self.for_clause()?,
            Some("case") => self.case_clause()?,
            _ => {
                let command = self.simple(line)?;
                self.lex().leave();
                return Ok(command);
            }
        };
        let mut redirects = Vec::new();
        while let Some(redirect) = self.redirect()? {
            redirects.push(redirect);
        }
        self.lex().leave();
        Ok(Command {
            line,
            kind,
            redirects,
        })
    }

    fn group(&mut self) -> Result<Kind, Stop> {
        self.next()?;
        let list = self.body("}", &[])?;
        self.next()?;
        Ok(Kind::Group(list))
    }

    fn subshell(&mut self) -> Result<Kind, Stop> {
        self.next()?;
        let list = self.body(")", &[])?;
        self.next()?;
        Ok(Kind::Subshell(Rc::new(list)))
    }

    fn if_clause(&mut self) -> Result<Kind, Stop> {
        let mut branches = Vec::new();
        loop {
            self.next()?; // if, elif
            let condition = self.body("then", &[])?;
            self.next()?;
            let body = self.body("fi", &["elif", "else"])?;
            branches.push((condition, body));
            match self.reserved()?.as_deref() {
                Some("elif") => continue,
                Some("else") => {
                    self.next()?;
                    let otherwise = self.body("fi", &[])?;
                    self.next()?;
                    return Ok(Kind::If(branches, Some(otherwise)));
                }
                _ => {
                    self.next()?;
                    return Ok(Kind::If(branches, None));
                }
            }
        }
    }

    fn loop_clause(&mut self, until: bool) -> Result<Kind, Stop> {
        self.next()?;
        let condition = self.body("do", &[])?;
        self.next()?;
        let body = self.body("done", &[])?;
        self.next()?;
        Ok(Kind::While {
            until,
            condition,
            body,
        })
    }

    fn for_clause(&mut self) -> Result<Kind, Stop> {
        self.next()?;
        let name = match self.next()? {
            Token::Word(word) => word.plain().filter(|name| is_name(name)).map(str::to_owned),
            Token::End if !self.lex().finished => return Err(Stop::Incomplete),
            _ => None,
        };
        let Some(name) = name else {
            return Err(Stop::Error("bad for loop variable".to_owned()));
        };
        self.skip_newlines()?;
        let mut words = None;
        if let Token::Word(word) = self.peek()?
            && word.plain() == Some("in")
        {
            self.next()?;
            let mut list = Vec::new();
            while let Token::Word(word) = self.peek()? {
                list.push(word.clone());
                self.next()?;
            }
            words = Some(list);
            match self.peek()?.clone() {
                Token::Op(";") | Token::Newline => {
                    self.next()?;
                }
                Token::End if !self.lex().finished => return Err(Stop::Incomplete),
                token => return Err(unexpected(&token, None)),
            }
        } else if matches!(self.peek()?, Token::Op(";")) {
            self.next()?;
        }
        self.skip_newlines()?;
        self.expect("do")?;
        let body = self.body("done", &[])?;
        self.next()?;
        Ok(Kind::For { name, words, body })
    }

    fn case_clause(&mut self) -> Result<Kind, Stop> {
        self.next()?;
        let subject = match self.next()? {
            Token::Word(word) => word,
            Token::End if !self.lex().finished => return Err(Stop::Incomplete),
            token => return Err(unexpected(&token, Some("word"))),
        };
        self.skip_newlines()?;
        self.expect("in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_newlines()?;
            if self.reserved()?.as_deref() == Some("esac") {
                self.next()?;
                return Ok(Kind::Case(subject, arms));
            }
            if matches!(self.peek()?, Token::Op("(")) {
                self.next()?;
            }
            let mut patterns = Vec::new();
            loop {
                match self.next()? {
                    Token::Word(word) => patterns.push(word),
                    Token::End if !self.lex().finished => return Err(Stop::Incomplete),
                    token => return Err(unexpected(&token, Some(")"))),
                }
                match self.next()? {
                    Token::Op("|") => {}
                    Token::Op(")") => break,
                    Token::End if !self.lex().finished => return Err(Stop::Incomplete),
                    token => return Err(unexpected(&token, Some(")"))),
                }
            }
            let body = self.list(&[";;", "esac"])?;
            arms.push((patterns, body));
            match self.reserved()?.as_deref() {
                Some(";;") => {
                    self.next()?;
                }
                Some("esac") => {}
                _ => self.expect(";;")?,
            }
        }
    }

    fn simple(&mut self, line: u32) -> Result<Command, Stop> {
        let mut assigns = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        let mut redirects = Vec::new();
        loop {
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            let brackets = words.first().and_then(Word::plain) == Some("[[");
            let closed = words.len() > 1 && words.last().and_then(Word::plain) == Some("]]");
            let first = words.is_empty();
            let alias_next = std::mem::take(&mut self.lex().alias_next);
            let token = if first || alias_next {
                self.peek_command()?
            } else {
                self.peek()?
            }
            .clone();
            match token {
                Token::Word(word) => {
                    if first
                        && word.plain().is_some_and(is_reserved)
                        && assigns.is_empty()
                        && redirects.is_empty()
                    {
                        return Err(unexpected(&Token::Word(word), None));
                    }
                    self.next()?;
                    match if first { assignment(&word) } else { None } {
                        Some(assign) => assigns.push(assign),
                        None if first && word.plain() == Some("function") && assigns.is_empty() => {
                            return self.function_keyword(line);
                        }
                        None => words.push(word),
                    }
                }
                Token::Op(op @ ("&&" | "||" | "(" | ")")) if brackets && !closed => {
                    self.next()?;
                    words.push(Word {
                        parts: vec![Part::Quoted(op.to_owned())],
                    });
                }
                Token::Op("(")
                    if words.len() == 1 && assigns.is_empty() && redirects.is_empty() =>
                {
                    return self.function(words.remove(0), line);
                }
                token => {
                    if words.is_empty() && assigns.is_empty() && redirects.is_empty() {
                        if matches!(token, Token::End) && !self.lex().finished {
                            return Err(Stop::Incomplete);
                        }
                        return Err(unexpected(&token, None));
                    }
                    return Ok(Command {
                        line,
                        kind: Kind::Simple { assigns, words },
                        redirects,
                    });
                }
            }
        }
    }

    fn function(&mut self, name: Word, line: u32) -> Result<Command, Stop> {
        self.next()?;
        match self.next()? {
            Token::Op(")") => {}
            Token::End if !self.lex().finished => return Err(Stop::Incomplete),
            token => return Err(unexpected(&token, Some(")"))),
        }
        let Some(name) = name
            .plain()
            .filter(|name| is_name(name) || !name.contains(['=', '/']))
        else {
            return Err(Stop::Error("bad function name".to_owned()));
        };
        let name = name.to_owned();
        self.function_body(name, line)
    }

    fn function_keyword(&mut self, line: u32) -> Result<Command, Stop> {
        let name = match self.next()? {
            Token::Word(word) => word.plain().map(str::to_owned),
            _ => None,
        };
        let Some(name) = name else {
            return Err(Stop::Error("bad function name".to_owned()));
        };
        if matches!(self.peek()?, Token::Op("(")) {
            self.next()?;
            self.expect(")")?;
        }
        self.function_body(name, line)
    }

    fn function_body(&mut self, name: String, line: u32) -> Result<Command, Stop> {
        self.skip_newlines()?;
        let body = Rc::new(self.command()?);
        Ok(Command {
            line,
            kind: Kind::Function(name, body),
            redirects: Vec::new(),
        })
    }

    fn redirect(&mut self) -> Result<Option<Redirect>, Stop> {
        let number = match self.peek()? {
            Token::Number(number) => Some(*number),
            Token::Op("<" | ">" | ">>" | "<<" | "<<-" | "<&" | ">&" | "<>" | ">|" | "&>") => None,
            _ => return Ok(None),
        };
        if number.is_some() {
            self.next()?;
        }
        let Token::Op(op) = self.next()? else {
            return Ok(None);
        };
        let token = self.next()?;
        let Token::Word(word) = token else {
            if matches!(token, Token::End) && !self.lex().finished {
                return Err(Stop::Incomplete);
            }
            return Err(unexpected(&token, None));
        };
        let fd = number.unwrap_or(i32::from(!op.starts_with('<')));
        let target = match op {
            "<" => Target::Read(word),
            ">" => Target::Write(word),
            ">|" => Target::Clobber(word),
            ">>" => Target::Append(word),
            "<>" => Target::ReadWrite(word),
            "&>" => Target::Both(word),
            "<<" | "<<-" => self.here(&word, op == "<<-"),
            _ if op == ">&" && number.is_none() && !is_descriptor(&word) => Target::Both(word),
            _ => Target::Copy(word),
        };
        Ok(Some(Redirect { fd, target }))
    }

    fn here(&mut self, word: &Word, strip_tabs: bool) -> Target {
        let mut delimiter = String::new();
        let mut quoted = false;
        for part in &word.parts {
            match part {
                Part::Text(text) => delimiter.push_str(text),
                Part::Quoted(text) => {
                    quoted = true;
                    delimiter.push_str(text);
                }
                _ => {}
            }
        }
        let body = Rc::new(RefCell::new(Word::default()));
        self.lex().pending.push(Pending {
            delimiter,
            quoted,
            strip_tabs,
            body: body.clone(),
        });
        Target::Here(body)
    }
}

fn is_descriptor(word: &Word) -> bool {
    match word.plain() {
        Some(text) => text == "-" || text.bytes().all(|b| b.is_ascii_digit()),
        None => true,
    }
}

fn assignment(word: &Word) -> Option<Assign> {
    let Part::Text(text) = word.parts.first()? else {
        return None;
    };
    let (name, value) = text.split_once('=')?;
    if !is_name(name) {
        return None;
    }
    let mut parts = Vec::new();
    if !value.is_empty() {
        parts.push(Part::Text(value.to_owned()));
    }
    parts.extend(word.parts[1..].iter().cloned());
    Some(Assign {
        name: name.to_owned(),
        value: Word { parts },
    })
}

fn unexpected(token: &Token, expecting: Option<&str>) -> Stop {
    let mut text = format!("unexpected {}", token.name());
    match expecting {
        Some("word") => text.push_str(" (expecting word)"),
        Some(expecting) => text.push_str(&format!(" (expecting \"{expecting}\")")),
        None => {}
    }
    Stop::Error(text)
}
