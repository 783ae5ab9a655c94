//! awk's grammar (POSIX XCU awk, "Grammar"): words to a [`Program`]. Nesting is bounded.

mod expressions;

use super::lex::{KEYWORDS, Token, words};
use super::syntax::{Expr, Function, Pattern, Place, Program, Redirect, Rule, Source, Statement};
use std::collections::BTreeMap;

const DEEPEST: usize = 60;
const BUILTINS: [&str; 26] = [
    "length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "sin", "cos", "atan2",
    "exp", "log", "sqrt", "int", "rand", "srand", "tolower", "toupper", "system", "close",
    "fflush", "systime", "strftime", "and", "or",
];

type Parsed<T> = Result<T, String>;

pub struct Parser {
    words: Vec<(Token, usize)>,
    at: usize,
    depth: usize,
    program: Program,
    globals: BTreeMap<String, usize>,
    functions: BTreeMap<String, usize>,
    locals: Vec<String>,
    /// `>` is a redirection and not a comparison (in the list of `print`).
    no_greater: bool,
    /// `in` belongs to `for`.
    no_in: bool,
}

/// Reads programs' text; the names in `known` get the first places.
pub fn parse(text: &str, known: &[&str]) -> Parsed<Program> {
    let words = words(text).map_err(|(error, line)| format!("cmd. line:{line}: {error}"))?;
    let mut parser = Parser {
        words,
        at: 0,
        depth: 0,
        program: Program::default(),
        globals: BTreeMap::new(),
        functions: BTreeMap::new(),
        locals: Vec::new(),
        no_greater: false,
        no_in: false,
    };
    for name in known {
        parser.global(name);
    }
    match parser.rules() {
        Ok(()) => {
            super::arrays::mark(&mut parser.program);
            Ok(parser.program)
        }
        Err(error) => {
            let line = parser.words.get(parser.at).map_or(1, |(_, line)| *line);
            Err(format!("cmd. line:{line}: {error}"))
        }
    }
}

impl Parser {
    fn global(&mut self, name: &str) -> usize {
        let globals = &mut self.program.globals;
        *self.globals.entry(name.to_owned()).or_insert_with(|| {
            globals.push(name.to_owned());
            globals.len() - 1
        })
    }

    fn place(&mut self, name: &str) -> Place {
        match self.locals.iter().position(|local| local == name) {
            Some(at) => Place::Local(at),
            None => Place::Global(self.global(name)),
        }
    }

    fn function(&mut self, name: &str) -> usize {
        let functions = &mut self.program.functions;
        *self.functions.entry(name.to_owned()).or_insert_with(|| {
            functions.push(Function::default());
            functions.len() - 1
        })
    }

