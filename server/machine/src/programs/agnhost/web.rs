//! The sub-commands that serve one simple thing: `serve-hostname`, `test-webserver`, `liveness`, `porter`, `fake-gitserver`.

use core::future::Future;
use core::net::SocketAddr;

use super::flags::Flags;
use super::log;
use crate::http::content_type;
use crate::http::{Request, Response, serve};
use crate::signal::{Disposition, Signal};
use crate::sys::Sys;

pub(super) const HOSTNAME_FLAGS: &[(&str, &str)] = &[
    ("http", "true"),
    ("tcp", "false"),
    ("udp", "false"),
    ("port", "9376"),
    ("close", "false"),
];
pub(super) const FILES_FLAGS: &[(&str, &str)] = &[("port", "80")];
/// Seconds for which `liveness` says that it is well.
const WELL: u64 = 10;

pub(super) fn text(code: u16, body: impl Into<Vec<u8>>) -> Response {
    Response::new(code, "text/plain; charset=utf-8", body)
}

/// Serves HTTP on a port until TERM; what cannot be bound is logged and ends it with 1. A Go program: TERM ends it with 2.
pub(super) async fn on_port<H, F>(sys: &Sys, port: u16, handle: H) -> i32
where
    H: Fn(Request, SocketAddr) -> F + Clone + 'static,
    F: Future<Output = Response> + 'static,
{
    sys.set_signal(Signal::Pipe, Disposition::Ignore);
    for signal in [Signal::Term, Signal::Int] {
        sys.set_signal(signal, Disposition::Catch);
    }
    match sys.listen(SocketAddr::from(([0, 0, 0, 0], port))) {
        Ok(listener) => {
            serve(sys, listener, handle).await;
            2
        }
        Err(error) => {
            let why = error.text().to_lowercase();
            log(sys, &format!("listen tcp :{port}: bind: {why}")).await;
            1
        }
    }
}

/// The host's name for every request.
pub(super) async fn hostname(sys: Sys, flags: Flags) -> i32 {
    let port: u16 = flags.number("port");
    let name = sys.hostname();
    if flags.on("udp") {
        let Ok(fd) = sys.udp(SocketAddr::from(([0, 0, 0, 0], port))) else {
            return 1;
        };
        while let Ok((_, from)) = sys.recv_from(fd).await {
            let _ = sys.send_to(fd, name.as_bytes(), from);
        }
        return 2;
    }
    if flags.on("tcp") {
        let Ok(listener) = sys.listen(SocketAddr::from(([0, 0, 0, 0], port))) else {
            return 1;
        };
        while let Ok((fd, _)) = sys.accept(listener).await {
            let _ = sys.write_all(fd, format!("{name}\n").as_bytes()).await;
            let _ = sys.close(fd);
        }
        return 2;
    }
    log(&sys, &format!("Serving on port {port}.")).await;
    on_port(&sys, port, move |_, _| {
        core::future::ready(text(200, name.clone()))
    })
    .await
}

/// The files of the container.
pub(super) async fn files(sys: Sys, flags: Flags) -> i32 {
    let port: u16 = flags.number("port");
    let own = sys.clone();
    on_port(&sys, port, move |request, _| file(own.clone(), request)).await
}

async fn file(sys: Sys, request: Request) -> Response {
    let path = request.path().to_owned();
    match sys.stat(&path) {
        Ok(stat) if stat.is_dir() => {
            let names = sys.readdir(&path).unwrap_or_default();
            let lines: Vec<String> = names
                .iter()
                .map(|entry| format!("<a href=\"{0}\">{0}</a>\n", entry.name))
                .collect();
            Response::new(
                200,
                "text/html; charset=utf-8",
                format!("<pre>\n{}</pre>\n", lines.concat()),
            )
        }
        Ok(_) => match sys.read_file(&path).await {
            Ok(bytes) => Response::new(200, content_type(&path), bytes),
            Err(_) => text(403, "403 Forbidden\n"),
        },
        Err(_) => text(404, "404 page not found\n"),
    }
}

/// Well for ten seconds after its start, ill from then on.
pub(super) async fn liveness(sys: Sys, _: Flags) -> i32 {
    let (own, begun) = (sys.clone(), sys.now());
    on_port(&sys, 8080, move |request, _| {
        let passed = own.now().since(begun);
        core::future::ready(match request.path() {
            "/started" => text(200, format!("{}", passed.as_secs_f64())),
            "/healthz" if passed.as_secs() > WELL => {
                text(500, format!("error: {}", passed.as_secs_f64()))
            }
            "/healthz" => text(200, "ok"),
            "/redirect" => {
                let to = request.query("loc").unwrap_or_default();
                text(302, "").with("Location", to)
            }
            _ => text(404, "404 page not found\n"),
        })
    })
    .await
}

/// A port and its answer for each `SERVE_PORT_<port>=<body>` of the environment.
pub(super) async fn porter(sys: Sys, _: Flags) -> i32 {
    sys.set_signal(Signal::Pipe, Disposition::Ignore);
    for (name, body) in sys.env() {
        let Some(port) = name.strip_prefix("SERVE_PORT_") else {
            continue;
        };
        let Some(listener) = port
            .parse()
            .ok()
            .and_then(|port| sys.listen(SocketAddr::from(([0, 0, 0, 0], port))).ok())
        else {
            log(&sys, &format!("listen tcp :{port}: bind failed")).await;
            return 1;
        };
        let own = sys.clone();
        sys.thread(async move {
            serve(&own, listener, move |_, _| {
                core::future::ready(text(200, body.clone()))
            })
            .await;
        });
    }
    super::await_end(&sys).await;
    2
}

/// What a clone over plain HTTP asks for first; it has one branch and no objects beyond.
pub(super) async fn git(sys: Sys, _: Flags) -> i32 {
    on_port(&sys, 8000, |request, _| {
        core::future::ready(match request.path() {
            "/HEAD" | "/.git/HEAD" => text(200, "ref: refs/heads/main\n"),
            _ => text(404, "404 page not found\n"),
        })
    })
    .await
}
