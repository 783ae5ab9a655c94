//! `connect HOST:PORT [--timeout=D] [--protocol=tcp|udp]`: whether something listens there. 0 when it does; else `TIMEOUT`, `REFUSED`,
//! `DNS` or `OTHER: why` on standard error, and 1.

use core::net::{IpAddr, SocketAddr};

use super::flags::Flags;
use crate::errno::Errno;
use crate::programs::wget::within;
use crate::sys::Sys;
use crate::time::Duration;

pub(super) const FLAGS: &[(&str, &str)] = &[("timeout", "0s"), ("protocol", "tcp")];
/// How long an attempt lasts when no time is given: as long as TCP's own.
const PATIENCE: Duration = Duration::from_secs(127);

pub(super) async fn main(sys: Sys, flags: Flags) -> i32 {
    let timeout = match flags.duration("timeout") {
        Duration::ZERO => PATIENCE,
        some => some,
    };
    let target = flags.rest.first().cloned().unwrap_or_default();
    let Some((host, port)) = target.rsplit_once(':') else {
        sys.eprint("OTHER: missing port in address\n").await;
        return 1;
    };
    let Ok(port) = port.parse::<u16>() else {
        sys.eprint(format!("DNS: lookup tcp/{port}: unknown port\n"))
            .await;
        return 1;
    };
    let host = host.trim_matches(['[', ']']);
    let ip = match within(&sys, timeout, first_address(&sys, host)).await {
        Some(Some(ip)) => ip,
        other => {
            let why = if other.is_some() {
                "no such host"
            } else {
                "i/o timeout"
            };
            sys.eprint(format!("DNS: lookup {host}: {why}\n")).await;
            return 1;
        }
    };
    let to = SocketAddr::new(ip, port);
    let found = match flags.text("protocol") {
        "tcp" => within(&sys, timeout, sys.connect(to))
            .await
            .map(|c| c.map(drop)),
        "udp" => within(&sys, timeout, hello(&sys, to)).await,
        other => {
            sys.eprint(format!("Unsupported protocol: {other}\n")).await;
            return 1;
        }
    };
    let text = match found {
        Some(Ok(())) => return 0,
        None | Some(Err(Errno::ETIMEDOUT)) => "TIMEOUT".to_owned(),
        Some(Err(Errno::ECONNREFUSED)) => "REFUSED".to_owned(),
        Some(Err(error)) => format!("OTHER: {}", error.text().to_lowercase()),
    };
    sys.eprint(text + "\n").await;
    1
}

pub(super) async fn first_address(sys: &Sys, host: &str) -> Option<IpAddr> {
    sys.resolve(host).await.ok()?.first().copied()
}

/// A datagram out, any datagram back.
async fn hello(sys: &Sys, to: SocketAddr) -> Result<(), Errno> {
    let fd = sys.udp(SocketAddr::from(([0, 0, 0, 0], 0)))?;
    sys.send_to(fd, b"hello", to)?;
    sys.recv_from(fd).await.map(drop)
}
