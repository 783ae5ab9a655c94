//! `curl`: asks over HTTP and prints the answer. `-X -d -H -A -o -w -m -i -I -f -L -s -S`. Mirrors curl 8's words and exit
//! codes. Not a meter of progress, and no TLS.

use super::options::{self, Options};
use super::wget::{Url, parse_url, within};
use crate::errno::Errno;
use crate::http::{Request, Response, Stream, Wire, reason};
use crate::sys::{OpenFlags, Sys};
use crate::time::Duration;
use core::net::SocketAddr;

const LONG: &[(&str, char)] = &[
    ("request", 'X'),
    ("data", 'd'),
    ("data-raw", 'd'),
    ("header", 'H'),
    ("user-agent", 'A'),
    ("output", 'o'),
    ("write-out", 'w'),
    ("max-time", 'm'),
    ("connect-timeout", 'm'),
    ("include", 'i'),
    ("head", 'I'),
    ("fail", 'f'),
    ("location", 'L'),
    ("silent", 's'),
    ("show-error", 'S'),
    ("insecure", 'k'),
];

/// Redirections that are followed.
const MOST: usize = 50;

/// Exit code and message.
type Failure = (i32, String);

pub async fn main(sys: Sys) -> i32 {
    let args = sys.args();
    let words = args.get(1..).unwrap_or_default();
    let options = match options::parse(words, "X:d:H:A:o:w:m:iIfLsSk", LONG) {
        Ok(options) => options,
        Err(error) => {
            let text = match error.split('\'').nth(1) {
                Some(name) if name.starts_with('-') => format!("option {name}: is unknown"),
                Some(name) => format!("option -{name}: is unknown"),
                None => error,
            };
            sys.eprint(format!(
                "curl: {text}\ncurl: try 'curl --help' for more information\n"
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
    let mut last = 0;
    for address in &options.rest {
        let asked = match options.value('m').and_then(options::duration) {
            Some(limit) => within(&sys, limit, fetch(&sys, address, &options))
                .await
                .unwrap_or_else(|| Err(too_long(limit))),
            None => fetch(&sys, address, &options).await,
        };
        if let Err((code, text)) = asked {
            if !options.has('s') || options.has('S') {
                sys.eprint(format!("curl: ({code}) {text}\n")).await;
            }
            last = code;
        }
    }
    last
}

fn too_long(limit: Duration) -> Failure {
    let text = format!(
        "Operation timed out after {} milliseconds with 0 bytes received",
        limit.as_millis()
    );
    (28, text)
}

/// The address in its parts; a scheme that is not spoken here is told as curl tells it.
fn read_url(address: &str) -> Result<Url, Failure> {
    match address.split_once("://") {
        Some((scheme, _)) if scheme != "http" => Err((
            1,
            format!("Protocol \"{scheme}\" not supported or disabled in libcurl"),
        )),
        _ => parse_url(address).map_err(|_| (3, "URL rejected: Malformed input".to_owned())),
    }
}

async fn fetch(sys: &Sys, address: &str, options: &Options) -> Result<(), Failure> {
    let mut url = read_url(address)?;
    for _ in 0..MOST {
        let answer = ask(sys, &url, options).await?;
        let target = answer.header("location").map(str::to_owned);
        match target.filter(|_| options.has('L') && (300..400).contains(&answer.code)) {
            Some(path) if path.starts_with('/') => url.path = path,
            Some(other) => url = read_url(&other)?,
            None => return show(sys, &answer, options).await,
        }
    }
    Err((47, format!("Maximum ({MOST}) redirects followed")))
}

async fn ask(sys: &Sys, url: &Url, options: &Options) -> Result<Response, Failure> {
    let addresses = sys.resolve(&url.host).await.unwrap_or_default();
    let address = addresses.iter().find(|a| a.is_ipv4()).or(addresses.first());
    let Some(address) = address.copied() else {
        return Err((6, format!("Could not resolve host: {}", url.host)));
    };
    let begun = sys.now();
    let fd = sys
        .connect(SocketAddr::new(address, url.port))
        .await
        .map_err(|error| {
            let took = sys.now().since(begun).as_millis();
            let (host, port) = (&url.host, url.port);
            let text = format!("Failed to connect to {host} port {port} after {took} ms: ");
            if error == Errno::ETIMEDOUT {
                (28, text + "Timeout was reached")
            } else {
                (7, text + "Could not connect to server")
            }
        })?;
    let mut stream = Stream::new(Wire::Process(sys.clone(), fd));
    let request = request(sys, url, options).await?;
    let answer = stream.fetch(&request).await;
    let _ = sys.close(fd);
    answer.map_err(|error| match error {
        Errno::ECONNRESET | Errno::EPIPE => (52, "Empty reply from server".to_owned()),
        _ => (56, format!("Recv failure: {}", error.text())),
    })
}

async fn request(sys: &Sys, url: &Url, options: &Options) -> Result<Request, Failure> {
    let host = if url.port == 80 {
        url.host.clone()
    } else {
        format!("{}:{}", url.host, url.port)
    };
    let mut pieces = Vec::new();
    for data in options.values('d') {
        pieces.push(match data.strip_prefix('@') {
            Some(file) => sys
                .read_file(file)
                .await
                .map_err(|_| (26, format!("Failed to open {file}")))?
                .into_iter()
                .filter(|byte| !matches!(byte, b'\n' | b'\r'))
                .collect(),
            None => data.as_bytes().to_vec(),
        });
    }
    let method = match options.value('X') {
        Some(method) => method,
        None if options.has('I') => "HEAD",
        None if options.has('d') => "POST",
        None => "GET",
    };
    let mut request = Request {
        method: method.to_owned(),
        body: pieces.join(&b'&'),
        ..Request::get(&url.path, &host)
    };
    let own: Vec<(String, String)> = options
        .values('H')
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let agent = options.value('A').unwrap_or("curl/8.14.1");
    let mut usual = vec![("User-Agent", agent), ("Accept", "*/*")];
    if options.has('d') {
        usual.push(("Content-Type", "application/x-www-form-urlencoded"));
    }
    for (name, value) in usual {
        if !own
            .iter()
            .any(|(given, _)| given.eq_ignore_ascii_case(name))
        {
            request.headers.push((name.to_owned(), value.to_owned()));
        }
    }
    request.headers.extend(own);
    Ok(request)
}

async fn show(sys: &Sys, answer: &Response, options: &Options) -> Result<(), Failure> {
    let failed = options.has('f') && answer.code >= 400;
    let mut bytes = Vec::new();
    if options.has('i') || options.has('I') {
        bytes.extend(format!("HTTP/1.1 {} {}\r\n", answer.code, reason(answer.code)).bytes());
        for (name, value) in &answer.headers {
            bytes.extend(format!("{name}: {value}\r\n").bytes());
        }
        bytes.extend(b"\r\n");
    }
    bytes.extend(&answer.body);
    if !failed {
        let unwritten = |_| (23, "Failure writing output to destination".to_owned());
        match options.value('o').filter(|path| *path != "-") {
            Some(path) => {
                let fd = sys
                    .open(path, OpenFlags::REPLACE, 0o666)
                    .map_err(unwritten)?;
                sys.write_all(fd, &bytes).await.map_err(unwritten)?;
                let _ = sys.close(fd);
            }
            None => sys.write_all(1, &bytes).await.map_err(unwritten)?,
        }
    }
    if let Some(format) = options.value('w') {
        let text = format
            .replace("%{http_code}", &format!("{:03}", answer.code))
            .replace("%{response_code}", &format!("{:03}", answer.code))
            .replace("%{size_download}", &answer.body.len().to_string())
            .replace("\\n", "\n")
            .replace("\\t", "\t");
        sys.print(text).await;
    }
    if failed {
        return Err((
            22,
            format!("The requested URL returned error: {}", answer.code),
        ));
    }
    Ok(())
}
