//! What was asked, by whom, and how it was answered: one entry a request, for the hook of whoever made the router.

use std::sync::Arc;

/// One request. Long-running ones (watch, exec, log) are told when they begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditEntry {
    pub user: String,
    /// As RBAC names it: get, list, watch, create, update, patch, delete, deletecollection; or the method in lower case
    /// for paths outside the API groups.
    pub verb: String,
    pub group: String,
    /// Plural; empty for paths outside the API groups.
    pub resource: String,
    pub subresource: String,
    pub namespace: String,
    pub name: String,
    pub path: String,
    /// The query, decoded, in the order in which it came.
    pub query: Vec<(String, String)>,
    pub user_agent: String,
    /// HTTP status.
    pub code: u16,
}

/// Called once for every request, on the task that serves it: it must be quick.
pub type AuditHook = Arc<dyn Fn(&AuditEntry) + Send + Sync>;
