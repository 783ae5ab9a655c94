//! `proxy_pass`: a request goes on to another server, or to the next of several where one cannot be reached.

use core::net::{IpAddr, SocketAddr};

use super::answer::{Outcome, numbered};
use super::config::{Level, Pattern, Proxy};
use super::exchange::{Exchange, seconds};
use super::read::host_and_port;
use crate::errno::Errno;
use crate::http::{Request, Response, Stream, Wire};
use crate::sync::{Either, select};
use crate::sys::{Result, Sys};
use crate::time::Duration;

/// What belongs to one connection alone, or is said anew.
const OWN: [&str; 7] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "server",
    "transfer-encoding",
    "upgrade",
];

/// Connections of a worker that are none to clients or servers: where it listens, and to its master.
const OTHERS: u64 = 16;

/// Passes a request on.
pub(super) async fn pass(ex: &mut Exchange, proxy: &Proxy) -> Outcome {
    let to = ex.filled(&proxy.to);
    let uri = target(ex, proxy);
    let most = ex.worker.config.connections.unwrap_or(512);
    // each request that waits has two: to its client, and to the server behind
    if ex.worker.active.get() * 2 + OTHERS > most {
        let what = format!("{most} worker_connections are not enough while connecting to upstream");
        let url = format!("http://{to}{uri}");
        ex.complain_of(Level::Alert, &what, &url).await;
        return Outcome::Fail(500);
    }
    let peers = match ex.worker.peers(&to) {
        Some(peers) if peers.is_empty() => {
            let url = format!("http://{to}{uri}");
            let what = "no live upstreams while connecting to upstream";
            ex.complain_of(Level::Error, what, &url).await;
            return Outcome::Fail(502);
        }
        Some(peers) => peers,
        None => match resolved(ex, &to).await {
            Some(peers) => peers,
            None => return Outcome::Fail(502),
        },
    };
    let request = passed(ex, &to, &uri);
    let several = peers.len() > 1;
    let mut code = 502;
    for peer in peers {
        let began = ex.worker.sys.now();
        let times = (ex.scope().connect_timeout, ex.scope().read_timeout);
        let answer = ask(&ex.worker.sys, peer, &request, times).await;
        note(
            ex,
            peer,
            seconds(ex.worker.sys.now().since(began)),
            answer.as_ref(),
        );
        match answer {
            Ok(response) => return Outcome::Done(kept(response, &to, proxy, ex)),
            Err((what, failed)) => {
                let url = format!("http://{peer}{uri}");
                ex.complain_of(Level::Error, &what, &url).await;
                code = failed;
                if several {
                    ex.worker.leave_out(&to, peer);
                    let phase = "connecting to upstream";
                    let what = format!("upstream server temporarily disabled while {phase}");
                    ex.complain_of(Level::Warn, &what, &url).await;
                }
            }
        }
    }
    Outcome::Fail(code)
}

fn note(
    ex: &mut Exchange,
    peer: SocketAddr,
    took: String,
    answer: std::result::Result<&Response, &(String, u16)>,
) {
    let status = match answer {
        Ok(response) => response.code.to_string(),
        Err((_, code)) => code.to_string(),
    };
    let told = &mut ex.upstream;
    for (all, one) in [
        (&mut told.address, peer.to_string()),
        (&mut told.status, status),
        (&mut told.seconds, took),
    ] {
        if !all.is_empty() {
            all.push_str(", ");
        }
        all.push_str(&one);
    }
}

/// Path and query for the server behind.
fn target(ex: &Exchange, proxy: &Proxy) -> String {
    let query = match ex.args.as_str() {
        "" => String::new(),
        args => format!("?{args}"),
    };
    let Some(path) = &proxy.path else {
        return match ex.is_internal {
            true => format!("{}{query}", ex.uri),
            false => ex.request.target.clone(),
        };
    };
    let has_variables = path.has_variables() || proxy.to.has_variables();
    let path = ex.filled(path);
    if has_variables {
        return path;
    }
    format!(
        "{path}{}{query}",
        ex.uri.get(prefix(ex).len()..).unwrap_or("")
    )
}

fn prefix(ex: &Exchange) -> &str {
    match ex.location.as_deref().map(|location| &location.pattern) {
        Some(Pattern::Prefix { text, .. } | Pattern::Exact(text)) => text,
        _ => "",
    }
}

