//! Command-line flags, read as cobra and pflag read them: interspersed, `--`, shorthand clusters, their error texts.
//!
//! A table of flags is text, one flag a line, in the form in which help shows it: `-n --name='default'  about`.
//! The default tells the kind: `false` a switch, `''` text, `[]` a comma list, `{}` a list, `0` a number, `0s` a
//! duration. `?x` after the default is what the bare flag means. Not here: which verb has which flags.

use std::collections::BTreeMap;
use std::time::Duration;

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Text,
    List,
    Array,
    Int,
    Duration,
}

/// One flag of a table.
#[derive(Clone, Debug)]
pub(crate) struct Flag {
    pub name: &'static str,
    pub short: Option<char>,
    pub default: &'static str,
    pub bare: Option<&'static str>,
    pub kind: Kind,
    pub about: &'static str,
}

/// Reads a table of flags. Lines that do not hold a flag are skipped.
pub(crate) fn table(text: &'static str) -> Vec<Flag> {
    text.lines().filter_map(flag).collect()
}

fn flag(line: &'static str) -> Option<Flag> {
    let line = line.trim();
    let (short, rest) = match line.strip_prefix("--") {
        Some(rest) => (None, rest),
        None => {
            let rest = line.strip_prefix('-')?;
            let short = rest.chars().next()?;
            (Some(short), rest.get(1..)?.trim_start().strip_prefix("--")?)
        }
    };
    let (spec, about) = rest.split_once("  ").unwrap_or((rest, ""));
    let (name, default) = spec.split_once('=')?;
    let (default, bare) = match default.split_once('?') {
        Some((default, bare)) => (default, Some(bare)),
        None => (default, None),
    };
    let kind = match default {
        "true" | "false" => Kind::Bool,
        "[]" => Kind::List,
        "{}" => Kind::Array,
        _ if default.starts_with('\'') => Kind::Text,
        _ if default.ends_with('s') => Kind::Duration,
        _ => Kind::Int,
    };
    let bare = if kind == Kind::Bool {
        Some("true")
    } else {
        bare
    };
    Some(Flag {
        name,
        short,
        default: default.trim_matches('\''),
        bare,
        kind,
        about: about.trim(),
    })
}

/// The flags of one command line after reading.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    table: Vec<Flag>,
    given: BTreeMap<&'static str, Vec<String>>,
}

/// Flags and words of one command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub flags: Flags,
    pub words: Vec<String>,
    /// How many words stood before `--`, if there was one.
    pub dash: Option<usize>,
}

/// Reads the words after a command. The error is the sentence that pflag gives.
pub(crate) fn parse(table: Vec<Flag>, words: &[String]) -> Result<Line, String> {
    let mut line = Line {
        flags: Flags {
            table,
            given: BTreeMap::new(),
        },
        ..Line::default()
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if line.dash.is_some() {
            line.words.push(word.clone());
        } else if word == "--" {
            line.dash = Some(line.words.len());
        } else if let Some(long) = word.strip_prefix("--") {
            line.flags.long(long, &mut words)?;
        } else if word.len() > 1 && word.starts_with('-') {
            line.flags.cluster(&word[1..], &mut words)?;
        } else {
            line.words.push(word.clone());
        }
    }
    Ok(line)
}

