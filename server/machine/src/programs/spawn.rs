//! The tools that run others: `timeout`, `xargs`, `watch`, `time`. Mirrors busybox.

use super::env;
use super::lines::{Lines, Output, chomp};
use super::options::{self, Options, complain};
use crate::errno::Errno;
use crate::signal::Signal;
use crate::sys::{Pid, Spawn, Sys, WaitFor, WaitOptions, WaitStatus};
use crate::time::Duration;

/// Waits for one child.
pub(super) async fn wait(sys: &Sys, pid: Pid) -> WaitStatus {
    loop {
        match sys.wait(WaitFor::Pid(pid), WaitOptions::default()).await {
            Ok(Some((_, status))) => return status,
            Err(Errno::EINTR) => while sys.take_signal().is_some() {},
            _ => return WaitStatus::Exited(127),
        }
    }
}

/// Starts a program; an error is told as busybox tells it, with its exit code.
async fn start(sys: &Sys, argv: &[String], text: &str) -> Result<Pid, i32> {
    let result = env::find(sys, &argv[0], &sys.env()).and_then(|path| {
        let mut spawn = Spawn::new(argv.to_vec());
        spawn.path = path;
        sys.spawn(spawn)
    });
    match result {
        Ok(pid) => Ok(pid),
        Err(error) => {
            complain(
                sys,
                &text.replace("{}", &argv[0]).replace("{why}", error.text()),
            )
            .await;
            Err(if error == Errno::ENOENT { 127 } else { 126 })
        }
    }
}

/// `timeout [-s SIG] [-k SECS] SECS PROG ARGS`
pub async fn timeout(sys: Sys) -> i32 {
    let usage = "[-s SIG] [-k KILL_SECS] SECS PROG ARGS\n\nRun PROG. Send SIG to it if it is not gone in SECS seconds";
    let options = match options::read(
        &sys,
        "+s:k:t:",
        &[("signal", 's'), ("kill-after", 'k')],
        usage,
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut words = options.rest.as_slice();
    let limit = match options.value('t') {
        Some(limit) => Some(limit.to_owned()),
        None => words.split_first().map(|(limit, rest)| {
            words = rest;
            limit.clone()
        }),
    };
    let (Some(limit), false) = (limit, words.is_empty()) else {
        options::show_usage(&sys, usage).await;
        return 1;
    };
    let Some(limit) = options::duration(&limit) else {
        complain(&sys, &format!("invalid number '{limit}'")).await;
        return 1;
    };
    let signal = match options.value('s').map(Signal::parse) {
        None => Signal::Term,
        Some(Some(signal)) => signal,
        Some(None) => {
            complain(
                &sys,
                &format!("unknown signal '{}'", options.value('s').unwrap_or("")),
            )
            .await;
            return 1;
        }
    };
    // As busybox does: this process becomes the program, and a grandchild ends it.
    let parent = sys.pid();
    let more = options.value('k').and_then(options::duration);
    let watcher = sys.fork(move |sys| async move {
        let _ =
            sys.fork(move |sys| async move { watch_over(&sys, parent, limit, signal, more).await });
        0
    });
    if let Ok(watcher) = watcher {
        wait(&sys, watcher).await;
    }
    env::run(&sys, words, sys.env()).await
}

/// Sends `signal` to `parent` when `limit` has passed, KILL after `more`; looks once a second whether it still is.
async fn watch_over(
    sys: &Sys,
    parent: Pid,
    limit: Duration,
    signal: Signal,
    more: Option<Duration>,
) -> i32 {
    for (limit, signal) in [(Some(limit), signal), (more, Signal::Kill)] {
        let Some(mut left) = limit else { return 0 };
        while !left.is_zero() {
            let step = left.min(Duration::from_secs(1));
            let _ = sys.sleep(step).await;
            left -= step;
            if sys.kill(parent, None).is_err() {
                return 0;
            }
        }
        let _ = sys.kill(parent, Some(signal));
    }
    0
}

/// `xargs [-0rt] [-n N] [-I STR] [-P N] [PROG ARGS]`
pub async fn xargs(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "+0rtpn:I:L:P:s:d:E:x",
        &[],
        "[OPTIONS] [PROG ARGS]\n\nRun PROG on every item given by stdin",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut command = options.rest.clone();
    if command.is_empty() {
        command.push("echo".to_owned());
    }
    let mut lines = Lines::new(&sys, 0);
    let mut out = Output::new(&sys);
    let most = options
        .value('n')
        .and_then(|text| text.parse::<usize>().ok())
        .unwrap_or(usize::MAX)
        .max(1);
    let mut held: Vec<String> = Vec::new();
    let mut size = 0;
    let mut status = 0;
    let mut ran = false;
    let end = if options.has('0') { 0 } else { b'\n' };
    while let Ok(Some(line)) = lines.next_until(end, &mut out).await {
        let line = line.strip_suffix(&[end]).unwrap_or(&line);
        let text = String::from_utf8_lossy(chomp(line).0).into_owned();
        if let Some(mark) = options.value('I') {
            if text.trim().is_empty() {
                continue;
            }
            let argv: Vec<String> = command
                .iter()
                .map(|word| word.replace(mark, text.trim_start()))
                .collect();
            ran = true;
            status = status.max(one(&sys, &argv, &options).await);
            if status >= 124 {
                return status;
            }
            continue;
        }
        let found = if options.has('0') {
            vec![text]
        } else {
            items(&text)
        };
        size += found.iter().map(|item| item.len() + 1).sum::<usize>();
        held.extend(found);
        while held.len() >= most || size > 32 << 10 {
            let rest = held.split_off(most.min(held.len()));
            size = rest.iter().map(|item| item.len() + 1).sum();
            let argv = [command.as_slice(), held.as_slice()].concat();
            held = rest;
            ran = true;
            status = status.max(one(&sys, &argv, &options).await);
            if status >= 124 {
                return status;
            }
        }
    }
    if !held.is_empty() || (!ran && !options.has('r') && !options.has('I')) {
        let argv = [command.as_slice(), held.as_slice()].concat();
        status = status.max(one(&sys, &argv, &options).await);
    }
    status
}

async fn one(sys: &Sys, argv: &[String], options: &Options) -> i32 {
    if options.has('t') {
        sys.eprint(format!("{}\n", argv.join(" "))).await;
    }
    match start(sys, argv, "{}: {why}").await {
        Ok(child) => match wait(sys, child).await.code() {
            0 => 0,
            255 => 124,
            code if code > 128 => 125,
            _ => 123,
        },
        Err(code) => code,
    }
}

/// The items of a line: blanks part them, quotes and backslashes protect.
fn items(line: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut item: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                item.get_or_insert_default();
            }
            ('\\', None) => item.get_or_insert_default().extend(chars.next()),
            (c, None) if c.is_whitespace() => items.extend(item.take()),
            (c, _) => item.get_or_insert_default().push(c),
        }
    }
    items.extend(item);
    items
}

