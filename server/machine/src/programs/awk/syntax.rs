//! awk's programs as trees. Variables are resolved to places when they are read.

use std::rc::Rc;

/// A place of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Global(usize),
    Local(usize),
}

#[derive(Debug)]
pub enum Expr {
    Number(f64),
    Text(Rc<str>),
    /// A regular expression: matched against `$0` where a value is wanted.
    Regex(Rc<str>),
    Variable(Place),
    Element(Place, Vec<Expr>),
    Field(Box<Expr>),
    /// `=`, or the operator before it.
    Assign(char, Box<Expr>, Box<Expr>),
    /// By how much; true: before the value is taken.
    Step(Box<Expr>, f64, bool),
    Binary(char, Box<Expr>, Box<Expr>),
    /// `<`, `<=`, `==`, `!=`, `>`, `>=` as `<`, `l`, `=`, `!`, `>`, `g`.
    Compare(char, Box<Expr>, Box<Expr>),
    /// True: must not match.
    Match(Box<Expr>, Box<Expr>, bool),
    In(Vec<Expr>, Place),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Plus(Box<Expr>),
    Concat(Box<Expr>, Box<Expr>),
    Choose(Box<Expr>, Box<Expr>, Box<Expr>),
    Grouped(Box<Expr>),
    Call(usize, Vec<Expr>),
    Builtin(&'static str, Vec<Expr>),
    /// Where the line goes; where it comes from.
    Getline(Option<Box<Expr>>, Source),
}

#[derive(Debug)]
pub enum Source {
    Main,
    File(Box<Expr>),
    Command(Box<Expr>),
}

#[derive(Debug)]
pub enum Redirect {
    Replace(Expr),
    Append(Expr),
    Pipe(Expr),
}

#[derive(Debug)]
pub enum Statement {
    Expr(Expr),
    Print(Vec<Expr>, Option<Redirect>),
    Printf(Vec<Expr>, Option<Redirect>),
    If(Expr, Box<Statement>, Option<Box<Statement>>),
    While(Expr, Box<Statement>),
    Do(Box<Statement>, Expr),
    For(
        Option<Box<Statement>>,
        Option<Expr>,
        Option<Box<Statement>>,
        Box<Statement>,
    ),
    ForIn(Place, Place, Box<Statement>),
    Block(Vec<Statement>),
    Next,
    NextFile,
    Exit(Option<Expr>),
    Return(Option<Expr>),
    Break,
    Continue,
    Delete(Place, Option<Vec<Expr>>),
}

#[derive(Debug)]
pub enum Pattern {
    Always,
    Begin,
    End,
    One(Expr),
    Range(Expr, Expr),
}

#[derive(Debug)]
pub struct Rule {
    pub pattern: Pattern,
    /// None: prints the record.
    pub body: Option<Vec<Statement>>,
}

#[derive(Debug, Default)]
pub struct Function {
    pub parameters: Vec<String>,
    pub body: Vec<Statement>,
    /// Which parameters are used as arrays.
    pub arrays: Vec<bool>,
    /// Its definition was read, not only a call.
    pub defined: bool,
}

#[derive(Debug, Default)]
pub struct Program {
    pub rules: Vec<Rule>,
    pub functions: Vec<Function>,
    /// Names of the global variables, by place.
    pub globals: Vec<String>,
}
