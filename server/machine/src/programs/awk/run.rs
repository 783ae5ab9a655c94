//! Walks awk's tree: rules, statements, expressions, records and fields.

mod record;
mod variables;

use super::streams::{Input, Streams};
use super::syntax::{Expr, Pattern, Place, Program, Redirect, Source, Statement};
use super::value::{Array, Value, format_all};
use crate::programs::lines::Lines;
use crate::programs::options::complain;
use crate::programs::regular;
use crate::sys::{HELD_STEP, Held, Sys};
use crate::time::Duration;
use core::future::Future;
use core::pin::Pin;
use regex::bytes::Regex;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Variables with a meaning, at the first places.
pub const SPECIAL: [&str; 16] = [
    "NF", "NR", "FNR", "FS", "OFS", "RS", "ORS", "FILENAME", "SUBSEP", "RSTART", "RLENGTH",
    "CONVFMT", "OFMT", "ENVIRON", "ARGC", "ARGV",
];
const NF: usize = 0;
const NR: usize = 1;
const FNR: usize = 2;
const FS: usize = 3;
const OFS: usize = 4;
const RS: usize = 5;
const ORS: usize = 6;
const FILENAME: usize = 7;
const SUBSEP: usize = 8;
pub const RSTART: usize = 9;
pub const RLENGTH: usize = 10;
const CONVFMT: usize = 11;
const OFMT: usize = 12;
const ENVIRON: usize = 13;
const ARGC: usize = 14;
const ARGV: usize = 15;

/// Calls inside one another.
const CALLS: usize = 200;
/// Fields of a record.
const FIELDS: usize = 100_000;
/// Bytes of one text.
pub(super) const LARGEST: usize = 4 << 20;

/// Why a statement did not end as it should.
pub enum Stop {
    Next,
    NextFile,
    Exit,
    Return(Value),
    Break,
    Continue,
    Fatal(String),
}

type Done<T> = Result<T, Stop>;
type Later<'a, T> = Pin<Box<dyn Future<Output = Done<T>> + 'a>>;

#[derive(Clone, Debug, Default)]
enum Slot {
    #[default]
    Unset,
    Scalar(Value),
    Array(Array),
}

pub struct Machine {
    pub sys: Sys,
    program: Rc<Program>,
    globals: Vec<Slot>,
    frames: Vec<Vec<Slot>>,
    record: Rc<str>,
    fields: Vec<Value>,
    /// The fields belong to the record; the record to the fields.
    split: bool,
    joined: bool,
    regexes: BTreeMap<Rc<str>, Rc<Regex>>,
    pub streams: Streams,
    main: Option<Input>,
    next_operand: usize,
    read_any: bool,
    code: i32,
    /// Which range patterns are inside their range.
    ranges: Vec<bool>,
    pub chance: crate::chance::Chance,
    pub seed: u64,
    /// Bytes stored since the machine was told, and what it was told.
    grown: usize,
    held: Held,
}

impl Machine {
    pub fn new(sys: &Sys, program: &Rc<Program>, operands: &[String]) -> Machine {
        let mut machine = Machine {
            sys: sys.clone(),
            program: program.clone(),
            globals: vec![Slot::Unset; program.globals.len()],
            frames: Vec::new(),
            record: "".into(),
            fields: Vec::new(),
            split: true,
            joined: true,
            regexes: BTreeMap::new(),
            streams: Streams::new(sys),
            main: None,
            next_operand: 1,
            read_any: false,
            code: 0,
            ranges: vec![false; program.rules.len()],
            chance: crate::chance::Chance::new(1),
            seed: 1,
            grown: 0,
            held: Held::new(sys),
        };
        for (at, text) in [
            (FS, " "),
            (OFS, " "),
            (RS, "\n"),
            (ORS, "\n"),
            (SUBSEP, "\x1c"),
            (CONVFMT, "%.6g"),
            (OFMT, "%.6g"),
        ] {
            machine.globals[at] = Slot::Scalar(Value::text(text));
        }
        let environ = Array::default();
        for (name, value) in sys.env() {
            environ
                .borrow_mut()
                .insert(name.into(), Value::Input(value.into()));
        }
        let argv = Array::default();
        for (at, word) in ["awk".to_owned()].iter().chain(operands).enumerate() {
            argv.borrow_mut()
                .insert(at.to_string().into(), Value::Input(word.as_str().into()));
        }
        machine.globals[ARGC] = Slot::Scalar(Value::Number(operands.len() as f64 + 1.0));
        machine.globals[ENVIRON] = Slot::Array(environ);
        machine.globals[ARGV] = Slot::Array(argv);
        machine
    }

