//! The way of a request: who asks, what for, the answer, the headers that all answers carry, the audit entry.

use crate::audit::{AuditEntry, AuditHook};
use crate::discovery::{self, Served};
use crate::identity::Identity;
use crate::path::{ApiPath, Route};
use crate::query::Query;
use crate::respond::{self, Style};
use crate::{health, log, negotiate, openapi, path, rest, stream, upkeep, version, watch};
use axum::extract::State;
use axum::response::Response;
use axum::{Router, body::Body};
use host::Handle;
use http::request::Parts;
use http::{HeaderValue, Method, Request, header};
use objects::{Resource, Status, UserInfo};
use std::sync::Arc;

/// What the router serves and how.
#[derive(Clone)]
pub struct Options {
    pub identity: Identity,
    pub audit: Option<AuditHook>,
    /// Whether `metrics.k8s.io` is served.
    pub metrics: bool,
    /// Clients live in wall time: they are warned when the cluster's clock is not theirs.
    pub wall_time: bool,
}

pub(crate) struct Api {
    pub handle: Handle,
    pub options: Options,
}

impl Api {
    fn served(&self) -> Served {
        Served {
            metrics: self.options.metrics,
        }
    }
}

/// One request for a resource, read from its path and headers.
pub(crate) struct Asked {
    pub api: Arc<Api>,
    pub user: UserInfo,
    pub path: ApiPath,
    pub resource: &'static Resource,
    pub query: Query,
    pub style: Style,
    pub parts: Parts,
}

impl Asked {
    /// A request to the cluster about what the path names.
    pub fn request(&self, verb: objects::Verb) -> objects::Request {
        let p = &self.path;
        let mut request = objects::Request::new(verb, &p.group, &p.version, &p.resource);
        request.namespace = p.namespace.clone();
        request.name = p.name.clone();
        request.subresource = p.subresource.clone();
        request.user = self.user.clone();
        request.user_agent = user_agent(&self.parts).into();
        request
    }
}

/// The whole API over one cluster, served to one kind of client.
pub fn router(handle: Handle, identity: Identity) -> Router {
    router_with(
        handle,
        Options {
            identity,
            audit: None,
            metrics: true,
            wall_time: false,
        },
    )
}

/// The same with all options.
pub fn router_with(handle: Handle, options: Options) -> Router {
    Router::new()
        .fallback(serve)
        .with_state(Arc::new(Api { handle, options }))
}

async fn serve(State(api): State<Arc<Api>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let query = Query::of(&parts.uri);
    let mut entry = AuditEntry {
        verb: parts.method.as_str().to_lowercase(),
        path: parts.uri.path().into(),
        query: query.0.clone(),
        user_agent: user_agent(&parts).into(),
        ..AuditEntry::default()
    };
    let mut response = answer(&api, parts, query, body, &mut entry).await;
    finish(&api, &mut response);
    entry.code = response.status().as_u16();
    if let Some(audit) = &api.options.audit {
        audit(&entry);
    }
    response
}

async fn answer(
    api: &Arc<Api>,
    parts: Parts,
    query: Query,
    body: Body,
    entry: &mut AuditEntry,
) -> Response {
    let user = match api.options.identity.of(&parts) {
        Ok(user) => user,
        Err(status) => return respond::status(&status, &Style::plain()),
    };
    entry.user.clone_from(&user.name);
    let route = path::parse(parts.uri.path());
    if let Route::Api(path) = route {
        return resource(api, user, path, parts, query, body, entry).await;
    }
    document(api, &route, &parts, &query)
}

