//! mysql: the database's likeness, with its port, its log and its data directory.

use std::sync::Arc;

use super::userland::{base, debian};
use super::{Content, Image, ImageConfig, strings};

pub static IMAGE: Image = Image {
    repository: "docker.io/library/mysql",
    tags: &["latest", "8", "8.0", "8.4", "9"],
    build,
};

fn build(tag: &str) -> Content {
    let version = match tag {
        "8.0" => "8.0.44",
        "8" | "8.4" => "8.4.7",
        _ => "9.5.0",
    };
    let layer = debian(base())
        .dir("/var/lib", 0o755)
        .dir("/var/lib/mysql", 0o1777)
        .program("/usr/bin/mysqladmin", "mysqladmin", 7_500_000)
        .server("/usr/sbin/mysqld", "mysqld", 68_000_000, 410 << 20);
    let config = ImageConfig {
        cmd: strings(&["mysqld"]),
        env: vec![("MYSQL_VERSION".into(), version.into())],
        exposed_ports: vec![3306, 33060],
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 232_000_000,
        pull_ms: 6200,
    }
}
