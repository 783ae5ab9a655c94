//! `grpc-health-checking`: the gRPC health service on a port (in this world one line each way, see the kubelet's probes), and HTTP to
//! make it well or ill.

use core::net::SocketAddr;
use std::cell::Cell;
use std::rc::Rc;

use super::flags::Flags;
use super::log;
use super::web::{on_port, text};
use crate::sys::Sys;

pub(super) const FLAGS: &[(&str, &str)] = &[
    ("port", "5000"),
    ("http-port", "8080"),
    ("delay-unhealthy-sec", "-1"),
    ("service", ""),
];

pub(super) async fn main(sys: Sys, flags: Flags) -> i32 {
    let (port, http): (u16, u16) = (flags.number("port"), flags.number("http-port"));
    let service = flags.text("service").to_owned();
    let serving = Rc::new(Cell::new(true));
    let Ok(listener) = sys.listen(SocketAddr::from(([0, 0, 0, 0], port))) else {
        log(
            &sys,
            &format!("failed to listen: listen tcp :{port}: bind: address already in use"),
        )
        .await;
        return 1;
    };
    let (own, state) = (sys.clone(), serving.clone());
    sys.thread(async move {
        while let Ok((fd, _)) = own.accept(listener).await {
            let asked = own.read(fd, 4096).await.unwrap_or_default();
            let _ = own
                .write_all(fd, answer(&asked, &service, state.get()))
                .await;
            let _ = own.close(fd);
        }
    });
    if let Ok(delay) = flags.text("delay-unhealthy-sec").parse::<u64>() {
        let (own, state) = (sys.clone(), serving.clone());
        sys.thread(async move {
            let _ = own.sleep(crate::time::Duration::from_secs(delay)).await;
            state.set(false);
        });
    }
    log(&sys, &format!("Http server starting to listen on :{http}")).await;
    log(&sys, &format!("gRPC server starting to listen on :{port}")).await;
    on_port(&sys, http, move |request, _| {
        let (known, well) = match request.path() {
            "/make-serving" => (true, true),
            "/make-not-serving" => (true, false),
            _ => (false, false),
        };
        if known {
            serving.set(well);
        }
        core::future::ready(if known {
            text(200, "")
        } else {
            text(404, "404 page not found\n")
        })
    })
    .await
}

fn answer(asked: &[u8], service: &str, serving: bool) -> &'static [u8] {
    let asked = String::from_utf8_lossy(asked);
    let Some(name) = asked.strip_prefix("GRPC grpc.health.v1.Health/Check ") else {
        return b"UNIMPLEMENTED\n";
    };
    match (name.trim(), serving) {
        ("", true) => b"SERVING\n",
        (name, true) if name == service => b"SERVING\n",
        ("", false) => b"NOT_SERVING\n",
        (name, false) if name == service => b"NOT_SERVING\n",
        _ => b"SERVICE_UNKNOWN\n",
    }
}
