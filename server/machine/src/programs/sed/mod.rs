//! `sed`: lines edited. `-n -e -f -i -E -r -s`; addresses; `s d p q Q a i c y n N D P h H g G x = b t : { } l r w`. Mirrors busybox `sed`;
//! no back-references inside a pattern.

mod parse;

use crate::kernel::HELD_MAX;
use crate::programs::lines::{Lines, Output, chomp};
use crate::programs::options::{self, complain};
use crate::programs::regular;
use crate::sys::{Held, OpenFlags, Sys};
use crate::time::Duration;
use parse::{Address, Command, Piece, Verb, parse};
use regex::bytes::Regex;
use std::collections::VecDeque;

/// Rough size of a command with its expression.
const COMMAND_COST: usize = 8 << 10;
/// What a machine lets its processes hold: more is refused.
const SPACE_MAX: usize = HELD_MAX as usize;
const USAGE: &str =
    "[-i[SFX]] [-nrE] [-f FILE]... [-e CMD]... [FILE]...\nor: sed [-i[SFX]] [-nrE] CMD [FILE]...";

pub async fn main(sys: Sys) -> i32 {
    let mut words: Vec<String> = sys.args().into_iter().skip(1).collect();
    let mut suffix = None;
    words.retain(|word| {
        let value = word
            .strip_prefix("-i")
            .or_else(|| word.strip_prefix("--in-place"));
        if let Some(value) = value.filter(|_| !word.starts_with("-ie")) {
            suffix = Some(value.trim_start_matches('=').to_owned());
            return false;
        }
        true
    });
    let options = match options::parse(
        &words,
        "ne:f:Ersuz",
        &[
            ("quiet", 'n'),
            ("expression", 'e'),
            ("regexp-extended", 'E'),
        ],
    ) {
        Ok(options) => options,
        Err(error) => {
            complain(&sys, &error).await;
            options::show_usage(&sys, USAGE).await;
            return 1;
        }
    };
    let mut scripts: Vec<String> = options.values('e').map(str::to_owned).collect();
    for file in options.values('f') {
        match sys.read_file(file).await {
            Ok(bytes) => scripts.push(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) => {
                complain(&sys, &format!("can't open '{file}': {}", error.text())).await;
                return 1;
            }
        }
    }
    let mut files = options.rest.clone();
    if scripts.is_empty() {
        if files.is_empty() {
            options::show_usage(&sys, USAGE).await;
            return 1;
        }
        scripts.push(files.remove(0));
    }
    let script = scripts.join("\n");
    let commands = match parse(&script, options.has('E') || options.has('r')) {
        Ok(commands) => commands,
        Err(error) => {
            complain(&sys, &error).await;
            return 1;
        }
    };
    let mut held = Held::new(&sys);
    if held.add(commands.len() * COMMAND_COST).await.is_err() {
        complain(&sys, "out of memory").await;
        return 1;
    }
    if files.is_empty() {
        files.push("-".to_owned());
    }
    let mut status = 0;
    let groups: Vec<Vec<String>> = if suffix.is_some() || options.has('s') {
        files.into_iter().map(|file| vec![file]).collect()
    } else {
        vec![files]
    };
    for group in groups {
        let mut editor = Editor::new(&sys, commands.clone(), options.has('n'), suffix.is_some());
        status = status.max(editor.run(&group).await);
        if let Some(suffix) = &suffix {
            for file in &group {
                if !suffix.is_empty() {
                    let _ = sys.rename(file, &format!("{file}{suffix}"));
                }
                if let Err(error) = sys.write_file(file, &editor.gathered).await {
                    complain(&sys, &format!("{file}: {}", error.text())).await;
                    status = 1;
                }
            }
        }
    }
    status
}

struct Editor {
    sys: Sys,
    commands: Vec<Command>,
    quiet: bool,
    keep: bool,
    /// Output of `-i`.
    gathered: Vec<u8>,
    out: Output,
    space: Vec<u8>,
    hold: Vec<u8>,
    number: u64,
    pending: VecDeque<(char, String)>,
    last_pattern: Option<Regex>,
    replaced: bool,
    newline: bool,
    held: Held,
}

