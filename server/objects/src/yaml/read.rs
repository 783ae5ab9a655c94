//! Reads YAML as Kubernetes' tools do: YAML 1.1, keys as texts, several documents in a stream. The errors are go-yaml's.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError};
use serde_json::{Map, Number, Value};

use crate::json::MAX_DEPTH;

/// More values than this, aliases counted out, are refused.
const MAX_VALUES: usize = 200_000;

/// One document of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// `Null` for an empty document.
    pub value: Value,
    /// `line 4: key "name" already set in map`, one for each key that came again; the last one counts.
    pub duplicates: Vec<String>,
    /// Line on which the document's first value stands, from 1.
    pub line: usize,
}

/// Reads the first document; the others are left alone. Errors: `yaml: line 5: mapping values are not allowed in this context`.
pub fn read(text: &str) -> Result<Document, String> {
    leading_tab(text)?;
    let mut reader = Reader::new(text);
    reader.next_document().map(Option::unwrap_or_default)
}

/// Reads all documents, empty ones too.
pub fn read_all(text: &str) -> Result<Vec<Document>, String> {
    leading_tab(text)?;
    let mut reader = Reader::new(text);
    let mut all = Vec::new();
    while let Some(document) = reader.next_document()? {
        all.push(document);
    }
    Ok(all)
}

struct Reader<'a> {
    text: &'a str,
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    anchors: HashMap<usize, Value>,
    values: usize,
    duplicates: Vec<String>,
    line: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let parser = Parser::new_from_str(text);
        Reader {
            text,
            parser,
            anchors: HashMap::new(),
            values: 0,
            duplicates: Vec::new(),
            line: 0,
        }
    }

    fn event(&mut self) -> Result<Option<Event<'a>>, String> {
        loop {
            match self.parser.next_event() {
                None => return Ok(None),
                Some(Err(error)) => return Err(go_error(self.text, &error)),
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok((event, span))) => {
                    self.line = span.start.line();
                    return Ok(Some(event));
                }
            }
        }
    }

    fn next_document(&mut self) -> Result<Option<Document>, String> {
        loop {
            match self.event()? {
                None | Some(Event::StreamEnd) => return Ok(None),
                Some(Event::DocumentStart(..)) => break,
                Some(_) => {}
            }
        }
        self.anchors.clear();
        self.duplicates.clear();
        self.values = 0;
        let mut document = Document::default();
        loop {
            match self.event()? {
                None | Some(Event::DocumentEnd | Event::StreamEnd) => break,
                Some(event) => {
                    document.line = self.line;
                    document.value = self.value(event, 0)?;
                }
            }
        }
        document.duplicates = std::mem::take(&mut self.duplicates);
        Ok(Some(document))
    }

    fn count(&mut self, values: usize) -> Result<(), String> {
        self.values += values;
        if self.values > MAX_VALUES {
            Err("yaml: document contains excessive aliasing".into())
        } else {
            Ok(())
        }
    }

    fn value(&mut self, event: Event<'a>, depth: usize) -> Result<Value, String> {
        self.count(1)?;
        if depth > MAX_DEPTH {
            return Err("yaml: exceeded max depth".into());
        }
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let value = match tag.as_ref().and_then(|t| t.core_suffix()) {
                    Some("str") => Value::String(text.into_owned()),
                    Some("int" | "float" | "bool" | "null") => {
                        resolve(&text).unwrap_or(Value::String(text.into_owned()))
                    }
                    _ if plain => {
                        resolve(&text).unwrap_or_else(|| Value::String(text.into_owned()))
                    }
                    _ => Value::String(text.into_owned()),
                };
                (anchor, value)
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.event()? {
                        None | Some(Event::SequenceEnd) => break,
                        Some(event) => items.push(self.value(event, depth + 1)?),
                    }
                }
                (anchor, Value::Array(items))
            }
            Event::MappingStart(_, anchor, _) => (anchor, self.mapping(depth)?),
            Event::Alias(id) => {
                let value = self
                    .anchors
                    .get(&id)
                    .cloned()
                    .ok_or("yaml: anchor contains itself")?;
                self.count(count_values(&value))?;
                if depth + nesting(&value) > MAX_DEPTH {
                    return Err("yaml: exceeded max depth".into());
                }
                return Ok(value);
            }
            _ => (0, Value::Null),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, String> {
        let mut members = Map::new();
        let mut merged = Vec::new();
        loop {
            let event = match self.event()? {
                None | Some(Event::MappingEnd) => break,
                Some(event) => event,
            };
            let line = self.line;
            let is_merge =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
            let key = match self.value(event, depth + 1)? {
                Value::String(text) => text,
                Value::Array(_) | Value::Object(_) => return Err("yaml: invalid map key".into()),
                other => other.to_string(),
            };
            let value = match self.event()? {
                None => break,
                Some(event) => self.value(event, depth + 1)?,
            };
            if is_merge {
                merged.push(value);
            } else if members.insert(key.clone(), value).is_some() {
                let key = crate::quote::go_quote(&key);
                self.duplicates
                    .push(format!("line {line}: key {key} already set in map"));
            }
        }
        for source in merged {
            let sources = if let Value::Array(all) = source {
                all
            } else {
                vec![source]
            };
            for (key, value) in sources
                .into_iter()
                .filter_map(|s| {
                    if let Value::Object(m) = s {
                        Some(m)
                    } else {
                        None
                    }
                })
                .flatten()
            {
                members.entry(key).or_insert(value);
            }
        }
        Ok(Value::Object(members))
    }
}

