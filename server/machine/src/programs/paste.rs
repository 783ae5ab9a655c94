//! `paste [-d LIST] [-s] FILE...`: lines side by side. Mirrors busybox.

use super::lines::{Lines, Output, chomp};
use super::options::{self, complain};
use crate::sys::Sys;

pub async fn main(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "d:s",
        &[],
        "[-d LIST] [-s] [FILE]...\n\nPaste lines from each input file, separated with tab",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let list = options.value('d').unwrap_or("\t");
    let (list, _) = crate::shell::escape::unescape(list, crate::shell::escape::Style::Format);
    let mut names = options.rest.clone();
    if names.is_empty() {
        names.push("-".to_owned());
    }
    let mut out = Output::new(&sys);
    // Each `-` takes its turn at the same standard input.
    let mut standard = Lines::new(&sys, 0);
    let mut inputs = Vec::new();
    for name in &names {
        if name == "-" {
            inputs.push(None);
            continue;
        }
        match Lines::open(&sys, name) {
            Ok(input) => inputs.push(Some(input)),
            Err(error) => {
                complain(&sys, &format!("{name}: {}", error.text())).await;
                return 1;
            }
        }
    }
    let between = |at: usize| {
        (!list.is_empty())
            .then(|| list[at % list.len()])
            .filter(|byte| *byte != 0)
    };
    if options.has('s') {
        for input in &mut inputs {
            let input = input.as_mut().unwrap_or(&mut standard);
            let mut at = 0;
            while let Ok(Some(line)) = input.next(&mut out).await {
                if at > 0 {
                    out.put(between(at - 1).as_slice()).await;
                }
                out.put(chomp(&line).0).await;
                at += 1;
            }
            out.put(b"\n").await;
        }
        out.flush().await;
        return 0;
    }
    loop {
        let mut row = Vec::new();
        let mut any = false;
        let mut ended = Vec::new();
        for (at, input) in inputs.iter_mut().enumerate() {
            let input = input.as_mut().unwrap_or(&mut standard);
            match input.next(&mut out).await {
                Ok(Some(line)) => {
                    if any {
                        row.extend(between(at - 1));
                    }
                    any = true;
                    row.extend_from_slice(chomp(&line).0);
                }
                _ => ended.push(at),
            }
        }
        // An input that has ended takes no column any more.
        for at in ended.into_iter().rev() {
            inputs.remove(at);
        }
        if !any {
            break;
        }
        row.push(b'\n');
        out.put(row).await;
    }
    out.flush().await;
    0
}
