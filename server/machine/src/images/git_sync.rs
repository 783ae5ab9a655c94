//! git-sync: the sidecar that keeps a directory as a repository is.

use std::sync::Arc;

use super::userland::{base, busybox};
use super::{Content, Image, ImageConfig, strings};

pub static IMAGE: Image = Image {
    repository: "registry.k8s.io/git-sync/git-sync",
    tags: &["v4.2.3", "v4.3.0", "v4.4.0"],
    build,
};

fn build(_tag: &str) -> Content {
    let layer = busybox(base()).server("/git-sync", "git-sync", 21_000_000, 9 << 20);
    let config = ImageConfig {
        entrypoint: strings(&["/git-sync"]),
        user: "65533:65533".into(),
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 31_000_000,
        pull_ms: 1500,
    }
}
