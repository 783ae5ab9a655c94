//! `sort`: lines in order. `-n -r -u -f -b -h -V -k -t -o -c -s -M`. Mirrors busybox `sort`.

use super::lines::{Lines, Output};
use super::options::{self, Options, complain};
use crate::sys::{Held, Sys};
use core::cmp::Ordering;

/// What a line costs beside its bytes.
const LINE_COST: usize = 48;

#[derive(Debug, Clone, Default)]
struct Key {
    start: (usize, usize),
    end: Option<(usize, usize)>,
    flags: String,
}

pub async fn main(sys: Sys) -> i32 {
    let usage = "[-nrugMcszbdfiokt] [-o FILE] [-k START[.OFS][OPTS][,END[.OFS][OPTS]] [-t CHAR] [FILE]...\n\nSort lines of text";
    let options = match options::read(&sys, "nrugMcszbdfihVk:t:o:T:S:", &[], usage).await {
        Ok(options) => options,
        Err(code) => return if code == 0 { 0 } else { 2 },
    };
    let flags: String = "nrfbhVgMdi"
        .chars()
        .filter(|letter| options.has(*letter))
        .collect();
    let mut keys: Vec<Key> = options.values('k').map(|text| key(text, &flags)).collect();
    if keys.is_empty() {
        keys.push(Key {
            flags: flags.clone(),
            ..Key::default()
        });
    }
    let mut files = options.rest.clone();
    if files.is_empty() {
        files.push("-".to_owned());
    }
    let end = if options.has('z') { 0 } else { b'\n' };
    let mut out = Output::new(&sys);
    let mut all: Vec<String> = Vec::new();
    let mut held = Held::new(&sys);
    for file in &files {
        let mut lines = match Lines::open(&sys, file) {
            Ok(lines) => lines,
            Err(error) => {
                complain(&sys, &format!("{file}: {}", error.text())).await;
                return 2;
            }
        };
        while let Ok(Some(line)) = lines.next_until(end, &mut out).await {
            if held.add(line.len() + LINE_COST).await.is_err() {
                complain(&sys, "out of memory").await;
                return 1;
            }
            let line = line.strip_suffix(&[end]).unwrap_or(&line);
            all.push(String::from_utf8_lossy(line).into_owned());
        }
        lines.close();
    }
    sys.cpu(crate::time::Duration::from_nanos(all.len() as u64 * 500))
        .await;
    finish(&sys, &options, &keys, &flags, all, out).await
}

async fn finish(
    sys: &Sys,
    options: &Options,
    keys: &[Key],
    flags: &str,
    mut all: Vec<String>,
    mut out: Output,
) -> i32 {
    let separator = options.value('t').and_then(|text| text.chars().next());
    let by_keys = |a: &String, b: &String| {
        let orders = keys
            .iter()
            .map(|key| compare(key, part(key, a, separator), part(key, b, separator)));
        orders
            .into_iter()
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    };
    let whole = |a: &String, b: &String| {
        if flags.contains('r') {
            b.cmp(a)
        } else {
            a.cmp(b)
        }
    };
    if options.has('c') {
        for pair in all.windows(2) {
            if by_keys(&pair[0], &pair[1]).is_gt() {
                complain(sys, &format!("-:disorder: {}", pair[1])).await;
                return 1;
            }
        }
        return 0;
    }
    if options.has('u') || options.has('s') {
        all.sort_by(by_keys);
    } else {
        all.sort_by(|a, b| by_keys(a, b).then_with(|| whole(a, b)));
    }
    if options.has('u') {
        all.dedup_by(|b, a| by_keys(a, b).is_eq());
    }
    if let Some(file) = options.value('o') {
        let text: String = all.iter().map(|line| format!("{line}\n")).collect();
        if let Err(error) = sys.write_file(file, text.as_bytes()).await {
            complain(sys, &format!("{file}: {}", error.text())).await;
            return 2;
        }
        return 0;
    }
    let end = if options.has('z') { "\0" } else { "\n" };
    for line in all {
        out.put(line + end).await;
    }
    out.flush().await;
    0
}

