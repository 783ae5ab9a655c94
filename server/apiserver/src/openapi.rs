//! OpenAPI: the stub of version 2 that old clients look at first, and version 3 generated from the table of fields.
//!
//! A document of version 3 names, for every kind, the PATCH operation with its `fieldValidation` parameter (kubectl reads from it
//! what the server can do) and the schemas with descriptions and merge keys (`kubectl explain`, `kubectl apply`).

use crate::discovery::Served;
use crate::respond::{self, Style};
use axum::response::Response;
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use objects::table::{Field, ListType, Shape, Type, descriptions, type_of};
use objects::{Gvk, Resource};
use serde_json::{Map, Value, json};
use sha2::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

/// `swagger: 2.0` and an `info` as the protobuf of gnostic: enough for clients to go on to version 3.
const V2: &[u8] = b"\x0a\x032.0\x12\x0e\x0a\x0aKubernetes\x12\x00";

/// Answers the paths below `/openapi`.
pub fn serve(served: Served, path: &str, style: &Style) -> Option<Response> {
    let rest = path.strip_prefix("/openapi/")?;
    if rest == "v2" {
        return Some(respond::bytes(
            200,
            "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
            V2,
        ));
    }
    let rest = rest.strip_prefix("v3")?.trim_matches('/');
    if rest.is_empty() {
        return Some(respond::document(&index(served), style));
    }
    let text = match rest.split('/').collect::<Vec<_>>()[..] {
        ["api", version] => document(served, "", version)?,
        ["apis", group, version] => document(served, group, version)?,
        _ if upkeep(served).iter().any(|path| path == rest) => {
            discovery_document(rest).to_string().into()
        }
        _ => return None,
    };
    let mut response = respond::bytes(200, "application/json", text.to_string());
    let forever = HeaderValue::from_static("public, immutable");
    response.headers_mut().insert(CACHE_CONTROL, forever);
    Some(response)
}

fn path_of(group: &str, version: &str) -> String {
    if group.is_empty() {
        format!("api/{version}")
    } else {
        format!("apis/{group}/{version}")
    }
}

fn index(served: Served) -> Value {
    let mut groups = served.groups();
    groups.push("");
    let resources = groups.into_iter().flat_map(|group| {
        let versions = served.versions(group).into_iter();
        versions.map(move |version| path_of(group, version))
    });
    let mut paths = Map::new();
    for path in resources.chain(upkeep(served)) {
        // Documents change with releases only.
        let digest = sha2::Sha256::digest(format!("{} {path}", env!("CARGO_PKG_VERSION")));
        let hash: String = digest.iter().map(|b| format!("{b:02X}")).collect();
        let url = format!("/openapi/v3/{path}?hash={hash}");
        paths.insert(path, json!({"serverRelativeURL": url}));
    }
    json!({"paths": paths})
}

/// Paths with documents that hold no resources: discovery, the version, the issuer of tokens.
fn upkeep(served: Served) -> Vec<String> {
    let fixed = [
        ".well-known/openid-configuration",
        "api",
        "apis",
        "openid/v1/jwks",
        "version",
    ];
    let groups = served.groups().into_iter().filter(|g| !g.is_empty());
    let groups = groups.map(|group| format!("apis/{group}"));
    fixed
        .iter()
        .map(ToString::to_string)
        .chain(groups)
        .collect()
}

/// The document of such a path: that it can be read, and what comes back.
fn discovery_document(path: &str) -> Value {
    let answer = match path {
        "api" => Some("meta/v1.APIVersions"),
        "apis" => Some("meta/v1.APIGroupList"),
        path if path.starts_with("apis/") => Some("meta/v1.APIGroup"),
        _ => None,
    };
    let mut wanted = BTreeSet::new();
    let kind = answer.and_then(objects::table::type_named);
    collect(kind, &mut wanted);
    let schemas: Map<String, Value> = wanted
        .into_iter()
        .filter_map(objects::table::type_named)
        .map(|t| (schema_name(t.name), schema(t)))
        .collect();
    let content = match kind {
        Some(kind) => reference(kind),
        None => json!({"type": "object"}),
    };
    let slash = if path.starts_with("api") { "/" } else { "" };
    let ok = json!({"description": "OK", "content": {"application/json": {"schema": content}}});
    json!({
        "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.36.2"},
        "paths": {format!("/{path}{slash}"): {"get": {"responses": {"200": ok}}}},
        "components": {"schemas": schemas},
    })
}

