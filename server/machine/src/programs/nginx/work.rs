//! A worker: takes connections and answers their requests.

use core::cell::{Cell, RefCell};
use core::net::{IpAddr, SocketAddr};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::answer::{answer, http_date, phrase};
use super::config::{Config, Level};
use super::exchange::{Allowance, Exchange, Told, server};
use super::log::Logs;
use crate::http::{Request, Response, serve};
use crate::signal::{Disposition, Signal};
use crate::sys::{Fd, Sys};
use crate::time::{Duration, Time};

/// How long a server of an upstream is left out after it has failed.
const LEFT_OUT: Duration = Duration::from_secs(10);
/// From one look at what is still being answered to the next, while it ends.
const LOOK: Duration = Duration::from_millis(100);

/// What a worker is given by its master.
#[derive(Clone)]
pub(super) struct Start {
    pub config: Rc<Config>,
    pub logs: Logs,
    pub listeners: Vec<(SocketAddr, Fd)>,
    /// Addresses of the hosts that the configuration names, as they were when it was read.
    pub addresses: Rc<BTreeMap<String, Vec<IpAddr>>>,
    pub version: String,
}

pub(super) struct Worker {
    pub sys: Sys,
    pub config: Rc<Config>,
    pub logs: Logs,
    pub version: String,
    addresses: Rc<BTreeMap<String, Vec<IpAddr>>>,
    /// Connections, requests, and those that are being answered.
    connections: Cell<u64>,
    requests: Cell<u64>,
    pub active: Cell<u64>,
    latest: Cell<Option<SocketAddr>>,
    /// Whose turn it is.
    turn: Cell<usize>,
    /// Servers that failed, by upstream, and until when they are left out.
    left_out: RefCell<BTreeMap<(String, SocketAddr), Time>>,
}

/// Works until it is told to end; the exit code.
pub(super) async fn work(sys: Sys, start: Start) -> i32 {
    sys.set_args(vec!["nginx: worker process".into()]);
    for signal in [Signal::Quit, Signal::Term, Signal::Int, Signal::Usr1] {
        sys.set_signal(signal, Disposition::Catch);
    }
    sys.set_signal(Signal::Pipe, Disposition::Ignore);
    sys.set_signal(Signal::Hup, Disposition::Ignore);
    let worker = Rc::new(Worker {
        sys: sys.clone(),
        config: start.config,
        logs: start.logs,
        version: start.version,
        addresses: start.addresses,
        connections: Cell::default(),
        requests: Cell::default(),
        active: Cell::default(),
        latest: Cell::default(),
        turn: Cell::default(),
        left_out: RefCell::default(),
    });
    for (at, listener) in start.listeners.iter().copied() {
        let (own, of) = (sys.clone(), worker.clone());
        sys.thread(async move {
            let handle = move |request, peer| handle(of.clone(), at, request, peer);
            serve(&own, listener, handle).await;
        });
    }
    let graceful = loop {
        sys.pause().await;
        match sys.take_signal() {
            Some(Signal::Quit) => break true,
            Some(Signal::Term | Signal::Int) => break false,
            _ => {}
        }
    };
    if graceful {
        worker.note("gracefully shutting down").await;
        for (_, listener) in start.listeners {
            let _ = sys.close(listener);
        }
        while worker.active.get() > 0 && sys.sleep(LOOK).await.is_ok() {}
    }
    worker.note("exiting").await;
    worker.note("exit").await;
    0
}

async fn handle(
    worker: Rc<Worker>,
    at: SocketAddr,
    request: Request,
    peer: SocketAddr,
) -> Response {
    let sys = worker.sys.clone();
    worker.requests.set(worker.requests.get() + 1);
    if worker.latest.replace(Some(peer)) != Some(peer) {
        worker.connections.set(worker.connections.get() + 1);
    }
    let Some(server) = server(&worker.config.servers, at, &request).cloned() else {
        return Response::new(400, "text/html", "");
    };
    worker.active.set(worker.active.get() + 1);
    let method = request.method.clone();
    let mut ex = Exchange {
        connection: worker.connections.get(),
        began: sys.now(),
        worker: worker.clone(),
        request,
        peer,
        at,
        server,
        location: None,
        uri: String::new(),
        args: String::new(),
        captures: Vec::new(),
        set: BTreeMap::new(),
        is_internal: false,
        status: 0,
        sent: 0,
        upstream: Told::default(),
        allowance: Allowance::default(),
    };
    let response = answer(&mut ex).await;
    ex.request.method = method;
    let response = dressed(&mut ex, response);
    for log in &ex.scope().access_logs {
        let line = log.format.fill(|variable| {
            let value = ex.afforded(variable)?;
            Some(if value.is_empty() { "-".into() } else { value })
        });
        let line = [&*line, "\n"].concat();
        worker.logs.write(&sys, &log.path, &line).await;
    }
    worker.active.set(worker.active.get() - 1);
    response
}

