//! Watches over HTTP: a line of JSON an event, for as long as the client listens. Over a WebSocket an event is a message.

mod web_socket;

use crate::negotiate::Form;
use crate::respond::{self, Ordered, Style, encode};
use crate::route::Asked;
use crate::stream::{Upgrade, upgrade};
use crate::tables;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use host::{Watch, WatchEvent, WatchQuery};
use objects::{FieldError, Resource, Status};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior};

const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
/// How long a watch lives whose client names no time; kube-apiserver takes 30 to 60 minutes.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45 * 60);

/// Whether a GET is a watch.
pub(crate) fn wanted(asked: &Asked) -> bool {
    let by_path = asked.path.watch && asked.path.subresource.is_empty();
    by_path || (asked.query.flag("watch") && asked.path.subresource.is_empty())
}

/// Opens the watch and answers with its stream.
pub(crate) async fn serve(asked: Asked) -> Result<Response, Status> {
    let initial = asked
        .query
        .has("sendInitialEvents")
        .then(|| asked.query.flag("sendInitialEvents"));
    check(&asked, initial)?;
    let options = asked.query.list_options()?;
    let mut field_selector = options.field_selector;
    if !asked.path.name.is_empty() {
        let name = format!("metadata.name={}", asked.path.name);
        field_selector = if field_selector.is_empty() {
            name
        } else {
            format!("{field_selector},{name}")
        };
    }
    let query = WatchQuery {
        group: asked.path.group.clone(),
        version: asked.path.version.clone(),
        resource: asked.path.resource.clone(),
        namespace: asked.path.namespace.clone(),
        label_selector: options.label_selector,
        field_selector,
        resource_version: options.resource_version,
        send_initial_events: initial,
    };
    let watch = match asked.api.handle.watch(query).await {
        Ok(watch) => watch,
        // What is wrong with the version is told in the stream, as by a watch cache.
        Err(status) if matches!(status.code(), 410 | 504) => {
            return Ok(stream_response(encode_line("ERROR", &status.to_value())));
        }
        Err(status) => return Err(status),
    };
    let timeout = asked.query.integer("timeoutSeconds")?;
    let timeout = timeout.and_then(|seconds| u64::try_from(seconds).ok());
    let timeout = timeout
        .filter(|seconds| *seconds > 0)
        .map_or(DEFAULT_TIMEOUT, Duration::from_secs);
    let mut bookmarks = tokio::time::interval_at(Instant::now() + BOOKMARK_EVERY, BOOKMARK_EVERY);
    bookmarks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let feed = Feed {
        watch,
        style: asked.style.clone(),
        handle: asked.api.handle.clone(),
        resource: asked.resource,
        columns_sent: false,
        bookmarks: asked.query.flag("allowWatchBookmarks").then_some(bookmarks),
        end_of_initial: initial == Some(true),
        deadline: Instant::now() + timeout,
        over: false,
    };
    if upgrade(&asked) == Ok(Upgrade::WebSocket) {
        return web_socket::serve(asked, feed).await;
    }
    let lines = stream::unfold(feed, |mut feed| async move {
        let line = feed.next().await?;
        Some((Ok::<Bytes, std::convert::Infallible>(line), feed))
    });
    let mut response = stream_response(Body::from_stream(lines));
    respond::warn(&mut response, &crate::rest::deprecations(&asked));
    Ok(response)
}

fn stream_response(body: impl Into<Body>) -> Response {
    respond::bytes(200, "application/json", body)
}

fn check(asked: &Asked, initial: Option<bool>) -> Result<(), Status> {
    let version_match = asked.query.get("resourceVersionMatch");
    let error = match (initial, version_match) {
        (None, "") | (Some(_), "NotOlderThan") => return Ok(()),
        (None, _) => FieldError::forbidden(
            "resourceVersionMatch",
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
        (Some(_), "") => FieldError::forbidden(
            "resourceVersionMatch",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
        (Some(_), other) => {
            FieldError::not_supported("resourceVersionMatch", other, &["NotOlderThan"])
        }
    };
    Err(Status::invalid("ListOptions.meta.k8s.io", "", vec![error]))
}

/// A watch on its way out.
struct Feed {
    watch: Watch,
    style: Style,
    handle: host::Handle,
    resource: &'static Resource,
    /// Only the first table of a watch names its columns.
    columns_sent: bool,
    bookmarks: Option<Interval>,
    /// The bookmark that marks the end of the initial objects is still to come.
    end_of_initial: bool,
    deadline: Instant,
    over: bool,
}

impl Feed {
    async fn next(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        if self.end_of_initial && self.watch.initial_left() == 0 {
            self.end_of_initial = false;
            return Some(self.bookmark(self.watch.revision, true));
        }
        loop {
            let tick = async {
                match &mut self.bookmarks {
                    Some(interval) => drop(interval.tick().await),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                event = self.watch.recv() => return self.line(event?),
                () = tokio::time::sleep_until(self.deadline) => return None,
                () = tick => self.watch.ask_bookmark(),
            }
        }
    }

    fn line(&mut self, event: WatchEvent) -> Option<Bytes> {
        self.style.now = self.handle.now().seconds();
        Some(match event {
            WatchEvent::Added(object) => self.object("ADDED", &object),
            WatchEvent::Modified(object) => self.object("MODIFIED", &object),
            WatchEvent::Deleted(object) => self.object("DELETED", &object),
            WatchEvent::Bookmark(revision) => self.bookmark(revision, false),
            WatchEvent::Error(status) => {
                self.over = true;
                encode_line("ERROR", &status.to_value())
            }
        })
    }

    fn object(&mut self, kind: &'static str, object: &Value) -> Bytes {
        match self.style.form {
            Form::Table(version) => {
                let printer = tables::printer(self.resource.group, self.resource.kind);
                let metadata = json!({"resourceVersion": objects::meta::resource_version(object)});
                let rows = std::iter::once(object);
                let mut table =
                    tables::table(printer, rows, metadata, self.style.now, self.style.include);
                table["apiVersion"] = json!(format!("meta.k8s.io/{version}"));
                if std::mem::replace(&mut self.columns_sent, true) {
                    table["columnDefinitions"] = Value::Null;
                }
                encode_line(kind, &table)
            }
            Form::Partial => encode_line(kind, &tables::partial(object)),
            Form::Json | Form::Yaml => encode_line(kind, object),
        }
    }

    fn bookmark(&self, revision: u64, end_of_initial: bool) -> Bytes {
        let mut metadata = json!({"resourceVersion": revision.to_string()});
        if end_of_initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object = match self.style.form {
            Form::Table(version) => json!({
                "kind": "Table", "apiVersion": format!("meta.k8s.io/{version}"), "metadata": metadata,
                "columnDefinitions": [], "rows": [],
            }),
            Form::Partial => {
                json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata})
            }
            Form::Json | Form::Yaml => {
                json!({"kind": self.resource.kind, "apiVersion": self.resource.api_version(), "metadata": metadata})
            }
        };
        encode_line("BOOKMARK", &object)
    }
}

struct Line<'a> {
    kind: &'static str,
    object: &'a Value,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("type", self.kind)?;
        map.serialize_entry(
            "object",
            &Ordered {
                object: self.object,
                named: true,
            },
        )?;
        map.end()
    }
}

fn encode_line(kind: &'static str, object: &Value) -> Bytes {
    encode(&Line { kind, object }, false).into()
}
