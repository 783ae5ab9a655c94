//! `kubectl explain`: the documentation of a kind and its fields, from the server's OpenAPI v3.

use futures::FutureExt;
use serde_json::Value;

use crate::failure::{Failure, Outcome, fail};
use crate::run::Run;
use crate::verb::Verb;

pub(crate) static EXPLAIN: Verb = Verb {
    name: "explain",
    about: "Get documentation for a resource",
    usage: "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2]",
    examples: "# A kind\nkubectl explain pods\n# One of its fields\nkubectl explain pod.spec.containers.livenessProbe",
    flags: &["
--api-version=''  group/version of the kind
-o --output='plaintext'  plaintext
--recursive=false  All fields below
"],
    run: Some(|run| go(run).boxed()),
    ..Verb::NONE
};

async fn go(run: &Run) -> Outcome {
    let [word] = run.words.as_slice() else {
        return Err(fail!(
            "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources."
        ));
    };
    let mut path = word.split('.');
    let first = path.next().unwrap_or("");
    let found = run.discovery().await?;
    let (kind, fields): (_, Vec<&str>) = match found.named(word) {
        Some(kind) if word.contains('.') && kind.with_group() == *word => (kind, Vec::new()),
        _ => {
            let kind = run.kind(first).await;
            let kind = kind.map_err(|failure| Failure::Plain(failure.sentence()))?;
            (kind, path.collect())
        }
    };
    let kind = match run.flags.some("api-version") {
        Some(api) => found
            .of(api, &kind.kind)
            .ok_or_else(|| fail!("couldn't find resource for {api:?}, Kind={}", kind.kind))?,
        None => kind,
    };
    let place = if kind.group.is_empty() {
        format!("api/{}", kind.version)
    } else {
        format!("apis/{}/{}", kind.group, kind.version)
    };
    let index = run
        .get("/openapi/v3", vec![("timeout", "32s".into())])
        .await?;
    let url = index["paths"][&place]["serverRelativeURL"]
        .as_str()
        .map(str::to_string)
        .unwrap_or_else(|| format!("/openapi/v3/{place}"));
    let document = run.get(&url, Vec::new()).await?;
    let schemas = &document["components"]["schemas"];
    let is_it = |schema: &Value| {
        schema["x-kubernetes-group-version-kind"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|g| {
                g["kind"] == kind.kind.as_str()
                    && g["group"] == kind.group.as_str()
                    && g["version"] == kind.version.as_str()
            })
    };
    let Some(root) = schemas
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, s)| s)
        .find(|s| is_it(s))
    else {
        return Err(fail!(
            "GVR ({}) not found in OpenAPI schema",
            kind.with_group()
        ));
    };
    let mut head = if kind.group.is_empty() {
        String::new()
    } else {
        format!("GROUP:      {}\n", kind.group)
    };
    head.push_str(&format!(
        "KIND:       {}\nVERSION:    {}\n\n",
        kind.kind, kind.version
    ));
    run.out(&head).await?;
    let (mut at, mut field) = (root.clone(), None);
    for name in fields {
        let object = object_of(schemas, &at);
        let Some(next) = object["properties"].get(name) else {
            return Err(fail!("field {name:?} does not exist"));
        };
        field = Some((name.to_string(), next.clone()));
        at = next.clone();
    }
    let mut text = String::new();
    if let Some((name, schema)) = &field {
        text.push_str(&format!("FIELD: {name} <{}>\n\n\n", type_of(schema)));
    }
    text.push_str("DESCRIPTION:\n");
    let object = object_of(schemas, &at);
    let own = at["description"].as_str().unwrap_or("");
    let inner = object["description"].as_str().unwrap_or("");
    for part in [own, if own == inner { "" } else { inner }] {
        wrap(part, 4, &mut text);
    }
    if own.is_empty() && inner.is_empty() {
        text.push_str("    <empty>\n");
    }
    text.push_str("    \n");
    if object["properties"].is_object() {
        text.push_str("FIELDS:\n");
        fields_of(
            schemas,
            &object,
            1,
            run.flags.bool("recursive"),
            &mut Vec::new(),
            &mut text,
        );
    }
    text.push('\n');
    run.out(&text).await
}

fn name_of(schema: &Value) -> Option<&str> {
    let reference = schema["$ref"]
        .as_str()
        .or_else(|| schema["allOf"][0]["$ref"].as_str())?;
    reference.rsplit('/').next()
}

/// The schema that holds the fields: references, items and map values followed.
fn object_of(schemas: &Value, schema: &Value) -> Value {
    if let Some(name) = name_of(schema) {
        return object_of(schemas, &schemas[name]);
    }
    if schema["type"] == "array" {
        return object_of(schemas, &schema["items"]);
    }
    if schema["additionalProperties"].is_object() && !schema["properties"].is_object() {
        let inner = object_of(schemas, &schema["additionalProperties"]);
        if inner["properties"].is_object() {
            return inner;
        }
    }
    schema.clone()
}

fn type_of(schema: &Value) -> String {
    if let Some(name) = name_of(schema) {
        return name.rsplit('.').next().unwrap_or(name).to_string();
    }
    if schema["type"] == "array" {
        return format!("[]{}", type_of(&schema["items"]));
    }
    if schema["additionalProperties"].is_object() {
        return format!("map[string]{}", type_of(&schema["additionalProperties"]));
    }
    match schema["type"].as_str() {
        None | Some("object") => "Object".into(),
        Some(other) => other.into(),
    }
}

fn fields_of(
    schemas: &Value,
    object: &Value,
    depth: usize,
    recursive: bool,
    above: &mut Vec<String>,
    text: &mut String,
) {
    for (name, schema) in object["properties"].as_object().into_iter().flatten() {
        let required = object["required"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|r| r == name.as_str());
        text.push_str(&format!(
            "{}{name}\t<{}>{}\n",
            "  ".repeat(depth),
            type_of(schema),
            if required { " -required-" } else { "" }
        ));
        if let Some(values) = schema["enum"].as_array() {
            let shown: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            text.push_str(&format!(
                "{}enum: {}\n",
                "  ".repeat(depth),
                shown.join(", ")
            ));
        }
        if !recursive {
            wrap(
                schema["description"].as_str().unwrap_or("<no description>"),
                4,
                text,
            );
            text.push('\n');
            continue;
        }
        let kind = type_of(schema);
        if !above.contains(&kind) {
            above.push(kind);
            fields_of(
                schemas,
                &object_of(schemas, schema),
                depth + 1,
                true,
                above,
                text,
            );
            above.pop();
        }
    }
}

/// Text in lines of at most eighty columns.
fn wrap(words: &str, indent: usize, text: &mut String) {
    if words.is_empty() {
        return;
    }
    let pad = " ".repeat(indent);
    for paragraph in words.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ').filter(|w| !w.is_empty()) {
            if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > 80 {
                text.push_str(&format!("{pad}{line}\n"));
                line.clear();
            }
            let item = line.is_empty() && paragraph.starts_with(' ') && word.starts_with('-');
            if !line.is_empty() || item {
                line.push(' ');
            }
            line.push_str(word);
        }
        text.push_str(&format!("{pad}{line}\n"));
    }
}
