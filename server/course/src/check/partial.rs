//! A partial object against a whole one: maps hold what is asked, lists match by name or type, texts like `">= 1"` compare
//! (quantities too: `">= 250M"`).
//! The first difference is the reason.

use crate::sentence::Sentence;
use objects::Quantity;
use serde_json::Value;

/// Where and how an object differs from what is asked.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    path: String,
    want: String,
    got: Option<String>,
    lack: Lack,
}

/// What sort of difference it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    /// one value stands for another, or is missing
    Value,
    /// a list has no item of this name
    Item,
    /// a map or a list is missing as a whole
    Whole,
}

impl Difference {
    /// The reason, for the object `name`.
    pub fn sentence(&self, name: &str) -> Sentence {
        let id = match (&self.got, self.lack) {
            (_, Lack::Item) => "item-missing",
            (None, Lack::Whole) => "field-absent",
            (Some(_), _) if self.want == "null" => "field-present",
            (None, _) => "field-missing",
            _ if self.want.starts_with(['<', '>']) => "field-beyond",
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

/// How many of the wanted values hold before the first that does not: how near an object comes.
pub fn agreement(want: &Value, object: &Value) -> usize {
    held(want, Some(object)).0
}

/// How many hold, and whether all do.
fn held(want: &Value, got: Option<&Value>) -> (usize, bool) {
    let (Value::Object(fields), Some(Value::Object(have))) = (want, got) else {
        let holds = at(want, got, "").is_ok();
        return (usize::from(holds), holds);
    };
    let mut count = 0;
    for (key, value) in fields {
        let (below, whole) = held(value, have.get(key));
        count += below;
        if !whole {
            return (count, false);
        }
    }
    (count, true)
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
            lack: if want.is_object() || want.is_array() {
                Lack::Whole
            } else {
                Lack::Value
            },
        }),
    }
}

/// An item of a list is found by its name or its type, or else by what it holds.
fn in_list(item: &Value, have: &[Value], path: &str) -> Result<(), Difference> {
    let key = ["name", "type"].into_iter().find(|k| item.get(k).is_some());
    if let Some((key, name)) = key.and_then(|k| Some((k, item.get(k)?))) {
        let Some(found) = have.iter().find(|h| h.get(key) == Some(name)) else {
            return Err(Difference {
                path: path.to_owned(),
                want: show(name),
                got: None,
                lack: Lack::Item,
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
        lack: Lack::Whole,
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
        let bound = text.strip_prefix(sign)?.trim().parse::<Quantity>().ok()?;
        Some(Quantity::of(have).is_some_and(|h| test(h.as_f64(), bound.as_f64())))
    };
    compare(">=", |h, b| h >= b)
        .or_else(|| compare("<=", |h, b| h <= b))
        .or_else(|| compare(">", |h, b| h > b))
        .or_else(|| compare("<", |h, b| h < b))
        .or_else(|| Some(text == "*" && !have.is_null()))
        .unwrap_or(false)
}

/// A value as a learner reads it; long ones are cut.
fn show(value: &Value) -> String {
    const MOST: usize = 60;
    let text = match value.as_str() {
        Some(text) if !text.is_empty() => text.to_owned(),
        _ => value.to_string(),
    };
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
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
    fn the_nearest_object_agrees_longest() {
        let want = json!({"a": {"name": "x", "size": 1}, "b": 2});
        let near = |object: Value| agreement(&want, &object);
        assert_eq!(near(json!({"a": {"name": "y", "size": 1}, "b": 2})), 0);
        assert_eq!(near(json!({"a": {"name": "x"}, "b": 2})), 1);
        assert_eq!(near(json!({"a": {"name": "x", "size": 1}, "b": 3})), 2);
        assert_eq!(near(json!({"a": {"name": "x", "size": 1}, "b": 2})), 3);
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
        let ready = json!({"conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "False"}]});
        check(
            json!({"conditions": [{"type": "Ready", "status": "True"}]}),
            ready,
            Some(("conditions[Ready].status", "True")),
        );
        check(
            json!({"memory": ">= 250M"}),
            json!({"memory": "300Mi"}),
            None,
        );
        check(
            json!({"memory": ">= 250M"}),
            json!({"memory": "200Mi"}),
            Some(("memory", ">= 250M")),
        );
        check(
            json!({"spec": {"nodeName": "*"}}),
            pod,
            Some(("spec", r#"{"nodeName":"*"}"#)),
        );
    }
}
