//! Prints YAML as sigs.k8s.io/yaml does: keys sorted, two blanks of indent, lists not indented below their key, strings quoted where
//! they would be read as something else.

use serde_json::Value;

/// Prints a value as `kubectl -o yaml` does, with a line break at the end.
pub fn encode_yaml(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, Place::Line, &mut out);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// Where a value is written.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// At the start of a line.
    Line,
    /// After `key:`.
    Member,
    /// After `- `.
    Item,
}

fn write(value: &Value, indent: usize, place: Place, out: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            if place == Place::Member {
                out.push('\n');
            }
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|a, b| key_order(a.0, b.0));
            for (i, (key, value)) in sorted.into_iter().enumerate() {
                if i > 0 || place == Place::Member {
                    pad(indent, out);
                }
                scalar(key, indent, true, out);
                out.push(':');
                // lists stand below their key without further indent
                let deeper = if value.is_array() { indent } else { indent + 2 };
                write(value, deeper, Place::Member, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            if place == Place::Member {
                out.push('\n');
            }
            for (i, item) in items.iter().enumerate() {
                if i > 0 || place == Place::Member {
                    pad(indent, out);
                }
                out.push_str("- ");
                write(item, indent + 2, Place::Item, out);
            }
        }
        leaf => {
            if place == Place::Member {
                out.push(' ');
            }
            match leaf {
                Value::Object(_) => out.push_str("{}"),
                Value::Array(_) => out.push_str("[]"),
                Value::String(text) => scalar(text, indent, false, out),
                Value::Number(number) => out.push_str(&number_text(number)),
                other => out.push_str(&other.to_string()),
            }
            out.push('\n');
        }
    }
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// As Go prints a float64 with `%g` and the shortest digits; integers as they are.
fn number_text(number: &serde_json::Number) -> String {
    if number.is_i64() || number.is_u64() {
        return number.to_string();
    }
    let n = number.as_f64().unwrap_or_default();
    let exponent = if n == 0.0 {
        0
    } else {
        n.abs().log10().floor() as i32
    };
    if !(-4..21).contains(&exponent) {
        let text = format!("{n:e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, power) = power.strip_prefix('-').map_or(('+', power), |p| ('-', p));
        return format!("{digits}e{sign}{power:0>2}");
    }
    format!("{n}")
}

/// The order of go-yaml's keys: runs of digits by their number, letters after other signs.
fn key_order(a: &str, b: &str) -> std::cmp::Ordering {
    use std::cmp::Ordering;
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut digits = false;
    for i in 0..a.len().min(b.len()) {
        if a[i] == b[i] {
            digits = a[i].is_ascii_digit();
            continue;
        }
        let (al, bl) = (a[i].is_alphabetic(), b[i].is_alphabetic());
        if al && bl {
            return a[i].cmp(&b[i]);
        }
        if al || bl {
            if digits {
                return if al {
                    Ordering::Less
                } else {
                    Ordering::Greater
                };
            }
            return if al {
                Ordering::Greater
            } else {
                Ordering::Less
            };
        }
        return numbers(&a, &b, i).unwrap_or_else(|| a[i].cmp(&b[i]));
    }
    a.len().cmp(&b.len())
}

/// Compares the numbers that begin at (or around) the first difference.
fn numbers(a: &[char], b: &[char], at: usize) -> Option<std::cmp::Ordering> {
    let mut leading = None;
    if a[at] == '0' || b[at] == '0' {
        let before = a[..at].iter().rev().take_while(|c| c.is_ascii_digit());
        for c in before {
            if *c != '0' {
                leading = Some(1);
                break;
            }
        }
    }
    let first = |text: &[char]| {
        if leading.is_some() && text[at] == '0' {
            1
        } else {
            u64::from(leading.is_some())
        }
    };
    let read = |text: &[char]| {
        let run = text[at..].iter().take_while(|c| c.is_ascii_digit());
        let mut count = 0;
        let value = run.fold(first(text), |n, c| {
            count += 1;
            n.saturating_mul(10)
                .saturating_add(u64::from(c.to_digit(10).unwrap_or_default()))
        });
        (value, count)
    };
    let ((an, ac), (bn, bc)) = (read(a), read(b));
    if an != bn {
        return Some(an.cmp(&bn));
    }
    (ac != bc).then(|| ac.cmp(&bc))
}

fn scalar(text: &str, indent: usize, key: bool, out: &mut String) {
    if text.contains('\n') && !key && can_be_block(text) {
        return block(text, indent, out);
    }
    if is_other_type(text) || needs_double_quotes(text) {
        return double_quoted(text, out);
    }
    if can_be_plain(text) {
        return out.push_str(text);
    }
    out.push('\'');
    out.push_str(&text.replace('\'', "''"));
    out.push('\'');
}

/// `|` blocks cannot hold what has to be escaped, nor blanks before a line break.
fn can_be_block(text: &str) -> bool {
    let printable = text.chars().all(|c| c == '\n' || is_printable(c));
    printable && !text.contains(" \n") && !text.ends_with(' ')
}

fn block(text: &str, indent: usize, out: &mut String) {
    let hint = if text.starts_with([' ', '\n']) {
        "2"
    } else {
        ""
    };
    let chomp = match text.trim_end_matches('\n').len() {
        n if n == text.len() => "-",
        n if n + 1 < text.len() || n == 0 => "+",
        _ => "",
    };
    out.push('|');
    out.push_str(hint);
    out.push_str(chomp);
    let body = text.strip_suffix('\n').unwrap_or(text);
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            pad(indent.max(2), out);
            out.push_str(line);
        }
    }
}