/// Everything that is not a resource.
fn document(api: &Arc<Api>, route: &Route, parts: &Parts, query: &Query) -> Response {
    let served = api.served();
    let accept = parts
        .headers
        .get(header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let style = Style::of(&parts.headers, query, 0).unwrap_or_else(|_| Style::plain());
    let json = |found: Option<serde_json::Value>| match found {
        Some(value) => respond::document(&value, &style),
        None => respond::not_found(),
    };
    match route {
        Route::Groups { core } => match negotiate::aggregated(accept) {
            Some(version) => {
                let mut response =
                    respond::document(&discovery::aggregated(served, *core, version), &style);
                let kind = match version {
                    "v2" => "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
                    _ => {
                        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
                    }
                };
                response
                    .headers_mut()
                    .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
                response
                    .headers_mut()
                    .insert(header::VARY, HeaderValue::from_static("Accept"));
                response
            }
            None if *core => json(Some(discovery::api_versions(host_of(parts)))),
            None => json(Some(discovery::group_list(served))),
        },
        Route::Group(name) => json(discovery::one_group(served, name)),
        Route::Resources { group, version } => {
            json(discovery::resource_list(served, group, version))
        }
        Route::Api(_) | Route::Other => match parts.uri.path() {
            "/" => json(Some(discovery::root(served))),
            "/version" | "/version/" => json(Some(version::document(api.handle.git_version()))),
            other => health::serve(other, query)
                .or_else(|| {
                    let version = api.handle.git_version();
                    upkeep::serve(other, version, host_of(parts), &style)
                })
                .or_else(|| openapi::serve(served, other, &style))
                .unwrap_or_else(respond::not_found),
        },
    }
}

fn host_of(parts: &Parts) -> &str {
    let host = parts
        .headers
        .get(header::HOST)
        .and_then(|v| v.to_str().ok());
    host.or_else(|| parts.uri.authority().map(|a| a.as_str()))
        .unwrap_or("localhost")
}

fn user_agent(parts: &Parts) -> &str {
    parts
        .headers
        .get(header::USER_AGENT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
}

async fn resource(
    api: &Arc<Api>,
    user: UserInfo,
    path: ApiPath,
    parts: Parts,
    query: Query,
    body: Body,
    entry: &mut AuditEntry,
) -> Response {
    let served = api.served();
    if !served.serves(&path.group, &path.version) {
        return respond::not_found();
    }
    let style = match Style::of(&parts.headers, &query, api.handle.now().seconds()) {
        Ok(style) => style,
        Err(status) => return respond::status(&status, &Style::plain()),
    };
    let Some(resource) = path.resolve() else {
        return respond::status(&Status::unknown_path(), &style);
    };
    entry.group.clone_from(&path.group);
    entry.resource.clone_from(&path.resource);
    entry.subresource.clone_from(&path.subresource);
    entry.namespace.clone_from(&path.namespace);
    entry.name.clone_from(&path.name);
    let asked = Asked {
        api: api.clone(),
        user,
        path,
        resource,
        query,
        style,
        parts,
    };
    entry.verb = verb(&asked).into();
    let style = asked.style.clone();
    match dispatch(asked, body).await {
        Ok(response) => response,
        Err(status) => respond::status(&status, &style),
    }
}

/// The verb as RBAC names it.
fn verb(asked: &Asked) -> &'static str {
    let named = !asked.path.name.is_empty();
    match asked.parts.method {
        Method::GET | Method::HEAD if watch::wanted(asked) => "watch",
        Method::GET | Method::HEAD if named => "get",
        Method::GET | Method::HEAD => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if named => "delete",
        Method::DELETE => "deletecollection",
        _ => "",
    }
}

async fn dispatch(asked: Asked, body: Body) -> Result<Response, Status> {
    let verb = verb(&asked);
    let verbs = match asked.path.subresource.as_str() {
        "" => asked.resource.verbs,
        name => {
            asked
                .resource
                .subresource(name)
                .ok_or_else(Status::unknown_path)?
                .verbs
        }
    };
    // `create` on a name, `update` without one and the like are no routes of the API.
    let named = !asked.path.name.is_empty();
    let shaped = match verb {
        "create" => named != asked.path.subresource.is_empty(),
        "update" | "patch" => named,
        _ => true,
    };
    let scoped = !asked.resource.namespaced
        || !asked.path.namespace.is_empty()
        || matches!(verb, "list" | "watch");
    if !verbs.contains(&verb) || !shaped || !scoped {
        return Err(Status::method_not_allowed());
    }
    let pods = asked.path.group.is_empty() && asked.path.resource == "pods";
    match (pods, asked.path.subresource.as_str(), verb) {
        (true, "log", _) => log::serve(asked).await,
        (true, "exec" | "attach", _) => stream::exec::serve(asked, body).await,
        (true, "portforward", _) => stream::port_forward::serve(asked, body).await,
        (_, "proxy", _) => Err(Status::bad_request("address not allowed")),
        (_, _, "watch") => watch::serve(asked).await,
        _ => rest::serve(asked, verb, body).await,
    }
}

/// Headers that every answer carries.
fn finish(api: &Api, response: &mut Response) {
    let id = uuid::Uuid::new_v4().to_string();
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("audit-id", id);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-cache, private"));
    if api.options.wall_time && api.handle.clock_state().moved {
        let state = api.handle.clock_state();
        let text = format!(
            "the clock of this simulated cluster was moved or runs at {}x: times differ from yours",
            state.speed
        );
        respond::warn(response, &[text]);
    }
}
