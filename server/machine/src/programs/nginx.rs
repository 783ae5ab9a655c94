//! `nginx`: serves /usr/share/nginx/html on port 80 with nginx's answers and access log. Its
//! configuration is not read. QUIT and TERM end it with code 0. `apache` is httpd's likeness.

use core::net::SocketAddr;

use crate::http::{Request, Response, reason, serve};
use crate::signal::{Disposition, Signal};
use crate::sys::Sys;
use crate::time::MONTHS;

/// nginx itself.
pub async fn main(sys: Sys) -> i32 {
    let version = sys
        .getenv("NGINX_VERSION")
        .unwrap_or_else(|| "1.29.3".into());
    let args = sys.args();
    if args.iter().any(|a| a == "-v" || a == "-V") {
        sys.eprint(format!("nginx version: nginx/{version}\n"))
            .await;
        return 0;
    }
    if args.iter().any(|a| a == "-t") {
        sys.eprint("nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n").await;
        return 0;
    }
    for line in [
        "using the \"epoll\" event method".to_string(),
        format!("nginx/{version}"),
        "start worker processes".to_string(),
    ] {
        notice(&sys, &line).await;
    }
    let server = Server {
        name: format!("nginx/{version}"),
        root: "/usr/share/nginx/html",
        nginx: true,
    };
    web(sys, server, &[Signal::Quit, Signal::Term, Signal::Int]).await
}

/// The image's entrypoint script: says what it says, then becomes its arguments.
pub async fn entrypoint(sys: Sys) -> i32 {
    let argv: Vec<String> = sys.args().into_iter().skip(1).collect();
    let Some(first) = argv.first().cloned() else {
        return 0;
    };
    if first == "nginx" {
        for line in [
            "/docker-entrypoint.d/ is not empty, will attempt to perform configuration",
            "Looking for shell scripts in /docker-entrypoint.d/",
            "Configuration complete; ready for start up",
        ] {
            sys.print(format!("/docker-entrypoint.sh: {line}\n")).await;
        }
    }
    let env = sys.env();
    let error = match sys.which(&first, &env) {
        Ok(path) => sys.exec(&path, argv, env).await,
        Err(error) => error,
    };
    sys.eprint(format!(
        "/docker-entrypoint.sh: exec: {first}: {}\n",
        error.text().to_lowercase()
    ))
    .await;
    127
}

/// Apache's httpd in the foreground.
pub async fn apache(sys: Sys) -> i32 {
    let version = sys
        .getenv("HTTPD_VERSION")
        .unwrap_or_else(|| "2.4.65".into());
    let now = sys.now().civil();
    let stamp = format!(
        "{:02}/{}/{}:{:02}:{:02}:{:02} +0000",
        now.day,
        MONTHS[now.month as usize - 1],
        now.year,
        now.hour,
        now.minute,
        now.second
    );
    sys.eprint(format!("[{stamp}] [mpm_event:notice] [pid {}:tid 1] AH00489: Apache/{version} (Unix) configured -- resuming normal operations\n", sys.pid())).await;
    let server = Server {
        name: format!("Apache/{version} (Unix)"),
        root: "/usr/local/apache2/htdocs",
        nginx: false,
    };
    web(sys, server, &[Signal::Term, Signal::Winch, Signal::Int]).await
}

#[derive(Clone)]
struct Server {
    name: String,
    root: &'static str,
    nginx: bool,
}

async fn notice(sys: &Sys, text: &str) {
    let c = sys.now().civil();
    let pid = sys.pid();
    sys.eprint(format!(
        "{:04}/{:02}/{:02} {:02}:{:02}:{:02} [notice] {pid}#{pid}: {text}\n",
        c.year, c.month, c.day, c.hour, c.minute, c.second
    ))
    .await;
}

async fn web(sys: Sys, server: Server, ends: &[Signal]) -> i32 {
    sys.set_signal(Signal::Pipe, Disposition::Ignore);
    for signal in ends {
        sys.set_signal(*signal, Disposition::Catch);
    }
    let listener = match sys.listen(SocketAddr::from(([0, 0, 0, 0], 80))) {
        Ok(fd) => fd,
        Err(error) => {
            sys.eprint(format!(
                "bind() to 0.0.0.0:80 failed ({}: {error})\n",
                error.number()
            ))
            .await;
            return 1;
        }
    };
    let (own, shown) = (sys.clone(), server.clone());
    serve(&sys, listener, move |request, peer| {
        answer(own.clone(), shown.clone(), request, peer)
    })
    .await;
    if server.nginx {
        notice(&sys, "gracefully shutting down").await;
        notice(&sys, "exit").await;
    }
    0
}

async fn answer(sys: Sys, server: Server, request: Request, peer: SocketAddr) -> Response {
    let response = page(&sys, &server, &request).await;
    let now = sys.now().civil();
    let stamp = format!(
        "{:02}/{}/{}:{:02}:{:02}:{:02} +0000",
        now.day,
        MONTHS[now.month as usize - 1],
        now.year,
        now.hour,
        now.minute,
        now.second
    );
    let line = format!(
        "{} - - [{stamp}] \"{} {} {}\" {} {}",
        peer.ip(),
        request.method,
        request.target,
        request.version,
        response.code,
        response.body.len()
    );
    let line = if server.nginx {
        let from = |name| request.header(name).unwrap_or("-").to_string();
        format!(
            "{line} \"{}\" \"{}\" \"{}\"\n",
            from("referer"),
            from("user-agent"),
            from("x-forwarded-for")
        )
    } else {
        line + "\n"
    };
    sys.print(line).await;
    response.with("Server", server.name)
}

async fn page(sys: &Sys, server: &Server, request: &Request) -> Response {
    if request.method != "GET" && request.method != "HEAD" {
        return error_page(server, 405);
    }
    let path = request.path();
    if path.split('/').any(|part| part == "..") {
        return error_page(server, 400);
    }
    let mut file = format!("{}{path}", server.root);
    match sys.stat(&file) {
        Ok(stat) if stat.is_dir() && !path.ends_with('/') => {
            return error_page(server, 301).with("Location", format!("{path}/"));
        }
        Ok(stat) if stat.is_dir() => file.push_str("index.html"),
        _ => {}
    }
    match sys.read_file(&file).await {
        Ok(bytes) => Response::new(200, content_type(&file), bytes),
        Err(error) => {
            let text = format!("open() \"{file}\" failed ({}: {error})", error.number());
            if server.nginx {
                let c = sys.now().civil();
                sys.eprint(format!("{:04}/{:02}/{:02} {:02}:{:02}:{:02} [error] {}#0: {text}, request: \"{} {} {}\"\n", c.year, c.month, c.day, c.hour, c.minute, c.second, sys.pid(), request.method, request.target, request.version)).await;
            }
            let missing_index =
                path.ends_with('/') && sys.stat(&format!("{}{path}", server.root)).is_ok();
            let denied = error == crate::errno::Errno::EACCES;
            error_page(server, if missing_index || denied { 403 } else { 404 })
        }
    }
}

fn error_page(server: &Server, code: u16) -> Response {
    let title = format!("{code} {}", reason(code));
    let body = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>{}</center>\r\n</body>\r\n</html>\r\n",
        server.name
    );
    Response::new(code, "text/html", body)
}

/// By the end of the name.
pub(crate) fn content_type(file: &str) -> &'static str {
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