fn count_values(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count_values).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(count_values).sum::<usize>(),
        _ => 1,
    }
}

fn nesting(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(nesting).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(nesting).max().unwrap_or_default(),
        _ => 0,
    }
}

/// Refuses a tab before the first token, which the parser here lets pass.
fn leading_tab(text: &str) -> Result<(), String> {
    for (at, line) in text.lines().enumerate() {
        let rest = line.trim_start_matches(' ');
        if rest.starts_with('\t') {
            // go-yaml names no line where it is the first
            let place = if at == 0 {
                String::new()
            } else {
                format!("line {}: ", at + 1)
            };
            return Err(format!(
                "yaml: {place}found character that cannot start any token"
            ));
        }
        if !(rest.is_empty() || rest.starts_with('#') || line == "---") {
            break;
        }
    }
    Ok(())
}

/// What go-yaml misses where the text ends within brackets: a value after a sign that announces one, else what ends the brackets.
fn unclosed(text: &str, end: char) -> String {
    let code = |line: &&str| !line.trim_start().starts_with('#') && !line.trim().is_empty();
    let last = text.lines().rev().find(code).unwrap_or_default();
    let last = last.split(" #").next().unwrap_or_default().trim_end();
    let what = if last.ends_with(['[', '{', ',', ':']) {
        "node content".to_string()
    } else {
        format!("',' or '{end}'")
    };
    format!(
        "yaml: line {}: did not find expected {what}",
        text.lines().count()
    )
}

/// The parser's error in the words and with the lines of go-yaml.
fn go_error(text: &str, error: &ScanError) -> String {
    let info = error.info();
    let (line, lowered) = (error.marker().line(), info.to_lowercase());
    let short = info.rsplit(", ").next().unwrap_or(&info);
    if lowered.contains("unknown anchor") {
        let written = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let name = written.rsplit('*').next().unwrap_or_default();
        let name = name.split([' ', ',', ']', '}']).next().unwrap_or_default();
        return format!("yaml: unknown anchor '{name}' referenced");
    }
    if lowered.contains("multiline quoted scalar") {
        // Go's reader goes on to look for the quotation mark
        let last = text.lines().count() + 1;
        return format!("yaml: line {last}: found unexpected end of stream");
    }
    if lowered.contains("unclosed bracket") {
        return unclosed(text, if lowered.contains('{') { '}' } else { ']' });
    }
    // go-yaml names no line where it is the first
    let scanned = if line <= 1 {
        String::new()
    } else {
        format!("line {line}: ")
    };
    if lowered.contains("unexpected character") || lowered.contains("tab") {
        return format!("yaml: {scanned}found character that cannot start any token");
    }
    let of_parser = lowered.starts_with("while parsing a")
        && !lowered.contains("quoted")
        && !lowered.contains("simple key");
    // it counts the lines of parser errors from 0
    match line.saturating_sub(1) {
        0 => format!("yaml: {short}"),
        line if of_parser => format!("yaml: line {line}: {short}"),
        _ => format!("yaml: {scanned}{short}"),
    }
}

/// What a plain scalar is when it is no string.
pub(super) fn resolve(text: &str) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Some(true.into());
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Some(false.into());
        }
        _ => {}
    }
    let first = *text.as_bytes().first()?;
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return None;
    }
    let plain = text.replace('_', "");
    if first != b'.'
        && let Some(n) = integer(&plain)
    {
        return Some(n);
    }
    if is_float(&plain) {
        return plain
            .parse()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number);
    }
    None
}

/// Whether a text would not be a string when it is written plain: numbers, booleans, null, times, merge keys.
pub(super) fn resolves(text: &str) -> bool {
    let special = matches!(
        text.trim_start_matches(['+', '-']),
        ".inf" | ".Inf" | ".INF"
    ) || matches!(text, ".nan" | ".NaN" | ".NAN" | "<<");
    special || resolve(text).is_some() || is_timestamp(text)
}

/// Go's `strconv.ParseInt` with base 0, and yaml's `0b`.
fn integer(text: &str) -> Option<Value> {
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if body.starts_with(['+', '-']) {
        return None;
    }
    let lower = body.to_ascii_lowercase();
    let (digits, base) = match lower.get(..2) {
        Some("0x") => (&lower[2..], 16),
        Some("0b") => (&lower[2..], 2),
        Some("0o") => (&lower[2..], 8),
        _ if lower.len() > 1 && lower.starts_with('0') => (&lower[1..], 8),
        _ => (&lower[..], 10),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let n = u64::from_str_radix(digits, base).ok()?;
    if !negative {
        return Some(n.into());
    }
    0i64.checked_sub_unsigned(n).map(Value::from)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = body
        .split_once(['e', 'E'])
        .map_or((body, None), |(m, e)| (m, Some(e)));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let good_mantissa = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty())
        }
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let good_exponent = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    good_mantissa && good_exponent
}

