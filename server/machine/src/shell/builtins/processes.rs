//! `jobs`, `fg`, `bg`, `wait`, `kill`, `trap`, `times`: processes and signals.

use crate::errno::Errno;
use crate::shell::Shell;
use crate::shell::escape::quote;
use crate::shell::jobs::State;
use crate::shell::run::{Context, Stop};
use crate::shell::traps::ERR;
use crate::signal::Signal;

/// `jobs [-lp]`
pub(crate) async fn jobs(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    let mut long = false;
    let mut pids = false;
    for word in &argv[1..] {
        match word.as_str() {
            "-l" => long = true,
            "-p" => pids = true,
            other if other.starts_with('-') => {
                return Err(shell.abort(&format!("illegal option {other}")).await);
            }
            _ => {}
        }
    }
    shell.reap().await;
    let numbers: Vec<u32> = shell
        .jobs
        .all
        .iter()
        .filter(|job| !job.foreground)
        .map(|job| job.number)
        .collect();
    for number in numbers {
        let text = if pids {
            let pid = shell
                .jobs
                .get(number)
                .and_then(|job| job.processes.first().map(|(pid, _)| *pid));
            format!("{}\n", pid.unwrap_or(0))
        } else {
            shell.jobs.line(number, long, true)
        };
        shell.print(text.as_bytes()).await;
        shell.forget_if_done(number);
    }
    Ok(())
}

async fn job_of(shell: &mut Shell, argv: &[String]) -> Result<u32, Stop> {
    let spec = argv.get(1).map_or("%%", String::as_str);
    match shell.jobs.find(spec) {
        Some(number) => Ok(number),
        None if argv.len() > 1 => Err(shell.abort(&format!("{spec}: no such job")).await),
        None => Err(shell.abort("No current job").await),
    }
}

fn resume(shell: &mut Shell, number: u32) {
    let Some(job) = shell.jobs.get(number) else {
        return;
    };
    for process in &mut job.processes {
        if matches!(process.1, Some(crate::sys::WaitStatus::Stopped(_))) {
            process.1 = None;
        }
    }
    let target = job
        .group
        .map(|group| -group)
        .or(job.processes.first().map(|(pid, _)| *pid));
    if let Some(target) = target {
        let _ = shell.sys.kill(target, Some(Signal::Cont));
    }
}

/// `fg [job]`
pub(crate) async fn fg(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    let number = job_of(shell, argv).await?;
    let Some(job) = shell.jobs.get(number) else {
        return Ok(());
    };
    job.foreground = true;
    let text = format!("{}\n", job.text);
    let group = job.group;
    shell.print(text.as_bytes()).await;
    if let Some(group) = group {
        shell.give_terminal(group);
    }
    resume(shell, number);
    shell.finish_foreground(number).await
}

/// `bg [job]`
pub(crate) async fn bg(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    let number = job_of(shell, argv).await?;
    resume(shell, number);
    let Some(job) = shell.jobs.get(number) else {
        return Ok(());
    };
    let text = format!("[{number}] {}\n", job.text);
    shell.print(text.as_bytes()).await;
    shell.status = 0;
    Ok(())
}

