//! dnsutils: the image of the Kubernetes guide to DNS, with dig and nslookup.

use std::sync::Arc;

use super::userland::{base, debian};
use super::{Content, Image, ImageConfig, strings};

pub static IMAGE: Image = Image {
    repository: "registry.k8s.io/e2e-test-images/jessie-dnsutils",
    tags: &["1.3", "1.4", "1.5", "1.7"],
    build,
};

fn build(_tag: &str) -> Content {
    let layer = debian(base())
        .program("/usr/bin/dig", "dig", 220_000)
        .program("/usr/bin/getent", "getent", 27_000);
    let config = ImageConfig {
        cmd: strings(&["sleep", "infinity"]),
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 42_300_000,
        pull_ms: 2200,
    }
}