impl Flags {
    fn long<'a>(
        &mut self,
        text: &str,
        words: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(), String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (text, None),
        };
        if name.is_empty() || name.starts_with('-') {
            return Err(format!("bad flag syntax: --{text}"));
        }
        let Some(flag) = self.table.iter().find(|f| f.name == name).cloned() else {
            return Err(if name == "help" {
                "help requested".into()
            } else {
                format!("unknown flag: --{name}")
            });
        };
        let value = match (value, flag.bare) {
            (Some(value), _) => value,
            (None, Some(bare)) => bare.to_string(),
            (None, None) => words
                .next()
                .cloned()
                .ok_or_else(|| format!("flag needs an argument: --{name}"))?,
        };
        self.set(&flag, value)
    }

    fn cluster<'a>(
        &mut self,
        text: &str,
        words: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(), String> {
        let mut rest = text;
        while let Some(short) = rest.chars().next() {
            rest = &rest[short.len_utf8()..];
            let Some(flag) = self.table.iter().find(|f| f.short == Some(short)).cloned() else {
                return Err(if short == 'h' {
                    "help requested".into()
                } else {
                    format!("unknown shorthand flag: {short:?} in -{text}")
                });
            };
            let value = if let Some(value) = rest.strip_prefix('=') {
                let value = value.to_string();
                rest = "";
                value
            } else if let Some(bare) = flag.bare {
                bare.to_string()
            } else if !rest.is_empty() {
                std::mem::take(&mut rest).to_string()
            } else {
                words
                    .next()
                    .cloned()
                    .ok_or_else(|| format!("flag needs an argument: {short:?} in -{text}"))?
            };
            self.set(&flag, value)?;
        }
        Ok(())
    }

    fn set(&mut self, flag: &Flag, value: String) -> Result<(), String> {
        check(flag, &value).map_err(|why| {
            let name = match flag.short {
                Some(short) => format!("-{short}, --{}", flag.name),
                None => format!("--{}", flag.name),
            };
            format!("invalid argument {value:?} for {name:?} flag: {why}")
        })?;
        let given = self.given.entry(flag.name).or_default();
        match flag.kind {
            Kind::List => given.extend(
                value
                    .split(',')
                    .filter(|v| !v.is_empty())
                    .map(str::to_string),
            ),
            Kind::Array => given.push(value),
            _ => *given = vec![value],
        }
        Ok(())
    }

    /// Puts `client` or `none` in the place of a bare `--dry-run` and of a truth value, and answers with what kubectl says to that.
    pub fn settle_dry_run(&mut self) -> Option<String> {
        let given = self.given.get_mut("dry-run")?;
        let old = given.last()?.clone();
        let (shown, kind, meant) = match old.as_str() {
            "unchanged" => (String::new(), "", "client"),
            "1" | "t" | "T" | "true" | "TRUE" | "True" => {
                (format!("={old}"), " (boolean value)", "client")
            }
            "0" | "f" | "F" | "false" | "FALSE" | "False" => {
                (format!("={old}"), " (boolean value)", "none")
            }
            _ => return None,
        };
        *given = vec![meant.into()];
        Some(format!(
            "--dry-run{shown} is deprecated{kind} and can be replaced with --dry-run={meant}."
        ))
    }

    /// Whether the flag stood on the command line.
    pub fn changed(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// The value of a text flag, or its default; empty for a flag that the verb does not have, and for a list. So a verb's
    /// own list (`create rolebinding --user`) hides the global flag of the same name.
    pub fn text(&self, name: &str) -> &str {
        let Some(flag) = self.table.iter().find(|f| f.name == name) else {
            return "";
        };
        if matches!(flag.kind, Kind::List | Kind::Array) {
            return "";
        }
        self.given
            .get(name)
            .and_then(|v| v.last())
            .map_or(flag.default, String::as_str)
    }

    /// The value of a text flag if it was given and is not empty.
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// The value of a switch.
    pub fn bool(&self, name: &str) -> bool {
        matches!(self.text(name), "true" | "t" | "T" | "1" | "TRUE" | "True")
    }

    /// The value of a number flag.
    pub fn int(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or(0)
    }

    /// The value of a duration flag.
    pub fn duration(&self, name: &str) -> Duration {
        duration(self.text(name)).unwrap_or_default()
    }

    /// The values of a list flag.
    pub fn list(&self, name: &str) -> &[String] {
        self.given.get(name).map_or(&[], Vec::as_slice)
    }
}

fn check(flag: &Flag, value: &str) -> Result<(), String> {
    match flag.kind {
        Kind::Bool
            if ![
                "1", "0", "t", "f", "T", "F", "true", "false", "TRUE", "FALSE", "True", "False",
            ]
            .contains(&value) =>
        {
            Err(format!(
                "strconv.ParseBool: parsing {value:?}: invalid syntax"
            ))
        }
        Kind::Int if value.parse::<i64>().is_err() => Err(format!(
            "strconv.ParseInt: parsing {value:?}: invalid syntax"
        )),
        Kind::Duration if duration(value).is_none() => {
            Err(format!("time: invalid duration {value:?}"))
        }
        _ => Ok(()),
    }
}

