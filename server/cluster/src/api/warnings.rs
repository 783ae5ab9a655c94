//! Warnings that the API server gives about objects that are allowed but surprising.

use serde_json::Value;

use super::Call;
use crate::view;

/// Adds the warnings about a new object.
pub(super) fn on_create(call: &mut Call<'_>, object: &Value) {
    if call.stored.plural == "pods" && call.stored.group.is_empty() {
        let name = objects::meta::name(object);
        if name.contains('.') {
            call.warnings.push(
                "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is \
                 recommended: [must not contain dots]"
                    .into(),
            );
        }
        pod_spec(call, view::at(object, &["spec"]), "spec");
    }
    let template = view::at(object, &["spec", "template", "spec"]);
    if template.is_object() {
        let template = template.clone();
        pod_spec(call, &template, "spec.template.spec");
    }
}

fn pod_spec(call: &mut Call<'_>, spec: &Value, at: &str) {
    let own_grace = view::int(spec, &["terminationGracePeriodSeconds"]);
    if own_grace.is_some_and(|g| g < 0) {
        call.warnings.push(format!("{at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"));
    }
    for part in ["initContainers", "containers"] {
        for (index, container) in view::list(spec, &[part]).iter().enumerate() {
            duplicate_env(call, container, &format!("{at}.{part}[{index}]"));
        }
    }
}

fn duplicate_env(call: &mut Call<'_>, container: &Value, at: &str) {
    let env = view::list(container, &["env"]);
    for (index, variable) in env.iter().enumerate() {
        let name = view::text(variable, &["name"]);
        let earlier = env[..index]
            .iter()
            .any(|e| view::text(e, &["name"]) == name);
        if earlier && !view::text(variable, &["value"]).contains(&format!("$({name})")) {
            call.warnings.push(format!("{at}.env[{index}]: hides previous definition of \"{name}\", which may be unexpected"));
        }
    }
}
