//! A small HTTP/1.1: requests and answers as bytes, for the servers and clients of the machine
//! (RFC 9112). Not a general library: no trailers; bodies are bounded. Whoever speaks another protocol after an upgrade, or
//! answers without an end, takes the connections itself ([`accept_each`]).

use core::net::SocketAddr;
use core::time::Duration;

use crate::errno::Errno;
use crate::pipe::Socket;
use crate::sys::{Fd, Result, Sys};

/// Bytes of a head.
const HEAD_MAX: usize = 16 * 1024;
/// Bytes that a head mostly has at most.
const HEAD_USUAL: usize = 512;
/// Fields that it mostly has at most.
const FIELDS_USUAL: usize = 12;
/// Bytes of a body.
const BODY_MAX: usize = 1 << 20;

/// Header fields in order.
pub type Headers = Vec<(String, String)>;

/// A request as a server gets it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// `HTTP/1.1`
    pub version: String,
    pub headers: Headers,
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    pub code: u16,
    /// In place of the usual phrase of the code.
    pub phrase: Option<&'static str>,
    pub headers: Headers,
    pub body: Vec<u8>,
}

fn field<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(k, _)| k.eq_ignore_ascii_case(name))
        .map(|(_, v)| v.as_str())
}

impl Request {
    #[must_use]
    pub fn get(target: &str, host: &str) -> Request {
        Request {
            method: "GET".into(),
            target: target.into(),
            version: "HTTP/1.1".into(),
            headers: vec![
                ("Host".into(), host.into()),
                ("Connection".into(), "close".into()),
            ],
            body: Vec::new(),
        }
    }

    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        field(&self.headers, name)
    }

    /// The target without its query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or("")
    }

    /// A parameter of the query, decoded.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key) == name).then(|| decode(value))
        })
    }

    /// Whether the client means to send more on the same connection.
    pub(crate) fn keep_alive(&self) -> bool {
        let connection = self.header("connection").unwrap_or("");
        if self.version == "HTTP/1.0" {
            connection.eq_ignore_ascii_case("keep-alive")
        } else {
            !connection.eq_ignore_ascii_case("close")
        }
    }

    /// As bytes on the wire.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut head = String::with_capacity(HEAD_USUAL + self.body.len());
        for part in [&self.method, " ", &self.target, " ", &self.version, "\r\n"] {
            head.push_str(part);
        }
        write_fields(&mut head, &self.headers);
        if !self.body.is_empty() {
            write_field(&mut head, "Content-Length", &self.body.len().to_string());
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

fn write_field(head: &mut String, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        head.push_str(part);
    }
}

fn write_fields(head: &mut String, headers: &Headers) {
    for (name, value) in headers {
        write_field(head, name, value);
    }
}

