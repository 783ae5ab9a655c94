//! The interactive shell: prompts, the line editor on a terminal, completion, history.
//!
//! The terminal is raw while a line is edited and as it was while a command runs. Mirrors busybox ash at a terminal.

use super::Shell;
use super::complete::{self, Candidate, Request, Source};
use super::edit::{Action, Editor};
use super::history::History;
use super::parse::{Parsed, Script};
use super::run::{Context, Stop};
use crate::errno::Errno;
use crate::signal::{Disposition, Signal};
use crate::sys::{OpenFlags, Termios};
use std::collections::BTreeSet;

/// What came of reading a line.
enum Line {
    Text(String),
    Interrupt,
    End,
}

/// A program that completes its own arguments is marked by a file of its name here; it is called with `__complete`.
const SELF_COMPLETING: &str = "/usr/share/completions";

impl Shell {
    /// Talks to the terminal until it ends; the exit status.
    pub(crate) async fn interactive(&mut self, login: bool) -> i32 {
        self.options.interactive = true;
        self.command_name = None;
        if self.sys.isatty(0) {
            self.open_terminal();
        }
        self.set_interactive_signals();
        self.sys.set_signal(Signal::Winch, Disposition::Catch);
        if self.vars.get("PS1").is_none() {
            let calm = "\\[\\e[36m\\]\\w\\[\\e[0m\\] \\$ ";
            let _ = self.vars.set("PS1", if login { calm } else { "\\w \\$ " });
        }
        if login {
            self.run_profile("/etc/profile").await;
            let home = self
                .vars
                .get("HOME")
                .map_or_else(String::new, |home| home.to_string());
            self.run_profile(&format!("{home}/.profile")).await;
        }
        if let Some(path) = self.vars.get("ENV") {
            self.run_profile(&path).await;
        }
        self.load_history().await;
        let result = self.converse(login).await;
        self.leave(result).await
    }

    fn open_terminal(&mut self) {
        if let Ok(fd) = self.sys.dup(0, 10) {
            let _ = self.sys.set_cloexec(fd, true);
            self.terminal = fd;
        }
        self.options.monitor = true;
        let pid = self.sys.pid();
        if self.sys.pgid() != pid {
            let _ = self.sys.setpgid(0, 0);
        }
        self.sys.set_signal(Signal::Ttou, Disposition::Ignore);
        self.give_terminal(self.sys.pgid());
    }

    async fn run_profile(&mut self, path: &str) {
        if let Ok(bytes) = self.sys.read_file(path).await {
            let _ = self
                .run_text(&String::from_utf8_lossy(&bytes), Context::default())
                .await;
        }
    }

    fn history_file(&self) -> Option<String> {
        match self.vars.get("HISTFILE") {
            Some(path) => Some(path.to_string()),
            None => self
                .vars
                .get("HOME")
                .map(|home| format!("{home}/.ash_history")),
        }
    }

    async fn load_history(&mut self) {
        let Some(path) = self.history_file() else {
            return;
        };
        if let Ok(bytes) = self.sys.read_file(&path).await {
            *self.history.borrow_mut() = History::load(&String::from_utf8_lossy(&bytes));
        }
    }

    async fn remember(&mut self, line: &str) {
        self.history.borrow_mut().add(line);
        let Some(path) = self.history_file() else {
            return;
        };
        if let Ok(fd) = self.sys.open(&path, OpenFlags::EXTEND, 0o600) {
            let _ = self
                .sys
                .write_all(fd, format!("{}\n", line.replace('\n', " ")).as_bytes())
                .await;
            let _ = self.sys.close(fd);
        }
    }

