//! Images on the node, and pulling them from the registries.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::{NodeConfig, TestPrograms};
use crate::cri::{ImageStatus, PullError};
use crate::health::Health;
use crate::images::{self, Content, Reference};
use crate::kernel::Kernel;
use crate::time::Duration;
use crate::vfs::Ledger;

/// Bytes of an image that is unpacked.
fn on_disk(content: &Content) -> u64 {
    content.size_bytes * 5 / 2
}

/// How long containerd tries to reach a registry that does not answer, and how much longer a slow one takes.
const GONE: Duration = Duration::from_secs(30);
const SLOWNESS: u32 = 12;

pub(crate) struct Store {
    registry: Option<Vec<String>>,
    tests: TestPrograms,
    /// By normalised reference.
    present: RefCell<BTreeMap<String, Arc<Content>>>,
    /// Registries that are not as they should be, by host; "": all.
    troubled: RefCell<BTreeMap<String, Health>>,
    /// The node's way to all of them.
    network: Cell<Health>,
    /// Images lie on the node's disk.
    disk: Rc<Ledger>,
}

impl Store {
    pub fn new(config: &NodeConfig, disk: &Rc<Ledger>) -> Store {
        let store = Store {
            registry: config.registry.as_ref().map(|all| {
                all.iter()
                    .filter_map(|r| Reference::parse(r))
                    .map(|r| r.to_string())
                    .collect()
            }),
            tests: config.test_programs.clone(),
            present: RefCell::default(),
            troubled: RefCell::default(),
            network: Cell::default(),
            disk: disk.clone(),
        };
        for reference in config.present.iter().filter_map(|r| Reference::parse(r)) {
            if let Some(content) = store.content(&reference) {
                store.keep(reference.to_string(), content);
            }
        }
        store
    }

    /// The content as this node's registries have it.
    fn content(&self, reference: &Reference) -> Option<Arc<Content>> {
        let name = reference.to_string();
        if self
            .registry
            .as_ref()
            .is_some_and(|all| !all.contains(&name))
        {
            return None;
        }
        let known = images::content(reference);
        if self.tests.server_images.iter().any(|p| matches(p, &name)) {
            return Some(Arc::new(test_content(
                known.as_deref(),
                &name,
                "test-server",
            )));
        }
        if self.tests.memhog_images.iter().any(|p| matches(p, &name)) {
            return Some(Arc::new(test_content(known.as_deref(), &name, "memhog")));
        }
        known
    }

    pub fn get(&self, reference: &str) -> Option<(Reference, Arc<Content>)> {
        let present = self.present.borrow();
        if let Some(reference) = Reference::parse(reference)
            && let Some(content) = present.get(&reference.to_string())
        {
            return Some((reference, content.clone()));
        }
        // By id, or by repository and digest.
        let (name, content) = present.iter().find(|(name, _)| {
            let status = status_of(name, &present[*name]);
            status.id == reference || status.digest == reference
        })?;
        Some((Reference::parse(name)?, content.clone()))
    }

    pub fn status(&self, reference: &str) -> Result<Option<ImageStatus>, PullError> {
        if !reference.starts_with("sha256:") && Reference::parse(reference).is_none() {
            return Err(invalid(reference));
        }
        Ok(self
            .get(reference)
            .map(|(r, content)| status_of(&r.to_string(), &content)))
    }

    pub fn list(&self) -> Vec<ImageStatus> {
        self.present
            .borrow()
            .iter()
            .map(|(name, content)| status_of(name, content))
            .collect()
    }

    pub fn remove(&self, reference: &str) {
        if let Some((found, _)) = self.get(reference) {
            let name = found.to_string();
            self.retain(|n| n != name);
        }
    }

    /// Removes the images whose names `keep` does not want.
    pub fn retain(&self, keep: impl Fn(&str) -> bool) {
        self.present.borrow_mut().retain(|name, content| {
            let kept = keep(name);
            if !kept {
                self.disk.release(on_disk(content));
            }
            kept
        });
    }

    /// Lays an image down. False when there is no room for it.
    fn keep(&self, name: String, content: Arc<Content>) -> bool {
        let bytes = on_disk(&content);
        if self.disk.charge(bytes).is_err() {
            return false;
        }
        self.disk.grown().notify();
        let before = self.present.borrow_mut().insert(name, content);
        before.iter().for_each(|b| self.disk.release(on_disk(b)));
        true
    }

