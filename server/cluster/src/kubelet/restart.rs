//! Whether a container that ended starts again: by its own rules, its own policy, or the pod's. Pure.
//!
//! Mirrors the kubelet's `ShouldContainerBeRestarted` and `ContainerShouldRestart` of `pkg/api/v1/pod`. `RestartAllContainers` starts the one container (LIMITATIONS `restart-all`).

use machine::cri::ContainerState;
use objects::meta;
use serde_json::Value;

use super::status::Picture;
use crate::view;

/// Whether a container that is not running should be started again.
pub fn should_restart(pod: &Value, container: &Value, picture: &Picture) -> bool {
    if meta::is_deleting(pod) || picture.finishing {
        return false;
    }
    let Some(last) = picture.last(view::text(container, &["name"])) else {
        return true;
    };
    match last.state {
        ContainerState::Running => false,
        ContainerState::Created => true,
        ContainerState::Exited => restarts(pod, container, last.exit_code),
    }
}

/// Whether a container that ended with a code starts again: by the first of its own rules that fits, else by its own policy, else by
/// the pod's.
pub fn restarts(pod: &Value, container: &Value, exit_code: i32) -> bool {
    let rules = view::list(container, &["restartPolicyRules"]);
    let mut fitting = rules.iter().filter(|rule| {
        let codes = view::at(rule, &["exitCodes"]);
        let named = view::list(codes, &["values"])
            .iter()
            .any(|code| code.as_i64() == Some(exit_code.into()));
        named == (view::text(codes, &["operator"]) == "In")
    });
    if let Some(rule) = fitting.next() {
        return view::text(rule, &["action"]).starts_with("Restart");
    }
    let own = view::text(container, &["restartPolicy"]);
    let policy = if own.is_empty() {
        view::text(pod, &["spec", "restartPolicy"])
    } else {
        own
    };
    match policy {
        "Never" => false,
        "OnFailure" => exit_code != 0,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_go_before_policies() {
        let pod = json!({"spec": {"restartPolicy": "Never"}});
        let rule = |operator: &str| json!({"action": "Restart", "exitCodes": {"operator": operator, "values": [42, 43]}});
        let by_rule = |operator: &str| json!({"name": "c", "restartPolicy": "Never", "restartPolicyRules": [rule(operator)]});
        let codes = json!({"operator": "In", "values": [1]});
        let all_of_them = json!({"name": "c", "restartPolicy": "Never", "restartPolicyRules": [{"action": "RestartAllContainers", "exitCodes": codes}]});
        for (container, code, expect) in [
            (json!({"name": "c"}), 1, false),
            (json!({"name": "c", "restartPolicy": "Always"}), 0, true),
            (json!({"name": "c", "restartPolicy": "OnFailure"}), 0, false),
            (json!({"name": "c", "restartPolicy": "OnFailure"}), 1, true),
            (by_rule("In"), 42, true),
            (by_rule("In"), 1, false),
            (by_rule("NotIn"), 1, true),
            (by_rule("NotIn"), 43, false),
            (all_of_them, 1, true),
        ] {
            assert_eq!(
                restarts(&pod, &container, code),
                expect,
                "{container} {code}"
            );
        }
    }
}
