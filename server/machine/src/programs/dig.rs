//! `dig [@SERVER] [-t TYPE] [-x ADDRESS] NAME [TYPE] [+short] [+search] [+noall +answer]`: asks a DNS server and shows its answer whole.
//! Mirrors BIND's dig 9.18.

use core::net::IpAddr;

use super::wget::within;
use crate::sys::{DnsAnswer, RecordKind, ResolveError, Sys};
use crate::time::{Duration, MONTHS, WEEKDAYS};

/// How long one attempt lasts, and how many there are.
const PATIENCE: Duration = Duration::from_secs(5);
const TRIES: u32 = 3;

#[derive(Default)]
struct Options {
    server: Option<String>,
    name: Option<String>,
    kind: Option<RecordKind>,
    reverse: bool,
    short: bool,
    search: bool,
    answer_only: bool,
}

fn kind(text: &str) -> Option<RecordKind> {
    Some(match text.to_ascii_uppercase().as_str() {
        "A" | "ANY" => RecordKind::A,
        "AAAA" => RecordKind::Aaaa,
        "CNAME" => RecordKind::Cname,
        "SRV" => RecordKind::Srv,
        "PTR" => RecordKind::Ptr,
        "TXT" => RecordKind::Txt,
        "NS" => RecordKind::Ns,
        "SOA" => RecordKind::Soa,
        _ => return None,
    })
}

fn label(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::A => "A",
        RecordKind::Aaaa => "AAAA",
        RecordKind::Cname => "CNAME",
        RecordKind::Srv => "SRV",
        RecordKind::Ptr => "PTR",
        RecordKind::Txt => "TXT",
        RecordKind::Ns => "NS",
        RecordKind::Soa => "SOA",
    }
}

fn parse(args: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if let Some(server) = arg.strip_prefix('@') {
            options.server = Some(server.to_owned());
        } else if let Some(plus) = arg.strip_prefix('+') {
            match plus.split('=').next().unwrap_or(plus) {
                "short" => options.short = true,
                "noshort" => options.short = false,
                "search" => options.search = true,
                "nosearch" => options.search = false,
                "noall" | "nocomments" => options.answer_only = true,
                "answer" | "nocmd" | "noquestion" | "nostats" | "tcp" | "notcp" | "time"
                | "tries" | "retry" | "all" | "recurse" | "norecurse" | "ndots" | "edns"
                | "noedns" | "multiline" | "cookie" | "nocookie" => {}
                other => return Err(format!("Invalid option: +{other}")),
            }
        } else if arg == "-x" {
            options.reverse = true;
            options.name = args.next().cloned();
        } else if arg == "-t" {
            let text = args.next().cloned().unwrap_or_default();
            options.kind =
                Some(kind(&text).ok_or(format!("Warning, ignoring invalid type {text}"))?);
        } else if arg.starts_with('-') && arg.len() > 1 {
            return Err(format!("Invalid option: {arg}"));
        } else if let (Some(_), Some(kind)) = (&options.name, kind(arg)) {
            options.kind = Some(kind);
        } else if arg.eq_ignore_ascii_case("IN") {
        } else if options.name.is_none() {
            options.name = Some(arg.clone());
        }
    }
    Ok(options)
}

pub async fn main(sys: Sys) -> i32 {
    let args = sys.args();
    let words = &args[1.min(args.len())..];
    let options = match parse(words) {
        Ok(options) => options,
        Err(error) => {
            sys.eprint(format!(
                "{error}\nUsage:  dig [@global-server] [domain] [q-type] {{q-opt}}\n"
            ))
            .await;
            return 1;
        }
    };
    let config = sys.read_file("/etc/resolv.conf").await.unwrap_or_default();
    let config = String::from_utf8_lossy(&config).into_owned();
    let Some(server) = server(&sys, &options, &config).await else {
        let name = options.server.unwrap_or_default();
        sys.eprint(format!(
            "dig: couldn't get address for '{name}': not found\n"
        ))
        .await;
        return 10;
    };
    let (names, kind) = question(&options, &config);
    let heading = format!(
        "\n; <<>> DiG 9.18.41 <<>> {}\n;; global options: +cmd\n",
        words.join(" ")
    );
    let begun = sys.now();
    let mut last = None;
    for name in &names {
        match ask(&sys, server, name, kind).await {
            Ok(answer) => {
                let found = !answer.records.is_empty();
                last = Some((name, answer));
                if found {
                    break;
                }
            }
            Err(ResolveError::ServerFailure) => {}
            Err(_) => {
                if !options.short {
                    sys.print(heading).await;
                }
                sys.print(";; no servers could be reached\n").await;
                return 9;
            }
        }
    }
    if options.short {
        let records = last.map(|(_, answer)| answer.records).unwrap_or_default();
        let lines = records.iter().map(|record| record.data.clone() + "\n");
        sys.print(lines.collect::<String>()).await;
        return 0;
    }
    let took = sys.now().since(begun).as_millis();
    let text = whole(&sys, last, &names, kind, server, took as u64);
    if options.answer_only {
        let lines = text
            .lines()
            .filter(|line| !line.starts_with(';') && !line.is_empty());
        sys.print(lines.map(|line| format!("{line}\n")).collect::<String>())
            .await;
    } else {
        sys.print(heading + &text).await;
    }
    0
}

