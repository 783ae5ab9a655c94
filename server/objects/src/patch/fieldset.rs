//! Sets of field paths, as managedFields holds them (`FieldsV1`).
//!
//! Mirrors structured-merge-diff's `fieldpath`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// A set of paths. A step is written as in FieldsV1: `f:name`, `k:{"name":"c"}`, `v:"x"`, `i:0`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet {
    members: BTreeSet<String>,
    children: BTreeMap<String, FieldSet>,
}

impl FieldSet {
    /// Adds a path.
    pub fn insert(&mut self, path: &[String]) {
        match path {
            [] => {}
            [last] => {
                self.members.insert(last.clone());
            }
            [first, rest @ ..] => self.children.entry(first.clone()).or_default().insert(rest),
        }
    }

    pub fn has(&self, path: &[String]) -> bool {
        match path {
            [] => false,
            [last] => self.members.contains(last),
            [first, rest @ ..] => self.children.get(first).is_some_and(|c| c.has(rest)),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.values().all(FieldSet::is_empty)
    }

    /// From FieldsV1; what is no set gives an empty one.
    pub fn from_fields(value: &Value) -> Self {
        let mut set = FieldSet::default();
        for (step, inner) in value
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(s, _)| *s != ".")
        {
            let children = FieldSet::from_fields(inner);
            let map = inner.as_object();
            if map.is_none_or(|m| m.is_empty() || m.contains_key(".")) {
                set.members.insert(step.clone());
            }
            if !children.is_empty() {
                set.children.insert(step.clone(), children);
            }
        }
        set
    }

    /// As FieldsV1.
    pub fn to_fields(&self) -> Value {
        let mut out = Map::new();
        for step in &self.members {
            out.insert(step.clone(), Value::Object(Map::new()));
        }
        for (step, child) in self.children.iter().filter(|(_, c)| !c.is_empty()) {
            let mut inner = child.to_fields();
            if self.members.contains(step)
                && let Value::Object(map) = &mut inner
            {
                map.insert(".".into(), Value::Object(Map::new()));
            }
            out.insert(step.clone(), inner);
        }
        Value::Object(out)
    }

    pub fn union(&self, other: &FieldSet) -> FieldSet {
        let mut out = self.clone();
        out.members.extend(other.members.iter().cloned());
        for (step, child) in &other.children {
            let merged = out
                .children
                .get(step)
                .map_or_else(|| child.clone(), |mine| mine.union(child));
            out.children.insert(step.clone(), merged);
        }
        out
    }

    pub fn difference(&self, other: &FieldSet) -> FieldSet {
        self.combine(other, false)
    }

    pub fn intersection(&self, other: &FieldSet) -> FieldSet {
        self.combine(other, true)
    }

    fn combine(&self, other: &FieldSet, both: bool) -> FieldSet {
        let nothing = FieldSet::default();
        let members = self
            .members
            .iter()
            .filter(|m| other.members.contains(*m) == both)
            .cloned()
            .collect();
        let children = self.children.iter().map(|(step, child)| {
            (
                step.clone(),
                child.combine(other.children.get(step).unwrap_or(&nothing), both),
            )
        });
        FieldSet {
            members,
            children: children.filter(|(_, c)| !c.is_empty()).collect(),
        }
    }

    /// Without a path and everything below it.
    pub fn without_below(&mut self, path: &[&str]) {
        match path {
            [] => {}
            [last] => {
                self.members.remove(*last);
                self.children.remove(*last);
            }
            [first, rest @ ..] => {
                if let Some(child) = self.children.get_mut(*first) {
                    child.without_below(rest);
                }
            }
        }
        self.children.retain(|_, c| !c.is_empty());
    }

    /// Without the path itself.
    pub fn without(&mut self, path: &[&str]) {
        match path {
            [] => {}
            [last] => {
                self.members.remove(*last);
            }
            [first, rest @ ..] => {
                if let Some(child) = self.children.get_mut(*first) {
                    child.without(rest);
                }
            }
        }
        self.children.retain(|_, c| !c.is_empty());
    }

    /// All paths, parents first.
    pub fn paths(&self) -> Vec<Vec<String>> {
        let mut out = Vec::new();
        let steps: BTreeSet<&String> = self.members.iter().chain(self.children.keys()).collect();
        for step in steps {
            if self.members.contains(step) {
                out.push(vec![step.clone()]);
            }
            for path in self
                .children
                .get(step)
                .map(FieldSet::paths)
                .unwrap_or_default()
            {
                out.push(std::iter::once(step.clone()).chain(path).collect());
            }
        }
        out
    }
}

/// A path as errors show it: `.spec.containers[name="c"].image`.
pub(super) fn shown(path: &[String]) -> String {
    let mut out = String::new();
    for step in path {
        match step.split_once(':') {
            Some(("f", name)) => out.push_str(&format!(".{name}")),
            Some(("k", keys)) => {
                let keys: BTreeMap<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                let keys: Vec<String> = keys.iter().map(|(k, v)| format!("{k}={v}")).collect();
                out.push_str(&format!("[{}]", keys.join(",")));
            }
            Some(("v", value)) => out.push_str(&format!("[={value}]")),
            Some((_, index)) => out.push_str(&format!("[{index}]")),
            None => {}
        }
    }
    out
}
