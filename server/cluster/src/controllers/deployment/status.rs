//! The status of a deployment: sums over its sets, and how the update goes. Mirrors `syncRolloutStatus` of Kubernetes 1.36.

use objects::{Object, meta};
use serde_json::Value;

use super::conditions::{complete, put};
use super::{Look, seconds, sets};
use crate::cluster::resource;
use crate::controllers::owned;
use crate::controllers::queue::Again;
use crate::view;

impl Look<'_> {
    /// Writes the status; answers when to look again for the progress deadline.
    pub(super) fn write_status(&mut self) -> Again {
        self.refresh();
        let live = self.cluster.get(
            resource("apps", "deployments"),
            meta::namespace(&self.deployment),
            meta::name(&self.deployment),
        )?;
        let sum = |name: &str| {
            self.all()
                .map(|s| view::int(s, &["status", name]).unwrap_or(0))
                .sum::<i64>()
        };
        let of_new = |name: &str| {
            self.new
                .as_ref()
                .and_then(|s| view::int(s, &["status", name]))
                .unwrap_or(0)
        };
        let asked: i64 = self.all().map(sets::wanted).sum();
        let counts = [
            ("replicas", sum("replicas")),
            ("updatedReplicas", of_new("replicas")),
            ("readyReplicas", sum("readyReplicas")),
            ("availableReplicas", sum("availableReplicas")),
            (
                "unavailableReplicas",
                (asked - sum("availableReplicas")).max(0),
            ),
        ];
        let terminating = sum("terminatingReplicas");
        let enough = sum("availableReplicas") >= self.wanted() - self.slack().1;
        let (now, wanted) = (self.cluster.now_text(), self.wanted());
        let failure = self
            .all()
            .find_map(|s| owned::condition(s, "ReplicaFailure"))
            .cloned();
        let (deployment, new) = (self.deployment.clone(), self.new.clone());
        let clock = self.cluster.seconds();
        self.amend(|d| {
            view::set(
                d,
                &["status", "observedGeneration"],
                meta::generation(&deployment),
            );
            for (name, count) in counts {
                if count == 0 {
                    view::remove(d, &["status", name]);
                } else {
                    view::set(d, &["status", name], count);
                }
            }
            view::set(d, &["status", "terminatingReplicas"], terminating);
            if enough {
                put(
                    d,
                    "Available",
                    "True",
                    "MinimumReplicasAvailable",
                    "Deployment has minimum availability.",
                    &now,
                    true,
                );
            } else {
                put(
                    d,
                    "Available",
                    "False",
                    "MinimumReplicasUnavailable",
                    "Deployment does not have minimum availability.",
                    &now,
                    true,
                );
            }
            progress(d, &live, new.as_ref(), wanted, &now, clock);
            fail(d, failure.as_ref(), &now);
        });
        self.deadline(clock)
    }

    /// When the progress deadline passes, if it matters.
    fn deadline(&self, now: i64) -> Again {
        let progressing = self.condition("Progressing")?;
        let limit = view::int(&self.deployment, &["spec", "progressDeadlineSeconds"])?;
        let done = self.is_complete() || view::flag(&self.deployment, &["spec", "paused"]);
        if done || view::text(progressing, &["reason"]) == "ProgressDeadlineExceeded" {
            return None;
        }
        let since = objects::time::parse_seconds(view::text(progressing, &["lastUpdateTime"]))?;
        seconds((since + limit - now).max(1))
    }
}

fn progress(
    d: &mut Value,
    before: &Object,
    new: Option<&Object>,
    wanted: i64,
    now: &str,
    clock: i64,
) {
    let Some(limit) =
        view::int(d, &["spec", "progressDeadlineSeconds"]).filter(|l| *l < i64::from(i32::MAX))
    else {
        return;
    };
    let condition = owned::condition(d, "Progressing").cloned();
    let reason = condition
        .as_ref()
        .map(|c| view::text(c, &["reason"]).to_string())
        .unwrap_or_default();
    let count = |o: &Value, name| view::int(o, &["status", name]).unwrap_or(0);
    let settled =
        count(d, "replicas") == count(d, "updatedReplicas") && reason == "NewReplicaSetAvailable";
    if settled || view::flag(d, &["spec", "paused"]) || reason == "DeploymentPaused" {
        return;
    }
    let name = new.map_or_else(|| meta::name(d).to_string(), |s| meta::name(s).to_string());
    let what = if new.is_some() {
        "ReplicaSet"
    } else {
        "Deployment"
    };
    let old = |o: &Value| count(o, "replicas") - count(o, "updatedReplicas");
    let moved = count(d, "updatedReplicas") > count(before, "updatedReplicas")
        || old(d) < old(before)
        || count(d, "readyReplicas") > count(before, "readyReplicas")
        || count(d, "availableReplicas") > count(before, "availableReplicas");
    if complete(d, wanted) {
        put(
            d,
            "Progressing",
            "True",
            "NewReplicaSetAvailable",
            &format!("{what} \"{name}\" has successfully progressed."),
            now,
            true,
        );
    } else if moved {
        put(
            d,
            "Progressing",
            "True",
            "ReplicaSetUpdated",
            &format!("{what} \"{name}\" is progressing."),
            now,
            false,
        );
    } else if let Some(c) = &condition {
        let since =
            objects::time::parse_seconds(view::text(c, &["lastUpdateTime"])).unwrap_or(clock);
        if reason != "ProgressDeadlineExceeded" && since + limit < clock {
            put(
                d,
                "Progressing",
                "False",
                "ProgressDeadlineExceeded",
                &format!("{what} \"{name}\" has timed out progressing."),
                now,
                true,
            );
        }
    }
}

/// A set that cannot make its pods shows here too.
fn fail(d: &mut Value, failure: Option<&Value>, now: &str) {
    match failure {
        Some(c) => {
            let text = |name| view::text(c, &[name]).to_string();
            put(
                d,
                "ReplicaFailure",
                &text("status"),
                &text("reason"),
                &text("message"),
                now,
                true,
            );
        }
        None => view::list_mut(d, &["status", "conditions"])
            .retain(|c| view::text(c, &["type"]) != "ReplicaFailure"),
    }
}
