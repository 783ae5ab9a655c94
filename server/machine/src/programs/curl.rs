//! `curl`: HTTP from the command line. `-s -S -f -i -I -o -O -L -X -H -d --data -m --connect-timeout -w -v -k`. Mirrors curl 8; no TLS.

use super::lines::{Lines, Output};
use super::options::{self, Options};
use super::wget::within;
use crate::errno::Errno;
use crate::sys::{OpenFlags, Sys};
use crate::time::Duration;
use core::net::SocketAddr;

const LONG: [(&str, char); 22] = [
    ("silent", 's'),
    ("show-error", 'S'),
    ("fail", 'f'),
    ("include", 'i'),
    ("head", 'I'),
    ("output", 'o'),
    ("remote-name", 'O'),
    ("location", 'L'),
    ("request", 'X'),
    ("header", 'H'),
    ("data", 'd'),
    ("data-raw", 'd'),
    ("json", 'J'),
    ("max-time", 'm'),
    ("connect-timeout", 'T'),
    ("write-out", 'w'),
    ("verbose", 'v'),
    ("insecure", 'k'),
    ("user-agent", 'A'),
    ("no-progress-meter", 's'),
    ("compressed", 'Z'),
    ("noproxy", 'N'),
];

/// An error: curl's exit code and words.
type Failure = (i32, String);

pub async fn main(sys: Sys) -> i32 {
    let args = sys.args();
    let options = match options::parse(&args[1..], "sSfiIo:OLX:H:d:J:m:T:w:vkA:ZN:g#", &LONG) {
        Ok(options) => options,
        Err(error) => {
            sys.eprint(format!(
                "curl: {error}\ncurl: try 'curl --help' for more information\n"
            ))
            .await;
            return 2;
        }
    };
    if options.rest.is_empty() {
        sys.eprint("curl: (2) no URL specified\ncurl: try 'curl --help' for more information\n")
            .await;
        return 2;
    }
    let mut status = 0;
    for address in &options.rest {
        let limit = options.value('m').and_then(options::duration);
        let done = match limit {
            Some(limit) => within(&sys, limit, fetch(&sys, address, &options))
                .await
                .unwrap_or_else(|| {
                    let millis = limit.as_millis();
                    Err((
                        28,
                        format!(
                            "Operation timed out after {millis} milliseconds with 0 bytes received"
                        ),
                    ))
                }),
            None => fetch(&sys, address, &options).await,
        };
        if let Err((code, text)) = done {
            if !options.has('s') || options.has('S') {
                sys.eprint(format!("curl: ({code}) {text}\n")).await;
            }
            status = code;
        }
    }
    status
}

struct Url {
    host: String,
    port: u16,
    path: String,
}

fn url(text: &str) -> Result<Url, Failure> {
    let rest = match text.split_once("://") {
        Some(("http", rest)) => rest,
        Some(("https", _)) => {
            return Err((
                35,
                "TLS connect error: this computer speaks plain HTTP only".to_owned(),
            ));
        }
        Some((scheme, _)) => return Err((1, format!("Protocol \"{scheme}\" not supported"))),
        None => text,
    };
    let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (place, path) = rest.split_at(at);
    let path = path.split('#').next().unwrap_or("");
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) => (
            host,
            port.parse().map_err(|_| {
                (
                    3,
                    "URL rejected: Port number was not a decimal number between 0 and 65535"
                        .to_owned(),
                )
            })?,
        ),
        None => (place, 80),
    };
    if host.is_empty() {
        return Err((3, "URL rejected: No host part in the URL".to_owned()));
    }
    Ok(Url {
        host: host.to_owned(),
        port,
        path,
    })
}

