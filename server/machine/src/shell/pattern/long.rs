//! Patterns on long texts, as regular expressions: their time grows with the text, not with its square.
//!
//! A greedy expression of this kind finds the longest match and a lazy one the shortest: whatever the earlier parts of a pattern take,
//! its last part can still stand where it stands in the longest (shortest) match. A pattern that makes too large an expression
//! matches nothing.

use super::bracket;
use regex::{Regex, RegexBuilder};

fn build(expression: &str) -> Option<Regex> {
    let mut builder = RegexBuilder::new(expression);
    builder.size_limit(1 << 20).dfa_size_limit(1 << 20);
    builder.build().ok()
}

/// One expression for each element of the pattern.
fn elements(pattern: &str, greedy: bool) -> Vec<String> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out: Vec<String> = Vec::new();
    let star = if greedy { "(?s:.*)" } else { "(?s:.*?)" };
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        at += 1;
        match c {
            '*' if out.last().is_some_and(|last| last == star) => {}
            '*' => out.push(star.into()),
            '?' => out.push("(?s:.)".into()),
            '\\' if at < chars.len() => {
                out.push(literal(chars[at]));
                at += 1;
            }
            // Whether it is one does not depend on the character.
            '[' => match bracket(&chars, at - 1, 'x') {
                Some((_, end)) => {
                    out.push(class(&chars[at..end - 1]));
                    at = end;
                }
                None => out.push(literal('[')),
            },
            other => out.push(literal(other)),
        }
    }
    out
}

fn literal(c: char) -> String {
    regex::escape(c.encode_utf8(&mut [0; 4]))
}

/// What stands between the brackets, as the expression has it.
fn class(inside: &[char]) -> String {
    let (negated, mut rest) = match inside.split_first() {
        Some(('!' | '^', rest)) => (true, rest),
        _ => (false, inside),
    };
    let mut items = String::new();
    while let Some((&c, after)) = rest.split_first() {
        rest = after;
        if c == '['
            && rest.first() == Some(&':')
            && let Some(end) = rest[1..].windows(2).position(|pair| pair == [':', ']'])
        {
            let name: String = rest[1..=end].iter().collect();
            items.push_str(named(&name));
            rest = &rest[end + 3..];
            continue;
        }
        let mut low = c;
        if c == '\\'
            && let Some((&next, after)) = rest.split_first()
        {
            (low, rest) = (next, after);
        }
        let mut high = low;
        if let ['-', end, after @ ..] = rest {
            (high, rest) = (*end, after);
            if high == '\\'
                && let Some((&next, after)) = rest.split_first()
            {
                (high, rest) = (next, after);
            }
        }
        if low <= high {
            items.push_str(&format!("\\x{{{:x}}}-\\x{{{:x}}}", low as u32, high as u32));
        }
    }
    match (items.is_empty(), negated) {
        (true, false) => "[^\\s\\S]".into(),
        (true, true) => "(?s:.)".into(),
        (false, true) => format!("[^{items}]"),
        (false, false) => format!("[{items}]"),
    }
}

/// A class of characters, as `in_class` has it.
fn named(name: &str) -> &'static str {
    match name {
        "alpha" => "\\p{Alphabetic}",
        "digit" => "0-9",
        "alnum" => "\\p{Alphabetic}\\p{N}",
        "upper" => "\\p{Uppercase}",
        "lower" => "\\p{Lowercase}",
        "space" => "\\s",
        "blank" => " \\t",
        "punct" => "[:punct:]",
        "print" => "\\P{Cc}",
        "graph" => "[\\P{Cc}&&[^ ]]",
        "cntrl" => "\\p{Cc}",
        "xdigit" => "0-9A-Fa-f",
        _ => "",
    }
}

/// As `pattern::matches`.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let expression = format!("^(?:{})$", elements(pattern, true).concat());
    build(&expression).is_some_and(|regex| regex.is_match(text))
}

/// Where the shortest or longest start that matches ends.
pub(super) fn prefix(text: &str, pattern: &str, longest: bool) -> Option<usize> {
    let expression = format!("^(?:{})", elements(pattern, longest).concat());
    Some(build(&expression)?.find(text)?.end())
}

/// Where the shortest or longest end that matches starts: a prefix of both read backwards.
pub(super) fn suffix(text: &str, pattern: &str, longest: bool) -> Option<usize> {
    let mut all = elements(pattern, longest);
    all.reverse();
    let backwards: String = text.chars().rev().collect();
    let expression = format!("^(?:{})", all.concat());
    Some(text.len() - build(&expression)?.find(&backwards)?.end())
}

/// As `pattern::replace`.
pub(super) fn replace(text: &str, pattern: &str, with: &str, all: bool) -> String {
    let Some(regex) = build(&elements(pattern, true).concat()) else {
        return text.to_owned();
    };
    let mut out = String::new();
    let mut at = 0;
    for found in regex.find_iter(text).filter(|found| !found.is_empty()) {
        out.push_str(&text[at..found.start()]);
        out.push_str(with);
        at = found.end();
        if !all {
            break;
        }
    }
    out + &text[at..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::pattern;

    /// On short texts both ways give the same.
    #[test]
    fn long_texts_match_as_short_ones() {
        let texts = [
            "", "a", "abcabc", "aXbXc", "x.tar.gz", "a]b", "a-b_c", "ééa", "a\nb c",
        ];
        let patterns = [
            "",
            "*",
            "a*",
            "*c",
            "?",
            "??",
            "*.*",
            "[a-c]*",
            "[!a]*",
            "*[[:upper:]]*",
            "[]]",
            "\\*",
            "[",
            "a[",
            "*b*",
            "[z-a]",
            "[\\]]",
            "*[!b-y]",
            "é*",
            "[[:nope:]]",
        ];
        for text in texts {
            for pattern in patterns {
                let case = format!("{text:?} {pattern:?}");
                assert_eq!(
                    matches(pattern, text),
                    pattern::matches(pattern, text),
                    "{case}"
                );
                for longest in [false, true] {
                    let end = prefix(text, pattern, longest).unwrap_or(0);
                    assert_eq!(
                        text[end..],
                        pattern::without_prefix(text, pattern, longest),
                        "{case} {longest}"
                    );
                    let start = suffix(text, pattern, longest).unwrap_or(text.len());
                    assert_eq!(
                        text[..start],
                        pattern::without_suffix(text, pattern, longest),
                        "{case} {longest}"
                    );
                }
                if !pattern.is_empty() {
                    assert_eq!(
                        replace(text, pattern, "<>", true),
                        pattern::replace(text, pattern, "<>", true),
                        "{case}"
                    );
                }
            }
        }
    }
}
