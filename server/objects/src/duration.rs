//! Durations: ages as kubectl's tables print them, and Go's own notation.
//!
//! Mirrors apimachinery's `util/duration` and Go's `time.Duration`.

/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

/// The age column: `5s`, `3m2s`, `47h`, `8d`, `2y30d`. `seconds` may be a little negative (clocks differ).
pub fn human(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let two = |a: i64, unit_a: &str, b: i64, unit_b: &str| {
        if b == 0 {
            format!("{a}{unit_a}")
        } else {
            format!("{a}{unit_a}{b}{unit_b}")
        }
    };
    match seconds {
        ..-1 => "<invalid>".into(),
        -1 => "0s".into(),
        0..120 => format!("{seconds}s"),
        _ if minutes < 10 => two(minutes, "m", seconds % 60, "s"),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => two(hours, "h", minutes % 60, "m"),
        _ if hours < 48 => format!("{hours}h"),
        _ if hours < 192 => two(hours / 24, "d", hours % 24, "h"),
        _ if hours < 17520 => format!("{}d", hours / 24),
        _ if hours < 70080 => two(hours / 24 / 365, "y", hours / 24 % 365, "d"),
        _ => format!("{}y", hours / 24 / 365),
    }
}

/// Go's `Duration.String`: `1h0m0s`, `1.5s`, `300ms`, `0s`.
pub fn go(nanos: i64) -> String {
    if nanos == 0 {
        return "0s".into();
    }
    let sign = if nanos < 0 { "-" } else { "" };
    let n = nanos.unsigned_abs();
    if n < SECOND as u64 {
        let (unit, scale) = match n {
            ..1_000 => ("ns", 1),
            1_000..1_000_000 => ("µs", 1_000),
            _ => ("ms", 1_000_000),
        };
        return format!("{sign}{}{unit}", decimal(n, scale));
    }
    let (seconds, rest) = (n / SECOND as u64, n % SECOND as u64);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let seconds = decimal(seconds % 60 * SECOND as u64 + rest, SECOND as u64);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{seconds}s"),
        (0, m) => format!("{sign}{m}m{seconds}s"),
        (h, m) => format!("{sign}{h}h{m}m{seconds}s"),
    }
}

fn decimal(n: u64, scale: u64) -> String {
    let (whole, rest) = (n / scale, n % scale);
    if rest == 0 {
        return whole.to_string();
    }
    let width = scale.ilog10() as usize;
    format!(
        "{whole}.{}",
        format!("{rest:0width$}").trim_end_matches('0')
    )
}

/// Go's `ParseDuration`, in nanoseconds: `90s`, `1h30m`, `-1.5h`, `0`. `None` when it is not one or too large.
pub fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .filter(|&n| n > 0)?;
        let (number, after) = rest.split_at(digits);
        let end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let scale: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || whole.len() > 19 {
            return None;
        }
        let fraction = &fraction[..fraction.len().min(15)];
        total += whole.parse::<i128>().unwrap_or(0) * scale;
        total += fraction.parse::<i128>().unwrap_or(0) * scale / 10i128.pow(fraction.len() as u32);
        rest = next;
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        for (seconds, expect) in [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (182, "3m2s"),
            (599, "9m59s"),
            (600, "10m"),
            (10799, "179m"),
            (10800, "3h"),
            (11100, "3h5m"),
            (28800, "8h"),
            (172799, "47h"),
            (172800, "2d"),
            (176400, "2d1h"),
            (691199, "7d23h"),
            (691200, "8d"),
            (63072000, "2y"),
            (63158400, "2y1d"),
            (252288000, "8y"),
        ] {
            assert_eq!(human(seconds), expect, "{seconds}");
        }
    }

    #[test]
    fn go_notation() {
        for (text, nanos, back) in [
            ("90s", 90 * SECOND, "1m30s"),
            ("1h", 3600 * SECOND, "1h0m0s"),
            ("1.5s", SECOND * 3 / 2, "1.5s"),
            ("300ms", SECOND * 3 / 10, "300ms"),
            ("-1.5h", -5400 * SECOND, "-1h30m0s"),
            ("0", 0, "0s"),
            ("2us", 2000, "2µs"),
        ] {
            assert_eq!(parse(text), Some(nanos), "{text}");
            assert_eq!(go(nanos), back, "{text}");
        }
        for bad in [
            "",
            "-",
            "1",
            "s",
            "1d",
            ".s",
            "1..2s",
            "9999999999999999999h",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