fn key(text: &str, global: &str) -> Key {
    let (start, end) = match text.split_once(',') {
        Some((start, end)) => (start, Some(end)),
        None => (text, None),
    };
    let read = |text: &str| {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let (field, offset) = digits.split_once('.').unwrap_or((digits, "0"));
        (
            (field.parse().unwrap_or(1), offset.parse().unwrap_or(0)),
            text[digits.len()..].to_owned(),
        )
    };
    let (start, mut flags) = read(start);
    let end = end.map(|text| {
        let (place, more) = read(text);
        flags.push_str(&more);
        place
    });
    if flags.is_empty() {
        global.clone_into(&mut flags);
    }
    Key { start, end, flags }
}

/// The part of `line` that a key compares.
fn part<'l>(key: &Key, line: &'l str, separator: Option<char>) -> &'l str {
    if key.start.0 == 0 {
        return line;
    }
    let bounds = fields(line, separator);
    let start = match bounds.get(key.start.0 - 1) {
        Some((start, _)) => (start + key.start.1.saturating_sub(1)).min(line.len()),
        None => line.len(),
    };
    let end = match key.end {
        Some((field, 0)) => bounds.get(field - 1).map_or(line.len(), |(_, end)| *end),
        Some((field, offset)) => bounds
            .get(field - 1)
            .map_or(line.len(), |(start, _)| (start + offset).min(line.len())),
        None => line.len(),
    };
    line.get(start..end.max(start)).unwrap_or("")
}

/// Start and end of each field; without a separator the blanks before a field belong to it.
fn fields(line: &str, separator: Option<char>) -> Vec<(usize, usize)> {
    let mut bounds = Vec::new();
    let mut start = 0;
    if let Some(separator) = separator {
        for part in line.split(separator) {
            bounds.push((start, start + part.len()));
            start += part.len() + separator.len_utf8();
        }
        return bounds;
    }
    while start < line.len() {
        let rest = &line[start..];
        let blanks = rest.len() - rest.trim_start().len();
        let word = rest[blanks..]
            .find(char::is_whitespace)
            .unwrap_or(rest.len() - blanks);
        bounds.push((start, start + blanks + word));
        start += blanks + word;
    }
    bounds
}

fn compare(key: &Key, a: &str, b: &str) -> Ordering {
    let has = |letter: char| key.flags.contains(letter);
    let (a, b) = if has('b') || has('n') || has('h') {
        (a.trim_start(), b.trim_start())
    } else {
        (a, b)
    };
    let order = if has('n') || has('g') {
        number(a).total_cmp(&number(b))
    } else if has('h') {
        human(a).total_cmp(&human(b))
    } else if has('V') {
        version(a, b)
    } else if has('M') {
        month(a).cmp(&month(b))
    } else if has('f') {
        a.to_uppercase().cmp(&b.to_uppercase())
    } else {
        a.cmp(b)
    };
    if has('r') { order.reverse() } else { order }
}

fn number(text: &str) -> f64 {
    let text = text.trim_start();
    let end = text
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || (*at == 0 && matches!(c, '-' | '+'))))
        .map_or(text.len(), |(at, _)| at);
    text[..end].parse().unwrap_or(0.0)
}

fn human(text: &str) -> f64 {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let power = digits
        .chars()
        .next()
        .and_then(|c| "KMGTPE".find(c.to_ascii_uppercase()))
        .map_or(0, |at| at as i32 + 1);
    number(text) * 1024_f64.powi(power)
}

fn month(text: &str) -> usize {
    let name: String = text.trim_start().chars().take(3).collect();
    crate::time::MONTHS
        .iter()
        .position(|month| month.eq_ignore_ascii_case(&name))
        .map_or(0, |at| at + 1)
}

/// Compares digits as numbers and the rest as text.
fn version(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let cut = |text: &str, digits: bool| {
            text.find(|c: char| c.is_ascii_digit() != digits)
                .unwrap_or(text.len())
        };
        let (x, y) = (cut(a, false), cut(b, false));
        let order = a[..x].cmp(&b[..y]);
        if order.is_ne() || (x == a.len() && y == b.len()) {
            return order;
        }
        (a, b) = (&a[x..], &b[y..]);
        let (x, y) = (cut(a, true), cut(b, true));
        let (m, n) = (
            a[..x].trim_start_matches('0'),
            b[..y].trim_start_matches('0'),
        );
        let order = m.len().cmp(&n.len()).then_with(|| m.cmp(n));
        if order.is_ne() {
            return order;
        }
        (a, b) = (&a[x..], &b[y..]);
    }
}
