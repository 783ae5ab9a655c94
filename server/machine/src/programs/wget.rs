//! `wget`: fetches over HTTP. `-q -O FILE -T SECONDS -S --spider --header --post-data --post-file -U -P -t`. Mirrors busybox `wget`; no TLS.

use super::lines::{Lines, Output};
use super::options::{self, Options, complain};
use crate::errno::Errno;
use crate::sys::{Fd, OpenFlags, Sys};
use crate::time::Duration;
use core::net::{IpAddr, SocketAddr};

const USAGE: &str = "[-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR] [--post-data STR | --post-file FILE] [-Y on/off] [--no-check-certificate] [-P DIR] [-U AGENT] [-T SEC] URL...\n\nRetrieve files via HTTP or FTP";

/// The parts of an address.
#[derive(Debug, Clone)]
pub(super) struct Url {
    pub host: String,
    pub port: u16,
    pub path: String,
}

/// An `http` address in its parts; an error's text otherwise.
pub(super) fn parse_url(text: &str) -> Result<Url, String> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        None => ("http", text),
    };
    let port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return Err(format!("not an http or ftp url: {text}")),
    };
    let (host, path) = match rest.find(['/', '?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let host = host.rsplit('@').next().unwrap_or(host);
    let path = path.split('#').next().unwrap_or("/");
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, rest)) => (name, rest.strip_prefix(':').map_or(Ok(port), str::parse)),
        None => match host.rsplit_once(':') {
            Some((name, number)) => (name, number.parse()),
            None => (host, Ok(port)),
        },
    };
    let port = port.map_err(|_| format!("bad port in '{text}'"))?;
    if scheme == "https" {
        return Err(format!("not an http or ftp url: {text}"));
    }
    Ok(Url {
        host: name.to_owned(),
        port,
        path,
    })
}

pub async fn main(sys: Sys) -> i32 {
    let long = [
        ("quiet", 'q'),
        ("output-document", 'O'),
        ("timeout", 'T'),
        ("server-response", 'S'),
        ("spider", 'Z'),
        ("header", 'H'),
        ("post-data", 'D'),
        ("post-file", 'F'),
        ("user-agent", 'U'),
        ("directory-prefix", 'P'),
        ("no-check-certificate", 'N'),
        ("tries", 't'),
    ];
    let options = match options::read(&sys, "cqSO:o:T:ZH:D:F:U:P:Nt:Y:", &long, USAGE).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    if options.rest.is_empty() {
        options::show_usage(&sys, USAGE).await;
        return 1;
    }
    for address in &options.rest {
        if let Err(error) = fetch(&sys, address, &options).await {
            if !error.is_empty() {
                complain(&sys, &error).await;
            }
            return 1;
        }
    }
    0
}

async fn say(sys: &Sys, options: &Options, text: &str) {
    if !options.has('q') {
        sys.eprint(text).await;
    }
}

async fn fetch(sys: &Sys, address: &str, options: &Options) -> Result<(), String> {
    let mut url = parse_url(address)?;
    let name = url
        .path
        .split('?')
        .next()
        .and_then(|path| path.rsplit('/').next())
        .unwrap_or("")
        .to_owned();
    for _ in 0..5 {
        let fd = open(sys, &url, options).await?;
        send(sys, fd, &url, options).await?;
        let mut out = Output::new(sys);
        let mut lines = Lines::new(sys, fd);
        let (status, headers) = head(sys, &mut lines, &mut out, options).await?;
        let code: u16 = status
            .split_whitespace()
            .nth(1)
            .and_then(|code| code.parse().ok())
            .unwrap_or(0);
        let header = |name: &str| {
            headers
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        };
        match code {
            300..=399 if header("location").is_some() => {
                let target = header("location").cloned().unwrap_or_default();
                if target.starts_with('/') {
                    url.path = target;
                } else {
                    url = parse_url(&target)?;
                }
                let _ = sys.close(fd);
                continue;
            }
            200..=299 => {}
            _ => return Err(format!("server returned error: {status}")),
        }
        if options.has('Z') {
            say(sys, options, "remote file exists\n").await;
            return Ok(());
        }
        let length = header("content-length").and_then(|text| text.parse::<u64>().ok());
        let chunked =
            header("transfer-encoding").is_some_and(|text| text.eq_ignore_ascii_case("chunked"));
        let result = save(sys, &mut lines, &name, length, chunked, options).await;
        let _ = sys.close(fd);
        return result;
    }
    Err("too many redirections".to_owned())
}

