//! `redis-cli [-h HOST] [-p PORT] [-a PASSWORD] [COMMAND ARGS]`: one command, or a conversation. Answers are shown as redis-cli shows
//! them: with types at a terminal, raw elsewhere.

use core::net::SocketAddr;

use super::resp::{self, Reply, Words};
use crate::programs::lines::{Lines, Output};
use crate::programs::options;
use crate::sys::{Fd, Sys};

pub async fn main(sys: Sys) -> i32 {
    let args = sys.args();
    let options = match options::parse(
        &args[1.min(args.len())..],
        "+h:p:a:n:xr:i:",
        &[
            ("raw", 'R'),
            ("no-raw", 'N'),
            ("no-auth-warning", 'W'),
            ("pass", 'a'),
        ],
    ) {
        Ok(options) => options,
        Err(error) => {
            sys.eprint(format!("redis-cli: {error}\n")).await;
            return 1;
        }
    };
    let host = options.value('h').unwrap_or("127.0.0.1").to_owned();
    let port = options
        .value('p')
        .and_then(|p| p.parse().ok())
        .unwrap_or(6379);
    let fd = match connect(&sys, &host, port).await {
        Ok(fd) => fd,
        Err(why) => {
            sys.eprint(format!(
                "Could not connect to Redis at {host}:{port}: {why}\n"
            ))
            .await;
            return 1;
        }
    };
    let terminal = sys.isatty(1);
    let typed = (terminal || options.has('N')) && !options.has('R');
    let mut talk = Talk {
        sys: sys.clone(),
        fd,
        rest: Vec::new(),
        typed,
    };
    if let Some(password) = options.value('a') {
        let words = vec![b"AUTH".to_vec(), password.as_bytes().to_vec()];
        if let Ok(Reply::Error(error)) = talk.ask(&words).await {
            sys.eprint(format!("AUTH failed: {error}\n")).await;
        }
    }
    if !options.rest.is_empty() {
        let mut words: Words = options.rest.iter().map(|w| w.as_bytes().to_vec()).collect();
        if options.has('x') {
            words.push(sys.read_to_end(0, 1 << 20).await.unwrap_or_default());
        }
        return match talk.ask(&words).await {
            Ok(reply) => {
                sys.print(talk.shown(&reply)).await;
                i32::from(matches!(reply, Reply::Error(_)))
            }
            Err(why) => {
                sys.eprint(format!("Error: {why}\n")).await;
                1
            }
        };
    }
    talk.converse(&format!("{host}:{port}> ")).await
}

async fn connect(sys: &Sys, host: &str, port: u16) -> Result<Fd, String> {
    let found = sys
        .resolve(host)
        .await
        .ok()
        .and_then(|all| all.first().copied());
    let ip = found.ok_or("Name or service not known")?;
    let connected = sys.connect(SocketAddr::new(ip, port)).await;
    connected.map_err(|error| error.text().to_owned())
}

struct Talk {
    sys: Sys,
    fd: Fd,
    rest: Vec<u8>,
    typed: bool,
}

impl Talk {
    async fn ask(&mut self, words: &Words) -> Result<Reply, String> {
        let closed = || "Server closed the connection".to_owned();
        let sent = self
            .sys
            .write_all(self.fd, &resp::encode_request(words))
            .await;
        sent.map_err(|_| closed())?;
        loop {
            match resp::reply(&self.rest) {
                Ok(Some((reply, used))) => {
                    self.rest.drain(..used);
                    return Ok(reply);
                }
                Ok(None) => {
                    let more = self
                        .sys
                        .read(self.fd, 64 << 10)
                        .await
                        .map_err(|_| closed())?;
                    if more.is_empty() {
                        return Err(closed());
                    }
                    self.rest.extend(more);
                }
                Err(resp::Malformed(why)) => return Err(format!("Protocol error: {why}")),
            }
        }
    }

    /// Lines of standard input, each a command; with a prompt at a terminal.
    async fn converse(&mut self, prompt: &str) -> i32 {
        let sys = self.sys.clone();
        let prompted = sys.isatty(0);
        let mut lines = Lines::new(&sys, 0);
        let mut out = Output::new(&sys);
        loop {
            if prompted {
                sys.print(prompt).await;
            }
            let Ok(Some(line)) = lines.next(&mut out).await else {
                return 0;
            };
            let line = String::from_utf8_lossy(&line).into_owned();
            let Some(words) = resp::split(&line) else {
                sys.print("Invalid argument(s)\n").await;
                continue;
            };
            let name = words.first().map(|word| word.to_ascii_lowercase());
            match name.as_deref() {
                None => continue,
                Some(b"quit" | b"exit") => return 0,
                Some(_) => {}
            }
            match self.ask(&words).await {
                Ok(reply) => sys.print(self.shown(&reply)).await,
                Err(_) if name.as_deref() == Some(b"shutdown") => return 0,
                Err(why) => {
                    sys.eprint(format!("Error: {why}\n")).await;
                    return 1;
                }
            }
        }
    }

    fn shown(&self, reply: &Reply) -> Vec<u8> {
        if self.typed {
            return (typed(reply, "") + "\n").into_bytes();
        }
        let mut out = Vec::new();
        raw(reply, &mut out);
        out.push(b'\n');
        out
    }
}

/// `"text"`, `(integer) 1`, `(nil)`, `1) "a"`.
fn typed(reply: &Reply, indent: &str) -> String {
    match reply {
        Reply::Simple(text) => (*text).to_owned(),
        Reply::Error(text) => format!("(error) {text}"),
        Reply::Integer(number) => format!("(integer) {number}"),
        Reply::Nil => "(nil)".into(),
        Reply::Bulk(bytes) => match bytes.as_slice() {
            // A status is shown bare.
            b"OK" | b"PONG" | b"QUEUED" => String::from_utf8_lossy(bytes).into_owned(),
            _ => quoted(bytes),
        },
        Reply::Array(all) if all.is_empty() => "(empty array)".into(),
        Reply::Array(all) => {
            let width = all.len().to_string().len();
            let inner = format!("{indent}{}", " ".repeat(width + 2));
            let lines = all.iter().enumerate().map(|(at, one)| {
                let lead = if at == 0 { "" } else { indent };
                format!("{lead}{:>width$}) {}", at + 1, typed(one, &inner))
            });
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}

fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from('"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(*byte));
            }
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x20..=0x7e => out.push(char::from(*byte)),
            other => out.push_str(&format!("\\x{other:02x}")),
        }
    }
    out + "\""
}

fn raw(reply: &Reply, out: &mut Vec<u8>) {
    match reply {
        Reply::Simple(text) => out.extend(text.bytes()),
        Reply::Error(text) => out.extend(text.bytes()),
        Reply::Integer(number) => out.extend(number.to_string().bytes()),
        Reply::Nil => {}
        Reply::Bulk(bytes) => out.extend_from_slice(bytes),
        Reply::Array(all) => {
            for (at, one) in all.iter().enumerate() {
                if at > 0 {
                    out.push(b'\n');
                }
                raw(one, out);
            }
        }
    }
}
