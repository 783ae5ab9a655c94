//! `-o go-template`: the part of Go's text/template that people use with kubectl.
//!
//! Fields, `range`, `if`, `else`, `with`, `end`, variables of `range`, quoted text, `index`, `len`, `eq`, `ne`, `not`, `and`, `or`,
//! `print`, `printf "%s"`, `println`, `base64decode`; `{{-` and `-}}` trim. Not here: pipelines of user functions, sub-templates.

use serde_json::Value;

use super::effort::{DEEPEST, Effort};
use crate::failure::{Outcome, fail};
use crate::printing::columns::go;

/// A parsed template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Node>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Text(String),
    Value(Vec<String>),
    Range(Vec<String>, Vec<String>, Vec<Node>, Vec<Node>),
    If(Vec<String>, Vec<Node>, Vec<Node>),
    With(Vec<String>, Vec<Node>, Vec<Node>),
    Set(String, Vec<String>),
}

/// Parses a template.
pub(crate) fn parse(text: &str) -> Outcome<Template> {
    let bad = |why: String| fail!("error parsing template {text}, template: output:1: {why}");
    let pieces = pieces(text).map_err(bad)?;
    let mut at = 0;
    let (nodes, end) = block(&pieces, &mut at, 0).map_err(bad)?;
    if end.is_empty() {
        Ok(Template(nodes))
    } else {
        Err(bad(format!("unexpected {{{{{end}}}}}")))
    }
}

enum Piece {
    Text(String),
    Action(String),
}

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let (mut found, mut rest, mut trim) = (Vec::new(), text, false);
    loop {
        let open = rest.find("{{").unwrap_or(rest.len());
        let mut plain = &rest[..open];
        if trim {
            plain = plain.trim_start();
        }
        let body = rest.get(open + 2..);
        if body.is_some_and(|b| b.starts_with("- ")) {
            plain = plain.trim_end();
        }
        if !plain.is_empty() {
            found.push(Piece::Text(plain.to_string()));
        }
        let Some(body) = body else { return Ok(found) };
        let close = body.find("}}").ok_or("unclosed action")?;
        let action = body[..close].trim();
        trim = action.ends_with(" -") || action == "-";
        found.push(Piece::Action(
            action
                .trim_start_matches("- ")
                .trim_end_matches(" -")
                .trim()
                .to_string(),
        ));
        rest = &body[close + 2..];
    }
}

/// Nodes until `else` or `end` at this level, and which of them ended it. `depth`: blocks that it stands in.
fn block(pieces: &[Piece], at: &mut usize, depth: usize) -> Result<(Vec<Node>, String), String> {
    if depth > DEEPEST {
        return Err("exceeded max depth".into());
    }
    let mut nodes = Vec::new();
    while let Some(piece) = pieces.get(*at) {
        *at += 1;
        let action = match piece {
            Piece::Text(text) => {
                nodes.push(Node::Text(text.clone()));
                continue;
            }
            Piece::Action(action) => action,
        };
        let mut words = words(action)?;
        let head = words.first().cloned().unwrap_or_default();
        match head.as_str() {
            "end" | "else" => return Ok((nodes, action.clone())),
            "range" | "if" | "with" => {
                words.remove(0);
                let (body, otherwise) = arms(pieces, at, depth + 1)?;
                nodes.push(match head.as_str() {
                    "if" => Node::If(words, body, otherwise),
                    "with" => Node::With(words, body, otherwise),
                    _ => {
                        let split = words.iter().position(|w| w == ":=");
                        let names = split.map(|at| {
                            words
                                .drain(..=at)
                                .filter(|w| w.starts_with('$'))
                                .map(|w| w.trim_end_matches(',').to_string())
                                .collect()
                        });
                        Node::Range(names.unwrap_or_default(), words, body, otherwise)
                    }
                });
            }
            _ if words.get(1).is_some_and(|w| w == ":=" || w == "=") => {
                nodes.push(Node::Set(head, words[2..].to_vec()))
            }
            _ if head.starts_with("/*") => {}
            _ => nodes.push(Node::Value(words)),
        }
    }
    Ok((nodes, String::new()))
}

