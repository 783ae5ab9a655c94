//! The program `kubectl` of the workstation: a foreign process whose body is the room `kubectl`.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use host::{ForeignProcess, Handle};
use kubectl::{Clients, Computer, DiscoveryCache, Target};
use tokio::sync::mpsc;

use super::computer::Workstation;
use crate::session::grading::Told;
use crate::session::previews::Previews;

/// The way to the session's cluster. A kubeconfig that names another server finds nobody there.
#[derive(Clone)]
pub struct SessionClients {
    client: kube::Client,
    server: String,
    cache: DiscoveryCache,
}

impl SessionClients {
    pub fn new(client: kube::Client, server: String) -> Self {
        SessionClients {
            client,
            server,
            cache: DiscoveryCache::default(),
        }
    }
}

impl Clients for SessionClients {
    fn connect<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<kube::Client, String>> {
        let found = if target.server.trim_end_matches('/') == self.server {
            Ok(self.client.clone())
        } else {
            let host = target.server.split("://").nth(1).unwrap_or(&target.server);
            Err(format!(
                "The connection to the server {} was refused - did you specify the right host or port?",
                host.trim_end_matches('/')
            ))
        };
        async move { found }.boxed()
    }

    fn discovery(&self, _: &Target) -> DiscoveryCache {
        self.cache.clone()
    }
}

/// Puts the program on the workstation.
pub fn install(
    world: &Handle,
    clients: SessionClients,
    previews: Previews,
    tell: mpsc::UnboundedSender<Told>,
) {
    let clients: Arc<dyn Clients> = Arc::new(clients);
    let factory = move |process: ForeignProcess| {
        let (clients, previews, tell) = (clients.clone(), previews.clone(), tell.clone());
        run(process, clients, previews, tell).boxed()
    };
    world.foreign("kubectl", Arc::new(factory));
}

async fn run(
    process: ForeignProcess,
    clients: Arc<dyn Clients>,
    previews: Previews,
    tell: mpsc::UnboundedSender<Told>,
) -> i32 {
    let args: Vec<String> = process.args().iter().skip(1).cloned().collect();
    let target = args
        .iter()
        .skip(1)
        .find(|arg| !arg.starts_with('-'))
        .cloned()
        .unwrap_or_default();
    let size = process.window_size().await.ok();
    let computer: Arc<dyn Computer> =
        Arc::new(Workstation::new(process, size, previews, tell, target));
    kubectl::run(args, computer, clients).await
}
