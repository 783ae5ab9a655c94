//! awk's values: numbers, texts, and texts from input that look like numbers; and `printf`.

use indexmap::IndexMap;
use std::cell::RefCell;
use std::rc::Rc;

#[derive(Clone, Debug, Default)]
pub enum Value {
    #[default]
    Unset,
    Number(f64),
    Text(Rc<str>),
    /// From input: compared as a number when it looks like one.
    Input(Rc<str>),
}

/// An array: by key, in the order of insertion.
pub type Array = Rc<RefCell<IndexMap<Rc<str>, Value>>>;

impl Value {
    pub fn text(text: impl Into<Rc<str>>) -> Value {
        Value::Text(text.into())
    }

    /// Rough size in bytes.
    pub fn size(&self) -> usize {
        match self {
            Value::Unset | Value::Number(_) => 24,
            Value::Text(text) | Value::Input(text) => 24 + text.len(),
        }
    }

    pub fn number(&self) -> f64 {
        match self {
            Value::Unset => 0.0,
            Value::Number(number) => *number,
            Value::Text(text) | Value::Input(text) => leading(text),
        }
    }

    /// As text; `format` is CONVFMT or OFMT.
    pub fn to_text(&self, format: &str) -> Rc<str> {
        match self {
            Value::Unset => "".into(),
            Value::Number(number) => plain(*number, format).into(),
            Value::Text(text) | Value::Input(text) => text.clone(),
        }
    }

    pub fn truth(&self) -> bool {
        match self {
            Value::Unset => false,
            Value::Number(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::Input(text) => whole(text).map_or(!text.is_empty(), |number| number != 0.0),
        }
    }

    /// The number, if it compares as one.
    pub fn numeric(&self) -> Option<f64> {
        match self {
            Value::Unset => Some(0.0),
            Value::Number(number) => Some(*number),
            Value::Text(_) => None,
            Value::Input(text) => whole(text),
        }
    }
}

fn plain(number: f64, format: &str) -> String {
    if number.fract() == 0.0 && number.abs() < 1e16 {
        return format!("{}", number as i64);
    }
    if number.is_nan() {
        return if number.is_sign_negative() {
            "-nan"
        } else {
            "nan"
        }
        .to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    format_all(format, &[Value::Number(number)])
}

/// How many bytes at the start make a number.
fn length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let digits = |mut at: usize| {
        let start = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        (at, at - start)
    };
    let (end, mut count) = digits(at);
    at = end;
    if bytes.get(at) == Some(&b'.') {
        let (end, more) = digits(at + 1);
        if count + more > 0 {
            at = end;
            count += more;
        }
    }
    if count == 0 {
        return 0;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let (end, more) = digits(at + 1 + sign);
        if more > 0 {
            at = end;
        }
    }
    at
}

fn leading(text: &str) -> f64 {
    let text = text.trim_start();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(hex) = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))
    {
        let end = hex
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(hex.len());
        if let Ok(value) = u64::from_str_radix(&hex[..end], 16) {
            return if text.starts_with('-') {
                -(value as f64)
            } else {
                value as f64
            };
        }
    }
    text[..length(text)].parse().unwrap_or(0.0)
}

fn whole(text: &str) -> Option<f64> {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    let end = length(text);
    if end > 0 && end == text.len() {
        text.parse().ok()
    } else {
        None
    }
}

