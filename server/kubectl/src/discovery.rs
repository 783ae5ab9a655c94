//! What the cluster serves: its kinds, their names and verbs (aggregated discovery, apidiscovery.k8s.io/v2).
//!
//! Resolves what a user types (`po`, `deploy`, `deployments.v1.apps`, `all`) and what a manifest says (group, version, kind).

use std::sync::Arc;

use serde_json::Value;

/// One resource that the cluster serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// API group, empty for the core group.
    pub group: String,
    /// Version, for example `v1`.
    pub version: String,
    /// Plural name, for example `pods`.
    pub plural: String,
    /// Singular name, for example `pod`.
    pub singular: String,
    /// Kind, for example `Pod`.
    pub kind: String,
    /// Short names, for example `po`.
    pub short_names: Vec<String>,
    /// Categories, for example `all`.
    pub categories: Vec<String>,
    /// Verbs, for example `list`.
    pub verbs: Vec<String>,
    /// Names of the subresources, for example `status`.
    pub subresources: Vec<String>,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
}

impl Kind {
    /// `v1`, `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `pods`, `deployments.apps`.
    pub fn with_group(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// `pod`, `deployment.apps`: how messages name an object's kind.
    pub fn shown(&self) -> String {
        let name = self.kind.to_lowercase();
        if self.group.is_empty() {
            name
        } else {
            format!("{name}.{}", self.group)
        }
    }

    /// The path of the collection or, with a name, of the object.
    pub fn path(&self, namespace: &str, name: &str) -> String {
        let root = if self.group.is_empty() {
            "/api/".to_string() + &self.version
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        let space = if self.namespaced && !namespace.is_empty() {
            format!("/namespaces/{namespace}")
        } else {
            String::new()
        };
        let name = if name.is_empty() {
            String::new()
        } else {
            format!("/{name}")
        };
        format!("{root}{space}/{}{name}", self.plural)
    }

    /// Whether the kind is one of Kubernetes' own, whose lists merge by key.
    pub fn built_in(&self) -> bool {
        self.group.is_empty() || !self.group.contains('.') || self.group.ends_with(".k8s.io")
    }
}

/// The kinds a cluster serves, in the server's order of groups.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// Group and version of everything served, preferred versions first within a group.
    pub versions: Vec<(String, String)>,
    /// All resources, without subresources.
    pub kinds: Vec<Arc<Kind>>,
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|t| t.as_str().map(str::to_string))
        .collect()
}

impl Discovery {
    /// Adds an `APIGroupDiscoveryList`.
    pub(crate) fn add(&mut self, list: &Value) {
        for group in list["items"].as_array().into_iter().flatten() {
            let name = group["metadata"]["name"].as_str().unwrap_or("");
            for version in group["versions"].as_array().into_iter().flatten() {
                let label = version["version"].as_str().unwrap_or("");
                self.versions.push((name.into(), label.into()));
                for resource in version["resources"].as_array().into_iter().flatten() {
                    let text = |key: &str| resource[key].as_str().unwrap_or("").to_string();
                    let kind = resource["responseKind"]["kind"]
                        .as_str()
                        .unwrap_or("")
                        .to_string();
                    let singular = Some(text("singularResource"))
                        .filter(|s| !s.is_empty())
                        .unwrap_or_else(|| kind.to_lowercase());
                    self.kinds.push(Arc::new(Kind {
                        group: name.into(),
                        version: label.into(),
                        plural: text("resource"),
                        singular,
                        kind,
                        short_names: texts(&resource["shortNames"]),
                        categories: texts(&resource["categories"]),
                        verbs: texts(&resource["verbs"]),
                        subresources: resource["subresources"]
                            .as_array()
                            .into_iter()
                            .flatten()
                            .filter_map(|s| s["subresource"].as_str().map(str::to_string))
                            .collect(),
                        namespaced: resource["scope"] == "Namespaced",
                    }));
                }
            }
        }
    }

