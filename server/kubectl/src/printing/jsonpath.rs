//! kubectl's own dialect of JSONPath: text with `{…}` parts, `range`/`end`, filters, slices, unions, recursive descent
//! (kubernetes.io/docs/reference/kubectl/jsonpath). Not RFC 9535.

mod parse;

use serde_json::Value;

use objects::quote::go_quote;

use super::effort::Effort;
use crate::failure::{Failure, Outcome, fail};
use crate::printing::json;

/// A parsed template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    text: String,
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Text(String),
    Path(Vec<Step>),
    Range(Vec<Step>, Vec<Node>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Root,
    Field(String),
    Wild,
    Deep,
    Slice(Option<i64>, Option<i64>, Option<i64>),
    Index(i64),
    Union(Vec<Vec<Step>>),
    Filter(Operand, &'static str, Operand),
    Text(Value),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operand {
    Path(Vec<Step>),
    Value(Value),
    None,
}

/// Parses a template.
pub(crate) fn parse(text: &str) -> Outcome<Template> {
    let nodes = parse::nodes(text).map_err(|why| fail!("error parsing jsonpath {text}, {why}"))?;
    Ok(Template {
        text: text.to_string(),
        nodes,
    })
}

/// Parses one path in the forms `x.y`, `.x.y`, `{.x.y}` (sort-by, custom columns).
pub(crate) fn relaxed(text: &str) -> Outcome<Template> {
    let inner = text
        .strip_prefix('{')
        .and_then(|t| t.strip_suffix('}'))
        .unwrap_or(text);
    if inner.contains(['{', '}']) {
        return Err(fail!(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{{name1.name2}}' or '{{.name1.name2}}'"
        ));
    }
    parse(&format!("{{.{}}}", inner.trim_start_matches('.')))
}

impl Template {
    /// The text that the template makes of a value.
    pub fn render(&self, value: &Value) -> Outcome<String> {
        let mut out = String::new();
        render(&self.nodes, value, value, &mut Effort::new(), &mut out)
            .map_err(|why| self.failed(&why, value))?;
        Ok(out)
    }

    /// Why the template cannot be filled in, with all that kubectl shows of it.
    fn failed(&self, why: &str, value: &Value) -> Failure {
        let text = &self.text;
        fail!(
            "error executing jsonpath {}: Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{text}\n\tobject given to jsonpath engine was:\n\t\t{}\n\n\n",
            go_quote(text),
            go_syntax(value)
        )
    }

    /// As [`Template::values`], failing in the words of `-o`.
    pub fn printed_values(&self, value: &Value) -> Outcome<Vec<Value>> {
        self.values(value)
            .map_err(|failure| self.failed(&failure.sentence(), value))
    }

    /// The values that the template's paths find.
    pub fn values(&self, value: &Value) -> Outcome<Vec<Value>> {
        let (mut found, mut effort) = (Vec::new(), Effort::new());
        for node in &self.nodes {
            if let Node::Path(path) | Node::Range(path, _) = node {
                let values = walk(path, value, value, &mut effort);
                for value in values.map_err(|why| fail!("{why}"))? {
                    found.push(effort.copy(value).map_err(|why| fail!("{why}"))?);
                }
            }
        }
        Ok(found)
    }
}

fn render(
    nodes: &[Node],
    at: &Value,
    root: &Value,
    effort: &mut Effort,
    out: &mut String,
) -> Result<(), String> {
    effort.look(nodes.len())?;
    for node in nodes {
        match node {
            Node::Text(text) => effort.write(text, out)?,
            Node::Path(path) => {
                for (index, value) in walk(path, at, root, effort)?.into_iter().enumerate() {
                    if index > 0 {
                        out.push(' ');
                    }
                    effort.write(&shown(value), out)?;
                }
            }
            Node::Range(path, body) => {
                for item in walk(path, at, root, effort)? {
                    render(body, item, root, effort, out)?;
                }
            }
        }
    }
    Ok(())
}

/// A value as jsonpath prints it: text bare, the rest as JSON.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => json::compact(other),
    }
}

/// The values that a path leads to.
fn walk<'a>(
    path: &'a [Step],
    at: &'a Value,
    root: &'a Value,
    effort: &mut Effort,
) -> Result<Vec<&'a Value>, String> {
    let mut now = vec![at];
    for step in path {
        let mut next = Vec::new();
        for value in now {
            let before = next.len();
            apply(step, value, root, effort, &mut next)?;
            effort.look(1 + next.len() - before)?;
        }
        now = next;
    }
    Ok(now)
}

fn apply<'a>(
    step: &'a Step,
    value: &'a Value,
    root: &'a Value,
    effort: &mut Effort,
    out: &mut Vec<&'a Value>,
) -> Result<(), String> {
    match step {
        Step::Root => out.push(root),
        Step::Text(text) => out.push(text),
        Step::Field(name) => out.extend(value.get(name)),
        Step::Wild => match value {
            Value::Object(map) => out.extend(map.values()),
            Value::Array(list) => out.extend(list),
            _ => {}
        },
        Step::Deep => deep(value, out),
        Step::Index(index) => {
            let Value::Array(list) = value else {
                return Ok(());
            };
            let at = if *index < 0 {
                *index + list.len() as i64
            } else {
                *index
            };
            match usize::try_from(at).ok().and_then(|at| list.get(at)) {
                Some(item) => out.push(item),
                None => {
                    return Err(format!(
                        "array index out of bounds: index {index}, length {}",
                        list.len()
                    ));
                }
            }
        }
        Step::Slice(from, to, step) => slice(value, *from, *to, step.unwrap_or(1), out),
        Step::Union(members) => {
            for member in members {
                out.extend(walk(member, value, root, effort)?);
            }
        }
        Step::Filter(left, op, right) => {
            let Value::Array(list) = value else {
                return Ok(());
            };
            for item in list {
                if holds((left, op, right), item, root, effort)? {
                    out.push(item);
                }
            }
        }
    }
    Ok(())
}

