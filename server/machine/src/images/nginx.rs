//! nginx: a web server with its welcome page, as Debian or Alpine have it.

use std::sync::Arc;

use super::userland::{account, base, busybox, debian};
use super::{Content, Image, ImageConfig, strings};
use crate::vfs::Layer;

pub static IMAGE: Image = Image {
    repository: "docker.io/library/nginx",
    tags: &[
        "latest",
        "alpine",
        "stable",
        "stable-alpine",
        "mainline",
        "mainline-alpine",
        "1",
        "1-alpine",
        "1.7.9",
        "1.14",
        "1.14.2",
        "1.16",
        "1.16.1",
        "1.19",
        "1.20",
        "1.21",
        "1.22",
        "1.23",
        "1.24",
        "1.25",
        "1.25.3",
        "1.25-alpine",
        "1.26",
        "1.26-alpine",
        "1.27",
        "1.27-alpine",
        "1.28",
        "1.28-alpine",
        "1.29",
        "1.29-alpine",
    ],
    build: content,
};

const WELCOME: &str = "<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto; font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>
<p><em>Thank you for using nginx.</em></p>
</body>
</html>
";

const FIFTY: &str = "<!DOCTYPE html>
<html>
<head>
<title>Error</title>
</head>
<body>
<h1>An error occurred.</h1>
<p>The page is not available right now. Please try again later.</p>
<p><em>Faithfully yours, nginx.</em></p>
</body>
</html>
";

/// The site that is there until somebody puts another in its place.
pub(crate) const SITE: &str = "server {
    listen       80;
    server_name  localhost;

    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }

    error_page   500 502 503 504  /50x.html;
    location = /50x.html {
        root   /usr/share/nginx/html;
    }
}
";

const TYPES: &str = "types {
    text/html                             html htm shtml;
    text/css                              css;
    text/xml                              xml;
    image/gif                             gif;
    image/jpeg                            jpeg jpg;
    application/javascript                js;
    application/atom+xml                  atom;
    application/rss+xml                   rss;
    text/plain                            txt;
    text/markdown                         md;
    image/avif                            avif;
    image/png                             png;
    image/svg+xml                         svg svgz;
    image/webp                            webp;
    image/x-icon                          ico;
    font/woff                             woff;
    font/woff2                            woff2;
    application/java-archive              jar war ear;
    application/json                      json;
    application/pdf                       pdf;
    application/wasm                      wasm;
    application/zip                       zip;
    application/octet-stream              bin exe dll deb dmg iso img;
    audio/mpeg                            mp3;
    video/mp4                             mp4;
    video/webm                            webm;
}
";

/// The main file. `level`: of the error log.
fn main_file(level: &str) -> String {
    format!(
        "
user  nginx;
worker_processes  auto;

error_log  /var/log/nginx/error.log {level};
pid        /run/nginx.pid;

events {{
    worker_connections  1024;
}}

http {{
    include       /etc/nginx/mime.types;
    default_type  application/octet-stream;

    log_format  main  '$remote_addr - $remote_user [$time_local] \"$request\" '
                      '$status $body_bytes_sent \"$http_referer\" '
                      '\"$http_user_agent\" \"$http_x_forwarded_for\"';

    access_log  /var/log/nginx/access.log  main;

    sendfile        on;

    keepalive_timeout  65;

    include /etc/nginx/conf.d/*.conf;
}}
"
    )
}

fn version(tag: &str) -> String {
    match tag.split('-').next().unwrap_or(tag) {
        "1.14" => "1.14.2".into(),
        "1.15" => "1.15.12".into(),
        "1.16" => "1.16.1".into(),
        "1.19" => "1.19.10".into(),
        "1.20" => "1.20.2".into(),
        "1.21" => "1.21.6".into(),
        "1.22" => "1.22.1".into(),
        "1.23" => "1.23.4".into(),
        "1.25" => "1.25.5".into(),
        "1.26" => "1.26.3".into(),
        "1.27" => "1.27.5".into(),
        "stable" => "1.28.0".into(),
        number if number.matches('.').count() == 2 => number.into(),
        number if number.matches('.').count() == 1 && number != "1.29" => format!("{number}.0"),
        _ => "1.29.3".into(),
    }
}

fn alpine(layer: Layer) -> Layer {
    busybox(layer)
        .file("/etc/alpine-release", "3.22.2\n", 0o644)
        .dir("/run", 0o755)
        .symlink("/var/run", "/run")
        .dir("/var/log", 0o755)
        .dir("/var/cache", 0o755)
        .dir("/usr/share", 0o755)
}

pub(super) fn content(tag: &str) -> Content {
    let version = version(tag);
    let minor = version.split('.').nth(1).and_then(|n| n.parse().ok());
    let minor: u32 = minor.unwrap_or(29);
    // the entrypoint came with 1.19; at that time SIGQUIT took the place of SIGTERM, and with 1.21 the log became more talkative
    let has_entrypoint = minor >= 19;
    let level = if minor >= 21 { "notice" } else { "warn" };
    let mut layer = match tag.ends_with("alpine") {
        true => alpine(base()),
        false => debian(base()),
    };
    layer = account(layer, "nginx", 101, "/nonexistent:/bin/false")
        .server("/usr/sbin/nginx", "nginx", 1_568_000, 7 << 20)
        .program("/usr/bin/curl", "curl", 301_000)
        .dir("/etc/nginx", 0o755)
        .file("/etc/nginx/nginx.conf", main_file(level), 0o644)
        .file("/etc/nginx/mime.types", TYPES, 0o644)
        .file("/etc/nginx/conf.d/default.conf", SITE, 0o644)
        .file("/usr/share/nginx/html/index.html", WELCOME, 0o644)
        .file("/usr/share/nginx/html/50x.html", FIFTY, 0o644)
        .dir("/var/cache/nginx", 0o755)
        .symlink("/var/log/nginx/access.log", "/dev/stdout")
        .symlink("/var/log/nginx/error.log", "/dev/stderr");
    if has_entrypoint {
        let script = "nginx-entrypoint";
        layer = layer.program("/docker-entrypoint.sh", script, 1_620);
        for (name, size) in [
            ("10-listen-on-ipv6-by-default.sh", 2_125),
            ("15-local-resolvers.envsh", 389),
            ("20-envsubst-on-templates.sh", 3_017),
            ("30-tune-worker-processes.sh", 4_619),
        ] {
            layer = layer.program(&format!("/docker-entrypoint.d/{name}"), script, size);
        }
    }
    let entrypoint: &[&str] = if has_entrypoint {
        &["/docker-entrypoint.sh"]
    } else {
        &[]
    };
    let config = ImageConfig {
        entrypoint: strings(entrypoint),
        cmd: strings(&["nginx", "-g", "daemon off;"]),
        env: vec![("NGINX_VERSION".into(), version)],
        exposed_ports: vec![80],
        stop_signal: if has_entrypoint { "SIGQUIT" } else { "SIGTERM" }.into(),
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 59_774_010,
        pull_ms: 2600,
    }
}
