//! `stress`: takes CPU and memory (`-c N`, `-m N --vm-bytes B`, `-t SECONDS`), in the words of
//! stress 1.0.4.

use crate::signal::Signal;
use crate::sys::{Sys, WaitFor, WaitOptions, WaitStatus};
use crate::time::{Duration, Time};

struct Options {
    cpu: u64,
    vm: u64,
    vm_bytes: u64,
    keep: bool,
    timeout: Option<u64>,
}

fn parse(args: &[String]) -> Result<Options, String> {
    let mut options = Options {
        cpu: 0,
        vm: 0,
        vm_bytes: 256 << 20,
        keep: false,
        timeout: None,
    };
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let (name, inline) = match arg.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_string())),
            _ => (arg.as_str(), None),
        };
        if name == "--vm-keep" {
            options.keep = true;
            continue;
        }
        if matches!(name, "-v" | "--verbose" | "-q" | "--quiet") {
            continue;
        }
        let mut value = || {
            inline
                .clone()
                .or_else(|| rest.next().cloned())
                .and_then(|v| size(&v))
                .ok_or(format!("invalid argument for option: {name}"))
        };
        match name {
            "-c" | "--cpu" => options.cpu = value()?,
            "-m" | "--vm" => options.vm = value()?,
            "--vm-bytes" => options.vm_bytes = value()?,
            "--vm-hang" | "-i" | "--io" | "-d" | "--hdd" => drop(value()?),
            "-t" | "--timeout" => options.timeout = Some(value()?),
            other => return Err(format!("unrecognized option: {other}")),
        }
    }
    Ok(options)
}

/// `250M`, `1G`, `60s`, `5m` (minutes for a time are not told apart: m is times 60, M mega).
fn size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    let factor = match &text[digits.len()..] {
        "" | "s" | "B" | "b" => 1,
        "k" | "K" => 1 << 10,
        "M" => 1 << 20,
        "m" => 60,
        "h" => 3600,
        "g" | "G" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

pub async fn main(sys: Sys) -> i32 {
    let args = sys.args();
    let pid = sys.pid();
    let options = match parse(&args[1.min(args.len())..]) {
        Ok(options) if options.cpu + options.vm > 0 => options,
        Ok(_) => {
            sys.print("`stress' imposes certain types of compute stress on your system\n\nUsage: stress [OPTION [ARG]] ...\n -c, --cpu N        spawn N workers spinning on sqrt()\n -m, --vm N         spawn N workers spinning on malloc()/free()\n     --vm-bytes B   malloc B bytes per vm worker (default is 256MB)\n     --vm-keep      redirty memory instead of freeing and reallocating\n -t, --timeout N    timeout after N seconds\n").await;
            return 0;
        }
        Err(error) => {
            sys.eprint(format!("stress: FAIL: [{pid}] (244) {error}\n"))
                .await;
            return 1;
        }
    };
    sys.print(format!(
        "stress: info: [{pid}] dispatching hogs: {} cpu, 0 io, {} vm, 0 hdd\n",
        options.cpu, options.vm
    ))
    .await;
    let begun = sys.now();
    let end = options
        .timeout
        .map(|seconds| begun + Duration::from_secs(seconds));
    let mut workers = 0;
    for index in 0..(options.cpu + options.vm).min(64) {
        let (bytes, keep) = (options.vm_bytes, options.keep);
        let vm = index >= options.cpu;
        let started = sys.fork(move |child| hog(child, if vm { bytes } else { 0 }, keep, end));
        workers += u32::from(started.is_ok());
    }
    let mut failed = false;
    while workers > 0 {
        match sys.wait(WaitFor::Any, WaitOptions::default()).await {
            Ok(Some((_, WaitStatus::Exited(0)))) => {}
            Ok(Some((child, status))) => {
                failed = true;
                let signal = status.code() - 128;
                sys.eprint(format!(
                    "stress: FAIL: [{pid}] (416) <-- worker {child} got signal {signal}\n"
                ))
                .await;
                let _ = sys.kill(0, Some(Signal::Usr1));
            }
            _ => break,
        }
        workers -= 1;
    }
    let took = sys.now().since(begun).as_secs();
    let line = if failed {
        format!("stress: FAIL: [{pid}] (452) failed run completed in {took}s\n")
    } else {
        format!("stress: info: [{pid}] successful run completed in {took}s\n")
    };
    sys.print(line).await;
    i32::from(failed)
}

async fn hog(sys: Sys, bytes: u64, keep: bool, end: Option<Time>) -> i32 {
    let mut held = 0;
    while end.is_none_or(|end| sys.now() < end) {
        if bytes > 0 && held == 0 {
            let mut left = bytes;
            while left > 0 {
                let piece = left.min(16 << 20);
                if sys.alloc(piece).await.is_err() {
                    return 1;
                }
                left -= piece;
            }
            held = bytes;
        }
        sys.cpu(Duration::from_millis(5)).await;
        if bytes > 0 && !keep {
            sys.free(held);
            held = 0;
        }
    }
    0
}
