//! `nslookup [-type=TYPE] NAME [SERVER]`: asks a DNS server. Mirrors busybox 1.36: a name with a dot is asked as it is, one
//! without is asked in every domain of resolv.conf's search list, each answer shown.

use super::options::{self, complain};
use crate::sys::{DnsAnswer, RecordKind, ResolveError, Sys};
use core::net::IpAddr;

const USAGE: &str = "[-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n\nQuery DNS about HOST";

pub async fn main(sys: Sys) -> i32 {
    let mut kinds = Vec::new();
    let mut rest = Vec::new();
    for word in sys.args().into_iter().skip(1) {
        let Some(option) = word.strip_prefix('-') else {
            rest.push(word);
            continue;
        };
        let kind = option
            .split_once('=')
            .map_or("", |(_, kind)| kind)
            .to_ascii_lowercase();
        kinds.push(match kind.as_str() {
            "a" => RecordKind::A,
            "aaaa" => RecordKind::Aaaa,
            "cname" => RecordKind::Cname,
            "srv" => RecordKind::Srv,
            "ptr" => RecordKind::Ptr,
            "txt" => RecordKind::Txt,
            "ns" => RecordKind::Ns,
            "soa" => RecordKind::Soa,
            "any" => RecordKind::A,
            _ if option.starts_with("debug") => continue,
            _ => {
                complain(&sys, &format!("invalid query type \"{kind}\"")).await;
                return 1;
            }
        });
    }
    let Some(name) = rest.first().cloned() else {
        options::show_usage(&sys, USAGE).await;
        return 1;
    };
    let config = sys.read_file("/etc/resolv.conf").await.unwrap_or_default();
    let config = String::from_utf8_lossy(&config).into_owned();
    let words = |key: &str| -> Vec<String> {
        let lines = config.lines().map(str::split_whitespace);
        lines
            .filter_map(|mut words| {
                (words.next() == Some(key)).then(|| words.map(str::to_owned).collect::<Vec<_>>())
            })
            .flatten()
            .collect()
    };
    let server = match rest.get(1) {
        Some(name) => match sys
            .resolve(name)
            .await
            .ok()
            .and_then(|found| found.first().copied())
        {
            Some(ip) => ip,
            None => {
                complain(&sys, &format!("can't resolve '{name}'")).await;
                return 1;
            }
        },
        None => words("nameserver")
            .iter()
            .find_map(|text| text.parse().ok())
            .unwrap_or(IpAddr::from([127, 0, 0, 1])),
    };
    let reverse = name.parse::<IpAddr>().ok();
    if kinds.is_empty() {
        kinds = if reverse.is_some() {
            vec![RecordKind::Ptr]
        } else {
            vec![RecordKind::A, RecordKind::Aaaa]
        };
    }
    let asked = match reverse {
        Some(IpAddr::V4(ip)) => {
            let [a, b, c, d] = ip.octets();
            vec![format!("{d}.{c}.{b}.{a}.in-addr.arpa")]
        }
        Some(IpAddr::V6(ip)) => {
            let digits: Vec<String> = ip
                .octets()
                .iter()
                .rev()
                .flat_map(|byte| [byte & 15, byte >> 4])
                .map(|digit| format!("{digit:x}"))
                .collect();
            vec![format!("{}.ip6.arpa", digits.join("."))]
        }
        None if name.contains('.') => vec![name.trim_end_matches('.').to_owned()],
        None => {
            let search = words("search");
            if search.is_empty() {
                vec![name.clone()]
            } else {
                search
                    .iter()
                    .map(|domain| format!("{name}.{domain}"))
                    .collect()
            }
        }
    };
    let mut out = format!("Server:\t\t{server}\nAddress:\t{server}:53\n\n");
    let mut status = 0;
    for kind in kinds {
        for name in &asked {
            match sys.dns(server, name, kind).await {
                Ok(answer) if answer.exists || !answer.records.is_empty() => {
                    out.push_str(&shown(&answer))
                }
                Ok(_) => {
                    out.push_str(&format!("** server can't find {name}: NXDOMAIN\n"));
                    status = 1;
                }
                Err(ResolveError::Timeout) => {
                    sys.eprint(";; connection timed out; no servers could be reached\n\n")
                        .await;
                    return 1;
                }
                Err(_) => {
                    out.push_str(&format!("** server can't find {name}: SERVFAIL\n"));
                    status = 1;
                }
            }
            out.push('\n');
        }
    }
    sys.print(out).await;
    status
}

fn shown(answer: &DnsAnswer) -> String {
    let line = |record: &crate::sys::Record| {
        let (name, data) = (&record.name, record.data.trim_end_matches('.'));
        match record.kind {
            RecordKind::A | RecordKind::Aaaa => format!("Name:\t{name}\nAddress: {data}\n"),
            RecordKind::Cname => format!("{name}\tcanonical name = {data}\n"),
            RecordKind::Ptr => format!("{name}\tname = {data}\n"),
            RecordKind::Srv => format!("{name}\tservice = {data}\n"),
            RecordKind::Txt => format!("{name}\ttext = {}\n", record.data),
            RecordKind::Ns => format!("{name}\tnameserver = {data}\n"),
            RecordKind::Soa => format!("{name}\n\torigin = {data}\n"),
        }
    };
    answer.records.iter().map(line).collect()
}
