//! Walks awk's tree: rules, statements, expressions, records and fields.

use super::streams::{Input, Streams};
use super::syntax::{Expr, Pattern, Place, Program, Redirect, Source, Statement};
use super::value::{Array, Value, format_all};
use crate::programs::lines::Lines;
use crate::programs::options::complain;
use crate::programs::regular;
use crate::sys::Sys;
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
/// Members of all arrays, and bytes of one text.
const LARGEST: usize = 16 << 20;

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

    // ---- records and fields

    fn set_record(&mut self, record: Rc<str>) {
        self.record = record;
        self.joined = true;
        self.split = false;
    }

    pub fn whole_record(&mut self) -> Rc<str> {
        if !self.joined {
            let (between, format) = (self.text_of(OFS), self.text_of(CONVFMT));
            let texts: Vec<Rc<str>> = self
                .fields
                .iter()
                .map(|field| field.to_text(&format))
                .collect();
            self.record = texts.join(&between).into();
            self.joined = true;
        }
        self.record.clone()
    }

    fn split_record(&mut self) -> Done<()> {
        if self.split {
            return Ok(());
        }
        self.split = true;
        let separator = self.text_of(FS);
        let record = self.record.clone();
        let pieces = self.pieces(&record, &separator)?;
        self.fields = pieces
            .into_iter()
            .take(FIELDS)
            .map(|piece| Value::Input(piece.into()))
            .collect();
        Ok(())
    }

    /// A text parted as fields are.
    pub fn pieces(&mut self, text: &str, separator: &str) -> Done<Vec<String>> {
        if separator == " " {
            return Ok(text
                .split([' ', '\t', '\n'])
                .filter(|piece| !piece.is_empty())
                .map(str::to_owned)
                .collect());
        }
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let mut chars = separator.chars();
        match (chars.next(), chars.next()) {
            (None, _) => return Ok(text.chars().map(String::from).collect()),
            (Some(single), None) if single != '\\' => {
                let lines = self.text_of(RS).is_empty();
                return Ok(text
                    .split(|c| c == single || (lines && c == '\n'))
                    .map(str::to_owned)
                    .collect());
            }
            _ => {}
        }
        let regex = self.regex(separator)?;
        let mut out = Vec::new();
        let mut start = 0;
        for found in regex
            .find_iter(text.as_bytes())
            .filter(|found| !found.is_empty())
        {
            out.push(String::from_utf8_lossy(&text.as_bytes()[start..found.start()]).into_owned());
            start = found.end();
        }
        out.push(String::from_utf8_lossy(&text.as_bytes()[start..]).into_owned());
        Ok(out)
    }

    pub fn regex(&mut self, pattern: &str) -> Done<Rc<Regex>> {
        if let Some(regex) = self.regexes.get(pattern) {
            return Ok(regex.clone());
        }
        let regex = Rc::new(
            regular::compile(pattern, true, false)
                .map_err(|error| Stop::Fatal(format!("bad regex '{pattern}': {error}")))?,
        );
        if self.regexes.len() > 200 {
            self.regexes.clear();
        }
        self.regexes.insert(pattern.into(), regex.clone());
        Ok(regex)
    }

    fn field(&mut self, at: f64) -> Done<Value> {
        if at < 0.0 {
            return Err(Stop::Fatal("Access to negative field".to_owned()));
        }
        if at < 1.0 {
            return Ok(Value::Input(self.whole_record()));
        }
        self.split_record()?;
        Ok(self
            .fields
            .get(at as usize - 1)
            .cloned()
            .unwrap_or_default())
    }

    fn set_field(&mut self, at: f64, value: Value) -> Done<()> {
        if at < 0.0 || at as usize > FIELDS {
            return Err(Stop::Fatal("Access to negative field".to_owned()));
        }
        if at < 1.0 {
            let format = self.text_of(CONVFMT);
            self.set_record(value.to_text(&format));
            return Ok(());
        }
        self.split_record()?;
        let at = at as usize - 1;
        if self.fields.len() <= at {
            self.fields.resize(at + 1, Value::Unset);
        }
        self.fields[at] = value;
        self.joined = false;
        Ok(())
    }

    // ---- variables

    fn slot(&mut self, place: Place) -> &mut Slot {
        match (place, self.frames.last_mut()) {
            (Place::Local(at), Some(frame)) => &mut frame[at],
            (Place::Global(at) | Place::Local(at), _) => &mut self.globals[at],
        }
    }

    fn number_of(&self, at: usize) -> f64 {
        match &self.globals[at] {
            Slot::Scalar(value) => value.number(),
            _ => 0.0,
        }
    }

    pub fn text_of(&self, at: usize) -> Rc<str> {
        match &self.globals[at] {
            Slot::Scalar(value) => value.to_text("%.6g"),
            _ => "".into(),
        }
    }

    fn get(&mut self, place: Place) -> Done<Value> {
        if place == Place::Global(NF) {
            self.split_record()?;
            return Ok(Value::Number(self.fields.len() as f64));
        }
        match self.slot(place) {
            Slot::Scalar(value) => Ok(value.clone()),
            Slot::Unset => Ok(Value::Unset),
            Slot::Array(_) => Err(Stop::Fatal("Not a scalar".to_owned())),
        }
    }

    pub fn set(&mut self, place: Place, value: Value) -> Done<()> {
        if place == Place::Global(NF) {
            self.split_record()?;
            let count = (value.number().max(0.0) as usize).min(FIELDS);
            self.fields.resize(count, Value::Unset);
            self.joined = false;
            return Ok(());
        }
        match self.slot(place) {
            Slot::Array(_) => Err(Stop::Fatal("Not a scalar".to_owned())),
            slot => {
                *slot = Slot::Scalar(value);
                Ok(())
            }
        }
    }

    pub fn array(&mut self, place: Place) -> Done<Array> {
        match self.slot(place) {
            Slot::Array(array) => Ok(array.clone()),
            slot @ Slot::Unset => {
                let array = Array::default();
                *slot = Slot::Array(array.clone());
                Ok(array)
            }
            Slot::Scalar(_) => Err(Stop::Fatal("Not an array".to_owned())),
        }
    }

    /// The array that a variable is, if it is one.
    pub fn is_array(&mut self, place: Place) -> Option<Array> {
        match self.slot(place) {
            Slot::Array(array) => Some(array.clone()),
            _ => None,
        }
    }

    pub fn text(&self, value: &Value) -> Rc<str> {
        value.to_text(&self.text_of(CONVFMT))
    }

    async fn key(&mut self, index: &[Expr]) -> Done<Rc<str>> {
        if let [only] = index {
            let value = self.eval(only).await?;
            return Ok(self.text(&value));
        }
        let mut parts = Vec::new();
        for part in index {
            let value = self.eval(part).await?;
            parts.push(self.text(&value));
        }
        Ok(parts.join(&self.text_of(SUBSEP)).into())
    }

    /// Stores into whatever stands left of `=`.
    pub async fn store(&mut self, target: &Expr, value: Value) -> Done<()> {
        match target {
            Expr::Variable(place) => self.set(*place, value),
            Expr::Grouped(inner) => Box::pin(self.store(inner, value)).await,
            Expr::Field(at) => {
                let at = self.eval(at).await?.number();
                self.set_field(at, value)
            }
            Expr::Element(place, index) => {
                let key = self.key(index).await?;
                let array = self.array(*place)?;
                if array.borrow().len() > LARGEST / 64 {
                    return Err(Stop::Fatal("out of memory".to_owned()));
                }
                array.borrow_mut().insert(key, value);
                Ok(())
            }
            _ => Err(Stop::Fatal("assignment to no variable".to_owned())),
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
            self.sys.cpu(Duration::from_micros(2)).await;
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
