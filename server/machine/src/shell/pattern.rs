//! Shell patterns: `*`, `?`, `[…]` and backslash, for `case`, `${x%…}` and file names.
//!
//! Pure. Matching costs at most length times pattern; what would cost the square of a long text goes through `long`.
//! Mirrors POSIX XCU 2.13.

mod long;

/// Bytes of a text that is long.
const LONG: usize = 256;
/// Names that a pattern of file names looks at, and bytes of names that it gathers.
const MOST_LOOKS: usize = 50_000;
const MOST_BYTES: usize = 4 << 20;

/// Whether all of `text` matches `pattern`.
pub fn matches(pattern: &str, text: &str) -> bool {
    if text.len() > LONG && pattern.len() > 16 {
        return long::matches(pattern, text);
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    matches_chars(&pattern, &text)
}

/// [`matches`] on characters.
pub fn matches_chars(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p + 1, t));
            p += 1;
            continue;
        }
        if t == text.len() {
            return p == pattern.len();
        }
        if let Some(next) = one(pattern, p, text[t]) {
            p = next;
            t += 1;
        } else if let Some((after, from)) = star {
            p = after;
            t = from + 1;
            star = Some((after, t));
        } else {
            return false;
        }
    }
}

/// Matches one character at `p`; where the pattern goes on.
fn one(pattern: &[char], p: usize, c: char) -> Option<usize> {
    match *pattern.get(p)? {
        '?' => Some(p + 1),
        '\\' if p + 1 < pattern.len() => (pattern[p + 1] == c).then_some(p + 2),
        '[' => match bracket(pattern, p, c) {
            Some((true, next)) => Some(next),
            Some((false, _)) => None,
            None => (c == '[').then_some(p + 1),
        },
        literal => (literal == c).then_some(p + 1),
    }
}

/// A bracket expression at `p`: whether `c` is in it, and where it ends.
fn bracket(pattern: &[char], p: usize, c: char) -> Option<(bool, usize)> {
    let mut at = p + 1;
    let negated = matches!(pattern.get(at), Some('!' | '^'));
    if negated {
        at += 1;
    }
    let start = at;
    let mut found = false;
    loop {
        let mut low = *pattern.get(at)?;
        if low == ']' && at > start {
            return Some((found != negated, at + 1));
        }
        if low == '[' && pattern.get(at + 1) == Some(&':') {
            let rest = &pattern[at + 2..];
            if let Some(end) = rest.windows(2).position(|pair| pair == [':', ']']) {
                let name: String = rest[..end].iter().collect();
                found |= in_class(&name, c);
                at += end + 4;
                continue;
            }
        }
        if low == '\\' && at + 1 < pattern.len() {
            at += 1;
            low = pattern[at];
        }
        at += 1;
        if pattern.get(at) == Some(&'-') && pattern.get(at + 1).is_some_and(|c| *c != ']') {
            let mut high = pattern[at + 1];
            at += 2;
            if high == '\\' && at < pattern.len() {
                high = pattern[at];
                at += 1;
            }
            found |= low <= c && c <= high;
        } else {
            found |= low == c;
        }
    }
}

fn in_class(name: &str, c: char) -> bool {
    match name {
        "alpha" => c.is_alphabetic(),
        "digit" => c.is_ascii_digit(),
        "alnum" => c.is_alphanumeric(),
        "upper" => c.is_uppercase(),
        "lower" => c.is_lowercase(),
        "space" => c.is_whitespace(),
        "blank" => c == ' ' || c == '\t',
        "punct" => c.is_ascii_punctuation(),
        "print" => !c.is_control(),
        "graph" => !c.is_control() && c != ' ',
        "cntrl" => c.is_control(),
        "xdigit" => c.is_ascii_hexdigit(),
        _ => false,
    }
}

/// Whether `pattern` has an active special character.
pub fn is_pattern(pattern: &str) -> bool {
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '*' | '?' | '[' => return true,
            _ => {}
        }
    }
    false
}

