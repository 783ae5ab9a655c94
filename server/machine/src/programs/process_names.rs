//! `pidof NAME...`, `pgrep`, `pkill`: processes by their names. Mirrors busybox.

use super::options::{self, complain};
use super::regular;
use crate::signal::Signal;
use crate::sys::{ProcessInfo, Sys};

/// `pidof [-s] [-o PID] NAME...`: newest first.
pub async fn pidof(sys: Sys) -> i32 {
    let usage = "[NAME]...\n\nPrint PIDs of all processes with NAMEs";
    let options = match options::read(&sys, "so:", &[], usage).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut found: Vec<String> = Vec::new();
    for process in sys.processes().iter().rev() {
        let named = options.rest.contains(&process.name);
        let left_out = options
            .values('o')
            .any(|pid| pid == process.pid.to_string());
        if named && !left_out {
            found.push(process.pid.to_string());
        }
    }
    if options.has('s') {
        found.truncate(1);
    }
    if found.is_empty() {
        return 1;
    }
    sys.print(found.join(" ") + "\n").await;
    0
}

/// `pgrep [-flnovx] PATTERN`, `pkill [-SIGNAL] [-fnovx] PATTERN`
pub async fn pgrep(sys: Sys) -> i32 {
    let kills = options::name(&sys) == "pkill";
    let mut words: Vec<String> = sys.args().into_iter().skip(1).collect();
    let mut signal = Signal::Term;
    if kills
        && let Some(found) = words
            .first()
            .and_then(|word| word.strip_prefix('-'))
            .and_then(Signal::parse)
    {
        signal = found;
        words.remove(0);
    }
    let Ok(options) = options::parse(&words, "flnovxas:P:", &[]) else {
        options::show_usage(&sys, "[-flnovx] [-s SID|-P PPID|PATTERN]").await;
        return 2;
    };
    let pattern = options.rest.first().map_or("", String::as_str);
    let anchored = format!("^({pattern})$");
    let regex = match regular::compile(
        if options.has('x') { &anchored } else { pattern },
        true,
        false,
    ) {
        Ok(regex) => regex,
        Err(error) => {
            complain(&sys, &format!("bad regex '{pattern}': {error}")).await;
            return 2;
        }
    };
    let matches = |process: &ProcessInfo| {
        let line = process.argv.join(" ");
        let text = if options.has('f') && !line.is_empty() {
            &line
        } else {
            &process.name
        };
        let parent = options
            .value('P')
            .is_none_or(|pid| pid == process.ppid.to_string());
        process.pid != sys.pid() && parent && regex.is_match(text.as_bytes()) != options.has('v')
    };
    let mut found: Vec<ProcessInfo> = sys.processes();
    found.retain(matches);
    if options.has('n') && found.len() > 1 {
        found.drain(..found.len() - 1);
    }
    if options.has('o') {
        found.truncate(1);
    }
    for process in &found {
        if kills {
            let _ = sys.kill(process.pid, Some(signal));
        } else if options.has('l') || options.has('a') {
            let name = if options.has('a') {
                process.argv.join(" ")
            } else {
                process.name.clone()
            };
            sys.print(format!("{} {name}\n", process.pid)).await;
        } else {
            sys.print(format!("{}\n", process.pid)).await;
        }
    }
    i32::from(found.is_empty())
}
