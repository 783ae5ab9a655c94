//! The conditions of a deployment: Available, Progressing, ReplicaFailure. Mirrors `progress.go` of Kubernetes 1.36.

use objects::meta;
use serde_json::{Value, json};

use super::Look;
use crate::controllers::owned;
use crate::view;

/// Sets a condition as the deployment controller does: nothing where status and reason are as before; else it moves to the end, and
/// keeps its transition time while its status stays.
pub(super) fn put(
    object: &mut Value,
    kind: &str,
    status: &str,
    reason: &str,
    message: &str,
    now: &str,
    keep: bool,
) {
    let before = owned::condition(object, kind).cloned();
    let same =
        |c: &Value| view::text(c, &["status"]) == status && view::text(c, &["reason"]) == reason;
    if keep && before.as_ref().is_some_and(same) {
        return;
    }
    let since = before
        .as_ref()
        .filter(|c| view::text(c, &["status"]) == status)
        .map(|c| view::text(c, &["lastTransitionTime"]).to_string());
    let conditions = view::list_mut(object, &["status", "conditions"]);
    conditions.retain(|c| view::text(c, &["type"]) != kind);
    conditions.push(json!({"type": kind, "status": status, "lastUpdateTime": now,
        "lastTransitionTime": since.unwrap_or_else(|| now.to_string()), "reason": reason, "message": message}));
}

impl Look<'_> {
    pub(super) fn condition(&self, kind: &str) -> Option<&Value> {
        owned::condition(&self.deployment, kind)
    }

    pub(super) fn set_condition(&mut self, kind: &str, status: &str, reason: &str, message: &str) {
        let now = self.cluster.now_text();
        self.amend(|d| put(d, kind, status, reason, message, &now, true));
    }

    /// Pausing and resuming are told by the condition Progressing.
    pub(super) fn note_pause(&mut self) {
        let paused = view::flag(&self.deployment, &["spec", "paused"]);
        let reason = self
            .condition("Progressing")
            .map(|c| view::text(c, &["reason"]).to_string())
            .unwrap_or_default();
        if reason == "ProgressDeadlineExceeded" {
            return;
        }
        if paused && reason != "DeploymentPaused" {
            self.set_condition(
                "Progressing",
                "Unknown",
                "DeploymentPaused",
                "Deployment is paused",
            );
        } else if !paused && reason == "DeploymentPaused" {
            self.set_condition(
                "Progressing",
                "Unknown",
                "DeploymentResumed",
                "Deployment is resumed",
            );
        }
    }

    /// Whether all pods are of the current template, and available.
    pub(super) fn is_complete(&self) -> bool {
        complete(&self.deployment, self.wanted())
    }
}

/// Whether a deployment's status says that the update is through.
pub(super) fn complete(deployment: &Value, wanted: i64) -> bool {
    let count = |name| view::int(deployment, &["status", name]).unwrap_or(0);
    count("updatedReplicas") == wanted
        && count("replicas") == wanted
        && count("availableReplicas") == wanted
        && count("observedGeneration") >= meta::generation(deployment)
}