/// The addresses of a host that a variable has named.
async fn resolved(ex: &Exchange, to: &str) -> Option<Vec<SocketAddr>> {
    let (host, port) = host_and_port(to).ok()?;
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Some(vec![SocketAddr::new(ip, port)]);
    }
    if !ex.scope().has_resolver {
        let what = format!("no resolver defined to resolve {host}");
        ex.complain(Level::Error, &what).await;
        return None;
    }
    // its own resolver knows no search domains
    let absolute = format!("{}.", host.trim_end_matches('.'));
    match ex.worker.sys.resolve(&absolute).await {
        Ok(ips) if !ips.is_empty() => Some(
            ips.into_iter()
                .map(|ip| SocketAddr::new(ip, port))
                .collect(),
        ),
        found => {
            let why = match found {
                Err(crate::sys::ResolveError::Timeout) => "110: Operation timed out",
                _ => "3: Host not found",
            };
            let what = format!("{host} could not be resolved ({why})");
            ex.complain(Level::Error, &what).await;
            None
        }
    }
}

fn passed(ex: &Exchange, to: &str, uri: &str) -> Request {
    let said = &ex.scope().proxy_headers;
    let names = |name: &str| said.iter().any(|(said, _)| said.eq_ignore_ascii_case(name));
    let mut headers = Vec::new();
    if !names("host") {
        headers.push(("Host".to_owned(), to.to_owned()));
    }
    if !names("connection") {
        headers.push(("Connection".to_owned(), "close".to_owned()));
    }
    for (name, value) in said {
        let value = ex.filled(value);
        if !value.is_empty() {
            headers.push((name.clone(), value));
        }
    }
    let lower = |name: &str| name.to_ascii_lowercase();
    let theirs = ex.request.headers.iter().filter(|(name, _)| {
        !OWN.contains(&lower(name).as_str())
            && !["host", "expect"].contains(&lower(name).as_str())
            && !names(name)
    });
    headers.extend(theirs.cloned());
    Request {
        target: uri.to_owned(),
        version: ex.scope().proxy_version.clone(),
        headers,
        ..ex.request.clone()
    }
}

/// One server's answer. Errors: what to say, and the code for the client.
async fn ask(
    sys: &Sys,
    to: SocketAddr,
    request: &Request,
    (connect, read): (Duration, Duration),
) -> std::result::Result<Response, (String, u16)> {
    let timed_out = |phase: &str| {
        let what = format!("upstream timed out (110: Connection timed out) while {phase}");
        (what, 504)
    };
    let fd = match within(sys, connect, sys.connect(to)).await {
        Some(Ok(fd)) => fd,
        None | Some(Err(Errno::ETIMEDOUT)) => return Err(timed_out("connecting to upstream")),
        Some(Err(error)) => {
            let why = numbered(error);
            return Err((
                format!("connect() failed ({why}) while connecting to upstream"),
                502,
            ));
        }
    };
    let mut stream = Stream::new(Wire::Process(sys.clone(), fd));
    let answer = within(sys, read, stream.fetch(request)).await;
    let _ = sys.close(fd);
    let phase = "reading response header from upstream";
    match answer {
        Some(Ok(response)) => Ok(response),
        None => Err(timed_out(phase)),
        Some(Err(Errno::ECONNRESET)) => {
            let what = "upstream prematurely closed connection";
            Err((format!("{what} while {phase}"), 502))
        }
        Some(Err(_)) => Err((format!("upstream sent invalid header while {phase}"), 502)),
    }
}

/// None when it takes longer.
async fn within<T>(
    sys: &Sys,
    time: Duration,
    what: impl Future<Output = Result<T>>,
) -> Option<Result<T>> {
    match select(what, sys.sleep(time)).await {
        Either::Left(result) => Some(result),
        Either::Right(_) => None,
    }
}

/// The answer as the client gets it: a redirect to the server behind leads to the location.
fn kept(mut response: Response, to: &str, proxy: &Proxy, ex: &Exchange) -> Response {
    response
        .headers
        .retain(|(name, _)| !OWN.contains(&name.to_ascii_lowercase().as_str()));
    if let Some(path) = &proxy.path {
        let behind = format!("http://{to}{}", ex.filled(path));
        for (name, value) in &mut response.headers {
            if name.eq_ignore_ascii_case("location")
                && let Some(rest) = value.strip_prefix(&behind)
            {
                *value = format!("{}{rest}", prefix(ex));
            }
        }
    }
    response
}
