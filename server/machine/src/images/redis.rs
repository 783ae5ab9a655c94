//! redis: a server of keys and values, with its command line.

use std::sync::Arc;

use super::userland::{base, debian};
use super::{Content, Image, ImageConfig, strings};

pub static IMAGE: Image = Image {
    repository: "docker.io/library/redis",
    tags: &[
        "latest", "alpine", "6", "6.2", "7", "7-alpine", "7.0", "7.2", "7.4", "8", "8.0", "8.2",
    ],
    build,
};

fn build(tag: &str) -> Content {
    let version = match tag.split('-').next().unwrap_or(tag) {
        "6" | "6.2" => "6.2.20",
        "7.0" => "7.0.15",
        "7.2" => "7.2.11",
        "8.0" => "8.0.4",
        "8" | "8.2" | "latest" | "alpine" => "8.2.2",
        _ => "7.4.6",
    };
    let layer = debian(base())
        .program("/usr/local/bin/redis-server", "redis-server", 17_300_000)
        .program("/usr/local/bin/redis-cli", "redis-cli", 7_200_000)
        .file(
            "/usr/local/bin/docker-entrypoint.sh",
            "#!/bin/sh\nset -e\nif [ \"${1#-}\" != \"$1\" ] || [ \"${1%.conf}\" != \"$1\" ]; then\n\tset -- redis-server \"$@\"\nfi\nexec \"$@\"\n",
            0o755,
        )
        .dir_of("/data", 0o755, 999, 999);
    let config = ImageConfig {
        entrypoint: strings(&["docker-entrypoint.sh"]),
        cmd: strings(&["redis-server"]),
        env: vec![("REDIS_VERSION".into(), version.into())],
        working_dir: "/data".into(),
        exposed_ports: vec![6379],
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 45_700_000,
        pull_ms: 2300,
    }
}
