//! `httpd`: Apache's web server in the foreground, with the files of htdocs, its answers and its logs. Its configuration is not read.
//!
//! Mirrors httpd 2.4 as the image `httpd` has it. TERM ends it, and WINCH, with which a container's runtime stops it.

use core::net::SocketAddr;

use super::nginx::{local_time, web_date};
use crate::errno::Errno;
use crate::http::{Request, Response, content_type, reason, serve};
use crate::signal::{Disposition, Signal};
use crate::sys::{Stat, Sys};
use crate::time::{MONTHS, WEEKDAYS};

const ROOT: &str = "/usr/local/apache2/htdocs";

pub async fn main(sys: Sys) -> i32 {
    let version = sys.getenv("HTTPD_VERSION");
    let version = version.unwrap_or_else(|| "2.4.65".into());
    let server = format!("Apache/{version} (Unix)");
    sys.set_signal(Signal::Pipe, Disposition::Ignore);
    for signal in [Signal::Term, Signal::Winch, Signal::Int] {
        sys.set_signal(signal, Disposition::Catch);
    }
    let own = sys.interfaces();
    let mut own = own
        .iter()
        .flat_map(|each| &each.addresses)
        .map(|(ip, _)| *ip);
    let ip = own.find(|ip| !ip.is_loopback());
    let ip = ip.unwrap_or(core::net::Ipv4Addr::LOCALHOST.into());
    // it reads its configuration twice
    for _ in 0..2 {
        sys.eprint(format!("AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using {ip}. Set the 'ServerName' directive globally to suppress this message\n")).await;
    }
    let listener = match sys.listen(SocketAddr::from(([0, 0, 0, 0], 80))) {
        Ok(fd) => fd,
        Err(error) => {
            let why = format!("({}){}", error.number(), error.text());
            sys.eprint(format!("{why}: AH00072: make_sock: could not bind to address 0.0.0.0:80\nno listening sockets available, shutting down\nAH00015: Unable to open logs\n")).await;
            return 1;
        }
    };
    let configured = format!("AH00489: {server} configured -- resuming normal operations");
    note(&sys, "mpm_event", &configured).await;
    note(&sys, "core", "AH00094: Command line: 'httpd -D FOREGROUND'").await;
    let (own, name) = (sys.clone(), server);
    let handle = move |request, peer| answer(own.clone(), name.clone(), request, peer);
    serve(&sys, listener, handle).await;
    let what = match sys.take_signal() {
        Some(Signal::Winch) => "AH00492: caught SIGWINCH, shutting down gracefully",
        _ => "AH00491: caught SIGTERM, shutting down",
    };
    note(&sys, "mpm_event", what).await;
    0
}

/// A line of the error log.
async fn note(sys: &Sys, module: &str, what: &str) {
    let (now, pid) = (sys.now(), sys.pid());
    let c = now.civil();
    sys.eprint(format!(
        "[{} {} {:02} {:02}:{:02}:{:02}.{:06} {}] [{module}:notice] [pid {pid}:tid {pid}] {what}\n",
        WEEKDAYS[c.weekday as usize],
        MONTHS[c.month as usize - 1],
        c.day,
        c.hour,
        c.minute,
        c.second,
        now.subsec_nanos() / 1000,
        c.year
    ))
    .await;
}

async fn answer(sys: Sys, server: String, request: Request, peer: SocketAddr) -> Response {
    let response = page(&sys, &request).await;
    let length = match response.body.len() {
        _ if request.method == "HEAD" => "-".to_owned(),
        0 => "-".to_owned(),
        length => length.to_string(),
    };
    sys.print(format!(
        "{} - - [{}] \"{} {} {}\" {} {length}\n",
        peer.ip(),
        local_time(sys.now()),
        request.method,
        request.target,
        request.version,
        response.code
    ))
    .await;
    let date = web_date(sys.now());
    let head = vec![("Date".to_owned(), date), ("Server".to_owned(), server)];
    Response {
        headers: [head, response.headers].concat(),
        ..response
    }
}

async fn page(sys: &Sys, request: &Request) -> Response {
    if !["GET", "HEAD", "POST", "OPTIONS"].contains(&request.method.as_str()) {
        return error_page(405, "The requested method is not allowed for this URL.");
    }
    let missing = || error_page(404, "The requested URL was not found on this server.");
    let path = request.path();
    if path.split('/').any(|part| part == "..") {
        return error_page(
            400,
            "Your browser sent a request that this server could not understand.<br />",
        );
    }
    let file = format!("{ROOT}{path}");
    let Ok(stat) = sys.stat(&file) else {
        return missing();
    };
    if !stat.is_dir() {
        return send(sys, &file, &stat).await;
    }
    if !path.ends_with('/') {
        let host = request.header("host").unwrap_or("localhost");
        let to = format!("http://{host}{path}/");
        let text = format!("The document has moved <a href=\"{to}\">here</a>.");
        return error_page(301, &text).with("Location", to);
    }
    let index = format!("{file}index.html");
    match sys.stat(&index) {
        Ok(stat) => send(sys, &index, &stat).await,
        Err(_) => listing(sys, path, &file),
    }
}

async fn send(sys: &Sys, file: &str, stat: &Stat) -> Response {
    match sys.read_file(file).await {
        Ok(bytes) => Response::new(200, content_type(file), bytes)
            .with("Last-Modified", web_date(stat.mtime))
            .with("Accept-Ranges", "bytes"),
        Err(Errno::EACCES) => error_page(403, "You don't have permission to access this resource."),
        Err(_) => error_page(404, "The requested URL was not found on this server."),
    }
}

fn listing(sys: &Sys, path: &str, directory: &str) -> Response {
    let title = format!("Index of {}", path.trim_end_matches('/'));
    let mut names: Vec<String> = sys
        .readdir(directory)
        .unwrap_or_default()
        .into_iter()
        .map(|entry| entry.name)
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    let items: String = names
        .iter()
        .map(|name| format!("<li><a href=\"{name}\"> {name}</a></li>\n"))
        .collect();
    let page = format!(
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<html>\n <head>\n  <title>{title}</title>\n </head>\n <body>\n<h1>{title}</h1>\n<ul>{items}</ul>\n</body></html>\n"
    );
    Response::new(200, "text/html;charset=ISO-8859-1", page)
}

fn error_page(code: u16, text: &str) -> Response {
    let phrase = reason(code);
    let page = format!(
        "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>{code} {phrase}</title>\n</head><body>\n<h1>{phrase}</h1>\n<p>{text}</p>\n</body></html>\n"
    );
    Response::new(code, "text/html; charset=iso-8859-1", page)
}