type Documents = Mutex<BTreeMap<(String, String), Arc<str>>>;

/// The document of a group's version, made once.
fn document(served: Served, group: &str, version: &str) -> Option<Arc<str>> {
    static DOCUMENTS: OnceLock<Documents> = OnceLock::new();
    let resources: Vec<&Resource> = served
        .resources()
        .filter(|r| r.group == group && r.version == version)
        .collect();
    if resources.is_empty() {
        return None;
    }
    let mut documents = DOCUMENTS
        .get_or_init(Documents::default)
        .lock()
        .unwrap_or_else(|e| e.into_inner());
    let key = (group.to_string(), version.to_string());
    let made = documents
        .entry(key)
        .or_insert_with(|| generate(&resources).to_string().into());
    Some(made.clone())
}

fn generate(resources: &[&Resource]) -> Value {
    let mut paths = Map::new();
    let mut wanted = BTreeSet::new();
    for resource in resources {
        for (path, item) in operations(resource) {
            paths.insert(path, item);
        }
        let list = Gvk {
            kind: resource.list_kind.into(),
            ..resource.gvk()
        };
        let subresources = resource
            .subresources
            .iter()
            .map(|s| Gvk::new(s.group, s.version, s.kind));
        for gvk in [resource.gvk(), list, Gvk::new("", "v1", "DeleteOptions")]
            .into_iter()
            .chain(subresources)
        {
            collect(type_of(&gvk), &mut wanted);
        }
    }
    let schemas: Map<String, Value> = wanted
        .into_iter()
        .filter_map(objects::table::type_named)
        .map(|t| (schema_name(t.name), schema(t)))
        .collect();
    json!({
        "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.36.2"},
        "paths": paths, "components": {"schemas": schemas},
    })
}

/// A type and all that it leads to.
fn collect(found: Option<&'static Type>, wanted: &mut BTreeSet<&'static str>) {
    let mut open: Vec<&'static Type> = found.into_iter().collect();
    while let Some(t) = open.pop() {
        if wanted.insert(t.name) {
            open.extend(t.fields.iter().filter_map(|f| inner(f.shape)));
        }
    }
}

fn inner(shape: Shape) -> Option<&'static Type> {
    match shape {
        Shape::Struct(id) => Some(id.get()),
        Shape::List(of) | Shape::Map(of) => inner(*of),
        _ => None,
    }
}

/// `core/v1.Pod` as OpenAPI names it: `io.k8s.api.core.v1.Pod`.
fn schema_name(name: &str) -> String {
    let dotted = name.replace('/', ".");
    match name.split('/').next() {
        Some("meta") => format!("io.k8s.apimachinery.pkg.apis.{dotted}"),
        Some("apiextensions") => format!("io.k8s.apiextensions-apiserver.pkg.apis.{dotted}"),
        Some("apiregistration") => format!("io.k8s.kube-aggregator.pkg.apis.{dotted}"),
        _ => format!("io.k8s.api.{dotted}"),
    }
}

fn reference(t: &Type) -> Value {
    json!({"$ref": format!("#/components/schemas/{}", schema_name(t.name))})
}

fn schema(t: &'static Type) -> Value {
    let mut properties = Map::new();
    for field in &t.fields {
        properties.insert(field.name.into(), property(t, field));
    }
    let mut out = json!({"type": "object", "properties": properties});
    let text = descriptions().of_type(t.name);
    if !text.is_empty() {
        out["description"] = json!(text);
    }
    let required: Vec<&str> = t
        .fields
        .iter()
        .filter(|f| f.required)
        .map(|f| f.name)
        .collect();
    if !required.is_empty() {
        out["required"] = json!(required);
    }
    if t.atomic {
        out["x-kubernetes-map-type"] = json!("atomic");
    }
    if !t.kinds.is_empty() {
        out["x-kubernetes-group-version-kind"] = t.kinds.iter().map(gvk).collect();
    }
    out
}

fn gvk(gvk: &Gvk) -> Value {
    json!({"group": gvk.group, "version": gvk.version, "kind": gvk.kind})
}