struct Input {
    files: VecDeque<String>,
    current: Option<Lines>,
    ahead: Option<Vec<u8>>,
    failed: bool,
}

/// What follows a cycle.
enum Next {
    Print,
    Delete,
    Restart,
    Quit(bool, i32),
}

impl Input {
    async fn read(&mut self, sys: &Sys, out: &mut Output) -> Option<Vec<u8>> {
        loop {
            if self.current.is_none() {
                let file = self.files.pop_front()?;
                match Lines::open(sys, &file) {
                    Ok(lines) => self.current = Some(lines),
                    Err(error) => {
                        out.flush().await;
                        complain(sys, &format!("{file}: {}", error.text())).await;
                        self.failed = true;
                        continue;
                    }
                }
            }
            if let Some(Ok(Some(line))) = match &mut self.current {
                Some(lines) => Some(lines.next(out).await),
                None => None,
            } {
                return Some(line);
            }
            if let Some(lines) = self.current.take() {
                lines.close();
            }
        }
    }
}

impl Editor {
    fn new(sys: &Sys, commands: Vec<Command>, quiet: bool, keep: bool) -> Editor {
        Editor {
            sys: sys.clone(),
            commands,
            quiet,
            keep,
            gathered: Vec::new(),
            out: Output::new(sys),
            space: Vec::new(),
            hold: Vec::new(),
            number: 0,
            pending: VecDeque::new(),
            last_pattern: None,
            replaced: false,
            newline: true,
            held: Held::new(sys),
        }
    }

    async fn put(&mut self, bytes: &[u8]) {
        if self.keep {
            self.gathered.extend_from_slice(bytes)
        } else {
            self.out.put(bytes).await
        }
    }

    async fn put_line(&mut self, bytes: Vec<u8>, newline: bool) {
        let mut bytes = bytes;
        if newline {
            bytes.push(b'\n');
        }
        self.put(&bytes).await;
    }

    async fn run(&mut self, files: &[String]) -> i32 {
        let mut input = Input {
            files: files.iter().cloned().collect(),
            current: None,
            ahead: None,
            failed: false,
        };
        // `$` needs one line of look-ahead, and only then: otherwise each line is answered as it comes.
        let looks = self.commands.iter().any(|command| {
            [&command.from, &command.to]
                .into_iter()
                .any(|address| matches!(address, Some(Address::Last)))
                || matches!(command.verb, Verb::Simple('n' | 'N'))
        });
        if looks {
            input.ahead = input.read(&self.sys, &mut self.out).await;
        }
        let mut status = 0;
        let mut restart = false;
        loop {
            if !restart && !self.load(&mut input, looks).await {
                break;
            }
            restart = false;
            let next = self.cycle(&mut input, looks).await;
            if matches!(next, Next::Print | Next::Quit(true, _)) && !self.quiet {
                let (space, newline) = (self.space.clone(), self.newline);
                self.put_line(space, newline).await;
            }
            self.flush_pending().await;
            match next {
                Next::Quit(_, code) => {
                    status = code;
                    break;
                }
                Next::Restart => restart = true,
                _ => {}
            }
            if self.out.failed.is_some() {
                return 1;
            }
        }
        self.out.flush().await;
        if input.failed { 1 } else { status }
    }

    async fn load(&mut self, input: &mut Input, looks: bool) -> bool {
        let line = if looks {
            input.ahead.take()
        } else {
            input.read(&self.sys, &mut self.out).await
        };
        let Some(line) = line else { return false };
        if looks {
            input.ahead = input.read(&self.sys, &mut self.out).await;
        }
        let (text, newline) = chomp(&line);
        self.space = text.to_vec();
        self.newline = newline;
        self.number += 1;
        self.replaced = false;
        true
    }

    async fn flush_pending(&mut self) {
        while let Some((kind, text)) = self.pending.pop_front() {
            let bytes = if kind == 'r' {
                self.sys.read_file(&text).await.unwrap_or_default()
            } else {
                text.into_bytes()
            };
            self.put(&bytes).await;
        }
    }

