//! `/healthz`, `/livez`, `/readyz`, with their checks under `?verbose`. The simulated server has no start-up hooks that could fail:
//! who asks for one of a real server hears that nothing is wrong.

use crate::query::Query;
use crate::respond::{PLAIN_TEXT, bytes};
use axum::response::Response;

/// The hooks of kube-apiserver, in the order in which it tells of them.
const HOOKS: &[&str] = &[
    "start-apiserver-admission-initializer",
    "generic-apiserver-start-informers",
    "priority-and-fairness-config-consumer",
    "priority-and-fairness-filter",
    "storage-object-count-tracker-hook",
    "start-apiextensions-informers",
    "start-apiextensions-controllers",
    "crd-informer-synced",
    "peer-endpoint-reconciler-controller",
    "start-system-namespaces-controller",
    "start-cluster-authentication-info-controller",
    "start-kube-apiserver-identity-lease-controller",
    "start-kube-apiserver-identity-lease-garbage-collector",
    "start-legacy-token-tracking-controller",
    "start-service-ip-repair-controllers",
    "start-kubernetes-service-cidr-controller",
    "rbac/bootstrap-roles",
    "scheduling/bootstrap-system-priority-classes",
    "priority-and-fairness-config-producer",
    "bootstrap-controller",
    "storage-readiness",
    "aggregator-reload-proxy-client-cert",
    "start-kube-aggregator-informers",
    "apiservice-status-local-available-controller",
    "apiservice-status-remote-available-controller",
    "apiservice-registration-controller",
    "apiservice-discovery-controller",
    "kube-apiserver-autoregistration",
    "apiservice-openapi-controller",
    "apiservice-openapiv3-controller",
    "apiservice-wait-for-first-sync",
];

const ROOTS: [&str; 3] = ["healthz", "livez", "readyz"];

/// The checks below a health path, in their order.
fn checks(root: &str) -> Vec<String> {
    let own: &[&str] = match root {
        "readyz" => &["ping", "log", "informer-sync"],
        _ => &["ping", "log", "etcd", "loopback-serving-certificate"],
    };
    let last: &[&str] = match root {
        "readyz" => &["autoregister-completion", "shutdown"],
        _ => &["autoregister-completion"],
    };
    let hooks = HOOKS.iter().map(|hook| format!("poststarthook/{hook}"));
    let own = own.iter().map(ToString::to_string);
    own.chain(hooks)
        .chain(last.iter().map(ToString::to_string))
        .collect()
}

/// All health paths.
pub fn paths() -> impl Iterator<Item = String> {
    ROOTS.into_iter().flat_map(|root| {
        let below = checks(root).into_iter();
        std::iter::once(format!("/{root}")).chain(below.map(move |c| format!("/{root}/{c}")))
    })
}

/// Answers a health path, or a single check below it.
pub fn serve(path: &str, query: &Query) -> Option<Response> {
    let mut segments = path.trim_start_matches('/').splitn(2, '/');
    let name = segments.next().filter(|s| ROOTS.contains(s))?;
    let checks = checks(name);
    match segments.next() {
        Some(check) if !check.is_empty() => checks
            .iter()
            .any(|c| c == check)
            .then(|| bytes(200, PLAIN_TEXT, "ok")),
        _ if query.has("verbose") => {
            let checks: String = checks.iter().map(|c| format!("[+]{c} ok\n")).collect();
            Some(bytes(
                200,
                PLAIN_TEXT,
                format!("{checks}{name} check passed\n"),
            ))
        }
        _ => Some(bytes(200, PLAIN_TEXT, "ok")),
    }
}
