//! `grep`, `egrep`, `fgrep`: lines that match. Options `-HhnlLoqvsrRiwxFEmABCce`. Mirrors busybox `grep`.

use super::lines::{Lines, Output, chomp};
use super::options::{self, Options, complain};
use super::regular;
use crate::errno::Errno;
use crate::sys::Sys;
use regex::bytes::Regex;
use std::collections::VecDeque;

struct Search {
    expression: Regex,
    options: Options,
    names: bool,
    before: usize,
    after: usize,
    most: Option<u64>,
    color: bool,
}

pub async fn main(sys: Sys) -> i32 {
    let usage = "[-HhnlLoqvsrRiwFEz] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... | -f FILE... } [FILE]...\n\nSearch for PATTERN in FILEs (or stdin)";
    let long = [
        ("color", 'Y'),
        ("ignore-case", 'i'),
        ("invert-match", 'v'),
        ("count", 'c'),
        ("quiet", 'q'),
        ("extended-regexp", 'E'),
        ("fixed-strings", 'F'),
        ("only-matching", 'o'),
        ("line-number", 'n'),
        ("recursive", 'r'),
    ];
    let options = match options::read(&sys, "HhnlLoqvsrRiwxFEze:f:m:A:B:C:cYI", &long, usage).await
    {
        Ok(options) => options,
        Err(code) => return if code == 0 { 0 } else { 2 },
    };
    let mut patterns: Vec<String> = options
        .values('e')
        .flat_map(|p| p.split('\n').map(str::to_owned).collect::<Vec<_>>())
        .collect();
    for file in options.values('f') {
        match sys.read_file(file).await {
            Ok(bytes) => {
                patterns.extend(String::from_utf8_lossy(&bytes).lines().map(str::to_owned))
            }
            Err(error) => {
                complain(&sys, &format!("{file}: {}", error.text())).await;
                return 2;
            }
        }
    }
    let mut files = options.rest.clone();
    if !options.has('e') && !options.has('f') {
        if files.is_empty() {
            options::show_usage(&sys, usage).await;
            return 2;
        }
        patterns.extend(files.remove(0).split('\n').map(str::to_owned));
    }
    let expression = match expression(&sys, &patterns, &options) {
        Ok(expression) => expression,
        Err(error) => {
            complain(
                &sys,
                &format!("bad regex '{}': {error}", patterns.join("\n")),
            )
            .await;
            return 2;
        }
    };
    let number = |letter: char| {
        options
            .value(letter)
            .and_then(|text| text.parse::<usize>().ok())
    };
    let around = number('C').unwrap_or(0);
    let recursive = options.has('r') || options.has('R');
    if files.is_empty() {
        files.push(if recursive { "." } else { "-" }.to_owned());
    }
    let search = Search {
        expression,
        names: (files.len() > 1 || recursive || options.has('H')) && !options.has('h'),
        before: number('B').unwrap_or(around),
        after: number('A').unwrap_or(around),
        most: options.value('m').and_then(|text| text.parse().ok()),
        color: options.has('Y') && sys.isatty(1),
        options,
    };
    search.run(&sys, files, recursive).await
}

fn expression(sys: &Sys, patterns: &[String], options: &Options) -> Result<Regex, String> {
    let name = options::name(sys);
    let fixed = options.has('F') || name == "fgrep";
    let extended = options.has('E') || name == "egrep";
    let mut parts = Vec::new();
    for pattern in patterns {
        let part = if fixed {
            regex::escape(pattern)
        } else {
            regular::translated(pattern, extended)?
        };
        parts.push(format!("(?:{part})"));
    }
    let mut all = parts.join("|");
    if options.has('x') {
        all = format!("^(?:{all})$");
    } else if options.has('w') {
        all = format!("\\b(?:{all})\\b");
    }
    regular::build(&all, options.has('i'))
}

