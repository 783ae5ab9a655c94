//! The accept loop of `podschool cluster`: a limit of connections, a time limit for headers, TLS or plain.

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use objects::UserInfo;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// Connections at once; more wait.
const CONNECTIONS: usize = 2_000;
/// How long a client may take for its handshake, and for the headers of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const HEADERS: usize = 100;

/// How connections are taken.
#[derive(Clone)]
pub enum Door {
    Plain,
    /// Whoever shows a certificate of the authority is `user`.
    Tls {
        config: Arc<rustls::ServerConfig>,
        user: UserInfo,
    },
}

/// Takes connections until the task is ended.
pub async fn accept(listener: TcpListener, door: Door, router: Router) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = permits.clone().acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Most often the limit of open files: others have to end first.
                tracing::warn!(%error, "a connection cannot be taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (door, router) = (door.clone(), router.clone());
        tokio::spawn(async move {
            let _permit = permit;
            // Frames of a terminal are small and should not wait for each other.
            let _ = stream.set_nodelay(true);
            connection(stream, door, router).await;
        });
    }
}

async fn connection(stream: TcpStream, door: Door, router: Router) {
    match door {
        Door::Plain => http(stream, router).await,
        Door::Tls { config, user } => {
            let handshake = TlsAcceptor::from(config).accept(stream);
            let Ok(Ok(tls)) = tokio::time::timeout(HEADER_TIMEOUT, handshake).await else {
                return;
            };
            let known = tls
                .get_ref()
                .1
                .peer_certificates()
                .is_some_and(|chain| !chain.is_empty());
            let router = if known {
                router.layer(axum::Extension(user))
            } else {
                router
            };
            http(tls, router).await;
        }
    }
}

async fn http(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router) {
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended badly");
    }
}
