//! Events: what happened to an object, told once and then counted.
//!
//! Mirrors client-go's `tools/record` (correlator: aggregation, spam filter, counting) and, for the scheduler, `tools/events`.

use std::collections::{BTreeMap, VecDeque};

use objects::{Object, meta};
use serde_json::{Value, json};

use crate::cluster::{Cluster, resource};
use crate::store::OBJECTS_BYTES;
use crate::view;

/// Distinct messages in ten minutes from which on events are combined.
const COMBINE_FROM: usize = 10;
const COMBINE_WINDOW: i64 = 600;
/// Tokens of the spam filter: this many at once, then one in 300 s.
const BURST: f64 = 25.0;
const REFILL_SECONDS: f64 = 300.0;
/// How long an event is kept, in seconds.
const TIME_TO_LIVE: i64 = 3600;
/// How much is remembered at least before something is forgotten.
const FORGET_FROM: usize = 4096;
/// Isomorphic events of the new recorder within this time are one series.
const SERIES_WINDOW: i64 = 360;

/// Who tells: `kubelet` on `node-1`, `deployment-controller`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Source {
    pub component: &'static str,
    pub host: String,
}

/// `Normal` or `Warning`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Normal,
    Warning,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Normal => "Normal",
            Kind::Warning => "Warning",
        }
    }
}

/// What differs most stands first: keys are compared in this order, and there are thousands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    object: About,
    reason: String,
    kind: Kind,
    source: Source,
}

#[derive(Debug)]
struct Similar {
    messages: Vec<String>,
    last: i64,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: i64,
}

#[derive(Clone, Debug)]
struct Told {
    name: String,
    count: i64,
    at: i64,
}

/// Uid, name, namespace and kind.
type About = (String, String, String, String);
type ToldKey = (Group, String, String);

/// What the recorders of a cluster remember.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    similar: BTreeMap<Group, Similar>,
    buckets: BTreeMap<(About, Kind, Source), Bucket>,
    told: BTreeMap<ToldKey, Told>,
    expiring: VecDeque<(i64, String, String)>,
    last_nanos: i64,
    /// How much is remembered when it is next looked through.
    forget_from: usize,
}

impl Bucket {
    fn refill(&mut self, now: i64) {
        self.tokens = (self.tokens + (now - self.at) as f64 / REFILL_SECONDS).min(BURST);
        self.at = now;
    }
}

impl Recorder {
    /// The message to tell and under which key to count it; `None` when the source talks too much.
    fn correlate(
        &mut self,
        group: &Group,
        field_path: &str,
        message: &str,
        now: i64,
    ) -> Option<(ToldKey, String)> {
        let similar = self
            .similar
            .entry(group.clone())
            .or_insert_with(|| Similar {
                messages: Vec::new(),
                last: now,
            });
        if now - similar.last > COMBINE_WINDOW {
            similar.messages.clear();
        }
        similar.last = now;
        if !similar.messages.iter().any(|m| m == message) {
            similar.messages.push(message.to_string());
        }
        let combined = similar.messages.len() >= COMBINE_FROM;
        if similar.messages.len() > COMBINE_FROM {
            similar.messages.remove(0);
        }
        let bucket = (group.object.clone(), group.kind, group.source.clone());
        let bucket = self.buckets.entry(bucket).or_insert(Bucket {
            tokens: BURST,
            at: now,
        });
        bucket.refill(now);
        if bucket.tokens < 1.0 {
            return None;
        }
        bucket.tokens -= 1.0;
        Some(if combined {
            (
                (group.clone(), String::new(), "combined".into()),
                format!("(combined from similar events): {message}"),
            )
        } else {
            (
                (group.clone(), field_path.to_string(), message.to_string()),
                message.to_string(),
            )
        })
    }

    /// Forgets what makes no difference any longer, each time that twice as much is remembered as was left the last time.
    fn forget(&mut self, now: i64) {
        let remembered = |s: &Self| s.told.len() + s.similar.len() + s.buckets.len();
        if remembered(self) < self.forget_from.max(FORGET_FROM) {
            return;
        }
        self.told.retain(|_, t| now - t.at < TIME_TO_LIVE);
        self.similar.retain(|_, s| now - s.last <= COMBINE_WINDOW);
        self.buckets.retain(|_, bucket| {
            bucket.refill(now);
            bucket.tokens < BURST
        });
        self.forget_from = 2 * remembered(self);
    }

    /// A time that no other event has: it names the event.
    fn unique_nanos(&mut self, now: i64) -> i64 {
        self.last_nanos = now.max(self.last_nanos + 1);
        self.last_nanos
    }
}