    /// `name=value` from the command line; false when it is none.
    pub fn assign(&mut self, text: &str) -> bool {
        let Some((name, value)) = text.split_once('=') else {
            return false;
        };
        let word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit());
        if name.is_empty() || !word {
            return false;
        }
        let value = Value::Input(super::lex::unescape(value).into());
        // A variable that the program does not name is of no use.
        if let Some(at) = self.program.globals.iter().position(|known| known == name) {
            let _ = self.set(Place::Global(at), value);
        }
        true
    }

    /// BEGIN, the records, END; the exit code.
    pub async fn run_all(&mut self) -> i32 {
        let program = self.program.clone();
        let mut done = self
            .rules(&program, |pattern| matches!(pattern, Pattern::Begin))
            .await;
        let has =
            |wanted: fn(&Pattern) -> bool| program.rules.iter().any(|rule| wanted(&rule.pattern));
        if done.is_ok() && has(|pattern| !matches!(pattern, Pattern::Begin)) {
            done = self.records(&program).await;
        }
        if matches!(done, Ok(()) | Err(Stop::Exit)) {
            let ended = self
                .rules(&program, |pattern| matches!(pattern, Pattern::End))
                .await;
            if matches!(ended, Err(Stop::Fatal(_))) {
                done = ended;
            }
        }
        if let Err(Stop::Fatal(error)) = done {
            self.streams.out.flush().await;
            complain(&self.sys, &format!("cmd. line:1: {error}")).await;
            self.code = 1;
        }
        self.streams.close_all().await;
        self.code
    }

    async fn rules(&mut self, program: &Program, wanted: fn(&Pattern) -> bool) -> Done<()> {
        for rule in program.rules.iter().filter(|rule| wanted(&rule.pattern)) {
            self.block(rule.body.as_deref().unwrap_or_default()).await?;
        }
        Ok(())
    }

    async fn records(&mut self, program: &Program) -> Done<()> {
        while let Some(record) = self.next_record().await? {
            self.set_record(record.into());
            match self.one_record(program).await {
                Err(Stop::NextFile) => self.main = None,
                Ok(()) | Err(Stop::Next) => {}
                Err(stop) => return Err(stop),
            }
            if self.streams.out.failed.is_some() {
                return Err(Stop::Exit);
            }
        }
        Ok(())
    }

    async fn one_record(&mut self, program: &Program) -> Done<()> {
        for (at, rule) in program.rules.iter().enumerate() {
            let applies = match &rule.pattern {
                Pattern::Always => true,
                Pattern::Begin | Pattern::End => false,
                Pattern::One(expr) => self.eval(expr).await?.truth(),
                Pattern::Range(first, last) => {
                    let inside = self.ranges[at] || self.eval(first).await?.truth();
                    self.ranges[at] = inside && !self.eval(last).await?.truth();
                    inside
                }
            };
            if !applies {
                continue;
            }
            match &rule.body {
                Some(body) => self.block(body).await?,
                None => {
                    let line = format!("{}{}", self.whole_record(), self.text_of(ORS));
                    self.streams.out.put(line).await;
                }
            }
        }
        Ok(())
    }

    /// The next record of the operands, or of standard input when they name no file.
    async fn next_record(&mut self) -> Done<Option<String>> {
        loop {
            if self.main.is_none() && !self.open_next().await? {
                return Ok(None);
            }
            let rs = self.text_of(RS);
            let regex = if rs.chars().count() > 1 {
                Some(self.regex(&rs)?)
            } else {
                None
            };
            let Some(main) = &mut self.main else { continue };
            match main
                .record(&rs, regex.as_deref(), &mut self.streams.out)
                .await
            {
                Ok(Some(record)) => {
                    for place in [NR, FNR] {
                        let count = self.number_of(place) + 1.0;
                        self.globals[place] = Slot::Scalar(Value::Number(count));
                    }
                    return Ok(Some(record));
                }
                _ => self.main = None,
            }
        }
    }

    async fn open_next(&mut self) -> Done<bool> {
        loop {
            let count = self.number_of(ARGC) as usize;
            if self.next_operand >= count {
                if self.read_any {
                    return Ok(false);
                }
                self.read_any = true;
                self.main = Some(Input::new(Lines::new(&self.sys, 0)));
                return Ok(true);
            }
            let key: Rc<str> = self.next_operand.to_string().into();
            self.next_operand += 1;
            let operand = self
                .array(Place::Global(ARGV))?
                .borrow()
                .get(&key)
                .cloned()
                .unwrap_or_default()
                .to_text("%.6g");
            if operand.is_empty() || self.assign(&operand) {
                continue;
            }
            self.read_any = true;
            match Lines::open(&self.sys, &operand) {
                Ok(lines) => {
                    self.globals[FILENAME] = Slot::Scalar(Value::Text(operand));
                    self.globals[FNR] = Slot::Scalar(Value::Number(0.0));
                    self.main = Some(Input::new(lines));
                    return Ok(true);
                }
                Err(error) => {
                    self.streams.out.flush().await;
                    complain(&self.sys, &format!("{operand}: {}", error.text())).await;
                    self.code = 2;
                }
            }
        }
    }

    // ---- statements

    fn block<'a>(&'a mut self, body: &'a [Statement]) -> Later<'a, ()> {
        Box::pin(async move {
            for statement in body {
                self.exec(statement).await?;
            }
            Ok(())
        })
    }

    /// A loop's body: whether the loop goes on.
    async fn turn(&mut self, body: &Statement) -> Done<bool> {
        match self.exec(body).await {
            Ok(()) | Err(Stop::Continue) => Ok(true),
            Err(Stop::Break) => Ok(false),
            Err(stop) => Err(stop),
        }
    }

    fn exec<'a>(&'a mut self, statement: &'a Statement) -> Later<'a, ()> {
        Box::pin(async move {
            self.sys.cpu(Duration::from_micros(4)).await;
            if self.grown >= HELD_STEP as usize {
                self.weigh().await?;
            }
            match statement {
                Statement::Expr(expr) => self.eval(expr).await.map(drop)?,
                Statement::Print(list, to) => self.print(list, to.as_ref()).await?,
                Statement::Printf(list, to) => {
                    let text = self.formatted(list).await?;
                    self.emit(text, to.as_ref()).await?;
                }
                Statement::Block(body) => self.block(body).await?,
                Statement::If(condition, then, other) => {
                    if self.eval(condition).await?.truth() {
                        self.exec(then).await?;
                    } else if let Some(other) = other {
                        self.exec(other).await?;
                    }
                }
                Statement::While(condition, body) => {
                    while self.eval(condition).await?.truth() && self.turn(body).await? {}
                }
                Statement::Do(body, condition) => {
                    while self.turn(body).await? && self.eval(condition).await?.truth() {}
                }
                Statement::For(start, condition, step, body) => {
                    if let Some(start) = start {
                        self.exec(start).await?;
                    }
                    loop {
                        if let Some(condition) = condition
                            && !self.eval(condition).await?.truth()
                        {
                            break;
                        }
                        if !self.turn(body).await? {
                            break;
                        }
                        if let Some(step) = step {
                            self.exec(step).await?;
                        }
                    }
                }
                Statement::ForIn(name, array, body) => {
                    let array = self.array(*array)?;
                    let keys: Vec<Rc<str>> = array.borrow().keys().cloned().collect();
                    for key in keys {
                        if !array.borrow().contains_key(&key) {
                            continue;
                        }
                        self.set(*name, Value::Input(key))?;
                        if !self.turn(body).await? {
                            break;
                        }
                    }
                }
                Statement::Next => return Err(Stop::Next),
                Statement::NextFile => return Err(Stop::NextFile),
                Statement::Break => return Err(Stop::Break),
                Statement::Continue => return Err(Stop::Continue),
                Statement::Exit(code) => {
                    if let Some(code) = code {
                        self.code = self.eval(code).await?.number() as i64 as i32 & 0xff;
                    }
                    return Err(Stop::Exit);
                }
                Statement::Return(value) => {
                    let value = match value {
                        Some(value) => self.eval(value).await?,
                        None => Value::Unset,
                    };
                    return Err(Stop::Return(value));
                }
                Statement::Delete(place, None) => self.array(*place)?.borrow_mut().clear(),
                Statement::Delete(place, Some(index)) => {
                    let key = self.key(index).await?;
                    self.array(*place)?.borrow_mut().shift_remove(&key);
                }
            }
            Ok(())
        })
    }

    async fn print(&mut self, list: &[Expr], to: Option<&Redirect>) -> Done<()> {
        let mut line = String::new();
        if list.is_empty() {
            line.push_str(&self.whole_record());
        }
        let (between, format) = (self.text_of(OFS), self.text_of(OFMT));
        for (at, expr) in list.iter().enumerate() {
            let value = self.eval(expr).await?;
            if at > 0 {
                line.push_str(&between);
            }
            line.push_str(&value.to_text(&format));
        }
        line.push_str(&self.text_of(ORS));
        self.emit(line, to).await
    }

    async fn emit(&mut self, text: String, to: Option<&Redirect>) -> Done<()> {
        let (how, name) = match to {
            None => {
                self.streams.out.put(text).await;
                return if self.streams.out.failed.is_some() {
                    Err(Stop::Exit)
                } else {
                    Ok(())
                };
            }
            Some(Redirect::Replace(name)) => ('>', name),
            Some(Redirect::Append(name)) => ('a', name),
            Some(Redirect::Pipe(name)) => ('|', name),
        };
        let name = self.eval(name).await?;
        let name = self.text(&name);
        self.streams
            .write(&name, how, &text)
            .await
            .map_err(Stop::Fatal)
    }

    pub async fn formatted(&mut self, list: &[Expr]) -> Done<String> {
        let mut values = Vec::new();
        for expr in list {
            values.push(self.eval(expr).await?);
        }
        let Some((format, values)) = values.split_first() else {
            return Err(Stop::Fatal("printf: no format".to_owned()));
        };
        Ok(format_all(&self.text(format), values))
    }

    // ---- expressions

    /// What needs no waiting.
    fn quick(&mut self, expr: &Expr) -> Option<Done<Value>> {
        Some(match expr {
            Expr::Number(number) => Ok(Value::Number(*number)),
            Expr::Text(text) => Ok(Value::Text(text.clone())),
            Expr::Variable(place) => self.get(*place),
            Expr::Field(at) => match **at {
                Expr::Number(at) => self.field(at),
                _ => return None,
            },
            _ => return None,
        })
    }

    pub fn eval<'a>(&'a mut self, expr: &'a Expr) -> Later<'a, Value> {
        if let Some(done) = self.quick(expr) {
            return Box::pin(core::future::ready(done));
        }
        Box::pin(async move {
            let flag = |holds: bool| Value::Number(f64::from(u8::from(holds)));
            Ok(match expr {
                Expr::Regex(pattern) => {
                    let regex = self.regex(pattern)?;
                    flag(regex.is_match(self.whole_record().as_bytes()))
                }
                Expr::Grouped(inner) => self.eval(inner).await?,
                Expr::Field(at) => {
                    let at = self.eval(at).await?.number();
                    self.field(at)?
                }
                Expr::Element(place, index) => {
                    let key = self.key(index).await?;
                    let array = self.array(*place)?;
                    let mut array = array.borrow_mut();
                    array.entry(key).or_default().clone()
                }
                Expr::In(index, place) => {
                    let key = self.key(index).await?;
                    flag(self.array(*place)?.borrow().contains_key(&key))
                }
                Expr::Assign(operator, target, value) => {
                    let mut value = self.eval(value).await?;
                    if *operator != '=' {
                        let old = self.eval(target).await?.number();
                        value = arithmetic(*operator, old, value.number())?;
                    }
                    self.store(target, value.clone()).await?;
                    value
                }
                Expr::Step(target, by, before) => {
                    let old = self.eval(target).await?.number();
                    self.store(target, Value::Number(old + by)).await?;
                    Value::Number(if *before { old + by } else { old })
                }
                Expr::Binary(operator, left, right) => {
                    let left = self.eval(left).await?.number();
                    let right = self.eval(right).await?.number();
                    arithmetic(*operator, left, right)?
                }
                Expr::Compare(operator, left, right) => {
                    let left = self.eval(left).await?;
                    let right = self.eval(right).await?;
                    flag(self.compare(*operator, &left, &right))
                }
                Expr::Match(left, right, not) => {
                    let text = self.eval(left).await?;
                    let text = self.text(&text);
                    let regex = self.pattern(right).await?;
                    flag(regex.is_match(text.as_bytes()) != *not)
                }
                Expr::And(left, right) => {
                    flag(self.eval(left).await?.truth() && self.eval(right).await?.truth())
                }
                Expr::Or(left, right) => {
                    flag(self.eval(left).await?.truth() || self.eval(right).await?.truth())
                }
                Expr::Not(inner) => flag(!self.eval(inner).await?.truth()),
                Expr::Negate(inner) => Value::Number(-self.eval(inner).await?.number()),
                Expr::Plus(inner) => Value::Number(self.eval(inner).await?.number()),
                Expr::Concat(left, right) => {
                    let left = self.eval(left).await?;
                    let right = self.eval(right).await?;
                    let text = format!("{}{}", self.text(&left), self.text(&right));
                    if text.len() > LARGEST {
                        return Err(Stop::Fatal("out of memory".to_owned()));
                    }
                    self.grown += text.len();
                    let copied = Duration::from_nanos(text.len() as u64);
                    self.sys.cpu(copied).await;
                    Value::Text(text.into())
                }
                Expr::Choose(condition, yes, no) => {
                    let chosen = if self.eval(condition).await?.truth() {
                        yes
                    } else {
                        no
                    };
                    self.eval(chosen).await?
                }
                Expr::Call(function, arguments) => self.call(*function, arguments).await?,
                Expr::Builtin(name, arguments) => self.builtin(name, arguments).await?,
                Expr::Getline(to, source) => self.getline(to.as_deref(), source).await?,
                Expr::Number(_) | Expr::Text(_) | Expr::Variable(_) => Value::Unset,
            })
        })
    }

    /// An expression where a pattern is wanted.
    pub async fn pattern(&mut self, expr: &Expr) -> Done<Rc<Regex>> {
        if let Expr::Regex(pattern) = expr {
            return self.regex(pattern);
        }
        let value = self.eval(expr).await?;
        let text = self.text(&value);
        self.regex(&text)
    }

    fn compare(&self, operator: char, left: &Value, right: &Value) -> bool {
        let order = match (left.numeric(), right.numeric()) {
            (Some(a), Some(b)) => a.partial_cmp(&b),
            _ => Some(self.text(left).cmp(&self.text(right))),
        };
        let Some(order) = order else {
            return operator == '!';
        };
        match operator {
            '<' => order.is_lt(),
            'l' => order.is_le(),
            '=' => order.is_eq(),
            '!' => order.is_ne(),
            '>' => order.is_gt(),
            _ => order.is_ge(),
        }
    }

    async fn call(&mut self, function: usize, arguments: &[Expr]) -> Done<Value> {
        if self.frames.len() >= CALLS {
            return Err(Stop::Fatal("function calls nested too deeply".to_owned()));
        }
        let program = self.program.clone();
        let function = &program.functions[function];
        let mut frame = vec![Slot::Unset; function.parameters.len()];
        for (at, argument) in arguments.iter().enumerate() {
            let slot = match argument {
                Expr::Variable(place) if function.arrays.get(at) == Some(&true) => {
                    Slot::Array(self.array(*place)?)
                }
                Expr::Variable(place) if matches!(self.slot(*place), Slot::Array(_)) => {
                    Slot::Array(self.array(*place)?)
                }
                Expr::Variable(place) if *place != Place::Global(NF) => self.slot(*place).clone(),
                other => Slot::Scalar(self.eval(other).await?),
            };
            if let Some(place) = frame.get_mut(at) {
                *place = slot;
            }
        }
        self.frames.push(frame);
        let done = self.block(&function.body).await;
        self.frames.pop();
        match done {
            Ok(()) => Ok(Value::Unset),
            Err(Stop::Return(value)) => Ok(value),
            Err(stop) => Err(stop),
        }
    }

    async fn getline(&mut self, to: Option<&Expr>, source: &Source) -> Done<Value> {
        let from = match source {
            Source::Main => None,
            Source::File(name) => Some((self.eval(name).await?, false)),
            Source::Command(name) => Some((self.eval(name).await?, true)),
        };
        let record = match from {
            None => self.next_record().await?,
            Some((name, command)) => {
                let name = self.text(&name);
                let rs = self.text_of(RS);
                let regex = if rs.chars().count() > 1 {
                    Some(self.regex(&rs)?)
                } else {
                    None
                };
                match self
                    .streams
                    .read(&name, command, &rs, regex.as_deref())
                    .await
                {
                    Ok(record) => record,
                    Err(_) => return Ok(Value::Number(-1.0)),
                }
            }
        };
        let Some(record) = record else {
            return Ok(Value::Number(0.0));
        };
        if matches!(source, Source::Command(_)) {
            let count = self.number_of(NR) + 1.0;
            self.globals[NR] = Slot::Scalar(Value::Number(count));
        }
        match to {
            Some(to) => self.store(to, Value::Input(record.into())).await?,
            None => self.set_record(record.into()),
        }
        Ok(Value::Number(1.0))
    }

    pub fn set_global(&mut self, at: usize, number: f64) {
        self.globals[at] = Slot::Scalar(Value::Number(number));
    }

    pub fn field_separator(&self) -> Rc<str> {
        self.text_of(FS)
    }
}

fn arithmetic(operator: char, left: f64, right: f64) -> Done<Value> {
    if right == 0.0 && matches!(operator, '/' | '%') {
        return Err(Stop::Fatal("Division by zero".to_owned()));
    }
    Ok(Value::Number(match operator {
        '+' => left + right,
        '-' => left - right,
        '*' => left * right,
        '/' => left / right,
        '%' => left % right,
        _ => left.powf(right),
    }))
}
