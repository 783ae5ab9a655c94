//! What a client asks of a cluster and what it gets: the data that passes between the HTTP API and the store. Not HTTP itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An object of the API, shared and never changed in place.
pub type Object = Arc<Value>;

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, Vec<String>>,
}

/// What is asked. Watches are not requests: they follow the changes of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    Get,
    List,
    Create,
    Update,
    Patch,
    Delete,
    DeleteCollection,
}

impl Verb {
    /// As RBAC and audit name it: `deletecollection`.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::List => "list",
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Patch => "patch",
            Verb::Delete => "delete",
            Verb::DeleteCollection => "deletecollection",
        }
    }
}

/// The four kinds of patches, by their media types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PatchKind {
    Json,
    Merge,
    Strategic,
    Apply,
}

impl PatchKind {
    /// From the media type of a request without parameters (`application/merge-patch+json`).
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        match media_type {
            "application/json-patch+json" => Some(PatchKind::Json),
            "application/merge-patch+json" => Some(PatchKind::Merge),
            "application/strategic-merge-patch+json" => Some(PatchKind::Strategic),
            "application/apply-patch+yaml" => Some(PatchKind::Apply),
            _ => None,
        }
    }
}

/// The body of a request, decoded: unknown fields are dropped already.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    #[default]
    None,
    Object(Value),
    /// The text as it came: JSON, for `Apply` JSON or YAML.
    Patch {
        kind: PatchKind,
        text: String,
    },
}

/// What to do about unknown and duplicate fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldValidation {
    Ignore,
    #[default]
    Warn,
    Strict,
}

impl FieldValidation {
    /// From the query parameter `fieldValidation`; empty means `Warn`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "Warn" => Some(FieldValidation::Warn),
            "Ignore" => Some(FieldValidation::Ignore),
            "Strict" => Some(FieldValidation::Strict),
            _ => None,
        }
    }
}

/// What happens to the dependents of a deleted object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Propagation {
    Background,
    Foreground,
    Orphan,
}

/// The options of a request: query parameters and, for deletes, the members of DeleteOptions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    pub dry_run: bool,
    pub field_manager: String,
    pub field_validation: FieldValidation,
    /// Only for apply patches.
    pub force: bool,
    pub grace_period_seconds: Option<i64>,
    pub propagation: Option<Propagation>,
    pub precondition_uid: Option<String>,
    pub precondition_resource_version: Option<String>,
    pub label_selector: String,
    pub field_selector: String,
    /// 0: no limit.
    pub limit: u32,
    pub continue_token: String,
    pub resource_version: String,
    pub resource_version_match: String,
}

/// One request to a cluster. It is kept in the journal, so it holds everything that the answer depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub verb: Verb,
    pub group: String,
    pub version: String,
    /// Plural name.
    pub resource: String,
    /// Empty: cluster scope, or all namespaces for a list.
    #[serde(default)]
    pub namespace: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub subresource: String,
    #[serde(default)]
    pub body: Body,
    #[serde(default)]
    pub options: Options,
    #[serde(default)]
    pub user: UserInfo,
    #[serde(default)]
    pub user_agent: String,
}

impl Request {
    /// A request of `verb` for a resource, everything else empty.
    pub fn new(verb: Verb, group: &str, version: &str, resource: &str) -> Self {
        Request {
            verb,
            group: group.into(),
            version: version.into(),
            resource: resource.into(),
            namespace: String::new(),
            name: String::new(),
            subresource: String::new(),
            body: Body::None,
            options: Options::default(),
            user: UserInfo::default(),
            user_agent: String::new(),
        }
    }

    /// The name under which changes are recorded in managedFields: the option, or the user agent up to the first `/`.
    pub fn manager(&self) -> &str {
        if self.options.field_manager.is_empty() {
            self.user_agent.split('/').next().unwrap_or_default()
        } else {
            &self.options.field_manager
        }
    }
}

/// The answer to a request for one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// HTTP status: 200, 201, 202.
    pub code: u16,
    pub object: Object,
    /// Texts of the `Warning` headers.
    pub warnings: Vec<String>,
}

/// The answer to a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ListAnswer {
    pub items: Vec<Object>,
    pub resource_version: u64,
    /// Empty on the last page.
    pub continue_token: String,
    /// How many follow after this page; `None` when it is not told (with selectors, on the last page).
    pub remaining: Option<i64>,
}
