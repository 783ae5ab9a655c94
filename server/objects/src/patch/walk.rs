//! Walks objects by the list topology of the table: the set of their fields, the difference of two, the merge of two, what to remove.
//!
//! Mirrors structured-merge-diff's `typed`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::fieldset::FieldSet;
use crate::table::{Field, ListType, Shape, Type};

/// How a value is made up, for the walks.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// A scalar, or something that is one value.
    Leaf,
    Struct(&'static Type),
    /// A map whose keys are data.
    Map(&'static Shape),
    Keyed(&'static Shape, &'static [&'static str]),
    Set,
}

/// The form of a field of a type.
pub(super) fn form(field: &'static Field) -> Form {
    match (&field.shape, field.list) {
        _ if field.atomic => Form::Leaf,
        (Shape::List(inner), ListType::Map(keys)) => Form::Keyed(inner, keys),
        (Shape::List(_), ListType::Set) => Form::Set,
        (Shape::List(_), ListType::Atomic) => Form::Leaf,
        (shape, _) => form_of_shape(shape),
    }
}

fn form_of_shape(shape: &'static Shape) -> Form {
    match shape {
        Shape::Struct(id) if !id.get().atomic => Form::Struct(id.get()),
        Shape::Map(inner) => Form::Map(inner),
        _ => Form::Leaf,
    }
}

/// The members of a struct or map with the form of each and whether the struct declares it.
fn member_form(form: Form, name: &str) -> (Form, bool) {
    match form {
        Form::Struct(of) => match of.field(name) {
            Some(field) => (self::form(field), true),
            None => (Form::Leaf, false),
        },
        Form::Map(inner) => (form_of_shape(inner), false),
        _ => (Form::Leaf, false),
    }
}

/// The step to an element of a list.
pub(super) fn element_step(form: Form, item: &Value) -> String {
    match form {
        Form::Keyed(_, keys) => {
            let mut found = BTreeMap::new();
            for key in keys {
                // the one key that has a default
                let missing = if *key == "protocol" {
                    Value::from("TCP")
                } else {
                    Value::Null
                };
                let value = item.get(key).cloned().unwrap_or(missing);
                if !value.is_null() {
                    found.insert(*key, value);
                }
            }
            format!("k:{}", serde_json::to_string(&found).unwrap_or_default())
        }
        _ => format!("v:{item}"),
    }
}

/// The elements of a list by the step to each; of several with the same step the first.
fn by_step(form: Form, list: Option<&Value>) -> BTreeMap<String, &Value> {
    let mut out = BTreeMap::new();
    for item in list.and_then(Value::as_array).into_iter().flatten() {
        out.entry(element_step(form, item)).or_insert(item);
    }
    out
}

fn element_form(form: Form) -> Form {
    match form {
        Form::Keyed(inner, _) => form_of_shape(inner),
        _ => Form::Leaf,
    }
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Object(members)) => members.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    }
}

/// The set of the fields that a configuration sets.
pub(super) fn fields(form: Form, value: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    collect(form, value, &mut Vec::new(), &mut set);
    set
}

fn collect(form: Form, value: &Value, path: &mut Vec<String>, set: &mut FieldSet) {
    match (form, value) {
        (Form::Struct(_) | Form::Map(_), Value::Object(members)) => {
            for (name, value) in members {
                let (inner, declared) = member_form(form, name);
                path.push(format!("f:{name}"));
                collect(inner, value, path, set);
                let empty_map = value.as_object().is_some_and(Map::is_empty);
                if value.is_null() || empty_map || !declared {
                    set.insert(path);
                }
                path.pop();
            }
        }
        (Form::Keyed(..) | Form::Set, Value::Array(items)) => {
            for item in items {
                path.push(element_step(form, item));
                collect(element_form(form), item, path, set);
                set.insert(path);
                path.pop();
            }
        }
        _ => set.insert(path),
    }
}

/// What is different between two objects.
#[derive(Default)]
pub(super) struct Comparison {
    pub added: FieldSet,
    pub modified: FieldSet,
    pub removed: FieldSet,
}

impl Comparison {
    pub fn of(form: Form, old: &Value, new: &Value) -> Self {
        let mut out = Comparison::default();
        out.compare(form, Some(old), Some(new), &mut Vec::new());
        out
    }

    fn leaf(&mut self, old: Option<&Value>, new: Option<&Value>, path: &[String]) {
        match (old, new) {
            (None, Some(_)) => self.added.insert(path),
            (Some(_), None) => self.removed.insert(path),
            (old, new) if old != new => self.modified.insert(path),
            _ => {}
        }
    }

    fn compare(
        &mut self,
        form: Form,
        old: Option<&Value>,
        new: Option<&Value>,
        path: &mut Vec<String>,
    ) {
        let both_empty = is_empty(old) && is_empty(new);
        match form {
            Form::Struct(_) | Form::Map(_) if !both_empty => {
                let both = [old, new].into_iter().flatten();
                let members = both.filter_map(Value::as_object);
                let mut names: Vec<&String> = members.flat_map(Map::keys).collect();
                names.sort();
                names.dedup();
                for name in names {
                    let (inner, _) = member_form(form, name);
                    path.push(format!("f:{name}"));
                    let (old, new) = (old.and_then(|v| v.get(name)), new.and_then(|v| v.get(name)));
                    self.compare(inner, old, new, path);
                    path.pop();
                }
            }
            Form::Keyed(..) | Form::Set if !both_empty => {
                let (old, new) = (by_step(form, old), by_step(form, new));
                let mut steps: Vec<&String> = old.keys().chain(new.keys()).collect();
                steps.sort();
                steps.dedup();
                for step in steps {
                    path.push(step.clone());
                    let (old, new) = (old.get(step).copied(), new.get(step).copied());
                    self.compare(element_form(form), old, new, path);
                    path.pop();
                }
            }
            _ => return self.leaf(old, new, path),
        }
        match (old, new) {
            (None, Some(_)) => self.added.insert(path),
            (Some(_), None) => self.removed.insert(path),
            _ => {}
        }
    }
}

/// The live object with an applied configuration merged into it.
pub(super) fn merge(form: Form, live: Value, applied: &Value) -> Value {
    match (form, live, applied) {
        (Form::Struct(_) | Form::Map(_), Value::Object(mut live), Value::Object(applied)) => {
            for (name, value) in applied {
                let (inner, _) = member_form(form, name);
                let merged = match live.remove(name) {
                    Some(old) => merge(inner, old, value),
                    None => value.clone(),
                };
                live.insert(name.clone(), merged);
            }
            Value::Object(live)
        }
        (Form::Keyed(..) | Form::Set, Value::Array(mut live), Value::Array(applied)) => {
            for item in applied {
                let step = element_step(form, item);
                match live.iter_mut().find(|old| element_step(form, old) == step) {
                    Some(old) => *old = merge(element_form(form), old.take(), item),
                    None => live.push(item.clone()),
                }
            }
            Value::Array(live)
        }
        (_, _, applied) => applied.clone(),
    }
}

/// Removes the fields of a set.
pub(super) fn remove(form: Form, value: &mut Value, gone: &FieldSet, path: &mut Vec<String>) {
    match (form, value) {
        (Form::Struct(_) | Form::Map(_), Value::Object(members)) => {
            members.retain(|name, value| {
                path.push(format!("f:{name}"));
                let here = gone.has(path);
                if !here {
                    remove(member_form(form, name).0, value, gone, path);
                }
                path.pop();
                !here
            });
        }
        (Form::Keyed(..) | Form::Set, Value::Array(items)) => {
            items.retain_mut(|item| {
                path.push(element_step(form, item));
                let here = gone.has(path);
                if !here {
                    remove(element_form(form), item, gone, path);
                }
                path.pop();
                !here
            });
        }
        _ => {}
    }
}
