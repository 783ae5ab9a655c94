//! kuard's JSON interfaces and its file browser.

use core::fmt::Write;
use core::net::{IpAddr, Ipv4Addr};

use super::{Kuard, Probe};
use crate::http::content_type;
use crate::http::{Request, Response};
use crate::sys::{RecordKind, ResolveError};
use crate::time::Time;

/// A JSON string.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '<' => out.push_str("\\u003c"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out + "\""
}

pub(super) fn json(body: String) -> Response {
    Response::new(200, "application/json", body).with("Cache-Control", "no-cache")
}

/// The value of a field of a flat JSON object.
fn field(body: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(body).into_owned();
    let (_, rest) = text.split_once(&format!("\"{name}\""))?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    match rest.strip_prefix('"') {
        Some(string) => string.split('"').next().map(str::to_string),
        None => rest.split([',', '}']).next().map(|v| v.trim().to_string()),
    }
}

pub(super) fn probe(probe: &Probe, path: &str, now: Time) -> Response {
    let history: Vec<String> = probe
        .history
        .borrow()
        .iter()
        .map(|(id, when, code)| {
            let ago = now.since(*when).as_secs();
            format!("{{\"id\":{id},\"when\":\"{when}\",\"relWhen\":\"{ago} seconds ago\",\"code\":{code}}}")
        })
        .collect();
    json(format!(
        "{{\"probePath\":\"{path}\",\"failNext\":{},\"history\":[{}]}}",
        probe.fail_next.get(),
        history.join(",")
    ))
}

pub(super) fn set_probe(probe: &Probe, request: &Request) -> Response {
    match field(&request.body, "failNext").and_then(|v| v.parse().ok()) {
        Some(count) => {
            probe.fail_next.set(count);
            json(String::new())
        }
        None => Response::new(400, "text/plain; charset=utf-8", "invalid JSON\n"),
    }
}

pub(super) fn memory(kuard: &Kuard) -> Response {
    let held = kuard.allocated.get();
    let (alloc, sys) = (held + (2 << 20), held + (12 << 20));
    json(format!(
        "{{\"memStats\":{{\"Alloc\":{alloc},\"TotalAlloc\":{alloc},\"Sys\":{sys},\"HeapAlloc\":{alloc},\"HeapSys\":{sys},\"HeapInuse\":{alloc},\"NumGC\":1}}}}"
    ))
}

pub(super) async fn allocate(kuard: &Kuard, request: &Request) -> Response {
    let Some(size) = request.query("size").and_then(|s| s.parse::<u64>().ok()) else {
        return Response::new(400, "text/plain; charset=utf-8", "bad size\n");
    };
    let mut left = size;
    while left > 0 {
        let piece = left.min(4 << 20);
        if kuard.sys.alloc(piece).await.is_err() {
            return Response::new(500, "text/plain; charset=utf-8", "out of memory\n");
        }
        kuard.allocated.set(kuard.allocated.get() + piece);
        left -= piece;
    }
    json(String::new())
}

pub(super) fn clear(kuard: &Kuard) -> Response {
    kuard.sys.free(kuard.allocated.replace(0));
    json(String::new())
}

pub(super) fn environment(kuard: &Kuard) -> Response {
    let line: Vec<String> = kuard.sys.args().iter().map(|a| quote(a)).collect();
    let env: Vec<String> = kuard
        .sys
        .env()
        .iter()
        .map(|(k, v)| format!("{}:{}", quote(k), quote(v)))
        .collect();
    json(format!(
        "{{\"commandLine\":[{}],\"env\":{{{}}}}}",
        line.join(","),
        env.join(",")
    ))
}