/// `pattern` without its backslashes.
pub fn unescape(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text
}

/// Adds `text` to `pattern` so that it stands for itself.
pub fn push_literal(pattern: &mut String, text: &str) {
    if !text.contains(['*', '?', '[', ']', '\\', '-', '!', '^']) {
        return pattern.push_str(text);
    }
    for c in text.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\' | '-' | '!' | '^') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
}

/// `text` without the shortest or longest start that matches.
pub fn without_prefix(text: &str, pattern: &str, longest: bool) -> String {
    if text.len() > LONG {
        let end = long::prefix(text, pattern, longest).unwrap_or(0);
        return text[end..].to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    let mut lengths: Vec<usize> = (0..=chars.len()).collect();
    if longest {
        lengths.reverse();
    }
    match lengths
        .into_iter()
        .find(|n| matches_chars(&pattern, &chars[..*n]))
    {
        Some(n) => chars[n..].iter().collect(),
        None => text.to_owned(),
    }
}

/// `text` without the shortest or longest end that matches.
pub fn without_suffix(text: &str, pattern: &str, longest: bool) -> String {
    if text.len() > LONG {
        let start = long::suffix(text, pattern, longest).unwrap_or(text.len());
        return text[..start].to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    let mut starts: Vec<usize> = (0..=chars.len()).collect();
    if !longest {
        starts.reverse();
    }
    match starts
        .into_iter()
        .find(|n| matches_chars(&pattern, &chars[*n..]))
    {
        Some(n) => chars[..n].iter().collect(),
        None => text.to_owned(),
    }
}

/// `text` with the first match (or all) of `pattern` replaced.
pub fn replace(text: &str, pattern: &str, with: &str, all: bool) -> String {
    if pattern.is_empty() {
        return text.to_owned();
    }
    if text.len() > LONG {
        return long::replace(text, pattern, with, all);
    }
    let chars: Vec<char> = text.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        let end = (at + 1..=chars.len())
            .rev()
            .find(|end| matches_chars(&pattern, &chars[at..*end]));
        match end {
            Some(end) => {
                out.push_str(with);
                at = end;
                if !all {
                    break;
                }
            }
            None => {
                out.push(chars[at]);
                at += 1;
            }
        }
    }
    out.extend(&chars[at.min(chars.len())..]);
    out
}

/// The file names that match `pattern`, sorted. `list` reads a directory, `exists` says whether a path is there.
pub fn glob(
    pattern: &str,
    list: &dyn Fn(&str) -> Vec<String>,
    exists: &dyn Fn(&str) -> bool,
) -> Vec<String> {
    let mut found = vec![String::new()];
    let parts: Vec<&str> = pattern.split('/').collect();
    // Names that may be looked at and bytes that may be gathered: links that loop make both endless.
    let (mut looks, mut bytes) = (MOST_LOOKS, MOST_BYTES);
    for (index, part) in parts.iter().enumerate() {
        let last = index + 1 == parts.len();
        let mut next = Vec::new();
        let mut take = |path: String| {
            bytes = bytes.saturating_sub(path.len());
            next.push(path);
            bytes > 0
        };
        for base in &found {
            if !is_pattern(part) {
                let path = format!("{base}{}", unescape(part));
                let more = if !last {
                    take(path + "/")
                } else {
                    !exists(&path) || take(path)
                };
                if !more {
                    break;
                }
                continue;
            }
            let names = list(if base.is_empty() { "." } else { base });
            looks = looks.saturating_sub(names.len() + 1);
            for name in names {
                if (name.starts_with('.') && !part.starts_with('.')) || !matches(part, &name) {
                    continue;
                }
                let path = format!("{base}{name}");
                if !take(if last { path } else { path + "/" }) {
                    looks = 0;
                    break;
                }
            }
            if looks == 0 {
                break;
            }
        }
        found = next;
    }
    found.retain(|path| !path.is_empty());
    found.sort();
    found
}
