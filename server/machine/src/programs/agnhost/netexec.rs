//! `netexec`: answers over HTTP and UDP who it is and who asks, dials others, runs shell commands, ends when told.

use core::net::SocketAddr;
use std::cell::Cell;
use std::rc::Rc;

use super::flags::{Flags, duration};
use super::web::{on_port, text};
use super::{dial, list, log, quote};
use crate::http::{Request, Response};
use crate::signal::{Disposition, Signal};
use crate::sys::{Spawn, Sys, WaitFor, WaitOptions};
use crate::time::Duration;

pub(super) const FLAGS: &[(&str, &str)] = &[
    ("http-port", "8080"),
    ("udp-port", "8081"),
    ("sctp-port", "-1"),
    ("delay-shutdown", "0"),
    ("http-override", ""),
    ("http-listen-addresses", ""),
    ("udp-listen-addresses", ""),
];
/// Bytes of a command's output that `/shell` gives back.
const OUTPUT_MAX: usize = 256 << 10;
/// Attempts of one `/dial`.
const TRIES_MAX: u32 = 100;

#[derive(Clone)]
struct Netexec {
    sys: Sys,
    port: u16,
    override_path: Rc<str>,
    ready: Rc<Cell<bool>>,
}

pub(super) async fn main(sys: Sys, flags: Flags) -> i32 {
    let port: u16 = flags.number("http-port");
    if let Ok(udp) = flags.text("udp-port").parse::<u16>() {
        let own = sys.clone();
        sys.thread(async move { datagrams(&own, udp).await });
    }
    let path = flags.text("http-override");
    let netexec = Netexec {
        sys: sys.clone(),
        port,
        override_path: path.into(),
        ready: Rc::new(Cell::new(true)),
    };
    log(&sys, &format!("Started HTTP server on port {port}")).await;
    let ready = netexec.ready.clone();
    let code = on_port(&sys, port, move |request, peer| {
        answer(netexec.clone(), request, peer)
    })
    .await;
    // It has a handler for TERM only to wait: then it leaves in peace.
    let delay: u64 = flags.number("delay-shutdown");
    if code == 2 && delay > 0 {
        ready.set(false);
        sys.set_signal(Signal::Term, Disposition::Ignore);
        log(
            &sys,
            &format!("Sleeping {delay} seconds before terminating..."),
        )
        .await;
        let _ = sys.sleep(Duration::from_secs(delay)).await;
        return 0;
    }
    code
}

async fn answer(netexec: Netexec, request: Request, peer: SocketAddr) -> Response {
    let sys = &netexec.sys;
    let (path, target) = (request.path().to_owned(), &request.target);
    log(sys, &format!("{} {target}", request.method)).await;
    let path = match &*netexec.override_path {
        "" => path,
        other => other.to_owned(),
    };
    let query = |name: &str| request.query(name).unwrap_or_default();
    match path.as_str() {
        "/" => text(200, format!("NOW: {}", sys.now())),
        "/hostname" | "/hostName" => text(200, sys.hostname()),
        "/clientip" => text(200, peer.to_string()),
        "/serverport" => text(200, netexec.port.to_string()),
        "/header" => {
            let value = request.header(&query("key")).unwrap_or("");
            text(200, value.to_owned())
        }
        "/echo" => {
            let code = query("code")
                .parse()
                .ok()
                .filter(|code| (100..600).contains(code));
            text(code.unwrap_or(200), query("msg"))
        }
        "/healthz" => text(200, ""),
        "/readyz" if netexec.ready.get() => text(200, ""),
        "/readyz" => text(503, "shutting down"),
        "/redirect" => {
            let code = query("code")
                .parse()
                .ok()
                .filter(|code| (300..400).contains(code));
            text(code.unwrap_or(302), "").with("Location", query("location"))
        }
        "/exit" => leave(sys, &query("code"), &query("wait")).await,
        "/shutdown" => sys.exit(0).await,
        "/shell" => shell(sys, &query("cmd")).await,
        "/dial" => dialled(sys, &request).await,
        "/upload" => upload(sys, &request).await,
        _ => text(404, "404 page not found\n"),
    }
}

/// Ends the process, after `wait`.
async fn leave(sys: &Sys, code: &str, wait: &str) -> Response {
    let Ok(code) = code.parse::<i32>() else {
        return text(417, "argument 'code' must be an integer [0-127] or empty\n");
    };
    let _ = sys.sleep(duration(wait).unwrap_or_default()).await;
    sys.exit(code).await
}

