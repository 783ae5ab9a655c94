//! Manifests: `-f` files, folders, standard input and URLs, cut into documents and read as YAML or JSON.
//!
//! YAML is read as YAML 1.1 with the errors of the Go library that kubectl uses. Not here: what a document means.

use serde_json::Value;

use crate::computer::Computer;
use crate::failure::{Outcome, fail};

/// One object of a manifest.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub value: Value,
    /// The file's name as messages show it (`STDIN` for `-`).
    pub source: String,
}

/// What one file holds, in order: its objects, and why one of them, or all that comes after, cannot be read.
pub(crate) type Stream = Vec<Outcome<Document>>;

/// Reads the files named by `-f`, lists taken apart; each file for itself, as far as it can be read. Errors: a file that is not there.
pub(crate) async fn read(
    computer: &dyn Computer,
    names: &[String],
    recursive: bool,
) -> Outcome<Vec<Stream>> {
    let mut paths = Vec::new();
    for name in names {
        if name == "-" || is_url(name) {
            paths.push(name.clone());
        } else {
            paths.extend(files(computer, name, recursive).await?);
        }
    }
    let mut streams = Vec::new();
    for path in paths {
        streams.push(match text(computer, &path).await {
            Ok(text) if path == "-" => parse(&text, "STDIN"),
            Ok(text) => parse(&text, &path),
            Err(failure) => vec![Err(failure)],
        });
    }
    Ok(streams)
}

fn is_url(name: &str) -> bool {
    name.starts_with("http://") || name.starts_with("https://")
}

