//! `expr`: evaluates its arguments. Mirrors POSIX expr(1) as busybox has it.

use super::options::complain;
use super::regular;
use crate::sys::Sys;

const DEEPEST: usize = 200;

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Number(i64),
    Text(String),
}

impl Value {
    fn number(&self) -> Option<i64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Text(text) => text.parse().ok(),
        }
    }

    fn text(&self) -> String {
        match self {
            Value::Number(number) => number.to_string(),
            Value::Text(text) => text.clone(),
        }
    }

    fn is_null(&self) -> bool {
        match self {
            Value::Number(number) => *number == 0,
            Value::Text(text) => text.is_empty() || text == "0",
        }
    }
}

struct Reader<'a> {
    words: &'a [String],
    at: usize,
    depth: usize,
}

type Answer = Result<Value, String>;

const LEVELS: [&[&str]; 5] = [
    &["|"],
    &["&"],
    &["=", "==", "!=", "<", "<=", ">", ">="],
    &["+", "-"],
    &["*", "/", "%"],
];

impl Reader<'_> {
    fn take(&mut self, any: &[&str]) -> Option<String> {
        let word = self.words.get(self.at)?;
        any.contains(&word.as_str()).then(|| {
            self.at += 1;
            word.clone()
        })
    }

    fn level(&mut self, level: usize) -> Answer {
        let Some(operators) = LEVELS.get(level) else {
            return self.matching();
        };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.take(operators) {
            let right = self.level(level + 1)?;
            left = apply(&operator, left, right)?;
        }
        Ok(left)
    }

    fn matching(&mut self) -> Answer {
        let mut left = self.word()?;
        while self.take(&[":"]).is_some() {
            let right = self.word()?;
            left = match_start(&left.text(), &right.text())?;
        }
        Ok(left)
    }

    fn word(&mut self) -> Answer {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("syntax error".to_owned());
        }
        let value = self.operand();
        self.depth -= 1;
        value
    }

    fn operand(&mut self) -> Answer {
        let missing = || "syntax error".to_owned();
        let word = self.words.get(self.at).ok_or_else(missing)?.clone();
        self.at += 1;
        match word.as_str() {
            "(" => {
                let value = self.level(0)?;
                self.take(&[")"]).map(|_| value).ok_or_else(missing)
            }
            ")" => Err(missing()),
            "length" if self.at < self.words.len() => {
                Ok(Value::Number(self.word()?.text().chars().count() as i64))
            }
            "match" if self.at < self.words.len() => {
                let (text, pattern) = (self.word()?.text(), self.word()?.text());
                match_start(&text, &pattern)
            }
            "index" if self.at < self.words.len() => {
                let (text, any) = (self.word()?.text(), self.word()?.text());
                let at = text.chars().position(|c| any.contains(c));
                Ok(Value::Number(at.map_or(0, |at| at as i64 + 1)))
            }
            "substr" if self.at < self.words.len() => {
                let text = self.word()?.text();
                let (start, length) = (self.word()?.number(), self.word()?.number());
                Ok(Value::Text(match (start, length) {
                    (Some(start), Some(length)) if start > 0 && length > 0 => text
                        .chars()
                        .skip(start as usize - 1)
                        .take(length as usize)
                        .collect(),
                    _ => String::new(),
                }))
            }
            "quote" | "+" if self.at < self.words.len() => {
                self.at += 1;
                Ok(Value::Text(self.words[self.at - 1].clone()))
            }
            _ => Ok(Value::Text(word)),
        }
    }
}

fn apply(operator: &str, left: Value, right: Value) -> Answer {
    match operator {
        "|" => return Ok(if left.is_null() { right } else { left }),
        "&" => {
            return Ok(if left.is_null() || right.is_null() {
                Value::Number(0)
            } else {
                left
            });
        }
        _ => {}
    }
    if LEVELS[2].contains(&operator) {
        let order = match (left.number(), right.number()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => left.text().cmp(&right.text()),
        };
        let holds = match operator {
            "=" | "==" => order.is_eq(),
            "!=" => order.is_ne(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            _ => order.is_ge(),
        };
        return Ok(Value::Number(i64::from(holds)));
    }
    let (Some(a), Some(b)) = (left.number(), right.number()) else {
        return Err("non-numeric argument".to_owned());
    };
    if b == 0 && matches!(operator, "/" | "%") {
        return Err("division by zero".to_owned());
    }
    Ok(Value::Number(match operator {
        "+" => a.wrapping_add(b),
        "-" => a.wrapping_sub(b),
        "*" => a.wrapping_mul(b),
        "/" => a.wrapping_div(b),
        _ => a.wrapping_rem(b),
    }))
}

/// `TEXT : PATTERN`, anchored at the start: the first group, or how many characters match.
fn match_start(text: &str, pattern: &str) -> Answer {
    let group = pattern.contains("\\(");
    let regex = regular::compile(
        &format!("^{}", pattern.trim_start_matches('^')),
        false,
        false,
    )?;
    let found = regex.captures(text.as_bytes());
    let piece = |at: usize| {
        let bytes = found
            .as_ref()
            .and_then(|found| found.get(at))
            .map(|found| found.as_bytes());
        String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
    };
    Ok(if group {
        Value::Text(piece(1))
    } else {
        Value::Number(piece(0).chars().count() as i64)
    })
}

pub async fn main(sys: Sys) -> i32 {
    let args = sys.args();
    let words = &args[1..];
    if words.is_empty() {
        complain(&sys, "too few arguments").await;
        return 2;
    }
    let mut reader = Reader {
        words,
        at: 0,
        depth: 0,
    };
    let value = match reader.level(0) {
        Ok(value) if reader.at == words.len() => value,
        Ok(_) => {
            complain(&sys, "syntax error").await;
            return 2;
        }
        Err(error) => {
            complain(&sys, &error).await;
            return 2;
        }
    };
    sys.print(value.text() + "\n").await;
    i32::from(value.is_null())
}
