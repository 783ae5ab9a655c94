//! The events that a kubelet tells about its pods and their containers.

use objects::Object;
use serde_json::Value;

use super::Agent;
use crate::events::{Kind, Source, Telling};
use crate::view;

impl Agent {
    fn source(&self) -> Source {
        Source {
            component: "kubelet",
            host: self.node.name.clone(),
        }
    }

    /// About the whole pod.
    pub(super) fn tell(&self, pod: &Object, kind: Kind, reason: &str, message: &str) {
        if self.is_heard() {
            self.cluster
                .event(&self.source(), pod, kind, reason, message);
        }
    }

    /// About the whole pod, with all that belongs to an event.
    pub(super) fn tell_as(&self, pod: &Object, telling: &Telling<'_>) {
        if self.is_heard() {
            self.cluster.event_at(&self.source(), pod, telling);
        }
    }

    /// About one container.
    pub(super) fn tell_of(
        &self,
        pod: &Object,
        container: &Value,
        kind: Kind,
        reason: &str,
        message: &str,
    ) {
        let field_path = field_path(pod, view::text(container, &["name"]));
        let telling = Telling {
            kind,
            reason,
            message,
            field_path: &field_path,
            annotations: Value::Null,
        };
        self.tell_as(pod, &telling);
    }

    pub(super) fn normal(&self, pod: &Object, container: &Value, reason: &str, message: &str) {
        self.tell_of(pod, container, Kind::Normal, reason, message);
    }

    pub(super) fn warning(&self, pod: &Object, container: &Value, reason: &str, message: &str) {
        self.tell_of(pod, container, Kind::Warning, reason, message);
    }
}

fn field_path(pod: &Value, name: &str) -> String {
    for part in ["initContainers", "ephemeralContainers"] {
        if view::named(view::list(pod, &["spec", part]), name).is_some() {
            return format!("spec.{part}{{{name}}}");
        }
    }
    format!("spec.containers{{{name}}}")
}
