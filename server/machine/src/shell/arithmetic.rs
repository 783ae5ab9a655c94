//! Arithmetic of `$(( ))` and `let`: 64-bit integers, C's operators, assignments.
//!
//! Pure: variables come through [`Variables`]. Mirrors POSIX XCU 2.6.4 and busybox's `math.c` in its errors.

/// Where the expression's names live.
pub trait Variables {
    /// The value of `name`, if it is set.
    fn get(&mut self, name: &str) -> Option<String>;
    /// Sets `name`.
    fn set(&mut self, name: &str, value: i64);
}

const SYNTAX: &str = "arithmetic syntax error";
const DEEPEST: u32 = 100;

struct Evaluator<'a> {
    text: &'a [u8],
    at: usize,
    variables: &'a mut dyn Variables,
    depth: u32,
    /// Counts the operands that are skipped by `&&`, `||`, `?:`.
    skip: u32,
}

/// A value, and the variable it came from if it can be assigned to.
struct Operand {
    value: i64,
    name: Option<String>,
}

/// The value of `text`; an empty text is 0.
pub fn evaluate(text: &str, variables: &mut dyn Variables) -> Result<i64, String> {
    evaluate_at(text, variables, 0)
}

fn evaluate_at(text: &str, variables: &mut dyn Variables, depth: u32) -> Result<i64, String> {
    if text.trim().is_empty() {
        return Ok(0);
    }
    let mut evaluator = Evaluator {
        text: text.as_bytes(),
        at: 0,
        variables,
        depth,
        skip: 0,
    };
    let value = evaluator.comma()?;
    evaluator.blanks();
    if evaluator.at < evaluator.text.len() {
        return Err(SYNTAX.to_owned());
    }
    Ok(value)
}

const BINARY: [(&str, u8); 19] = [
    ("||", 1),
    ("&&", 2),
    ("|", 3),
    ("^", 4),
    ("&", 5),
    ("==", 6),
    ("!=", 6),
    ("<=", 7),
    (">=", 7),
    ("<<", 8),
    (">>", 8),
    ("<", 7),
    (">", 7),
    ("+", 9),
    ("-", 9),
    ("**", 11),
    ("*", 10),
    ("/", 10),
    ("%", 10),
];

const ASSIGN: [&str; 11] = [
    "<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "=",
];

