//! What may stand where the cursor is: fields of the table, values that validation would accept, names that are in the file or the cluster.

use objects::table::{Shape, descriptions};
use objects::{FieldErrorKind, Gvk};
use serde_json::{Map, Value};

use super::cursor::{self, Cursor, Place, Slot, follow, words};
use super::place::{Part, parts, places};
use crate::wire::{Choice, ChoiceKind};

/// No enumeration knows it, so validation answers with those that there are.
const NO_VALUE: &str = "?";
/// Longest explanation of a choice, in characters: all fields of a type go in one message.
const ABOUT: usize = 400;

/// What may stand at the cursor, best first.
#[derive(Debug, Default)]
pub struct Completion {
    /// Characters of the line before the word that a choice replaces.
    pub from: u32,
    pub choices: Vec<Choice>,
    /// The path of the value that is being written, for names of the cluster; `None` where a field's name is.
    pub value_of: Option<String>,
}

/// `line` from 1, `column` the number of characters before the cursor.
pub fn complete(text: &str, line: u32, column: u32) -> Completion {
    let Some(cursor) = cursor::at(text, line, column) else {
        return Completion::default();
    };
    let place = follow(&cursor.gvk, &cursor.parent);
    let (choices, value_of) = match (&cursor.slot, place) {
        (Slot::Value(name), _) => {
            let path = [&cursor.parent[..], &[Part::Name(name.clone())]].concat();
            (values(&cursor, &path), Some(shown(&path)))
        }
        // An item of a list of plain values.
        (Slot::Name, Some(Place::Shape(Shape::String))) => {
            (values(&cursor, &cursor.parent), Some(shown(&cursor.parent)))
        }
        (Slot::Name, place) => (fields(&cursor, place), None),
    };
    Completion {
        from: cursor.from as u32,
        choices,
        value_of,
    }
}

fn fields(cursor: &Cursor, place: Option<Place>) -> Vec<Choice> {
    let Some(place) = place else {
        return if cursor.parent.is_empty() {
            beginnings(cursor)
        } else {
            Vec::new()
        };
    };
    let (of, dash) = match place {
        Place::Shape(Shape::List(Shape::Struct(id))) => (id.get(), "- "),
        place => match place.fields() {
            Some(of) => (of, ""),
            None => return Vec::new(),
        },
    };
    let there = places(&cursor.others);
    let is_there = |name: &str| {
        there.iter().any(|place| {
            place.path.split_last().is_some_and(|(last, parent)| {
                parent == cursor.parent && *last == Part::Name(name.to_owned())
            })
        })
    };
    let indent = " ".repeat(cursor.indent + dash.len());
    let open = of
        .fields
        .iter()
        .filter(|field| !is_there(field.name) && field.name != "managedFields");
    let mut choices: Vec<(bool, Choice)> = open
        .map(|field| {
            let name = field.name;
            let insert = match field.shape {
                Shape::List(_) => format!("{dash}{name}:\n{indent}- "),
                Shape::Struct(_) | Shape::Map(_) => format!("{dash}{name}:\n{indent}  "),
                _ => format!("{dash}{name}: "),
            };
            let choice = Choice {
                label: format!("{dash}{name}"),
                insert,
                detail: words(&field.shape),
                about: short(&descriptions().of_field(of.name, name)),
                kind: ChoiceKind::Field,
            };
            // `status` is the cluster's to write.
            (name == "status", choice)
        })
        .collect();
    choices.sort_by_key(|(late, _)| *late);
    choices.into_iter().map(|(_, choice)| choice).collect()
}

/// In a document that does not say its kind yet: whole heads, and the fields that every object has.
fn beginnings(cursor: &Cursor) -> Vec<Choice> {
    let said = |name: &str| cursor.others.lines().any(|line| line.starts_with(name));
    let mut choices = Vec::new();
    if !said("apiVersion:") && !said("kind:") {
        let made = objects::resources()
            .iter()
            .filter(|each| each.has_verb("create") && each.has_verb("list"));
        choices.extend(made.map(|each| {
            let (version, kind) = (each.api_version(), each.kind);
            Choice {
                label: kind.to_owned(),
                insert: format!("apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: "),
                detail: version,
                about: short(&of_kind(&each.gvk())),
                kind: ChoiceKind::Kind,
            }
        }));
    }
    for name in ["apiVersion", "kind", "metadata", "spec"] {
        if !said(&format!("{name}:")) {
            let object = matches!(name, "metadata" | "spec");
            choices.push(plain(
                name,
                &format!("{name}:{}", if object { "\n  " } else { " " }),
                ChoiceKind::Field,
            ));
        }
    }
    choices
}

