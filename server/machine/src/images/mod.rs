//! Container images by reference: what a registry has, and what is inside. One file an image.

mod agnhost;
mod alpine;
mod busybox;
mod chatroulette;
mod dnsutils;
mod echo_server;
mod git_sync;
mod goproxy;
mod httpd;
mod kuard;
mod mysql;
pub(crate) mod nginx;
mod pause;
mod redis;
mod reference;
mod stress;
mod userland;
mod wordpress;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

pub use reference::Reference;
pub(crate) use userland::workstation;

use crate::chance::Chance;
use crate::vfs::Layer;

/// The part of an image's config that the runtime reads (OCI image spec, config).
#[derive(Clone, Debug, Default)]
pub struct ImageConfig {
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    pub env: Vec<(String, String)>,
    pub working_dir: String,
    /// Empty: root. `name`, `uid`, `uid:gid`.
    pub user: String,
    pub exposed_ports: Vec<u16>,
    /// Empty: SIGTERM.
    pub stop_signal: String,
}

/// What an image holds. Shared by all worlds.
#[derive(Clone, Debug)]
pub struct Content {
    pub config: ImageConfig,
    pub layer: Arc<Layer>,
    /// Compressed bytes.
    pub size_bytes: u64,
    /// How long a pull takes, in simulated milliseconds.
    pub pull_ms: u64,
}

/// A repository of the registry.
pub struct Image {
    /// Normalised name without tag, such as `docker.io/library/nginx`.
    pub repository: &'static str,
    pub tags: &'static [&'static str],
    pub build: fn(tag: &str) -> Content,
}

/// Everything that the simulated registries have.
pub static CATALOGUE: &[&Image] = &[
    &agnhost::BUSYBOX,
    &agnhost::IMAGE,
    &agnhost::NGINX,
    &agnhost::NONEWPRIVS,
    &agnhost::NONROOT,
    &alpine::IMAGE,
    &busybox::IMAGE,
    &chatroulette::BACK,
    &chatroulette::FRONT,
    &dnsutils::IMAGE,
    &echo_server::IMAGE,
    &git_sync::IMAGE,
    &goproxy::FORMER,
    &goproxy::IMAGE,
    &httpd::IMAGE,
    &kuard::IMAGE,
    &mysql::IMAGE,
    &nginx::IMAGE,
    &pause::IMAGE,
    &redis::IMAGE,
    &stress::IMAGE,
    &wordpress::IMAGE,
];

static BUILT: LazyLock<Mutex<BTreeMap<String, Arc<Content>>>> = LazyLock::new(Mutex::default);

/// The repository, when the registries have it.
#[must_use]
pub fn repository(name: &str) -> Option<&'static Image> {
    CATALOGUE
        .iter()
        .copied()
        .find(|image| image.repository == name)
}

/// The content of a tag. None: no such image.
#[must_use]
pub fn content(reference: &Reference) -> Option<Arc<Content>> {
    let image = repository(&reference.repository)?;
    let tag = image.tags.iter().find(|tag| **tag == reference.tag)?;
    let mut built = BUILT.lock().unwrap_or_else(|e| e.into_inner());
    let key = reference.to_string();
    Some(
        built
            .entry(key)
            .or_insert_with(|| Arc::new((image.build)(tag)))
            .clone(),
    )
}

/// All references of the catalogue, normalised.
#[must_use]
pub fn references() -> Vec<String> {
    let each = |image: &&Image| {
        image
            .tags
            .iter()
            .map(|t| format!("{}:{t}", image.repository))
            .collect::<Vec<_>>()
    };
    CATALOGUE.iter().flat_map(each).collect()
}

/// 64 hexadecimal digits that stand for the content of `text`.
#[must_use]
pub fn digest(text: &str) -> String {
    let seed = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)
    });
    Chance::new(seed).hex(64)
}

pub(crate) fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_string()).collect()
}

/// What a test image without a catalogue entry is built on.
pub(crate) fn busybox_content() -> Content {
    (busybox::IMAGE.build)("latest")
}
