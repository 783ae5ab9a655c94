//! awk's words. Whether a `/` divides or opens a regular expression depends on the word before it.

use std::rc::Rc;

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Number(f64),
    Text(Rc<str>),
    Regex(Rc<str>),
    Name(String),
    /// A name with `(` right behind it: a call.
    Called(String),
    Sign(&'static str),
    Newline,
    End,
}

const SIGNS: [&str; 47] = [
    "**=", "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "**", "==", "<=", ">=",
    "!=", ">>", "!~", "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "%", "^", "!", ">",
    "<", "|", "?", ":", "~", "$", "=", "/", "&", "@", "#", "`", "'", ".",
];

pub const KEYWORDS: [&str; 21] = [
    "BEGIN", "END", "function", "func", "if", "else", "while", "for", "do", "break", "continue",
    "next", "nextfile", "exit", "return", "delete", "in", "getline", "print", "printf", "switch",
];

/// A program's text as words with their line numbers.
pub fn words(text: &str) -> Result<Vec<(Token, usize)>, (String, usize)> {
    let chars: Vec<char> = text.chars().collect();
    let mut out: Vec<(Token, usize)> = Vec::new();
    let mut at = 0;
    let mut line = 1;
    while at < chars.len() {
        let c = chars[at];
        match c {
            ' ' | '\t' | '\r' => at += 1,
            '\\' if chars.get(at + 1) == Some(&'\n') => {
                at += 2;
                line += 1;
            }
            '#' => {
                while at < chars.len() && chars[at] != '\n' {
                    at += 1;
                }
            }
            '\n' => {
                out.push((Token::Newline, line));
                line += 1;
                at += 1;
            }
            '"' => {
                let text =
                    string(&chars, &mut at).ok_or(("unterminated string".to_owned(), line))?;
                out.push((Token::Text(text.into()), line));
            }
            '/' if regex_may_stand(out.last()) => {
                let text = regex(&chars, &mut at).ok_or(("unterminated regex".to_owned(), line))?;
                out.push((Token::Regex(text.into()), line));
            }
            _ if c.is_ascii_digit()
                || (c == '.' && chars.get(at + 1).is_some_and(char::is_ascii_digit)) =>
            {
                out.push((Token::Number(number(&chars, &mut at)), line));
            }
            _ if c.is_ascii_alphabetic() || c == '_' => {
                let start = at;
                while at < chars.len() && (chars[at].is_ascii_alphanumeric() || chars[at] == '_') {
                    at += 1;
                }
                let name: String = chars[start..at].iter().collect();
                let called = chars.get(at) == Some(&'(') && !KEYWORDS.contains(&name.as_str());
                out.push((
                    if called {
                        Token::Called(name)
                    } else {
                        Token::Name(name)
                    },
                    line,
                ));
            }
            _ => {
                let found = SIGNS.iter().find(|sign| {
                    sign.chars()
                        .enumerate()
                        .all(|(index, c)| chars.get(at + index) == Some(&c))
                });
                let Some(sign) = found else {
                    return Err((format!("unexpected character '{c}'"), line));
                };
                at += sign.len();
                let sign = match *sign {
                    "**" => "^",
                    "**=" => "^=",
                    sign => sign,
                };
                out.push((Token::Sign(sign), line));
            }
        }
    }
    out.push((Token::Newline, line));
    out.push((Token::End, line));
    Ok(out)
}

fn regex_may_stand(last: Option<&(Token, usize)>) -> bool {
    match last {
        None => true,
        Some((token, _)) => match token {
            Token::Number(_) | Token::Text(_) | Token::Regex(_) | Token::Called(_) => false,
            Token::Name(name) => KEYWORDS.contains(&name.as_str()) && name != "getline",
            Token::Sign(sign) => !matches!(*sign, ")" | "]" | "$" | "++" | "--"),
            Token::Newline | Token::End => true,
        },
    }
}

fn number(chars: &[char], at: &mut usize) -> f64 {
    let start = *at;
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    if chars[*at] == '0'
        && matches!(chars.get(*at + 1), Some('x' | 'X'))
        && chars.get(*at + 2).is_some_and(char::is_ascii_hexdigit)
    {
        *at += 2;
        while chars.get(*at).is_some_and(char::is_ascii_hexdigit) {
            *at += 1;
        }
        let digits: String = chars[start + 2..*at].iter().collect();
        return u64::from_str_radix(&digits, 16).unwrap_or(u64::MAX) as f64;
    }
    while digit(*at) {
        *at += 1;
    }
    if chars.get(*at) == Some(&'.') {
        *at += 1;
        while digit(*at) {
            *at += 1;
        }
    }
    if matches!(chars.get(*at), Some('e' | 'E')) {
        let sign = usize::from(matches!(chars.get(*at + 1), Some('+' | '-')));
        if digit(*at + 1 + sign) {
            *at += 1 + sign;
            while digit(*at) {
                *at += 1;
            }
        }
    }
    let text: String = chars[start..*at].iter().collect();
    if text.len() > 1 && text.starts_with('0') && text.chars().all(|c| ('0'..='7').contains(&c)) {
        return u64::from_str_radix(&text, 8).unwrap_or(u64::MAX) as f64;
    }
    text.parse().unwrap_or(0.0)
}

fn string(chars: &[char], at: &mut usize) -> Option<String> {
    *at += 1;
    let mut raw = String::new();
    loop {
        let c = *chars.get(*at)?;
        *at += 1;
        match c {
            '"' => return Some(unescape(&raw)),
            '\n' => return None,
            '\\' => {
                let next = *chars.get(*at)?;
                *at += 1;
                if next != '\n' {
                    raw.push('\\');
                    raw.push(next);
                }
            }
            c => raw.push(c),
        }
    }
}

/// Escapes of a string (also of `-v` and operands).
pub fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('a') => out.push('\x07'),
            Some('b') => out.push('\x08'),
            Some('f') => out.push('\x0c'),
            Some('v') => out.push('\x0b'),
            Some('\\') => out.push('\\'),
            Some('"') => out.push('"'),
            Some('/') => out.push('/'),
            Some(first @ '0'..='7') => {
                let mut value = first.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = chars.peek().and_then(|c| c.to_digit(8)) else {
                        break;
                    };
                    value = value * 8 + digit;
                    chars.next();
                }
                out.push(char::from_u32(value & 0xff).unwrap_or('?'));
            }
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => out.push('\\'),
        }
    }
    out
}

fn regex(chars: &[char], at: &mut usize) -> Option<String> {
    *at += 1;
    let mut out = String::new();
    let mut bracket = false;
    loop {
        let c = *chars.get(*at)?;
        *at += 1;
        match c {
            '\n' => return None,
            '/' if !bracket => return Some(out),
            '\\' => {
                let next = *chars.get(*at)?;
                *at += 1;
                if next != '/' {
                    out.push('\\');
                }
                out.push(next);
            }
            _ => {
                if c == '[' && !bracket {
                    bracket = true;
                    out.push(c);
                    // `[]x]` and `[^]x]`: the first `]` is a member.
                    if chars.get(*at) == Some(&'^') {
                        out.push('^');
                        *at += 1;
                    }
                    if chars.get(*at) == Some(&']') {
                        out.push(']');
                        *at += 1;
                    }
                    continue;
                }
                if c == ']' {
                    bracket = false;
                }
                out.push(c);
            }
        }
    }
}
