//! What is wrong with a manifest: YAML, kind, unknown and doubled fields, types, values.

use objects::{FieldValidation, Gvk};
use serde_json::Value;

use super::documents;
use super::place::{Part, Place, is_item, names, parts, places};
use crate::wire::Problem;

/// Most problems that are told.
const MOST: usize = 50;

/// All that is wrong with the documents of `text`, in the order of their lines.
pub fn check(text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (first, document) in documents(text) {
        problems.extend(check_document(&document).into_iter().map(|mut problem| {
            problem.line += first;
            problem
        }));
    }
    problems.sort_by_key(|problem| (problem.line, problem.column));
    problems.truncate(MOST);
    problems
}

fn check_document(text: &str) -> Vec<Problem> {
    let value = match objects::yaml::read(text) {
        Ok(document) => document.value,
        Err(why) => return vec![at_line(line_in(&why).unwrap_or(1), &why)],
    };
    if value.is_null() {
        return Vec::new();
    }
    let places = places(text);
    let word = |name: &str| value[name].as_str().unwrap_or_default();
    let (version, kind) = (word("apiVersion"), word("kind"));
    for (name, word) in [("apiVersion", version), ("kind", kind)] {
        if word.is_empty() {
            return vec![place(&places, name, &format!("{name} not set"))];
        }
    }
    let gvk = Gvk::from_api_version(version, kind);
    let Some(resource) = objects::by_kind(&gvk.group, &gvk.version, kind) else {
        let why = format!("no matches for kind \"{kind}\" in version \"{version}\"");
        return vec![place(&places, "kind", &why)];
    };
    let decoded = objects::decode(
        "application/yaml",
        text.as_bytes(),
        &gvk,
        FieldValidation::Warn,
    );
    let (mut object, warnings) = match decoded {
        Ok(decoded) => decoded,
        Err(status) => {
            let path = path_in(&status.message);
            return vec![place(&places, &path, &status.message)];
        }
    };
    let mut problems: Vec<Problem> = warnings
        .iter()
        .map(|warning| match line_in(warning) {
            Some(line) => at_line(line, warning),
            None => place(&places, quoted(warning), warning),
        })
        .collect();
    if resource.namespaced && object["metadata"]["namespace"].is_null() {
        object["metadata"]["namespace"] = Value::from("default");
    }
    objects::apply_defaults(&gvk, &mut object);
    for error in objects::validate(&gvk, "", &object, None) {
        problems.push(place(&places, &error.field, &error.to_string()));
    }
    problems
}

fn at_line(line: u32, message: &str) -> Problem {
    Problem {
        line,
        column: 1,
        message: message.to_owned(),
    }
}

/// The problem at the field, or at the nearest one above it that is there.
fn place(places: &[Place], path: &str, message: &str) -> Problem {
    let wanted = parts(path);
    let score = |place: &Place| -> usize {
        let exact = wanted.starts_with(&place.path);
        let names: Vec<&Part> = names(&place.path);
        // Go's paths name no items.
        let loose = self::names(&wanted).starts_with(&names) && !wanted.iter().any(is_item);
        if exact || loose { names.len() } else { 0 }
    };
    let mut best: Option<(&Place, usize)> = None;
    for place in places {
        let points = score(place);
        if points > 0 && best.is_none_or(|(_, most)| points > most) {
            best = Some((place, points));
        }
    }
    let (line, column) = best.map_or((1, 1), |(place, _)| (place.line, place.column));
    Problem {
        line,
        column,
        message: message.to_owned(),
    }
}

/// The number in `line 5: …`.
fn line_in(message: &str) -> Option<u32> {
    let rest = &message[message.find("line ")? + 5..];
    rest.split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

/// What stands between the first quotes.
fn quoted(message: &str) -> &str {
    message.split('"').nth(1).unwrap_or_default()
}

/// The field of Go's `cannot unmarshal string into Go struct field Container.spec.containers.ports of type …`.
fn path_in(message: &str) -> String {
    let Some(after) = message.split("Go struct field ").nth(1) else {
        return String::new();
    };
    let field = after.split(' ').next().unwrap_or_default();
    field
        .split_once('.')
        .map_or(field, |(_, path)| path)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(u32, u32, String)> {
        let told = check(text).into_iter();
        told.map(|p| (p.line, p.column, p.message)).collect()
    }

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: web\n    image: nginx\n  - name: side\n    image: busybox\n";

    #[test]
    fn a_good_manifest_is_not_complained_about() {
        assert_eq!(told(POD), []);
        assert_eq!(told(&format!("{POD}---\n{POD}---\n")), []);
        assert_eq!(told(""), []);
    }

    #[test]
    fn an_unknown_field_is_marked_where_it_stands() {
        let text = POD.replace("    image: busybox", "    imagee: busybox");
        let told = told(&text);
        assert_eq!(
            told[1..],
            [(
                10,
                5,
                "unknown field \"spec.containers[1].imagee\"".to_owned()
            )]
        );
        assert!(
            told[0].0 == 6 && told[0].2.contains("Required value"),
            "{told:?}"
        );
    }

    #[test]
    fn wrong_types_values_and_kinds_are_marked() {
        let ports = POD.replace(
            "image: busybox",
            "image: busybox\n    ports:\n    - containerPort: web",
        );
        let told_type = told(&ports);
        assert!(
            told_type[0].0 > 5 && told_type[0].2.contains("cannot unmarshal"),
            "{told_type:?}"
        );
        let quantity = POD.replace(
            "image: busybox",
            "image: busybox\n    resources:\n      limits:\n        memory: 12Q",
        );
        assert_eq!(told(&quantity).len(), 1, "{:?}", told(&quantity));
        let name = told(&POD.replace("name: web\nspec", "name: We_b\nspec"));
        assert!(name[0].0 == 4 && name[0].2.contains("RFC 1123"), "{name:?}");
        assert_eq!(told(&POD.replace("Pod", "Pood"))[0].0, 2);
        assert_eq!(told("kind: Pod\n")[0].2, "apiVersion not set");
    }

    #[test]
    fn broken_yaml_is_marked_at_its_line_in_a_later_document_too() {
        let text = format!("{POD}---\napiVersion: v1\nkind: Pod\n metadata: x\n");
        assert!(told(&text)[0].0 >= 12, "{:?}", told(&text));
    }
}
