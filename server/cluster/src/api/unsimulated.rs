//! What is stored and served, but has no effect here: whoever creates it is told so, with the id of the page LIMITATIONS.md.
//! Not the errors that a cluster without a feature gives: those stand where the feature would.

use serde_json::Value;

use super::Call;
use crate::view;

/// A kind whose objects have no effect.
struct Idle {
    group: &'static str,
    plural: &'static str,
    id: &'static str,
    words: &'static str,
}

const fn idle(
    group: &'static str,
    plural: &'static str,
    id: &'static str,
    words: &'static str,
) -> Idle {
    Idle {
        group,
        plural,
        id,
        words,
    }
}

const IDLE: &[Idle] = &[
    idle(
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        "custom-resources",
        "the new kind is not served",
    ),
    idle(
        "apiregistration.k8s.io",
        "apiservices",
        "aggregation",
        "no other API server is asked",
    ),
    idle(
        "admissionregistration.k8s.io",
        "validatingwebhookconfigurations",
        "admission-webhooks",
        "no webhook is called",
    ),
    idle(
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
        "admission-webhooks",
        "no webhook is called",
    ),
    idle(
        "admissionregistration.k8s.io",
        "validatingadmissionpolicies",
        "admission-policies",
        "no policy is evaluated",
    ),
    idle(
        "admissionregistration.k8s.io",
        "mutatingadmissionpolicies",
        "admission-policies",
        "no policy is evaluated",
    ),
    idle(
        "networking.k8s.io",
        "networkpolicies",
        "network-policies",
        "all pods reach each other",
    ),
    idle(
        "networking.k8s.io",
        "ingresses",
        "ingress",
        "no controller serves it",
    ),
    idle(
        "autoscaling",
        "horizontalpodautoscalers",
        "autoscaling",
        "nothing is scaled",
    ),
    idle(
        "rbac.authorization.k8s.io",
        "roles",
        "authorization",
        "every user may do everything",
    ),
    idle(
        "rbac.authorization.k8s.io",
        "rolebindings",
        "authorization",
        "every user may do everything",
    ),
    idle(
        "rbac.authorization.k8s.io",
        "clusterroles",
        "authorization",
        "every user may do everything",
    ),
    idle(
        "rbac.authorization.k8s.io",
        "clusterrolebindings",
        "authorization",
        "every user may do everything",
    ),
];

/// Says what of a new object will have no effect.
pub(super) fn warn(call: &mut Call<'_>, object: &Value) {
    let (group, plural) = (call.stored.group, call.stored.plural);
    let kind = IDLE.iter().find(|i| i.group == group && i.plural == plural);
    let zone = view::text(object, &["spec", "timeZone"]);
    let pod_security = view::members(object, &["metadata", "labels"])
        .any(|(key, _)| key.starts_with("pod-security.kubernetes.io/"));
    let said = match kind {
        Some(idle) => Some((idle.id, idle.words.to_string())),
        None if plural == "cronjobs" && !matches!(zone, "" | "UTC" | "Etc/UTC") => {
            Some(("time-zones", format!("{zone} is read as UTC")))
        }
        None if plural == "namespaces" && pod_security => {
            Some(("pod-security", "no pod is refused".to_string()))
        }
        None => None,
    };
    if let Some((id, words)) = said {
        call.warnings
            .push(format!("not simulated: {words} (LIMITATIONS.md: {id})"));
    }
}
