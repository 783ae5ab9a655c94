//! pause: the container that holds a pod's namespaces.

use std::sync::Arc;

use super::userland::base;
use super::{Content, Image, ImageConfig, strings};

pub static IMAGE: Image = Image {
    repository: "registry.k8s.io/pause",
    tags: &["3.8", "3.9", "3.10", "3.10.1", "3.10.2", "latest"],
    build,
};

fn build(_tag: &str) -> Content {
    let config = ImageConfig {
        entrypoint: strings(&["/pause"]),
        user: "65535:65535".into(),
        ..ImageConfig::default()
    };
    let layer = base().program("/pause", "pause", 517_632);
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 320_448,
        pull_ms: 300,
    }
}