    pub async fn pull(&self, kernel: &Kernel, text: &str) -> Result<ImageStatus, PullError> {
        let reference = Reference::parse(text).ok_or_else(|| invalid(text))?;
        let name = reference.to_string();
        let executor = kernel.executor();
        let jitter = Duration::from_millis(kernel.chance().below(35));
        let here = self.present.borrow().get(&name).cloned();
        if let Some(content) = here {
            executor.sleep(Duration::from_millis(15) + jitter).await;
            return Ok(status_of(&name, &content));
        }
        let health = self.registry_health(reference.host());
        if health == Health::Gone {
            executor.sleep(GONE + jitter).await;
            return Err(unreachable(&reference));
        }
        let Some(content) = self.content(&reference) else {
            executor
                .sleep(Duration::from_millis(400) + jitter * 4)
                .await;
            return Err(self.failure(&reference));
        };
        let fast = self.registry.is_some();
        let time = if fast {
            Duration::from_millis(15)
        } else {
            Duration::from_millis(content.pull_ms)
        };
        let slowness = if health == Health::Slow { SLOWNESS } else { 1 };
        executor.sleep((time + jitter) * slowness).await;
        if !self.keep(name.clone(), content.clone()) {
            let id = kernel.chance().hex(64);
            return Err(PullError::Failed(format!(
                "failed to pull and unpack image \"{reference}\": write /var/lib/containerd/io.containerd.content.v1.content/ingest/{id}/data: \
                 no space left on device"
            )));
        }
        Ok(status_of(&name, &content))
    }

    pub fn set_registry(&self, host: &str, health: Health) {
        self.troubled.borrow_mut().insert(host.into(), health);
    }

    pub fn set_network(&self, health: Health) {
        self.network.set(health);
    }

    /// Of the registry itself, of all of them and of the way to them, what is worse.
    fn registry_health(&self, host: &str) -> Health {
        let troubled = self.troubled.borrow();
        let of = |host: &str| troubled.get(host).copied().unwrap_or_default();
        of(host).max(of("")).max(self.network.get())
    }

    /// In containerd's words.
    fn failure(&self, reference: &Reference) -> PullError {
        let (host, path) = (reference.host(), reference.path());
        let head = format!(
            "failed to pull and unpack image \"{reference}\": failed to resolve reference \"{reference}\""
        );
        let has_repository = match &self.registry {
            Some(all) => all
                .iter()
                .any(|r| r.starts_with(&format!("{}:", reference.repository))),
            None => images::repository(&reference.repository).is_some(),
        };
        let known = [
            "docker.io",
            "gcr.io",
            "k8s.gcr.io",
            "registry.k8s.io",
            "quay.io",
            "ghcr.io",
        ];
        if has_repository {
            PullError::NotFound(format!("{head}: {reference}: not found"))
        } else if host == "docker.io" {
            PullError::Failed(format!(
                "{head}: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"
            ))
        } else if known.contains(&host) {
            PullError::NotFound(format!("{head}: {reference}: not found"))
        } else {
            let tag = &reference.tag;
            let name = host.split(':').next().unwrap_or(host);
            PullError::Failed(format!(
                "{head}: failed to do request: Head \"https://{host}/v2/{path}/manifests/{tag}\": dial tcp: lookup {name}: no such host"
            ))
        }
    }
}

/// What containerd says when the registry's host does not answer.
fn unreachable(reference: &Reference) -> PullError {
    let (host, path, tag) = (reference.host(), reference.path(), &reference.tag);
    let api = match host {
        "docker.io" => "registry-1.docker.io",
        other => other,
    };
    PullError::Failed(format!(
        "failed to pull and unpack image \"{reference}\": failed to resolve reference \"{reference}\": failed to do request: \
         Head \"https://{api}/v2/{path}/manifests/{tag}\": dial tcp {}:443: i/o timeout",
        address_of(host)
    ))
}

/// Some address of a registry's host: always the same.
fn address_of(host: &str) -> core::net::Ipv4Addr {
    let digest = images::digest(host);
    let byte = |at: usize| u8::from_str_radix(&digest[at..at + 2], 16).unwrap_or(1);
    core::net::Ipv4Addr::new(34, byte(0), byte(2), byte(4))
}