    fn matches(&mut self, address: &Address, last: bool) -> bool {
        match address {
            Address::Line(line) => self.number == *line,
            Address::Last => last,
            Address::Step(first, step) => {
                self.number >= *first
                    && (if *step == 0 {
                        self.number == *first
                    } else {
                        (self.number - first).is_multiple_of(*step)
                    })
            }
            Address::Pattern(pattern) => {
                if pattern.is_some() {
                    self.last_pattern.clone_from(pattern);
                }
                self.last_pattern
                    .as_ref()
                    .is_some_and(|pattern| pattern.is_match(&self.space))
            }
            Address::Plus(_) => false,
        }
    }

    fn selected(&mut self, index: usize, last: bool) -> bool {
        let command = self.commands[index].clone();
        let Some(from) = &command.from else {
            return true;
        };
        let Some(to) = &command.to else {
            return self.matches(from, last);
        };
        if let Some(end) = command.open {
            let ends = match (end, to) {
                (Some(end), _) => self.number >= end,
                (None, to) => self.matches(to, last),
            };
            if ends {
                self.commands[index].open = None;
            }
            return end.is_none_or(|end| self.number <= end);
        }
        if !self.matches(from, last) {
            return false;
        }
        let end = match to {
            Address::Line(line) => Some(*line),
            Address::Plus(count) => Some(self.number + count),
            _ => None,
        };
        if end.is_none_or(|end| end > self.number) && !(matches!(to, Address::Last) && last) {
            self.commands[index].open = Some(end);
        }
        true
    }

    async fn cycle(&mut self, input: &mut Input, looks: bool) -> Next {
        let mut at = 0;
        let mut steps = 0;
        while at < self.commands.len() {
            steps += 1;
            if steps % 1000 == 0 {
                self.sys.cpu(crate::time::Duration::from_micros(200)).await;
            }
            let last = looks && input.ahead.is_none();
            let chosen = self.selected(at, last) != self.commands[at].negated;
            let verb = self.commands[at].verb.clone();
            at += 1;
            if !chosen {
                if let Verb::Block(end) = verb {
                    at = end;
                }
                continue;
            }
            match verb {
                Verb::Block(_) | Verb::End | Verb::Label => {}
                Verb::Substitute {
                    pattern,
                    with,
                    global,
                    nth,
                    print,
                } => {
                    if self.substitute(pattern, &with, global, nth).await {
                        self.replaced = true;
                        // An expression takes longer than a copy.
                        if let Some(next) = self.weigh(20 * self.space.len()).await {
                            return next;
                        }
                        if print {
                            let space = self.space.clone();
                            self.put_line(space, true).await;
                        }
                    }
                }
                Verb::Translate(pairs) => {
                    let text = String::from_utf8_lossy(&self.space).into_owned();
                    let swap = |c: char| {
                        pairs
                            .iter()
                            .find(|(from, _)| *from == c)
                            .map_or(c, |(_, to)| *to)
                    };
                    self.space = text.chars().map(swap).collect::<String>().into_bytes();
                }
                Verb::Text('a' | 'r', _) => {
                    if let Verb::Text(kind, text) = verb {
                        self.pending.push_back((kind, text));
                    }
                }
                Verb::Text('c', text) => {
                    let open =
                        self.commands[at - 1].to.is_some() && self.commands[at - 1].open.is_some();
                    if !open {
                        self.put(text.as_bytes()).await;
                    }
                    return Next::Delete;
                }
                Verb::Text('w', file) => {
                    if let Ok(fd) = self.sys.open(&file, OpenFlags::EXTEND, 0o666) {
                        let _ = self
                            .sys
                            .write_all(fd, &[self.space.as_slice(), b"\n"].concat())
                            .await;
                        let _ = self.sys.close(fd);
                    }
                }
                Verb::Text(_, text) => self.put(text.as_bytes()).await,
                Verb::Branch(kind, target, _) => {
                    let jumps = match kind {
                        'b' => true,
                        't' => std::mem::take(&mut self.replaced),
                        _ => !std::mem::take(&mut self.replaced),
                    };
                    if jumps {
                        at = target.unwrap_or(self.commands.len());
                    }
                }
                Verb::Exit(kind, code) => return Next::Quit(kind == 'q', code),
                Verb::Simple(letter) => {
                    if let Some(next) = self.simple(letter, input).await {
                        return next;
                    }
                }
            }
        }
        Next::Print
    }

