//! How objects are printed: `-o yaml`, `json`, `name`, `jsonpath`, `custom-columns`, `go-template`, and tables.

pub(crate) mod columns;
mod effort;
pub(crate) mod json;
pub(crate) mod jsonpath;
pub(crate) mod table;
pub(crate) mod template;
pub(crate) mod time;

use serde_json::Value;

use crate::discovery::Kind;
use crate::failure::{Outcome, fail};
use crate::manifest::words;
use crate::run::Run;

/// What `-o` asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// The verb's own text: `pod/x created`, or a table.
    Default,
    Wide,
    Name,
    Yaml,
    Json,
    JsonPath(jsonpath::Template),
    JsonPathAsJson(jsonpath::Template),
    Columns(columns::Columns),
    Template(template::Template),
}

const ALLOWED: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";
const ALLOWED_OBJECT: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";

/// Reads `-o`, `--template`, `--no-headers`.
pub(crate) async fn output(run: &Run, tables: bool) -> Outcome<Output> {
    let text = run.flags.text("output");
    let (format, rest) = match text.split_once('=') {
        Some((format, rest)) => (format, rest.to_string()),
        None => (text, run.flags.text("template").to_string()),
    };
    let format = if text.is_empty() && run.flags.some("template").is_some() {
        "go-template"
    } else {
        format
    };
    let needs = |what: &str| {
        if rest.is_empty() {
            Err(fail!("template format specified but no {what} given"))
        } else {
            Ok(rest.clone())
        }
    };
    Ok(match format {
        "" => Output::Default,
        "wide" if tables => Output::Wide,
        "name" => Output::Name,
        "yaml" | "kyaml" => Output::Yaml,
        "json" => Output::Json,
        "jsonpath" => Output::JsonPath(jsonpath::parse(&needs("template")?)?),
        "jsonpath-as-json" => Output::JsonPathAsJson(jsonpath::parse(&needs("template")?)?),
        "jsonpath-file" => Output::JsonPath(jsonpath::parse(
            file(run, &needs("template")?).await?.trim_end_matches('\n'),
        )?),
        "go-template" | "template" => Output::Template(template::parse(&needs("template")?)?),
        "go-template-file" | "templatefile" => {
            Output::Template(template::parse(&file(run, &needs("template")?).await?)?)
        }
        "custom-columns" if tables => {
            if rest.is_empty() {
                return Err(fail!(
                    "custom-columns format specified but no custom columns given"
                ));
            }
            Output::Columns(columns::parse(&rest)?)
        }
        "custom-columns-file" if tables => {
            Output::Columns(columns::parse_file(&file(run, &rest).await?)?)
        }
        other => {
            let allowed = if tables { ALLOWED } else { ALLOWED_OBJECT };
            return Err(fail!(
                "unable to match a printer suitable for the output format {other:?}, allowed formats are: {allowed}"
            ));
        }
    })
}

async fn file(run: &Run, path: &str) -> Outcome<String> {
    let bytes = run
        .computer
        .read_file(path)
        .await
        .map_err(|why| fail!("open {path}: {}", words(&why)))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// One object in the chosen form, ready to write.
pub(crate) fn object(output: &Output, value: &Value, kind: &Kind) -> Outcome<String> {
    Ok(match output {
        Output::Default | Output::Wide | Output::Name => {
            format!(
                "{}/{}\n",
                kind.shown(),
                value["metadata"]["name"].as_str().unwrap_or("")
            )
        }
        Output::Yaml => objects::encode_yaml(value),
        Output::Json => json::pretty(value) + "\n",
        Output::JsonPath(template) => template.render(value)?,
        Output::JsonPathAsJson(template) => {
            json::pretty(&Value::Array(template.printed_values(value)?)) + "\n"
        }
        Output::Columns(columns) => columns.print(std::slice::from_ref(value), true)?,
        Output::Template(template) => template.render(value)?,
    })
}

/// Takes out what is shown only on demand.
pub(crate) fn without_managed_fields(value: &mut Value) {
    if let Some(meta) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.remove("managedFields");
    }
}

/// What a verb that changed an object says: its own sentence, or the object with `-o`.
pub(crate) async fn report(run: &Run, kind: &Kind, mut value: Value, done: &str) -> Outcome {
    let output = output(run, false).await?;
    if output == Output::Default {
        let dry = match run.flags.text("dry-run") {
            "client" => " (dry run)",
            "server" => " (server dry run)",
            _ => "",
        };
        let name = value["metadata"]["name"].as_str().unwrap_or("");
        return run
            .out(&format!("{}/{name} {done}{dry}\n", kind.shown()))
            .await;
    }
    if !run.flags.bool("show-managed-fields") {
        without_managed_fields(&mut value);
    }
    if output == Output::Json && run.flags.text("dry-run") == "client" {
        return run.out(&(json::ordered(&value) + "\n")).await;
    }
    run.out(&object(&output, &value, kind)?).await
}
