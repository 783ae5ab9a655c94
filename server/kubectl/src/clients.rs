//! Where the connection to a cluster comes from: the kubeconfig's choice, made by kubectl, and the client, made by the host.
//!
//! Not here: TLS, tokens, duplex pipes. On the workstation the host answers with its in-process client; on a real
//! computer it builds one from the chosen cluster and user.

use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;

use crate::discovery::Discovery;

/// What the kubeconfig and the flags chose. Paths of files are as written in the kubeconfig, made absolute to its folder.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// Name of the context, empty when none is set.
    pub context: String,
    /// URL of the API server (`http://localhost:8080` when nothing is set).
    pub server: String,
    /// The namespace of this run: `-n`, else the context's, else `default`.
    pub namespace: String,
    /// The kubeconfig reduced to this context, as kubeconfig JSON (one cluster, one user, one context, flags merged in).
    pub kubeconfig: serde_json::Value,
    /// Whether a kubeconfig was found at all.
    pub found: bool,
    /// `--as`, `--as-group`: send `Impersonate-User`, `Impersonate-Group`.
    pub impersonate: Option<(String, Vec<String>)>,
}

/// Answers of discovery kept between runs, so that `get pods` is one request. Shared by cloning; one per cluster.
#[derive(Clone, Default)]
pub struct DiscoveryCache(Arc<Mutex<Option<Arc<Discovery>>>>);

impl DiscoveryCache {
    /// What was kept, if anything.
    pub fn get(&self) -> Option<Arc<Discovery>> {
        self.0.lock().ok().and_then(|kept| kept.clone())
    }
    /// Keeps the answer of a fresh discovery.
    pub fn set(&self, found: Arc<Discovery>) {
        if let Ok(mut kept) = self.0.lock() {
            *kept = Some(found);
        }
    }
}

/// Source of clients. One value serves many runs.
pub trait Clients: Send + Sync + 'static {
    /// A client for the target. `Err` is the sentence that kubectl prints after `error: `.
    fn connect<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<kube::Client, String>>;
    /// The cache of discovery for the target. The default keeps nothing beyond the run.
    fn discovery(&self, _target: &Target) -> DiscoveryCache {
        DiscoveryCache::default()
    }
}
