//! Answers as HTTP: JSON in the form of the API, YAML, status objects, headers that every answer carries.

use crate::negotiate::Form;
use crate::query::Query;
use crate::tables::{self, Include};
use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use objects::{FieldError, ListAnswer, Object, Resource, Status};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

/// How the client of one request wants its answers.
#[derive(Clone, Debug)]
pub struct Style {
    pub form: Form,
    pub include: Include,
    pub pretty: bool,
    /// Seconds since 1970, for ages.
    pub now: i64,
}

impl Style {
    pub fn of(headers: &HeaderMap, query: &Query, now: i64) -> Result<Style, Status> {
        let text = |name| {
            headers
                .get(name)
                .and_then(|v: &HeaderValue| v.to_str().ok())
                .unwrap_or_default()
        };
        let form = crate::negotiate::form(text(header::ACCEPT))?;
        let include = match query.get("includeObject") {
            "None" => Include::None,
            "Object" => Include::Object,
            other if matches!(form, Form::Table(_)) && !matches!(other, "" | "Metadata") => {
                return Err(wrong_include(other));
            }
            _ => Include::Metadata,
        };
        let pretty = match query.get("pretty") {
            "" => ["curl", "Wget", "Mozilla/5.0"]
                .iter()
                .any(|agent| text(header::USER_AGENT).starts_with(agent)),
            text => matches!(text, "true" | "1" | "t" | "T" | "TRUE" | "True"),
        };
        Ok(Style {
            form,
            include,
            pretty,
            now,
        })
    }

    pub fn plain() -> Style {
        Style {
            form: Form::Json,
            include: Include::Metadata,
            pretty: false,
            now: 0,
        }
    }
}

fn wrong_include(text: &str) -> Status {
    let why = "must be 'Metadata', 'Object', 'None', or empty";
    let error = FieldError::invalid("includeObject", text, why);
    Status::bad_request(format!("Unable to convert to Table as requested: {error}"))
}

/// An object with its kind first, as the API writes it.
pub struct Ordered<'a> {
    pub object: &'a Value,
    /// Items of typed lists do not name their kind.
    pub named: bool,
}

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Value::Object(members) = self.object else {
            return self.object.serialize(serializer);
        };
        let mut map = serializer.serialize_map(None)?;
        let first: &[&str] = if self.named {
            &["kind", "apiVersion", "metadata"]
        } else {
            &["metadata"]
        };
        for key in first {
            if let Some(value) = members.get(*key) {
                map.serialize_entry(key, value)?;
            }
        }
        for (key, value) in members {
            if !matches!(key.as_str(), "kind" | "apiVersion" | "metadata") {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}

struct List<'a> {
    kind: &'a str,
    api_version: &'a str,
    metadata: &'a Value,
    items: &'a [Object],
}

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("kind", self.kind)?;
        map.serialize_entry("apiVersion", self.api_version)?;
        map.serialize_entry("metadata", self.metadata)?;
        let items: Vec<Ordered<'_>> = self
            .items
            .iter()
            .map(|o| Ordered {
                object: o,
                named: false,
            })
            .collect();
        map.serialize_entry("items", &items)?;
        map.end()
    }
}

/// Writes any JSON as the style says, with a newline at the end.
pub fn encode(value: &impl Serialize, pretty: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    // JSON values with text keys can always be written to memory.
    let _ = if pretty {
        serde_json::to_writer_pretty(&mut out, value)
    } else {
        serde_json::to_writer(&mut out, value)
    };
    out.push(b'\n');
    out
}

pub fn bytes(code: u16, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() =
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub const PLAIN_TEXT: &str = "text/plain; charset=utf-8";

/// A JSON document that is no object of the API.
pub fn document(value: &Value, style: &Style) -> Response {
    bytes(
        200,
        "application/json",
        encode(
            &Ordered {
                object: value,
                named: true,
            },
            style.pretty,
        ),
    )
}

/// The answer for a path that leads nowhere.
pub fn not_found() -> Response {
    bytes(404, PLAIN_TEXT, "404 page not found\n")
}

pub fn status(status: &Status, style: &Style) -> Response {
    let retry = status.details.as_ref().map_or(0, |d| d.retry_after_seconds);
    let code = if status.code() == 0 {
        200
    } else {
        status.code()
    };
    let mut response = if style.form == Form::Yaml {
        bytes(
            code,
            "application/yaml",
            objects::encode_yaml(&status.to_value()),
        )
    } else {
        bytes(code, "application/json", encode(status, style.pretty))
    };
    if retry > 0 && (code == 429 || code >= 500) {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(retry));
    }
    response
}

