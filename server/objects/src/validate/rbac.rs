//! Roles, and who has them. Mirrors `pkg/apis/rbac/validation`.

use serde_json::Value;

use super::scheduling::label_selector;
use super::{At, Errors};
use crate::{FieldError, names};

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn validate(kind: &str, at: &At<'_>, old: Option<&Value>, errors: &mut Errors) {
    match kind {
        "Role" | "ClusterRole" => {
            for rule in at.get("rules").items() {
                self::rule(&rule, kind == "Role", errors);
            }
            aggregation(&at.get("aggregationRule"), errors);
        }
        "RoleBinding" | "ClusterRoleBinding" => {
            binding(at, kind == "RoleBinding", errors);
            if old.is_some_and(|old| old["roleRef"] != *at.get("roleRef").value) {
                let role = at.get("roleRef");
                let part = |key: &str| role.get(key).text().to_string();
                let shown = format!(
                    r#"{{"APIGroup":"{}","Kind":"{}","Name":"{}"}}"#,
                    part("apiGroup"),
                    part("kind"),
                    part("name")
                );
                let text = "cannot change roleRef";
                errors.push(FieldError::invalid_text(&role.path, shown, text));
            }
        }
        _ => {}
    }
}

fn rule(rule: &At<'_>, namespaced: bool, errors: &mut Errors) {
    let required = |key: &str, text: &str| rule.get(key).required(text);
    if rule.get("verbs").is_empty() {
        errors.push(required("verbs", "verbs must contain at least one value"));
    }
    let urls = rule.get("nonResourceURLs");
    if !urls.is_empty() {
        if namespaced {
            errors.push(urls.invalid("namespaced rules cannot apply to non-resource URLs"));
        }
        let resources = ["apiGroups", "resources", "resourceNames"];
        if resources.iter().any(|key| !rule.get(key).is_empty()) {
            let text = "rules cannot apply to both regular resources and non-resource URLs";
            errors.push(urls.invalid(text));
        }
        return;
    }
    if rule.get("apiGroups").is_empty() {
        let text = "resource rules must supply at least one api group";
        errors.push(required("apiGroups", text));
    }
    if rule.get("resources").is_empty() {
        let text = "resource rules must supply at least one resource";
        errors.push(required("resources", text));
    }
}

fn aggregation(at: &At<'_>, errors: &mut Errors) {
    if !at.is_set() {
        return;
    }
    let selectors = at.get("clusterRoleSelectors");
    if selectors.is_empty() {
        let text = "at least one clusterRoleSelector required if aggregationRule is non-nil";
        errors.push(selectors.required(text));
    }
    for selector in selectors.items() {
        label_selector(&selector, errors);
    }
}

fn binding(at: &At<'_>, namespaced: bool, errors: &mut Errors) {
    let role = at.get("roleRef");
    let (group, kind, name) = (role.get("apiGroup"), role.get("kind"), role.get("name"));
    let mut supported = |at: &At<'_>, all: &[&str]| {
        if !all.contains(&at.text()) {
            errors.push(FieldError::not_supported(&at.path, at.text(), all));
        }
    };
    supported(&group, &[GROUP]);
    match namespaced {
        true => supported(&kind, &["Role", "ClusterRole"]),
        false => supported(&kind, &["ClusterRole"]),
    }
    name.required_and(names::path_segment, errors);
    for subject in at.get("subjects").items() {
        self::subject(&subject, namespaced, errors);
    }
}

fn subject(at: &At<'_>, namespaced: bool, errors: &mut Errors) {
    const KINDS: &[&str] = &["ServiceAccount", "User", "Group"];
    let (name, kind, group) = (at.get("name"), at.get("kind"), at.get("apiGroup"));
    if name.is_empty() {
        errors.push(name.required(""));
    }
    let of_group = |group: &At<'_>, expected: &str| {
        (group.text() != expected)
            .then(|| FieldError::not_supported(&group.path, group.text(), &[expected]))
    };
    match kind.text() {
        "ServiceAccount" => {
            if !name.is_empty() {
                name.check(names::dns_subdomain, errors);
            }
            errors.extend(of_group(&group, ""));
            if !namespaced && at.get("namespace").is_empty() {
                errors.push(at.get("namespace").required(""));
            }
        }
        "User" | "Group" => errors.extend(of_group(&group, GROUP)),
        other => errors.push(FieldError::not_supported(&kind.path, other, KINDS)),
    }
}
