//! An HTTP client of a router in this process: every connection is a pipe with hyper on both ends, so that upgrades work and no port
//! is opened.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::io::DuplexStream;

/// Bytes under way in each direction of a connection.
const BUFFER_BYTES: usize = 32 * 1024;
/// Connections that wait for the next request.
const IDLE: usize = 2;

/// The client's service, with absolute addresses filled in.
pub type Service = Local<hyper_util::client::legacy::Client<Pipes, kube::client::Body>>;

/// Makes a client of `router`.
pub fn service(router: Router) -> Service {
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(IDLE)
        .http1_max_buf_size(64 * 1024)
        .build(Pipes(router));
    Local(client)
}

/// Gives requests, which kube makes with a path only, a host.
#[derive(Clone)]
pub struct Local<S>(S);

impl<S: tower::Service<http::Request<kube::client::Body>>>
    tower::Service<http::Request<kube::client::Body>> for Local<S>
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<kube::client::Body>) -> S::Future {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        if let Ok(uri) = format!("http://cluster.podschool{path}").parse() {
            *request.uri_mut() = uri;
        }
        self.0.call(request)
    }
}

/// Opens pipes to a router.
#[derive(Clone)]
pub struct Pipes(Router);

impl tower::Service<Uri> for Pipes {
    type Response = Pipe;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Pipe>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let (ours, theirs) = tokio::io::duplex(BUFFER_BYTES);
        let router = self.0.clone();
        tokio::spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new()
                .max_buf_size(BUFFER_BYTES)
                .serve_connection(TokioIo::new(theirs), TowerToHyperService::new(router))
                .with_upgrades();
            // The client's going away is not an error of the server.
            let _ = connection.await;
        });
        std::future::ready(Ok(Pipe(TokioIo::new(ours))))
    }
}

/// The client's end of a pipe.
pub struct Pipe(TokioIo<DuplexStream>);

impl Connection for Pipe {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl hyper::rt::Read for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl hyper::rt::Write for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        hyper::rt::Write::poll_write(Pin::new(&mut self.0), context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        hyper::rt::Write::poll_flush(Pin::new(&mut self.0), context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        hyper::rt::Write::poll_shutdown(Pin::new(&mut self.0), context)
    }
}
