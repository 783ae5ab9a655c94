//! `wordpress`: answers on 80 with a page when its database ($WORDPRESS_DB_HOST) can be reached, and with
//! WordPress's error 500 when not.

use core::net::SocketAddr;

use crate::http::{Response, serve};
use crate::signal::{Disposition, Signal};
use crate::sys::Sys;

pub async fn main(sys: Sys) -> i32 {
    sys.set_signal(Signal::Pipe, Disposition::Ignore);
    for signal in [Signal::Winch, Signal::Term, Signal::Int] {
        sys.set_signal(signal, Disposition::Catch);
    }
    let Ok(listener) = sys.listen(SocketAddr::from(([0, 0, 0, 0], 80))) else {
        return 1;
    };
    sys.eprint("WordPress has been successfully copied to /var/www/html\n")
        .await;
    let own = sys.clone();
    serve(&sys, listener, move |request, peer| {
        let own = own.clone();
        async move {
            let response = page(&own).await;
            let line = format!(
                "{} \"{} {} {}\" {}\n",
                peer.ip(),
                request.method,
                request.target,
                request.version,
                response.code
            );
            own.print(line).await;
            response
        }
    })
    .await;
    0
}

async fn page(sys: &Sys) -> Response {
    let host = sys
        .getenv("WORDPRESS_DB_HOST")
        .unwrap_or_else(|| "mysql".into());
    let (host, port) = match host.split_once(':') {
        Some((host, port)) => (host.to_owned(), port.parse().unwrap_or(3306)),
        None => (host, 3306),
    };
    let html = "text/html; charset=UTF-8";
    let reached = match sys.resolve(&host).await {
        Ok(found) if !found.is_empty() => sys.connect(SocketAddr::new(found[0], port)).await.ok(),
        _ => None,
    };
    match reached {
        Some(fd) => {
            let _ = sys.close(fd);
            let body = format!(
                "<!doctype html>\n<title>WordPress</title>\n<h1>Hello world!</h1>\n<p>Welcome to WordPress. The database is at {host}:{port}.</p>\n"
            );
            Response::new(200, html, body)
        }
        None => Response::new(
            500,
            html,
            "<!doctype html>\n<title>Database Error</title>\n<h1>Error establishing a database connection</h1>\n",
        ),
    }
}
