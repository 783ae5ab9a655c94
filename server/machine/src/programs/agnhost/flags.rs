//! Flags in the manner of Go's pflag: `--name=value`, `--name value`, `--name` for a switch, `--` before operands.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::time::Duration;

/// Values by name, and the operands.
pub(super) struct Flags {
    values: BTreeMap<&'static str, String>,
    pub rest: Vec<String>,
}

impl Flags {
    /// `known`: each flag with its default; a default of `true` or `false` makes it a switch. An error's text otherwise.
    pub fn parse(args: &[String], known: &[(&'static str, &'static str)]) -> Result<Flags, String> {
        let mut values: BTreeMap<&'static str, String> = known
            .iter()
            .map(|(name, value)| (*name, (*value).into()))
            .collect();
        let mut rest = Vec::new();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == "--" {
                rest.extend(args.cloned());
                break;
            }
            // The older programs write them with one dash.
            let Some(text) = arg.strip_prefix("--").or(arg.strip_prefix('-')) else {
                rest.push(arg.clone());
                continue;
            };
            let (name, inline) = match text.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (text, None),
            };
            let Some((known, default)) = known.iter().find(|(known, _)| *known == name) else {
                return Err(format!("unknown flag: --{name}"));
            };
            let switch = matches!(*default, "true" | "false");
            let value = match inline {
                Some(value) => value,
                None if switch => "true".into(),
                None => args
                    .next()
                    .cloned()
                    .ok_or(format!("flag needs an argument: --{name}"))?,
            };
            values.insert(known, value);
        }
        Ok(Flags { values, rest })
    }

    /// The text of a flag that the sub-command declares.
    pub fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// A number; zero when it is none.
    pub fn number<T: FromStr + Default>(&self, name: &str) -> T {
        self.text(name).parse().unwrap_or_default()
    }

    pub fn on(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// A length of time as Go writes it, or plain seconds; nothing when it is none.
    pub fn duration(&self, name: &str) -> Duration {
        duration(self.text(name)).unwrap_or_default()
    }
}

/// `1m30s`, `500ms`, `2h`; a number alone is seconds.
pub(super) fn duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        let unit_end = rest[end..]
            .find(|c: char| c.is_ascii_digit())
            .map_or(rest.len(), |at| end + at);
        total += number
            * match &rest[end..unit_end] {
                "ns" => 1e-9,
                "us" | "µs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_as_pflag_reads_them() {
        let known = &[("port", "80"), ("udp", "false"), ("run", "1s")];
        let read = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|w| (*w).into()).collect();
            Flags::parse(&words, known)
        };
        let flags = read(&["--port=9", "--udp", "a", "--run", "1m30s", "--", "--port"]).unwrap();
        assert_eq!(flags.number::<u16>("port"), 9);
        assert!(flags.on("udp"));
        assert_eq!(flags.duration("run"), Duration::from_secs(90));
        assert_eq!(flags.rest, ["a", "--port"]);
        assert_eq!(read(&["--x"]).err().unwrap(), "unknown flag: --x");
        assert_eq!(
            read(&["--port"]).err().unwrap(),
            "flag needs an argument: --port"
        );
    }
}
