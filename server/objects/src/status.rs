//! Errors as the API tells them: `Status` of meta/v1, with the texts of the API server, and the errors of single fields.
//!
//! Mirrors apimachinery's `api/errors` and `util/validation/field`.

mod field;

pub use field::{FieldError, FieldErrorKind, render_value};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::quote::go_quote;

/// Why exactly: one cause an invalid field, one a conflict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatusCause {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
}

/// What the error is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatusDetails {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The plural resource name; for Invalid the kind.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<StatusCause>,
    #[serde(skip_serializing_if = "is_zero")]
    pub retry_after_seconds: i32,
}

fn is_zero(n: &i32) -> bool {
    *n == 0
}

/// `metadata` of a Status: that of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ListMeta {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource_version: String,
    #[serde(rename = "continue", skip_serializing_if = "String::is_empty")]
    pub continue_token: String,
}

/// The answer to a request that failed (or to a delete that succeeded). `kind` and `apiVersion` are written, not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(from = "Wire", into = "Wire")]
#[error("{message}")]
pub struct Status {
    /// Of a list, on a chunk that is too old; else `None`.
    pub metadata: Option<Box<ListMeta>>,
    /// `Success` or `Failure`.
    pub status: String,
    pub message: String,
    pub reason: String,
    pub details: Option<Box<StatusDetails>>,
    /// HTTP status; 0 in successes, which is left out.
    pub code: u16,
}

/// A Status as JSON has it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    metadata: ListMeta,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    status: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    message: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    details: Option<Box<StatusDetails>>,
    #[serde(default, skip_serializing_if = "is_zero_u16")]
    code: u16,
}

fn is_zero_u16(n: &u16) -> bool {
    *n == 0
}

impl From<Wire> for Status {
    fn from(wire: Wire) -> Self {
        let Wire {
            metadata,
            status,
            message,
            reason,
            details,
            code,
            ..
        } = wire;
        let metadata = (metadata != ListMeta::default()).then(|| Box::new(metadata));
        Status {
            metadata,
            status,
            message,
            reason,
            details,
            code,
        }
    }
}

impl From<Status> for Wire {
    fn from(status: Status) -> Self {
        let Status {
            metadata,
            status,
            message,
            reason,
            details,
            code,
        } = status;
        let metadata = metadata.map(|m| *m).unwrap_or_default();
        Wire {
            kind: "Status".into(),
            api_version: "v1".into(),
            metadata,
            status,
            message,
            reason,
            details,
            code,
        }
    }
}

impl Status {
    /// A failure without details.
    pub fn failure(code: u16, reason: &str, message: impl Into<String>) -> Self {
        let (status, reason, message) = ("Failure".into(), reason.into(), message.into());
        Status {
            status,
            reason,
            message,
            code,
            ..Status::default()
        }
    }

    /// The answer to a delete: `{status: Success, details: {name, group, kind: resource, uid}}`.
    pub fn success(resource: GroupResource<'_>, name: &str, uid: &str) -> Self {
        let status = Status {
            status: "Success".into(),
            ..Status::default()
        };
        let mut status = status.about(resource, name);
        status.details_mut().uid = uid.into();
        status
    }

    fn about(mut self, resource: GroupResource<'_>, name: &str) -> Self {
        let details = self.details_mut();
        details.name = name.into();
        details.group = resource.group.into();
        details.kind = resource.resource.into();
        self
    }

    /// The details, made when there were none.
    pub fn details_mut(&mut self) -> &mut StatusDetails {
        self.details.get_or_insert_default()
    }

    /// Adds a cause.
    pub fn cause(mut self, reason: &str, message: impl Into<String>, field: &str) -> Self {
        let cause = StatusCause {
            reason: reason.into(),
            message: message.into(),
            field: field.into(),
        };
        self.details_mut().causes.push(cause);
        self
    }

    /// Tells the client when to come again (also the `Retry-After` header).
    pub fn retry_after(mut self, seconds: i32) -> Self {
        self.details_mut().retry_after_seconds = seconds;
        self
    }

    pub fn code(&self) -> u16 {
        if self.code == 0 { 200 } else { self.code }
    }

