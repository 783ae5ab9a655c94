//! `date`: the simulated clock. `-u`, `-d @SECONDS` or `YYYY-MM-DD [hh:mm[:ss]]`, `-r FILE`, `-I`, `+FORMAT`. Mirrors busybox.

use super::options::{self, complain};
use crate::sys::Sys;
use crate::time::{MONTHS, Time, WEEKDAYS};

const LONG_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const LONG_DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

pub async fn main(sys: Sys) -> i32 {
    let usage = "[OPTIONS] [+FMT] [[-s] TIME]\n\nDisplay time (using +FMT), or set time";
    let long = [
        ("date", 'd'),
        ("utc", 'u'),
        ("reference", 'r'),
        ("iso-8601", 'J'),
        ("rfc-2822", 'R'),
    ];
    // `-I` may have its precision attached.
    let args = sys.args();
    let mut precision = None;
    let words: Vec<String> = args
        .iter()
        .skip(1)
        .filter(|word| {
            let value = word.strip_prefix("-I");
            if let Some(value) = value {
                precision = Some(value.to_owned());
            }
            value.is_none()
        })
        .cloned()
        .collect();
    let options = match options::parse(&words, "ud:r:RD:s:J", &long) {
        Ok(options) => options,
        Err(error) => {
            complain(&sys, &error).await;
            options::show_usage(&sys, usage).await;
            return 1;
        }
    };
    let mut time = sys.now();
    if let Some(text) = options.value('d') {
        match read(text, time) {
            Some(read) => time = read,
            None => {
                complain(&sys, &format!("invalid date '{text}'")).await;
                return 1;
            }
        }
    }
    if let Some(file) = options.value('r') {
        match sys.stat(file) {
            Ok(stat) => time = stat.mtime,
            Err(error) => {
                complain(&sys, &format!("{file}: {}", error.text())).await;
                return 1;
            }
        }
    }
    let format = match (
        options.rest.first().and_then(|word| word.strip_prefix('+')),
        precision.as_deref(),
    ) {
        (Some(format), _) => format.to_owned(),
        (None, Some("" | "date")) => "%Y-%m-%d".to_owned(),
        (None, Some("hours")) => "%Y-%m-%dT%H%z".to_owned(),
        (None, Some("minutes")) => "%Y-%m-%dT%H:%M%z".to_owned(),
        (None, Some(_)) => "%Y-%m-%dT%H:%M:%S%z".to_owned(),
        (None, None) if options.has('R') => "%a, %d %b %Y %H:%M:%S %z".to_owned(),
        (None, None) if !options.rest.is_empty() || options.has('s') => {
            complain(&sys, "can't set date: Operation not permitted").await;
            return 1;
        }
        _ => "%a %b %e %H:%M:%S %Z %Y".to_owned(),
    };
    sys.print(strftime(&format, time) + "\n").await;
    0
}

fn read(text: &str, now: Time) -> Option<Time> {
    if let Some(seconds) = text.strip_prefix('@') {
        return seconds.parse().ok().map(Time::from_seconds);
    }
    let text = text.trim_end_matches('Z').replace('T', " ");
    let (date, clock) = match text.split_once(' ') {
        Some((date, clock)) => (date.to_owned(), clock.to_owned()),
        None if text.contains(':') => (strftime("%Y-%m-%d", now), text),
        None => (text, "0:00".to_owned()),
    };
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let mut clock = clock.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute) = (clock.next()??, clock.next()??);
    let second = clock.next().flatten().unwrap_or(0);
    if !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    // Days since the epoch; the year is counted from March.
    let shifted = if month > 2 { year } else { year - 1 };
    let era = shifted.div_euclid(400);
    let of_era = shifted - era * 400;
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(Time::from_seconds(
        days * 86400 + hour * 3600 + minute * 60 + second,
    ))
}

/// A time as strftime(3) writes it, in UTC.
#[must_use]
pub fn strftime(format: &str, time: Time) -> String {
    let c = time.civil();
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(letter) = chars.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let mut kind = chars.next();
        let unpadded = kind == Some('-');
        if unpadded {
            kind = chars.next();
        }
        let hour12 = if c.hour.is_multiple_of(12) {
            12
        } else {
            c.hour % 12
        };
        let text = match kind {
            Some('Y') => c.year.to_string(),
            Some('C') => format!("{:02}", c.year / 100),
            Some('y') => format!("{:02}", c.year % 100),
            Some('m') => format!("{:02}", c.month),
            Some('d') => format!("{:02}", c.day),
            Some('e') => format!("{:2}", c.day),
            Some('H') => format!("{:02}", c.hour),
            Some('k') => format!("{:2}", c.hour),
            Some('I') => format!("{hour12:02}"),
            Some('l') => format!("{hour12:2}"),
            Some('M') => format!("{:02}", c.minute),
            Some('S') => format!("{:02}", c.second),
            Some('N') => format!("{:09}", time.subsec_nanos()),
            Some('s') => time.seconds().to_string(),
            Some('j') => format!("{:03}", c.yearday + 1),
            Some('u') => (if c.weekday == 0 { 7 } else { c.weekday }).to_string(),
            Some('w') => c.weekday.to_string(),
            Some('a') => WEEKDAYS[c.weekday as usize].to_owned(),
            Some('A') => LONG_DAYS[c.weekday as usize].to_owned(),
            Some('b' | 'h') => MONTHS[c.month as usize - 1].to_owned(),
            Some('B') => LONG_MONTHS[c.month as usize - 1].to_owned(),
            Some('p') => if c.hour < 12 { "AM" } else { "PM" }.to_owned(),
            Some('F') => format!("{}-{:02}-{:02}", c.year, c.month, c.day),
            Some('D' | 'x') => format!("{:02}/{:02}/{:02}", c.month, c.day, c.year % 100),
            Some('T' | 'X') => format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second),
            Some('R') => format!("{:02}:{:02}", c.hour, c.minute),
            Some('r') => strftime("%I:%M:%S %p", time),
            Some('c') => strftime("%a %b %e %H:%M:%S %Y", time),
            Some('Z') => "UTC".to_owned(),
            Some('z') => "+0000".to_owned(),
            Some('n') => "\n".to_owned(),
            Some('t') => "\t".to_owned(),
            Some('%') => "%".to_owned(),
            Some(other) => format!("%{other}"),
            None => "%".to_owned(),
        };
        if unpadded {
            let trimmed = text.trim_start_matches(['0', ' ']);
            out.push_str(if trimmed.is_empty() { "0" } else { trimmed });
        } else {
            out.push_str(&text);
        }
    }
    out
}