async fn text(computer: &dyn Computer, path: &str) -> Outcome<String> {
    let bytes = if path == "-" {
        return Ok(standard_input(computer).await);
    } else if is_url(path) {
        let fetched = computer.fetch(path).await;
        fetched.map_err(|why| refused(path, &why))?
    } else {
        let read = computer.read_file(path).await;
        read.map_err(|why| fail!("open {path}: {}", words(&why)))?
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn refused(url: &str, why: &std::io::Error) -> crate::failure::Failure {
    if why.kind() == std::io::ErrorKind::ConnectionRefused {
        let host = url.split('/').nth(2).unwrap_or(url);
        return crate::failure::Failure::Plain(format!(
            "The connection to the server {host} was refused - did you specify the right host or port?"
        ));
    }
    fail!("{why}")
}

/// All of standard input as text.
pub(crate) async fn standard_input(computer: &dyn Computer) -> String {
    let mut bytes = Vec::new();
    while let Ok(more) = computer.read(64 * 1024).await {
        if more.is_empty() {
            break;
        }
        bytes.extend(more);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The words Go uses for a file error.
pub(crate) fn words(why: &std::io::Error) -> String {
    match why.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        std::io::ErrorKind::IsADirectory => "is a directory".into(),
        _ => why.to_string(),
    }
}

async fn files(computer: &dyn Computer, name: &str, recursive: bool) -> Outcome<Vec<String>> {
    let Ok(info) = computer.metadata(name).await else {
        return Err(fail!("the path {name:?} does not exist"));
    };
    if !info.is_dir {
        return Ok(vec![name.to_string()]);
    }
    let (mut found, mut folders) = (Vec::new(), vec![name.trim_end_matches('/').to_string()]);
    while let Some(folder) = folders.pop() {
        for entry in computer
            .read_dir(&folder)
            .await
            .map_err(|why| fail!("open {folder}: {}", words(&why)))?
        {
            let path = format!("{folder}/{entry}");
            let is_dir = computer.metadata(&path).await.is_ok_and(|info| info.is_dir);
            if is_dir && recursive {
                folders.push(path);
            } else if !is_dir
                && [".json", ".yaml", ".yml"]
                    .iter()
                    .any(|end| entry.ends_with(end))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(fail!(
            "error reading {name:?}: recognized file extensions are [.json .yaml .yml]"
        ));
    }
    Ok(found)
}

/// Cuts a text into documents and reads them; lists become their items. What cannot be parsed ends the text.
pub(crate) fn parse(text: &str, source: &str) -> Stream {
    let mut documents = Vec::new();
    let values: Box<dyn Iterator<Item = Result<Value, String>>> =
        if text.trim_start().starts_with('{') {
            let all = serde_json::Deserializer::from_str(text).into_iter::<Value>();
            Box::new(all.map(|value| value.map_err(|why| json_error(text, &why))))
        } else {
            let read = |part: String| {
                yaml(&part).map_err(|why| format!("error converting YAML to JSON: {why}"))
            };
            Box::new(split(text).into_iter().map(read))
        };
    for value in values {
        match value {
            Ok(value) => add(value, source, &mut documents),
            Err(why) => {
                documents.push(Err(fail!("error parsing {source}: {why}")));
                break;
            }
        }
    }
    documents
}

/// The error of Go's parser for one of serde's.
fn json_error(text: &str, why: &serde_json::Error) -> String {
    if why.is_eof() {
        return "unexpected EOF".into();
    }
    let before = text.split_inclusive('\n').take(why.line() - 1);
    let offset = before.map(str::len).sum::<usize>() + why.column();
    let at = offset.saturating_sub(1);
    let found = text.get(at..).and_then(|rest| rest.chars().next());
    let found = found.unwrap_or(' ').to_string().replace('\'', "\\'");
    let said = why.to_string();
    let expected = [
        ("expected `,` or `}`", "after object key:value pair"),
        ("expected `,` or `]`", "after array element"),
        ("expected `:`", "after object key"),
        (
            "key must be a string",
            "looking for beginning of object key string",
        ),
        (
            "trailing comma",
            "looking for beginning of object key string",
        ),
        ("expected value", "looking for beginning of value"),
        ("expected ident", "in literal"),
    ];
    match expected.iter().find(|(serde, _)| said.starts_with(serde)) {
        Some((_, go)) => format!("json: offset {offset}: invalid character '{found}' {go}"),
        None => said,
    }
}

fn add(value: Value, source: &str, documents: &mut Stream) {
    if value.is_null() {
        return;
    }
    for key in ["name", "namespace"] {
        if let kind @ ("bool" | "number") = json_type(&value["metadata"][key]) {
            documents.push(Err(fail!(
                "unable to decode {source:?}: json: cannot unmarshal {kind} into Go struct field ObjectMeta.metadata.{key} of type string"
            )));
            return;
        }
    }
    if value["kind"] == "List" && value["items"].is_array() {
        for item in value["items"].as_array().into_iter().flatten() {
            add(item.clone(), source, documents);
        }
        return;
    }
    let source = source.to_string();
    documents.push(Ok(Document { value, source }));
}

fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Cuts at lines that begin with `---`, which belong to no part.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" || line.starts_with("--- ") {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push_str(line);
        }
    }
    parts.retain(|part| {
        part.lines()
            .any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
    });
    parts
}

/// Reads one YAML document as kubectl does: YAML 1.1 scalars, the last of two equal keys counts. The error is
/// `yaml: line 5: …`.
pub(crate) fn yaml(text: &str) -> Result<Value, String> {
    objects::yaml::read(text).map(|document| document.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Why the last document of a text cannot be read.
    fn failure(text: &str) -> String {
        let last = parse(text, "f").pop().expect("something");
        last.expect_err("refused").sentence()
    }

    #[test]
    fn json_is_refused_in_the_words_of_go() {
        let check = |text: &str, expect: &str| {
            let why = failure(text);
            assert_eq!(why, format!("error parsing f: {expect}"));
        };
        check(
            r#"{"apiVersion": "v1", "kind": "Pod" "metadata": {}}"#,
            r#"json: offset 36: invalid character '"' after object key:value pair"#,
        );
        check(
            "{\n  \"a\": x}",
            "json: offset 10: invalid character 'x' looking for beginning of value",
        );
        check("{\"a\": [1", "unexpected EOF");
    }

    use serde_json::json;

    #[test]
    fn reads_yaml_one_point_one() {
        assert_eq!(
            yaml("a: 0644\nb: yes\nc: 'y'\nd: 8080:80\n").unwrap(),
            json!({"a": 420, "b": true, "c": "y", "d": "8080:80"})
        );
        assert_eq!(yaml("a: 1\na: 2\n").unwrap(), json!({"a": 2}));
    }

    #[test]
    fn says_what_the_go_library_says() {
        assert_eq!(
            yaml("a: 1\nb:\n\tname: x\n").unwrap_err(),
            "yaml: line 3: found character that cannot start any token"
        );
    }

    #[test]
    fn takes_lists_and_documents_apart() {
        let text = "# c\n---\nkind: A\n---\n\n---\nkind: List\nitems:\n- kind: B\n- kind: C\n";
        let kinds: Vec<Value> = parse(text, "f")
            .into_iter()
            .map(|d| d.expect("it reads").value["kind"].clone())
            .collect();
        assert_eq!(kinds, ["A", "B", "C"]);
        assert_eq!(
            failure("{\"kind\":\"A\""),
            "error parsing f: unexpected EOF"
        );
    }

    #[test]
    fn what_comes_before_a_bad_document_is_read() {
        let text = "kind: A\n---\nkind: B\nmetadata: {name: 7}\n---\nkind: C\n---\na: b: c\n---\nkind: D\n";
        let said: Vec<String> = parse(text, "f")
            .into_iter()
            .map(|d| d.map_or_else(|why| why.sentence(), |d| d.value["kind"].to_string()))
            .collect();
        let decode = "unable to decode \"f\": json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string";
        let parse = "error parsing f: error converting YAML to JSON: yaml: mapping values are not allowed in this context";
        assert_eq!(said, ["\"A\"", decode, "\"C\"", parse]);
    }
}