fn is_printable(c: char) -> bool {
    matches!(c, '\t' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        && c != '\u{feff}'
}

fn needs_double_quotes(text: &str) -> bool {
    text.chars().any(|c| {
        c == '\n'
            || c == '\t'
            || !is_printable(c)
            || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
    })
}

/// Whether the text, written plain, would be read as null, a boolean, a number or a time.
fn is_other_type(text: &str) -> bool {
    text.is_empty() || super::read::resolves(text) || is_base60(text)
}

/// `12:30:45` was a number in YAML 1.1.
fn is_base60(text: &str) -> bool {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = body.split(':');
    let first = parts.next().unwrap_or_default();
    let good = |part: &str, max: usize| !part.is_empty() && part.len() <= max;
    let head = good(first, usize::MAX)
        && first.as_bytes()[0].is_ascii_digit()
        && first.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let rest: Vec<&str> = parts.collect();
    let last = rest.len().wrapping_sub(1);
    head && !rest.is_empty()
        && rest.iter().enumerate().all(|(i, part)| {
            let whole = if i == last {
                part.split('.').next().unwrap_or_default()
            } else {
                part
            };
            let fraction = if i == last {
                part.split_once('.').map_or("", |p| p.1)
            } else {
                ""
            };
            good(whole, 2)
                && whole.bytes().all(|b| b.is_ascii_digit())
                && (whole.len() == 1 || whole.as_bytes()[0] <= b'5')
                && fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        })
}

fn can_be_plain(text: &str) -> bool {
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    let second = chars.next();
    let blank_next = second.is_none_or(|c| c == ' ');
    if text.starts_with("---")
        || text.starts_with("...")
        || text.ends_with(' ')
        || text.starts_with(' ')
    {
        return false;
    }
    match first {
        '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
        | '@' | '`' => return false,
        '-' | '?' | ':' if blank_next => return false,
        _ => {}
    }
    !text.contains(": ") && !text.contains(" #") && !text.ends_with(':')
}

fn double_quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\0' => out.push_str("\\0"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            '\x1b' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            c if is_printable(c) => out.push(c),
            c if (c as u32) < 0x100 => out.push_str(&format!("\\x{:02X}", c as u32)),
            c if (c as u32) < 0x10000 => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push_str(&format!("\\U{:08X}", c as u32)),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(value: Value, expect: &str) {
        assert_eq!(encode_yaml(&value), expect);
    }

    #[test]
    fn structure() {
        check(
            json!({"b": [1, {"c": "d", "e": []}, [2, [3]]], "a": {}, "z": null}),
            "a: {}\nb:\n- 1\n- c: d\n  e: []\n- - 2\n  - - 3\nz: null\n",
        );
        check(
            json!({"a": {"b": {"c": [{"d": {"e": 1}}]}}}),
            "a:\n  b:\n    c:\n    - d:\n        e: 1\n",
        );
        check(json!([]), "[]\n");
        check(json!("x"), "x\n");
    }

    #[test]
    fn strings() {
        for (text, expect) in [
            ("plain text", "plain text"),
            ("", r#""""#),
            ("true", r#""true""#),
            ("yes", r#""yes""#),
            ("n", r#""n""#),
            ("1", r#""1""#),
            ("1.5", r#""1.5""#),
            ("0o7", r#""0o7""#),
            ("0x1f", r#""0x1f""#),
            ("1e3", r#""1e3""#),
            ("~", r#""~""#),
            ("null", r#""null""#),
            ("2026-01-01", r#""2026-01-01""#),
            ("2026-01-01T00:00:00Z", r#""2026-01-01T00:00:00Z""#),
            ("12:30", r#""12:30""#),
            ("100m", "100m"),
            ("- a", "'- a'"),
            ("-a", "-a"),
            ("a: b", "'a: b'"),
            ("a:b", "a:b"),
            ("a #b", "'a #b'"),
            ("*x", "'*x'"),
            ("it's", "it's"),
            ("'x", "'''x'"),
            ("a\tb", r#""a\tb""#),
            ("{}", "'{}'"),
            ("a\\b", r"a\b"),
            ("é漢", "é漢"),
            (".", "."),
            ("=", "="),
            ("<<", r#""<<""#),
            ("1.2.3", "1.2.3"),
            ("a,b", "a,b"),
            ("%x", "'%x'"),
            (" a", "' a'"),
            ("a:", "'a:'"),
            ("?", "'?'"),
            ("\u{1}", r#""\x01""#),
            ("No", r#""No""#),
            ("off", r#""off""#),
            (".inf", r#"".inf""#),
            ("_1", "_1"),
            ("1_000", r#""1_000""#),
            ("@", "'@'"),
        ] {
            check(json!({"k": text}), &format!("k: {expect}\n"));
        }
    }

    #[test]
    fn blocks() {
        check(json!({"k": "a\nb\n"}), "k: |\n  a\n  b\n");
        check(json!({"k": "a\nb"}), "k: |-\n  a\n  b\n");
        check(json!({"k": "a\n\nb\n\n"}), "k: |+\n  a\n\n  b\n\n");
        check(json!({"k": " a\nb\n"}), "k: |2\n   a\n  b\n");
        check(json!({"k": "a \nb"}), "k: \"a \\nb\"\n");
        check(json!([{"k": "a\nb\n"}]), "- k: |\n    a\n    b\n");
    }

    #[test]
    fn keys() {
        check(
            json!({"a10": 1, "a2": 1, "B": 1, "_": 1, "true": 1, "f:a": 1}),
            "_: 1\nB: 1\na2: 1\na10: 1\nf:a: 1\n\"true\": 1\n",
        );
    }
}
