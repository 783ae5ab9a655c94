//! Quantities: `500m`, `1Gi`, `1e3`. Exact to a billionth, printed in Kubernetes' canonical form.
//!
//! Mirrors apimachinery's `api/resource`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;

const NANO: i128 = 1_000_000_000;
/// Beyond this, values are cut; Kubernetes cuts fractions and large binary values at 2^63-1 too.
const MAX: i128 = i128::MAX / 4;

/// How a quantity is printed: by the suffix that it was read with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// `n u m k M G T P E`
    #[default]
    DecimalSi,
    /// `Ki Mi Gi Ti Pi Ei`
    BinarySi,
    /// `e3`
    DecimalExponent,
}

/// An amount with its notation. Compared by amount alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantity {
    nanos: i128,
    format: Format,
}

/// Why a text is no quantity, in Kubernetes' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    #[error(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )]
    Format,
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

impl Quantity {
    pub const ZERO: Quantity = Quantity {
        nanos: 0,
        format: Format::DecimalSi,
    };

    /// Whole units (bytes, cores, pods).
    pub fn from_units(units: i64, format: Format) -> Self {
        Quantity {
            nanos: i128::from(units) * NANO,
            format,
        }
    }

    /// Thousandths.
    pub fn from_millis(millis: i64) -> Self {
        Quantity {
            nanos: i128::from(millis) * (NANO / 1000),
            format: Format::DecimalSi,
        }
    }