async fn shell(sys: &Sys, command: &str) -> Response {
    let run = async {
        let (reader, writer) = sys.pipe()?;
        let started = sys.spawn(Spawn {
            fds: Some(vec![(1, writer), (2, writer)]),
            ..Spawn::new(["/bin/sh", "-c", command])
        });
        sys.close(writer)?;
        let output = sys.read_to_end(reader, OUTPUT_MAX).await;
        sys.close(reader)?;
        let ended = sys
            .wait(WaitFor::Pid(started?), WaitOptions::default())
            .await?;
        Ok((output?, ended.map_or(0, |(_, status)| status.code())))
    };
    let (output, failed) = match run.await {
        Ok((output, 0)) => (output, None),
        Ok((output, code)) => (output, Some(format!("exit status {code}"))),
        Err(error) => {
            let error: crate::errno::Errno = error;
            (Vec::new(), Some(error.text().to_lowercase()))
        }
    };
    let output = String::from_utf8_lossy(&output).into_owned();
    match failed {
        None => text(200, format!("{{\"output\":{}}}", quote(&output))),
        Some(error) => text(
            417,
            format!(
                "{{\"error\":{},\"output\":{}}}",
                quote(&error),
                quote(&output)
            ),
        ),
    }
}

/// `/dial?host=&port=&request=&protocol=&tries=`: what others answer.
async fn dialled(sys: &Sys, request: &Request) -> Response {
    let query = |name: &str| request.query(name).unwrap_or_default();
    let (host, ask) = (query("host"), query("request"));
    let Ok(port) = query("port").parse::<u16>() else {
        return text(400, "invalid port parameter\n");
    };
    let ask = if ask.is_empty() {
        "hostname".to_owned()
    } else {
        ask
    };
    let tries = query("tries").parse().unwrap_or(1).clamp(1, TRIES_MAX);
    let protocol = query("protocol");
    let (mut answers, mut errors) = (Vec::new(), Vec::new());
    for _ in 0..tries {
        let found = match protocol.as_str() {
            "" | "http" => dial::get(sys, &host, port, &format!("/{ask}"))
                .await
                .map(|response| String::from_utf8_lossy(&response.body).into_owned()),
            "udp" => dial::datagram(sys, &host, port, &ask).await,
            other => return text(400, format!("unsupported protocol: {other}\n")),
        };
        match found {
            Ok(answer) => answers.push(answer),
            Err(error) => errors.push(error),
        }
    }
    let mut fields = Vec::new();
    if !errors.is_empty() {
        fields.push(format!("\"errors\":{}", list(&errors)));
    }
    if !answers.is_empty() {
        fields.push(format!("\"responses\":{}", list(&answers)));
    }
    text(200, format!("{{{}}}", fields.join(",")))
}

/// Keeps what was sent in a file of /uploads and says where.
async fn upload(sys: &Sys, request: &Request) -> Response {
    let path = format!("/uploads/upload{}", sys.now().0);
    let _ = sys.mkdir("/uploads", 0o755);
    match sys.write_file(&path, &request.body).await {
        Ok(()) => text(200, format!("{{\"output\":{}}}", quote(&path))),
        Err(error) => text(
            500,
            format!(
                "{{\"error\":{}}}",
                quote(&format!("Unable to open file for write: {}", error.text()))
            ),
        ),
    }
}

/// `hostname`, `echo <msg>`, `clientip`, `serverport`.
async fn datagrams(sys: &Sys, port: u16) {
    let Ok(fd) = sys.udp(SocketAddr::from(([0, 0, 0, 0], port))) else {
        return;
    };
    while let Ok((bytes, from)) = sys.recv_from(fd).await {
        let asked = String::from_utf8_lossy(&bytes).into_owned();
        let answer = match asked.trim_end().split_once(' ') {
            Some((word, rest)) if word.eq_ignore_ascii_case("echo") => rest.to_owned(),
            _ => match asked.trim_end().to_ascii_lowercase().as_str() {
                "hostname" => sys.hostname(),
                "clientip" => from.to_string(),
                "serverport" => port.to_string(),
                _ => continue,
            },
        };
        let _ = sys.send_to(fd, answer.as_bytes(), from);
    }
}
