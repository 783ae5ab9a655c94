//! The accept loop: at most so many connections, a header must come in time, and an orderly end.
//!
//! Not `axum::serve`, which has neither a time for headers nor a cap. HTTP/1.1 only: a reverse proxy may speak more.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A request's head must have come within this time.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Most bytes of a request's head.
const HEAD_BYTES: usize = 16 * 1024;
/// Open requests get this long when the server is told to stop.
const STOP_TIME: Duration = Duration::from_secs(10);

/// How to listen.
#[derive(Clone)]
pub struct Listening {
    pub max_connections: usize,
    pub tls: Option<TlsAcceptor>,
    pub stop: CancellationToken,
}

/// The address of the other end, among a request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub std::net::SocketAddr);

/// Serves until `stop`; returns when open requests are answered or ten seconds have passed.
pub async fn serve(listener: TcpListener, router: Router, how: Listening) {
    let room = Arc::new(Semaphore::new(how.max_connections));
    let connections = TaskTracker::new();
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            () = how.stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // A client that is gone again is its own matter; out of files means: wait for one.
                if !is_clients_matter(&error) {
                    tracing::warn!(%error, "accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                continue;
            }
        };
        let _ = socket.set_nodelay(true);
        let router = router.clone().layer(axum::Extension(Peer(peer)));
        let how = how.clone();
        connections.spawn(async move {
            let _permit = permit;
            match &how.tls {
                None => converse(socket, router, how.stop).await,
                Some(tls) => {
                    if let Ok(Ok(socket)) =
                        tokio::time::timeout(HEAD_TIME, tls.accept(socket)).await
                    {
                        converse(socket, router, how.stop).await;
                    }
                }
            }
        });
    }
    connections.close();
    if tokio::time::timeout(STOP_TIME, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!("some connections were still open at the end");
    }
}

async fn converse(
    socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    stop: CancellationToken,
) {
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(64)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(socket), TowerToHyperService::new(router))
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection");
    }
}

fn is_clients_matter(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
