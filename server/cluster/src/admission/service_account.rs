//! ServiceAccount: every pod runs as an account, whose token is mounted into its containers.

use objects::{Status, meta};
use serde_json::{Value, json};

use crate::api::Call;
use crate::view;

const MOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

pub(super) fn admit(call: &mut Call<'_>, pod: &mut Value) -> Result<(), Status> {
    let asked = view::text(pod, &["spec", "serviceAccountName"]);
    let name = if asked.is_empty() { "default" } else { asked }.to_string();
    view::set(pod, &["spec", "serviceAccountName"], name.clone());
    view::set(pod, &["spec", "serviceAccount"], name.clone());
    let namespace = call.request.namespace.clone();
    let accounts = objects::by_path("", "v1", "serviceaccounts");
    let Some(account) = accounts.and_then(|r| call.cluster.get(r, &namespace, &name)) else {
        let why = format!(
            "error looking up service account {namespace}/{name}: serviceaccount {name:?} not found"
        );
        return Err(Status::forbidden(call.resource, meta::name(pod), &why));
    };
    let secrets = view::list(&account, &["imagePullSecrets"]);
    if view::list(pod, &["spec", "imagePullSecrets"]).is_empty() && !secrets.is_empty() {
        view::set(pod, &["spec", "imagePullSecrets"], secrets.to_vec());
    }
    let own = view::at(pod, &["spec", "automountServiceAccountToken"]).as_bool();
    let accounts_wish = account["automountServiceAccountToken"].as_bool();
    if own.or(accounts_wish).unwrap_or(true) {
        mount_token(call, pod);
    }
    Ok(())
}

/// Adds the projected volume and its mounts, unless every container has something there already.
fn mount_token(call: &mut Call<'_>, pod: &mut Value) {
    let existing = view::list(pod, &["spec", "volumes"])
        .iter()
        .map(|v| view::text(v, &["name"]))
        .find(|n| n.starts_with("kube-api-access-"))
        .map(str::to_string);
    let name = existing
        .clone()
        .unwrap_or_else(|| format!("kube-api-access-{}", call.chance.suffix(5)));
    let mut mounted = false;
    for part in ["initContainers", "containers"] {
        if view::list(pod, &["spec", part]).is_empty() {
            continue;
        }
        for container in view::list_mut(pod, &["spec", part]) {
            let taken = view::list(container, &["volumeMounts"])
                .iter()
                .any(|m| view::text(m, &["mountPath"]) == MOUNT);
            if !taken && container.is_object() {
                let mount = json!({"name": name, "readOnly": true, "mountPath": MOUNT});
                view::list_mut(container, &["volumeMounts"]).push(mount);
                mounted = true;
            }
        }
    }
    if mounted && existing.is_none() {
        view::list_mut(pod, &["spec", "volumes"]).push(token_volume(&name));
    }
}

fn token_volume(name: &str) -> Value {
    json!({"name": name, "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
    ]}})
}
