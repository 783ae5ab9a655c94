//! `describe` of small kinds (service account, namespace, config map, secret, endpoints) and of everything else.

use base64::Engine;
use serde_json::Value;

use super::{Writer, items, labels_and_annotations, map_lines, plain, policy, text};

/// A service account.
pub(crate) fn service_account(w: &mut Writer, s: &Value, events: &[Value]) {
    w.field(0, "Name", text(&s["metadata"]["name"]));
    w.field(0, "Namespace", text(&s["metadata"]["namespace"]));
    labels_and_annotations(w, &s["metadata"]);
    let secrets: Vec<&str> = items(&s["imagePullSecrets"])
        .map(|p| text(&p["name"]))
        .collect();
    w.put(0, "Image pull secrets:\t");
    for (i, secret) in secrets.iter().enumerate() {
        w.put(0, &format!("{}{secret}\n", if i > 0 { "\t" } else { "" }));
    }
    if secrets.is_empty() {
        w.put(0, "<none>\n");
    }
    super::events(w, events);
}

/// A namespace with its quotas and limit ranges.
pub(crate) fn namespace(w: &mut Writer, n: &Value, quotas: &[Value], limits: &[Value]) {
    w.field(0, "Name", text(&n["metadata"]["name"]));
    labels_and_annotations(w, &n["metadata"]);
    w.field(0, "Status", text(&n["status"]["phase"]));
    if quotas.is_empty() {
        w.put(0, "\nNo resource quota.\n");
    } else {
        w.put(0, "\nResource Quotas\n");
        for quota in quotas {
            w.put(1, &format!("Name:\t{}\n", text(&quota["metadata"]["name"])));
            w.put(1, "Resource\tUsed\tHard\n  --------\t---\t---\n");
            policy::used_of_hard(w, 1, quota);
        }
    }
    if limits.is_empty() {
        w.put(0, "\nNo LimitRange resource.\n");
        return;
    }
    w.put(0, "\nResource Limits\n");
    policy::limit_titles(w, " ");
    for range in limits {
        policy::limits(w, range, " ");
    }
}

/// A config map.
pub(crate) fn config_map(w: &mut Writer, c: &Value, events: &[Value]) {
    w.field(0, "Name", text(&c["metadata"]["name"]));
    w.field(0, "Namespace", text(&c["metadata"]["namespace"]));
    labels_and_annotations(w, &c["metadata"]);
    w.put(0, "\nData\n====\n");
    for (key, value) in c["data"].as_object().into_iter().flatten() {
        w.put(0, &format!("{key}:\n----\n{}\n\n", text(value)));
    }
    w.put(0, "\nBinaryData\n====\n");
    for (key, value) in c["binaryData"].as_object().into_iter().flatten() {
        w.put(0, &format!("{key}: {} bytes\n", size(value)));
    }
    w.put(0, "\n");
    super::events(w, events);
}

fn size(value: &Value) -> usize {
    base64::engine::general_purpose::STANDARD
        .decode(text(value))
        .map_or(0, |bytes| bytes.len())
}

/// A secret: sizes, not contents.
pub(crate) fn secret(w: &mut Writer, s: &Value) {
    w.field(0, "Name", text(&s["metadata"]["name"]));
    w.field(0, "Namespace", text(&s["metadata"]["namespace"]));
    labels_and_annotations(w, &s["metadata"]);
    w.put(0, &format!("\nType:\t{}\n\nData\n====\n", text(&s["type"])));
    for (key, value) in s["data"].as_object().into_iter().flatten() {
        if s["type"] == "kubernetes.io/service-account-token" && key == "token" {
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(text(value))
                .unwrap_or_default();
            w.put(0, &format!("{key}:\t{}\n", String::from_utf8_lossy(&bytes)));
        } else {
            w.put(0, &format!("{key}:\t{} bytes\n", size(value)));
        }
    }
}

/// Any kind: the object as titles and values.
pub(crate) fn generic(w: &mut Writer, object: &Value, events: &[Value]) {
    let meta = &object["metadata"];
    w.field(0, "Name", text(&meta["name"]));
    w.field(0, "Namespace", text(&meta["namespace"]));
    map_lines(w, 0, "Labels", &meta["labels"], "=", &[]);
    map_lines(
        w,
        0,
        "Annotations",
        &meta["annotations"],
        ": ",
        &["kubectl.kubernetes.io/last-applied-configuration"],
    );
    let skip = [
        "metadata.managedFields",
        "metadata.name",
        "metadata.namespace",
        "metadata.labels",
        "metadata.annotations",
    ];
    unstructured(w, object, 0, "", &skip);
    super::events(w, events);
}

/// A key as a title: `lastTransitionTime` is `Last Transition Time`. Keys with more than letters and dashes stay as they are.
fn title(key: &str) -> String {
    const ACRONYMS: [&str; 5] = ["API", "URL", "UID", "OSB", "GUID"];
    if key.chars().any(|c| !c.is_alphabetic() && c != '-') {
        return key.into();
    }
    let word = |word: String| {
        let capitals = word.to_uppercase();
        if ACRONYMS.contains(&capitals.as_str()) {
            return capitals;
        }
        let mut chars = word.chars();
        let first = chars.next().into_iter().flat_map(char::to_uppercase);
        first.chain(chars).collect()
    };
    let words: Vec<String> = camel_case(key).into_iter().map(word).collect();
    words.join(" ")
}

/// The words of a name in camel case; the last of several capitals begins the next word.
fn camel_case(name: &str) -> Vec<String> {
    let class = |c: char| (c.is_lowercase(), c.is_uppercase());
    let mut runs: Vec<String> = Vec::new();
    for c in name.chars() {
        match runs.last_mut() {
            Some(run) if run.chars().last().map(class) == Some(class(c)) => run.push(c),
            _ => runs.push(c.into()),
        }
    }
    for i in 1..runs.len() {
        let capitals = runs[i - 1].chars().all(char::is_uppercase);
        if capitals
            && runs[i].starts_with(char::is_lowercase)
            && let Some(last) = runs[i - 1].pop()
        {
            runs[i].insert(0, last);
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

fn unstructured(w: &mut Writer, value: &Value, depth: usize, path: &str, skip: &[&str]) {
    let Some(map) = value.as_object() else { return };
    let mut keys: Vec<&String> = map.keys().collect();
    keys.sort();
    for key in keys {
        let at = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        if skip.contains(&at.as_str()) {
            continue;
        }
        match &map[key] {
            Value::Object(_) => {
                w.put(depth, &format!("{}:\n", title(key)));
                unstructured(w, &map[key], depth + 1, &at, skip);
            }
            Value::Array(list) => {
                w.put(depth, &format!("{}:\n", title(key)));
                for item in list {
                    if item.is_object() {
                        unstructured(w, item, depth + 1, &at, skip);
                    } else {
                        w.put(depth + 1, &format!("{}\n", plain(item)));
                    }
                }
            }
            Value::Null => w.put(depth, &format!("{}:\t<nil>\n", title(key))),
            other => w.field(depth, &title(key), &plain(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        let check = |key: &str, expect: &str| assert_eq!(title(key), expect);
        check("apiVersion", "API Version");
        check("uid", "UID");
        check("lastTransitionTime", "Last Transition Time");
        check("podIPs", "Pod I Ps");
        check("pod-template-hash", "Pod - Template - Hash");
        check("app.kubernetes.io/name", "app.kubernetes.io/name");
    }
}
