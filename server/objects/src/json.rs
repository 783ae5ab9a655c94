//! JSON read as Go reads it: keys in their order with duplicates kept, numbers as they were written, syntax errors in Go's words.
//! Not a printer: `serde_json` writes.

use serde_json::{Map, Number, Value};

/// Deeper documents are refused.
pub const MAX_DEPTH: usize = 100;

/// A JSON value as it stands in its document.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Null,
    Bool(bool),
    /// The digits as they were written.
    Number(String),
    String(String),
    Array(Vec<Node>),
    /// In the order of the document; a key may come twice.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// As Go names it in type errors.
    pub fn type_name(&self) -> &'static str {
        match self {
            Node::Null => "null",
            Node::Bool(_) => "bool",
            Node::Number(_) => "number",
            Node::String(_) => "string",
            Node::Array(_) => "array",
            Node::Object(_) => "object",
        }
    }

    /// The member of an object; the last one when it comes twice.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Node::Object(members) => members.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Node::String(text) => Some(text),
            _ => None,
        }
    }

    /// Without knowledge of types: later duplicates win, numbers become integers where they are.
    pub fn into_value(self) -> Value {
        match self {
            Node::Null => Value::Null,
            Node::Bool(b) => Value::Bool(b),
            Node::Number(text) => number(&text),
            Node::String(text) => Value::String(text),
            Node::Array(items) => items.into_iter().map(Node::into_value).collect(),
            Node::Object(members) => {
                let members = members.into_iter().map(|(k, v)| (k, v.into_value()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Node::Null,
            Value::Bool(b) => Node::Bool(b),
            Value::Number(n) => Node::Number(n.to_string()),
            Value::String(text) => Node::String(text),
            Value::Array(items) => Node::Array(items.into_iter().map(Node::from).collect()),
            Value::Object(members) => {
                Node::Object(members.into_iter().map(|(k, v)| (k, v.into())).collect())
            }
        }
    }
}

/// An integer where it fits in one, else floating point.
pub fn number(text: &str) -> Value {
    if let Ok(n) = text.parse::<i64>() {
        return n.into();
    }
    if let Ok(n) = text.parse::<u64>() {
        return n.into();
    }
    text.parse()
        .ok()
        .and_then(Number::from_f64)
        .map_or(Value::Null, Value::Number)
}

/// Reads a whole document. The error is Go's text: `invalid character 'n' looking for beginning of object key string`.
pub fn parse(bytes: &[u8]) -> Result<Node, String> {
    let mut reader = Reader { bytes, at: 0 };
    let node = reader.value(0)?;
    reader.space();
    match reader.peek() {
        None => Ok(node),
        Some(c) => Err(invalid(c, "after top-level value")),
    }
}

/// As `parse`, into a plain value.
pub fn parse_value(bytes: &[u8]) -> Result<Value, String> {
    parse(bytes).map(Node::into_value)
}

fn invalid(c: u8, context: &str) -> String {
    let shown = match c {
        b'\'' => r"'\''".to_string(),
        b'"' => "'\"'".to_string(),
        c => format!(
            "'{}'",
            crate::quote::go_quote(&char::from(c).to_string()).trim_matches('"')
        ),
    };
    format!("invalid character {shown} {context}")
}

const END: &str = "unexpected end of JSON input";

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The next byte that is no space.
    fn significant(&mut self) -> Result<u8, String> {
        self.space();
        self.peek().ok_or_else(|| END.to_string())
    }

    fn value(&mut self, depth: usize) -> Result<Node, String> {
        if depth > MAX_DEPTH {
            return Err("exceeded max depth".into());
        }
        match self.significant()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(Node::String),
            b't' => self.literal("true", Node::Bool(true)),
            b'f' => self.literal("false", Node::Bool(false)),
            b'n' => self.literal("null", Node::Null),
            b'-' | b'0'..=b'9' => self.number(),
            c => Err(invalid(c, "looking for beginning of value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Node, String> {
        self.at += 1;
        let mut members = Vec::new();
        if self.significant()? == b'}' {
            self.at += 1;
            return Ok(Node::Object(members));
        }
        loop {
            match self.significant()? {
                b'"' => {}
                c => return Err(invalid(c, "looking for beginning of object key string")),
            }
            let key = self.string()?;
            match self.significant()? {
                b':' => self.at += 1,
                c => return Err(invalid(c, "after object key")),
            }
            let value = self.value(depth + 1)?;
            members.push((key, value));
            let c = self.significant()?;
            self.at += 1;
            match c {
                b',' => {}
                b'}' => return Ok(Node::Object(members)),
                c => return Err(invalid(c, "after object key:value pair")),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Node, String> {
        self.at += 1;
        let mut items = Vec::new();
        if self.significant()? == b']' {
            self.at += 1;
            return Ok(Node::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            let c = self.significant()?;
            self.at += 1;
            match c {
                b',' => {}
                b']' => return Ok(Node::Array(items)),
                c => return Err(invalid(c, "after array element")),
            }
        }
    }

    fn literal(&mut self, word: &str, node: Node) -> Result<Node, String> {
        for expected in word.bytes() {
            match self.peek() {
                None => return Err(END.into()),
                Some(c) if c == expected => self.at += 1,
                Some(c) => {
                    let context =
                        format!("in literal {word} (expecting '{}')", char::from(expected));
                    return Err(invalid(c, &context));
                }
            }
        }
        Ok(node)
    }

    fn digits(&mut self, context: &str) -> Result<(), String> {
        match self.peek() {
            Some(b'0'..=b'9') => {}
            Some(c) => return Err(invalid(c, context)),
            None => return Err(END.into()),
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Node, String> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        Ok(Node::Number(
            String::from_utf8_lossy(&self.bytes[start..self.at]).into_owned(),
        ))
    }

    fn string(&mut self) -> Result<String, String> {
        self.at += 1;
        let mut out: Vec<u8> = Vec::new();
        loop {
            let c = self.peek().ok_or_else(|| END.to_string())?;
            self.at += 1;
            match c {
                b'"' => return Ok(String::from_utf8_lossy(&out).into_owned()),
                b'\\' => self.escape(&mut out)?,
                c if c < 0x20 => return Err(invalid(c, "in string literal")),
                c => out.push(c),
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        let c = self.peek().ok_or_else(|| END.to_string())?;
        self.at += 1;
        out.push(match c {
            b'"' | b'\\' | b'/' => c,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let c = self.unicode()?;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            c => return Err(invalid(c, "in string escape code")),
        });
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, String> {
        let mut n = 0;
        for _ in 0..4 {
            let c = self.peek().ok_or_else(|| END.to_string())?;
            let digit = char::from(c).to_digit(16);
            n = n * 16 + digit.ok_or_else(|| invalid(c, r"in \u hexadecimal character escape"))?;
            self.at += 1;
        }
        Ok(n)
    }

    fn unicode(&mut self) -> Result<char, String> {
        let first = self.hex()?;
        if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            let before = self.at;
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                let joined = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(joined).unwrap_or('\u{fffd}'));
            }
            self.at = before;
        }
        Ok(char::from_u32(first).unwrap_or('\u{fffd}'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads() {
        for text in [
            r#"{"a":[1,-2.5,1e3,"x\n",true,null],"b":{}}"#,
            "0",
            r#""é😀""#,
            r#""\ud83d\ude00""#,
        ] {
            let expect: Value = serde_json::from_str(text).expect(text);
            assert_eq!(parse_value(text.as_bytes()), Ok(expect), "{text}");
        }
        let twice = parse(br#"{"b":1,"a":2,"b":3}"#).expect("json");
        assert!(
            matches!(&twice, Node::Object(m) if m.len() == 3)
                && twice.get("b") == Some(&Node::Number("3".into()))
        );
    }

    #[test]
    fn errors() {
        for (text, expect) in [
            (
                "{nope",
                "invalid character 'n' looking for beginning of object key string",
            ),
            ("", END),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            (
                "{\"a\":1 \"b\"}",
                "invalid character '\"' after object key:value pair",
            ),
            ("[1 2]", "invalid character '2' after array element"),
            ("tru", END),
            (
                "trie",
                "invalid character 'i' in literal true (expecting 'u')",
            ),
            ("01", "invalid character '1' after top-level value"),
            (
                "1.x",
                "invalid character 'x' after decimal point in numeric literal",
            ),
            ("\"a\nb\"", "invalid character '\\n' in string literal"),
            (r#""\x""#, "invalid character 'x' in string escape code"),
            (
                "{'a'",
                r"invalid character '\'' looking for beginning of object key string",
            ),
        ] {
            assert_eq!(parse(text.as_bytes()), Err(expect.to_string()), "{text}");
        }
        assert_eq!(
            parse("[".repeat(100_000).as_bytes()),
            Err("exceeded max depth".to_string())
        );
    }
}