fn reference(object: &Value, field_path: &str) -> Value {
    let mut reference = json!({
        "kind": object["kind"],
        "namespace": meta::namespace(object),
        "name": meta::name(object),
        "uid": meta::uid(object),
        "apiVersion": object["apiVersion"],
        "resourceVersion": meta::resource_version(object),
    });
    if meta::namespace(object).is_empty() {
        view::remove(&mut reference, &["namespace"]);
    }
    if !field_path.is_empty() {
        reference["fieldPath"] = field_path.into();
    }
    reference
}

fn group_of(source: &Source, object: &Value, kind: Kind, reason: &str) -> Group {
    let text = |t: &str| t.to_string();
    let kind_name = object["kind"].as_str().unwrap_or_default();
    let object = (
        text(meta::uid(object)),
        text(meta::name(object)),
        text(meta::namespace(object)),
        text(kind_name),
    );
    Group {
        source: source.clone(),
        object,
        kind,
        reason: reason.to_string(),
    }
}

fn home(object: &Value) -> &str {
    let namespace = meta::namespace(object);
    if namespace.is_empty() {
        "default"
    } else {
        namespace
    }
}

/// What is told.
pub(crate) struct Telling<'a> {
    pub kind: Kind,
    pub reason: &'a str,
    pub message: &'a str,
    /// `spec.containers{c}`, or empty.
    pub field_path: &'a str,
    /// Of the event; null: none.
    pub annotations: Value,
}

impl Cluster {
    /// Tells an event in the manner of core/v1; the same again only raises its count.
    pub(crate) fn event(
        &self,
        source: &Source,
        object: &Value,
        kind: Kind,
        reason: &str,
        message: &str,
    ) {
        self.event_at(
            source,
            object,
            &Telling {
                kind,
                reason,
                message,
                field_path: "",
                annotations: Value::Null,
            },
        );
    }

    /// As `event`, about a part of the object.
    pub(crate) fn event_at(&self, source: &Source, object: &Value, what: &Telling<'_>) {
        let now = self.seconds();
        self.expire_events();
        let group = group_of(source, object, what.kind, what.reason);
        let Some((key, message)) =
            self.recorder()
                .correlate(&group, what.field_path, what.message, now)
        else {
            return;
        };
        let events = resource("", "events");
        let told = self.recorder().told.get(&key).cloned();
        if let Some(told) = told
            && let Some(live) = self.get(events, home(object), &told.name)
        {
            let mut event = (*live).clone();
            event["count"] = (told.count + 1).into();
            event["lastTimestamp"] = self.now_text().into();
            event["message"] = message.into();
            self.put(events, event);
            self.recorder().told.insert(
                key,
                Told {
                    count: told.count + 1,
                    at: now,
                    ..told
                },
            );
            return;
        }
        let nanos = self.recorder().unique_nanos(self.now().0);
        let name = format!("{}.{nanos:016x}", meta::name(object));
        let mut from = json!({"component": source.component});
        if !source.host.is_empty() {
            from["host"] = source.host.clone().into();
        }
        let mut event = json!({
            "metadata": {"name": name, "namespace": home(object)},
            "involvedObject": reference(object, what.field_path),
            "reason": what.reason, "message": message, "type": what.kind.as_str(), "count": 1,
            "source": from, "firstTimestamp": self.now_text(), "lastTimestamp": self.now_text(), "eventTime": null,
            "reportingComponent": source.component, "reportingInstance": source.host,
        });
        if !what.annotations.is_null() {
            event["metadata"]["annotations"] = what.annotations.clone();
        }
        if self.store_event(event, &name, home(object)) {
            self.recorder().told.insert(
                key,
                Told {
                    name,
                    count: 1,
                    at: now,
                },
            );
        }
    }

