//! A list is the fold of the watch: who applies every change holds what there is.

use std::collections::BTreeMap;

use cluster::ChangeKind;
use objects::{Object, meta};

use super::Checker;
use crate::scene::{Scene, title};

/// Plural name, group, namespace and name: in the order of the list.
type Key = (&'static str, &'static str, String, String);

#[derive(Default)]
pub struct Fold {
    held: Option<BTreeMap<Key, Object>>,
}

fn key(group: &'static str, plural: &'static str, object: &Object) -> Key {
    let (namespace, name) = (meta::namespace(object), meta::name(object));
    (plural, group, namespace.into(), name.into())
}

impl Checker for Fold {
    fn name(&self) -> &'static str {
        "fold"
    }

    fn look(&mut self, scene: &Scene, wrong: &mut Vec<String>) {
        let listed = || {
            let all = scene.objects.iter();
            all.map(|(g, p, o)| (key(g, p, o), o.clone()))
        };
        let Some(held) = &mut self.held else {
            self.held = Some(listed().collect());
            return;
        };
        for change in &scene.changes {
            let at = key(
                change.resource.group,
                change.resource.plural,
                &change.object,
            );
            let known = match change.kind {
                ChangeKind::Added | ChangeKind::Modified => held.insert(at, change.object.clone()),
                ChangeKind::Deleted => held.remove(&at),
            };
            if known.is_some() != (change.kind != ChangeKind::Added) {
                wrong.push(format!(
                    "{:?} of {}, known before: {}",
                    change.kind,
                    title(&change.object),
                    known.is_some()
                ));
            }
            if known != change.old {
                wrong.push(format!(
                    "{:?} of {} tells another past",
                    change.kind,
                    title(&change.object)
                ));
            }
        }
        // What the list has in its order, the fold has in the same one, under the keys by which it was told.
        if !held.values().eq(scene.objects.iter().map(|(_, _, o)| o)) {
            let listed: BTreeMap<Key, Object> = listed().collect();
            let extra = held.iter().find(|(k, o)| listed.get(*k) != Some(*o));
            let missing = listed.keys().find(|k| !held.contains_key(*k));
            wrong.push(format!("the watch made {extra:?}; not told of {missing:?}"));
        }
    }
}
