//! The routes, and what every request passes before it reaches one.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get, post};
use futures::StreamExt;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;

use super::app::{App, Proven};
use super::preview::{self, By};
use super::{assets, chrome, embed, guard, own_kubectl, pages, parcels, playground, tickets};
use crate::pod_sockets::{self, Wanted};
use crate::session::parcel::FILE_AT_MOST_BYTES;
use crate::wire::MAX_MESSAGE_BYTES;

/// Largest body of a request to the pages and the API.
const BODY_BYTES: usize = 256 * 1024;

/// How much of a body that is too large is passed over, and for how long, before its sender is told.
const PASSED_OVER_BYTES: usize = 4 * FILE_AT_MOST_BYTES;
const PASSED_OVER_WITHIN: Duration = Duration::from_secs(10);

/// Everything below the base path, by its address. A table, so that tests can go through it.
pub fn table() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/", get(pages::front)),
        ("/{lang}/", get(pages::course)),
        ("/{lang}/lessons/{lesson}", get(pages::lesson)),
        ("/playground", get(playground::front)),
        ("/{lang}/playground", get(playground::playground)),
        ("/shared/{link}", get(playground::shared_front)),
        ("/{lang}/shared/{link}", get(playground::shared)),
        ("/embed/{lesson}", get(embed::page)),
        ("/assets/{name}", get(assets::asset)),
        ("/api/embed/{lesson}", post(embed::start)),
        (BRING, post(parcels::bring)),
        ("/api/sessions/{session}/file", get(parcels::save)),
        ("/api/sessions/{session}/share", post(parcels::share)),
        (
            "/api/sessions/{session}/kubeconfig",
            post(own_kubectl::hand_out),
        ),
        ("/api/sessions/{session}/socket", get(socket)),
        ("/api/sessions/{session}/ticket", post(embed::ticket)),
        (
            "/api/sessions/{session}/namespaces/{namespace}/pods/{pod}/{action}",
            any(pod),
        ),
        ("/preview/{label}/{*path}", any(preview_by_path)),
        ("/preview/{label}/", any(preview_front)),
    ]
}

/// Takes files, which are larger than other bodies.
const BRING: &str = "/api/files";

/// Everything that this server answers.
pub fn router(app: App) -> Router {
    let routes = table()
        .into_iter()
        .fold(Router::new(), |routes, (path, methods)| {
            let bytes = if path == BRING {
                FILE_AT_MOST_BYTES
            } else {
                BODY_BYTES
            };
            let methods: MethodRouter<App> = methods.layer(RequestBodyLimitLayer::new(bytes));
            let methods: MethodRouter<App> =
                methods.layer(middleware::from_fn_with_state(bytes, hear_out));
            routes.route(path, methods.layer(DefaultBodyLimit::disable()))
        })
        .fallback(pages::nowhere);
    let base = app.site.base.trim_end_matches('/').to_owned();
    let placed = if base.is_empty() {
        routes
    } else {
        // What is nested at `/` answers without the slash only.
        Router::new()
            .nest(&base, routes)
            .route(&app.site.base, get(pages::front))
            .fallback(elsewhere)
    };
    let placed = placed.with_state(app.clone());
    let health = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(app.clone());
    let guarded = placed.layer(middleware::from_fn_with_state(
        app.site.clone(),
        guard::gate,
    ));
    health
        .merge(guarded)
        .layer(middleware::from_fn_with_state(app, preview_by_host))
        .layer(CatchPanicLayer::custom(|_| chrome::broken()))
}

/// Whoever still sends does not read, and an answer that ends the connection is lost to them: a body that is announced as too large is passed
/// over before it is refused, as far as that has a measure.
async fn hear_out(State(bytes): State<usize>, request: Request, next: Next) -> Response {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_none_or(|length| length <= bytes) {
        return next.run(request).await;
    }
    let mut rest = request.into_body().into_data_stream();
    let pass_over = async {
        let mut passed = 0;
        while let Some(Ok(piece)) = rest.next().await {
            passed += piece.len();
            if passed > PASSED_OVER_BYTES {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(PASSED_OVER_WITHIN, pass_over).await;
    StatusCode::PAYLOAD_TOO_LARGE.into_response()
}

/// Outside of the sub-path.
async fn elsewhere() -> StatusCode {
    StatusCode::NOT_FOUND
}

/// `GET /readyz`: the database answers.
async fn ready(State(app): State<App>) -> Response {
    match app.storage.ready().await {
        true => "ready\n".into_response(),
        false => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not answer\n",
        )
            .into_response(),
    }
}

/// `GET <base>api/sessions/{session}/socket`
async fn socket(Proven(session): Proven, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .protocols([tickets::PROTOCOL])
        .read_buffer_size(8 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MAX_MESSAGE_BYTES)
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .on_upgrade(move |socket| crate::socket::serve(socket, session))
}

/// `<base>api/sessions/{session}/namespaces/{namespace}/pods/{pod}/{action}`
async fn pod(
    Proven(session): Proven,
    Path((_, namespace, pod, action)): Path<(String, String, String, String)>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let Some(life) = session.life() else {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "The session is not ready.\n",
        )
            .into_response();
    };
    let wanted = Wanted {
        namespace,
        pod,
        action,
        query,
    };
    pod_sockets::join(&life.client, &wanted, request, life.stop.clone()).await
}

/// Requests whose `Host` is a preview's never reach the pages.
async fn preview_by_host(State(app): State<App>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get("host")
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    match app.site.preview_label(host) {
        None => next.run(request).await,
        Some(label) => {
            let door = app.registry.by_label(label);
            show(&app, door, By::Host, request).await
        }
    }
}

/// `<base>preview/{label}/…`, where previews have no origins of their own.
async fn preview_by_path(
    State(app): State<App>,
    Path((label, path)): Path<(String, String)>,
    request: Request,
) -> Response {
    by_path(app, &label, &path, request).await
}

async fn preview_front(
    State(app): State<App>,
    Path(label): Path<String>,
    request: Request,
) -> Response {
    by_path(app, &label, "", request).await
}

async fn by_path(app: App, label: &str, path: &str, mut request: Request) -> Response {
    let query = request
        .uri()
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    if let Ok(uri) = format!("/{path}{query}").parse() {
        *request.uri_mut() = uri;
    }
    let door = app.registry.by_label(label);
    show(&app, door, By::Path, request).await
}

async fn show(
    app: &App,
    door: Option<crate::session::previews::Door>,
    by: By,
    request: Request<Body>,
) -> Response {
    match door {
        Some(door) => preview::pass(&app.site, &door, by, request).await,
        None => (
            StatusCode::NOT_FOUND,
            "This preview is not there any more; open the lesson again.\n",
        )
            .into_response(),
    }
}
