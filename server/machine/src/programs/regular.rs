//! POSIX regular expressions, basic and extended, in terms of the `regex` crate.
//!
//! Not a program. Back-references are not supported (the crate matches in linear time and has none). Mirrors POSIX XBD 9.

use regex::bytes::{Regex, RegexBuilder};

use crate::sys::Sys;
use crate::time::Duration;

/// After so many matches others may run, and so long it took.
const MATCHES: usize = 4096;
const MATCHES_TIME: Duration = Duration::from_micros(80);

/// Compiles a POSIX expression. An error's text otherwise.
pub fn compile(pattern: &str, extended: bool, ignore_case: bool) -> Result<Regex, String> {
    build(&translated(pattern, extended)?, ignore_case)
}

/// Compiles an expression in the crate's syntax (from [`translated`]).
pub fn build(expression: &str, ignore_case: bool) -> Result<Regex, String> {
    let mut builder = RegexBuilder::new(expression);
    builder
        .case_insensitive(ignore_case)
        .size_limit(1 << 20)
        .nest_limit(100);
    builder
        .build()
        .map_err(|_| "Invalid regular expression".to_owned())
}

/// For whoever replaces match after match, with the number of each, from 0: now and then it pays for them and lets others run.
pub async fn matched(sys: &Sys, number: usize) {
    if number % MATCHES == MATCHES - 1 {
        sys.cpu(MATCHES_TIME).await;
    }
}

/// The same expression in the crate's syntax. An error's text otherwise.
pub fn translated(pattern: &str, extended: bool) -> Result<String, String> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    let mut open = 0;
    // Whether an anchor or a literal star may stand here: at the start of a branch.
    let mut start = true;
    while at < chars.len() {
        let c = chars[at];
        at += 1;
        let was_start = std::mem::take(&mut start);
        match c {
            '[' => bracket(&chars, &mut at, &mut out)?,
            '\\' => {
                let Some(next) = chars.get(at).copied() else {
                    return Err("Trailing backslash".to_owned());
                };
                at += 1;
                match next {
                    '(' | ')' | '{' | '}' | '|' | '+' | '?' if !extended => {
                        if next == '(' {
                            open += 1;
                        } else if next == ')' {
                            if open == 0 {
                                return Err("Unmatched ) or \\)".to_owned());
                            }
                            open -= 1;
                        }
                        start = matches!(next, '(' | '|');
                        out.push(next);
                    }
                    '1'..='9' => return Err("back-references are not supported".to_owned()),
                    'n' => out.push_str("\\n"),
                    't' => out.push_str("\\t"),
                    'w' | 'W' | 's' | 'S' | 'b' | 'B' => {
                        out.push('\\');
                        out.push(next);
                    }
                    '<' => out.push_str("\\b{start}"),
                    '>' => out.push_str("\\b{end}"),
                    '`' => out.push_str("\\A"),
                    '\'' => out.push_str("\\z"),
                    other => literal(other, &mut out),
                }
            }
            '*' if was_start && !extended => literal('*', &mut out),
            '*' => {
                while out.ends_with('*') {
                    out.pop();
                }
                out.push('*');
            }
            '.' => out.push('.'),
            '^' if extended || was_start => {
                out.push('^');
                start = true;
            }
            '$' if extended
                || at == chars.len()
                || (chars[at] == '\\' && matches!(chars.get(at + 1), Some(')' | '|'))) =>
            {
                out.push('$');
            }
            '(' | ')' | '|' | '+' | '?' | '{' | '}' if extended => {
                if c == '{' && !chars.get(at).is_some_and(char::is_ascii_digit) {
                    literal(c, &mut out);
                    continue;
                }
                start = matches!(c, '(' | '|');
                if was_start && matches!(c, '+' | '?') {
                    literal(c, &mut out);
                } else {
                    out.push(c);
                }
            }
            other => literal(other, &mut out),
        }
    }
    if open > 0 {
        return Err("Unmatched ( or \\(".to_owned());
    }
    Ok(out)
}

fn literal(c: char, out: &mut String) {
    out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
}

/// After `[`: up to the closing bracket.
fn bracket(chars: &[char], at: &mut usize, out: &mut String) -> Result<(), String> {
    out.push('[');
    if chars.get(*at) == Some(&'^') {
        out.push('^');
        *at += 1;
    }
    let first = *at;
    loop {
        let Some(c) = chars.get(*at).copied() else {
            return Err("Unmatched [, [^, [:, [., or [=".to_owned());
        };
        *at += 1;
        if c == ']' && *at - 1 > first {
            out.push(']');
            return Ok(());
        }
        if c == '[' && chars.get(*at) == Some(&':') {
            let rest: String = chars[*at + 1..].iter().take(12).collect();
            if let Some(end) = rest.find(":]") {
                out.push_str(&format!("[:{}:]", &rest[..end]));
                *at += end + 3;
                continue;
            }
        }
        if c == '-' && *at - 1 > first && chars.get(*at).is_some_and(|c| *c != ']') {
            out.push('-');
        } else if matches!(c, '[' | ']' | '\\' | '^' | '-' | '&' | '~') {
            out.push('\\');
            out.push(c);
        } else {
            out.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_match_as_posix_says() {
        for (pattern, extended, text, expect) in [
            ("a*b", false, "aab", true),
            ("a+b", false, "a+b", true),
            ("a+b", true, "aab", true),
            ("a\\+b", false, "aab", true),
            ("\\(ab\\)*c", false, "ababc", true),
            ("^*x", false, "*x", true),
            ("a|b", true, "b", true),
            ("a\\|b", false, "b", true),
            ("[]x]", false, "]", true),
            ("[^a-c]", false, "b", false),
            ("[[:digit:]]\\{2\\}", false, "a12", true),
            ("x{2}", true, "axx", true),
            ("a$b", false, "a$b", true),
            ("[a.]", false, "b", false),
            ("\\.", true, "b", false),
        ] {
            assert_eq!(
                compile(pattern, extended, false)
                    .unwrap()
                    .is_match(text.as_bytes()),
                expect,
                "{pattern}"
            );
        }
    }
}
