//! awk's grammar (POSIX XCU awk, "Grammar"): words to a [`Program`]. Nesting is bounded.

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

    pub fn expr(&mut self) -> Parsed<Expr> {
        self.deeper(Self::assignment)
    }

    fn assignment(&mut self) -> Parsed<Expr> {
        let left = self.choice()?;
        let target = matches!(left, Expr::Variable(_) | Expr::Element(..) | Expr::Field(_));
        if !target {
            return Ok(left);
        }
        for sign in ["=", "+=", "-=", "*=", "/=", "%=", "^="] {
            if self.sign(sign) {
                self.newlines();
                let right = self.expr()?;
                let operator = sign.chars().next().unwrap_or('=');
                return Ok(Expr::Assign(operator, Box::new(left), Box::new(right)));
            }
        }
        Ok(left)
    }

    fn choice(&mut self) -> Parsed<Expr> {
        let condition = self.or()?;
        if !self.sign("?") {
            return Ok(condition);
        }
        self.newlines();
        let yes = self.expr()?;
        self.newlines();
        self.expect(":")?;
        self.newlines();
        let no = self.expr()?;
        Ok(Expr::Choose(
            Box::new(condition),
            Box::new(yes),
            Box::new(no),
        ))
    }

    fn or(&mut self) -> Parsed<Expr> {
        let mut left = self.and()?;
        while self.sign("||") {
            self.newlines();
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Expr> {
        let mut left = self.membership()?;
        while self.sign("&&") {
            self.newlines();
            left = Expr::And(Box::new(left), Box::new(self.membership()?));
        }
        Ok(left)
    }

    fn membership(&mut self) -> Parsed<Expr> {
        let mut left = self.matching()?;
        while !self.no_in && self.word("in") {
            let Token::Name(array) = self.next() else {
                return Err("unexpected token".to_owned());
            };
            left = Expr::In(vec![left], self.place(&array));
        }
        Ok(left)
    }

    fn matching(&mut self) -> Parsed<Expr> {
        let mut left = self.comparison()?;
        loop {
            let not = if self.sign("~") {
                false
            } else if self.sign("!~") {
                true
            } else {
                return Ok(left);
            };
            left = Expr::Match(Box::new(left), Box::new(self.comparison()?), not);
        }
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let mut left = self.concatenation()?;
        loop {
            let operator = match self.peek() {
                Token::Sign("<") => '<',
                Token::Sign("<=") => 'l',
                Token::Sign("==") => '=',
                Token::Sign("!=") => '!',
                Token::Sign(">") if !self.no_greater => '>',
                Token::Sign(">=") => 'g',
                Token::Sign("|") if matches!(self.words.get(self.at + 1), Some((Token::Name(name), _)) if name == "getline") =>
                {
                    self.at += 2;
                    let to = self.getline_target()?;
                    left = Expr::Getline(to, Source::Command(Box::new(left)));
                    continue;
                }
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expr::Compare(operator, Box::new(left), Box::new(self.concatenation()?));
        }
    }

    fn concatenation(&mut self) -> Parsed<Expr> {
        let mut left = self.sum()?;
        let mut parts = 0;
        loop {
            let starts = match self.peek() {
                Token::Number(_) | Token::Text(_) | Token::Regex(_) | Token::Called(_) => true,
                Token::Name(name) => !KEYWORDS.contains(&name.as_str()),
                Token::Sign(sign) => matches!(*sign, "$" | "!" | "(" | "-" | "+" | "++" | "--"),
                _ => false,
            };
            if !starts {
                return Ok(left);
            }
            parts += 1;
            if parts > 500 {
                return Err("expression too long".to_owned());
            }
            left = Expr::Concat(Box::new(left), Box::new(self.sum()?));
        }
    }

    fn binary(&mut self, signs: &[&str], inner: fn(&mut Self) -> Parsed<Expr>) -> Parsed<Expr> {
        let mut left = inner(self)?;
        let mut parts = 0;
        while let Token::Sign(sign) = *self.peek() {
            parts += 1;
            if !signs.contains(&sign) || parts > 500 {
                break;
            }
            self.at += 1;
            let operator = sign.chars().next().unwrap_or('+');
            left = Expr::Binary(operator, Box::new(left), Box::new(inner(self)?));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed<Expr> {
        self.binary(&["+", "-"], Self::product)
    }

    fn product(&mut self) -> Parsed<Expr> {
        self.binary(&["*", "/", "%"], Self::unary)
    }

    fn unary(&mut self) -> Parsed<Expr> {
        self.deeper(|parser| {
            if parser.sign("!") {
                return Ok(Expr::Not(Box::new(parser.unary()?)));
            }
            if parser.sign("-") {
                return Ok(Expr::Negate(Box::new(parser.unary()?)));
            }
            if parser.sign("+") {
                return Ok(Expr::Plus(Box::new(parser.unary()?)));
            }
            parser.power()
        })
    }

    fn power(&mut self) -> Parsed<Expr> {
        let base = self.postfix()?;
        if !self.sign("^") {
            return Ok(base);
        }
        // To the right, and binding tighter than a sign before it.
        Ok(Expr::Binary('^', Box::new(base), Box::new(self.unary()?)))
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        for (sign, by) in [("++", 1.0), ("--", -1.0)] {
            if self.sign(sign) {
                return Ok(Expr::Step(Box::new(self.primary()?), by, true));
            }
        }
        let value = self.primary()?;
        if matches!(
            value,
            Expr::Variable(_) | Expr::Element(..) | Expr::Field(_)
        ) {
            for (sign, by) in [("++", 1.0), ("--", -1.0)] {
                if self.sign(sign) {
                    return Ok(Expr::Step(Box::new(value), by, false));
                }
            }
        }
        Ok(value)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        match self.next() {
            Token::Number(number) => Ok(Expr::Number(number)),
            Token::Text(text) => Ok(Expr::Text(text)),
            Token::Regex(text) => Ok(Expr::Regex(text)),
            Token::Sign("$") => self.deeper(|parser| {
                let by = if parser.sign("++") {
                    1.0
                } else if parser.sign("--") {
                    -1.0
                } else {
                    0.0
                };
                let inner = if parser.sign("-") {
                    Expr::Negate(Box::new(parser.primary()?))
                } else {
                    parser.primary()?
                };
                let inner = if by == 0.0 {
                    inner
                } else {
                    Expr::Step(Box::new(inner), by, true)
                };
                Ok(Expr::Field(Box::new(inner)))
            }),
            Token::Sign("(") => {
                let mut inner = self.list(")")?;
                if inner.len() == 1 {
                    return Ok(Expr::Grouped(Box::new(inner.remove(0))));
                }
                if inner.is_empty() || !self.word("in") {
                    return Err("unexpected token".to_owned());
                }
                let Token::Name(array) = self.next() else {
                    return Err("unexpected token".to_owned());
                };
                Ok(Expr::In(inner, self.place(&array)))
            }
            Token::Called(name) => {
                self.at += 1;
                let arguments = self.list(")")?;
                match BUILTINS.iter().find(|known| **known == name) {
                    Some(builtin) => Ok(Expr::Builtin(builtin, arguments)),
                    None => Ok(Expr::Call(self.function(&name), arguments)),
                }
            }
            Token::Name(name) if name == "getline" => {
                let to = self.getline_target()?;
                if self.sign("<") {
                    let file = self.postfix()?;
                    return Ok(Expr::Getline(to, Source::File(Box::new(file))));
                }
                Ok(Expr::Getline(to, Source::Main))
            }
            Token::Name(name) if BUILTINS.contains(&name.as_str()) => {
                if name != "length" {
                    self.at -= 1;
                    return Err("unexpected token".to_owned());
                }
                Ok(Expr::Builtin("length", Vec::new()))
            }
            Token::Name(name) if !KEYWORDS.contains(&name.as_str()) => {
                let place = self.place(&name);
                if self.sign("[") {
                    return Ok(Expr::Element(place, self.list("]")?));
                }
                Ok(Expr::Variable(place))
            }
            _ => {
                self.at -= 1;
                Err("unexpected token".to_owned())
            }
        }
    }

    fn getline_target(&mut self) -> Parsed<Option<Box<Expr>>> {
        let starts = match self.peek() {
            Token::Name(name) => !KEYWORDS.contains(&name.as_str()),
            Token::Sign("$") => true,
            _ => false,
        };
        if starts {
            Ok(Some(Box::new(self.primary()?)))
        } else {
            Ok(None)
        }
    }
}