    /// The resource that a user's word names: `po`, `pods`, `Pod`, `deployments.apps`, `deployments.v1.apps`.
    pub fn named(&self, word: &str) -> Option<Arc<Kind>> {
        let lower = word.to_lowercase();
        let (name, rest) = lower.split_once('.').unwrap_or((&lower, ""));
        let (version, group) = match rest.split_once('.') {
            Some((version, group))
                if self
                    .versions
                    .iter()
                    .any(|(g, v)| g == group && v == version) =>
            {
                (version, group)
            }
            _ if rest.starts_with('v')
                && self.versions.iter().any(|(g, v)| g.is_empty() && v == rest) =>
            {
                (rest, "")
            }
            _ => ("", rest),
        };
        let fits = |kind: &&Arc<Kind>| {
            (rest.is_empty()
                || kind.group == group
                || (version.is_empty() && kind.group.starts_with(group)))
                && (version.is_empty() || kind.version == version)
        };
        let by = |test: &dyn Fn(&Kind) -> bool| {
            self.kinds
                .iter()
                .filter(fits)
                .find(|kind| test(kind))
                .cloned()
        };
        by(&|kind| kind.plural == name || kind.singular == name)
            .or_else(|| by(&|kind| kind.short_names.iter().any(|short| short == name)))
            .or_else(|| by(&|kind| kind.kind.to_lowercase() == name))
    }

    /// The kinds that a word means: those of a category (`all`), or one.
    pub fn category(&self, word: &str) -> Vec<Arc<Kind>> {
        let mut found: Vec<Arc<Kind>> = Vec::new();
        for kind in &self.kinds {
            let known = found
                .iter()
                .any(|k| k.group == kind.group && k.plural == kind.plural);
            if !known && kind.categories.iter().any(|c| c == word) {
                found.push(kind.clone());
            }
        }
        found
    }

    /// The resource of a manifest's `apiVersion` and `kind` (whose case is not looked at, as in kubectl).
    pub fn of(&self, api_version: &str, kind: &str) -> Option<Arc<Kind>> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.kinds
            .iter()
            .find(|k| {
                k.group == group
                    && k.version == version
                    && (k.kind == kind || k.kind.to_lowercase() == kind)
                    && !k.verbs.is_empty()
            })
            .cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cluster() -> Discovery {
        let mut found = Discovery::default();
        let resource = |plural: &str, kind: &str, short: &str| json!({"resource": plural, "responseKind": {"kind": kind}, "singularResource": kind.to_lowercase(), "scope": "Namespaced", "verbs": ["get", "list"], "shortNames": [short], "categories": ["all"]});
        found.add(&json!({"items": [{"metadata": {"name": ""}, "versions": [{"version": "v1", "resources": [resource("pods", "Pod", "po"), resource("events", "Event", "ev")]}]}]}));
        found.add(&json!({"items": [{"metadata": {"name": "apps"}, "versions": [{"version": "v1", "resources": [resource("deployments", "Deployment", "deploy")]}]},
            {"metadata": {"name": "events.k8s.io"}, "versions": [{"version": "v1", "resources": [resource("events", "Event", "ev")]}]}]}));
        found
    }

    #[test]
    fn resolves_what_users_type() {
        let found = cluster();
        for (word, want) in [
            ("po", "pods"),
            ("Pod", "pods"),
            ("pods.v1", "pods"),
            ("deploy", "deployments.apps"),
            ("deployments.apps", "deployments.apps"),
            ("deployments.v1.apps", "deployments.apps"),
            ("events", "events"),
            ("events.events.k8s.io", "events.events.k8s.io"),
            ("foo", ""),
        ] {
            assert_eq!(
                found
                    .named(word)
                    .map(|k| k.with_group())
                    .unwrap_or_default(),
                want,
                "{word}"
            );
        }
        assert_eq!(found.category("all").len(), 4);
        assert_eq!(
            found.of("v1", "pod").unwrap().path("ns", "x"),
            "/api/v1/namespaces/ns/pods/x"
        );
        assert!(found.of("v1", "Deployment").is_none());
    }
}
