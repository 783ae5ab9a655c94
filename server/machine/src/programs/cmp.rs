//! `cmp [-ls] [-n NUM] FILE1 [FILE2]`: the first byte that differs, or all (`-l`). Mirrors busybox.

use super::lines::{Lines, Output};
use super::options::{self, complain};
use crate::sys::Sys;

const USAGE: &str =
    "[-ls] [-n NUM] FILE1 [FILE2 [SKIP1 [SKIP2]]]\n\nCompare FILE1 with FILE2 (or stdin)";

pub async fn main(sys: Sys) -> i32 {
    let options = match options::read(&sys, "lsn:", &[], USAGE).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let Some(first) = options.rest.first() else {
        options::show_usage(&sys, USAGE).await;
        return 1;
    };
    let names = [
        first.as_str(),
        options.rest.get(1).map_or("-", String::as_str),
    ];
    let mut inputs = Vec::new();
    for name in names {
        match Lines::open(&sys, name) {
            Ok(input) => inputs.push(input),
            Err(error) => {
                complain(&sys, &format!("can't open '{name}': {}", error.text())).await;
                return 2;
            }
        }
    }
    let mut left = options
        .value('n')
        .and_then(options::count)
        .unwrap_or(u64::MAX);
    let mut held = [Vec::new(), Vec::new()];
    let (mut at, mut line, mut status) = (0u64, 1u64, 0);
    let mut out = Output::new(&sys);
    loop {
        for (input, held) in inputs.iter_mut().zip(&mut held) {
            if held.is_empty() {
                *held = input.bytes(64 << 10).await.unwrap_or_default();
            }
        }
        let [a, b] = &mut held;
        if left == 0 || (a.is_empty() && b.is_empty()) {
            break;
        }
        if a.is_empty() || b.is_empty() {
            out.flush().await;
            if !options.has('s') {
                complain(
                    &sys,
                    &format!("EOF on {}", names[usize::from(!a.is_empty())]),
                )
                .await;
            }
            return 1;
        }
        let count = (a.len().min(b.len()) as u64).min(left) as usize;
        sys.cpu(crate::time::Duration::from_nanos(1000 + count as u64))
            .await;
        for (x, y) in a.drain(..count).zip(b.drain(..count)) {
            at += 1;
            if x != y {
                status = 1;
                if options.has('s') {
                    return 1;
                }
                if !options.has('l') {
                    sys.print(format!(
                        "{} {} differ: char {at}, line {line}\n",
                        names[0], names[1]
                    ))
                    .await;
                    return 1;
                }
                out.put(format!("{at} {x:3o} {y:3o}\n")).await;
            }
            line += u64::from(x == b'\n');
        }
        left -= count as u64;
    }
    out.flush().await;
    status
}
