//! `kuard`, the demo application: pages and APIs as the original has them, on 8080. A Go program
//! without handlers: TERM ends it at once with code 2, also as process 1.

mod api;
mod page;
mod queue;

use core::net::SocketAddr;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use crate::http::{Request, Response, serve};
use crate::signal::{Disposition, Signal};
use crate::sys::Sys;
use crate::time::Time;

/// Probe calls that are remembered.
const HISTORY: usize = 20;

/// What `/healthy` and `/ready` answer.
#[derive(Default)]
struct Probe {
    /// Calls still to fail; below zero: all.
    fail_next: Cell<i64>,
    next_id: Cell<u64>,
    history: RefCell<VecDeque<(u64, Time, u16)>>,
}

impl Probe {
    fn call(&self, now: Time) -> Response {
        let left = self.fail_next.get();
        if left > 0 {
            self.fail_next.set(left - 1);
        }
        let (code, text) = if left == 0 {
            (200, "ok")
        } else {
            (500, "fail")
        };
        self.next_id.set(self.next_id.get() + 1);
        let mut history = self.history.borrow_mut();
        history.push_front((self.next_id.get(), now, code));
        history.truncate(HISTORY);
        Response::new(code, "text/plain; charset=utf-8", text)
    }
}

/// One running kuard.
struct Kuard {
    sys: Sys,
    version: String,
    healthy: Probe,
    ready: Probe,
    allocated: Cell<u64>,
    requests: Cell<u64>,
    queues: queue::Queues,
}

impl Kuard {
    async fn log(&self, text: &str) {
        let c = self.sys.now().civil();
        let stamp = format!(
            "{:04}/{:02}/{:02} {:02}:{:02}:{:02}",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        );
        self.sys.print(format!("{stamp} {text}\n")).await;
    }
}

pub async fn main(sys: Sys) -> i32 {
    for signal in [Signal::Term, Signal::Int, Signal::Quit, Signal::Hup] {
        sys.set_signal(signal, Disposition::Catch);
    }
    sys.set_signal(Signal::Pipe, Disposition::Ignore);
    let version = sys
        .getenv("KUARD_VERSION")
        .unwrap_or_else(|| "v0.10.0-blue".into());
    let kuard = Rc::new(Kuard {
        sys: sys.clone(),
        version,
        healthy: Probe::default(),
        ready: Probe::default(),
        allocated: Cell::new(0),
        requests: Cell::new(0),
        queues: queue::Queues::default(),
    });
    let address = flag(&sys.args(), "address").unwrap_or_else(|| ":8080".into());
    let stars = "*".repeat(70);
    kuard
        .log(&format!("Starting kuard version: {}", kuard.version))
        .await;
    for line in [
        &stars,
        "* WARNING: This server may expose sensitive",
        "* and secret information. Be careful.",
        &stars,
    ] {
        kuard.log(line).await;
    }
    kuard.log(&format!("Config: \n{{\n  \"address\": \"{address}\",\n  \"debug\": false,\n  \"debug-sitedata-dir\": \"./sitedata\",\n  \"keygen\": {{\n    \"enable\": false,\n    \"exit-code\": 0,\n    \"exit-on-complete\": false,\n    \"memq-queue\": \"\",\n    \"memq-server\": \"\",\n    \"num-to-gen\": 0,\n    \"time-to-run\": 0\n  }},\n  \"liveness\": {{\n    \"fail-next\": 0\n  }},\n  \"readiness\": {{\n    \"fail-next\": 0\n  }},\n  \"tls-address\": \":8443\",\n  \"tls-dir\": \"/tls\"\n}}")).await;
    kuard.log("Could not find certificates to serve TLS").await;
    let port = address
        .rsplit(':')
        .next()
        .and_then(|p| p.parse().ok())
        .unwrap_or(8080);
    let listener = match sys.listen(SocketAddr::from(([0, 0, 0, 0], port))) {
        Ok(fd) => fd,
        Err(error) => {
            kuard
                .log(&format!(
                    "listen tcp {address}: bind: {}",
                    error.text().to_lowercase()
                ))
                .await;
            return 1;
        }
    };
    kuard.log(&format!("Serving on HTTP on {address}")).await;
    let shared = kuard.clone();
    serve(&sys, listener, move |request, peer| {
        answer(shared.clone(), request, peer)
    })
    .await;
    match sys.take_signal() {
        Some(Signal::Hup) => 1,
        _ => 2,
    }
}

/// `--name=value` or `--name value`.
fn flag(args: &[String], name: &str) -> Option<String> {
    let long = format!("--{name}");
    let at = args.iter().position(|a| *a == long);
    let next = at.and_then(|at| args.get(at + 1).cloned());
    next.or_else(|| {
        args.iter()
            .find_map(|a| a.strip_prefix(&format!("{long}=")).map(str::to_string))
    })
}

async fn answer(kuard: Rc<Kuard>, request: Request, peer: SocketAddr) -> Response {
    kuard
        .log(&format!("{peer} {} {}", request.method, request.target))
        .await;
    kuard.requests.set(kuard.requests.get() + 1);
    let path = request.path().to_string();
    let inner = ["/a", "/b", "/c"].iter().find_map(|base| {
        let rest = path.strip_prefix(base)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| (*base, rest.to_string()))
    });
    let (base, path) = inner.unwrap_or(("", path));
    let now = kuard.sys.now();
    match (request.method.as_str(), path.as_str()) {
        ("GET" | "HEAD", "/" | "") => page::render(&kuard, base, &request, peer),
        (_, "/healthy") => kuard.healthy.call(now),
        (_, "/ready") => kuard.ready.call(now),
        ("GET", "/healthy/api") => api::probe(&kuard.healthy, "/healthy", now),
        ("GET", "/ready/api") => api::probe(&kuard.ready, "/ready", now),
        ("PUT", "/healthy/api") => api::set_probe(&kuard.healthy, &request),
        ("PUT", "/ready/api") => api::set_probe(&kuard.ready, &request),
        ("GET", "/mem" | "/mem/" | "/mem/api") => api::memory(&kuard),
        ("POST", "/mem/api/alloc") => api::allocate(&kuard, &request).await,
        ("POST", "/mem/api/clear") => api::clear(&kuard),
        ("GET", "/env/api") => api::environment(&kuard),
        ("POST", "/dns/api") => api::dns(&kuard, &request).await,
        ("GET", "/keygen" | "/keygen/") => api::keygen(),
        ("GET", "/metrics") => api::metrics(&kuard),
        _ if path.starts_with("/memq/server") => {
            kuard.queues.answer(&request, &path["/memq/server".len()..])
        }
        ("GET", _) if path.starts_with("/fs/") => api::files(&kuard, base, &path).await,
        _ => Response::new(404, "text/plain; charset=utf-8", "404 page not found\n"),
    }
}
