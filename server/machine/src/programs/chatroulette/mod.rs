//! The chatroulette application: `back` tells its version on 3000, `front` shows a page of cats on 8080.
//! Each cat says one letter when it is clicked.

use core::net::SocketAddr;

use crate::http::{Request, Response, serve};
use crate::signal::{Disposition, Signal};
use crate::sys::Sys;

/// What the cats say, from the first to the last.
const LETTERS: [&str; 4] = ["P", "U", "R", "R"];
const PAGE: &str = include_str!("page.html");
const JSON: &str = "application/json";

/// `GET /version`: who answers.
pub async fn back(sys: Sys) -> i32 {
    run(
        sys,
        3000,
        "chatroulette-back",
        |sys, request| match request.path() {
            "/version" => Response::new(
                200,
                JSON,
                format!(
                    "{{\"name\":\"chatroulette-back\",\"version\":\"1.0.0\",\"host\":\"{}\"}}\n",
                    sys.hostname()
                ),
            ),
            path => Response::new(404, JSON, format!("{{\"error\":\"no route {path}\"}}\n")),
        },
    )
    .await
}

/// `GET /`: the page. `GET /cats/N`: what a cat says.
pub async fn front(sys: Sys) -> i32 {
    run(sys, 8080, "chatroulette-front", |sys, request| {
        let path = request.path();
        if path == "/" {
            let page = PAGE.replace("@host", &sys.hostname());
            return Response::new(200, "text/html; charset=utf-8", page);
        }
        let cat = path
            .strip_prefix("/cats/")
            .and_then(|n| n.parse::<usize>().ok())
            .and_then(|n| LETTERS.get(n.checked_sub(1)?));
        match cat {
            Some(letter) => Response::new(200, JSON, format!("{{\"says\":\"{letter}\"}}\n")),
            None => Response::new(404, JSON, "{\"error\":\"no such cat\"}\n"),
        }
    })
    .await
}

async fn run(sys: Sys, port: u16, name: &str, answer: fn(&Sys, &Request) -> Response) -> i32 {
    sys.set_signal(Signal::Pipe, Disposition::Ignore);
    for signal in [Signal::Term, Signal::Int] {
        sys.set_signal(signal, Disposition::Catch);
    }
    let listener = match sys.listen(SocketAddr::from(([0, 0, 0, 0], port))) {
        Ok(fd) => fd,
        Err(error) => {
            sys.eprint(format!("{name}: port {port}: {}\n", error.text()))
                .await;
            return 1;
        }
    };
    sys.print(format!("{name} 1.0.0 listens on port {port}\n"))
        .await;
    let own = sys.clone();
    serve(&sys, listener, move |request, peer| {
        let own = own.clone();
        async move {
            let response = answer(&own, &request);
            let line = format!(
                "{} {} {} {}\n",
                peer.ip(),
                request.method,
                request.target,
                response.code
            );
            own.print(line).await;
            response
        }
    })
    .await;
    0
}
