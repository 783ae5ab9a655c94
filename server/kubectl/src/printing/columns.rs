//! `-o custom-columns=NAME:.metadata.name,…`.

use serde_json::Value;

use crate::failure::{Outcome, fail};
use crate::printing::jsonpath::{self, Template};
use crate::tabwriter::TabWriter;

/// Columns with a title and a path each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns(Vec<(String, Template)>);

/// Reads `TITLE:path,TITLE:path`.
pub(crate) fn parse(text: &str) -> Outcome<Columns> {
    let columns = text.split(',').map(|part| match part.split_once(':') {
        Some((title, path)) if !path.is_empty() => {
            Ok((title.to_string(), jsonpath::relaxed(path)?))
        }
        _ => Err(fail!(
            "unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
        )),
    });
    Ok(Columns(columns.collect::<Outcome<_>>()?))
}

/// Reads a file of two lines: titles, paths.
pub(crate) fn parse_file(text: &str) -> Outcome<Columns> {
    let mut lines = text.lines();
    let (titles, paths) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
    let (titles, paths): (Vec<&str>, Vec<&str>) = (
        titles.split_whitespace().collect(),
        paths.split_whitespace().collect(),
    );
    if titles.len() != paths.len() || titles.is_empty() {
        return Err(fail!(
            "number of titles ({}) and paths ({}) differ",
            titles.len(),
            paths.len()
        ));
    }
    let columns = titles
        .iter()
        .zip(paths)
        .map(|(title, path)| Ok((title.to_string(), jsonpath::relaxed(path)?)));
    Ok(Columns(columns.collect::<Outcome<_>>()?))
}

impl Columns {
    /// The table of some objects.
    pub fn print(&self, objects: &[Value], headers: bool) -> Outcome<String> {
        let mut text = String::new();
        if headers {
            let titles: Vec<&str> = self.0.iter().map(|(title, _)| title.as_str()).collect();
            text.push_str(&(titles.join("\t") + "\n"));
        }
        for object in objects {
            let mut cells = Vec::new();
            for (_, path) in &self.0 {
                let values = path.values(object).unwrap_or_default();
                let shown: Vec<String> = values.iter().map(go).collect();
                cells.push(if shown.is_empty() {
                    "<none>".to_string()
                } else {
                    shown.join(",")
                });
            }
            text.push_str(&(cells.join("\t") + "\n"));
        }
        Ok(TabWriter::table().format(&text))
    }
}

/// A value as Go's `%v` prints it.
pub(crate) fn go(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".into(),
        Value::String(text) => text.clone(),
        Value::Array(list) => format!("[{}]", list.iter().map(go).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            format!(
                "map[{}]",
                map.iter()
                    .map(|(k, v)| format!("{k}:{}", go(v)))
                    .collect::<Vec<_>>()
                    .join(" ")
            )
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn prints_columns() {
        let columns = parse("NAME:.metadata.name,IMAGES:.c[*].image,X:.x").unwrap();
        let pods = [
            json!({"metadata": {"name": "a"}, "c": [{"image": "i"}, {"image": "j"}]}),
            json!({"metadata": {"name": "bb"}, "x": {"k": [1]}}),
        ];
        assert_eq!(
            columns.print(&pods, true).unwrap(),
            "NAME   IMAGES   X\na      i,j      <none>\nbb     <none>   map[k:[1]]\n"
        );
        assert!(parse("NAME").is_err());
    }
}
