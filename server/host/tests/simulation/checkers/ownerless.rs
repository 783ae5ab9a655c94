//! Every owner reference resolves, or the object is being collected: within a minute of the owner's end.

use std::collections::{BTreeMap, BTreeSet};

use machine::{Duration, Time};
use objects::meta;

use super::Checker;
use crate::scene::{Scene, title};

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub struct Ownerless {
    /// Since when, by uid.
    since: BTreeMap<String, Time>,
}

impl Checker for Ownerless {
    fn name(&self) -> &'static str {
        "ownerless"
    }

    fn look(&mut self, scene: &Scene, wrong: &mut Vec<String>) {
        let objects = || scene.objects.iter().map(|(_, _, o)| o);
        let uids: BTreeSet<&str> = objects().map(|o| meta::uid(o)).collect();
        let mut since = BTreeMap::new();
        for object in objects().filter(|o| !meta::is_deleting(o)) {
            let mut owners = meta::owner_references(object).iter();
            let lost = |owner: &serde_json::Value| {
                !uids.contains(owner["uid"].as_str().unwrap_or_default())
            };
            if meta::owner_references(object).is_empty() || !owners.all(lost) {
                continue;
            }
            let uid = meta::uid(object).to_string();
            let first = self.since.get(&uid).copied().unwrap_or(scene.now);
            if scene.now.since(first) > PATIENCE {
                let kind = &object["kind"];
                wrong.push(format!("{kind} {} has no owner left", title(object)));
            }
            since.insert(uid, first);
        }
        self.since = since;
    }
}
