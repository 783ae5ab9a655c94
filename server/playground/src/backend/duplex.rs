//! A client of a simulated cluster in this process: no port is opened.

use std::task::{Context, Poll};

use host::Handle;
use http::Request;
use kube::client::Body;

/// Speaks to the cluster as its administrator.
pub fn client(world: &Handle, namespace: &str) -> kube::Client {
    let identity = apiserver::Identity::Fixed(world.admin().clone());
    let router = apiserver::router(world.clone(), identity);
    kube::Client::new(Local(apiserver::duplex::client::<Body>(router)), namespace)
}

/// Gives requests, which kube makes with a path only, a host.
#[derive(Clone)]
struct Local<S>(S);

impl<S: tower::Service<Request<Body>>> tower::Service<Request<Body>> for Local<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> S::Future {
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
