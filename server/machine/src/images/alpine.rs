//! alpine: busybox with a distribution around it.

use std::sync::Arc;

use super::userland::{base, busybox};
use super::{Content, Image, ImageConfig, strings};

pub static IMAGE: Image = Image {
    repository: "docker.io/library/alpine",
    tags: &["latest", "3", "3.19", "3.20", "3.21", "3.22", "edge"],
    build,
};

fn build(tag: &str) -> Content {
    let version = match tag {
        "3.19" => "3.19.9",
        "3.20" => "3.20.8",
        "3.21" => "3.21.5",
        _ => "3.22.2",
    };
    let layer = busybox(base())
        .file("/etc/alpine-release", format!("{version}\n"), 0o644)
        .file(
            "/etc/os-release",
            format!("NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID={version}\nPRETTY_NAME=\"Alpine Linux v{}\"\nHOME_URL=\"https://alpinelinux.org/\"\n", &version[..4]),
            0o644,
        )
        .dir("/run", 0o755)
        .symlink("/var/run", "/run")
        .dir("/var/log", 0o755);
    let config = ImageConfig {
        cmd: strings(&["/bin/sh"]),
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 3_802_452,
        pull_ms: 1100,
    }
}
