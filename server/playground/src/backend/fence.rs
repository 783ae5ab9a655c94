//! Keeps a learner's requests to a real cluster within the namespace that is theirs: everything else is refused as a cluster with
//! the fitting roles would refuse it.
//!
//! It stands between the learner's kubectl (and sockets) and the cluster. It decides by method and path alone.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Method, Request, Response};
use kube::client::Body;
use serde_json::json;
use tower::{BoxError, Service};

use crate::session::recorder::asked;

/// What a learner may not even look at in the own namespace, or may not change: it would open the fence or other people's pockets.
const CLOSED: [&str; 6] = [
    "secrets",
    "resourcequotas",
    "limitranges",
    "networkpolicies",
    "roles",
    "rolebindings",
];

/// A client that reaches one namespace only.
pub fn fenced(client: kube::Client, namespace: &str, user: &str) -> kube::Client {
    kube::Client::new(
        Fence {
            client,
            namespace: namespace.to_owned(),
            user: user.to_owned(),
        },
        namespace,
    )
}

#[derive(Clone)]
struct Fence {
    client: kube::Client,
    namespace: String,
    user: String,
}

impl Service<Request<Body>> for Fence {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let refusal = refusal(
            &self.namespace,
            &self.user,
            request.method(),
            request.uri().path(),
        );
        let impersonates = |name: &http::HeaderName| name.as_str().starts_with("impersonate-");
        let masks: Vec<_> = request
            .headers()
            .keys()
            .filter(|name| impersonates(name))
            .cloned()
            .collect();
        for mask in masks {
            request.headers_mut().remove(mask);
        }
        let client = self.client.clone();
        Box::pin(async move {
            match refusal {
                None => Ok(client.send(request).await?),
                Some(status) => Ok(Response::builder()
                    .status(403)
                    .header("content-type", "application/json")
                    .body(Body::from(status.to_string().into_bytes()))?),
            }
        })
    }
}

/// The `Status` of a refusal; `None` where the request may pass.
fn refusal(namespace: &str, user: &str, method: &Method, path: &str) -> Option<serde_json::Value> {
    // `..` and the like never reach the cluster, however it would read them.
    let clean = !path.contains("//") && !path.contains("/.") && !path.contains('%');
    let Some(asked) = asked(method, path, "").filter(|_| clean) else {
        let harmless = *method == Method::GET && clean && is_about_the_server(path);
        return (!harmless).then(|| {
            forbidden(&format!(
                "forbidden: User \"{user}\" cannot {} path \"{path}\"",
                method.as_str().to_lowercase()
            ))
        });
    };
    let kind = asked.resource.split('/').next().unwrap_or_default();
    let own = asked.namespace == namespace
        && !(CLOSED.contains(&kind) || asked.resource == "serviceaccounts/token");
    let reads = matches!(asked.verb.as_str(), "get" | "list" | "watch");
    let looks = reads
        && asked.namespace.is_empty()
        && (kind == "nodes" && !asked.resource.contains('/')
            || kind == "namespaces" && asked.name == namespace);
    // Reviews of one's own rights, and nothing of others.
    let reviews = asked.verb == "create" && kind.starts_with("selfsubject");
    if own || looks || reviews {
        return None;
    }
    let group = path
        .strip_prefix("/apis/")
        .and_then(|rest| rest.split('/').next())
        .unwrap_or_default();
    let name = if asked.name.is_empty() {
        String::new()
    } else {
        format!(" \"{}\"", asked.name)
    };
    let place = if asked.namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace \"{}\"", asked.namespace)
    };
    let verb = if asked.verb == "connect" {
        "create"
    } else {
        &asked.verb
    };
    Some(forbidden(&format!(
        "{}{name} is forbidden: User \"{user}\" cannot {verb} resource \"{}\" in API group \"{group}\" {place}",
        asked.resource.split('/').next().unwrap_or_default(),
        asked.resource
    )))
}

fn is_about_the_server(path: &str) -> bool {
    ["/api", "/apis", "/openapi", "/version"]
        .iter()
        .any(|root| path == *root || path.starts_with(&format!("{root}/")))
}

fn forbidden(message: &str) -> serde_json::Value {
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": "Forbidden", "code": 403 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, path: &str, expect: Option<&str>) {
        let said = refusal("mine", "learner", &method, path);
        assert_eq!(
            said.as_ref().and_then(|status| status["message"].as_str()),
            expect,
            "{path}"
        );
    }

    #[test]
    fn the_own_namespace_is_open() {
        check(Method::GET, "/api/v1/namespaces/mine/pods", None);
        check(
            Method::POST,
            "/api/v1/namespaces/mine/pods/kuard/exec",
            None,
        );
        check(
            Method::PATCH,
            "/apis/apps/v1/namespaces/mine/deployments/web",
            None,
        );
        check(Method::GET, "/api/v1/namespaces/mine", None);
        check(Method::GET, "/api/v1/nodes", None);
        check(Method::GET, "/openapi/v3/api/v1", None);
        check(Method::GET, "/version", None);
    }

    #[test]
    fn all_else_is_closed() {
        let pods =
            "pods is forbidden: User \"learner\" cannot list resource \"pods\" in API group \"\"";
        check(
            Method::GET,
            "/api/v1/namespaces/kube-system/pods",
            Some(&format!("{pods} in the namespace \"kube-system\"")),
        );
        check(
            Method::GET,
            "/api/v1/pods",
            Some(&format!("{pods} at the cluster scope")),
        );
        check(
            Method::DELETE,
            "/api/v1/namespaces/mine",
            Some(
                "namespaces \"mine\" is forbidden: User \"learner\" cannot delete resource \"namespaces\" in API group \"\" at the cluster scope",
            ),
        );
        check(
            Method::GET,
            "/api/v1/nodes/a/proxy/pods",
            Some(
                "nodes \"a\" is forbidden: User \"learner\" cannot create resource \"nodes/proxy\" in API group \"\" at the cluster scope",
            ),
        );
        check(
            Method::POST,
            "/apis/rbac.authorization.k8s.io/v1/namespaces/mine/rolebindings",
            Some(
                "rolebindings is forbidden: User \"learner\" cannot create resource \"rolebindings\" in API group \"rbac.authorization.k8s.io\" in the namespace \"mine\"",
            ),
        );
        for path in [
            "/api/v1/namespaces/mine/../kube-system/secrets",
            "/api/v1/namespaces/mine/%2e%2e/pods",
            "/metrics",
            "/logs/",
            "/api/v1//pods",
        ] {
            assert!(
                refusal("mine", "learner", &Method::GET, path).is_some(),
                "{path}"
            );
        }
        assert!(
            refusal(
                "mine",
                "learner",
                &Method::POST,
                "/api/v1/namespaces/mine/serviceaccounts/default/token"
            )
            .is_some()
        );
    }
}
