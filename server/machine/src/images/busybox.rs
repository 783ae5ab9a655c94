//! busybox: the shell and the tools, nothing else.

use std::sync::Arc;

use super::userland::{base, busybox};
use super::{Content, Image, ImageConfig, strings};

pub static IMAGE: Image = Image {
    repository: "docker.io/library/busybox",
    tags: &[
        "latest", "stable", "1", "1.36", "1.36.1", "1.37", "1.37.0", "1.28", "1.35", "musl",
        "glibc",
    ],
    build,
};

fn build(_tag: &str) -> Content {
    let config = ImageConfig {
        cmd: strings(&["sh"]),
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(busybox(base())),
        size_bytes: 2_156_519,
        pull_ms: 900,
    }
}