async fn fetch(sys: &Sys, address: &str, options: &Options) -> Result<(), Failure> {
    let start = sys.now();
    let mut url = url(address)?;
    for _ in 0..50 {
        let answer = once(sys, &url, options).await?;
        if options.has('L')
            && (300..400).contains(&answer.code)
            && let Some(target) = answer.header("location")
        {
            url = if target.starts_with('/') {
                Url {
                    path: target.to_owned(),
                    ..url
                }
            } else {
                self::url(target)?
            };
            continue;
        }
        if options.has('f') && answer.code >= 400 {
            return Err((
                22,
                format!("The requested URL returned error: {}", answer.code),
            ));
        }
        show(sys, &url, &answer, options).await?;
        if let Some(format) = options.value('w') {
            let (text, _) =
                crate::shell::escape::unescape(format, crate::shell::escape::Style::Format);
            let seconds = sys.now().since(start).as_secs_f64();
            let text = String::from_utf8_lossy(&text)
                .replace("%{http_code}", &format!("{:03}", answer.code))
                .replace("%{response_code}", &format!("{:03}", answer.code))
                .replace("%{time_total}", &format!("{seconds:.6}"))
                .replace("%{size_download}", &answer.body.len().to_string())
                .replace(
                    "%{content_type}",
                    answer.header("content-type").unwrap_or(""),
                );
            sys.print(text).await;
        }
        return Ok(());
    }
    Err((47, "Maximum (50) redirects followed".to_owned()))
}