fn arms(pieces: &[Piece], at: &mut usize, depth: usize) -> Result<(Vec<Node>, Vec<Node>), String> {
    let (body, end) = block(pieces, at, depth)?;
    match end.as_str() {
        "end" => Ok((body, Vec::new())),
        "else" => {
            let (otherwise, end) = block(pieces, at, depth)?;
            if end == "end" {
                Ok((body, otherwise))
            } else {
                Err("unexpected EOF".into())
            }
        }
        chained if chained.starts_with("else if") => {
            let mut condition = words(chained)?;
            condition.drain(..2);
            let (inner, otherwise) = arms(pieces, at, depth + 1)?;
            Ok((body, vec![Node::If(condition, inner, otherwise)]))
        }
        _ => Err("unexpected EOF".into()),
    }
}

fn words(text: &str) -> Result<Vec<String>, String> {
    let (mut found, mut word, mut quote) = (Vec::new(), String::new(), None);
    let mut depth = 0_usize;
    for c in text.chars() {
        match (quote, c) {
            (Some(q), _) => {
                word.push(c);
                if c == q && !word.ends_with("\\\"") {
                    quote = None;
                }
            }
            (None, '"' | '`') => {
                word.push(c);
                quote = Some(c);
            }
            (None, '(' | ')' | '|') => {
                if !word.is_empty() {
                    found.push(std::mem::take(&mut word));
                }
                match c {
                    '(' => depth += 1,
                    ')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if depth > DEEPEST {
                    return Err("exceeded max depth".into());
                }
                found.push(c.to_string());
            }
            (None, c) if c.is_whitespace() => {
                if !word.is_empty() {
                    found.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(c),
        }
    }
    if quote.is_some() {
        return Err("unterminated quoted string".into());
    }
    if !word.is_empty() {
        found.push(word);
    }
    Ok(found)
}

/// What a template is filled in with, beside the value at hand.
struct Scope {
    variables: Vec<(String, Value)>,
    effort: Effort,
}

impl Template {
    /// The text that the template makes of a value.
    pub fn render(&self, value: &Value) -> Outcome<String> {
        let mut out = String::new();
        let mut scope = Scope {
            variables: vec![("$".to_string(), value.clone())],
            effort: Effort::new(),
        };
        render(&self.0, value, &mut scope, &mut out)
            .map_err(|why| fail!("error executing template: template: output:1: {why}"))?;
        Ok(out)
    }
}

fn render(nodes: &[Node], dot: &Value, scope: &mut Scope, out: &mut String) -> Result<(), String> {
    scope.effort.look(nodes.len())?;
    for node in nodes {
        match node {
            Node::Text(text) => scope.effort.write(text, out)?,
            Node::Set(name, words) => {
                let value = eval(words, dot, scope)?;
                scope.variables.push((name.clone(), value));
            }
            Node::Value(words) => {
                let value = eval(words, dot, scope)?;
                let text = match value {
                    Value::Null => "<no value>".into(),
                    value => go(&value),
                };
                scope.effort.write(&text, out)?;
            }
            Node::If(words, body, otherwise) => {
                let holds = truth(&eval(words, dot, scope)?);
                render(if holds { body } else { otherwise }, dot, scope, out)?;
            }
            Node::With(words, body, otherwise) => {
                let value = eval(words, dot, scope)?;
                if truth(&value) {
                    render(body, &value, scope, out)?
                } else {
                    render(otherwise, dot, scope, out)?
                }
            }
            Node::Range(names, words, body, otherwise) => range(
                names,
                &eval(words, dot, scope)?,
                (body, otherwise),
                dot,
                scope,
                out,
            )?,
        }
    }
    Ok(())
}

fn range(
    names: &[String],
    over: &Value,
    (body, otherwise): (&[Node], &[Node]),
    dot: &Value,
    scope: &mut Scope,
    out: &mut String,
) -> Result<(), String> {
    let pairs: Vec<(Value, Value)> = match over {
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(i, v)| (i.into(), v.clone()))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(k, v)| (k.clone().into(), v.clone()))
            .collect(),
        Value::Null => Vec::new(),
        other => return Err(format!("range can't iterate over {}", go(other))),
    };
    if pairs.is_empty() {
        return render(otherwise, dot, scope, out);
    }
    for (key, value) in pairs {
        let depth = scope.variables.len();
        match names {
            [one] => scope.variables.push((one.clone(), value.clone())),
            [first, second] => {
                let pair = [(first.clone(), key), (second.clone(), value.clone())];
                scope.variables.extend(pair);
            }
            _ => {}
        }
        render(body, &value, scope, out)?;
        scope.variables.truncate(depth);
    }
    Ok(())
}

fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Number(n) => n.as_f64() != Some(0.0),
        Value::String(s) => !s.is_empty(),
        Value::Array(l) => !l.is_empty(),
        Value::Object(m) => !m.is_empty(),
    }
}

/// A pipeline: commands between `|`, each given the value before it as its last argument.
fn eval(words: &[String], dot: &Value, scope: &mut Scope) -> Result<Value, String> {
    let (mut last, mut depth, mut from) = (None, 0, 0);
    for (at, word) in words.iter().enumerate() {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            "|" if depth == 0 => {
                last = Some(command(&words[from..at], last, dot, scope)?);
                from = at + 1;
            }
            _ => {}
        }
    }
    command(&words[from..], last, dot, scope)
}

fn command(
    words: &[String],
    piped: Option<Value>,
    dot: &Value,
    scope: &mut Scope,
) -> Result<Value, String> {
    let (mut values, mut at) = (Vec::new(), 0);
    let name = words.first().filter(|w| {
        w.starts_with(|c: char| c.is_ascii_alphabetic())
            && !["true", "false", "nil"].contains(&w.as_str())
    });
    at += usize::from(name.is_some());
    while at < words.len() {
        if words[at] == "(" {
            let (mut depth, from) = (1, at + 1);
            while depth > 0 {
                at += 1;
                depth += match words.get(at).map(String::as_str) {
                    Some("(") => 1,
                    Some(")") => -1,
                    Some(_) => 0,
                    None => return Err("unclosed left paren".into()),
                };
            }
            values.push(eval(&words[from..at], dot, scope)?);
        } else {
            values.push(operand(&words[at], dot, scope)?);
        }
        at += 1;
    }
    values.extend(piped);
    match name {
        Some(name) => call(name, &values, &mut scope.effort),
        None => values
            .into_iter()
            .next()
            .ok_or_else(|| "missing value for command".to_string()),
    }
}

fn operand(word: &str, dot: &Value, scope: &mut Scope) -> Result<Value, String> {
    if word.starts_with('"') {
        return serde_json::from_str(word).map_err(|_| format!("bad string {word}"));
    }
    if let Some(raw) = word.strip_prefix('`') {
        return Ok(raw.trim_end_matches('`').into());
    }
    let (base, path) = if word.starts_with('$') {
        let (name, path) = word.split_once('.').map_or((word, ""), |(n, p)| (n, p));
        let value = scope
            .variables
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, v)| v);
        (
            value.ok_or_else(|| format!("undefined variable {name:?}"))?,
            path,
        )
    } else if let Some(path) = word.strip_prefix('.') {
        (dot, path)
    } else {
        return serde_json::from_str(word).or(if word == "nil" {
            Ok(Value::Null)
        } else {
            Err(format!("unexpected {word:?} in operand"))
        });
    };
    let mut keys = path.split('.').filter(|part| !part.is_empty());
    let found = keys.try_fold(base, |value, key| value.get(key));
    scope.effort.copy(found.unwrap_or(&Value::Null))
}

