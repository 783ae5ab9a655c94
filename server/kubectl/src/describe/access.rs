//! `describe` of who may do what: roles and the bindings that give them (rbac.authorization.k8s.io).

use serde_json::Value;

use super::{Writer, items, labels_and_annotations, text};

/// One thing that a role allows: verbs on a resource of a group, or on a path that is no resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rule {
    group: String,
    resource: String,
    path: String,
    names: Vec<String>,
    verbs: Vec<String>,
}

/// A role or cluster role; its rules taken apart, and those of one resource put together again.
pub(crate) fn role(w: &mut Writer, r: &Value) {
    w.field(0, "Name", text(&r["metadata"]["name"]));
    labels_and_annotations(w, &r["metadata"]);
    w.put(0, "PolicyRule:\n");
    w.put(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs\n");
    w.put(1, "---------\t-----------------\t--------------\t-----\n");
    for rule in compact(&r["rules"]) {
        let line = format!(
            "{}\t{}\t{}\t{}\n",
            qualified(&rule),
            list(std::slice::from_ref(&rule.path)),
            list(&rule.names),
            list(&rule.verbs)
        );
        w.put(1, &line);
    }
}

/// `deployments.apps/scale`.
fn qualified(rule: &Rule) -> String {
    if rule.group.is_empty() {
        return rule.resource.clone();
    }
    match rule.resource.split_once('/') {
        Some((resource, sub)) => format!("{resource}.{}/{sub}", rule.group),
        None => format!("{}.{}", rule.resource, rule.group),
    }
}

fn list(words: &[String]) -> String {
    format!("[{}]", words.join(" ").trim())
}

fn compact(rules: &Value) -> Vec<Rule> {
    let texts = |list: &Value| items(list).map(|v| text(v).to_string()).collect::<Vec<_>>();
    let mut whole: Vec<Rule> = Vec::new();
    let mut add = |rule: Rule| {
        let same = |known: &&mut Rule| {
            (&known.group, &known.resource, &known.path, &known.names)
                == (&rule.group, &rule.resource, &rule.path, &rule.names)
        };
        match whole.iter_mut().find(same) {
            Some(known) => known.verbs.extend(rule.verbs),
            None => whole.push(rule),
        }
    };
    for rule in items(rules) {
        let (verbs, names) = (texts(&rule["verbs"]), texts(&rule["resourceNames"]));
        for group in items(&rule["apiGroups"]) {
            for resource in items(&rule["resources"]) {
                let one = Rule {
                    group: text(group).into(),
                    resource: text(resource).into(),
                    verbs: verbs.clone(),
                    ..Rule::default()
                };
                if names.is_empty() {
                    add(one.clone());
                }
                for name in &names {
                    add(Rule {
                        names: vec![name.clone()],
                        ..one.clone()
                    });
                }
            }
        }
        for path in texts(&rule["nonResourceURLs"]) {
            add(Rule {
                path,
                verbs: verbs.clone(),
                ..Rule::default()
            });
        }
    }
    whole.sort_by_key(order);
    whole
}

/// kubectl sorts rules by how Go writes them out, verbs first.
fn order(rule: &Rule) -> String {
    let group = if rule.path.is_empty() {
        list(std::slice::from_ref(&rule.group))
    } else {
        list(&[])
    };
    format!(
        "Verbs:{},APIGroups:{group},Resources:[{}],ResourceNames:{},NonResourceURLs:[{}]",
        list(&rule.verbs),
        rule.resource,
        list(&rule.names),
        rule.path
    )
}

/// A role binding or cluster role binding.
pub(crate) fn binding(w: &mut Writer, b: &Value) {
    w.field(0, "Name", text(&b["metadata"]["name"]));
    labels_and_annotations(w, &b["metadata"]);
    w.put(0, "Role:\n");
    w.field(1, "Kind", text(&b["roleRef"]["kind"]));
    w.field(1, "Name", text(&b["roleRef"]["name"]));
    w.put(0, "Subjects:\n");
    w.put(1, "Kind\tName\tNamespace\n");
    w.put(1, "----\t----\t---------\n");
    for s in items(&b["subjects"]) {
        let line = format!(
            "{}\t{}\t{}\n",
            text(&s["kind"]),
            text(&s["name"]),
            text(&s["namespace"])
        );
        w.put(1, &line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn puts_the_rules_of_one_resource_together() {
        let rules = json!([
            {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get"]},
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
            {"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["update"], "resourceNames": ["web"]},
            {"nonResourceURLs": ["/healthz"], "verbs": ["get"]},
        ]);
        let mut w = Writer::new(jiff::Timestamp::UNIX_EPOCH);
        role(&mut w, &json!({"metadata": {"name": "r"}, "rules": rules}));
        let lines: Vec<String> = w
            .finish()
            .lines()
            .skip(6)
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            lines,
            [
                "pods [] [] [get list]",
                "[/healthz] [] [get]",
                "pods/log [] [] [get]",
                "deployments.apps/scale [] [web] [update]",
            ]
        );
    }
}