    async fn converse(&mut self, login: bool) -> Result<(), Stop> {
        let mut killed = Vec::new();
        let mut warned = false;
        let mut script = Script::new();
        loop {
            let first = script.pending() == 0;
            if first {
                self.tell_jobs().await;
            }
            match self.read_line(first, login, &mut killed).await {
                Line::End => {
                    let stopped = self
                        .jobs
                        .all
                        .iter()
                        .any(|job| matches!(job.state(), super::jobs::State::Stopped(_)));
                    if stopped && !warned {
                        warned = true;
                        self.print_error("You have stopped jobs.\n").await;
                        continue;
                    }
                    return Ok(());
                }
                Line::Interrupt => {
                    script.clear();
                    self.status = 130;
                    continue;
                }
                Line::Text(line) => {
                    let expanded = self.history.borrow().expand(&line);
                    let line = match expanded {
                        Ok(None) => line,
                        Ok(Some(line)) => {
                            self.print_error(&format!("{line}\n")).await;
                            line
                        }
                        Err(error) => {
                            self.print_error(&format!("{error}\n")).await;
                            continue;
                        }
                    };
                    self.remember(&line).await;
                    script.push(&format!("{line}\n"));
                }
            }
            self.run_ready(&mut script).await?;
        }
    }

    /// Runs what is complete; `Err` when the shell is to end.
    async fn run_ready(&mut self, script: &mut Script) -> Result<(), Stop> {
        while script.pending() > 0 {
            match script.next(&self.aliases.clone()) {
                Parsed::Complete(list) => match self.run_list(&list, Context::default()).await {
                    Err(Stop::Exit) => return Err(Stop::Exit),
                    Err(Stop::Abort | Stop::Interrupt) => {
                        script.clear();
                        self.recover();
                    }
                    _ => {}
                },
                Parsed::Error(error) => {
                    self.print_error(&format!("{}: syntax error: {error}\n", self.name))
                        .await;
                    self.status = 2;
                    script.clear();
                }
                Parsed::Incomplete | Parsed::End => return Ok(()),
            }
        }
        Ok(())
    }

    /// Back at the prompt after an error or ^C: no loop or function runs any more.
    fn recover(&mut self) {
        self.loops = 0;
        self.calls = 0;
        self.in_trap = false;
        self.command_name = None;
        while self.functions_running > 0 {
            self.functions_running -= 1;
        }
    }

    async fn read_line(&mut self, first: bool, login: bool, killed: &mut Vec<char>) -> Line {
        let name = if first { "PS1" } else { "PS2" };
        let text = self
            .vars
            .get(name)
            .map_or_else(String::new, |text| text.to_string());
        let prompt = self.prompt_text(&text);
        let Ok(cooked) = self.sys.tcgetattr(0) else {
            return self.plain_line(&prompt).await;
        };
        // Output without a newline at its end stays: the prompt gets a line of its own.
        if !self.sys.at_line_start(0) {
            let _ = self.sys.write_all(1, b"\n").await;
        }
        let _ = self.sys.tcsetattr(0, Termios::raw());
        let columns = self
            .sys
            .winsize(0)
            .map_or(80, |size| usize::from(size.cols));
        let lines = self.history.borrow().lines().to_vec();
        let mut editor = Editor::new(&prompt, columns, &lines);
        editor.set_killed(killed);
        if login {
            let _ = self.sys.write_all(1, b"\x1b[?2004h").await;
        }
        let line = self.edit(&mut editor).await;
        if login {
            let _ = self.sys.write_all(1, b"\x1b[?2004l").await;
        }
        *killed = editor.killed().to_vec();
        let _ = self.sys.tcsetattr(0, cooked);
        line
    }

    async fn edit(&mut self, editor: &mut Editor) -> Line {
        loop {
            let bytes = editor.render();
            if !bytes.is_empty() && self.sys.write_all(1, &bytes).await.is_err() {
                return Line::End;
            }
            // One byte at a time: what comes after Enter belongs to the command that is started.
            let byte = match self.sys.read(0, 1).await {
                Ok(bytes) if bytes.is_empty() => return Line::End,
                Ok(bytes) => bytes[0],
                Err(Errno::EINTR) => {
                    let _ = self.run_traps().await;
                    if let Ok(size) = self.sys.winsize(0) {
                        editor.resize(usize::from(size.cols));
                    }
                    continue;
                }
                Err(_) => return Line::End,
            };
            let line = match editor.feed(byte) {
                None => continue,
                Some(Action::Complete(again)) => {
                    self.complete(editor, again).await;
                    continue;
                }
                Some(Action::Submit(line)) => Line::Text(line),
                Some(Action::Interrupt) => Line::Interrupt,
                Some(Action::End) => Line::End,
            };
            let bytes = editor.render();
            let _ = self.sys.write_all(1, &bytes).await;
            return line;
        }
    }