/// With what every answer has, in nginx's order.
fn dressed(ex: &mut Exchange, response: Response) -> Response {
    ex.status = response.code;
    let bodiless = ex.request.method == "HEAD" || [204, 304].contains(&response.code);
    ex.sent = if bodiless { 0 } else { response.body.len() };
    let mut rest = response.headers;
    let mut headers = Vec::with_capacity(rest.len() + 4);
    headers.push(("Server".to_owned(), ex.server_header()));
    headers.push(("Date".to_owned(), http_date(ex.worker.sys.now())));
    let mut take = |headers: &mut Vec<(String, String)>, name: &str| {
        let at = rest.iter().position(|(n, _)| n.eq_ignore_ascii_case(name));
        headers.extend(at.map(|at| rest.remove(at)));
    };
    take(&mut headers, "Content-Type");
    if ![204, 304].contains(&response.code) {
        let length = response.body.len().to_string();
        headers.push(("Content-Length".to_owned(), length));
    }
    take(&mut headers, "Last-Modified");
    let before = headers.len();
    take(&mut headers, "Connection");
    if headers.len() == before {
        let keeps = ex.request.keep_alive() && ex.scope().keeps_alive;
        let value = if keeps { "keep-alive" } else { "close" };
        headers.push(("Connection".to_owned(), value.to_owned()));
    }
    headers.append(&mut rest);
    let good = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308].contains(&response.code);
    for header in ex.scope().headers.iter().filter(|h| good || h.always) {
        let value = ex.fill(&header.value);
        if !value.is_empty() {
            headers.push((header.name.clone(), value.into_owned()));
        }
    }
    Response {
        code: response.code,
        phrase: Some(phrase(response.code)),
        headers,
        body: response.body,
    }
}

impl Worker {
    async fn note(&self, what: &str) {
        let log = self.config.error_log.as_ref();
        self.logs.error(&self.sys, log, Level::Notice, what).await;
    }

    /// What `stub_status` answers.
    pub fn status(&self) -> String {
        let (connections, requests) = (self.connections.get(), self.requests.get());
        let active = self.active.get();
        format!(
            "Active connections: {active} \nserver accepts handled requests\n {connections} {connections} {requests} \nReading: 0 Writing: {active} Waiting: 0 \n"
        )
    }

    /// The servers that may be asked, in the order in which they are tried. None: a host that only a variable names.
    pub fn peers(&self, to: &str) -> Option<Vec<SocketAddr>> {
        let turn = self.turn.get();
        self.turn.set(turn.wrapping_add(1));
        let of = |host: &str, port: u16| {
            let known = self.addresses.get(host).cloned().unwrap_or_default();
            known.into_iter().map(move |ip| SocketAddr::new(ip, port))
        };
        let Some(upstream) = self.config.upstreams.get(to) else {
            let (host, port) = super::read::host_and_port(to).ok()?;
            self.addresses.get(&host)?;
            let mut all: Vec<SocketAddr> = of(&host, port).collect();
            let most = all.len().max(1);
            all.rotate_left(turn % most);
            return Some(all);
        };
        let now = self.sys.now();
        let left_out = self.left_out.borrow();
        let is_out = |at: &SocketAddr| {
            left_out
                .get(&(to.to_owned(), *at))
                .is_some_and(|t| *t > now)
        };
        let of_kind = |backup: bool| {
            let peers = upstream.peers.iter().filter(|p| p.backup == backup);
            peers
                .flat_map(|p| {
                    of(&p.host, p.port).flat_map(|at| (0..p.weight.min(100)).map(move |_| at))
                })
                .filter(|at| !is_out(at))
                .collect::<Vec<_>>()
        };
        let mut all = of_kind(false);
        let most = all.len().max(1);
        all.rotate_left(turn % most);
        all.extend(of_kind(true));
        let mut each: Vec<SocketAddr> = Vec::new();
        for at in all {
            if !each.contains(&at) {
                each.push(at);
            }
        }
        Some(each)
    }

    /// A server of an upstream has failed.
    pub fn leave_out(&self, upstream: &str, at: SocketAddr) {
        if self.config.upstreams.contains_key(upstream) {
            let until = self.sys.now() + LEFT_OUT;
            self.left_out
                .borrow_mut()
                .insert((upstream.to_owned(), at), until);
        }
    }
}
