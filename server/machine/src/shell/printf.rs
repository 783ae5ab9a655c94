//! `printf`: formats and conversions.
//!
//! Pure; shared by the builtin and the program. Mirrors POSIX XCU `printf`, in busybox's words.

use super::escape::{Style, unescape};

/// What a `printf` gives.
#[derive(Debug, Default)]
pub struct Printed {
    /// For standard output.
    pub output: Vec<u8>,
    /// For standard error, without the shell's name.
    pub errors: Vec<String>,
    /// Exit status.
    pub status: i32,
}

/// Bytes after which the format is not used again.
const LARGEST: usize = 4 << 20;

struct State<'a> {
    arguments: &'a [String],
    used: usize,
    done: Printed,
    ended: bool,
}

/// `printf` with a format and arguments (without its name).
pub fn printf(arguments: &[String]) -> Printed {
    let Some((format, arguments)) = arguments.split_first() else {
        return Printed {
            errors: vec!["usage: printf FORMAT [ARGUMENT...]".to_owned()],
            status: 2,
            ..Printed::default()
        };
    };
    let mut state = State {
        arguments,
        used: 0,
        done: Printed::default(),
        ended: false,
    };
    loop {
        let before = state.used;
        if !state.pass(format)
            || state.ended
            || state.used >= arguments.len()
            || state.used == before
        {
            return state.done;
        }
        if state.done.output.len() > LARGEST {
            state.done.errors.push("out of memory".to_owned());
            state.done.status = 1;
            return state.done;
        }
    }
}

