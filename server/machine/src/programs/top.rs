//! `top [-b] [-n COUNT] [-d SECONDS]`: processes by the CPU that they take. Mirrors busybox; `q` ends it.

use super::accounts::Accounts;
use super::options;
use super::wget::within;
use crate::sys::{Pid, ProcessInfo, Sys, Termios};
use crate::time::Duration;
use std::collections::BTreeMap;

pub async fn main(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "bn:d:mH",
        &[],
        "[-bmH] [-n COUNT] [-d SECONDS]\n\nProvide a view of process activity in real time",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let batch = options.has('b') || !sys.isatty(1);
    let keys = !batch && sys.isatty(0);
    let count = options
        .value('n')
        .and_then(|text| text.parse::<u64>().ok())
        .unwrap_or(if batch && !options.has('b') {
            1
        } else {
            u64::MAX
        });
    let period = options
        .value('d')
        .and_then(options::duration)
        .unwrap_or(Duration::from_secs(5))
        .max(Duration::from_millis(200));
    let before = sys.tcgetattr(0).ok();
    if keys {
        let _ = sys.tcsetattr(
            0,
            Termios {
                canonical: false,
                echo: false,
                ..Termios::default()
            },
        );
        sys.set_signal(
            crate::signal::Signal::Int,
            crate::signal::Disposition::Catch,
        );
        sys.set_signal(
            crate::signal::Signal::Winch,
            crate::signal::Disposition::Catch,
        );
    }
    let accounts = Accounts::load(&sys).await;
    let mut last: BTreeMap<Pid, Duration> = BTreeMap::new();
    let mut when = sys.now();
    let mut shown = 0;
    while shown < count {
        let processes = sys.processes();
        let passed = sys.now().since(when).max(Duration::from_millis(1));
        when = sys.now();
        let used = |process: &ProcessInfo| {
            let before = last
                .get(&process.pid)
                .copied()
                .unwrap_or(if last.is_empty() {
                    process.cpu
                } else {
                    Duration::ZERO
                });
            process.cpu.saturating_sub(before)
        };
        let text = screen(&sys, &accounts, &processes, passed, used, batch);
        sys.print(text).await;
        last = processes
            .iter()
            .map(|process| (process.pid, process.cpu))
            .collect();
        shown += 1;
        if shown == count {
            break;
        }
        if !keys {
            let _ = sys.sleep(period).await;
            continue;
        }
        match within(&sys, period, sys.read(0, 16)).await {
            Some(Ok(bytes)) if bytes.is_empty() || bytes.contains(&b'q') || bytes.contains(&3) => {
                break;
            }
            Some(Err(_)) if sys.take_signal() == Some(crate::signal::Signal::Int) => break,
            _ => {}
        }
    }
    if let (true, Some(before)) = (keys, before) {
        let _ = sys.tcsetattr(0, before);
        sys.print("\r\x1b[K").await;
    }
    0
}

fn screen(
    sys: &Sys,
    accounts: &Accounts,
    processes: &[ProcessInfo],
    passed: Duration,
    used: impl Fn(&ProcessInfo) -> Duration,
    batch: bool,
) -> String {
    let size = if batch { None } else { sys.winsize(1).ok() };
    let (columns, rows) = size.map_or((usize::MAX, usize::MAX), |size| {
        (usize::from(size.cols), usize::from(size.rows))
    });
    let system = sys.system();
    let kib = |bytes: u64| bytes >> 10;
    let free = system.memory_total.saturating_sub(system.memory_used);
    let total: Duration = processes.iter().map(&used).sum();
    let share = |time: Duration| {
        (time.as_secs_f64() * 100.0 / (passed.as_secs_f64() * f64::from(system.cpus.max(1))))
            .min(100.0)
    };
    let busy = share(total).round() as u64;
    let load: Vec<String> = system
        .load
        .iter()
        .map(|load| format!("{}.{:02}", load / 100, load % 100))
        .collect();
    let running = processes
        .iter()
        .filter(|process| process.state == 'R')
        .count();
    let newest = processes
        .iter()
        .map(|process| process.pid)
        .max()
        .unwrap_or(1);
    let mut lines = vec![
        format!(
            "Mem: {}K used, {}K free, 0K shrd, 0K buff, 0K cached",
            kib(system.memory_used),
            kib(free)
        ),
        format!(
            "CPU: {busy:3}% usr   0% sys   0% nic {:3}% idle   0% io   0% irq   0% sirq",
            100 - busy.min(100)
        ),
        format!(
            "Load average: {} {running}/{} {newest}",
            load.join(" "),
            processes.len()
        ),
    ];
    let title = "  PID  PPID USER     STAT   VSZ %VSZ %CPU COMMAND";
    let pad = if columns == usize::MAX {
        String::new()
    } else {
        " ".repeat(columns.saturating_sub(title.len()))
    };
    lines.push(if batch {
        title.to_owned()
    } else {
        format!("\x1b[7m{title}{pad}\x1b[0m")
    });
    let mut order: Vec<&ProcessInfo> = processes.iter().collect();
    order.sort_by(|a, b| {
        used(b)
            .cmp(&used(a))
            .then(b.memory.cmp(&a.memory))
            .then(a.pid.cmp(&b.pid))
    });
    for process in order {
        let size = kib(process.memory);
        let size = if size >= 100_000 {
            format!("{}m", size >> 10)
        } else {
            size.to_string()
        };
        let memory = process.memory * 100 / system.memory_total.max(1);
        let command = if process.argv.is_empty() {
            format!("[{}]", process.name)
        } else {
            process.argv.join(" ")
        };
        let line = format!(
            "{:5} {:5} {:<8.8} {:<4} {size:>6} {memory:3}% {:3.0}% {command}",
            process.pid,
            process.ppid,
            accounts.user(process.uid),
            process.state,
            share(used(process)),
        );
        lines.push(line.chars().take(columns).collect());
    }
    lines.truncate(rows.saturating_sub(1).max(5));
    let end = if batch { "\n" } else { "\x1b[K\n" };
    let mut out = if batch {
        String::new()
    } else {
        "\x1b[H".to_owned()
    };
    for line in lines {
        out.push_str(&line);
        out.push_str(end);
    }
    if !batch {
        out.push_str("\x1b[J");
    }
    out
}
