//! `dd if= of= bs= count= skip= seek= conv= status=`: copies blocks. Mirrors busybox.

use super::options::complain;
use crate::errno::Errno;
use crate::signal::{Disposition, Signal};
use crate::sys::{Fd, OpenFlags, Seek, Sys};

/// Largest block: what is held at once.
const BLOCK_MAX: u64 = 1 << 20;

#[derive(Default)]
struct Plan {
    input: Option<String>,
    output: Option<String>,
    /// Bytes read and written at once.
    block: u64,
    /// Blocks.
    count: Option<u64>,
    skip: u64,
    seek: u64,
    notrunc: bool,
    noerror: bool,
    sync: bool,
    lower: bool,
    upper: bool,
    fullblock: bool,
    count_bytes: bool,
    quiet: bool,
    brief: bool,
}

fn plan(words: &[String]) -> Result<Plan, String> {
    let mut plan = Plan {
        block: 512,
        ..Plan::default()
    };
    for word in words {
        let invalid = || format!("invalid argument '{word}'");
        let (name, value) = word.split_once('=').ok_or_else(invalid)?;
        let number = || {
            super::options::count(value)
                .or_else(|| product(value))
                .ok_or_else(|| format!("invalid number '{value}'"))
        };
        match name {
            "if" => plan.input = Some(value.to_owned()),
            "of" => plan.output = Some(value.to_owned()),
            "bs" | "ibs" | "obs" => {
                plan.block = number()?;
                if plan.block == 0 {
                    return Err(format!("number {value} is not in 1..2147483647 range"));
                }
            }
            "count" => plan.count = Some(number()?),
            "skip" | "iseek" => plan.skip = number()?,
            "seek" | "oseek" => plan.seek = number()?,
            "conv" => {
                for flag in value.split(',') {
                    match flag {
                        "notrunc" => plan.notrunc = true,
                        "noerror" => plan.noerror = true,
                        "sync" => plan.sync = true,
                        "lcase" => plan.lower = true,
                        "ucase" => plan.upper = true,
                        "fsync" => {}
                        _ => return Err(format!("invalid argument '{flag}' to 'conv'")),
                    }
                }
            }
            "iflag" | "oflag" => {
                for flag in value.split(',') {
                    match flag {
                        "fullblock" => plan.fullblock = true,
                        "count_bytes" => plan.count_bytes = true,
                        "append" | "direct" | "dsync" | "nonblock" => {}
                        _ => return Err(format!("invalid argument '{flag}' to '{name}'")),
                    }
                }
            }
            "status" => match value {
                "none" => plan.quiet = true,
                "noxfer" => plan.brief = true,
                "progress" => {}
                _ => return Err(format!("invalid argument '{value}' to 'status'")),
            },
            _ => return Err(invalid()),
        }
    }
    Ok(plan)
}

/// `2x512`
fn product(text: &str) -> Option<u64> {
    let (a, b) = text.split_once('x')?;
    super::options::count(a)?.checked_mul(super::options::count(b)?)
}

/// Blocks whole and partial, in and out, and bytes.
#[derive(Default)]
struct Done {
    in_whole: u64,
    in_part: u64,
    out_whole: u64,
    out_part: u64,
    bytes: u64,
}

pub async fn main(sys: Sys) -> i32 {
    let plan = match plan(&sys.args()[1..]) {
        Ok(plan) => plan,
        Err(error) => {
            complain(&sys, &error).await;
            return 1;
        }
    };
    sys.set_signal(Signal::Int, Disposition::Catch);
    let start = sys.now();
    let mut done = Done::default();
    let result = copy(&sys, &plan, &mut done).await;
    if let Err(error) = &result {
        complain(&sys, error).await;
    }
    if !plan.quiet
        && result
            .as_ref()
            .err()
            .is_none_or(|error| !error.starts_with("can't open"))
    {
        sys.eprint(format!(
            "{}+{} records in\n{}+{} records out\n",
            done.in_whole, done.in_part, done.out_whole, done.out_part
        ))
        .await;
        if !plan.brief {
            let seconds = sys.now().since(start).as_secs_f64().max(0.000_001);
            let rate = super::ls::human((done.bytes as f64 / seconds) as u64);
            sys.eprint(format!(
                "{} bytes ({}B) copied, {seconds:.6} seconds, {rate}B/s\n",
                done.bytes,
                super::ls::human(done.bytes)
            ))
            .await;
        }
    }
    match sys.take_signal() {
        Some(signal) => 128 + signal.number(),
        None => i32::from(result.is_err()),
    }
}

