//! A client of a simulated cluster in this process: no port is opened.
//!
//! What is plain request and answer, a watch too, goes straight into the router: nothing is written as text of HTTP and read again,
//! and no connection is held open. What becomes a stream (exec, attach, port-forward) needs the upgrade of a connection, and
//! has one: a pipe with hyper at both ends.

use std::task::{Context, Poll};

use axum::Router;
use futures::future::{BoxFuture, FutureExt};
use host::Handle;
use http::{Request, Response, header};
use kube::client::Body;
use tower::{Service, ServiceExt};

/// Speaks to the cluster as its administrator.
pub fn client(world: &Handle, namespace: &str) -> kube::Client {
    speaking(world, namespace, false)
}

/// The same for a program that lives in wall time: it is warned where the cluster's clock is another.
pub fn outside(world: &Handle, namespace: &str) -> kube::Client {
    speaking(world, namespace, true)
}

fn speaking(world: &Handle, namespace: &str, wall_time: bool) -> kube::Client {
    let options = apiserver::Options {
        identity: apiserver::Identity::Fixed(world.admin().clone()),
        audit: None,
        metrics: true,
        wall_time,
    };
    let router = apiserver::router_with(world.clone(), options);
    kube::Client::new(Local::new(router), namespace)
}

/// The way to a router of this process.
#[derive(Clone)]
struct Local {
    router: Router,
    pipe: apiserver::duplex::Client<Body>,
}

impl Local {
    fn new(router: Router) -> Local {
        let pipe = apiserver::duplex::client(router.clone());
        Local { router, pipe }
    }
}

impl Service<Request<Body>> for Local {
    type Response = Response<axum::body::Body>;
    type Error = hyper_util::client::legacy::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // kube makes requests with a path only.
        let path = request.uri().path_and_query();
        let path = path.map_or("/", http::uri::PathAndQuery::as_str);
        if let Ok(uri) = format!("http://cluster.podschool{path}").parse() {
            *request.uri_mut() = uri;
        }
        if !request.headers().contains_key(header::UPGRADE) {
            let asked = request.map(axum::body::Body::new);
            let answer = self.router.clone().oneshot(asked);
            return answer.map(|Ok(answer)| Ok(answer)).boxed();
        }
        let answer = self.pipe.request(request);
        async move { Ok(answer.await?.map(axum::body::Body::new)) }.boxed()
    }
}
