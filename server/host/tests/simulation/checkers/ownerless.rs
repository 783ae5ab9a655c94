//! Every owner reference resolves, or the object is being collected: within a minute of the owner's end, and
//! as long as the collector's client takes where many lose their owner at once.

use std::collections::{BTreeMap, BTreeSet};

use machine::{Duration, Time};
use objects::{Object, meta};
use serde_json::Value;

use super::Checker;
use crate::scene::{Scene, title};

const PATIENCE: Duration = Duration::from_secs(60);
/// Objects a second that the collector deletes: the requests a second of its client. Where a deployment leaves three thousand pods behind,
/// the last of them goes two and a half minutes after it.
const PACE: u64 = 20;

fn uid_of(owner: &Value) -> &str {
    owner["uid"].as_str().unwrap_or_default()
}

#[derive(Default)]
pub struct Ownerless {
    /// When it must be gone at the latest, by uid.
    due: BTreeMap<String, Time>,
}

impl Checker for Ownerless {
    fn name(&self) -> &'static str {
        "ownerless"
    }

    fn look(&mut self, scene: &Scene, wrong: &mut Vec<String>) {
        let objects = || scene.objects.iter().map(|(_, _, o)| o);
        let owned: Vec<&Object> = objects()
            .filter(|o| !meta::owner_references(o).is_empty())
            .collect();
        let owners = owned.iter().flat_map(|o| meta::owner_references(o));
        let mut missing: BTreeSet<&str> = owners.map(uid_of).collect();
        for object in objects().rev() {
            if missing.is_empty() {
                break;
            }
            missing.remove(meta::uid(object));
        }
        let is_lost = |object: &&Object| {
            let owners = meta::owner_references(object).iter();
            !meta::is_deleting(object) && owners.map(uid_of).all(|uid| missing.contains(uid))
        };
        let lost: Vec<&Object> = owned.into_iter().filter(is_lost).collect();
        let queue = Duration::from_secs(lost.len() as u64 / PACE);
        let mut due = BTreeMap::new();
        for object in lost {
            let uid = meta::uid(object).to_string();
            let latest = scene.now + PATIENCE + queue;
            let latest = self.due.get(&uid).copied().unwrap_or(latest);
            if scene.now > latest {
                let kind = &object["kind"];
                wrong.push(format!("{kind} {} has no owner left", title(object)));
            }
            due.insert(uid, latest);
        }
        self.due = due;
    }
}
