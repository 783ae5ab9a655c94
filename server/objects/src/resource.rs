//! The resources of the API: names, scope, verbs, subresources, as discovery tells them. Not their fields (see `table`).
//!
//! Mirrors the discovery documents of Kubernetes 1.36; the data stands in `resource/list.txt`.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Group, version and kind of an object. The core group is the empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Gvk {
    pub group: String,
    pub version: String,
    pub kind: String,
}

impl Gvk {
    pub fn new(group: &str, version: &str, kind: &str) -> Self {
        Gvk {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
        }
    }

    /// From `apiVersion` (`v1`, `apps/v1`) and `kind`.
    pub fn from_api_version(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Gvk::new(group, version, kind)
    }

    /// Of an object, by its `apiVersion` and `kind`; empty strings where they are missing.
    pub fn of(object: &serde_json::Value) -> Self {
        let text = |key| object.get(key).and_then(|v| v.as_str()).unwrap_or_default();
        Gvk::from_api_version(text("apiVersion"), text("kind"))
    }

    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> String {
        join_group_version(&self.group, &self.version)
    }
}

impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, Kind={}", self.api_version(), self.kind)
    }
}

fn join_group_version(group: &str, version: &str) -> String {
    if group.is_empty() {
        version.to_string()
    } else {
        format!("{group}/{version}")
    }
}

/// What hangs below an object: `pods/log`, `deployments/scale`.
#[derive(Debug, PartialEq, Eq)]
pub struct Subresource {
    pub name: &'static str,
    /// The kind that it takes and answers; of another group than its resource for `scale`, `eviction` and `token`.
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
    pub verbs: &'static [&'static str],
}

/// One resource of the API.
#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
    pub list_kind: &'static str,
    pub plural: &'static str,
    pub singular: &'static str,
    pub short_names: &'static [&'static str],
    pub categories: &'static [&'static str],
    pub namespaced: bool,
    pub verbs: &'static [&'static str],
    pub subresources: &'static [Subresource],
}

impl Resource {
    pub fn gvk(&self) -> Gvk {
        Gvk::new(self.group, self.version, self.kind)
    }

    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> String {
        join_group_version(self.group, self.version)
    }

    /// `pods` or `deployments.apps`, as error texts name it.
    pub fn group_resource(&self) -> String {
        join_dotted(self.plural, self.group)
    }

    /// `Pod` or `Deployment.apps`, as the text of an Invalid error names it.
    pub fn group_kind(&self) -> String {
        join_dotted(self.kind, self.group)
    }

    pub fn subresource(&self, name: &str) -> Option<&'static Subresource> {
        self.subresources.iter().find(|s| s.name == name)
    }

    pub fn has_verb(&self, verb: &str) -> bool {
        self.verbs.contains(&verb)
    }
}

/// `name` or `name.group`.
pub fn join_dotted(name: &str, group: &str) -> String {
    if group.is_empty() {
        name.to_string()
    } else {
        format!("{name}.{group}")
    }
}

const ALL_VERBS: &[&str] = &[
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

static RESOURCES: LazyLock<Vec<Resource>> =
    LazyLock::new(|| parse(include_str!("resource/list.txt")));

/// All resources, grouped by group and version, core first.
pub fn resources() -> &'static [Resource] {
    &RESOURCES
}

/// The resource at `/apis/GROUP/VERSION/PLURAL` (`group` empty: `/api/VERSION/PLURAL`).
pub fn by_path(group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
    resources()
        .iter()
        .find(|r| r.plural == plural && r.group == group && r.version == version)
}

/// The resource whose objects have this kind.
pub fn by_kind(group: &str, version: &str, kind: &str) -> Option<&'static Resource> {
    resources()
        .iter()
        .find(|r| r.kind == kind && r.group == group && r.version == version)
}

/// The resource of an object, by its `apiVersion` and `kind`.
pub fn of_object(object: &serde_json::Value) -> Option<&'static Resource> {
    let gvk = Gvk::of(object);
    by_kind(&gvk.group, &gvk.version, &gvk.kind)
}

fn parse(text: &'static str) -> Vec<Resource> {
    let (mut group, mut version) = ("", "");
    let mut all: Vec<(Resource, Vec<Subresource>)> = Vec::new();
    for line in text
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        let words: Vec<&'static str> = line.split_whitespace().collect();
        match words[..] {
            [header] => (group, version) = split_header(header.trim_matches(['[', ']'])),
            [name, kind, group_version, verbs] => {
                let (sub_group, sub_version) = if group_version == "-" {
                    (group, version)
                } else {
                    split_header(group_version)
                };
                if let Some((_, subresources)) = all.last_mut() {
                    let verbs = list(verbs);
                    subresources.push(Subresource {
                        name,
                        group: sub_group,
                        version: sub_version,
                        kind,
                        verbs,
                    });
                }
            }
            [plural, kind, scope, verbs, short, categories] => {
                let resource = Resource {
                    group,
                    version,
                    kind,
                    list_kind: leak(format!("{kind}List")),
                    plural,
                    singular: leak(kind.to_lowercase()),
                    short_names: list(short),
                    categories: list(categories),
                    namespaced: scope == "namespaced",
                    verbs: list(verbs),
                    subresources: &[],
                };
                all.push((resource, Vec::new()));
            }
            _ => unreachable!("resource/list.txt: {line}"),
        }
    }
    all.into_iter()
        .map(|(r, subs)| Resource {
            subresources: subs.leak(),
            ..r
        })
        .collect()
}

fn split_header(group_version: &'static str) -> (&'static str, &'static str) {
    group_version.split_once('/').unwrap_or(("", group_version))
}

fn list(words: &'static str) -> &'static [&'static str] {
    match words {
        "-" => &[],
        "*" => ALL_VERBS,
        words => words.split(',').collect::<Vec<_>>().leak(),
    }
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_by_path_and_kind() {
        let pods = by_path("", "v1", "pods").expect("pods");
        assert_eq!(
            (pods.kind, pods.list_kind, pods.singular),
            ("Pod", "PodList", "pod")
        );
        assert!(pods.namespaced && pods.has_verb("watch"));
        let eviction = pods.subresource("eviction").expect("eviction");
        assert_eq!(
            (eviction.group, eviction.version, eviction.kind),
            ("policy", "v1", "Eviction")
        );
        assert_eq!(
            by_kind("apps", "v1", "Deployment")
                .map(|r| r.group_resource())
                .as_deref(),
            Some("deployments.apps")
        );
        assert_eq!(
            by_path("", "v1", "nodes").map(|r| r.namespaced),
            Some(false)
        );
        assert_eq!(by_path("apps", "v1", "pods"), None);
    }

    #[test]
    fn prints_as_kubernetes_does() {
        assert_eq!(
            Gvk::from_api_version("apps/v1", "Deployment").to_string(),
            "apps/v1, Kind=Deployment"
        );
        assert_eq!(
            Gvk::from_api_version("v1", "Pod").to_string(),
            "v1, Kind=Pod"
        );
    }
}
