//! Stands between kubectl and either cluster and notes what was asked of the API: the source of `ran` checks.
//!
//! It changes nothing and delays nothing; a note is made when the answer's head has come.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use course::Asked;
use futures::future::BoxFuture;
use http::{Method, Request, Response};
use kube::client::Body;
use tower::{BoxError, Service};

/// Takes the notes.
pub type Note = Arc<dyn Fn(Asked) + Send + Sync>;

/// Waits until what a request changed is on the disk.
pub type Keep = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// A client that notes what is asked through it, and answers changes once they are kept.
pub fn recording(client: kube::Client, note: Note, keep: Option<Keep>) -> kube::Client {
    let namespace = client.default_namespace().to_owned();
    kube::Client::new(Recorder { client, note, keep }, namespace)
}

#[derive(Clone)]
struct Recorder {
    client: kube::Client,
    note: Note,
    keep: Option<Keep>,
}

impl Service<Request<Body>> for Recorder {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let asked = asked(
            request.method(),
            request.uri().path(),
            request.uri().query().unwrap_or_default(),
        );
        let (client, note) = (self.client.clone(), self.note.clone());
        let keep = self
            .keep
            .clone()
            .filter(|_| *request.method() != Method::GET);
        Box::pin(async move {
            let answer = client.send(request).await?;
            if let Some(mut asked) = asked {
                asked.code = answer.status().as_u16();
                note(asked);
            }
            if let Some(keep) = keep {
                keep().await;
            }
            Ok(answer)
        })
    }
}

/// What a request asks for; `None` where it is not about objects (discovery, OpenAPI, health).
pub fn asked(method: &Method, path: &str, query: &str) -> Option<Asked> {
    let query: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    match parts.next()? {
        "api" => parts.next()?,
        "apis" => {
            parts.next()?;
            parts.next()?
        }
        _ => return None,
    };
    let rest: Vec<&str> = parts.collect();
    let (namespace, rest) = match rest.as_slice() {
        ["namespaces", namespace, resource, rest @ ..]
            if !matches!(*resource, "status" | "finalize") =>
        {
            (*namespace, [&[*resource], rest].concat())
        }
        rest => ("", rest.to_vec()),
    };
    let (resource, name, subresource) = match rest.as_slice() {
        [] => return None,
        [resource] => (*resource, "", ""),
        [resource, name] => (*resource, *name, ""),
        [resource, name, subresource, ..] => (*resource, *name, *subresource),
    };
    let watches = query
        .get("watch")
        .is_some_and(|value| matches!(value.as_str(), "true" | "1"));
    let verb = match *method {
        _ if matches!(subresource, "exec" | "attach" | "portforward" | "proxy") => "connect",
        Method::GET if watches => "watch",
        Method::GET if name.is_empty() => "list",
        Method::GET => "get",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if name.is_empty() => "deletecollection",
        Method::DELETE => "delete",
        _ => return None,
    };
    let resource = if subresource.is_empty() {
        resource.to_owned()
    } else {
        format!("{resource}/{subresource}")
    };
    Some(Asked {
        verb: verb.to_owned(),
        resource,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        query,
        code: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, uri: &str, expect: Option<(&str, &str, &str, &str)>) {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let said = asked(&method, path, query);
        let said = said.as_ref().map(|a| {
            (
                a.verb.as_str(),
                a.resource.as_str(),
                a.namespace.as_str(),
                a.name.as_str(),
            )
        });
        assert_eq!(said, expect, "{uri}");
    }

    #[test]
    fn requests_are_understood() {
        check(
            Method::GET,
            "/api/v1/namespaces/default/pods?limit=500",
            Some(("list", "pods", "default", "")),
        );
        check(
            Method::GET,
            "/api/v1/namespaces/default/pods?watch=true",
            Some(("watch", "pods", "default", "")),
        );
        check(Method::GET, "/api/v1/pods", Some(("list", "pods", "", "")));
        check(
            Method::GET,
            "/api/v1/namespaces/default/pods/kuard/log?previous=true",
            Some(("get", "pods/log", "default", "kuard")),
        );
        check(
            Method::GET,
            "/api/v1/namespaces/default/pods/kuard/exec",
            Some(("connect", "pods/exec", "default", "kuard")),
        );
        check(
            Method::POST,
            "/api/v1/namespaces/default/pods",
            Some(("create", "pods", "default", "")),
        );
        check(
            Method::PATCH,
            "/apis/apps/v1/namespaces/a/deployments/web",
            Some(("patch", "deployments", "a", "web")),
        );
        check(
            Method::DELETE,
            "/api/v1/namespaces/a",
            Some(("delete", "namespaces", "", "a")),
        );
        check(
            Method::GET,
            "/api/v1/namespaces/a",
            Some(("get", "namespaces", "", "a")),
        );
        check(
            Method::GET,
            "/api/v1/nodes/node-1",
            Some(("get", "nodes", "", "node-1")),
        );
    }

    #[test]
    fn what_is_not_about_objects_is_left_out() {
        check(Method::GET, "/api/v1", None);
        check(Method::GET, "/apis/apps/v1", None);
        check(Method::GET, "/openapi/v3/api/v1", None);
        check(Method::GET, "/version", None);
    }
}