#[derive(Default)]
struct Answer {
    code: u16,
    /// Status line and headers as they came.
    head: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// The body has been written as it came.
    streamed: bool,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

async fn request(sys: &Sys, url: &Url, options: &Options) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    for (at, piece) in options.values('d').chain(options.values('J')).enumerate() {
        if at > 0 {
            body.push(b'&');
        }
        match piece.strip_prefix('@') {
            Some("-") => body.extend(sys.read_to_end(0, 8 << 20).await.unwrap_or_default()),
            Some(file) => body.extend(
                sys.read_file(file)
                    .await
                    .map_err(|_| (26, format!("Failed to open {file}")))?,
            ),
            None => body.extend(piece.bytes()),
        }
    }
    let posts = options.has('d') || options.has('J');
    let usual = if options.has('I') {
        "HEAD"
    } else if posts {
        "POST"
    } else {
        "GET"
    };
    let method = options.value('X').unwrap_or(usual);
    let host = if url.port == 80 {
        url.host.clone()
    } else {
        format!("{}:{}", url.host, url.port)
    };
    let given = |name: &str| {
        options
            .values('H')
            .any(|header| header.to_ascii_lowercase().starts_with(&format!("{name}:")))
    };
    let mut text = format!("{method} {} HTTP/1.1\r\n", url.path);
    if !given("host") {
        text.push_str(&format!("Host: {host}\r\n"));
    }
    if !given("user-agent") {
        text.push_str(&format!(
            "User-Agent: {}\r\n",
            options.value('A').unwrap_or("curl/8.14.1")
        ));
    }
    if !given("accept") {
        text.push_str("Accept: */*\r\n");
    }
    options
        .values('H')
        .for_each(|header| text.push_str(&format!("{header}\r\n")));
    if posts {
        if !given("content-type") {
            let kind = if options.has('J') {
                "application/json"
            } else {
                "application/x-www-form-urlencoded"
            };
            text.push_str(&format!("Content-Type: {kind}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    if options.has('v') {
        let shown: String = text.lines().map(|line| format!("> {line}\n")).collect();
        sys.eprint(format!("{shown}> \n")).await;
    }
    text.push_str("Connection: close\r\n\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend(body);
    Ok(bytes)
}

async fn once(sys: &Sys, url: &Url, options: &Options) -> Result<Answer, Failure> {
    let start = sys.now();
    let Some(ip) = sys
        .resolve(&url.host)
        .await
        .ok()
        .and_then(|found| found.first().copied())
    else {
        return Err((6, format!("Could not resolve host: {}", url.host)));
    };
    let to = SocketAddr::new(ip, url.port);
    let connecting = sys.connect(to);
    let connected = match options.value('T').and_then(options::duration) {
        Some(limit) => within(sys, limit, connecting)
            .await
            .unwrap_or(Err(Errno::ETIMEDOUT)),
        None => connecting.await,
    };
    let fd = connected.map_err(|error| {
        let millis = sys.now().since(start).as_millis();
        let why = if error == Errno::ETIMEDOUT {
            "Connection timed out"
        } else {
            "Could not connect to server"
        };
        let code = if error == Errno::ETIMEDOUT { 28 } else { 7 };
        (
            code,
            format!(
                "Failed to connect to {} port {} after {millis} ms: {why}",
                url.host, url.port
            ),
        )
    })?;
    if options.has('v') {
        sys.eprint(format!(
            "* Connected to {} ({ip}) port {}\n",
            url.host, url.port
        ))
        .await;
    }
    let request = request(sys, url, options).await?;
    let sent = sys.write_all(fd, &request).await;
    let mut lines = Lines::new(sys, fd);
    let answer = match sent {
        Ok(()) => read(sys, &mut lines, options).await,
        Err(error) => Err((55, format!("Send failure: {}", error.text()))),
    };
    let _ = sys.close(fd);
    answer
}

async fn read(sys: &Sys, lines: &mut Lines, options: &Options) -> Result<Answer, Failure> {
    let mut out = Output::new(sys);
    let mut answer = Answer::default();
    loop {
        let line = match lines.next(&mut out).await {
            Ok(Some(line)) => String::from_utf8_lossy(&line).into_owned(),
            Ok(None) => return Err((52, "Empty reply from server".to_owned())),
            Err(error) => return Err((56, format!("Recv failure: {}", error.text()))),
        };
        if answer.head.is_empty() && !line.starts_with("HTTP/") {
            return Err((1, "Received HTTP/0.9 when not allowed".to_owned()));
        }
        answer.head.push_str(&line);
        let line = line.trim_end();
        if options.has('v') {
            sys.eprint(format!("< {line}\n")).await;
        }
        if line.is_empty() {
            if (100..200).contains(&answer.code) {
                answer = Answer::default();
                continue;
            }
            break;
        }
        match line.split_once(':') {
            Some((key, value)) if answer.code > 0 => answer
                .headers
                .push((key.trim().to_owned(), value.trim().to_owned())),
            _ => {
                answer.code = line
                    .split_whitespace()
                    .nth(1)
                    .and_then(|code| code.parse().ok())
                    .unwrap_or(0)
            }
        }
    }
    if options.has('I') {
        return Ok(answer);
    }
    // A body of unknown length is shown as it comes.
    let plain = !options.has('o') && !options.has('O') && !options.has('f') && !options.has('L');
    let chunked = answer
        .header("transfer-encoding")
        .is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    let length = answer
        .header("content-length")
        .and_then(|value| value.parse::<u64>().ok());
    if plain && options.has('i') {
        sys.print(answer.head.clone()).await;
    }
    answer.streamed = plain;
    let mut left = if chunked {
        0
    } else {
        length.unwrap_or(u64::MAX)
    };
    let mut any = false;
    loop {
        if left == 0 && chunked {
            left = super::wget::next_chunk(sys, lines, any)
                .await
                .unwrap_or_default();
            any = true;
        }
        if left == 0 {
            return Ok(answer);
        }
        let piece = lines
            .bytes(left.min(64 << 10) as usize)
            .await
            .map_err(|error| (56, format!("Recv failure: {}", error.text())))?;
        if piece.is_empty() {
            if length.is_some() && left > 0 {
                return Err((18, "end of response with bytes missing".to_owned()));
            }
            return Ok(answer);
        }
        left -= piece.len() as u64;
        if plain {
            if sys.write_all(1, &piece).await.is_err() {
                return Err((23, "Failure writing output to destination".to_owned()));
            }
        } else if answer.body.len() < 8 << 20 {
            answer.body.extend(piece);
        }
    }
}

async fn show(sys: &Sys, url: &Url, answer: &Answer, options: &Options) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    if !answer.streamed && (options.has('i') || options.has('I')) {
        bytes.extend(answer.head.bytes());
    }
    bytes.extend(&answer.body);
    let file = match options.value('o') {
        Some(file) => Some(file.to_owned()),
        None if options.has('O') => url
            .path
            .split('?')
            .next()
            .and_then(|path| path.rsplit('/').next())
            .map(str::to_owned),
        None => None,
    };
    let Some(file) = file.filter(|file| file != "-") else {
        sys.print(bytes).await;
        return Ok(());
    };
    let wrong = |_: Errno| {
        (
            23,
            format!(
                "Failure writing output to destination, passed {} returned 0",
                answer.body.len()
            ),
        )
    };
    let fd = sys.open(&file, OpenFlags::REPLACE, 0o666).map_err(wrong)?;
    let written = sys.write_all(fd, &bytes).await;
    let _ = sys.close(fd);
    written.map_err(wrong)?;
    if !options.has('s') {
        sys.eprint(format!("  % Total    % Received % Xferd  Average Speed   Time\n100 {:5}  100 {:5}    0     0\n", bytes.len(), bytes.len())).await;
    }
    let _ = sys.cpu(Duration::from_micros(50)).await;
    Ok(())
}
