//! CEL expressions over what has been seen: lists `pods`, `services`, … and functions `pod('name')`, with the
//! Kubernetes libraries of kube-cel.

use crate::history::Seen;
use ::cel::{Context, ExecutionError, Program, Value, to_value};
use kube_cel::KubeCelExt;
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// Kinds by the names that expressions know: list, function, kind.
const KINDS: &[(&str, &str)] = &[
    ("pods", "pod"),
    ("services", "service"),
    ("deployments", "deployment"),
    ("replicasets", "replicaset"),
    ("daemonsets", "daemonset"),
    ("jobs", "job"),
    ("endpoints", "endpoints"),
    ("configmaps", "configmap"),
    ("claims", "persistentvolumeclaim"),
    ("volumes", "persistentvolume"),
    ("nodes", "node"),
    ("events", "event"),
];

/// JSON as CEL reads it: whole numbers are `int`, whatever their sign, so that they compare with literals.
struct Plain<'a>(&'a serde_json::Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            serde_json::Value::Number(n) => match n.as_i64() {
                Some(whole) => serializer.serialize_i64(whole),
                None => n.serialize(serializer),
            },
            serde_json::Value::Array(items) => serializer.collect_seq(items.iter().map(Plain)),
            serde_json::Value::Object(fields) => {
                serializer.collect_map(fields.iter().map(|(k, v)| (k, Plain(v))))
            }
            other => other.serialize(serializer),
        }
    }
}

/// What `expression` says of `seen`; the error is CEL's own.
pub fn evaluate(expression: &str, seen: &Seen) -> Result<Value, String> {
    let program = Program::compile(expression).map_err(|e| e.to_string())?;
    let mut context = Context::default().with_all();
    let wanted = program.references();
    let is_wanted =
        |(list, kind): &&(&str, &str)| wanted.has_variable(list) || wanted.has_function(kind);
    for (list, kind) in KINDS.iter().filter(is_wanted) {
        let objects: Vec<Plain> = seen.of(kind).map(Plain).collect();
        let value = to_value(&objects).map_err(|e| e.to_string())?;
        context.add_variable_from_value(*list, value.clone());
        let Value::List(items) = value else { continue };
        context.add_function(
            kind,
            move |name: Arc<String>| -> Result<Value, ExecutionError> {
                Ok(items
                    .iter()
                    .find(|o| named(o, &name))
                    .cloned()
                    .unwrap_or(Value::Null))
            },
        );
    }
    program.execute(&context).map_err(|e| e.to_string())
}

fn named(object: &Value, name: &str) -> bool {
    let text = |v: &Value, key: &str| -> Option<Value> {
        let Value::Map(map) = v else { return None };
        map.map.get(&::cel::objects::Key::from(key)).cloned()
    };
    text(object, "metadata")
        .and_then(|m| text(&m, "name"))
        .is_some_and(|n| n == Value::from(name))
}

/// The value as a learner would write it.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(s) => s.to_string(),
        Value::Int(i) => i.to_string(),
        Value::UInt(u) => u.to_string(),
        Value::Float(f) => f.to_string(),
        Value::Bool(b) => b.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Observation;
    use serde_json::json;

    fn check(expression: &str, expect: &str) {
        let mut seen = Seen::default();
        let pod = json!({"metadata": {"name": "kuard"}, "status": {"phase": "Running", "containerStatuses": [{"restartCount": 2}]}});
        seen.observe(Observation::Applied {
            kind: "pod".to_owned(),
            object: pod,
        });
        assert_eq!(
            evaluate(expression, &seen).map(|v| plain(&v)),
            Ok(expect.to_owned()),
            "{expression}"
        );
    }

    #[test]
    fn expressions_see_objects() {
        check(
            "pods.exists(p, p.metadata.name == 'kuard' && p.status.phase == 'Running')",
            "true",
        );
        check("pod('kuard').status.containerStatuses[0].restartCount", "2");
        check("pod('kuard').status.phase", "Running");
        check("size(services) == 0", "true");
        check("quantity('300Mi').isGreaterThan(quantity('250M'))", "true");
        check(
            "pod('kuard').status.containerStatuses[0].restartCount == 2",
            "true",
        );
        check(
            "pod('kuard').status.containerStatuses[0].restartCount > size(services)",
            "true",
        );
    }

    #[test]
    fn errors_are_told() {
        assert!(evaluate("pods.(", &Seen::default()).is_err());
    }
}