impl Response {
    #[must_use]
    pub fn new(code: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Response {
        Response {
            code,
            phrase: None,
            headers: vec![("Content-Type".into(), content_type.into())],
            body: body.into(),
        }
    }

    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        field(&self.headers, name)
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Response {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// As bytes on the wire. Without `keep` it says that the connection ends.
    pub(crate) fn encode(&self, keep: bool, head_only: bool) -> Vec<u8> {
        let phrase = self.phrase.unwrap_or_else(|| reason(self.code));
        let mut head = String::with_capacity(HEAD_USUAL + self.body.len());
        for part in ["HTTP/1.1 ", &self.code.to_string(), " ", phrase, "\r\n"] {
            head.push_str(part);
        }
        write_fields(&mut head, &self.headers);
        if self.header("content-length").is_none() && ![204, 304].contains(&self.code) {
            write_field(&mut head, "Content-Length", &self.body.len().to_string());
        }
        if !keep && self.header("connection").is_none() {
            write_field(&mut head, "Connection", "close");
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if !head_only {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

/// The phrase of a status code.
#[must_use]
pub fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Payload Too Large",
        417 => "Expectation Failed",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

/// The media type of a file, by the end of its name.
#[must_use]
pub fn content_type(file: &str) -> &'static str {
    match file.rsplit('.').next() {
        Some("html" | "htm") => "text/html",
        Some("css") => "text/css",
        Some("js") => "application/javascript",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("txt" | "log" | "conf") => "text/plain",
        _ => "application/octet-stream",
    }
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|h| core::str::from_utf8(h).ok());
        match (bytes[at], hex.and_then(|h| u8::from_str_radix(h, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Where bytes come from and go to: a socket of a process, or one outside any.
pub enum Wire {
    Process(Sys, Fd),
    Outside(Socket),
}

impl Wire {
    async fn read(&self) -> Result<Vec<u8>> {
        match self {
            Wire::Process(sys, fd) => sys.read(*fd, 8192).await,
            Wire::Outside(socket) => socket.reader.read(8192).await,
        }
    }

    async fn write_all(&self, bytes: &[u8]) -> Result<()> {
        match self {
            Wire::Process(sys, fd) => sys.write_all(*fd, bytes).await,
            Wire::Outside(socket) => socket.writer.write_all(bytes).await,
        }
    }
}

/// A connection with what was read beyond the last message.
pub struct Stream {
    wire: Wire,
    rest: Vec<u8>,
}

impl Stream {
    #[must_use]
    pub fn new(wire: Wire) -> Stream {
        Stream {
            wire,
            rest: Vec::new(),
        }
    }

    /// Bytes as they come, of whatever protocol; none at the end.
    pub(crate) async fn receive(&mut self) -> Result<Vec<u8>> {
        if self.rest.is_empty() {
            return self.wire.read().await;
        }
        Ok(std::mem::take(&mut self.rest))
    }

    /// Sends bytes of whatever protocol.
    pub(crate) async fn send(&self, bytes: &[u8]) -> Result<()> {
        self.wire.write_all(bytes).await
    }

    /// First line and headers. None at the end of the stream.
    async fn head(&mut self) -> Result<Option<(String, Headers)>> {
        loop {
            if let Some(at) = self.rest.windows(4).position(|w| w == b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&self.rest[..at]);
                let mut lines = text.lines();
                let first = lines.next().unwrap_or("").to_string();
                let mut headers = Vec::with_capacity(FIELDS_USUAL);
                headers.extend(
                    lines
                        .filter_map(|l| l.split_once(':'))
                        .map(|(k, v)| (k.trim().to_string(), v.trim().to_string())),
                );
                self.rest.drain(..at + 4);
                return Ok(Some((first, headers)));
            }
            if self.rest.len() > HEAD_MAX {
                return Err(Errno::EFBIG);
            }
            let more = self.wire.read().await?;
            if more.is_empty() {
                return Ok(None);
            }
            if self.rest.is_empty() {
                self.rest = more;
            } else {
                self.rest.extend_from_slice(&more);
            }
        }
    }

    /// True when more came in.
    async fn more(&mut self) -> Result<bool> {
        let more = self.wire.read().await?;
        self.rest.extend_from_slice(&more);
        Ok(!more.is_empty())
    }

    async fn take(&mut self, count: usize) -> Result<Vec<u8>> {
        if count > BODY_MAX {
            return Err(Errno::EFBIG);
        }
        while self.rest.len() < count {
            if !self.more().await? {
                return Err(Errno::ECONNRESET);
            }
        }
        Ok(self.rest.drain(..count).collect())
    }

    async fn line(&mut self) -> Result<String> {
        loop {
            if let Some(at) = self.rest.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=at).collect();
                return Ok(String::from_utf8_lossy(&line).trim().to_string());
            }
            if self.rest.len() > HEAD_MAX || !self.more().await? {
                return Err(Errno::ECONNRESET);
            }
        }
    }

    async fn body(&mut self, headers: &Headers, until_end: bool) -> Result<Vec<u8>> {
        if field(headers, "transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
            let mut body = Vec::new();
            loop {
                let size = self.line().await?;
                let size = usize::from_str_radix(size.split(';').next().unwrap_or(""), 16)
                    .map_err(|_| Errno::EIO)?;
                body.extend(self.take(size.min(BODY_MAX + 1)).await?);
                self.line().await?;
                if size == 0 {
                    return Ok(body);
                }
                if body.len() > BODY_MAX {
                    return Err(Errno::EFBIG);
                }
            }
        }
        if let Some(length) = field(headers, "content-length") {
            let length = length.parse().map_err(|_| Errno::EIO)?;
            return self.take(length).await;
        }
        if until_end {
            while self.rest.len() <= BODY_MAX && self.more().await? {}
            return Ok(std::mem::take(&mut self.rest));
        }
        Ok(Vec::new())
    }

    /// The next request. None when the client has closed.
    pub async fn request(&mut self) -> Result<Option<Request>> {
        let Some((first, headers)) = self.head().await? else {
            return Ok(None);
        };
        let mut words = first.split(' ');
        let mut word = || words.next().unwrap_or("").to_string();
        let (method, target, version) = (word(), word(), word());
        if method.is_empty() || target.is_empty() || !version.starts_with("HTTP/1.") {
            return Err(Errno::EIO);
        }
        if field(&headers, "expect").is_some() {
            self.wire
                .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
                .await?;
        }
        let body = self.body(&headers, false).await?;
        Ok(Some(Request {
            method,
            target,
            version,
            headers,
            body,
        }))
    }

    /// As [`Stream::request`]; what is no request is answered here, and is the last.
    pub(crate) async fn asked(&mut self) -> Result<Option<Request>> {
        match self.request().await {
            Err(Errno::EIO | Errno::EFBIG) => {
                let answer = Response::new(400, "text/plain; charset=utf-8", "400 Bad Request");
                self.send(&answer.encode(false, false)).await?;
                Ok(None)
            }
            asked => asked,
        }
    }

    /// Sends a request and waits for its answer.
    pub async fn fetch(&mut self, request: &Request) -> Result<Response> {
        self.wire.write_all(&request.encode()).await?;
        loop {
            let (first, headers) = self.head().await?.ok_or(Errno::ECONNRESET)?;
            let code = first
                .split(' ')
                .nth(1)
                .and_then(|c| c.parse().ok())
                .ok_or(Errno::EIO)?;
            if (100..200).contains(&code) {
                continue;
            }
            let none = request.method == "HEAD" || code == 204 || code == 304;
            let body = if none {
                Vec::new()
            } else {
                self.body(&headers, true).await?
            };
            return Ok(Response {
                code,
                phrase: None,
                headers,
                body,
            });
        }
    }
}

/// One request on a fresh connection outside any process (a probe).
pub async fn fetch(socket: Socket, request: &Request) -> Result<Response> {
    Stream::new(Wire::Outside(socket)).fetch(request).await
}

/// Takes connections of `listener` for as long as the process lives; `converse` gets each with the peer's address, in a thread of its
/// own, and it is closed after that.
pub(crate) async fn accept_each<H, F>(sys: &Sys, listener: Fd, converse: H)
where
    H: Fn(Stream, SocketAddr) -> F,
    F: Future<Output = ()> + 'static,
{
    loop {
        match sys.accept(listener).await {
            Ok((fd, peer)) => {
                let stream = Stream::new(Wire::Process(sys.clone(), fd));
                sys.talk(fd, converse(stream, peer));
            }
            Err(Errno::EINTR) => return,
            Err(_) => {
                if sys.sleep(Duration::from_millis(100)).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Serves connections of `listener` for as long as the process lives; each in a thread of its own.
/// `handle` gets the request and the peer's address.
pub async fn serve<H, F>(sys: &Sys, listener: Fd, handle: H)
where
    H: Fn(Request, SocketAddr) -> F + Clone + 'static,
    F: Future<Output = Response> + 'static,
{
    let own = sys.clone();
    accept_each(sys, listener, move |stream, peer| {
        let (own, handle) = (own.clone(), handle.clone());
        async move {
            // A client that goes away meanwhile is nobody's trouble.
            let _ = converse(&own, stream, peer, handle).await;
        }
    })
    .await;
}

async fn converse<H, F>(sys: &Sys, mut stream: Stream, peer: SocketAddr, handle: H) -> Result<()>
where
    H: Fn(Request, SocketAddr) -> F,
    F: Future<Output = Response>,
{
    while let Some(request) = stream.asked().await? {
        let (keep, head_only) = (request.keep_alive(), request.method == "HEAD");
        sys.cpu(Duration::from_micros(200)).await;
        let answer = handle(request, peer).await;
        stream.send(&answer.encode(keep, head_only)).await?;
        let ends = answer
            .header("connection")
            .is_some_and(|value| value == "close");
        if !keep || ends {
            break;
        }
    }
    Ok(())
}
