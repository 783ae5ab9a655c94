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
        let uids: BTreeSet<&str> = objects().map(|o| meta::uid(o)).collect();
        let is_lost = |object: &&Object| {
            let owners = meta::owner_references(object);
            let known = |owner: &Value| owner["uid"].as_str().is_some_and(|u| uids.contains(u));
            !meta::is_deleting(object) && !owners.is_empty() && !owners.iter().any(known)
        };
        let lost: Vec<&Object> = objects().filter(is_lost).collect();
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
