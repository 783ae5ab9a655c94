//! `echo-server`: answers every request with what it was, over HTTP, WebSockets and server-sent events. Mirrors
//! github.com/jmalloc/echo-server 0.3. A Go program without handlers: TERM ends it at once with code 2, also as process 1.

mod events;
mod socket;

use core::fmt::Write;
use core::net::SocketAddr;

use super::nginx::web_date;
use crate::errno::Errno;
use crate::http::{Request, Response, Stream, accept_each};
use crate::signal::{Disposition, Signal};
use crate::sys::Sys;
use crate::time::Duration;

const PAGE: &str = include_str!("page.html");

/// One request and whom it came from.
struct Call {
    sys: Sys,
    peer: SocketAddr,
    request: Request,
}

pub async fn main(sys: Sys) -> i32 {
    for signal in [Signal::Term, Signal::Int, Signal::Quit, Signal::Hup] {
        sys.set_signal(signal, Disposition::Catch);
    }
    sys.set_signal(Signal::Pipe, Disposition::Ignore);
    let port = setting(&sys, "PORT").unwrap_or_else(|| "8080".to_owned());
    sys.print(format!("Echo server listening on port {port}.\n"))
        .await;
    let listener = match port.parse() {
        Err(_) => Err(format!("lookup tcp/{port}: unknown port")),
        Ok(number) => sys
            .listen(SocketAddr::from(([0, 0, 0, 0], number)))
            .map_err(|error| format!(":{port}: bind: {}", error.text().to_lowercase())),
    };
    let listener = match listener {
        Ok(listener) => listener,
        Err(why) => {
            let gap = if why.starts_with(':') { " " } else { ": " };
            let panic =
                format!("panic: listen tcp{gap}{why}\n\ngoroutine 1 [running]:\nmain.main()\n");
            sys.eprint(panic).await;
            return 2;
        }
    };
    let own = sys.clone();
    accept_each(&sys, listener, move |stream, peer| {
        let own = own.clone();
        async move {
            // A client that goes away meanwhile is nobody's trouble.
            let _ = converse(own, stream, peer).await;
        }
    })
    .await;
    match sys.take_signal() {
        Some(Signal::Hup) => 1,
        _ => 2,
    }
}

/// A variable of the environment that says something.
fn setting(sys: &Sys, name: &str) -> Option<String> {
    sys.getenv(name).filter(|value| !value.is_empty())
}

/// One connection: requests until one of them takes it over.
async fn converse(sys: Sys, mut stream: Stream, peer: SocketAddr) -> Result<(), Errno> {
    while let Some(request) = stream.asked().await? {
        sys.cpu(Duration::from_micros(200)).await;
        let call = Call {
            sys: sys.clone(),
            peer,
            request,
        };
        call.note().await;
        let answer = if socket::is_upgrade(&call.request) {
            match socket::agree(&call.request) {
                Ok(key) => return call.talk(stream, &key).await,
                Err((code, why)) => {
                    call.log(&why).await;
                    socket::refusal(code)
                }
            }
        } else {
            match call.request.path() {
                "/.ws" => call.page(),
                "/.sse" => return call.events(stream).await,
                _ => call.echo(),
            }
        };
        let answer = call.dressed(answer);
        let (keep, bare) = (call.request.keep_alive(), call.request.method == "HEAD");
        stream.send(&answer.encode(keep, bare)).await?;
        if !keep {
            break;
        }
    }
    Ok(())
}

impl Call {
    async fn log(&self, text: &str) {
        self.sys.print(format!("{} | {text}\n", self.peer)).await;
    }

    /// Logs the request, with as much of it as the environment asks for.
    async fn note(&self) {
        let asks = |name| setting(&self.sys, name).is_some();
        let (headers, body) = (asks("LOG_HTTP_HEADERS"), asks("LOG_HTTP_BODY"));
        let Request { method, target, .. } = &self.request;
        let mut text = format!("{} | {method} {target}\n", self.peer);
        if headers || body {
            text.insert_str(0, "--------  ");
        }
        if headers {
            text.push_str("Headers\n");
            self.headers(&mut text);
        }
        if body {
            dump(&mut text, &self.request.body);
        }
        self.sys.print(text).await;
    }