impl Search {
    async fn run(&self, sys: &Sys, files: Vec<String>, recursive: bool) -> i32 {
        let mut out = Output::new(sys);
        let mut found = false;
        let mut failed = false;
        let mut pending: Vec<String> = files.into_iter().rev().collect();
        while let Some(file) = pending.pop() {
            if recursive && sys.stat(&file).is_ok_and(|stat| stat.is_dir()) {
                let names = sys.readdir(&file).unwrap_or_default();
                let base = format!("{}/", file.trim_end_matches('/'));
                pending.extend(
                    names
                        .into_iter()
                        .rev()
                        .map(|entry| format!("{base}{}", entry.name)),
                );
                continue;
            }
            match self.file(sys, &file, &mut out).await {
                Ok(matched) => found |= matched,
                Err(error) => {
                    failed = true;
                    if !self.options.has('s') {
                        out.flush().await;
                        complain(sys, &format!("{file}: {}", error.text())).await;
                    }
                }
            }
            if found && self.options.has('q') {
                return 0;
            }
            if out.failed.is_some() {
                return 2;
            }
        }
        out.flush().await;
        if failed { 2 } else { i32::from(!found) }
    }

    async fn file(&self, sys: &Sys, file: &str, out: &mut Output) -> Result<bool, Errno> {
        let mut lines = Lines::open(sys, file)?;
        let shown = if file == "-" {
            "(standard input)"
        } else {
            file
        };
        let silent = ["q", "l", "L", "c"]
            .iter()
            .any(|letter| self.options.has(letter.chars().next().unwrap_or('q')));
        let mut count: u64 = 0;
        let mut number: u64 = 0;
        let mut earlier: VecDeque<(u64, Vec<u8>)> = VecDeque::new();
        let mut trailing = 0;
        let mut last_shown = 0;
        while let Some(line) = lines.next(out).await? {
            number += 1;
            let (text, _) = chomp(&line);
            let matched = self.expression.is_match(text) != self.options.has('v');
            if matched {
                count += 1;
                if self.options.has('q') || self.options.has('l') || self.options.has('L') {
                    break;
                }
                if !silent {
                    let context = self.before > 0 || self.after > 0;
                    let first = earlier.front().map_or(number, |(at, _)| *at);
                    if context && last_shown > 0 && first > last_shown + 1 {
                        out.put("--\n").await;
                    }
                    for (at, text) in earlier.drain(..) {
                        out.put(self.line(shown, at, '-', &text)).await;
                    }
                    self.show(shown, number, text, out).await;
                    last_shown = number;
                    trailing = self.after;
                }
                if self.most.is_some_and(|most| count >= most) {
                    break;
                }
            } else if trailing > 0 {
                trailing -= 1;
                last_shown = number;
                out.put(self.line(shown, number, '-', text)).await;
            } else if self.before > 0 {
                earlier.push_back((number, text.to_vec()));
                if earlier.len() > self.before {
                    earlier.pop_front();
                }
            }
        }
        lines.close();
        if self.options.has('c') {
            let name = if self.names {
                format!("{shown}:")
            } else {
                String::new()
            };
            out.put(format!("{name}{count}\n")).await;
        }
        if (self.options.has('l') && count > 0) || (self.options.has('L') && count == 0) {
            out.put(format!("{shown}\n")).await;
        }
        Ok(count > 0)
    }

    async fn show(&self, file: &str, number: u64, text: &[u8], out: &mut Output) {
        if self.options.has('o') {
            if !self.options.has('v') {
                for found in self
                    .expression
                    .find_iter(text)
                    .filter(|found| !found.is_empty())
                {
                    out.put(self.line(file, number, ':', found.as_bytes()))
                        .await;
                }
            }
        } else if self.color && !self.options.has('v') {
            let mut colored = Vec::new();
            let mut at = 0;
            for found in self.expression.find_iter(text) {
                colored.extend_from_slice(&text[at..found.start()]);
                colored.extend_from_slice(b"\x1b[1;31m");
                colored.extend_from_slice(found.as_bytes());
                colored.extend_from_slice(b"\x1b[m");
                at = found.end();
            }
            colored.extend_from_slice(&text[at..]);
            out.put(self.line(file, number, ':', &colored)).await;
        } else {
            out.put(self.line(file, number, ':', text)).await;
        }
    }

    fn line(&self, file: &str, number: u64, mark: char, text: &[u8]) -> Vec<u8> {
        let mut line = Vec::new();
        if self.names {
            line.extend(format!("{file}{mark}").into_bytes());
        }
        if self.options.has('n') {
            line.extend(format!("{number}{mark}").into_bytes());
        }
        line.extend_from_slice(text);
        line.push(b'\n');
        line
    }
}