/// Connects; the errors are busybox's.
async fn open(sys: &Sys, url: &Url, options: &Options) -> Result<Fd, String> {
    let timeout = options.value('T').and_then(options::duration);
    let addresses = sys
        .resolve(&url.host)
        .await
        .map_err(|_| format!("bad address '{}'", url.host))?;
    let address = addresses
        .iter()
        .find(|address| address.is_ipv4())
        .or(addresses.first());
    let Some(address) = address.copied() else {
        return Err(format!("bad address '{}'", url.host));
    };
    let shown = match address {
        IpAddr::V4(address) => format!("{address}"),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    say(
        sys,
        options,
        &format!(
            "Connecting to {}:{} ({shown}:{})\n",
            url.host, url.port, url.port
        ),
    )
    .await;
    let connected = match timeout {
        Some(timeout) => {
            within(
                sys,
                timeout,
                sys.connect(SocketAddr::new(address, url.port)),
            )
            .await
        }
        None => Some(sys.connect(SocketAddr::new(address, url.port)).await),
    };
    match connected {
        None => Err("download timed out".to_owned()),
        Some(Ok(fd)) => Ok(fd),
        Some(Err(error)) => {
            let text = if error == Errno::ETIMEDOUT {
                "Operation timed out"
            } else {
                error.text()
            };
            Err(format!("can't connect to remote host ({address}): {text}"))
        }
    }
}

/// The future's value, or None when `timeout` passes first.
pub(super) async fn within<T>(
    sys: &Sys,
    timeout: Duration,
    future: impl Future<Output = T>,
) -> Option<T> {
    let mut future = core::pin::pin!(future);
    let mut timer = core::pin::pin!(sys.sleep(timeout));
    core::future::poll_fn(|context| {
        if let core::task::Poll::Ready(value) = future.as_mut().poll(context) {
            return core::task::Poll::Ready(Some(value));
        }
        timer.as_mut().poll(context).map(|_| None)
    })
    .await
}

async fn send(sys: &Sys, fd: Fd, url: &Url, options: &Options) -> Result<(), String> {
    let mut body = options.value('D').map(|text| text.as_bytes().to_vec());
    if let Some(file) = options.value('F') {
        body = Some(
            sys.read_file(file)
                .await
                .map_err(|error| format!("can't open '{file}': {}", error.text()))?,
        );
    }
    let host = if url.port == 80 {
        url.host.clone()
    } else {
        format!("{}:{}", url.host, url.port)
    };
    let method = if body.is_some() { "POST" } else { "GET" };
    let agent = options.value('U').unwrap_or("Wget");
    let mut request = format!(
        "{method} {} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nConnection: close\r\n",
        url.path
    );
    for header in options.values('H') {
        request.push_str(&format!("{header}\r\n"));
    }
    if let Some(body) = &body {
        let typed = options
            .values('H')
            .any(|header| header.to_ascii_lowercase().starts_with("content-type:"));
        if !typed {
            request.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
        }
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    let mut bytes = request.into_bytes();
    bytes.extend(body.unwrap_or_default());
    sys.write_all(fd, &bytes)
        .await
        .map_err(|error| format!("error getting response: {}", error.text()))
}

/// The status line (without the protocol's end of line) and the headers.
async fn head(
    sys: &Sys,
    lines: &mut Lines,
    out: &mut Output,
    options: &Options,
) -> Result<(String, Vec<(String, String)>), String> {
    let timeout = options.value('T').and_then(options::duration);
    let mut headers = Vec::new();
    let mut status = String::new();
    loop {
        let next = match timeout {
            Some(timeout) => within(sys, timeout, lines.next(out))
                .await
                .ok_or_else(|| "download timed out".to_owned())?,
            None => lines.next(out).await,
        };
        let line = match next {
            Ok(Some(line)) => String::from_utf8_lossy(&line).trim_end().to_owned(),
            Ok(None) if status.is_empty() => return Err("error getting response".to_owned()),
            Ok(None) => return Ok((status, headers)),
            Err(error) => return Err(format!("error getting response: {}", error.text())),
        };
        if options.has('S') && !line.is_empty() {
            sys.eprint(format!("  {line}\n")).await;
        }
        if status.is_empty() {
            if !line.starts_with("HTTP/") {
                return Err(format!("bad response from server: {line}"));
            }
            status = line;
        } else if line.is_empty() {
            // 1xx: the real answer follows.
            if status
                .split_whitespace()
                .nth(1)
                .is_some_and(|code| code.starts_with('1'))
            {
                status.clear();
                headers.clear();
                continue;
            }
            return Ok((status, headers));
        } else if let Some((key, value)) = line.split_once(':') {
            headers.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
}

async fn save(
    sys: &Sys,
    lines: &mut Lines,
    name: &str,
    length: Option<u64>,
    chunked: bool,
    options: &Options,
) -> Result<(), String> {
    let name = if name.is_empty() { "index.html" } else { name };
    let path = match (options.value('O'), options.value('P')) {
        (Some(path), _) => path.to_owned(),
        (None, Some(directory)) => format!("{}/{name}", directory.trim_end_matches('/')),
        (None, None) => name.to_owned(),
    };
    let to = if path == "-" {
        say(sys, options, "writing to stdout\n").await;
        1
    } else {
        let flags = if options.has('O') {
            OpenFlags::REPLACE
        } else {
            OpenFlags::REPLACE | OpenFlags::EXCL
        };
        let fd = sys
            .open(&path, flags, 0o666)
            .map_err(|error| format!("can't open '{path}': {}", error.text()))?;
        say(sys, options, &format!("saving to '{path}'\n")).await;
        fd
    };
    let shown = if path == "-" {
        "-"
    } else {
        path.rsplit('/').next().unwrap_or(&path)
    };
    let mut total = 0;
    let mut left = if chunked {
        0
    } else {
        length.unwrap_or(u64::MAX)
    };
    loop {
        if left == 0 {
            match if chunked {
                next_chunk(sys, lines, total > 0).await
            } else {
                None
            } {
                Some(size) if size > 0 => left = size,
                _ => break,
            }
        }
        let bytes = match lines.bytes(left.min(64 << 10) as usize).await {
            Ok(bytes) if bytes.is_empty() => break,
            Ok(bytes) => bytes,
            Err(error) => return Err(format!("read error: {}", error.text())),
        };
        left -= bytes.len() as u64;
        total += bytes.len() as u64;
        sys.write_all(to, &bytes)
            .await
            .map_err(|error| format!("write error: {}", error.text()))?;
    }
    if to != 1 {
        let _ = sys.close(to);
    }
    if !chunked && length.is_some_and(|length| total < length) {
        return Err("connection closed prematurely".to_owned());
    }
    let bar = "*".repeat(29);
    let size = super::ls::human(total);
    say(
        sys,
        options,
        &format!("{shown:<20.20} 100% |{bar}| {size:>5}  0:00:00 ETA\n"),
    )
    .await;
    let done = if to == 1 {
        "written to stdout".to_owned()
    } else {
        format!("'{path}' saved")
    };
    say(sys, options, &format!("{done}\n")).await;
    Ok(())
}

/// The size of the next chunk; the line end of the one before is taken first.
pub(super) async fn next_chunk(sys: &Sys, lines: &mut Lines, after_first: bool) -> Option<u64> {
    let mut out = Output::new(sys);
    if after_first {
        lines.next(&mut out).await.ok()??;
    }
    let line = lines.next(&mut out).await.ok()??;
    let text = String::from_utf8_lossy(&line);
    u64::from_str_radix(text.split(';').next()?.trim(), 16).ok()
}