    /// Of a JSON value: a string or a number. `None` for anything else or what does not parse.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.to_string().parse().ok(),
            _ => None,
        }
    }

    /// Whole units, rounded up (away from zero); cut at the limits of i64.
    pub fn units(&self) -> i64 {
        clamp(round_up(self.nanos, NANO))
    }

    /// Thousandths, rounded up; cut at the limits of i64.
    pub fn millis(&self) -> i64 {
        clamp(round_up(self.nanos, NANO / 1000))
    }

    /// As floating point, for ratios.
    pub fn as_f64(&self) -> f64 {
        self.nanos as f64 / NANO as f64
    }

    pub fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    pub fn is_negative(&self) -> bool {
        self.nanos < 0
    }

    /// Whether the amount has no fraction.
    pub fn is_whole(&self) -> bool {
        self.nanos % NANO == 0
    }

    /// Whether the amount is a whole number of thousandths.
    pub fn is_whole_millis(&self) -> bool {
        self.nanos % (NANO / 1000) == 0
    }

    /// Rounded up to a thousandth.
    pub fn to_millis(&self) -> Quantity {
        let milli = NANO / 1000;
        Quantity {
            nanos: round_up(self.nanos, milli) * milli,
            format: self.format,
        }
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// The sum; keeps the notation of `self`, or of `other` when `self` is zero.
    pub fn plus(&self, other: &Quantity) -> Quantity {
        let format = if self.nanos == 0 {
            other.format
        } else {
            self.format
        };
        Quantity {
            nanos: cut(self.nanos.saturating_add(other.nanos)),
            format,
        }
    }

    /// The difference; notation as in `plus`.
    pub fn minus(&self, other: &Quantity) -> Quantity {
        self.plus(&Quantity {
            nanos: -other.nanos,
            format: other.format,
        })
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

fn cut(n: i128) -> i128 {
    n.clamp(-MAX, MAX)
}

fn clamp(n: i128) -> i64 {
    n.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

fn round_up(n: i128, unit: i128) -> i128 {
    let quotient = n / unit;
    if n % unit == 0 {
        quotient
    } else {
        quotient + n.signum()
    }
}

/// The parts of a quantity's text.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

fn split(text: &str) -> Result<Parts<'_>, QuantityError> {
    if text.is_empty() {
        return Err(QuantityError::Format);
    }
    let (negative, rest) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let digits = |s: &str| s.find(|c: char| !c.is_ascii_digit()).unwrap_or(s.len());
    let (whole, rest) = rest.split_at(digits(rest));
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    let after = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let exponent = after.strip_prefix(['-', '+']).unwrap_or(after);
    if !exponent.bytes().all(|b| b.is_ascii_digit()) {
        return Err(QuantityError::Format);
    }
    Ok(Parts {
        negative,
        whole,
        fraction,
        suffix,
    })
}

/// Base, exponent and notation of a suffix.
fn read_suffix(suffix: &str) -> Option<(u32, i32, Format)> {
    let decimal = |e| Some((10, e, Format::DecimalSi));
    let binary = |e| Some((1024, e, Format::BinarySi));
    match suffix {
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "" => decimal(0),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            Some((
                10,
                exponent.parse::<i64>().ok()?.clamp(-1000, 1000) as i32,
                Format::DecimalExponent,
            ))
        }
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let parts = split(text)?;
        let (base, exponent, mut format) =
            read_suffix(parts.suffix).ok_or(QuantityError::Suffix)?;
        let digits = parts.whole.bytes().chain(parts.fraction.bytes());
        let mut digits: Vec<u8> = digits
            .map(|b| b - b'0')
            .skip_while(|digit| *digit == 0)
            .collect();
        let mut places = 9 - parts.fraction.len() as i64;
        if base == 10 {
            places += i64::from(exponent);
        } else {
            (0..exponent).for_each(|_| multiply(&mut digits, base));
        }
        let mut nanos = shifted(&digits, places);
        if format == Format::BinarySi {
            nanos = nanos.min(i128::from(i64::MAX) * NANO);
            if (1..NANO).contains(&nanos) {
                format = Format::DecimalSi;
            }
        }
        Ok(Quantity {
            nanos: if parts.negative { -nanos } else { nanos },
            format,
        })
    }
}

/// Multiplies a number that stands digit by digit, the highest first.
fn multiply(digits: &mut Vec<u8>, by: u32) {
    let mut carry = 0;
    for digit in digits.iter_mut().rev() {
        let product = u32::from(*digit) * by + carry;
        *digit = (product % 10) as u8;
        carry = product / 10;
    }
    while carry > 0 {
        digits.insert(0, (carry % 10) as u8);
        carry /= 10;
    }
}

/// `digits × 10^places`, rounded up, cut at `MAX`.
fn shifted(digits: &[u8], places: i64) -> i128 {
    let kept = (digits.len() as i64 + places.min(0)).max(0) as usize;
    let (kept, dropped) = digits.split_at(kept);
    let append = |n: i128, digit: &u8| n.saturating_mul(10).saturating_add(i128::from(*digit));
    let mut n = kept.iter().fold(0, append);
    if dropped.iter().any(|digit| *digit != 0) {
        n = n.saturating_add(1);
    }
    for _ in 0..places {
        if n == 0 || n >= MAX {
            break;
        }
        n = n.saturating_mul(10);
    }
    cut(n)
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0");
        }
        let small = self.nanos.abs() < 1024 * NANO;
        if self.format == Format::BinarySi && !small && self.is_whole() {
            let (mut n, mut power) = (self.nanos / NANO, 0);
            while n % 1024 == 0 && power < 6 {
                n /= 1024;
                power += 1;
            }
            return write!(f, "{n}{}", ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][power]);
        }
        let (mut n, mut exponent) = (self.nanos, -9);
        // Beyond `E` there is no suffix.
        let most = match self.format {
            Format::DecimalExponent => i32::MAX,
            Format::DecimalSi | Format::BinarySi => 18,
        };
        while n % 1000 == 0 && exponent < most {
            n /= 1000;
            exponent += 3;
        }
        if self.format == Format::DecimalExponent {
            return if exponent == 0 {
                write!(f, "{n}")
            } else {
                write!(f, "{n}e{exponent}")
            };
        }
        let suffix =
            ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"][((exponent + 9) / 3) as usize];
        write!(f, "{n}{suffix}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical() {
        for (text, expect) in [
            ("0", "0"),
            ("1", "1"),
            ("1000m", "1"),
            ("0.5", "500m"),
            ("1500m", "1500m"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("0.1Gi", "107374182400m"),
            ("100k", "100k"),
            ("1e3", "1e3"),
            ("1E", "1E"),
            ("1E3", "1e3"),
            ("12e6", "12e6"),
            ("1024", "1024"),
            ("1000", "1k"),
            ("1Ki", "1Ki"),
            ("0.5Ki", "512"),
            ("2048Ki", "2Mi"),
            ("-1", "-1"),
            ("+1.0", "1"),
            (".5", "500m"),
            ("5.", "5"),
            ("0.0000000001", "1n"),
            ("9223372036854775807", "9223372036854775807"),
            ("8Ei", "9223372036854775807"),
            ("m", "0"),
            ("1.0e3", "1e3"),
            ("1e-3", "1e-3"),
            ("1e21", "1e21"),
            ("1e-30", "1e-9"),
            (
                "0.123456789012345678901234567Ei",
                "142335986942043633765524427n",
            ),
            ("10000000000000000000000000000000000000000e-30", "10e9"),
            ("0.0000000000000000000000000000001", "1n"),
        ] {
            assert_eq!(
                text.parse::<Quantity>().map(|q| q.to_string()).as_deref(),
                Ok(expect),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses() {
        for (text, error) in [
            ("", QuantityError::Format),
            ("abc", QuantityError::Format),
            ("1.2.3", QuantityError::Format),
            ("1 ", QuantityError::Format),
            ("1K", QuantityError::Suffix),
            ("1mi", QuantityError::Suffix),
            ("100MB", QuantityError::Format),
            ("é", QuantityError::Format),
        ] {
            assert_eq!(text.parse::<Quantity>(), Err(error), "{text}");
        }
    }

    #[test]
    fn reckons() {
        let q = |t: &str| t.parse::<Quantity>().expect("quantity");
        assert_eq!(q("100m").plus(&q("900m")), q("1"));
        assert_eq!(q("1Gi").minus(&q("1Mi")).to_string(), "1023Mi");
        assert_eq!(
            (q("1.1").units(), q("-1.1").units(), q("0.0001").millis()),
            (2, -2, 1)
        );
        assert!(q("1Gi") > q("1G") && q("1") == q("1000m"));
        // What is less than one in binary notation goes on in decimal notation.
        assert_eq!(q("0.0001Ki").plus(&q("2Ki")).to_string(), "2048102400u");
    }
}
