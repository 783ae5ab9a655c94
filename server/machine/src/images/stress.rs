//! polinux/stress: takes CPU and memory on demand.

use std::sync::Arc;

use super::userland::{base, busybox};
use super::{Content, Image, ImageConfig, strings};

pub static IMAGE: Image = Image {
    repository: "docker.io/polinux/stress",
    tags: &["latest", "1.0.4"],
    build,
};

fn build(_tag: &str) -> Content {
    let layer = busybox(base()).program("/usr/local/bin/stress", "stress", 33_120);
    let config = ImageConfig {
        cmd: strings(&["stress"]),
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 4_041_495,
        pull_ms: 1000,
    }
}