    /// As JSON value.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    pub fn is_not_found(&self) -> bool {
        self.reason == "NotFound"
    }

    pub fn is_conflict(&self) -> bool {
        self.reason == "Conflict"
    }

    pub fn is_already_exists(&self) -> bool {
        self.reason == "AlreadyExists"
    }

    /// 404: `pods "x" not found`.
    pub fn not_found<'a>(resource: impl Into<GroupResource<'a>>, name: &str) -> Self {
        let resource = resource.into();
        let message = format!("{} {} not found", resource, go_quote(name));
        Status::failure(404, "NotFound", message).about(resource, name)
    }

    /// 404 for a path that no resource has.
    pub fn unknown_path() -> Self {
        let mut status = Status::failure(
            404,
            "NotFound",
            "the server could not find the requested resource",
        );
        status.details_mut();
        status
    }

    /// 409: `pods "x" already exists`.
    pub fn already_exists<'a>(resource: impl Into<GroupResource<'a>>, name: &str) -> Self {
        let resource = resource.into();
        let message = format!("{} {} already exists", resource, go_quote(name));
        Status::failure(409, "AlreadyExists", message).about(resource, name)
    }

    /// 409: no free name was found for `generateName`.
    pub fn generate_name_conflict<'a>(resource: impl Into<GroupResource<'a>>, name: &str) -> Self {
        let mut status = Status::already_exists(resource, name);
        status.message += ", the server was not able to generate a unique name for the object";
        status.retry_after(1)
    }

    /// 409: `Operation cannot be fulfilled on pods "x": WHY`.
    pub fn conflict<'a>(resource: impl Into<GroupResource<'a>>, name: &str, why: &str) -> Self {
        let resource = resource.into();
        let message = format!(
            "Operation cannot be fulfilled on {} {}: {why}",
            resource,
            go_quote(name)
        );
        Status::failure(409, "Conflict", message).about(resource, name)
    }

    /// 409: the resourceVersion of the request is not that of the store.
    pub fn stale<'a>(resource: impl Into<GroupResource<'a>>, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Status::conflict(resource, name, why)
    }

    /// 409: a delete asked for another uid than the object has.
    pub fn uid_precondition<'a>(
        resource: impl Into<GroupResource<'a>>,
        name: &str,
        asked: &str,
        is: &str,
    ) -> Self {
        let why = format!(
            "the UID in the precondition ({asked}) does not match the UID in record ({is}). \
             The object might have been deleted and then recreated"
        );
        Status::conflict(resource, name, &why)
    }

    /// 409: a delete asked for another resourceVersion than the object has.
    pub fn version_precondition<'a>(
        resource: impl Into<GroupResource<'a>>,
        name: &str,
        asked: &str,
        is: &str,
    ) -> Self {
        let why = format!(
            "the ResourceVersion in the precondition ({asked}) does not match the ResourceVersion in record ({is}). \
             The object might have been modified"
        );
        Status::conflict(resource, name, &why)
    }

    /// 422: `Pod "x" is invalid: …`; `kind` is `Pod` or `Deployment.apps`.
    pub fn invalid(kind: &str, name: &str, errors: Vec<FieldError>) -> Self {
        let (kind_alone, group) = kind.split_once('.').unwrap_or((kind, ""));
        let mut texts: Vec<String> = Vec::new();
        for error in &errors {
            let text = error.to_string();
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let list = if texts.len() == 1 {
            texts.remove(0)
        } else {
            format!("[{}]", texts.join(", "))
        };
        let message = format!("{kind} {} is invalid: {list}", go_quote(name));
        let mut status = Status::failure(422, "Invalid", message).about(
            GroupResource {
                group,
                resource: kind_alone,
            },
            name,
        );
        for error in errors {
            status = status.cause(error.kind.reason(), error.body(), &error.field);
        }
        status
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Status::failure(400, "BadRequest", message)
    }

    /// 401.
    pub fn unauthorized() -> Self {
        Status::failure(401, "Unauthorized", "Unauthorized")
    }

    /// 403: `pods "x" is forbidden: WHY`; without a name `pods is forbidden: WHY`.
    pub fn forbidden<'a>(resource: impl Into<GroupResource<'a>>, name: &str, why: &str) -> Self {
        let resource = resource.into();
        let message = match (resource.resource, name) {
            ("", _) => format!("forbidden: {why}"),
            (_, "") => format!("{resource} is forbidden: {why}"),
            _ => format!("{resource} {} is forbidden: {why}", go_quote(name)),
        };
        Status::failure(403, "Forbidden", message).about(resource, name)
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        let text = "the server does not allow this method on the requested resource";
        let mut status = Status::failure(405, "MethodNotAllowed", text);
        status.details_mut();
        status
    }

    /// 406: none of the media types that the client accepts can be given.
    pub fn not_acceptable(message: impl Into<String>) -> Self {
        Status::failure(406, "NotAcceptable", message)
    }

    /// 410 Expired: a watch or a continue token is too old.
    pub fn expired(message: impl Into<String>) -> Self {
        Status::failure(410, "Expired", message)
    }

    /// 410: `too old resource version: ASKED (OLDEST)`.
    pub fn too_old(asked: u64, oldest: u64) -> Self {
        Status::expired(format!("too old resource version: {asked} ({oldest})"))
    }

    /// 413.
    pub fn too_large(limit: u64) -> Self {
        let message = format!("Request entity too large: limit is {limit}");
        Status::failure(413, "RequestEntityTooLarge", message)
    }

    /// 415; `accepted` are the media types that would do.
    pub fn unsupported_media_type(accepted: &[&str]) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {}",
            accepted.join(", ")
        );
        Status::failure(415, "UnsupportedMediaType", message)
    }

    /// 415 for a patch: the route takes no other types, so nothing is said of them.
    pub fn unsupported_patch_type() -> Self {
        let message = "415: Unsupported Media Type";
        let mut status = Status::failure(415, "UnsupportedMediaType", message);
        status.details_mut();
        status
    }

    /// 422 without fields: a patch that cannot be applied.
    pub fn unprocessable(message: impl Into<String>) -> Self {
        Status::failure(422, "Invalid", message)
    }

    /// 429.
    pub fn too_many_requests(message: impl Into<String>, retry_after: i32) -> Self {
        let status = Status::failure(429, "TooManyRequests", message);
        if retry_after > 0 {
            status.retry_after(retry_after)
        } else {
            status
        }
    }

    /// 500: `Internal error occurred: WHY`.
    pub fn internal(why: impl AsRef<str>) -> Self {
        let why = why.as_ref();
        Status::failure(
            500,
            "InternalError",
            format!("Internal error occurred: {why}"),
        )
        .cause("", why, "")
    }

    /// 504: the client knows a resourceVersion that this cluster has not reached.
    pub fn too_large_resource_version(asked: u64, current: u64) -> Self {
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        Status::failure(504, "Timeout", message)
            .cause("ResourceVersionTooLarge", "Too large resource version", "")
            .retry_after(1)
    }
}