/// `wait [job or pid]…`
pub(crate) async fn wait(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    if argv.len() == 1 {
        loop {
            let waiting = shell
                .jobs
                .all
                .iter()
                .any(|job| !job.foreground && job.state() == State::Running);
            if !waiting {
                break;
            }
            if !change_or_trap(shell).await? {
                return Ok(());
            }
        }
        shell.status = 0;
        if !shell.options.interactive {
            let numbers: Vec<u32> = shell.jobs.all.iter().map(|job| job.number).collect();
            for number in numbers {
                shell.tell_killed(number).await;
            }
            shell.jobs.all.retain(|job| job.state() == State::Running);
        }
        return Ok(());
    }
    for spec in &argv[1..] {
        let pid = spec.parse::<i32>().ok();
        let Some(number) = shell.jobs.find(spec) else {
            if pid.is_none() {
                let text = if spec.starts_with('%') {
                    format!("{spec}: no such job")
                } else {
                    format!("Illegal number: {spec}")
                };
                return Err(shell.abort(&text).await);
            }
            shell.status = pid.and_then(|pid| shell.jobs.kept(pid)).unwrap_or(127);
            continue;
        };
        while let Some(job) = shell.jobs.get(number) {
            if let State::Done(_) = job.state() {
                let of_process = pid.and_then(|pid| job.processes.iter().find(|(p, _)| *p == pid));
                shell.status = match of_process {
                    Some((_, Some(status))) => status.code(),
                    _ => job.code(false),
                };
                shell.tell_killed(number).await;
                shell.forget_if_done(number);
                break;
            }
            if !change_or_trap(shell).await? {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Waits for a child to change; false when a signal ended the wait (the status says which).
async fn change_or_trap(shell: &mut Shell) -> Result<bool, Stop> {
    shell.collect_signals();
    if let Some(signal) = shell.caught.iter().next() {
        shell.status = 128 + signal.number();
        return Ok(false);
    }
    match shell.wait_change().await {
        Ok(()) => Ok(true),
        Err(Errno::EINTR) => {
            shell.collect_signals();
            let signal = shell.caught.iter().next();
            match signal {
                Some(signal) => {
                    shell.status = 128 + signal.number();
                    Ok(false)
                }
                None => Ok(true),
            }
        }
        Err(_) => {
            shell.jobs.all.clear();
            Ok(true)
        }
    }
}

fn signal_of(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse::<i32>() {
        return (0..64).contains(&number).then_some(number);
    }
    let name = text.to_ascii_uppercase();
    match name.strip_prefix("SIG").unwrap_or(&name) {
        "EXIT" => Some(0),
        "ERR" => Some(ERR),
        name => Signal::parse(name).map(Signal::number),
    }
}

/// `kill [-s signal | -signal] pid…`, `kill -l [number]`
pub(crate) async fn kill(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    let mut words = &argv[1..];
    let mut signal = Some(Signal::Term);
    if let Some(option) = words
        .first()
        .filter(|word| word.starts_with('-') && word.len() > 1)
        .cloned()
    {
        words = &words[1..];
        if option == "-l" {
            return list_signals(shell, words).await;
        }
        let mut name = option[1..].to_owned();
        if name == "s" || name == "n" {
            name = words.first().cloned().unwrap_or_default();
            words = words.get(1..).unwrap_or_default();
        }
        if option != "--" {
            match signal_of(&name) {
                Some(0) => signal = None,
                Some(number) => signal = Signal::from_number(number),
                None => {
                    shell
                        .print_error(&format!("{}: bad signal name '{name}'\n", shell.name))
                        .await;
                    shell.status = 1;
                    return Ok(());
                }
            }
        }
    }
    if words.first().is_some_and(|word| word == "--") {
        words = &words[1..];
    }
    if words.is_empty() {
        shell
            .print_error(&format!(
                "{}: you need to specify whom to kill\n",
                shell.name
            ))
            .await;
        shell.status = 1;
    }
    for word in words {
        kill_one(shell, word, signal).await?;
    }
    // A signal to the shell itself acts before the next command.
    shell.sys.cpu(crate::time::Duration::from_micros(1)).await;
    Ok(())
}

async fn kill_one(shell: &mut Shell, word: &str, signal: Option<Signal>) -> Result<(), Stop> {
    let targets: Vec<i32> = if word.starts_with('%') {
        let Some(number) = shell.jobs.find(word) else {
            return Err(shell.abort(&format!("{word}: no such job")).await);
        };
        let Some(job) = shell.jobs.get(number) else {
            return Ok(());
        };
        match job.group {
            Some(group) => vec![-group],
            None => job.processes.iter().map(|(pid, _)| *pid).collect(),
        }
    } else if let Ok(pid) = word.parse() {
        vec![pid]
    } else {
        shell
            .print_error(&format!("{}: invalid number '{word}'\n", shell.name))
            .await;
        shell.status = 1;
        return Ok(());
    };
    for pid in targets {
        if let Err(error) = shell.sys.kill(pid, signal) {
            shell
                .print_error(&format!(
                    "{}: can't kill pid {pid}: {}\n",
                    shell.name,
                    error.text()
                ))
                .await;
            shell.status = 1;
        }
    }
    Ok(())
}

async fn list_signals(shell: &mut Shell, words: &[String]) -> Result<(), Stop> {
    let mut text = String::new();
    for word in words {
        match word.parse::<i32>() {
            Ok(number) => {
                let name = Signal::from_number(number & 0x7f)
                    .map_or_else(|| number.to_string(), |s| s.short().to_owned());
                text.push_str(&format!("{name}\n"));
            }
            Err(_) => match signal_of(word) {
                Some(number) => text.push_str(&format!("{number}\n")),
                None => {
                    shell
                        .print_error(&format!("{}: unknown signal '{word}'\n", shell.name))
                        .await;
                    shell.status = 1;
                }
            },
        }
    }
    if words.is_empty() {
        for signal in Signal::ALL {
            let name = if *signal == Signal::Io {
                "POLL"
            } else {
                signal.short()
            };
            text.push_str(&format!("{:2}) {name}\n", signal.number()));
        }
    }
    shell.print(text.as_bytes()).await;
    Ok(())
}

/// `trap [action] [signal…]`
pub(crate) async fn trap(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    let mut words = &argv[1..];
    if words.first().is_some_and(|word| word == "--") {
        words = &words[1..];
    }
    if words.is_empty() || words[0] == "-p" {
        let traps = shell.traps.clone();
        let mut text = String::new();
        for (number, action) in traps.iter() {
            let name = Signal::from_number(*number)
                .map_or(if *number == ERR { "ERR" } else { "EXIT" }, Signal::short);
            text.push_str(&format!("trap -- {} {name}\n", quote(action)));
        }
        shell.print(text.as_bytes()).await;
        return Ok(());
    }
    let reset = words.len() == 1 || words[0].parse::<u32>().is_ok() || words[0] == "-";
    let action = if reset { None } else { Some(words[0].as_str()) };
    let names = if words.len() == 1 || words[0].parse::<u32>().is_ok() {
        words
    } else {
        &words[1..]
    };
    for name in names {
        match signal_of(name) {
            Some(number) => shell.set_trap(number, action),
            None => {
                shell
                    .complain(&format!("{name}: invalid signal specification"))
                    .await;
                shell.status = 1;
            }
        }
    }
    Ok(())
}

/// `times`
pub(crate) async fn times(shell: &mut Shell, _: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    let pid = shell.sys.pid();
    let cpu = shell
        .sys
        .processes()
        .into_iter()
        .find(|p| p.pid == pid)
        .map_or(0, |p| p.cpu.as_millis());
    let text = format!(
        "{}m{}.{:03}s 0m0.000s\n0m0.000s 0m0.000s\n",
        cpu / 60_000,
        cpu / 1000 % 60,
        cpu % 1000
    );
    shell.print(text.as_bytes()).await;
    Ok(())
}
