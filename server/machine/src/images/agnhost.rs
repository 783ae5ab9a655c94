//! The images of Kubernetes' end-to-end tests: agnhost, and the small ones beside it.

use std::sync::Arc;

use super::userland::{base, busybox, debian};
use super::{Content, Image, ImageConfig, strings};

pub static IMAGE: Image = Image {
    repository: "registry.k8s.io/e2e-test-images/agnhost",
    tags: &[
        "2.39", "2.40", "2.43", "2.45", "2.47", "2.53", "2.55", "2.56", "2.57", "2.63.0",
    ],
    build: agnhost,
};

pub static BUSYBOX: Image = Image {
    repository: "registry.k8s.io/e2e-test-images/busybox",
    tags: &["1.29-2", "1.29-4", "1.36.1-1", "1.37.0-1"],
    build: |_| super::busybox_content(),
};

pub static NGINX: Image = Image {
    repository: "registry.k8s.io/e2e-test-images/nginx",
    tags: &["1.14-1", "1.14-2", "1.14-4", "1.15-2", "1.15-4"],
    build: super::nginx::content,
};

pub static NONROOT: Image = Image {
    repository: "registry.k8s.io/e2e-test-images/nonroot",
    tags: &["1.2", "1.4", "1.5"],
    build: nonroot,
};

pub static NONEWPRIVS: Image = Image {
    repository: "registry.k8s.io/e2e-test-images/nonewprivs",
    tags: &["1.3", "1.4"],
    build: nonewprivs,
};

fn agnhost(_tag: &str) -> Content {
    let layer = busybox(base())
        .links("/bin", "busybox", 1_131_168, ["bash"])
        .file(
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\nuser-defined-in-image:x:1000:1000::/home/user-defined-in-image:/bin/sh\n",
            0o644,
        )
        .file("/etc/group", "root:x:0:\nnobody:x:65534:\nuser-defined-in-image:x:1000:\ngroup-defined-in-image:x:50000:user-defined-in-image\n", 0o644)
        .dir("/uploads", 0o777)
        .program("/usr/bin/curl", "curl", 301_000)
        .program("/usr/bin/dig", "dig", 220_000)
        .program("/usr/bin/getent", "getent", 27_000)
        .links("/", "agnhost", 55_000_000, ["agnhost", "agnhost-2"]);
    let config = ImageConfig {
        entrypoint: strings(&["/agnhost"]),
        cmd: strings(&["pause"]),
        exposed_ports: vec![53, 80, 8080, 8081, 9376],
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 53_120_000,
        pull_ms: 2400,
    }
}

fn nonroot(_tag: &str) -> Content {
    let layer = debian(base()).file(
        "/etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\nnonroot:x:1234:1234::/home/nonroot:/bin/sh\n",
        0o644,
    );
    let config = ImageConfig {
        entrypoint: strings(&["id", "-u"]),
        user: "1234".into(),
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 42_320_000,
        pull_ms: 1800,
    }
}

/// Says as whom it runs. Its file's setuid bit raises nobody here, as with no_new_privs.
fn nonewprivs(_tag: &str) -> Content {
    let layer = busybox(base()).file(
        "/nnp",
        "#!/bin/sh\necho \"Effective uid: $(id -u)\"\n",
        0o755,
    );
    let config = ImageConfig {
        entrypoint: strings(&["/nnp"]),
        user: "1000".into(),
        ..ImageConfig::default()
    };
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: 3_263_000,
        pull_ms: 900,
    }
}
