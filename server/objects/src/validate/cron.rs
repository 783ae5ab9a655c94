//! Schedules of cron jobs: whether they can be read. Not when they come due.
//!
//! Mirrors the parser of robfig/cron with its messages.

/// Fields with their limits and names.
const FIELDS: [(u32, u32, &[&str]); 5] = [
    (0, 59, &[]),
    (0, 23, &[]),
    (1, 31, &[]),
    (
        1,
        12,
        &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    ),
    (0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

/// Why the schedule cannot be read.
pub(super) fn check(schedule: &str) -> Result<(), String> {
    if let Some(descriptor) = schedule.strip_prefix('@') {
        return match descriptor {
            "yearly" | "annually" | "monthly" | "weekly" | "daily" | "midnight" | "hourly" => {
                Ok(())
            }
            _ => match descriptor.strip_prefix("every ") {
                Some(text) if crate::duration::parse(text).is_some() => Ok(()),
                Some(text) => {
                    let quoted = crate::quote::go_quote(text);
                    Err(format!(
                        "failed to parse duration {schedule}: time: invalid duration {quoted}"
                    ))
                }
                None => Err(format!("unrecognized descriptor: {schedule}")),
            },
        };
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!(
            "expected exactly 5 fields, found {}: [{}]",
            fields.len(),
            fields.join(" ")
        ));
    }
    for (text, (min, max, names)) in fields.into_iter().zip(FIELDS) {
        for part in text.split(',').filter(|p| !p.is_empty()) {
            range(part, min, max, names)?;
        }
    }
    Ok(())
}

fn range(text: &str, min: u32, max: u32, names: &[&str]) -> Result<(), String> {
    let steps: Vec<&str> = text.split('/').collect();
    let ends: Vec<&str> = steps[0].split('-').collect();
    let (start, mut end) = match ends[..] {
        ["*" | "?"] => (min, max),
        [one] => {
            let n = number(one, min, names)?;
            (n, n)
        }
        [first, last] => (number(first, min, names)?, number(last, min, names)?),
        _ => return Err(format!("too many hyphens: {text}")),
    };
    match steps[..] {
        [_] => {}
        [_, step] => {
            if number(step, 0, &[])? == 0 {
                return Err(format!("step of range should be a positive number: {text}"));
            }
            if ends.len() == 1 {
                end = max;
            }
        }
        _ => return Err(format!("too many slashes: {text}")),
    }
    if start < min {
        return Err(format!(
            "beginning of range ({start}) below minimum ({min}): {text}"
        ));
    }
    if end > max {
        return Err(format!(
            "end of range ({end}) above maximum ({max}): {text}"
        ));
    }
    if start > end {
        return Err(format!(
            "beginning of range ({start}) beyond end of range ({end}): {text}"
        ));
    }
    Ok(())
}

fn number(text: &str, base: u32, names: &[&str]) -> Result<u32, String> {
    if let Some(i) = names.iter().position(|n| n.eq_ignore_ascii_case(text)) {
        return Ok(base + i as u32);
    }
    let n: i64 = text.parse().map_err(|_| {
        let quoted = crate::quote::go_quote(text);
        format!("failed to parse int from {text}: strconv.Atoi: parsing {quoted}: invalid syntax")
    })?;
    u32::try_from(n).map_err(|_| format!("negative number ({n}) not allowed: {text}"))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn schedules() {
        for good in [
            "* * * * *",
            "*/5 0-23/2 1,15 jan-dec MON-fri",
            "@hourly",
            "@every 1h30m",
            "0 0 ? * 6",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("x", "expected exactly 5 fields, found 1: [x]"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            (
                "a * * * *",
                "failed to parse int from a: strconv.Atoi: parsing \"a\": invalid syntax",
            ),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            (
                "*/0 * * * *",
                "step of range should be a positive number: */0",
            ),
            ("@often", "unrecognized descriptor: @often"),
        ] {
            assert_eq!(check(bad), Err(why.to_string()), "{bad}");
        }
    }
}