    /// A line from something that is no terminal (`sh -i` with a pipe).
    async fn plain_line(&mut self, prompt: &str) -> Line {
        self.print_error(prompt).await;
        let mut bytes = Vec::new();
        loop {
            match self.sys.read(0, 1).await {
                Ok(byte) if byte.is_empty() && bytes.is_empty() => return Line::End,
                Ok(byte) if byte.is_empty() || byte == b"\n" => {
                    return Line::Text(String::from_utf8_lossy(&bytes).into_owned());
                }
                Ok(byte) => bytes.extend(byte),
                Err(Errno::EINTR) => {
                    let _ = self.run_traps().await;
                }
                Err(_) => return Line::End,
            }
        }
    }

    /// A prompt with its backslash escapes replaced.
    fn prompt_text(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some('w') => out.push_str(&self.short_directory()),
                Some('W') => {
                    let short = self.short_directory();
                    out.push_str(
                        short
                            .rsplit('/')
                            .next()
                            .filter(|name| !name.is_empty())
                            .unwrap_or("/"),
                    );
                }
                Some('u') => out.push_str(
                    &self
                        .vars
                        .get("USER")
                        .map_or_else(|| "root".to_owned(), |user| user.to_string()),
                ),
                Some('h') => {
                    out.push_str(self.sys.hostname().split('.').next().unwrap_or_default())
                }
                Some('H') => out.push_str(&self.sys.hostname()),
                Some('$') => out.push(if self.sys.uid() == 0 { '#' } else { '$' }),
                Some('n') => out.push('\n'),
                Some('e') => out.push('\x1b'),
                Some('0') => {
                    // `\033`
                    let rest = chars.as_str();
                    if let Some(after) = rest.strip_prefix("33") {
                        out.push('\x1b');
                        chars = after.chars();
                    }
                }
                Some('t') => {
                    let now = self.sys.now().civil();
                    out.push_str(&format!(
                        "{:02}:{:02}:{:02}",
                        now.hour, now.minute, now.second
                    ));
                }
                Some('!') => out.push_str(&self.history.borrow().lines().len().to_string()),
                Some('[' | ']') => {}
                Some('\\') => out.push('\\'),
                Some(other) => {
                    out.push('\\');
                    out.push(other);
                }
                None => out.push('\\'),
            }
        }
        out
    }

    fn short_directory(&self) -> String {
        let pwd = self
            .vars
            .get("PWD")
            .map_or_else(|| self.sys.cwd(), |pwd| pwd.to_string());
        let home = self
            .vars
            .get("HOME")
            .map_or_else(String::new, |home| home.to_string());
        match pwd.strip_prefix(home.as_str()) {
            Some(rest) if home.len() > 1 && (rest.is_empty() || rest.starts_with('/')) => {
                format!("~{rest}")
            }
            _ => pwd,
        }
    }

    async fn complete(&mut self, editor: &mut Editor, again: bool) {
        let (line, at) = editor.line();
        let request = complete::request(&line, at);
        let candidates = match self.ask_program(&request).await {
            Some(candidates) if !candidates.is_empty() => candidates,
            _ => complete::candidates(&request, self),
        };
        if candidates.is_empty() {
            return;
        }
        if let [only] = candidates.as_slice() {
            let end = if only.complete { " " } else { "" };
            editor.replace_before(request.back, &format!("{}{end}", protect(&only.text)));
            return;
        }
        let common = complete::common_start(&candidates);
        if common.len() > request.start.len() {
            editor.replace_before(request.back, &protect(&common));
        } else if again {
            let columns = self
                .sys
                .winsize(0)
                .map_or(80, |size| usize::from(size.cols));
            editor.show_below(&complete::list(&candidates, columns));
        }
    }

    /// Asks the command's program for its own candidates, if it is one that knows them.
    async fn ask_program(&mut self, request: &Request) -> Option<Vec<Candidate>> {
        let first = request.words.first()?;
        let alias = self.aliases.get(first).cloned();
        let mut argv: Vec<String> = match alias {
            Some(text) => text.split_whitespace().map(str::to_owned).collect(),
            None => vec![first.clone()],
        };
        let name = argv.first()?.clone();
        if name.contains('/') || self.sys.stat(&format!("{SELF_COMPLETING}/{name}")).is_err() {
            return None;
        }
        argv.insert(1, "__complete".to_owned());
        argv.extend(request.words[1..].iter().cloned());
        argv.push(request.start.clone());
        let (reader, writer) = self.sys.pipe().ok()?;
        let child = self.fork_shell(move |mut shell| async move {
            let _ = shell.sys.close(reader);
            shell.detach_input();
            shell.move_fd(Some(writer), 1);
            if let Ok(fd) = shell.sys.open("/dev/null", OpenFlags::WRITE, 0) {
                shell.move_fd(Some(fd), 2);
            }
            shell.execute(argv).await
        });
        let _ = self.sys.close(writer);
        let answer = self.sys.read_to_end(reader, 1 << 20).await;
        let _ = self.sys.close(reader);
        if let Ok(child) = child {
            let status = self.status;
            self.wait_child(child).await;
            self.status = status;
        }
        let answer = answer.ok()?;
        Some(answers(&String::from_utf8_lossy(&answer), &request.start))
    }
}

