//! What the cluster knows: objects by resource, namespace and name, one rising revision, and the recent changes for watches.
//! It decides nothing about objects; the life of a write is in `api`.
//!
//! Mirrors etcd3 as the API server uses it, and its watch cache.

mod standing;

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use objects::{Object, Resource};
use serde_json::Value;

use standing::Standing;

/// How many changes watches can go back, at the most.
pub const HISTORY: usize = 4096;
/// What the objects of those changes may take, in bytes of `weight`: large ones are forgotten sooner.
const HISTORY_BYTES: usize = 32 << 20;
/// What all objects together may take before new ones are refused, in bytes of `weight`; etcd's quota is 2 GiB.
pub(crate) const OBJECTS_BYTES: usize = 64 << 20;

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

/// One write: the object as it is now (for a delete: its last state, with the revision of the delete) and as it was before.
#[derive(Clone, Debug)]
pub struct Change {
    pub revision: u64,
    pub kind: ChangeKind,
    /// The resource under which the object is stored; events of `events.k8s.io` are stored as core events.
    pub resource: &'static Resource,
    pub object: Object,
    pub old: Option<Object>,
}

/// A revision that is no longer known: a watch must start anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too old resource version: {asked} ({oldest})")]
pub struct Expired {
    pub asked: u64,
    /// The oldest revision after which all changes are known.
    pub oldest: u64,
}

/// Plural name and group.
type TableKey = (&'static str, &'static str);
/// By namespace (empty for cluster scope), then by name.
type Table = BTreeMap<String, BTreeMap<String, Weighed<Object>>>;

/// Something with the `weight` of its object, which is found out once.
#[derive(Clone, Debug)]
struct Weighed<T> {
    what: T,
    weight: usize,
}

/// The objects of one cluster.
#[derive(Debug, Default)]
pub struct Store {
    revision: u64,
    tables: BTreeMap<TableKey, Table>,
    /// What the objects take, in bytes of `weight`.
    held: usize,
    standing: Standing,
    history: VecDeque<Weighed<Change>>,
    /// The same of the objects in `history`.
    history_held: usize,
    /// All changes after this revision are in `history`.
    known_after: u64,
}

/// About how many bytes of memory an object takes. It grows with what is in it, and is the same in equal worlds.
pub(crate) fn weight(object: &Value) -> usize {
    const NODE: usize = 32;
    NODE + match object {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(k, v)| NODE + k.len() + weight(v))
            .sum(),
    }
}

fn is_pods(resource: &Resource) -> bool {
    table_key(resource) == ("pods", "")
}

fn table_key(resource: &Resource) -> TableKey {
    (resource.plural, resource.group)
}