pub(super) async fn dns(kuard: &Kuard, request: &Request) -> Response {
    let name = field(&request.body, "name").unwrap_or_default();
    let kind = match field(&request.body, "type").unwrap_or_default().as_str() {
        "AAAA" => RecordKind::Aaaa,
        "CNAME" => RecordKind::Cname,
        "SRV" => RecordKind::Srv,
        "PTR" => RecordKind::Ptr,
        "TXT" => RecordKind::Txt,
        "NS" => RecordKind::Ns,
        _ => RecordKind::A,
    };
    let config = kuard
        .sys
        .read_file("/etc/resolv.conf")
        .await
        .unwrap_or_default();
    let config = String::from_utf8_lossy(&config).into_owned();
    let words = |key: &str| -> Vec<String> {
        let lines = config.lines().map(str::split_whitespace);
        lines
            .filter_map(|mut w| {
                (w.next() == Some(key)).then(|| w.map(str::to_string).collect::<Vec<_>>())
            })
            .flatten()
            .collect()
    };
    let server = words("nameserver")
        .first()
        .and_then(|s| s.parse().ok())
        .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let mut names = vec![name.trim_end_matches('.').to_string()];
    if !name.ends_with('.') {
        let searched = words("search").into_iter().map(|s| format!("{name}.{s}"));
        names.splice(0..0, searched);
    }
    let mut text = String::new();
    for name in names {
        match kuard.sys.dns(server, &name, kind).await {
            Ok(answer) if !answer.records.is_empty() => {
                text.clear();
                let _ = writeln!(text, ";; ANSWER SECTION:");
                for record in answer.records {
                    let kind = format!("{:?}", record.kind).to_uppercase();
                    let _ = writeln!(
                        text,
                        "{}.\t{}\tIN\t{kind}\t{}",
                        record.name, record.ttl, record.data
                    );
                }
                break;
            }
            Err(ResolveError::Timeout) => {
                text = format!("read udp {server}:53: i/o timeout");
                break;
            }
            _ => {
                let _ = writeln!(text, ";; {name}. NXDOMAIN");
            }
        }
    }
    json(format!("{{\"result\":{}}}", quote(&text)))
}

pub(super) fn keygen() -> Response {
    json("{\"config\":{\"enable\":false,\"numToGen\":0,\"timeToRun\":0,\"exitOnComplete\":false,\"exitCode\":0,\"memQServer\":\"\",\"memQQueue\":\"\"},\"history\":[]}".into())
}

pub(super) fn metrics(kuard: &Kuard) -> Response {
    let body = format!(
        "# HELP request_duration_seconds Time serving HTTP request\n# TYPE request_duration_seconds histogram\nrequest_duration_seconds_count {}\n# HELP process_resident_memory_bytes Resident memory size in bytes.\n# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes {}\n",
        kuard.requests.get(),
        kuard.allocated.get() + (12 << 20)
    );
    Response::new(200, "text/plain; version=0.0.4", body)
}

/// `/fs/…`: the container's files.
pub(super) async fn files(kuard: &Kuard, base: &str, path: &str) -> Response {
    let file = &path["/fs".len()..];
    let denied = |e: crate::errno::Errno| {
        let code = if e == crate::errno::Errno::EACCES {
            403
        } else {
            404
        };
        Response::new(
            code,
            "text/plain; charset=utf-8",
            format!(
                "{code} {}\n",
                if code == 403 {
                    "Forbidden"
                } else {
                    "page not found"
                }
            ),
        )
    };
    match kuard.sys.stat(file) {
        Ok(stat) if stat.is_dir() && !path.ends_with('/') => {
            Response::new(301, "text/html", "").with("Location", format!("{base}{path}/"))
        }
        Ok(stat) if stat.is_dir() => match kuard.sys.readdir(file) {
            Ok(entries) => {
                let lines: Vec<String> = entries
                    .iter()
                    .map(|e| {
                        let name = super::page::escape(&e.name);
                        let slash = if e.kind == crate::sys::FileKind::Directory {
                            "/"
                        } else {
                            ""
                        };
                        format!("<a href=\"{name}{slash}\">{name}{slash}</a>\n")
                    })
                    .collect();
                Response::new(
                    200,
                    "text/html; charset=utf-8",
                    format!("<pre>\n{}</pre>\n", lines.concat()),
                )
            }
            Err(error) => denied(error),
        },
        Ok(_) => match kuard.sys.read_file(file).await {
            Ok(bytes) => {
                let kind = content_type(file);
                let text = kind == "application/octet-stream" && bytes.iter().all(|b| *b != 0);
                Response::new(
                    200,
                    if text {
                        "text/plain; charset=utf-8"
                    } else {
                        kind
                    },
                    bytes,
                )
            }
            Err(error) => denied(error),
        },
        Err(error) => denied(error),
    }
}
