//! awk's own functions.

use super::run::{LARGEST, Machine, RLENGTH, RSTART, Stop};
use super::syntax::Expr;
use super::value::Value;
use crate::programs::regular;
use crate::time::Time;

type Done<T> = Result<T, Stop>;

impl Machine {
    pub(super) async fn builtin(&mut self, name: &str, list: &[Expr]) -> Done<Value> {
        match name {
            "length" => return self.length(list.first()).await,
            "split" => return self.split(list).await,
            "sub" | "gsub" => return self.substitute(list, name == "gsub").await,
            "match" => return self.matched(list).await,
            "sprintf" => return Ok(Value::text(self.formatted(list).await?)),
            _ => {}
        }
        let mut values = Vec::new();
        for expr in list {
            values.push(self.eval(expr).await?);
        }
        let number = |at: usize| values.get(at).map_or(0.0, Value::number);
        let text = |machine: &Machine, at: usize| {
            values
                .get(at)
                .map_or_else(|| "".into(), |value| machine.text(value))
        };
        Ok(match name {
            "substr" => {
                // As busybox: a start before the text is its first character, and the length still counts in full.
                let from = (number(1).round() - 1.0).max(0.0) as usize;
                let count = if values.len() > 2 {
                    number(2).round().max(0.0) as usize
                } else {
                    usize::MAX
                };
                let chosen: String = text(self, 0).chars().skip(from).take(count).collect();
                Value::text(chosen)
            }
            "index" => {
                let (text, part) = (text(self, 0), text(self, 1));
                if part.is_empty() {
                    return Ok(Value::Number(0.0));
                }
                Value::Number(
                    text.find(&*part)
                        .map_or(0.0, |at| text[..at].chars().count() as f64 + 1.0),
                )
            }
            "tolower" => Value::text(text(self, 0).to_lowercase()),
            "toupper" => Value::text(text(self, 0).to_uppercase()),
            "sin" => Value::Number(number(0).sin()),
            "cos" => Value::Number(number(0).cos()),
            "atan2" => Value::Number(number(0).atan2(number(1))),
            "exp" => Value::Number(number(0).exp()),
            "log" => Value::Number(number(0).ln()),
            "sqrt" => Value::Number(number(0).sqrt()),
            "int" => Value::Number(number(0).trunc()),
            "and" => Value::Number(((number(0) as u64) & (number(1) as u64)) as f64),
            "or" => Value::Number(((number(0) as u64) | (number(1) as u64)) as f64),
            "rand" => Value::Number((self.chance.next_u64() >> 11) as f64 / (1u64 << 53) as f64),
            "srand" => {
                let old = self.seed;
                self.seed = if values.is_empty() {
                    self.sys.now().seconds() as u64
                } else {
                    number(0) as u64
                };
                self.chance = crate::chance::Chance::new(self.seed);
                Value::Number(old as f64)
            }
            "systime" => Value::Number(self.sys.now().seconds() as f64),
            "strftime" => {
                let format = if values.is_empty() {
                    "%c".into()
                } else {
                    text(self, 0)
                };
                let time = if values.len() > 1 {
                    Time::from_seconds(number(1) as i64)
                } else {
                    self.sys.now()
                };
                Value::text(crate::programs::date::strftime(&format, time))
            }
            "system" => {
                let command = text(self, 0);
                Value::Number(f64::from(self.streams.system(&command).await))
            }
            "close" => {
                let name = text(self, 0);
                Value::Number(f64::from(self.streams.close(&name).await))
            }
            _ => {
                self.streams.out.flush().await;
                Value::Number(0.0)
            }
        })
    }

    async fn length(&mut self, of: Option<&Expr>) -> Done<Value> {
        let text = match of {
            None => self.whole_record(),
            Some(Expr::Variable(place)) => match self.is_array(*place) {
                Some(array) => return Ok(Value::Number(array.borrow().len() as f64)),
                None => {
                    let value = self.eval(of.unwrap_or(&Expr::Number(0.0))).await?;
                    self.text(&value)
                }
            },
            Some(expr) => {
                let value = self.eval(expr).await?;
                self.text(&value)
            }
        };
        Ok(Value::Number(text.chars().count() as f64))
    }

