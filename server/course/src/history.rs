//! What has been seen of a cluster, a workstation and a learner: the objects as they are, and what happened.
//! Grown by observations, in the order they come; bounded.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How much history is kept.
const MOST_ASKED: usize = 2000;
const MOST_EVENTS: usize = 2000;

/// One request that was made of the Kubernetes API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// get, list, watch, create, update, patch, delete, connect
    pub verb: String,
    /// plural, with the subresource: `pods/log`
    pub resource: String,
    /// empty for all
    pub namespace: String,
    /// empty for lists
    pub name: String,
    /// query parameters, the last of each name
    pub query: BTreeMap<String, String>,
    /// HTTP status of the answer
    pub code: u16,
}

/// Something that was seen.
#[derive(Clone, Debug)]
pub enum Observation {
    /// an object as it is now (lower-case kind)
    Applied { kind: String, object: Value },
    /// an object is gone
    Deleted { kind: String, object: Value },
    /// all objects of a kind, as they are
    Listed { kind: String, objects: Vec<Value> },
    /// the watch of a kind was interrupted: what happened between is unknown
    Gap { kind: String },
    /// a request was answered
    Asked(Asked),
    /// a file of the workstation, none where it is gone
    File { path: String, text: Option<String> },
    /// what a port answered: status and body, none where nothing answers
    Http {
        pod: String,
        port: u16,
        path: String,
        answer: Option<(u16, String)>,
    },
    /// a question was answered
    Answered { id: String, value: String },
}

/// All that has been seen since a lesson began.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    objects: BTreeMap<(String, String), Value>,
    ever: BTreeSet<(String, String)>,
    deleted: BTreeSet<(String, String)>,
    gaps: BTreeSet<String>,
    asked: VecDeque<Asked>,
    /// files of the workstation that checks name
    pub files: BTreeMap<String, String>,
    /// answers of ports by (pod, port, path)
    pub http: BTreeMap<(String, u16, String), (u16, String)>,
    /// answers of questions by id
    pub answers: BTreeMap<String, String>,
}

/// The name of an object; empty where it has none.
pub fn name(object: &Value) -> String {
    object["metadata"]["name"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

impl Seen {
    /// Takes in one observation; tells whether anything changed.
    pub fn observe(&mut self, what: Observation) -> bool {
        match what {
            Observation::Applied { kind, object } => self.put(kind, object),
            Observation::Deleted { kind, object } => self.gone(kind, name(&object)),
            Observation::Listed { kind, objects } => self.listed(&kind, objects),
            Observation::Gap { kind } => self.gaps.insert(kind),
            Observation::Asked(asked) => {
                if self.asked.len() == MOST_ASKED {
                    self.asked.pop_front();
                }
                self.asked.push_back(asked);
                true
            }
            Observation::File {
                path,
                text: Some(text),
            } => self.files.insert(path, text.clone()) != Some(text),
            Observation::File { path, text: None } => self.files.remove(&path).is_some(),
            Observation::Http {
                pod,
                port,
                path,
                answer,
            } => match answer {
                Some(answer) => self.http.insert((pod, port, path), answer.clone()) != Some(answer),
                None => self.http.remove(&(pod, port, path)).is_some(),
            },
            Observation::Answered { id, value } => {
                self.answers.insert(id, value.clone()) != Some(value)
            }
        }
    }

    fn put(&mut self, kind: String, object: Value) -> bool {
        let key = (kind, name(&object));
        if key.0 == "event"
            && self
                .objects
                .range(("event".to_owned(), String::new())..)
                .take(MOST_EVENTS + 1)
                .count()
                > MOST_EVENTS
        {
            return false;
        }
        self.ever.insert(key.clone());
        // Another object of the same name: the one before is gone, although nobody saw it go.
        let uid = |o: &Value| o["metadata"]["uid"].clone();
        if self
            .objects
            .get(&key)
            .is_some_and(|before| uid(before) != uid(&object))
        {
            self.deleted.insert(key.clone());
        }
        let fresh = self.objects.get(&key) != Some(&object);
        self.objects.insert(key, object);
        fresh
    }

    fn gone(&mut self, kind: String, name: String) -> bool {
        let key = (kind, name);
        if key.0 == "event" {
            return false; // events expire; what they told has happened all the same
        }
        self.deleted.insert(key.clone());
        self.objects.remove(&key).is_some()
    }

    fn listed(&mut self, kind: &str, objects: Vec<Value>) -> bool {
        let now: BTreeSet<String> = objects.iter().map(name).collect();
        let lost: Vec<String> = self
            .of(kind)
            .map(name)
            .filter(|n| !now.contains(n))
            .collect();
        let mut changed = false;
        for name in lost {
            changed |= self.gone(kind.to_owned(), name);
        }
        for object in objects {
            changed |= self.put(kind.to_owned(), object);
        }
        changed
    }

    /// Objects of a kind (lower case, singular), by name.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects
            .range((kind.to_owned(), String::new())..)
            .take_while(move |((k, _), _)| k == kind)
            .map(|(_, o)| o)
    }

    /// One object.
    pub fn get(&self, kind: &str, name: &str) -> Option<&Value> {
        self.objects.get(&(kind.to_owned(), name.to_owned()))
    }

    /// Whether it was ever there.
    pub fn ever(&self, kind: &str, name: &str) -> bool {
        self.ever.contains(&(kind.to_owned(), name.to_owned()))
    }

    /// Whether it was deleted, now or before.
    pub fn deleted(&self, kind: &str, name: &str) -> bool {
        self.deleted.contains(&(kind.to_owned(), name.to_owned()))
    }

    /// Whether the watch of `kind` was interrupted.
    pub fn gap(&self, kind: &str) -> bool {
        self.gaps.contains(kind)
    }

    /// Requests in the order they were made.
    pub fn asked(&self) -> impl DoubleEndedIterator<Item = &Asked> {
        self.asked.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_replaced_was_deleted() {
        let mut seen = Seen::default();
        let mut put = |uid: &str| {
            let object = json!({"metadata": {"name": "kuard", "uid": uid}});
            let kind = "pod".to_owned();
            seen.observe(Observation::Applied { kind, object });
            seen.deleted("pod", "kuard")
        };
        assert!(!put("1"));
        assert!(!put("1"));
        assert!(put("2"));
    }
}