fn of_kind(gvk: &Gvk) -> String {
    objects::table::type_of(gvk)
        .map(|of| descriptions().of_type(of.name).into_owned())
        .unwrap_or_default()
}

fn values(cursor: &Cursor, path: &[Part]) -> Vec<Choice> {
    let said: Vec<String> = match &shown(path)[..] {
        "apiVersion" => versions(&cursor.gvk.kind),
        "kind" => kinds(&cursor.gvk.api_version()),
        _ => match follow(&cursor.gvk, path) {
            Some(Place::Shape(Shape::Bool)) => vec!["true".into(), "false".into()],
            Some(Place::Shape(Shape::String)) => accepted(&cursor.gvk, path),
            _ => Vec::new(),
        },
    };
    let values = said
        .iter()
        .map(|value| plain(value, value, ChoiceKind::Value));
    let names = neighbours(cursor, path);
    values
        .chain(names.iter().map(|name| plain(name, name, ChoiceKind::Name)))
        .collect()
}

/// The versions in which a kind is served; all of them where none is said yet.
fn versions(kind: &str) -> Vec<String> {
    let mut versions: Vec<String> = objects::resources()
        .iter()
        .filter(|each| (kind.is_empty() || each.kind == kind) && each.has_verb("create"))
        .map(objects::Resource::api_version)
        .collect();
    versions.dedup();
    versions
}

fn kinds(version: &str) -> Vec<String> {
    objects::resources()
        .iter()
        .filter(|each| {
            (version.is_empty() || each.api_version() == version) && each.has_verb("create")
        })
        .map(|each| each.kind.to_owned())
        .collect()
}