fn open(sys: &Sys, plan: &Plan) -> Result<(Fd, Fd), String> {
    let cannot = |path: &str| {
        let path = path.to_owned();
        move |error: Errno| format!("can't open '{path}': {}", error.text())
    };
    let input = match &plan.input {
        Some(path) => sys.open(path, OpenFlags::READ, 0).map_err(cannot(path))?,
        None => 0,
    };
    let output = match &plan.output {
        Some(path) => {
            let flags = if plan.notrunc || plan.seek > 0 {
                OpenFlags::WRITE | OpenFlags::CREATE
            } else {
                OpenFlags::REPLACE
            };
            let fd = sys.open(path, flags, 0o666).map_err(cannot(path))?;
            if plan.seek > 0 {
                let at = plan.seek.saturating_mul(plan.block);
                if !plan.notrunc {
                    let _ = sys.ftruncate(fd, at);
                }
                sys.lseek(fd, Seek::Set(at)).map_err(cannot(path))?;
            }
            fd
        }
        None => 1,
    };
    Ok((input, output))
}

async fn copy(sys: &Sys, plan: &Plan, done: &mut Done) -> Result<(), String> {
    let (input, output) = open(sys, plan)?;
    let input_name = plan.input.as_deref().unwrap_or("standard input");
    let output_name = plan.output.as_deref().unwrap_or("standard output");
    if plan.block > BLOCK_MAX * 1024 {
        return Err("memory exhausted".to_owned());
    }
    let mut skip = plan.skip.saturating_mul(plan.block);
    if skip > 0
        && sys
            .lseek(input, Seek::Current(skip.min(i64::MAX as u64) as i64))
            .is_ok()
    {
        skip = 0;
    }
    while skip > 0 {
        match sys.read(input, skip.min(64 << 10) as usize).await {
            Ok(piece) if piece.is_empty() => break,
            Ok(piece) => skip -= piece.len() as u64,
            Err(error) => return Err(format!("{input_name}: {}", error.text())),
        }
    }
    let mut left = match plan.count {
        Some(count) if plan.count_bytes => count,
        Some(count) => count.saturating_mul(plan.block),
        None => u64::MAX,
    };
    // A block larger than what is held goes in pieces and is counted as the block it is.
    let mut in_block = 0;
    while left > 0 {
        let want = (plan.block - in_block).min(left).min(BLOCK_MAX);
        let mut piece = match sys.read(input, want as usize).await {
            Ok(piece) => piece,
            Err(Errno::EINTR) => return Ok(()),
            Err(error) if plan.noerror => {
                complain(sys, &format!("{input_name}: {}", error.text())).await;
                continue;
            }
            Err(error) => return Err(format!("{input_name}: {}", error.text())),
        };
        if sys.signal_pending() {
            return Ok(());
        }
        if piece.is_empty() {
            break;
        }
        let got = piece.len() as u64;
        in_block += got;
        left -= got.min(left);
        let whole = in_block == plan.block;
        if plan.sync && !whole {
            piece.resize((plan.block.min(BLOCK_MAX)) as usize, 0);
        }
        if plan.lower {
            piece.make_ascii_lowercase();
        } else if plan.upper {
            piece.make_ascii_uppercase();
        }
        // A short read of a pipe is a block of its own, unless blocks are to be full.
        let ends = whole || left == 0 || !(plan.fullblock || plan.block > BLOCK_MAX && got == want);
        if ends {
            if !whole && plan.count.is_some() && !plan.fullblock && !plan.count_bytes {
                left = left.saturating_sub(plan.block - in_block);
            }
            *(if whole {
                &mut done.in_whole
            } else {
                &mut done.in_part
            }) += 1;
            in_block = 0;
        }
        sys.write_all(output, &piece)
            .await
            .map_err(|error| format!("error writing '{output_name}': {}", error.text()))?;
        done.bytes += piece.len() as u64;
        if ends {
            *(if whole || plan.sync {
                &mut done.out_whole
            } else {
                &mut done.out_part
            }) += 1;
        }
    }
    Ok(())
}