    async fn simple(&mut self, letter: char, input: &mut Input) -> Option<Next> {
        match letter {
            'd' => return Some(Next::Delete),
            'D' => match self.space.iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    self.space.drain(..=end);
                    return Some(Next::Restart);
                }
                None => return Some(Next::Delete),
            },
            'p' => {
                let space = self.space.clone();
                self.put_line(space, true).await;
            }
            'P' => {
                let end = self
                    .space
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .unwrap_or(self.space.len());
                let line = self.space[..end].to_vec();
                self.put_line(line, true).await;
            }
            'n' => {
                if input.ahead.is_none() {
                    return Some(if self.quiet {
                        Next::Quit(false, 0)
                    } else {
                        Next::Quit(true, 0)
                    });
                }
                if !self.quiet {
                    let (space, newline) = (self.space.clone(), self.newline);
                    self.put_line(space, newline).await;
                }
                self.flush_pending().await;
                self.load(input, true).await;
            }
            'N' => {
                if input.ahead.is_none() {
                    return Some(Next::Quit(true, 0));
                }
                let before = std::mem::take(&mut self.space);
                let replaced = self.replaced;
                self.load(input, true).await;
                self.replaced = replaced;
                self.space = [before.as_slice(), b"\n", self.space.as_slice()].concat();
            }
            'h' => self.hold.clone_from(&self.space),
            'H' => {
                self.hold.push(b'\n');
                self.hold.extend_from_slice(&self.space);
            }
            'g' => self.space.clone_from(&self.hold),
            'G' => {
                self.space.push(b'\n');
                self.space.extend_from_slice(&self.hold);
            }
            'x' => std::mem::swap(&mut self.space, &mut self.hold),
            '=' => self.put(format!("{}\n", self.number).as_bytes()).await,
            _ => {
                let shown = String::from_utf8_lossy(&self.space)
                    .escape_default()
                    .to_string();
                self.put(format!("{shown}$\n").as_bytes()).await;
            }
        }
        let moved = if letter == 'H' { 0 } else { self.hold.len() };
        self.weigh(moved + self.space.len()).await
    }

    /// Pays for so many bytes that were moved, and tells the machine what is kept.
    async fn weigh(&mut self, moved: usize) -> Option<Next> {
        self.sys.cpu(Duration::from_nanos(500 + moved as u64)).await;
        let kept = self.space.len() + self.hold.len() + self.gathered.len();
        if self.held.set(kept as u64).await.is_err() {
            complain(&self.sys, "out of memory").await;
            return Some(Next::Quit(false, 1));
        }
        None
    }

    /// Answers whether anything was replaced. What grows beyond all bounds is left short: whoever weighs it then refuses it.
    async fn substitute(
        &mut self,
        pattern: Option<Regex>,
        with: &[Piece],
        global: bool,
        nth: usize,
    ) -> bool {
        if pattern.is_some() {
            self.last_pattern = pattern;
        }
        let Some(pattern) = self.last_pattern.clone() else {
            return false;
        };
        let space = std::mem::take(&mut self.space);
        let mut out = Vec::new();
        let mut at = 0;
        let mut changed = false;
        for (index, found) in pattern.captures_iter(&space).enumerate() {
            regular::matched(&self.sys, index).await;
            if index + 1 < nth {
                continue;
            }
            let Some(whole) = found.get(0) else { continue };
            out.extend_from_slice(&space[at..whole.start()]);
            for piece in with {
                if out.len() > SPACE_MAX {
                    break;
                }
                match piece {
                    Piece::Text(text) => out.extend_from_slice(text),
                    Piece::Group(group) => out
                        .extend_from_slice(found.get(*group).map_or(b"", |group| group.as_bytes())),
                }
            }
            at = whole.end();
            changed = true;
            if !global || out.len() > SPACE_MAX {
                break;
            }
        }
        if changed {
            out.extend_from_slice(&space[at..]);
        }
        self.space = if changed { out } else { space };
        changed
    }
}
