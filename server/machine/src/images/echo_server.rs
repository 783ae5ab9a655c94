//! jmalloc/echo-server: says what it was asked, over HTTP and WebSockets. It is built on nothing, so there is no shell in it.

use std::sync::Arc;

use super::userland::base;
use super::{Content, Image, ImageConfig, strings};

pub static IMAGE: Image = Image {
    repository: "docker.io/jmalloc/echo-server",
    tags: &["latest", "v0.3.7", "0.3.6"],
    build,
};

fn build(_tag: &str) -> Content {
    let config = ImageConfig {
        entrypoint: strings(&["/bin/echo-server"]),
        env: vec![("PORT".into(), "8080".into())],
        exposed_ports: vec![8080],
        ..ImageConfig::default()
    };
    let layer =
        base()
            .dir("/bin", 0o755)
            .server("/bin/echo-server", "echo-server", 8_511_488, 3 << 20);
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 4_300_000,
        pull_ms: 900,
    }
}