    fn peek(&self) -> &Token {
        self.words
            .get(self.at)
            .map_or(&Token::End, |(token, _)| token)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(), Token::Sign(found) if *found == sign);
        self.at += usize::from(is);
        is
    }

    fn word(&mut self, word: &str) -> bool {
        let is = matches!(self.peek(), Token::Name(found) if found == word);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.sign(sign) {
            Ok(())
        } else {
            Err("unexpected token".to_owned())
        }
    }

    fn newlines(&mut self) {
        while *self.peek() == Token::Newline {
            self.at += 1;
        }
    }

    fn ends(&mut self) {
        while *self.peek() == Token::Newline || matches!(self.peek(), Token::Sign(";")) {
            self.at += 1;
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("nesting too deep".to_owned());
        }
        let done = read(self);
        self.depth -= 1;
        done
    }

    fn rules(&mut self) -> Parsed<()> {
        loop {
            self.ends();
            if *self.peek() == Token::End {
                return Ok(());
            }
            if self.word("function") || self.word("func") {
                self.definition()?;
                continue;
            }
            let pattern = if self.word("BEGIN") {
                Pattern::Begin
            } else if self.word("END") {
                Pattern::End
            } else if matches!(self.peek(), Token::Sign("{")) {
                Pattern::Always
            } else {
                let first = self.expr()?;
                if self.sign(",") {
                    self.newlines();
                    Pattern::Range(first, self.expr()?)
                } else {
                    Pattern::One(first)
                }
            };
            let body = if matches!(self.peek(), Token::Sign("{")) {
                Some(self.braces()?)
            } else {
                None
            };
            if body.is_none() && matches!(pattern, Pattern::Begin | Pattern::End) {
                return Err("unexpected token".to_owned());
            }
            self.program.rules.push(Rule { pattern, body });
        }
    }

    fn definition(&mut self) -> Parsed<()> {
        let (Token::Called(name) | Token::Name(name)) = self.next() else {
            return Err("unexpected token".to_owned());
        };
        let index = self.function(&name);
        self.expect("(")?;
        while let Token::Name(parameter) = self.peek().clone() {
            self.at += 1;
            self.locals.push(parameter);
            if !self.sign(",") {
                break;
            }
            self.newlines();
        }
        self.expect(")")?;
        self.newlines();
        let body = self.braces()?;
        let function = &mut self.program.functions[index];
        function.body = body;
        function.defined = true;
        function.arrays = vec![false; self.locals.len()];
        function.parameters = std::mem::take(&mut self.locals);
        Ok(())
    }

    fn braces(&mut self) -> Parsed<Vec<Statement>> {
        self.expect("{")?;
        let mut all = Vec::new();
        loop {
            self.ends();
            if self.sign("}") {
                return Ok(all);
            }
            all.push(self.statement()?);
        }
    }

    fn end_of_statement(&mut self) -> Parsed<()> {
        match self.peek() {
            Token::Newline | Token::Sign(";") => {
                self.at += 1;
                Ok(())
            }
            Token::Sign("}") | Token::End => Ok(()),
            _ => Err("unexpected token".to_owned()),
        }
    }

    fn statement(&mut self) -> Parsed<Statement> {
        self.deeper(Self::any_statement)
    }

    /// The body of `if` and loops: a lone `;` is an empty one.
    fn body(&mut self) -> Parsed<Box<Statement>> {
        self.newlines();
        if self.sign(";") {
            return Ok(Box::new(Statement::Block(Vec::new())));
        }
        Ok(Box::new(self.statement()?))
    }

    fn condition(&mut self) -> Parsed<Expr> {
        self.expect("(")?;
        let condition = self.expr()?;
        self.expect(")")?;
        Ok(condition)
    }

    fn any_statement(&mut self) -> Parsed<Statement> {
        let keyword = match self.peek() {
            Token::Sign("{") => return Ok(Statement::Block(self.braces()?)),
            Token::Name(name) if KEYWORDS.contains(&name.as_str()) => name.clone(),
            _ => String::new(),
        };
        let statement = match keyword.as_str() {
            "if" => {
                self.at += 1;
                let condition = self.condition()?;
                let then = self.body()?;
                let before = self.at;
                self.ends();
                if self.word("else") {
                    return Ok(Statement::If(condition, then, Some(self.body()?)));
                }
                self.at = before;
                return Ok(Statement::If(condition, then, None));
            }
            "while" => {
                self.at += 1;
                let condition = self.condition()?;
                return Ok(Statement::While(condition, self.body()?));
            }
            "do" => {
                self.at += 1;
                let body = self.body()?;
                self.ends();
                if !self.word("while") {
                    return Err("unexpected token".to_owned());
                }
                Statement::Do(body, self.condition()?)
            }
            "for" => {
                self.at += 1;
                return self.for_loop();
            }
            _ => self.simple()?,
        };
        self.end_of_statement()?;
        Ok(statement)
    }

    fn for_loop(&mut self) -> Parsed<Statement> {
        self.expect("(")?;
        if let [
            Token::Name(name),
            Token::Name(word),
            Token::Name(array),
            Token::Sign(")"),
        ] = self.words[self.at..]
            .iter()
            .take(4)
            .map(|(token, _)| token.clone())
            .collect::<Vec<_>>()
            .as_slice()
            && word == "in"
        {
            self.at += 4;
            let (name, array) = (self.place(name), self.place(array));
            return Ok(Statement::ForIn(name, array, self.body()?));
        }
        let start = if self.sign(";") {
            None
        } else {
            let start = self.simple()?;
            self.expect(";")?;
            Some(Box::new(start))
        };
        self.newlines();
        let condition = if self.sign(";") {
            None
        } else {
            let condition = self.expr()?;
            self.expect(";")?;
            Some(condition)
        };
        self.newlines();
        let step = if self.sign(")") {
            None
        } else {
            let step = self.simple()?;
            self.expect(")")?;
            Some(Box::new(step))
        };
        Ok(Statement::For(start, condition, step, self.body()?))
    }

    fn at_end(&self) -> bool {
        matches!(
            self.peek(),
            Token::Newline | Token::End | Token::Sign(";" | "}")
        )
    }

    fn simple(&mut self) -> Parsed<Statement> {
        let Token::Name(name) = self.peek().clone() else {
            return Ok(Statement::Expr(self.expr()?));
        };
        if !KEYWORDS.contains(&name.as_str()) || name == "getline" {
            return Ok(Statement::Expr(self.expr()?));
        }
        self.at += 1;
        Ok(match name.as_str() {
            "print" | "printf" => return self.print(name == "print"),
            "next" => Statement::Next,
            "nextfile" => Statement::NextFile,
            "break" => Statement::Break,
            "continue" => Statement::Continue,
            "exit" => Statement::Exit(if self.at_end() {
                None
            } else {
                Some(self.expr()?)
            }),
            "return" => Statement::Return(if self.at_end() {
                None
            } else {
                Some(self.expr()?)
            }),
            "delete" => {
                let Token::Name(array) = self.next() else {
                    return Err("unexpected token".to_owned());
                };
                let place = self.place(&array);
                if !self.sign("[") {
                    return Ok(Statement::Delete(place, None));
                }
                let index = self.list("]")?;
                Statement::Delete(place, Some(index))
            }
            _ => {
                self.at -= 1;
                return Err("unexpected token".to_owned());
            }
        })
    }

    /// Expressions parted by commas, up to and with `end`.
    fn list(&mut self, end: &str) -> Parsed<Vec<Expr>> {
        let (greater, no_in) = (
            std::mem::take(&mut self.no_greater),
            std::mem::take(&mut self.no_in),
        );
        let mut all = Vec::new();
        self.newlines();
        while !self.sign(end) {
            all.push(self.expr()?);
            self.newlines();
            if !self.sign(",") {
                self.expect(end)?;
                break;
            }
            self.newlines();
        }
        (self.no_greater, self.no_in) = (greater, no_in);
        Ok(all)
    }

    fn print(&mut self, plain: bool) -> Parsed<Statement> {
        let mut list = Vec::new();
        let (before, depth) = (self.at, self.depth);
        let (greater, no_in) = (self.no_greater, self.no_in);
        // `print (a, b) > "f"`: the parentheses hold the list, unless something follows them.
        let mut whole = false;
        if self.sign("(")
            && let Ok(inner) = self.list(")")
        {
            whole = self.at_end() || matches!(self.peek(), Token::Sign(">" | ">>" | "|"));
            list = inner;
        }
        if !whole {
            (self.at, self.depth) = (before, depth);
            (self.no_greater, self.no_in) = (greater, no_in);
            list.clear();
            self.no_greater = true;
            while !self.at_end() && !matches!(self.peek(), Token::Sign(">" | ">>" | "|")) {
                list.push(self.expr()?);
                if !self.sign(",") {
                    break;
                }
                self.newlines();
            }
            self.no_greater = false;
        }
        let to = if self.sign(">") {
            Some(Redirect::Replace(self.concatenation()?))
        } else if self.sign(">>") {
            Some(Redirect::Append(self.concatenation()?))
        } else if self.sign("|") {
            Some(Redirect::Pipe(self.concatenation()?))
        } else {
            None
        };
        Ok(if plain {
            Statement::Print(list, to)
        } else {
            Statement::Printf(list, to)
        })
    }
}
