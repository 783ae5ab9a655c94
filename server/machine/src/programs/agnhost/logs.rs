//! `logs-generator --log-lines-total=N --run-duration=D`: N lines on standard error, spread over D, in klog's form.

use super::flags::Flags;
use crate::sys::Sys;

pub(super) const FLAGS: &[(&str, &str)] = &[("log-lines-total", "0"), ("run-duration", "0s")];
const METHODS: [&str; 3] = ["GET", "PUT", "POST"];
const NAMESPACES: [&str; 3] = ["kube-system", "default", "ns"];
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

pub(super) async fn main(sys: Sys, flags: Flags) -> i32 {
    let total: u32 = flags.number("log-lines-total");
    let duration = flags.duration("run-duration");
    if total == 0 {
        sys.eprint("F0101 00:00:00.000000       1 logs_generator.go:60] Invalid total number of lines: 0\n").await;
        return 255;
    }
    if duration.is_zero() {
        sys.eprint("F0101 00:00:00.000000       1 logs_generator.go:64] Invalid duration: 0s\n")
            .await;
        return 255;
    }
    let step = duration / total;
    for id in 0..total {
        let line = line(&sys, id);
        sys.eprint(line).await;
        let _ = sys.sleep(step).await;
    }
    0
}

fn line(sys: &Sys, id: u32) -> String {
    let dice = sys.random(16);
    let pick = |at: usize, among: usize| dice[at] as usize % among;
    let length = 3 + pick(0, 3);
    let pod: String = (0..length)
        .map(|at| char::from(LETTERS[pick(1 + at, LETTERS.len())]))
        .collect();
    let status = 200 + (pick(8, 256) * 256 + pick(9, 256)) % 400;
    let (now, pid) = (sys.now(), sys.pid());
    let c = now.civil();
    format!(
        "I{:02}{:02} {:02}:{:02}:{:02}.{:06} {pid:>7} logs_generator.go:76] {id} {} /api/v1/namespaces/{}/pods/{pod} {status}\n",
        c.month,
        c.day,
        c.hour,
        c.minute,
        c.second,
        now.subsec_nanos() / 1000,
        METHODS[pick(10, METHODS.len())],
        NAMESPACES[pick(11, NAMESPACES.len())],
    )
}
