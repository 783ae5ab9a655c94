//! `nc [-l] [-p PORT] [-w SECONDS] [-z] [-v] [-u] [HOST] [PORT]`: bytes to and from a socket. Mirrors busybox.

use super::options::{self, complain};
use super::wget::within;
use crate::errno::Errno;
use crate::sync::{Either, select};
use crate::sys::{Fd, Sys};
use crate::time::Duration;
use core::net::SocketAddr;

const USAGE: &str =
    "[OPTIONS] HOST PORT  - connect\nnc [OPTIONS] -l -p PORT [HOST] [PORT]  - listen";

pub async fn main(sys: Sys) -> i32 {
    let options = match options::read(&sys, "lkp:w:znvuis:q:N", &[], USAGE).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    if options.has('l') {
        let word = options
            .value('p')
            .or(options.rest.last().map(String::as_str))
            .unwrap_or("");
        let Ok(port) = word.parse::<u16>() else {
            options::show_usage(&sys, USAGE).await;
            return 1;
        };
        return listen(&sys, port, options.has('k'), options.has('u')).await;
    }
    let [host, port] = options.rest.as_slice() else {
        options::show_usage(&sys, USAGE).await;
        return 1;
    };
    let Ok(port) = port.parse::<u16>() else {
        complain(&sys, &format!("bad port '{port}'")).await;
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
    let to = SocketAddr::new(ip, port);
    let patience = options.value('w').and_then(options::duration);
    if options.has('u') {
        return datagrams(&sys, to).await;
    }
    let connected = match patience {
        Some(patience) => within(&sys, patience, sys.connect(to))
            .await
            .unwrap_or(Err(Errno::ETIMEDOUT)),
        None => sys.connect(to).await,
    };
    let fd = match connected {
        Ok(fd) => fd,
        Err(error) => {
            let text = if error == Errno::ETIMEDOUT {
                "Operation timed out"
            } else {
                error.text()
            };
            complain(&sys, &format!("{host} ({to}): {text}")).await;
            return 1;
        }
    };
    if options.has('v') {
        sys.eprint(format!("{host} ({to}) open\n")).await;
    }
    if options.has('z') {
        return 0;
    }
    match patience {
        Some(patience) => within(
            &sys,
            patience.max(Duration::from_secs(1)),
            both_ways(&sys, fd),
        )
        .await
        .unwrap_or(1),
        None => both_ways(&sys, fd).await,
    }
}

async fn listen(sys: &Sys, port: u16, again: bool, datagram: bool) -> i32 {
    let at = SocketAddr::from(([0, 0, 0, 0], port));
    if datagram {
        let Ok(fd) = sys.udp(at) else { return 1 };
        while let Ok((bytes, _)) = sys.recv_from(fd).await {
            sys.print(bytes).await;
        }
        return 0;
    }
    let listener = match sys.listen(at) {
        Ok(fd) => fd,
        Err(error) => {
            complain(sys, &format!("bind: {}", error.text())).await;
            return 1;
        }
    };
    loop {
        let Ok((fd, _)) = sys.accept(listener).await else {
            return 1;
        };
        if !again {
            let _ = sys.close(listener);
            return both_ways(sys, fd).await;
        }
        both_ways(sys, fd).await;
        let _ = sys.close(fd);
    }
}

/// Standard input to the socket, the socket to standard output, until the socket ends.
async fn both_ways(sys: &Sys, fd: Fd) -> i32 {
    let out = async {
        loop {
            match sys.read(fd, 16 << 10).await {
                Ok(bytes) if bytes.is_empty() => return 0,
                Ok(bytes) => {
                    if sys.write_all(1, &bytes).await.is_err() {
                        return 1;
                    }
                }
                Err(_) => return 1,
            }
        }
    };
    let back = async {
        loop {
            match sys.read(0, 16 << 10).await {
                Ok(bytes) if bytes.is_empty() => {
                    let _ = sys.shutdown(fd);
                    core::future::pending::<()>().await;
                }
                Ok(bytes) => {
                    if sys.write_all(fd, &bytes).await.is_err() {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    };
    match select(out, back).await {
        Either::Left(code) => code,
        Either::Right(()) => 1,
    }
}

async fn datagrams(sys: &Sys, to: SocketAddr) -> i32 {
    let Ok(fd) = sys.udp(SocketAddr::from(([0, 0, 0, 0], 0))) else {
        return 1;
    };
    let out = async {
        while let Ok((bytes, _)) = sys.recv_from(fd).await {
            sys.print(bytes).await;
        }
    };
    let back = async {
        loop {
            match sys.read(0, 16 << 10).await {
                Ok(bytes) if bytes.is_empty() => {
                    // A moment for an answer.
                    let _ = sys.sleep(Duration::from_secs(1)).await;
                    return;
                }
                Ok(bytes) => {
                    if sys.send_to(fd, &bytes, to).is_err() {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    };
    select(out, back).await;
    0
}