impl State<'_> {
    fn next(&mut self) -> Option<String> {
        let argument = self.arguments.get(self.used).cloned();
        self.used += 1;
        argument
    }

    fn text(&mut self, text: &str) {
        let (bytes, ended) = unescape(text, Style::Format);
        self.done.output.extend(bytes);
        self.ended |= ended;
    }

    /// The format once; false when it is wrong.
    fn pass(&mut self, format: &str) -> bool {
        let mut rest = format;
        while let Some(at) = rest.find('%') {
            self.text(&rest[..at]);
            if self.ended {
                return true;
            }
            let spec = &rest[at + 1..];
            if let Some(after) = spec.strip_prefix('%') {
                self.done.output.push(b'%');
                rest = after;
                continue;
            }
            let Some(after) = self.conversion(spec) else {
                self.done
                    .errors
                    .push(format!("{}: invalid format", &rest[at..]));
                self.done.status = 1;
                return false;
            };
            if self.ended {
                return true;
            }
            rest = after;
        }
        self.text(rest);
        true
    }

    fn conversion<'f>(&mut self, spec: &'f str) -> Option<&'f str> {
        let flags_end = spec.find(|c| !"-+ #0".contains(c))?;
        let flags = &spec[..flags_end];
        let mut rest = &spec[flags_end..];
        let mut left = flags.contains('-');
        let mut width = 0;
        if let Some(after) = rest.strip_prefix('*') {
            let value = self
                .next()
                .and_then(|text| text.parse::<i64>().ok())
                .unwrap_or(0);
            left |= value < 0;
            width = value.unsigned_abs().min(10_000) as usize;
            rest = after;
        } else {
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            width = rest[..end].parse().unwrap_or(width).min(10_000);
            rest = &rest[end..];
        }
        let mut precision = None;
        if let Some(after) = rest.strip_prefix('.') {
            if let Some(after) = after.strip_prefix('*') {
                let wanted = self.next().and_then(|text| text.parse::<usize>().ok());
                precision = wanted.map(|wanted| wanted.min(10_000));
                rest = after;
            } else {
                let end = after
                    .find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(after.len());
                precision = Some(after[..end].parse().unwrap_or(0).min(10_000));
                rest = &after[end..];
            }
        }
        let kind = rest
            .trim_start_matches(['l', 'h', 'z', 'j', 'q', 'L'])
            .chars()
            .next()?;
        let after = &rest[rest.find(kind)? + kind.len_utf8()..];
        let bytes = match kind {
            's' => {
                let text = self.next().unwrap_or_default();
                cut(text.into_bytes(), precision)
            }
            'b' => {
                let text = self.next().unwrap_or_default();
                let (bytes, ended) = unescape(&text, Style::Echo);
                self.ended |= ended;
                cut(bytes, precision)
            }
            'c' => self.next().unwrap_or_default().bytes().take(1).collect(),
            'd' | 'i' | 'u' | 'x' | 'X' | 'o' => {
                return self
                    .integer(kind, flags, width, left, precision)
                    .map(|()| after);
            }
            'f' | 'F' | 'e' | 'E' | 'g' | 'G' => self.float(kind, flags, precision),
            _ => return None,
        };
        self.pad(&bytes, width, left);
        Some(after)
    }

    fn pad(&mut self, bytes: &[u8], width: usize, left: bool) {
        let count = String::from_utf8_lossy(bytes).chars().count();
        let fill = vec![b' '; width.saturating_sub(count)];
        if left {
            self.done.output.extend_from_slice(bytes);
            self.done.output.extend(fill);
        } else {
            self.done.output.extend(fill);
            self.done.output.extend_from_slice(bytes);
        }
    }

    fn value(&mut self) -> i128 {
        let text = self.next().unwrap_or_default();
        if let Some(rest) = text.strip_prefix(['"', '\'']) {
            return rest.chars().next().map_or(0, |c| i128::from(u32::from(c)));
        }
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text.strip_prefix('+').unwrap_or(&text)),
        };
        let parsed = if let Some(hex) = digits
            .strip_prefix("0x")
            .or_else(|| digits.strip_prefix("0X"))
        {
            i128::from_str_radix(hex, 16).ok()
        } else if digits.len() > 1 && digits.starts_with('0') {
            i128::from_str_radix(digits, 8).ok()
        } else if digits.starts_with(|c: char| c.is_ascii_digit()) {
            digits.parse().ok()
        } else {
            None
        };
        match parsed.filter(|value| *value <= i128::from(u64::MAX)) {
            Some(value) => sign * value,
            None => {
                self.done.errors.push(format!("invalid number '{text}'"));
                self.done.status = 1;
                0
            }
        }
    }

    fn integer(
        &mut self,
        kind: char,
        flags: &str,
        width: usize,
        left: bool,
        precision: Option<usize>,
    ) -> Option<()> {
        let value = self.value();
        let (negative, mut digits) = match kind {
            'd' | 'i' => (value < 0, value.unsigned_abs().to_string()),
            _ => {
                let bits = value as i64 as u64;
                let digits = match kind {
                    'x' => format!("{bits:x}"),
                    'X' => format!("{bits:X}"),
                    'o' => format!("{bits:o}"),
                    _ => bits.to_string(),
                };
                (false, digits)
            }
        };
        let mut prefix = match (negative, kind) {
            (true, _) => "-".to_owned(),
            (_, 'd' | 'i') if flags.contains('+') => "+".to_owned(),
            (_, 'd' | 'i') if flags.contains(' ') => " ".to_owned(),
            _ => String::new(),
        };
        if flags.contains('#') && value != 0 {
            prefix.push_str(match kind {
                'x' => "0x",
                'X' => "0X",
                'o' => "0",
                _ => "",
            });
        }
        let wanted = match precision {
            Some(precision) => precision,
            None if flags.contains('0') && !left => width.saturating_sub(prefix.len()),
            None => 0,
        };
        if digits.len() < wanted {
            digits.insert_str(0, &"0".repeat(wanted - digits.len()));
        }
        self.pad(format!("{prefix}{digits}").as_bytes(), width, left);
        Some(())
    }

    fn float(&mut self, kind: char, flags: &str, precision: Option<usize>) -> Vec<u8> {
        let text = self.next().unwrap_or_else(|| "0".to_owned());
        let value: f64 = match text.trim().parse() {
            Ok(value) => value,
            Err(_) => {
                self.done.errors.push(format!("invalid number '{text}'"));
                self.done.status = 1;
                0.0
            }
        };
        let digits = precision.unwrap_or(6);
        let shown = match kind {
            'e' | 'E' => exponent(value, digits),
            'g' | 'G' => {
                let digits = digits.max(1);
                let power = if value == 0.0 {
                    0
                } else {
                    value.abs().log10().floor() as i64
                };
                let text = if power < -4 || power >= digits as i64 {
                    exponent(value, digits - 1)
                } else {
                    format!("{value:.*}", (digits as i64 - 1 - power).max(0) as usize)
                };
                if text.contains('.') && !text.contains('e') {
                    text.trim_end_matches('0').trim_end_matches('.').to_owned()
                } else {
                    text
                }
            }
            _ => format!("{value:.digits$}"),
        };
        let sign = if flags.contains('+') && value >= 0.0 {
            "+"
        } else {
            ""
        };
        let shown = format!("{sign}{shown}");
        if kind.is_ascii_uppercase() {
            shown.to_uppercase().into_bytes()
        } else {
            shown.into_bytes()
        }
    }
}

fn exponent(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$e}");
    match text.split_once('e') {
        Some((mantissa, power)) => {
            let power: i32 = power.parse().unwrap_or(0);
            format!(
                "{mantissa}e{}{:02}",
                if power < 0 { '-' } else { '+' },
                power.abs()
            )
        }
        None => text,
    }
}

fn cut(mut bytes: Vec<u8>, precision: Option<usize>) -> Vec<u8> {
    if let Some(precision) = precision {
        bytes.truncate(precision);
    }
    bytes
}
