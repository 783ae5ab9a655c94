//! `cat`: files one after the other. Options `-n -b -e -t -v -A`. Mirrors busybox `cat`.

use super::lines::{Lines, Output, chomp};
use super::options::{self, complain};
use crate::errno::Errno;
use crate::sys::{OpenFlags, Sys};

pub async fn main(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "nbvteAu",
        &[],
        "[-nbvteA] [FILE]...\n\nPrint FILEs to stdout",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut files = options.rest.clone();
    if files.is_empty() {
        files.push("-".to_owned());
    }
    let plain = !"nbvteA".chars().any(|letter| options.has(letter));
    let mut number = 0;
    let mut status = 0;
    for file in &files {
        let result = if plain {
            copy(&sys, file).await
        } else {
            show(&sys, file, &options, &mut number).await
        };
        match result {
            Ok(()) => {}
            Err((true, Errno::EPIPE)) => return 1,
            Err((true, error)) => {
                let what = if error == Errno::EISDIR {
                    "read error"
                } else {
                    "write error"
                };
                complain(&sys, &format!("{what}: {}", error.text())).await;
                status = 1;
            }
            Err((false, error)) => {
                complain(&sys, &format!("can't open '{file}': {}", error.text())).await;
                status = 1;
            }
        }
    }
    status
}

/// The bytes as they are. The error's first value: it came after opening.
async fn copy(sys: &Sys, file: &str) -> Result<(), (bool, Errno)> {
    let fd = if file == "-" {
        0
    } else {
        sys.open(file, OpenFlags::READ, 0)
            .map_err(|error| (false, error))?
    };
    let result = loop {
        match sys.read(fd, 64 << 10).await {
            Ok(chunk) if chunk.is_empty() => break Ok(()),
            Ok(chunk) => {
                sys.cpu(crate::time::Duration::from_nanos(1000 + chunk.len() as u64))
                    .await;
                if let Err(error) = sys.write_all(1, &chunk).await {
                    break Err((true, error));
                }
            }
            Err(Errno::EINTR) => {}
            Err(error) => break Err((true, error)),
        }
    };
    if fd != 0 {
        let _ = sys.close(fd);
    }
    result
}

async fn show(
    sys: &Sys,
    file: &str,
    options: &options::Options,
    number: &mut u64,
) -> Result<(), (bool, Errno)> {
    let mut lines = Lines::open(sys, file).map_err(|error| (false, error))?;
    let mut out = Output::new(sys);
    let all = options.has('A');
    let visible = all || options.has('v') || options.has('e') || options.has('t');
    while let Some(line) = lines.next(&mut out).await.map_err(|error| (true, error))? {
        let (text, ended) = chomp(&line);
        if options.has('b') && !text.is_empty() || options.has('n') && !options.has('b') {
            *number += 1;
            out.put(format!("{number:6}\t")).await;
        }
        for byte in text {
            match byte {
                b'\t' if !(all || options.has('t')) => out.put([*byte]).await,
                byte if visible => out.put(caret(*byte)).await,
                byte => out.put([*byte]).await,
            }
        }
        if ended {
            out.put(if all || options.has('e') { "$\n" } else { "\n" })
                .await;
        }
    }
    out.flush().await;
    lines.close();
    Ok(())
}

/// A byte as `^x` or `M-x` where it is not printable.
fn caret(byte: u8) -> String {
    let (meta, low) = if byte >= 128 {
        ("M-", byte - 128)
    } else {
        ("", byte)
    };
    match low {
        127 => format!("{meta}^?"),
        0..=31 => format!("{meta}^{}", char::from(low + 64)),
        _ => format!("{meta}{}", char::from(low)),
    }
}
