//! Command-line options of the busybox tools, in getopt(3)'s way.
//!
//! Not a program. An unknown option is answered as busybox does: the error, then the usage.

use crate::sys::Sys;

/// Options and operands of a command line.
#[derive(Debug, Default, Clone)]
pub struct Options {
    found: Vec<(char, String)>,
    /// The operands.
    pub rest: Vec<String>,
}

impl Options {
    /// Whether option `letter` was given.
    #[must_use]
    pub fn has(&self, letter: char) -> bool {
        self.found.iter().any(|(found, _)| *found == letter)
    }

    /// The last value of option `letter`.
    #[must_use]
    pub fn value(&self, letter: char) -> Option<&str> {
        self.found
            .iter()
            .rev()
            .find(|(found, _)| *found == letter)
            .map(|(_, value)| value.as_str())
    }

    /// All values of option `letter`.
    pub fn values(&self, letter: char) -> impl Iterator<Item = &str> {
        self.found
            .iter()
            .filter(move |(found, _)| *found == letter)
            .map(|(_, value)| value.as_str())
    }

    /// The last of the options in `letters`.
    #[must_use]
    pub fn last_of(&self, letters: &str) -> Option<char> {
        self.found
            .iter()
            .rev()
            .map(|(found, _)| *found)
            .find(|found| letters.contains(*found))
    }
}

/// Reads options. `spec`: the letters, each with `:` when it takes a value; a leading `+` ends them at the first operand.
/// `long`: long names and the letters they stand for. An error's text otherwise.
pub fn parse(words: &[String], spec: &str, long: &[(&str, char)]) -> Result<Options, String> {
    let (stop_early, spec) = match spec.strip_prefix('+') {
        Some(spec) => (true, spec),
        None => (false, spec),
    };
    let takes_value = |letter: char| {
        spec.find(letter)
            .is_some_and(|at| spec[at + letter.len_utf8()..].starts_with(':'))
    };
    let mut options = Options::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            options.rest.extend(words.cloned());
            break;
        }
        if let Some(name) = word.strip_prefix("--") {
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (name, None),
            };
            let Some((_, letter)) = long.iter().find(|(known, _)| *known == name) else {
                return Err(format!("unrecognized option '--{name}'"));
            };
            let value = match value {
                None if takes_value(*letter) => match words.next() {
                    Some(value) => value.clone(),
                    None => return Err(format!("option '--{name}' requires an argument")),
                },
                value => value.unwrap_or_default(),
            };
            options.found.push((*letter, value));
            continue;
        }
        if word.len() < 2 || !word.starts_with('-') {
            options.rest.push(word.clone());
            if stop_early {
                options.rest.extend(words.cloned());
                break;
            }
            continue;
        }
        let mut letters = word[1..].chars();
        while let Some(letter) = letters.next() {
            if letter == ':' || !spec.contains(letter) {
                return Err(format!("invalid option -- '{letter}'"));
            }
            if !takes_value(letter) {
                options.found.push((letter, String::new()));
                continue;
            }
            let attached: String = letters.by_ref().collect();
            let value = if attached.is_empty() {
                match words.next() {
                    Some(value) => value.clone(),
                    None => return Err(format!("option requires an argument -- '{letter}'")),
                }
            } else {
                attached
            };
            options.found.push((letter, value));
        }
    }
    Ok(options)
}

/// `head -5` for `head -n5`: a number as the first option.
#[must_use]
pub fn count_option(mut words: Vec<String>) -> Vec<String> {
    if let Some(digits) = words.first().and_then(|word| word.strip_prefix('-'))
        && digits.starts_with(|c: char| c.is_ascii_digit())
    {
        words[0] = format!("-n{digits}");
    }
    words
}

/// The program's name, as its errors begin.
#[must_use]
pub fn name(sys: &Sys) -> String {
    let zero = sys.args().into_iter().next().unwrap_or_default();
    zero.rsplit('/').next().unwrap_or_default().to_owned()
}

/// The program's options; an error is printed with `usage` and gives the exit code.
pub async fn read(
    sys: &Sys,
    spec: &str,
    long: &[(&str, char)],
    usage: &str,
) -> Result<Options, i32> {
    let args = sys.args();
    let words = args.get(1..).unwrap_or_default();
    if words
        .iter()
        .take_while(|word| *word != "--")
        .any(|word| word == "--help")
        && !spec.starts_with('+')
    {
        show_usage(sys, usage).await;
        return Err(0);
    }
    match parse(words, spec, long) {
        Ok(options) => Ok(options),
        Err(error) => {
            sys.eprint(format!("{}: {error}\n", name(sys))).await;
            show_usage(sys, usage).await;
            Err(1)
        }
    }
}

/// Prints the usage.
pub async fn show_usage(sys: &Sys, usage: &str) {
    sys.eprint(format!(
        "BusyBox v1.36.1 (2024-06-10 07:11:47 UTC) multi-call binary.\n\nUsage: {} {usage}\n",
        name(sys)
    ))
    .await;
}

/// Prints `NAME: text` to standard error.
pub async fn complain(sys: &Sys, text: &str) {
    sys.eprint(format!("{}: {text}\n", name(sys))).await;
}

/// A number with busybox's suffixes (`k`, `m`, `g`, `b`); None when it is none.
#[must_use]
pub fn count(text: &str) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..end].parse().ok()?;
    let factor = match &text[end..] {
        "" | "c" => 1,
        "b" => 512,
        "k" | "K" | "kB" => 1024,
        "m" | "M" => 1024 * 1024,
        "g" | "G" => 1024 * 1024 * 1024,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// A length of time in seconds, with `s`, `m`, `h`, `d`.
#[must_use]
pub fn duration(text: &str) -> Option<core::time::Duration> {
    let (number, unit) = match text.find(|c: char| c.is_ascii_alphabetic()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let factor = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => return None,
    };
    let seconds: f64 = number.parse().ok()?;
    core::time::Duration::try_from_secs_f64(seconds * factor).ok()
}