/// `watch [-n SEC] [-t] PROG ARGS`
pub async fn watch(sys: Sys) -> i32 {
    let usage = "[-n SEC] [-t] PROG ARGS\n\nRun PROG periodically";
    let options = match options::read(&sys, "+dn:t", &[], usage).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    if options.rest.is_empty() {
        options::show_usage(&sys, usage).await;
        return 1;
    }
    let period = options
        .value('n')
        .and_then(options::duration)
        .unwrap_or(Duration::from_secs(2));
    let command = options.rest.join(" ");
    loop {
        sys.print("\x1b[H\x1b[J").await;
        if !options.has('t') {
            let columns = sys.winsize(1).map_or(80, |size| usize::from(size.cols));
            let left = format!("Every {}s: {command}", period.as_secs_f64());
            let right = super::date::strftime("%Y-%m-%d %H:%M:%S", sys.now());
            let fill = columns
                .saturating_sub(left.chars().count() + right.len())
                .max(1);
            sys.print(format!("{left}{}{right}\n\n", " ".repeat(fill)))
                .await;
        }
        let argv = ["sh".to_owned(), "-c".to_owned(), command.clone()];
        match start(&sys, &argv, "can't execute '{}': {why}").await {
            Ok(child) => {
                wait(&sys, child).await;
            }
            Err(code) => return code,
        }
        if sys.sleep(period).await.is_err() {
            return 0;
        }
    }
}

/// `time PROG ARGS`
pub async fn time(sys: Sys) -> i32 {
    let words: Vec<String> = sys
        .args()
        .into_iter()
        .skip(1)
        .filter(|word| word != "-p")
        .collect();
    if words.is_empty() {
        options::show_usage(
            &sys,
            "[-vpa] [-o FILE] PROG ARGS\n\nRun PROG, display resource usage when it exits",
        )
        .await;
        return 1;
    }
    let started = sys.now();
    let code = match start(&sys, &words, "can't execute '{}': {why}").await {
        Ok(child) => wait(&sys, child).await.code(),
        Err(code) => return code,
    };
    let real = sys.now().since(started);
    let seconds = real.as_secs();
    sys.eprint(format!(
        "real\t{}m {}.{:02}s\nuser\t0m 0.00s\nsys\t0m 0.00s\n",
        seconds / 60,
        seconds % 60,
        real.subsec_millis() / 10
    ))
    .await;
    code
}
