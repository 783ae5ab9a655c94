//! The scheduler: finds a node for each pod that has none, or tells why there is none.
//!
//! Mirrors kube-scheduler with its default plugins; decisions are pure functions in the files beside this one.

pub(crate) mod affinity;
mod filter;
mod hints;
mod preemption;
pub(crate) mod resources;
mod score;
mod snapshot;
pub(crate) mod volumes;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use machine::Time;
use objects::{Body, Object, Request, Verb, meta};
use serde_json::json;

use crate::cluster::{Cluster, pods};
use crate::events::Kind;
use crate::feed::Feed;
use crate::findings::{self, Verdict};
use crate::store::{Change, ChangeKind};
use crate::view;
use hints::Cause;
use snapshot::Snapshot;

const FOLLOWED: &[(&str, &str)] = &[
    ("", "pods"),
    ("", "nodes"),
    ("", "persistentvolumeclaims"),
    ("", "persistentvolumes"),
    ("storage.k8s.io", "storageclasses"),
];
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LAST_BACK_OFF: Duration = Duration::from_secs(10);

/// A pod that found no node, and when it may try again.
struct Waiting {
    namespace: String,
    name: String,
    attempts: u32,
    not_before: Time,
    woken: bool,
    /// Which filters rejected it last.
    causes: BTreeSet<Cause>,
}

pub(crate) fn start(cluster: &Cluster) {
    let feed = Feed::new(cluster, FOLLOWED);
    let scheduler = Scheduler {
        cluster: cluster.clone(),
        waiting: BTreeMap::new(),
    };
    cluster.spawn(scheduler.run(feed));
}

struct Scheduler {
    cluster: Cluster,
    /// By uid.
    waiting: BTreeMap<String, Waiting>,
}

impl Scheduler {
    async fn run(mut self, mut feed: Feed) {
        loop {
            let timer = self
                .waiting
                .values()
                .filter(|w| w.woken)
                .map(|w| w.not_before)
                .min();
            let changes = match timer {
                None => feed.next().await,
                Some(at) => {
                    let executor = self.cluster.executor().clone();
                    match machine::sync::select(feed.next(), executor.sleep_until(at)).await {
                        machine::sync::Either::Left(changes) => changes,
                        machine::sync::Either::Right(()) => Vec::new(),
                    }
                }
            };
            for change in &changes {
                self.take_in(change);
            }
            self.schedule_due();
        }
    }

    /// A change may make room, or be about a pod that waits.
    fn take_in(&mut self, change: &Change) {
        let about_pod = change.resource.plural == "pods";
        let bound = !view::text(&change.object, &["spec", "nodeName"]).is_empty();
        if about_pod && !bound {
            let uid = meta::uid(&change.object);
            if change.kind == ChangeKind::Deleted {
                self.waiting.remove(uid);
                return;
            }
            let spec_changed = change.old.as_ref().is_none_or(|o| {
                o["spec"] != change.object["spec"]
                    || o["metadata"]["labels"] != change.object["metadata"]["labels"]
            });
            if !self.waiting.contains_key(uid) {
                self.waiting.insert(
                    uid.into(),
                    Waiting {
                        namespace: meta::namespace(&change.object).into(),
                        name: meta::name(&change.object).into(),
                        attempts: 0,
                        not_before: self.cluster.now(),
                        woken: true,
                        causes: BTreeSet::new(),
                    },
                );
            } else if spec_changed && let Some(waiting) = self.waiting.get_mut(uid) {
                waiting.woken = true;
            }
            return;
        }
        if about_pod {
            self.waiting.remove(meta::uid(&change.object));
        }
        for waiting in self.waiting.values_mut().filter(|w| !w.woken) {
            let pod = || self.cluster.get(pods(), &waiting.namespace, &waiting.name);
            let mut causes = waiting.causes.iter();
            waiting.woken = causes.any(|cause| {
                hints::concerns(*cause, change)
                    && pod().is_some_and(|pod| hints::helps(*cause, &pod, change))
            });
        }
    }

    fn schedule_due(&mut self) {
        let now = self.cluster.now();
        let due = self
            .waiting
            .iter()
            .filter(|(_, w)| w.woken && w.not_before <= now);
        let live = due.filter_map(|(uid, w)| {
            let pod = self.cluster.get(pods(), &w.namespace, &w.name)?;
            (meta::uid(&pod) == uid).then_some(pod)
        });
        let mut due: Vec<Object> = live.collect();
        let revision = |p: &Object| meta::resource_version(p).parse::<u64>().unwrap_or(0);
        due.sort_by_key(|p| {
            (
                -view::int(p, &["spec", "priority"]).unwrap_or(0),
                meta::creation_timestamp(p).to_string(),
                revision(p),
            )
        });
        if due.is_empty() {
            return;
        }
        let mut snapshot = Snapshot::of(&self.cluster, &BTreeSet::new());
        for pod in due {
            let uid = meta::uid(&pod).to_string();
            if !self.is_ours(&pod) {
                self.waiting.remove(&uid);
                continue;
            }
            match self.schedule(&pod, &mut snapshot) {
                Ok(()) => drop(self.waiting.remove(&uid)),
                Err(causes) => self.put_back(&uid, causes),
            }
        }
    }

