//! The image's entrypoint and the scripts of /docker-entrypoint.d that it launches, each known by its name.

use crate::errno::Errno;
use crate::images::nginx as image;
use crate::programs::spawn;
use crate::sys::{OpenFlags, Spawn, Sys};

/// Where the scripts lie.
const SCRIPTS: &str = "/docker-entrypoint.d";
const SITE: &str = "etc/nginx/conf.d/default.conf";
const TEMPLATES: &str = "/etc/nginx/templates";
const OUTPUT: &str = "/etc/nginx/conf.d";
/// What the site says of listening, and what is put after it.
const LISTEN: &str = "    listen       80;\n";
const LISTEN_V6: &str = "    listen  [::]:80;\n";

/// The entrypoint itself, or one of its scripts.
pub async fn main(sys: Sys) -> i32 {
    let argv = sys.args();
    let name = argv.first().and_then(|path| path.rsplit('/').next());
    match name.unwrap_or("").to_owned().as_str() {
        name @ "10-listen-on-ipv6-by-default.sh" => listen_on_ipv6(&sys, name).await,
        name @ "20-envsubst-on-templates.sh" => fill_templates(&sys, name).await,
        "15-local-resolvers.envsh" | "30-tune-worker-processes.sh" => 0,
        _ => enter(&sys, argv.into_iter().skip(1).collect()).await,
    }
}

async fn enter(sys: &Sys, argv: Vec<String>) -> i32 {
    let Some(first) = argv.first().cloned() else {
        return 0;
    };
    if first == "nginx" || first == "nginx-debug" {
        let code = prepare(sys).await;
        if code != 0 {
            return code;
        }
    }
    let env = sys.env();
    let error = match sys.which(&first, &env) {
        Ok(path) => sys.exec(&path, argv, env).await,
        Err(error) => error,
    };
    let why = match error {
        Errno::ENOENT => "not found".to_owned(),
        error => error.text().to_lowercase(),
    };
    sys.eprint(format!(
        "/docker-entrypoint.sh: exec: line 47: {first}: {why}\n"
    ))
    .await;
    127
}

async fn say(sys: &Sys, text: &str) {
    if sys.getenv("NGINX_ENTRYPOINT_QUIET_LOGS").is_none() {
        sys.print(format!("/docker-entrypoint.sh: {text}\n")).await;
    }
}

/// Launches the scripts, by name; the first that fails ends it with its code.
async fn prepare(sys: &Sys) -> i32 {
    let entries = sys.readdir(SCRIPTS).unwrap_or_default();
    let mut names: Vec<String> = entries.into_iter().map(|entry| entry.name).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    if names.is_empty() {
        say(
            sys,
            &format!("No files found in {SCRIPTS}/, skipping configuration"),
        )
        .await;
        return 0;
    }
    say(
        sys,
        &format!("{SCRIPTS}/ is not empty, will attempt to perform configuration"),
    )
    .await;
    say(sys, &format!("Looking for shell scripts in {SCRIPTS}/")).await;
    for name in names {
        let path = format!("{SCRIPTS}/{name}");
        let may_run = sys.stat(&path).is_ok_and(|stat| stat.mode & 0o111 != 0);
        let is_script = name.ends_with(".sh") || name.ends_with(".envsh");
        match (is_script, may_run) {
            (false, _) => say(sys, &format!("Ignoring {path}")).await,
            (true, false) => say(sys, &format!("Ignoring {path}, not executable")).await,
            (true, true) => {
                let verb = if name.ends_with(".envsh") {
                    "Sourcing"
                } else {
                    "Launching"
                };
                say(sys, &format!("{verb} {path}")).await;
                if let Ok(pid) = sys.spawn(Spawn::new([path])) {
                    let code = spawn::wait(sys, pid).await.code();
                    if code != 0 {
                        return code;
                    }
                }
            }
        }
    }
    say(sys, "Configuration complete; ready for start up").await;
    0
}

async fn listen_on_ipv6(sys: &Sys, name: &str) -> i32 {
    let path = format!("/{SITE}");
    let what = match sys.read_file(&path).await {
        Err(_) => format!("{path} is not a file or does not exist"),
        Ok(_) if !is_writable(sys, &path) => {
            format!("can not modify {path} (read-only file system?)")
        }
        Ok(text) => {
            let text = String::from_utf8_lossy(&text).into_owned();
            if text.contains(LISTEN_V6.trim()) {
                "IPv6 listen already enabled".to_owned()
            } else {
                let line = format!("{name}: info: Getting the checksum of {path}\n");
                sys.print(line).await;
                if image::SITE == text {
                    let new = text.replacen(LISTEN, &format!("{LISTEN}{LISTEN_V6}"), 1);
                    let _ = sys.write_file(&path, new.as_bytes()).await;
                    format!("Enabled listen on IPv6 in {path}")
                } else {
                    format!("{path} differs from the packaged version")
                }
            }
        }
    };
    sys.print(format!("{name}: info: {what}\n")).await;
    0
}

fn is_writable(sys: &Sys, path: &str) -> bool {
    let opened = sys.open(path, OpenFlags::WRITE, 0);
    opened.is_ok_and(|fd| sys.close(fd).is_ok())
}

/// Each template with the variables of the environment, as `envsubst` fills them.
async fn fill_templates(sys: &Sys, name: &str) -> i32 {
    let Ok(entries) = sys.readdir(TEMPLATES) else {
        return 0;
    };
    let probe = format!("{OUTPUT}/.probe");
    if sys.write_file(&probe, b"").await.is_err() {
        let what = format!("ERROR: {TEMPLATES} exists, but {OUTPUT} is not writable");
        sys.eprint(format!("{name}: {what}\n")).await;
        return 0;
    }
    let _ = sys.unlink(&probe);
    let mut names: Vec<String> = entries.into_iter().map(|entry| entry.name).collect();
    names.sort();
    for file in names {
        let Some(out) = file.strip_suffix(".template") else {
            continue;
        };
        let (from, to) = (format!("{TEMPLATES}/{file}"), format!("{OUTPUT}/{out}"));
        let line = format!("{name}: Running envsubst on {from} to {to}\n");
        sys.print(line).await;
        let text = sys.read_file(&from).await.unwrap_or_default();
        let text = filled(&String::from_utf8_lossy(&text), |name| sys.getenv(name));
        if sys.write_file(&to, text.as_bytes()).await.is_err() {
            return 1;
        }
    }
    0
}

/// With the value of `$NAME` and `${NAME}` where there is one; others stay, for they are nginx's.
fn filled(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let braced = rest.starts_with("${");
        let start = if braced { 2 } else { 1 };
        let body = &rest[start..];
        let end = body
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(body.len());
        let closed = !braced || body[end..].starts_with('}');
        let length = start + end + usize::from(braced && closed);
        match value(&body[..end]).filter(|_| closed && end > 0) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[..length]),
        }
        rest = &rest[length..];
    }
    out + rest
}
