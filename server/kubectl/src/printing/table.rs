//! Tables that the server computed (meta.k8s.io/v1 Table), lined up as kubectl prints them.

use serde_json::Value;

use crate::tabwriter::TabWriter;

/// How a table is shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    pub wide: bool,
    pub headers: bool,
    pub namespace: bool,
    pub show_labels: bool,
    pub label_columns: Vec<String>,
    /// Put before each name: `pod/`.
    pub prefix: String,
    /// A first column with the watch event's type.
    pub event: Option<String>,
}

/// The lines of a table; `writer` remembers widths between calls of a watch.
pub(crate) fn print(table: &Value, look: &Look, writer: &mut TabWriter) -> String {
    let empty = Vec::new();
    let columns = table["columnDefinitions"].as_array().unwrap_or(&empty);
    let shown: Vec<usize> = (0..columns.len())
        .filter(|i| look.wide || columns[*i]["priority"].as_i64().unwrap_or(0) == 0)
        .collect();
    let mut text = String::new();
    if look.headers {
        let mut cells: Vec<String> = Vec::new();
        cells.extend(look.event.as_ref().map(|_| "EVENT".to_string()));
        cells.extend(look.namespace.then(|| "NAMESPACE".to_string()));
        cells.extend(
            shown
                .iter()
                .map(|i| columns[*i]["name"].as_str().unwrap_or("").to_uppercase()),
        );
        cells.extend(
            look.label_columns
                .iter()
                .map(|label| label.rsplit('/').next().unwrap_or(label).to_uppercase()),
        );
        cells.extend(look.show_labels.then(|| "LABELS".to_string()));
        text.push_str(&(cells.join("\t") + "\n"));
    }
    for row in table["rows"].as_array().unwrap_or(&empty) {
        let meta = &row["object"]["metadata"];
        let mut cells: Vec<String> = Vec::new();
        cells.extend(look.event.clone());
        cells.extend(
            look.namespace
                .then(|| meta["namespace"].as_str().unwrap_or("").to_string()),
        );
        for i in &shown {
            let cell = cell(&row["cells"][*i]);
            let named =
                columns[*i]["format"] == "name" || (*i == 0 && columns[*i]["name"] == "Name");
            cells.push(if named {
                format!("{}{cell}", look.prefix)
            } else {
                cell
            });
        }
        cells.extend(
            look.label_columns
                .iter()
                .map(|label| meta["labels"][label].as_str().unwrap_or("").to_string()),
        );
        cells.extend(look.show_labels.then(|| labels(&meta["labels"])));
        text.push_str(&(cells.join("\t") + "\n"));
    }
    if text.is_empty() {
        text
    } else {
        writer.format(&text)
    }
}

fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => "<none>".to_string(),
        Value::String(text) => text.clone(),
        Value::Bool(b) => b.to_string(),
        other => other.to_string(),
    };
    match text.find(['\n', '\r', '\u{c}']) {
        Some(at) => format!("{}...", &text[..at]),
        None => text,
    }
}

/// `a=b,c=d`, or `<none>`.
pub(crate) fn labels(labels: &Value) -> String {
    match labels.as_object() {
        Some(map) if !map.is_empty() => map
            .iter()
            .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or("")))
            .collect::<Vec<_>>()
            .join(","),
        _ => "<none>".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn prints_what_the_server_computed() {
        let table = json!({"columnDefinitions": [{"name": "Name", "format": "name"}, {"name": "Ready"}, {"name": "IP", "priority": 1}, {"name": "Age"}],
            "rows": [{"cells": ["kuard", "1/1", "10.0.0.1", "3s"], "object": {"metadata": {"namespace": "a", "labels": {"run": "kuard"}}}}]});
        let check = |look: Look, want: &str| {
            assert_eq!(print(&table, &look, &mut TabWriter::table()), want)
        };
        let look = Look {
            headers: true,
            ..Look::default()
        };
        check(look.clone(), "NAME    READY   AGE\nkuard   1/1     3s\n");
        check(
            Look {
                wide: true,
                ..look.clone()
            },
            "NAME    READY   IP         AGE\nkuard   1/1     10.0.0.1   3s\n",
        );
        check(
            Look {
                prefix: "pod/".into(),
                namespace: true,
                show_labels: true,
                ..look.clone()
            },
            "NAMESPACE   NAME        READY   AGE   LABELS\na           pod/kuard   1/1     3s    run=kuard\n",
        );
        check(
            Look {
                headers: false,
                ..look
            },
            "kuard   1/1   3s\n",
        );
    }
}
