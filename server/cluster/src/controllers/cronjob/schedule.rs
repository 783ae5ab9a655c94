//! Schedules of five fields as cron reads them: lists, ranges, steps, names, and `@hourly` and its kin. Pure; in UTC.

/// A schedule that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    any_day: bool,
    any_weekday: bool,
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

impl Schedule {
    /// Reads `*/5 * * * *` or `@daily`; the error says what cannot be read.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = match text.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            return Err(format!(
                "expected exactly 5 fields, found {}: [{}]",
                fields.len(),
                fields.join(" ")
            ));
        };
        let star = |f: &str| f.starts_with(['*', '?']);
        let week = field(weekdays, 0, 7, &WEEKDAYS)?;
        Ok(Schedule {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, &MONTHS)?,
            weekdays: (week | (week >> 7)) & 0x7f,
            any_day: star(days),
            any_weekday: star(weekdays),
        })
    }

    /// The first time after `after`, in seconds since the epoch; none within five years.
    pub(crate) fn next(&self, after: i64) -> Option<i64> {
        let mut at = (after.div_euclid(MINUTE) + 1) * MINUTE;
        let end = after + 5 * 366 * DAY;
        while at < end {
            let day = at.div_euclid(DAY);
            if !self.takes_day(day) {
                at = (day + 1) * DAY;
                continue;
            }
            let second = at.rem_euclid(DAY);
            if self.hours & (1 << (second / 3600)) == 0 {
                at = day * DAY + (second / 3600 + 1) * 3600;
                continue;
            }
            if self.minutes & (1 << (second / MINUTE % 60)) != 0 {
                return Some(at);
            }
            at += MINUTE;
        }
        None
    }

    fn takes_day(&self, day: i64) -> bool {
        let (month, date) = civil(day);
        let by_date = self.days & (1 << date) != 0;
        let by_weekday = self.weekdays & (1 << (day + 4).rem_euclid(7)) != 0;
        let fits = if self.any_day || self.any_weekday {
            by_date && by_weekday
        } else {
            by_date || by_weekday
        };
        self.months & (1 << month) != 0 && fits
    }
}

/// Month and date of a day since the epoch, in the Gregorian calendar.
fn civil(day: i64) -> (i64, i64) {
    let z = day + 719_468;
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// One field as a set of bits.
fn field(text: &str, least: u32, most: u32, names: &[&str]) -> Result<u64, String> {
    let mut bits = 0;
    for part in text.split(',') {
        let (range, step) = part
            .split_once('/')
            .map_or((part, None), |(r, s)| (r, Some(s)));
        let step: u32 = step.map_or(Ok(1), |s| {
            s.parse()
                .map_err(|_| format!("failed to parse int from {s}"))
        })?;
        if step == 0 {
            return Err(format!("step of range should be a positive number: {part}"));
        }
        let (from, to) = match range {
            "*" | "?" => (least, most),
            _ => match range.split_once('-') {
                Some((a, b)) => (number(a, least, names)?, number(b, least, names)?),
                None => {
                    let from = number(range, least, names)?;
                    (from, if part.contains('/') { most } else { from })
                }
            },
        };
        if from < least {
            return Err(format!(
                "beginning of range ({from}) below minimum ({least}): {part}"
            ));
        }
        if to > most {
            return Err(format!(
                "end of range ({to}) above maximum ({most}): {part}"
            ));
        }
        if from > to {
            return Err(format!(
                "beginning of range ({from}) beyond end of range ({to}): {part}"
            ));
        }
        (from..=to)
            .step_by(step as usize)
            .for_each(|n| bits |= 1_u64 << n);
    }
    Ok(bits)
}

fn number(text: &str, least: u32, names: &[&str]) -> Result<u32, String> {
    if let Some(at) = names.iter().position(|n| n.eq_ignore_ascii_case(text)) {
        return Ok(u32::try_from(at).unwrap_or(0) + least);
    }
    text.parse().map_err(|_| {
        format!("failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_time_comes() {
        let check = |text: &str, after: &str, expect: &str| {
            let after = objects::time::parse_seconds(after).expect("a time");
            let next = Schedule::parse(text)
                .expect("a schedule")
                .next(after)
                .map(objects::time::rfc3339);
            assert_eq!(next.as_deref(), Some(expect), "{text}");
        };
        check("* * * * *", "2026-11-20T10:00:30Z", "2026-11-20T10:01:00Z");
        check(
            "*/5 * * * *",
            "2026-11-20T10:00:00Z",
            "2026-11-20T10:05:00Z",
        );
        check(
            "30 4 1,15 * *",
            "2026-11-20T10:00:00Z",
            "2026-12-01T04:30:00Z",
        );
        check(
            "0 9 * * mon-fri",
            "2026-11-20T10:00:00Z",
            "2026-11-23T09:00:00Z",
        );
        check("0 0 29 2 *", "2026-11-20T10:00:00Z", "2028-02-29T00:00:00Z");
        check("@weekly", "2026-11-20T10:00:00Z", "2026-11-22T00:00:00Z");
        check("0 0 * * 7", "2026-11-20T10:00:00Z", "2026-11-22T00:00:00Z");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "* * * *",
            "60 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "5-1 * * * *",
        ] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }
}
