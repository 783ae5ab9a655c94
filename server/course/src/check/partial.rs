//! A partial object against a whole one: maps hold what is asked, lists match by name, texts like `">= 1"` compare.
//! The first difference is the reason.

use crate::sentence::Sentence;
use serde_json::Value;

/// Where and how an object differs from what is asked.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    path: String,
    want: String,
    got: Option<String>,
    item: bool,
}

impl Difference {
    /// The reason, for the object `name`.
    pub fn sentence(&self, name: &str) -> Sentence {
        let id = match (&self.got, self.item) {
            (_, true) => "item-missing",
            (Some(_), _) if self.want == "null" => "field-present",
            (None, _) => "field-missing",
            _ => "field-differs",
        };
        Sentence::new(id)
            .with("object", name)
            .with("path", &self.path)
            .with("want", &self.want)
            .with("got", self.got.clone().unwrap_or_default())
    }
}

/// Whether `object` holds all of `want`.
pub fn matches(want: &Value, object: &Value) -> Result<(), Difference> {
    at(want, Some(object), "")
}

fn at(want: &Value, got: Option<&Value>, path: &str) -> Result<(), Difference> {
    match (want, got) {
        (Value::Object(fields), Some(Value::Object(have))) => {
            for (key, value) in fields {
                let below = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                at(value, have.get(key), &below)?;
            }
            Ok(())
        }
        (Value::Array(items), Some(Value::Array(have))) => {
            items.iter().try_for_each(|item| in_list(item, have, path))
        }
        (Value::Null, None | Some(Value::Null)) => Ok(()),
        (_, Some(have)) if scalar(want, have) => Ok(()),
        _ => Err(Difference {
            path: path.to_owned(),
            want: show(want),
            got: got.map(show),
            item: false,
        }),
    }
}

/// An item of a list is found by its name, or else by what it holds.
fn in_list(item: &Value, have: &[Value], path: &str) -> Result<(), Difference> {
    if let Some(name) = item.get("name") {
        let Some(found) = have.iter().find(|h| h.get("name") == Some(name)) else {
            return Err(Difference {
                path: path.to_owned(),
                want: show(name),
                got: None,
                item: true,
            });
        };
        return at(item, Some(found), &format!("{path}[{}]", show(name)));
    }
    let mut first = None;
    for found in have {
        match at(item, Some(found), path) {
            Ok(()) => return Ok(()),
            Err(difference) => first = first.or(Some(difference)),
        }
    }
    Err(first.unwrap_or_else(|| Difference {
        path: path.to_owned(),
        want: show(item),
        got: None,
        item: false,
    }))
}

fn scalar(want: &Value, have: &Value) -> bool {
    if want == have {
        return true;
    }
    let Some(text) = want.as_str() else {
        return false;
    };
    let compare = |sign: &str, test: fn(f64, f64) -> bool| {
        let bound = text.strip_prefix(sign)?.trim().parse::<f64>().ok()?;
        Some(have.as_f64().is_some_and(|h| test(h, bound)))
    };
    compare(">=", |h, b| h >= b)
        .or_else(|| compare("<=", |h, b| h <= b))
        .or_else(|| compare(">", |h, b| h > b))
        .or_else(|| compare("<", |h, b| h < b))
        .or_else(|| Some(text == "*" && !have.is_null()))
        .unwrap_or(false)
}

fn show(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(want: Value, object: Value, expect: Option<(&str, &str)>) {
        let got = matches(&want, &object).err();
        assert_eq!(
            got.as_ref().map(|d| (d.path.as_str(), d.want.as_str())),
            expect,
            "{want} in {object}"
        );
    }

    #[test]
    fn partial_objects() {
        let pod = json!({"status": {"phase": "Running", "containerStatuses": [{"name": "a", "restartCount": 2}, {"name": "b", "restartCount": 0}]}});
        check(json!({"status": {"phase": "Running"}}), pod.clone(), None);
        check(
            json!({"status": {"phase": "Failed"}}),
            pod.clone(),
            Some(("status.phase", "Failed")),
        );
        check(
            json!({"status": {"containerStatuses": [{"name": "a", "restartCount": ">= 1"}]}}),
            pod.clone(),
            None,
        );
        check(
            json!({"status": {"containerStatuses": [{"name": "b", "restartCount": "> 0"}]}}),
            pod.clone(),
            Some(("status.containerStatuses[b].restartCount", "> 0")),
        );
        check(
            json!({"status": {"containerStatuses": [{"name": "c"}]}}),
            pod.clone(),
            Some(("status.containerStatuses", "c")),
        );
        check(
            json!({"spec": {"nodeName": "*"}}),
            pod,
            Some(("spec", r#"{"nodeName":"*"}"#)),
        );
    }
}
