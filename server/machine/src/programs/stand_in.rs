//! Stand-ins of recordings: an HTTP server that answers `/healthy` and `/ready` by files in /tmp, and
//! `memhog`. Images hold them only where a cluster's facts ask for test programs.

use core::net::SocketAddr;

use crate::http::{Request, Response, serve};
use crate::signal::{Disposition, Signal};
use crate::sys::Sys;
use crate::time::{Civil, Duration};

fn stamp(c: Civil) -> String {
    format!(
        "{:04}/{:02}/{:02} {:02}:{:02}:{:02}",
        c.year, c.month, c.day, c.hour, c.minute, c.second
    )
}

/// Serves on $PORT (8080). As process 1 it ignores TERM, for it has no handler.
pub async fn server(sys: Sys) -> i32 {
    sys.set_signal(Signal::Pipe, Disposition::Ignore);
    let port = sys
        .getenv("PORT")
        .and_then(|p| p.parse().ok())
        .unwrap_or(8080);
    let Ok(listener) = sys.listen(SocketAddr::from(([0, 0, 0, 0], port))) else {
        return 1;
    };
    sys.print(format!(
        "{} Serving on HTTP on :8080\n",
        stamp(sys.now().civil())
    ))
    .await;
    let own = sys.clone();
    serve(&sys, listener, move |request, peer| {
        answer(own.clone(), request, peer)
    })
    .await;
    0
}

async fn answer(sys: Sys, request: Request, peer: SocketAddr) -> Response {
    let line = format!(
        "{} {} {} {}\n",
        stamp(sys.now().civil()),
        peer.ip(),
        request.method,
        request.target
    );
    sys.print(line).await;
    let (code, body) = match request.path() {
        "/healthy" if sys.stat("/tmp/unhealthy").is_ok() => (500, "fail"),
        "/ready" if sys.stat("/tmp/notready").is_ok() => (503, "not ready"),
        "/healthy" | "/ready" => (200, "ok"),
        _ => (200, "hello\n"),
    };
    Response::new(code, "text/plain", body)
}

/// `memhog N`: takes N MiB, says so, sleeps.
pub async fn memhog(sys: Sys) -> i32 {
    let megabytes: u64 = sys.args().get(1).and_then(|a| a.parse().ok()).unwrap_or(0);
    for _ in 0..megabytes {
        if sys.alloc(1 << 20).await.is_err() {
            return 1;
        }
    }
    sys.print("done\n").await;
    while sys.sleep(Duration::from_secs(3600)).await.is_ok() {}
    0
}

/// A TCP proxy's likeness: takes connections on 8080 and lets them go.
pub async fn goproxy(sys: Sys) -> i32 {
    sys.set_signal(Signal::Pipe, Disposition::Ignore);
    let Ok(listener) = sys.listen(SocketAddr::from(([0, 0, 0, 0], 8080))) else {
        return 1;
    };
    sys.set_signal(Signal::Term, Disposition::Catch);
    loop {
        match sys.accept(listener).await {
            Ok((fd, _)) => {
                let own = sys.clone();
                sys.talk(fd, async move {
                    while own.read(fd, 4096).await.is_ok_and(|b| !b.is_empty()) {}
                });
            }
            Err(_) => return 2,
        }
    }
}
