//! `ps`: the processes of the container. Mirrors busybox `ps`, with `-o`.

use super::accounts::Accounts;
use super::options;
use crate::sys::{ProcessInfo, Sys};
use core::time::Duration;

pub async fn main(sys: Sys) -> i32 {
    let args = sys.args();
    // As busybox, letters that mean something elsewhere (`ps aux`, `ps -ef`) change nothing.
    let mut columns = Vec::new();
    let mut words = args.iter().skip(1);
    while let Some(word) = words.next() {
        let list = match word.strip_prefix("-o") {
            Some("") => words.next().cloned().unwrap_or_default(),
            Some(list) => list.to_owned(),
            None => continue,
        };
        columns.extend(list.split(',').map(str::to_owned));
    }
    let accounts = Accounts::load(&sys).await;
    let cut = if sys.isatty(1) {
        sys.winsize(1).map_or(80, |size| usize::from(size.cols))
    } else {
        4096
    };
    let processes = sys.processes();
    let mut out = String::new();
    if columns.is_empty() {
        out.push_str("PID   USER     TIME  COMMAND\n");
        for process in &processes {
            let user = accounts.user(process.uid);
            let line = format!(
                "{:5} {user:<8.8} {:>5} {}",
                process.pid,
                clock(process.cpu),
                command_line(process)
            );
            out.extend(line.chars().take(cut));
            out.push('\n');
        }
        sys.print(out).await;
        return 0;
    }
    let mut shown: Vec<(&str, &str, usize)> = Vec::new();
    for column in &columns {
        let (name, title) = column
            .split_once('=')
            .map_or((column.as_str(), None), |(n, t)| (n, Some(t)));
        match COLUMNS.iter().find(|known| known.0 == name) {
            Some(known) => shown.push((known.0, title.unwrap_or(known.1), known.2)),
            None => {
                options::complain(&sys, &format!("bad -o argument '{name}', supported arguments: user,group,comm,args,pid,ppid,pgid,tty,vsz,sid,stat,rss")).await;
                return 1;
            }
        }
    }
    let row = |cells: Vec<String>| {
        let last = cells.len() - 1;
        let padded: Vec<String> = cells
            .into_iter()
            .zip(&shown)
            .enumerate()
            .map(|(index, (cell, column))| {
                if index == last {
                    cell
                } else {
                    format!("{cell:<width$}", width = column.2)
                }
            })
            .collect();
        padded.join(" ") + "\n"
    };
    out.push_str(&row(shown
        .iter()
        .map(|column| column.1.to_owned())
        .collect()));
    for process in &processes {
        out.push_str(&row(shown
            .iter()
            .map(|column| cell(column.0, process, &accounts))
            .collect()));
    }
    sys.print(out).await;
    0
}

const COLUMNS: [(&str, &str, usize); 16] = [
    ("user", "USER", 8),
    ("group", "GROUP", 8),
    ("comm", "COMMAND", 16),
    ("args", "COMMAND", 256),
    ("pid", "PID", 5),
    ("ppid", "PPID", 5),
    ("pgid", "PGID", 5),
    ("etime", "ELAPSED", 7),
    ("nice", "NI", 5),
    ("rgroup", "RGROUP", 8),
    ("ruser", "RUSER", 8),
    ("time", "TIME", 6),
    ("tty", "TT", 6),
    ("vsz", "VSZ", 4),
    ("sid", "SID", 5),
    ("stat", "STAT", 4),
];

fn cell(name: &str, process: &ProcessInfo, accounts: &Accounts) -> String {
    match name {
        "user" | "ruser" => accounts.user(process.uid),
        "group" | "rgroup" => accounts.group(process.gid),
        "comm" => process.name.clone(),
        "args" => command_line(process),
        "pid" => format!("{:5}", process.pid),
        "ppid" => format!("{:5}", process.ppid),
        "pgid" => format!("{:5}", process.pgid),
        "sid" => format!("{:5}", process.sid),
        "time" => clock(process.cpu),
        "nice" => "0".to_owned(),
        "tty" => process
            .tty
            .as_ref()
            .map_or_else(|| "?".to_owned(), |_| "136,0".to_owned()),
        "vsz" => format!("{:4}", process.memory / 1024),
        "etime" => "0:00".to_owned(),
        _ => process.state.to_string(),
    }
}

fn command_line(process: &ProcessInfo) -> String {
    if process.argv.is_empty() || process.state == 'Z' {
        format!("[{}]", process.name)
    } else {
        process.argv.join(" ")
    }
}

/// Minutes and seconds.
#[must_use]
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 3600 {
        format!("{}h{:02}", seconds / 3600, seconds / 60 % 60)
    } else {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    }
}
