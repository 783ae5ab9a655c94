//! nginx: a web server with its welcome page.

use std::sync::Arc;

use super::userland::{base, debian};
use super::{Content, Image, ImageConfig, strings};

pub static IMAGE: Image = Image {
    repository: "docker.io/library/nginx",
    tags: &[
        "latest",
        "alpine",
        "stable",
        "stable-alpine",
        "mainline",
        "1",
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
        "1.26",
        "1.27",
        "1.27-alpine",
        "1.28",
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

const CONF: &str = "server {
    listen       80;
    server_name  localhost;

    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }
}
";

pub(super) fn content(tag: &str) -> Content {
    let number = tag.split('-').next().unwrap_or(tag);
    let version = match number {
        "1.14" => "1.14.2".to_string(),
        "1.15" => "1.15.12".to_string(),
        "1.16" => "1.16.1".to_string(),
        _ if number.matches('.').count() == 2 => number.to_string(),
        _ if number.matches('.').count() == 1 => format!("{number}.0"),
        _ => "1.29.3".to_string(),
    };
    let layer = debian(base())
        .server("/usr/sbin/nginx", "nginx", 1_568_000, 7 << 20)
        .program("/usr/bin/curl", "curl", 301_000)
        .program("/docker-entrypoint.sh", "nginx-entrypoint", 1_620)
        .dir("/docker-entrypoint.d", 0o755)
        .file("/etc/nginx/nginx.conf", "user  nginx;\nworker_processes  auto;\nevents { worker_connections  1024; }\nhttp {\n    include /etc/nginx/conf.d/*.conf;\n}\n", 0o644)
        .file("/etc/nginx/conf.d/default.conf", CONF, 0o644)
        .file("/usr/share/nginx/html/index.html", WELCOME, 0o644)
        .dir("/var/cache/nginx", 0o755)
        .symlink("/var/log/nginx/access.log", "/dev/stdout")
        .symlink("/var/log/nginx/error.log", "/dev/stderr");
    let config = ImageConfig {
        entrypoint: strings(&["/docker-entrypoint.sh"]),
        cmd: strings(&["nginx", "-g", "daemon off;"]),
        env: vec![("NGINX_VERSION".into(), version)],
        exposed_ports: vec![80],
        stop_signal: "SIGQUIT".into(),
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 59_774_010,
        pull_ms: 2600,
    }
}
