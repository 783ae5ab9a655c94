//! `md5sum`, `sha1sum`, `sha256sum`, `sha512sum`: digests of files, made and checked (`-c`). Mirrors busybox.

use super::lines::{Lines, Output, chomp};
use super::options::{self, complain};
use crate::errno::Errno;
use crate::sys::Sys;
use crate::time::Duration;
use md5::Md5;
use sha1::Sha1;
use sha2::digest::DynDigest;
use sha2::{Digest, Sha256, Sha512};

const USAGE: &str = "[-c[sw]] [FILE]...\n\nPrint or check checksums";

fn hasher(program: &str) -> Box<dyn DynDigest> {
    match program {
        "md5sum" => Box::new(Md5::new()),
        "sha1sum" => Box::new(Sha1::new()),
        "sha512sum" => Box::new(Sha512::new()),
        _ => Box::new(Sha256::new()),
    }
}

pub async fn main(sys: Sys) -> i32 {
    let program = options::name(&sys);
    let options = match options::read(&sys, "cswb", &[], USAGE).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut files = options.rest.clone();
    if files.is_empty() {
        files.push("-".to_owned());
    }
    if options.has('c') {
        return check(&sys, &program, &files, options.has('s')).await;
    }
    let mut status = 0;
    for file in &files {
        match digest(&sys, &program, file).await {
            Ok(sum) => sys.print(format!("{sum}  {file}\n")).await,
            Err(error) => {
                complain(&sys, &why(file, error)).await;
                status = 1;
            }
        }
    }
    status
}

fn why(file: &str, error: Errno) -> String {
    if error == Errno::EISDIR {
        format!("can't read '{file}': {}", error.text())
    } else {
        format!("can't open '{file}': {}", error.text())
    }
}

async fn digest(sys: &Sys, program: &str, file: &str) -> Result<String, Errno> {
    let mut hasher = hasher(program);
    let mut input = Lines::open(sys, file)?;
    loop {
        let piece = input.bytes(64 << 10).await?;
        if piece.is_empty() {
            break;
        }
        sys.cpu(Duration::from_nanos(5 * piece.len() as u64)).await;
        hasher.update(&piece);
    }
    input.close();
    Ok(hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

async fn check(sys: &Sys, program: &str, lists: &[String], silent: bool) -> i32 {
    let mut out = Output::new(sys);
    let (mut failed, mut count) = (0, 0);
    for list in lists {
        let mut lines = match Lines::open(sys, list) {
            Ok(lines) => lines,
            Err(error) => {
                complain(sys, &why(list, error)).await;
                return 1;
            }
        };
        while let Ok(Some(line)) = lines.next(&mut out).await {
            let line = String::from_utf8_lossy(chomp(&line).0).into_owned();
            let Some((sum, file)) = line
                .split_once(' ')
                .map(|(sum, rest)| (sum, rest.get(1..).unwrap_or("")))
            else {
                complain(sys, "invalid format").await;
                continue;
            };
            count += 1;
            let verdict = match digest(sys, program, file).await {
                Ok(found) if found.eq_ignore_ascii_case(sum) => "OK",
                Ok(_) => "FAILED",
                Err(error) => {
                    complain(sys, &why(file, error)).await;
                    "FAILED"
                }
            };
            failed += i32::from(verdict != "OK");
            if !silent {
                out.put(format!("{file}: {verdict}\n")).await;
            }
        }
        lines.close();
    }
    out.flush().await;
    if failed > 0 && !silent {
        complain(
            sys,
            &format!("WARNING: {failed} of {count} computed checksums did NOT match"),
        )
        .await;
    }
    if count == 0 {
        complain(
            sys,
            &format!("{}: no checksum lines found", lists.join(" ")),
        )
        .await;
        return 1;
    }
    i32::from(failed > 0)
}
