//! `ping [-c COUNT] [-i SECONDS] [-W SECONDS] [-w SECONDS] [-s SIZE] [-q] HOST`: ICMP echoes. Mirrors busybox.

use super::options::{self, complain};
use super::wget::within;
use crate::signal::{Disposition, Signal};
use crate::sys::Sys;
use crate::time::Duration;

const USAGE: &str = "[OPTIONS] HOST\n\nSend ICMP ECHO_REQUESTs to HOST";

pub async fn main(sys: Sys) -> i32 {
    let options = match options::read(&sys, "46c:s:t:w:W:i:I:qnA", &[], USAGE).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let Some(host) = options.rest.first() else {
        options::show_usage(&sys, USAGE).await;
        return 1;
    };
    let Some(ip) = sys
        .resolve(host)
        .await
        .ok()
        .and_then(|found| found.first().copied())
    else {
        complain(&sys, &format!("bad address '{host}'")).await;
        return 1;
    };
    let number = |letter: char| {
        options
            .value(letter)
            .and_then(|text| text.parse::<u64>().ok())
    };
    let count = number('c').unwrap_or(u64::MAX);
    let size = number('s').unwrap_or(56).min(65_507);
    let patience = Duration::from_secs(number('W').unwrap_or(10));
    let period = options
        .value('i')
        .and_then(options::duration)
        .unwrap_or(Duration::from_secs(1));
    let end = number('w').map(|seconds| sys.now() + Duration::from_secs(seconds));
    let quiet = options.has('q');
    sys.set_signal(Signal::Int, Disposition::Catch);
    sys.print(format!("PING {host} ({ip}): {size} data bytes\n"))
        .await;
    let (mut sent, mut times) = (0, Vec::new());
    while sent < count && end.is_none_or(|end| sys.now() < end) {
        let start = sys.now();
        let sequence = sent;
        sent += 1;
        if let Some(Ok(time)) = within(&sys, patience, sys.ping(ip)).await {
            times.push(time);
            if !quiet {
                let millis = time.as_secs_f64() * 1000.0;
                sys.print(format!(
                    "{} bytes from {ip}: seq={sequence} ttl=64 time={millis:.3} ms\n",
                    size + 8
                ))
                .await;
            }
        }
        if sys.signal_pending() {
            break;
        }
        let left = period.saturating_sub(sys.now().since(start));
        if sent < count && sys.sleep(left).await.is_err() {
            break;
        }
    }
    let lost = (sent - times.len() as u64) * 100 / sent.max(1);
    let mut out = format!(
        "\n--- {host} ping statistics ---\n{sent} packets transmitted, {} packets received, {lost}% packet loss\n",
        times.len()
    );
    if let (Some(low), Some(high)) = (times.iter().min(), times.iter().max()) {
        let mean = times.iter().sum::<Duration>() / times.len() as u32;
        let millis = |time: Duration| time.as_secs_f64() * 1000.0;
        out.push_str(&format!(
            "round-trip min/avg/max = {:.3}/{:.3}/{:.3} ms\n",
            millis(*low),
            millis(mean),
            millis(*high)
        ));
    }
    sys.print(out).await;
    i32::from(times.is_empty())
}