/// The repository of a reference that is wrong for its capital letters, without host and tag: `library/Nginx`.
fn loud_repository(text: &str) -> Option<String> {
    let quiet = Reference::parse(&text.to_lowercase())?;
    let path = quiet.path();
    let at = quiet.repository.len() - path.len();
    let (host, name) = match text.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
        _ => ("", text),
    };
    let name = name.split(['@', ':']).next().unwrap_or_default();
    let is_official = host.is_empty() && !name.contains('/') && at > 0;
    let name = if is_official {
        format!("library/{name}")
    } else {
        name.to_string()
    };
    (name != name.to_lowercase()).then_some(name)
}

fn invalid(text: &str) -> PullError {
    let reason = match loud_repository(text) {
        Some(name) => {
            format!("invalid reference format: repository name ({name}) must be lowercase")
        }
        None => "invalid reference format".to_string(),
    };
    PullError::InvalidName(format!(
        "Failed to apply default image tag \"{text}\": couldn't parse image name \"{text}\": {reason}"
    ))
}

fn matches(pattern: &str, name: &str) -> bool {
    let wild = pattern.strip_suffix('*');
    let pattern = match Reference::parse(wild.map_or(pattern, |p| p.trim_end_matches(':'))) {
        Some(reference) if wild.is_some() || !pattern.contains(':') => {
            format!("{}:", reference.repository)
        }
        Some(reference) => return name == reference.to_string(),
        None => return false,
    };
    // Tests name images by their last part: `goproxy:*` is `k8s.gcr.io/goproxy`.
    let tail = pattern.rsplit('/').next().unwrap_or(&pattern);
    name.starts_with(&pattern)
        || (pattern.starts_with("docker.io/library/") && name.contains(&format!("/{tail}")))
}

fn test_content(known: Option<&Content>, name: &str, program: &str) -> Content {
    let base = known.cloned().unwrap_or_else(images::busybox_content);
    let mut config = base.config.clone();
    let mut layer = (*base.layer).clone();
    if program == "memhog" {
        layer = layer.program("/memhog", "memhog", 784_000);
    } else {
        let port = if name.contains("/nginx:") {
            "80"
        } else {
            "8080"
        };
        layer = layer.program("/test-server", "test-server", 1_200_000);
        for path in ["/kuard", "/goproxy"]
            .iter()
            .filter(|p| name.contains(&p[..]))
        {
            layer = layer.program(path, "test-server", 1_200_000);
        }
        config.env.push(("PORT".into(), port.into()));
        config.entrypoint = vec!["/test-server".into()];
        config.cmd = Vec::new();
        config.stop_signal = String::new();
        if name.contains("/kuard") {
            config.cmd = vec!["/kuard".into()];
            config.entrypoint = Vec::new();
        }
    }
    Content {
        config,
        layer: Arc::new(layer),
        size_bytes: base.size_bytes,
        pull_ms: 20,
    }
}

fn status_of(name: &str, content: &Content) -> ImageStatus {
    let repository = Reference::parse(name)
        .map(|r| r.repository)
        .unwrap_or_default();
    let user = content.config.user.clone();
    let number = user.split(':').next().unwrap_or("").parse().ok();
    let uid = number.unwrap_or(if user.starts_with("nobody") {
        65_534
    } else {
        0
    });
    let stop = &content.config.stop_signal;
    ImageStatus {
        id: format!("sha256:{}", images::digest(&format!("config {name}"))),
        tags: vec![name.to_string()],
        digest: format!(
            "{repository}@sha256:{}",
            images::digest(&format!("manifest {name}"))
        ),
        size_bytes: content.size_bytes,
        user,
        uid,
        stop_signal: if stop.is_empty() {
            "SIGTERM".into()
        } else {
            stop.clone()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, expect) in [
            ("nginx:*", "docker.io/library/nginx:1.14.2", true),
            ("goproxy:*", "k8s.gcr.io/goproxy:0.1", true),
            (
                "gcr.io/kuar-demo/kuard-amd64:*",
                "gcr.io/kuar-demo/kuard-amd64:blue",
                true,
            ),
            ("polinux/stress", "docker.io/polinux/stress:latest", true),
            ("nginx:*", "docker.io/library/busybox:latest", false),
        ] {
            assert_eq!(matches(pattern, name), expect, "{pattern} {name}");
        }
    }
}