    /// The header fields but the host's, sorted, named as Go names them.
    fn headers(&self, out: &mut String) {
        let fields = self.request.headers.iter();
        let mut fields: Vec<(String, &str)> = fields
            .map(|(name, value)| (canonical(name), value.as_str()))
            .filter(|(name, _)| name != "Host")
            .collect();
        fields.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (name, value) in fields {
            // Writing into a String cannot fail.
            let _ = writeln!(out, "{name}: {value}");
        }
    }

    /// The request as text, without its body.
    fn as_text(&self) -> String {
        let Request {
            method,
            target,
            version,
            ..
        } = &self.request;
        let host = self.request.header("host").unwrap_or_default();
        let mut text = format!("{method} {target} {version}\n\nHost: {host}\n");
        self.headers(&mut text);
        text
    }

    /// The server's name, unless it is not to be told.
    fn server(&self) -> Option<String> {
        let asked = self.request.header("x-send-server-hostname");
        let word = asked
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .or_else(|| setting(&self.sys, "SEND_SERVER_HOSTNAME"));
        (!word.is_some_and(|word| word.eq_ignore_ascii_case("false"))).then(|| self.sys.hostname())
    }

    fn echo(&self) -> Response {
        let mut text = self
            .server()
            .map_or_else(String::new, |name| format!("Request served by {name}\n\n"));
        text.push_str(&self.as_text());
        let mut body = text.into_bytes();
        if !self.request.body.is_empty() {
            body.push(b'\n');
            body.extend_from_slice(&self.request.body);
        }
        Response::new(200, "text/plain", body)
    }

    /// A page that speaks with this server over a WebSocket.
    fn page(&self) -> Response {
        let path = setting(&self.sys, "FRONTEND_WS_PATH").unwrap_or_default();
        let page = PAGE.replace("@path", &path.replace(['"', '<', '\\', '\n'], ""));
        Response::new(200, "text/html; charset=utf-8", page)
    }

    /// The answer with the headers that the environment asks for, and the date.
    fn dressed(&self, mut answer: Response) -> Response {
        answer.headers.extend(self.asked_headers());
        answer.with("Date", web_date(self.sys.now()))
    }

    fn asked_headers(&self) -> Vec<(String, String)> {
        let all = self.sys.env();
        let asked = all.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix("SEND_HEADER_")?;
            Some((canonical(&name.replace('_', "-")), value.clone()))
        });
        asked
            .filter(|(name, value)| !name.is_empty() && !value.contains(['\r', '\n']))
            .collect()
    }
}

/// `user-agent` is `User-Agent`.
fn canonical(name: &str) -> String {
    let mut begins = true;
    name.chars()
        .map(|letter| {
            let first = core::mem::replace(&mut begins, letter == '-');
            if first {
                letter.to_ascii_uppercase()
            } else {
                letter.to_ascii_lowercase()
            }
        })
        .collect()
}

/// Rows of 16 bytes, as Go's `hex.Dumper` writes them.
fn dump(out: &mut String, bytes: &[u8]) {
    for (row, chunk) in bytes.chunks(16).enumerate() {
        let mut hex = String::new();
        for at in 0..16 {
            let cell = chunk
                .get(at)
                .map_or_else(|| "  ".to_owned(), |byte| format!("{byte:02x}"));
            hex.push_str(&cell);
            hex.push_str(if at % 8 == 7 { "  " } else { " " });
        }
        let text: String = chunk
            .iter()
            .map(|byte| match byte {
                32..127 => char::from(*byte),
                _ => '.',
            })
            .collect();
        // Writing into a String cannot fail.
        let _ = writeln!(out, "{:08x}  {hex}|{text}|", row * 16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_headers_are_as_in_go() {
        for (name, expect) in [
            ("user-agent", "User-Agent"),
            ("X-REQUEST-ID", "X-Request-Id"),
            ("sec-websocket-key", "Sec-Websocket-Key"),
        ] {
            assert_eq!(canonical(name), expect);
        }
    }

    #[test]
    fn bodies_are_dumped_in_rows() {
        let mut text = String::new();
        dump(&mut text, b"hello, hello, hello\n");
        assert_eq!(
            text,
            "00000000  68 65 6c 6c 6f 2c 20 68  65 6c 6c 6f 2c 20 68 65  |hello, hello, he|\n\
             00000010  6c 6c 6f 0a                                       |llo.|\n"
        );
    }
}