    /// Tells an event in the manner of events.k8s.io/v1, as the scheduler does.
    pub(crate) fn event_v1(
        &self,
        object: &Value,
        action: &str,
        kind: Kind,
        reason: &str,
        note: &str,
    ) {
        let source = Source {
            component: "default-scheduler",
            host: String::new(),
        };
        let now = self.seconds();
        self.expire_events();
        let key = (
            group_of(&source, object, kind, reason),
            action.to_string(),
            note.to_string(),
        );
        let events = resource("", "events");
        let told = self
            .recorder()
            .told
            .get(&key)
            .filter(|t| now - t.at < SERIES_WINDOW)
            .cloned();
        if let Some(told) = told
            && let Some(live) = self.get(events, home(object), &told.name)
        {
            let mut event = (*live).clone();
            event["series"] = json!({"count": told.count + 1, "lastObservedTime": objects::time::rfc3339_micros(self.now().0)});
            // A running series is written when it begins; its further members only every half hour.
            if told.count == 1 {
                self.put(events, event);
            }
            self.recorder().told.insert(
                key,
                Told {
                    count: told.count + 1,
                    at: now,
                    ..told
                },
            );
            return;
        }
        let nanos = self.recorder().unique_nanos(self.now().0);
        let name = format!("{}.{nanos:016x}", meta::name(object));
        let note: String = if note.len() > 1024 {
            format!("{} ...", note.chars().take(1020).collect::<String>())
        } else {
            note.into()
        };
        let event = json!({
            "metadata": {"name": name, "namespace": home(object)},
            "involvedObject": reference(object, ""), "action": action, "reason": reason, "message": note, "type": kind.as_str(),
            "source": {}, "firstTimestamp": null, "lastTimestamp": null,
            "eventTime": objects::time::rfc3339_micros(self.now().0),
            "reportingComponent": "default-scheduler", "reportingInstance": "default-scheduler-control-plane",
        });
        if self.store_event(event, &name, home(object)) {
            self.recorder().told.insert(
                key,
                Told {
                    name,
                    count: 1,
                    at: now,
                },
            );
        }
    }

    /// Stores a new event unless its namespace is going or gone, or nothing new has room.
    fn store_event(&self, mut event: Value, name: &str, namespace: &str) -> bool {
        if self.stored_bytes() >= OBJECTS_BYTES {
            return false;
        }
        let home: Option<Object> = self.get(resource("", "namespaces"), "", namespace);
        if home.is_none_or(|n| meta::is_deleting(&n)) {
            return false;
        }
        let uid = crate::api::create::uid(&self.chance_for_next_write());
        event["kind"] = "Event".into();
        event["apiVersion"] = "v1".into();
        meta::set(&mut event, "uid", uid);
        meta::set(&mut event, "creationTimestamp", self.now_text());
        self.put(resource("", "events"), event);
        let until = self.seconds() + TIME_TO_LIVE;
        self.recorder()
            .expiring
            .push_back((until, namespace.to_string(), name.to_string()));
        true
    }

    /// Takes away what is older than an hour.
    fn expire_events(&self) {
        let now = self.seconds();
        loop {
            let due = self
                .recorder()
                .expiring
                .front()
                .filter(|e| e.0 <= now)
                .cloned();
            let Some((_, namespace, name)) = due else {
                break;
            };
            self.recorder().expiring.pop_front();
            self.delete_now(resource("", "events"), &namespace, &name);
        }
        self.recorder().forget(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(reason: &str) -> Group {
        let source = Source {
            component: "kubelet",
            host: "node-1".into(),
        };
        let pod =
            json!({"kind": "Pod", "metadata": {"namespace": "default", "name": "p", "uid": "u"}});
        group_of(&source, &pod, Kind::Normal, reason)
    }

    #[test]
    fn the_tenth_message_is_combined() {
        let mut recorder = Recorder::default();
        let told: Vec<String> = (0..11)
            .filter_map(|n| recorder.correlate(&group("X"), "", &format!("m{n}"), 5))
            .map(|(_, m)| m)
            .collect();
        assert_eq!(told[8], "m8");
        assert_eq!(told[9], "(combined from similar events): m9");
        assert_eq!(told[10], "(combined from similar events): m10");
    }

    #[test]
    fn who_talks_too_much_is_not_heard() {
        let mut recorder = Recorder::default();
        let heard = (0..40)
            .filter(|_| recorder.correlate(&group("X"), "", "m", 5).is_some())
            .count();
        assert_eq!(heard, 25);
        assert!(recorder.correlate(&group("X"), "", "m", 305).is_some());
    }
    #[test]
    fn what_makes_no_difference_is_forgotten() {
        let mut recorder = Recorder::default();
        for n in 0..FORGET_FROM {
            let _told = recorder.correlate(&group(&format!("R{n}")), "", "m", 5);
        }
        recorder.forget(5);
        assert_eq!(recorder.similar.len(), FORGET_FROM);
        let later = 5 + COMBINE_WINDOW + 1;
        for n in 0..=FORGET_FROM {
            let _told = recorder.correlate(&group(&format!("S{n}")), "", "m", later);
            recorder.forget(later);
        }
        assert!(recorder.similar.keys().all(|g| g.reason.starts_with('S')));
        assert_eq!(recorder.buckets.len(), 1, "who was heard too much still is");
        recorder.forget_from = 0;
        let full = later + (BURST * REFILL_SECONDS) as i64;
        recorder.forget(full);
        assert!(recorder.buckets.is_empty());
    }
}
