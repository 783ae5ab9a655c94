//! `guestbook`: a page with a form, and the store behind it. One program is the primary, its replicas (`--replicaof`) and the front
//! (`--backend-port`), which speak HTTP with one another.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::flags::Flags;
use super::web::{on_port, text};
use super::{dial, log, quote};
use crate::http::{Request, Response};
use crate::sys::Sys;
use crate::time::Duration;

pub(super) const FLAGS: &[(&str, &str)] = &[
    ("http-port", "80"),
    ("backend-port", "6379"),
    ("replicaof", ""),
];
/// Keys, and bytes of a value.
const KEYS_MAX: usize = 1000;
const VALUE_MAX: usize = 64 << 10;
const REPLICAS_MAX: usize = 64;

#[derive(Default)]
struct Store {
    values: BTreeMap<String, String>,
    replicas: Vec<String>,
}

#[derive(Clone)]
struct Book {
    sys: Sys,
    backend: u16,
    store: Rc<RefCell<Store>>,
}

pub(super) async fn main(sys: Sys, flags: Flags) -> i32 {
    let port: u16 = flags.number("http-port");
    let book = Book {
        sys: sys.clone(),
        backend: flags.number("backend-port"),
        store: Rc::default(),
    };
    let primary = flags.text("replicaof").to_owned();
    if !primary.is_empty() {
        let (own, backend) = (sys.clone(), book.backend);
        sys.thread(async move { register(&own, &primary, backend).await });
    }
    log(&sys, &format!("HTTP server started on port {port}")).await;
    on_port(&sys, port, move |request, _| answer(book.clone(), request)).await
}

/// Asks the primary for its writes, until it says yes.
async fn register(sys: &Sys, primary: &str, port: u16) {
    let own = sys.interfaces().into_iter().flat_map(|i| i.addresses);
    let Some((ip, _)) = own.into_iter().find(|(ip, _)| !ip.is_loopback()) else {
        return;
    };
    let target = format!("/register?host={ip}");
    loop {
        if dial::get(sys, primary, port, &target)
            .await
            .is_ok_and(|r| r.code == 200)
        {
            log(sys, &format!("Responded to primary: {primary}")).await;
            return;
        }
        let _ = sys.sleep(Duration::from_secs(1)).await;
    }
}

async fn answer(book: Book, request: Request) -> Response {
    let query = |name: &str| request.query(name).unwrap_or_default();
    match request.path() {
        "/" => Response::new(200, "text/html; charset=utf-8", PAGE),
        "/hello" => text(
            200,
            "Hello from guestbook. Your app is up! (Hostname: ".to_owned()
                + &book.sys.hostname()
                + ")\n",
        ),
        "/env" => {
            let lines: Vec<String> = book
                .sys
                .env()
                .iter()
                .map(|(k, v)| quote(&format!("{k}={v}")))
                .collect();
            text(200, format!("[{}]", lines.join(",")))
        }
        "/register" => {
            let mut store = book.store.borrow_mut();
            let host = query("host");
            if !store.replicas.contains(&host) && store.replicas.len() < REPLICAS_MAX {
                store.replicas.push(host);
            }
            text(200, "")
        }
        "/set" => set(&book, &query("key"), &query("value")).await,
        "/get" => {
            let store = book.store.borrow();
            text(
                200,
                store.values.get(&query("key")).cloned().unwrap_or_default(),
            )
        }
        "/guestbook" => front(&book, &request).await,
        _ => text(404, "404 page not found\n"),
    }
}

async fn set(book: &Book, key: &str, value: &str) -> Response {
    let replicas = {
        let mut store = book.store.borrow_mut();
        if value.len() > VALUE_MAX
            || (store.values.len() >= KEYS_MAX && !store.values.contains_key(key))
        {
            return text(507, "the guestbook is full\n");
        }
        store.values.insert(key.into(), value.into());
        store.replicas.clone()
    };
    let target = format!("/set?key={}&value={}", encode(key), encode(value));
    for replica in replicas {
        let _ = dial::get(&book.sys, &replica, book.backend, &target).await;
    }
    text(200, "")
}

/// The front: writes go to the primary, reads to a replica.
async fn front(book: &Book, request: &Request) -> Response {
    let query = |name: &str| encode(&request.query(name).unwrap_or_default());
    let (key, value) = (query("key"), query("value"));
    let (host, target) = match request.query("cmd").as_deref() {
        Some("set") => ("agnhost-primary", format!("/set?key={key}&value={value}")),
        Some("get") => ("agnhost-replica", format!("/get?key={key}")),
        _ => return text(400, "unsupported command\n"),
    };
    match dial::get(&book.sys, host, book.backend, &target).await {
        Ok(_) if host == "agnhost-primary" => text(200, "{\"message\": \"Updated\"}"),
        Ok(found) => {
            let data = String::from_utf8_lossy(&found.body).into_owned();
            text(200, format!("{{\"data\":{}}}", quote(&data)))
        }
        Err(error) => text(417, format!("unable to contact the backend: {error}\n")),
    }
}

/// Percent-encoding of a query's value.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

const PAGE: &str = "<!doctype html>
<title>Guestbook</title>
<h1>Guestbook</h1>
<form onsubmit=\"event.preventDefault(); fetch('guestbook?cmd=set&key=messages&value=' + encodeURIComponent(this.m.value)).then(show)\">
<input name=\"m\" placeholder=\"Messages\"> <button>Submit</button>
</form>
<p id=\"messages\"></p>
<script>
const show = () => fetch('guestbook?cmd=get&key=messages').then(r => r.json()).then(d => { document.getElementById('messages').textContent = d.data; });
show();
</script>
";
