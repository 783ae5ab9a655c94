//! Times as kubectl shows them: ages (`3m2s`), and RFC 1123 dates in descriptions.

use jiff::Timestamp;
use serde_json::Value;

/// An age as kubectl shortens it: `45s`, `3m2s`, `5h10m`, `12d`, `2y30d`.
pub(crate) use objects::duration::human;

/// Reads an RFC 3339 time of the API.
pub(crate) fn parse(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// The age of a time of the API; `<unknown>` where it is not set.
pub(crate) fn age(value: &Value, now: Timestamp) -> String {
    parse(value).map_or("<unknown>".into(), |time| human(between(time, now)))
}

/// Whole seconds from one time to another.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> i64 {
    to.as_millisecond()
        .saturating_sub(from.as_millisecond())
        .div_euclid(1000)
}

/// `Fri, 20 Nov 2026 21:02:28 +0000`; empty where it is not set.
pub(crate) fn date(value: &Value) -> String {
    parse(value).map_or(String::new(), |time| {
        time.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_ages() {
        for (seconds, want) in [
            (-5, "<invalid>"),
            (-1, "0s"),
            (3, "3s"),
            (119, "119s"),
            (120, "2m"),
            (182, "3m2s"),
            (3600, "60m"),
            (10800, "3h"),
            (18600, "5h10m"),
            (86400, "24h"),
            (180_000, "2d2h"),
            (1_000_000, "11d"),
            (70_000_000, "2y80d"),
        ] {
            assert_eq!(human(seconds), want, "{seconds}");
        }
        assert_eq!(
            date(&"2026-11-20T21:02:28Z".into()),
            "Fri, 20 Nov 2026 21:02:28 +0000"
        );
    }
}
