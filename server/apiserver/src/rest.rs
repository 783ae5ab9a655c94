//! Get, list, create, update, patch, delete: from HTTP to a request to the cluster, and back.

use crate::body::{self, media_type};
use crate::respond;
use crate::route::Asked;
use axum::body::Body;
use axum::response::Response;
use objects::{Answer, Body as Content, Gvk, PatchKind, Status, Verb};

/// Serves one request whose verb the resource offers.
pub(crate) async fn serve(asked: Asked, verb: &str, body: Body) -> Result<Response, Status> {
    match verb {
        "get" => get(asked).await,
        "list" => list(asked).await,
        "create" => write(asked, Verb::Create, "CreateOptions", body).await,
        "update" => write(asked, Verb::Update, "UpdateOptions", body).await,
        "patch" => patch(asked, body).await,
        "delete" => delete(asked, Verb::Delete, body).await,
        "deletecollection" => delete(asked, Verb::DeleteCollection, body).await,
        _ => Err(Status::method_not_allowed()),
    }
}

async fn get(asked: Asked) -> Result<Response, Status> {
    let mut request = asked.request(Verb::Get);
    request.options = asked.query.read_options();
    let answer = asked.api.handle.request(request).await?;
    Ok(answered(&asked, &answer, Vec::new()))
}

async fn list(asked: Asked) -> Result<Response, Status> {
    let mut request = asked.request(Verb::List);
    request.options = asked.query.list_options()?;
    check_list(&asked)?;
    let answer = asked.api.handle.list(request).await?;
    let mut response = respond::list(&answer, asked.resource, &asked.style);
    respond::warn(&mut response, &deprecations(&asked));
    Ok(response)
}

/// The combinations of list options that the API refuses.
fn check_list(asked: &Asked) -> Result<(), Status> {
    let mut errors = Vec::new();
    let version_match = asked.query.get("resourceVersionMatch");
    if !version_match.is_empty() {
        if asked.query.get("resourceVersion").is_empty() {
            let text = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            errors.push(objects::FieldError::forbidden("resourceVersionMatch", text));
        } else if !matches!(version_match, "Exact" | "NotOlderThan") {
            let known = ["Exact", "NotOlderThan", ""];
            errors.push(objects::FieldError::not_supported(
                "resourceVersionMatch",
                version_match,
                &known,
            ));
        } else if version_match == "Exact" && asked.query.get("resourceVersion") == "0" {
            let text = "resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\"";
            errors.push(objects::FieldError::forbidden("resourceVersionMatch", text));
        }
    }
    if asked.query.has("sendInitialEvents") {
        let text = "sendInitialEvents is forbidden for list";
        errors.push(objects::FieldError::forbidden("sendInitialEvents", text));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Status::invalid("ListOptions.meta.k8s.io", "", errors))
    }
}

/// The kind that a body must have: that of the subresource, or of the resource.
fn body_kind(asked: &Asked) -> Gvk {
    match asked.resource.subresource(&asked.path.subresource) {
        Some(s) => Gvk::new(s.group, s.version, s.kind),
        None => asked.resource.gvk(),
    }
}

async fn write(asked: Asked, verb: Verb, options: &str, body: Body) -> Result<Response, Status> {
    let mut request = asked.request(verb);
    request.options = asked.query.write_options(options)?;
    let bytes = body::read(body).await?;
    let media = media_type(&asked.parts.headers);
    let (object, warnings) = objects::decode(
        media,
        &bytes,
        &body_kind(&asked),
        request.options.field_validation,
    )?;
    request.body = Content::Object(object);
    match asked.api.handle.request(request).await {
        Ok(answer) => Ok(answered(&asked, &answer, warnings)),
        // What the body's reading warned of is told even when the request is then refused.
        Err(status) => {
            let mut response = respond::status(&status, &asked.style);
            respond::warn(&mut response, &warnings);
            Ok(response)
        }
    }
}

async fn patch(asked: Asked, body: Body) -> Result<Response, Status> {
    let mut request = asked.request(Verb::Patch);
    let Some(kind) = PatchKind::from_media_type(media_type(&asked.parts.headers)) else {
        return Err(Status::unsupported_patch_type());
    };
    request.options = asked.query.patch_options(kind)?;
    let bytes = body::read(body).await?;
    let text = String::from_utf8(bytes.to_vec())
        .map_err(|_| Status::bad_request("the body of the request is not valid UTF-8"))?;
    request.body = Content::Patch { kind, text };
    let answer = asked.api.handle.request(request).await?;
    Ok(answered(&asked, &answer, Vec::new()))
}

async fn delete(asked: Asked, verb: Verb, body: Body) -> Result<Response, Status> {
    let mut request = asked.request(verb);
    let bytes = body::read(body).await?;
    let options = body::delete_options(&asked.parts.headers, &bytes)?;
    request.options = asked.query.delete_options(options.as_ref())?;
    let read = asked.query.list_options()?;
    request.options.label_selector = read.label_selector;
    request.options.field_selector = read.field_selector;
    let answer = asked.api.handle.request(request).await?;
    Ok(answered(&asked, &answer, Vec::new()))
}

fn answered(asked: &Asked, answer: &Answer, mut warnings: Vec<String>) -> Response {
    warnings.extend(answer.warnings.iter().cloned());
    warnings.extend(deprecations(asked));
    let mut response = respond::object(answer.code, &answer.object, asked.resource, &asked.style);
    respond::warn(&mut response, &warnings);
    response
}

/// Resources of which the API says with every answer that they will go.
pub(crate) fn deprecations(asked: &Asked) -> Vec<String> {
    let text = match (asked.path.group.as_str(), asked.path.resource.as_str()) {
        ("", "endpoints") => {
            "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
        }
        ("", "componentstatuses") => "v1 ComponentStatus is deprecated in v1.19+",
        _ => return Vec::new(),
    };
    vec![text.into()]
}
