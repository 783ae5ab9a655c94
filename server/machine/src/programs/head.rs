//! `head`: the first lines or bytes. `-n N`, `-c N`, `-q`, `-v`, `-N`. Mirrors busybox `head`.

use super::lines::{Lines, Output};
use super::options::{self, complain};
use crate::sys::{OpenFlags, Sys};

pub async fn main(sys: Sys) -> i32 {
    let words = options::count_option(sys.args().into_iter().skip(1).collect());
    let options = match options::parse(&words, "n:c:qv", &[("lines", 'n'), ("bytes", 'c')]) {
        Ok(options) => options,
        Err(error) => {
            complain(&sys, &error).await;
            options::show_usage(
                &sys,
                "[OPTIONS] [FILE]...\n\nPrint first 10 lines of FILEs (or stdin)",
            )
            .await;
            return 1;
        }
    };
    let text = options.value('c').or(options.value('n')).unwrap_or("10");
    let (from_end, digits) = text
        .strip_prefix('-')
        .map_or((false, text), |rest| (true, rest));
    let Some(count) = options::count(digits) else {
        complain(&sys, &format!("invalid number '{text}'")).await;
        return 1;
    };
    let mut files = options.rest.clone();
    if files.is_empty() {
        files.push("-".to_owned());
    }
    let headed = (files.len() > 1 || options.has('v')) && !options.has('q');
    let mut status = 0;
    let mut first = true;
    for file in &files {
        let fd = if file == "-" {
            Ok(0)
        } else {
            sys.open(file, OpenFlags::READ, 0)
        };
        let fd = match fd {
            Ok(fd) => fd,
            Err(error) => {
                complain(&sys, &format!("{file}: {}", error.text())).await;
                status = 1;
                continue;
            }
        };
        if headed {
            let name = if file == "-" { "standard input" } else { file };
            sys.print(format!("{}==> {name} <==\n", if first { "" } else { "\n" }))
                .await;
        }
        first = false;
        match (options.has('c'), from_end) {
            (true, false) => bytes(&sys, fd, count).await,
            (true, true) => {
                let all = sys.read_to_end(fd, 64 << 20).await.unwrap_or_default();
                sys.print(&all[..all.len().saturating_sub(count as usize)])
                    .await;
            }
            (false, _) => lines(&sys, fd, count, from_end).await,
        }
        if fd != 0 {
            let _ = sys.close(fd);
        }
    }
    status
}

async fn bytes(sys: &Sys, fd: i32, mut left: u64) {
    while left > 0 {
        match sys.read(fd, left.min(65536) as usize).await {
            Ok(chunk) if !chunk.is_empty() => {
                left -= chunk.len() as u64;
                if sys.write_all(1, &chunk).await.is_err() {
                    return;
                }
            }
            _ => return,
        }
    }
}

async fn lines(sys: &Sys, fd: i32, count: u64, from_end: bool) {
    let mut out = Output::new(sys);
    let mut lines = Lines::new(sys, fd);
    let mut held = std::collections::VecDeque::new();
    let mut shown = 0;
    while from_end || shown < count {
        let Ok(Some(line)) = lines.next(&mut out).await else {
            break;
        };
        if !from_end {
            out.put(line).await;
            shown += 1;
            continue;
        }
        held.push_back(line);
        if held.len() as u64 > count
            && let Some(line) = held.pop_front()
        {
            out.put(line).await;
        }
    }
    out.flush().await;
}