    async fn split(&mut self, list: &[Expr]) -> Done<Value> {
        let (Some(text), Some(Expr::Variable(place))) = (list.first(), list.get(1)) else {
            return Err(Stop::Fatal("Too few arguments".to_owned()));
        };
        let text = self.eval(text).await?;
        let text = self.text(&text);
        let separator = match list.get(2) {
            None => self.field_separator(),
            // A regular expression of one character keeps its meaning.
            Some(Expr::Regex(pattern)) if pattern.chars().count() == 1 && &**pattern != " " => {
                format!("({pattern})").into()
            }
            Some(Expr::Regex(pattern)) if &**pattern == " " => "[ ]".into(),
            Some(Expr::Regex(pattern)) => pattern.clone(),
            Some(expr) => {
                let value = self.eval(expr).await?;
                self.text(&value)
            }
        };
        let pieces = self.pieces(&text, &separator)?;
        let array = self.array(*place)?;
        let mut array = array.borrow_mut();
        array.clear();
        for (at, piece) in pieces.iter().enumerate() {
            array.insert(
                (at + 1).to_string().into(),
                Value::Input(piece.as_str().into()),
            );
        }
        Ok(Value::Number(pieces.len() as f64))
    }

    async fn substitute(&mut self, list: &[Expr], all: bool) -> Done<Value> {
        let (Some(pattern), Some(with)) = (list.first(), list.get(1)) else {
            return Err(Stop::Fatal("Too few arguments".to_owned()));
        };
        let regex = self.pattern(pattern).await?;
        let with = self.eval(with).await?;
        let with = self.text(&with);
        let whole = Expr::Field(Box::new(Expr::Number(0.0)));
        let target = list.get(2).unwrap_or(&whole);
        let text = self.eval(target).await?;
        let text = self.text(&text);
        let bytes = text.as_bytes();
        let (mut out, mut at, mut count) = (Vec::new(), 0, 0);
        // An empty match right behind another one does not count.
        let mut last_end = None;
        for found in regex.find_iter(bytes) {
            if found.is_empty() && last_end == Some(found.start()) {
                continue;
            }
            out.extend_from_slice(&bytes[at..found.start()]);
            replacement(&with, found.as_bytes(), &mut out);
            at = found.end();
            last_end = Some(at);
            regular::matched(&self.sys, count).await;
            count += 1;
            if !all || out.len() > LARGEST {
                break;
            }
        }
        if out.len() > LARGEST {
            return Err(Stop::Fatal("out of memory".to_owned()));
        }
        if count > 0 {
            out.extend_from_slice(&bytes[at..]);
            let new = String::from_utf8_lossy(&out).into_owned();
            self.store(target, Value::text(new)).await?;
        }
        Ok(Value::Number(count as f64))
    }

    async fn matched(&mut self, list: &[Expr]) -> Done<Value> {
        let (Some(text), Some(pattern)) = (list.first(), list.get(1)) else {
            return Err(Stop::Fatal("Too few arguments".to_owned()));
        };
        let text = self.eval(text).await?;
        let text = self.text(&text);
        let regex = self.pattern(pattern).await?;
        let (start, length) = regex.find(text.as_bytes()).map_or((0.0, -1.0), |found| {
            let before = String::from_utf8_lossy(&text.as_bytes()[..found.start()])
                .chars()
                .count();
            (
                before as f64 + 1.0,
                String::from_utf8_lossy(found.as_bytes()).chars().count() as f64,
            )
        });
        self.set_global(RSTART, start);
        self.set_global(RLENGTH, length);
        Ok(Value::Number(start))
    }
}

/// `&` is what matched, `\\&` an ampersand.
fn replacement(with: &str, matched: &[u8], out: &mut Vec<u8>) {
    let mut chars = with.chars().peekable();
    while let Some(c) = chars.next() {
        if out.len() > LARGEST {
            return;
        }
        match c {
            '&' => out.extend_from_slice(matched),
            '\\' => match chars.next_if(|next| matches!(next, '&' | '\\')) {
                Some(next) => out.extend(next.encode_utf8(&mut [0; 4]).bytes()),
                None => out.push(b'\\'),
            },
            c => out.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
}