fn slice<'a>(
    value: &'a Value,
    from: Option<i64>,
    to: Option<i64>,
    step: i64,
    out: &mut Vec<&'a Value>,
) {
    let Value::Array(list) = value else { return };
    let length = list.len() as i64;
    let clip = |at: i64| (if at < 0 { at + length } else { at }).clamp(0, length);
    let (mut at, end) = (clip(from.unwrap_or(0)), clip(to.unwrap_or(length)));
    while at < end && step > 0 {
        out.push(&list[at as usize]);
        at += step;
    }
}

/// A value as Go's `%#v` shows decoded JSON.
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".into(),
        Value::String(text) => go_quote(text),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Object(map) => {
            let members: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}:{}", go_quote(key), go_syntax(value)))
                .collect();
            format!("map[string]interface {{}}{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}

fn deep<'a>(value: &'a Value, out: &mut Vec<&'a Value>) {
    out.push(value);
    match value {
        Value::Object(map) => map.values().for_each(|v| deep(v, out)),
        Value::Array(list) => list.iter().for_each(|v| deep(v, out)),
        _ => {}
    }
}

fn holds<'a>(
    (left, op, right): (&'a Operand, &str, &'a Operand),
    item: &'a Value,
    root: &'a Value,
    effort: &mut Effort,
) -> Result<bool, String> {
    let mut value = |operand: &'a Operand| -> Result<Option<&'a Value>, String> {
        Ok(match operand {
            Operand::Path(path) => walk(path, item, root, effort)?.into_iter().next(),
            Operand::Value(value) => Some(value),
            Operand::None => None,
        })
    };
    let (left, right) = (value(left)?, value(right)?);
    if op == "exists" {
        return Ok(left.is_some_and(|v| !v.is_null() && *v != false));
    }
    let (Some(left), Some(right)) = (left, right) else {
        return Ok(op == "!=");
    };
    let order = match (left.as_f64(), right.as_f64()) {
        (Some(a), Some(b)) => a.partial_cmp(&b),
        _ => Some(shown(left).cmp(&shown(right))),
    };
    Ok(order.is_some_and(|order| match op {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn renders_kubectls_dialect() {
        let pods = json!({"kind": "List", "items": [
            {"metadata": {"name": "a", "labels": {"app.kubernetes.io/name": "x"}}, "status": {"phase": "Running", "n": 1}},
            {"metadata": {"name": "b"}, "status": {"phase": "Pending", "n": 2}}]});
        for (template, want) in [
            ("{.kind}", "List"),
            ("kind is {.kind}{\"\\n\"}", "kind is List\n"),
            ("{.items[*].metadata.name}", "a b"),
            ("{.items[0].metadata.name}", "a"),
            ("{.items[-1:].metadata.name}", "b"),
            ("{.items[0,1].metadata.name}", "a b"),
            ("{.items[*]['metadata.name', 'status.phase']}", ""),
            ("{..phase}", "Running Pending"),
            (
                "{.items[?(@.status.phase==\"Running\")].metadata.name}",
                "a",
            ),
            ("{.items[?(@.status.n>1)].metadata.name}", "b"),
            (
                "{range .items[*]}{.metadata.name}={.status.phase}{\"\\t\"}{end}",
                "a=Running\tb=Pending\t",
            ),
            (
                "{.items[0].metadata.labels.app\\.kubernetes\\.io/name}",
                "x",
            ),
            ("{.items[0].status}", "{\"n\":1,\"phase\":\"Running\"}"),
            ("{$.kind} {.missing}", "List "),
        ] {
            assert_eq!(
                parse(template)
                    .and_then(|t| t.render(&pods))
                    .unwrap_or_else(|e| panic!("{template}: {e:?}")),
                want,
                "{template}"
            );
        }
    }

    #[test]
    fn an_index_out_of_bounds_is_told_with_the_object() {
        let list =
            json!({"items": [{"n": 1, "b": true, "x": null}], "metadata": {"resourceVersion": ""}});
        let template = parse("{.items[3].name}").unwrap();
        let want = "error executing jsonpath \"{.items[3].name}\": Error executing template: array index out of bounds: index 3, length 1. \
            Printing more information for debugging the template:\n\ttemplate was:\n\t\t{.items[3].name}\n\tobject given to jsonpath engine was:\n\t\t\
            map[string]interface {}{\"items\":[]interface {}{map[string]interface {}{\"b\":true, \"n\":1, \"x\":interface {}(nil)}}, \
            \"metadata\":map[string]interface {}{\"resourceVersion\":\"\"}}\n\n\n";
        assert_eq!(template.render(&list).unwrap_err().sentence(), want);
        assert_eq!(template.printed_values(&list).unwrap_err().sentence(), want);
    }

    #[test]
    fn says_what_is_wrong() {
        for (template, want) in [
            (
                "{.items[*",
                "error parsing jsonpath {.items[*, unterminated array",
            ),
            ("{.items", "error parsing jsonpath {.items, unclosed action"),
            (
                "{range .items[*]}x",
                "error parsing jsonpath {range .items[*]}x, unclosed range, missing {end}",
            ),
        ] {
            assert_eq!(parse(template).unwrap_err().sentence(), want);
        }
    }
}
