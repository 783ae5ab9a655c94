//! DefaultTolerationSeconds: a pod stays five minutes on a node that is not ready or not reachable.

use serde_json::{Value, json};

use crate::view;

pub(super) fn admit(pod: &mut Value) {
    for key in [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ] {
        let tolerated = view::list(pod, &["spec", "tolerations"]).iter().any(|t| {
            let (own_key, effect) = (view::text(t, &["key"]), view::text(t, &["effect"]));
            (own_key == key || own_key.is_empty()) && (effect == "NoExecute" || effect.is_empty())
        });
        if !tolerated {
            let toleration = json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
            view::list_mut(pod, &["spec", "tolerations"]).push(toleration);
        }
    }
}
