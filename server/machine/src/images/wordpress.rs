//! wordpress: Apache with WordPress's likeness.

use std::sync::Arc;

use super::userland::{base, debian};
use super::{Content, Image, ImageConfig, strings};

pub static IMAGE: Image = Image {
    repository: "docker.io/library/wordpress",
    tags: &["latest", "6", "6.8"],
    build,
};

fn build(_tag: &str) -> Content {
    let layer = debian(base()).dir("/var/www/html", 0o755).server(
        "/usr/local/bin/wordpress",
        "wordpress",
        4_000_000,
        58 << 20,
    );
    let config = ImageConfig {
        cmd: strings(&["/usr/local/bin/wordpress"]),
        env: vec![("WORDPRESS_VERSION".into(), "6.8.3".into())],
        working_dir: "/var/www/html".into(),
        exposed_ports: vec![80],
        stop_signal: "SIGWINCH".into(),
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 245_000_000,
        pull_ms: 5400,
    }
}