fn call(name: &str, values: &[Value], effort: &mut Effort) -> Result<Value, String> {
    let one = || values.first().cloned().unwrap_or(Value::Null);
    Ok(match name {
        "len" => match one() {
            Value::String(s) => s.len().into(),
            Value::Array(l) => l.len().into(),
            Value::Object(m) => m.len().into(),
            _ => return Err("error calling len: len of nil".into()),
        },
        "index" => values.iter().skip(1).fold(one(), |value, key| match key {
            Value::Number(n) => value
                .get(n.as_u64().unwrap_or(u64::MAX) as usize)
                .cloned()
                .unwrap_or(Value::Null),
            other => value
                .get(other.as_str().unwrap_or(""))
                .cloned()
                .unwrap_or(Value::Null),
        }),
        "eq" => values.iter().skip(1).any(|v| *v == one()).into(),
        "ne" => (values.get(1) != values.first()).into(),
        "not" => (!truth(&one())).into(),
        "and" => values
            .iter()
            .find(|v| !truth(v))
            .or(values.last())
            .cloned()
            .unwrap_or(Value::Null),
        "or" => values
            .iter()
            .find(|v| truth(v))
            .or(values.last())
            .cloned()
            .unwrap_or(Value::Null),
        "exists" => values
            .iter()
            .skip(1)
            .try_fold(one(), |v, k| v.get(k.as_str().unwrap_or("")).cloned())
            .is_some()
            .into(),
        "print" => values.iter().map(go).collect::<String>().into(),
        "println" => (values.iter().map(go).collect::<Vec<_>>().join(" ") + "\n").into(),
        "printf" => printf(values, effort)?.into(),
        "base64decode" => {
            use base64::Engine;
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(go(&one()))
                .map_err(|why| why.to_string())?;
            String::from_utf8_lossy(&bytes).into_owned().into()
        }
        other => return Err(format!("function {other:?} not defined")),
    })
}

/// As wide as Go's `fmt` makes a field.
const WIDEST: usize = 1_000_000;

fn printf(values: &[Value], effort: &mut Effort) -> Result<String, String> {
    let format = values
        .first()
        .and_then(Value::as_str)
        .unwrap_or("")
        .to_string();
    let mut values = values.iter().skip(1);
    let (mut out, mut chars) = (String::new(), format.chars());
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flags = String::new();
        let verb = loop {
            match chars.next() {
                Some(c) if c.is_alphabetic() || c == '%' => break Some(c),
                Some(c) => flags.push(c),
                None => break None,
            }
        };
        let text = match verb {
            Some('%') | None => "%".to_string(),
            Some('q') => values
                .next()
                .map_or_else(String::new, |v| format!("{:?}", go(v))),
            Some(_) => values.next().map(go).unwrap_or_default(),
        };
        let wide: usize = flags.trim_start_matches('-').parse().unwrap_or(0);
        if wide > WIDEST {
            out.push_str("%!(BADWIDTH)");
        }
        let missing = wide.saturating_sub(text.chars().count());
        let padding = " ".repeat(if wide > WIDEST { 0 } else { missing });
        match flags.starts_with('-') {
            true => effort.write(&(text + &padding), &mut out)?,
            false => effort.write(&(padding + &text), &mut out)?,
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn renders_what_people_write() {
        let list = json!({"items": [{"metadata": {"name": "a"}, "n": 1}, {"metadata": {"name": "b"}, "n": 2}], "data": {"p": "eA=="}});
        for (template, want) in [
            (
                "{{range .items}}{{.metadata.name}}{{\"\\n\"}}{{end}}",
                "a\nb\n",
            ),
            (
                "{{range $i, $e := .items}}{{$i}}={{$e.n}} {{end}}",
                "0=1 1=2 ",
            ),
            ("{{if eq (len .items) 2}}two{{else}}other{{end}}", "two"),
            ("{{.data.p | base64decode}}", "x"),
            ("{{index .items 1 \"n\"}}-{{.missing}}", "2-<no value>"),
            (
                "{{with .nothing}}x{{else}}y{{end}}{{printf \"%s!\" .data.p}}",
                "yeA==!",
            ),
            ("a {{- \"b\" -}} c", "abc"),
            (
                "{{printf \"%-4s|%4s|%q\" \"a\" \"b\" \"c\"}}",
                "a   |   b|\"c\"",
            ),
        ] {
            assert_eq!(
                parse(template)
                    .and_then(|t| t.render(&list))
                    .unwrap_or_else(|e| panic!("{template}: {e:?}")),
                want,
                "{template}"
            );
        }
        assert!(parse("{{range .items}}").is_err());
    }
}
