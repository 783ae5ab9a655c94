//! Sends requests of a learner's own kubectl on to the cluster of the session, and joins what becomes a stream.
//!
//! A request is made anew from the parts that a Kubernetes client needs: method, path, query, body and the headers listed here. Two sockets
//! are joined only after the cluster has said 101. (kubernetes.io/docs/reference/using-api/api-concepts)

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_util::rt::TokioIo;
use objects::Status;
use tokio::sync::OwnedSemaphorePermit;
use tower_http::catch_panic::CatchPanicLayer;

use super::passes::{AT_ONCE, Refusal};
use crate::http::app::App;
use crate::session::Presence;
use crate::session::life::Life;

/// Largest body of a request, as kube-apiserver takes it.
const BODY_BYTES: usize = 3 * 1024 * 1024;
/// Bytes that a stream holds in each direction.
const STREAM_BYTES: usize = 32 * 1024;

/// Headers of a request that are sent on; those that begin with `impersonate-`, too, which a fence takes away again.
const ONWARD: [&str; 10] = [
    "accept",
    "accept-encoding",
    "content-type",
    "user-agent",
    "connection",
    "upgrade",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "x-stream-protocol-version",
];
/// Headers between neighbours, which an answer that is no upgrade does not bring along.
const NEIGHBOURS: [HeaderName; 4] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TRAILER,
];

/// What a kubeconfig tells that opens nothing any more.
const STRANGER: &str = "this kubeconfig is not valid any more: it works for an hour, while the lesson is there; get a new one from its page";

/// What a request holds until its answer has ended: its place, and the session awake.
type Held = (Presence, OwnedSemaphorePermit);

/// Everything that the gate serves.
pub fn router(app: App) -> Router {
    Router::new()
        .fallback(serve)
        .with_state(app)
        .layer(CatchPanicLayer::new())
}

async fn serve(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path_and_query();
    let path = path.map_or("", |path| path.as_str()).to_owned();
    let headers = request.headers().clone();
    let served = async {
        let (life, held, path) = admit(&app, &headers, &path).await?;
        pass(&life, held, &path, request).await
    };
    served.await.unwrap_or_else(|status| say(&status))
}

/// The session's life, for a request that may reach it, and the path at its cluster.
async fn admit(
    app: &App,
    headers: &HeaderMap,
    path: &str,
) -> Result<(Arc<Life>, Held, String), Status> {
    if headers.contains_key(header::ORIGIN) {
        let why = "this address is for kubectl and other programs, not for pages in a browser";
        return Err(Status::failure(403, "Forbidden", why));
    }
    let stranger = || Status::failure(401, "Unauthorized", STRANGER);
    let (session, path) = path
        .strip_prefix("/k8s/")
        .and_then(|rest| rest.split_once('/'))
        .ok_or_else(stranger)?;
    let token = headers.get(header::AUTHORIZATION);
    let token = token
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .unwrap_or_default();
    let gate = app.k8s.as_ref().ok_or_else(stranger)?;
    let admitted = gate.passes.admit(session, token, Instant::now());
    let admitted = admitted.map_err(|refusal| match refusal {
        Refusal::Unknown => stranger(),
        Refusal::Busy => Status::too_many_requests(
            format!(
                "{AT_ONCE} requests to this session are being served; end some watches or streams"
            ),
            1,
        ),
    })?;
    let session = app
        .registry
        .reach(&admitted.learner, session, admitted.lang)
        .await
        .ok_or_else(stranger)?;
    let held = (session.enter().await, admitted.place);
    let life = session.life().ok_or_else(|| {
        let why = "the session is starting again";
        Status::failure(503, "ServiceUnavailable", why).retry_after(1)
    })?;
    Ok((life, held, format!("/{path}")))
}

/// Sends the request on; the answer, or the stream that it becomes, ends with the session's life.
async fn pass(
    life: &Life,
    held: Held,
    path: &str,
    mut request: Request,
) -> Result<Response, Status> {
    let upgrades = request.headers().contains_key(header::UPGRADE);
    let ours = upgrades.then(|| hyper::upgrade::on(&mut request));
    let mut onward = http::Request::builder().method(request.method()).uri(path);
    for (name, value) in request.headers() {
        let wanted = ONWARD.contains(&name.as_str()) || name.as_str().starts_with("impersonate-");
        // What is between us and the client is sent on only where both ends become one.
        if wanted && (upgrades || *name != header::CONNECTION) {
            onward = onward.header(name, value);
        }
    }
    let body = match upgrades {
        true => kube::client::Body::empty(),
        false => read(request.into_body()).await?,
    };
    let onward = onward
        .body(body)
        .map_err(|error| Status::bad_request(error.to_string()))?;
    let answer = life.outside.send(onward).await.map_err(|error| {
        tracing::info!(%error, "the cluster does not answer");
        Status::failure(
            502,
            "BadGateway",
            "the cluster of this session does not answer",
        )
    })?;
    match ours {
        Some(ours) if answer.status() == StatusCode::SWITCHING_PROTOCOLS => {
            Ok(join(life, held, ours, answer))
        }
        _ => Ok(plain(held, answer)),
    }
}

async fn read(body: Body) -> Result<kube::client::Body, Status> {
    match Limited::new(body, BODY_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes().into()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
            Err(Status::too_large(BODY_BYTES as u64))
        }
        Err(error) => Err(Status::bad_request(format!(
            "the request's body cannot be read: {error}"
        ))),
    }
}

fn plain(held: Held, answer: http::Response<kube::client::Body>) -> Response {
    let (mut parts, body) = answer.into_parts();
    for name in NEIGHBOURS {
        parts.headers.remove(name);
    }
    // A watch may stay for long: what it holds goes with its body.
    let body = body.map_frame(move |frame| {
        let _held = &held;
        frame
    });
    Response::from_parts(parts, Body::new(body))
}

fn join(
    life: &Life,
    held: Held,
    ours: hyper::upgrade::OnUpgrade,
    mut answer: http::Response<kube::client::Body>,
) -> Response {
    let theirs = hyper::upgrade::on(&mut answer);
    let headers: HeaderMap = std::mem::take(answer.headers_mut());
    let stop = life.stop.clone();
    tokio::spawn(async move {
        let _held = held;
        let (Ok(ours), Ok(theirs)) = tokio::join!(ours, theirs) else {
            return;
        };
        let (mut ours, mut theirs) = (TokioIo::new(ours), TokioIo::new(theirs));
        tokio::select! {
            () = stop.cancelled() => {}
            // Either side's end, orderly or not, is the end of both.
            _ = tokio::io::copy_bidirectional_with_sizes(&mut ours, &mut theirs, STREAM_BYTES, STREAM_BYTES) => {}
        }
    });
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// A `Status` as kubectl reads it. Of one that asks for credentials it shows no word, but it shows warnings.
fn say(status: &Status) -> Response {
    let code = StatusCode::from_u16(status.code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = (code, axum::Json(status.to_value())).into_response();
    let headers = answer.headers_mut();
    if code == StatusCode::UNAUTHORIZED
        && let Ok(warning) = format!("299 - \"{}\"", status.message).parse()
    {
        headers.insert(header::WARNING, warning);
    }
    let after = status.details.as_ref().map_or(0, |d| d.retry_after_seconds);
    if after > 0 {
        headers.insert(header::RETRY_AFTER, after.into());
    }
    answer
}
