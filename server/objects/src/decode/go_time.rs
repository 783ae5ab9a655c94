//! The errors of Go's `time.Parse` for the two layouts of the API.

use crate::quote::go_quote;

const SECONDS: &str = "2006-01-02T15:04:05Z07:00";
const MICROS: &str = "2006-01-02T15:04:05.000000Z07:00";

/// Why a text is no time.
pub(super) fn error(text: &str, micros: bool) -> String {
    let layout = if micros { MICROS } else { SECONDS };
    let quoted = go_quote(text);
    let mut rest = text;
    for (element, digits) in [
        ("2006", 4),
        ("-", 0),
        ("01", 2),
        ("-", 0),
        ("02", 2),
        ("T", 0),
        ("15", 2),
        (":", 0),
        ("04", 2),
        (":", 0),
        ("05", 2),
    ] {
        let good = match digits {
            0 => rest.starts_with(element),
            n => rest.len() >= n && rest.bytes().take(n).all(|b| b.is_ascii_digit()),
        };
        if !good {
            let (rest, element) = (go_quote(rest), go_quote(element));
            return format!(
                "parsing time {quoted} as {}: cannot parse {rest} as {element}",
                go_quote(layout)
            );
        }
        let value = rest.get(..digits).and_then(|d| d.parse::<u32>().ok());
        let range = match (element, value) {
            ("01", Some(n)) if !(1..=12).contains(&n) => Some("month"),
            ("15", Some(n)) if n > 23 => Some("hour"),
            ("04", Some(n)) if n > 59 => Some("minute"),
            ("05", Some(n)) if n > 59 => Some("second"),
            _ => None,
        };
        if let Some(what) = range {
            return format!("parsing time {quoted}: {what} out of range");
        }
        rest = &rest[digits.max(usize::from(digits == 0))..];
    }
    let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    if !zone.starts_with(['Z', '+', '-']) {
        let element = if micros && !rest.starts_with('.') {
            ".000000"
        } else {
            "Z07:00"
        };
        return format!(
            "parsing time {quoted} as {}: cannot parse {} as {}",
            go_quote(layout),
            go_quote(zone),
            go_quote(element)
        );
    }
    if let Some(extra) = zone.strip_prefix('Z').filter(|e| !e.is_empty()) {
        return format!("parsing time {quoted}: extra text: {}", go_quote(extra));
    }
    format!("parsing time {quoted}: day out of range")
}
