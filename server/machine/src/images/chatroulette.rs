//! chatroulette: the pair of a small application, a backend on 3000 and a frontend on 8080.
//! Both exist in the simulated registry only.

use std::sync::Arc;

use super::userland::{base, busybox};
use super::{Content, Image, ImageConfig, strings};

pub static BACK: Image = Image {
    repository: "registry.example/chatroulette-back",
    tags: &["latest", "1"],
    build: back,
};

pub static FRONT: Image = Image {
    repository: "registry.example/chatroulette-front",
    tags: &["latest", "1"],
    build: front,
};

fn back(_tag: &str) -> Content {
    content("chatroulette-back", 3000, 14_680_064)
}

fn front(_tag: &str) -> Content {
    content("chatroulette-front", 8080, 9_437_184)
}

fn content(program: &str, port: u16, size_bytes: u64) -> Content {
    let path = format!("/app/{program}");
    let layer = busybox(base())
        .dir("/app", 0o755)
        .server(&path, program, size_bytes * 2, 4 << 20);
    let config = ImageConfig {
        cmd: strings(&[&path]),
        working_dir: "/app".into(),
        user: "nobody:nobody".into(),
        exposed_ports: vec![port],
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes,
        pull_ms: 1200,
    }
}
