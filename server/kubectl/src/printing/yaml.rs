//! `-o yaml` in the form of sigs.k8s.io/yaml: keys sorted, lists not indented, strings quoted only where YAML 1.1 needs it.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// A document, with a line end.
pub(crate) fn encode(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => mapping(map, 0, &mut out),
        Value::Array(list) if !list.is_empty() => sequence(list, 0, &mut out),
        other => {
            scalar(other, 0, &mut out);
            out.push('\n');
        }
    }
    out
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn mapping(map: &Map<String, Value>, depth: usize, out: &mut String) {
    let mut keys: Vec<&String> = map.keys().collect();
    keys.sort_by(|a, b| natural(a, b));
    for (i, key) in keys.into_iter().enumerate() {
        if i > 0 {
            indent(depth, out);
        }
        string(key, depth, out);
        out.push(':');
        match &map[key] {
            Value::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                indent(depth + 1, out);
                mapping(inner, depth + 1, out);
            }
            Value::Array(inner) if !inner.is_empty() => {
                out.push('\n');
                indent(depth, out);
                sequence(inner, depth, out);
            }
            other => {
                out.push(' ');
                scalar(other, depth + 1, out);
                out.push('\n');
            }
        }
    }
}

fn sequence(list: &[Value], depth: usize, out: &mut String) {
    for (i, item) in list.iter().enumerate() {
        if i > 0 {
            indent(depth, out);
        }
        out.push_str("- ");
        match item {
            Value::Object(inner) if !inner.is_empty() => mapping(inner, depth + 1, out),
            Value::Array(inner) if !inner.is_empty() => sequence(inner, depth + 1, out),
            other => {
                scalar(other, depth + 1, out);
                out.push('\n');
            }
        }
    }
}

fn scalar(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(n) => out.push_str(&n.to_string()),
        Value::String(s) => string(s, depth, out),
        Value::Object(_) => out.push_str("{}"),
        Value::Array(_) => out.push_str("[]"),
    }
}

fn string(text: &str, depth: usize, out: &mut String) {
    let odd = |c: char| {
        (c.is_control() && c != '\n')
            || c == '\u{feff}'
            || c == '\u{85}'
            || c == '\u{2028}'
            || c == '\u{2029}'
    };
    if text.chars().any(odd) {
        return double(text, out);
    }
    if text.contains('\n') {
        return block(text, depth, out);
    }
    if resolves(text) {
        return double(text, out);
    }
    if !plain(text) {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
        return;
    }
    out.push_str(text);
}

fn block(text: &str, depth: usize, out: &mut String) {
    if text.split('\n').any(|line| line.ends_with(' '))
        && text
            .trim_end_matches('\n')
            .split('\n')
            .any(|l| l.trim().is_empty() && !l.is_empty())
    {
        return double(text, out);
    }
    out.push('|');
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    if !text.ends_with('\n') {
        out.push('-');
    } else if text.ends_with("\n\n") || text == "\n" {
        out.push('+');
    }
    let body = text.strip_suffix('\n').unwrap_or(text);
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            indent(depth, out);
            out.push_str(line);
        }
    }
}

fn double(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\0' => out.push_str("\\0"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{1b}' => out.push_str("\\e"),
            c if c.is_control() => out.push_str(&format!("\\x{:02X}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Whether a plain scalar would be read as something else than a string.
fn resolves(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "y",
        "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off",
        "OFF", "<<", ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF",
        "-.inf", "-.Inf", "-.INF",
    ];
    WORDS.contains(&text) || number(text) || date(text)
}

fn number(text: &str) -> bool {
    let unsigned = text
        .strip_prefix(['-', '+'])
        .unwrap_or(text)
        .replace('_', "");
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return false;
    }
    let digits = |text: &str, base: u32| !text.is_empty() && text.chars().all(|c| c.is_digit(base));
    if let Some(rest) = unsigned.strip_prefix("0x") {
        return digits(rest, 16);
    }
    if let Some(rest) = unsigned.strip_prefix("0b") {
        return digits(rest, 2);
    }
    if let Some(rest) = unsigned.strip_prefix("0o") {
        return digits(rest, 8);
    }
    let sexagesimal = unsigned.split(':').count() > 1
        && unsigned.split(':').enumerate().all(|(i, part)| {
            digits(part, 10)
                && (i == 0 || (part.len() <= 2 && part.parse::<u32>().is_ok_and(|n| n < 60)))
        });
    if sexagesimal {
        return true;
    }
    unsigned
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+'))
        && unsigned.parse::<f64>().is_ok()
}

fn date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4] == b'-'
        && (text.parse::<jiff::Timestamp>().is_ok() || text.parse::<jiff::civil::Date>().is_ok())
}