/// Plural name and group of a resource, `deployments.apps` in texts.
#[derive(Clone, Copy, Debug)]
pub struct GroupResource<'a> {
    pub group: &'a str,
    pub resource: &'a str,
}

impl<'a> GroupResource<'a> {
    pub fn new(group: &'a str, resource: &'a str) -> Self {
        GroupResource { group, resource }
    }
}

impl<'a> From<&'a crate::Resource> for GroupResource<'a> {
    fn from(resource: &'a crate::Resource) -> Self {
        GroupResource {
            group: resource.group,
            resource: resource.plural,
        }
    }
}

/// `pods` or `deployments.apps`.
impl<'a> From<&'a str> for GroupResource<'a> {
    fn from(text: &'a str) -> Self {
        let (resource, group) = text.split_once('.').unwrap_or((text, ""));
        GroupResource { group, resource }
    }
}

impl std::fmt::Display for GroupResource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::resource::join_dotted(self.resource, self.group))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: Status, code: u16, reason: &str, message: &str) {
        assert_eq!(
            (
                status.code(),
                status.reason.as_str(),
                status.message.as_str()
            ),
            (code, reason, message)
        );
    }

    #[test]
    fn texts() {
        check(
            Status::not_found("pods", "x"),
            404,
            "NotFound",
            r#"pods "x" not found"#,
        );
        check(
            Status::already_exists("deployments.apps", "x"),
            409,
            "AlreadyExists",
            r#"deployments.apps "x" already exists"#,
        );
        check(
            Status::forbidden("pods", "", "no"),
            403,
            "Forbidden",
            "pods is forbidden: no",
        );
        check(
            Status::too_old(3, 7),
            410,
            "Expired",
            "too old resource version: 3 (7)",
        );
        let one = vec![FieldError::required("spec.containers", "")];
        check(
            Status::invalid("Pod", "", one),
            422,
            "Invalid",
            r#"Pod "" is invalid: spec.containers: Required value"#,
        );
    }

    #[test]
    fn leaves_out_what_is_empty() {
        let text = serde_json::to_string(&Status::bad_request("no")).expect("json");
        let expect = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"no","reason":"BadRequest","code":400}"#;
        assert_eq!(text, expect);
    }
}