impl Store {
    /// The revision of the last write.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<&Object> {
        let table = self.tables.get(&table_key(resource))?;
        Some(&table.get(namespace)?.get(name)?.what)
    }

    /// All objects of a resource in a namespace (empty: in all), in order of namespace and name.
    pub fn list<'a>(
        &'a self,
        resource: &Resource,
        namespace: &'a str,
    ) -> impl Iterator<Item = &'a Object> {
        let which = match namespace {
            "" => (Bound::Unbounded, Bound::Unbounded),
            one => (Bound::Included(one), Bound::Included(one)),
        };
        let table = self.tables.get(&table_key(resource)).into_iter();
        table
            .flat_map(move |t| t.range::<str, _>(which))
            .flat_map(|(_, named)| named.values().map(|o| &o.what))
    }

    /// How many objects of a resource there are.
    pub fn count(&self, resource: &Resource) -> usize {
        let table = self.tables.get(&table_key(resource));
        table.map_or(0, |t| t.values().map(BTreeMap::len).sum())
    }

    /// The pods in a namespace (empty: in all) that are not over, in order of namespace and name. It takes no longer where many are over.
    pub fn standing_pods<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Object> {
        self.standing.list(namespace)
    }

    /// How many pods of a controller (by its uid) are over that were made at a time or after it, as the API tells time.
    pub fn lost_since(&self, controller: &str, time: &str) -> usize {
        self.standing.lost_since(controller, time)
    }

    /// Writes an object under a new revision, which is set in its metadata. Answers it as stored and whether it is new.
    pub fn put(&mut self, resource: &'static Resource, mut object: Value) -> Object {
        self.revision += 1;
        objects::meta::set(&mut object, "resourceVersion", self.revision.to_string());
        let namespace = objects::meta::namespace(&object).to_string();
        let name = objects::meta::name(&object).to_string();
        let object: Object = object.into();
        let table = self.tables.entry(table_key(resource)).or_default();
        let named = table.entry(namespace).or_default();
        let weight = weight(&object);
        let what = object.clone();
        let old = named.insert(name, Weighed { what, weight });
        self.held += weight;
        self.held -= old.as_ref().map_or(0, |old| old.weight);
        if is_pods(resource) {
            self.standing
                .write(old.as_ref().map(|old| &old.what), &object);
        }
        let kind = if old.is_some() {
            ChangeKind::Modified
        } else {
            ChangeKind::Added
        };
        let change = Change {
            revision: self.revision,
            kind,
            resource,
            object: object.clone(),
            old: old.map(|old| old.what),
        };
        self.record(change, weight);
        object
    }

    /// What all objects take, in bytes of `weight`.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// Takes an object away. Answers its last state with the revision of the delete.
    pub fn delete(
        &mut self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
    ) -> Option<Object> {
        let table = self.tables.get_mut(&table_key(resource))?;
        let named = table.get_mut(namespace)?;
        let old = named.remove(name)?;
        if named.is_empty() {
            table.remove(namespace);
        }
        self.held -= old.weight;
        if is_pods(resource) {
            self.standing.remove(&old.what);
        }
        self.revision += 1;
        let mut last = (*old.what).clone();
        objects::meta::set(&mut last, "resourceVersion", self.revision.to_string());
        let last: Object = last.into();
        let change = Change {
            revision: self.revision,
            kind: ChangeKind::Deleted,
            resource,
            object: last.clone(),
            old: Some(old.what),
        };
        self.record(change, old.weight);
        Some(last)
    }

    /// `weight`: of the object before or after the change.
    fn record(&mut self, change: Change, weight: usize) {
        self.history_held += weight;
        self.history.push_back(Weighed {
            what: change,
            weight,
        });
        let is_full = |s: &Self| s.history.len() > HISTORY || s.history_held > HISTORY_BYTES;
        while self.history.len() > 1 && is_full(self) {
            if let Some(gone) = self.history.pop_front() {
                self.history_held -= gone.weight;
                self.known_after = gone.what.revision;
            }
        }
    }

    /// The changes after a revision, oldest first.
    pub fn changes_after(&self, revision: u64) -> Result<impl Iterator<Item = &Change>, Expired> {
        if revision < self.known_after {
            return Err(Expired {
                asked: revision,
                oldest: self.known_after,
            });
        }
        let changes = self.history.iter().map(|c| &c.what);
        let first = self
            .history
            .partition_point(|c| c.what.revision <= revision);
        Ok(changes.skip(first))
    }

    /// The change that was made last.
    pub fn newest(&self) -> Option<&Change> {
        self.history.back().map(|c| &c.what)
    }

    /// Forgets the changes up to now: for tests, and after the bootstrap, whose steps nobody has seen.
    pub fn compact(&mut self) {
        self.known_after = self.revision;
        self.history.clear();
        self.history_held = 0;
    }

    /// The objects of a resource as they were at a revision.
    pub fn list_at(
        &self,
        resource: &Resource,
        namespace: &str,
        revision: u64,
    ) -> Result<Vec<Object>, Expired> {
        let mut then: BTreeMap<(String, String), Object> = self
            .list(resource, namespace)
            .map(|o| {
                (
                    (
                        objects::meta::namespace(o).to_string(),
                        objects::meta::name(o).to_string(),
                    ),
                    o.clone(),
                )
            })
            .collect();
        let later: Vec<&Change> = self.changes_after(revision)?.collect();
        for change in later
            .into_iter()
            .rev()
            .filter(|c| table_key(c.resource) == table_key(resource))
        {
            let ns = objects::meta::namespace(&change.object);
            if !namespace.is_empty() && ns != namespace {
                continue;
            }
            let key = (
                ns.to_string(),
                objects::meta::name(&change.object).to_string(),
            );
            match &change.old {
                Some(old) => then.insert(key, old.clone()),
                None => then.remove(&key),
            };
        }
        Ok(then.into_values().collect())
    }

    /// Every object with its resource's group and plural name, in order: what two equal worlds have equal.
    pub fn everything(&self) -> impl Iterator<Item = (&'static str, &'static str, &Object)> {
        self.tables.iter().flat_map(|((p, g), t)| {
            let all = t.values().flat_map(BTreeMap::values);
            all.map(move |o| (*g, *p, &o.what))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config_maps() -> &'static Resource {
        objects::by_path("", "v1", "configmaps").expect("configmaps")
    }

    fn named(name: &str, value: i64) -> serde_json::Value {
        json!({"metadata": {"namespace": "default", "name": name}, "data": {"n": value.to_string()}})
    }

    #[test]
    fn revisions_rise_and_changes_tell_all() {
        let mut store = Store::default();
        store.put(config_maps(), named("a", 1));
        store.put(config_maps(), named("b", 1));
        store.put(config_maps(), named("a", 2));
        store.delete(config_maps(), "default", "b");
        let kinds: Vec<_> = store
            .changes_after(1)
            .expect("known")
            .map(|c| (c.revision, c.kind))
            .collect();
        assert_eq!(
            kinds,
            [
                (2, ChangeKind::Added),
                (3, ChangeKind::Modified),
                (4, ChangeKind::Deleted)
            ]
        );
        assert_eq!(store.list(config_maps(), "").count(), 1);
        assert_eq!(store.list(config_maps(), "other").count(), 0);
        assert_eq!(
            store
                .list_at(config_maps(), "default", 2)
                .expect("known")
                .len(),
            2
        );
        assert_eq!(
            store.list_at(config_maps(), "default", 1).expect("known")[0]["data"]["n"],
            "1"
        );
    }

    #[test]
    fn what_is_held_is_what_is_there() {
        let mut store = Store::default();
        store.put(config_maps(), named("a", 1));
        let one = store.held();
        store.put(config_maps(), named("b", 1));
        assert!(store.held() > one);
        store.put(config_maps(), named("b", 1_000_000));
        let large = store.held();
        store.put(config_maps(), named("b", 2));
        assert!(store.held() < large);
        store.delete(config_maps(), "default", "b");
        assert!((one..one + 8).contains(&store.held()));
        store.delete(config_maps(), "default", "a");
        assert_eq!(store.held(), 0);
    }

    #[test]
    fn large_changes_expire_sooner() {
        let mut store = Store::default();
        let large = || json!({"metadata": {"namespace": "default", "name": "a"}, "data": {"x": "x".repeat(1 << 20)}});
        for _ in 0..100 {
            store.put(config_maps(), large());
        }
        let known = store.changes_after(80).expect("known").count();
        assert_eq!(known, 20);
        assert!(store.changes_after(50).is_err());
        store.compact();
        store.put(config_maps(), named("a", 1));
        assert_eq!(store.changes_after(100).expect("known").count(), 1);
    }

    #[test]
    fn old_changes_expire() {
        let mut store = Store::default();
        for n in 0..(HISTORY as i64 + 3) {
            store.put(config_maps(), named("a", n));
        }
        assert_eq!(
            store.changes_after(2).err(),
            Some(Expired {
                asked: 2,
                oldest: 3
            })
        );
        assert_eq!(store.changes_after(3).expect("known").count(), HISTORY);
    }
}