fn property(t: &Type, field: &Field) -> Value {
    let mut out = shape(field.shape);
    let text = descriptions().of_field(t.name, field.name);
    // A reference stands alone in this version of OpenAPI; beside it goes only through `allOf`.
    if out.get("$ref").is_some() {
        out = json!({"allOf": [out], "default": {}});
    }
    if !text.is_empty() {
        out["description"] = json!(text);
    }
    if let Shape::List(_) = field.shape {
        match field.list {
            ListType::Atomic => out["x-kubernetes-list-type"] = json!("atomic"),
            ListType::Set => out["x-kubernetes-list-type"] = json!("set"),
            ListType::Map(keys) => {
                out["x-kubernetes-list-type"] = json!("map");
                out["x-kubernetes-list-map-keys"] = json!(keys);
            }
        }
    }
    if field.atomic {
        out["x-kubernetes-map-type"] = json!("atomic");
    }
    if !field.merge_key.is_empty() {
        out["x-kubernetes-patch-merge-key"] = json!(field.merge_key);
    }
    let strategies = [
        (field.merge, "merge"),
        (field.retain_keys, "retainKeys"),
        (field.replace, "replace"),
    ];
    let strategies: Vec<&str> = strategies
        .into_iter()
        .filter(|(on, _)| *on)
        .map(|(_, name)| name)
        .collect();
    if !strategies.is_empty() {
        out["x-kubernetes-patch-strategy"] = json!(strategies.join(","));
    }
    out
}

fn shape(shape_: Shape) -> Value {
    match shape_ {
        Shape::String | Shape::Duration => json!({"type": "string"}),
        Shape::Quantity => json!({"type": "string"}),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Int32 => json!({"type": "integer", "format": "int32"}),
        Shape::Int64 => json!({"type": "integer", "format": "int64"}),
        Shape::Double => json!({"type": "number", "format": "double"}),
        Shape::Bytes => json!({"type": "string", "format": "byte"}),
        Shape::Time | Shape::MicroTime => json!({"type": "string", "format": "date-time"}),
        Shape::IntOrString => {
            json!({"x-kubernetes-int-or-string": true, "oneOf": [{"type": "integer"}, {"type": "string"}]})
        }
        Shape::Json => json!({"type": "object"}),
        Shape::Struct(id) => reference(id.get()),
        Shape::List(of) => json!({"type": "array", "items": shape(*of)}),
        Shape::Map(of) => json!({"type": "object", "additionalProperties": shape(*of)}),
    }
}

fn parameter(name: &str) -> Value {
    json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}})
}

fn content(of: &Value) -> Value {
    json!({"application/json": {"schema": of}, "application/yaml": {"schema": of}})
}

/// The paths of a resource with their operations.
fn operations(resource: &Resource) -> Vec<(String, Value)> {
    let prefix = path_of(resource.group, resource.version);
    let scope = if resource.namespaced {
        "namespaces/{namespace}/"
    } else {
        ""
    };
    let collection = format!("/{prefix}/{scope}{}", resource.plural);
    let kind = gvk(&resource.gvk());
    let body = type_of(&resource.gvk()).map_or(json!({"type": "object"}), reference);
    let operation = |action: &str, parameters: &[&str], takes: bool| {
        let mut out = json!({
            "x-kubernetes-action": action, "x-kubernetes-group-version-kind": kind,
            "parameters": parameters.iter().map(|p| parameter(p)).collect::<Vec<_>>(),
            "responses": {"200": {"description": "OK", "content": content(&body)}},
        });
        if takes {
            out["requestBody"] = json!({"content": content(&body)});
        }
        out
    };
    let write = &["dryRun", "fieldManager", "fieldValidation"][..];
    let mut all = json!({});
    let mut one = json!({});
    if resource.has_verb("list") {
        all["get"] = operation(
            "list",
            &[
                "labelSelector",
                "fieldSelector",
                "limit",
                "continue",
                "watch",
            ],
            false,
        );
    }
    if resource.has_verb("create") {
        all["post"] = operation("post", write, true);
    }
    if resource.has_verb("get") {
        one["get"] = operation("get", &[], false);
    }
    if resource.has_verb("update") {
        one["put"] = operation("put", write, true);
    }
    if resource.has_verb("delete") {
        one["delete"] = operation(
            "delete",
            &["dryRun", "gracePeriodSeconds", "propagationPolicy"],
            false,
        );
    }
    if resource.has_verb("patch") {
        let mut patch = operation(
            "patch",
            &["dryRun", "fieldManager", "fieldValidation", "force"],
            false,
        );
        let any = json!({"schema": {"type": "object"}});
        patch["requestBody"] = json!({"content": {
            "application/json-patch+json": any, "application/merge-patch+json": any,
            "application/strategic-merge-patch+json": any, "application/apply-patch+yaml": any,
        }});
        one["patch"] = patch;
    }
    vec![(format!("{collection}/{{name}}"), one), (collection, all)]
}