/// `2026-1-2`, `2026-01-02T15:04:05Z`, `2026-01-02 15:04:05`.
fn is_timestamp(text: &str) -> bool {
    let year = text.bytes().take_while(u8::is_ascii_digit).count();
    if year != 4 || text.as_bytes().get(4) != Some(&b'-') {
        return false;
    }
    let (date, clock) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let number = |part: &str, max: u32| {
        (1..=2).contains(&part.len()) && part.parse::<u32>().is_ok_and(|n| n <= max)
    };
    let date: Vec<&str> = date[5..].split('-').collect();
    let good_date = matches!(date[..], [month, day] if number(month, 12) && number(day, 31));
    let good_clock = clock.is_none_or(|clock| {
        let clock = clock.trim_end_matches('Z');
        let clock = clock.split(['+', '-']).next().unwrap_or_default();
        let parts: Vec<&str> = clock.split(':').collect();
        matches!(parts[..], [hour, minute, second] if number(hour, 23) && number(minute, 59)
            && number(second.split('.').next().unwrap_or_default(), 59))
    });
    good_date && good_clock
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(text: &str, expect: Value) {
        assert_eq!(read(text).map(|d| d.value), Ok(expect), "{text}");
    }

    #[test]
    fn scalars() {
        check("a: 0644", json!({"a": 420}));
        check(
            "a: yes\nb: n\nc: 'yes'\nd: ~\ne:",
            json!({"a": true, "b": false, "c": "yes", "d": null, "e": null}),
        );
        check(
            "[1e3, 1.5, 0x10, 1_000, 08, 1.2.3, -0b11, .5, +1]",
            json!([1000.0, 1.5, 16, 1000, 8.0, "1.2.3", -3, 0.5, 1]),
        );
        check("a: 2026-01-01", json!({"a": "2026-01-01"}));
        check("a: !!str 5", json!({"a": "5"}));
        check("1: a\ntrue: b", json!({"1": "a", "true": "b"}));
        check(
            "a: |\n  x\n  y\nb: >\n  x\n  y\n",
            json!({"a": "x\ny\n", "b": "x y\n"}),
        );
        check("", Value::Null);
    }

    #[test]
    fn structure() {
        check(
            "a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2",
            json!({"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1, "e": 2}}),
        );
        let all = read_all("a: 1\n---\n---\nb: 2\n").expect("yaml");
        assert_eq!(
            all.iter().map(|d| d.value.clone()).collect::<Vec<_>>(),
            [json!({"a": 1}), Value::Null, json!({"b": 2})]
        );
        assert_eq!(all[2].line, 4);
        let twice = read("a: 1\nb:\n  c: 1\n  c: 2\na: 3").expect("yaml");
        assert_eq!(
            twice.duplicates,
            [
                r#"line 4: key "c" already set in map"#,
                r#"line 5: key "a" already set in map"#
            ]
        );
        assert_eq!(twice.value, json!({"a": 3, "b": {"c": 2}}));
    }

    #[test]
    fn errors() {
        for (text, expect) in [
            (
                "a: b\nc: d\ne:\nf: g\n  h:\n   i: j\n",
                "yaml: line 5: mapping values are not allowed in this context",
            ),
            (
                "a: b\nc:\n\td: e\n",
                "yaml: line 3: found character that cannot start any token",
            ),
            ("a: *x\n", "yaml: unknown anchor 'x' referenced"),
            (
                "a: %x\n",
                "yaml: found character that cannot start any token",
            ),
            ("a: [1\n", "yaml: line 1: did not find expected ',' or ']'"),
            (
                "a: [{b: 1",
                "yaml: line 1: did not find expected ',' or '}'",
            ),
            (
                "a: [1,\nb: 2\n",
                "yaml: line 2: did not find expected ',' or ']'",
            ),
            (
                "a: [1, # more\n\n",
                "yaml: line 2: did not find expected node content",
            ),
            (
                "\ta: 1\n",
                "yaml: found character that cannot start any token",
            ),
            (
                "# a\n \ta: 1\n",
                "yaml: line 2: found character that cannot start any token",
            ),
            (
                "a: \"x\nb: {}\n",
                "yaml: line 3: found unexpected end of stream",
            ),
        ] {
            assert_eq!(
                read(text).map(|d| d.value),
                Err(expect.to_string()),
                "{text}"
            );
        }
        let bomb = (0..30).fold("a0: &a0 [x, x]\n".to_string(), |s, i| {
            format!("{s}a{}: &a{} [*a{i}, *a{i}]\n", i + 1, i + 1)
        });
        assert!(read(&bomb).is_err());
        assert!(read(&"[".repeat(5000)).is_err());
    }
}