    /// Lets a pod wait until something changes that its rejection hung on, and at least for its back-off.
    fn put_back(&mut self, uid: &str, causes: BTreeSet<Cause>) {
        let Some(waiting) = self.waiting.get_mut(uid) else {
            return;
        };
        waiting.attempts += 1;
        waiting.woken = false;
        waiting.causes = causes;
        let pause = (FIRST_BACK_OFF * 2u32.saturating_pow(waiting.attempts - 1)).min(LAST_BACK_OFF);
        waiting.not_before = self.cluster.now() + pause;
    }

    fn is_ours(&self, pod: &Object) -> bool {
        view::text(pod, &["spec", "nodeName"]).is_empty()
            && matches!(
                view::text(pod, &["spec", "schedulerName"]),
                "" | "default-scheduler"
            )
            && resources::takes_room(pod)
    }

    /// Binds a pod, or writes why it cannot be, and tells which filters rejected it. The snapshot goes with what is done.
    fn schedule(&self, pod: &Object, snapshot: &mut Snapshot) -> Result<(), BTreeSet<Cause>> {
        if !view::list(pod, &["spec", "schedulingGates"]).is_empty() {
            let text = "Scheduling is blocked due to non-empty scheduling gates";
            self.write_condition(pod, "SchedulingGated", text);
            return Err(BTreeSet::new());
        }
        if meta::is_deleting(pod) {
            return Err(BTreeSet::new());
        }
        match filter::find(&self.cluster, snapshot, pod) {
            Ok(fitting) => {
                let scores = score::scores(snapshot, pod, &fitting.places);
                let chosen = score::best(&scores);
                self.note(pod, &scores, fitting.others, Some(&chosen));
                volumes::reserve(&self.cluster, pod, &chosen);
                let bound = self.bind(pod, &chosen);
                if !bound {
                    return Err(BTreeSet::from([Cause::Unbound]));
                }
                snapshot.add(pod.clone(), &chosen);
                Ok(())
            }
            Err(mut unfit) => {
                self.note(pod, &[], std::mem::take(&mut unfit.verdicts), None);
                let before = self.cluster.revision();
                let text = self.preempt(pod, &unfit);
                if self.cluster.revision() != before {
                    *snapshot = Snapshot::of(&self.cluster, &BTreeSet::new());
                }
                self.cluster
                    .event_v1(pod, "Scheduling", Kind::Warning, "FailedScheduling", &text);
                self.write_condition(pod, "Unschedulable", &text);
                Err(unfit.causes)
            }
        }
    }

    /// Remembers, for people who look on, how each node was judged.
    fn note(
        &self,
        pod: &Object,
        scores: &[(i64, &str)],
        mut verdicts: Vec<Verdict>,
        chosen: Option<&str>,
    ) {
        verdicts.extend(scores.iter().map(|(score, node)| Verdict {
            node: node.to_string(),
            score: Some(*score),
            reasons: Vec::new(),
        }));
        let verdicts = findings::told(verdicts, chosen);
        self.cluster.note_placing(meta::uid(pod), chosen, verdicts);
    }

    /// Makes room for a pod that fits nowhere, if it may and that helps. Answers what is told.
    fn preempt(&self, pod: &Object, unfit: &filter::Unfit) -> String {
        let may = preemption::refused(&self.cluster, pod).is_none();
        if may && preemption::make_room(&self.cluster, pod, &unfit.promising).is_some() {
            return unfit.reasons.clone();
        }
        format!("{} {}", unfit.reasons, unfit.no_victims)
            .trim_end()
            .to_string()
    }

    fn bind(&self, pod: &Object, node: &str) -> bool {
        let (namespace, name) = (meta::namespace(pod), meta::name(pod));
        let mut request = Request::new(Verb::Create, "", "v1", "pods");
        request.namespace = namespace.into();
        request.name = name.into();
        request.subresource = "binding".into();
        request.user.name = "system:kube-scheduler".into();
        request.user_agent = "kube-scheduler".into();
        request.body = Body::Object(
            json!({"metadata": {"name": name}, "target": {"kind": "Node", "name": node}}),
        );
        if self.cluster.request(&request).is_err() {
            return false;
        }
        let text = format!("Successfully assigned {namespace}/{name} to {node}");
        self.cluster
            .event_v1(pod, "Binding", Kind::Normal, "Scheduled", &text);
        true
    }

    fn write_condition(&self, pod: &Object, reason: &str, message: &str) {
        let (now, generation) = (self.cluster.now_text(), meta::generation(pod));
        self.cluster.amend(pods(), pod, |pod| {
            let conditions = view::list_mut(pod, &["status", "conditions"]);
            let existing = conditions.iter_mut().find(|c| c["type"] == "PodScheduled");
            match existing {
                Some(c) if c["reason"] == reason && c["message"] == message => {}
                Some(c) => {
                    c["reason"] = reason.into();
                    c["message"] = message.into();
                    c["observedGeneration"] = generation.into();
                }
                None => conditions.push(json!({"type": "PodScheduled", "status": "False", "reason": reason, "message": message,
                    "lastProbeTime": null, "lastTransitionTime": now, "observedGeneration": generation})),
            }
        });
    }
}
