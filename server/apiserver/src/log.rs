//! `pods/log`: the text of a container's log, following it for as long as the client listens.

use crate::respond::{self, PLAIN_TEXT};
use crate::route::Asked;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use host::{LogQuery, LogStreams, StreamOut};
use http::StatusCode;
use objects::Status;

fn log_query(asked: &Asked) -> Result<LogQuery, Status> {
    let q = &asked.query;
    let streams = match q.get("stream") {
        "Stdout" => LogStreams::Stdout,
        "Stderr" => LogStreams::Stderr,
        _ => LogStreams::All,
    };
    Ok(LogQuery {
        namespace: asked.path.namespace.clone(),
        pod: asked.path.name.clone(),
        container: q.get("container").into(),
        follow: q.flag("follow"),
        previous: q.flag("previous"),
        timestamps: q.flag("timestamps"),
        tail_lines: q.integer("tailLines")?,
        since_seconds: q.integer("sinceSeconds")?,
        since_time: q.get("sinceTime").into(),
        limit_bytes: q.integer("limitBytes")?,
        streams,
    })
}

/// Serves a log; 204 while the pod has no node.
pub(crate) async fn serve(asked: Asked) -> Result<Response, Status> {
    let log = asked.api.handle.logs(log_query(&asked)?).await?;
    let pod = crate::stream::pod(&asked).await?;
    if pod.pointer("/spec/nodeName").is_none() {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        return Ok(response);
    }
    let pieces = stream::unfold(log.output, |mut output| async move {
        match output.recv().await? {
            StreamOut::Stdout(bytes) | StreamOut::Stderr(bytes) => {
                Some((Ok::<Bytes, std::convert::Infallible>(bytes), output))
            }
            StreamOut::Exit(_) | StreamOut::Error(_) => None,
        }
    });
    Ok(respond::bytes(200, PLAIN_TEXT, Body::from_stream(pieces)))
}