/// The lines of a program's answer: `word<TAB>note`, at the end `:directive` (2: no blank after the word).
fn answers(text: &str, start: &str) -> Vec<Candidate> {
    let directive: u32 = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix(':')?.parse().ok())
        .unwrap_or(0);
    let lines = text
        .lines()
        .filter(|line| !line.starts_with(':') && !line.is_empty());
    let mut found: Vec<Candidate> = lines
        .map(|line| {
            let (word, note) = line.split_once('\t').unwrap_or((line, ""));
            Candidate {
                text: word.to_owned(),
                note: note.to_owned(),
                complete: directive & 2 == 0,
            }
        })
        .filter(|candidate| candidate.text.starts_with(start))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// A completed word with its special characters protected; a leading `$` or `~` stays active.
fn protect(word: &str) -> String {
    complete::escape(word)
}

impl Source for Shell {
    fn commands(&self) -> Vec<String> {
        let mut names: BTreeSet<String> = super::builtins::names().map(str::to_owned).collect();
        names.extend(self.functions.keys().cloned());
        names.extend(self.aliases.keys().cloned());
        for directory in self.path().split(':') {
            names.extend(
                self.sys
                    .readdir(directory)
                    .unwrap_or_default()
                    .into_iter()
                    .map(|entry| entry.name),
            );
        }
        names.remove("[");
        names.remove("[[");
        names.into_iter().collect()
    }

    fn files(&self, directory: &str) -> Vec<(String, bool)> {
        let directory = match (directory.strip_prefix("~/"), self.vars.get("HOME")) {
            (Some(rest), Some(home)) => format!("{home}/{rest}"),
            _ => directory.to_owned(),
        };
        let entries = self.sys.readdir(&directory).unwrap_or_default().into_iter();
        entries
            .map(|entry| {
                let path = format!("{directory}/{}", entry.name);
                let is_directory = self.sys.stat(&path).is_ok_and(|stat| stat.is_dir());
                (entry.name, is_directory)
            })
            .collect()
    }

    fn variables(&self) -> Vec<String> {
        self.vars.iter().map(|(name, _)| name.clone()).collect()
    }
}