/// One object.
pub fn object(code: u16, object: &Value, resource: &Resource, style: &Style) -> Response {
    let is_status = object["kind"] == "Status" && object["apiVersion"] == "v1";
    let kind = object["kind"].as_str().unwrap_or_default();
    match style.form {
        Form::Yaml => bytes(code, "application/yaml", objects::encode_yaml(object)),
        Form::Table(version) if !is_status => {
            let printer = tables::printer(printed_group(object, resource), kind);
            let metadata = json!({"resourceVersion": objects::meta::resource_version(object)});
            let mut table = tables::table(
                printer,
                std::iter::once(object),
                metadata,
                style.now,
                style.include,
            );
            table["apiVersion"] = json!(format!("meta.k8s.io/{version}"));
            bytes(
                code,
                "application/json",
                encode(
                    &Ordered {
                        object: &table,
                        named: true,
                    },
                    style.pretty,
                ),
            )
        }
        Form::Partial if !is_status => {
            let partial = tables::partial(object);
            bytes(
                code,
                "application/json",
                encode(
                    &Ordered {
                        object: &partial,
                        named: true,
                    },
                    style.pretty,
                ),
            )
        }
        _ => bytes(
            code,
            "application/json",
            encode(
                &Ordered {
                    object,
                    named: true,
                },
                style.pretty,
            ),
        ),
    }
}

/// The group by whose printer an object is printed: its own, which for `scale` differs from its resource's.
fn printed_group<'a>(object: &'a Value, resource: &'a Resource) -> &'a str {
    match object["apiVersion"].as_str() {
        Some(text) => text.split_once('/').map_or("", |(group, _)| group),
        None => resource.group,
    }
}

fn list_metadata(answer: &ListAnswer) -> Value {
    let mut metadata = json!({});
    if answer.resource_version > 0 {
        metadata["resourceVersion"] = json!(answer.resource_version.to_string());
    }
    if !answer.continue_token.is_empty() {
        metadata["continue"] = json!(answer.continue_token);
    }
    if let Some(remaining) = answer.remaining {
        metadata["remainingItemCount"] = json!(remaining);
    }
    metadata
}

/// A list.
pub fn list(answer: &ListAnswer, resource: &Resource, style: &Style) -> Response {
    let mut metadata = list_metadata(answer);
    if resource.plural == "componentstatuses" {
        metadata = json!({});
    }
    let items = &answer.items;
    match style.form {
        Form::Table(version) => {
            let printer = tables::printer(resource.group, resource.kind);
            let rows = items.iter().map(AsRef::as_ref);
            let mut table = tables::table(printer, rows, metadata, style.now, style.include);
            table["apiVersion"] = json!(format!("meta.k8s.io/{version}"));
            bytes(
                200,
                "application/json",
                encode(
                    &Ordered {
                        object: &table,
                        named: true,
                    },
                    style.pretty,
                ),
            )
        }
        Form::Partial => {
            let items: Vec<Value> = items.iter().map(|o| tables::partial(o)).collect();
            let list = json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "items": items});
            bytes(
                200,
                "application/json",
                encode(
                    &Ordered {
                        object: &list,
                        named: true,
                    },
                    style.pretty,
                ),
            )
        }
        _ => {
            let api_version = resource.api_version();
            let list = List {
                kind: resource.list_kind,
                api_version: &api_version,
                metadata: &metadata,
                items,
            };
            if style.form == Form::Yaml {
                let value = serde_json::to_value(&list).unwrap_or_default();
                return bytes(200, "application/yaml", objects::encode_yaml(&value));
            }
            bytes(200, "application/json", encode(&list, style.pretty))
        }
    }
}

/// Adds `Warning` headers, each text once.
pub fn warn(response: &mut Response, texts: &[String]) {
    let mut seen: Vec<&str> = Vec::new();
    for text in texts {
        if seen.contains(&text.as_str()) {
            continue;
        }
        seen.push(text);
        let clean: String = text.chars().filter(|c| !c.is_control()).collect();
        let quoted = clean.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_bytes(format!("299 - \"{quoted}\"").as_bytes()) {
            response.headers_mut().append(header::WARNING, value);
        }
    }
}
