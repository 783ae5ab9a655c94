//! Metadata of all kinds: names, labels, annotations, finalizers, owners.

use serde_json::Value;

use super::{At, Errors};
use crate::quote::go_json;
use crate::{FieldError, Gvk, by_kind, names};

const ANNOTATIONS_MAX: usize = 256 * 1024;

pub(super) fn validate(gvk: &Gvk, at: &At<'_>, update: bool, errors: &mut Errors) {
    let metadata = at.get("metadata");
    let good = name_rule(gvk);
    let generate = metadata.get("generateName");
    if !generate.is_empty() {
        // the dashes at its end will be followed by letters
        let base = generate.text().trim_end_matches('-');
        let base = if base.is_empty() { "a" } else { base };
        errors.extend(good(base).into_iter().map(|e| generate.invalid(e)));
    }
    let name = metadata.get("name");
    if name.is_empty() {
        if generate.is_empty() || update {
            errors.push(name.required("name or generateName is required"));
        }
    } else {
        name.check(good, errors);
    }
    let resource = by_kind(&gvk.group, &gvk.version, &gvk.kind);
    let namespace = metadata.get("namespace");
    match resource.map(|r| r.namespaced) {
        Some(true) if !namespace.is_empty() => namespace.check(names::dns_label, errors),
        Some(false) if !namespace.is_empty() => {
            errors.push(namespace.forbidden("not allowed on this type"));
        }
        _ => {}
    }
    labels(&metadata.get("labels"), errors);
    annotations(&metadata.get("annotations"), errors);
    owners(&metadata.get("ownerReferences"), errors);
    let finalizers = metadata.get("finalizers").items();
    finalizers.iter().for_each(|f| finalizer(f, errors));
}

/// The name of a finalizer, also in the spec of a namespace.
pub(super) fn finalizer(at: &At<'_>, errors: &mut Errors) {
    at.check(names::qualified_name, errors);
    let standard = ["kubernetes", "orphan", "foregroundDeletion"].contains(&at.text());
    if !at.text().contains('/') && !standard {
        let text = "name is neither a standard finalizer name nor is it fully qualified";
        errors.push(at.invalid(text));
    }
}

/// What the name of a kind may be.
fn name_rule(gvk: &Gvk) -> fn(&str) -> Vec<String> {
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Namespace" | "Service") => names::dns_label,
        ("rbac.authorization.k8s.io", _) => names::path_segment,
        ("batch", "CronJob") => cron_job_name,
        ("apps", "StatefulSet") => names::dns_label,
        ("", "Event")
        | ("events.k8s.io", _)
        | ("authorization.k8s.io", _)
        | ("authentication.k8s.io", _) => anything,
        ("", "Binding")
        | ("policy", "Eviction")
        | ("autoscaling", "Scale")
        | ("meta.k8s.io", _) => anything,
        _ => names::dns_subdomain,
    }
}

fn anything(_: &str) -> Vec<String> {
    Vec::new()
}

fn cron_job_name(name: &str) -> Vec<String> {
    let mut errors = names::dns_subdomain(name);
    if name.len() > 52 {
        errors.push("must be no more than 52 characters".to_string());
    }
    errors
}

/// Keys and values of labels.
pub(super) fn labels(labels: &At<'_>, errors: &mut Errors) {
    for (key, value) in labels.map().into_iter().flatten() {
        let invalid = |value: &str, e: String| FieldError::invalid(&labels.path, value, e);
        errors.extend(
            names::qualified_name(key)
                .into_iter()
                .map(|e| invalid(key, e)),
        );
        let value = value.as_str().unwrap_or_default();
        errors.extend(
            names::label_value(value)
                .into_iter()
                .map(|e| invalid(value, e)),
        );
    }
}

/// Keys of annotations, and how long they are together.
pub(super) fn annotations(annotations: &At<'_>, errors: &mut Errors) {
    let mut total = 0;
    for (key, value) in annotations.map().into_iter().flatten() {
        total += key.len() + value.as_str().map_or(0, str::len);
        let bad = names::qualified_name(&key.to_lowercase()).into_iter();
        errors.extend(bad.map(|e| FieldError::invalid(&annotations.path, key.as_str(), e)));
    }
    if total > ANNOTATIONS_MAX {
        errors.push(FieldError::too_long(&annotations.path, ANNOTATIONS_MAX));
    }
}

fn owners(owners: &At<'_>, errors: &mut Errors) {
    let mut controller: Option<String> = None;
    for owner in owners.items() {
        for key in ["apiVersion", "kind", "name", "uid"] {
            let member = owner.get(key);
            if member.is_empty() {
                let text = match key {
                    "apiVersion" => "version must not be empty",
                    "kind" => "must not be empty",
                    "name" => "must not be empty",
                    _ => "must not be empty",
                };
                errors.push(FieldError::invalid(member.path, "", text));
            }
        }
        if owner.get("controller").is_true() {
            let described = format!("{}/{}", owner.get("kind").text(), owner.get("name").text());
            if let Some(first) = &controller {
                let text = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {described}"
                );
                let shown = references(owners);
                errors.push(FieldError::invalid_text(&owners.path, shown, text));
            }
            controller = Some(described);
        }
    }
}

/// Owners as one text, with their members in the order in which Go writes them.
fn references(owners: &At<'_>) -> String {
    let member = |owner: &At<'_>, key: &str| {
        let value = owner.get(key).value;
        (!value.is_null()).then(|| format!("\"{key}\":{}", go_json(value)))
    };
    let whole = |owner: &At<'_>| {
        let keys = [
            "apiVersion",
            "kind",
            "name",
            "uid",
            "controller",
            "blockOwnerDeletion",
        ];
        let members: Vec<String> = keys.iter().filter_map(|key| member(owner, key)).collect();
        format!("{{{}}}", members.join(","))
    };
    let all: Vec<String> = owners.items().iter().map(whole).collect();
    format!("[{}]", all.join(","))
}

/// What may not change once it is set.
pub(super) fn validate_update(new: &At<'_>, old: &At<'_>, errors: &mut Errors) {
    let (new, old) = (new.get("metadata"), old.get("metadata"));
    for key in ["name", "namespace", "uid", "creationTimestamp"] {
        let (is, was) = (new.get(key), old.get(key));
        if was.is_set() && is.value != was.value {
            let value = if is.is_set() {
                is.value.clone()
            } else {
                Value::from("")
            };
            // this is checked twice in the API server, and told twice
            errors.push(FieldError::invalid(
                &is.path,
                value.clone(),
                "field is immutable",
            ));
            if key == "uid" {
                errors.push(FieldError::invalid(&is.path, value, "field is immutable"));
            }
        }
    }
    let old_finalizers: Vec<_> = old
        .get("finalizers")
        .items()
        .iter()
        .map(|f| f.text())
        .collect();
    if old.get("deletionTimestamp").is_set() {
        let new_finalizers = new.get("finalizers").items();
        let extra: Vec<_> = new_finalizers
            .iter()
            .map(|f| f.text())
            .filter(|f| !old_finalizers.contains(f))
            .collect();
        if !extra.is_empty() {
            let list = extra
                .iter()
                .map(|f| crate::quote::go_quote(f))
                .collect::<Vec<_>>()
                .join(", ");
            let text = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{list}}}"
            );
            errors.push(FieldError::forbidden("metadata.finalizers", text));
        }
    }
}
