//! kuard: the demo application of "Kubernetes: Up and Running", in its colours.

use std::sync::Arc;

use super::userland::{base, busybox};
use super::{Content, Image, ImageConfig, strings};

pub static IMAGE: Image = Image {
    repository: "gcr.io/kuar-demo/kuard-amd64",
    tags: &[
        "1",
        "2",
        "3",
        "blue",
        "green",
        "purple",
        "latest",
        "v0.7-blue",
        "v0.8-blue",
        "v0.9-blue",
        "v0.10.0-blue",
    ],
    build,
};

fn build(tag: &str) -> Content {
    let version = match tag {
        "latest" => "v0.10.0-blue".to_string(),
        "1" | "2" | "3" => format!("v0.8.1-{tag}"),
        colour if !colour.starts_with('v') => format!("v0.10.0-{colour}"),
        version => version.to_string(),
    };
    let layer = busybox(base()).server("/kuard", "kuard", 23_461_888, 5 << 20);
    let config = ImageConfig {
        cmd: strings(&["/kuard"]),
        env: vec![("KUARD_VERSION".into(), version)],
        user: "nobody:nobody".into(),
        exposed_ports: vec![8080],
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 11_491_132,
        pull_ms: 1700,
    }
}
