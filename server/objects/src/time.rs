//! Times as the API writes them: RFC 3339 in UTC, to the second or to the microsecond. Not a clock.
//!
//! Mirrors meta/v1 `Time` and `MicroTime`.

const DAY: i64 = 86_400;

/// `2026-11-20T12:00:00Z`, from seconds since 1970.
pub fn rfc3339(seconds: i64) -> String {
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let s = seconds.rem_euclid(DAY);
    let digit = |n: i64| char::from(b'0' + n.rem_euclid(10) as u8);
    let mut text = format!("{year:04}");
    // Every status and event has some of these: two digits are written without the formatter.
    for (mark, number) in [
        ('-', month),
        ('-', day),
        ('T', s / 3600),
        (':', s / 60 % 60),
        (':', s % 60),
    ] {
        text.extend([mark, digit(number / 10), digit(number)]);
    }
    text.push('Z');
    text
}

/// `2026-11-20T12:00:00.000123Z` (MicroTime), from nanoseconds since 1970; cut to microseconds.
pub fn rfc3339_micros(nanos: i64) -> String {
    let text = rfc3339(nanos.div_euclid(1_000_000_000));
    let micros = nanos.rem_euclid(1_000_000_000) / 1000;
    format!("{}.{micros:06}Z", text.trim_end_matches('Z'))
}

/// With nanoseconds, trailing zeros cut (Go's RFC3339Nano), as timestamps in logs have.
pub fn rfc3339_nanos(nanos: i64) -> String {
    let text = rfc3339(nanos.div_euclid(1_000_000_000));
    let rest = nanos.rem_euclid(1_000_000_000);
    if rest == 0 {
        return text;
    }
    let fraction = format!("{rest:09}");
    format!(
        "{}.{}Z",
        text.trim_end_matches('Z'),
        fraction.trim_end_matches('0')
    )
}

/// Nanoseconds since 1970, from RFC 3339 with any offset and fraction. `None` when it is not such a time or too far away.
pub fn parse_nanos(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let part = bytes.get(from..to)?;
        if !part.iter().all(u8::is_ascii_digit) {
            return None;
        }
        std::str::from_utf8(part).ok()?.parse().ok()
    };
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|&(at, c)| bytes.get(at) != Some(&c)) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month)
        || day < 1
        || day > days_in(year, month)
        || hour > 23
        || minute > 59
        || second > 59
    {
        return None;
    }
    let mut at = 19;
    let mut fraction = 0;
    if bytes.get(at) == Some(&b'.') {
        let end = (at + 1..bytes.len()).find(|&i| !bytes[i].is_ascii_digit())?;
        if end == at + 1 {
            return None;
        }
        let digits: String = text.get(at + 1..end)?.chars().take(9).collect();
        fraction = format!("{digits:0<9}").parse().ok()?;
        at = end;
    }
    let offset = match bytes.get(at)? {
        b'Z' if bytes.len() == at + 1 => 0,
        sign @ (b'+' | b'-') if bytes.len() == at + 6 && bytes[at + 3] == b':' => {
            let minutes = number(at + 1, at + 3)? * 60 + number(at + 4, at + 6)?;
            if *sign == b'+' {
                minutes * 60
            } else {
                -minutes * 60
            }
        }
        _ => return None,
    };
    let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset;
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction)
}

/// Seconds since 1970; see `parse_nanos`.
pub fn parse_seconds(text: &str) -> Option<i64> {
    parse_nanos(text).map(|n| n.div_euclid(1_000_000_000))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date in the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day since 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-20T23:55:01Z", 1_795_218_901),
            ("2024-02-29T12:00:00Z", 1_709_208_000),
            ("1969-12-31T23:59:59Z", -1),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] {
            assert_eq!(parse_seconds(text), Some(seconds), "{text}");
            assert_eq!(rfc3339(seconds), text);
        }
        assert_eq!(
            parse_nanos("1970-01-01T01:00:00.5+01:00"),
            Some(500_000_000)
        );
        assert_eq!(rfc3339_micros(1_500_000), "1970-01-01T00:00:00.001500Z");
        assert_eq!(rfc3339_nanos(1_500_000), "1970-01-01T00:00:00.0015Z");
    }

    #[test]
    fn refuses() {
        for bad in [
            "",
            "x",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00é",
        ] {
            assert_eq!(parse_nanos(bad), None, "{bad}");
        }
    }
}
