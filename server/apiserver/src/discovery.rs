//! Which groups, versions and resources there are: the aggregated documents and the plain ones.

use objects::{Resource, Subresource, resources};
use serde_json::{Value, json};

/// The order in which kube-apiserver lists its groups: by priority, not by name.
const GROUP_ORDER: &[&str] = &[
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "resource.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "metrics.k8s.io",
];

/// What is served: everything, with or without the add-on for metrics.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    pub metrics: bool,
}

impl Served {
    pub fn has(self, group: &str) -> bool {
        self.metrics || group != "metrics.k8s.io"
    }

    pub fn resources(self) -> impl Iterator<Item = &'static Resource> {
        resources().iter().filter(move |r| self.has(r.group))
    }

    /// Whether this version of a group is there.
    pub fn serves(self, group: &str, version: &str) -> bool {
        self.resources()
            .any(|r| r.group == group && r.version == version)
    }

    /// Named groups in their order; core is not among them.
    pub fn groups(self) -> Vec<&'static str> {
        let rank = |g: &str| {
            GROUP_ORDER
                .iter()
                .position(|known| *known == g)
                .unwrap_or(GROUP_ORDER.len())
        };
        let mut groups: Vec<&str> = self
            .resources()
            .map(|r| r.group)
            .filter(|g| !g.is_empty())
            .collect();
        groups.sort_by_key(|g| (rank(g), *g));
        groups.dedup();
        groups
    }

    /// Versions of a group, the preferred one first.
    pub fn versions(self, group: &str) -> Vec<&'static str> {
        let mut versions: Vec<&str> = self
            .resources()
            .filter(|r| r.group == group)
            .map(|r| r.version)
            .collect();
        versions.sort_by_key(|v| std::cmp::Reverse(stability(v)));
        versions.dedup();
        versions
    }

    fn of(self, group: &str, version: &str) -> Vec<&'static Resource> {
        let mut all: Vec<_> = self
            .resources()
            .filter(|r| r.group == group && r.version == version)
            .collect();
        all.sort_by_key(|r| r.plural);
        all
    }
}

/// v2 before v1 before v1beta1.
fn stability(version: &str) -> (bool, u32) {
    let digits: String = version
        .trim_start_matches('v')
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    (
        !version.contains("beta") && !version.contains("alpha"),
        digits.parse().unwrap_or(0),
    )
}

fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() {
        version.into()
    } else {
        format!("{group}/{version}")
    }
}