/// `sprintf`.
pub fn format_all(format: &str, values: &[Value]) -> String {
    let mut out = String::new();
    let mut values = values.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        if chars.peek() == Some(&'%') {
            chars.next();
            out.push('%');
            continue;
        }
        let mut flags = String::new();
        while let Some(flag) = chars.next_if(|c| "-+ #0".contains(*c)) {
            flags.push(flag);
        }
        let mut left = flags.contains('-');
        let mut size = |chars: &mut core::iter::Peekable<core::str::Chars<'_>>| -> Option<i64> {
            if chars.next_if_eq(&'*').is_some() {
                return Some(values.next().map_or(0.0, Value::number) as i64);
            }
            let mut digits = String::new();
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            digits.parse().ok()
        };
        let width = size(&mut chars).unwrap_or(0);
        left |= width < 0;
        let width = width.unsigned_abs().min(10_000) as usize;
        let precision = if chars.next_if_eq(&'.').is_some() {
            Some(size(&mut chars).unwrap_or(0).clamp(0, 400) as usize)
        } else {
            None
        };
        while chars.next_if(|c| "lhjzqL".contains(*c)).is_some() {}
        let Some(kind) = chars.next() else {
            out.push('%');
            break;
        };
        let value = if "diouxXcsfFeEgG".contains(kind) {
            values.next().cloned().unwrap_or_default()
        } else {
            Value::Unset
        };
        let zero = flags.contains('0') && !left;
        let (sign, body, pads_with_zero) = match kind {
            'd' | 'i' => {
                let number = value.number();
                let digits = if number.is_finite() {
                    format!("{:.0}", number.trunc().abs())
                } else {
                    plain(number.abs(), "%g")
                };
                (
                    sign_of(number.trunc() < 0.0, &flags),
                    at_least(digits, precision),
                    zero && precision.is_none(),
                )
            }
            'o' | 'u' | 'x' | 'X' => {
                let bits = value.number() as i64 as u64;
                let digits = match kind {
                    'o' => format!("{bits:o}"),
                    'x' => format!("{bits:x}"),
                    'X' => format!("{bits:X}"),
                    _ => bits.to_string(),
                };
                let prefix = if !flags.contains('#') || bits == 0 {
                    ""
                } else {
                    ["0", "0x", "0X", ""]["oxXu".find(kind).unwrap_or(3)]
                };
                (
                    prefix.to_owned(),
                    at_least(digits, precision),
                    zero && precision.is_none(),
                )
            }
            'c' => {
                let text = match &value {
                    Value::Number(number) => char::from_u32(*number as u32)
                        .map(String::from)
                        .unwrap_or_default(),
                    other => other.to_text("%.6g").chars().take(1).collect(),
                };
                (String::new(), text, false)
            }
            's' => {
                let text = value.to_text("%.6g");
                let cut: String = text.chars().take(precision.unwrap_or(usize::MAX)).collect();
                (String::new(), cut, false)
            }
            'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
                let number = value.number();
                let negative =
                    number.is_sign_negative() && (number != 0.0 || number.to_bits() != 0);
                (
                    sign_of(negative, &flags),
                    float(
                        kind,
                        number.abs(),
                        precision.unwrap_or(6),
                        flags.contains('#'),
                    ),
                    zero,
                )
            }
            other => (String::new(), format!("%{flags}{other}"), false),
        };
        let fill = width.saturating_sub(sign.chars().count() + body.chars().count());
        if left {
            out.extend([sign.as_str(), body.as_str(), &" ".repeat(fill)]);
        } else if pads_with_zero {
            out.extend([sign.as_str(), &"0".repeat(fill), body.as_str()]);
        } else {
            out.extend([&" ".repeat(fill), sign.as_str(), body.as_str()]);
        }
    }
    out
}

fn sign_of(negative: bool, flags: &str) -> String {
    if negative {
        "-"
    } else if flags.contains('+') {
        "+"
    } else if flags.contains(' ') {
        " "
    } else {
        ""
    }
    .to_owned()
}

fn at_least(digits: String, precision: Option<usize>) -> String {
    let missing = precision.unwrap_or(0).saturating_sub(digits.len());
    "0".repeat(missing) + &digits
}

fn float(kind: char, number: f64, precision: usize, keep: bool) -> String {
    if !number.is_finite() {
        let text = if number.is_nan() { "nan" } else { "inf" };
        return if kind.is_ascii_uppercase() {
            text.to_uppercase()
        } else {
            text.to_owned()
        };
    }
    let exponential = |digits: usize| {
        let text = format!("{number:.digits$e}");
        let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
        let power: i32 = power.parse().unwrap_or(0);
        (mantissa.to_owned(), power)
    };
    let show = |mantissa: &str, power: i32| {
        format!(
            "{mantissa}e{}{:02}",
            if power < 0 { '-' } else { '+' },
            power.abs()
        )
    };
    let trim = |text: String| {
        if keep || !text.contains('.') {
            text
        } else {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    };
    let text = match kind.to_ascii_lowercase() {
        'f' => format!("{number:.precision$}"),
        'e' => {
            let (mantissa, power) = exponential(precision);
            show(&mantissa, power)
        }
        _ => {
            let digits = precision.max(1);
            let (mantissa, power) = exponential(digits - 1);
            if power < -4 || power >= digits as i32 {
                show(&trim(mantissa), power)
            } else {
                let after = (digits as i32 - 1 - power).max(0) as usize;
                trim(format!("{number:.after$}"))
            }
        }
    };
    if kind.is_ascii_uppercase() {
        text.to_uppercase()
    } else {
        text
    }
}
