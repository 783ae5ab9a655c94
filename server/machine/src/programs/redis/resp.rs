//! RESP, the protocol of redis: requests as arrays of bulk strings or as plain lines, answers as values (RESP2).

/// Bytes of one argument, and arguments of one request.
const BULK_MAX: usize = 1 << 20;
const ARGUMENTS_MAX: usize = 16_384;
/// Bytes of a line.
const LINE_MAX: usize = 64 << 10;

/// A request: command and arguments.
pub type Words = Vec<Vec<u8>>;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Simple(&'static str),
    Error(String),
    Integer(i64),
    Bulk(Vec<u8>),
    Nil,
    Array(Vec<Reply>),
}

impl Reply {
    pub const OK: Reply = Reply::Simple("OK");

    pub fn text(text: impl Into<String>) -> Reply {
        Reply::Bulk(text.into().into_bytes())
    }

    /// On the wire.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut line = |mark: char, text: &str| out.extend(format!("{mark}{text}\r\n").bytes());
        match self {
            Reply::Simple(text) => line('+', text),
            Reply::Error(text) => line('-', text),
            Reply::Integer(number) => line(':', &number.to_string()),
            Reply::Nil => line('$', "-1"),
            Reply::Bulk(bytes) => {
                line('$', &bytes.len().to_string());
                out.extend_from_slice(bytes);
                out.extend_from_slice(b"\r\n");
            }
            Reply::Array(all) => {
                line('*', &all.len().to_string());
                all.iter().for_each(|reply| reply.encode(out));
            }
        }
    }
}

/// What is wrong with what came; the connection is closed after it.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// A line without its end, and where the next begins. None: not all of it is there.
fn line(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, Malformed> {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => {
            let text = bytes[..at].strip_suffix(b"\r").unwrap_or(&bytes[..at]);
            Ok(Some((text, at + 1)))
        }
        None if bytes.len() > LINE_MAX => Err(Malformed("too big inline request")),
        None => Ok(None),
    }
}

fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The first request in `bytes`, and how many of them it takes. None: not all of it is there.
pub fn request(bytes: &[u8]) -> Result<Option<(Words, usize)>, Malformed> {
    let Some((first, mut at)) = line(bytes)? else {
        return Ok(None);
    };
    let Some(count) = first.strip_prefix(b"*") else {
        let text = String::from_utf8_lossy(first).into_owned();
        let words = split(&text).ok_or(Malformed("unbalanced quotes in request"))?;
        return Ok(Some((words, at)));
    };
    let count = number(count).filter(|count| *count <= ARGUMENTS_MAX as i64);
    let count = count.ok_or(Malformed("invalid multibulk length"))?;
    let mut words = Vec::new();
    for _ in 0..count.max(0) {
        let Some((head, used)) = line(&bytes[at..])? else {
            return Ok(None);
        };
        let length = head
            .strip_prefix(b"$")
            .ok_or(Malformed("expected '$'"))
            .map(number)?;
        let length = length
            .and_then(|length| usize::try_from(length).ok())
            .filter(|length| *length <= BULK_MAX)
            .ok_or(Malformed("invalid bulk length"))?;
        at += used;
        let Some(word) = bytes.get(at..at + length + 2) else {
            return Ok(None);
        };
        words.push(word[..length].to_vec());
        at += length + 2;
    }
    Ok(Some((words, at)))
}

/// A request as an array of bulk strings.
pub fn encode_request(words: &[Vec<u8>]) -> Vec<u8> {
    let all = words.iter().map(|word| Reply::Bulk(word.clone()));
    let mut out = Vec::new();
    Reply::Array(all.collect()).encode(&mut out);
    out
}

/// The first reply in `bytes`, and how many of them it takes. None: not all of it is there.
pub fn reply(bytes: &[u8]) -> Result<Option<(Reply, usize)>, Malformed> {
    reply_at(bytes, 0)
}

fn reply_at(bytes: &[u8], depth: u32) -> Result<Option<(Reply, usize)>, Malformed> {
    let Some((first, mut at)) = line(bytes)? else {
        return Ok(None);
    };
    let (mark, rest) = first.split_first().ok_or(Malformed("empty reply"))?;
    let text = || String::from_utf8_lossy(rest).into_owned();
    let bad = Malformed("bad reply");
    Ok(Some(match mark {
        b'+' => (Reply::Bulk(rest.to_vec()), at),
        b'-' => (Reply::Error(text()), at),
        b':' => (Reply::Integer(number(rest).ok_or(bad)?), at),
        b'$' => match number(rest).ok_or(bad)? {
            ..0 => (Reply::Nil, at),
            length if length > 16 * BULK_MAX as i64 => return Err(Malformed("bad reply")),
            length => match bytes.get(at..at + length as usize + 2) {
                Some(body) => {
                    let end = length as usize;
                    (Reply::Bulk(body[..end].to_vec()), at + end + 2)
                }
                None => return Ok(None),
            },
        },
        b'*' if depth < 8 => {
            let count = number(rest).ok_or(bad)?;
            let mut all = Vec::new();
            for _ in 0..count.max(0) {
                match reply_at(&bytes[at..], depth + 1)? {
                    Some((reply, used)) => {
                        at += used;
                        all.push(reply);
                    }
                    None => return Ok(None),
                }
            }
            (Reply::Array(all), at)
        }
        _ => return Err(bad),
    }))
}

/// Words of a line: blanks part them; quotes hold them together, with backslashes inside double ones. None: a quote stays open.
pub fn split(text: &str) -> Option<Words> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let Some(&first) = chars.peek() else {
            return Some(words);
        };
        let mut word = String::new();
        if first == '"' || first == '\'' {
            chars.next();
            loop {
                match chars.next()? {
                    c if c == first => break,
                    '\\' if first == '"' => word.push(match chars.next()? {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        other => other,
                    }),
                    c => word.push(c),
                }
            }
        } else {
            while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
                word.push(c);
            }
        }
        words.push(word.into_bytes());
    }
}
