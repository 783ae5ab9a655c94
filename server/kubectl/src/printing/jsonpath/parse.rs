//! From the text of a template to its nodes.

use super::{Node, Operand, Step};
use crate::printing::effort::DEEPEST;

/// The nodes of a template. Errors: what is wrong with it, as kubectl says it.
pub(super) fn nodes(text: &str) -> Result<Vec<Node>, String> {
    is_shallow(text)?;
    Reader { text, rest: text }.nodes(0)
}

/// Errors: brackets in brackets, more than anybody writes.
fn is_shallow(text: &str) -> Result<(), String> {
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err("exceeded max depth".into());
        }
    }
    Ok(())
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
}

impl Reader<'_> {
    /// `depth`: how many ranges it stands in.
    fn nodes(&mut self, depth: usize) -> Result<Vec<Node>, String> {
        let inside = depth > 0;
        if depth > DEEPEST {
            return Err("exceeded max depth".into());
        }
        let mut nodes = Vec::new();
        while !self.rest.is_empty() {
            if !self.rest.starts_with('{') {
                let end = self.rest.find('{').unwrap_or(self.rest.len());
                nodes.push(Node::Text(self.rest[..end].to_string()));
                self.rest = &self.rest[end..];
                continue;
            }
            let action = self.action()?;
            let word = action.trim();
            if word == "end" {
                return if inside {
                    Ok(nodes)
                } else {
                    Err("not in range, nothing to end".into())
                };
            }
            if let Some(path) = word.strip_prefix("range ") {
                let path = steps(path.trim())?;
                nodes.push(Node::Range(path, self.nodes(depth + 1)?));
            } else {
                for part in parts(word) {
                    nodes.push(Node::Path(steps(part)?));
                }
            }
        }
        if inside {
            Err("unclosed range, missing {end}".into())
        } else {
            Ok(nodes)
        }
    }

    /// What stands between `{` and its `}`.
    fn action(&mut self) -> Result<String, String> {
        let body = &self.rest[1..];
        let (mut quote, mut escaped, mut brackets) = (None, false, 0i32);
        for (at, c) in body.char_indices() {
            match (quote, c) {
                _ if escaped => escaped = false,
                (_, '\\') => escaped = true,
                (Some(q), _) if c == q => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(c),
                (None, '[') => brackets += 1,
                (None, ']') => brackets -= 1,
                (None, '}') if brackets <= 0 => {
                    self.rest = &body[at + 1..];
                    return Ok(body[..at].to_string());
                }
                _ => {}
            }
        }
        let _ = self.text;
        Err(if quote.is_some() {
            "unterminated quoted string".into()
        } else if brackets > 0 {
            "unterminated array".into()
        } else {
            "unclosed action".into()
        })
    }
}

/// Cuts `.a .b "x"` at blanks outside of quotes and brackets.
fn parts(text: &str) -> Vec<&str> {
    let (mut found, mut from, mut quote, mut depth) = (Vec::new(), 0, None, 0);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth -= 1,
            (None, ' ' | '\t' | '\n') if depth == 0 => {
                found.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[from..]);
    found.retain(|part| !part.is_empty());
    found
}

fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match first {
            '$' => {
                found.push(Step::Root);
                rest = &rest[1..];
            }
            '@' => rest = &rest[1..],
            '"' | '\'' => {
                let end = rest[1..].find(first).ok_or("unterminated quoted string")?;
                found.push(Step::Text(unquote(&rest[1..=end]).into()));
                rest = &rest[end + 2..];
            }
            '[' => {
                let end = close(rest).ok_or("unterminated array")?;
                found.push(bracket(&rest[1..end])?);
                rest = &rest[end + 1..];
            }
            '.' if rest.starts_with("..") => {
                found.push(Step::Deep);
                rest = &rest[1..];
                if rest.starts_with(".[") || rest == "." {
                    rest = &rest[1..];
                }
            }
            '.' if rest.starts_with(".[") => rest = &rest[1..],
            '.' => {
                let (name, left) = field(&rest[1..]);
                match name.as_str() {
                    "*" => found.push(Step::Wild),
                    "" => {}
                    _ => found.push(Step::Field(name)),
                }
                rest = left;
            }
            '*' => {
                found.push(Step::Wild);
                rest = &rest[1..];
            }
            c if c.is_alphanumeric() || c == '_' || c == '-' => {
                if !found.is_empty() {
                    return Err(
                        format!("unrecognized character in action: {c:?}").replace('\'', "'")
                    );
                }
                return Err(format!("unrecognized identifier {}", field(rest).0));
            }
            c => {
                return Err(format!(
                    "unrecognized character in action: U+{:04X} '{c}'",
                    c as u32
                ));
            }
        }
    }
    Ok(found)
}

fn field(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => name.extend(chars.next().map(|(_, c)| c)),
            '.' | '[' | ' ' | ')' | ']' | '=' | '!' | '<' | '>' | '"' | '\'' | '$' | '@' | ','
            | '|' => return (name, &text[at..]),
            _ => name.push(c),
        }
    }
    (name, "")
}

fn close(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn bracket(text: &str) -> Result<Step, String> {
    let text = text.trim();
    if text == "*" {
        return Ok(Step::Wild);
    }
    if let Some(filter) = text.strip_prefix("?(").and_then(|t| t.strip_suffix(')')) {
        return self::filter(filter.trim());
    }
    let members: Vec<&str> = split(text, ',');
    if members.len() > 1 {
        let members = members
            .into_iter()
            .map(|m| Ok(vec![bracket(m)?]))
            .collect::<Result<_, String>>()?;
        return Ok(Step::Union(members));
    }
    if let Some(name) = text.strip_prefix(['\'', '"']) {
        return Ok(Step::Field(
            name.trim_end_matches(['\'', '"']).replace("\\.", "."),
        ));
    }
    let bad = || format!("invalid array index {text}");
    if text.contains(':') {
        let mut ends = text.split(':').map(|part| {
            if part.trim().is_empty() {
                Ok(None)
            } else {
                part.trim().parse().map(Some).map_err(|_| bad())
            }
        });
        let mut next = || ends.next().unwrap_or(Ok(None));
        return Ok(Step::Slice(next()?, next()?, next()?));
    }
    text.parse().map(Step::Index).map_err(|_| bad())
}

fn split(text: &str, at: char) -> Vec<&str> {
    let (mut found, mut from, mut quote) = (Vec::new(), 0, None);
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, c) if c == at => {
                found.push(&text[from..i]);
                from = i + 1;
            }
            _ => {}
        }
    }
    found.push(&text[from..]);
    found
}

fn filter(text: &str) -> Result<Step, String> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '=' | '!' | '<' | '>') => {
                let op = ["==", "!=", "<=", ">=", "<", ">"]
                    .into_iter()
                    .find(|op| text[at..].starts_with(op))
                    .ok_or("unrecognized filter operator")?;
                return Ok(Step::Filter(
                    operand(&text[..at])?,
                    op,
                    operand(&text[at + op.len()..])?,
                ));
            }
            _ => {}
        }
    }
    Ok(Step::Filter(operand(text)?, "exists", Operand::None))
}

fn operand(text: &str) -> Result<Operand, String> {
    let text = text.trim();
    if text.starts_with(['@', '$', '.']) {
        return Ok(Operand::Path(steps(text)?));
    }
    if let Some(inner) = text.strip_prefix(['\'', '"']) {
        return Ok(Operand::Value(
            unquote(inner.trim_end_matches(['\'', '"'])).into(),
        ));
    }
    serde_json::from_str(text)
        .map(Operand::Value)
        .map_err(|_| format!("unrecognized identifier {text}"))
}

fn unquote(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some(other) => out.push(other),
                None => {}
            },
            _ => out.push(c),
        }
    }
    out
}