fn plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let second = text.chars().nth(1);
    if text.starts_with("---")
        || text.starts_with("...")
        || text.starts_with(' ')
        || text.ends_with(' ')
    {
        return false;
    }
    if matches!(
        first,
        '#' | ','
            | '['
            | ']'
            | '{'
            | '}'
            | '&'
            | '*'
            | '!'
            | '|'
            | '>'
            | '\''
            | '"'
            | '%'
            | '@'
            | '`'
    ) {
        return false;
    }
    if matches!(first, '-' | '?' | ':') && second.is_none_or(|c| c == ' ') {
        return false;
    }
    !text.contains(": ") && !text.contains(" #") && !text.ends_with(':')
}

/// The order of keys: digits by value, letters after other signs.
fn natural(a: &str, b: &str) -> Ordering {
    let (x, y): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut digits = false;
    for i in 0..x.len().min(y.len()) {
        if x[i] == y[i] {
            digits = x[i].is_ascii_digit();
            continue;
        }
        let (al, bl) = (x[i].is_alphabetic(), y[i].is_alphabetic());
        if al && bl {
            return x[i].cmp(&y[i]);
        }
        if al || bl {
            return if digits {
                bl.cmp(&al).reverse().then(Ordering::Less).min(if al {
                    Ordering::Less
                } else {
                    Ordering::Greater
                })
            } else {
                al.cmp(&bl)
            };
        }
        return number_order(&x, &y, i, digits);
    }
    x.len().cmp(&y.len())
}

fn number_order(x: &[char], y: &[char], at: usize, digits: bool) -> Ordering {
    let mut from = at;
    if digits {
        while from > 0 && x[from - 1].is_ascii_digit() {
            from -= 1;
        }
    }
    let run = |of: &[char]| {
        of[from..]
            .iter()
            .take_while(|c| c.is_ascii_digit())
            .collect::<String>()
    };
    let (m, n) = (run(x), run(y));
    let value = |text: &str| text.parse::<u64>().unwrap_or(0);
    match value(&m).cmp(&value(&n)).then(m.len().cmp(&n.len())) {
        Ordering::Equal => x[at].cmp(&y[at]),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn writes_what_kubectl_writes() {
        let check = |value: Value, want: &str| assert_eq!(encode(&value), want);
        check(
            json!({"b": [{"x": 1, "y": []}, "s"], "a": {}, "c": null}),
            "a: {}\nb:\n- x: 1\n  \"y\": []\n- s\nc: null\n",
        );
        check(
            json!({"a": "3600", "b": "true", "c": "*/5 * * * *", "d": "a: b", "e": "2026-11-20T21:02:28Z"}),
            "a: \"3600\"\nb: \"true\"\nc: '*/5 * * * *'\nd: 'a: b'\ne: \"2026-11-20T21:02:28Z\"\n",
        );
        check(
            json!({"t": "one\ntwo\n", "u": "one\ntwo"}),
            "t: |\n  one\n  two\nu: |-\n  one\n  two\n",
        );
        check(
            json!({"a10": 1, "a9": 2, "-": 3}),
            "'-': 3\na9: 2\na10: 1\n",
        );
        check(json!([[1, 2], {"k": "v"}]), "- - 1\n  - 2\n- k: v\n");
        check(json!("wget -qO-"), "wget -qO-\n");
    }
}