/// The values that validation takes for a field: it is asked with one that it cannot know, and says them. Where anything goes, none.
pub(super) fn accepted(gvk: &Gvk, path: &[Part]) -> Vec<String> {
    let mut object = nested(path);
    let Value::Object(root) = &mut object else {
        return Vec::new();
    };
    root.insert("apiVersion".into(), gvk.api_version().into());
    root.insert("kind".into(), gvk.kind.clone().into());
    objects::apply_defaults(gvk, &mut object);
    let errors = objects::validate(gvk, "", &object, None);
    // Of a list, some errors name the item and others the list.
    let is_here = |field: &str| shown(&parts(field)) == shown(path);
    let told = errors
        .iter()
        .find(|error| error.kind == FieldErrorKind::NotSupported && is_here(&error.field));
    let detail = told.map_or("", |error| &error.detail);
    detail
        .split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// The object that has nothing but this path.
fn nested(path: &[Part]) -> Value {
    path.iter()
        .rev()
        .fold(Value::from(NO_VALUE), |inner, part| match part {
            Part::Name(name) => Value::Object(Map::from_iter([(name.clone(), inner)])),
            Part::Item(_) => Value::Array(vec![inner]),
        })
}

/// Names that the same document gives to what the field speaks of: the volumes of a mount.
fn neighbours(cursor: &Cursor, path: &[Part]) -> Vec<String> {
    let [
        pod @ ..,
        Part::Name(_),
        Part::Item(_),
        Part::Name(mounts),
        Part::Item(_),
        Part::Name(name),
    ] = path
    else {
        return Vec::new();
    };
    if !matches!(mounts.as_str(), "volumeMounts" | "volumeDevices") || name != "name" {
        return Vec::new();
    }
    let is_volume = |at: &[Part]| {
        at.strip_prefix(pod).is_some_and(|rest| {
            matches!(rest, [Part::Name(volumes), Part::Item(_), Part::Name(name)] if volumes == "volumes" && name == "name")
        })
    };
    let lines: Vec<&str> = cursor.others.lines().collect();
    let found = places(&cursor.others)
        .into_iter()
        .filter(|place| is_volume(&place.path));
    found
        .filter_map(|place| lines.get(place.line as usize - 1)?.split_once(": "))
        .map(|(_, name)| name.trim().trim_matches(['"', '\'']).to_owned())
        .collect()
}

pub(super) fn plain(label: &str, insert: &str, kind: ChoiceKind) -> Choice {
    Choice {
        label: label.to_owned(),
        insert: insert.to_owned(),
        detail: String::new(),
        about: String::new(),
        kind,
    }
}

/// A path without the numbers of its items, as `kubectl explain` writes it.
pub(super) fn shown(path: &[Part]) -> String {
    let names = path.iter().filter_map(|part| match part {
        Part::Name(name) => Some(name.as_str()),
        Part::Item(_) => None,
    });
    names.collect::<Vec<_>>().join(".")
}

fn short(about: &str) -> String {
    match about.char_indices().nth(ABOUT) {
        None => about.to_owned(),
        Some((end, _)) => {
            let whole = about[..end].rfind(". ").map_or(end, |at| at + 1);
            about[..whole].to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The labels at the cursor, which is `|`.
    fn labels(text: &str) -> Vec<String> {
        told(text).into_iter().map(|choice| choice.label).collect()
    }

    fn told(text: &str) -> Vec<Choice> {
        let before = &text[..text.find('|').expect("a cursor")];
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().len() as u32;
        complete(&text.replacen('|', "", 1), line, column).choices
    }

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: web\n    image: nginx\n";

    #[test]
    fn fields_come_from_the_table_without_those_that_are_there() {
        let fields = labels(&format!("{POD}    |"));
        assert!(fields.contains(&"livenessProbe".into()) && !fields.contains(&"image".into()));
        assert!(!fields.contains(&"restartPolicies".into()));
        let choices = told(&format!("{POD}    res|"));
        let resources = choices
            .iter()
            .find(|choice| choice.label == "resources")
            .expect("resources");
        assert_eq!(resources.insert, "resources:\n      ");
        assert!(resources.about.contains("Compute Resources"));
        let list = told(&format!("{POD}  |"));
        let volumes = list
            .iter()
            .find(|choice| choice.label == "volumes")
            .expect("volumes");
        assert_eq!(
            (volumes.insert.as_str(), volumes.detail.as_str()),
            ("volumes:\n  - ", "[]Volume")
        );
        assert!(labels(&format!("{POD}  volumes:\n    |")).contains(&"- configMap".into()));
        assert_eq!(labels(&format!("{POD}  nonsense:\n    |")), [""; 0]);
    }

    #[test]
    fn values_are_those_that_validation_takes() {
        assert_eq!(
            labels(&format!("{POD}  restartPolicy: |")),
            ["Always", "OnFailure", "Never"]
        );
        assert_eq!(
            labels(&format!("{POD}    imagePullPolicy: |")),
            ["Always", "IfNotPresent", "Never"]
        );
        assert_eq!(labels(&format!("{POD}    tty: |")), ["true", "false"]);
        assert_eq!(
            labels(&format!(
                "{POD}    ports:\n    - containerPort: 1\n      protocol: |"
            )),
            ["SCTP", "TCP", "UDP"]
        );
        let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nspec:\n  accessModes:\n  - |";
        assert!(
            labels(claim).contains(&"ReadWriteOnce".into()),
            "{:?}",
            labels(claim)
        );
        assert_eq!(labels(&format!("{POD}    image: |")), [""; 0]);
    }

    #[test]
    fn kinds_and_versions_know_each_other() {
        assert!(labels("|").contains(&"Deployment".into()));
        let head = told("De|");
        let deployment = head
            .iter()
            .find(|choice| choice.label == "Deployment")
            .expect("Deployment");
        assert!(
            deployment
                .insert
                .starts_with("apiVersion: apps/v1\nkind: Deployment\n")
        );
        assert_eq!(labels("apiVersion: |\nkind: StatefulSet\n"), ["apps/v1"]);
        assert!(labels("apiVersion: batch/v1\nkind: |\n").contains(&"CronJob".into()));
    }

    #[test]
    fn a_mount_knows_the_volumes_of_its_pod() {
        let text = format!(
            "{POD}    volumeMounts:\n    - name: |\n  volumes:\n  - name: scratch\n    emptyDir: {{}}\n"
        );
        assert_eq!(labels(&text), ["scratch"]);
    }
}
