//! `podschool serve`: puts the parts together, serves until it is told to stop, and takes everything down in order.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use course::Lang;
use host::Shards;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::backend::Ground;
use crate::backend::real::RealGround;
use crate::http::app::{App, Grounds, Rate};
use crate::http::listener::{self, Listening};
use crate::http::router::router;
use crate::http::site::Site;
use crate::k8s::{Gate, proxy};
use crate::session::registry::{Parts, Registry};
use crate::settings::{ServeArgs, Settings, Wrong};
use crate::shelf::Shelf;
use crate::storage::Storage;
use crate::{language, lessons, shelf};

/// Days for which a session is kept after it was used last.
pub(crate) const KEEP_DAYS: i64 = 90;

/// Runs until SIGINT or SIGTERM; the answer is the process's exit status.
pub async fn run(args: ServeArgs) -> i32 {
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    let started = match args.settle() {
        Ok(settings) => Server::start(settings, stop).await,
        Err(wrong) => Err(wrong),
    };
    match started {
        Ok(server) => {
            println!("Podschool is at {}", server.site.url);
            if server.open {
                open_browser(server.site.url.as_str());
            }
            server.finished().await;
            0
        }
        Err(wrong) => {
            eprintln!("podschool: {wrong}");
            2
        }
    }
}

/// A server that serves.
pub struct Server {
    pub site: Arc<Site>,
    pub app: App,
    /// Where it really listens.
    pub address: SocketAddr,
    open: bool,
    stop: CancellationToken,
    serving: Vec<tokio::task::JoinHandle<()>>,
}

impl Server {
    /// Listens and serves; returns when it does. The error is one sentence.
    pub async fn start(settings: Settings, stop: CancellationToken) -> Result<Server, Wrong> {
        let said = |error: &dyn std::fmt::Display| Wrong(error.to_string());
        let tls = settings
            .tls
            .as_ref()
            .map(|(cert, key)| acceptor(cert, key))
            .transpose()?;
        let course = lessons::course(settings.lessons.as_deref()).map_err(|e| said(&e))?;
        let shelf = Arc::new(Shelf::new(course));
        let storage = Storage::open(settings.data.as_deref())
            .await
            .map_err(|e| said(&e))?;
        let listener = TcpListener::bind(settings.listen).await.map_err(|e| {
            Wrong(format!(
                "listen: {} cannot be listened on: {e}; choose another with --listen",
                settings.listen
            ))
        })?;
        let bound = listener.local_addr().map_err(|e| said(&e))?;
        let site = Arc::new(Site::new(&settings, bound));
        let gate = Gate::open(&settings).await?;
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let shards = Shards::new(threads);
        let real = match &settings.real {
            None => None,
            Some(real) => Some(Ground::Real(Arc::new(
                RealGround::connect(real, instance(&settings, &site), shards.clone()).await?,
            ))),
        };
        let sim = Ground::Sim(shards);
        forget_old(&storage).await;
        let registry = Arc::new(Registry::new(Parts {
            storage: storage.clone(),
            passing: Storage::passing().await.map_err(|e| said(&e))?,
            site: site.clone(),
            shelf: shelf.clone(),
            sim: sim.clone(),
            most: settings.max_sessions,
            idle_minutes: settings.idle_minutes,
            embed_minutes: settings.embed_minutes,
        }));
        tokio::spawn(registry.clone().keep_house(stop.clone()));
        let app = App {
            site: site.clone(),
            shelf: shelf.clone(),
            registry: registry.clone(),
            storage,
            grounds: Arc::new(Grounds { sim, real }),
            rate: Arc::new(Rate::default()),
            tickets: Arc::default(),
            embedders: Arc::default(),
            k8s: gate.as_ref().map(|opened| opened.gate.clone()),
        };
        if let Some(folder) = settings.lessons.clone() {
            tokio::spawn(shelf::follow(shelf, folder, registry, stop.clone()));
        }
        // The bundles of all languages are read now, not by the first learner.
        language::say(Lang::En, "app-name");
        let how = Listening {
            max_connections: settings.max_connections,
            tls,
            stop: stop.clone(),
        };
        let outside = gate.map(|opened| {
            let how = Listening {
                tls: Some(opened.tls),
                ..how.clone()
            };
            listener::serve(opened.listener, proxy::router(app.clone()), how)
        });
        let mut serving = vec![tokio::spawn(listener::serve(
            listener,
            router(app.clone()),
            how,
        ))];
        serving.extend(outside.map(tokio::spawn));
        Ok(Server {
            site,
            app,
            address: bound,
            open: settings.open,
            stop,
            serving,
        })
    }

    /// Waits for the stop, then for the end of all sessions and connections.
    pub async fn finished(self) {
        self.stop.cancelled().await;
        // Sessions first: their sockets close, so that their connections end.
        self.app.registry.end_all().await;
        for serving in self.serving {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the accept loop broke");
            }
        }
        self.app.storage.close().await;
    }
}

/// Sessions that nobody came back to for months are forgotten; progress is not.
async fn forget_old(storage: &Storage) {
    let before = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(KEEP_DAYS * 24);
    if let Err(error) = storage.forget_sessions(&before.to_string()).await {
        tracing::error!(%error, "old sessions could not be forgotten");
    }
}

/// Names this server among others on one cluster: the same after a restart.
fn instance(settings: &Settings, site: &Site) -> String {
    let text = format!("{} {:?}", site.url, settings.data);
    Sha256::digest(text.as_bytes())[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, Wrong> {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let wrong = |name: &str, path: &Path, why: &dyn std::fmt::Display| {
        Wrong(format!("{name}: {} cannot be used: {why}", path.display()))
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(cert)
        .map_err(|e| wrong("tls-cert", cert, &e))?
        .collect();
    let chain = chain.map_err(|e| wrong("tls-cert", cert, &e))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|e| wrong("tls-key", key, &e))?;
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|e| wrong("tls-cert", cert, &e))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn stop_on_signal(stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    stop.cancel();
}

/// Opens the page in the user's browser; that none opens is no reason to stop.
fn open_browser(url: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    if let Err(error) = std::process::Command::new(program).arg(url).spawn() {
        eprintln!("podschool: no browser could be opened ({error}); open {url} yourself");
    }
}
