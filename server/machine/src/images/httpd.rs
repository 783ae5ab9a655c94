//! httpd: the Apache web server with its one-line page.

use std::sync::Arc;

use super::userland::{base, debian};
use super::{Content, Image, ImageConfig, strings};

pub static IMAGE: Image = Image {
    repository: "docker.io/library/httpd",
    tags: &["latest", "2", "2.4", "2.4-alpine", "alpine"],
    build,
};

fn build(_tag: &str) -> Content {
    let layer = debian(base())
        .server("/usr/local/apache2/bin/httpd", "apache", 2_100_000, 6 << 20)
        .server("/usr/local/bin/httpd-foreground", "apache", 138, 6 << 20)
        .file(
            "/usr/local/apache2/htdocs/index.html",
            "<html><body><h1>It works!</h1></body></html>\n",
            0o644,
        )
        .dir("/usr/local/apache2/logs", 0o755);
    let path =
        "/usr/local/apache2/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let config = ImageConfig {
        cmd: strings(&["httpd-foreground"]),
        env: vec![
            ("PATH".into(), path.into()),
            ("HTTPD_PREFIX".into(), "/usr/local/apache2".into()),
            ("HTTPD_VERSION".into(), "2.4.65".into()),
        ],
        working_dir: "/usr/local/apache2".into(),
        exposed_ports: vec![80],
        stop_signal: "SIGWINCH".into(),
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 45_193_822,
        pull_ms: 2300,
    }
}