/// `APIGroupDiscoveryList`; `version` is that of apidiscovery.k8s.io.
pub fn aggregated(served: Served, core: bool, version: &str) -> Value {
    let groups = if core { vec![""] } else { served.groups() };
    let items: Vec<Value> = groups
        .into_iter()
        .map(|group| {
            let versions: Vec<Value> = served
                .versions(group)
                .into_iter()
                .map(|v| {
                    let resources: Vec<Value> = served
                        .of(group, v)
                        .into_iter()
                        .map(aggregated_resource)
                        .collect();
                    json!({"version": v, "resources": resources, "freshness": "Current"})
                })
                .collect();
            let metadata = if core {
                json!({})
            } else {
                json!({"name": group})
            };
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    let api_version = format!("apidiscovery.k8s.io/{version}");
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": api_version, "metadata": {}, "items": items})
}

fn aggregated_resource(r: &'static Resource) -> Value {
    let mut out = json!({
        "resource": r.plural,
        "responseKind": {"group": "", "version": "", "kind": r.kind},
        "scope": if r.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": r.singular,
        "verbs": r.verbs,
    });
    if !r.short_names.is_empty() {
        out["shortNames"] = json!(r.short_names);
    }
    if !r.categories.is_empty() {
        out["categories"] = json!(r.categories);
    }
    if !r.subresources.is_empty() {
        out["subresources"] = sorted(r)
            .into_iter()
            .map(|s| aggregated_subresource(r, s))
            .collect();
    }
    out
}

fn aggregated_subresource(r: &Resource, s: &Subresource) -> Value {
    let foreign = (s.group, s.version) != (r.group, r.version);
    let (group, version) = if foreign {
        (s.group, s.version)
    } else {
        ("", "")
    };
    let kind = json!({"group": group, "version": version, "kind": s.kind});
    json!({"subresource": s.name, "responseKind": kind, "verbs": s.verbs})
}

fn sorted(r: &'static Resource) -> Vec<&'static Subresource> {
    let mut all: Vec<_> = r.subresources.iter().collect();
    all.sort_by_key(|s| s.name);
    all
}

/// `/api`.
pub fn api_versions(address: &str) -> Value {
    let addresses = json!([{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]);
    json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses})
}

fn group(served: Served, name: &str) -> Value {
    let versions: Vec<Value> = served
        .versions(name)
        .into_iter()
        .map(|v| json!({"groupVersion": group_version(name, v), "version": v}))
        .collect();
    json!({"name": name, "preferredVersion": versions.first(), "versions": versions})
}

/// `/apis`.
pub fn group_list(served: Served) -> Value {
    let groups: Vec<Value> = served
        .groups()
        .into_iter()
        .map(|g| group(served, g))
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/GROUP`; `None` for a group that is not there.
pub fn one_group(served: Served, name: &str) -> Option<Value> {
    served.groups().contains(&name).then(|| {
        let mut group = group(served, name);
        group["kind"] = json!("APIGroup");
        group["apiVersion"] = json!("v1");
        group
    })
}

/// `/api/v1`, `/apis/GROUP/VERSION`; `None` when it is not there.
pub fn resource_list(served: Served, group: &str, version: &str) -> Option<Value> {
    let all = served.of(group, version);
    if all.is_empty() {
        return None;
    }
    let mut out = Vec::new();
    for r in all {
        out.push(plain_resource(r));
        out.extend(sorted(r).into_iter().map(|s| plain_subresource(r, s)));
    }
    let mut list = json!({"kind": "APIResourceList", "groupVersion": group_version(group, version), "resources": out});
    if !group.is_empty() {
        list["apiVersion"] = json!("v1");
    }
    Some(list)
}

fn plain_resource(r: &Resource) -> Value {
    let mut out = json!({"name": r.plural, "singularName": r.singular, "namespaced": r.namespaced, "kind": r.kind, "verbs": r.verbs});
    if !r.short_names.is_empty() {
        out["shortNames"] = json!(r.short_names);
    }
    if !r.categories.is_empty() {
        out["categories"] = json!(r.categories);
    }
    if r.has_verb("watch") {
        out["storageVersionHash"] = json!(storage_hash(r));
    }
    out
}

fn plain_subresource(r: &Resource, s: &Subresource) -> Value {
    let name = format!("{}/{}", r.plural, s.name);
    let mut out = json!({"name": name, "singularName": "", "namespaced": r.namespaced, "kind": s.kind, "verbs": s.verbs});
    if (s.group, s.version) != (r.group, r.version) {
        out["group"] = json!(s.group);
        out["version"] = json!(s.version);
    }
    out
}

/// Eight bytes that change when the stored version of a resource does.
fn storage_hash(r: &Resource) -> String {
    use base64::Engine;
    use sha2::Digest;
    let digest = sha2::Sha256::digest(format!("{}/{}/{}", r.group, r.version, r.kind));
    base64::engine::general_purpose::STANDARD.encode(&digest[..8])
}

/// `/`: every path that answers something.
pub fn root(served: Served) -> Value {
    let mut paths: Vec<String> = ["/api", "/api/v1", "/apis", "/apis/"]
        .map(String::from)
        .to_vec();
    for group in served.groups() {
        paths.push(format!("/apis/{group}"));
        paths.extend(
            served
                .versions(group)
                .into_iter()
                .map(|v| format!("/apis/{group}/{v}")),
        );
    }
    let documents = ["/openapi/v2", "/openapi/v3", "/openapi/v3/", "/version"];
    let texts = documents.iter().chain(crate::upkeep::PATHS);
    paths.extend(texts.map(ToString::to_string));
    paths.extend(crate::health::paths());
    paths.sort();
    json!({"paths": paths})
}