impl Evaluator<'_> {
    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn starts(&self, what: &str) -> bool {
        self.text[self.at..].starts_with(what.as_bytes())
    }

    fn eat(&mut self, what: &str) -> bool {
        self.blanks();
        let found = self.starts(what);
        if found {
            self.at += what.len();
        }
        found
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            Err("expression recursion loop detected".to_owned())
        } else {
            Ok(())
        }
    }

    fn comma(&mut self) -> Result<i64, String> {
        let mut value = self.assignment()?;
        while self.eat(",") {
            value = self.assignment()?;
        }
        Ok(value)
    }

    fn assignment(&mut self) -> Result<i64, String> {
        self.deeper()?;
        let value = self.conditional()?;
        self.depth -= 1;
        Ok(value)
    }

    fn conditional(&mut self) -> Result<i64, String> {
        let operand = self.binary(1)?;
        self.blanks();
        if let Some(name) = &operand.name
            && let Some(op) = ASSIGN
                .iter()
                .find(|op| self.starts(op))
                .filter(|op| **op != "=" || !self.starts("=="))
        {
            self.at += op.len();
            let right = self.assignment()?;
            let value = match *op {
                "=" => right,
                op => self.apply(&op[..op.len() - 1], operand.value, right)?,
            };
            if self.skip == 0 {
                self.variables.set(name, value);
            }
            return Ok(value);
        }
        if !self.eat("?") {
            return Ok(operand.value);
        }
        let taken = operand.value != 0;
        self.skip += u32::from(!taken);
        let first = self.assignment()?;
        self.skip -= u32::from(!taken);
        if !self.eat(":") {
            return Err("malformed ?: operator".to_owned());
        }
        self.skip += u32::from(taken);
        let second = self.assignment()?;
        self.skip -= u32::from(taken);
        Ok(if taken { first } else { second })
    }

    fn operator(&mut self) -> Option<(&'static str, u8)> {
        self.blanks();
        let found = *BINARY.iter().find(|(op, _)| self.starts(op))?;
        let assigns = ASSIGN
            .iter()
            .any(|op| op.len() == found.0.len() + 1 && *op != "=" && self.starts(op));
        let comparison = found.1 == 6 || matches!(found.0, "<=" | ">=" | "&&" | "||" | "**");
        if assigns && !comparison {
            None
        } else {
            Some(found)
        }
    }

    fn binary(&mut self, least: u8) -> Result<Operand, String> {
        let mut left = self.unary()?;
        while let Some((op, level)) = self.operator().filter(|(_, level)| *level >= least) {
            self.at += op.len();
            let decided = (op == "&&" && left.value == 0) || (op == "||" && left.value != 0);
            self.skip += u32::from(decided);
            self.deeper()?;
            let right = self
                .binary(if op == "**" { level } else { level + 1 })?
                .value;
            self.depth -= 1;
            self.skip -= u32::from(decided);
            left = Operand {
                value: self.apply(op, left.value, right)?,
                name: None,
            };
        }
        Ok(left)
    }

    fn apply(&self, op: &str, a: i64, b: i64) -> Result<i64, String> {
        Ok(match op {
            "||" => i64::from(a != 0 || b != 0),
            "&&" => i64::from(a != 0 && b != 0),
            "|" => a | b,
            "^" => a ^ b,
            "&" => a & b,
            "==" => i64::from(a == b),
            "!=" => i64::from(a != b),
            "<=" => i64::from(a <= b),
            ">=" => i64::from(a >= b),
            "<" => i64::from(a < b),
            ">" => i64::from(a > b),
            "<<" => a.wrapping_shl(b as u32),
            ">>" => a.wrapping_shr(b as u32),
            "+" => a.wrapping_add(b),
            "-" => a.wrapping_sub(b),
            "*" => a.wrapping_mul(b),
            "**" if b < 0 => return Err("exponent less than 0".to_owned()),
            "**" => a.wrapping_pow(b.min(i64::from(u32::MAX)) as u32),
            _ if b == 0 && self.skip > 0 => 0,
            _ if b == 0 => return Err("divide by zero".to_owned()),
            "/" => a.wrapping_div(b),
            _ => a.wrapping_rem(b),
        })
    }

    fn unary(&mut self) -> Result<Operand, String> {
        self.blanks();
        for op in ["++", "--"] {
            if self.starts(op)
                && self
                    .text
                    .get(self.at + 2)
                    .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            {
                self.at += 2;
                let name = self.name();
                let value = self
                    .value_of(&name)?
                    .wrapping_add(if op == "++" { 1 } else { -1 });
                if self.skip == 0 {
                    self.variables.set(&name, value);
                }
                return Ok(Operand { value, name: None });
            }
        }
        let Some(&byte) = self.text.get(self.at) else {
            return Err(SYNTAX.to_owned());
        };
        if matches!(byte, b'+' | b'-' | b'!' | b'~') {
            self.at += 1;
            self.deeper()?;
            let value = self.unary()?.value;
            self.depth -= 1;
            let value = match byte {
                b'+' => value,
                b'-' => value.wrapping_neg(),
                b'!' => i64::from(value == 0),
                _ => !value,
            };
            return Ok(Operand { value, name: None });
        }
        self.primary(byte)
    }

    fn primary(&mut self, byte: u8) -> Result<Operand, String> {
        if byte == b'(' {
            self.at += 1;
            self.deeper()?;
            let value = self.comma()?;
            self.depth -= 1;
            if !self.eat(")") {
                return Err(SYNTAX.to_owned());
            }
            return Ok(Operand { value, name: None });
        }
        if byte.is_ascii_digit() {
            return Ok(Operand {
                value: self.number()?,
                name: None,
            });
        }
        let name = self.name();
        if name.is_empty() {
            return Err(SYNTAX.to_owned());
        }
        let value = self.value_of(&name)?;
        self.blanks();
        for (op, change) in [("++", 1), ("--", -1)] {
            if self.starts(op) {
                self.at += 2;
                if self.skip == 0 {
                    self.variables.set(&name, value.wrapping_add(change));
                }
                return Ok(Operand { value, name: None });
            }
        }
        Ok(Operand {
            value,
            name: Some(name),
        })
    }

    fn name(&mut self) -> String {
        let start = self.at;
        while self
            .text
            .get(self.at)
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
        {
            self.at += 1;
        }
        String::from_utf8_lossy(&self.text[start..self.at]).into_owned()
    }

    fn number(&mut self) -> Result<i64, String> {
        let mut base = 10;
        let mut word = self.name();
        if let Some(hex) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
            base = 16;
            word = hex.to_owned();
        } else if self.text.get(self.at) == Some(&b'#') {
            base = word.parse().unwrap_or(0);
            self.at += 1;
            word = self.name();
            if !(2..=36).contains(&base) {
                return Err(SYNTAX.to_owned());
            }
        } else if word.len() > 1 && word.starts_with('0') {
            base = 8;
        }
        let mut value: i64 = 0;
        for c in word.chars() {
            let digit = c.to_digit(base).ok_or_else(|| SYNTAX.to_owned())?;
            value = value
                .wrapping_mul(i64::from(base))
                .wrapping_add(i64::from(digit));
        }
        Ok(value)
    }

    /// A variable's text is itself an expression.
    fn value_of(&mut self, name: &str) -> Result<i64, String> {
        let Some(text) = self.variables.get(name) else {
            return Ok(0);
        };
        if let Ok(number) = text.trim().parse::<i64>()
            && !text.trim().trim_start_matches('-').starts_with('0')
        {
            return Ok(number);
        }
        self.deeper()?;
        let value = evaluate_at(&text, self.variables, self.depth)?;
        self.depth -= 1;
        Ok(value)
    }
}
