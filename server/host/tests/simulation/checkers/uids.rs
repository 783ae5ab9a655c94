//! No two objects with one uid: whoever comes has one that nobody has who is there.

use std::collections::BTreeMap;

use cluster::ChangeKind;
use objects::meta;

use super::Checker;
use crate::scene::{Scene, title};

#[derive(Default)]
pub struct Uids {
    /// The uids of all that is there, each with whose it is; the list is the fold of the changes.
    taken: Option<BTreeMap<String, String>>,
}

impl Checker for Uids {
    fn name(&self) -> &'static str {
        "uids"
    }

    fn look(&mut self, scene: &Scene, wrong: &mut Vec<String>) {
        let Some(taken) = &mut self.taken else {
            let all = scene.objects.iter();
            let all = all.map(|(_, _, o)| (meta::uid(o).to_string(), title(o)));
            self.taken = Some(all.collect());
            return;
        };
        for change in &scene.changes {
            let (uid, title) = (meta::uid(&change.object), title(&change.object));
            match change.kind {
                ChangeKind::Added => {
                    if let Some(other) = taken.insert(uid.to_string(), title.clone()) {
                        wrong.push(format!("{title} has the uid of {other}"));
                    }
                }
                ChangeKind::Modified => {}
                ChangeKind::Deleted => drop(taken.remove(uid)),
            }
        }
        if taken.len() != scene.objects.len() {
            let (uids, all) = (taken.len(), scene.objects.len());
            wrong.push(format!("{all} objects have {uids} uids"));
        }
    }
}
