//! goproxy: a TCP proxy on 8080, as the readiness and liveness pages use it.

use std::sync::Arc;

use super::userland::{base, busybox};
use super::{Content, Image, ImageConfig, strings};

pub static IMAGE: Image = Image {
    repository: "registry.k8s.io/goproxy",
    tags: &["0.1"],
    build,
};

/// Under the name of the registry before.
pub static FORMER: Image = Image {
    repository: "k8s.gcr.io/goproxy",
    tags: &["0.1"],
    build,
};

fn build(_tag: &str) -> Content {
    let layer = busybox(base()).server("/goproxy", "goproxy", 5_242_880, 3 << 20);
    let config = ImageConfig {
        entrypoint: strings(&["/goproxy"]),
        exposed_ports: vec![8080],
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 2_107_216,
        pull_ms: 800,
    }
}
