//! `-o json`: four spaces, keys sorted; objects that kubectl builds itself keep the order of Go's struct fields.

use serde::Serialize;
use serde_json::Value;

/// Indented JSON with sorted keys, without a line end.
pub(crate) fn pretty(value: &Value) -> String {
    let mut out = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(
        &mut out,
        serde_json::ser::PrettyFormatter::with_indent(b"    "),
    );
    let _ = value.serialize(&mut writer);
    go(&String::from_utf8_lossy(&out))
}

/// JSON on one line as Go writes it.
pub(crate) fn compact(value: &Value) -> String {
    go(&value.to_string())
}

/// Go escapes these three characters in strings; they mean nothing elsewhere in JSON.
fn go(text: &str) -> String {
    if !text.contains(['<', '>', '&']) {
        return text.to_string();
    }
    text.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

const ORDER: &[&str] = &[
    "kind",
    "apiVersion",
    "metadata",
    "name",
    "generateName",
    "namespace",
    "labels",
    "annotations",
    "immutable",
    "data",
    "stringData",
    "type",
    "rules",
    "subjects",
    "roleRef",
    "replicas",
    "schedule",
    "concurrencyPolicy",
    "suspend",
    "parallelism",
    "completions",
    "backoffLimit",
    "ports",
    "selector",
    "jobTemplate",
    "template",
    "strategy",
    "spec",
    "volumes",
    "initContainers",
    "containers",
    "restartPolicy",
    "terminationGracePeriodSeconds",
    "dnsPolicy",
    "nodeSelector",
    "serviceAccountName",
    "image",
    "command",
    "args",
    "workingDir",
    "envFrom",
    "env",
    "value",
    "valueFrom",
    "resources",
    "volumeMounts",
    "imagePullPolicy",
    "stdin",
    "stdinOnce",
    "tty",
    "status",
];

/// Indented JSON in the order of Go's struct fields, for objects that were never on a server.
pub(crate) fn ordered(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    go(&out)
}

fn write(value: &Value, depth: usize, out: &mut String) {
    let indent = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("    ", depth));
    };
    match value {
        Value::Object(map) if !map.is_empty() => {
            let place = |key: &str| {
                ORDER
                    .iter()
                    .position(|known| *known == key)
                    .unwrap_or(ORDER.len() - 2)
            };
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_by_key(|key| (place(key), key.as_str()));
            out.push('{');
            for (i, key) in keys.into_iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                indent(out, depth + 1);
                out.push_str(&format!("{}: ", Value::from(key.as_str())));
                write(&map[key], depth + 1, out);
            }
            indent(out, depth);
            out.push('}');
        }
        Value::Array(list) if !list.is_empty() => {
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                indent(out, depth + 1);
                write(item, depth + 1, out);
            }
            indent(out, depth);
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keeps_the_order_of_fields() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"run": "x"}, "name": "x"}, "status": {}});
        assert_eq!(
            ordered(&pod),
            "{\n    \"kind\": \"Pod\",\n    \"apiVersion\": \"v1\",\n    \"metadata\": {\n        \"name\": \"x\",\n        \"labels\": {\n            \"run\": \"x\"\n        }\n    },\n    \"status\": {}\n}"
        );
        assert_eq!(compact(&json!("a<b")), "\"a\\u003cb\"");
    }
}