/// Reads a duration as Go writes it (`1h30m`, `1.5s`, `100ms`, `0`). Negative ones count as zero.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let nanos = objects::duration::parse(text)?;
    Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "
-o --output=''  format
-i --stdin=false  stdin
-t --tty=false  tty
-c --container=''  container
--dry-run='none'?unchanged  dry run
--env={}  variables
-l --labels=[]  labels
--tail=-1  lines
--timeout=0s  time
";

    fn line(words: &[&str]) -> Result<Line, String> {
        parse(
            table(TABLE),
            &words.iter().map(|w| w.to_string()).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn reads_flags_between_words() {
        let got = line(&[
            "x",
            "-it",
            "-cside",
            "-o=wide",
            "y",
            "--dry-run",
            "--",
            "-z",
            "--q",
        ])
        .unwrap();
        assert_eq!(got.words, ["x", "y", "-z", "--q"]);
        assert_eq!(got.dash, Some(2));
        assert!(got.flags.bool("stdin") && got.flags.bool("tty"));
        assert_eq!(got.flags.text("container"), "side");
        assert_eq!(got.flags.text("output"), "wide");
        assert_eq!(got.flags.text("dry-run"), "unchanged");
        assert_eq!(got.flags.int("tail"), -1);
        assert!(!got.flags.changed("tail"));
    }

    #[test]
    fn old_forms_of_dry_run_are_understood() {
        for (word, meant, says) in [
            (
                "--dry-run",
                "client",
                Some("--dry-run is deprecated and can be replaced with --dry-run=client."),
            ),
            (
                "--dry-run=true",
                "client",
                Some(
                    "--dry-run=true is deprecated (boolean value) and can be replaced with --dry-run=client.",
                ),
            ),
            (
                "--dry-run=false",
                "none",
                Some(
                    "--dry-run=false is deprecated (boolean value) and can be replaced with --dry-run=none.",
                ),
            ),
            ("--dry-run=server", "server", None),
            ("x", "none", None),
        ] {
            let mut flags = line(&[word]).unwrap().flags;
            assert_eq!(flags.settle_dry_run().as_deref(), says, "{word}");
            assert_eq!(flags.text("dry-run"), meant, "{word}");
        }
    }

    #[test]
    fn splits_lists_but_not_arrays() {
        let got = line(&["--env=A=1,2", "--env", "B=3", "-l", "a=b,c=d"]).unwrap();
        assert_eq!(got.flags.list("env"), ["A=1,2", "B=3"]);
        assert_eq!(got.flags.list("labels"), ["a=b", "c=d"]);
    }

    #[test]
    fn says_what_pflag_says() {
        for (words, want) in [
            (vec!["--bogus"], "unknown flag: --bogus"),
            (vec!["-z"], "unknown shorthand flag: 'z' in -z"),
            (vec!["-iz"], "unknown shorthand flag: 'z' in -iz"),
            (vec!["--output"], "flag needs an argument: --output"),
            (vec!["-o"], "flag needs an argument: 'o' in -o"),
            (
                vec!["--stdin=maybe"],
                "invalid argument \"maybe\" for \"-i, --stdin\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax",
            ),
            (
                vec!["--tail=x"],
                "invalid argument \"x\" for \"--tail\" flag: strconv.ParseInt: parsing \"x\": invalid syntax",
            ),
        ] {
            assert_eq!(line(&words).unwrap_err(), want);
        }
    }

    #[test]
    fn reads_durations_as_go_does() {
        for (text, want) in [
            ("30s", Some(30_000)),
            ("1h30m", Some(5_400_000)),
            ("1.5s", Some(1500)),
            ("250ms", Some(250)),
            ("0", Some(0)),
            ("-1s", Some(0)),
            ("5", None),
            ("x", None),
        ] {
            assert_eq!(duration(text).map(|d| d.as_millis()), want, "{text}");
        }
    }
}