async fn server(sys: &Sys, options: &Options, config: &str) -> Option<IpAddr> {
    match &options.server {
        Some(name) => sys.resolve(name).await.ok()?.first().copied(),
        None => {
            let lines = config
                .lines()
                .filter_map(|line| line.strip_prefix("nameserver"));
            let first = lines.filter_map(|rest| rest.trim().parse().ok()).next();
            Some(first.unwrap_or(IpAddr::from([127, 0, 0, 1])))
        }
    }
}

/// The names to ask for in turn, and the type.
fn question(options: &Options, config: &str) -> (Vec<String>, RecordKind) {
    let name = options.name.clone().unwrap_or_else(|| ".".into());
    if options.reverse
        && let Ok(IpAddr::V4(ip)) = name.parse()
    {
        let [a, b, c, d] = ip.octets();
        return (
            vec![format!("{d}.{c}.{b}.{a}.in-addr.arpa")],
            RecordKind::Ptr,
        );
    }
    let kind = options.kind.unwrap_or(RecordKind::A);
    let plain = name.trim_end_matches('.').to_owned();
    if !options.search || name.ends_with('.') {
        return (vec![plain], kind);
    }
    let domains = config
        .lines()
        .filter_map(|line| line.strip_prefix("search "));
    let mut all: Vec<String> = domains
        .flat_map(str::split_whitespace)
        .map(|domain| format!("{plain}.{domain}"))
        .collect();
    all.push(plain);
    (all, kind)
}

async fn ask(
    sys: &Sys,
    server: IpAddr,
    name: &str,
    kind: RecordKind,
) -> Result<DnsAnswer, ResolveError> {
    for _ in 0..TRIES {
        match within(sys, PATIENCE, sys.dns(server, name, kind)).await {
            Some(Err(ResolveError::Timeout)) | None => {}
            Some(answer) => return answer,
        }
    }
    Err(ResolveError::Timeout)
}

fn whole(
    sys: &Sys,
    found: Option<(&String, DnsAnswer)>,
    names: &[String],
    kind: RecordKind,
    server: IpAddr,
    took: u64,
) -> String {
    let id = u16::from_le_bytes([sys.random(1)[0], sys.random(1)[0]]);
    let status = match &found {
        None => "SERVFAIL",
        Some((_, answer)) if answer.exists || !answer.records.is_empty() => "NOERROR",
        Some(_) => "NXDOMAIN",
    };
    let asked = found.as_ref().map_or(&names[0], |(name, _)| name);
    let records = found
        .as_ref()
        .map_or(&[][..], |(_, answer)| answer.records.as_slice());
    let mut out = format!(
        ";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {status}, id: {id}\n;; flags: qr aa rd; QUERY: 1, ANSWER: {}, AUTHORITY: 0, ADDITIONAL: 1\n;; WARNING: recursion requested but not available\n\n;; QUESTION SECTION:\n;{asked}.\t\tIN\t{}\n",
        records.len(),
        label(kind)
    );
    if !records.is_empty() {
        out.push_str("\n;; ANSWER SECTION:\n");
    }
    let mut size = 12 + asked.len() + 6;
    for record in records {
        size += record.name.len() + record.data.len() + 12;
        out.push_str(&format!(
            "{}.\t{}\tIN\t{}\t{}\n",
            record.name,
            record.ttl,
            label(record.kind),
            record.data
        ));
    }
    let now = sys.now().civil();
    out + &format!(
        "\n;; Query time: {took} msec\n;; SERVER: {server}#53({server}) (UDP)\n;; WHEN: {} {} {:02} {:02}:{:02}:{:02} UTC {}\n;; MSG SIZE  rcvd: {size}\n\n",
        WEEKDAYS[now.weekday as usize],
        MONTHS[now.month as usize - 1],
        now.day,
        now.hour,
        now.minute,
        now.second,
        now.year
    )
}
